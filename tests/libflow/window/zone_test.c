// SPDX-License-Identifier: Apache-2.0
// Zone data: what is read, what it says, what is refused.
#include <stdlib.h>

#include "tzif.h"

TCase *zone_tests(void);

static const int64_t times[] = { -1000, 0, 5000 };
static const int32_t offsets[] = { 3600, 7200, 3600 };

static tzif example(int version)
{
    return (tzif){ .version = version,
        .first = 1800,
        .count = 3,
        .times = times,
        .offsets = offsets,
        .footer = "" };
}

START_TEST(every_version_is_read)
{
    const tzif made = example(_i);
    flow_zone *zone = tzif_zone(&made);
    ck_assert_int_eq(fl_zone_span_at(zone, -1001).offset, 1800);
    ck_assert_int_eq(fl_zone_span_at(zone, -1000).offset, 3600);
    ck_assert_int_eq(fl_zone_span_at(zone, -1).offset, 3600);
    const fl_zone_span middle = fl_zone_span_at(zone, 0);
    ck_assert_int_eq(middle.offset, 7200);
    ck_assert_int_eq(middle.from, 0);
    ck_assert_int_eq(middle.to, 5000);
    ck_assert_int_eq(fl_zone_span_at(zone, 5000).offset, 3600);
    ck_assert_int_eq(fl_zone_span_at(zone, INT64_C(1) << 40).to, INT64_MAX);
    flow_zone_free(zone);
}
END_TEST

START_TEST(times_of_eight_bytes_reach_before_1901)
{
    const int64_t long_ago[] = { -INT64_C(5000000000) };
    const tzif made = {
        .version = 2, .count = 1, .times = long_ago, .offsets = offsets, .footer = ""
    };
    flow_zone *zone = tzif_zone(&made);
    ck_assert_int_eq(fl_zone_span_at(zone, long_ago[0] - 1).offset, 0);
    ck_assert_int_eq(fl_zone_span_at(zone, long_ago[0]).offset, 3600);
    flow_zone_free(zone);
}
END_TEST

START_TEST(the_footer_holds_from_the_last_transition_on)
{
    tzif made = example(3);
    made.footer = "AAA-5";
    flow_zone *zone = tzif_zone(&made);
    ck_assert_int_eq(fl_zone_span_at(zone, 4999).offset, 7200);
    ck_assert_int_eq(fl_zone_span_at(zone, 5000).offset, 5 * 3600);
    ck_assert_int_eq(fl_zone_span_at(zone, 5000).from, 5000);
    flow_zone_free(zone);
}
END_TEST

START_TEST(no_zone_is_utc)
{
    ck_assert_int_eq(fl_zone_span_at(NULL, 77).offset, 0);
    ck_assert_int_eq(flow_zone_offset(NULL, (flow_time){ -1 }).us, 0);
    ck_assert_int_eq(fl_zone_first(NULL, 86400), 86400);
}
END_TEST

START_TEST(an_offset_is_that_of_the_instant_before_1970_too)
{
    const tzif made = example(2);
    flow_zone *zone = tzif_zone(&made);
    ck_assert_int_eq(flow_zone_offset(zone, (flow_time){ -1 }).us, flow_hours(1).us);
    ck_assert_int_eq(flow_zone_offset(zone, (flow_time){ 0 }).us, flow_hours(2).us);
    flow_zone_free(zone);
}
END_TEST

START_TEST(r15_local_time_that_is_skipped_begins_right_after)
{
    const tzif made = example(2);
    flow_zone *zone = tzif_zone(&made);
    // at 0 the clocks go from 3600 to 7200
    ck_assert_int_eq(fl_zone_first(zone, 3599), -1);
    ck_assert_int_eq(fl_zone_first(zone, 3600), 0);
    ck_assert_int_eq(fl_zone_first(zone, 5000), 0);
    ck_assert_int_eq(fl_zone_first(zone, 7201), 1);
    // at 5000 they go back from 12200 to 8600: what comes twice counts the first time
    ck_assert_int_eq(fl_zone_first(zone, 9000), 1800);
    ck_assert_int_eq(fl_zone_first(zone, 12199), 4999);
    ck_assert_int_eq(fl_zone_first(zone, 12200), 8600);
    flow_zone_free(zone);
}
END_TEST

// Damaged in one place.
static void expect_refused(unsigned char *data, size_t len, flow_status status, const char *message)
{
    flow_error error = { 0 };
    ck_assert_ptr_null(fl_zone_parse((flow_bytes){ data, len }, "Some/Where", NULL, &error));
    ck_assert_int_eq(error.status, status);
    ck_assert_str_eq(error.message, message);
}

#define DAMAGED "the data of zone 'Some/Where' is damaged"

START_TEST(data_that_is_cut_off_anywhere_is_refused)
{
    for (int version = 1; version <= 2; version++) {
        unsigned char data[TZIF_ROOM];
        const tzif made = example(version);
        const size_t len = tzif_write(&made, data);
        for (size_t cut = 0; cut < len; cut++) {
            unsigned char *copy = malloc(cut ? cut : 1);
            ck_assert_ptr_nonnull(copy);
            memcpy(copy, data, cut);
            expect_refused(copy, cut, FLOW_DAMAGED, DAMAGED);
            free(copy);
        }
    }
}
END_TEST

START_TEST(data_that_contradicts_itself_is_refused)
{
    unsigned char data[TZIF_ROOM];
    const int64_t same[] = { 5, 5, 6 };
    const int32_t far[] = { 3600, 100000, 3600 };
    tzif made = example(2);
    made.times = same;
    expect_refused(data, tzif_write(&made, data), FLOW_DAMAGED, DAMAGED);
    made = example(2);
    made.offsets = far;
    expect_refused(data, tzif_write(&made, data), FLOW_DAMAGED, DAMAGED);
    made = example(2);
    made.footer = "CET-1CEST";
    expect_refused(data, tzif_write(&made, data), FLOW_DAMAGED, DAMAGED);
    made = example(1);
    const size_t len = tzif_write(&made, data);
    data[44 + 12] = 4; // a type that is not there
    expect_refused(data, len, FLOW_DAMAGED, DAMAGED);
    memcpy(data, "TZIF", 4);
    expect_refused(data, len, FLOW_DAMAGED, DAMAGED);
}
END_TEST

START_TEST(a_zone_that_counts_leap_seconds_is_refused)
{
    unsigned char data[TZIF_ROOM];
    tzif made = example(2);
    made.leaps = 2;
    expect_refused(data, tzif_write(&made, data), FLOW_UNSUPPORTED,
        "zone 'Some/Where' counts leap seconds, which times here do not");
}
END_TEST

static void *no_memory(void *user, size_t size, size_t align)
{
    (void)user, (void)size, (void)align;
    return NULL;
}

static void no_free(void *user, void *memory, size_t size)
{
    (void)user, (void)memory, (void)size;
}

START_TEST(without_memory_a_zone_is_refused)
{
    unsigned char data[TZIF_ROOM];
    const tzif made = example(2);
    const flow_allocator none = { no_memory, no_free, NULL };
    flow_error error = { 0 };
    const flow_bytes bytes = { data, tzif_write(&made, data) };
    ck_assert_ptr_null(fl_zone_parse(bytes, "Some/Where", &none, &error));
    ck_assert_int_eq(error.status, FLOW_MEMORY);
    ck_assert_str_eq(error.message, "no memory for zone 'Some/Where'");
    flow_zone_free(NULL);
}
END_TEST

TCase *zone_tests(void)
{
    TCase *tests = tcase_create("zone");
    tcase_add_loop_test(tests, every_version_is_read, 1, 5);
    tcase_add_test(tests, times_of_eight_bytes_reach_before_1901);
    tcase_add_test(tests, the_footer_holds_from_the_last_transition_on);
    tcase_add_test(tests, no_zone_is_utc);
    tcase_add_test(tests, an_offset_is_that_of_the_instant_before_1970_too);
    tcase_add_test(tests, r15_local_time_that_is_skipped_begins_right_after);
    tcase_add_test(tests, data_that_is_cut_off_anywhere_is_refused);
    tcase_add_test(tests, data_that_contradicts_itself_is_refused);
    tcase_add_test(tests, a_zone_that_counts_leap_seconds_is_refused);
    tcase_add_test(tests, without_memory_a_zone_is_refused);
    return tests;
}
