// SPDX-License-Identifier: Apache-2.0
// Tests panes and times on Beam's wire.
#include "beam/beam.h"
#include "vector.h"

TCase *wire_tests(void);

static const struct {
    flow_pane pane;
    const char *hex;
} panes[] = {
    { { FLOW_TIMING_UNKNOWN, true, true, false, 0, 0 }, "0f" },
    { { FLOW_TIMING_ON_TIME, true, true, false, 0, 0 }, "07" },
    { { FLOW_TIMING_ON_TIME, false, true, false, 30, 40 }, "261e28" },
    { { FLOW_TIMING_EARLY, true, false, false, 0, -1 }, "1100" },
    { { FLOW_TIMING_EARLY, false, false, false, 300, -1 }, "10ac02" },
    { { FLOW_TIMING_LATE, false, false, false, 2, 2 }, "1802" },
    { { FLOW_TIMING_LATE, false, true, false, 3, 1 }, "2a0301" },
    { { FLOW_TIMING_LATE, false, false, false, UINT32_MAX, INT32_MAX }, "28ffffffff0fffffffff07" },
};

START_TEST(r51_a_pane_is_a_byte_and_the_indexes_that_it_needs)
{
    struct vector_memory memory = { .count = 0 };
    flow_buffer out = { 0 };
    const flow_bytes wanted = vector_bytes(panes[_i].hex, &memory);
    fl_beam_put_pane(&out, &panes[_i].pane);
    ck_assert_uint_eq(out.len, wanted.len);
    ck_assert_mem_eq(out.data, wanted.data, wanted.len);
    struct fl_beam beam = { { out.data, out.len }, NULL, NULL, FLOW_OK };
    const flow_pane back = fl_beam_pane(&beam);
    ck_assert_ptr_null(beam.why);
    ck_assert_int_eq(back.timing, panes[_i].pane.timing);
    ck_assert_int_eq(back.first, panes[_i].pane.first);
    ck_assert_int_eq(back.last, panes[_i].pane.last);
    ck_assert_uint_eq(back.index, panes[_i].pane.index);
    ck_assert_int_eq(back.on_time_index, panes[_i].pane.on_time_index);
    flow_buffer_free(&out);
    vector_memory_free(&memory);
}
END_TEST

START_TEST(r1_times_sort_as_their_bytes)
{
    static const int64_t times[] = { FLOW_TIME_MIN_US, -400000000, -1000, 0, 1000,
        INT64_C(1454293425000000), FLOW_TIME_GLOBAL_END_US, FLOW_TIME_MAX_US };
    char before[8] = { 0 };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        flow_buffer out = { 0 };
        fl_beam_put_time(&out, (flow_time){ times[i] });
        struct fl_beam beam = { { out.data, out.len }, NULL, NULL, FLOW_OK };
        ck_assert_int_eq(fl_beam_time(&beam).us, times[i]);
        ck_assert_int_gt(memcmp(out.data, before, 8), 0);
        memcpy(before, out.data, 8);
        flow_buffer_free(&out);
    }
}
END_TEST

START_TEST(negative_numbers_of_both_kinds_are_read)
{
    struct vector_memory memory = { .count = 0 };
    const int32_t *java = vector_read("int32", "feffffff0f", true, &memory);
    const int32_t *others = vector_read("int32", "feffffffffffffffff01", true, &memory);
    ck_assert_int_eq(*java, -2);
    ck_assert_int_eq(*others, -2);
    vector_memory_free(&memory);
}
END_TEST

TCase *wire_tests(void)
{
    TCase *tests = tcase_create("wire");
    tcase_add_loop_test(tests, r51_a_pane_is_a_byte_and_the_indexes_that_it_needs, 0,
        (int)(sizeof panes / sizeof panes[0]));
    tcase_add_test(tests, r1_times_sort_as_their_bytes);
    tcase_add_test(tests, negative_numbers_of_both_kinds_are_read);
    return tests;
}
