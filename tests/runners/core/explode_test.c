// SPDX-License-Identifier: Apache-2.0
// Elements in several windows (R22): who gets them once for each, whichever way the engine holds
// the windows, as they follow from the time or written down.
#include <stdio.h>
#include <stdlib.h>

#include <flow/keyed.h>

#include "flow_test.h"

#define SECOND INT64_C(1000000)
#define ROWS   60

TCase *explode_tests(void);

static const struct {
    const char *name;
    bool written; // behind flow_with_timestamps
} forms[] = { { "implied", false }, { "written down", true } };

// Rows a second apart, three keys in turn, in batches of 20.
struct tale {
    struct flow_test_row rows[ROWS];
    struct flow_test_piece pieces[3];
    struct flow_test_script script;
    flow_pipeline *pipeline;
    flow_coll in;
    struct flow_test_results got;
    flow_status_report report;
};

static void tale_begin(struct tale *tale, const flow_window_options *windows, bool written)
{
    memset(tale, 0, sizeof *tale);
    for (int i = 0; i < ROWS; i++)
        tale->rows[i] = flow_test_row_at(i % 3, i, (i - 7) * SECOND);
    tale->script = flow_test_deal(tale->rows, ROWS, tale->pieces, 3);
    flow_test_results_init(&tale->got, written ? "written down" : "implied");
    tale->pipeline = flow_pipeline_new("tale");
    tale->in = flow_window_into(flow_test_read(tale->pipeline, &tale->script), windows);
    if (written)
        tale->in = flow_with_timestamps(tale->in, FLOW_FIELD(flow_test_row, at));
}

static void tale_run(struct tale *tale)
{
    flow_error error = { 0 };
    struct flow_test_sim *sim =
        flow_test_open(tale->pipeline, &(struct flow_test_options){ .seed = 1 }, &error);
    ck_assert_msg(sim != NULL, "%s: %s", error.step, error.message);
    ck_assert(flow_test_settle(sim));
    fl_engine_status(sim->engine, &tale->report);
    ck_assert_msg(flow_test_close(sim, &error) == FLOW_OK, "%s: %s", error.step, error.message);
}

static void tale_end(struct tale *tale)
{
    flow_test_results_clear(&tale->got);
    flow_pipeline_free(tale->pipeline);
}

static flow_window_options sliding(void)
{
    return (flow_window_options){ .windows = flow_sliding(flow_seconds(10), flow_seconds(4)) };
}

static flow_window_options growing(void)
{
    return (flow_window_options){ .windows = flow_cumulate(flow_seconds(12), flow_seconds(3)) };
}

// A row for each window that holds it, by the windows' own rule.
static void expect_by_window(struct flow_test_results *wanted, const struct tale *tale,
    const flow_window_options *options, bool shown)
{
    flow_test_results_init(wanted, "wanted");
    for (int i = 0; i < ROWS; i++) {
        struct flow_test_row row = tale->rows[i];
        flow_window list[8];
        const uint32_t count =
            flow_windows_assign(&options->windows, NULL, tale->rows[i].at, list, 8);
        for (uint32_t w = 0; w < count; w++) {
            const struct flow_test_result at = { .time = tale->rows[i].at,
                .window = list[w],
                .pane = { .timing = FLOW_TIMING_UNKNOWN, .first = true, .last = true } };
            row.v = shown ? list[w].start.us : tale->rows[i].v;
            flow_test_expect(wanted, &flow_test_row_type, &row, &at);
        }
    }
}

static void check_windows(struct tale *tale, const flow_window_options *options, bool shown)
{
    struct flow_test_results wanted;
    expect_by_window(&wanted, tale, options, shown);
    ck_assert_uint_gt(wanted.count, 2 * ROWS);
    const char *why = flow_test_differ(&tale->got, &wanted);
    ck_assert_msg(!why, "%s: %s", tale->got.name, why);
    flow_test_results_clear(&wanted);
}

START_TEST(r22_a_sink_gets_an_element_once_for_each_of_its_windows)
{
    const flow_window_options options = _i % 2 ? growing() : sliding();
    struct tale tale;
    tale_begin(&tale, &options, forms[_i / 2].written);
    flow_test_collect(tale.in, &tale.got);
    tale_run(&tale);
    check_windows(&tale, &options, false);
    tale_end(&tale);
}
END_TEST

// --- functions that ask, one of each kind; declared in a second copy

static struct flow_test_row told(const flow_ctx *ctx, const struct flow_test_row *row)
{
    struct flow_test_row out = *row;
    out.v = flow_event_window(ctx).start.us;
    return out;
}

static flow_status tell(flow_ctx *ctx, const struct flow_test_row *row)
{
    const struct flow_test_row out = told(ctx, row);
    return FLOW_EMIT_ROW(ctx, flow_test_row, &out);
}
FLOW_ELEMENT_FN(tell, flow_test_row, flow_test_row);

static flow_status tell_each(flow_ctx *ctx, const struct flow_test_row *row)
{
    return tell(ctx, row);
}
FLOW_ELEMENT_FN_WITH(tell_each, flow_test_row, (flow_test_row), .by_window = true);

static flow_status map(flow_ctx *ctx, const struct flow_test_row *in, struct flow_test_row *out)
{
    *out = told(ctx, in);
    return FLOW_OK;
}
FLOW_MAP_FN(map, flow_test_row, flow_test_row);

static flow_status map_each(
    flow_ctx *ctx, const struct flow_test_row *in, struct flow_test_row *out)
{
    return map(ctx, in, out);
}
FLOW_MAP_FN(map_each, flow_test_row, flow_test_row, .by_window = true);

static flow_status change(flow_ctx *ctx, struct flow_test_row *row)
{
    *row = told(ctx, row);
    return FLOW_OK;
}
FLOW_UPDATE_FN(change, flow_test_row);

static flow_status change_each(flow_ctx *ctx, struct flow_test_row *row)
{
    return change(ctx, row);
}
FLOW_UPDATE_FN(change_each, flow_test_row, .by_window = true);

static flow_status tell_batch(flow_ctx *ctx, const flow_batch *batch)
{
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < batch->count && status == FLOW_OK; i++) {
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        status = tell(ctx, FLOW_BATCH_ROW(batch, flow_test_row, i));
    }
    return status;
}
FLOW_BATCH_FN(tell_batch, flow_test_row, flow_test_row);

static flow_status tell_batch_each(flow_ctx *ctx, const flow_batch *batch)
{
    return tell_batch(ctx, batch);
}
FLOW_BATCH_FN_WITH(tell_batch_each, flow_test_row, (flow_test_row), .by_window = true);

static flow_status tell_key(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    ck_assert_int_eq(*key, row->k);
    return tell(ctx, row);
}
FLOW_KEYED_FN(tell_key, int64_t, flow_test_row, flow_test_row);

static flow_status tell_key_each(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    return tell_key(ctx, key, row);
}
FLOW_KEYED_FN_WITH(tell_key_each, int64_t, flow_test_row, (flow_test_row), .by_window = true);

FLOW_STAGE(stage, flow_test_row, flow_test_row, FLOW_CHANGE(change) FLOW_PASS(flow_test_row));
FLOW_STAGE(stage_each, flow_test_row, flow_test_row, FLOW_CHANGE(change) FLOW_PASS(flow_test_row),
    .by_window = true);

// Of each row only those in windows that end two seconds before a multiple of 20 pass.
static bool ends_so(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)row;
    return flow_window_end(ctx).us % (20 * SECOND) == 18 * SECOND;
}
FLOW_FILTER_FN(ends_so, flow_test_row);

static bool ends_so_each(const flow_ctx *ctx, const struct flow_test_row *row)
{
    return ends_so(ctx, row);
}
FLOW_FILTER_FN(ends_so_each, flow_test_row, .by_window = true);

static const struct {
    const flow_fn *bare, *declared;
} askers[] = { { &tell_fn, &tell_each_fn }, { &map_fn, &map_each_fn },
    { &change_fn, &change_each_fn }, { &tell_batch_fn, &tell_batch_each_fn },
    { &tell_key_fn, &tell_key_each_fn }, { &stage_fn, &stage_each_fn },
    { &ends_so_fn, &ends_so_each_fn } };
#define ASKERS ((int)(sizeof askers / sizeof askers[0]))

static flow_coll asked(flow_coll in, const flow_fn *fn)
{
    const bool keyed = fn->key.kind != FLOW_KIND_NONE;
    return flow_do(keyed ? flow_key_by(in, FLOW_FIELD(flow_test_row, k)) : in, fn);
}

START_TEST(r22_a_function_declared_by_window_is_called_once_for_each)
{
    const bool filter = askers[_i / 2].declared->form == FLOW_FORM_FILTER;
    const flow_window_options options = !filter && _i / 2 % 2 ? growing() : sliding();
    struct tale tale;
    tale_begin(&tale, &options, forms[_i % 2].written);
    flow_test_collect(asked(tale.in, askers[_i / 2].declared), &tale.got);
    tale_run(&tale);
    if (!filter)
        check_windows(&tale, &options, true);
    else // windows [8,18), [28,38) and [48,58): the last row is at 52
        ck_assert_uint_eq(tale.got.count, 10 + 10 + 5);
    for (size_t i = 0; filter && i < tale.got.count; i++)
        ck_assert_int_eq(tale.got.list[i].window.end.us % (20 * SECOND), 18 * SECOND);
    tale_end(&tale);
}
END_TEST

START_TEST(r22_the_window_of_an_element_that_may_lie_in_several_is_refused_to_others)
{
    const flow_window_options options = _i / 2 % 2 ? growing() : sliding();
    struct tale tale;
    flow_error error = { 0 };
    tale_begin(&tale, &options, forms[_i % 2].written);
    flow_test_collect(flow_named(asked(tale.in, askers[_i / 2].bare), "nosy"), &tale.got);
    flow_test_run(tale.pipeline, &(struct flow_test_options){ .seed = 1 }, &error);
    ck_assert_int_eq(error.status, FLOW_INVALID);
    ck_assert_str_eq(error.step, "nosy");
    ck_assert_msg(strstr(error.message, "'by_window'") && strstr(error.message, "'") &&
                      strstr(error.message, askers[_i / 2].bare->name),
        "%s", error.message);
    ck_assert_uint_eq(tale.got.count, 0);
    tale_end(&tale);
}
END_TEST

// Dead letters are no way out: it is the step's fault, not the element's.
START_TEST(r22_a_refused_window_is_no_dead_letter)
{
    const flow_window_options options = sliding();
    const flow_do_options keep = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    struct tale tale;
    flow_error error = { 0 };
    tale_begin(&tale, &options, false);
    flow_test_collect(flow_dead_letters(flow_do(tale.in, &tell_fn, &keep)), &tale.got);
    flow_test_run(tale.pipeline, &(struct flow_test_options){ .seed = 1 }, &error);
    ck_assert_int_eq(error.status, FLOW_INVALID);
    ck_assert_uint_eq(tale.got.count, 0);
    tale_end(&tale);
}
END_TEST

// --- where an element has one window, whoever asks is told

static flow_coll one_by_one(flow_coll in)
{
    return flow_do(in, &tell_each_fn);
}

static flow_coll latest(flow_coll in)
{
    return flow_unkey(flow_latest(flow_key_by(in, FLOW_FIELD(flow_test_row, k))));
}

static flow_coll once(flow_coll in)
{
    const flow_deduplicate_options options = { .duration = flow_days(1), .clock = FLOW_EVENT_TIME };
    return flow_unkey(flow_deduplicate(flow_key_by(in, FLOW_FIELD(flow_test_row, k)), &options));
}

static flow_coll in_tens(flow_coll in)
{
    return flow_window_into(in, &(flow_window_options){ .windows = flow_fixed(flow_seconds(10)) });
}

static const struct {
    const char *name;
    flow_coll (*before)(flow_coll in);
} alone[] = { { "behind a function by window", one_by_one }, { "behind a combine", latest },
    { "behind state", once }, { "in windows that do not overlap", in_tens } };
#define ALONE ((int)(sizeof alone / sizeof alone[0]))

START_TEST(r22_an_element_in_one_window_tells_it_to_any_function)
{
    const flow_window_options options = sliding();
    struct tale tale;
    tale_begin(&tale, &options, forms[_i % 2].written);
    flow_test_collect(flow_do(alone[_i / 2].before(tale.in), &tell_fn), &tale.got);
    tale_run(&tale);
    ck_assert_msg(tale.got.count > 0, "%s", alone[_i / 2].name);
    for (size_t i = 0; i < tale.got.count; i++) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "v:%lld,", (long long)tale.got.list[i].window.start.us);
        ck_assert_msg(strstr(tale.got.list[i].text, wanted) != NULL, "%s: %s, wanted %s",
            alone[_i / 2].name, tale.got.list[i].text, wanted);
    }
    tale_end(&tale);
}
END_TEST

// --- how often

// How many rows a function that gives one for each has given.
static uint64_t rows_of(const flow_fn *fn, bool written)
{
    const flow_window_options options = sliding();
    struct tale tale;
    tale_begin(&tale, &options, written);
    flow_test_collect(latest(flow_named(flow_do(tale.in, fn), "step")), &tale.got);
    flow_error error = { 0 };
    flow_step_report report = { 0 };
    struct flow_test_sim *sim =
        flow_test_open(tale.pipeline, &(struct flow_test_options){ .seed = 1 }, &error);
    ck_assert(sim && flow_test_settle(sim));
    for (size_t i = 0; fl_engine_step_report(sim->engine, i, &report); i++)
        if (strcmp(report.path, "step") == 0)
            break;
    ck_assert_str_eq(report.path, "step");
    ck_assert(flow_test_close(sim, &error) == FLOW_OK);
    tale_end(&tale);
    return report.rows_out;
}

static flow_status same(flow_ctx *ctx, const struct flow_test_row *row)
{
    return FLOW_EMIT_ROW(ctx, flow_test_row, row);
}
FLOW_ELEMENT_FN(same, flow_test_row, flow_test_row);

START_TEST(r22_a_function_that_asks_for_no_window_is_called_once_before_a_grouping)
{
    ck_assert_uint_eq(rows_of(&same_fn, false), ROWS);
    ck_assert_uint_eq(rows_of(&tell_each_fn, false), ROWS * 5 / 2);
    ck_assert_uint_eq(rows_of(&tell_each_fn, true), ROWS * 5 / 2);
}
END_TEST

START_TEST(r22_an_element_is_put_into_other_windows_once_for_each_it_lay_in)
{
    const flow_window_options options = sliding();
    struct tale tale;
    int64_t sum = 0;
    tale_begin(&tale, &options, forms[_i].written);
    flow_test_collect(in_tens(tale.in), &tale.got);
    tale_run(&tale);
    for (int i = 0; i < ROWS; i++)
        sum += flow_windows_count(&options.windows, tale.rows[i].at);
    ck_assert_int_eq((int64_t)tale.got.count, sum);
    ck_assert_int_eq(sum, ROWS * 5 / 2);
    tale_end(&tale);
}
END_TEST

// --- what is not taken

static flow_status no_third(flow_ctx *ctx, const struct flow_test_row *row)
{
    if (row->v % 3 == 0)
        return flow_fail(ctx, FLOW_USER, "a third is refused");
    return FLOW_EMIT_ROW(ctx, flow_test_row, row);
}
FLOW_ELEMENT_FN(no_third, flow_test_row, flow_test_row);

static flow_status no_third_row(flow_ctx *ctx, struct flow_test_row *row)
{
    return row->v % 3 ? FLOW_OK : flow_fail(ctx, FLOW_USER, "a third is refused");
}
FLOW_UPDATE_FN(no_third_row, flow_test_row);

START_TEST(r22_an_element_that_fails_is_a_dead_letter_once_for_each_window)
{
    const flow_window_options options = sliding();
    const flow_do_options keep = { .on_error = FLOW_ON_ERROR_DEAD_LETTER, .most_rejected = 0.34 };
    struct tale tale;
    uint64_t wanted = 0;
    tale_begin(&tale, &options, forms[_i % 2].written);
    const flow_coll good = flow_do(tale.in, _i / 2 ? &no_third_row_fn : &no_third_fn, &keep);
    flow_test_collect(flow_dead_letters(good), &tale.got);
    tale_run(&tale);
    for (int i = 0; i < ROWS; i += 3)
        wanted += flow_windows_count(&options.windows, tale.rows[i].at);
    ck_assert_uint_gt(wanted, 2 * ROWS / 3);
    ck_assert_uint_eq(tale.got.count, wanted);
    ck_assert_uint_eq(tale.report.rejected, wanted);
    tale_end(&tale);
}
END_TEST

START_TEST(r22_an_element_that_fails_is_skipped_once_for_each_window)
{
    const flow_window_options options = sliding();
    const flow_do_options skip = { .on_error = FLOW_ON_ERROR_SKIP };
    struct tale tale;
    uint64_t wanted = 0;
    tale_begin(&tale, &options, forms[_i].written);
    const flow_coll good = flow_do(tale.in, &no_third_fn, &skip);
    flow_test_collect(flow_dropped(good), &tale.got);
    tale_run(&tale);
    for (int i = 0; i < ROWS; i += 3)
        wanted += flow_windows_count(&options.windows, tale.rows[i].at);
    ck_assert_uint_eq(tale.got.count, wanted);
    ck_assert_uint_eq(tale.report.dropped_other, wanted);
    tale_end(&tale);
}
END_TEST

// --- order

struct last_seen {
    int64_t at, window;
};
FLOW_RECORD(last_seen, at, window);

static flow_status in_order(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct last_seen *last)
{
    const flow_window window = flow_event_window(ctx);
    (void)key;
    if (last->window && (row->at.us < last->at || window.end.us != last->window))
        return flow_fail(ctx, FLOW_USER, "it comes out of order");
    last->at = row->at.us;
    last->window = window.end.us;
    return tell(ctx, row);
}

static flow_status in_order_timer(flow_ctx *ctx, const int64_t *key, struct last_seen *last)
{
    (void)ctx;
    (void)key;
    (void)last;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(in_order, int64_t, flow_test_row, last_seen, flow_test_row);

START_TEST(r22_r65_each_window_has_its_elements_in_order_of_time)
{
    const flow_window_options options = _i % 2 ? growing() : sliding();
    const flow_do_options sorted = { .time_sorted = true };
    struct tale tale;
    tale_begin(&tale, &options, forms[_i / 2].written);
    for (int i = 0; i < ROWS; i++) // out of order, and some of one time
        tale.rows[i].at.us = ((i * 37) % ROWS / 2 - 7) * SECOND;
    const flow_coll keyed = flow_key_by(tale.in, FLOW_FIELD(flow_test_row, k));
    flow_test_collect(flow_do(keyed, &in_order_fn, &sorted), &tale.got);
    tale_run(&tale);
    check_windows(&tale, &options, true);
    tale_end(&tale);
}
END_TEST

START_TEST(r22_rows_of_a_batch_come_window_by_window_the_last_first)
{
    const flow_window_options options = sliding();
    struct tale tale;
    tale_begin(&tale, &options, forms[_i].written);
    tale.script.piece_count = 1;
    flow_test_collect(tale.in, &tale.got);
    tale_run(&tale);
    uint32_t nth[20] = { 0 };
    for (size_t i = 0; i < tale.got.count; i++) {
        flow_window list[8];
        const size_t row = (size_t)(tale.got.list[i].time.us / SECOND + 7);
        flow_windows_assign(&options.windows, NULL, tale.got.list[i].time, list, 8);
        ck_assert_int_eq(tale.got.list[i].window.start.us, list[nth[row]++].start.us);
        // a row's next window comes when all have had theirs
        for (size_t other = 0; i >= 20 && nth[row] == 2 && other < 20; other++)
            ck_assert_uint_ge(nth[other], 1);
        // rows of one turn keep their order
        if (i > 0 && i < 20)
            ck_assert_int_gt(tale.got.list[i].time.us, tale.got.list[i - 1].time.us);
    }
    ck_assert_uint_eq(tale.got.count, 50);
    tale_end(&tale);
}
END_TEST

TCase *explode_tests(void)
{
    TCase *tests = tcase_create("explode.c");
    tcase_add_loop_test(tests, r22_a_sink_gets_an_element_once_for_each_of_its_windows, 0, 4);
    tcase_add_loop_test(
        tests, r22_a_function_declared_by_window_is_called_once_for_each, 0, 2 * ASKERS);
    tcase_add_loop_test(tests,
        r22_the_window_of_an_element_that_may_lie_in_several_is_refused_to_others, 0, 2 * ASKERS);
    tcase_add_test(tests, r22_a_refused_window_is_no_dead_letter);
    tcase_add_loop_test(tests, r22_an_element_in_one_window_tells_it_to_any_function, 0, 2 * ALONE);
    tcase_add_test(tests, r22_a_function_that_asks_for_no_window_is_called_once_before_a_grouping);
    tcase_add_loop_test(
        tests, r22_an_element_is_put_into_other_windows_once_for_each_it_lay_in, 0, 2);
    tcase_add_loop_test(
        tests, r22_an_element_that_fails_is_a_dead_letter_once_for_each_window, 0, 4);
    tcase_add_loop_test(tests, r22_an_element_that_fails_is_skipped_once_for_each_window, 0, 2);
    tcase_add_loop_test(tests, r22_r65_each_window_has_its_elements_in_order_of_time, 0, 4);
    tcase_add_loop_test(tests, r22_rows_of_a_batch_come_window_by_window_the_last_first, 0, 2);
    return tests;
}
