// SPDX-License-Identifier: Apache-2.0
// Pane info as bytes (R51).
#include <check.h>
#include <stdlib.h>

#include <flow/runner.h>

TCase *pane_tests(void);

// Bytes as Beam's coder gives them.
static const struct {
    flow_pane pane;
    size_t len;
    unsigned char bytes[FLOW_PANE_BYTES];
} table[] = {
    { { FLOW_TIMING_UNKNOWN, true, true, false, 0, 0 }, 1, { 0x0F } }, // no firing yet
    { { FLOW_TIMING_ON_TIME, true, false, false, 0, 0 }, 1, { 0x05 } },
    { { FLOW_TIMING_ON_TIME, true, true, false, 0, 0 }, 1, { 0x07 } },
    { { FLOW_TIMING_EARLY, true, false, false, 0, -1 }, 2, { 0x11, 0 } },
    { { FLOW_TIMING_EARLY, false, false, false, 300, -1 }, 3, { 0x10, 0xAC, 0x02 } },
    { { FLOW_TIMING_LATE, false, false, false, 2, 2 }, 2, { 0x18, 2 } },
    { { FLOW_TIMING_ON_TIME, false, false, false, 5, 0 }, 3, { 0x24, 5, 0 } },
    { { FLOW_TIMING_LATE, false, true, false, 130, 7 }, 4, { 0x2A, 0x82, 0x01, 7 } },
};

START_TEST(r51_panes_are_written_as_beam_writes_them_and_read_back)
{
    unsigned char bytes[FLOW_PANE_BYTES];
    const flow_pane *pane = &table[_i].pane;
    ck_assert_uint_eq(flow_pane_write(pane, bytes), table[_i].len);
    ck_assert_mem_eq(bytes, table[_i].bytes, table[_i].len);
    flow_pane back = { FLOW_TIMING_EARLY, false, false, false, 9, 9 };
    flow_bytes rest = { table[_i].bytes, table[_i].len };
    ck_assert(flow_pane_read(&rest, &back));
    ck_assert_uint_eq(rest.len, 0);
    ck_assert_int_eq(back.timing, pane->timing);
    ck_assert_int_eq(back.first, pane->first);
    ck_assert_int_eq(back.last, pane->last);
    ck_assert_uint_eq(back.index, pane->index);
    ck_assert_int_eq(back.on_time_index, pane->on_time_index);
}
END_TEST

START_TEST(r51_an_early_pane_has_no_on_time_index_in_any_form)
{
    const unsigned char bytes[] = { 0x01 };
    flow_bytes rest = { bytes, 1 };
    flow_pane pane;
    ck_assert(flow_pane_read(&rest, &pane));
    ck_assert_int_eq(pane.timing, FLOW_TIMING_EARLY);
    ck_assert_int_eq(pane.on_time_index, -1);
}
END_TEST

START_TEST(r51_the_largest_indexes_fit)
{
    unsigned char bytes[FLOW_PANE_BYTES];
    const flow_pane pane = { FLOW_TIMING_LATE, false, false, false, UINT32_MAX, INT32_MAX };
    flow_bytes rest = { bytes, flow_pane_write(&pane, bytes) };
    flow_pane back;
    ck_assert_uint_le(rest.len, sizeof bytes);
    ck_assert(flow_pane_read(&rest, &back));
    ck_assert_uint_eq(back.index, UINT32_MAX);
    ck_assert_int_eq(back.on_time_index, INT32_MAX);
}
END_TEST

static const struct {
    size_t len;
    unsigned char bytes[14];
} damaged[] = {
    { 0, { 0 } },
    { 1, { 0x30 } },                                     // no form
    { 3, { 0x20, 3, 3 } },                               // early, and on time
    { 2, { 0x1C, 5 } },                                  // no firing, and an index
    { 1, { 0x11 } },                                     // its index is missing
    { 2, { 0x24, 5 } },                                  // the second is
    { 2, { 0x11, 0x80 } },                               // cut off
    { 7, { 0x11, 0x80, 0x80, 0x80, 0x80, 0x10, 0 } },    // too large
    { 8, { 0x24, 0, 0x80, 0x80, 0x80, 0x80, 0x08, 0 } }, // too large
    { 12, { 0x11, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0 } },
};

START_TEST(r51_bytes_that_are_no_pane_are_refused)
{
    unsigned char *copy = malloc(damaged[_i].len ? damaged[_i].len : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, damaged[_i].bytes, damaged[_i].len);
    flow_bytes rest = { copy, damaged[_i].len };
    flow_pane pane = { .index = 77 };
    ck_assert(!flow_pane_read(&rest, &pane));
    ck_assert_uint_eq(pane.index, 77);
    ck_assert_uint_eq(rest.len, damaged[_i].len);
    free(copy);
}
END_TEST

TCase *pane_tests(void)
{
    TCase *tests = tcase_create("pane");
    tcase_add_loop_test(tests, r51_panes_are_written_as_beam_writes_them_and_read_back, 0,
        (int)(sizeof table / sizeof table[0]));
    tcase_add_test(tests, r51_an_early_pane_has_no_on_time_index_in_any_form);
    tcase_add_test(tests, r51_the_largest_indexes_fit);
    tcase_add_loop_test(tests, r51_bytes_that_are_no_pane_are_refused, 0,
        (int)(sizeof damaged / sizeof damaged[0]));
    return tests;
}
