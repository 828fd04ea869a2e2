// SPDX-License-Identifier: Apache-2.0
// Tests the growing buffer.
#include <flow/text.h>

#include "libflow/base/alloc_probe.h"

TCase *buffer_tests(void);

START_TEST(bytes_come_out_as_they_went_in)
{
    flow_buffer buffer = { .len = 0 };
    for (unsigned i = 0; i < 10000; i++) {
        const unsigned char byte = (unsigned char)(i * 7);
        flow_buffer_put(&buffer, &byte, 1);
    }
    ck_assert_uint_eq(buffer.len, 10000);
    for (unsigned i = 0; i < 10000; i++)
        ck_assert_uint_eq((unsigned char)buffer.data[i], (unsigned char)(i * 7));
    flow_buffer_free(&buffer);
    ck_assert_ptr_null(buffer.data);
    ck_assert_uint_eq(buffer.len, 0);
}
END_TEST

START_TEST(it_grows_geometrically)
{
    struct alloc_probe probe = { 0 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    flow_buffer buffer = { .allocator = &own };
    for (unsigned i = 0; i < 1000000; i++)
        flow_buffer_put(&buffer, "x", 1);
    ck_assert_uint_lt(probe.calls, 20);
    flow_buffer_free(&buffer);
    ck_assert_ptr_eq(buffer.allocator, &own);
    ck_assert_uint_eq(probe.held, 0);
}
END_TEST

START_TEST(printf_appends_texts_of_every_length)
{
    flow_buffer buffer = { .len = 0 };
    size_t expected = 0;
    for (int width = 1; width < 300; width++) {
        flow_buffer_printf(&buffer, "%*d", width, 7);
        expected += (size_t)width;
        ck_assert_uint_eq(buffer.len, expected);
        ck_assert_int_eq(buffer.data[buffer.len - 1], '7');
    }
    flow_buffer_free(&buffer);
}
END_TEST

START_TEST(a_failure_sticks_and_later_bytes_are_not_written)
{
    struct alloc_probe probe = { .fail_from = 2 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    flow_buffer buffer = { .allocator = &own };
    flow_buffer_put(&buffer, "abc", 3);
    ck_assert_ptr_null(flow_buffer_add(&buffer, 1000));
    ck_assert(buffer.failed);
    flow_buffer_put(&buffer, "d", 1);
    flow_buffer_printf(&buffer, "%d", 5);
    ck_assert_ptr_null(flow_buffer_add(&buffer, 0));
    ck_assert_uint_eq(buffer.len, 3);
    ck_assert_mem_eq(buffer.data, "abc", 3);
    flow_buffer_free(&buffer);
    ck_assert(!buffer.failed);
    ck_assert_uint_eq(probe.held, 0);
}
END_TEST

START_TEST(impossible_sizes_fail_without_wrapping)
{
    flow_buffer buffer = { .len = 0 };
    flow_buffer_put(&buffer, "abc", 3);
    ck_assert_ptr_null(flow_buffer_add(&buffer, SIZE_MAX - 1));
    ck_assert(buffer.failed);
    flow_buffer_free(&buffer);
    flow_buffer_free(NULL);
}
END_TEST

START_TEST(nothing_added_to_nothing_is_no_failure)
{
    flow_buffer buffer = { .len = 0 };
    flow_buffer_put(&buffer, NULL, 0);
    ck_assert_ptr_nonnull(flow_buffer_add(&buffer, 0));
    flow_buffer_printf(&buffer, "%s", "");
    ck_assert(!buffer.failed);
    ck_assert_uint_eq(buffer.len, 0);
    flow_buffer_free(&buffer);
}
END_TEST

TCase *buffer_tests(void)
{
    TCase *tests = tcase_create("buffer");
    tcase_add_test(tests, bytes_come_out_as_they_went_in);
    tcase_add_test(tests, it_grows_geometrically);
    tcase_add_test(tests, printf_appends_texts_of_every_length);
    tcase_add_test(tests, a_failure_sticks_and_later_bytes_are_not_written);
    tcase_add_test(tests, impossible_sizes_fail_without_wrapping);
    tcase_add_test(tests, nothing_added_to_nothing_is_no_failure);
    return tests;
}
