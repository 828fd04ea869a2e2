// SPDX-License-Identifier: Apache-2.0
// Tests writing Beam's standard coders: every vector, and what Beam cannot say.
#include "vector.h"

TCase *write_tests(void);

static void expect_bytes(const struct vector *vector, bool nested)
{
    struct vector_memory memory = { .count = 0 };
    const flow_coder *coder = vector_coder(vector->coder, vector->payload, &memory);
    const flow_bytes bytes = vector_bytes(vector->bytes, &memory);
    const flow_memory lent = { vector_take, &memory };
    flow_error error = { 0 };
    flow_coder_input in = { .rest = { bytes.data, bytes.len }, .memory = &lent, .error = &error };
    char *value = vector_take(&memory, flow_coder_size(coder, NULL));
    flow_buffer out = { 0 };
    ck_assert_int_eq(flow_coder_decode(coder, &in, nested, value), FLOW_OK);
    ck_assert_int_eq(flow_coder_encode(coder, value, nested, &out, &error), FLOW_OK);
    ck_assert_uint_eq(out.len, bytes.len);
    ck_assert(out.len == 0 || memcmp(out.data, bytes.data, out.len) == 0);
    flow_buffer_free(&out);
    vector_memory_free(&memory);
}

START_TEST(r83_every_vector_of_beam_is_written)
{
    if (vectors[_i].only_read)
        return;
    if (vectors[_i].form != OUTER)
        expect_bytes(&vectors[_i], true);
    if (vectors[_i].form != NESTED)
        expect_bytes(&vectors[_i], false);
}
END_TEST

START_TEST(numbers_have_the_bytes_of_other_sdks)
{
    struct vector_memory memory = { .count = 0 };
    const int32_t minus = -2, small = -300;
    const float half = 0.5f;
    const int64_t least = INT64_MIN;
    const flow_time before = { -1500 }; // floored: −2 ms
    ck_assert_str_eq(vector_write("int32", &minus, true, &memory), "feffffff0f");
    ck_assert_str_eq(vector_write("int16", &small, true, &memory), "fed4");
    ck_assert_str_eq(vector_write("float", &half, true, &memory), "3f000000");
    ck_assert_str_eq(vector_write("varint", &least, true, &memory), "80808080808080808001");
    ck_assert_str_eq(vector_write("timestamp", &before, true, &memory), "7ffffffffffffffe");
    vector_memory_free(&memory);
}
END_TEST

START_TEST(a_length_prefix_holds_the_outer_form)
{
    struct vector_memory memory = { .count = 0 };
    const flow_str text = flow_str_of("abc");
    ck_assert_str_eq(vector_write("length_prefix<string_utf8>", &text, true, &memory), "03616263");
    ck_assert_str_eq(
        vector_write("length_prefix<length_prefix<string_utf8>>", &text, false, &memory),
        "0403616263");
    const flow_str *back = vector_read("length_prefix<string_utf8>", "03616263", true, &memory);
    ck_assert(flow_str_equal(*back, text));
    vector_memory_free(&memory);
}
END_TEST

static void expect_refused(const char *text, const void *value, const char *sentence)
{
    struct vector_memory memory = { .count = 0 };
    const flow_coder *coder = vector_coder(text, "", &memory);
    flow_buffer out = { 0 };
    flow_error error = { 0 };
    flow_buffer_put(&out, "x", 1);
    ck_assert_int_eq(flow_coder_encode(coder, value, true, &out, &error), FLOW_INVALID);
    ck_assert_str_eq(error.message, sentence);
    ck_assert_uint_eq(out.len, 1); // nothing of it is left
    flow_buffer_free(&out);
    vector_memory_free(&memory);
}

START_TEST(what_beam_cannot_say_is_refused)
{
    const flow_str broken = { "\xc3", 1 };
    const flow_window between = { { 1000 }, { 2500 } }, turned = { { 3000 }, { 1000 } };
    const int32_t large = 40000;
    const struct {
        int64_t key;
        flow_str value;
    } pair = { 1, broken };
    expect_refused("string_utf8", &broken, "coder string_utf8: a text is not UTF-8");
    expect_refused("kv<varint,string_utf8>", &pair, "coder string_utf8: a text is not UTF-8");
    expect_refused("int16", &large, "coder int16: a number has more than 16 bits");
    expect_refused("interval_window", &between,
        "coder interval_window: a window does not begin and end at whole milliseconds");
    expect_refused("interval_window", &turned,
        "coder interval_window: a window ends before it begins, or is out of range");
}
END_TEST

TCase *write_tests(void)
{
    TCase *tests = tcase_create("write");
    tcase_add_loop_test(tests, r83_every_vector_of_beam_is_written, 0, (int)vector_count);
    tcase_add_test(tests, numbers_have_the_bytes_of_other_sdks);
    tcase_add_test(tests, a_length_prefix_holds_the_outer_form);
    tcase_add_test(tests, what_beam_cannot_say_is_refused);
    return tests;
}
