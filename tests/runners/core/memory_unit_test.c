// SPDX-License-Identifier: Apache-2.0
// Slabs and blocks: sizes, alignment, one budget, recycling across caches and threads.
#include <pthread.h>

#include "core_unit.h"

START_TEST(block_size_is_a_class_or_an_eighth_of_an_octave)
{
    static const size_t table[][2] = { { 0, 4096 }, { 1, 4096 }, { 4096, 4096 }, { 4097, 8192 },
        { 16384, 16384 }, { 65537, 131072 }, { 131072, 131072 }, { 131073, 147456 },
        { 1 << 20, 1 << 20 } };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        ck_assert_uint_eq(fl_block_size(table[i][0]), table[i][1]);
}
END_TEST

START_TEST(blocks_are_aligned_and_apart)
{
    struct bench bench;
    enum {
        BLOCKS = 400
    };
    static unsigned char *blocks[BLOCKS];
    static size_t sizes[BLOCKS];
    uint64_t random = 1;
    bench_init(&bench, UINT64_C(128) << 20);
    for (int i = 0; i < BLOCKS; i++) {
        sizes[i] = (size_t)(next_random(&random) % (UINT64_C(1) << (8 + i % 11)));
        blocks[i] = fl_take(&bench.cache, sizes[i]);
        ck_assert_ptr_nonnull(blocks[i]);
        ck_assert_uint_eq((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], i & 0xff, fl_block_size(sizes[i]));
    }
    for (int i = 0; i < BLOCKS; i++) {
        const size_t size = fl_block_size(sizes[i]);
        ck_assert_uint_eq(blocks[i][0], i & 0xff);
        ck_assert_int_eq(memcmp(blocks[i], blocks[i] + 1, size - 1), 0);
        fl_give(&bench.cache, blocks[i], sizes[i]);
    }
    bench_fini(&bench);
}
END_TEST

START_TEST(blocks_of_the_system_are_aligned_too)
{
    struct fl_pool pool;
    struct fl_cache cache;
    fl_pool_init(&pool, NULL, UINT64_C(16) << 20);
    fl_cache_init(&cache, &pool);
    void *small = fl_take(&cache, 100);
    void *large = fl_take(&cache, (size_t)3 << 20);
    ck_assert_uint_eq((uintptr_t)small % 64, 0);
    ck_assert_uint_eq((uintptr_t)large % 64, 0);
    memset(large, 1, (size_t)3 << 20);
    fl_give(&cache, small, 100);
    fl_give(&cache, large, (size_t)3 << 20);
    fl_cache_empty(&cache);
    fl_pool_fini(&pool);
    ck_assert_uint_eq(pool.held, 0);
}
END_TEST

START_TEST(budget_is_never_passed)
{
    static const size_t sizes[] = { 1, 5000, 30000, 131072, 200000, 1 << 20 };
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        struct bench bench;
        bench_init(&bench, UINT64_C(5) << 20);
        uint64_t taken = 0;
        void *last = NULL, **block;
        while ((block = fl_take(&bench.cache, sizes[s])) != NULL) {
            *block = last;
            last = block;
            taken += fl_block_size(sizes[s]);
            ck_assert_uint_le(bench.pool.held, UINT64_C(5) << 20);
            ck_assert_uint_eq(bench_used(&bench), taken);
        }
        ck_assert_uint_ge(taken, UINT64_C(3) << 20);
        block = last;
        last = *block;
        fl_give(&bench.cache, block, sizes[s]);
        block = fl_take(&bench.cache, sizes[s]);
        ck_assert_ptr_nonnull(block);
        fl_give(&bench.cache, block, sizes[s]);
        while ((block = last) != NULL) {
            last = *block;
            fl_give(&bench.cache, block, sizes[s]);
        }
        bench_fini(&bench);
    }
}
END_TEST

START_TEST(no_memory_is_null_and_counts_nothing)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(8) << 20);
    bench.refuse = true;
    ck_assert_ptr_null(fl_take(&bench.cache, 10));
    ck_assert_ptr_null(fl_take(&bench.cache, 1 << 20));
    ck_assert_uint_eq(bench.pool.held, 0);
    ck_assert_uint_eq(bench_used(&bench), 0);
    ck_assert_uint_eq(bench.pool.peak, 0);
    bench.refuse = false;
    fl_give(&bench.cache, fl_take(&bench.cache, 10), 10);
    bench_fini(&bench);
}
END_TEST

START_TEST(recycled_blocks_ask_for_nothing_new)
{
    struct bench bench;
    void *blocks[100];
    bench_init(&bench, UINT64_C(64) << 20);
    uint64_t held = 0;
    for (int round = 0; round < 1000; round++) {
        for (size_t i = 0; i < COUNT_OF(blocks); i++)
            blocks[i] = fl_take(&bench.cache, 1000u << i % 7);
        for (size_t i = 0; i < COUNT_OF(blocks); i++)
            fl_give(&bench.cache, blocks[i], 1000u << i % 7);
        if (round == 0)
            held = bench.pool.held;
        ck_assert_uint_eq(bench.pool.held, held);
    }
    bench_fini(&bench);
}
END_TEST

START_TEST(blocks_given_to_another_cache_come_back)
{
    struct bench bench;
    static void *blocks[400];
    bench_init(&bench, UINT64_C(3) << 20);
    for (int round = 0; round < 100; round++) {
        for (size_t i = 0; i < COUNT_OF(blocks); i++) {
            blocks[i] = fl_take(&bench.cache, 4096);
            ck_assert_ptr_nonnull(blocks[i]);
        }
        for (size_t i = 0; i < COUNT_OF(blocks); i++)
            fl_give(&bench.other, blocks[i], 4096);
    }
    bench_fini(&bench);
}
END_TEST

START_TEST(large_blocks_are_kept_until_their_bytes_are_wanted)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(16) << 20);
    void *large = fl_take(&bench.cache, 3 << 20);
    memset(large, 1, 3 << 20);
    fl_give(&bench.other, large, 3 << 20);
    ck_assert_ptr_eq(fl_take(&bench.cache, 3 << 20), large);
    fl_give(&bench.cache, large, 3 << 20);
    ck_assert_uint_eq(bench.outside, 3 << 20);
    large = fl_take(&bench.cache, 14 << 20); // only fits without the one that is kept
    ck_assert_ptr_nonnull(large);
    ck_assert_uint_eq(bench.outside, 14 << 20);
    fl_give(&bench.cache, large, 14 << 20); // too much of the budget to be kept
    ck_assert_uint_eq(bench.outside, 0);
    bench_fini(&bench);
}
END_TEST

START_TEST(small_blocks_get_what_large_ones_kept)
{
    struct bench bench;
    void *kept[4];
    bench_init(&bench, UINT64_C(4) << 20);
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        kept[i] = fl_take(&bench.cache, 1000000);
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        fl_give(&bench.cache, kept[i], 1000000);
    void *last = NULL;
    for (int i = 0; i < 28; i++) {
        void **next = fl_take(&bench.cache, 131072);
        ck_assert_ptr_nonnull(next);
        *next = last;
        last = next;
    }
    while (last) {
        void *next = *(void **)last;
        fl_give(&bench.cache, last, 131072);
        last = next;
    }
    bench_fini(&bench);
}
END_TEST

// Takes blocks of a size until there are none, marks them, and gives all but every `keep`-th back.
static size_t use_up(struct fl_cache *cache, size_t size, void **kept, size_t keep)
{
    void *last = NULL;
    size_t count = 0, n = 0;
    for (void **block; (block = fl_take(cache, size)) != NULL; count++) {
        memset(block, (int)(count % 251), size);
        *block = last;
        last = block;
    }
    for (size_t i = count; last; i--) {
        void **block = last;
        ck_assert_int_eq(((unsigned char *)block)[size - 1], (int)((i - 1) % 251));
        last = *block;
        if (keep && (i - 1) % keep == 0)
            kept[n++] = block;
        else
            fl_give(cache, block, size);
    }
    return count;
}

START_TEST(blocks_cut_for_one_size_serve_every_other_when_memory_is_scarce)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(4) << 20);
    // two slabs of sixteen chunks, of which the first holds the link
    ck_assert_uint_eq(use_up(&bench.cache, 4096, NULL, 0), 2 * (512 - 1));
    ck_assert_uint_eq(use_up(&bench.cache, 131072, NULL, 0), 30);
    ck_assert_uint_eq(use_up(&bench.cache, 65536, NULL, 0), 60);
    ck_assert_uint_eq(use_up(&bench.cache, 8192, NULL, 0), 480);
    ck_assert_uint_eq(use_up(&bench.cache, 4096, NULL, 0), 2 * (512 - 1));
    ck_assert_uint_le(bench.pool.peak, UINT64_C(4) << 20);
    bench_fini(&bench);
}
END_TEST

START_TEST(chunks_with_a_block_in_use_are_never_cut_again)
{
    struct bench bench;
    void *kept[32];
    bench_init(&bench, UINT64_C(4) << 20);
    // one of 64 blocks of four kilobytes: one in every second chunk
    ck_assert_uint_eq(use_up(&bench.cache, 4096, kept, 64), 2 * (512 - 1));
    for (size_t i = 0; i < 16; i++)
        memset(kept[i], 0xEE, 4096);
    const size_t whole = use_up(&bench.cache, 131072, NULL, 0);
    ck_assert_uint_ge(whole, 14);
    ck_assert_uint_le(whole, 16);
    for (size_t i = 0; i < 16; i++) {
        for (size_t at = 0; at < 4096; at++)
            ck_assert_int_eq(((const unsigned char *)kept[i])[at], 0xEE);
        fl_give(&bench.cache, kept[i], 4096);
    }
    ck_assert_uint_eq(use_up(&bench.cache, 131072, NULL, 0), 30);
    bench_fini(&bench);
}
END_TEST

START_TEST(a_large_block_is_made_of_chunks_side_by_side_when_all_memory_is_in_slabs)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(4) << 20);
    ck_assert_uint_eq(use_up(&bench.cache, 4096, NULL, 0), 2 * (512 - 1));
    // two chunks each, of the fifteen of a slab that hold no link
    ck_assert_uint_eq(use_up(&bench.cache, 147456, NULL, 0), 14);
    ck_assert_uint_eq(use_up(&bench.cache, 15 * 131072, NULL, 0), 2);
    ck_assert_ptr_null(fl_take(&bench.cache, 16 * 131072));
    ck_assert_uint_eq(use_up(&bench.cache, 4096, NULL, 0), 2 * (512 - 1));
    ck_assert_uint_le(bench.pool.peak, UINT64_C(4) << 20);
    bench_fini(&bench);
}
END_TEST

START_TEST(a_large_block_gets_what_is_left_of_a_fresh_slab)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(2) << 20);
    char *small = fl_take(&bench.cache, 65536);
    ck_assert_ptr_nonnull(small);
    memset(small, 0xEE, 65536);
    ck_assert_uint_eq(use_up(&bench.cache, 14 * 131072, NULL, 0), 1);
    ck_assert_uint_eq(use_up(&bench.cache, 131073, NULL, 0), 7);
    for (size_t at = 0; at < 65536; at++)
        ck_assert_int_eq((unsigned char)small[at], 0xEE);
    fl_give(&bench.cache, small, 65536);
    bench_fini(&bench);
}
END_TEST

START_TEST(peak_is_the_most_that_was_held)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(8) << 20);
    void *a = fl_take(&bench.cache, 8192), *b = fl_take(&bench.other, 4096);
    ck_assert_uint_eq(bench.pool.peak, FL_SLAB_SIZE);
    ck_assert_uint_eq(bench_used(&bench), 12288);
    void *large = fl_take(&bench.cache, 3 << 20);
    ck_assert_uint_eq(bench.pool.peak, FL_SLAB_SIZE + (3 << 20));
    fl_give(&bench.cache, large, 3 << 20);
    fl_give(&bench.cache, a, 8192);
    ck_assert_uint_eq(bench_used(&bench), 4096);
    ck_assert_uint_eq(bench.pool.peak, FL_SLAB_SIZE + (3 << 20));
    fl_give(&bench.other, b, 4096);
    bench_fini(&bench);
}
END_TEST

START_TEST(moved_pool_keeps_blocks_budget_and_figures)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(4) << 20);
    char *block = fl_take(&bench.cache, 4096);
    memset(block, 7, 4096);
    fl_cache_empty(&bench.cache);
    struct fl_pool moved;
    fl_pool_move(&moved, &bench.pool);
    struct fl_cache cache;
    fl_cache_init(&cache, &moved);
    ck_assert_uint_eq(moved.held, FL_SLAB_SIZE);
    ck_assert_int_eq(block[4095], 7);
    fl_give(&cache, block, 4096);
    ck_assert_ptr_null(fl_take(&cache, (2 << 20) + 1));
    fl_cache_empty(&cache);
    fl_pool_fini(&moved);
    ck_assert_uint_eq(bench.outside, 0);
}
END_TEST

// Threads that take blocks, hand them to each other by slots, and give what they find there.
enum {
    SLOTS = 256,
    THREADS = 4,
    ROUNDS = 20000
};

struct exchange {
    struct fl_pool *pool;
    _Atomic(unsigned char *) slots[SLOTS];
    _Atomic int torn;
    _Atomic uint32_t seeds;
    _Atomic int64_t used;
};

static size_t size_in_slot(uint64_t slot)
{
    return FL_CLASS_MIN << slot % 3;
}

static void *exchange_main(void *argument)
{
    struct exchange *exchange = argument;
    struct fl_cache cache;
    uint64_t random = atomic_fetch_add(&exchange->seeds, 1);
    fl_cache_init(&cache, exchange->pool);
    for (int i = 0; i < ROUNDS; i++) {
        const uint64_t slot = next_random(&random) % SLOTS;
        const size_t size = size_in_slot(slot);
        unsigned char *block = i < ROUNDS - SLOTS ? fl_take(&cache, size) : NULL;
        if (block) {
            block[0] = (unsigned char)slot;
            block[size - 1] = (unsigned char)slot;
        }
        unsigned char *found = atomic_exchange(&exchange->slots[slot], block);
        if (found && (found[0] != slot || found[size - 1] != slot))
            exchange->torn++;
        fl_give(&cache, found, size);
    }
    exchange->used += cache.used;
    fl_cache_empty(&cache);
    return NULL;
}

START_TEST(threads_can_give_what_others_took)
{
    struct bench bench;
    static struct exchange exchange;
    pthread_t threads[THREADS];
    bench_init(&bench, UINT64_C(16) << 20);
    exchange.pool = &bench.pool;
    for (int t = 0; t < THREADS; t++)
        ck_assert_int_eq(pthread_create(&threads[t], NULL, exchange_main, &exchange), 0);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (uint64_t slot = 0; slot < SLOTS; slot++)
        fl_give(&bench.cache, exchange.slots[slot], size_in_slot(slot));
    ck_assert_int_eq(exchange.torn, 0);
    bench.other.used += exchange.used;
    ck_assert_uint_le(bench.pool.held, UINT64_C(16) << 20);
    bench_fini(&bench);
}
END_TEST

TCase *memory_unit_tests(void)
{
    TCase *tests = tcase_create("memory.c");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, block_size_is_a_class_or_an_eighth_of_an_octave);
    tcase_add_test(tests, blocks_are_aligned_and_apart);
    tcase_add_test(tests, blocks_of_the_system_are_aligned_too);
    tcase_add_test(tests, budget_is_never_passed);
    tcase_add_test(tests, no_memory_is_null_and_counts_nothing);
    tcase_add_test(tests, recycled_blocks_ask_for_nothing_new);
    tcase_add_test(tests, blocks_given_to_another_cache_come_back);
    tcase_add_test(tests, large_blocks_are_kept_until_their_bytes_are_wanted);
    tcase_add_test(tests, small_blocks_get_what_large_ones_kept);
    tcase_add_test(tests, blocks_cut_for_one_size_serve_every_other_when_memory_is_scarce);
    tcase_add_test(tests, chunks_with_a_block_in_use_are_never_cut_again);
    tcase_add_test(tests, a_large_block_is_made_of_chunks_side_by_side_when_all_memory_is_in_slabs);
    tcase_add_test(tests, a_large_block_gets_what_is_left_of_a_fresh_slab);
    tcase_add_test(tests, peak_is_the_most_that_was_held);
    tcase_add_test(tests, moved_pool_keeps_blocks_budget_and_figures);
    tcase_add_test(tests, threads_can_give_what_others_took);
    return tests;
}
