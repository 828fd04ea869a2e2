// SPDX-License-Identifier: Apache-2.0
// gzip: data of the command line tool, and what may follow it.
#include "suite.h"

#include <stdlib.h>

#if FL_HAVE_GZIP
// What `printf 'hello\n' | gzip -n` writes.
static const unsigned char gzip_hello[] = { 0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 0x02, 0x00, 0x20, 0x30, 0x3a, 0x36, 0x06, 0x00, 0x00,
    0x00 };

START_TEST(data_of_gzip_is_understood)
{
    check_decoded(FLOW_COMPRESSION_GZIP, gzip_hello, sizeof gzip_hello, "hello\n");
}
END_TEST

START_TEST(bytes_after_gzip_data_are_damage_but_for_zeros)
{
    bool complete = false;
    flow_buffer out = { 0 };
    flow_buffer_put(&out, gzip_hello, sizeof gzip_hello);
    flow_buffer_put(&out, "\0\0\0\0", 4);
    char *text = decoded(FLOW_COMPRESSION_GZIP, (flow_str){ out.data, out.len }, 64, &complete);
    ck_assert_str_eq(text, "hello\n");
    ck_assert(complete);
    free(text);
    flow_buffer_put(&out, "x", 1);
    text = decoded(FLOW_COMPRESSION_GZIP, (flow_str){ out.data, out.len }, 64, &complete);
    ck_assert_ptr_null(text);
    flow_buffer_free(&out);
}
END_TEST

#endif

TCase *gzip_case(void)
{
    TCase *tcase = tcase_create("gzip");
#if FL_HAVE_GZIP
    tcase_add_test(tcase, data_of_gzip_is_understood);
    tcase_add_test(tcase, bytes_after_gzip_data_are_damage_but_for_zeros);
#endif
    return tcase;
}
