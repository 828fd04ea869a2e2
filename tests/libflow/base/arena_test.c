// SPDX-License-Identifier: Apache-2.0
// Tests the bump arena.
#include "base/arena.h"

#include "libflow/base/alloc_probe.h"

TCase *arena_tests(void);

START_TEST(pieces_are_aligned_and_do_not_overlap)
{
    fl_arena arena;
    unsigned char *pieces[200];
    fl_arena_init(&arena, NULL, 256);
    for (size_t i = 0; i < 200; i++) {
        const size_t align = (size_t)1 << (i % 8);
        pieces[i] = fl_arena_alloc(&arena, i, align);
        ck_assert_ptr_nonnull(pieces[i]);
        ck_assert_uint_eq((uintptr_t)pieces[i] % align, 0);
        memset(pieces[i], (int)i, i);
    }
    for (size_t i = 0; i < 200; i++) {
        for (size_t at = 0; at < i; at++)
            ck_assert_uint_eq(pieces[i][at], i);
    }
    fl_arena_fini(&arena);
}
END_TEST

START_TEST(a_zeroed_arena_works)
{
    fl_arena arena = { .block_size = 0 };
    const unsigned char *zeros = fl_arena_calloc(&arena, 100, 8);
    for (size_t i = 0; i < 100; i++)
        ck_assert_uint_eq(zeros[i], 0);
    fl_arena_fini(&arena);
    ck_assert_uint_eq(arena.held, 0);
}
END_TEST

START_TEST(texts_are_terminated_copies)
{
    fl_arena arena = { .block_size = 0 };
    char text[] = "shop";
    const char *copy = fl_arena_text(&arena, flow_str_of(text));
    text[0] = 'c';
    ck_assert_str_eq(copy, "shop");
    ck_assert_str_eq(fl_arena_text(&arena, (flow_str){ NULL, 0 }), "");
    fl_arena_fini(&arena);
}
END_TEST

START_TEST(large_pieces_get_blocks_of_their_own)
{
    struct alloc_probe probe = { 0 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    fl_arena arena;
    fl_arena_init(&arena, &own, 128);
    char *large = fl_arena_alloc(&arena, 100000, 64);
    memset(large, 7, 100000);
    ck_assert_uint_eq((uintptr_t)large % 64, 0);
    ck_assert_uint_eq(arena.held, probe.held);
    fl_arena_fini(&arena);
    ck_assert_uint_eq(probe.held, 0);
}
END_TEST

START_TEST(reset_keeps_one_block_and_uses_it_again)
{
    struct alloc_probe probe = { 0 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    fl_arena arena;
    fl_arena_init(&arena, &own, 1024);
    for (size_t i = 0; i < 100; i++)
        fl_arena_alloc(&arena, 100, 8);
    fl_arena_reset(&arena);
    const size_t calls = probe.calls;
    ck_assert_ptr_nonnull(fl_arena_alloc(&arena, 900, 8));
    ck_assert_uint_eq(probe.calls, calls);
    fl_arena_fini(&arena);
    ck_assert_uint_eq(probe.held, 0);
    fl_arena_reset(&arena);
    fl_arena_fini(&arena);
    fl_arena_fini(NULL);
}
END_TEST

START_TEST(blocks_grow_so_that_few_are_needed)
{
    struct alloc_probe probe = { 0 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    fl_arena arena;
    fl_arena_init(&arena, &own, 0);
    for (size_t i = 0; i < 100000; i++)
        ck_assert_ptr_nonnull(fl_arena_alloc(&arena, 40, 8));
    ck_assert_uint_lt(probe.calls, 20);
    fl_arena_fini(&arena);
}
END_TEST

START_TEST(without_memory_it_gives_null_and_stays_usable)
{
    struct alloc_probe probe = { .fail_from = 2 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    fl_arena arena;
    fl_arena_init(&arena, &own, 256);
    ck_assert_ptr_nonnull(fl_arena_alloc(&arena, 100, 8));
    ck_assert_ptr_null(fl_arena_alloc(&arena, 1000, 8));
    ck_assert_ptr_null(fl_arena_calloc(&arena, 1000, 8));
    ck_assert_ptr_null(fl_arena_alloc(&arena, SIZE_MAX - 4, 8));
    ck_assert_ptr_null(fl_arena_text(&arena, (flow_str){ "x", SIZE_MAX }));
    ck_assert_ptr_nonnull(fl_arena_alloc(&arena, 50, 8));
    fl_arena_fini(&arena);
    ck_assert_uint_eq(probe.held, 0);
}
END_TEST

TCase *arena_tests(void)
{
    TCase *tests = tcase_create("arena");
    tcase_add_test(tests, pieces_are_aligned_and_do_not_overlap);
    tcase_add_test(tests, a_zeroed_arena_works);
    tcase_add_test(tests, texts_are_terminated_copies);
    tcase_add_test(tests, large_pieces_get_blocks_of_their_own);
    tcase_add_test(tests, reset_keeps_one_block_and_uses_it_again);
    tcase_add_test(tests, blocks_grow_so_that_few_are_needed);
    tcase_add_test(tests, without_memory_it_gives_null_and_stays_usable);
    return tests;
}
