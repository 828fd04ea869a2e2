// SPDX-License-Identifier: Apache-2.0
// The contract harness: the list of ways that a transform is run, and what must agree.
#include <stdlib.h>

#include <flow/memory.h>

#include "harness_case.h"

static void clear(struct harness *h)
{
    flow_test_results_clear(&h->got);
    flow_test_results_clear(&h->wanted);
}

// The undisturbed way: one worker, one bundle, the watermark behind all.
static struct harness_case plain(enum harness_times times, enum harness_cut cut)
{
    return (struct harness_case){
        .times = times, .cut = cut, .workers = 1, .seed = 1, .faults = { .point = -1 }
    };
}

// How much of a result must agree.
enum strictness {
    ROWS,     // rows and windows
    BUT_LAST, // all but whether a pane is the last
    ALL
};

// The results with what need not agree set to the same.
static struct flow_test_results loosened(
    const struct flow_test_results *results, enum strictness strictness)
{
    struct flow_test_results loose = { .count = results->count, .name = results->name };
    loose.list = malloc((loose.count + 1) * sizeof *loose.list);
    ck_assert_ptr_nonnull(loose.list);
    for (size_t i = 0; i < loose.count; i++) {
        loose.list[i] = results->list[i];
        loose.list[i].pane.last = false;
        if (strictness == BUT_LAST)
            continue;
        loose.list[i].time.us = 0;
        loose.list[i].pane = (flow_pane){ .timing = FLOW_TIMING_UNKNOWN };
    }
    return loose;
}

static void compare(struct harness *h, const struct harness_case *c, enum strictness strictness)
{
    const char *why;
    if (c->often) {
        flow_test_fold(&h->got);
        strictness = ROWS;
    }
    if (strictness != ALL) {
        struct flow_test_results got = loosened(&h->got, strictness);
        struct flow_test_results wanted = loosened(&h->wanted, strictness);
        why = flow_test_differ(&got, &wanted);
        free(got.list);
        free(wanted.list);
    } else {
        why = flow_test_differ(&h->got, &h->wanted);
    }
    if (why)
        harness_fail(h, c, why);
}

// Behind a grouping, also one that accumulates, rows that nobody collects anew have other times and
// panes; and with a lateness, whether a pane is the last depends on how far the watermark went at
// once: it rests for a snapshot, too.
static enum strictness strictness_of(const struct harness *h, const struct harness_case *c)
{
    if (c->windows == WINDOWS_SHARED || c->again || (c->lenient && (c->between || h->in_turn)))
        return ROWS;
    return c->lenient && c->reborn ? BUT_LAST : ALL;
}

// Plays a case, whose results must be those already wanted.
static void agree(struct harness *h, const struct harness_case *c)
{
    flow_test_results_clear(&h->got);
    harness_play_well(h, c, &h->got);
    compare(h, c, strictness_of(h, c));
}

static void want(struct harness *h, const struct harness_case *c)
{
    clear(h);
    harness_play_well(h, c, &h->wanted);
}

static void draw_way(struct harness_case *c, uint64_t *random)
{
    c->seed = flow_test_random(random) % 1000000;
    c->windows = (enum harness_windows)flow_test_below(random, WINDOWS_COUNT);
    c->lifting = (enum harness_lifting)flow_test_below(random, LIFTING_COUNT);
    c->workers = flow_test_below(random, 2) ? 3 : 1;
    c->between = flow_test_below(random, 2);
    c->full = flow_test_below(random, 3) == 0;
    c->reborn = flow_test_below(random, 4) == 0;
}

// All batches and all ways to give rows; whatever else there is as it comes.
static void run_ways(struct harness *h, enum harness_times times, enum harness_cut cut)
{
    static const size_t batches[] = { 1, 7, 0 };
    struct harness_case c = plain(times, cut);
    uint64_t random = (uint64_t)times * CUT_COUNT + (uint64_t)cut;
    c.lenient = random % 2;
    want(h, &c);
    agree(h, &c);
    if (h->wanted.count == 0)
        harness_fail(h, &c, "nothing comes out, so that nothing could go wrong");
    for (uint32_t seed = 0; seed < flow_test_seeds(1); seed++) {
        for (int i = 0; i < 3 * GIVE_COUNT; i++) {
            c.batch = batches[i % 3];
            c.give = (enum harness_give)(i / 3);
            draw_way(&c, &random);
            if (h->input->by_time && c.windows == WINDOWS_SHARED)
                c.windows = WINDOWS_IMPLIED;
            if (c.give != GIVE_COLUMNS || harness_has_columns(h))
                agree(h, &c);
        }
    }
}

// Rows behind the end of their windows: kept within the lateness, in panes of their own; else
// dropped, and counted by window, as if they had never been.
static void run_late(struct harness *h, struct harness_case c)
{
    struct harness_case part = plain(c.times, c.cut);
    clear(h);
    part.order = ORDER_PUNCTUAL;
    if (c.order == ORDER_LATE)
        harness_play_well(h, &part, &h->wanted);
    if (c.lenient) {
        part.order = c.order == ORDER_LATE ? ORDER_TARDY : ORDER_ALL;
        harness_play_well(h, &part, &h->wanted);
    }
    harness_play_well(h, &c, &h->got);
    const uint64_t dropped = c.lenient ? 0 : harness_tardy_pairs(h, &c);
    if (h->dropped_late != dropped)
        harness_fail(h, &c, "late rows are not counted once per window");
    compare(h, &c, c.lenient ? ROWS : ALL);
}

static void run_all_late(struct harness *h, enum harness_times times, enum harness_cut cut)
{
    static const size_t batches[] = { 7, 1, 0 };
    struct harness_case c = plain(times, cut);
    for (uint32_t i = 0; i < 12; i++) {
        c.seed = i;
        c.order = i % 4 < 2 ? ORDER_LATE : ORDER_ALL_LATE;
        // far apart, late rows do not share a batch, so that each has a pane of its own
        c.lenient = i % 2 && times == TIMES_NEAR;
        c.batch = batches[i % 3];
        c.workers = i % 3 ? 3 : 1;
        c.lifting = (enum harness_lifting)(i / 2 % LIFTING_COUNT);
        c.give = (enum harness_give)(i % GIVE_COLUMNS);
        c.reborn = i >= 8;
        run_late(h, c);
    }
}

// How many workers there may be: of what leaves sessions that still grow, the window is then what
// the order made of it in which rows came.
static uint32_t at_most(const struct harness *h, enum harness_cut cut, uint32_t workers)
{
    return cut == CUT_SESSIONS && h->input->early ? 1 : workers;
}

// A bundle fails at each question in turn, and many fail at random.
static void run_faults(struct harness *h, enum harness_cut cut)
{
    struct harness_case c = plain(TIMES_NEAR, cut);
    want(h, &c);
    c.batch = 7;
    c.between = true;
    for (int point = FL_FAULT_ELEMENT; point <= FL_FAULT_COMMIT; point++) {
        c.faults = (struct flow_test_faults){ .point = point };
        agree(h, &c);
        const uint64_t asked = h->asked;
        for (c.faults.at = 1; c.faults.at <= asked; c.faults.at += 1 + asked / 12)
            agree(h, &c);
    }
    for (c.seed = 1; c.seed <= 4 * flow_test_seeds(1); c.seed++) {
        c.workers = at_most(h, cut, 1 + (uint32_t)(c.seed % 3));
        c.faults = (struct flow_test_faults){ .point = -1, .one_in = 3, .most = 60 };
        agree(h, &c);
    }
}

static void run_snapshots(struct harness *h, enum harness_cut cut)
{
    struct harness_case c = plain(TIMES_NEAR, cut);
    want(h, &c);
    c.reborn = true;
    c.between = true;
    for (c.seed = 1; c.seed <= 9 * flow_test_seeds(1); c.seed++) {
        c.full = c.seed % 3 == 0;
        c.batch = c.full ? 0 : c.seed % 2 ? 1 : 7;
        c.windows = c.full && !h->input->by_time ? WINDOWS_SHARED : WINDOWS_IMPLIED;
        c.workers = 1 + (uint32_t)(c.seed % 3);
        c.lifting = (enum harness_lifting)(c.seed % LIFTING_COUNT);
        agree(h, &c);
    }
}

// Sessions, whatever the order in which their rows come.
static void run_sessions(struct harness *h)
{
    static const size_t batches[] = { 1, 7, 0 };
    struct harness_case c = plain(TIMES_NEAR, CUT_SESSIONS);
    if (!harness_takes(h, &c))
        return;
    want(h, &c);
    // out of cells a row comes when its own window ends, not when the session does
    const enum harness_windows kept = h->input->by_time ? WINDOWS_IMPLIED : WINDOWS_KEPT;
    for (uint32_t i = 0; i < 6 * flow_test_seeds(1); i++) {
        c.seed = i;
        c.batch = batches[i % 3];
        c.windows = i % 4 == 3 ? WINDOWS_BY_ROW : i % 4 == 1 ? kept : WINDOWS_IMPLIED;
        c.give = (enum harness_give)(i % GIVE_COLUMNS);
        c.workers = at_most(h, CUT_SESSIONS, i % 2 ? 3 : 1);
        c.between = i % 3 == 1;
        c.reborn = i % 3 == 2 && at_most(h, CUT_SESSIONS, 2) > 1; // by any number of workers
        agree(h, &c);
    }
    run_faults(h, CUT_SESSIONS);
}

// Results again and again, each taken back before the next, come to what a batch gives: over late
// rows too, where these do not find state that others left.
static void run_often(struct harness *h, enum harness_cut cut)
{
    static const size_t batches[] = { 1, 7, 0 };
    const bool late = cut != CUT_SESSIONS && cut != CUT_GLOBAL && !h->input->no_late;
    struct harness_case c = plain(TIMES_NEAR, cut);
    if (!harness_takes(h, &c))
        return;
    want(h, &c);
    c.often = true;
    for (uint32_t i = 0; i < 9 * flow_test_seeds(1); i++) {
        c.seed = i;
        c.batch = batches[i % 3];
        c.workers = at_most(h, cut, i % 2 ? 3 : 1);
        c.between = i % 3 == 1;
        c.reborn = i % 4 == 3 && at_most(h, cut, 2) > 1;
        // what comes to the transform is taken back as well
        const bool signs = i % 3 == 2 && cut != CUT_SESSIONS && !h->input->by_time;
        c.windows = signs ? WINDOWS_SHARED : WINDOWS_IMPLIED;
        c.lenient = late && i % 2;
        c.order = c.lenient ? i % 4 == 1 ? ORDER_LATE : ORDER_ALL_LATE : ORDER_ALL;
        c.faults = (struct flow_test_faults){ .point = -1 };
        if (i % 5 == 4)
            c.faults = (struct flow_test_faults){ .point = -1, .one_in = 3, .most = 60 };
        agree(h, &c);
    }
}

// Rows that come in accumulating panes, each pane with those before it, are to a transform as many
// rows as the panes have together.
static void run_again(struct harness *h, enum harness_cut cut)
{
    static const size_t batches[] = { 1, 7, 0 };
    struct harness_case c = plain(TIMES_NEAR, cut);
    c.copied = true;
    want(h, &c);
    c.copied = false;
    c.again = true;
    for (uint32_t i = 0; i < 9 * flow_test_seeds(1); i++) {
        c.seed = i;
        c.batch = batches[i % 3];
        c.give = (enum harness_give)(i % GIVE_COLUMNS);
        c.windows = i % 4 == 3 ? WINDOWS_KEPT : WINDOWS_IMPLIED;
        c.lifting = (enum harness_lifting)(i / 2 % LIFTING_COUNT);
        c.workers = i % 2 ? 3 : 1;
        c.between = i % 3 == 1;
        c.full = i % 4 == 2;
        c.reborn = i % 3 == 2;
        c.faults = (struct flow_test_faults){ .point = -1 };
        if (i % 5 == 4)
            c.faults = (struct flow_test_faults){ .point = -1, .one_in = 3, .most = 60 };
        agree(h, &c);
    }
}

// --- without memory

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// The lines of a text, sorted, as a list that ends in NULL.
static char **lines_of(char *text)
{
    size_t count = 0;
    char **lines = malloc((strlen(text) + 2) * sizeof *lines);
    ck_assert_ptr_nonnull(lines);
    for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest))
        lines[count++] = line;
    qsort(lines, count, sizeof *lines, by_text);
    lines[count] = NULL;
    return lines;
}

// Whether all that was published the undisturbed run has too.
static bool is_part(struct harness *h)
{
    char *got = flow_test_print(&h->got), *wanted = flow_test_print(&h->wanted);
    char **a = lines_of(got), **b = lines_of(wanted);
    size_t found = 0;
    for (char **line = b; *line && a[found]; line++)
        found += strcmp(a[found], *line) == 0;
    const bool part = a[found] == NULL;
    free(a);
    free(b);
    free(got);
    free(wanted);
    return part;
}

// True when the case ended well; else it must have failed as one fails without memory.
static bool starve(struct harness *h, const struct harness_case *c)
{
    flow_error error = { 0 };
    flow_test_results_clear(&h->got);
    if (harness_play(h, c, &h->got, &error) == FLOW_OK) {
        compare(h, c, ALL);
        return true;
    }
    if (error.status != FLOW_MEMORY && error.status != FLOW_BUDGET)
        harness_fail(h, c, error.message[0] ? error.message : "no memory gives another status");
    if (!strchr(error.message, ' '))
        harness_fail(h, c, "no memory is not said in a sentence");
    if (!is_part(h))
        harness_fail(h, c, "a run without memory published what the undisturbed run has not");
    return false;
}

static void run_allocations(struct harness *h, struct harness_case c, bool once)
{
    struct flow_test_memory memory;
    bool well = false;
    for (uint64_t n = 1; !well; n++) {
        flow_test_memory_init(&memory);
        memory.fail_at = n;
        memory.once = once;
        c.allocator = &memory.allocator;
        c.seed = n;
        const bool ended = starve(h, &c);
        well = ended && memory.calls < n;
        if (memory.held != 0)
            harness_fail(h, &c, "memory that the run took was not given back");
        ck_assert_msg(n < 100000, "%s: allocations never end", h->name);
    }
}

static void run_budgets(struct harness *h, struct harness_case c)
{
    c.memory = 64 << 10;
    while (!starve(h, &c)) {
        c.memory += c.memory / 2;
        ck_assert_msg(c.memory < (uint64_t)1 << 31, "%s: no budget is enough", h->name);
    }
}

static void run_starved(struct harness *h)
{
    struct harness_case c = plain(TIMES_NEAR, CUT_SLIDING);
    want(h, &c);
    c.batch = 7;
    c.between = true;
    run_budgets(h, c);
    run_allocations(h, c, false);
    run_allocations(h, c, true);
    c.workers = 3;
    c.full = true;
    run_budgets(h, c);
}

static void run_all(struct harness *h)
{
    harness_init(h);
    for (enum harness_times times = 0; times < TIMES_COUNT; times++)
        for (enum harness_cut cut = 0; cut < CUT_COUNT; cut++)
            run_ways(h, times, cut);
    for (enum harness_cut cut = 0; cut < CUT_COUNT; cut++) {
        run_faults(h, cut);
        run_snapshots(h, cut);
        run_again(h, cut);
        if (cut == CUT_GLOBAL || h->input->no_late)
            continue; // nothing is late for the global window
        run_all_late(h, TIMES_NEAR, cut);
        run_all_late(h, TIMES_FAR, cut);
    }
    run_sessions(h);
    for (enum harness_cut cut = CUT_FIXED; cut <= CUT_SESSIONS && !h->input->once; cut++)
        run_often(h, cut);
    run_starved(h);
    harness_fini(h);
}

void flow_test_transform(
    const char *name, flow_test_build *build, const struct flow_test_rows *input)
{
    struct harness h = { .name = name, .build = build, .input = input };
    run_all(&h);
}

void flow_test_transform_in_turn(
    const char *name, flow_test_build *build, const struct flow_test_rows *input)
{
    struct harness h = { .name = name, .build = build, .input = input, .in_turn = true };
    run_all(&h);
}

// --- signs

// A row of each key as it is so far, taken back when a later one comes.
static flow_coll taken_back(flow_pipeline *pipeline, const struct flow_test_script *input)
{
    const flow_window_options often = { .windows = flow_fixed(flow_seconds(10)),
        .trigger = flow_trigger_early_late(flow_trigger_count(2), flow_trigger_none()),
        .accumulation = FLOW_RETRACTING,
        .no_lateness = true };
    const flow_coll rows = flow_window_into(flow_test_read(pipeline, input), &often);
    return flow_unkey(flow_latest(flow_key_by(rows, FLOW_FIELD(flow_test_row, k))));
}

void flow_test_refuses_signs(const char *name, flow_test_build *build)
{
    static const struct flow_test_row row = { .k = 1 };
    static const struct flow_test_piece piece = { .rows = &row, .count = 1 };
    const struct flow_test_script input = { .type = &flow_test_row_type,
        .pieces = &piece,
        .piece_count = 1,
        .event_time = FLOW_FIELD(flow_test_row, at) };
    struct flow_test_results none;
    flow_error error = { 0 };
    flow_test_results_init(&none, "none");
    flow_pipeline *pipeline = flow_pipeline_new("taken back");
    flow_test_collect(build(taken_back(pipeline, &input)), &none);
    flow_test_run(pipeline, &(struct flow_test_options){ .seed = 1 }, &error);
    ck_assert_msg(error.status == FLOW_UNSUPPORTED, "%s: %s", name, error.message);
    ck_assert_msg(strstr(error.message, "give it elements that stay"), "%s", error.message);
    flow_pipeline_free(pipeline);
    flow_test_results_clear(&none);
}

void flow_test_refused_step(flow_test_build *build, const char *step)
{
    static const struct flow_test_row row = { .k = 1 };
    const flow_create_options one = { .type = &flow_test_row_type, .rows = &row, .count = 1 };
    flow_error error = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("refused");
    flow_scope_begin(pipeline, "shop");
    ck_assert_uint_eq(build(flow_create(pipeline, &one)).id, 0);
    flow_scope_end(pipeline);
    ck_assert_int_ne(flow_pipeline_check(pipeline, &error), FLOW_OK);
    ck_assert_msg(strcmp(error.step, step) == 0, "[%s] %s", error.step, error.message);
    flow_pipeline_free(pipeline);
}
