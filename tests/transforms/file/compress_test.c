// SPDX-License-Identifier: Apache-2.0
// Kinds of compression by content, in pieces of any size.
#include "suite.h"

#include <stdlib.h>

START_TEST(compression_is_told_by_content)
{
    ck_assert_int_eq(fl_compression_of("\x1f\x8b", 2), FLOW_COMPRESSION_GZIP);
    ck_assert_int_eq(fl_compression_of("\x28\xb5\x2f\xfd", 4), FLOW_COMPRESSION_ZSTD);
    ck_assert_int_eq(fl_compression_of("\x50\x2a\x4d\x18", 4), FLOW_COMPRESSION_ZSTD);
    ck_assert_int_eq(fl_compression_of("{\"id\"", 4), FLOW_COMPRESSION_NONE);
    ck_assert_int_eq(fl_compression_of("BZh91AY&SY", 10), FLOW_COMPRESSION_BZIP2);
    ck_assert_int_eq(fl_compression_of("BZh9\x17\x72\x45\x38\x50\x90", 10), FLOW_COMPRESSION_BZIP2);
    ck_assert_int_eq(fl_compression_of("BZh1,2,3,4,5", 12), FLOW_COMPRESSION_NONE);
    ck_assert_int_eq(fl_compression_of("\xff\x06\0\0sNaPpY", 10), FLOW_COMPRESSION_SNAPPY);
    ck_assert_int_eq(fl_compression_of("\x1f", 1), FLOW_COMPRESSION_NONE);
    ck_assert(fl_compression_undecided("", 0));
    ck_assert(fl_compression_undecided("BZh91AY&S", 9));
    ck_assert(!fl_compression_undecided("BZ1", 3));
    ck_assert(!fl_compression_undecided("\x1f\x8b", 2));
    ck_assert_int_eq(fl_compression_of("", 0), FLOW_COMPRESSION_NONE);
}
END_TEST

START_TEST(members_and_frames_follow_one_another)
{
    static const size_t steps[] = { 1, 7, 64, 4096 };
    flow_buffer both = { 0 };
    ck_assert_int_eq(fl_compress(kinds[1 + _i], flow_str_of("one\n"), &both), FLOW_OK);
    ck_assert_int_eq(fl_compress(kinds[1 + _i], flow_str_of(""), &both), FLOW_OK);
    ck_assert_int_eq(fl_compress(kinds[1 + _i], flow_str_of("two\n"), &both), FLOW_OK);
    for (size_t s = 0; s < 4; s++) {
        bool complete = false;
        char *text = decoded(kinds[1 + _i], (flow_str){ both.data, both.len }, steps[s], &complete);
        ck_assert_str_eq(text, "one\ntwo\n");
        ck_assert(complete);
        free(text);
    }
    flow_buffer_free(&both);
}
END_TEST

START_TEST(every_cut_of_compressed_data_is_noticed)
{
    flow_buffer out = { 0 };
    ck_assert_int_eq(fl_compress(kinds[1 + _i], flow_str_of("some text to cut\n"), &out), FLOW_OK);
    for (size_t len = 1; len < out.len; len++) {
        bool complete = false;
        char *text = decoded(kinds[1 + _i], (flow_str){ out.data, len }, 64, &complete);
        // A snappy file may end after each chunk, its identifier too.
        const bool allowed = kinds[1 + _i] == FLOW_COMPRESSION_SNAPPY && len == 10;
        ck_assert(text == NULL || complete == allowed);
        free(text);
    }
    flow_buffer_free(&out);
}
END_TEST

START_TEST(a_flipped_bit_is_noticed)
{
    flow_buffer out = { 0 };
    bool complete = false;
    const char *text = "a text that is long enough to be damaged in its middle, in its middle\n";
    ck_assert_int_eq(fl_compress(kinds[1 + _i], flow_str_of(text), &out), FLOW_OK);
    out.data[0] ^= 0x40;
    char *got = decoded(kinds[1 + _i], (flow_str){ out.data, out.len }, 64, &complete);
    ck_assert_ptr_null(got);
    out.data[0] ^= 0x40;
    out.data[out.len - 6] ^= 0x01;
    got = decoded(kinds[1 + _i], (flow_str){ out.data, out.len }, 64, &complete);
    ck_assert_ptr_null(got);
    flow_buffer_free(&out);
}
END_TEST

TCase *compress_case(void)
{
    TCase *tcase = tcase_create("compress");
    tcase_add_test(tcase, compression_is_told_by_content);
    tcase_add_loop_test(tcase, members_and_frames_follow_one_another, 0, KINDS - 1);
    tcase_add_loop_test(tcase, every_cut_of_compressed_data_is_noticed, 0, KINDS - 1);
    tcase_add_loop_test(tcase, a_flipped_bit_is_noticed, 0, KINDS - 1);
    return tcase;
}
