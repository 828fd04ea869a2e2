// SPDX-License-Identifier: Apache-2.0
// From elements to windows, and what windows merge into, against searches that know no tricks.
#include <check.h>
#include <stdlib.h>

#include <flow/flow.h>

TCase *assign_tests(void);

#define ROUNDS 3000
#define MANY   12

static flow_time at(int64_t us)
{
    return (flow_time){ us };
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static int64_t below(uint64_t *state, int64_t limit)
{
    return (int64_t)(next_random(state) % (uint64_t)limit);
}

// Checks that the windows of `time` are those listed as start, end, start, end, …
static void expect(const flow_windows *windows, const void *element, int64_t time, uint32_t count,
    const int64_t *bounds)
{
    flow_window list[8] = { { { 0 }, { 0 } } };
    ck_assert_uint_eq(flow_windows_assign(windows, element, at(time), list, 8), count);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(list[i].start.us, bounds[2 * i]);
        ck_assert_int_eq(list[i].end.us, bounds[2 * i + 1]);
    }
}

#define EXPECT(windows, element, time, count, ...)                                                 \
    expect((windows), (element), (time), (count), (const int64_t[]){ __VA_ARGS__ })

START_TEST(r11_an_element_is_in_all_windows_that_hold_it)
{
    const flow_windows sliding = flow_sliding(flow_micros(10), flow_micros(5));
    EXPECT(&sliding, NULL, 7, 2, 5, 15, 0, 10);
    const flow_windows gaps = flow_sliding(flow_micros(5), flow_micros(10));
    EXPECT(&gaps, NULL, 7, 0, 0);
    const flow_windows global = flow_global();
    EXPECT(&global, NULL, 7, 1, FLOW_TIME_MIN_US, FLOW_TIME_GLOBAL_END_US);
}
END_TEST

START_TEST(r9_an_element_at_the_end_of_a_growing_window_is_not_in_it)
{
    const flow_windows growing = flow_cumulate(flow_micros(10), flow_micros(5));
    EXPECT(&growing, NULL, 4, 2, 0, 10, 0, 5);
    EXPECT(&growing, NULL, 5, 1, 0, 10);
    EXPECT(&growing, NULL, 9, 1, 0, 10);
    EXPECT(&growing, NULL, 10, 2, 10, 20, 10, 15);
}
END_TEST

START_TEST(assigning_tells_how_many_where_the_room_is_short)
{
    flow_window list[2];
    const flow_windows sliding = flow_sliding(flow_micros(10), flow_micros(1));
    ck_assert_uint_eq(flow_windows_assign(&sliding, NULL, at(7), list, 2), 10);
    ck_assert_int_eq(list[1].start.us, 6);
    ck_assert_uint_eq(flow_windows_assign(&sliding, NULL, at(7), NULL, 0), 10);
    const flow_windows sessions = flow_sessions(flow_micros(10));
    ck_assert_uint_eq(flow_windows_assign(&sessions, NULL, at(7), NULL, 0), 1);
}
END_TEST

START_TEST(cumulating_windows_grow_to_their_size)
{
    const flow_windows plain = flow_cumulate(flow_micros(12), flow_micros(4));
    EXPECT(&plain, NULL, 0, 3, 0, 12, 0, 8, 0, 4);
    EXPECT(&plain, NULL, 3, 3, 0, 12, 0, 8, 0, 4);
    EXPECT(&plain, NULL, 4, 2, 0, 12, 0, 8);
    EXPECT(&plain, NULL, 11, 1, 0, 12);
    EXPECT(&plain, NULL, -1, 1, -12, 0);
    const flow_windows shifted = flow_windows_offset(plain, flow_micros(5));
    EXPECT(&shifted, NULL, 4, 1, -7, 5);
    EXPECT(&shifted, NULL, 5, 3, 5, 17, 5, 13, 5, 9);
}
END_TEST

START_TEST(cumulating_windows_equal_those_found_by_search)
{
    uint64_t random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t step = 1 + below(&random, 5), count = 1 + below(&random, 6);
        const int64_t size = step * count, offset = below(&random, size);
        const int64_t time = below(&random, 200) - 100;
        flow_windows windows = flow_cumulate(flow_micros(size), flow_micros(step));
        windows = flow_windows_offset(windows, flow_micros(offset));
        flow_window list[8];
        const uint32_t found = flow_windows_assign(&windows, NULL, at(time), list, 8);
        ck_assert_uint_eq(found, flow_windows_count(&windows, at(time)));
        uint32_t wanted = 0;
        for (int64_t start = offset - 200 * size; start <= time; start += size) {
            for (int64_t end = start + size; end > time && end > start; end -= step) {
                if (time >= start + size)
                    break;
                ck_assert_uint_lt(wanted, found);
                ck_assert_int_eq(list[wanted].start.us, start);
                ck_assert_int_eq(list[wanted++].end.us, end);
            }
        }
        ck_assert_uint_eq(wanted, found);
    }
}
END_TEST

START_TEST(r23_cumulating_windows_end_with_the_global_one)
{
    flow_window list[30];
    const flow_windows hours = flow_cumulate(flow_days(1), flow_hours(1));
    const int64_t times[] = { FLOW_TIME_GLOBAL_END_US - 1, FLOW_TIME_MAX_US,
        FLOW_TIME_GLOBAL_END_US - flow_hours(5).us, FLOW_TIME_MIN_US };
    for (int i = 0; i < 4; i++) {
        const uint32_t count = flow_windows_assign(&hours, NULL, at(times[i]), list, 30);
        ck_assert_uint_gt(count, 0);
        ck_assert_uint_eq(count, flow_windows_count(&hours, at(times[i])));
        for (uint32_t k = 0; k < count; k++) {
            ck_assert_int_le(list[k].end.us, FLOW_TIME_GLOBAL_END_US);
            ck_assert_int_gt(list[k].end.us, list[k].start.us);
            ck_assert(k == 0 || list[k].end.us < list[k - 1].end.us);
        }
    }
}
END_TEST

START_TEST(r12_a_session_begins_as_the_elements_own)
{
    const flow_windows sessions = flow_sessions(flow_micros(10));
    EXPECT(&sessions, NULL, 7, 1, 7, 17);
    EXPECT(&sessions, NULL, -7, 1, -7, 3);
    EXPECT(
        &sessions, NULL, FLOW_TIME_MAX_US, 1, FLOW_TIME_GLOBAL_END_US - 1, FLOW_TIME_GLOBAL_END_US);
    flow_window window;
    ck_assert(flow_windows_last(&sessions, at(7), &window));
    ck_assert(!flow_windows_before(&sessions, at(7), &window));
    ck_assert_uint_eq(flow_windows_count(&sessions, at(7)), 1);
}
END_TEST

struct click {
    flow_str user;
    flow_duration patience;
};
FLOW_RECORD(click, user, patience);

START_TEST(r12_an_element_may_say_its_own_gap)
{
    const flow_windows sessions = flow_sessions_by(FLOW_FIELD(click, patience));
    const struct click some = { .patience = flow_micros(3) };
    const struct click none = { .patience = flow_micros(0) };
    const struct click negative = { .patience = flow_micros(-5) };
    EXPECT(&sessions, &some, 7, 1, 7, 10);
    EXPECT(&sessions, &none, 7, 0, 0);
    EXPECT(&sessions, &negative, 7, 0, 0);
    const flow_windows capped = flow_sessions_max(sessions, flow_micros(2));
    EXPECT(&capped, &some, 7, 1, 7, 9);
    ck_assert(flow_windows_by_element(&sessions));
    flow_window window;
    ck_assert(!flow_windows_last(&sessions, at(7), &window));
    ck_assert_uint_eq(flow_windows_count(&sessions, at(7)), 0);
}
END_TEST

// --- merging

// Merges `count` windows given as start, end, …; expects what each is part of, likewise.
static void expect_merged(const flow_windows *windows, uint32_t count, const int64_t *bounds,
    const int64_t *wanted, uint32_t different)
{
    flow_window sorted[MANY] = { { { 0 }, { 0 } } }, into[MANY];
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = (flow_window){ { bounds[2 * i] }, { bounds[2 * i + 1] } };
    ck_assert_uint_eq(flow_windows_merge(windows, sorted, count, into), different);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(into[i].start.us, wanted[2 * i]);
        ck_assert_int_eq(into[i].end.us, wanted[2 * i + 1]);
    }
}

#define LIST(...) ((const int64_t[]){ __VA_ARGS__ })

START_TEST(r12_windows_merge_only_when_they_overlap)
{
    const flow_windows sessions = flow_sessions(flow_micros(10));
    expect_merged(&sessions, 2, LIST(0, 10, 9, 19), LIST(0, 19, 0, 19), 1);
    expect_merged(&sessions, 2, LIST(0, 10, 10, 20), LIST(0, 10, 10, 20), 2);
    expect_merged(&sessions, 0, NULL, NULL, 0);
    expect_merged(&sessions, 1, LIST(3, 13), LIST(3, 13), 1);
}
END_TEST

START_TEST(r13_runs_become_their_span_and_what_stands_alone_stays)
{
    const flow_windows sessions = flow_sessions(flow_micros(10));
    expect_merged(&sessions, 5, LIST(0, 10, 5, 7, 9, 19, 19, 29, 40, 50),
        LIST(0, 19, 0, 19, 0, 19, 19, 29, 40, 50), 3);
    expect_merged(&sessions, 3, LIST(0, 10, 0, 10, 0, 12), LIST(0, 12, 0, 12, 0, 12), 1);
}
END_TEST

static int by_start(const void *a, const void *b)
{
    const flow_window *x = a, *y = b;
    if (x->start.us != y->start.us)
        return x->start.us < y->start.us ? -1 : 1;
    return (x->end.us > y->end.us) - (x->end.us < y->end.us);
}

START_TEST(r13_merging_equals_joining_pairs_until_none_overlap)
{
    const flow_windows sessions = flow_sessions(flow_micros(10));
    uint64_t random = 7;
    for (int round = 0; round < ROUNDS; round++) {
        flow_window sorted[MANY], into[MANY], naive[MANY];
        const uint32_t count = 1 + (uint32_t)below(&random, MANY);
        for (uint32_t i = 0; i < count; i++) {
            sorted[i].start.us = below(&random, 60) - 30;
            sorted[i].end.us = sorted[i].start.us + 1 + below(&random, 12);
        }
        qsort(sorted, count, sizeof sorted[0], by_start);
        memcpy(naive, sorted, sizeof sorted);
        for (bool changed = true; changed;) {
            changed = false;
            for (uint32_t i = 0; i < count * count; i++) {
                flow_window *a = &naive[i / count], *b = &naive[i % count];
                const bool overlap = a->start.us < b->end.us && b->start.us < a->end.us;
                if (!overlap || by_start(a, b) == 0)
                    continue;
                a->start.us = a->start.us < b->start.us ? a->start.us : b->start.us;
                a->end.us = a->end.us > b->end.us ? a->end.us : b->end.us;
                *b = *a;
                changed = true;
            }
        }
        flow_windows_merge(&sessions, sorted, count, into);
        for (uint32_t i = 0; i < count; i++)
            ck_assert_int_eq(by_start(&into[i], &naive[i]), 0);
    }
}
END_TEST

START_TEST(a_session_grows_no_longer_than_it_may)
{
    const flow_windows sessions =
        flow_sessions_max(flow_sessions(flow_micros(10)), flow_micros(20));
    expect_merged(&sessions, 3, LIST(0, 10, 5, 15, 9, 19), LIST(0, 19, 0, 19, 0, 19), 1);
    expect_merged(&sessions, 3, LIST(0, 10, 8, 18, 12, 22), LIST(0, 18, 0, 18, 12, 22), 2);
    // what has been cut stays cut, and goes on by itself
    expect_merged(&sessions, 3, LIST(0, 18, 12, 22, 17, 27), LIST(0, 18, 12, 27, 12, 27), 2);
    expect_merged(&sessions, 2, LIST(0, 20, 20, 30), LIST(0, 20, 20, 30), 2);
}
END_TEST

START_TEST(windows_that_do_not_merge_stay_as_they_are)
{
    const flow_windows sliding = flow_sliding(flow_micros(10), flow_micros(5));
    ck_assert(!flow_windows_merging(&sliding));
    expect_merged(&sliding, 2, LIST(0, 10, 5, 15), LIST(0, 10, 5, 15), 2);
    expect_merged(&sliding, 0, NULL, NULL, 0);
}
END_TEST

// --- custom windows

struct shift {
    int64_t size;
    int64_t copies;
};
FLOW_RECORD(shift, size, copies);

// `copies` windows that begin one microsecond after the other, all before the element.
static uint32_t shifts(
    const void *element, flow_time time, const void *config, flow_window *windows, uint32_t room)
{
    const struct shift *shift = config;
    ck_assert_ptr_null(element);
    for (uint32_t i = 0; i < shift->copies && i < room; i++)
        windows[i] = (flow_window){ { time.us - i }, { time.us - i + shift->size } };
    return (uint32_t)shift->copies;
}

static uint32_t patient(
    const void *element, flow_time time, const void *config, flow_window *windows, uint32_t room)
{
    const struct click *click = element;
    ck_assert_ptr_null(config);
    if (room && click->patience.us)
        windows[0] = (flow_window){ time, { time.us + click->patience.us } };
    return click->patience.us ? 1 : 0;
}

// All of one ten are one window.
static void by_tens(
    const flow_window *windows, uint32_t count, const void *config, flow_window *into)
{
    const struct shift *shift = config;
    for (uint32_t i = 0; i < count; i++) {
        into[i].start.us = flow_floor_div(windows[i].start.us, 10) * 10;
        into[i].end.us = into[i].start.us + shift->size;
    }
}

static const flow_window_fn shifts_fn = {
    .name = "shifts", .config = &shift_type, .assign = shifts
};
static const flow_window_fn patient_fn = {
    .name = "patient", .in = &click_type, .merges = true, .assign = patient
};
static const flow_window_fn tens_fn = {
    .name = "tens", .config = &shift_type, .merges = true, .assign = shifts, .merge = by_tens
};

START_TEST(custom_windows_are_those_the_function_says)
{
    const struct shift two = { 5, 2 };
    const flow_windows custom = flow_custom(&shifts_fn, &two);
    EXPECT(&custom, "ignored", 7, 2, 7, 12, 6, 11);
    ck_assert_uint_eq(flow_windows_count(&custom, at(7)), 2);
    flow_window window;
    ck_assert(flow_windows_last(&custom, at(7), &window));
    ck_assert(!flow_windows_by_element(&custom) && !flow_windows_merging(&custom));
    const flow_windows element = flow_custom(&patient_fn, NULL);
    EXPECT(&element, &(struct click){ .patience = { 4 } }, 7, 1, 7, 11);
    EXPECT(&element, &(struct click){ .patience = { 0 } }, 7, 0, 0);
    ck_assert(flow_windows_by_element(&element) && flow_windows_merging(&element));
    ck_assert_uint_eq(flow_windows_count(&element, at(7)), 0);
    ck_assert(!flow_windows_last(&element, at(7), &window));
}
END_TEST

START_TEST(r23_custom_windows_end_with_the_global_one)
{
    const int64_t end = FLOW_TIME_GLOBAL_END_US;
    const struct shift two = { 5, 2 };
    const flow_windows custom = flow_custom(&shifts_fn, &two);
    EXPECT(&custom, NULL, end - 2, 2, end - 2, end, end - 3, end);
    EXPECT(&custom, NULL, end + 7, 2, end - 1, end, end - 1, end);
}
END_TEST

START_TEST(r13_custom_windows_merge_when_they_overlap_or_as_they_say)
{
    const flow_windows overlap = flow_custom(&patient_fn, NULL);
    expect_merged(&overlap, 3, LIST(0, 10, 9, 12, 12, 15), LIST(0, 12, 0, 12, 12, 15), 2);
    const struct shift ten = { 10, 1 };
    const flow_windows tens = flow_custom(&tens_fn, &ten);
    expect_merged(&tens, 3, LIST(1, 3, 7, 9, 12, 15), LIST(0, 10, 0, 10, 10, 20), 2);
}
END_TEST

START_TEST(a_merge_that_loses_a_window_is_told_by_a_zero)
{
    flow_window into[2];
    const flow_window sorted[] = { { { 1 }, { 3 } }, { { 7 }, { 99 } } };
    const struct shift ten = { 10, 1 };
    const flow_windows tens = flow_custom(&tens_fn, &ten);
    ck_assert_uint_eq(flow_windows_merge(&tens, sorted, 2, into), 0);
}
END_TEST

TCase *assign_tests(void)
{
    TCase *tests = tcase_create("assign");
    tcase_add_test(tests, r11_an_element_is_in_all_windows_that_hold_it);
    tcase_add_test(tests, r9_an_element_at_the_end_of_a_growing_window_is_not_in_it);
    tcase_add_test(tests, assigning_tells_how_many_where_the_room_is_short);
    tcase_add_test(tests, cumulating_windows_grow_to_their_size);
    tcase_add_test(tests, cumulating_windows_equal_those_found_by_search);
    tcase_add_test(tests, r23_cumulating_windows_end_with_the_global_one);
    tcase_add_test(tests, r12_a_session_begins_as_the_elements_own);
    tcase_add_test(tests, r12_an_element_may_say_its_own_gap);
    tcase_add_test(tests, r12_windows_merge_only_when_they_overlap);
    tcase_add_test(tests, r13_runs_become_their_span_and_what_stands_alone_stays);
    tcase_add_test(tests, r13_merging_equals_joining_pairs_until_none_overlap);
    tcase_add_test(tests, a_session_grows_no_longer_than_it_may);
    tcase_add_test(tests, windows_that_do_not_merge_stay_as_they_are);
    tcase_add_test(tests, custom_windows_are_those_the_function_says);
    tcase_add_test(tests, r23_custom_windows_end_with_the_global_one);
    tcase_add_test(tests, r13_custom_windows_merge_when_they_overlap_or_as_they_say);
    tcase_add_test(tests, a_merge_that_loses_a_window_is_told_by_a_zero);
    return tests;
}
