// SPDX-License-Identifier: Apache-2.0
// What the log callback is told: start and end of a job, why it failed, and each bundle; and what
// functions say.
#include <stdarg.h>
#include <stdio.h>

#include "output.h"
#include "reject.h"
#include "side.h"

#define CALL_MOST 900u // bytes of a function's line

static bool is_told(const flow_graph *graph, flow_log_level level)
{
    return graph->log && (graph->log_level == 0 || level <= graph->log_level);
}

void fl_log(
    const struct fl_engine *engine, flow_log_level level, const char *step, const char *format, ...)
{
    const flow_graph *graph = engine->graph;
    char message[640];
    va_list args;
    if (!is_told(graph, level))
        return;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    graph->log(graph->log_user, level, step ? step : "", message);
}

void fl_log_bundle(const struct fl_worker *worker, bool committed)
{
    static const char *const kinds[] = { [FL_BUNDLE_SOURCE] = "read",
        [FL_BUNDLE_DATA] = "took in",
        [FL_BUNDLE_TIME] = "fired",
        [FL_BUNDLE_PART] = "worked" };
    const struct fl_bundle *bundle = &worker->bundle;
    if (!is_told(worker->engine->graph, FLOW_LOG_DEBUG))
        return;
    const struct fl_op *op = bundle->op;
    fl_log(worker->engine, FLOW_LOG_DEBUG, op->plan->node->path,
        "worker %u, bundle %llu: %s, %llu rows in, %llu rows out, %s", worker->index,
        (unsigned long long)bundle->number, kinds[bundle->kind],
        (unsigned long long)(op->counts.in - op->saved.in),
        (unsigned long long)(op->counts.out - op->saved.out), committed ? "committed" : "aborted");
}

// --- what functions say

// Key and window of the row in work, where it has them.
static void put_place(const struct fl_call *call, flow_buffer *out)
{
    const struct fl_op *op = call->op;
    if (call->edge != FL_EDGE_NONE || !call->in || !call->shape)
        return;
    const struct fl_batch *batch = call->in->batch;
    const uint32_t row = call->engine.ctx.row;
    if (call->shape->key != FLOW_KIND_NONE && batch->rows) {
        flow_buffer_put(out, "; ", 2);
        fl_show_key_of(
            call->shape, batch->rows + (size_t)row * batch->stride + call->shape->key_offset, out);
    }
    if (op->plan->windowless || op->plan->in->windows.kind == FLOW_WINDOW_GLOBAL)
        return;
    const flow_window window = fl_row_window(op, batch, row);
    char from[40], to[40];
    from[flow_time_print(window.start, from)] = to[flow_time_print(window.end, to)] = '\0';
    flow_buffer_printf(out, "; window %s to %s", from, to);
}

void fl_log_call(flow_ctx *ctx, flow_log_level level, const char *format, va_list arguments)
{
    const struct fl_call *call = fl_call_of(ctx);
    const flow_graph *graph = call->op->worker->engine->graph;
    if (!is_told(graph, level))
        return;
    char text[CALL_MOST + 1];
    vsnprintf(text, sizeof text, format, arguments);
    size_t len = strlen(text);
    if (len == CALL_MOST) { // cut, but not within a character
        while (len > 0 && (text[len - 1] & 0xC0) == 0x80)
            len--;
        len -= len > 0 && (text[len - 1] & 0x80);
    }
    flow_buffer line = { .allocator = graph->allocator };
    flow_buffer_put(&line, text, len);
    put_place(call, &line);
    flow_buffer_put(&line, "", 1);
    graph->log(graph->log_user, level, call->op->plan->node->path, line.failed ? text : line.data);
    flow_buffer_free(&line);
}
