// SPDX-License-Identifier: Apache-2.0
// bzip2: data of the command line tool, and what may follow it.
#include "suite.h"

#if FL_HAVE_BZIP2
// What `printf 'hello\n' | bzip2` writes, and `bzip2 </dev/null`.
static const unsigned char bzip2_hello[] = { 0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53,
    0x59, 0xc1, 0xc0, 0x80, 0xe2, 0x00, 0x00, 0x01, 0x41, 0x00, 0x00, 0x10, 0x02, 0x44, 0xa0, 0x00,
    0x30, 0xcd, 0x00, 0xc3, 0x46, 0x29, 0x97, 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, 0xc1, 0xc0, 0x80,
    0xe2 };
static const unsigned char bzip2_nothing[] = { 0x42, 0x5a, 0x68, 0x39, 0x17, 0x72, 0x45, 0x38, 0x50,
    0x90, 0x00, 0x00, 0x00, 0x00 };

START_TEST(data_of_bzip2_is_understood)
{
    check_decoded(FLOW_COMPRESSION_BZIP2, bzip2_hello, sizeof bzip2_hello, "hello\n");
    check_decoded(FLOW_COMPRESSION_BZIP2, bzip2_nothing, sizeof bzip2_nothing, "");
}
END_TEST

START_TEST(bytes_after_bzip2_data_are_damage)
{
    bool complete = false;
    flow_buffer out = { 0 };
    flow_buffer_put(&out, bzip2_hello, sizeof bzip2_hello);
    flow_buffer_put(&out, "x", 1);
    ck_assert_ptr_null(
        decoded(FLOW_COMPRESSION_BZIP2, (flow_str){ out.data, out.len }, 64, &complete));
    flow_buffer_free(&out);
}
END_TEST
#endif

TCase *bzip2_case(void)
{
    TCase *tcase = tcase_create("bzip2");
#if FL_HAVE_BZIP2
    tcase_add_test(tcase, data_of_bzip2_is_understood);
    tcase_add_test(tcase, bytes_after_bzip2_data_are_damage);
#endif
    return tcase;
}
