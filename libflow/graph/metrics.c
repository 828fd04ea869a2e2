// SPDX-License-Identifier: Apache-2.0
// Figures of a job, copied at one moment, and their text for Prometheus.
#include <flow/metrics.h>
#include <flow/runner.h>
#include <flow/text.h>

#include <stdio.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "type/text.h"

struct flow_metrics {
    fl_arena arena;
    flow_figure *figures;
    size_t count, room;
};

static bool copy_texts(flow_metrics *metrics, flow_figure *figure)
{
    const uint64_t count = figure->committed.count;
    flow_str *texts =
        fl_arena_alloc(&metrics->arena, (count + 1) * sizeof *texts, _Alignof(flow_str));
    for (uint64_t i = 0; texts && i < count; i++) {
        const flow_str from = figure->texts[i];
        char *text = fl_arena_text(&metrics->arena, from);
        if (!text)
            return false;
        texts[i] = (flow_str){ text, from.len };
    }
    figure->texts = texts;
    return texts != NULL;
}

static bool copy_buckets(flow_metrics *metrics, flow_figure *figure)
{
    uint64_t *buckets =
        fl_arena_alloc(&metrics->arena, FLOW_METRIC_BUCKETS * sizeof *buckets, _Alignof(uint64_t));
    if (buckets)
        memcpy(buckets, figure->buckets, FLOW_METRIC_BUCKETS * sizeof *buckets);
    figure->buckets = buckets;
    return buckets != NULL;
}

static bool add(void *user, const flow_figure *figure)
{
    flow_metrics *metrics = user;
    if (metrics->count == metrics->room) {
        const size_t room = metrics->room ? 2 * metrics->room : 128;
        flow_figure *figures = fl_realloc(NULL, metrics->figures, metrics->room * sizeof *figures,
            room * sizeof *figures, _Alignof(flow_figure));
        if (!figures)
            return false;
        metrics->figures = figures;
        metrics->room = room;
    }
    flow_figure *copy = &metrics->figures[metrics->count];
    *copy = *figure;
    if ((copy->texts && !copy_texts(metrics, copy)) ||
        (copy->buckets && !copy_buckets(metrics, copy)))
        return false;
    metrics->count++;
    return true;
}

flow_metrics *flow_job_metrics(const flow_job *job)
{
    flow_metrics *metrics = fl_calloc(NULL, sizeof *metrics, _Alignof(flow_metrics));
    if (!metrics)
        return NULL;
    fl_arena_init(&metrics->arena, NULL, 0);
    if (!job || job->ops->metrics(job, add, metrics))
        return metrics;
    flow_metrics_free(metrics);
    return NULL;
}

void flow_metrics_free(flow_metrics *metrics)
{
    if (!metrics)
        return;
    fl_arena_fini(&metrics->arena);
    fl_free(NULL, metrics->figures, metrics->room * sizeof *metrics->figures);
    fl_free(NULL, metrics, sizeof *metrics);
}

size_t flow_metrics_count(const flow_metrics *metrics)
{
    return metrics->count;
}

const flow_figure *flow_metrics_at(const flow_metrics *metrics, size_t index)
{
    return index < metrics->count ? &metrics->figures[index] : NULL;
}

const flow_figure *flow_metrics_find(
    const flow_metrics *metrics, const char *step, const char *name)
{
    for (size_t i = 0; i < metrics->count; i++) {
        const flow_figure *figure = &metrics->figures[i];
        if (strcmp(figure->step, step) == 0 && strcmp(figure->metric.name, name) == 0)
            return figure;
    }
    return NULL;
}

// --- Prometheus

// Text as the format has it: backslash and line end escaped, in a label's value quotes too. What is
// no UTF-8 would make a reader refuse the whole page: the replacement character and the byte's
// number stand for it.
static void put_escaped(flow_buffer *out, flow_str text, bool quoted)
{
    const char *const end = text.data + text.len;
    for (const char *at = text.data; at < end;) {
        const size_t len = *at ? flow_utf8_len(at, end) : 0;
        if (len == 0)
            flow_buffer_printf(out, "\xEF\xBF\xBD%02x", (unsigned)(unsigned char)*at);
        else if (*at == '\n')
            flow_buffer_put(out, "\\n", 2);
        else if (*at == '\\' || (quoted && *at == '"'))
            flow_buffer_printf(out, "\\%c", *at);
        else
            flow_buffer_put(out, at, len);
        at += len ? len : 1;
    }
}

static void put_name(
    flow_buffer *out, const flow_figure *figure, const char *suffix, const char *more)
{
    flow_buffer_printf(out, "flow_%s%s{step=\"", figure->metric.name, suffix);
    put_escaped(out, flow_str_of(figure->step), true);
    flow_buffer_printf(out, "\"%s} ", more);
}

static void put_number(flow_buffer *out, const flow_figure *figure, const char *suffix, int64_t n)
{
    put_name(out, figure, suffix, "");
    flow_buffer_printf(out, "%lld\n", (long long)n);
}

// Buckets count what lies at or below their bound: [2^(i-1), 2^i) ends at 2^i - 1.
static void put_histogram(flow_buffer *out, const flow_figure *figure)
{
    uint64_t below = 0;
    uint32_t last = FLOW_METRIC_BUCKETS;
    while (last > 0 && figure->buckets[last - 1] == 0)
        last--;
    for (uint32_t i = 0; i < last; i++) {
        char bound[40];
        below += figure->buckets[i];
        snprintf(bound, sizeof bound, ",le=\"%llu\"", (unsigned long long)((UINT64_C(1) << i) - 1));
        put_name(out, figure, "_bucket", bound);
        flow_buffer_printf(out, "%llu\n", (unsigned long long)below);
    }
    put_name(out, figure, "_bucket", ",le=\"+Inf\"");
    flow_buffer_printf(out, "%llu\n", (unsigned long long)figure->committed.count);
}

static void put_texts(flow_buffer *out, const flow_figure *figure)
{
    for (uint64_t i = 0; i < figure->committed.count; i++) {
        flow_buffer_printf(out, "flow_%s{step=\"", figure->metric.name);
        put_escaped(out, flow_str_of(figure->step), true);
        flow_buffer_printf(out, "\",value=\"");
        put_escaped(out, figure->texts[i], true);
        flow_buffer_printf(out, "\"} 1\n");
    }
}

static void put_samples(flow_buffer *out, const flow_figure *figure)
{
    switch (figure->metric.kind) {
    case FLOW_METRIC_COUNTER:
        put_number(out, figure, "_total", figure->committed.sum);
        return;
    case FLOW_METRIC_GAUGE:
        put_number(out, figure, "", figure->committed.last);
        return;
    case FLOW_METRIC_STRINGS:
        put_texts(out, figure);
        return;
    case FLOW_METRIC_HISTOGRAM:
        put_histogram(out, figure);
        break;
    case FLOW_METRIC_DISTRIBUTION:
        break;
    }
    put_number(out, figure, "_sum", figure->committed.sum);
    put_number(out, figure, "_count", (int64_t)figure->committed.count);
}

// What stands before a family's samples. A distribution is a summary without quantiles.
static void put_head(flow_buffer *out, const flow_metric *metric)
{
    static const char *const types[] = {
        [FLOW_METRIC_COUNTER] = "counter",
        [FLOW_METRIC_DISTRIBUTION] = "summary",
        [FLOW_METRIC_GAUGE] = "gauge",
        [FLOW_METRIC_HISTOGRAM] = "histogram",
        [FLOW_METRIC_STRINGS] = "gauge",
    };
    const char *suffix = metric->kind == FLOW_METRIC_COUNTER ? "_total" : "";
    if (metric->help) {
        flow_buffer_printf(out, "# HELP flow_%s%s ", metric->name, suffix);
        put_escaped(out, flow_str_of(metric->help), false);
        flow_buffer_put(out, "\n", 1);
    }
    flow_buffer_printf(out, "# TYPE flow_%s%s %s\n", metric->name, suffix, types[metric->kind]);
}

static bool same_family(const flow_figure *a, const flow_figure *b)
{
    return a->metric.kind == b->metric.kind && strcmp(a->metric.name, b->metric.name) == 0;
}

// A distribution's extremes are families of their own: gauges.
static void put_extremes(flow_buffer *out, const flow_metrics *metrics, size_t first)
{
    for (int largest = 0; largest < 2; largest++) {
        const flow_metric *metric = &metrics->figures[first].metric;
        const char *suffix = largest ? "_max" : "_min";
        flow_buffer_printf(out, "# TYPE flow_%s%s gauge\n", metric->name, suffix);
        for (size_t i = first; i < metrics->count; i++) {
            const flow_figure *figure = &metrics->figures[i];
            if (same_family(figure, &metrics->figures[first]) && figure->committed.count)
                put_number(
                    out, figure, suffix, largest ? figure->committed.max : figure->committed.min);
        }
    }
}

// Samples of a family must stand together: they are written with the first of its name.
static void put_family(flow_buffer *out, const flow_metrics *metrics, size_t first)
{
    const flow_figure *figure = &metrics->figures[first];
    for (size_t i = 0; i < first; i++)
        if (same_family(&metrics->figures[i], figure))
            return;
    put_head(out, &figure->metric);
    for (size_t i = first; i < metrics->count; i++)
        if (same_family(&metrics->figures[i], figure))
            put_samples(out, &metrics->figures[i]);
    if (figure->metric.kind == FLOW_METRIC_DISTRIBUTION)
        put_extremes(out, metrics, first);
}

char *flow_metrics_print(const flow_metrics *metrics)
{
    flow_buffer out = { 0 };
    for (size_t i = 0; i < metrics->count; i++)
        put_family(&out, metrics, i);
    return flow_buffer_text(&out);
}
