// SPDX-License-Identifier: Apache-2.0
// flow_sequence: each number once.
#include "core_test.h"

#include <flow/test.h>

TCase *sequence_tests(void);

static flow_error run(flow_pipeline *p, bool restart)
{
    const flow_simulated_options options = {
        .workers = 3, .seeds = 3, .fail_one_in = 20, .restart = restart
    };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    flow_run(p, &runner, &error);
    return error;
}

static const struct {
    int64_t from, to;
    const char *count, *sum, *min, *max;
} cases[] = {
    { -3, 4, "{\"count\":7}", "{\"value\":0}", "{\"value\":-3}", "{\"value\":3}" },
    { 0, 1, "{\"count\":1}", "{\"value\":0}", "{\"value\":0}", "{\"value\":0}" },
    { 10, 100010, "{\"count\":100000}", "{\"value\":5000950000}", "{\"value\":10}",
        "{\"value\":100009}" },
    { INT64_MAX - 20, INT64_MAX, "{\"count\":20}", NULL, "{\"value\":9223372036854775787}",
        "{\"value\":9223372036854775806}" },
};

START_TEST(each_number_comes_once)
{
    flow_pipeline *p = flow_pipeline_new("numbers");
    const flow_coll numbers = flow_sequence(p, cases[_i].from, cases[_i].to);
    const flow_field_ref ref = FLOW_FIELD(flow_integer, value);
    flow_expect(flow_count(flow_distinct(numbers)), cases[_i].count);
    flow_expect(flow_count(numbers), cases[_i].count);
    if (cases[_i].sum)
        flow_expect(flow_sum(numbers, ref), cases[_i].sum);
    flow_expect(flow_min(numbers, ref), cases[_i].min);
    flow_expect(flow_max(numbers, ref), cases[_i].max);
    const flow_error error = run(p, true);
    ck_assert_msg(error.status == FLOW_OK, "%s", error.message);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(an_empty_range_gives_nothing)
{
    flow_pipeline *p = flow_pipeline_new("numbers");
    flow_expect_empty(flow_sequence(p, 5, 5), NULL);
    const flow_error error = run(p, false);
    ck_assert_msg(error.status == FLOW_OK, "%s", error.message);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(a_range_that_runs_back_is_refused)
{
    flow_pipeline *p = flow_pipeline_new("numbers");
    ck_assert_uint_eq(flow_sequence(p, 5, 4).id, 0);
    ck_assert_str_eq(run(p, false).message, "flow_sequence: it goes from 5 to 4, which is before");
    flow_pipeline_free(p);
}
END_TEST

TCase *sequence_tests(void)
{
    TCase *tests = tcase_create("sequence");
    tcase_add_loop_test(tests, each_number_comes_once, 0, TABLE_SIZE(cases));
    tcase_add_test(tests, an_empty_range_gives_nothing);
    tcase_add_test(tests, a_range_that_runs_back_is_refused);
    return tests;
}
