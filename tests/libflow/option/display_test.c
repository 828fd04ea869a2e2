// SPDX-License-Identifier: Apache-2.0
// Tests records as display data.
#include <stdio.h>

#include "settings.h"

TCase *display_tests(void);

struct spot {
    double x;
    flow_str secret;
};
FLOW_RECORD_OF(spot, FLOW_COLUMN(spot, x), FLOW_COLUMN_CLASSIFIED(spot, secret));

struct shown {
    struct spot spot;
    flow_list spots;
    flow_list tags;
    flow_time at;
    bool flag;
    bool has_note;
    flow_str note;
};
FLOW_RECORD_OF(shown, FLOW_COLUMN_RECORD(shown, spot, spot), FLOW_COLUMN_LIST(shown, spots, spot),
    FLOW_COLUMN_LIST_OF(shown, tags, FLOW_KIND_STR), FLOW_COLUMN(shown, at),
    FLOW_COLUMN(shown, flag), FLOW_COLUMN_OPTIONAL(shown, note, has_note));

static void add_line(void *user, const flow_display *item)
{
    flow_buffer_printf(user, "%s|%s|%s|%s|%.*s|%s\n", item->step, item->space, item->name,
        flow_kind_name(item->kind), (int)item->value.len, item->value.data,
        item->label ? item->label : "");
}

static void expect_shown(const flow_type *type, const void *row, const char *wanted)
{
    flow_buffer text = { 0 };
    ck_assert_int_eq(flow_display_record(type, row, "a/step", add_line, &text), FLOW_OK);
    flow_buffer_put(&text, "", 1);
    ck_assert_str_eq(text.data, wanted);
    flow_buffer_free(&text);
}

START_TEST(fields_are_shown_by_path_and_kind_and_masked)
{
    const struct spot spot = { 1.5, flow_str_of("me") };
    const flow_str tags[2] = { { "a", 1 }, { "b c", 3 } };
    const struct shown row = {
        .spot = spot, .spots = { &spot, 1 }, .tags = { tags, 2 }, .at = { 1000000 }, .flag = true
    };
    expect_shown(&shown_type, &row,
        "a/step|shown|spot.x|double|1.5|\n"
        "a/step|shown|spot.secret|text|***|\n"
        "a/step|shown|spots|list|{\"x\":1.5,\"secret\":\"***\"}|\n"
        "a/step|shown|tags|list|a,b c|\n"
        "a/step|shown|at|time|1970-01-01T00:00:01Z|\n"
        "a/step|shown|flag|bool|true|\n");
}
END_TEST

START_TEST(options_are_shown_as_the_command_line_has_them)
{
    struct settings s;
    flow_options *options = settings_read("--form csv f", (flow_option_sources){ 0 }, &s);
    expect_shown(&settings_type, &s,
        "a/step|settings|window|duration|10m|windows of so long\n"
        "a/step|settings|form|uint32|csv|how the file is written\n"
        "a/step|settings|min_count|int64|60|at least so many\n"
        "a/step|settings|workers|uint32|0|threads\n"
        "a/step|settings|factor|double|2.5|a spike has so many times the mean\n"
        "a/step|settings|quiet|bool|false|only figures\n"
        "a/step|settings|colour|bool|true|in colours\n"
        "a/step|settings|views|text|view|kind of event that is a view\n"
        "a/step|settings|taps|list||shows a step\n"
        "a/step|settings|ports|list||listens there\n"
        "a/step|settings|password|text|***|of the database\n"
        "a/step|settings|salt|bytes||of hashes\n"
        "a/step|settings|order|text|first|which of two is taken\n"
        "a/step|settings|config|text||options as JSON\n"
        "a/step|settings|file|text|f|what is read\n"
        "a/step|settings|more|list||what is read, too\n"
        "a/step|settings|counted|int64|0|\n");
    flow_options_free(options);
}
END_TEST

TCase *display_tests(void)
{
    TCase *tests = tcase_create("display");
    tcase_add_test(tests, fields_are_shown_by_path_and_kind_and_masked);
    tcase_add_test(tests, options_are_shown_as_the_command_line_has_them);
    return tests;
}
