// SPDX-License-Identifier: Apache-2.0
// Sales as a script, under every schedule.
#include "sales.h"

static const flow_field sale_fields[] = { FLOW_COLUMN(sale, city), FLOW_COLUMN(sale, cents),
    FLOW_COLUMN_OPTIONAL(sale, note, has_note) };

const flow_type sale_type = { .name = "sale",
    .size = sizeof(struct sale),
    .align = _Alignof(struct sale),
    .field_count = 3,
    .fields = sale_fields };

flow_time sales_time(int64_t second)
{
    return (flow_time){ INT64_C(1795510800000000) + second * 1000000 };
}

flow_status sales_run(const struct sales_event *events, size_t count, sales_build *build,
    const flow_simulated_options *options, flow_error *error)
{
    flow_pipeline *pipeline = flow_pipeline_new("sales");
    flow_script *script = flow_script_new(pipeline);
    const flow_coll sales = flow_script_input(script, "sales", &sale_type);
    for (size_t i = 0; i < count; i++) {
        const struct sales_event *event = &events[i];
        if (event->city == NULL)
            flow_script_watermark(script, sales, sales_time(event->second));
        else
            FLOW_SCRIPT_ADD(script, sales, sale, sales_time(event->second),
                .city = flow_str_of(event->city), .cents = event->cents);
    }
    build(sales);
    const flow_runner runner = flow_simulated(options);
    *error = (flow_error){ 0 };
    const flow_status status = flow_run(pipeline, &runner, error);
    flow_pipeline_free(pipeline);
    return status;
}

static void check_once(const struct sales_event *events, size_t count, sales_build *build,
    const char *tree, const flow_simulated_options *options)
{
    flow_error error;
    fake_folder();
    const flow_status status = sales_run(events, count, build, options, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
    ck_assert_str_eq(fake_tree(), tree);
    fake_folder_remove();
}

void sales_check(
    const struct sales_event *events, size_t count, sales_build *build, const char *tree)
{
    check_once(events, count, build, tree, NULL);
    check_once(events, count, build, tree, &(flow_simulated_options){ .check_elements = true });
    for (uint64_t seed = 1; seed <= 8; seed++) {
        const flow_simulated_options faulty = { .workers = 3, .seed = seed, .fail_one_in = 3 };
        const flow_simulated_options anew = { .workers = 2, .seed = seed, .restart = true };
        check_once(events, count, build, tree, &faulty);
        check_once(events, count, build, tree, &anew);
    }
}

void sales_refused(sales_build *build, const char *part)
{
    flow_error error = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("sales");
    build(flow_script_input(flow_script_new(pipeline), "sales", &sale_type));
    ck_assert_int_ne(flow_pipeline_check(pipeline, &error), FLOW_OK);
    ck_assert_msg(strstr(error.message, part) != NULL, "%s", error.message);
    flow_pipeline_free(pipeline);
}
