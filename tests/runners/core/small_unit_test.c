// SPDX-License-Identifier: Apache-2.0
// Small blocks: they do not overlap, are used again, and all goes back.
#include "core_unit.h"
#include "small.h"

#define MOST 2000

struct block {
    unsigned char *at;
    size_t size;
    unsigned char mark;
};

static void check(const struct block *block)
{
    size_t same = 0;
    while (same < block->size && block->at[same] == block->mark)
        same++;
    ck_assert_uint_eq(same, block->size);
}

START_TEST(blocks_of_all_sizes_keep_what_is_written_into_them)
{
    static struct block blocks[MOST];
    struct bench bench;
    struct fl_small small = { 0 };
    uint64_t random = 7;
    size_t count = 0;
    bench_init(&bench, UINT64_C(64) << 20);
    for (int i = 0; i < 40000; i++) {
        if (count < MOST && next_random(&random) % 5 < 3) {
            struct block *block = &blocks[count++];
            block->size = next_random(&random) % (i % 50 ? 300 : 5000);
            block->mark = (unsigned char)next_random(&random);
            block->at = fl_small_take(&bench.cache, &small, block->size);
            ck_assert_ptr_nonnull(block->at);
            ck_assert_uint_eq((uintptr_t)block->at % 8, 0);
            memset(block->at, block->mark, block->size);
        } else if (count > 0) {
            struct block *block = &blocks[next_random(&random) % count];
            check(block);
            fl_small_give(&bench.cache, &small, block->at, block->size);
            *block = blocks[--count];
        }
    }
    for (; count > 0; count--) {
        check(&blocks[count - 1]);
        fl_small_give(&bench.cache, &small, blocks[count - 1].at, blocks[count - 1].size);
    }
    ck_assert_uint_gt(bench_used(&bench), 0);
    fl_small_trim(&bench.cache, &small);
    bench_fini(&bench);
}
END_TEST

START_TEST(a_block_that_was_given_back_is_used_again)
{
    struct bench bench;
    struct fl_small small = { 0 };
    bench_init(&bench, UINT64_C(64) << 20);
    void *kept = fl_small_take(&bench.cache, &small, 100);
    const uint64_t used = bench_used(&bench);
    for (int i = 0; i < 10000; i++)
        fl_small_give(&bench.cache, &small, fl_small_take(&bench.cache, &small, 100), 100);
    ck_assert_uint_eq(bench_used(&bench), used);
    fl_small_trim(&bench.cache, &small); // one is in use: nothing goes back
    ck_assert_uint_eq(bench_used(&bench), used);
    fl_small_give(&bench.cache, &small, kept, 100);
    fl_small_give(&bench.cache, &small, NULL, 100);
    fl_small_fini(&bench.cache, &small);
    bench_fini(&bench);
}
END_TEST

START_TEST(without_memory_there_is_no_block)
{
    struct bench bench;
    struct fl_small small = { 0 };
    struct hoard hoard;
    bench_init(&bench, UINT64_C(8) << 20);
    void *one = fl_small_take(&bench.cache, &small, 16);
    hoard_take(&hoard, &bench, 0);
    bench.refuse = true;
    ck_assert_ptr_null(fl_small_take(&bench.cache, &small, 2000));
    int more = 0;
    while (fl_small_take(&bench.cache, &small, 1000))
        more++;
    ck_assert_int_lt(more, 33); // of the chunk that was there
    hoard_give(&hoard, &bench);
    ck_assert_ptr_nonnull(one);
    fl_small_fini(&bench.cache, &small);
    bench_fini(&bench);
}
END_TEST

TCase *small_unit_tests(void)
{
    TCase *tests = tcase_create("small");
    tcase_add_test(tests, blocks_of_all_sizes_keep_what_is_written_into_them);
    tcase_add_test(tests, a_block_that_was_given_back_is_used_again);
    tcase_add_test(tests, without_memory_there_is_no_block);
    return tests;
}
