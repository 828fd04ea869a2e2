// SPDX-License-Identifier: Apache-2.0
// flow_count.
#include "core_test.h"

TCase *count_tests(void);

static flow_coll make_count(flow_coll in, flow_field_ref field)
{
    (void)field;
    return flow_count(in);
}

START_TEST(r73_count_keeps_the_laws)
{
    combine_keeps_the_laws(make_count, (flow_field_ref){ 0 });
}
END_TEST

START_TEST(count_is_how_many_there_are)
{
    combined made = combine_begin(make_count, (flow_field_ref){ 0 });
    ck_assert_int_eq(made.node->combine->primitive, FLOW_PRIMITIVE_COUNT);
    ck_assert_str_eq(made.node->path, "count");
    const struct bid rows[5] = { { .i64 = 1 } };
    cell acc;
    cell out;
    combine_add(&made, rows, 5, &acc);
    ck_assert_int_eq(combine_extract(&made, &acc, &out), FLOW_OK);
    ck_assert_int_eq(((const struct flow_counted *)(const void *)&out)->count, 5);
    combine_end(&made);
}
END_TEST

START_TEST(count_keeps_the_key)
{
    flow_pipeline *p = flow_pipeline_new("count");
    const flow_coll counts = flow_count(flow_key_by(bids(p), FLOW_FIELD(bid, who)));
    ck_assert(flow_coll_is_keyed(counts));
    ck_assert_ptr_eq(flow_coll_type(counts), &flow_counted_type);
    flow_pipeline_free(p);
}
END_TEST

TCase *count_tests(void)
{
    TCase *tests = tcase_create("count");
    tcase_add_test(tests, r73_count_keeps_the_laws);
    tcase_add_test(tests, count_is_how_many_there_are);
    tcase_add_test(tests, count_keeps_the_key);
    return tests;
}
