// SPDX-License-Identifier: Apache-2.0
// Lanes: a bundle's text moves into a file without a name and is gone with the bundle.
#include "suite.h"

#include "lane.h"

#include <unistd.h>

START_TEST(a_lane_spills_and_forgets)
{
    struct fake_heap heap;
    flow_error error = { 0 };
    char back[16] = "";
    fake_heap_init(&heap);
    fake_folder();
    struct fl_output output = { .step = "test/write", .path = (char *)(uintptr_t)fake_path("out") };
    struct fl_lane *lanes = fl_lanes_new(2, &heap.allocator);
    ck_assert_int_eq(lanes[1].spill, -1);
    flow_buffer_put(&lanes[1].text, "one\n", 4);
    ck_assert_int_eq(fl_lane_spill(&lanes[1], &output, &error), FLOW_OK);
    flow_buffer_put(&lanes[1].text, "two\n", 4);
    ck_assert_int_eq(fl_lane_spill(&lanes[1], &output, &error), FLOW_OK);
    ck_assert_uint_eq(lanes[1].spilled, 8);
    ck_assert_uint_eq(lanes[1].text.len, 0);
    ck_assert_int_eq((int)pread(lanes[1].spill, back, 8, 0), 8);
    ck_assert_str_eq(back, "one\ntwo\n");
    ck_assert_uint_eq(fake_files(), 0); // it has no name
    fl_lane_forget(&lanes[1]);
    ck_assert_int_eq(lanes[1].spill, -1);
    ck_assert_uint_eq(lanes[1].spilled, 0);
    fl_lanes_free(lanes, 2);
    ck_assert_uint_eq(heap.live, 0);
    fake_folder_remove();
}
END_TEST

START_TEST(a_folder_that_is_gone_is_told)
{
    static const flow_allocator none = { 0 };
    flow_error error = { 0 };
    struct fl_output output = { .step = "test/write", .path = (char *)(uintptr_t) "/none/out" };
    struct fl_lane *lanes = fl_lanes_new(1, &none);
    ck_assert_int_eq(fl_lane_spill(&lanes[0], &output, &error), FLOW_IO);
    ck_assert_ptr_nonnull(strstr(error.message, "/none/out: no file for the rows"));
    fl_lanes_free(lanes, 1);
}
END_TEST

TCase *lane_case(void)
{
    TCase *tcase = tcase_create("lane");
    tcase_add_test(tcase, a_lane_spills_and_forgets);
    tcase_add_test(tcase, a_folder_that_is_gone_is_told);
    return tcase;
}
