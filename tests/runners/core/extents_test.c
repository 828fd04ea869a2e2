// SPDX-License-Identifier: Apache-2.0
// Groups on the general path whose rows go to disk after every bundle: sessions, triggers, results
// that accumulate or are taken back. They answer as those in memory; what fails is told.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "faulty_disk.h"
#include "spill_answer.h"

#define SECOND INT64_C(1000000)

enum {
    ROWS = SPILL_ROWS,
    PIECES = 160,
    KEYS = 7
};

static struct flow_test_row rows[ROWS];
static struct flow_test_piece pieces[PIECES];
static struct flow_test_script script;
static char names[KEYS][16];
static struct flow_test_results wanted, got;
static struct faulty_disk disk;

// Rows of seven keys over 48 seconds, in pieces of ten; about in order.
static void setup(void)
{
    uint64_t random = 17;
    for (size_t i = 0; i < ROWS; i++) {
        const int64_t k = flow_test_below(&random, KEYS);
        const int64_t at = (int64_t)i * 30000 + flow_test_below(&random, 2000000);
        rows[i] = flow_test_row_at(k, (int64_t)i, at);
        const int len = snprintf(names[k], sizeof names[k], "%lld", (long long)k * 100001);
        rows[i].s = (flow_str){ names[k], (size_t)len };
        rows[i].place.a = k;
    }
    script = flow_test_deal(rows, ROWS, pieces, PIECES);
    script.times.disorder.us = 3 * SECOND;
    flow_test_results_init(&wanted, "wanted");
    flow_test_results_init(&got, "got");
    faulty_disk_init(&disk);
}

static void teardown(void)
{
    flow_test_results_clear(&wanted);
    flow_test_results_clear(&got);
    faulty_disk_fini(&disk);
}

// --- windows

enum how {
    SHORT_SESSIONS, // many, which merge now and then
    ONE_SESSION,    // a key
    EARLY_SESSIONS,
    RETRACTING_SESSIONS,
    PANES,
    ACCUMULATING_PANES,
    RETRACTING_PANES,
    HOW_COUNT
};

static const char *const how_names[] = { "short sessions", "one session", "early sessions",
    "retracting sessions", "panes", "accumulating panes", "retracting panes" };

static flow_coll into(enum how how, flow_coll in)
{
    const flow_trigger early =
        flow_trigger_early_late(flow_trigger_count(5), flow_trigger_count(1));
    flow_window_options windows = { .windows = flow_sessions(flow_millis(150)),
        .accumulation = FLOW_DISCARDING,
        .lateness = flow_seconds(2) };
    if (how == ONE_SESSION)
        windows.windows = flow_sessions(flow_seconds(9));
    if (how == EARLY_SESSIONS || how == RETRACTING_SESSIONS) {
        windows.windows = flow_sessions(flow_millis(300));
        windows.trigger = early;
        windows.accumulation = FLOW_ACCUMULATING;
    }
    if (how >= PANES) {
        windows.windows = how == PANES ? flow_global() : flow_fixed(flow_seconds(12));
        windows.trigger = flow_trigger_repeatedly(flow_trigger_count(how == PANES ? 40 : 15));
        windows.accumulation = FLOW_ACCUMULATING;
    }
    if (how == PANES) {
        windows.accumulation = FLOW_DISCARDING;
        windows.lateness = flow_seconds(0);
        windows.no_lateness = true;
    }
    if (how == RETRACTING_SESSIONS || how == RETRACTING_PANES)
        windows.accumulation = FLOW_RETRACTING;
    return flow_window_into(in, &windows);
}

static flow_pipeline *build(enum spill_what what, enum how how, struct flow_test_results *results)
{
    flow_pipeline *pipeline = flow_pipeline_new("extents");
    flow_test_collect(spill_answer(what, into(how, flow_test_read(pipeline, &script))), results);
    return pipeline;
}

// --- the same answers

static const struct flow_test_options spills = { .memory = (uint64_t)1 << 30,
    .seed = 3,
    .scratch = "/the/scratch",
    .spill = 1,
    .disk = &disk.disk };

static bool add_figure(void *user, const flow_figure *figure)
{
    uint64_t *sums = user;
    if (strcmp(figure->metric.name, "spilled_bytes") == 0)
        sums[0] += (uint64_t)figure->committed.last;
    if (strcmp(figure->metric.name, "spilled_tables") == 0)
        sums[1] += (uint64_t)figure->committed.last;
    return true;
}

static uint64_t dropped; // of the disk, before the engine was ended

static void compare(enum spill_what what, enum how how, const struct flow_test_options *options)
{
    uint64_t sums[2] = { 0, 0 };
    flow_error error = { 0 };
    flow_pipeline *pipeline = build(what, how, &wanted);
    const struct flow_test_options ample = { .seed = options->seed, .workers = options->workers };
    flow_test_run_well(pipeline, &ample);
    flow_pipeline_free(pipeline);
    pipeline = build(what, how, &got);
    struct flow_test_sim *sim = flow_test_open(pipeline, options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    ck_assert(flow_test_settle(sim));
    ck_assert(fl_engine_metrics(sim->engine, add_figure, sums));
    dropped = disk.dropped;
    ck_assert_msg(flow_test_close(sim, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(pipeline);
    const char *why = flow_test_differ(&got, &wanted);
    ck_assert_msg(!why, "%s, %d: %s", how_names[how], what, why);
    ck_assert_uint_gt(got.count, 0);
    ck_assert_uint_gt(sums[0], 0);
    ck_assert_uint_gt(sums[1], 64);
}

static const enum spill_what whats[] = { GROUP_TEXT, GROUP_KEPT, GROUP_FIRST, GROUP_TWICE,
    GROUP_ORDER, GROUP_DEAD };

START_TEST(rows_on_disk_give_what_rows_in_memory_do)
{
    for (size_t i = 0; i < sizeof whats / sizeof whats[0]; i++)
        compare(whats[i], (enum how)_i, &spills);
    if (_i <= ONE_SESSION)
        compare(JOIN, (enum how)_i, &spills);
    ck_assert_uint_eq(disk.opened, disk.closed);
    disk.opened = disk.closed = 1;
}
END_TEST

START_TEST(r3_bundles_that_fail_leave_rows_on_disk)
{
    for (size_t i = 0; i < sizeof whats / sizeof whats[0]; i++) {
        struct flow_test_options options = spills;
        options.seed = 3 + i;
        options.faults = (struct flow_test_faults){ .one_in = 4, .most = 60, .point = -1 };
        compare(whats[i], (enum how)_i, &options);
    }
    disk.opened = disk.closed = 1;
}
END_TEST

START_TEST(the_place_of_windows_that_are_gone_is_free)
{
    compare(GROUP_TEXT, (enum how)_i, &spills);
    ck_assert_uint_eq(disk.opened, 1);
    ck_assert_uint_eq(dropped, disk.len);
}
END_TEST

// --- disks that fail

static flow_status failing(enum spill_what what, enum how how, flow_error *error)
{
    flow_pipeline *pipeline = build(what, how, &got);
    const flow_status status = flow_test_run(pipeline, &spills, error);
    flow_pipeline_free(pipeline);
    return status;
}

START_TEST(a_full_disk_fails_the_job_by_step)
{
    flow_error error = { 0 };
    disk.write_at = 40;
    disk.write_fails = ENOSPC;
    ck_assert_int_eq(failing(GROUP_TEXT, ONE_SESSION, &error), FLOW_IO);
    ck_assert_str_eq(error.step, "add_up");
    const char *begin = "cannot write to the scratch directory /the/scratch: No space left";
    ck_assert_msg(strncmp(error.message, begin, strlen(begin)) == 0, "%s", error.message);
    ck_assert_uint_eq(got.count, 0);
}
END_TEST

START_TEST(rows_that_cannot_be_read_back_fail_the_job)
{
    for (uint64_t at = 1; at < 200; at += 9) {
        flow_error error = { 0 };
        disk.reads = disk.opened = disk.closed = 0;
        disk.read_at = at;
        disk.read_fails = EIO;
        ck_assert_int_eq(failing(whats[at % 6], (enum how)(at % HOW_COUNT), &error), FLOW_IO);
        const char *begin =
            "cannot read back from the scratch directory /the/scratch: Input/output";
        ck_assert_msg(strncmp(error.message, begin, strlen(begin)) == 0, "%s", error.message);
        ck_assert_str_ne(error.step, "");
    }
}
END_TEST

START_TEST(a_byte_of_a_row_that_changed_fails_the_job)
{
    for (uint64_t at = 1; at < 200; at += 7) {
        flow_error error = { 0 };
        disk.reads = disk.opened = disk.closed = 0;
        disk.damage_at = at;
        ck_assert_int_eq(failing(whats[at % 6], (enum how)(at % HOW_COUNT), &error), FLOW_DAMAGED);
        const char *begin = "what was spilled to the scratch directory /the/scratch is damaged";
        ck_assert_msg(strncmp(error.message, begin, strlen(begin)) == 0, "%s", error.message);
    }
}
END_TEST

// --- a job that stands amid its input, with all rows on disk

static struct flow_test_sim *stand(flow_pipeline *pipeline)
{
    return spill_stand(pipeline, &pieces[PIECES - 1], &spills);
}

START_TEST(a_snapshot_of_rows_that_cannot_be_read_back_is_refused)
{
    flow_error error = { 0 };
    flow_buffer bytes = { 0 };
    flow_pipeline *pipeline = build(GROUP_TEXT, ONE_SESSION, &got);
    struct flow_test_sim *sim = stand(pipeline);
    disk.read_at = disk.reads + 3;
    disk.read_fails = EIO;
    ck_assert(!fl_engine_snapshot(sim->engine, &bytes, &error));
    ck_assert_int_eq(error.status, FLOW_IO);
    ck_assert_str_eq(error.step, "add_up");
    flow_buffer_free(&bytes);
    spill_leave(sim);
    flow_pipeline_free(pipeline);
}
END_TEST

START_TEST(a_snapshot_whose_rows_do_not_fit_onto_the_disk_is_not_restored)
{
    flow_error error = { 0 };
    flow_buffer bytes = { 0 };
    flow_pipeline *pipeline = build(GROUP_TEXT, ONE_SESSION, &got);
    struct flow_test_sim *sim = stand(pipeline);
    ck_assert_msg(fl_engine_snapshot(sim->engine, &bytes, &error), "%s", error.message);
    spill_leave(sim);
    sim = flow_test_open(pipeline, &spills, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    disk.write_at = disk.writes + 2;
    disk.write_fails = ENOSPC;
    const flow_str snapshot = { bytes.data, bytes.len };
    ck_assert_int_eq(fl_engine_restore(sim->engine, snapshot, &error), FLOW_IO);
    ck_assert_str_eq(error.step, "add_up");
    const char *begin = "cannot write to the scratch directory /the/scratch: No space left";
    ck_assert_msg(strncmp(error.message, begin, strlen(begin)) == 0, "%s", error.message);
    flow_buffer_free(&bytes);
    spill_leave(sim);
    disk.opened = disk.closed = 1;
    flow_pipeline_free(pipeline);
}
END_TEST

// A window that grew by ten rows a bundle has a hundred and sixty extents, unless small ones become
// larger ones.
START_TEST(a_window_that_grows_slowly_is_read_in_few_pieces)
{
    flow_error error = { 0 };
    flow_buffer bytes = { 0 };
    for (size_t i = 0; i < ROWS; i++)
        rows[i].k = 5;
    flow_pipeline *pipeline = build(GROUP_ORDER, ONE_SESSION, &got);
    struct flow_test_sim *sim = stand(pipeline);
    const uint64_t before = disk.reads;
    ck_assert_msg(fl_engine_snapshot(sim->engine, &bytes, &error), "%s", error.message);
    ck_assert_uint_gt(disk.reads - before, 2);
    ck_assert_uint_lt(disk.reads - before, 300); // two a block
    flow_buffer_free(&bytes);
    spill_leave(sim);
    disk.opened = disk.closed = 1;
    flow_pipeline_free(pipeline);
}
END_TEST

START_TEST(an_answer_why_says_which_rows_are_on_disk)
{
    flow_buffer text = { 0 };
    flow_pipeline *pipeline = build(GROUP_FIRST, ONE_SESSION, &got);
    struct flow_test_sim *sim = stand(pipeline);
    const flow_why question = { .step = "first_only", .key = "5" };
    ck_assert(fl_engine_why(sim->engine, &question, &text));
    char *words = flow_buffer_text(&text);
    ck_assert_msg(
        strstr(words, " elements, ") && strstr(words, " of them in /the/scratch; "), "%s", words);
    flow_text_free(words);
    ck_assert(fl_engine_explain(sim->engine, "first_only", &text));
    words = flow_buffer_text(&text);
    ck_assert_msg(strstr(words, "it has spilled 0 MiB to /the/scratch, in "), "%s", words);
    ck_assert_msg(strstr(words, " windows"), "%s", words);
    flow_text_free(words);
    spill_leave(sim);
    flow_pipeline_free(pipeline);
}
END_TEST

TCase *extents_tests(void);

TCase *extents_tests(void)
{
    TCase *tests = tcase_create("extents");
    tcase_set_timeout(tests, 600);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, rows_on_disk_give_what_rows_in_memory_do, 0, HOW_COUNT);
    tcase_add_loop_test(tests, r3_bundles_that_fail_leave_rows_on_disk, 0, HOW_COUNT);
    tcase_add_loop_test(tests, the_place_of_windows_that_are_gone_is_free, 0, HOW_COUNT);
    tcase_add_test(tests, a_full_disk_fails_the_job_by_step);
    tcase_add_test(tests, rows_that_cannot_be_read_back_fail_the_job);
    tcase_add_test(tests, a_byte_of_a_row_that_changed_fails_the_job);
    tcase_add_test(tests, a_snapshot_of_rows_that_cannot_be_read_back_is_refused);
    tcase_add_test(tests, a_snapshot_whose_rows_do_not_fit_onto_the_disk_is_not_restored);
    tcase_add_test(tests, a_window_that_grows_slowly_is_read_in_few_pieces);
    tcase_add_test(tests, an_answer_why_says_which_rows_are_on_disk);
    return tests;
}
