// SPDX-License-Identifier: Apache-2.0
// Tests descriptions of types: what is cut or damaged is refused.
#include <flow/evolve.h>

#include "rows.h"

TCase *describe_tests(void);

static flow_str bytes_of(const flow_buffer *buffer)
{
    return (flow_str){ buffer->data, buffer->len };
}

START_TEST(a_description_says_names_kinds_and_what_is_optional)
{
    flow_buffer description = { 0 };
    flow_type_describe(&leg_type, &description);
    static const char wanted[] = "\3leg\4" // four fields: name, kind, item, optional
                                 "\2id\3\0\0"
                                 "\4done\1\0\0"
                                 "\2to\14\0\0\5place\2\4city\10\0\0\3zip\2\0\0"
                                 "\2km\7\0\1";
    ck_assert_uint_eq(description.len, sizeof wanted - 1);
    ck_assert_mem_eq(description.data, wanted, description.len);
    flow_buffer_free(&description);
}
END_TEST

START_TEST(a_damaged_description_is_refused)
{
    flow_buffer description = { 0 };
    flow_type_describe(&all_type, &description);
    uint32_t refused = 0;
    for (size_t len = 0; len < description.len; len++) {
        flow_error error = { 0 };
        const flow_str cut = { description.data, len };
        ck_assert_ptr_null(
            flow_evolution_new(cut, &all_type, FLOW_EVOLVE_COMPATIBLE, NULL, &error));
        ck_assert_int_eq(error.status, FLOW_PARSE);
    }
    for (size_t bit = 0; bit < 8 * description.len; bit++) {
        description.data[bit / 8] ^= (char)(1u << bit % 8);
        flow_error error = { 0 };
        flow_evolution *evolution = flow_evolution_new(
            bytes_of(&description), &all_type, FLOW_EVOLVE_COMPATIBLE, NULL, &error);
        refused += !evolution;
        ck_assert(evolution || strchr(error.message, ' '));
        flow_evolution_free(evolution);
        description.data[bit / 8] ^= (char)(1u << bit % 8);
    }
    ck_assert_uint_gt(refused, 4 * description.len);
    flow_buffer_free(&description);
}
END_TEST

TCase *describe_tests(void)
{
    TCase *tests = tcase_create("describe");
    tcase_add_test(tests, a_description_says_names_kinds_and_what_is_optional);
    tcase_add_test(tests, a_damaged_description_is_refused);
    return tests;
}
