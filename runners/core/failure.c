// SPDX-License-Identifier: Apache-2.0
// What happens when a function fails on a row: by the policy of its step the bundle fails or is
// tried again, or the row is handed on with the reason.
#include <stdio.h>

#include "chunk.h"
#include "explode.h"
#include "output.h"

#define KEY_SHOWN 64u                // bytes of a key that a message shows
#define PART_MOST ((size_t)64 << 10) // bytes of scratch that parts hand on to the next

static bool rows_fault(flow_status status)
{
    return status != FLOW_MEMORY && status != FLOW_BUDGET && status != FLOW_INTERNAL &&
           status != FLOW_CANCELLED;
}

static void put_key_value(const flow_shape *in, const void *key, flow_buffer *text)
{
    if (flow_type_has_classified(in->type))
        flow_buffer_printf(text, "\"***\""); // which field it was is not known here
    else if (in->key == FLOW_KIND_RECORD)
        flow_json_write_masked(in->key_record, key, text);
    else
        flow_json_write_value(in->key, NULL, key, text);
}

static void put_key(const flow_shape *in, const void *key, flow_buffer *text)
{
    flow_buffer_printf(text, "{\"key\":");
    put_key_value(in, key, text);
}

void fl_show_key_of(const flow_shape *in, const void *key, flow_buffer *text)
{
    put_key(in, key, text);
    flow_buffer_printf(text, "}");
}

void fl_show_key(const struct fl_op *op, const void *key, flow_buffer *text)
{
    fl_show_key_of(&op->plan->shape, key, text);
}

flow_status fl_own_status(struct fl_call *call, flow_status status)
{
    const bool known = status >= FLOW_OK && strcmp(flow_status_name(status), "UNKNOWN") != 0;
    if (known && status != FLOW_CANCELLED)
        return status;
    if (call->message[0] == '\0' && known)
        snprintf(call->message, sizeof call->message,
            "the function returned CANCELLED, which the runner alone says");
    else if (call->message[0] == '\0')
        snprintf(call->message, sizeof call->message,
            "the function returned %d, which is no status", (int)status);
    return FLOW_USER;
}

const char *fl_call_reason(struct fl_call *call, flow_status status)
{
    if (call->message[0] == '\0')
        snprintf(call->message, sizeof call->message, "the function returned %s without a message",
            flow_status_name(status));
    return call->message;
}

// A part of what the row in work gives, such as a pair of a join.
struct fl_part {
    const flow_part_row *rows;
    uint32_t count;
    struct fl_out_mark marks[FLOW_OUTPUTS];
};

// As the JSON {"left":…,"right":…}.
static void show_part(const struct fl_part *part, flow_buffer *text)
{
    for (uint32_t i = 0; i < part->count; i++) {
        const flow_part_row *row = &part->rows[i];
        flow_buffer_printf(text, "%s\"%s\":", i ? "," : "{", row->name);
        if (row->row)
            flow_json_write_masked(row->type, row->row, text);
        else
            flow_buffer_printf(text, "null");
    }
    flow_buffer_printf(text, "}");
}

// Timers and groups are called with a key alone.
static bool has_key_alone(const struct fl_op *op)
{
    return op->call.in && op->call.in->batch->content == FL_CONTENT_KEYS;
}

// The element in work as short JSON, for errors.
static void show_element(const struct fl_op *op, const void *element, flow_buffer *text)
{
    if (op->call.part)
        show_part(op->call.part, text);
    else if (has_key_alone(op))
        fl_show_key(op, element, text);
    else
        flow_json_write_masked(op->plan->in->shape.type, element, text);
    if (text->len > 160 && !text->failed)
        text->len = 160;
}

static flow_status fail_row(struct fl_op *op, flow_status status, const void *element)
{
    struct fl_call *call = &op->call;
    flow_buffer shown = { .allocator = op->worker->engine->graph->allocator };
    char time[40] = "no time", origin[160] = "";
    show_element(op, element, &shown);
    const flow_time at = flow_event_time(&call->engine.ctx);
    if (at.us != FLOW_TIME_MIN_US)
        time[flow_time_print(at, time)] = '\0';
    fl_reader_origin(op, true, origin, sizeof origin);
    fl_op_fail(op, status, "%s; element %.*s at %s%s%s", fl_call_reason(call, status),
        (int)shown.len, shown.len ? shown.data : "", time, origin[0] ? " from " : "", origin);
    flow_buffer_free(&shown);
    return status;
}

// The rows of a group, each by itself.
static flow_status reject_rows(struct fl_op *op, uint32_t output, struct fl_rejection *rejection)
{
    struct fl_rows *rows = op->call.rows;
    flow_status status = FLOW_OK;
    op->call.engine.ctx.status = FLOW_OK;
    rows->keep = false;
    fl_group_rows_rewind(&rows->head);
    while (status == FLOW_OK && (rejection->row = fl_group_rows_next(&rows->head)))
        status = fl_reject(op, output, rejection);
    return status == FLOW_OK ? op->worker->error.status : status;
}

// Hands on what a function failed on: of a group its rows, of a key alone the key.
static flow_status reject(struct fl_op *op, uint32_t output, struct fl_rejection *rejection)
{
    const struct fl_call *call = &op->call;
    if (!call->part && call->rows && call->rows->count > 0)
        return reject_rows(op, output, rejection);
    if (!call->part && !has_key_alone(op))
        return fl_reject(op, output, rejection);
    flow_buffer shown = { .allocator = op->worker->engine->graph->allocator };
    if (call->part)
        show_part(call->part, &shown);
    else
        fl_show_key(op, rejection->row, &shown);
    rejection->row = NULL;
    rejection->element = (flow_str){ shown.data, shown.len };
    const flow_status status = shown.failed ? fl_no_memory(op) : fl_reject(op, output, rejection);
    flow_buffer_free(&shown);
    return status;
}

// Says in the message of a row that failed how often it was tried.
static void add_attempts(struct fl_call *call, flow_status status, uint32_t attempts)
{
    if (attempts < 2)
        return;
    const size_t len = strlen(fl_call_reason(call, status));
    snprintf(call->message + len, sizeof call->message - len, "; tried %u times", attempts);
}

static enum fl_reason reason_of(bool skip, bool large, uint32_t attempts)
{
    if (large)
        return FL_OVER_BUDGET;
    if (attempts > 1)
        return FL_POISON;
    return skip ? FL_SKIPPED : FL_FAILED;
}

flow_status fl_call_failed(struct fl_op *op, flow_status status, const void *element)
{
    struct fl_call *call = &op->call;
    flow_ctx *ctx = &call->engine.ctx;
    const flow_on_error policy = op->plan->node->on_error;
    const bool large = call->large && status == FLOW_BUDGET;
    call->large = false;
    if (op->worker->error.status != FLOW_OK)
        return op->worker->error.status;
    if (op->worker->injected)
        return status; // of a part: the bundle is given up already
    status = fl_own_status(call, status);
    uint32_t attempts = 0;
    const bool again = rows_fault(status) && fl_poison_spares(op, &attempts);
    if (again && policy == FLOW_ON_ERROR_FAIL) {
        op->worker->injected = true; // see fl_bundle_commit, which this bundle need not come to
        return status;
    }
    add_attempts(call, status, attempts);
    if (policy == FLOW_ON_ERROR_FAIL || !(rows_fault(status) || large))
        return fail_row(op, status, element);
    if (!call->part && call->sent == ctx->row + 1) {
        op->worker->whole = op->worker->injected = true; // some of it is sent on: another way then
        return status;
    }
    if (call->part)
        fl_out_back_to(op, call->part->marks);
    else
        fl_out_take_back(op);
    if (again) {
        ctx->status = FLOW_OK;
        call->message[0] = '\0';
        return FLOW_OK;
    }
    const bool skip = policy == FLOW_ON_ERROR_SKIP;
    call->refused = call->refused || !call->part;
    char message[sizeof call->message + 168], origin[160];
    fl_reader_origin(op, false, origin, sizeof origin);
    snprintf(message, sizeof message, "%s%s%s", fl_call_reason(call, status),
        origin[0] ? "; from " : "", origin);
    struct fl_rejection rejection = {
        .reason = reason_of(skip, large, attempts),
        .message = message,
        .row = element,
        .type = op->plan->in->shape.type,
        .at = flow_event_time(ctx).us,
        .sign = call->in && call->in->batch->signs ? call->in->batch->signs[ctx->row] : 1,
        .windows = call->in ? fl_row_windows(op, call->in->batch, ctx->row) : 1,
    };
    status = reject(op, skip ? FLOW_OUTPUT_DROPPED : FLOW_OUTPUT_DEAD_LETTERS, &rejection);
    ctx->status = FLOW_OK;
    call->message[0] = '\0';
    return status;
}

// Scratch of its own, so that what many parts take does not add up.
static flow_status run_part(flow_ctx *ctx, flow_part_fn *run, void *user)
{
    struct fl_call *call = fl_call_of(ctx);
    struct fl_mem *const outer = call->scratch;
    call->scratch = call->part_scratch;
    const flow_status status = run(ctx, user);
    call->part_scratch = call->scratch;
    call->scratch = outer;
    if (fl_mem_size(call->part_scratch) > PART_MOST) {
        fl_mem_unref(&call->op->worker->cache, call->part_scratch);
        call->part_scratch = NULL;
        fl_safe_forget(call);
    }
    return status == FLOW_OK ? ctx->status : status;
}

flow_status fl_call_part(
    flow_ctx *ctx, flow_part_fn *run, void *user, const flow_part_row *rows, uint32_t count)
{
    struct fl_call *call = fl_call_of(ctx);
    struct fl_op *op = call->op;
    struct fl_part part = { .rows = rows, .count = count };
    flow_status status = FLOW_OK;
    call->parts++;
    // what earlier parts gave stays, unless the call as a whole may fail
    if (call->hold && op->plan->node->timeout.us <= 0 && !op->worker->whole)
        status = fl_out_send_pending(op);
    if (status != FLOW_OK)
        return status;
    if (call->hold)
        fl_out_mark(op, part.marks);
    status = run_part(ctx, run, user);
    if (status == FLOW_OK)
        return FLOW_OK;
    call->part = &part;
    status = fl_call_failed(op, status, NULL);
    call->part = NULL;
    return status;
}

// What the elements of a key came to, as the JSON {"key":…,"accumulator":…}. It may have what is
// classified under other names.
static void show_accumulator(
    const struct fl_op *op, const struct fl_no_result *none, flow_buffer *text)
{
    const bool keyed = op->plan->shape.key != FLOW_KIND_NONE;
    if (keyed)
        put_key(&op->plan->shape, none->key, text);
    flow_buffer_printf(text, "%s\"accumulator\":", keyed ? "," : "{");
    if (flow_type_has_classified(op->plan->shape.type))
        flow_buffer_printf(text, "\"***\"");
    else
        flow_json_write_masked(op->plan->node->combine->acc, none->acc, text);
    flow_buffer_printf(text, "}");
}

// Which result cannot be. A long key is cut, so that the window is still said.
static void put_result(
    struct fl_op *op, const struct fl_no_result *none, flow_buffer *shown, char *text, size_t size)
{
    const flow_shape *shape = &op->plan->shape;
    const bool keyed = shape->key != FLOW_KIND_NONE;
    const bool global = none->window.end.us == FLOW_TIME_GLOBAL_END_US;
    char end[40] = "";
    if (!global)
        end[flow_time_print(none->window.end, end)] = '\0';
    if (keyed)
        put_key_value(shape, none->key, shown);
    size_t len = shown->len < KEY_SHOWN ? shown->len : KEY_SHOWN;
    while (len > 0 && len < shown->len && ((unsigned char)shown->data[len] & 0xc0) == 0x80)
        len--; // not within a character
    snprintf(text, size, "its result%s%.*s%s does not fit (%s): the %swindow%s%s has no value",
        keyed ? " for the key " : "", (int)len, len ? shown->data : "", len < shown->len ? "…" : "",
        op->plan->node->combine->name, global ? "global " : "", global ? "" : " that ends at ",
        end);
}

flow_status fl_no_result(struct fl_op *op, flow_status status, const struct fl_no_result *none)
{
    const flow_on_error policy = op->plan->node->on_error;
    const bool skip = policy == FLOW_ON_ERROR_SKIP;
    char message[240 + KEY_SHOWN];
    flow_buffer shown = { .allocator = op->worker->engine->graph->allocator };
    put_result(op, none, &shown, message, sizeof message);
    shown.len = 0;
    if (policy == FLOW_ON_ERROR_FAIL || !rows_fault(status)) {
        flow_buffer_free(&shown);
        return fl_op_fail(op, status, "%s", message);
    }
    show_accumulator(op, none, &shown);
    const struct fl_rejection rejection = { .reason = reason_of(skip, false, 0),
        .message = message,
        .element = { shown.data, shown.len },
        .at = none->at,
        .sign = none->sign };
    status = shown.failed
                 ? fl_no_memory(op)
                 : fl_reject(op, skip ? FLOW_OUTPUT_DROPPED : FLOW_OUTPUT_DEAD_LETTERS, &rejection);
    flow_buffer_free(&shown);
    return status;
}

bool fl_result_heard(const struct fl_op *op)
{
    const struct fl_targets *outs = op->plan->outs;
    return outs[0].count > 0 || outs[FLOW_OUTPUT_DEAD_LETTERS].count > 0 ||
           (op->plan->node->on_error == FLOW_ON_ERROR_SKIP && outs[FLOW_OUTPUT_DROPPED].count > 0);
}
