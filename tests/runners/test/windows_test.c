// SPDX-License-Identifier: Apache-2.0
// Custom windows that break what they promise are found.
#include "kit.h"

// What a test's windows do wrong.
static enum {
    NOTHING,
    ELSEWHERE,
    EMPTY,
    TWICE,
    SHRINK,
    GROW,
    BEYOND
} wrong;

static uint32_t cut(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    (void)element;
    (void)config;
    const int64_t ten = 10000000, start = at.us / ten * ten;
    const uint32_t count = wrong == TWICE ? 2 : 1;
    for (uint32_t i = 0; i < count && i < room; i++) {
        windows[i] = (flow_window){ { start }, { start + ten } };
        if (wrong == ELSEWHERE)
            windows[i] = (flow_window){ { start + ten }, { start + 2 * ten } };
        if (wrong == EMPTY)
            windows[i].end = windows[i].start = at;
    }
    return count;
}

static void unite(const flow_window *windows, uint32_t count, const void *config, flow_window *into)
{
    (void)config;
    for (uint32_t i = 0; i < count; i++) {
        into[i] = (flow_window){ windows[0].start, windows[count - 1].end };
        if (wrong == SHRINK && count > 1)
            into[i].end.us -= 1;
        if (wrong == GROW)
            into[i].end.us += 1000000;
        if (wrong == BEYOND)
            into[i].end.us = INT64_MAX;
    }
}

static const flow_window_fn apart = { .name = "tens", .assign = cut };
static const flow_window_fn united = {
    .name = "whole", .merges = true, .assign = cut, .merge = unite
};

static bool locally; // by the local runner, which looks less closely

// Runs clicks in such windows; the error is empty when nothing is found.
static flow_error run_with(const flow_window_fn *fn, const char *step)
{
    flow_pipeline_free(p);
    kit_setup();
    add("a", 1, 3);
    add("a", 1, 14);
    add("a", 1, 15);
    const flow_window_options options = { .windows = flow_custom(fn, NULL) };
    const flow_coll in = flow_window_into(flow_key_by(clicks, FLOW_FIELD(click, page)), &options);
    const flow_coll count = flow_count(in);
    if (fn == &united)
        flow_expect(count, "\"a\": {\"count\":3}");
    else
        flow_expect(count, "\"a\": {\"count\":1}", "\"a\": {\"count\":2}");
    flow_error error = { 0 };
    if (locally)
        flow_run(p, &flow_local_runner, &error);
    else
        error = run(NULL);
    if (step) {
        ck_assert_int_eq(error.status, FLOW_USER);
        ck_assert_msg(strstr(error.step, step), "%s", error.step);
    }
    return error;
}

START_TEST(windows_that_keep_their_promises_pass)
{
    wrong = NOTHING;
    ck_assert_str_eq(run_with(&apart, NULL).message, "");
    ck_assert_str_eq(run_with(&united, NULL).message, "");
}
END_TEST

START_TEST(a_window_that_does_not_hold_its_element_is_found)
{
    wrong = ELSEWHERE;
    ck_assert_str_eq(run_with(&apart, "window").message,
        "the windows 'tens' put an element at 1970-01-01T00:00:03Z into [1970-01-01T00:00:10Z, "
        "1970-01-01T00:00:20Z), which does not hold it");
    wrong = EMPTY;
    ck_assert_str_eq(run_with(&united, "window").message,
        "the windows 'whole' put an element at 1970-01-01T00:00:03Z into [1970-01-01T00:00:03Z, "
        "1970-01-01T00:00:03Z), which does not hold it");
}
END_TEST

START_TEST(a_window_that_is_listed_twice_is_found)
{
    wrong = TWICE;
    ck_assert_str_eq(run_with(&apart, "window").message,
        "the windows 'tens' list [1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z) twice for an element "
        "at 1970-01-01T00:00:03Z");
}
END_TEST

START_TEST(a_merged_window_that_does_not_hold_what_is_in_it_is_found)
{
    wrong = SHRINK;
    ck_assert_str_eq(run_with(&united, "count").message,
        "the windows 'whole' merge [1970-01-01T00:00:10Z, 1970-01-01T00:00:20Z) into "
        "[1970-01-01T00:00:00Z, 1970-01-01T00:00:19.999999Z), which does not hold it");
}
END_TEST

START_TEST(windows_that_merged_again_become_others_are_found)
{
    wrong = GROW;
    ck_assert_str_eq(run_with(&united, "count").message,
        "the windows 'whole' merge some into [1970-01-01T00:00:00Z, 1970-01-01T00:00:11Z), but "
        "that, merged again, into [1970-01-01T00:00:00Z, 1970-01-01T00:00:12Z)");
}
END_TEST

START_TEST(windows_that_do_not_hold_what_is_in_them_fail_under_the_local_runner_too)
{
    locally = true;
    wrong = NOTHING;
    ck_assert_str_eq(run_with(&united, NULL).message, "");
    wrong = ELSEWHERE;
    ck_assert_ptr_nonnull(strstr(run_with(&apart, "window").message, "which does not hold it"));
    wrong = EMPTY;
    ck_assert_ptr_nonnull(strstr(run_with(&united, "window").message, "which does not hold it"));
    wrong = SHRINK;
    ck_assert_ptr_nonnull(strstr(run_with(&united, "count").message, "which does not hold it"));
    wrong = BEYOND;
    ck_assert_ptr_nonnull(
        strstr(run_with(&united, "count").message, "which reaches beyond the global window"));
    locally = false;
}
END_TEST

TCase *windows_tests(void)
{
    TCase *tests = tcase_create("windows");
    tcase_add_checked_fixture(tests, kit_setup, kit_teardown);
    tcase_add_test(tests, windows_that_keep_their_promises_pass);
    tcase_add_test(tests, a_window_that_does_not_hold_its_element_is_found);
    tcase_add_test(tests, windows_that_do_not_hold_what_is_in_them_fail_under_the_local_runner_too);
    tcase_add_test(tests, a_window_that_is_listed_twice_is_found);
    tcase_add_test(tests, a_merged_window_that_does_not_hold_what_is_in_it_is_found);
    tcase_add_test(tests, windows_that_merged_again_become_others_are_found);
    return tests;
}
