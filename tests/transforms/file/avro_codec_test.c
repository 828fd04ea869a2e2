// SPDX-License-Identifier: Apache-2.0
// Content of blocks, compressed and back; cut, damaged, and too large.
#include "suite.h"

#include "avro.h"

static flow_compression unpacked_by(flow_compression codec)
{
    return codec == FLOW_COMPRESSION_GZIP ? FL_COMPRESSION_DEFLATE : codec;
}

START_TEST(content_comes_back_and_damage_is_told)
{
    const flow_compression codec = kinds[_i];
    flow_buffer text = { 0 }, packed = { 0 }, back = { 0 };
    const char *problem;
    for (int i = 0; i < 5000; i++)
        flow_buffer_printf(&text, "row %d ", i);
    ck_assert_int_eq(fl_avro_pack(codec, (flow_str){ text.data, text.len }, &packed), FLOW_OK);
    const flow_str whole = { packed.data, packed.len };
    ck_assert_int_eq(fl_avro_unpack(unpacked_by(codec), whole, 1 << 20, &back, &problem), FLOW_OK);
    ck_assert_uint_eq(back.len, text.len);
    ck_assert_mem_eq(back.data, text.data, text.len);
    back.len = 0;
    ck_assert_int_eq(
        fl_avro_unpack(unpacked_by(codec), whole, 1000, &back, &problem), FLOW_DAMAGED);
    ck_assert_ptr_nonnull(strstr(problem, "expansion_max"));
    for (size_t len = 1; len < packed.len; len += 97) {
        back.len = 0;
        ck_assert_int_eq(fl_avro_unpack(unpacked_by(codec), (flow_str){ packed.data, len }, 1 << 20,
                             &back, &problem),
            FLOW_DAMAGED);
        ck_assert_ptr_nonnull(problem);
    }
    if (codec != FLOW_COMPRESSION_GZIP) { // deflate alone has no check sum
        packed.data[packed.len / 2] ^= 1;
        back.len = 0;
        ck_assert_int_eq(
            fl_avro_unpack(unpacked_by(codec), whole, 1 << 20, &back, &problem), FLOW_DAMAGED);
    }
    flow_buffer_free(&text);
    flow_buffer_free(&packed);
    flow_buffer_free(&back);
}
END_TEST

TCase *avro_codec_case(void)
{
    TCase *tcase = tcase_create("avro_codec");
    tcase_add_loop_test(tcase, content_comes_back_and_damage_is_told, 1, KINDS);
    return tcase;
}
