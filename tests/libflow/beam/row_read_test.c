// SPDX-License-Identifier: Apache-2.0
// Tests rows that are shorter, longer or damaged.
#include "vector.h"

TCase *row_read_tests(void);

static void expect_text(const char *coder, const char *hex, const char *wanted)
{
    struct vector_memory memory = { .count = 0 };
    flow_buffer text = { 0 };
    vector_print(vector_coder(coder, "", &memory), vector_read(coder, hex, true, &memory), &text);
    flow_buffer_put(&text, "", 1);
    ck_assert_str_eq(text.data, wanted);
    flow_buffer_free(&text);
    vector_memory_free(&memory);
}

START_TEST(an_older_row_has_nulls_where_fields_were_added)
{
    expect_text("row1",
        "01"
        "00"
        "03666f6f",
        "{str=s:666f6f, i32=null, f64=null}");
    expect_text("row1",
        "00"
        "00",
        "{str=null, i32=null, f64=null}");
}
END_TEST

// As Python writes them: a byte for each eight fields, whatever is null.
START_TEST(a_bitmap_may_have_more_bytes_than_it_needs)
{
    expect_text("row1",
        "03"
        "020700",
        "{str=null, i32=null, f64=null}");
    expect_text("row1",
        "03"
        "0106"
        "03666f6f",
        "{str=s:666f6f, i32=null, f64=null}");
}
END_TEST

START_TEST(what_is_no_row_is_refused)
{
    static const struct {
        const char *coder, *hex, *sentence;
    } wrong[] = {
        { "row1", "0400", "a row has more fields than its schema" },
        { "row7", "0000", "a field is null that is not nullable" },
        { "row7", "010101", "a field is null that is not nullable" },
        { "row9", "04000441424344", "a text has another length than its logical type says" },
        { "row9", "0401010b4141414141414141414141",
            "a text has another length than its logical "
            "type says" },
        { "row5", "03000100", "a time is no row of two fields" },
        { "row5", "030002000080897a", "a time is out of range" },
        { "row8",
            "02000000000000"
            "00",
            "a decimal is empty or too large" },
        { "row3", "01007fffffff", "a count is more than the bytes that are left" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *said = vector_refused(wrong[i].coder, wrong[i].hex, true, FLOW_PARSE);
        ck_assert_msg(strstr(said, wrong[i].sentence) != NULL, "%s: %s", wrong[i].hex, said);
    }
}
END_TEST

START_TEST(a_number_that_does_not_fit_its_field_is_refused)
{
    static const flow_field field = { .name = "n", .kind = FLOW_KIND_U32, .size = 4 };
    static const flow_type type = { "small", 4, 4, 1, &field };
    const flow_schema_field fields[] = { { .name = "n", .type = { .kind = FLOW_SCHEMA_INT16 } } };
    const flow_schema schema = { .field_count = 1, .fields = fields };
    flow_error error = { 0 };
    flow_row_coder *coder = flow_row_coder_new(&schema, &type, NULL, &error);
    uint32_t row;
    flow_str from = { "\1\0\x7f\xff", 4 };
    ck_assert_int_eq(flow_row_coder_decode(coder, &from, &row, NULL, &error), FLOW_OK);
    ck_assert_uint_eq(row, 32767);
    from = (flow_str){ "\1\0\xff\xff", 4 };
    ck_assert_int_eq(flow_row_coder_decode(coder, &from, &row, NULL, &error), FLOW_PARSE);
    ck_assert_str_eq(
        error.message, "coder row of record \"small\": a number does not fit its field");
    flow_row_coder_free(coder);
}
END_TEST

TCase *row_read_tests(void)
{
    TCase *tests = tcase_create("row_read");
    tcase_add_test(tests, an_older_row_has_nulls_where_fields_were_added);
    tcase_add_test(tests, a_bitmap_may_have_more_bytes_than_it_needs);
    tcase_add_test(tests, what_is_no_row_is_refused);
    tcase_add_test(tests, a_number_that_does_not_fit_its_field_is_refused);
    return tests;
}
