// SPDX-License-Identifier: Apache-2.0
// Piles: which part goes on next, which holds the watermark, and room for more, against a list that
// is searched.
#include "core_unit.h"
#include "pile.h"

#define MOST 3000

// An engine as far as piles know it.
struct stand {
    struct bench bench;
    struct fl_engine engine;
    struct fl_worker worker;
    struct fl_pile *pile;
    struct fl_part *list[MOST]; // all
    bool taken[MOST];
    size_t count;
};

static struct stand *stand_new(void)
{
    struct stand *stand = calloc(1, sizeof *stand);
    bench_init(&stand->bench, UINT64_C(64) << 20);
    fl_cache_init(&stand->engine.cache, &stand->bench.pool);
    fl_cache_init(&stand->worker.cache, &stand->bench.pool);
    stand->engine.mem = fl_mem_new(&stand->engine.cache);
    stand->worker.engine = &stand->engine;
    stand->pile = fl_pile_new(&stand->engine, 24);
    ck_assert_ptr_nonnull(stand->pile);
    return stand;
}

static void stand_free(struct stand *stand)
{
    fl_pile_free(&stand->engine, stand->pile);
    fl_mem_unref(&stand->engine.cache, stand->engine.mem);
    ck_assert_int_eq(stand->engine.cache.used + stand->worker.cache.used, 0);
    fl_cache_empty(&stand->engine.cache);
    fl_cache_empty(&stand->worker.cache);
    bench_fini(&stand->bench);
    free(stand);
}

static void add(struct stand *stand, int64_t resume, int64_t estimate)
{
    ck_assert(fl_pile_reserve(&stand->worker, stand->pile, 1));
    struct fl_part *part = fl_pile_new_part(stand->pile);
    void *restriction = part->restriction;
    *part = (struct fl_part){ .resume = resume,
        .estimate = estimate,
        .asks = estimate * 37 % 101, // in another order
        .number = stand->pile->next_number++,
        .restriction = restriction };
    memset(restriction, (int)(part->number % 251), 24);
    stand->list[stand->count] = part;
    stand->taken[stand->count++] = false;
    fl_pile_add(stand->pile, part);
}

static size_t first_ready(const struct stand *stand, int64_t now)
{
    size_t best = MOST;
    for (size_t i = 0; i < stand->count; i++) {
        const struct fl_part *a = stand->list[i], *b = best < MOST ? stand->list[best] : NULL;
        if (stand->taken[i] || a->resume > now)
            continue;
        if (!b || a->resume < b->resume || (a->resume == b->resume && a->number < b->number))
            best = i;
    }
    return best;
}

static int64_t lowest(const struct stand *stand, bool asks)
{
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < stand->count; i++) {
        const int64_t at = asks ? stand->list[i]->asks : stand->list[i]->estimate;
        least = at < least ? at : least;
    }
    return least;
}

static void take(struct stand *stand, int64_t now)
{
    const size_t wanted = first_ready(stand, now);
    struct fl_part *part = fl_pile_take(stand->pile, now);
    ck_assert_ptr_eq(part, wanted < MOST ? stand->list[wanted] : NULL);
    if (part)
        stand->taken[wanted] = true;
}

static void finish(struct stand *stand, size_t i)
{
    const unsigned char *bytes = stand->list[i]->restriction;
    for (int b = 0; b < 24; b++)
        ck_assert_uint_eq(bytes[b], stand->list[i]->number % 251);
    fl_pile_remove(stand->pile, stand->list[i]);
    stand->list[i] = stand->list[--stand->count];
    stand->taken[i] = stand->taken[stand->count];
}

START_TEST(parts_go_on_in_order_and_the_lowest_instants_are_known)
{
    struct stand *stand = stand_new();
    uint64_t random = 7;
    for (int step = 0; step < 8000; step++) {
        const uint64_t what = next_random(&random) % 8;
        if (what < 4 && stand->count < MOST)
            add(stand, (int64_t)(next_random(&random) % 4) * 5,
                (int64_t)(next_random(&random) % 50));
        else if (what < 7)
            take(stand, (int64_t)(next_random(&random) % 20));
        for (size_t i = 0; what == 7 && i < stand->count; i++)
            if (stand->taken[i])
                finish(stand, i--);
        ck_assert_uint_eq(stand->pile->held_count, stand->count);
        if (stand->count == 0)
            continue;
        ck_assert_int_eq(stand->pile->held[0]->estimate, lowest(stand, false));
        ck_assert_int_eq(stand->pile->asked[0]->asks, lowest(stand, true));
    }
    for (take(stand, 100); stand->pile->ready_count; take(stand, 100))
        ;
    while (stand->count)
        finish(stand, 0);
    stand_free(stand);
}
END_TEST

START_TEST(a_drain_wakes_what_waits_in_its_order)
{
    struct stand *stand = stand_new();
    for (int64_t i = 0; i < 40; i++)
        add(stand, 100 - i, i);
    ck_assert_int_eq(fl_pile_wake(stand->pile), 61);
    ck_assert_ptr_null(fl_pile_take(stand->pile, 60));
    fl_pile_drain(stand->pile);
    add(stand, 50, 1);
    ck_assert_int_eq(fl_pile_wake(stand->pile), 0);
    for (size_t i = 0; i < 41; i++)
        ck_assert_ptr_eq(fl_pile_take(stand->pile, 0), stand->list[i]);
    ck_assert_int_eq(fl_pile_wake(stand->pile), FL_ASLEEP);
    stand_free(stand);
}
END_TEST

START_TEST(room_that_was_reserved_is_there_and_can_be_given_back)
{
    struct stand *stand = stand_new();
    ck_assert(fl_pile_reserve(&stand->worker, stand->pile, 500));
    ck_assert_uint_ge(stand->pile->free_count, 500);
    const uint32_t total = stand->pile->total;
    fl_pile_unreserve(&stand->engine, stand->pile, 500);
    ck_assert(fl_pile_reserve(&stand->worker, stand->pile, 500));
    ck_assert_uint_eq(stand->pile->total, total);
    stand->bench.refuse = true;
    while (fl_pile_reserve(&stand->worker, stand->pile, 1000))
        ck_assert_uint_lt(stand->pile->total, 10000000);
    stand->bench.refuse = false;
    ck_assert_uint_eq(stand->pile->held_count, 0);
    stand_free(stand);
}
END_TEST

TCase *pile_unit_tests(void)
{
    TCase *tests = tcase_create("pile");
    tcase_add_test(tests, parts_go_on_in_order_and_the_lowest_instants_are_known);
    tcase_add_test(tests, a_drain_wakes_what_waits_in_its_order);
    tcase_add_test(tests, room_that_was_reserved_is_there_and_can_be_given_back);
    return tests;
}
