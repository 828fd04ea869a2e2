// SPDX-License-Identifier: Apache-2.0
// What bundles may hold: elements and timers of a key, and results that were added up before they
// were sent; by rule number.
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <flow/memory.h>

#include "flow_test.h"

#define SECOND INT64_C(1000000)
#define KEYS   40

// --- elements and timers (R62)

struct alarms {
    int64_t count;
};
FLOW_RECORD(alarms, count);

// Calls since the last bundle ended, by key; and who has a key in work, or ever had.
struct calls {
    int elements[KEYS], timers[KEYS];
    int bundles, with_elements, with_timers;
    _Atomic int inside[KEYS];
    _Atomic(pthread_t) owner[KEYS];
    atomic_bool two_owners, at_once;
};
static struct calls calls;

static void enter(int64_t key)
{
    pthread_t nobody = 0;
    if (atomic_fetch_add(&calls.inside[key], 1) != 0)
        calls.at_once = true;
    if (!atomic_compare_exchange_strong(&calls.owner[key], &nobody, pthread_self()) &&
        !pthread_equal(nobody, pthread_self()))
        calls.two_owners = true;
}

static void leave(int64_t key)
{
    atomic_fetch_sub(&calls.inside[key], 1);
}

static flow_status ring(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct alarms *alarms)
{
    enter(*key);
    calls.elements[*key]++;
    alarms->count++;
    // of every fourth key it is due as soon as it is set
    flow_timer_set(ctx, (flow_time){ row->at.us + (*key % 4 ? 3 : -3) * SECOND });
    leave(*key);
    return ctx->status;
}

static flow_status ring_timer(flow_ctx *ctx, const int64_t *key, struct alarms *alarms)
{
    enter(*key);
    calls.timers[*key]++;
    const flow_status status = FLOW_EMIT(ctx, flow_test_row, .k = *key, .v = alarms->count);
    leave(*key);
    return status;
}
FLOW_STATEFUL_FN(ring, int64_t, flow_test_row, alarms, flow_test_row);

// A bundle is over: what it called is judged.
static void bundle_over(void *user, flow_log_level level, const char *step, const char *message)
{
    (void)user, (void)step;
    if (level != FLOW_LOG_DEBUG || !strstr(message, ", bundle "))
        return;
    bool elements = false, timers = false;
    for (int k = 0; k < KEYS; k++) {
        ck_assert_msg(!calls.elements[k] || !calls.timers[k],
            "elements and timers of key %d in one bundle", k);
        elements = elements || calls.elements[k];
        timers = timers || calls.timers[k];
        calls.elements[k] = calls.timers[k] = 0;
    }
    calls.bundles++;
    calls.with_elements += elements;
    calls.with_timers += timers;
}

static struct flow_test_row *rows_of(size_t count, int64_t keys, int64_t every)
{
    struct flow_test_row *rows = calloc(count, sizeof *rows);
    ck_assert_ptr_nonnull(rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = flow_test_row_at((int64_t)i * 7 % keys, (int64_t)i % 5, (int64_t)i * every);
    return rows;
}

static flow_coll by_k(flow_pipeline *p, const struct flow_test_row *rows, size_t count, bool stream)
{
    const flow_create_options options = { .type = &flow_test_row_type,
        .rows = rows,
        .count = count,
        .event_time = FLOW_FIELD(flow_test_row, at),
        .times = { .in_order = stream } };
    return flow_key_by(flow_create(p, &options), FLOW_FIELD(flow_test_row, k));
}

START_TEST(r62_elements_and_timers_of_a_key_are_never_in_one_bundle)
{
    enum {
        COUNT = 5000
    };
    struct flow_test_row *rows = rows_of(COUNT, KEYS, SECOND / 10);
    struct flow_test_results got;
    flow_test_results_init(&got, "alarms");
    memset(&calls, 0, sizeof calls);
    flow_pipeline *p =
        flow_pipeline_new_with("alarms", &(flow_pipeline_options){ .log = bundle_over });
    struct flow_test_piece pieces[COUNT / 10];
    for (size_t i = 0; i < COUNT / 10; i++)
        pieces[i] = (struct flow_test_piece){ .rows = rows + i * 10, .count = 10 };
    const struct flow_test_script script = { .type = &flow_test_row_type,
        .pieces = pieces,
        .piece_count = COUNT / 10,
        .event_time = FLOW_FIELD(flow_test_row, at),
        .times = { .in_order = true } };
    const flow_coll in = flow_key_by(flow_test_read(p, &script), FLOW_FIELD(flow_test_row, k));
    flow_test_collect(flow_do(in, &ring_fn), &got);
    flow_test_run_well(p, &(struct flow_test_options){ .workers = 1 + (uint32_t)_i, .seed = 62 });
    ck_assert_uint_gt(got.count, KEYS);
    ck_assert_int_gt(calls.with_elements, 100);
    ck_assert_int_gt(calls.with_timers, 10);
    flow_pipeline_free(p);
    flow_test_results_clear(&got);
    free(rows);
}
END_TEST

START_TEST(r62_a_key_is_never_in_two_bundles_at_a_time)
{
    enum {
        COUNT = 200000
    };
    struct flow_test_row *rows = rows_of(COUNT, KEYS, SECOND / 1000);
    struct flow_test_results got;
    flow_test_results_init(&got, "alarms");
    memset(&calls, 0, sizeof calls);
    flow_pipeline *p = flow_pipeline_new("alarms");
    flow_test_collect(flow_do(by_k(p, rows, COUNT, true), &ring_fn), &got);
    const flow_local_options four = { .workers = 4 };
    const flow_runner runner = flow_local(&four);
    flow_error error = { FLOW_OK, "", "" };
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
    ck_assert(!calls.at_once);
    ck_assert(!calls.two_owners);
    ck_assert_uint_ge(got.count, KEYS);
    flow_pipeline_free(p);
    flow_test_results_clear(&got);
    free(rows);
}
END_TEST

// --- lifting (R75)

static void sums_lifted(const struct flow_test_row *rows, size_t count, flow_windows windows,
    bool lifted, struct flow_test_results *got)
{
    flow_pipeline *p = flow_pipeline_new("lifted");
    const flow_coll in = by_k(p, rows, count, false);
    const flow_coll windowed = flow_window_into(in, &(flow_window_options){ .windows = windows });
    flow_test_collect(flow_sum(windowed, FLOW_FIELD(flow_test_row, v)), got);
    const struct flow_test_options options = {
        .workers = 3, .seed = 75, .always_lifting = lifted, .no_lifting = !lifted
    };
    flow_test_run_well(p, &options);
    flow_pipeline_free(p);
}

// One bundle has rows of every window: sums by plain counting, window for window.
START_TEST(r75_lifting_adds_up_within_a_key_and_window_never_across)
{
    enum {
        COUNT = 3000
    };
    struct flow_test_row *rows = rows_of(COUNT, 5, SECOND / 50);
    const flow_windows all[] = { flow_fixed(flow_seconds(7)),
        flow_sliding(flow_seconds(9), flow_seconds(4)),
        flow_sliding(flow_seconds(3), flow_seconds(8)), flow_global() };
    const flow_windows windows = all[_i];
    struct flow_test_results got;
    flow_test_results_init(&got, "sums");
    sums_lifted(rows, COUNT, windows, true, &got);
    ck_assert_uint_gt(got.count, 4);
    int64_t total = 0, wanted_total = 0;
    for (size_t i = 0; i < got.count; i++) {
        const struct flow_test_result *r = &got.list[i];
        const int64_t key = strtoll(r->text, NULL, 10);
        int64_t sum = 0;
        for (size_t n = 0; n < COUNT; n++)
            if (rows[n].k == key && rows[n].at.us >= r->window.start.us &&
                rows[n].at.us < r->window.end.us)
                sum += rows[n].v;
        const int64_t said = strtoll(strrchr(r->text, ':') + 1, NULL, 10);
        ck_assert_msg(said == sum, "'%s' in the window ending at %lld, not %lld", r->text,
            (long long)(r->window.end.us / SECOND), (long long)sum);
        total += said;
    }
    for (size_t n = 0; n < COUNT; n++)
        wanted_total += rows[n].v * (int64_t)flow_windows_count(&windows, rows[n].at);
    ck_assert_int_eq(total, wanted_total);
    flow_test_results_clear(&got);
    free(rows);
}
END_TEST

// More keys in a bundle than lifting keeps: they are sent on before it ends.
START_TEST(r75_lifting_that_is_full_sends_on_and_loses_nothing)
{
    enum {
        COUNT = 60000
    };
    struct flow_test_row *rows = rows_of(COUNT, 50000, SECOND / 5000);
    struct flow_test_results got, wanted;
    flow_test_results_init(&got, "lifted");
    flow_test_results_init(&wanted, "row by row");
    sums_lifted(rows, COUNT, flow_fixed(flow_seconds(5)), true, &got);
    sums_lifted(rows, COUNT, flow_fixed(flow_seconds(5)), false, &wanted);
    ck_assert_uint_gt(got.count, 50000);
    const char *why = flow_test_differ(&got, &wanted);
    ck_assert_msg(!why, "%s", why);
    flow_test_results_clear(&got);
    flow_test_results_clear(&wanted);
    free(rows);
}
END_TEST

// --- what waits in order of time (R65)

static flow_status add_count(
    flow_ctx *ctx, const int64_t *key, const struct flow_counted *row, struct alarms *alarms)
{
    (void)key;
    alarms->count += row->count;
    return FLOW_EMIT(ctx, flow_test_row, .k = *key, .v = alarms->count);
}

static flow_status add_count_timer(flow_ctx *ctx, const int64_t *key, struct alarms *alarms)
{
    (void)ctx, (void)key, (void)alarms;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(add_count, int64_t, flow_counted, alarms, flow_test_row);

// Each window is a pane of few rows, in a batch with room for a thousand.
START_TEST(r65_panes_that_wait_take_the_room_of_their_rows)
{
    enum {
        COUNT = 6000
    };
    struct flow_test_row *rows = rows_of(COUNT, 3, SECOND);
    struct flow_test_results got;
    flow_test_results_init(&got, "counts");
    flow_pipeline *p = flow_pipeline_new("waiting");
    const flow_window_options twos = { .windows = flow_fixed(flow_seconds(2)) };
    const flow_window_options all = { .lateness = flow_days(1), .accumulation = FLOW_DISCARDING };
    const flow_coll counts = flow_count(flow_window_into(by_k(p, rows, COUNT, true), &twos));
    const flow_do_options sorted = { .time_sorted = true };
    flow_test_collect(flow_do(flow_window_into(counts, &all), &add_count_fn, &sorted), &got);
    const struct flow_test_options options = { .seed = 65, .memory = UINT64_C(64) << 20 };
    flow_test_run_well(p, &options);
    ck_assert_uint_eq(got.count, COUNT);
    flow_pipeline_free(p);
    flow_test_results_clear(&got);
    free(rows);
}
END_TEST

TCase *bundle_tests(void);

TCase *bundle_tests(void)
{
    TCase *tests = tcase_create("bundles");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, r62_elements_and_timers_of_a_key_are_never_in_one_bundle, 0, 3);
    tcase_add_test(tests, r62_a_key_is_never_in_two_bundles_at_a_time);
    tcase_add_test(tests, r65_panes_that_wait_take_the_room_of_their_rows);
    tcase_add_loop_test(tests, r75_lifting_adds_up_within_a_key_and_window_never_across, 0, 4);
    tcase_add_test(tests, r75_lifting_that_is_full_sends_on_and_loses_nothing);
    return tests;
}
