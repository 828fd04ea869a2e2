// SPDX-License-Identifier: Apache-2.0
// Records of words: no gaps, and short where they are zero.
#include "core_test.h"

#include <flow/text.h>

#include "words.h"

TCase *words_tests(void);

START_TEST(words_lie_side_by_side)
{
    flow_pipeline *p = flow_pipeline_new("words");
    uint32_t words;
    const flow_type *type = fl_words_type(p, "state", 65, &words);
    ck_assert_uint_eq(words, 128);
    ck_assert_uint_eq(type->size, 128 * sizeof(uint64_t));
    ck_assert_int_eq(flow_type_check(type, NULL), FLOW_OK);
    uint64_t row[128] = { 0 }, back[128];
    flow_buffer bytes = { 0 };
    flow_encode(type, row, &bytes);
    ck_assert_uint_eq(bytes.len, 128);
    bytes.len = 0;
    for (uint64_t i = 0; i < 128; i++)
        row[i] = i * 0x9E3779B97F4A7C15u;
    flow_encode(type, row, &bytes);
    flow_str from = { bytes.data, bytes.len };
    ck_assert_int_eq(flow_decode(type, &from, back, NULL, NULL), FLOW_OK);
    ck_assert_mem_eq(row, back, sizeof row);
    flow_buffer_free(&bytes);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(the_largest_record_can_be_made)
{
    flow_pipeline *p = flow_pipeline_new("words");
    uint32_t words;
    ck_assert_int_eq(
        flow_type_check(fl_words_type(p, "state", FL_WORDS_MAX, &words), NULL), FLOW_OK);
    ck_assert_uint_eq(words, FL_WORDS_MAX);
    flow_pipeline_free(p);
}
END_TEST

TCase *words_tests(void)
{
    TCase *tests = tcase_create("words");
    tcase_add_test(tests, words_lie_side_by_side);
    tcase_add_test(tests, the_largest_record_can_be_made);
    return tests;
}
