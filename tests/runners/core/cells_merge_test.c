// SPDX-License-Identifier: Apache-2.0
// State in windows of all kinds against the naive answer: sessions merging in every order, late
// elements, timers of both clocks, elements and bundles that fail, and snapshots in the middle.
#include <stdio.h>
#include <stdlib.h>

#include "own_answer.h"

TCase *cells_merge_tests(void);

#define SLACK  INT64_C(1000000000000000) // how far ticks run ahead of the watermark
#define EVENTS 300
#define KEYS   4

// --- the function

struct note {
    int64_t n;
    flow_str text;
};
FLOW_RECORD(note, n, text);

struct total {
    int64_t count, sum;
};
FLOW_RECORD(total, count, sum);

struct chain {
    int64_t h, p;
    flow_str last; // the number as text, so that there are bytes outside
};
FLOW_RECORD(chain, h, p, last);

static void total_add(struct total *acc, const struct note *note)
{
    acc->count++;
    acc->sum += note->n;
}

static void total_merge(struct total *acc, const struct total *other)
{
    acc->count += other->count;
    acc->sum += other->sum;
}
FLOW_COMBINE_FN(total, note);

static int64_t number(flow_str text)
{
    int64_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n = n * 10 + (text.data[i] - '0');
    return n;
}

static void chain_merge(struct chain *into, const struct chain *other)
{
    struct own_chain a = { into->h, into->p, 0 };
    const struct own_chain b = { other->h, other->p, 0 };
    own_chain_join(&a, &b);
    into->h = a.h;
    into->p = a.p;
    if (b.p)
        into->last = other->last;
}

FLOW_VALUE_MERGED(chained, chain);
FLOW_VALUE(newest, note, .merging = FLOW_MERGE_LATEST);
FLOW_VALUE(oldest, note, .merging = FLOW_MERGE_EARLIEST);
FLOW_COMBINING(sum, total, note);
FLOW_BAG(bag, note);
FLOW_SET(names, flow_str);
FLOW_MAP_MERGED(chains, int64_t, chain);
FLOW_MULTIMAP(many, int64_t, note);
FLOW_ORDERED(line, note);
FLOW_BAG(brief, note, .ttl = FLOW_TTL(OWN_TTL));
FLOW_MAP(recent, int64_t, note, .merging = FLOW_MERGE_LATEST, .ttl = FLOW_TTL(OWN_TTL));
FLOW_TIMER(alarm, int64_t, FLOW_EVENT_TIME);
FLOW_TIMER(idle, int64_t, FLOW_EVENT_TIME, .merging = FLOW_TIMER_LATER);
FLOW_TIMER(wiped, int64_t, FLOW_EVENT_TIME, .merging = FLOW_TIMER_CLEARED);
FLOW_TIMER(bell, int64_t, FLOW_PROCESSING_TIME);
FLOW_TIMER(closing, int64_t, FLOW_WINDOW_EXPIRY);

static struct chain linked(flow_ctx *ctx, const struct chain *was, int64_t n)
{
    struct own_chain now = { was ? was->h : 0, was ? was->p : 0, 0 };
    own_chain_add(&now, n);
    return (struct chain){ now.h, now.p, flow_format(ctx, "%d", (int)n) };
}

static int64_t said(const struct note *note)
{
    return number(note->text) == note->n ? note->n : -1000;
}

static int64_t digest_of_maps(flow_ctx *ctx, int64_t sum)
{
    for (flow_cursor at = FLOW_CELL_ALL(ctx, names); flow_cursor_next(&at);)
        sum = own_fold(sum, 3, number(*FLOW_KEY_AT(names, at)));
    for (flow_cursor at = FLOW_CELL_ALL(ctx, chains); flow_cursor_next(&at);) {
        const struct chain *chain = FLOW_AT(chains, at);
        sum = own_fold(
            own_fold(sum, chain->h, chain->p), number(chain->last), *FLOW_KEY_AT(chains, at));
    }
    int64_t part = 0;
    for (flow_cursor at = FLOW_CELL_ALL(ctx, many); flow_cursor_next(&at);)
        part = own_fold(part, said(FLOW_AT(many, at)), *FLOW_KEY_AT(many, at));
    sum = own_fold(sum, part, (int64_t)FLOW_CELL_COUNT(ctx, many));
    part = 0;
    for (flow_cursor at = FLOW_CELL_ALL(ctx, line); flow_cursor_next(&at);)
        part = own_fold(part, said(FLOW_AT(line, at)), at.at.us / OWN_SECOND);
    return own_fold(sum, part, (int64_t)FLOW_CELL_COUNT(ctx, line));
}

static int64_t digest(flow_ctx *ctx)
{
    const struct chain *chain = FLOW_CELL_READ(ctx, chained);
    const struct note *now = FLOW_CELL_READ(ctx, newest), *then = FLOW_CELL_READ(ctx, oldest);
    const struct total *total = FLOW_CELL_READ(ctx, sum);
    int64_t sum = own_fold(0, chain ? chain->h : 0, chain ? chain->p : 0);
    sum = own_fold(sum, chain ? number(chain->last) : 0, 0);
    sum = own_fold(sum, now ? said(now) : -1, 1);
    sum = own_fold(sum, then ? said(then) : -1, 2);
    sum = own_fold(sum, total ? total->sum : 0, total ? total->count : 0);
    int64_t part = 0;
    for (flow_cursor at = FLOW_CELL_ALL(ctx, bag); flow_cursor_next(&at);)
        part = own_fold(part, said(FLOW_AT(bag, at)), 0);
    sum = digest_of_maps(ctx, own_fold(sum, part, (int64_t)FLOW_CELL_COUNT(ctx, bag)));
    part = 0;
    for (flow_cursor at = FLOW_CELL_ALL(ctx, brief); flow_cursor_next(&at);)
        part = own_fold(part, said(FLOW_AT(brief, at)), 0);
    sum = own_fold(sum, part, (int64_t)FLOW_CELL_COUNT(ctx, brief));
    for (flow_cursor at = FLOW_CELL_ALL(ctx, recent); flow_cursor_next(&at);)
        sum = own_fold(sum, said(FLOW_AT(recent, at)), *FLOW_KEY_AT(recent, at));
    return sum;
}

static flow_status say(flow_ctx *ctx, int64_t key, flow_str what)
{
    return FLOW_EMIT(
        ctx, flow_test_row, .k = key, .v = digest(ctx), .s = what, .at = flow_event_time(ctx));
}

static void act_on_timers(flow_ctx *ctx, const struct own_act *act, flow_time time)
{
    const int64_t last = flow_event_window(ctx).end.us - 1;
    const int64_t wanted = time.us + act->more * OWN_SECOND;
    const flow_time at = { wanted < last ? wanted : last };
    const flow_str tag = flow_format(ctx, "%d", (int)act->tag);
    if (act->kind == OWN_ALARM)
        FLOW_TIMER_SET(ctx, alarm, at, .tag = tag);
    if (act->kind == OWN_IDLE)
        FLOW_TIMER_SET(ctx, idle, at);
    if (act->kind == OWN_WIPED)
        FLOW_TIMER_SET(ctx, wiped, at);
    if (act->kind == OWN_BELL)
        FLOW_TIMER_IN(ctx, bell, flow_micros(2 * act->more + 2));
    if (act->kind == OWN_OUTPUT)
        FLOW_TIMER_SET(ctx, idle, at, .output = &time);
    if (act->kind == OWN_RELATIVE)
        FLOW_TIMER_IN(ctx, alarm, flow_seconds(act->more), .tag = tag);
    if (act->kind == OWN_STOP)
        FLOW_TIMER_CLEAR_TAG(ctx, alarm, tag);
}

static void act_on_cells(flow_ctx *ctx, const struct own_act *act, flow_time time)
{
    const struct note note = { act->n, flow_format(ctx, "%d", (int)act->n) };
    const flow_str name = flow_format(ctx, "%d", (int)act->key);
    const flow_time place = { act->key * OWN_SECOND };
    struct chain chain;
    (void)time;
    switch (act->kind) {
    case OWN_CHAIN:
        chain = linked(ctx, FLOW_CELL_READ(ctx, chained), act->n);
        FLOW_CELL_WRITE(ctx, chained, &chain);
        break;
    case OWN_TIMES:
        FLOW_CELL_WRITE(ctx, newest, &note);
        FLOW_CELL_WRITE(ctx, oldest, &note);
        break;
    case OWN_SUM:
        FLOW_CELL_ADD(ctx, sum, &note);
        break;
    case OWN_BAG:
        FLOW_CELL_ADD(ctx, bag, &note);
        break;
    case OWN_SET:
        (void)FLOW_CELL_INSERT(ctx, names, &name);
        break;
    case OWN_MAP:
        chain = linked(ctx, FLOW_CELL_GET(ctx, chains, &act->key), act->n);
        FLOW_CELL_PUT(ctx, chains, &act->key, &chain);
        break;
    case OWN_MANY:
        FLOW_CELL_PUT(ctx, many, &act->key, &note);
        break;
    case OWN_LINE:
        FLOW_CELL_ADD_AT(ctx, line, place, &note);
        break;
    case OWN_BRIEF:
        FLOW_CELL_ADD(ctx, brief, &note);
        FLOW_CELL_PUT(ctx, recent, &act->key, &note);
        break;
    default:
        break;
    }
}

static void empty(flow_ctx *ctx)
{
    FLOW_CELL_CLEAR(ctx, chained);
    FLOW_CELL_CLEAR(ctx, newest);
    FLOW_CELL_CLEAR(ctx, oldest);
    FLOW_CELL_CLEAR(ctx, sum);
    FLOW_CELL_CLEAR(ctx, bag);
    FLOW_CELL_CLEAR(ctx, names);
    FLOW_CELL_CLEAR(ctx, chains);
    FLOW_CELL_CLEAR(ctx, many);
    FLOW_CELL_CLEAR(ctx, line);
    FLOW_CELL_CLEAR(ctx, brief);
    FLOW_CELL_CLEAR(ctx, recent);
}

static flow_status live(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    const struct own_act act = own_act_of(row->v);
    if (act.kind == OWN_EMPTY)
        empty(ctx);
    act_on_cells(ctx, &act, row->at);
    act_on_timers(ctx, &act, row->at);
    if (row->x > 0)
        return flow_fail(ctx, FLOW_USER, "this element fails after it has written");
    return say(ctx, *key, flow_str_of("element"));
}

static flow_str what(flow_ctx *ctx, const char *name, int64_t tag)
{
    return flow_format(
        ctx, "%s@%lld#%lld", name, (long long)flow_timer_time(ctx).us, (long long)tag);
}

static flow_status alarm_due(flow_ctx *ctx, const int64_t *key)
{
    const struct chain chain = linked(ctx, FLOW_CELL_READ(ctx, chained), 7);
    const struct note note = { 500, flow_str_of("500") };
    FLOW_CELL_WRITE(ctx, chained, &chain);
    FLOW_CELL_WRITE(ctx, newest, &note);
    return say(ctx, *key, what(ctx, "alarm", number(flow_timer_tag(ctx))));
}

static flow_status idle_due(flow_ctx *ctx, const int64_t *key)
{
    FLOW_CELL_CLEAR(ctx, bag);
    return say(ctx, *key, what(ctx, "idle", -1));
}

static flow_status wiped_due(flow_ctx *ctx, const int64_t *key)
{
    return say(ctx, *key, what(ctx, "wiped", -1));
}

static flow_status bell_due(flow_ctx *ctx, const int64_t *key)
{
    return say(ctx, *key, what(ctx, "bell", -1));
}

static flow_status closing_due(flow_ctx *ctx, const int64_t *key)
{
    return say(ctx, *key, flow_str_of("closing"));
}
FLOW_CELLS_FN(live, int64_t, flow_test_row, (flow_test_row),
    FLOW_CELLS(chained, newest, oldest, sum, bag, names, chains, many, line, brief, recent),
    FLOW_TIMERS(alarm, idle, wiped, bell, closing));

// --- the same with one record and one timer

static int64_t plain_digest(const struct chain *chain)
{
    return own_fold(own_fold(0, chain->h, chain->p), number(chain->last), 0);
}

static flow_status plain(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct chain *chain)
{
    const struct own_act act = own_act_of(row->v);
    const int64_t last = flow_event_window(ctx).end.us - 1;
    const int64_t wanted = row->at.us + act.more * OWN_SECOND;
    switch (own_plain_kind(act.kind)) {
    case OWN_ALARM:
        flow_timer_set(ctx, (flow_time){ wanted < last ? wanted : last });
        break;
    case OWN_STOP:
        flow_timer_clear(ctx);
        break;
    case OWN_EMPTY:
        flow_state_clear(ctx);
        break;
    default:
        *chain = linked(ctx, chain, act.n);
        break;
    }
    if (row->x > 0)
        return flow_fail(ctx, FLOW_USER, "this element fails after it has written");
    return FLOW_EMIT(ctx, flow_test_row, .k = *key, .v = plain_digest(chain),
        .s = flow_str_of("element"), .at = row->at);
}

static flow_status plain_timer(flow_ctx *ctx, const int64_t *key, struct chain *chain)
{
    const flow_time at = flow_event_time(ctx);
    *chain = linked(ctx, chain, 7);
    return FLOW_EMIT(ctx, flow_test_row, .k = *key, .v = plain_digest(chain),
        .s = flow_format(ctx, "alarm@%lld#-1", (long long)at.us), .at = at);
}
FLOW_STATEFUL_MERGED_FN(plain, int64_t, flow_test_row, chain, flow_test_row);

// --- windows

// Around the element, as wide as its place says.
static uint32_t around(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    const struct flow_test_row *row = element;
    (void)config;
    if (room > 0)
        windows[0] = (flow_window){ { at.us - row->place.a % 5 * OWN_SECOND },
            { at.us + (1 + row->place.a % 7) * OWN_SECOND } };
    return 1;
}
static const flow_window_fn wide = {
    .name = "wide", .in = &flow_test_row_type, .merges = true, .assign = around
};

// Merges what begins in the same twelve seconds, overlapping or not.
static void by_twelve(
    const flow_window *windows, uint32_t count, const void *config, flow_window *into)
{
    (void)config;
    for (uint32_t i = 0; i < count; i++) {
        const int64_t twelve = flow_floor_div(windows[i].start.us, 12 * OWN_SECOND);
        into[i] = windows[i];
        for (uint32_t n = 0; n < count; n++) {
            if (flow_floor_div(windows[n].start.us, 12 * OWN_SECOND) != twelve)
                continue;
            if (windows[n].start.us < into[i].start.us)
                into[i].start = windows[n].start;
            if (windows[n].end.us > into[i].end.us)
                into[i].end = windows[n].end;
        }
    }
}
static const flow_window_fn twelve = { .name = "twelve",
    .in = &flow_test_row_type,
    .merges = true,
    .assign = around,
    .merge = by_twelve };

// One or two windows, that stay apart; some elements have none.
static uint32_t apart(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    const struct flow_test_row *row = element;
    const int64_t start = flow_floor_div(at.us, 10 * OWN_SECOND) * 10 * OWN_SECOND;
    const uint32_t count = (uint32_t)(row->place.a % 3);
    (void)config;
    for (uint32_t i = 0; i < count && i < room; i++)
        windows[i] = (flow_window){ { start - i * OWN_SECOND }, { start + 10 * OWN_SECOND } };
    return count;
}
static const flow_window_fn some = { .name = "some", .in = &flow_test_row_type, .assign = apart };

static flow_windows windows_of(uint32_t i)
{
    switch (i) {
    case 0:
        return flow_sessions(flow_seconds(10));
    case 1:
        return flow_sessions_max(flow_sessions(flow_seconds(8)), flow_seconds(20));
    case 2:
        return flow_custom(&wide, NULL);
    case 3:
        return flow_custom(&twelve, NULL);
    case 4:
        return flow_custom(&some, NULL);
    case 5:
        return flow_cumulate(flow_seconds(20), flow_seconds(5));
    case 6:
        return flow_calendar_days(1, "Europe/Berlin");
    default:
        return flow_fixed(flow_seconds(15));
    }
}

enum {
    WINDOWS = 8
};

// --- a story from a seed

struct random_story {
    struct own_story story;
    struct own_event events[EVENTS + 1];
    struct flow_test_row rows[EVENTS + 1];
    struct flow_test_piece pieces[EVENTS + 1];
    struct flow_test_script script;
    int64_t clock;
    bool some_fail;
};

static void tell(struct random_story *s, uint64_t random, uint32_t windows)
{
    int64_t watermark = 0, clock = 0;
    const int64_t scale = windows == 6 ? 4000 : 1; // days are longer
    size_t pieces = 0;
    for (size_t i = 0; i <= EVENTS; i++) {
        struct flow_test_row row = { .k = flow_test_below(&random, KEYS) };
        const bool tick = i == 0 || i == EVENTS || flow_test_below(&random, 5) == 0;
        row.v = (int64_t)(flow_test_random(&random) >> 1);
        row.place.a = flow_test_below(&random, 100);
        row.x = s->some_fail && flow_test_below(&random, 6) == 0;
        if (tick) {
            watermark +=
                i == EVENTS ? 0 : flow_test_below(&random, i % 3 ? 9 : 25) * scale * OWN_SECOND;
            row = (struct flow_test_row){ .k = -1, .at = { watermark } };
        } else {
            row.at.us = watermark +
                        ((int64_t)flow_test_below(&random, 40) - 12) * scale * OWN_SECOND +
                        flow_test_below(&random, 2);
        }
        // rows of one piece are one bundle, unless they are so far apart that they need several
        // batches
        const bool fresh = i == 0 || tick || scale > 1 || s->events[i - 1].row.k < 0 ||
                           flow_test_below(&random, 3) == 0;
        clock += fresh && i > 0 ? 2 : 0;
        s->events[i] = (struct own_event){ row, clock };
        s->rows[i] = row;
        if (tick)
            s->rows[i].at.us += SLACK;
        if (fresh)
            s->pieces[pieces++] =
                (struct flow_test_piece){ .rows = &s->rows[i], .not_before = clock };
        s->pieces[pieces - 1].count++;
    }
    s->events[EVENTS].row.at.us = FLOW_TIME_MAX_US; // the end of the source
    s->script = (struct flow_test_script){ .type = &flow_test_row_type,
        .pieces = s->pieces,
        .piece_count = pieces,
        .event_time = FLOW_FIELD(flow_test_row, at),
        .times.disorder.us = SLACK,
        .clock = &s->clock };
    s->story.events = s->events;
    s->story.count = EVENTS + 1;
}

static bool is_row(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    return row->k >= 0;
}
FLOW_FILTER_FN(is_row, flow_test_row);

static flow_pipeline *build(
    const struct random_story *s, struct flow_test_results *got, struct flow_test_results *dropped)
{
    flow_pipeline *p = flow_pipeline_new("own");
    const flow_coll rows = flow_named(flow_test_read(p, &s->script), "rows");
    const flow_window_options options = { .windows = s->story.windows,
        .lateness.us = s->story.lateness,
        .accumulation = FLOW_DISCARDING };
    const flow_coll windowed = flow_window_into(flow_do(rows, &is_row_fn), &options);
    const flow_do_options how = { .name = "live",
        .time_sorted = s->story.sorted,
        .on_error = s->some_fail ? FLOW_ON_ERROR_SKIP : FLOW_ON_ERROR_FAIL };
    const flow_fn *fn = s->story.plain ? &plain_fn : &live_fn;
    const flow_coll out = flow_do(flow_key_by(windowed, FLOW_FIELD(flow_test_row, k)), fn, &how);
    flow_test_collect(out, got);
    flow_test_collect(flow_dropped(out), dropped);
    return p;
}

struct how {
    uint32_t workers, fault_in;
    bool reborn, plain;
};

static void play(struct random_story *s, uint64_t seed, const struct how *how)
{
    struct flow_test_results got, dropped, wanted;
    uint64_t drops;
    flow_error error = { 0 };
    uint64_t random = seed;
    flow_test_results_init(&got, "results");
    flow_test_results_init(&dropped, "dropped");
    flow_test_results_init(&wanted, "the naive answer");
    flow_pipeline *p = build(s, &got, &dropped);
    s->clock = 0;
    struct flow_test_options options = { .workers = how->workers,
        .seed = seed,
        .clock = &s->clock,
        .faults = { .one_in = how->fault_in, .most = 100, .point = -1 } };
    struct flow_test_sim *sim = flow_test_open(p, &options, &error);
    ck_assert_msg(sim != NULL, "%s: %s", error.step, error.message);
    got.keep = dropped.keep = true;
    while (!flow_test_settle(sim)) {
        s->clock++;
        if (!how->reborn || flow_test_below(&random, 9))
            continue;
        options.workers = 1 + flow_test_below(&random, 4);
        sim = flow_test_reborn(sim, p, &options);
    }
    ck_assert_msg(flow_test_close(sim, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    own_answer(&s->story, &wanted, &drops);
    const char *differ = flow_test_differ(&got, &wanted);
    ck_assert_msg(differ == NULL, "seed %llu: %s", (unsigned long long)seed, differ);
    ck_assert_uint_eq(dropped.count, drops);
    ck_assert_uint_gt(wanted.count, EVENTS / 4);
    flow_test_results_clear(&got);
    flow_test_results_clear(&dropped);
    flow_test_results_clear(&wanted);
    flow_pipeline_free(p);
}

static void play_seeds(uint32_t windows, uint32_t seeds, bool some_fail, const struct how *how)
{
    flow_zone *berlin = flow_zone_new("Europe/Berlin", NULL, NULL, NULL);
    struct random_story *s = calloc(1, sizeof *s);
    for (uint32_t seed = flow_test_first(); seed <= seeds; seed++) {
        uint64_t random = seed * UINT64_C(977) + windows;
        memset(s, 0, sizeof *s);
        s->some_fail = some_fail;
        s->story.windows = windows_of(windows);
        s->story.windows.rules = s->story.windows.zone ? berlin : NULL;
        s->story.merging = flow_windows_merging(&s->story.windows);
        s->story.lateness = flow_test_below(&random, 2) * 5 * OWN_SECOND;
        s->story.plain = how->plain;
        s->story.sorted = flow_test_below(&random, 3) == 0;
        tell(s, random, windows);
        play(s, seed, how);
    }
    free(s);
    flow_zone_free(berlin);
}

START_TEST(g1_cells_and_timers_in_windows_of_all_kinds_do_what_arrays_do)
{
    play_seeds((uint32_t)_i, flow_test_seeds(30), false, &(struct how){ .workers = 1 });
    play_seeds((uint32_t)_i, flow_test_seeds(10), false, &(struct how){ .workers = 3 });
}
END_TEST

START_TEST(r3_bundles_that_fail_leave_no_trace_in_windows_that_merge)
{
    play_seeds(
        (uint32_t)_i, flow_test_seeds(20), false, &(struct how){ .workers = 2, .fault_in = 6 });
}
END_TEST

START_TEST(g1_elements_that_are_skipped_leave_no_more_than_their_window)
{
    play_seeds(
        (uint32_t)_i, flow_test_seeds(15), true, &(struct how){ .workers = 1, .fault_in = 9 });
}
END_TEST

START_TEST(g1_windows_with_state_go_on_from_a_snapshot)
{
    play_seeds(
        (uint32_t)_i, flow_test_seeds(15), false, &(struct how){ .workers = 2, .reborn = true });
}
END_TEST

START_TEST(g1_one_record_and_one_timer_in_windows_of_all_kinds_do_what_arrays_do)
{
    const uint32_t windows = (uint32_t)_i;
    play_seeds(windows, flow_test_seeds(15), false, &(struct how){ .workers = 1, .plain = true });
    play_seeds(windows, flow_test_seeds(10), true,
        &(struct how){ .workers = 2, .fault_in = 6, .plain = true });
    play_seeds(windows, flow_test_seeds(10), false,
        &(struct how){ .workers = 2, .reborn = true, .plain = true });
}
END_TEST

TCase *cells_merge_tests(void)
{
    TCase *tests = tcase_create("cells merge");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(
        tests, g1_cells_and_timers_in_windows_of_all_kinds_do_what_arrays_do, 0, WINDOWS);
    tcase_add_loop_test(
        tests, r3_bundles_that_fail_leave_no_trace_in_windows_that_merge, 0, WINDOWS);
    tcase_add_loop_test(
        tests, g1_elements_that_are_skipped_leave_no_more_than_their_window, 0, WINDOWS);
    tcase_add_loop_test(tests, g1_windows_with_state_go_on_from_a_snapshot, 0, WINDOWS);
    tcase_add_loop_test(
        tests, g1_one_record_and_one_timer_in_windows_of_all_kinds_do_what_arrays_do, 0, WINDOWS);
    return tests;
}
