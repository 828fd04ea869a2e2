// SPDX-License-Identifier: Apache-2.0
// The simulated runner: seeds, faults, restarts, elements that must not change (R66).
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>

#include <flow/memory.h>

static flow_status meddle(flow_ctx *ctx, const struct click *in)
{
    ((struct click *)(uintptr_t)in)->amount++;
    return FLOW_EMIT(ctx, click, .page = in->page);
}
FLOW_ELEMENT_FN(meddle, click, click);

static flow_status tick(
    flow_ctx *ctx, const flow_str *page, const struct click *in, struct click *state)
{
    state->amount += in->amount;
    flow_timer_set(ctx, (flow_time){ flow_event_time(ctx).us + 5000000 });
    (void)page;
    return FLOW_OK;
}
static flow_status tick_timer(flow_ctx *ctx, const flow_str *page, struct click *state)
{
    return FLOW_EMIT(ctx, click, .page = *page, .amount = state->amount);
}
FLOW_STATEFUL_FN(tick, flow_str, click, click, click);

START_TEST(a_run_is_the_same_under_faults_and_restarts)
{
    for (int64_t i = 0; i < 40; i++) {
        add(i % 3 ? "a" : "b", i, i);
        if (i % 7 == 6)
            flow_script_watermark(script, clicks, second(i - 3));
    }
    flow_expect(counts(flow_seconds(0)), "\"a\": {\"count\":6}", "\"b\": {\"count\":4}",
        "\"a\": {\"count\":7}", "\"b\": {\"count\":3}", "\"a\": {\"count\":7}",
        "\"b\": {\"count\":3}", "\"a\": {\"count\":6}", "\"b\": {\"count\":4}");
    passes(NULL);
    passes(&(flow_simulated_options){ .workers = 4, .seeds = 10, .fail_one_in = 5 });
    passes(&(flow_simulated_options){ .workers = 2, .seeds = 10, .restart = true });
    passes(&(flow_simulated_options){ .check_elements = true });
}
END_TEST

static uint32_t calls;

static flow_status pass(flow_ctx *ctx, const struct click *in)
{
    calls++;
    return FLOW_EMIT(ctx, click, .page = in->page, .amount = in->amount);
}
FLOW_ELEMENT_FN(pass, click, click);

static flow_status one_a_page(flow_ctx *ctx, const flow_str *page, flow_rows *rows)
{
    (void)rows;
    calls++;
    return FLOW_EMIT(ctx, click, .page = *page);
}
FLOW_GROUP_FN(one_a_page, flow_str, click, click);

static bool all_pages(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)seen;
    (void)error;
    return count == *(const size_t *)user;
}

// What a run calls a function for that has so many chances to fail in one bundle.
static uint32_t calls_of_run(size_t pages, const flow_simulated_options *options)
{
    struct click *rows = calloc(pages, sizeof *rows);
    char(*names)[24] = calloc(pages, sizeof *names);
    for (size_t i = 0; i < pages; i++) {
        snprintf(names[i], sizeof names[i], "%zu", i);
        rows[i] = (struct click){ flow_str_of(names[i]), 1, 1 };
    }
    p = (flow_pipeline_free(p), flow_pipeline_new("kit"));
    const flow_create_options create = { .type = &click_type, .rows = rows, .count = pages };
    const flow_coll passed = flow_do(flow_create(p, &create), &pass_fn);
    flow_expect_that(flow_group(flow_key_by(passed, FLOW_FIELD(click, page)), &one_a_page_fn),
        all_pages, &pages, NULL);
    calls = 0;
    passes(options);
    free(rows);
    free(names);
    return calls;
}

START_TEST(large_bundles_fail_at_times_and_come_through_all_the_same)
{
    const uint32_t undisturbed = calls_of_run(5000, NULL);
    ck_assert_uint_eq(undisturbed, 10000);
    uint32_t most = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        const flow_simulated_options faulty = { .seed = seed, .fail_one_in = 2 };
        const uint32_t first = calls_of_run(5000, &faulty);
        ck_assert_uint_eq(calls_of_run(5000, &faulty), first); // by the seed alone
        most = first > most ? first : most;
    }
    ck_assert_uint_gt(most, undisturbed); // some bundles did fail
}
END_TEST

START_TEST(bundles_fail_far_into_their_work_too)
{
    uint32_t most = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const uint32_t more =
            calls_of_run(2000, &(flow_simulated_options){ .seed = seed, .fail_one_in = 10 }) - 4000;
        most = more > most ? more : most;
    }
    ck_assert_uint_gt(most, 400); // of a chance of one in ten alone, hardly one comes to a hundred
}
END_TEST

START_TEST(the_seed_that_failed_is_named)
{
    add("a", 1, 3);
    flow_expect(clicks, "{\"page\":\"b\",\"amount\":1,\"price\":1}");
    const flow_error error = run(&(flow_simulated_options){ .seed = 7, .seeds = 3 });
    ck_assert_int_eq(error.status, FLOW_UNEXPECTED);
    ck_assert_msg(strstr(error.message, "(seed 7)"), "%s", error.message);
}
END_TEST

START_TEST(r66_a_function_that_changes_its_input_is_found)
{
    add("a", 1, 3);
    flow_expect(flow_do(clicks, &meddle_fn), "{\"page\":\"a\",\"amount\":0,\"price\":0}");
    passes(NULL);
    const flow_error error = run(&(flow_simulated_options){ .check_elements = true });
    ck_assert_int_eq(error.status, FLOW_USER);
    ck_assert_str_eq(error.step, "meddle");
}
END_TEST

// Keeps rows longer than they are lent.
static flow_status hoard(flow_ctx *ctx, const flow_str *page, flow_rows *rows)
{
    const struct click *all[8] = { NULL };
    struct click out = { .page = *page };
    for (size_t i = 0; i < flow_rows_count(rows); i++)
        all[i] = flow_rows_next(rows);
    for (size_t i = 0; i < flow_rows_count(rows); i++)
        out.amount += all[i]->amount;
    return FLOW_EMIT_ROW(ctx, click, &out);
}
FLOW_GROUP_FN(hoard, flow_str, click, click);

START_TEST(r66_a_group_that_looks_at_a_row_after_the_next_is_found)
{
    add("a", 1, 3);
    add("a", 2, 3);
    const flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)) };
    const flow_coll in = flow_window_into(clicks, &tens);
    flow_expect(flow_group(flow_key_by(in, FLOW_FIELD(click, page)), &hoard_fn),
        "{\"page\":\"a\",\"amount\":3,\"price\":0}");
    passes(NULL);
    const flow_error error = run(&(flow_simulated_options){ .check_elements = true });
    ck_assert_int_eq(error.status, FLOW_UNEXPECTED);
    ck_assert_msg(strstr(error.message, "\"amount\":4"), "%s", error.message);
}
END_TEST

START_TEST(timers_fire_by_the_watermark_of_the_script)
{
    add("a", 1, 1);
    add("a", 2, 2);
    flow_script_watermark(script, clicks, second(8));
    add("a", 4, 20);
    const flow_coll ticks = flow_do(flow_key_by(clicks, FLOW_FIELD(click, page)), &tick_fn);
    flow_expect(ticks, "{\"page\":\"a\",\"amount\":3,\"price\":0}",
        "{\"page\":\"a\",\"amount\":7,\"price\":0}");
    passes(NULL);
    passes(&(flow_simulated_options){ .restart = true });
}
END_TEST

TCase *simulated_tests(void)
{
    TCase *tests = tcase_create("simulated");
    tcase_add_checked_fixture(tests, kit_setup, kit_teardown);
    tcase_add_test(tests, a_run_is_the_same_under_faults_and_restarts);
    tcase_add_test(tests, large_bundles_fail_at_times_and_come_through_all_the_same);
    tcase_add_test(tests, bundles_fail_far_into_their_work_too);
    tcase_add_test(tests, the_seed_that_failed_is_named);
    tcase_add_test(tests, r66_a_function_that_changes_its_input_is_found);
    tcase_add_test(tests, r66_a_group_that_looks_at_a_row_after_the_next_is_found);
    tcase_add_test(tests, timers_fire_by_the_watermark_of_the_script);
    return tests;
}
