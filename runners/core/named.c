// SPDX-License-Identifier: Apache-2.0
// Names of metrics: which there may be, and that each says one thing in a job, to people and to
// Prometheus.
#include <stdio.h>

#include "engine.h"
#include "measure.h"

#define NAME_MOST 100u // bytes
#define SUFFIXES  5u   // of a kind at most

// What Prometheus sees of a metric: its name with each of these behind it (flow_metrics_print).
static const char *const suffixes[][SUFFIXES] = {
    [FLOW_METRIC_COUNTER] = { "_total" },
    [FLOW_METRIC_DISTRIBUTION] = { "", "_sum", "_count", "_min", "_max" },
    [FLOW_METRIC_GAUGE] = { "" },
    [FLOW_METRIC_HISTOGRAM] = { "", "_bucket", "_sum", "_count" },
    [FLOW_METRIC_STRINGS] = { "" },
};

// The engine's own (measure.c). What begins with "lost_" is a reason.
static const flow_metric own[] = {
    { FLOW_METRIC_COUNTER, "elements_in", NULL },
    { FLOW_METRIC_COUNTER, "elements_out", NULL },
    { FLOW_METRIC_COUNTER, "bytes_in", NULL },
    { FLOW_METRIC_COUNTER, "dead_letters", NULL },
    { FLOW_METRIC_COUNTER, "dropped_late", NULL },
    { FLOW_METRIC_COUNTER, "dropped_closed", NULL },
    { FLOW_METRIC_COUNTER, "dropped_other", NULL },
    { FLOW_METRIC_COUNTER, "busy_us", NULL },
    { FLOW_METRIC_COUNTER, "blocked_us", NULL },
    { FLOW_METRIC_COUNTER, "spilled_bytes", NULL },
    { FLOW_METRIC_COUNTER, "spilled_tables", NULL },
    { FLOW_METRIC_GAUGE, "watermark_us", NULL },
    { FLOW_METRIC_GAUGE, "parts", NULL },
    { FLOW_METRIC_GAUGE, "work_done", NULL },
    { FLOW_METRIC_GAUGE, "work_left", NULL },
};

static const char *kind_name(flow_metric_kind kind)
{
    static const char *const names[] = { [FLOW_METRIC_COUNTER] = "counter",
        [FLOW_METRIC_DISTRIBUTION] = "distribution",
        [FLOW_METRIC_GAUGE] = "gauge",
        [FLOW_METRIC_HISTOGRAM] = "histogram",
        [FLOW_METRIC_STRINGS] = "set of texts" };
    return names[kind];
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(const char *name)
{
    size_t len = 0;
    if (!name || !is_letter(name[0]))
        return false;
    while (is_letter(name[len]) || (name[len] >= '0' && name[len] <= '9'))
        len++;
    return name[len] == '\0' && len <= NAME_MOST;
}

// The name under which Prometheus would see two metrics as one; false: there is none.
static bool meet(const flow_metric *a, const flow_metric *b, char met[static NAME_MOST + 16])
{
    for (uint32_t i = 0; i < SUFFIXES && suffixes[a->kind][i]; i++) {
        snprintf(met, NAME_MOST + 16, "%s%s", a->name, suffixes[a->kind][i]);
        for (uint32_t k = 0; k < SUFFIXES && suffixes[b->kind][k]; k++) {
            const size_t len = strlen(b->name);
            if (strncmp(met, b->name, len) == 0 && strcmp(met + len, suffixes[b->kind][k]) == 0)
                return true;
        }
    }
    return false;
}

static flow_status check_own(struct fl_op *op, const flow_metric *metric)
{
    char met[NAME_MOST + 16];
    bool taken = strncmp(metric->name, "lost_", 5) == 0;
    for (size_t i = 0; i < sizeof own / sizeof own[0] && !taken; i++)
        taken = strcmp(own[i].name, metric->name) == 0 || meet(&own[i], metric, met);
    if (!taken)
        return FLOW_OK;
    return fl_op_fail(op, FLOW_INVALID,
        "its metric '%s' has the name of a figure of the engine; give it another", metric->name);
}

static flow_status check_other(struct fl_op *op, const flow_metric *metric,
    const flow_metric *other, const struct fl_op *whose)
{
    const char *step = whose->plan->node->path;
    char met[NAME_MOST + 16];
    if (strcmp(metric->name, other->name) == 0) {
        if (metric->kind == other->kind)
            return FLOW_OK;
        return fl_op_fail(op, FLOW_INVALID,
            "its metric '%s' is a %s, in step '%s' it is a %s; a name has one kind in a job",
            metric->name, kind_name(metric->kind), step, kind_name(other->kind));
    }
    if (!meet(metric, other, met))
        return FLOW_OK;
    return fl_op_fail(op, FLOW_INVALID,
        "its metric '%s' and metric '%s' of step '%s' are both flow_%s for Prometheus; give one "
        "another name",
        metric->name, other->name, step, met);
}

static flow_status check_others(struct fl_op *op, const flow_metric *metric)
{
    const struct fl_engine *engine = op->worker->engine;
    for (uint32_t w = 0; w < engine->options.workers; w++)
        for (uint32_t i = 0; i < engine->plan.op_count; i++) {
            const struct fl_op *other = &engine->workers[w].ops[i];
            struct fl_measures *measures =
                atomic_load_explicit(&other->measures, memory_order_acquire);
            const uint32_t count =
                measures ? atomic_load_explicit(&measures->count, memory_order_acquire) : 0;
            for (uint32_t k = 0; k < count; k++) {
                const flow_status status = check_other(op, metric, measures->list[k].metric, other);
                if (status != FLOW_OK)
                    return status;
            }
        }
    return FLOW_OK;
}

bool fl_metric_same(const flow_metric *a, const flow_metric *b)
{
    return a == b || strcmp(a->name, b->name) == 0;
}

flow_status fl_metric_check(struct fl_op *op, const flow_metric *metric)
{
    if (metric->kind < FLOW_METRIC_COUNTER || metric->kind > FLOW_METRIC_STRINGS)
        return fl_op_fail(op, FLOW_INVALID, "its metric '%s' is of kind %d, which there is not",
            metric->name ? metric->name : "", (int)metric->kind);
    if (!is_name(metric->name))
        return fl_op_fail(op, FLOW_INVALID,
            "its metric '%.200s' needs a name of letters, digits and underscores that does not "
            "begin with a digit, of at most %u",
            metric->name ? metric->name : "", NAME_MOST);
    const flow_status status = check_own(op, metric);
    return status == FLOW_OK ? check_others(op, metric) : status;
}
