// SPDX-License-Identifier: Apache-2.0
// Random windows, triggers, ways of accumulating and scripts: the engine must give what the rules
// say, with any number of workers, faults, and a snapshot in the middle.
#include "panes.h"

#include <stdlib.h>

#define SECOND INT64_C(1000000)

// --- cases

static flow_trigger random_trigger(uint64_t *random, int depth);

static flow_trigger random_once(uint64_t *random, int depth)
{
    const uint32_t kind = flow_test_below(random, depth > 0 ? 6 : 4);
    flow_trigger parts[3];
    const uint32_t count = 2 + flow_test_below(random, 2);
    flow_trigger delay = flow_trigger_delay(flow_seconds(flow_test_below(random, 8)));
    for (uint32_t i = 0; i < count && kind >= 4; i++)
        parts[i] = random_once(random, 0);
    switch (kind) {
    case 0:
        return flow_trigger_end_of_window();
    case 1:
        if (flow_test_below(random, 3) == 0)
            delay = flow_trigger_then(delay,
                flow_trigger_align(flow_seconds(5), flow_seconds(flow_test_below(random, 3))));
        return delay;
    case 4:
        return flow_trigger_all_of(parts, count);
    case 5:
        return flow_trigger_any_of(parts, count);
    default:
        return flow_trigger_count(1 + flow_test_below(random, 4));
    }
}

static flow_trigger random_early_late(uint64_t *random)
{
    const uint32_t which = flow_test_below(random, 4);
    const flow_trigger none = flow_trigger_none();
    return flow_trigger_early_late(
        which != 1 ? random_once(random, 1) : none, which != 2 ? random_once(random, 1) : none);
}

static flow_trigger random_trigger(uint64_t *random, int depth)
{
    flow_trigger parts[3];
    const uint32_t count = 2 + flow_test_below(random, 2);
    switch (flow_test_below(random, depth > 0 ? 8 : 5)) {
    case 0:
        return random_once(random, 1);
    case 1:
        return random_early_late(random);
    case 2:
        return flow_trigger_never();
    case 5:
        for (uint32_t i = 0; i < count; i++)
            parts[i] = random_trigger(random, 0);
        return flow_trigger_each_of(parts, count);
    case 6:
        return flow_trigger_or_finally(random_trigger(random, 0), random_once(random, 0));
    case 7:
        return flow_trigger_repeatedly(random_trigger(random, 0));
    default:
        return flow_trigger_repeatedly(random_once(random, 1));
    }
}

static flow_windows random_windows(uint64_t *random)
{
    switch (flow_test_below(random, 9)) {
    case 0:
        return flow_global();
    case 1:
    case 2:
        return flow_windows_offset(flow_fixed(flow_seconds(10)), flow_seconds(3));
    case 3:
        return flow_sliding(flow_seconds(15), flow_seconds(5));
    case 4:
        return flow_cumulate(flow_seconds(20), flow_seconds(5));
    case 5:
        return flow_custom(&panes_two_fn, NULL);
    case 6:
        return flow_custom(&panes_gap_fn, NULL);
    default:
        return flow_sessions(flow_seconds(1 + flow_test_below(random, 8)));
    }
}

static void random_how(uint64_t *random, flow_window_options *how)
{
    memset(how, 0, sizeof *how);
    how->windows = random_windows(random);
    if (flow_test_below(random, 4) != 0)
        how->trigger = random_trigger(random, 2);
    if (how->trigger.count && flow_test_below(random, 2) == 0)
        how->trigger = flow_trigger_repeatedly(how->trigger);
    const flow_trigger usual = flow_trigger_default();
    if (flow_trigger_equal(&how->trigger, &usual))
        how->trigger = flow_trigger_none();
    how->accumulation = (flow_accumulation)(1 + flow_test_below(random, 3));
    how->lateness = flow_seconds(flow_test_below(random, 2) * flow_test_below(random, 20));
    how->no_lateness = how->lateness.us == 0;
    how->on_time = (flow_empty_panes)flow_test_below(random, 3);
    how->closing = (flow_empty_panes)flow_test_below(random, 3);
    how->output_time = (flow_output_time)flow_test_below(random, 4);
}

static void random_script(uint64_t *random, struct panes_case *test, size_t most, bool together)
{
    int64_t now = (int64_t)flow_test_below(random, 3) * 1000 - 500, clock = 0;
    test->count = 5 + flow_test_below(random, (uint32_t)most);
    for (size_t i = 0; i < test->count; i++) {
        struct panes_step *step = &test->steps[i];
        const uint32_t what = flow_test_below(random, 10);
        *step = (struct panes_step){ .what = PANES_ADD };
        if (what < 7) {
            step->k = flow_test_below(random, 5);
            step->v = flow_test_below(random, 1000);
            step->at = (now + (int64_t)flow_test_below(random, 30) - 12) * SECOND;
            if (together && i > 0 && test->steps[i - 1].what <= PANES_WITH &&
                flow_test_below(random, 2) == 0)
                step->what = PANES_WITH;
        } else if (what < 9) {
            now += flow_test_below(random, 12);
            step->what = PANES_WATERMARK;
            step->at = now * SECOND;
        } else {
            clock += 1 + flow_test_below(random, 10);
            step->what = PANES_CLOCK;
            step->at = clock * SECOND;
        }
    }
}

static void random_case(uint64_t *random, struct panes_case *test, bool together)
{
    memset(test, 0, sizeof *test);
    random_how(random, &test->how);
    test->result = (enum panes_result)flow_test_below(random, PANES_CHAIN);
    test->unkeyed = test->result != PANES_GROUP && flow_test_below(random, 5) == 0;
    // by the default trigger late elements of one bundle make one pane (R42): which are together is
    // not for the rules to say
    random_script(random, test, 60, together && test->how.trigger.count > 0);
}

// --- comparing

// How many cases were run, how many results they gave, and in how many rows went to disk: a
// generator of cases that are all refused would find nothing.
struct tally {
    uint32_t cases, results, spilled;
};

static void check(
    const struct panes_case *test, const struct panes_options *options, struct tally *tally)
{
    struct panes_outcome got, wanted;
    panes_outcome_init(&got, "panes");
    panes_outcome_init(&wanted, "panes");
    const char *refused = panes_run(test, options, &got);
    if (!refused) {
        panes_answer(test, &wanted);
        const char *differs = flow_test_differ(&got.results, &wanted.results);
        char *text = differs ? panes_print(test) : NULL;
        ck_assert_msg(
            !differs, "seed %llu: %s\n%s", (unsigned long long)options->engine.seed, differs, text);
        ck_assert_uint_eq(got.late, wanted.late);
        ck_assert_uint_eq(got.closed, wanted.closed);
        ck_assert_uint_eq(got.no_window, wanted.no_window);
        tally->cases++;
        tally->results += (uint32_t)wanted.results.count;
    }
    panes_outcome_clear(&got);
    panes_outcome_clear(&wanted);
}

static void check_tally(const struct tally *tally, uint32_t seeds)
{
    ck_assert_uint_gt(3 * tally->cases, seeds);
    ck_assert_uint_gt(tally->results, 5 * tally->cases);
}

START_TEST(windows_give_what_the_rules_say)
{
    const uint32_t first = flow_test_first(), seeds = flow_test_seeds(1500);
    struct tally tally = { 0 };
    for (uint32_t seed = first; seed < first + seeds; seed++) {
        uint64_t random = seed;
        struct panes_case test;
        random_case(&random, &test, true);
        const struct panes_options options = { .engine = { .workers = 1, .seed = seed } };
        check(&test, &options, &tally);
    }
    check_tally(&tally, seeds);
}
END_TEST

// Between workers the output watermark is a matter of who was first, and panes of late elements
// depend on it (R46, R53): here nothing is late, or nothing waits.
static void only_steady(struct panes_case *test)
{
    if (test->how.trigger.count > 0) {
        test->how.lateness = flow_seconds(0);
        test->how.no_lateness = true;
    }
    test->how.output_time = FLOW_OUTPUT_END_OF_WINDOW;
}

START_TEST(any_number_of_workers_gives_the_same)
{
    const uint32_t first = flow_test_first(), seeds = flow_test_seeds(600);
    struct tally tally = { 0 };
    for (uint32_t seed = first; seed < first + seeds; seed++) {
        uint64_t random = seed;
        struct panes_case test;
        random_case(&random, &test, true);
        const struct panes_options options = {
            .engine = { .workers = 2 + seed % 3, .seed = seed, .flight = seed % 4 ? 0 : 4096 }
        };
        only_steady(&test);
        check(&test, &options, &tally);
    }
    check_tally(&tally, seeds);
}
END_TEST

START_TEST(bundles_that_fail_leave_no_trace)
{
    const uint32_t first = flow_test_first(), seeds = flow_test_seeds(600);
    struct tally tally = { 0 };
    for (uint32_t seed = first; seed < first + seeds; seed++) {
        uint64_t random = seed;
        struct panes_case test;
        random_case(&random, &test, true);
        const struct panes_options options = {
            .engine = { .workers = 1,
                .seed = seed,
                .faults = { .one_in = 3, .most = 200, .point = (int)(seed % 5) - 1 } }
        };
        check(&test, &options, &tally);
    }
    check_tally(&tally, seeds);
}
END_TEST

START_TEST(a_snapshot_in_the_middle_changes_nothing)
{
    const uint32_t first = flow_test_first(), seeds = flow_test_seeds(600);
    struct tally tally = { 0 };
    for (uint32_t seed = first; seed < first + seeds; seed++) {
        uint64_t random = seed;
        struct panes_case test;
        random_case(&random, &test, true);
        const size_t at = 1 + flow_test_below(&random, (uint32_t)test.count - 1);
        const struct panes_options options = {
            .engine = { .workers = 1, .seed = seed }, .reborn_at = at, .reborn_in = 1
        };
        if (test.steps[at].what != PANES_WITH)
            check(&test, &options, &tally);
    }
    check_tally(&tally, seeds);
}
END_TEST

// --- rows on disk

static bool add_spilled(void *user, const flow_figure *figure)
{
    uint64_t *sum = user;
    if (strcmp(figure->metric.name, "spilled_bytes") == 0)
        *sum += (uint64_t)figure->committed.last;
    return true;
}

static void sum_spilled(void *user, struct flow_test_sim *sim, size_t step)
{
    (void)step;
    ck_assert(fl_engine_metrics(sim->engine, add_spilled, user));
}

// Groups whose rows go to disk after every bundle, or when they are some hundred bytes.
static void check_spilling(uint32_t seed, const struct panes_options *as, struct tally *tally)
{
    uint64_t random = seed, bytes = 0;
    struct panes_case test;
    struct panes_options options = *as;
    random_case(&random, &test, true);
    test.result = PANES_GROUP;
    test.unkeyed = false;
    options.engine.seed = seed;
    options.engine.scratch = "/tmp";
    options.engine.spill = seed % 4 ? 1 : 600;
    options.look = sum_spilled;
    options.user = &bytes;
    if (options.engine.workers > 1)
        only_steady(&test);
    if (options.reborn_in)
        options.reborn_at = 1 + flow_test_below(&random, (uint32_t)test.count - 1);
    if (test.steps[options.reborn_at].what != PANES_WITH)
        check(&test, &options, tally);
    tally->spilled += bytes > 0;
}

static void check_spilling_tally(const struct tally *tally, uint32_t seeds)
{
    check_tally(tally, seeds);
    ck_assert_uint_gt(4 * tally->spilled, seeds);
}

START_TEST(windows_whose_rows_are_on_disk_give_what_the_rules_say)
{
    const uint32_t first = flow_test_first(), seeds = flow_test_seeds(800);
    struct tally tally = { 0 };
    for (uint32_t seed = first; seed < first + seeds; seed++) {
        const struct panes_options options = { .engine = { .workers = 1 + seed % 2 } };
        check_spilling(seed, &options, &tally);
    }
    check_spilling_tally(&tally, seeds);
}
END_TEST

START_TEST(r3_bundles_that_fail_leave_rows_on_disk_as_they_were)
{
    const uint32_t first = flow_test_first(), seeds = flow_test_seeds(600);
    struct tally tally = { 0 };
    for (uint32_t seed = first; seed < first + seeds; seed++) {
        const struct panes_options options = {
            .engine = { .workers = 1,
                .faults = { .one_in = 3, .most = 200, .point = (int)(seed % 5) - 1 } }
        };
        check_spilling(seed, &options, &tally);
    }
    check_spilling_tally(&tally, seeds);
}
END_TEST

START_TEST(a_snapshot_has_the_rows_that_are_on_disk)
{
    const uint32_t first = flow_test_first(), seeds = flow_test_seeds(600);
    struct tally tally = { 0 };
    for (uint32_t seed = first; seed < first + seeds; seed++) {
        const struct panes_options options = { .engine = { .workers = 1 }, .reborn_in = 1 };
        check_spilling(seed, &options, &tally);
    }
    check_spilling_tally(&tally, seeds);
}
END_TEST

TCase *panes_random_tests(void);

TCase *panes_random_tests(void)
{
    TCase *tests = tcase_create("panes");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, windows_give_what_the_rules_say);
    tcase_add_test(tests, any_number_of_workers_gives_the_same);
    tcase_add_test(tests, bundles_that_fail_leave_no_trace);
    tcase_add_test(tests, a_snapshot_in_the_middle_changes_nothing);
    tcase_add_test(tests, windows_whose_rows_are_on_disk_give_what_the_rules_say);
    tcase_add_test(tests, r3_bundles_that_fail_leave_rows_on_disk_as_they_were);
    tcase_add_test(tests, a_snapshot_has_the_rows_that_are_on_disk);
    return tests;
}
