// SPDX-License-Identifier: Apache-2.0
// Tests base64, UTF-8 and values as errors show them.
#include "type/text.h"

#include "rows.h"

TCase *text_tests(void);

static const struct {
    const char *bytes;
    const char *text;
} base64[] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
    { "\xFB\xEF\xFF", "++//" } };

START_TEST(base64_goes_both_ways_with_and_without_padding)
{
    flow_buffer out = { .len = 0 };
    const size_t len = strlen(base64[_i].bytes);
    fl_base64_write((flow_bytes){ base64[_i].bytes, len }, &out);
    ck_assert_uint_eq(out.len, strlen(base64[_i].text));
    ck_assert(out.len == 0 || memcmp(out.data, base64[_i].text, out.len) == 0);
    unsigned char bytes[32];
    size_t read;
    flow_str text = flow_str_of(base64[_i].text);
    for (int round = 0; round < 2; round++) {
        ck_assert(fl_base64_read(text, bytes, &read));
        ck_assert_uint_eq(read, len);
        ck_assert_mem_eq(bytes, base64[_i].bytes, len);
        while (text.len && text.data[text.len - 1] == '=')
            text.len--;
    }
    flow_buffer_free(&out);
}
END_TEST

static const char *const no_base64[] = { "A", "=",
    "A=", "A==", "A===", "====", "Zg=", "Zh==", "Zm9=", "Zm9v=", "Zm 9v", "Zm9v\n", "Zm-_",
    "Z\xC3\xA4==" };

START_TEST(what_is_no_base64_is_refused)
{
    unsigned char bytes[32];
    size_t len;
    ck_assert_msg(!fl_base64_read(flow_str_of(no_base64[_i]), bytes, &len), "%s", no_base64[_i]);
}
END_TEST

// All sequences of up to four bytes against the definition: what a code point encodes to.
START_TEST(utf8_is_what_code_points_encode_to)
{
    size_t good = 0;
    for (uint32_t lead = 0; lead < 256; lead++) {
        for (uint32_t second = 0; second < 256; second++) {
            const char text[4] = { (char)(unsigned char)lead, (char)(unsigned char)second,
                (char)(unsigned char)0x80, (char)(unsigned char)0xBF };
            const size_t len = flow_utf8_len(text, text + 4);
            uint32_t point = len == 1 ? lead : lead & (0xFFu >> (len + 1));
            for (size_t i = 1; i < len; i++)
                point = point << 6 | ((unsigned char)text[i] & 0x3F);
            static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
            if (len) {
                ck_assert_uint_ge(point, least[len]);
                ck_assert_uint_le(point, 0x10FFFF);
                ck_assert(point < 0xD800 || point > 0xDFFF);
                good++;
            }
            ck_assert_uint_eq(flow_utf8_len(text, text + 1), lead < 0x80);
        }
    }
    // ASCII with any follower, and the leads with the second bytes that RFC 3629 lists for them.
    ck_assert_uint_eq(good, 128 * 256 + 30 * 64 + 32 + 12 * 64 + 32 + 2 * 64 + 48 + 3 * 64 + 16);
}
END_TEST

START_TEST(values_are_shown_quoted_cut_and_without_control_bytes)
{
    char shown[FL_SHOWN_MAX];
    fl_show(flow_str_of("a\n\x01\xFFz"), '"', shown);
    ck_assert_str_eq(shown, "\"a???z\"");
    fl_show(flow_str_of("12"), 0, shown);
    ck_assert_str_eq(shown, "12");
    fl_show((flow_str){ NULL, 0 }, '"', shown);
    ck_assert_str_eq(shown, "\"\"");
    char text[200];
    memset(text, 'x', sizeof text);
    fl_show((flow_str){ text, sizeof text }, '"', shown);
    ck_assert_str_eq(shown, "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"");
}
END_TEST

TCase *text_tests(void)
{
    TCase *tests = tcase_create("text");
    tcase_add_loop_test(tests, base64_goes_both_ways_with_and_without_padding, 0,
        (int)(sizeof base64 / sizeof base64[0]));
    tcase_add_loop_test(
        tests, what_is_no_base64_is_refused, 0, (int)(sizeof no_base64 / sizeof no_base64[0]));
    tcase_add_test(tests, utf8_is_what_code_points_encode_to);
    tcase_add_test(tests, values_are_shown_quoted_cut_and_without_control_bytes);
    return tests;
}
