// SPDX-License-Identifier: Apache-2.0
// Runs the unit tests of runners/core, and what they share.
#include "core_unit.h"

static void *bench_alloc(void *user, size_t size, size_t align)
{
    struct bench *bench = user;
    if (bench->refuse)
        return NULL;
    bench->outside += size;
    void *memory = aligned_alloc(align, (size + align - 1) / align * align);
    memset(memory, 0xA5, size);
    return memory;
}

static void bench_free(void *user, void *memory, size_t size)
{
    struct bench *bench = user;
    bench->outside -= size;
    free(memory);
}

void bench_init(struct bench *bench, uint64_t budget)
{
    const flow_allocator allocator = { bench_alloc, bench_free, bench };
    bench->outside = 0;
    bench->refuse = false;
    fl_pool_init(&bench->pool, &allocator, budget);
    fl_cache_init(&bench->cache, &bench->pool);
    fl_cache_init(&bench->other, &bench->pool);
}

void bench_fini(struct bench *bench)
{
    ck_assert_uint_eq(bench_used(bench), 0);
    fl_cache_empty(&bench->cache);
    fl_cache_empty(&bench->other);
    fl_pool_fini(&bench->pool);
    ck_assert_uint_eq(bench->pool.held, 0);
    ck_assert_uint_eq(bench->outside, 0);
}

uint64_t bench_used(struct bench *bench)
{
    return (uint64_t)(bench->cache.used + bench->other.used);
}

enum {
    SPARE_MOST = 8
};

void hoard_take(struct hoard *hoard, struct bench *bench, unsigned spare)
{
    void *spares[FL_CLASS_COUNT][SPARE_MOST];
    struct fl_pool *pool = &bench->pool;
    struct fl_cache *cache = &bench->cache;
    for (unsigned i = 0; i < FL_CLASS_COUNT * spare; i++)
        spares[i / spare][i % spare] = fl_take(cache, FL_CLASS_MIN << i / spare);
    memcpy(hoard->cached, cache->blocks, sizeof cache->blocks);
    memcpy(hoard->counts, cache->counts, sizeof cache->counts);
    memcpy(hoard->pooled, pool->blocks, sizeof pool->blocks);
    hoard->chunk_next = pool->chunk_next;
    hoard->chunk_end = pool->chunk_end;
    memset(cache->blocks, 0, sizeof cache->blocks);
    memset(cache->counts, 0, sizeof cache->counts);
    memset(pool->blocks, 0, sizeof pool->blocks);
    pool->chunk_next = pool->chunk_end = NULL;
    bench->refuse = true;
    for (unsigned i = 0; i < FL_CLASS_COUNT * spare; i++)
        fl_give(cache, spares[i / spare][i % spare], FL_CLASS_MIN << i / spare);
}

// Blocks that are free now go behind those put aside; the link is the first word of a block.
static void splice(struct fl_free **list, struct fl_free *before)
{
    struct fl_free **end = &before;
    while (*end)
        end = (struct fl_free **)(void *)*end;
    *end = *list;
    *list = before;
}

void hoard_give(struct hoard *hoard, struct bench *bench)
{
    for (unsigned c = 0; c < FL_CLASS_COUNT; c++) {
        splice(&bench->cache.blocks[c], hoard->cached[c]);
        bench->cache.counts[c] += hoard->counts[c];
        splice(&bench->pool.blocks[c], hoard->pooled[c]);
    }
    bench->pool.chunk_next = hoard->chunk_next;
    bench->pool.chunk_end = hoard->chunk_end;
    bench->refuse = false;
}

uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

int main(void)
{
    Suite *suite = suite_create("runners/core: units");
    suite_add_tcase(suite, arena_unit_tests());
    suite_add_tcase(suite, batch_unit_tests());
    suite_add_tcase(suite, hint_unit_tests());
    suite_add_tcase(suite, key_unit_tests());
    suite_add_tcase(suite, memory_unit_tests());
    suite_add_tcase(suite, nook_unit_tests());
    suite_add_tcase(suite, pile_unit_tests());
    suite_add_tcase(suite, plan_unit_tests());
    suite_add_tcase(suite, run_unit_tests());
    suite_add_tcase(suite, slice_unit_tests());
    suite_add_tcase(suite, small_unit_tests());
    suite_add_tcase(suite, table_unit_tests());
    suite_add_tcase(suite, timer_unit_tests());
    suite_add_tcase(suite, tree_unit_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
