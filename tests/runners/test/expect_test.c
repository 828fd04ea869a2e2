// SPDX-License-Identifier: Apache-2.0
// Expectations: what lacks, what is too much, in which window and pane.
#include <math.h>

#include "kit.h"

static bool two_panes(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    ++*(int *)user;
    if (count != 2 || seen[0].pane.index != 0 || !seen[0].pane.first || seen[1].pane.index != 1)
        return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu panes", count) == FLOW_OK;
    return seen[0].window.end.us == 10000000 && seen[0].time.us == 9999999 && seen[0].sign == 1;
}

START_TEST(panes_of_a_window_are_told_apart_by_timing)
{
    add("a", 1, 3);
    flow_script_watermark(script, clicks, second(10));
    add("a", 1, 5);
    add("a", 1, 6);
    const flow_coll by_page = counts(flow_seconds(60));
    flow_expect_options on_time = { .name = "on time", .panes = FLOW_PANES_ON_TIME };
    flow_expect_options late = { .name = "late", .panes = FLOW_PANES_LATE };
    flow_expect_options window = {
        .name = "window", .in_window = true, .window = { { 0 }, second(10) }
    };
    const char *one = "\"a\": {\"count\":1}";
    flow_expect_lines(by_page, &one, 1, &on_time);
    flow_expect_lines(by_page, (const char *[]){ one, one }, 2, &late);
    flow_expect_lines(by_page, (const char *[]){ one, one, one }, 3, &window);
    window.name = "elsewhere";
    window.window.start = second(10);
    flow_expect_empty(by_page, &window);
    passes(NULL);
}
END_TEST

START_TEST(what_lacks_and_what_is_too_much_is_named)
{
    add("a", 1, 3);
    flow_expect(counts(flow_seconds(0)), "\"a\": {\"count\":2}");
    const flow_error error = run(NULL);
    ck_assert_int_eq(error.status, FLOW_UNEXPECTED);
    ck_assert_str_eq(error.step, "expect");
    ck_assert_str_eq(error.message,
        "1 elements, 1 wanted; 1 lack: \"a\": {\"count\":2}; 1 too many: \"a\": {\"count\":1} in "
        "[1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z)");
}
END_TEST

START_TEST(floats_agree_to_twelve_digits_and_no_less)
{
    add("a", 3, 3); // its price is 0.30000000000000004
    FLOW_EXPECT_ROWS(clicks, click, { .page = { "a", 1 }, .amount = 3, .price = 0.3 });
    passes(NULL);
    flow_pipeline_free(p);
    kit_setup();
    add("a", 3, 3);
    FLOW_EXPECT_ROWS(clicks, click, { .page = { "a", 1 }, .amount = 3, .price = 0.30000001 });
    ck_assert_int_eq(run(NULL).status, FLOW_UNEXPECTED);
}
END_TEST

START_TEST(a_line_that_is_no_element_is_refused)
{
    add("a", 3, 3);
    flow_expect(counts(flow_seconds(0)), "{\"count\":2}");
    flow_error error = run(NULL);
    ck_assert_int_eq(error.status, FLOW_INVALID);
    ck_assert_msg(strstr(error.message, "has no key"), "%s", error.message);
    flow_pipeline_free(p);
    kit_setup();
    flow_expect(clicks, "{\"page\":3}");
    error = run(NULL);
    ck_assert_int_eq(error.status, FLOW_INVALID);
    ck_assert_msg(strstr(error.message, "is no 'click'"), "%s", error.message);
}
END_TEST

START_TEST(lines_that_were_not_given_are_refused)
{
    flow_expect_lines(clicks, NULL, 1, NULL);
    const flow_error error = run(NULL);
    ck_assert_int_eq(error.status, FLOW_INVALID);
    ck_assert_str_eq(error.message, "1 lines are expected, and none was given");
}
END_TEST

START_TEST(a_judge_sees_times_windows_and_panes)
{
    int asked = 0;
    add("a", 1, 3);
    flow_script_watermark(script, clicks, second(10));
    add("a", 1, 5);
    flow_expect_that(counts(flow_seconds(60)), two_panes, &asked, NULL);
    passes(NULL);
    ck_assert_int_eq(asked, 1);
}
END_TEST

// Runs, expects this sentence (NULL: none), and begins another pipeline.
static void says(flow_status status, const char *sentence)
{
    const flow_error error = run(NULL);
    ck_assert_msg(error.status == status, "%s", error.message);
    ck_assert_str_eq(error.message, sentence ? sentence : "");
    flow_pipeline_free(p);
    kit_setup();
}

START_TEST(one_element_is_expected_by_its_value)
{
    const char *line = "{\"page\":\"a\",\"amount\":3,\"price\":0.3}";
    add("a", 3, 1); // its price is 0.30000000000000004
    flow_expect_one(clicks, line, NULL);
    says(FLOW_OK, NULL);
    flow_expect_one(clicks, line, NULL);
    says(FLOW_UNEXPECTED,
        "one element was wanted, {\"page\":\"a\",\"amount\":3,\"price\":0.3}; none came");
    add("a", 3, 1);
    flow_expect_one(counts(flow_seconds(0)), "\"a\": {\"count\":2}", NULL);
    says(FLOW_UNEXPECTED,
        "one element was wanted, \"a\": {\"count\":2}; it is \"a\": {\"count\":1} in "
        "[1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z)");
    for (int64_t i = 0; i < 5; i++)
        add("a", 3, 10 * i);
    const flow_expect_options first = { .in_window = true, .window = { { 0 }, second(10) } };
    flow_expect_one(counts(flow_seconds(0)), "\"a\": {\"count\":1}", &first);
    says(FLOW_OK, NULL);
    for (int64_t i = 0; i < 5; i++)
        add("a", 1, 1);
    flow_expect_one(clicks, line, NULL);
    const flow_error error = run(NULL);
    ck_assert_msg(strstr(error.message, "; 5 came: {"), "%s", error.message);
    ck_assert_msg(strstr(error.message, "}, …"), "%s", error.message);
}
END_TEST

START_TEST(a_map_is_expected_by_key)
{
    static const char *const lines[] = { "\"b\": {\"count\":1}", "\"a\": {\"count\":2}" };
    add("a", 3, 1);
    add("b", 3, 1);
    add("a", 3, 1);
    flow_expect_map(counts(flow_seconds(0)), lines, 2, NULL);
    says(FLOW_OK, NULL);
    add("a", 3, 1);
    add("a", 3, 11);
    add("a", 3, 12);
    add("c", 3, 1);
    flow_expect_map(counts(flow_seconds(0)), lines, 2, NULL);
    says(FLOW_UNEXPECTED,
        "\"a\": {\"count\":2} was wanted, but there is \"a\": {\"count\":1} in "
        "[1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z), \"a\": {\"count\":2} in "
        "[1970-01-01T00:00:10Z, 1970-01-01T00:00:20Z); \"b\": {\"count\":1} lacks; nobody wants "
        "\"c\": {\"count\":1} in [1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z)");
    flow_expect_map(counts(flow_seconds(0)), (const char *[]){ lines[0], lines[0] }, 2, NULL);
    says(FLOW_INVALID, "\"b\": {\"count\":1} and \"b\": {\"count\":1} are wanted of one key, but a "
                       "map has one element a key");
    flow_expect_map(clicks, lines, 2, NULL);
    says(FLOW_TYPE,
        "flow_expect_map: the elements of 'click' have no keys; set them with flow_key_by");
}
END_TEST

// Counts by page, of which each pane takes the one before back.
static flow_coll corrected(void)
{
    const flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)),
        .trigger = flow_trigger_early_late(flow_trigger_count(1), flow_trigger_count(1)),
        .lateness = flow_seconds(60),
        .accumulation = FLOW_RETRACTING };
    return flow_count(flow_window_into(flow_key_by(clicks, FLOW_FIELD(click, page)), &tens));
}

static bool only_what_is_left(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    (void)error;
    return count == 2 && seen[0].sign == 1 && seen[1].sign == 1;
}

START_TEST(signs_are_folded_to_what_they_come_to_in_each_window)
{
    const flow_expect_options folded = { .panes = FLOW_PANES_FOLDED };
    const flow_expect_options second_window = {
        .panes = FLOW_PANES_FOLDED, .in_window = true, .window = { second(10), second(20) }
    };
    for (int64_t i = 0; i < 4; i++)
        add("a", 1, i);
    flow_script_watermark(script, clicks, second(10));
    add("a", 1, 5); // late
    add("a", 1, 15);
    const flow_coll counted = corrected();
    flow_expect_lines(
        counted, (const char *[]){ "\"a\": {\"count\":5}", "\"a\": {\"count\":1}" }, 2, &folded);
    flow_expect_one(counted, "\"a\": {\"count\":1}", &second_window);
    flow_expect_that(counted, only_what_is_left, NULL, &folded);
    passes(NULL);
    passes(&(flow_simulated_options){ .workers = 2, .seeds = 5, .fail_one_in = 3 });
    passes(&(flow_simulated_options){ .restart = true });
}
END_TEST

// Loses what was said, and passes on what takes it back.
static bool only_taken_back(const flow_ctx *ctx, const struct flow_counted *in)
{
    (void)in;
    return flow_sign(ctx) < 0;
}
FLOW_FILTER_FN(only_taken_back, flow_counted);

START_TEST(what_is_taken_back_and_had_not_come_is_named)
{
    const flow_expect_options folded = { .panes = FLOW_PANES_FOLDED };
    add("a", 1, 1);
    add("a", 1, 2);
    flow_expect_empty(flow_do(corrected(), &only_taken_back_fn), &folded);
    says(FLOW_UNEXPECTED, "these were not there: \"a\": {\"count\":1} in "
                          "[1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z) taken back, "
                          "\"a\": {\"count\":2} in [1970-01-01T00:00:00Z, 1970-01-01T00:00:10Z) "
                          "taken back");
}
END_TEST

static flow_status odd_prices(flow_ctx *ctx, const struct click *in)
{
    struct click out = *in;
    out.price = NAN;
    if (FLOW_EMIT_ROW(ctx, click, &out) != FLOW_OK)
        return ctx->status;
    out.price = -INFINITY;
    return FLOW_EMIT_ROW(ctx, click, &out);
}
FLOW_ELEMENT_FN(odd_prices, click, click);

START_TEST(options_that_no_element_can_meet_are_refused)
{
    const flow_expect_options panes = { .name = "odd", .panes = (flow_panes)99 };
    flow_expect_empty(clicks, &panes);
    says(FLOW_INVALID, "there are no such panes to look at");
    flow_pipeline_free(p);
    kit_setup();
    const flow_expect_options window = { .in_window = true, .window = { { 5 }, { 3 } } };
    flow_expect_empty(clicks, &window);
    says(FLOW_INVALID, "its window ends before it begins");
}
END_TEST

START_TEST(nan_and_infinities_are_expected_as_rows)
{
    add("a", 1, 3);
    const flow_coll odd = flow_do(clicks, &odd_prices_fn);
    FLOW_EXPECT_ROWS(odd, click, { .page = { "a", 1 }, .amount = 1, .price = NAN },
        { .page = { "a", 1 }, .amount = 1, .price = -INFINITY });
    passes(NULL);
    flow_pipeline_free(p);
    kit_setup();
    add("a", 1, 3);
    FLOW_EXPECT_ROWS(flow_do(clicks, &odd_prices_fn), click,
        { .page = { "a", 1 }, .amount = 1, .price = NAN },
        { .page = { "a", 1 }, .amount = 1, .price = -1 });
    ck_assert_int_eq(run(NULL).status, FLOW_UNEXPECTED);
}
END_TEST

TCase *expect_tests(void)
{
    TCase *tests = tcase_create("expect");
    tcase_add_checked_fixture(tests, kit_setup, kit_teardown);
    tcase_add_test(tests, panes_of_a_window_are_told_apart_by_timing);
    tcase_add_test(tests, what_lacks_and_what_is_too_much_is_named);
    tcase_add_test(tests, floats_agree_to_twelve_digits_and_no_less);
    tcase_add_test(tests, a_line_that_is_no_element_is_refused);
    tcase_add_test(tests, lines_that_were_not_given_are_refused);
    tcase_add_test(tests, a_judge_sees_times_windows_and_panes);
    tcase_add_test(tests, one_element_is_expected_by_its_value);
    tcase_add_test(tests, a_map_is_expected_by_key);
    tcase_add_test(tests, signs_are_folded_to_what_they_come_to_in_each_window);
    tcase_add_test(tests, what_is_taken_back_and_had_not_come_is_named);
    tcase_add_test(tests, options_that_no_element_can_meet_are_refused);
    tcase_add_test(tests, nan_and_infinities_are_expected_as_rows);
    return tests;
}
