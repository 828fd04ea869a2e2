// SPDX-License-Identifier: Apache-2.0
// snappy in frames: data of another implementation, chunks that cannot be.
#include "suite.h"

#if FL_HAVE_SNAPPY
// What the snap crate of Rust writes (cramjam 2.14): "hello", and twenty times "spike ".
static const unsigned char snappy_hello[] = { 0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70,
    0x59, 0x01, 0x0a, 0x00, 0x00, 0x53, 0x55, 0xff, 0x53, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x0a };
static const unsigned char snappy_spikes[] = { 0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70,
    0x59, 0x00, 0x14, 0x00, 0x00, 0xda, 0x4c, 0x46, 0x4d, 0x79, 0x14, 0x73, 0x70, 0x69, 0x6b, 0x65,
    0x20, 0xfe, 0x06, 0x00, 0xc6, 0x06, 0x00, 0x00, 0x0a };

START_TEST(data_of_the_snap_crate_is_understood)
{
    check_decoded(FLOW_COMPRESSION_SNAPPY, snappy_hello, sizeof snappy_hello, "hello\n");
    check_decoded(FLOW_COMPRESSION_SNAPPY, snappy_spikes, sizeof snappy_spikes,
        "spike spike spike spike spike spike spike spike spike spike "
        "spike spike spike spike spike spike spike spike spike spike \n");
}
END_TEST

static const struct {
    const char *bytes;
    size_t len;
    const char *problem; // NULL: good
} chunks[] = {
    { "\x00\x05\x00\x00....x", 9, "does not begin with a stream identifier" },
    { "\xff\x06\x00\x00sNaPpX", 10, "does not begin with a stream identifier" },
    { "\xff\x06\x00\x00sNaPpY\x02\x01\x00\x00.", 15, "of a kind that is not known" },
    { "\xff\x06\x00\x00sNaPpY\x01\x03\x00\x00...", 17, "a length that cannot be" },
    { "\xff\x06\x00\x00sNaPpY\x01\xff\xff\xff", 14, "a length that cannot be" },
    { "\xff\x06\x00\x00sNaPpY\x01\x05\x00\x00....x", 19, "a check sum is wrong" },
    { "\xff\x06\x00\x00sNaPpY\x00\x05\x00\x00....x", 19, "its snappy data is damaged" },
    { "\xff\x06\x00\x00sNaPpY\x80\x02\x00\x00..\xfe\x00\x00\x00\xff\x06\x00\x00sNaPpY", 30, NULL },
};

START_TEST(a_snappy_chunk_that_cannot_be_is_told_and_paddings_are_passed_over)
{
    static const flow_allocator none = { 0 };
    struct fl_decoder *decoder = fl_decoder_new(FLOW_COMPRESSION_SNAPPY, &none);
    char out[64];
    struct fl_span span = { chunks[_i].bytes, chunks[_i].len, out, sizeof out };
    ck_assert(fl_decoder_run(decoder, &span) == (chunks[_i].problem == NULL));
    if (chunks[_i].problem)
        ck_assert_ptr_nonnull(strstr(fl_decoder_problem(decoder), chunks[_i].problem));
    else
        ck_assert(fl_decoder_complete(decoder) && span.in_len == 0 && span.out_len == sizeof out);
    fl_decoder_free(decoder);
}
END_TEST

#endif

TCase *snappy_case(void)
{
    TCase *tcase = tcase_create("snappy");
#if FL_HAVE_SNAPPY
    tcase_add_test(tcase, data_of_the_snap_crate_is_understood);
    tcase_add_loop_test(tcase, a_snappy_chunk_that_cannot_be_is_told_and_paddings_are_passed_over,
        0, sizeof chunks / sizeof chunks[0]);
#endif
    return tcase;
}
