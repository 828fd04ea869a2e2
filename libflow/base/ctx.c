// SPDX-License-Identifier: Apache-2.0
// The calls that functions, sources and group functions make, handed to the engine behind the
// context.
#include <stdarg.h>
#include <stdio.h>

#include <flow/runner.h>

static const flow_ctx_ops *ops_of(const flow_ctx *ctx)
{
    const char *engine = (const char *)(const void *)ctx - offsetof(flow_ctx_engine, ctx);
    return ((const flow_ctx_engine *)(const void *)engine)->ops;
}

flow_status flow_emit_slow(flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row)
{
    return ops_of(ctx)->emit_slow(ctx, output, type, row);
}

flow_status flow_emit_stamped(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_stamp stamp)
{
    return ops_of(ctx)->emit_stamped(ctx, output, type, row, stamp);
}

void *flow_self(flow_ctx *ctx)
{
    return ops_of(ctx)->self(ctx);
}

flow_status flow_after_commit(flow_ctx *ctx, void (*done)(void *user), void *user)
{
    return ops_of(ctx)->after_commit(ctx, done, user);
}

void flow_adopt(flow_ctx *ctx, const flow_type *type, void *row)
{
    ops_of(ctx)->adopt(ctx, type, row);
}

void *flow_reserve(flow_ctx *ctx, uint32_t output, const flow_type *type, uint32_t *count)
{
    return ops_of(ctx)->reserve(ctx, output, type, count);
}

flow_status flow_commit(flow_ctx *ctx, uint32_t output, uint32_t count)
{
    return ops_of(ctx)->commit(ctx, output, count);
}

void *flow_alloc(flow_ctx *ctx, size_t size)
{
    return ops_of(ctx)->alloc(ctx, size);
}

flow_str flow_format(flow_ctx *ctx, const char *format, ...)
{
    flow_str text = { NULL, 0 };
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *data = len < 0 ? NULL : flow_alloc(ctx, (size_t)len + 1);
    if (data) {
        vsnprintf(data, (size_t)len + 1, format, again);
        text.data = data;
        text.len = (size_t)len;
    }
    va_end(again);
    return text;
}

flow_status flow_fail(flow_ctx *ctx, flow_status status, const char *format, ...)
{
    char message[480];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return ops_of(ctx)->fail(ctx, status, message);
}

flow_time flow_event_time(const flow_ctx *ctx)
{
    return ops_of(ctx)->event_time(ctx);
}

flow_window flow_event_window(const flow_ctx *ctx)
{
    return ops_of(ctx)->event_window(ctx);
}

flow_pane flow_pane_info(const flow_ctx *ctx)
{
    return ops_of(ctx)->pane_info(ctx);
}

int flow_sign(const flow_ctx *ctx)
{
    return ops_of(ctx)->sign(ctx);
}

flow_time flow_window_end(const flow_ctx *ctx)
{
    return ops_of(ctx)->event_window(ctx).end;
}

flow_time flow_watermark(const flow_ctx *ctx)
{
    return ops_of(ctx)->watermark(ctx);
}

void flow_timer_set(flow_ctx *ctx, flow_time when)
{
    ops_of(ctx)->timer_set(ctx, when);
}

void flow_timer_clear(flow_ctx *ctx)
{
    ops_of(ctx)->timer_clear(ctx);
}

void flow_state_clear(flow_ctx *ctx)
{
    ops_of(ctx)->state_clear(ctx);
}

const void *flow_config(flow_ctx *ctx, const flow_type *type)
{
    return ops_of(ctx)->config(ctx, type);
}

flow_rows *flow_ctx_rows(flow_ctx *ctx)
{
    return ops_of(ctx)->rows(ctx);
}

const void *flow_rows_next(flow_rows *rows)
{
    return rows ? rows->ops->rows_next(rows) : NULL;
}

void flow_rows_keep(flow_rows *rows)
{
    if (rows)
        rows->ops->rows_keep(rows);
}

void flow_rows_rewind(flow_rows *rows)
{
    if (rows)
        rows->ops->rows_rewind(rows);
}

const void *flow_rows_hold(flow_rows *rows)
{
    return rows ? rows->ops->rows_hold(rows) : NULL;
}

void flow_rows_release(flow_rows *rows)
{
    if (rows)
        rows->ops->rows_release(rows);
}

size_t flow_rows_count(const flow_rows *rows)
{
    return rows ? rows->ops->rows_count(rows) : 0;
}

flow_status flow_lend(flow_ctx *ctx, const flow_type *type, const void *rows, uint32_t count)
{
    return ops_of(ctx)->lend(ctx, type, rows, count);
}

flow_status flow_lend_columns(
    flow_ctx *ctx, const flow_type *type, const void *const *columns, uint32_t count)
{
    return ops_of(ctx)->lend_columns(ctx, type, columns, count);
}

flow_status flow_keep(
    flow_ctx *ctx, const void *data, size_t len, void (*release)(void *user), void *user)
{
    return ops_of(ctx)->keep(ctx, data, len, release, user);
}

flow_status flow_reject(flow_ctx *ctx, flow_str element, const char *format, ...)
{
    char message[480];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return ops_of(ctx)->reject(ctx, element, message);
}

flow_status flow_refuse(const flow_elements *elements, uint32_t i, const char *format, ...)
{
    const flow_batch *batch = &elements->batch;
    flow_ctx *ctx = elements->ctx;
    char message[480];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    ctx->row = FLOW_BATCH_INDEX(batch, i);
    const char *row = batch->rows + (size_t)ctx->row * batch->stride;
    return ops_of(ctx)->refuse(ctx, row + batch->value_offset, message);
}

flow_status flow_part(
    flow_ctx *ctx, flow_part_fn *run, void *user, const flow_part_row *rows, uint32_t count)
{
    return ops_of(ctx)->part(ctx, run, user, rows, count);
}

const char *flow_step_path(const flow_ctx *ctx)
{
    return ops_of(ctx)->step_path(ctx);
}

const void *flow_side(const flow_ctx *ctx, uint32_t side, const flow_type *type)
{
    return ops_of(ctx)->side(ctx, side, type);
}

const void *flow_side_at(const flow_ctx *ctx, uint32_t side, const flow_type *type, uint64_t index)
{
    return ops_of(ctx)->side_at(ctx, side, type, index);
}

const void *flow_side_find(
    const flow_ctx *ctx, uint32_t side, const flow_type *type, const flow_side_key *key)
{
    return ops_of(ctx)->side_find(ctx, side, type, key);
}

flow_side_walk flow_side_rows(
    const flow_ctx *ctx, uint32_t side, const flow_type *type, const flow_side_key *key)
{
    return ops_of(ctx)->side_rows(ctx, side, type, key);
}

const void *flow_side_next(flow_side_walk *walk)
{
    return walk->ops->side_next(walk);
}

void flow_measure(flow_ctx *ctx, const flow_metric *metric, int64_t value)
{
    ops_of(ctx)->measure(ctx, metric, value);
}

void flow_measure_text(flow_ctx *ctx, const flow_metric *metric, flow_str text)
{
    ops_of(ctx)->measure_text(ctx, metric, text);
}

const void *flow_restriction(flow_ctx *ctx, const flow_type *type)
{
    return ops_of(ctx)->restriction(ctx, type);
}

bool flow_claim_position(flow_ctx *ctx, const void *position)
{
    return ops_of(ctx)->claim_position(ctx, position);
}

void flow_resume_after(flow_ctx *ctx, flow_duration delay)
{
    ops_of(ctx)->resume_after(ctx, delay);
}

void flow_estimate(flow_ctx *ctx, flow_time watermark)
{
    ops_of(ctx)->estimate(ctx, watermark);
}

flow_status flow_emit_at(
    flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row, flow_time at)
{
    return ops_of(ctx)->emit_at(ctx, output, type, row, at);
}

flow_status flow_split_part(flow_ctx *ctx, const flow_type *type, const void *restriction)
{
    return ops_of(ctx)->split_part(ctx, type, restriction);
}

void flow_log(flow_ctx *ctx, flow_log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ops_of(ctx)->log(ctx, level, format, arguments);
    va_end(arguments);
}
