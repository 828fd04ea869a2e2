// SPDX-License-Identifier: Apache-2.0
// The model's rules about panes, holds and output times, by their numbers.
#include "panes_story.h"

#include <stdlib.h>

#define SECOND INT64_C(1000000)

static const flow_trigger usual;

// --- panes

START_TEST(r46_a_pane_is_late_when_the_output_watermark_has_passed)
{
    struct panes_case test = panes_story(tens(), flow_trigger_always(), FLOW_DISCARDING);
    panes_late_until(&test, 50);
    panes_watermark(&test, 20);
    panes_add(&test, 1, 1, 5);
    panes_tells(&test, "1=1 [0,10) late 0/0 first");
    // at the last instant of its window it is early still
    test = panes_story(tens(), flow_trigger_always(), FLOW_DISCARDING);
    panes_watermark(&test, 10);
    test.steps[0].at -= 1;
    panes_add(&test, 1, 1, 5);
    panes_tells(&test, "1=0 [0,10) on-time 1/0 last; 1=1 [0,10) early 0/-1 first");
    // an unfinished pane of another key holds it back
    test = panes_story(tens(), flow_trigger_repeatedly(flow_trigger_count(2)), FLOW_DISCARDING);
    panes_late_until(&test, 50);
    panes_add(&test, 2, 8, 5);
    panes_watermark(&test, 20);
    panes_add(&test, 1, 1, 5);
    panes_add(&test, 1, 2, 5);
    panes_tells(&test, "1=3 [0,10) on-time 0/0 first; 2=8 [0,10) on-time 0/0 first last");
}
END_TEST

START_TEST(r47_panes_come_early_on_time_late_and_last_is_last)
{
    struct panes_case test = panes_story(tens(),
        flow_trigger_early_late(flow_trigger_count(1), flow_trigger_count(1)), FLOW_ACCUMULATING);
    panes_late_until(&test, 10);
    test.how.closing = FLOW_EMPTY_ALWAYS;
    panes_add(&test, 1, 1, 0);
    panes_watermark(&test, 10);
    panes_add(&test, 1, 2, 0);
    panes_tells(&test, "1=1 [0,10) early 0/-1 first; 1=1 [0,10) on-time 1/0; 1=3 [0,10) late 2/1; "
                       "1=3 [0,10) late 3/2 last");
    // one that follows it on time is late, though what another key holds keeps time back
    test = panes_story(tens(), flow_trigger_repeatedly(flow_trigger_count(2)), FLOW_DISCARDING);
    panes_late_until(&test, 50);
    panes_add(&test, 2, 8, 5);
    panes_watermark(&test, 20);
    for (int64_t i = 0; i < 4; i++)
        panes_add(&test, 1, (int64_t)1 << i, 5);
    panes_tells(&test, "1=12 [0,10) late 1/1; 1=3 [0,10) on-time 0/0 first; "
                       "2=8 [0,10) on-time 0/0 first last");
}
END_TEST

START_TEST(r48_an_empty_pane_that_is_not_given_uses_no_number)
{
    struct panes_case test = panes_story(tens(),
        flow_trigger_early_late(flow_trigger_count(1), flow_trigger_count(1)), FLOW_DISCARDING);
    panes_late_until(&test, 10);
    test.how.on_time = FLOW_EMPTY_NEVER;
    panes_add(&test, 1, 1, 0);
    panes_watermark(&test, 10);
    panes_add(&test, 1, 2, 0);
    panes_tells(&test, "1=1 [0,10) early 0/-1 first; 1=2 [0,10) late 1/0");
}
END_TEST

START_TEST(r49_a_merged_session_counts_its_panes_anew)
{
    struct panes_case test = panes_story(sessions(5), flow_trigger_always(), FLOW_ACCUMULATING);
    panes_add(&test, 1, 1, 0);
    panes_add(&test, 1, 2, 3); // grows: another window
    panes_add(&test, 1, 4, 2); // lies in it
    panes_tells(&test, "1=1 [0,5) early 0/-1 first; 1=3 [0,8) early 0/-1 first; "
                       "1=7 [0,8) early 1/-1; 1=7 [0,8) on-time 2/0 last");
}
END_TEST

START_TEST(r50_empty_panes_are_given_as_asked_for)
{
    struct panes_case test = panes_story(tens(),
        flow_trigger_early_late(flow_trigger_count(1), flow_trigger_count(1)), FLOW_DISCARDING);
    panes_add(&test, 1, 1, 0);
    panes_tells(&test, "1=0 [0,10) on-time 1/0 last; 1=1 [0,10) early 0/-1 first");
    test.how.on_time = FLOW_EMPTY_NEVER;
    panes_tells(&test, "1=1 [0,10) early 0/-1 first");
    test.how.closing = FLOW_EMPTY_ALWAYS;
    panes_tells(&test, "1=0 [0,10) on-time 1/0 last; 1=1 [0,10) early 0/-1 first");
}
END_TEST

static flow_status see_pane(flow_ctx *ctx, const struct flow_integer *sum)
{
    const flow_pane pane = flow_pane_info(ctx);
    const struct flow_test_row row = { .k = (int64_t)pane.index * flow_sign(ctx),
        .v = sum->value,
        .x = pane.timing == FLOW_TIMING_UNKNOWN };
    return flow_emit(ctx, 0, &flow_test_row_type, &row, sizeof row);
}
FLOW_ELEMENT_FN(see_pane, flow_integer, flow_test_row);

static flow_status see_none(flow_ctx *ctx, const struct flow_test_row *row)
{
    const flow_pane pane = flow_pane_info(ctx);
    const bool none = pane.timing == FLOW_TIMING_UNKNOWN && pane.first && pane.last &&
                      pane.index == 0 && pane.on_time_index == 0 && flow_sign(ctx) == 1;
    if (!none)
        return flow_fail(ctx, FLOW_USER, "there is a pane before any grouping");
    return flow_emit(ctx, 0, &flow_test_row_type, row, sizeof *row);
}
FLOW_ELEMENT_FN(see_none, flow_test_row, flow_test_row);

START_TEST(r51_functions_see_no_pane_before_a_grouping_and_theirs_after)
{
    flow_pipeline *pipeline = flow_pipeline_new("panes");
    struct flow_test_row rows[3];
    for (int i = 0; i < 3; i++)
        rows[i] = flow_test_row_at(1, 1, i);
    struct flow_test_piece pieces[3];
    for (int i = 0; i < 3; i++)
        pieces[i] = (struct flow_test_piece){ .rows = &rows[i], .count = 1 };
    const struct flow_test_script script = { .type = &flow_test_row_type,
        .pieces = pieces,
        .piece_count = 3,
        .event_time = FLOW_FIELD(flow_test_row, at) };
    const flow_window_options how = { .trigger = flow_trigger_always(),
        .accumulation = FLOW_RETRACTING,
        .on_time = FLOW_EMPTY_NEVER };
    struct flow_test_results got;
    flow_test_results_init(&got, "panes");
    const flow_coll in = flow_do(flow_test_read(pipeline, &script), &see_none_fn);
    const flow_coll sum = flow_sum(flow_window_into(in, &how), FLOW_FIELD(flow_test_row, v));
    flow_test_collect(flow_do(sum, &see_pane_fn), &got);
    flow_test_run_well(pipeline, &(struct flow_test_options){ .seed = 1 });
    int64_t indexes = 0, signs = 0;
    for (size_t i = 0; i < got.count; i++) {
        const bool back = got.list[i].text[0] == '-';
        indexes += strtoll(strstr(got.list[i].text, "k:") + 2, NULL, 10);
        signs += back ? -1 : 1;
    }
    ck_assert_uint_eq(got.count, 5); // 1, then 2 for 1, then 3 for 2
    ck_assert_int_eq(signs, 1);
    ck_assert_int_eq(indexes, 2); // 0 + (1 − 0) + (2 − 1)
    flow_test_results_clear(&got);
    flow_pipeline_free(pipeline);
}
END_TEST

START_TEST(r52_a_window_whose_trigger_finished_never_merges_again)
{
    const flow_trigger once = flow_trigger_early_late(flow_trigger_count(1), usual);
    struct panes_case test = panes_story(sessions(10), once, FLOW_DISCARDING);
    test.how.on_time = FLOW_EMPTY_NEVER;
    panes_add(&test, 1, 1, 0);
    panes_watermark(&test, 10);
    panes_add(&test, 1, 2, 5);
    panes_tells(&test, "1=1 [0,10) early 0/-1 first; 1=2 [5,15) early 0/-1 first");
}
END_TEST

// --- holds and times

START_TEST(r53_late_elements_do_not_pull_results_back)
{
    struct panes_case test = panes_story(tens(), flow_trigger_always(), FLOW_DISCARDING);
    panes_late_until(&test, 50);
    test.how.output_time = FLOW_OUTPUT_EARLIEST;
    panes_add(&test, 1, 1, 4);
    panes_watermark(&test, 6);
    panes_add(&test, 1, 2, 3); // behind the output watermark
    panes_add(&test, 1, 4, 7);
    panes_tells(&test, "1=1 [0,10) early 0/-1 first @4; 1=2 [0,10) early 1/-1; "
                       "1=4 [0,10) early 2/-1 @7");
}
END_TEST

START_TEST(r54_results_are_stamped_within_their_window)
{
    struct panes_case test = panes_story(tens(),
        flow_trigger_early_late(flow_trigger_count(2), flow_trigger_count(1)), FLOW_DISCARDING);
    panes_late_until(&test, 20);
    test.how.output_time = FLOW_OUTPUT_LATEST;
    panes_add(&test, 1, 1, 2);
    panes_add(&test, 1, 2, 6);
    panes_add(&test, 1, 4, 1);
    panes_watermark(&test, 10);
    panes_add(&test, 1, 8, 3); // only late: the end
    panes_tells(
        &test, "1=3 [0,10) early 0/-1 first @6; 1=4 [0,10) on-time 1/0 @1; 1=8 [0,10) late 2/1");
}
END_TEST

START_TEST(r55_results_have_the_earliest_the_latest_or_the_last_instant)
{
    struct panes_case test = panes_story(sessions(5), usual, FLOW_DISCARDING);
    panes_add(&test, 1, 1, 4);
    panes_add(&test, 1, 2, 1);
    panes_add(&test, 1, 4, 6);
    panes_tells(&test, "1=7 [1,11) on-time 0/0 first last");
    test.how.output_time = FLOW_OUTPUT_EARLIEST;
    panes_tells(&test, "1=7 [1,11) on-time 0/0 first last @1");
    test.how.output_time = FLOW_OUTPUT_LATEST;
    panes_tells(&test, "1=7 [1,11) on-time 0/0 first last @6");
    // whichever comes last
    test = panes_story(tens(), usual, FLOW_DISCARDING);
    panes_add(&test, 1, 1, 4);
    panes_add(&test, 1, 2, 6);
    panes_add(&test, 1, 4, 1);
    test.how.output_time = FLOW_OUTPUT_EARLIEST;
    panes_tells(&test, "1=7 [0,10) on-time 0/0 first last @1");
    test.how.output_time = FLOW_OUTPUT_LATEST;
    panes_tells(&test, "1=7 [0,10) on-time 0/0 first last @6");
}
END_TEST

START_TEST(r56_holds_of_sessions_that_merge_become_one)
{
    struct panes_case test = panes_story(sessions(5), usual, FLOW_DISCARDING);
    test.how.output_time = FLOW_OUTPUT_EARLIEST;
    panes_add(&test, 1, 1, 8);
    panes_add(&test, 1, 2, 0);
    panes_add(&test, 1, 4, 4);
    panes_tells(&test, "1=7 [0,13) on-time 0/0 first last @0");
    test.how.output_time = FLOW_OUTPUT_LATEST;
    panes_tells(&test, "1=7 [0,13) on-time 0/0 first last @8");
}
END_TEST

START_TEST(r57_each_live_window_has_a_state_of_its_own)
{
    struct panes_case test = panes_story(sessions(2), usual, FLOW_DISCARDING);
    test.result = PANES_GROUP;
    // many sessions of a key at once, in no order, and to each one comes another element
    for (int64_t i = 0; i < 100; i++)
        panes_add(&test, i % 2, i, (i * 37) % 100 * 3);
    for (int64_t i = 0; i < 100; i++)
        panes_add(&test, i % 2, i, (i * 37) % 100 * 3);
    struct panes_outcome got = panes_outcome_of(&test);
    ck_assert_uint_eq(got.results.count, 100);
    panes_outcome_clear(&got);
}
END_TEST

TCase *panes_number_tests(void);

TCase *panes_number_tests(void)
{
    TCase *tests = tcase_create("panes by rule");
    tcase_add_test(tests, r46_a_pane_is_late_when_the_output_watermark_has_passed);
    tcase_add_test(tests, r47_panes_come_early_on_time_late_and_last_is_last);
    tcase_add_test(tests, r48_an_empty_pane_that_is_not_given_uses_no_number);
    tcase_add_test(tests, r49_a_merged_session_counts_its_panes_anew);
    tcase_add_test(tests, r50_empty_panes_are_given_as_asked_for);
    tcase_add_test(tests, r51_functions_see_no_pane_before_a_grouping_and_theirs_after);
    tcase_add_test(tests, r52_a_window_whose_trigger_finished_never_merges_again);
    tcase_add_test(tests, r53_late_elements_do_not_pull_results_back);
    tcase_add_test(tests, r54_results_are_stamped_within_their_window);
    tcase_add_test(tests, r55_results_have_the_earliest_the_latest_or_the_last_instant);
    tcase_add_test(tests, r56_holds_of_sessions_that_merge_become_one);
    tcase_add_test(tests, r57_each_live_window_has_a_state_of_its_own);
    return tests;
}
