// SPDX-License-Identifier: Apache-2.0
// What cells and timers of a function are checked for.
#include "graph_test.h"

TCase *check_state_tests(void);

FLOW_VALUE(last, total);
FLOW_MAP(totals, flow_str, total);
FLOW_TIMER(flush, flow_str, FLOW_EVENT_TIME);
FLOW_TIMER(closing, flow_str, FLOW_WINDOW_EXPIRY);
FLOW_TIMER(by_number, int64_t, FLOW_EVENT_TIME);

static flow_status remember(flow_ctx *ctx, const flow_str *key, const struct reading *reading)
{
    (void)ctx;
    (void)key;
    (void)reading;
    return FLOW_OK;
}

static flow_status flush_due(flow_ctx *ctx, const flow_str *key)
{
    (void)ctx;
    (void)key;
    return FLOW_OK;
}

static flow_status closing_due(flow_ctx *ctx, const flow_str *key)
{
    return flush_due(ctx, key);
}

static flow_status by_number_due(flow_ctx *ctx, const int64_t *key)
{
    (void)ctx;
    (void)key;
    return FLOW_OK;
}
FLOW_CELLS_FN(
    remember, flow_str, reading, (total), FLOW_CELLS(last, totals), FLOW_TIMERS(flush, closing));

static flow_coll by_sensor(flow_pipeline *p, int64_t lateness)
{
    const flow_window_options windows = { .windows = flow_fixed(flow_seconds(60)),
        .lateness = flow_seconds(lateness),
        .accumulation = FLOW_DISCARDING };
    return flow_window_into(
        flow_key_by(test_readings(p, NULL, false), FLOW_FIELD(reading, sensor)), &windows);
}

// The function with another first cell.
static void with_cell(flow_pipeline *p, flow_cell cell, int64_t lateness)
{
    flow_cell *kept = flow_pipeline_alloc(p, sizeof *kept);
    const flow_cell **cells = flow_pipeline_alloc(p, 2 * sizeof *cells);
    flow_fn *fn = flow_pipeline_alloc(p, sizeof *fn);
    *kept = cell;
    cells[0] = &totals_cell;
    cells[1] = kept;
    *fn = remember_fn;
    fn->cells = cells;
    flow_do(by_sensor(p, lateness), fn);
}

static void with_timers(flow_pipeline *p, flow_timer first, const flow_timer *second)
{
    flow_timer *kept = flow_pipeline_alloc(p, sizeof *kept);
    const flow_timer **timers = flow_pipeline_alloc(p, 2 * sizeof *timers);
    flow_fn *fn = flow_pipeline_alloc(p, sizeof *fn);
    *kept = first;
    timers[0] = kept;
    timers[1] = second;
    *fn = remember_fn;
    fn->timers = timers;
    flow_do(by_sensor(p, 0), fn);
}

static void nothing_declared(flow_pipeline *p)
{
    flow_fn *fn = flow_pipeline_alloc(p, sizeof *fn);
    *fn = remember_fn;
    fn->cell_count = fn->timer_count = 0;
    flow_do(by_sensor(p, 0), fn);
}

static void cell_without_name(flow_pipeline *p)
{
    with_cell(p, (flow_cell){ .kind = FLOW_CELL_BAG, .type = &total_type }, 0);
}

static void cell_of_no_kind(flow_pipeline *p)
{
    with_cell(p, (flow_cell){ .name = "odd", .kind = 99, .type = &total_type }, 0);
}

static void two_cells_of_a_name(flow_pipeline *p)
{
    with_cell(p, (flow_cell){ .name = "totals", .kind = FLOW_CELL_BAG, .type = &total_type }, 0);
}

static void bag_without_record(flow_pipeline *p)
{
    with_cell(p, (flow_cell){ .name = "bag", .kind = FLOW_CELL_BAG }, 0);
}

static void combining_without_combine(flow_pipeline *p)
{
    with_cell(p, (flow_cell){ .name = "sum", .kind = FLOW_CELL_COMBINING }, 0);
}

static void set_without_key(flow_pipeline *p)
{
    with_cell(p, (flow_cell){ .name = "set", .kind = FLOW_CELL_SET }, 0);
}

static void set_of_lists(flow_pipeline *p)
{
    with_cell(p,
        (flow_cell){ .name = "set", .kind = FLOW_CELL_SET, .key = { .kind = FLOW_KIND_LIST } }, 0);
}

static void set_of_records_without_type(flow_pipeline *p)
{
    with_cell(p,
        (flow_cell){ .name = "set", .kind = FLOW_CELL_SET, .key = { .kind = FLOW_KIND_RECORD } },
        0);
}

static void negative_ttl(flow_pipeline *p)
{
    flow_cell cell = last_cell;
    cell.ttl.us = -5;
    with_cell(p, cell, 0);
}

static void ttl_below_lateness(flow_pipeline *p)
{
    flow_cell cell = last_cell;
    cell.ttl = flow_seconds(9);
    with_cell(p, cell, 10);
}

static void timer_without_function(flow_pipeline *p)
{
    flow_timer timer = flush_timer;
    timer.due = NULL;
    with_timers(p, timer, &closing_timer);
}

static void timer_of_no_clock(flow_pipeline *p)
{
    flow_timer timer = flush_timer;
    timer.clock = 9;
    with_timers(p, timer, &closing_timer);
}

static void two_timers_of_a_name(flow_pipeline *p)
{
    with_timers(p, flush_timer, &flush_timer);
}

static void two_expiries(flow_pipeline *p)
{
    flow_timer timer = closing_timer;
    timer.name = "ending";
    with_timers(p, timer, &closing_timer);
}

static void timer_of_another_key(flow_pipeline *p)
{
    with_timers(p, flush_timer, &by_number_timer);
}

static void sorted_element_function(flow_pipeline *p)
{
    const flow_do_options options = { .time_sorted = true };
    flow_do(test_readings(p, NULL, false), split, &options);
}

static flow_coll sessions_by_sensor(flow_pipeline *p)
{
    const flow_window_options windows = { .windows = flow_sessions(flow_seconds(60)) };
    const flow_coll by = flow_key_by(test_readings(p, NULL, false), FLOW_FIELD(reading, sensor));
    return flow_window_into(by, &windows);
}

// The function over sessions, with these cells instead of its own.
static void in_sessions(flow_pipeline *p, const flow_cell *const cells[], uint32_t count,
    const flow_do_options *options)
{
    flow_fn *fn = flow_pipeline_alloc(p, sizeof *fn);
    *fn = remember_fn;
    fn->cells = cells;
    fn->cell_count = count;
    flow_do_with(sessions_by_sensor(p), fn, options);
}

static void state_in_sessions(flow_pipeline *p)
{
    flow_do(sessions_by_sensor(p), &remember_fn);
}

static void map_in_sessions(flow_pipeline *p)
{
    static const flow_cell *const cells[] = { &totals_cell };
    in_sessions(p, cells, 1, NULL);
}

FLOW_MAP_BY(places, total, total);
static void map_by_records_in_sessions(flow_pipeline *p)
{
    static const flow_cell *const cells[] = { &places_cell };
    in_sessions(p, cells, 1, NULL);
}

static void record_in_sessions(flow_pipeline *p)
{
    flow_do(sessions_by_sensor(p), running);
}

static void bag_told_how_to_merge(flow_pipeline *p)
{
    static const flow_cell seen = {
        .name = "seen", .kind = FLOW_CELL_BAG, .type = &total_type, .merging = FLOW_MERGE_LATEST
    };
    with_cell(p, seen, 0);
}

static void merging_in_an_unknown_way(flow_pipeline *p)
{
    flow_cell cell = last_cell;
    cell.merging = (flow_cell_merging)7;
    with_cell(p, cell, 0);
}

static void keep_into(void *into, const void *other)
{
    (void)into;
    (void)other;
}

static void merging_in_two_ways(flow_pipeline *p)
{
    flow_cell cell = last_cell;
    cell.merging = FLOW_MERGE_LATEST;
    cell.merge = keep_into;
    with_cell(p, cell, 0);
}

static void timer_merging_in_an_unknown_way(flow_pipeline *p)
{
    flow_timer timer = flush_timer;
    timer.merging = (flow_timer_merging)5;
    with_timers(p, timer, &closing_timer);
}

FLOW_VALUE(newest, total, .merging = FLOW_MERGE_LATEST);
static void windowed_view_of_state_in_sessions(flow_pipeline *p)
{
    static const flow_cell *const cells[] = { &newest_cell };
    const flow_window_options minutes = { .windows = flow_fixed(flow_seconds(60)) };
    const flow_coll others = flow_window_into(test_readings(p, NULL, false), &minutes);
    const flow_view view = flow_as_list(others);
    in_sessions(p, cells, 1, &(flow_do_options){ .sides = &view, .side_count = 1 });
}

static void stable_element_function(flow_pipeline *p)
{
    const flow_do_options options = { .stable_input = true };
    flow_do(test_readings(p, NULL, false), split, &options);
}

static const refused refusals[] = {
    { nothing_declared, FLOW_INVALID,
        "flow_do(remember): the function keeps state, but declares no cells and no timers" },
    { cell_without_name, FLOW_INVALID, "flow_do(remember): cell 1 of the function has no name" },
    { cell_of_no_kind, FLOW_UNSUPPORTED, "flow_do(remember): cell 'odd' is of unknown kind 99" },
    { two_cells_of_a_name, FLOW_INVALID, "flow_do(remember): two cells are called 'totals'" },
    { bag_without_record, FLOW_INVALID, "flow_do(remember): bag 'bag' has no record type" },
    { combining_without_combine, FLOW_INVALID,
        "flow_do(remember): combining cell 'sum' needs a combine with 'in', 'acc', 'add' and "
        "'merge'" },
    { set_without_key, FLOW_INVALID, "flow_do(remember): set 'set' has no key type" },
    { set_of_lists, FLOW_TYPE, "flow_do(remember): the key of set 'set' is a list" },
    { set_of_records_without_type, FLOW_INVALID,
        "flow_do(remember): the key of set 'set' is a record; declare it with FLOW_SET_OF, "
        "FLOW_MAP_BY or FLOW_MULTIMAP_BY" },
    { negative_ttl, FLOW_INVALID,
        "flow_do(remember): the time to live of cell 'last' is -5 us, below 0" },
    { ttl_below_lateness, FLOW_INVALID,
        "flow_do(remember): the time to live of cell 'last' is 9000000 us, shorter than the "
        "allowed lateness of 10000000 us: late elements would find it gone" },
    { timer_without_function, FLOW_INVALID,
        "flow_do(remember): timer 0 of the function has no 'due'" },
    { timer_of_no_clock, FLOW_UNSUPPORTED,
        "flow_do(remember): timer 'flush' goes by unknown clock 9" },
    { two_timers_of_a_name, FLOW_INVALID, "flow_do(remember): two timers are called 'flush'" },
    { two_expiries, FLOW_INVALID,
        "flow_do(remember): timers 'ending' and 'closing' both fire at the expiry of a window: "
        "one may" },
    { timer_of_another_key, FLOW_TYPE,
        "flow_do(remember): timer 'by_number' takes the key 'int64_t', the function "
        "'flow_str'" },
    { sorted_element_function, FLOW_INVALID,
        "flow_do(split_one): only stateful functions take their input 'time_sorted'" },
    { stable_element_function, FLOW_UNSUPPORTED,
        "flow_do(split_one): only stateful functions take a 'stable_input': that of others is made "
        "anew when a bundle is tried again; key it first (R66b)" },
    { state_in_sessions, FLOW_INVALID,
        "flow_do(remember): the windows of its input merge, but nothing says what two records of "
        "value 'last' come to; declare it with FLOW_VALUE_MERGED, or with .merging = "
        "FLOW_MERGE_LATEST or FLOW_MERGE_EARLIEST" },
    { map_in_sessions, FLOW_INVALID,
        "flow_do(remember): the windows of its input merge, but nothing says what two records of "
        "map 'totals' come to; declare it with FLOW_MAP_MERGED, or with .merging = "
        "FLOW_MERGE_LATEST or FLOW_MERGE_EARLIEST" },
    { map_by_records_in_sessions, FLOW_INVALID,
        "flow_do(remember): the windows of its input merge, but nothing says what two records of "
        "map 'places' come to; declare it with FLOW_MAP_BY_MERGED, or with .merging = "
        "FLOW_MERGE_LATEST or FLOW_MERGE_EARLIEST" },
    { record_in_sessions, FLOW_INVALID,
        "flow_do(run_up): the windows of its input merge, but nothing says what two states 'total' "
        "come to; declare it with FLOW_STATEFUL_MERGED_FN" },
    { bag_told_how_to_merge, FLOW_INVALID,
        "flow_do(remember): bag 'seen' merges by itself; 'merge' and 'merging' are for values and "
        "maps" },
    { merging_in_an_unknown_way, FLOW_UNSUPPORTED,
        "flow_do(remember): value 'last' merges in an unknown way 7" },
    { merging_in_two_ways, FLOW_INVALID,
        "flow_do(remember): value 'last' has both a merge function and 'merging': which of them is "
        "to say?" },
    { timer_merging_in_an_unknown_way, FLOW_UNSUPPORTED,
        "flow_do(remember): timer 'flush' merges in an unknown way 5" },
    { windowed_view_of_state_in_sessions, FLOW_UNSUPPORTED,
        "flow_do(remember): it keeps state in windows that merge, and side input 0 is cut into "
        "windows: which of them belongs to a merged one is open until it has ended; give it a view "
        "over all time" },
};

START_TEST(a_wrong_declaration_is_refused)
{
    test_refused(&refusals[_i]);
}
END_TEST

START_TEST(a_right_one_is_not)
{
    flow_error error = { 0 };
    flow_pipeline *p = flow_pipeline_new("right");
    flow_do(by_sensor(p, 0), &remember_fn, &(flow_do_options){ .time_sorted = true });
    ck_assert_msg(flow_pipeline_check(p, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(p);
}
END_TEST

TCase *check_state_tests(void)
{
    TCase *tests = tcase_create("check_state");
    tcase_add_loop_test(tests, a_wrong_declaration_is_refused, 0, TABLE_SIZE(refusals));
    tcase_add_test(tests, a_right_one_is_not);
    return tests;
}
