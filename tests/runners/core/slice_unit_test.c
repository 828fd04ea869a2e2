// SPDX-License-Identifier: Apache-2.0
// Slices: where time is cut, against windows one by one, and the ordered list of tables.
#include "core_unit.h"
#include "slice.h"

static const flow_windows cuts[] = {
    { .kind = FLOW_WINDOW_FIXED, .size = { 10 }, .every = { 10 }, .offset = { 0 } },
    { .kind = FLOW_WINDOW_FIXED, .size = { 7 }, .every = { 7 }, .offset = { 3 } },
    { .kind = FLOW_WINDOW_FIXED, .size = { 1 }, .every = { 1 }, .offset = { 0 } },
    { .kind = FLOW_WINDOW_FIXED,
        .size = { INT64_C(3600000000) },
        .every = { INT64_C(3600000000) },
        .offset = { 5 } },
    { .kind = FLOW_WINDOW_SLIDING, .size = { 10 }, .every = { 5 }, .offset = { 0 } },
    { .kind = FLOW_WINDOW_SLIDING, .size = { 10 }, .every = { 4 }, .offset = { 3 } },
    { .kind = FLOW_WINDOW_SLIDING, .size = { 5 }, .every = { 3 }, .offset = { 2 } },
    { .kind = FLOW_WINDOW_SLIDING, .size = { 6 }, .every = { 9 }, .offset = { 8 } },
    { .kind = FLOW_WINDOW_SLIDING,
        .size = { INT64_C(3600000000) },
        .every = { INT64_C(60000000) },
        .offset = { 59999999 } },
};

// Times to try a cut at: around zero, before 1970, near both ends of time, and some by chance.
static int64_t time_at(int i, uint64_t *random)
{
    static const int64_t edges[] = { 0, FLOW_TIME_MIN_US + 20, FLOW_TIME_MAX_US - 21,
        FLOW_TIME_GLOBAL_END_US - 21, INT64_C(1795462980000000), INT64_C(-86400000000) };
    const int each = 41;
    if (i < (int)COUNT_OF(edges) * each)
        return edges[i / each] + i % each - 20;
    return (int64_t)(next_random(random) >> 2) - (INT64_C(1) << 61);
}

enum {
    TIMES = 6 * 41 + 200
};

START_TEST(r10_slice_holds_its_time_and_slices_tile)
{
    const struct fl_cut cut = fl_cut_of(&cuts[_i]);
    uint64_t random = (uint64_t)_i;
    ck_assert_int_gt(cut.size, 0);
    for (int i = 0; i < TIMES; i++) {
        const int64_t time = time_at(i, &random);
        const int64_t end = fl_cut_end(&cut, time), start = fl_cut_start(&cut, end);
        const int64_t last = FLOW_TIME_GLOBAL_END_US;
        ck_assert_int_gt(fl_cut_until(end), time);
        ck_assert_int_le(start, time);
        if (start == INT64_MIN)
            continue;
        ck_assert_int_le(end, last);
        ck_assert(end - start == cut.size || (end == last && end - start < cut.size));
        ck_assert_int_eq(fl_cut_end(&cut, end - 1), end);
        ck_assert_int_eq(fl_cut_end(&cut, start), end);
        ck_assert_int_eq(fl_cut_end(&cut, start - 1), start);
    }
}
END_TEST

// Whether two instants lie in the same windows.
static bool same_windows(const flow_windows *windows, int64_t a, int64_t b)
{
    flow_window x, y;
    const flow_time at = { a }, bt = { b };
    bool in_a = flow_windows_last(windows, at, &x), in_b = flow_windows_last(windows, bt, &y);
    while (in_a && in_b && x.end.us == y.end.us && x.start.us == y.start.us) {
        in_a = flow_windows_before(windows, at, &x);
        in_b = flow_windows_before(windows, bt, &y);
    }
    return !in_a && !in_b;
}

START_TEST(all_of_a_slice_lies_in_the_same_windows)
{
    const struct fl_cut cut = fl_cut_of(&cuts[_i]);
    uint64_t random = (uint64_t)_i;
    for (int i = 0; i < TIMES; i++) {
        const int64_t time = time_at(i, &random);
        const int64_t end = fl_cut_end(&cut, time), start = fl_cut_start(&cut, end);
        if (start <= FLOW_TIME_MIN_US)
            continue;
        ck_assert(same_windows(&cuts[_i], start, end - 1));
    }
}
END_TEST

START_TEST(first_window_is_the_earliest_that_holds_the_slice)
{
    const struct fl_cut cut = fl_cut_of(&cuts[_i]);
    uint64_t random = (uint64_t)_i;
    for (int i = 0; i < TIMES; i++) {
        const flow_time time = { time_at(i, &random) };
        const int64_t first = fl_cut_first_window(&cut, fl_cut_end(&cut, time.us));
        flow_window window;
        int64_t earliest = 0;
        bool any = false;
        for (bool in = flow_windows_last(&cuts[_i], time, &window); in;
             in = flow_windows_before(&cuts[_i], time, &window)) {
            earliest = fl_cut_name(&cut, &window);
            any = true;
        }
        if (any)
            ck_assert_int_eq(first, earliest);
        ck_assert(first > time.us || fl_cut_due(first) == FLOW_TIME_GLOBAL_END_US);
    }
}
END_TEST

START_TEST(windows_are_found_again_by_their_names_which_are_in_their_order)
{
    const struct fl_cut cut = fl_cut_of(&cuts[_i]);
    uint64_t random = (uint64_t)_i;
    for (int i = 0; i < TIMES; i++) {
        const flow_time time = { time_at(i, &random) };
        flow_window window;
        int64_t later = INT64_MAX;
        for (bool in = flow_windows_last(&cuts[_i], time, &window); in;
             in = flow_windows_before(&cuts[_i], time, &window)) {
            const int64_t name = fl_cut_name(&cut, &window);
            const flow_window again = fl_cut_window(&cut, name);
            ck_assert_int_eq(again.start.us, window.start.us);
            ck_assert_int_eq(again.end.us, window.end.us);
            ck_assert_int_eq(fl_cut_due(name), window.end.us);
            ck_assert_int_lt(name, later);
            // and no window lies between two that follow each other
            if (later != INT64_MAX)
                ck_assert_int_eq(fl_cut_first_window(&cut, name + 1), later);
            later = name;
        }
    }
}
END_TEST

START_TEST(r1_global_window_is_one_slice_up_to_its_end)
{
    static const int64_t times[] = { FLOW_TIME_MIN_US, -1, 0, FLOW_TIME_GLOBAL_END_US,
        FLOW_TIME_MAX_US };
    const flow_windows global = flow_global();
    const struct fl_cut cut = fl_cut_of(&global);
    for (size_t i = 0; i < COUNT_OF(times); i++)
        ck_assert_int_eq(fl_cut_end(&cut, times[i]), FLOW_TIME_GLOBAL_END_US);
    ck_assert_int_eq(fl_cut_first_window(&cut, FLOW_TIME_GLOBAL_END_US), FLOW_TIME_GLOBAL_END_US);
    ck_assert_int_le(fl_cut_start(&cut, FLOW_TIME_GLOBAL_END_US), FLOW_TIME_MIN_US);
}
END_TEST

START_TEST(slices_are_kept_in_order_and_found_again)
{
    struct bench bench;
    struct fl_slices slices;
    enum {
        ENDS = 700
    };
    static bool there[ENDS];
    static struct fl_slice *at[ENDS];
    uint64_t random = 5;
    bench_init(&bench, UINT64_C(64) << 20);
    fl_slices_init(&slices, FL_KEY_WORD, 8, false);
    memset(there, 0, sizeof there);
    for (int i = 0; i < 3000; i++) {
        const int end = (int)(next_random(&random) % ENDS);
        ck_assert_int_eq(fl_slices_find(&slices, end - 300) != NULL, there[end]);
        struct fl_slice *slice = fl_slices_get(&bench.cache, &slices, end - 300);
        ck_assert_ptr_nonnull(slice);
        ck_assert_int_eq(slice->end, end - 300);
        if (there[end])
            ck_assert_ptr_eq(slice, at[end]);
        there[end] = true;
        at[end] = slice;
        if (i % 500 == 499) { // up to and with the end named
            const int upto = (int)(next_random(&random) % (ENDS / 2));
            fl_slices_drop(&bench.cache, &slices, upto - 300);
            memset(there, 0, ((size_t)upto + 1) * sizeof there[0]);
        }
        uint32_t count = 0;
        for (int k = 0; k < ENDS; k++)
            count += there[k];
        ck_assert_uint_eq(slices.count, count);
        for (uint32_t k = 1; k < slices.count; k++)
            ck_assert_int_lt(slices.at[k - 1]->end, slices.at[k]->end);
    }
    fl_slices_fini(&bench.cache, &slices);
    bench_fini(&bench);
}
END_TEST

START_TEST(slice_without_memory_leaves_the_list_as_it_was)
{
    struct bench bench;
    struct hoard hoard;
    struct fl_slices slices;
    bench_init(&bench, UINT64_C(4) << 20);
    fl_slices_init(&slices, FL_KEY_BYTES, 100, true);
    hoard_take(&hoard, &bench, 0);
    ck_assert_ptr_null(fl_slices_get(&bench.cache, &slices, 1));
    ck_assert_uint_eq(slices.count, 0);
    hoard_give(&hoard, &bench);
    for (int64_t end = 0; end < 64; end++)
        ck_assert_ptr_nonnull(fl_slices_get(&bench.cache, &slices, end * 2));
    hoard_take(&hoard, &bench, 0);
    ck_assert_ptr_null(fl_slices_get(&bench.cache, &slices, 7));
    ck_assert_ptr_nonnull(fl_slices_get(&bench.cache, &slices, 8));
    ck_assert_ptr_null(fl_slices_find(&slices, 7));
    ck_assert_uint_eq(slices.count, 64);
    hoard_give(&hoard, &bench);
    ck_assert_ptr_nonnull(fl_slices_get(&bench.cache, &slices, 7));
    ck_assert_uint_eq(slices.count, 65);
    fl_slices_fini(&bench.cache, &slices);
    bench_fini(&bench);
}
END_TEST

TCase *slice_unit_tests(void)
{
    TCase *tests = tcase_create("slice.c");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, r10_slice_holds_its_time_and_slices_tile, 0, COUNT_OF(cuts));
    tcase_add_loop_test(tests, all_of_a_slice_lies_in_the_same_windows, 0, COUNT_OF(cuts));
    tcase_add_loop_test(
        tests, first_window_is_the_earliest_that_holds_the_slice, 0, COUNT_OF(cuts));
    tcase_add_loop_test(
        tests, windows_are_found_again_by_their_names_which_are_in_their_order, 0, COUNT_OF(cuts));
    tcase_add_test(tests, r1_global_window_is_one_slice_up_to_its_end);
    tcase_add_test(tests, slices_are_kept_in_order_and_found_again);
    tcase_add_test(tests, slice_without_memory_leaves_the_list_as_it_was);
    return tests;
}
