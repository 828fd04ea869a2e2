// SPDX-License-Identifier: Apache-2.0
// Tests spans of time as text.
#include <check.h>
#include <stdlib.h>

#include <flow/base.h>

TCase *span_tests(void);

static const struct {
    const char *text;
    int64_t us;
    const char *printed; // NULL: the same
} golden[] = {
    { "0", 0, "0s" },
    { "0s", 0, NULL },
    { "1us", 1, NULL },
    { "250ms", 250000, NULL },
    { "90s", 90000000, NULL },
    { "60s", 60000000, "1m" },
    { "10m", 600000000, NULL },
    { "24h", INT64_C(86400000000), "1d" },
    { "7d", INT64_C(604800000000), NULL },
    { "1h30m", INT64_C(5400000000), "90m" },
    { "1.5h", INT64_C(5400000000), "90m" },
    { "1m0.25s", 60250000, "60250ms" },
    { "0.000001s", 1, "1us" },
    { "-5s", -5000000, NULL },
    { "1.0s", 1000000, "1s" },
};

static const char *const wrong[] = { "", "-", "s", "10", "10 m", "10x", "1m1h", "1s1s", "1.s",
    ".5s", "0.0000001s", "1.5us", "1e3s", "+5s", "9223372036854776s", "99999999999999999999s",
    "106751991d25h", "1h-5m" };

START_TEST(a_span_is_read_and_printed)
{
    char text[40];
    flow_duration span = { -1 };
    ck_assert_msg(flow_duration_parse(flow_str_of(golden[_i].text), &span), "%s", golden[_i].text);
    ck_assert_int_eq(span.us, golden[_i].us);
    ck_assert_uint_eq(flow_duration_print(span, text), strlen(text));
    ck_assert_str_eq(text, golden[_i].printed ? golden[_i].printed : golden[_i].text);
    flow_duration back = { -1 };
    ck_assert(flow_duration_parse(flow_str_of(text), &back));
    ck_assert_int_eq(back.us, span.us);
}
END_TEST

START_TEST(what_is_no_span_is_refused)
{
    flow_duration span = { 7 };
    ck_assert_msg(!flow_duration_parse(flow_str_of(wrong[_i]), &span), "%s", wrong[_i]);
    ck_assert_int_eq(span.us, 7);
}
END_TEST

TCase *span_tests(void)
{
    TCase *tests = tcase_create("span");
    tcase_add_loop_test(
        tests, a_span_is_read_and_printed, 0, (int)(sizeof golden / sizeof golden[0]));
    tcase_add_loop_test(
        tests, what_is_no_span_is_refused, 0, (int)(sizeof wrong / sizeof wrong[0]));
    return tests;
}
