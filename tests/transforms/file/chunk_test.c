// SPDX-License-Identifier: Apache-2.0
// Buffers are recycled, bounded, and outlive the source while strings point there.
#include "suite.h"

START_TEST(a_released_chunk_is_used_again)
{
    struct fake_heap heap;
    fake_heap_init(&heap);
    struct fl_pool *pool = fl_pool_new(&heap.allocator, 1, 4096);
    struct fl_chunk *first = fl_chunk_new(pool, 4096);
    const char *data = first->buffer.data;
    fl_chunk_unref(first);
    const size_t calls = heap.calls;
    struct fl_chunk *second = fl_chunk_new(pool, 4096);
    ck_assert_ptr_eq(second->buffer.data, data);
    ck_assert_uint_eq(second->buffer.len, 0);
    ck_assert_uint_eq(heap.calls, calls);
    fl_chunk_unref(second);
    fl_pool_unref(pool);
    ck_assert_uint_eq(heap.live, 0);
}
END_TEST

START_TEST(a_chunk_outlives_the_source_that_made_it)
{
    struct fake_heap heap;
    fake_heap_init(&heap);
    struct fl_pool *pool = fl_pool_new(&heap.allocator, 1, 64);
    struct fl_chunk *chunk = fl_chunk_new(pool, 64);
    fl_pool_unref(pool);
    memset(chunk->buffer.data, 'x', 64);
    ck_assert_uint_gt(heap.live, 0);
    fl_chunk_unref(chunk);
    ck_assert_uint_eq(heap.live, 0);
}
END_TEST

START_TEST(a_huge_chunk_is_given_back_at_once)
{
    struct fake_heap heap;
    fake_heap_init(&heap);
    struct fl_pool *pool = fl_pool_new(&heap.allocator, 1, 64);
    struct fl_chunk *chunk = fl_chunk_new(pool, (size_t)8 << 20);
    fl_chunk_unref(chunk);
    ck_assert_uint_lt(heap.live, 4096);
    fl_pool_unref(pool);
    ck_assert_uint_eq(heap.live, 0);
}
END_TEST

START_TEST(growing_keeps_what_is_in_a_chunk)
{
    struct fake_heap heap;
    fake_heap_init(&heap);
    struct fl_pool *pool = fl_pool_new(&heap.allocator, 1, 64);
    struct fl_chunk *chunk = fl_chunk_new(pool, 64);
    memcpy(chunk->buffer.data, "hello", 5);
    chunk->buffer.len = 5;
    ck_assert(fl_chunk_grow(chunk, 100000));
    ck_assert_uint_eq(chunk->buffer.len, 5);
    ck_assert_uint_ge(chunk->buffer.size, 100000);
    ck_assert_mem_eq(chunk->buffer.data, "hello", 5);
    heap.fail_at = heap.calls + 1;
    ck_assert(!fl_chunk_grow(chunk, 10000000));
    ck_assert_mem_eq(chunk->buffer.data, "hello", 5);
    fl_chunk_unref(chunk);
    fl_pool_unref(pool);
    ck_assert_uint_eq(heap.live, 0);
}
END_TEST

TCase *chunk_case(void)
{
    TCase *tcase = tcase_create("chunk");
    tcase_add_test(tcase, a_released_chunk_is_used_again);
    tcase_add_test(tcase, a_chunk_outlives_the_source_that_made_it);
    tcase_add_test(tcase, a_huge_chunk_is_given_back_at_once);
    tcase_add_test(tcase, growing_keeps_what_is_in_a_chunk);
    return tcase;
}
