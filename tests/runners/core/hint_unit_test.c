// SPDX-License-Identifier: Apache-2.0
// The queue of hints: order, moving, and what comes back after an abort.
#include "core_unit.h"
#include "hint.h"

enum {
    HINTS = 3000
};

// Nobody looks at windows here: numbers will do.
static struct fl_live *live(uint64_t number)
{
    return (struct fl_live *)(uintptr_t)number;
}

static int64_t take(struct fl_hints *hints)
{
    ck_assert_ptr_nonnull(fl_hints_first(hints));
    return fl_hints_take(hints).at;
}

START_TEST(the_earliest_comes_first)
{
    struct bench bench;
    struct fl_hints hints = { 0 };
    uint64_t random = 3;
    bench_init(&bench, UINT64_C(64) << 20);
    ck_assert_ptr_null(fl_hints_first(&hints));
    for (uint64_t i = 0; i < HINTS; i++) {
        const int64_t at = (int64_t)(next_random(&random) % 500) - 250;
        ck_assert(fl_hints_add(&bench.cache, &hints, (struct fl_hint){ at, live(i) }));
    }
    int64_t before = INT64_MIN;
    uint64_t seen = 0;
    for (int i = 0; i < HINTS; i++) {
        ck_assert_ptr_nonnull(fl_hints_first(&hints));
        const struct fl_hint hint = fl_hints_take(&hints);
        ck_assert_int_ge(hint.at, before);
        before = hint.at;
        seen += (uint64_t)(uintptr_t)hint.live;
    }
    ck_assert_uint_eq(seen, (uint64_t)HINTS * (HINTS - 1) / 2);
    ck_assert_ptr_null(fl_hints_first(&hints));
    fl_hints_fini(&bench.cache, &hints);
    bench_fini(&bench);
}
END_TEST

START_TEST(hints_taken_in_a_bundle_come_back_when_it_is_aborted)
{
    struct bench bench;
    struct fl_hints hints = { 0 };
    bench_init(&bench, UINT64_C(8) << 20);
    for (int64_t at = 0; at < 1000; at++)
        ck_assert(fl_hints_add(&bench.cache, &hints, (struct fl_hint){ at, NULL }));
    for (int64_t at = 0; at < 600; at++)
        ck_assert_int_eq(take(&hints), at);
    fl_hints_abort(&hints);
    for (int64_t at = 0; at < 400; at++)
        ck_assert_int_eq(take(&hints), at);
    fl_hints_commit(&hints);
    fl_hints_abort(&hints);
    ck_assert_int_eq(fl_hints_first(&hints)->at, 400);
    ck_assert_uint_eq(fl_hints_count(&hints), 600);
    fl_hints_fini(&bench.cache, &hints);
    bench_fini(&bench);
}
END_TEST

START_TEST(a_hint_moves_to_a_later_instant_or_goes_for_good)
{
    struct bench bench;
    struct fl_hints hints = { 0 };
    bench_init(&bench, UINT64_C(8) << 20);
    for (int64_t at = 0; at < 10; at++)
        ck_assert(fl_hints_add(&bench.cache, &hints, (struct fl_hint){ at, NULL }));
    ck_assert_int_eq(fl_hints_first(&hints)->at, 0);
    fl_hints_move(&hints, 5);
    ck_assert_int_eq(fl_hints_first(&hints)->at, 1);
    fl_hints_drop(&hints);
    fl_hints_abort(&hints);
    ck_assert_int_eq(fl_hints_first(&hints)->at, 2);
    fl_hints_move(&hints, 100);
    int64_t last = 0;
    while (fl_hints_first(&hints))
        last = take(&hints);
    ck_assert_int_eq(last, 100);
    fl_hints_fini(&bench.cache, &hints);
    bench_fini(&bench);
}
END_TEST

START_TEST(without_memory_a_hint_is_refused_and_the_others_stay)
{
    struct bench bench;
    struct hoard hoard;
    struct fl_hints hints = { 0 };
    bench_init(&bench, UINT64_C(8) << 20);
    ck_assert(fl_hints_add(&bench.cache, &hints, (struct fl_hint){ 7, NULL }));
    hoard_take(&hoard, &bench, 0);
    bool refused = false;
    for (int64_t at = 8; at < 100000 && !refused; at++)
        refused = !fl_hints_add(&bench.cache, &hints, (struct fl_hint){ at, NULL });
    ck_assert(refused);
    ck_assert_int_eq(fl_hints_first(&hints)->at, 7);
    hoard_give(&hoard, &bench);
    fl_hints_fini(&bench.cache, &hints);
    bench_fini(&bench);
}
END_TEST

START_TEST(hints_added_moved_and_aborted_at_random_come_in_order)
{
    struct bench bench;
    struct fl_hints hints = { 0 };
    int64_t model[HINTS];
    size_t count = 0;
    uint64_t random = 9;
    bench_init(&bench, UINT64_C(64) << 20);
    for (int step = 0; step < 20000; step++) {
        const uint32_t what = (uint32_t)(next_random(&random) % 8);
        const int64_t at = (int64_t)(next_random(&random) % 100000) + step * 10;
        if (count == 0 || (what < 5 && count < HINTS)) {
            ck_assert(fl_hints_add(&bench.cache, &hints, (struct fl_hint){ at, NULL }));
            model[count++] = at;
            continue;
        }
        size_t first = 0;
        for (size_t i = 1; i < count; i++)
            first = model[i] < model[first] ? i : first;
        ck_assert_int_eq(fl_hints_first(&hints)->at, model[first]);
        if (what == 5) {
            fl_hints_move(&hints, model[first] += at % 5000);
            continue;
        }
        fl_hints_take(&hints);
        if (what == 6) {
            fl_hints_abort(&hints);
            continue;
        }
        fl_hints_commit(&hints);
        model[first] = model[--count];
    }
    ck_assert_uint_eq(fl_hints_count(&hints), count);
    fl_hints_fini(&bench.cache, &hints);
    bench_fini(&bench);
}
END_TEST

TCase *hint_unit_tests(void)
{
    TCase *tests = tcase_create("hint.c");
    tcase_add_test(tests, the_earliest_comes_first);
    tcase_add_test(tests, hints_taken_in_a_bundle_come_back_when_it_is_aborted);
    tcase_add_test(tests, a_hint_moves_to_a_later_instant_or_goes_for_good);
    tcase_add_test(tests, hints_added_moved_and_aborted_at_random_come_in_order);
    tcase_add_test(tests, without_memory_a_hint_is_refused_and_the_others_stay);
    return tests;
}
