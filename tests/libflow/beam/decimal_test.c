// SPDX-License-Identifier: Apache-2.0
// Tests decimal numbers of any size.
#include "beam/beam.h"
#include "vector.h"

TCase *decimal_tests(void);

static const struct {
    const char *text, *hex, *back; // NULL: the same text
} golden[] = {
    { "0.0", "010100", NULL },
    { "3.1415", "04027ab7", NULL },
    { "-100.123", "0303fe78e5", NULL },
    { "0", "000100", NULL },
    { "-1", "0001ff", NULL },
    { "128", "00020080", NULL },
    { "-128", "000180", NULL },
    { "-129", "0002ff7f", NULL },
    { "0.001", "030101", NULL },
    { "-0.05", "0201fb", NULL },
    { "+7", "000107", "7" },
    { ".5", "010105", "0.5" },
    { "12E+3", "fdffffff0f010c", NULL },
    { "1e-2", "020101", "0.01" },
    { "340282366920938463463374607431768211456", "00110100000000000000000000000000000000", NULL },
};

static const char *const wrong[] = { "", "-", ".", "1.2.3", "1x", "1E", "1E+", "E5", "1E99999",
    "0x10", "NaN", " 1" };

START_TEST(a_decimal_is_written_and_read)
{
    struct vector_memory memory = { .count = 0 };
    const flow_memory lent = { vector_take, &memory };
    const flow_bytes wanted = vector_bytes(golden[_i].hex, &memory);
    flow_buffer out = { 0 };
    ck_assert(fl_decimal_put(flow_str_of(golden[_i].text), &out));
    ck_assert_uint_eq(out.len, wanted.len);
    ck_assert_mem_eq(out.data, wanted.data, wanted.len);
    struct fl_beam beam = { { out.data, out.len }, &lent, NULL, FLOW_OK };
    const int64_t scale = fl_beam_int32(&beam);
    const flow_str number = fl_beam_bytes(&beam, fl_beam_len(&beam));
    const flow_str text = fl_decimal_text(&beam, scale, number);
    const char *back = golden[_i].back ? golden[_i].back : golden[_i].text;
    ck_assert_ptr_null(beam.why);
    ck_assert_msg(flow_str_equal(text, flow_str_of(back)), "%.*s", (int)text.len, text.data);
    flow_buffer_free(&out);
    vector_memory_free(&memory);
}
END_TEST

START_TEST(what_is_no_decimal_is_refused)
{
    flow_buffer out = { 0 };
    ck_assert_msg(!fl_decimal_put(flow_str_of(wrong[_i]), &out), "%s", wrong[_i]);
    ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(a_decimal_that_is_too_large_is_refused)
{
    static char digits[1000];
    flow_buffer out = { 0 };
    memset(digits, '9', sizeof digits - 1);
    ck_assert(!fl_decimal_put(flow_str_of(digits), &out));
    struct fl_beam beam = { { NULL, 0 }, NULL, NULL, FLOW_OK };
    fl_decimal_text(&beam, 0, (flow_str){ digits, 257 });
    ck_assert_int_eq(beam.status, FLOW_PARSE);
    beam = (struct fl_beam){ { NULL, 0 }, NULL, NULL, FLOW_OK };
    fl_decimal_text(&beam, 1001, (flow_str){ digits, 1 });
    ck_assert_int_eq(beam.status, FLOW_PARSE);
}
END_TEST

TCase *decimal_tests(void)
{
    TCase *tests = tcase_create("decimal");
    tcase_add_loop_test(
        tests, a_decimal_is_written_and_read, 0, (int)(sizeof golden / sizeof golden[0]));
    tcase_add_loop_test(
        tests, what_is_no_decimal_is_refused, 0, (int)(sizeof wrong / sizeof wrong[0]));
    tcase_add_test(tests, a_decimal_that_is_too_large_is_refused);
    return tests;
}
