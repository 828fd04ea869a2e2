// SPDX-License-Identifier: Apache-2.0
// Arenas: allocation and reservation, references, what they keep and hold, and finding addresses.
#include "core_unit.h"

static void count_release(void *user)
{
    ++*(int *)user;
}

static flow_bytes bytes_of(const void *data, size_t len)
{
    const flow_bytes bytes = { data, len };
    return bytes;
}

START_TEST(allocations_are_aligned_and_apart)
{
    struct bench bench;
    enum {
        PIECES = 300
    };
    static unsigned char *pieces[PIECES];
    static size_t sizes[PIECES];
    uint64_t random = 2;
    bench_init(&bench, UINT64_C(64) << 20);
    struct fl_mem *mem = fl_mem_new(&bench.cache);
    for (int i = 0; i < PIECES; i++) {
        sizes[i] = (size_t)(next_random(&random) % (i % 50 == 0 ? 300000 : 700));
        pieces[i] = fl_mem_alloc(&bench.cache, mem, sizes[i]);
        ck_assert_ptr_nonnull(pieces[i]);
        ck_assert_uint_eq((uintptr_t)pieces[i] % 8, 0);
        memset(pieces[i], i & 0xff, sizes[i]);
    }
    for (int i = 0; i < PIECES; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            ck_assert_uint_eq(pieces[i][k], i & 0xff);
    ck_assert_uint_eq(fl_mem_size(mem), bench_used(&bench));
    fl_mem_unref(&bench.cache, mem);
    bench_fini(&bench);
}
END_TEST

START_TEST(reserved_room_cannot_fail)
{
    static const size_t totals[] = { 8, 4000, 5000, 33000, 131072, 200000 };
    for (size_t t = 0; t < COUNT_OF(totals); t++) {
        struct bench bench;
        struct hoard hoard;
        bench_init(&bench, UINT64_C(4) << 20);
        struct fl_mem *mem = fl_mem_new(&bench.cache);
        ck_assert(fl_mem_reserve(&bench.cache, mem, totals[t]));
        hoard_take(&hoard, &bench, 0);
        for (size_t left = totals[t]; left >= 8; left -= 8)
            ck_assert_ptr_nonnull(fl_mem_alloc(&bench.cache, mem, 8));
        ck_assert(!fl_mem_reserve(&bench.cache, mem, 1 << 20));
        hoard_give(&hoard, &bench);
        fl_mem_unref(&bench.cache, mem);
        bench_fini(&bench);
    }
}
END_TEST

START_TEST(no_memory_is_null_and_changes_nothing)
{
    struct bench bench;
    struct hoard hoard;
    int released = 0;
    bench_init(&bench, UINT64_C(4) << 20);
    struct fl_mem *mem = fl_mem_new(&bench.cache), *other = fl_mem_new(&bench.cache);
    while (fl_mem_alloc(&bench.cache, mem, 8) && fl_mem_size(mem) == 4096)
        ;
    hoard_take(&hoard, &bench, 0);
    while (fl_mem_alloc(&bench.cache, mem, 8))
        ;
    const size_t size = fl_mem_size(mem);
    ck_assert_ptr_null(fl_mem_new(&bench.cache));
    ck_assert(!fl_mem_keep(&bench.cache, mem, bytes_of("abc", 3), count_release, &released));
    ck_assert(!fl_mem_hold(&bench.cache, mem, other));
    ck_assert_uint_eq(fl_mem_size(mem), size);
    hoard_give(&hoard, &bench);
    fl_mem_unref(&bench.cache, mem);
    ck_assert_int_eq(released, 0);
    fl_mem_unref(&bench.cache, other);
    bench_fini(&bench);
}
END_TEST

START_TEST(last_reference_gives_all_back)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(4) << 20);
    struct fl_mem *mem = fl_mem_new(&bench.cache);
    ck_assert_ptr_eq(fl_mem_ref(mem), mem);
    ck_assert_ptr_null(fl_mem_ref(NULL));
    char *text = fl_mem_alloc(&bench.cache, mem, 6);
    memcpy(text, "alive", 6);
    fl_mem_unref(&bench.cache, mem);
    ck_assert_str_eq(text, "alive");
    fl_mem_unref(&bench.other, mem);
    fl_mem_unref(&bench.other, NULL);
    bench_fini(&bench);
}
END_TEST

START_TEST(kept_bytes_are_released_once_and_last)
{
    struct bench bench;
    int released = 0;
    bench_init(&bench, UINT64_C(4) << 20);
    struct fl_mem *mem = fl_mem_new(&bench.cache);
    ck_assert(fl_mem_keep(&bench.cache, mem, bytes_of("abc", 3), count_release, &released));
    ck_assert(fl_mem_keep(&bench.cache, mem, bytes_of("", 0), NULL, NULL));
    fl_mem_ref(mem);
    fl_mem_unref(&bench.cache, mem);
    ck_assert_int_eq(released, 0);
    fl_mem_unref(&bench.other, mem);
    ck_assert_int_eq(released, 1);
    bench_fini(&bench);
}
END_TEST

START_TEST(held_arena_lives_as_long_as_its_holder)
{
    struct bench bench;
    int released = 0;
    bench_init(&bench, UINT64_C(4) << 20);
    struct fl_mem *inner = fl_mem_new(&bench.cache), *outer = fl_mem_new(&bench.cache);
    ck_assert(fl_mem_keep(&bench.cache, inner, bytes_of("abc", 3), count_release, &released));
    ck_assert(fl_mem_hold(&bench.cache, outer, inner));
    ck_assert(fl_mem_hold(&bench.cache, outer, inner)); // again: no second reference
    ck_assert(fl_mem_hold(&bench.cache, outer, outer)); // itself: no circle
    ck_assert(fl_mem_hold(&bench.cache, outer, NULL));
    fl_mem_unref(&bench.cache, inner);
    ck_assert_int_eq(released, 0);
    fl_mem_unref(&bench.cache, outer);
    ck_assert_int_eq(released, 1);
    bench_fini(&bench);
}
END_TEST

START_TEST(has_finds_own_kept_and_held_bytes)
{
    struct bench bench;
    static const char outside[] = "outside text", kept[] = "kept text";
    bench_init(&bench, UINT64_C(4) << 20);
    struct fl_mem *a = fl_mem_new(&bench.cache), *b = fl_mem_new(&bench.cache),
                  *c = fl_mem_new(&bench.cache);
    const char *own = fl_mem_alloc(&bench.cache, a, 10);
    const char *large = fl_mem_alloc(&bench.cache, a, 300000);
    const char *deep = fl_mem_alloc(&bench.cache, c, 10);
    ck_assert(fl_mem_keep(&bench.cache, b, bytes_of(kept, sizeof kept), NULL, NULL));
    ck_assert(fl_mem_hold(&bench.cache, b, c));
    ck_assert(fl_mem_hold(&bench.cache, a, b));
    flow_bytes range = { NULL, 0 };
    const char *const inside[] = { own, own + 9, large, large + 299999, deep, kept,
        kept + sizeof kept - 1 };
    for (size_t i = 0; i < COUNT_OF(inside); i++) {
        ck_assert(fl_mem_has(a, inside[i], &range));
        const uintptr_t at = (uintptr_t)inside[i] - (uintptr_t)range.data;
        ck_assert_uint_lt(at, range.len); // below it, the difference is huge
    }
    ck_assert(!fl_mem_has(a, outside, &range));
    ck_assert(!fl_mem_has(a, kept + sizeof kept, &range) || range.data != (const void *)kept);
    ck_assert(!fl_mem_has(c, own, &range));
    ck_assert(!fl_mem_has(c, kept, &range));
    ck_assert(!fl_mem_has(NULL, own, &range));
    fl_mem_unref(&bench.cache, b);
    fl_mem_unref(&bench.cache, c);
    fl_mem_unref(&bench.cache, a);
    bench_fini(&bench);
}
END_TEST

START_TEST(long_chain_of_holders_goes_in_one_call)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(64) << 20);
    struct fl_mem *last = NULL;
    for (int i = 0; i < 10000; i++) {
        struct fl_mem *mem = fl_mem_new(&bench.cache);
        ck_assert(fl_mem_hold(&bench.cache, mem, last));
        fl_mem_unref(&bench.cache, last);
        last = mem;
    }
    fl_mem_unref(&bench.cache, last);
    bench_fini(&bench);
}
END_TEST

TCase *arena_unit_tests(void)
{
    TCase *tests = tcase_create("arena.c");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, allocations_are_aligned_and_apart);
    tcase_add_test(tests, reserved_room_cannot_fail);
    tcase_add_test(tests, no_memory_is_null_and_changes_nothing);
    tcase_add_test(tests, last_reference_gives_all_back);
    tcase_add_test(tests, kept_bytes_are_released_once_and_last);
    tcase_add_test(tests, held_arena_lives_as_long_as_its_holder);
    tcase_add_test(tests, has_finds_own_kept_and_held_bytes);
    tcase_add_test(tests, long_chain_of_holders_goes_in_one_call);
    return tests;
}
