// SPDX-License-Identifier: Apache-2.0
// Cells and timers in a snapshot of an older program: a newer one whose records have grown goes on
// with them, found by name; what does not fit is refused, each difference in words.
#include <stdlib.h>

#include "evolve_cells.h"
#include "story.h"

TCase *cells_types_tests(void);

#define SECOND INT64_C(1000000)

static int64_t fake_clock;

// Forty rows of four keys, the later half once the clock shows 1.
static struct story *told(const flow_fn *fn, int windows)
{
    struct story *story = story_new();
    const flow_coll in = story_window(story,
        windows == 0   ? flow_fixed(flow_seconds(15))
        : windows == 1 ? flow_sessions(flow_seconds(5))
                       : flow_global(),
        2);
    flow_test_collect(flow_do(in, fn, &(flow_do_options){ .name = "keep" }), &story->got);
    for (int64_t i = 0; i < 40; i++)
        story_row(story, i % 4, i * 3, i + i * 7 % 4);
    story_tick(story, 30);
    for (size_t i = 20; i < story->count; i++)
        story->pieces[i].not_before = 1;
    story->script.clock = &fake_clock;
    story->got.keep = true;
    return story;
}

static struct flow_test_sim *at_half(struct story *story, uint32_t workers)
{
    flow_error error = { 0 };
    const struct flow_test_options options = { .workers = workers, .clock = &fake_clock };
    fake_clock = 0;
    struct flow_test_sim *sim = flow_test_open(story->pipeline, &options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    return sim;
}

// What a program knows when it has read the first half.
static flow_buffer half_way(const flow_fn *fn, int windows)
{
    flow_buffer bytes = { 0 };
    flow_error error = { 0 };
    struct story *story = told(fn, windows);
    struct flow_test_sim *sim = at_half(story, 3);
    ck_assert(!flow_test_settle(sim));
    ck_assert_uint_eq(story->got.count, 0);
    ck_assert_msg(fl_engine_snapshot(sim->engine, &bytes, &error), "%s", error.message);
    fl_engine_free(sim->engine);
    free(sim);
    story_free(story);
    return bytes;
}

static void end(struct flow_test_sim *sim)
{
    flow_error error = { 0 };
    while (!flow_test_settle(sim))
        fake_clock++;
    ck_assert_msg(flow_test_close(sim, &error) == FLOW_OK, "%s", error.message);
}

START_TEST(cells_of_an_older_program_go_on_in_a_newer_one)
{
    const int windows = _i % 3;
    flow_error error = { 0 };
    flow_buffer bytes = half_way(evolve_cells_old, windows);
    struct story *whole = told(evolve_cells_new, windows);
    end(at_half(whole, 1));
    struct story *story = told(evolve_cells_new, windows);
    struct flow_test_sim *sim = at_half(story, 1 + (uint32_t)_i);
    const flow_str snapshot = { bytes.data, bytes.len };
    const flow_status status = fl_engine_restore(sim->engine, snapshot, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
    end(sim);
    const char *differ = flow_test_differ(&story->got, &whole->got);
    ck_assert_msg(differ == NULL, "%s", differ);
    ck_assert_uint_ge(story->got.count, 8);
    story_free(story);
    story_free(whole);
    flow_buffer_free(&bytes);
}
END_TEST

static void refused(const flow_fn *was, const flow_fn *is, const char *sentence)
{
    flow_error error = { 0 };
    flow_buffer bytes = half_way(was, 0);
    struct story *story = told(is, 0);
    struct flow_test_sim *sim = at_half(story, 2);
    const flow_str snapshot = { bytes.data, bytes.len };
    ck_assert_int_eq(fl_engine_restore(sim->engine, snapshot, &error), FLOW_TYPE);
    ck_assert_str_eq(error.step, "keep");
    ck_assert_msg(
        strncmp(error.message, sentence, strlen(sentence)) == 0, "%s", error.message); // it is cut
    fl_engine_free(sim->engine);
    free(sim);
    story_free(story);
    flow_buffer_free(&bytes);
}

START_TEST(an_older_program_refuses_what_has_grown_and_names_it)
{
    refused(evolve_cells_new, evolve_cells_old,
        "the snapshot does not fit the step's cells and timers: cell 'added' is in the snapshot "
        "and not in the program; cell 'bag' does not fit: record \"price\": field \"cents\" is an "
        "int64 in the snapshot and an int32 in the program; cell 'heaped' does not fit: record "
        "\"heap\": field \"n\" is an int64 in the snapshot and an int32 in the program; field "
        "\"colour\" is in the snapshot and not in the program; cell 'prices' does not fit: record "
        "\"price\": field \"cents\" is an int64 in the snapshot and an int32 in the program; cell "
        "'all' does not fit: record");
}
END_TEST

START_TEST(cells_of_another_kind_key_or_clock_are_refused)
{
    refused(evolve_cells_new, evolve_cells_other,
        "the snapshot does not fit the step's cells and timers: cell 'added' is in the snapshot "
        "and not in the program; cell 'names' has a key of kind text in the snapshot and of kind "
        "int64 in the program; cell 'bag' is in the snapshot and not in the program; cell 'prices' "
        "is in the snapshot and not in the program; cell 'all' is a value in the snapshot and a "
        "bag in the program; timer 'more' is in the snapshot and not in the program; timer "
        "'closing' is in the snapshot and not in the program; timer 'alarm' goes by another clock "
        "in the program");
}
END_TEST

TCase *cells_types_tests(void)
{
    TCase *tests = tcase_create("cells types");
    tcase_add_loop_test(tests, cells_of_an_older_program_go_on_in_a_newer_one, 0, 6);
    tcase_add_test(tests, an_older_program_refuses_what_has_grown_and_names_it);
    tcase_add_test(tests, cells_of_another_kind_key_or_clock_are_refused);
    return tests;
}
