// SPDX-License-Identifier: Apache-2.0
// The rules at the end of zone data.
#include "tzif.h"

TCase *rule_tests(void);

static const struct {
    const char *text;
    bool reads;
} texts[] = {
    { "", true },
    { "UTC0", true },
    { "<+0530>-5:30", true },
    { "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", true },
    { "CET-1CEST,M3.5.0,M10.5.0/3", true },
    { "EST5EDT4:30:15,J60/167,J365/-167", true },
    { "AAA+24BBB,0,365", true },
    { "CET", false },
    { "CE-1", false },
    { "<>-1", false },
    { "<+1>-1", false },
    { "<+10-1", false },
    { "CET-25", false },
    { "CET-1:60", false },
    { "CET-1:30:60", false },
    { "CET-1:", false },
    { "CET-1CEST", false },
    { "CET-1CEST,M3.5.0", false },
    { "CET-1CEST,M3.5.0,", false },
    { "CET-1CEST,M3.5.0,M10.5", false },
    { "CET-1CEST,M13.5.0,M10.5.0", false },
    { "CET-1CEST,M3.6.0,M10.5.0", false },
    { "CET-1CEST,M3.5.7,M10.5.0", false },
    { "CET-1CEST,J0,J5", false },
    { "CET-1CEST,366,5", false },
    { "CET-1CEST,M3.5.0/168,M10.5.0", false },
    { "CET-1CEST,M3.5.0,M10.5.0/3x", false },
    { "CET-1 CEST,M3.5.0,M10.5.0", false },
    { "CET-1CEST,M99999999999.5.0,M10.5.0", false },
    { "-1", false },
};

START_TEST(a_rule_is_read_whole_or_not_at_all)
{
    fl_zone_rule rule;
    const char *text = texts[_i].text;
    ck_assert_msg(fl_zone_rule_parse(flow_str_of(text), &rule) == texts[_i].reads, "'%s' is %sread",
        text, texts[_i].reads ? "not " : "");
    ck_assert(!texts[_i].reads || rule.known == (text[0] != '\0'));
}
END_TEST

// When summer time begins and ends in a year, in UTC.
static const struct {
    const char *text, *begin, *end;
} changes[] = {
    { "CET-1CEST,M3.5.0,M10.5.0/3", "2024-03-31T01:00:00Z", "2024-10-27T01:00:00Z" },
    { "CET-1CEST,M3.5.0,M10.5.0/3", "1969-03-30T01:00:00Z", "1969-10-26T01:00:00Z" },
    { "EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z" },
    { "NST3:30NDT,M3.2.0/0:01,M11.1.0/0:01", "2011-03-13T03:31:00Z", "2011-11-06T02:31:00Z" },
    // more than a day away from its day
    { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2025-03-30T01:00:00Z", "2025-10-26T01:00:00Z" },
    { "EET-2EEST,M3.4.4/50,M10.4.4/50", "2025-03-29T00:00:00Z", "2025-10-24T23:00:00Z" },
    // by day: J60 is March 1 in every year, 59 is February 29 in a leap year
    { "AAA0BBB,J60/0,J300/0", "2024-03-01T00:00:00Z", "2024-10-26T23:00:00Z" },
    { "AAA0BBB,J60/0,J300/0", "2023-03-01T00:00:00Z", "2023-10-26T23:00:00Z" },
    { "AAA0BBB,59/0,299/0", "2024-02-29T00:00:00Z", "2024-10-25T23:00:00Z" },
    // summer time that is behind standard time
    { "IST-1GMT0,M10.5.0,M3.5.0/1", "2024-10-27T01:00:00Z", "2025-03-30T01:00:00Z" },
    // the first and the last Sunday of a month that has four
    { "AAA0BBB,M2.1.0/0,M2.5.0/0", "2026-02-01T00:00:00Z", "2026-02-21T23:00:00Z" },
};

START_TEST(clocks_change_when_the_rule_says_so)
{
    fl_zone_rule rule;
    const int64_t begin = instant(changes[_i].begin).us / 1000000;
    const int64_t end = instant(changes[_i].end).us / 1000000;
    ck_assert(fl_zone_rule_parse(flow_str_of(changes[_i].text), &rule));
    const fl_zone_span summer = fl_zone_rule_span(&rule, begin);
    ck_assert_int_eq(summer.offset, rule.summer);
    ck_assert_int_eq(summer.from, begin);
    ck_assert_int_eq(summer.to, end);
    const fl_zone_span winter = fl_zone_rule_span(&rule, end);
    ck_assert_int_eq(winter.offset, rule.standard);
    ck_assert_int_eq(winter.from, end);
    ck_assert_int_eq(fl_zone_rule_span(&rule, begin - 1).offset, rule.standard);
    ck_assert_int_eq(fl_zone_rule_span(&rule, end - 1).offset, rule.summer);
}
END_TEST

START_TEST(without_changes_a_rule_holds_for_ever)
{
    fl_zone_rule rule;
    ck_assert(fl_zone_rule_parse(flow_str_of("<+0530>-5:30"), &rule));
    const fl_zone_span span = fl_zone_rule_span(&rule, 0);
    ck_assert_int_eq(span.offset, 19800);
    ck_assert_int_eq(span.from, INT64_MIN);
    ck_assert_int_eq(span.to, INT64_MAX);
}
END_TEST

START_TEST(summer_time_may_last_all_year)
{
    fl_zone_rule rule;
    ck_assert(fl_zone_rule_parse(flow_str_of("XXX3EDT4,0/0,J365/23"), &rule));
    for (int64_t day = 0; day < 4 * 366; day++)
        ck_assert_int_eq(fl_zone_rule_span(&rule, day * 86400 + 7).offset, -4 * 3600);
}
END_TEST

START_TEST(spans_of_a_rule_lie_side_by_side)
{
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        fl_zone_rule rule;
        ck_assert(fl_zone_rule_parse(flow_str_of(changes[i].text), &rule));
        int64_t at = -INT64_C(4000000000);
        for (int k = 0; k < 500; k++) {
            const fl_zone_span span = fl_zone_rule_span(&rule, at);
            ck_assert_int_le(span.from, at);
            ck_assert_int_gt(span.to, at);
            const fl_zone_span next = fl_zone_rule_span(&rule, span.to);
            ck_assert_int_eq(next.from, span.to);
            at = span.to;
        }
    }
}
END_TEST

TCase *rule_tests(void)
{
    TCase *tests = tcase_create("rule");
    tcase_add_loop_test(
        tests, a_rule_is_read_whole_or_not_at_all, 0, (int)(sizeof texts / sizeof texts[0]));
    tcase_add_loop_test(
        tests, clocks_change_when_the_rule_says_so, 0, (int)(sizeof changes / sizeof changes[0]));
    tcase_add_test(tests, without_changes_a_rule_holds_for_ever);
    tcase_add_test(tests, summer_time_may_last_all_year);
    tcase_add_test(tests, spans_of_a_rule_lie_side_by_side);
    return tests;
}
