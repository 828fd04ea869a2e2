// SPDX-License-Identifier: Apache-2.0
// Tests what a pipeline shows of its steps.
#include <flow/options.h>

#include "graph_test.h"

TCase *display_tests(void);

struct tuning {
    flow_duration every;
    double factor;
    flow_str token;
};
FLOW_RECORD_OF(tuning, FLOW_COLUMN(tuning, every), FLOW_COLUMN(tuning, factor),
    FLOW_COLUMN_CLASSIFIED(tuning, token));

static void add_line(void *user, const flow_display *item)
{
    flow_buffer_printf(user, "%s %s.%s=%.*s\n", item->step, item->space, item->name,
        (int)item->value.len, item->value.data);
}

START_TEST(each_step_shows_what_it_was_set_to)
{
    flow_pipeline *p = flow_pipeline_new("display");
    const struct tuning tuning = { flow_seconds(90), 2.5, flow_str_of("secret") };
    const flow_do_options options = { .name = "parts",
        .config = &tuning,
        .config_type = &tuning_type,
        .on_error = FLOW_ON_ERROR_SKIP };
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)) };
    const flow_coll in = test_readings(p, NULL, true);
    flow_write(flow_do(in, split, &options), &test_sink, NULL);
    const flow_coll by_sensor =
        flow_key_by(flow_window_into(in, &minutes), FLOW_FIELD(reading, sensor));
    flow_write(flow_combine(by_sensor, add_up), &test_sink, NULL);
    flow_buffer text = { 0 };
    ck_assert_int_eq(flow_pipeline_display(p, add_line, &text), FLOW_OK);
    flow_buffer_put(&text, "", 1);
    ck_assert_str_eq(text.data, "read step.kind=source\n"
                                "read step.on_error=fail\n"
                                "read step.output=reading, unbounded\n"
                                "parts step.kind=do\n"
                                "parts step.function=split_one\n"
                                "parts step.on_error=skip\n"
                                "parts step.output=total, unbounded\n"
                                "parts tuning.every=90s\n"
                                "parts tuning.factor=2.5\n"
                                "parts tuning.token=***\n"
                                "write step.kind=sink\n"
                                "write step.on_error=fail\n"
                                "window step.kind=window\n"
                                "window step.output=reading, windows of 1m, unbounded\n"
                                "key_by step.kind=key\n"
                                "key_by step.field=sensor\n"
                                "key_by step.output=reading, key text, windows of 1m, unbounded\n"
                                "total step.kind=combine\n"
                                "total step.function=total\n"
                                "total step.output=total, key text, windows of 1m, unbounded\n"
                                "write-2 step.kind=sink\n"
                                "write-2 step.on_error=fail\n");
    flow_buffer_free(&text);
    flow_pipeline_free(p);
}
END_TEST

TCase *display_tests(void)
{
    TCase *tests = tcase_create("display");
    tcase_add_test(tests, each_step_shows_what_it_was_set_to);
    return tests;
}
