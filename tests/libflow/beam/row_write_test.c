// SPDX-License-Identifier: Apache-2.0
// Tests records that a schema cannot hold, and what is filled up.
#include "vector.h"

TCase *row_write_tests(void);

struct chars {
    flow_str f_char, f_varchar;
    flow_bytes f_bytes, f_varbytes;
    bool has[4];
};

static flow_status write(unsigned number, const void *row, flow_buffer *out, flow_error *error)
{
    flow_row_coder *coder = row_coder(number);
    const flow_status status = flow_row_coder_encode(coder, row, out, error);
    flow_row_coder_free(coder);
    return status;
}

static void expect_refused(unsigned number, const void *row, const char *sentence)
{
    flow_buffer out = { 0 };
    flow_error error = { 0 };
    ck_assert_int_eq(write(number, row, &out, &error), FLOW_INVALID);
    ck_assert_str_eq(error.message, sentence);
    ck_assert_uint_eq(out.len, 0);
    flow_buffer_free(&out);
}

START_TEST(fixed_text_is_filled_up)
{
    const struct chars chars = { .f_char = flow_str_of("ab"),
        .f_varchar = flow_str_of("ab"),
        .f_bytes = { "ab", 2 },
        .f_varbytes = { "ab", 2 },
        .has = { true, true, true, true } };
    static const char wanted[] = "\4\0\5ab   \2ab\5ab\0\0\0\2ab";
    flow_buffer out = { 0 };
    flow_error error = { 0 };
    ck_assert_int_eq(write(9, &chars, &out, &error), FLOW_OK);
    ck_assert_uint_eq(out.len, sizeof wanted - 1);
    ck_assert_mem_eq(out.data, wanted, out.len);
    flow_buffer_free(&out);
}
END_TEST

START_TEST(what_a_schema_cannot_hold_is_refused_by_field)
{
    struct chars chars = { .f_char = flow_str_of("abcdef"), .has = { true } };
    expect_refused(9, &chars,
        "coder row of record \"row9\", field \"f_char\": its value is longer than the logical type "
        "says");
    chars.f_char = flow_str_of("\xff");
    expect_refused(
        9, &chars, "coder row of record \"row9\", field \"f_char\": its text is not UTF-8");
    const struct {
        float number;
        flow_str decimal;
    } decimals = { 1, flow_str_of("many") };
    expect_refused(8, &decimals,
        "coder row of record \"row8\", field \"f_decimal\": its text is no decimal number");
}
END_TEST

// Beyond 16 bits Java counts two.
START_TEST(characters_are_counted_as_java_does)
{
    struct chars chars = { .f_char = flow_str_of("\xf0\x9f\x98\x80\xc3\xa4"), .has = { true } };
    static const char wanted[] = "\4\1\x0e\x08\xf0\x9f\x98\x80\xc3\xa4  ";
    flow_buffer out = { 0 };
    flow_error error = { 0 };
    ck_assert_int_eq(write(9, &chars, &out, &error), FLOW_OK);
    ck_assert_uint_eq(out.len, sizeof wanted - 1);
    ck_assert_mem_eq(out.data, wanted, out.len);
    flow_buffer_free(&out);
}
END_TEST

TCase *row_write_tests(void)
{
    TCase *tests = tcase_create("row_write");
    tcase_add_test(tests, fixed_text_is_filled_up);
    tcase_add_test(tests, what_a_schema_cannot_hold_is_refused_by_field);
    tcase_add_test(tests, characters_are_counted_as_java_does);
    return tests;
}
