// SPDX-License-Identifier: Apache-2.0
// zstd: data of the command line tool.
#include "suite.h"

#if FL_HAVE_ZSTD
// What `printf 'hello\n' | zstd` writes.
static const unsigned char zstd_hello[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x31, 0x00, 0x00,
    0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x0a, 0x53, 0x88, 0xbd, 0x91 };

START_TEST(data_of_zstd_is_understood)
{
    check_decoded(FLOW_COMPRESSION_ZSTD, zstd_hello, sizeof zstd_hello, "hello\n");
}
END_TEST
#endif

TCase *zstd_case(void)
{
    TCase *tcase = tcase_create("zstd");
#if FL_HAVE_ZSTD
    tcase_add_test(tcase, data_of_zstd_is_understood);
#endif
    return tcase;
}
