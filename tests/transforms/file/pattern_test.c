// SPDX-License-Identifier: Apache-2.0
// Patterns: what they are made of, what elements may put into a name, when shards are known.
#include "sales.h"

#include "pattern.h"

struct thing {
    flow_str text;
    int64_t whole;
    bool flag;
    bool has_more;
    flow_time at;
    flow_duration span;
    uint32_t more;
    double real;
    flow_str window;
};
static const flow_field thing_fields[] = { FLOW_COLUMN_AS(thing, text, "the text"),
    FLOW_COLUMN(thing, whole), FLOW_COLUMN(thing, flag), FLOW_COLUMN(thing, at),
    FLOW_COLUMN(thing, span), FLOW_COLUMN_OPTIONAL(thing, more, has_more), FLOW_COLUMN(thing, real),
    FLOW_COLUMN(thing, window) };
static const flow_type thing_type = { "thing", sizeof(struct thing), _Alignof(struct thing), 8,
    thing_fields };

static flow_pipeline *pipeline;
static flow_coll things;

static void setup(void)
{
    pipeline = flow_pipeline_new("pattern");
    things = flow_script_input(flow_script_new(pipeline), "things", &thing_type);
}

static void teardown(void)
{
    flow_pipeline_free(pipeline);
}

// The name that a pattern makes of a thing in the window of an hour, pane 3.
static const char *name_of(const char *path, const struct thing *thing, uint32_t shards)
{
    static struct fl_name name;
    struct fl_name begun;
    const flow_file_write_options options = { .path = path, .key_name = "key" };
    const struct fl_pattern *pattern = fl_pattern_read(things, &options, "write");
    ck_assert_ptr_nonnull(pattern);
    fl_pattern_fill(pattern, NULL, thing, &begun);
    ck_assert(!begun.full);
    const struct fl_firing firing = { { sales_time(0), sales_time(3600) }, 3, 1, shards };
    fl_name_finish((flow_str){ begun.text, begun.len }, &firing, &name);
    ck_assert(!name.full);
    return name.text;
}

static struct thing some(const char *text)
{
    return (struct thing){ .text = flow_str_of(text),
        .whole = -7,
        .at = { 1500000 },
        .span = { 90000000 },
        .window = flow_str_of("w") };
}

START_TEST(pieces_are_filled_in)
{
    const struct thing thing = some("a b");
    ck_assert_str_eq(name_of("x/{the text}.{whole}", &thing, 1), "x/a b.-7");
    ck_assert_str_eq(
        name_of("{flag},{at},{span},{more}", &thing, 1), "false,19700101T000001.500Z,90s,%none");
    ck_assert_str_eq(name_of("{window}", &thing, 1), "20261124T090000Z-20261124T100000Z");
    ck_assert_str_eq(name_of("{.window}", &thing, 1), "w");
    ck_assert_str_eq(name_of("{start}{end}{pane}", &thing, 1), "20261124T090000Z20261124T100000Z3");
    ck_assert_str_eq(name_of("{shard}", &thing, 2), "00001-of-00002");
    ck_assert_str_eq(name_of("{{{whole}}}", &thing, 1), "{-7}");
}
END_TEST

static const struct {
    const char *value, *name;
} values[] = { { "", "%empty" }, { ".", "%2E" }, { "..", "%2E." },
    { "../../etc", "%2E.%2F..%2Fetc" }, { "a.b", "a.b" }, { "%empty", "%25empty" },
    { "%none", "%25none" }, { "\x01\x05\n", "%01%05%0A" }, { "caf\xC3\xA9", "caf\xC3\xA9" },
    { "\x7f", "%7F" }, { "{shard}", "{shard}" } };

START_TEST(a_value_stays_one_component_and_no_two_look_alike)
{
    const struct thing thing = some(values[_i].value);
    ck_assert_str_eq(name_of("{the text}", &thing, 1), values[_i].name);
}
END_TEST

START_TEST(the_global_window_has_a_name)
{
    const struct fl_firing firing = { .window = {
                                          { FLOW_TIME_MIN_US }, { FLOW_TIME_GLOBAL_END_US } } };
    struct fl_name name;
    fl_name_finish((flow_str){ "a\x02"
                               "b\x03"
                               "c\x04",
                       6 },
        &firing, &name);
    ck_assert_str_eq(name.text, "aglobalbglobalcglobal");
}
END_TEST

START_TEST(the_number_of_shards_may_come_last)
{
    const struct thing thing = some("x");
    struct fl_name name;
    const char *begun = name_of("{the text}-{shard}.csv", &thing, 0);
    fl_name_shard(flow_str_of(begun), 4, 17, &name);
    ck_assert_str_eq(name.text, "x-00004-of-00017.csv");
}
END_TEST

START_TEST(a_name_that_is_too_long_is_full)
{
    char text[FL_NAME_SIZE];
    struct fl_name name = { .len = 0 };
    memset(text, 'x', sizeof text);
    fl_name_add(&name, text, FL_NAME_SIZE - 1);
    ck_assert(!name.full);
    ck_assert_uint_eq(strlen(name.text), FL_NAME_SIZE - 1);
    fl_name_add(&name, text, 1);
    ck_assert(name.full);
}
END_TEST

static const struct {
    const char *path, *sentence;
} bad[] = {
    { "{nothing}", "{nothing} is neither a field of the element nor one of key" },
    { "{real}", "{real} is no text, whole number" },
    { "{key}", "asks for a key, but the collection has none" },
    { "{destination}", "needs the option `destination`" },
    { "{whole", "a brace without its other" },
    { "whole}", "a brace without its other" },
    { "{who{le}", "a brace without its other" },
    { "a\tb{whole}", "a control character" },
};

START_TEST(a_pattern_that_cannot_be_is_refused)
{
    flow_error error = { 0 };
    const flow_file_write_options options = { .path = bad[_i].path, .key_name = "key" };
    ck_assert_ptr_null(fl_pattern_read(things, &options, "write"));
    ck_assert_int_eq(flow_pipeline_check(pipeline, &error), FLOW_INVALID);
    ck_assert_str_eq(error.step, "write");
    ck_assert_msg(strstr(error.message, bad[_i].sentence) != NULL, "%s", error.message);
}
END_TEST

TCase *pattern_case(void)
{
    TCase *tcase = tcase_create("pattern");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, pieces_are_filled_in);
    tcase_add_loop_test(tcase, a_value_stays_one_component_and_no_two_look_alike, 0,
        sizeof values / sizeof values[0]);
    tcase_add_test(tcase, the_global_window_has_a_name);
    tcase_add_test(tcase, the_number_of_shards_may_come_last);
    tcase_add_test(tcase, a_name_that_is_too_long_is_full);
    tcase_add_loop_test(tcase, a_pattern_that_cannot_be_is_refused, 0, sizeof bad / sizeof bad[0]);
    return tcase;
}
