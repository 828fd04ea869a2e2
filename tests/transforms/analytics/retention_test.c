// SPDX-License-Identifier: Apache-2.0
// flow_retention: cohorts and who comes back, by fixed and calendar periods.
#include <stdio.h>

#include "tests.h"

static flow_coll retention(flow_coll in, flow_windows periods)
{
    const flow_retention_options options = { .periods = periods };
    return flow_retention(flow_key_by(in, FLOW_FIELD(click, user)), &options);
}

// A UTC date.
static int64_t on(const char *date)
{
    flow_time at;
    ck_assert(flow_time_parse(flow_str_of(date), &at));
    return at.us / 1000000;
}

#define AT(s)                                                                                      \
    {                                                                                              \
        (s) * INT64_C(1000000)                                                                     \
    }

START_TEST(keys_are_counted_once_a_period)
{
    click("a", 0, 10);
    click("a", 0, 50); // again in the same period
    click("b", 0, 20);
    click("a", 0, 70); // period 1
    click("c", 0, 90);
    click("b", 0, 130); // period 2, not in 1
    click("a", 0, 125);
    click("c", 0, 400); // period 6
    FLOW_EXPECT_ROWS(retention(clicks, flow_fixed(flow_seconds(60))), flow_retained,
        { AT(0), 0, 2 }, { AT(0), 1, 1 }, { AT(60), 0, 1 }, { AT(0), 2, 2 }, { AT(60), 5, 1 });
    passes();
}
END_TEST

START_TEST(cohorts_are_of_the_first_element_by_time_not_by_coming)
{
    click("a", 0, 130);
    click("a", 0, 10);
    FLOW_EXPECT_ROWS(retention(clicks, flow_fixed(flow_seconds(60))), flow_retained,
        { AT(0), 0, 1 }, { AT(0), 2, 1 });
    passes();
}
END_TEST

START_TEST(windows_of_the_input_do_not_matter)
{
    click("a", 0, 10);
    click("a", 0, 70);
    FLOW_EXPECT_ROWS(retention(windowed(5), flow_fixed(flow_seconds(60))), flow_retained,
        { AT(0), 0, 1 }, { AT(0), 1, 1 });
    passes();
}
END_TEST

static bool in_periods(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    if (count == 2 && seen[0].window.start.us == 0 && seen[1].window.start.us == 60000000)
        return true;
    return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu rows", count) == FLOW_OK;
}

START_TEST(a_row_lies_in_the_window_of_its_period)
{
    click("a", 0, 10);
    click("a", 0, 70);
    flow_expect_that(retention(clicks, flow_fixed(flow_seconds(60))), in_periods, NULL, NULL);
    passes();
}
END_TEST

// Over four years each month, with its 28 to 31 days, is one further.
START_TEST(calendar_periods_are_told_apart_for_years)
{
    static const char *const zones[] = { NULL, "Europe/Berlin", "Pacific/Auckland" };
    struct flow_retained months[48];
    flow_coll by_month;
    for (int64_t i = 0; i < 48; i++) {
        char date[40];
        snprintf(
            date, sizeof date, "%d-%02d-15T12:00:00Z", (int)(2023 + i / 12), (int)(i % 12 + 1));
        click("a", 0, on(date));
    }
    by_month = retention(clicks, flow_calendar_months(1, zones[_i]));
    const int64_t cohort = on(_i == 0   ? "2023-01-01T00:00:00Z"
                              : _i == 1 ? "2022-12-31T23:00:00Z"
                                        : "2022-12-31T11:00:00Z");
    for (int64_t i = 0; i < 48; i++)
        months[i] = (struct flow_retained){ AT(cohort), i, 1 };
    flow_expect_rows(by_month, &flow_retained_type, months, 48, NULL);
    passes();
}
END_TEST

START_TEST(days_of_23_and_25_hours_are_days)
{
    click("a", 0, on("2026-03-28T12:00:00Z"));
    click("a", 0, on("2026-03-29T12:00:00Z")); // 23 hours long
    click("a", 0, on("2026-03-30T12:00:00Z"));
    click("a", 0, on("2026-10-26T12:00:00Z")); // after the day of 25
    const int64_t day = on("2026-03-27T23:00:00Z");
    FLOW_EXPECT_ROWS(retention(clicks, flow_calendar_days(1, "Europe/Berlin")), flow_retained,
        { AT(day), 0, 1 }, { AT(day), 1, 1 }, { AT(day), 2, 1 }, { AT(day), 212, 1 });
    passes();
}
END_TEST

START_TEST(retentions_that_cannot_be_are_refused)
{
    retention(clicks, flow_global());
    refused("flow_retention: its 'periods' are no fixed and no calendar windows");
    retention(clicks, flow_sliding(flow_seconds(2), flow_seconds(1)));
    refused("flow_retention: its 'periods' are no fixed and no calendar windows");
    flow_retention(clicks, &(flow_retention_options){ .periods = flow_fixed(flow_seconds(1)) });
    refused("flow_retention: its input has no key");
}
END_TEST

TCase *retention_tests(void)
{
    TCase *tests = tcase_create("retention");
    tcase_add_checked_fixture(tests, clicks_setup, clicks_teardown);
    tcase_add_test(tests, keys_are_counted_once_a_period);
    tcase_add_test(tests, cohorts_are_of_the_first_element_by_time_not_by_coming);
    tcase_add_test(tests, windows_of_the_input_do_not_matter);
    tcase_add_test(tests, a_row_lies_in_the_window_of_its_period);
    tcase_add_loop_test(tests, calendar_periods_are_told_apart_for_years, 0, 3);
    tcase_add_test(tests, days_of_23_and_25_hours_are_days);
    tcase_add_test(tests, retentions_that_cannot_be_are_refused);
    return tests;
}
