// SPDX-License-Identifier: Apache-2.0
// Blocks that come and go with bundles: what an abort gives back, what a commit lets go, how large
// they are, and that nothing leaks.
#include "core_unit.h"
#include "nook.h"

enum {
    BLOCKS = 400
};

// A block that a test holds, filled with its number.
struct block {
    unsigned char *at;
    size_t size;
    unsigned char fill;
};

static void fill(struct block *block, struct fl_nook *nook, size_t size, unsigned char number)
{
    *block = (struct block){ fl_nook_take(nook, size), size, number };
    ck_assert_ptr_nonnull(block->at);
    ck_assert_uint_eq((uintptr_t)block->at % sizeof(void *), 0);
    memset(block->at, number, size);
}

static void check(const struct block *block)
{
    size_t wrong = 0;
    for (size_t i = 0; i < block->size; i++)
        wrong += block->at[i] != block->fill;
    ck_assert_uint_eq(wrong, 0);
}

START_TEST(blocks_of_any_size_stand_apart)
{
    struct bench bench;
    struct fl_nook nook;
    struct block blocks[BLOCKS];
    uint64_t random = 1;
    bench_init(&bench, UINT64_C(64) << 20);
    fl_nook_init(&nook, &bench.cache);
    for (int i = 0; i < BLOCKS; i++)
        fill(&blocks[i], &nook, 1 + next_random(&random) % (i % 7 ? 300 : 9000), (unsigned char)i);
    for (int i = 0; i < BLOCKS; i++)
        check(&blocks[i]);
    fl_nook_fini(&nook);
    bench_fini(&bench);
}
END_TEST

START_TEST(given_blocks_are_taken_again_only_after_the_commit)
{
    struct bench bench;
    struct fl_nook nook;
    bench_init(&bench, UINT64_C(8) << 20);
    fl_nook_init(&nook, &bench.cache);
    void *first = fl_nook_take(&nook, 100);
    fl_nook_commit(&nook);
    ck_assert(fl_nook_give(&nook, first, 100));
    ck_assert(fl_nook_give(&nook, NULL, 100));
    ck_assert_ptr_ne(fl_nook_take(&nook, 100), first);
    fl_nook_commit(&nook);
    ck_assert_ptr_eq(fl_nook_take(&nook, 100), first);
    fl_nook_fini(&nook);
    bench_fini(&bench);
}
END_TEST

START_TEST(an_abort_gives_back_what_was_taken_and_keeps_what_was_given)
{
    struct bench bench;
    struct fl_nook nook;
    struct block old, fresh;
    bench_init(&bench, UINT64_C(8) << 20);
    fl_nook_init(&nook, &bench.cache);
    fill(&old, &nook, 60, 7);
    fl_nook_commit(&nook);
    ck_assert(fl_nook_give(&nook, old.at, old.size));
    fill(&fresh, &nook, 60, 8);
    fl_nook_abort(&nook);
    check(&old);
    ck_assert_ptr_eq(fl_nook_take(&nook, 60), fresh.at);
    check(&old);
    fl_nook_fini(&nook);
    bench_fini(&bench);
}
END_TEST

START_TEST(large_blocks_go_back_to_the_pool)
{
    struct bench bench;
    struct fl_nook nook;
    bench_init(&bench, UINT64_C(8) << 20);
    fl_nook_init(&nook, &bench.cache);
    void *small = fl_nook_take(&nook, 8);
    void *large[3];
    for (int i = 0; i < 3; i++)
        large[i] = fl_nook_take(&nook, 100000);
    ck_assert_ptr_nonnull(small);
    fl_nook_commit(&nook);
    const uint64_t before = bench_used(&bench);
    ck_assert(fl_nook_give(&nook, large[1], 100000));
    ck_assert(fl_nook_give(&nook, large[2], 100000));
    fl_nook_commit(&nook);
    ck_assert_uint_lt(bench_used(&bench), before - 150000);
    fl_nook_fini(&nook);
    bench_fini(&bench);
}
END_TEST

// A model of bundles that end either way.
START_TEST(a_nook_that_is_told_so_keeps_the_memory_of_large_blocks)
{
    struct bench bench;
    struct fl_nook nook;
    bench_init(&bench, UINT64_C(8) << 20);
    fl_nook_init(&nook, &bench.cache);
    fl_nook_keep(&nook);
    char *block = fl_nook_take(&nook, 5000), *other = fl_nook_take(&nook, 5000);
    memset(block, 7, 5000);
    ck_assert(fl_nook_give(&nook, block, 5000));
    fl_nook_commit(&nook);
    ck_assert_int_eq(block[4999], 7); // who knows it may still read it
    ck_assert_ptr_eq(fl_nook_take(&nook, 5000), block);
    ck_assert_ptr_ne(fl_nook_take(&nook, 5000), other);
    fl_nook_abort(&nook);
    fl_nook_fini(&nook);
    bench_fini(&bench);
}
END_TEST

START_TEST(bundles_at_random_keep_what_they_should)
{
    struct bench bench;
    struct fl_nook nook;
    struct block blocks[BLOCKS] = { { 0 } };
    uint64_t random = 5;
    bench_init(&bench, UINT64_C(64) << 20);
    fl_nook_init(&nook, &bench.cache);
    for (int bundle = 0; bundle < 300; bundle++) {
        struct block before[BLOCKS];
        memcpy(before, blocks, sizeof before);
        for (int step = 0; step < 40; step++) {
            struct block *block = &blocks[next_random(&random) % BLOCKS];
            if (block->at) {
                check(block);
                ck_assert(fl_nook_give(&nook, block->at, block->size));
                block->at = NULL;
            } else {
                fill(block, &nook, 1 + next_random(&random) % 2500, (unsigned char)step);
            }
        }
        if (next_random(&random) % 2) {
            fl_nook_commit(&nook);
            continue;
        }
        fl_nook_abort(&nook);
        memcpy(blocks, before, sizeof blocks);
        for (int i = 0; i < BLOCKS; i++)
            if (blocks[i].at)
                check(&blocks[i]);
    }
    fl_nook_fini(&nook);
    bench_fini(&bench);
}
END_TEST

START_TEST(without_memory_nothing_leaks)
{
    for (unsigned spare = 0; spare < 3; spare++) {
        struct bench bench;
        struct hoard hoard;
        struct fl_nook nook;
        bench_init(&bench, UINT64_C(8) << 20);
        fl_nook_init(&nook, &bench.cache);
        hoard_take(&hoard, &bench, spare);
        bool refused = false;
        for (int i = 0; i < 5000 && !refused; i++)
            refused = !fl_nook_take(&nook, 500);
        ck_assert(refused);
        hoard_give(&hoard, &bench);
        ck_assert_ptr_nonnull(fl_nook_take(&nook, 500));
        fl_nook_abort(&nook);
        fl_nook_fini(&nook);
        bench_fini(&bench);
    }
}
END_TEST

START_TEST(a_flush_gives_all_back_once_nothing_is_taken)
{
    struct bench bench;
    struct fl_nook nook;
    bench_init(&bench, UINT64_C(8) << 20);
    fl_nook_init(&nook, &bench.cache);
    ck_assert(fl_nook_reserve(&nook));
    const int64_t before = bench.cache.used;
    void *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++)
        ck_assert_ptr_nonnull(blocks[i] = fl_nook_take(&nook, 200 + i));
    fl_nook_commit(&nook);
    for (size_t i = 0; i < BLOCKS; i++) {
        fl_nook_flush(&nook);
        ck_assert_int_ge(bench.cache.used - before, BLOCKS * 200);
        ck_assert(fl_nook_give(&nook, blocks[i], 200 + i));
        fl_nook_commit(&nook);
    }
    fl_nook_flush(&nook);
    ck_assert_int_lt(bench.cache.used - before, 1 << 16); // notes of many blocks
    struct block one;
    fill(&one, &nook, 500, 7);
    fl_nook_abort(&nook);
    fl_nook_flush(&nook);
    ck_assert_int_lt(bench.cache.used - before, 1 << 16);
    fl_nook_fini(&nook);
    bench_fini(&bench);
}
END_TEST

TCase *nook_unit_tests(void)
{
    TCase *tests = tcase_create("nook.c");
    tcase_add_test(tests, blocks_of_any_size_stand_apart);
    tcase_add_test(tests, given_blocks_are_taken_again_only_after_the_commit);
    tcase_add_test(tests, an_abort_gives_back_what_was_taken_and_keeps_what_was_given);
    tcase_add_test(tests, large_blocks_go_back_to_the_pool);
    tcase_add_test(tests, a_nook_that_is_told_so_keeps_the_memory_of_large_blocks);
    tcase_add_test(tests, bundles_at_random_keep_what_they_should);
    tcase_add_test(tests, a_flush_gives_all_back_once_nothing_is_taken);
    tcase_add_test(tests, without_memory_nothing_leaks);
    return tests;
}
