// SPDX-License-Identifier: Apache-2.0
// Random triggers in random lives against naive.h: elements, clocks, firings, merges.
#include <stdlib.h>

#include "naive.h"
#include "story.h"

TCase *random_tests(void);

#define ROUNDS  4000
#define EVENTS  60
#define WINDOWS 3

// SplitMix64.
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

static flow_trigger random_leaf(uint64_t *random)
{
    const flow_trigger clock = flow_trigger_delay(flow_micros(below(random, 6)));
    switch (below(random, 6)) {
    case 0:
        return flow_trigger_end_of_window();
    case 1:
        return clock;
    case 2:
        return flow_trigger_then(
            clock, flow_trigger_align(flow_micros(4), flow_micros(below(random, 4))));
    case 3:
        return flow_trigger_continuation(&clock);
    case 4:
        return below(random, 4) ? flow_trigger_none() : flow_trigger_never();
    default:
        return flow_trigger_count(1 + below(random, 4));
    }
}

static flow_trigger random_trigger(uint64_t *random, int depth)
{
    if (depth == 0)
        return random_leaf(random);
    flow_trigger parts[3];
    const size_t count = 1 + (size_t)below(random, 3);
    for (size_t i = 0; i < 3; i++)
        parts[i] = random_trigger(random, (int)below(random, depth));
    switch (below(random, 7)) {
    case 0:
        return flow_trigger_all_of(parts, count);
    case 1:
        return flow_trigger_any_of(parts, count);
    case 2:
        return flow_trigger_each_of(parts, count);
    case 3:
        return flow_trigger_or_finally(parts[0], parts[1]);
    case 4:
        return flow_trigger_early_late(below(random, 3) ? parts[0] : flow_trigger_none(), parts[1]);
    case 5:
        return flow_trigger_early_late(parts[0], flow_trigger_none());
    default:
        return flow_trigger_repeatedly(parts[0]);
    }
}

// A trigger in several windows, each in both forms.
struct lives {
    uint64_t seed, random;
    flow_trigger trigger;
    flow_trigger_clocks clocks;
    struct {
        flow_trigger_state state;
        struct naive *naive;
    } windows[WINDOWS];
    uint32_t fired, merged;
};

static void expect_same(const struct lives *l, int w, const char *when)
{
    char text[200];
    const struct naive *naive = l->windows[w].naive;
    const bool is = flow_trigger_should_fire(&l->trigger, &l->windows[w].state, &l->clocks);
    const bool wanted = !naive->finished && naive_ready(naive, &l->clocks);
    flow_trigger_print(&l->trigger, text, sizeof text);
    ck_assert_msg(is == wanted, "seed %llu: %s %s %s", (unsigned long long)l->seed, text,
        is ? "fires" : "does not fire", when);
    ck_assert_msg((l->windows[w].state.finished & 1) == naive->finished,
        "seed %llu: %s finished otherwise %s", (unsigned long long)l->seed, text, when);
}

static void add(struct lives *l, int w)
{
    if (l->windows[w].naive->finished)
        return;
    flow_trigger_on_element(&l->trigger, &l->windows[w].state, &l->clocks);
    naive_element(l->windows[w].naive, &l->clocks);
    expect_same(l, w, "after an element");
}

// Moves a clock; whoever becomes ready by that had said when to ask.
static void move(struct lives *l)
{
    char text[200];
    flow_trigger_clocks next = l->clocks;
    flow_time *clock = below(&l->random, 2) ? &next.now : &next.watermark;
    clock->us += 1 + below(&l->random, 4);
    if (below(&l->random, 2))
        next.synchronized = next.now;
    for (int w = 0; w < WINDOWS; w++) {
        const flow_trigger_state *state = &l->windows[w].state;
        if (flow_trigger_should_fire(&l->trigger, state, &l->clocks))
            continue;
        const flow_trigger_wake wake = flow_trigger_next_wake(&l->trigger, state, &l->clocks);
        const bool woken = next.now.us >= wake.now.us || next.watermark.us >= wake.watermark.us ||
                           next.synchronized.us >= wake.synchronized.us;
        flow_trigger_print(&l->trigger, text, sizeof text);
        ck_assert_msg(woken || !flow_trigger_should_fire(&l->trigger, state, &next),
            "seed %llu: %s became ready without a wake", (unsigned long long)l->seed, text);
    }
    l->clocks = next;
    for (int w = 0; w < WINDOWS; w++)
        expect_same(l, w, "after a clock moved");
}

static void fire(struct lives *l, int w)
{
    struct naive *naive = l->windows[w].naive;
    if (!flow_trigger_should_fire(&l->trigger, &l->windows[w].state, &l->clocks))
        return;
    naive_fire(naive, &l->clocks);
    const bool done = flow_trigger_on_fire(&l->trigger, &l->windows[w].state, &l->clocks);
    ck_assert_msg(done == naive->finished, "seed %llu: finished otherwise by a firing",
        (unsigned long long)l->seed);
    ck_assert(!done || flow_trigger_may_finish(&l->trigger));
    l->fired++;
    expect_same(l, w, "after a firing");
}

// The second window is taken into the first, and begins anew.
static void merge(struct lives *l, int a, int b)
{
    const flow_trigger_state *from[] = { &l->windows[a].state, &l->windows[b].state };
    flow_trigger_state into;
    struct naive *naive = naive_new(&l->trigger);
    if (below(&l->random, 2))
        l->clocks.window.end.us += below(&l->random, 8);
    flow_trigger_on_merge(&l->trigger, &into, from, 2, &l->clocks);
    naive_merge(naive, l->windows[a].naive, l->windows[b].naive, &l->clocks);
    naive_free(l->windows[a].naive);
    naive_free(l->windows[b].naive);
    l->windows[a].naive = naive;
    l->windows[b].naive = naive_new(&l->trigger);
    memcpy(&l->windows[a].state, &into, flow_trigger_state_size(&l->trigger));
    memset(&l->windows[b].state, 0, sizeof l->windows[b].state);
    l->merged++;
    expect_same(l, a, "after a merge");
}

static void live(struct lives *l)
{
    for (int i = 0; i < EVENTS; i++) {
        const int w = (int)below(&l->random, WINDOWS);
        const int64_t what = below(&l->random, 10);
        if (what < 5)
            add(l, w);
        else if (what < 7)
            move(l);
        else if (what < 9 || !l->clocks.merging)
            fire(l, w);
        else
            merge(l, w, (w + 1) % WINDOWS);
    }
}

static void play_random(bool merging)
{
    uint32_t fired = 0, merged = 0, tried = 0;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct lives l = { .seed = seed, .random = seed };
        l.trigger = random_trigger(&l.random, 1 + (int)below(&l.random, 3));
        l.clocks.window.end.us = 12;
        l.clocks.merging = merging;
        if (flow_trigger_check(&l.trigger, NULL) != FLOW_OK)
            continue; // too many parts
        for (int w = 0; w < WINDOWS; w++)
            l.windows[w].naive = naive_new(&l.trigger);
        live(&l);
        for (int w = 0; w < WINDOWS; w++)
            naive_free(l.windows[w].naive);
        fired += l.fired;
        merged += l.merged;
        tried++;
    }
    ck_assert_uint_gt(tried, ROUNDS / 2);
    ck_assert_uint_gt(fired, 2 * tried);
    ck_assert_int_eq(merged > tried, merging);
}

START_TEST(random_triggers_do_what_the_naive_form_does)
{
    play_random(false);
}
END_TEST

START_TEST(random_triggers_of_windows_that_merge_do_what_the_naive_form_does)
{
    play_random(true);
}
END_TEST

TCase *random_tests(void)
{
    TCase *tests = tcase_create("random");
    tcase_add_test(tests, random_triggers_do_what_the_naive_form_does);
    tcase_add_test(tests, random_triggers_of_windows_that_merge_do_what_the_naive_form_does);
    return tests;
}
