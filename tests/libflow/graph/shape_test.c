// SPDX-License-Identifier: Apache-2.0
// How rows lie: sizes, offsets and roundings.
#include "graph_test.h"

#include "graph/graph.h"

TCase *shape_tests(void);

struct small {
    int32_t n;
};
FLOW_RECORD(small, n);

START_TEST(unkeyed_row_is_the_element)
{
    const flow_shape shape = fl_shape_of(&reading_type);
    ck_assert_int_eq(shape.key, FLOW_KIND_NONE);
    ck_assert_uint_eq(shape.stride, sizeof(struct reading));
    ck_assert_str_eq(fl_key_name(&shape), "no key");
}
END_TEST

START_TEST(combined_row_is_rounded_up_to_eight)
{
    const flow_shape in = fl_shape_of(&small_type);
    const flow_shape keyed_by_n = fl_shape_keyed(&in, FLOW_KIND_I32, NULL, 0);
    const flow_shape out = fl_shape_combined(&keyed_by_n, &small_type);
    ck_assert_uint_eq(out.key_size, 4);
    ck_assert_uint_eq(out.key_offset, 0);
    ck_assert_uint_eq(out.value_offset, 8);
    ck_assert_uint_eq(out.stride, 16);
    ck_assert_str_eq(fl_key_name(&out), "int32");
}
END_TEST

START_TEST(record_keys_carry_their_type)
{
    const flow_shape in = fl_shape_of(&reading_type);
    const flow_shape by = fl_shape_keyed(
        &in, FLOW_KIND_RECORD, &place_type, (uint32_t)offsetof(struct reading, where));
    const flow_shape out = fl_shape_combined(&by, &total_type);
    ck_assert_ptr_eq(out.key_record, &place_type);
    ck_assert_uint_eq(out.value_offset, sizeof(struct place));
    ck_assert_str_eq(fl_key_name(&out), "place");
    ck_assert(fl_shape_equal(&out, &out));
    ck_assert(!fl_shape_equal(&out, &by));
}
END_TEST

START_TEST(key_of_a_combined_row_lies_in_its_value)
{
    const flow_shape in = fl_shape_of(&reading_type);
    const flow_shape by = fl_shape_keyed(&in, FLOW_KIND_STR, NULL, 0);
    const flow_shape out = fl_shape_combined(&by, &total_type);
    const flow_shape again = fl_shape_keyed(&out, FLOW_KIND_I64, NULL, 0);
    ck_assert_uint_eq(again.key_offset, sizeof(flow_str));
    ck_assert_uint_eq(again.stride, out.stride);
}
END_TEST

TCase *shape_tests(void)
{
    TCase *tests = tcase_create("shape");
    tcase_add_test(tests, unkeyed_row_is_the_element);
    tcase_add_test(tests, combined_row_is_rounded_up_to_eight);
    tcase_add_test(tests, record_keys_carry_their_type);
    tcase_add_test(tests, key_of_a_combined_row_lies_in_its_value);
    return tests;
}
