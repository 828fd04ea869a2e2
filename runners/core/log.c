// SPDX-License-Identifier: Apache-2.0
// What the engine tells the log callback: start and end of a job, why it failed, and each bundle.
#include <stdarg.h>
#include <stdio.h>

#include "engine.h"

void fl_log(
    const struct fl_engine *engine, flow_log_level level, const char *step, const char *format, ...)
{
    const flow_graph *graph = engine->graph;
    char message[640];
    va_list args;
    if (!graph->log)
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
    if (!worker->engine->graph->log)
        return;
    const struct fl_op *op = bundle->op;
    fl_log(worker->engine, FLOW_LOG_DEBUG, op->plan->node->path,
        "worker %u, bundle %llu: %s, %llu rows in, %llu rows out, %s", worker->index,
        (unsigned long long)bundle->number, kinds[bundle->kind],
        (unsigned long long)(op->counts.in - op->saved.in),
        (unsigned long long)(op->counts.out - op->saved.out), committed ? "committed" : "aborted");
}
