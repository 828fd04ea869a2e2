// SPDX-License-Identifier: Apache-2.0
// Memory taken piece by piece and given back all at once.
#include "suite.h"

#include "arena.h"

START_TEST(pieces_are_aligned_and_do_not_overlap)
{
    struct fl_memory_arena arena = { 0 };
    char *last = NULL;
    for (size_t size = 0; size < 300; size++) {
        char *piece = fl_memory_take(&arena, size);
        ck_assert_ptr_nonnull(piece);
        ck_assert_uint_eq((uintptr_t)piece % 8, 0);
        memset(piece, (int)(size & 0x7f), size);
        if (last != NULL && size > 1)
            ck_assert_int_eq(last[size - 2], (char)((size - 1) & 0x7f));
        last = piece;
    }
    fl_memory_fini(&arena);
}
END_TEST

START_TEST(after_a_reset_the_same_memory_is_used_again)
{
    struct fake_heap heap;
    fake_heap_init(&heap);
    struct fl_memory_arena arena = { .allocator = &heap.allocator };
    size_t calls = 0;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 1000; i++)
            ck_assert_ptr_nonnull(fl_memory_take(&arena, 100));
        if (round == 0)
            calls = heap.calls;
        fl_memory_reset(&arena);
    }
    ck_assert_uint_eq(heap.calls, calls);
    fl_memory_fini(&arena);
    ck_assert_uint_eq(heap.live, 0);
}
END_TEST

START_TEST(one_huge_piece_does_not_stay_for_ever)
{
    struct fake_heap heap;
    fake_heap_init(&heap);
    struct fl_memory_arena arena = { .allocator = &heap.allocator };
    ck_assert_ptr_nonnull(fl_memory_take(&arena, 100));
    ck_assert_ptr_nonnull(fl_memory_take(&arena, (size_t)16 << 20));
    fl_memory_reset(&arena);
    ck_assert_uint_lt(heap.live, (size_t)256 << 10);
    fl_memory_fini(&arena);
    ck_assert_uint_eq(heap.live, 0);
}
END_TEST

START_TEST(without_memory_there_is_no_piece)
{
    struct fake_heap heap;
    fake_heap_init(&heap);
    heap.fail_at = 1;
    struct fl_memory_arena arena = { .allocator = &heap.allocator };
    ck_assert_ptr_null(fl_memory_take(&arena, 100));
    ck_assert_ptr_null(fl_memory_take(&arena, SIZE_MAX - 4));
    ck_assert_ptr_nonnull(fl_memory_take(&arena, 100));
    fl_memory_fini(&arena);
    ck_assert_uint_eq(heap.live, 0);
}
END_TEST

TCase *arena_case(void)
{
    TCase *tcase = tcase_create("arena");
    tcase_add_test(tcase, pieces_are_aligned_and_do_not_overlap);
    tcase_add_test(tcase, after_a_reset_the_same_memory_is_used_again);
    tcase_add_test(tcase, one_huge_piece_does_not_stay_for_ever);
    tcase_add_test(tcase, without_memory_there_is_no_piece);
    return tcase;
}
