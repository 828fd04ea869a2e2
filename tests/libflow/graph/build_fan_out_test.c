// SPDX-License-Identifier: Apache-2.0
// flow_fan_out: what is refused, and what becomes of a combine (R76). What it computes is tested in
// tests/runners/core.
#include "graph_test.h"

#include <flow/transform.h>

TCase *build_fan_out_tests(void);

static flow_coll fanned(flow_coll in)
{
    return flow_fan_out(in, &(flow_fan_out_options){ .parts = 4 });
}

static void one_part(flow_pipeline *p)
{
    flow_fan_out(test_readings(p, NULL, false), &(flow_fan_out_options){ .parts = 1 });
}

static void no_parts(flow_pipeline *p)
{
    flow_fan_out(
        test_readings(p, NULL, false), &(flow_fan_out_options){ .name = "pages", .parts = 0 });
}

static void no_combine_after(flow_pipeline *p)
{
    flow_do(fanned(test_readings(p, NULL, false)), positive);
}

static void another_key_after(flow_pipeline *p)
{
    flow_combine(
        flow_key_by(fanned(test_readings(p, NULL, false)), FLOW_FIELD(reading, sensor)), add_up);
}

static void primitive_alone(flow_pipeline *p)
{
    flow_combine_fn *fn = flow_pipeline_alloc(p, sizeof *fn);
    *fn = *add_up;
    fn->primitive = FLOW_PRIMITIVE_COUNT;
    fn->add = NULL;
    flow_combine(fanned(test_readings(p, NULL, false)), fn);
}

static void counting_trigger(flow_pipeline *p)
{
    const flow_window_options how = flow_count_windows(5);
    flow_combine(fanned(flow_window_into(test_readings(p, NULL, false), &how)), add_up);
}

static void latest_of_sessions(flow_pipeline *p)
{
    const flow_window_options how = { .windows = flow_sessions(flow_seconds(1)),
        .output_time = FLOW_OUTPUT_LATEST };
    flow_combine(fanned(flow_window_into(test_readings(p, NULL, false), &how)), add_up);
}

static const refused table[] = {
    { one_part, FLOW_INVALID,
        "flow_fan_out(fan_out): 1 parts are none; say 2 at least, or 'parts_of'" },
    { no_parts, FLOW_INVALID,
        "flow_fan_out(pages): 0 parts are none; say 2 at least, or 'parts_of'" },
    { no_combine_after, FLOW_INVALID,
        "flow_fan_out(fan_out): no combine takes its collection directly; put it right before "
        "one" },
    { another_key_after, FLOW_INVALID,
        "flow_fan_out(fan_out): no combine takes its collection directly; put it right before "
        "one" },
    { primitive_alone, FLOW_INVALID,
        "flow_combine(total): its input fans out, but the combine has no 'add' to do it with" },
    { counting_trigger, FLOW_INVALID,
        "flow_combine(total): its input fans out and has a trigger that counts elements, which "
        "would count parts" },
    { latest_of_sessions, FLOW_INVALID,
        "flow_combine(total): its input fans out in windows that merge, where parts do not know "
        "their latest element's time: its 'output_time' cannot be FLOW_OUTPUT_LATEST" },
};

START_TEST(what_cannot_fan_out_is_refused)
{
    test_refused(&table[_i]);
}
END_TEST

START_TEST(r76_a_fanned_combine_has_the_key_and_type_of_one_level)
{
    flow_pipeline *p = flow_pipeline_new("fan");
    const flow_coll in = flow_key_by(test_readings(p, NULL, false), FLOW_FIELD(reading, sensor));
    const flow_coll fan = fanned(in);
    ck_assert_str_eq(flow_coll_key(fan).name, "sensor");
    const flow_coll one = flow_combine(in, add_up);
    const flow_coll two = flow_combine(fan, add_up);
    ck_assert_ptr_eq(flow_coll_type(one), flow_coll_type(two));
    ck_assert_int_eq(flow_coll_key_field(two).kind, FLOW_KIND_STR);
    ck_assert_int_eq(flow_pipeline_check(p, NULL), FLOW_OK);
    char *text = flow_pipeline_print(p, FLOW_PRINT_TEXT);
    static const char *const steps[] = { "total/spread", "total/parts", "total/bare",
        "total/whole" };
    for (int i = 0; i < TABLE_SIZE(steps); i++)
        ck_assert_msg(strstr(text, steps[i]) != NULL, "%s is not in\n%s", steps[i], text);
    flow_text_free(text);
    flow_pipeline_free(p);
}
END_TEST

TCase *build_fan_out_tests(void)
{
    TCase *tests = tcase_create("build_fan_out.c");
    tcase_add_loop_test(tests, what_cannot_fan_out_is_refused, 0, TABLE_SIZE(table));
    tcase_add_test(tests, r76_a_fanned_combine_has_the_key_and_type_of_one_level);
    return tests;
}
