// SPDX-License-Identifier: Apache-2.0
// Tests memory through the caller's allocator.
#include "base/alloc.h"

#include "libflow/base/alloc_probe.h"

TCase *alloc_tests(void);

START_TEST(no_allocator_and_a_zeroed_one_are_the_c_library)
{
    const flow_allocator zeroed = { NULL, NULL, NULL };
    const flow_allocator *both[] = { NULL, &zeroed };
    for (size_t i = 0; i < 2; i++) {
        char *memory = fl_alloc(both[i], 100, 8);
        memset(memory, 1, 100);
        memory = fl_realloc(both[i], memory, 100, 5000, 8);
        ck_assert_int_eq(memory[99], 1);
        fl_free(both[i], memory, 5000);
    }
}
END_TEST

START_TEST(large_alignments_are_kept)
{
    struct alloc_probe probe = { 0 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    for (size_t align = 1; align <= 4096; align *= 2) {
        void *libc = fl_alloc(NULL, 33, align), *ours = fl_calloc(&own, 33, align);
        ck_assert_uint_eq((uintptr_t)libc % align, 0);
        ck_assert_uint_eq((uintptr_t)ours % align, 0);
        fl_free(NULL, libc, 33);
        fl_free(&own, ours, 33);
    }
    ck_assert_uint_eq(probe.held, 0);
}
END_TEST

START_TEST(calloc_gives_zeros)
{
    struct alloc_probe probe = { 0 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    const flow_allocator *all[] = { NULL, &own };
    for (size_t i = 0; i < 2; i++) {
        unsigned char *memory = fl_calloc(all[i], 64, 64);
        for (size_t at = 0; at < 64; at++)
            ck_assert_uint_eq(memory[at], 0);
        fl_free(all[i], memory, 64);
    }
}
END_TEST

START_TEST(the_callers_allocator_gets_back_what_it_gave)
{
    struct alloc_probe probe = { 0 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    char *memory = fl_alloc(&own, 10, 1);
    memcpy(memory, "0123456789", 10);
    memory = fl_realloc(&own, memory, 10, 1000, 1);
    ck_assert_mem_eq(memory, "0123456789", 10);
    ck_assert_uint_eq(probe.held, 1000);
    memory = fl_realloc(&own, memory, 1000, 4, 1);
    ck_assert_mem_eq(memory, "0123", 4);
    fl_free(&own, memory, 4);
    fl_free(&own, NULL, 7);
    void *nothing = fl_alloc(&own, 0, 1);
    ck_assert_ptr_nonnull(nothing);
    fl_free(&own, nothing, 0);
    ck_assert_uint_eq(probe.held, 0);
}
END_TEST

START_TEST(a_failed_growth_keeps_the_old_block)
{
    struct alloc_probe probe = { .fail_from = 2 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    char *memory = fl_alloc(&own, 3, 1);
    memcpy(memory, "abc", 3);
    ck_assert_ptr_null(fl_realloc(&own, memory, 3, 30, 1));
    ck_assert_mem_eq(memory, "abc", 3);
    ck_assert_ptr_null(fl_calloc(&own, 8, 8));
    fl_free(&own, memory, 3);
    ck_assert_uint_eq(probe.held, 0);
}
END_TEST

TCase *alloc_tests(void)
{
    TCase *tests = tcase_create("alloc");
    tcase_add_test(tests, no_allocator_and_a_zeroed_one_are_the_c_library);
    tcase_add_test(tests, large_alignments_are_kept);
    tcase_add_test(tests, calloc_gives_zeros);
    tcase_add_test(tests, the_callers_allocator_gets_back_what_it_gave);
    tcase_add_test(tests, a_failed_growth_keeps_the_old_block);
    return tests;
}
