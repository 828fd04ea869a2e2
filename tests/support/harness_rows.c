// SPDX-License-Identifier: Apache-2.0
// The contract harness's input: rows stamped and cut into pieces as the case wants, a source that
// lends columns, and the steps before the transform.
#include <stdlib.h>

#include "harness_case.h"

#define SLACK  4 // units that rows are out of order by, at most
#define SECOND INT64_C(1000000)

// Of two equal rows that come twice each, accumulating panes have 1 + 2 + 3 + 4.
#define MOST_COPIES 5

int64_t harness_unit(enum harness_times times)
{
    return times == TIMES_FAR ? 2000 * SECOND : SECOND;
}

flow_windows harness_windows(const struct harness_case *c)
{
    const flow_duration unit = { harness_unit(c->times) };
    switch (c->cut) {
    case CUT_FIXED:
        return flow_fixed((flow_duration){ 10 * unit.us });
    case CUT_SLIDING:
        return flow_windows_offset(
            flow_sliding((flow_duration){ 10 * unit.us }, (flow_duration){ 4 * unit.us }), unit);
    case CUT_SESSIONS:
        return flow_sessions((flow_duration){ 3 * unit.us });
    default:
        return flow_global();
    }
}

void harness_init(struct harness *h)
{
    const struct flow_test_rows *input = h->input;
    const flow_type *type = input->type;
    const size_t rows = MOST_COPIES * input->count + 1;
    ck_assert_uint_ge(input->count, 8);
    h->rows = calloc(rows, type->size);
    h->columns = calloc(type->field_count, sizeof *h->columns);
    h->pieces = calloc(rows, sizeof *h->pieces);
    ck_assert(h->rows && h->columns && h->pieces);
    for (uint32_t f = 0; f < type->field_count; f++) {
        h->columns[f] = malloc(rows * type->fields[f].size);
        ck_assert_ptr_nonnull(h->columns[f]);
    }
    flow_test_results_init(&h->got, h->name);
    flow_test_results_init(&h->wanted, h->name);
    h->got.keep = h->wanted.keep = true;
}

void harness_fini(struct harness *h)
{
    for (uint32_t f = 0; f < h->input->type->field_count; f++)
        free(h->columns[f]);
    free(h->columns);
    free(h->pieces);
    free(h->rows);
    flow_test_results_clear(&h->got);
    flow_test_results_clear(&h->wanted);
}

bool harness_has_columns(const struct harness *h)
{
    for (uint32_t f = 0; f < h->input->type->field_count; f++)
        if (h->input->type->fields[f].presence)
            return false;
    return true;
}

// --- rows in order

static bool is_tardy(const struct harness *h, size_t row)
{
    return row % 5 == 2 && row < h->input->count / 2;
}

// From before 1970 to after it, and a little out of order. Two rows share a time, so that equal
// rows are equal to the last field.
static int64_t time_of(const struct harness_case *c, size_t row)
{
    if (c->times == TIMES_EQUAL)
        return -5 * SECOND;
    const int64_t pair = (int64_t)(row / 2);
    return (2 * pair - 20 + pair * 7 % SLACK) * harness_unit(c->times) + pair;
}

static int64_t tick_of(const struct harness *h, const struct harness_case *c)
{
    return ((int64_t)h->input->count + 40) * harness_unit(c->times);
}

static void put_row(struct harness *h, size_t at, size_t from, int64_t time)
{
    const size_t size = h->input->type->size;
    char *row = h->rows + at * size;
    memcpy(row, (const char *)h->input->rows + from * size, size);
    memcpy(row + h->input->event_time.offset, &time, sizeof time);
}

// Equal rows of one time are a pair at most.
static bool has_twin(const struct harness *h, size_t row)
{
    const flow_type *type = h->input->type;
    const char *rows = h->input->rows;
    const size_t other = row ^ 1;
    return other < h->input->count &&
           flow_row_equal(type, rows + row * type->size, rows + other * type->size);
}

size_t harness_copies(const struct harness *h, const struct harness_case *c, size_t row)
{
    if (c->again)
        return 2;
    return !c->copied ? 1 : has_twin(h, row) ? MOST_COPIES : 3;
}

// Appends the rows of a part, and returns how many rows there are then.
static size_t put_part(
    struct harness *h, const struct harness_case *c, size_t at, enum harness_order part)
{
    for (size_t i = 0; i < h->input->count; i++)
        if (part == ORDER_ALL || is_tardy(h, i) == (part == ORDER_TARDY))
            for (size_t n = harness_copies(h, c, i); n > 0; n--)
                put_row(h, at++, i, time_of(c, i));
    return at;
}

static void cut_pieces(struct harness *h, size_t from, size_t to, size_t batch, int64_t not_before)
{
    const size_t size = h->input->type->size;
    while (from < to) {
        const size_t some = batch && batch < to - from ? batch : to - from;
        h->pieces[h->script.piece_count++] = (struct flow_test_piece){
            .rows = h->rows + from * size, .count = some, .not_before = not_before
        };
        from += some;
    }
}

static void fill_columns(struct harness *h, size_t count)
{
    const flow_type *type = h->input->type;
    for (uint32_t f = 0; f < type->field_count; f++) {
        const flow_field *field = &type->fields[f];
        for (size_t row = 0; row < count; row++)
            memcpy(h->columns[f] + row * field->size, h->rows + row * type->size + field->offset,
                field->size);
    }
}

static bool is_late_order(const struct harness_case *c)
{
    return c->order == ORDER_LATE || c->order == ORDER_ALL_LATE;
}

// Late rows wait until all has come to rest behind the tick, and come in one bundle.
static void write_script(struct harness *h, const struct harness_case *c)
{
    static const enum flow_test_give gives[] = { FLOW_TEST_LEND, FLOW_TEST_EMIT, FLOW_TEST_RESERVE,
        FLOW_TEST_LEND };
    h->clock = INT64_C(1700000000000000);
    h->script = (struct flow_test_script){ .type = h->input->type,
        .pieces = h->pieces,
        .event_time = h->input->event_time,
        .give = gives[c->give],
        .clock = &h->clock };
    size_t count = 0;
    if (c->order != ORDER_ALL_LATE)
        count = put_part(h, c, 0, c->order == ORDER_LATE ? ORDER_PUNCTUAL : c->order);
    cut_pieces(h, 0, count, c->batch, 0);
    if (c->between || is_late_order(c))
        h->script.times.disorder.us = (SLACK + 1) * harness_unit(c->times);
    if (is_late_order(c)) {
        put_row(h, count, 0, tick_of(h, c));
        cut_pieces(h, count, count + 1, 0, 0);
        const enum harness_order part = c->order == ORDER_LATE ? ORDER_TARDY : ORDER_ALL;
        const size_t all = put_part(h, c, count + 1, part);
        cut_pieces(h, count + 1, all, 0, h->clock + 1);
        count = all;
    }
    fill_columns(h, count);
}

uint64_t harness_tardy_pairs(const struct harness *h, const struct harness_case *c)
{
    const flow_windows windows = harness_windows(c);
    uint64_t pairs = 0;
    for (size_t i = 0; i < h->input->count; i++)
        if (c->order == ORDER_ALL_LATE || is_tardy(h, i))
            pairs += flow_windows_count(&windows, (flow_time){ time_of(c, i) });
    return pairs;
}

// --- a source of columns

struct lender {
    struct harness *h;
    size_t next;
};

static flow_status open_lender(void *self, const flow_open *open)
{
    ((struct lender *)self)->h = *(struct harness *const *)open->config;
    return FLOW_OK;
}

static uint32_t one_partition(void *self)
{
    (void)self;
    return 1;
}

static flow_claim claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    struct lender *lender = self;
    const struct flow_test_script *script = &lender->h->script;
    (void)partition;
    (void)error;
    if (lender->next == script->piece_count)
        return FLOW_CLAIM_END;
    if (lender->h->clock < script->pieces[lender->next].not_before)
        return FLOW_CLAIM_WAIT;
    piece->begin = lender->next;
    piece->end = ++lender->next;
    return FLOW_CLAIM_PIECE;
}

static flow_status lend(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    const struct harness *h = ((const struct lender *)self)->h;
    const flow_type *type = h->input->type;
    const struct flow_test_piece *now = &h->script.pieces[piece->begin];
    const size_t first = (size_t)((const char *)now->rows - h->rows) / type->size;
    const void *columns[64];
    ck_assert_uint_le(type->field_count, 64);
    for (uint32_t f = 0; f < type->field_count; f++)
        columns[f] = h->columns[f] + first * type->fields[f].size;
    return flow_lend_columns(ctx, type, columns, (uint32_t)now->count);
}

static flow_status seek(void *self, uint32_t partition, uint64_t position, flow_error *error)
{
    (void)partition;
    (void)error;
    ((struct lender *)self)->next = (size_t)position;
    return FLOW_OK;
}

static void close_lender(void *self)
{
    (void)self;
}

static const flow_source lending = {
    .name = "lender",
    .self_size = sizeof(struct lender),
    .open = open_lender,
    .partitions = one_partition,
    .claim = claim,
    .read = lend,
    .seek = seek,
    .close = close_lender,
};

static flow_coll read_columns(flow_pipeline *pipeline, struct harness *h)
{
    struct harness **config = flow_pipeline_alloc(pipeline, sizeof *config);
    if (config)
        *config = h;
    return flow_read(pipeline, &lending,
        &(flow_read_options){ .type = h->script.type,
            .config = config,
            .event_time = h->script.event_time,
            .times = h->script.times });
}

// --- steps before the transform, for any type

// Lets everything through but ticks, which are alone in their batches.
static flow_status without_tick(flow_ctx *ctx, const flow_batch *batch)
{
    const int64_t tick = *(const int64_t *)ctx->config;
    ctx->kept = 0;
    for (uint32_t i = ctx->next; i < batch->count; i++) {
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        if (flow_event_time(ctx).us < tick)
            ctx->keep[ctx->kept++] = (uint16_t)ctx->row;
    }
    return FLOW_OK;
}

static flow_status emit_group(flow_ctx *ctx, const flow_batch *batch)
{
    const flow_type *type = ctx->outs[0].type;
    flow_status status = FLOW_OK;
    for (uint32_t i = ctx->next; i < batch->count && status == FLOW_OK; i++) {
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        flow_rows *rows = flow_ctx_rows(ctx);
        const void *row;
        while (status == FLOW_OK && (row = flow_rows_next(rows)))
            status = flow_emit(ctx, 0, type, row, type->size);
        ctx->next = i;
    }
    return status;
}

struct harness_tick {
    int64_t at;
};
FLOW_RECORD(harness_tick, at);

static flow_coll drop_tick(struct harness *h, const struct harness_case *c, flow_coll in)
{
    flow_fn *fn = in.pipeline ? flow_pipeline_alloc(in.pipeline, sizeof *fn) : NULL;
    if (!fn)
        return in;
    *fn = (flow_fn){ .name = "without_tick",
        .form = FLOW_FORM_FILTER,
        .in = h->input->type,
        .process = without_tick };
    const struct harness_tick tick = { tick_of(h, c) };
    return flow_do(
        in, fn, &(flow_do_options){ .config = &tick, .config_type = &harness_tick_type });
}

// Groups by the whole row, so that all rows come again as their windows end.
static flow_coll share_windows(struct harness *h, flow_coll in)
{
    const flow_type *type = h->input->type;
    flow_fn *fn = in.pipeline ? flow_pipeline_alloc(in.pipeline, sizeof *fn) : NULL;
    const flow_type **outs = fn ? flow_pipeline_alloc(in.pipeline, sizeof *outs) : NULL;
    if (!outs)
        return in;
    *outs = type;
    *fn = (flow_fn){ .name = "again",
        .form = FLOW_FORM_GROUP,
        .key = { FLOW_KIND_RECORD, type->size, type->name },
        .in = type,
        .outs = outs,
        .out_count = 1,
        .process = emit_group };
    const flow_field_ref whole = { type, NULL, 0, FLOW_KIND_RECORD };
    return flow_unkey(flow_group(flow_key_by(in, whole), fn));
}

// A result for each row that comes, of all that are equal to it so far; behind it one for a window.
static flow_coll accumulate(struct harness *h, const struct harness_case *c, flow_coll in)
{
    const flow_window_options each = { .windows = harness_windows(c),
        .trigger = flow_trigger_repeatedly(flow_trigger_count(1)),
        .accumulation = FLOW_ACCUMULATING,
        .on_time = FLOW_EMPTY_NEVER,
        .output_time = FLOW_OUTPUT_EARLIEST,
        .no_lateness = true };
    const flow_window_options once = { .keep_windows = true,
        .trigger = flow_trigger_default(),
        .accumulation = FLOW_DISCARDING,
        .on_time = FLOW_EMPTY_ALWAYS,
        .output_time = FLOW_OUTPUT_END_OF_WINDOW,
        .no_lateness = true };
    return flow_window_into(share_windows(h, flow_window_into(in, &each)), &once);
}

// --- the same rows, out of cells

static flow_status put_in_cells(flow_ctx *ctx, const flow_batch *batch)
{
    for (uint32_t i = ctx->next; i < batch->count && ctx->status == FLOW_OK; i++) {
        ctx->next = i;
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        const flow_time time = flow_event_time(ctx);
        const void *row = batch->rows + (size_t)ctx->row * batch->stride + batch->value_offset;
        flow_cell_put(ctx, ctx->fn->cells[0], (flow_cell_entry){ .row = row });
        flow_timer_start(ctx, ctx->fn->timers[0],
            (flow_timer_when){ .at = { flow_window_end(ctx).us - 1 }, .output = &time });
    }
    return ctx->status;
}

// What the cell of a key has, with the time of the rows, which hold the watermark until now.
static flow_status give_from_cells(flow_ctx *ctx, const flow_batch *batch)
{
    const flow_type *type = ctx->outs[0].type;
    flow_status status = FLOW_OK;
    for (uint32_t i = ctx->next; i < batch->count && status == FLOW_OK; i++) {
        ctx->next = i;
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        flow_cursor at = flow_cell_walk(ctx, ctx->fn->cells[0], (flow_cell_part){ .key = NULL });
        while (status == FLOW_OK && flow_cursor_next(&at))
            status = flow_emit(ctx, 0, type, at.row, type->size);
        flow_cell_clear(ctx, ctx->fn->cells[0], NULL);
    }
    return status;
}

struct keeper {
    flow_fn fn;
    flow_cell cell;
    flow_timer timer;
    const flow_type *out;
    const flow_cell *cells[1];
    const flow_timer *timers[1];
};

// Keeps all rows in cells by the whole row, until their windows end.
static flow_coll keep_rows(struct harness *h, flow_coll in)
{
    const flow_type *type = h->input->type;
    struct keeper *keeper = in.pipeline ? flow_pipeline_alloc(in.pipeline, sizeof *keeper) : NULL;
    if (!keeper)
        return in;
    const flow_key_spec key = { FLOW_KIND_RECORD, type->size, type->name };
    *keeper = (struct keeper){ .out = type,
        .cell = { .name = "kept", .kind = FLOW_CELL_BAG, .type = type },
        .timer = { .name = "over", .clock = FLOW_EVENT_TIME, .key = key, .due = give_from_cells },
        .cells = { &keeper->cell },
        .timers = { &keeper->timer },
        .fn = { .name = "keep",
            .form = FLOW_FORM_CELLS,
            .key = key,
            .in = type,
            .outs = &keeper->out,
            .out_count = 1,
            .process = put_in_cells,
            .cells = keeper->cells,
            .timers = keeper->timers,
            .cell_count = 1,
            .timer_count = 1 } };
    const flow_field_ref whole = { type, NULL, 0, FLOW_KIND_RECORD };
    return flow_unkey(flow_do(flow_key_by(in, whole), &keeper->fn));
}

bool harness_takes(struct harness *h, const struct harness_case *c)
{
    struct flow_test_results none;
    flow_error error = { 0 };
    flow_test_results_init(&none, h->name);
    flow_pipeline *pipeline = harness_build(h, c, &none);
    const bool takes = pipeline && flow_pipeline_check(pipeline, &error) == FLOW_OK;
    flow_pipeline_free(pipeline);
    flow_test_results_clear(&none);
    if (!takes && !strstr(error.message, "merge"))
        harness_fail(h, c, error.message);
    return takes;
}

flow_pipeline *harness_build(
    struct harness *h, const struct harness_case *c, struct flow_test_results *results)
{
    const flow_pipeline_options options = { .allocator = c->allocator };
    write_script(h, c);
    flow_pipeline *pipeline = flow_pipeline_new_with("harness", &options);
    if (!pipeline)
        return NULL;
    flow_coll in =
        c->give == GIVE_COLUMNS ? read_columns(pipeline, h) : flow_test_read(pipeline, &h->script);
    if (is_late_order(c))
        in = drop_tick(h, c, in);
    flow_window_options windows = { .windows = harness_windows(c),
        .lateness = flow_days(c->lenient ? 36500 : 0),
        .no_lateness = c->often && !c->lenient,
        .accumulation = c->often ? FLOW_RETRACTING : FLOW_DISCARDING };
    if (c->often)
        windows.trigger = flow_trigger_early_late(
            flow_trigger_count(2), flow_trigger_count((int64_t)(c->seed % 3) + 1));
    if (c->again)
        in = accumulate(h, c, in);
    else
        in = flow_window_into(in, &windows);
    if (c->windows == WINDOWS_BY_ROW)
        in = flow_with_timestamps(in, h->input->event_time);
    else if (c->windows == WINDOWS_SHARED)
        in = share_windows(h, in);
    else if (c->windows == WINDOWS_KEPT)
        in = keep_rows(h, in);
    flow_test_collect(h->build(in), results);
    return pipeline;
}
