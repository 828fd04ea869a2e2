// SPDX-License-Identifier: Apache-2.0
// State cells: every kind against plain arrays that do the same, element by element; with bundles
// that fail, elements that fail, and snapshots in the middle.
#include <stdio.h>
#include <stdlib.h>

#include "story.h"

struct note {
    int64_t n;
    flow_str text;
};
FLOW_RECORD(note, n, text);
struct total {
    int64_t count, sum;
};
FLOW_RECORD(total, count, sum);

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

FLOW_VALUE(last, note);
FLOW_BAG(bag, note);
FLOW_COMBINING(sum, total, note);
FLOW_SET(names, flow_str);
FLOW_MAP(notes, flow_str, note);
FLOW_MULTIMAP(many, int64_t, note);
FLOW_ORDERED(line, note);

// --- the same over arrays

#define MOST 512

struct entry {
    int64_t key, n, order;
};

struct shelf { // entries in order of key, then of coming
    struct entry list[MOST];
    size_t count;
    int64_t next;
};

struct plain {
    struct shelf cells[7];
};

static void shelf_put(struct shelf *shelf, int64_t key, int64_t n, bool replaces)
{
    size_t i = 0;
    while (i < shelf->count && shelf->list[i].key < key)
        i++;
    if (replaces && i < shelf->count && shelf->list[i].key == key) {
        shelf->list[i].n = n;
        return;
    }
    while (i < shelf->count && shelf->list[i].key == key)
        i++;
    ck_assert_uint_lt(shelf->count, MOST);
    memmove(&shelf->list[i + 1], &shelf->list[i], (shelf->count - i) * sizeof shelf->list[0]);
    shelf->list[i] = (struct entry){ key, n, shelf->next++ };
    shelf->count++;
}

static void shelf_cut(struct shelf *shelf, int64_t from, int64_t to)
{
    size_t kept = 0;
    for (size_t i = 0; i < shelf->count; i++)
        if (shelf->list[i].key < from || shelf->list[i].key >= to)
            shelf->list[kept++] = shelf->list[i];
    shelf->count = kept;
}

// A number over entries with keys in a range, and their order.
static int64_t shelf_sum(const struct shelf *shelf, int64_t from, int64_t to)
{
    int64_t sum = 0;
    for (size_t i = 0; i < shelf->count; i++)
        if (shelf->list[i].key >= from && shelf->list[i].key < to)
            sum = (sum * 31 + shelf->list[i].n + shelf->list[i].key * 7 + 1) % 1000003;
    return sum;
}

// --- the function

enum {
    VALUE,
    BAG,
    SUM,
    SET,
    MAP,
    MANY,
    LINE,
    KINDS
};

struct act { // what a row's `v` tells to do
    int kind, verb;
    int64_t key, n;
};

static struct act act_of(int64_t v)
{
    uint64_t random = (uint64_t)v;
    struct act act = { (int)flow_test_below(&random, KINDS), (int)flow_test_below(&random, 16), 0,
        0 };
    act.key = flow_test_below(&random, 10);
    act.n = flow_test_below(&random, 1000);
    return act;
}

// Texts of one digit: their order is that of their numbers.
static flow_str name_of(flow_ctx *ctx, int64_t key)
{
    return flow_format(ctx, "%d", (int)key);
}

static int64_t key_at(flow_str name)
{
    return name.len == 1 ? name.data[0] - '0' : -1000;
}

static int64_t fold(int64_t sum, int64_t n, int64_t key)
{
    return (sum * 31 + n + key * 7 + 1) % 1000003;
}

// What a note says: -1000 when its text is not the one that was written with it.
static int64_t said(const struct note *note)
{
    char text[24];
    const int len = snprintf(text, sizeof text, "note %d", (int)note->n);
    const bool same =
        note->text.len == (size_t)len && memcmp(note->text.data, text, (size_t)len) == 0;
    return same ? note->n : -1000;
}

static int64_t walk_bag(flow_ctx *ctx)
{
    int64_t sum = 0;
    flow_cursor at = FLOW_CELL_ALL(ctx, bag);
    FLOW_CELL_CLEAR(ctx, bag); // the walk sees what was there when it began (R63)
    FLOW_CELL_ADD(ctx, bag, (&(struct note){ 1, { "note 1", 6 } }));
    while (flow_cursor_next(&at))
        sum = fold(sum, said(FLOW_AT(bag, at)), 0);
    return sum;
}

static int64_t walk(flow_cursor at, int kind)
{
    int64_t sum = 0;
    while (flow_cursor_next(&at)) {
        switch (kind) {
        case SET:
            sum = fold(sum, 0, key_at(*FLOW_KEY_AT(names, at)));
            break;
        case MAP:
            sum = fold(sum, said(FLOW_AT(notes, at)), key_at(*FLOW_KEY_AT(notes, at)));
            break;
        case MANY:
            sum = fold(sum, said(FLOW_AT(many, at)), *FLOW_KEY_AT(many, at));
            break;
        default:
            sum = fold(sum, said(FLOW_AT(line, at)), at.at.us);
            break;
        }
    }
    return sum;
}

static int64_t do_keyed(flow_ctx *ctx, const struct act *act, const struct note *note)
{
    const flow_str name = name_of(ctx, act->key);
    const struct note *found;
    switch (act->verb % 6) {
    case 0:
        return walk(act->kind == SET   ? FLOW_CELL_ALL(ctx, names)
                    : act->kind == MAP ? FLOW_CELL_ALL(ctx, notes)
                                       : FLOW_CELL_ALL(ctx, many),
            act->kind);
    case 1:
        if (act->kind == SET)
            FLOW_CELL_REMOVE(ctx, names, &name);
        else if (act->kind == MAP)
            FLOW_CELL_REMOVE(ctx, notes, &name);
        else
            FLOW_CELL_REMOVE(ctx, many, &act->key);
        return 0;
    case 2:
        if (act->kind == SET)
            return FLOW_CELL_HAS(ctx, names, &name);
        if (act->kind == MANY)
            return walk(FLOW_CELL_ALL_OF(ctx, many, &act->key), MANY);
        found = FLOW_CELL_GET(ctx, notes, &name);
        return found ? said(found) : -1;
    case 3:
        if (act->kind == SET)
            return FLOW_CELL_INSERT(ctx, names, &name);
        if (act->kind == MANY)
            return FLOW_CELL_HAS(ctx, many, &act->key);
        found = FLOW_CELL_PUT_IF_ABSENT(ctx, notes, &name, note);
        return found ? said(found) : -1;
    default:
        if (act->kind == SET)
            (void)FLOW_CELL_INSERT(ctx, names, &name);
        else if (act->kind == MAP)
            FLOW_CELL_PUT(ctx, notes, &name, note);
        else
            FLOW_CELL_PUT(ctx, many, &act->key, note);
        return (int64_t)(act->kind == SET   ? FLOW_CELL_COUNT(ctx, names)
                         : act->kind == MAP ? FLOW_CELL_COUNT(ctx, notes)
                                            : FLOW_CELL_COUNT(ctx, many));
    }
}

static int64_t do_value(flow_ctx *ctx, const struct act *act, const struct note *note)
{
    const struct note *before = FLOW_CELL_READ(ctx, last);
    if (act->verb == 0) {
        FLOW_CELL_CLEAR(ctx, last);
    } else if (act->verb < 8) {
        FLOW_CELL_WRITE(ctx, last, note);
        const struct note *now = FLOW_CELL_READ(ctx, last);
        if (!now || said(now) != note->n)
            return -2000;
    }
    return before ? said(before) : -1; // what was read before is what it was
}

static int64_t do_line(flow_ctx *ctx, const struct act *act, const struct note *note)
{
    const flow_time from = { act->key - 3 }, to = { act->key + 2 };
    if (act->verb < 8)
        FLOW_CELL_ADD_AT(ctx, line, ((flow_time){ act->key }), note);
    else if (act->verb == 8)
        FLOW_CELL_CLEAR_RANGE(ctx, line, from, to);
    return walk(
        act->verb % 2 ? FLOW_CELL_ALL(ctx, line) : FLOW_CELL_RANGE(ctx, line, from, to), LINE);
}

static flow_status play(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    const struct act act = act_of(row->v);
    const struct note note = { act.n, flow_format(ctx, "note %d", (int)act.n) };
    int64_t result = 0;
    switch (act.kind) {
    case VALUE:
        result = do_value(ctx, &act, &note);
        break;
    case BAG:
        if (act.verb == 0)
            result = walk_bag(ctx);
        else
            FLOW_CELL_ADD(ctx, bag, &note);
        break;
    case SUM:
        if (act.verb == 0)
            FLOW_CELL_CLEAR(ctx, sum);
        FLOW_CELL_ADD(ctx, sum, &note);
        result = FLOW_CELL_READ(ctx, sum)->sum;
        break;
    case LINE:
        result = do_line(ctx, &act, &note);
        break;
    default:
        result = do_keyed(ctx, &act, &note);
        break;
    }
    if (row->x > 0)
        return flow_fail(ctx, FLOW_USER, "this element fails after it has written");
    return FLOW_EMIT(ctx, flow_test_row, .k = *key, .v = result, .at = flow_event_time(ctx));
}
FLOW_CELLS_FN(play, int64_t, flow_test_row, (flow_test_row),
    FLOW_CELLS(last, bag, sum, names, notes, many, line));

// --- the same over arrays

static int64_t plain_keyed(struct shelf *shelf, const struct act *act)
{
    bool there = false;
    int64_t n = -1;
    for (size_t i = 0; i < shelf->count; i++) {
        if (shelf->list[i].key == act->key) {
            there = true;
            n = shelf->list[i].n;
        }
    }
    const int64_t value = act->kind == SET ? 0 : act->n;
    switch (act->verb % 6) {
    case 0:
        return shelf_sum(shelf, -1, 100);
    case 1:
        shelf_cut(shelf, act->key, act->key + 1);
        return 0;
    case 2:
        return act->kind == SET    ? there
               : act->kind == MANY ? shelf_sum(shelf, act->key, act->key + 1)
                                   : n;
    case 3:
        if (act->kind == MANY)
            return there;
        if (!there)
            shelf_put(shelf, act->key, value, true);
        return act->kind == SET ? !there : n;
    default:
        shelf_put(shelf, act->key, value, act->kind != MANY);
        return (int64_t)shelf->count;
    }
}

static int64_t plain_play(struct plain *plain, const struct act *act)
{
    struct shelf *shelf = &plain->cells[act->kind];
    int64_t before = shelf->count ? shelf->list[0].n : -1;
    switch (act->kind) {
    case VALUE:
        if (act->verb == 0)
            shelf->count = 0;
        else if (act->verb < 8)
            shelf_put(shelf, 0, act->n, true);
        return before;
    case BAG:
        if (act->verb) {
            shelf_put(shelf, 0, act->n, false);
            return 0;
        }
        before = shelf_sum(shelf, 0, 1);
        shelf->count = 0;
        shelf_put(shelf, 0, 1, false);
        return before;
    case SUM:
        if (act->verb == 0)
            shelf->count = 0;
        shelf_put(shelf, 0, (shelf->count ? shelf->list[0].n : 0) + act->n, true);
        return shelf->list[0].n;
    case LINE:
        if (act->verb < 8)
            shelf_put(shelf, act->key, act->n, false);
        else if (act->verb == 8)
            shelf_cut(shelf, act->key - 3, act->key + 2);
        return act->verb % 2 ? shelf_sum(shelf, -1, 100)
                             : shelf_sum(shelf, act->key - 3, act->key + 2);
    default:
        return plain_keyed(shelf, act);
    }
}

// --- running

#define KEYS 3
#define ROWS 1500

static void tell(struct story *story, uint64_t seed, bool some_fail)
{
    for (int64_t i = 0; i < ROWS; i++) {
        story_row(story, flow_test_below(&seed, KEYS), (int64_t)(flow_test_random(&seed) >> 1), i);
        story->rows[i].x = some_fail && flow_test_below(&seed, 5) == 0;
        story->pieces[i].count = 1;
    }
    // pieces of several rows, so that bundles have several
    size_t pieces = 0;
    for (size_t at = 0; at < ROWS;) {
        const size_t some = 1 + flow_test_below(&seed, 40);
        const size_t count = some < ROWS - at ? some : ROWS - at;
        story->pieces[pieces++] =
            (struct flow_test_piece){ .rows = &story->rows[at], .count = count };
        at += count;
    }
    story->script.piece_count = pieces;
}

static void expect_plain(struct story *story)
{
    struct flow_test_results wanted;
    struct plain *plain = calloc(KEYS, sizeof *plain);
    flow_test_results_init(&wanted, "wanted");
    for (size_t i = 0; i < ROWS; i++) {
        const struct act act = act_of(story->rows[i].v);
        if (story->rows[i].x > 0)
            continue;
        struct flow_test_row out = flow_test_row_at(
            story->rows[i].k, plain_play(&plain[story->rows[i].k], &act), story->rows[i].at.us);
        const struct flow_test_result at = { .time = story->rows[i].at,
            .window = { { FLOW_TIME_MIN_US }, { FLOW_TIME_GLOBAL_END_US } },
            .pane = { FLOW_TIMING_UNKNOWN, true, true, false, 0, 0 } };
        flow_test_expect(&wanted, &flow_test_row_type, &out, &at);
    }
    const char *differ = flow_test_differ(&story->got, &wanted);
    ck_assert_msg(differ == NULL, "%s", differ);
    flow_test_results_clear(&wanted);
    free(plain);
}

static void play_all(uint64_t seed, bool some_fail, uint32_t fault_in)
{
    struct story *story = story_new();
    const flow_do_options options = { .on_error =
                                          some_fail ? FLOW_ON_ERROR_SKIP : FLOW_ON_ERROR_FAIL };
    flow_test_collect(flow_do(story->in, &play_fn, &options), &story->got);
    tell(story, seed, some_fail);
    flow_test_run_well(
        story->pipeline, &(struct flow_test_options){ .workers = 1,
                             .seed = seed,
                             .faults = { .one_in = fault_in, .most = 200, .point = -1 } });
    expect_plain(story);
    story_free(story);
}

// --- ordered lists

static const int64_t ends[] = { FLOW_TIME_MIN_US, -1, 0, 5, 5, 9, FLOW_TIME_MAX_US - 1 };

// Writes the ends of time and some between, and reads ranges of them.
static flow_status keep_in_line(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    (void)row;
    for (size_t i = sizeof ends / sizeof ends[0]; i-- > 0;)
        FLOW_CELL_ADD_AT(ctx, line, ((flow_time){ ends[i] }), (&(struct note){ ends[i], { 0 } }));
    const struct {
        int64_t from, to, count;
    } ranges[] = { { 5, 9, 2 }, { 5, 10, 3 }, { 6, 9, 0 }, { -1, 5, 2 }, { 5, 5, 0 }, { 9, 5, 0 },
        { FLOW_TIME_MIN_US, FLOW_TIME_MAX_US, 7 }, { FLOW_TIME_MIN_US, -1, 1 } };
    for (size_t r = 0; r < sizeof ranges / sizeof ranges[0]; r++) {
        flow_cursor at = FLOW_CELL_RANGE(
            ctx, line, ((flow_time){ ranges[r].from }), ((flow_time){ ranges[r].to }));
        int64_t count = 0, before = FLOW_TIME_MIN_US;
        for (; flow_cursor_next(&at); count++, before = at.at.us)
            if (at.at.us < before || FLOW_AT(line, at)->n != at.at.us)
                return flow_fail(ctx, FLOW_USER, "range %d is in no order", (int)r);
        if (count != ranges[r].count)
            return flow_fail(ctx, FLOW_USER, "range %d has %d", (int)r, (int)count);
    }
    FLOW_CELL_CLEAR_RANGE(ctx, line, ((flow_time){ 0 }), ((flow_time){ 9 }));
    return FLOW_EMIT(ctx, flow_test_row, .k = *key, .v = (int64_t)FLOW_CELL_COUNT(ctx, line));
}
FLOW_CELLS_FN(keep_in_line, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(line));

START_TEST(r64_ranges_of_an_ordered_list_are_half_open_and_sorted)
{
    struct story *story = story_new();
    flow_test_collect(flow_do(story->in, &keep_in_line_fn), &story->got);
    story_row(story, 1, 1, 0);
    story_run(story);
    ck_assert_uint_eq(story->got.count, 1);
    ck_assert_ptr_nonnull(strstr(story->got.list[0].text, "v:4,")); // 0, 5 and 5 are gone
    story_free(story);
}
END_TEST

static flow_status keep_at(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    FLOW_CELL_ADD_AT(ctx, line, ((flow_time){ row->v }), (&(struct note){ 1, { 0 } }));
    return FLOW_EMIT(ctx, flow_test_row, .k = *key);
}
FLOW_CELLS_FN(keep_at, int64_t, flow_test_row, (flow_test_row), FLOW_CELLS(line));

START_TEST(r64_the_end_of_time_cannot_be_stored)
{
    static const int64_t outside[] = { FLOW_TIME_MAX_US, FLOW_TIME_MIN_US - 1, INT64_MAX };
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        flow_error error = { 0 };
        struct story *story = story_new();
        flow_test_collect(flow_do(story->in, &keep_at_fn), &story->got);
        story_row(story, 1, outside[i], 0);
        const struct flow_test_options options = { .workers = 1 };
        ck_assert_int_eq(flow_test_run(story->pipeline, &options, &error), FLOW_INVALID);
        ck_assert_msg(strstr(error.message, "ordered cell 'line' takes times of "
                                            "-9223372036854775000 us up to below the end of time"),
            "%s", error.message);
        story_free(story);
    }
}
END_TEST

START_TEST(r63_cells_do_what_arrays_do_and_reads_see_the_writes_before_them)
{
    for (uint32_t seed = 1; seed <= flow_test_seeds(20); seed++)
        play_all(seed, false, 0);
}
END_TEST

START_TEST(r3_bundles_that_fail_leave_no_trace_in_cells)
{
    for (uint32_t seed = 1; seed <= flow_test_seeds(20); seed++)
        play_all(seed, false, 7);
}
END_TEST

START_TEST(elements_that_are_skipped_leave_no_trace_in_cells)
{
    for (uint32_t seed = 1; seed <= flow_test_seeds(20); seed++)
        play_all(seed, true, seed % 2 ? 9 : 0);
}
END_TEST

START_TEST(cells_go_on_from_a_snapshot_in_any_number_of_workers)
{
    for (uint32_t seed = 1; seed <= flow_test_seeds(10); seed++) {
        struct story *story = story_new();
        int64_t clock = 0;
        flow_error error = { 0 };
        flow_test_collect(flow_do(story->in, &play_fn), &story->got);
        tell(story, seed, false);
        story->script.clock = &clock;
        for (size_t i = 0; i < story->script.piece_count; i++)
            story->pieces[i].not_before = (int64_t)i / 8;
        struct flow_test_options options = { .workers = 1, .seed = seed, .clock = &clock };
        struct flow_test_sim *sim = flow_test_open(story->pipeline, &options, &error);
        ck_assert_ptr_nonnull(sim);
        story->got.keep = true;
        while (!flow_test_settle(sim)) {
            options.workers = 1 + (uint32_t)clock % 3;
            if (clock % 2)
                sim = flow_test_reborn(sim, story->pipeline, &options);
            clock++;
        }
        ck_assert_int_eq(flow_test_close(sim, &error), FLOW_OK);
        expect_plain(story);
        story_free(story);
    }
}
END_TEST

TCase *cells_tests(void);
TCase *cells_tests(void)
{
    TCase *tests = tcase_create("cells");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, r64_ranges_of_an_ordered_list_are_half_open_and_sorted);
    tcase_add_test(tests, r64_the_end_of_time_cannot_be_stored);
    tcase_add_test(tests, r63_cells_do_what_arrays_do_and_reads_see_the_writes_before_them);
    tcase_add_test(tests, r3_bundles_that_fail_leave_no_trace_in_cells);
    tcase_add_test(tests, elements_that_are_skipped_leave_no_trace_in_cells);
    tcase_add_test(tests, cells_go_on_from_a_snapshot_in_any_number_of_workers);
    return tests;
}
