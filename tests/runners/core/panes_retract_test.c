// SPDX-License-Identifier: Apache-2.0
// Results that are taken back: folding what comes out, sign by sign, leaves what a batch over all
// elements would give; also where results are grouped again, by steps that can subtract and by such
// that cannot.
#include <stdio.h>
#include <stdlib.h>

#include "panes.h"

#define SECOND INT64_C(1000000)

// The sums of all elements by key and window, as they are in the end.
struct sum {
    int64_t key, value;
    flow_window window;
};

static size_t sums_of(const struct panes_case *test, struct sum *sums)
{
    struct panes_outcome first;
    struct panes_case alone = *test;
    alone.result = PANES_SUM;
    panes_outcome_init(&first, "sums");
    panes_answer(&alone, &first);
    flow_test_fold(&first.results);
    const size_t count = first.results.count;
    for (size_t i = 0; i < count; i++) {
        const struct flow_test_result *r = &first.results.list[i];
        sums[i].key = strtoll(r->text, NULL, 10) / 2;
        sums[i].value = strtoll(strrchr(r->text, ':') + 1, NULL, 10);
        sums[i].window = r->window;
    }
    panes_outcome_clear(&first);
    return count;
}

static void expect(const struct panes_case *test, const struct sum *sums, size_t count,
    struct flow_test_results *wanted)
{
    static char text[PANES_STEPS * 24];
    int64_t values[PANES_STEPS];
    char best[24] = "";
    struct flow_integer number = { sums[0].value };
    for (size_t i = 0; i < count; i++) {
        char one[24];
        values[i] = sums[i].value;
        snprintf(one, sizeof one, "%lld", (long long)values[i]);
        if (strcmp(one, best) > 0)
            memcpy(best, one, sizeof best);
        if (i > 0 && test->then == PANES_SUM)
            number.value += values[i];
        else if (values[i] < number.value)
            number.value = values[i];
    }
    const struct panes_most most = { flow_str_of(best), (int64_t)count };
    const struct flow_test_row group =
        panes_group_row(sums[0].key, values, count, text, sizeof text);
    const struct flow_test_result at = { .window = sums[0].window };
    if (test->then == PANES_GROUP)
        flow_test_expect_signed(wanted, NULL, &flow_test_row_type, &group, &at);
    else if (test->then == PANES_TEXTS)
        flow_test_expect_signed(wanted, &sums[0].key, &panes_most_type, &most, &at);
    else
        flow_test_expect_signed(wanted, &sums[0].key, &flow_integer_type, &number, &at);
}

static int by_place(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->window.start.us != y->window.start.us)
        return x->window.start.us < y->window.start.us ? -1 : 1;
    return x->window.end.us < y->window.end.us ? -1 : x->window.end.us > y->window.end.us;
}

static void answer(const struct panes_case *test, struct flow_test_results *wanted)
{
    struct sum *sums = calloc(4 * PANES_STEPS, sizeof *sums);
    const size_t count = sums_of(test, sums);
    qsort(sums, count, sizeof *sums, by_place);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && by_place(&sums[i], &sums[next]) == 0;)
            next++;
        expect(test, sums + i, next - i, wanted);
    }
    free(sums);
}

static void random_case(uint64_t *random, struct panes_case *test)
{
    static const enum panes_result then[] = { PANES_SUM, PANES_MIN, PANES_TEXTS, PANES_GROUP };
    memset(test, 0, sizeof *test);
    const uint32_t windows = flow_test_below(random, 3), trigger = flow_test_below(random, 3);
    test->how.windows = windows == 0   ? flow_fixed(flow_seconds(10))
                        : windows == 1 ? flow_sliding(flow_seconds(10), flow_seconds(5))
                                       : flow_sessions(flow_seconds(4));
    if (trigger == 1)
        test->how.trigger =
            flow_trigger_repeatedly(flow_trigger_count(1 + flow_test_below(random, 3)));
    if (trigger == 2)
        test->how.trigger = flow_trigger_early_late(
            flow_trigger_count(1 + flow_test_below(random, 3)), flow_trigger_count(1));
    test->how.accumulation = FLOW_RETRACTING;
    test->how.lateness = flow_seconds(flow_test_below(random, 20));
    test->how.no_lateness = test->how.lateness.us == 0;
    test->result = PANES_CHAIN;
    test->then = then[flow_test_below(random, 4)];
    int64_t now = 100;
    test->count = 10 + flow_test_below(random, 60);
    for (size_t i = 0; i < test->count; i++) {
        const bool moves = flow_test_below(random, 5) == 0;
        now += moves ? flow_test_below(random, 8) : 0;
        const int64_t at = moves ? now : now + (int64_t)flow_test_below(random, 20) - 8;
        test->steps[i] = (struct panes_step){ moves ? PANES_WATERMARK : PANES_ADD,
            flow_test_below(random, 6), 1 + flow_test_below(random, 4), at * SECOND };
    }
}

// One case; how many results came before folding.
static size_t check(uint32_t seed)
{
    uint64_t random = seed;
    struct panes_case test;
    struct panes_outcome got;
    struct flow_test_results wanted;
    random_case(&random, &test);
    const size_t reborn = 1 + flow_test_below(&random, (uint32_t)test.count - 1);
    const struct panes_options options = {
        .engine = { .workers = 1 + seed % 3,
            .seed = seed,
            .faults = { .one_in = seed % 4 ? 0 : 5, .most = 100, .point = -1 } },
        .reborn_at = seed % 3 ? 0 : reborn,
        .reborn_in = 1 + seed % 2
    };
    panes_outcome_init(&got, "folded");
    flow_test_results_init(&wanted, "folded");
    const char *refused = panes_run(&test, &options, &got);
    ck_assert_msg(!refused, "seed %u: %s", seed, refused);
    const size_t results = got.results.count;
    flow_test_fold(&got.results);
    answer(&test, &wanted);
    const char *differs = flow_test_differ_in_rows(&got.results, &wanted);
    char *text = differs ? panes_print(&test) : NULL;
    ck_assert_msg(!differs, "seed %u: %s\n%s", seed, differs, text);
    panes_outcome_clear(&got);
    flow_test_results_clear(&wanted);
    return results;
}

START_TEST(folding_results_of_results_leaves_what_a_batch_gives)
{
    const uint32_t first = flow_test_first(), seeds = flow_test_seeds(800);
    size_t results = 0;
    for (uint32_t seed = first; seed < first + seeds; seed++)
        results += check(seed);
    ck_assert_uint_gt(results, 20 * (size_t)seeds);
}
END_TEST

START_TEST(discarding_refuses_to_take_back_what_cannot_be_subtracted)
{
    flow_pipeline *pipeline = flow_pipeline_new("refused");
    const struct flow_test_script script = { .type = &flow_test_row_type };
    const flow_window_options taken_back = { .trigger = flow_trigger_always(),
        .accumulation = FLOW_RETRACTING };
    const flow_window_options forgotten = { .keep_windows = true, .accumulation = FLOW_DISCARDING };
    flow_error error = { 0 };
    struct flow_test_results got;
    flow_test_results_init(&got, "got");
    const flow_coll in = flow_window_into(flow_test_read(pipeline, &script), &taken_back);
    const flow_coll sums = flow_sum(in, FLOW_FIELD(flow_test_row, v));
    const flow_coll least =
        flow_min(flow_window_into(sums, &forgotten), FLOW_FIELD(flow_integer, value));
    flow_test_collect(flow_named(least, "least"), &got);
    const struct flow_test_options options = { .seed = 1 };
    ck_assert_int_eq(flow_test_run(pipeline, &options, &error), FLOW_UNSUPPORTED);
    ck_assert_str_eq(error.message,
        "step 'least' discards what it has given, but its input takes elements back, which min "
        "cannot; say FLOW_ACCUMULATING or FLOW_RETRACTING in a flow_window_into before it");
    flow_test_results_clear(&got);
    flow_pipeline_free(pipeline);
}
END_TEST

static flow_status open_plain(void *self, const flow_open *open)
{
    (void)self, (void)open;
    return FLOW_OK;
}

static flow_status stage_plain(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    (void)self, (void)worker, (void)elements, (void)error;
    return FLOW_OK;
}

static void close_plain(void *self)
{
    (void)self;
}

START_TEST(a_sink_that_is_shown_no_signs_refuses_what_takes_back)
{
    static const flow_sink plain = {
        .name = "plain", .open = open_plain, .stage = stage_plain, .close = close_plain
    };
    const struct flow_test_script script = { .type = &flow_test_row_type,
        .event_time = FLOW_FIELD(flow_test_row, at) };
    const flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)),
        .lateness = flow_seconds(10),
        .accumulation = FLOW_RETRACTING };
    flow_pipeline *pipeline = flow_pipeline_new("plain");
    flow_error error = { 0 };
    flow_write(
        flow_count(flow_window_into(flow_test_read(pipeline, &script), &tens)), &plain, NULL);
    const struct flow_test_options options = { .seed = 1 };
    ck_assert_int_eq(flow_test_run(pipeline, &options, &error), FLOW_UNSUPPORTED);
    ck_assert_str_eq(error.message,
        "step 'plain' writes elements alone, but its input takes elements back (FLOW_RETRACTING); "
        "say FLOW_ACCUMULATING, or give it to a sink that is shown signs");
    flow_pipeline_free(pipeline);
}
END_TEST

TCase *panes_retract_tests(void);

TCase *panes_retract_tests(void)
{
    TCase *tests = tcase_create("panes taken back");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, folding_results_of_results_leaves_what_a_batch_gives);
    tcase_add_test(tests, a_sink_that_is_shown_no_signs_refuses_what_takes_back);
    tcase_add_test(tests, discarding_refuses_to_take_back_what_cannot_be_subtracted);
    return tests;
}
