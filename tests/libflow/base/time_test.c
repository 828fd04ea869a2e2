// SPDX-License-Identifier: Apache-2.0
// Tests instants as text.
#include <inttypes.h>
#include <stdio.h>

#include <check.h>

#include <flow/base.h>

TCase *time_tests(void);

static const struct {
    const char *text;
    int64_t us;
} good[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "1970-01-01", 0 },
    { "2026-11-24T18:25:09.5Z", INT64_C(1795544709500000) },
    { "2026-11-24t18:25:09.5z", INT64_C(1795544709500000) },
    { "2026-11-24 18:25:09.500000", INT64_C(1795544709500000) },
    { "2026-11-24T20:25:09.5+02:00", INT64_C(1795544709500000) },
    { "2026-11-24T12:55:09.5-05:30", INT64_C(1795544709500000) },
    { "2000-02-29T12:00:00Z", INT64_C(951825600000000) },
    { "1969-12-31T23:59:59.999999Z", -1 },
    { "1969-12-31T23:59:59.9999999Z", -1 },
    { "1900-03-01T00:00:00Z", INT64_C(-2203891200000000) },
    { "0000-01-01T00:00:00Z", INT64_C(-62167219200000000) },
    { "0001-01-01T00:00:00+23:59", INT64_C(-62135683140000000) },
    { "2016-12-31T23:59:60Z", INT64_C(1483228799999999) },
    { "2016-12-31T23:59:60.25Z", INT64_C(1483228799999999) },
    { "2017-01-01T01:59:60+02:00", INT64_C(1483228799999999) },
    { "-290308-12-21T19:59:05.225Z", FLOW_TIME_MIN_US },
    { "+294247-01-10T04:00:54.775Z", FLOW_TIME_MAX_US },
    { "+002026-11-24", INT64_C(1795478400000000) },
    { "0", 0 },
    { "-0", 0 },
    { "1795544709", INT64_C(1795544709000000) },
    { "1795544709500", INT64_C(1795544709500000) },
    { "1795544709500000", INT64_C(1795544709500000) },
    { "99999999999", INT64_C(99999999999000000) },
    { "100000000000", INT64_C(100000000000000) },
    { "99999999999999", INT64_C(99999999999999000) },
    { "100000000000000", INT64_C(100000000000000) },
    { "-86400", INT64_C(-86400000000) },
    { "-1795544709500", INT64_C(-1795544709500000) },
    { "1795404000.01", INT64_C(1795404000010000) },
    { "1795404000.123456", INT64_C(1795404000123456) },
    { "1795404000.1234569", INT64_C(1795404000123456) },
    { "-1795404000.1234561", INT64_C(-1795404000123457) },
    { "-1.0000000000000000000000000000001", INT64_C(-1000001) },
    { "1.9999999999999999999999999999999", INT64_C(1999999) },
    { "0.000001", 1 },
    { "-0.0", 0 },
    { "99999999999.5", INT64_C(99999999999500000) },
    { "1795404000010.25", INT64_C(1795404000010250) },
    { "1795404000010250.75", INT64_C(1795404000010250) },
    { "9223372036854775000", FLOW_TIME_MAX_US },
    { "-9223372036854775000", FLOW_TIME_MIN_US },
};

START_TEST(a_good_text_is_read)
{
    flow_time at = { 42 };
    ck_assert_msg(flow_time_parse(flow_str_of(good[_i].text), &at), "%s", good[_i].text);
    ck_assert_msg(at.us == good[_i].us, "%s gave %" PRId64, good[_i].text, at.us);
}
END_TEST

static const char *const bad[] = { "", " ", "-", "+5", "1.", ".5", "-.5", "1.5.5", "1.5e3", "12a",
    "now", "2026-11", "2026-11-24T", "2026-11-24T18", "2026-11-24T18:25", "2026-11-24T18:25Z",
    "2026-11-24T18:25:09.Z", "2026-11-24T18:25:09,5Z", "2026-11-24T18:25:09+2",
    "2026-11-24T18:25:09+0200", "2026-11-24T18:25:09+24:00", "2026-11-24T18:25:09+02:60",
    "2026-11-24T18:25:09ZZ", "2026-11-24T18:25:09Z ", " 2026-11-24T18:25:09Z",
    "2026-11-24  18:25:09Z", "2026-11-24_18:25:09Z", "2026-00-01", "2026-13-01", "2026-01-00",
    "2026-01-32", "2026-04-31", "2026-02-29", "1900-02-29", "2026-1-01", "26-01-01",
    "2026-11-24T24:00:00Z", "2026-11-24T23:60:00Z", "2026-11-24T23:59:61Z", "2026-11-24T12:00:60Z",
    "2016-12-31T23:59:60+01:00", "-000000-01-01", "-2026-01-01", "-290308-12-21T19:59:05.224999Z",
    "+294247-01-10T04:00:54.775001Z", "+999999-12-31", "-999999-01-01", "9223372036854775001",
    "9223372036854775000.1x", "-9223372036854775000.1", "-9223372036854775001",
    "9223372036854775808", "99999999999999999999999", "\xEF\xBC\x92\x30\x32\x36-01-01" };

START_TEST(a_bad_text_is_refused_and_leaves_the_time_alone)
{
    flow_time at = { 42 };
    ck_assert_msg(
        !flow_time_parse(flow_str_of(bad[_i]), &at), "\"%s\" gave %" PRId64, bad[_i], at.us);
    ck_assert_int_eq(at.us, 42);
}
END_TEST

static const struct {
    int64_t us;
    const char *text;
} prints[] = {
    { 0, "1970-01-01T00:00:00Z" },
    { 1, "1970-01-01T00:00:00.000001Z" },
    { -1, "1969-12-31T23:59:59.999999Z" },
    { 1000, "1970-01-01T00:00:00.001Z" },
    { 500000, "1970-01-01T00:00:00.500Z" },
    { INT64_C(951782400000000), "2000-02-29T00:00:00Z" },
    { INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z" },
    { INT64_C(253402300800000000), "+010000-01-01T00:00:00Z" },
    { INT64_C(-62167219200000000), "0000-01-01T00:00:00Z" },
    { INT64_C(-62167219200000001), "-000001-12-31T23:59:59.999999Z" },
    { FLOW_TIME_MIN_US, "-290308-12-21T19:59:05.225Z" },
    { FLOW_TIME_MAX_US, "+294247-01-10T04:00:54.775Z" },
    { FLOW_TIME_GLOBAL_END_US, "+294247-01-09T04:00:54.775Z" },
    { INT64_MIN, "-290308-12-21T19:59:05.224192Z" },
    { INT64_MAX, "+294247-01-10T04:00:54.775807Z" },
};

START_TEST(a_time_is_printed_with_as_many_digits_as_needed)
{
    char text[40];
    const size_t len = flow_time_print((flow_time){ prints[_i].us }, text);
    ck_assert_str_eq(text, prints[_i].text);
    ck_assert_uint_eq(len, strlen(text));
}
END_TEST

// A calendar counted day by day, against the arithmetic.
START_TEST(every_day_of_eight_centuries_is_where_a_calendar_has_it)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int64_t day = -135140; // 1600-01-01
    for (int year = 1600; year < 2400; year++) {
        const int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 0; month < 12; month++) {
            const int days = lengths[month] + (month == 1 && leap);
            for (int date = 1; date <= days; date++, day++) {
                char expected[40], text[40];
                snprintf(
                    expected, sizeof expected, "%04d-%02d-%02dT00:00:00Z", year, month + 1, date);
                flow_time_print((flow_time){ day * INT64_C(86400000000) }, text);
                ck_assert_str_eq(text, expected);
            }
        }
    }
    ck_assert_int_eq(day, 157054); // 2400-01-01
}
END_TEST

START_TEST(what_is_printed_reads_back_the_same)
{
    uint64_t random = 7;
    for (int i = 0; i < 200000; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const int64_t wide = (int64_t)(random ^ random >> 31) >> (i % 40);
        if (wide < FLOW_TIME_MIN_US || wide > FLOW_TIME_MAX_US)
            continue;
        char text[40];
        flow_time at = { 0 };
        const size_t len = flow_time_print((flow_time){ wide }, text);
        ck_assert_msg(flow_time_parse((flow_str){ text, len }, &at), "%s", text);
        ck_assert_int_eq(at.us, wide);
    }
}
END_TEST

TCase *time_tests(void)
{
    TCase *tests = tcase_create("time");
    tcase_add_loop_test(tests, a_good_text_is_read, 0, (int)(sizeof good / sizeof good[0]));
    tcase_add_loop_test(tests, a_bad_text_is_refused_and_leaves_the_time_alone, 0,
        (int)(sizeof bad / sizeof bad[0]));
    tcase_add_loop_test(tests, a_time_is_printed_with_as_many_digits_as_needed, 0,
        (int)(sizeof prints / sizeof prints[0]));
    tcase_add_test(tests, every_day_of_eight_centuries_is_where_a_calendar_has_it);
    tcase_add_test(tests, what_is_printed_reads_back_the_same);
    return tests;
}
