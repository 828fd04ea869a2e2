// SPDX-License-Identifier: Apache-2.0
// gzip and zstd by content, in pieces of any size.
#include "suite.h"

#include <stdlib.h>

// What `printf 'hello\n' | gzip -n` and `printf 'hello\n' | zstd` write.
static const unsigned char gzip_hello[] = { 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 0x02, 0x00, 0x20, 0x30, 0x3a, 0x36, 0x06, 0x00, 0x00,
    0x00 };
static const unsigned char zstd_hello[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x31, 0x00, 0x00,
    0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x0a, 0x53, 0x88, 0xbd, 0x91 };

START_TEST(compression_is_told_by_content)
{
    ck_assert_int_eq(fl_compression_of(gzip_hello, 2), FLOW_COMPRESSION_GZIP);
    ck_assert_int_eq(fl_compression_of(zstd_hello, 4), FLOW_COMPRESSION_ZSTD);
    ck_assert_int_eq(fl_compression_of("\x50\x2a\x4d\x18", 4), FLOW_COMPRESSION_ZSTD);
    ck_assert_int_eq(fl_compression_of("{\"id\"", 4), FLOW_COMPRESSION_NONE);
    ck_assert_int_eq(fl_compression_of("\x1f", 1), FLOW_COMPRESSION_NONE);
    ck_assert_int_eq(fl_compression_of("", 0), FLOW_COMPRESSION_NONE);
}
END_TEST

// Decodes with `step` bytes of input and of room at a time. Terminated, to be freed; NULL: damaged.
static char *decode(flow_compression kind, flow_str in, size_t step, bool *complete)
{
    static const flow_allocator none = { 0 };
    struct fl_decoder *decoder = fl_decoder_new(kind, &none);
    ck_assert_ptr_nonnull(decoder);
    char *out = calloc(1, 1 << 20);
    size_t len = 0;
    bool good = true;
    while (good) {
        struct fl_span span = { in.data, in.len < step ? in.len : step, out + len, step };
        const size_t had = span.in_len;
        good = fl_decoder_run(decoder, &span);
        in.data += had - span.in_len;
        in.len -= had - span.in_len;
        len += step - span.out_len;
        if (in.len == 0 && span.out_len == step)
            break;
    }
    *complete = fl_decoder_complete(decoder);
    if (!good)
        ck_assert_uint_gt(strlen(fl_decoder_problem(decoder)), 10);
    fl_decoder_free(decoder);
    if (!good)
        free(out);
    return good ? out : NULL;
}

START_TEST(data_of_the_command_line_tools_is_understood)
{
    bool complete = false;
    const flow_str gzip = { (const char *)gzip_hello, sizeof gzip_hello };
    const flow_str zstd = { (const char *)zstd_hello, sizeof zstd_hello };
    char *text = decode(FLOW_COMPRESSION_GZIP, gzip, 3, &complete);
    ck_assert_str_eq(text, "hello\n");
    ck_assert(complete);
    free(text);
    text = decode(FLOW_COMPRESSION_ZSTD, zstd, 3, &complete);
    ck_assert_str_eq(text, "hello\n");
    ck_assert(complete);
    free(text);
}
END_TEST

START_TEST(members_and_frames_follow_one_another)
{
    static const flow_compression kinds[] = { FLOW_COMPRESSION_GZIP, FLOW_COMPRESSION_ZSTD };
    static const size_t steps[] = { 1, 7, 64, 4096 };
    flow_buffer both = { 0 };
    ck_assert_int_eq(fl_compress(kinds[_i], flow_str_of("one\n"), &both), FLOW_OK);
    ck_assert_int_eq(fl_compress(kinds[_i], flow_str_of(""), &both), FLOW_OK);
    ck_assert_int_eq(fl_compress(kinds[_i], flow_str_of("two\n"), &both), FLOW_OK);
    for (size_t s = 0; s < 4; s++) {
        bool complete = false;
        char *text = decode(kinds[_i], (flow_str){ both.data, both.len }, steps[s], &complete);
        ck_assert_str_eq(text, "one\ntwo\n");
        ck_assert(complete);
        free(text);
    }
    flow_buffer_free(&both);
}
END_TEST

START_TEST(every_cut_of_compressed_data_is_noticed)
{
    static const flow_compression kinds[] = { FLOW_COMPRESSION_GZIP, FLOW_COMPRESSION_ZSTD };
    flow_buffer out = { 0 };
    ck_assert_int_eq(fl_compress(kinds[_i], flow_str_of("some text to cut\n"), &out), FLOW_OK);
    for (size_t len = 1; len < out.len; len++) {
        bool complete = false;
        char *text = decode(kinds[_i], (flow_str){ out.data, len }, 64, &complete);
        ck_assert(text == NULL || !complete);
        free(text);
    }
    flow_buffer_free(&out);
}
END_TEST

START_TEST(bytes_after_gzip_data_are_damage_but_for_zeros)
{
    bool complete = false;
    flow_buffer out = { 0 };
    flow_buffer_put(&out, gzip_hello, sizeof gzip_hello);
    flow_buffer_put(&out, "\0\0\0\0", 4);
    char *text = decode(FLOW_COMPRESSION_GZIP, (flow_str){ out.data, out.len }, 64, &complete);
    ck_assert_str_eq(text, "hello\n");
    ck_assert(complete);
    free(text);
    flow_buffer_put(&out, "x", 1);
    text = decode(FLOW_COMPRESSION_GZIP, (flow_str){ out.data, out.len }, 64, &complete);
    ck_assert_ptr_null(text);
    flow_buffer_free(&out);
}
END_TEST

START_TEST(a_flipped_bit_is_noticed)
{
    static const flow_compression kinds[] = { FLOW_COMPRESSION_GZIP, FLOW_COMPRESSION_ZSTD };
    flow_buffer out = { 0 };
    bool complete = false;
    const char *text = "a text that is long enough to be damaged in its middle, in its middle\n";
    ck_assert_int_eq(fl_compress(kinds[_i], flow_str_of(text), &out), FLOW_OK);
    out.data[0] ^= 0x40;
    char *got = decode(kinds[_i], (flow_str){ out.data, out.len }, 64, &complete);
    ck_assert_ptr_null(got);
    out.data[0] ^= 0x40;
    if (kinds[_i] == FLOW_COMPRESSION_GZIP) { // zstd's one-block frames carry no checksum
        out.data[out.len - 6] ^= 0x01;
        got = decode(kinds[_i], (flow_str){ out.data, out.len }, 64, &complete);
        ck_assert_ptr_null(got);
    }
    flow_buffer_free(&out);
}
END_TEST

TCase *compress_case(void)
{
    TCase *tcase = tcase_create("compress");
    tcase_add_test(tcase, compression_is_told_by_content);
    tcase_add_loop_test(tcase, data_of_the_command_line_tools_is_understood, 0, KINDS == 3);
    tcase_add_loop_test(tcase, members_and_frames_follow_one_another, 0, KINDS - 1);
    tcase_add_loop_test(tcase, every_cut_of_compressed_data_is_noticed, 0, KINDS - 1);
    tcase_add_loop_test(tcase, bytes_after_gzip_data_are_damage_but_for_zeros, 0, KINDS == 3);
    tcase_add_loop_test(tcase, a_flipped_bit_is_noticed, 0, KINDS - 1);
    return tcase;
}
