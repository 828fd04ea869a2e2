// SPDX-License-Identifier: Apache-2.0
// Windows against the rules by number, and against a search that knows no arithmetic tricks.
#include <check.h>

#include <flow/window.h>

TCase *window_tests(void);

#define ROUNDS 20000

static flow_time at(int64_t us)
{
    return (flow_time){ us };
}

static flow_windows every_us(int64_t size, int64_t every, int64_t offset)
{
    const flow_windows windows = flow_sliding(flow_micros(size), flow_micros(every));
    return flow_windows_offset(windows, flow_micros(offset));
}

static void expect(const flow_windows *windows, int64_t time, int64_t start, int64_t end)
{
    flow_window window;
    ck_assert(flow_windows_last(windows, at(time), &window));
    ck_assert_int_eq(window.start.us, start);
    ck_assert_int_eq(window.end.us, end);
}

// SplitMix64: tests bring their own numbers.
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static int64_t random_below(uint64_t *state, int64_t limit)
{
    return (int64_t)(next_random(state) % (uint64_t)limit);
}

START_TEST(r9_element_at_the_end_is_in_the_next_window)
{
    const flow_windows windows = flow_fixed(flow_micros(10));
    expect(&windows, 9, 0, 10);
    expect(&windows, 10, 10, 20);
    flow_window window;
    ck_assert(flow_windows_last(&windows, at(9), &window));
    ck_assert_int_eq(flow_window_last_instant(window).us, 9);
}
END_TEST

START_TEST(r10_window_before_1970_holds_its_element)
{
    const flow_windows windows = flow_fixed(flow_micros(10));
    expect(&windows, -1, -10, 0);
    expect(&windows, -10, -10, 0);
    expect(&windows, -11, -20, -10);
    const flow_windows shifted = every_us(10, 10, 3);
    expect(&shifted, -8, -17, -7);
    expect(&shifted, -7, -7, 3);
    expect(&shifted, 2, -7, 3);
    expect(&shifted, 3, 3, 13);
}
END_TEST

START_TEST(r10_floor_division_rounds_down)
{
    ck_assert_int_eq(flow_floor_div(-1, 10), -1);
    ck_assert_int_eq(flow_floor_div(-10, 10), -1);
    ck_assert_int_eq(flow_floor_div(-11, 10), -2);
    ck_assert_int_eq(flow_floor_div(19, 10), 1);
    ck_assert_int_eq(flow_floor_mod(-1, 10), 9);
    ck_assert_int_eq(flow_floor_mod(-10, 10), 0);
}
END_TEST

START_TEST(r11_sliding_window_assigns_each_overlapping_window)
{
    const flow_windows windows = every_us(60, 10, 0);
    flow_window window;
    int64_t start = 120;
    uint32_t count = 0;
    bool in = flow_windows_last(&windows, at(125), &window);
    for (; in; in = flow_windows_before(&windows, at(125), &window)) {
        ck_assert_int_eq(window.start.us, start);
        ck_assert_int_eq(window.end.us, start + 60);
        start -= 10;
        count++;
    }
    ck_assert_uint_eq(count, 6);
    ck_assert_uint_eq(flow_windows_count(&windows, at(125)), 6);
}
END_TEST

START_TEST(r11_element_in_a_gap_has_no_window)
{
    const flow_windows windows = every_us(10, 60, 0);
    flow_window window;
    ck_assert(flow_windows_last(&windows, at(9), &window));
    ck_assert(!flow_windows_last(&windows, at(10), &window));
    ck_assert(!flow_windows_last(&windows, at(59), &window));
    ck_assert_uint_eq(flow_windows_count(&windows, at(59)), 0);
    ck_assert(!flow_windows_last(&windows, at(-1), &window));
}
END_TEST

START_TEST(r11_size_that_is_no_multiple_gives_windows_by_instant)
{
    const flow_windows windows = every_us(25, 10, 0);
    ck_assert_uint_eq(flow_windows_count(&windows, at(4)), 3);
    ck_assert_uint_eq(flow_windows_count(&windows, at(5)), 2);
}
END_TEST

// All windows that hold `time`, latest first, by trying every start in reach.
static uint32_t search(const flow_windows *windows, int64_t time, flow_window *found, uint32_t room)
{
    uint32_t count = 0;
    for (int64_t start = time; start > time - windows->size.us; start--)
        if (flow_floor_mod(start - windows->offset.us, windows->every.us) == 0 && count < room)
            found[count++] = (flow_window){ { start }, { start + windows->size.us } };
    return count;
}

START_TEST(r11_windows_equal_those_found_by_search)
{
    uint64_t seed = 11;
    static flow_window found[200];
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t every = 1 + random_below(&seed, 40);
        const flow_windows windows =
            every_us(1 + random_below(&seed, 120), every, random_below(&seed, every));
        ck_assert_int_eq(flow_windows_check(&windows, NULL), FLOW_OK);
        const flow_time time = at(random_below(&seed, 2000) - 1000);
        const uint32_t count = search(&windows, time.us, found, 200);
        ck_assert_uint_eq(flow_windows_count(&windows, time), count);
        flow_window window;
        uint32_t i = 0;
        bool in = flow_windows_last(&windows, time, &window);
        for (; in; in = flow_windows_before(&windows, time, &window), i++) {
            ck_assert_uint_lt(i, count);
            ck_assert_int_eq(window.start.us, found[i].start.us);
            ck_assert_int_eq(window.end.us, found[i].end.us);
        }
        ck_assert_uint_eq(i, count);
    }
}
END_TEST

START_TEST(r1_global_window_ends_a_day_before_time_does)
{
    const flow_windows windows = flow_global();
    expect(&windows, 0, FLOW_TIME_MIN_US, FLOW_TIME_GLOBAL_END_US);
    flow_window window;
    ck_assert(flow_windows_last(&windows, at(FLOW_TIME_MIN_US), &window));
    ck_assert(!flow_windows_before(&windows, at(0), &window));
    ck_assert_uint_eq(flow_windows_count(&windows, at(0)), 1);
    ck_assert_int_eq(FLOW_TIME_MAX_US - FLOW_TIME_GLOBAL_END_US, flow_days(1).us);
}
END_TEST

START_TEST(windows_at_the_ends_of_time_are_cut_off)
{
    const int64_t day = flow_days(1).us;
    const flow_windows days = flow_fixed(flow_days(1));
    flow_window window;
    ck_assert(flow_windows_last(&days, at(FLOW_TIME_MIN_US), &window));
    ck_assert_int_eq(window.start.us, FLOW_TIME_MIN_US);
    ck_assert_int_gt(window.end.us, FLOW_TIME_MIN_US);
    ck_assert_int_le(window.end.us, FLOW_TIME_MIN_US + day);
    ck_assert_int_eq(flow_floor_mod(window.end.us, day), 0);
    ck_assert(flow_windows_last(&days, at(FLOW_TIME_GLOBAL_END_US - 1), &window));
    ck_assert_int_eq(window.end.us, FLOW_TIME_GLOBAL_END_US);
    ck_assert_int_eq(flow_floor_mod(window.start.us, day), 0);
    ck_assert_int_gt(window.start.us, FLOW_TIME_GLOBAL_END_US - day);
}
END_TEST

START_TEST(r23_what_is_behind_the_global_window_lies_in_the_last_windows)
{
    const flow_windows all[] = { flow_global(), flow_fixed(flow_hours(1)),
        flow_sliding(flow_hours(3), flow_minutes(7)), flow_fixed(flow_days(1000)) };
    const int64_t times[] = { FLOW_TIME_GLOBAL_END_US, FLOW_TIME_GLOBAL_END_US + 1,
        FLOW_TIME_MAX_US };
    for (size_t w = 0; w < sizeof all / sizeof all[0]; w++) {
        for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
            flow_window last, late;
            const flow_time inside = at(FLOW_TIME_GLOBAL_END_US - 1), behind = at(times[i]);
            ck_assert_uint_eq(
                flow_windows_count(&all[w], behind), flow_windows_count(&all[w], inside));
            bool in = flow_windows_last(&all[w], inside, &last);
            bool too = flow_windows_last(&all[w], behind, &late);
            ck_assert(in && too);
            for (; in && too; in = flow_windows_before(&all[w], inside, &last),
                              too = flow_windows_before(&all[w], behind, &late)) {
                ck_assert_int_eq(last.end.us, FLOW_TIME_GLOBAL_END_US);
                ck_assert_int_eq(late.end.us, last.end.us);
                ck_assert_int_eq(late.start.us, last.start.us);
            }
            ck_assert(!in && !too);
        }
    }
}
END_TEST

START_TEST(sliding_windows_at_the_ends_of_time_are_walked_without_overflow)
{
    const flow_windows hours = flow_sliding(flow_days(1), flow_hours(1));
    const flow_time ends[] = { { FLOW_TIME_MIN_US }, { FLOW_TIME_GLOBAL_END_US - 1 } };
    const flow_time time = ends[_i];
    flow_window window;
    flow_window before = { { 0 }, { 0 } };
    uint32_t count = 0;
    bool in = flow_windows_last(&hours, time, &window);
    for (; in; in = flow_windows_before(&hours, time, &window), count++) {
        ck_assert_int_le(window.start.us, time.us);
        ck_assert_int_gt(window.end.us, time.us);
        // Cut off at one end, two windows still differ at the other.
        ck_assert(count == 0 || window.start.us < before.start.us || window.end.us < before.end.us);
        before = window;
    }
    ck_assert_uint_eq(count, 24);
}
END_TEST

START_TEST(r23_expiry_is_the_last_instant_plus_lateness)
{
    const flow_window window = { { 0 }, { 10 } };
    ck_assert_int_eq(flow_window_expiry(window, flow_micros(0)).us, 9);
    ck_assert_int_eq(flow_window_expiry(window, flow_micros(5)).us, 14);
}
END_TEST

START_TEST(r23_expiry_is_at_most_the_end_of_the_global_window)
{
    const flow_window window = { { 0 }, { 10 } };
    ck_assert_int_eq(
        flow_window_expiry(window, flow_micros(INT64_MAX)).us, FLOW_TIME_GLOBAL_END_US);
    const flow_window last = { { 0 }, { FLOW_TIME_MAX_US } };
    ck_assert_int_eq(flow_window_expiry(last, flow_micros(0)).us, FLOW_TIME_GLOBAL_END_US);
    const flow_window global = { { FLOW_TIME_MIN_US }, { FLOW_TIME_GLOBAL_END_US } };
    ck_assert_int_eq(flow_window_expiry(global, flow_micros(0)).us, FLOW_TIME_GLOBAL_END_US - 1);
    ck_assert_int_eq(flow_window_expiry(global, flow_micros(9)).us, FLOW_TIME_GLOBAL_END_US);
}
END_TEST

static const struct {
    flow_windows windows;
    const char *message;
} bad_windows[] = {
    { { .kind = FLOW_WINDOW_FIXED, .size = { 0 }, .every = { 0 }, .offset = { 0 } },
        "size of windows is 0 us, it must be above 0" },
    { { .kind = FLOW_WINDOW_SLIDING, .size = { -5 }, .every = { 1 }, .offset = { 0 } },
        "size of windows is -5 us, it must be above 0" },
    { { .kind = FLOW_WINDOW_SLIDING, .size = { 5 }, .every = { 0 }, .offset = { 0 } },
        "windows start every 0 us, it must be above 0" },
    { { .kind = FLOW_WINDOW_FIXED, .size = { 5 }, .every = { 4 }, .offset = { 0 } },
        "fixed windows of 5 us start every 4 us, both must be equal" },
    { { .kind = FLOW_WINDOW_SLIDING, .size = { 5 }, .every = { 4 }, .offset = { 4 } },
        "offset of windows is 4 us, it must be at least 0 and below 4 us" },
    { { .kind = FLOW_WINDOW_FIXED, .size = { 5 }, .every = { 5 }, .offset = { -1 } },
        "offset of windows is -1 us, it must be at least 0 and below 5 us" },
    { { .kind = FLOW_WINDOW_SLIDING, .size = { INT64_C(4294967297) }, .every = { 1 } },
        "windows of 4294967297 us that start every 1 us overlap more than 4294967295 times" },
    { { .kind = (flow_window_kind)7, .size = { 5 }, .every = { 5 }, .offset = { 0 } },
        "windows are of unknown kind 7" },
};

START_TEST(r11_impossible_windows_are_refused)
{
    flow_error error = { 0 };
    ck_assert_int_eq(flow_windows_check(&bad_windows[_i].windows, &error), FLOW_INVALID);
    ck_assert_str_eq(error.message, bad_windows[_i].message);
}
END_TEST

START_TEST(usual_windows_pass_the_check)
{
    const flow_windows usual[] = { flow_global(), flow_fixed(flow_seconds(1)),
        flow_sliding(flow_minutes(1), flow_seconds(10)),
        flow_windows_offset(flow_fixed(flow_days(1)), flow_hours(3)) };
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        ck_assert_int_eq(flow_windows_check(&usual[i], NULL), FLOW_OK);
}
END_TEST

TCase *window_tests(void)
{
    TCase *tests = tcase_create("window");
    tcase_add_test(tests, r9_element_at_the_end_is_in_the_next_window);
    tcase_add_test(tests, r10_window_before_1970_holds_its_element);
    tcase_add_test(tests, r10_floor_division_rounds_down);
    tcase_add_test(tests, r11_sliding_window_assigns_each_overlapping_window);
    tcase_add_test(tests, r11_element_in_a_gap_has_no_window);
    tcase_add_test(tests, r11_size_that_is_no_multiple_gives_windows_by_instant);
    tcase_add_test(tests, r11_windows_equal_those_found_by_search);
    tcase_add_test(tests, r1_global_window_ends_a_day_before_time_does);
    tcase_add_test(tests, windows_at_the_ends_of_time_are_cut_off);
    tcase_add_test(tests, r23_what_is_behind_the_global_window_lies_in_the_last_windows);
    tcase_add_loop_test(
        tests, sliding_windows_at_the_ends_of_time_are_walked_without_overflow, 0, 2);
    tcase_add_test(tests, r23_expiry_is_the_last_instant_plus_lateness);
    tcase_add_test(tests, r23_expiry_is_at_most_the_end_of_the_global_window);
    tcase_add_loop_test(tests, r11_impossible_windows_are_refused, 0,
        (int)(sizeof bad_windows / sizeof bad_windows[0]));
    tcase_add_test(tests, usual_windows_pass_the_check);
    return tests;
}
