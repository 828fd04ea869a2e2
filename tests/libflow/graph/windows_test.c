// SPDX-License-Identifier: Apache-2.0
// Ways to cut time as a pipeline keeps them: copied, compared, named.
#include <stdlib.h>
#include <unistd.h>

#include "graph/graph.h"
#include "graph_test.h"

TCase *windows_tests(void);

struct visit {
    flow_duration gap;
};
FLOW_RECORD(visit, gap);

struct rule {
    flow_str name;
    int64_t size;
};
FLOW_RECORD(rule, name, size);

static uint32_t nowhere(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    (void)element, (void)at, (void)config, (void)windows, (void)room;
    return 0;
}

static const flow_window_fn by_rule = {
    .name = "by_rule", .config = &rule_type, .assign = nowhere
};
static const flow_window_fn by_other = { .name = "by_other", .assign = nowhere };

static void expect_text(flow_windows windows, const char *text)
{
    flow_buffer out = { 0 };
    fl_windows_put(&out, &windows);
    flow_buffer_put(&out, "", 1);
    ck_assert_str_eq(out.data, text);
    flow_buffer_free(&out);
}

START_TEST(windows_are_named_as_people_say_them)
{
    expect_text(flow_global(), "the global window");
    expect_text(flow_fixed(flow_minutes(1)), "windows of 1m");
    expect_text(flow_windows_offset(flow_fixed(flow_minutes(1)), flow_seconds(5)),
        "windows of 1m offset 5s");
    expect_text(flow_sliding(flow_minutes(1), flow_seconds(10)), "windows of 1m every 10s");
    expect_text(flow_cumulate(flow_days(1), flow_hours(1)), "windows of 1d growing by 1h");
    expect_text(flow_sessions(flow_minutes(30)), "sessions with a gap of 30m");
    expect_text(flow_sessions_max(flow_sessions(flow_minutes(30)), flow_hours(4)),
        "sessions with a gap of 30m, at most 4h");
    expect_text(flow_sessions_by(FLOW_FIELD(visit, gap)), "sessions with the gap gap");
    expect_text(flow_calendar_days(1, "Europe/Berlin"), "days of Europe/Berlin");
    expect_text(flow_calendar_days(3, NULL), "windows of 3 days of UTC");
    expect_text(flow_calendar_begin(flow_calendar_weeks(1, NULL), 0, 7), "weeks of UTC from day 7");
    expect_text(flow_calendar_begin(flow_calendar_years(1, "Europe/London"), 4, 6),
        "years of Europe/London from April from day 6");
    expect_text(flow_custom(&by_other, NULL), "windows by by_other");
}
END_TEST

static void expect_alike(flow_windows a, flow_windows b, bool alike)
{
    ck_assert_int_eq(fl_windows_alike(&a, &b), alike);
    ck_assert_int_eq(fl_windows_alike(&b, &a), alike);
    ck_assert(fl_windows_alike(&a, &a) && fl_windows_alike(&b, &b));
}

START_TEST(r14_windows_are_alike_when_they_cut_alike)
{
    const flow_duration minute = flow_minutes(1), ten = flow_seconds(10);
    expect_alike(flow_global(), flow_fixed(minute), false);
    expect_alike(flow_fixed(minute), flow_fixed(ten), false);
    expect_alike(flow_fixed(minute), flow_windows_offset(flow_fixed(minute), ten), false);
    expect_alike(flow_sliding(minute, ten), flow_cumulate(minute, ten), false);
    expect_alike(flow_cumulate(minute, ten), flow_cumulate(minute, minute), false);
    expect_alike(flow_calendar_days(1, NULL), flow_calendar_days(2, NULL), false);
    expect_alike(flow_calendar_days(1, NULL), flow_calendar_weeks(1, NULL), false);
    expect_alike(flow_calendar_days(1, "UTC"), flow_calendar_days(1, NULL), false);
    expect_alike(flow_calendar_days(1, "A/B"), flow_calendar_days(1, "A/C"), false);
    char name[] = "A/B";
    expect_alike(flow_calendar_days(1, "A/B"), flow_calendar_days(1, name), true);
    expect_alike(flow_calendar_begin(flow_calendar_years(1, NULL), 4, 1),
        flow_calendar_begin(flow_calendar_years(1, NULL), 5, 1), false);
    expect_alike(flow_calendar_begin(flow_calendar_weeks(1, NULL), 0, 1),
        flow_calendar_begin(flow_calendar_weeks(1, NULL), 0, 7), false);
}
END_TEST

START_TEST(r14_sessions_of_different_gaps_are_alike)
{
    const flow_windows short_ones = flow_sessions(flow_seconds(10));
    const flow_windows long_ones = flow_sessions(flow_minutes(10));
    expect_alike(short_ones, long_ones, true);
    expect_alike(short_ones, flow_sessions_by(FLOW_FIELD(visit, gap)), true);
    expect_alike(short_ones, flow_sessions_max(long_ones, flow_hours(1)), false);
}
END_TEST

START_TEST(r14_custom_windows_are_alike_with_one_function_and_equal_configurations)
{
    char name[] = "a";
    const struct rule a = { flow_str_of("a"), 5 }, same = { flow_str_of(name), 5 };
    const struct rule other = { flow_str_of("a"), 6 }, longer = { flow_str_of("ab"), 5 };
    expect_alike(flow_custom(&by_rule, &a), flow_custom(&by_rule, &same), true);
    expect_alike(flow_custom(&by_rule, &a), flow_custom(&by_rule, &other), false);
    expect_alike(flow_custom(&by_rule, &a), flow_custom(&by_rule, &longer), false);
    expect_alike(flow_custom(&by_rule, &a), flow_custom(&by_other, NULL), false);
    expect_alike(flow_custom(&by_other, NULL), flow_custom(&by_other, NULL), true);
}
END_TEST

static const flow_windows *windows_after(flow_coll coll)
{
    ck_assert_uint_ne(coll.id, 0);
    return &coll.pipeline->edges[coll.id - 1].windows;
}

START_TEST(equal_windows_have_one_spelling)
{
    flow_pipeline *p = flow_pipeline_new("plain");
    const flow_coll in = test_readings(p, NULL, false);
    flow_windows odd_global = flow_fixed(flow_seconds(1));
    odd_global.kind = FLOW_WINDOW_GLOBAL;
    const flow_windows given[] = { odd_global, flow_sliding(flow_seconds(1), flow_seconds(1)),
        flow_calendar_years(1, NULL) };
    for (int i = 0; i < 3; i++)
        flow_window_into(in, &(flow_window_options){ .windows = given[i] });
    ck_assert_int_eq(p->edges[1].windows.size.us, 0);
    ck_assert_int_eq(p->edges[2].windows.kind, FLOW_WINDOW_FIXED);
    ck_assert_uint_eq(p->edges[3].windows.month, 1);
    ck_assert_uint_eq(p->edges[3].windows.day, 1);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(what_windows_point_to_is_the_pipelines_own)
{
    flow_pipeline *p = flow_pipeline_new("own");
    char name[] = "long name";
    struct rule rule = { flow_str_of(name), 5 };
    const flow_coll out = flow_window_into(test_readings(p, NULL, false),
        &(flow_window_options){ .windows = flow_custom(&by_rule, &rule) });
    const struct rule *kept = windows_after(out)->fn_config;
    memset(name, 'x', sizeof name - 1);
    rule.size = 6;
    ck_assert_int_eq(kept->size, 5);
    ck_assert(flow_str_equal(kept->name, flow_str_of("long name")));
    flow_pipeline_free(p);
}
END_TEST

// A folder with the smallest zone there is: no transition, a footer.
static void make_zone(char *folder, const char *name)
{
    char path[128];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    for (int part = 0; part < 2; part++) {
        unsigned char data[44] = "TZif2";
        data[39] = 1; // a type
        data[43] = 1; // a character of its name
        fwrite(data, 1, sizeof data, file);
        fwrite("\0\0\0\0\0\0\0", 1, 7, file);
    }
    fputs("\nAAA-5\n", file);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_zone_is_read_once_for_a_pipeline_from_its_folder)
{
    char folder[] = "/tmp/flow-windows-XXXXXX", path[128];
    make_zone(folder, "Here");
    flow_pipeline *p = flow_pipeline_new_with("zones", &(flow_pipeline_options){ .zones = folder });
    const flow_coll in = test_readings(p, NULL, false);
    char name[] = "Here";
    const flow_window_options days = { .windows = flow_calendar_days(1, name) };
    const flow_coll first = flow_window_into(in, &days);
    const flow_zone *zone = windows_after(first)->rules;
    snprintf(path, sizeof path, "%s/Here", folder);
    unlink(path);
    rmdir(folder);
    const flow_coll second = flow_window_into(in, &days);
    memset(name, 'x', sizeof name - 1);
    ck_assert_ptr_nonnull(zone);
    ck_assert_ptr_eq(windows_after(second)->rules, zone);
    ck_assert_str_eq(windows_after(second)->zone, "Here");
    ck_assert_int_eq(flow_zone_offset(zone, (flow_time){ 0 }).us, flow_hours(5).us);
    flow_window window;
    ck_assert(flow_windows_last(windows_after(second), (flow_time){ 0 }, &window));
    ck_assert_int_eq(window.start.us, -flow_hours(5).us);
    flow_pipeline_free(p);
}
END_TEST

TCase *windows_tests(void)
{
    TCase *tests = tcase_create("windows");
    tcase_add_test(tests, windows_are_named_as_people_say_them);
    tcase_add_test(tests, r14_windows_are_alike_when_they_cut_alike);
    tcase_add_test(tests, r14_sessions_of_different_gaps_are_alike);
    tcase_add_test(tests, r14_custom_windows_are_alike_with_one_function_and_equal_configurations);
    tcase_add_test(tests, equal_windows_have_one_spelling);
    tcase_add_test(tests, what_windows_point_to_is_the_pipelines_own);
    tcase_add_test(tests, a_zone_is_read_once_for_a_pipeline_from_its_folder);
    return tests;
}
