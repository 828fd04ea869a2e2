// SPDX-License-Identifier: Apache-2.0
// Scripts: events in one order (R81).
#include "kit.h"

static flow_coll joined(flow_coll other)
{
    const flow_coll both[] = { clicks, other };
    const flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)) };
    return flow_count(flow_window_into(flow_flatten(both, 2), &tens));
}

START_TEST(a_script_gives_rows_and_watermarks_in_its_order)
{
    add("a", 1, 3);
    add("b", 1, 4);
    flow_script_watermark(script, clicks, second(10)); // fires [0, 10)
    add("a", 1, 5);                                    // late by now, and too late
    add("a", 1, 15);
    const flow_coll by_page = counts(flow_seconds(0));
    flow_expect(by_page, "\"a\": {\"count\":1}", "\"b\": {\"count\":1}", "\"a\": {\"count\":1}");
    flow_expect_rows(flow_dropped(by_page), &flow_rejected_type, NULL, 0, NULL);
    const flow_error error = run(NULL);
    ck_assert_int_eq(error.status, FLOW_UNEXPECTED);
    ck_assert_msg(strstr(error.message, "1 elements, 0 wanted"), "%s", error.message);
    ck_assert_msg(strstr(error.message, "\"reason\":\"late\""), "%s", error.message);
}
END_TEST

START_TEST(r81_inputs_of_one_script_have_one_order)
{
    const flow_coll taps = flow_script_input(script, "taps", &click_type);
    add("a", 1, 1);
    FLOW_SCRIPT_ADD(script, taps, click, second(2), .amount = 1);
    flow_script_watermark(script, clicks, second(10));
    FLOW_SCRIPT_ADD(script, taps, click, second(3), .amount = 1); // holds the window open
    flow_script_watermark(script, taps, second(10));
    FLOW_SCRIPT_ADD(script, taps, click, second(4), .amount = 1); // too late
    flow_script_end(script, taps);
    flow_expect(joined(taps), "{\"count\":3}");
    passes(NULL);
    passes(&(flow_simulated_options){ .workers = 3, .seeds = 20 });
}
END_TEST

START_TEST(r81_an_event_has_had_all_its_effects_before_the_next)
{
    const flow_coll taps = flow_script_input(script, "taps", &click_type);
    add("a", 1, 1);
    flow_script_watermark(script, taps, second(10));
    flow_script_watermark(script, clicks, second(10));            // fires [0, 10)
    FLOW_SCRIPT_ADD(script, taps, click, second(3), .amount = 1); // so it is too late
    flow_expect(joined(taps), "{\"count\":1}");
    passes(&(flow_simulated_options){ .workers = 3, .seeds = 50 });
}
END_TEST

START_TEST(a_script_without_clock_runs_on_any_runner)
{
    add("a", 1, 3);
    flow_script_watermark(script, clicks, second(10));
    add("b", 1, 13);
    flow_expect(counts(flow_seconds(0)), "\"a\": {\"count\":1}", "\"b\": {\"count\":1}");
    flow_error error = { 0 };
    flow_run(p, &flow_local_runner, &error);
    ck_assert_msg(error.status == FLOW_OK, "%s", error.message);
    flow_script_clock(script, flow_seconds(1));
    flow_run(p, &flow_local_runner, &error);
    ck_assert_int_eq(error.status, FLOW_UNSUPPORTED);
}
END_TEST

START_TEST(two_scripts_have_no_order_and_are_refused)
{
    flow_script_input(flow_script_new(p), "other", &click_type);
    const flow_error error = run(NULL);
    ck_assert_int_eq(error.status, FLOW_INVALID);
    ck_assert_msg(strstr(error.message, "two scripts"), "%s", error.message);
}
END_TEST

START_TEST(a_script_refuses_other_types_and_other_inputs)
{
    flow_script_add(script, clicks, second(1), &flow_line_type, &(struct flow_line){ 0 });
    flow_error error = { 0 };
    ck_assert_int_eq(flow_pipeline_check(p, &error), FLOW_TYPE);
    ck_assert_msg(strstr(error.message, "takes 'click', not 'flow_line'"), "%s", error.message);
    flow_pipeline_free(p);
    kit_setup();
    flow_script_watermark(script, counts(flow_seconds(0)), second(1));
    memset(&error, 0, sizeof error);
    ck_assert_int_eq(flow_pipeline_check(p, &error), FLOW_INVALID);
    ck_assert_msg(strstr(error.message, "no input of this script"), "%s", error.message);
}
END_TEST

// Checks the pipeline as it stands, which must be refused so, and begins another.
static void refused(const char *sentence)
{
    flow_error error = { 0 };
    ck_assert_int_eq(flow_pipeline_check(p, &error), FLOW_INVALID);
    ck_assert_str_eq(error.step, "clicks");
    ck_assert_str_eq(error.message, sentence);
    flow_pipeline_free(p);
    kit_setup();
}

START_TEST(a_script_refuses_what_comes_behind_the_end_of_an_input)
{
    flow_script_end(script, clicks);
    add("a", 1, 3);
    refused("event 2 of the script is an element behind the input's end");
    flow_script_end(script, clicks);
    flow_script_watermark(script, clicks, second(1));
    refused("event 2 of the script is a watermark behind the input's end");
    add("a", 1, 3);
    flow_script_end(script, clicks);
    flow_script_end(script, clicks);
    refused("event 3 of the script is an end behind the input's end");
    flow_script_watermark(script, clicks, (flow_time){ FLOW_TIME_MAX_US });
    add("a", 1, 3);
    refused("event 2 of the script is an element behind the input's end");
}
END_TEST

START_TEST(a_script_refuses_an_element_that_was_not_given)
{
    flow_script_add(script, clicks, second(1), &click_type, NULL);
    refused("flow_script_add: no element was given");
    flow_script_add(script, clicks, second(1), NULL, &script);
    refused("flow_script_add: no element was given");
}
END_TEST

START_TEST(a_script_refuses_watermarks_that_go_back)
{
    flow_script_watermark(script, clicks, second(5));
    flow_script_watermark(script, clicks, second(3));
    refused("event 2 of the script moves the watermark back, from 1970-01-01T00:00:05Z to "
            "1970-01-01T00:00:03Z");
}
END_TEST

START_TEST(inputs_of_a_script_end_and_move_their_watermarks_each_by_itself)
{
    const flow_coll taps = flow_script_input(script, "taps", &click_type);
    flow_script_watermark(script, clicks, second(5));
    flow_script_watermark(script, clicks, second(5)); // may stay where it is
    flow_script_watermark(script, taps, second(3));
    flow_script_end(script, taps);
    add("a", 1, 6);
    flow_script_watermark(script, clicks, (flow_time){ FLOW_TIME_MAX_US });
    flow_expect(joined(taps), "{\"count\":1}");
    passes(&(flow_simulated_options){ .workers = 3, .seeds = 20 });
}
END_TEST

TCase *script_tests(void)
{
    TCase *tests = tcase_create("script");
    tcase_add_checked_fixture(tests, kit_setup, kit_teardown);
    tcase_add_test(tests, a_script_gives_rows_and_watermarks_in_its_order);
    tcase_add_test(tests, r81_inputs_of_one_script_have_one_order);
    tcase_add_test(tests, r81_an_event_has_had_all_its_effects_before_the_next);
    tcase_add_test(tests, a_script_without_clock_runs_on_any_runner);
    tcase_add_test(tests, two_scripts_have_no_order_and_are_refused);
    tcase_add_test(tests, a_script_refuses_other_types_and_other_inputs);
    tcase_add_test(tests, a_script_refuses_what_comes_behind_the_end_of_an_input);
    tcase_add_test(tests, a_script_refuses_an_element_that_was_not_given);
    tcase_add_test(tests, a_script_refuses_watermarks_that_go_back);
    tcase_add_test(tests, inputs_of_a_script_end_and_move_their_watermarks_each_by_itself);
    return tests;
}
