// SPDX-License-Identifier: Apache-2.0
// Sliding windows by slices equal the naive form (R11b), pane by pane, with late elements, for
// random sizes and any lateness; and panes come in the sequence that R47 allows.
#include <stdio.h>
#include <stdlib.h>

#include "story.h"

#define SECOND INT64_C(1000000)
#define KEYS   3
#define OPEN   512 // windows by key that may be open in the naive form

enum how {
    BY_COUNT,
    BY_SUM,
    BY_MIN,
    BY_TEXT,
    BY_TOP,
    HOW_COUNT
};

struct sliding_acc {
    int64_t count;
    flow_str most;
};
FLOW_RECORD(sliding_acc, count, most);

static int compare_text(flow_str a, flow_str b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order : a.len < b.len ? -1 : a.len > b.len;
}

static void sliding_acc_add(struct sliding_acc *acc, const struct flow_test_row *in)
{
    if (acc->count++ == 0 || compare_text(in->s, acc->most) > 0)
        acc->most = in->s;
}

static void sliding_acc_merge(struct sliding_acc *acc, const struct sliding_acc *other)
{
    if (other->count > 0 && (acc->count == 0 || compare_text(other->most, acc->most) > 0))
        acc->most = other->most;
    acc->count += other->count;
}
FLOW_COMBINE_FN(sliding_acc, flow_test_row);

#define TO_ROW(IN, FILL)                                                                           \
    static flow_status IN##_to_row(flow_ctx *ctx, const int64_t *key, const struct IN *in)         \
    {                                                                                              \
        struct flow_test_row row = { .k = *key };                                                  \
        FILL;                                                                                      \
        return FLOW_EMIT_ROW(ctx, flow_test_row, &row);                                            \
    }                                                                                              \
    FLOW_KEYED_FN(IN##_to_row, int64_t, IN, flow_test_row)

TO_ROW(flow_counted, row.v = in->count);
TO_ROW(flow_integer, row.v = in->value);
TO_ROW(sliding_acc, row.v = in->count; row.s = in->most);
TO_ROW(flow_test_row, row.s = in->s);

static flow_coll results_of(enum how how, flow_coll in)
{
    switch (how) {
    case BY_COUNT:
        return flow_do(flow_count(in), &flow_counted_to_row_fn);
    case BY_SUM:
        return flow_do(flow_sum(in, FLOW_FIELD(flow_test_row, v)), &flow_integer_to_row_fn);
    case BY_MIN:
        return flow_do(flow_min(in, FLOW_FIELD(flow_test_row, v)), &flow_integer_to_row_fn);
    case BY_TEXT:
        return flow_do(flow_combine(in, &sliding_acc_combine), &sliding_acc_to_row_fn);
    default:
        return flow_do(flow_top(in, 1, FLOW_FIELD(flow_test_row, s)), &flow_test_row_to_row_fn);
    }
}

// --- the naive form

struct pane {
    int64_t key;
    flow_window window;
    int64_t count, sum, min;
    flow_str most;
    uint32_t panes; // fired so far
    bool used;
};

struct naive {
    enum how how;
    flow_windows windows;
    int64_t lateness, watermark;
    struct pane open[OPEN];
    struct flow_test_results *wanted;
    uint64_t late;
};

static void put(struct pane *pane, const struct flow_test_row *row)
{
    pane->min = pane->count == 0 || row->v < pane->min ? row->v : pane->min;
    if (pane->count == 0 || compare_text(row->s, pane->most) > 0)
        pane->most = row->s;
    pane->sum += row->v;
    pane->count++;
}

static void emit(struct naive *naive, struct pane *pane, flow_timing timing)
{
    struct flow_test_row row = { .k = pane->key };
    const bool last = timing == FLOW_TIMING_ON_TIME &&
                      pane->window.end.us - 1 + naive->lateness < naive->watermark;
    const struct flow_test_result at = { .time = { pane->window.end.us - 1 },
        .window = pane->window,
        .pane = { timing, pane->panes == 0, last, false, pane->panes, (int32_t)pane->panes } };
    if (naive->how == BY_SUM)
        row.v = pane->sum;
    else if (naive->how == BY_MIN)
        row.v = pane->min;
    else if (naive->how != BY_TOP)
        row.v = pane->count;
    if (naive->how >= BY_TEXT)
        row.s = pane->most;
    flow_test_expect(naive->wanted, &flow_test_row_type, &row, &at);
    pane->panes++;
    pane->count = pane->sum = 0;
}

static struct pane *pane_of(struct naive *naive, int64_t key, int64_t start)
{
    struct pane *unused = NULL;
    for (int i = 0; i < OPEN; i++) {
        struct pane *pane = &naive->open[i];
        if (pane->used && pane->key == key && pane->window.start.us == start)
            return pane;
        if (!pane->used)
            unused = pane;
    }
    ck_assert_ptr_nonnull(unused);
    memset(unused, 0, sizeof *unused);
    unused->used = true;
    unused->key = key;
    unused->window.start.us = start;
    unused->window.end.us = start + naive->windows.size.us;
    return unused;
}

static void naive_row(struct naive *naive, const struct flow_test_row *row)
{
    const int64_t every = naive->windows.every.us, size = naive->windows.size.us;
    for (int64_t n = (row->at.us - naive->windows.offset.us) / every + 2;; n--) {
        const int64_t start = naive->windows.offset.us + n * every;
        if (start + size <= row->at.us)
            return;
        if (start > row->at.us)
            continue;
        if (start + size - 1 + naive->lateness < naive->watermark) {
            naive->late++;
            continue;
        }
        struct pane *pane = pane_of(naive, row->k, start);
        put(pane, row);
        if (start + size <= naive->watermark)
            emit(naive, pane, FLOW_TIMING_LATE);
    }
}

static void naive_tick(struct naive *naive, int64_t watermark)
{
    naive->watermark = watermark;
    for (int i = 0; i < OPEN; i++) {
        struct pane *pane = &naive->open[i];
        if (!pane->used || pane->window.end.us > watermark)
            continue;
        if (pane->count > 0)
            emit(naive, pane, FLOW_TIMING_ON_TIME);
        if (pane->window.end.us - 1 + naive->lateness < watermark)
            pane->used = false;
    }
}

// --- one random story

static void tell(struct story *story, struct naive *naive, uint64_t *random)
{
    static const char letters[] = "abacabadabacaba";
    int64_t now = -30 * SECOND;
    for (int i = 0; i < 150; i++) {
        if (flow_test_below(random, 4) == 0) {
            now += (int64_t)flow_test_below(random, 12) * SECOND;
            story_tick_us(story, now);
            naive_tick(naive, now > naive->watermark ? now : naive->watermark);
            continue;
        }
        const int64_t at = now / SECOND + (int64_t)flow_test_below(random, 60) - 40;
        story_row(
            story, flow_test_below(random, KEYS), (int64_t)flow_test_below(random, 100) - 50, at);
        struct flow_test_row *row = &story->rows[story->count - 1];
        row->s.data = letters + flow_test_below(random, 8);
        row->s.len = flow_test_below(random, 7);
        naive_row(naive, row);
    }
    naive_tick(naive, FLOW_TIME_MAX_US);
}

static flow_windows random_sliding(uint64_t *random)
{
    const int64_t every = 1 + flow_test_below(random, 12);
    const int64_t size = 1 + flow_test_below(random, 24);
    return flow_windows_offset(flow_sliding(flow_seconds(size), flow_seconds(every)),
        flow_seconds(flow_test_below(random, (uint32_t)every)));
}

START_TEST(r11b_sliding_windows_equal_the_naive_form_pane_by_pane)
{
    const uint32_t seeds = flow_test_seeds(400);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        uint64_t random = seed;
        struct story *story = story_new();
        struct flow_test_results wanted;
        flow_test_results_init(&wanted, "naive");
        struct naive naive = { .how = (enum how)(seed % HOW_COUNT),
            .windows = random_sliding(&random),
            .lateness = (int64_t)flow_test_below(&random, 3) * 13 * SECOND,
            .watermark = FLOW_TIME_MIN_US,
            .wanted = &wanted };
        const flow_coll windowed = story_window(story, naive.windows, naive.lateness / SECOND);
        flow_test_collect(results_of(naive.how, windowed), &story->got);
        tell(story, &naive, &random);
        story_run(story);
        const char *why = flow_test_differ(&story->got, &wanted);
        ck_assert_msg(!why, "seed %llu, size %lld every %lld offset %lld lateness %lld: %s",
            (unsigned long long)seed, (long long)naive.windows.size.us / SECOND,
            (long long)naive.windows.every.us / SECOND, (long long)naive.windows.offset.us / SECOND,
            (long long)naive.lateness / SECOND, why);
        ck_assert_uint_eq(story->report.dropped_late, naive.late);
        flow_test_results_clear(&wanted);
        story_free(story);
    }
}
END_TEST

static int by_pane(const void *left, const void *right)
{
    const struct flow_test_result *a = left, *b = right;
    const int64_t ka = strtoll(a->text, NULL, 10), kb = strtoll(b->text, NULL, 10);
    if (ka != kb)
        return ka < kb ? -1 : 1;
    if (a->window.end.us != b->window.end.us)
        return a->window.end.us < b->window.end.us ? -1 : 1;
    return a->pane.index < b->pane.index ? -1 : a->pane.index > b->pane.index;
}

START_TEST(r47_panes_of_a_key_and_window_come_on_time_then_late_and_nothing_follows_the_last)
{
    const uint32_t seeds = flow_test_seeds(100);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        uint64_t random = seed + 1000;
        struct story *story = story_new();
        struct flow_test_results wanted;
        flow_test_results_init(&wanted, NULL);
        struct naive naive = { .windows = random_sliding(&random),
            .lateness = 20 * SECOND,
            .watermark = FLOW_TIME_MIN_US,
            .wanted = &wanted };
        flow_test_collect(flow_count(story_window(story, naive.windows, 20)), &story->got);
        tell(story, &naive, &random);
        story_run(story);
        struct flow_test_results *got = &story->got;
        if (got->count)
            qsort(got->list, got->count, sizeof *got->list, by_pane);
        for (size_t i = 0; i < got->count; i++) {
            const struct flow_test_result *before = i ? &got->list[i - 1] : NULL;
            const struct flow_test_result *now = &got->list[i];
            const bool same = before && before->window.end.us == now->window.end.us &&
                              strtoll(before->text, NULL, 10) == strtoll(now->text, NULL, 10);
            ck_assert_uint_eq(now->pane.index, same ? before->pane.index + 1 : 0);
            ck_assert(now->pane.first == !same);
            ck_assert(!same || now->pane.timing == FLOW_TIMING_LATE);
            ck_assert(!same || !before->pane.last);
        }
        flow_test_results_clear(&wanted);
        story_free(story);
    }
}
END_TEST

static bool is_first(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    return row->k == 1;
}
FLOW_FILTER_FN(is_first, flow_test_row);

static flow_status others(flow_ctx *ctx, const int64_t *key, flow_rows *rows)
{
    const struct flow_test_row *row;
    while (*key != 1 && (row = flow_rows_next(rows)))
        if (FLOW_EMIT_ROW(ctx, flow_test_row, row) != FLOW_OK)
            return ctx->status;
    return FLOW_OK;
}
FLOW_GROUP_FN(others, int64_t, flow_test_row, flow_test_row);

START_TEST(r22_windows_that_only_hold_rows_grouped_before_leave_running_results_alone)
{
    struct story *story = story_new();
    const flow_coll rows = story_window(story, flow_sliding(flow_seconds(12), flow_seconds(5)), 0);
    // rows whose windows follow from their time, and rows that come in theirs
    const flow_coll both[] = { flow_unkey(flow_do(rows, &is_first_fn)),
        flow_group(rows, &others_fn) };
    const flow_coll all = flow_key_by(flow_flatten(both, 2), FLOW_FIELD(flow_test_row, k));
    flow_test_collect(flow_sum(all, FLOW_FIELD(flow_test_row, v)), &story->got);
    story_row(story, 1, 1, 0);
    story_row(story, 1, 2, 4);
    story_row(story, 2, 10, 14); // alone in [5, 17) and the two after it
    story_row(story, 1, 100, 20);
    for (int64_t second = 0; second < 60; second++)
        story_tick(story, second);
    story_run(story);
    story_expect(story, "1=1 [-10,2) on-time 0 first last; 1=100 [10,22) on-time 0 first last; "
                        "1=100 [15,27) on-time 0 first last; 1=100 [20,32) on-time 0 first last; "
                        "1=3 [-5,7) on-time 0 first last; 1=3 [0,12) on-time 0 first last; "
                        "2=10 [10,22) on-time 0 first last; 2=10 [5,17) on-time 0 first last");
    story_free(story);
}
END_TEST

TCase *sliding_tests(void);

TCase *sliding_tests(void)
{
    TCase *tests = tcase_create("sliding");
    tcase_set_timeout(tests, 600);
    tcase_add_test(
        tests, r22_windows_that_only_hold_rows_grouped_before_leave_running_results_alone);
    tcase_add_test(tests, r11b_sliding_windows_equal_the_naive_form_pane_by_pane);
    tcase_add_test(
        tests, r47_panes_of_a_key_and_window_come_on_time_then_late_and_nothing_follows_the_last);
    return tests;
}
