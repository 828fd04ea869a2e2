// SPDX-License-Identifier: Apache-2.0
// Tests rows as bytes.
#include "rows.h"

TCase *coder_tests(void);

static void hex_of(const flow_buffer *buffer, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < buffer->len; i++) {
        *hex++ = digits[(unsigned char)buffer->data[i] >> 4];
        *hex++ = digits[(unsigned char)buffer->data[i] & 15];
    }
    *hex = '\0';
}

static size_t from_hex(const char *hex, char *bytes)
{
    size_t len = 0;
    for (; hex[0] && hex[1]; hex += 2) {
        const char pair[3] = { hex[0], hex[1], '\0' };
        bytes[len++] = (char)(unsigned char)strtoul(pair, NULL, 16);
    }
    return len;
}

static const struct {
    flow_kind kind;
    union {
        bool flag;
        int32_t i32;
        int64_t i64;
        uint32_t u32;
        uint64_t u64;
        float f32;
        double f64;
        flow_str text;
        flow_bytes bytes;
    } value;
    const char *hex;
} golden[] = {
    { FLOW_KIND_BOOL, { .flag = true }, "01" },
    { FLOW_KIND_BOOL, { .flag = false }, "00" },
    { FLOW_KIND_I32, { .i32 = 0 }, "00" },
    { FLOW_KIND_I32, { .i32 = -1 }, "01" },
    { FLOW_KIND_I32, { .i32 = 1 }, "02" },
    { FLOW_KIND_I32, { .i32 = INT32_MAX }, "feffffff0f" },
    { FLOW_KIND_I32, { .i32 = INT32_MIN }, "ffffffff0f" },
    { FLOW_KIND_I64, { .i64 = 64 }, "8001" },
    { FLOW_KIND_I64, { .i64 = INT64_MAX }, "feffffffffffffffff01" },
    { FLOW_KIND_I64, { .i64 = INT64_MIN }, "ffffffffffffffffff01" },
    { FLOW_KIND_U32, { .u32 = 127 }, "7f" },
    { FLOW_KIND_U32, { .u32 = UINT32_MAX }, "ffffffff0f" },
    { FLOW_KIND_U64, { .u64 = 300 }, "ac02" },
    { FLOW_KIND_U64, { .u64 = UINT64_MAX }, "ffffffffffffffffff01" },
    { FLOW_KIND_F32, { .f32 = 1.5f }, "0000c03f" },
    { FLOW_KIND_F32, { .f32 = -0.0f }, "00000000" },
    { FLOW_KIND_F32, { .f32 = NAN }, "0000c07f" },
    { FLOW_KIND_F64, { .f64 = -2.5 }, "00000000000004c0" },
    { FLOW_KIND_F64, { .f64 = -0.0 }, "0000000000000000" },
    { FLOW_KIND_F64, { .f64 = NAN }, "000000000000f87f" },
    { FLOW_KIND_F64, { .f64 = INFINITY }, "000000000000f07f" },
    { FLOW_KIND_STR, { .text = { "shop", 4 } }, "0473686f70" },
    { FLOW_KIND_STR, { .text = { NULL, 0 } }, "00" },
    { FLOW_KIND_BYTES, { .bytes = { "\0\xFF", 2 } }, "0200ff" },
    { FLOW_KIND_TIME, { .i64 = -1 }, "01" },
    { FLOW_KIND_DURATION, { .i64 = 60000000 }, "809c9c39" },
    { FLOW_KIND_NONE, { .i64 = 5 }, "" },
};

START_TEST(a_value_has_these_bytes_for_ever)
{
    char hex[64];
    flow_buffer out = { .len = 0 };
    flow_encode_value(golden[_i].kind, NULL, &golden[_i].value, &out);
    hex_of(&out, hex);
    ck_assert_str_eq(hex, golden[_i].hex);
    flow_buffer_free(&out);
}
END_TEST

START_TEST(a_record_is_its_fields_in_order)
{
    const struct place to = { { "Oslo", 4 }, -7 };
    const struct leg leg = { 1, true, to, 2.0, true }, walk = { 2, false, to, 3.0, false };
    char hex[128];
    flow_buffer out = { .len = 0 };
    flow_encode(&leg_type, &leg, &out);
    flow_encode(&leg_type, &walk, &out);
    hex_of(&out, hex);
    ck_assert_str_eq(hex, "0201044f736c6f0d010000000000000040"
                          "0400044f736c6f0d00");
    flow_buffer_free(&out);
}
END_TEST

static const struct {
    flow_kind kind;
    const char *hex;
    const char *sentence;
} damaged[] = {
    { FLOW_KIND_BOOL, "", "binary form of a bool: the bytes end too early" },
    { FLOW_KIND_BOOL, "02", "binary form of a bool: the bytes are no value of its kind" },
    { FLOW_KIND_I32, "8080808010", "binary form of a int32: the bytes are no value of its kind" },
    { FLOW_KIND_I64, "80", "binary form of a int64: the bytes end too early" },
    { FLOW_KIND_I64, "8000", "binary form of a int64: a number is longer than it needs to be" },
    { FLOW_KIND_U32, "8080808010", "binary form of a uint32: the bytes are no value of its kind" },
    { FLOW_KIND_U64, "ffffffffffffffffff02",
        "binary form of a uint64: a number is longer than it needs to be" },
    { FLOW_KIND_U64, "8080808080808080808001",
        "binary form of a uint64: a number is longer than it needs to be" },
    { FLOW_KIND_F32, "000000", "binary form of a float: the bytes end too early" },
    { FLOW_KIND_F32, "00000080", "binary form of a float: the bytes are no value of its kind" },
    { FLOW_KIND_F64, "010000000000f87f",
        "binary form of a double: the bytes are no value of its kind" },
    { FLOW_KIND_F64, "00000000000000", "binary form of a double: the bytes end too early" },
    { FLOW_KIND_STR, "0361", "binary form of a text: the bytes end too early" },
    { FLOW_KIND_STR, "ffffffffffffffffff01", "binary form of a text: the bytes end too early" },
    { FLOW_KIND_BYTES, "01", "binary form of a bytes: the bytes end too early" },
    { FLOW_KIND_TIME, "80808080808080808080",
        "binary form of a time: a number is longer than it needs to be" },
    { FLOW_KIND_LIST, "00", "binary form of a list: the bytes are no value of its kind" },
    { (flow_kind)50, "00", "binary form of a unknown: the bytes are no value of its kind" },
};

START_TEST(damaged_bytes_are_refused_in_words)
{
    char bytes[32];
    const char *hex = damaged[_i].hex;
    uint64_t value[4];
    flow_error error = { .status = FLOW_OK };
    flow_decoding from = { { bytes, from_hex(hex, bytes) }, NULL, &error };
    ck_assert_int_eq(flow_decode_value(&from, damaged[_i].kind, NULL, value), FLOW_PARSE);
    ck_assert_str_eq(error.message, damaged[_i].sentence);
}
END_TEST

START_TEST(damage_in_a_record_names_record_and_field)
{
    char bytes[32];
    struct leg leg;
    flow_error error = { .status = FLOW_OK };
    flow_str from = { bytes, from_hex("0201044f73", bytes) };
    ck_assert_int_eq(flow_decode(&leg_type, &from, &leg, NULL, &error), FLOW_PARSE);
    ck_assert_str_eq(
        error.message, "binary form of record \"place\", field \"city\": the bytes end too early");
}
END_TEST

struct tags {
    flow_list tags;
};
FLOW_RECORD_OF(tags, FLOW_COLUMN_LIST_OF(tags, tags, FLOW_KIND_I64));

START_TEST(a_count_of_items_that_are_not_there_takes_no_memory)
{
    struct rows_memory memory = { .room = 0 };
    const flow_memory take = { rows_take, &memory };
    struct tags row;
    flow_error error = { .status = FLOW_OK };
    flow_str from = { "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x0F\x01", 10 };
    ck_assert_int_eq(flow_decode(&tags_type, &from, &row, &take, &error), FLOW_PARSE);
    ck_assert_str_eq(
        error.message, "binary form of record \"tags\", field \"tags\": the bytes end too early");
    error.status = FLOW_OK;
    from = (flow_str){ "\x01\x01", 2 };
    ck_assert_int_eq(flow_decode(&tags_type, &from, &row, &take, &error), FLOW_MEMORY);
    ck_assert_str_eq(error.message,
        "binary form of record \"tags\", field \"tags\": no memory for the items of a list");
    from = (flow_str){ "\x01\x01", 2 };
    ck_assert_int_eq(flow_decode(&tags_type, &from, &row, NULL, NULL), FLOW_MEMORY);
}
END_TEST

START_TEST(r21_random_rows_come_back_equal_and_encode_to_the_same_bytes)
{
    struct rows_random random = { .state = (uint64_t)_i + 1 };
    struct rows_memory memory = { .room = SIZE_MAX };
    const flow_memory take = { rows_take, &memory };
    for (int round = 0; round < 200; round++) {
        struct all row, back;
        flow_buffer out = { .len = 0 };
        rows_all(&random, &memory, &row);
        flow_encode(&all_type, &row, &out);
        flow_str from = { out.data, out.len };
        memset(&back, 0x5A, sizeof back);
        ck_assert_int_eq(flow_decode(&all_type, &from, &back, &take, NULL), FLOW_OK);
        ck_assert_uint_eq(from.len, 0);
        ck_assert(flow_row_equal(&all_type, &row, &back));
        ck_assert(rows_same_encoded(&all_type, &row, &back));
        // No shorter run of bytes is a row.
        for (size_t len = 0; len < out.len; len++) {
            from = (flow_str){ out.data, len };
            ck_assert_int_ne(flow_decode(&all_type, &from, &back, &take, NULL), FLOW_OK);
        }
        flow_buffer_free(&out);
        rows_memory_free(&memory);
    }
}
END_TEST

START_TEST(r21_decoded_rows_are_equal_as_structs_too)
{
    struct rows_random random = { .state = 99 };
    struct rows_memory memory = { .room = SIZE_MAX };
    for (int round = 0; round < 1000; round++) {
        struct flat row, one, two;
        flow_buffer out = { .len = 0 };
        rows_flat(&random, &memory, &row);
        flow_encode(&flat_type, &row, &out);
        memset(&one, 0x11, sizeof one);
        memset(&two, 0xEE, sizeof two);
        flow_str from = { out.data, out.len }, again = from;
        ck_assert_int_eq(flow_decode(&flat_type, &from, &one, NULL, NULL), FLOW_OK);
        ck_assert_int_eq(flow_decode(&flat_type, &again, &two, NULL, NULL), FLOW_OK);
        ck_assert_mem_eq(&one, &two, sizeof one);
        flow_buffer_free(&out);
        rows_memory_free(&memory);
    }
}
END_TEST

START_TEST(a_buffer_without_memory_says_so)
{
    flow_buffer out = { .failed = true };
    const struct place to = { { "Oslo", 4 }, 1 };
    flow_encode(&place_type, &to, &out);
    ck_assert(out.failed);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

TCase *coder_tests(void)
{
    TCase *tests = tcase_create("coder");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(
        tests, a_value_has_these_bytes_for_ever, 0, (int)(sizeof golden / sizeof golden[0]));
    tcase_add_test(tests, a_record_is_its_fields_in_order);
    tcase_add_loop_test(
        tests, damaged_bytes_are_refused_in_words, 0, (int)(sizeof damaged / sizeof damaged[0]));
    tcase_add_test(tests, damage_in_a_record_names_record_and_field);
    tcase_add_test(tests, a_count_of_items_that_are_not_there_takes_no_memory);
    tcase_add_loop_test(tests, r21_random_rows_come_back_equal_and_encode_to_the_same_bytes, 0, 8);
    tcase_add_test(tests, r21_decoded_rows_are_equal_as_structs_too);
    tcase_add_test(tests, a_buffer_without_memory_says_so);
    return tests;
}
