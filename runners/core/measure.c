// SPDX-License-Identifier: Apache-2.0
// What functions measure, and the figures of the engine beside them.
#include "measure.h"
#include "engine.h"
#include "spin.h"
#include "split.h"

#include <stdlib.h>

#define TEXT_MOST 200u // bytes of a text

// --- in a bundle

static void refuse(flow_ctx *ctx, const char *message)
{
    flow_fail(ctx, FLOW_BUDGET, "%s", message);
}

static bool make_room(struct fl_op *op, struct fl_metric *metric, flow_metric_kind kind)
{
    if (kind == FLOW_METRIC_HISTOGRAM) {
        metric->buckets = fl_worker_take(op, 2 * FLOW_METRIC_BUCKETS * sizeof *metric->buckets);
        metric->buckets_now = metric->buckets + FLOW_METRIC_BUCKETS;
        return metric->buckets != NULL;
    }
    if (kind == FLOW_METRIC_STRINGS)
        metric->texts = fl_worker_take(op, FLOW_METRIC_STRINGS_MOST * sizeof *metric->texts);
    return kind != FLOW_METRIC_STRINGS || metric->texts;
}

// Gives a metric a place of its own, by its name. NULL with the context's error: a wrong name is no
// element's fault, and is not routed.
static struct fl_metric *name(
    flow_ctx *ctx, struct fl_measures *measures, const flow_metric *metric)
{
    struct fl_op *op = fl_call_of(ctx)->op;
    struct fl_engine *engine = op->worker->engine;
    const uint32_t count = atomic_load_explicit(&measures->count, memory_order_relaxed);
    struct fl_metric *made = &measures->list[count];
    if (count == FL_METRICS_MOST) {
        refuse(ctx, "a step has at most 64 metrics");
        return NULL;
    }
    fl_spin_lock(&engine->naming, engine->options.port.yield);
    const flow_status status = fl_metric_check(op, metric);
    const bool good = status == FLOW_OK && make_room(op, made, metric->kind);
    if (good) {
        made->metric = metric;
        atomic_store_explicit(&measures->count, count + 1, memory_order_release);
    }
    fl_spin_unlock(&engine->naming);
    if (good)
        return made;
    if (status == FLOW_OK)
        refuse(ctx, "no memory for metrics");
    else if (ctx->status == FLOW_OK)
        ctx->status = status;
    return NULL;
}

// The worker's place for a metric, made if need be; NULL with the context's error.
static struct fl_metric *place(flow_ctx *ctx, const flow_metric *metric)
{
    struct fl_op *op = fl_call_of(ctx)->op;
    struct fl_measures *measures = atomic_load_explicit(&op->measures, memory_order_relaxed);
    if (!measures) {
        measures = fl_worker_take(op, sizeof *measures);
        if (measures)
            atomic_flag_clear(&measures->lock);
        atomic_store_explicit(&op->measures, measures, memory_order_release);
    }
    if (!measures) {
        refuse(ctx, "no memory for metrics");
        return NULL;
    }
    measures->touched = true;
    const uint32_t count = atomic_load_explicit(&measures->count, memory_order_relaxed);
    for (uint32_t i = 0; i < count; i++)
        if (measures->list[i].metric == metric)
            return &measures->list[i];
    for (uint32_t i = 0; metric->name && i < count; i++)
        if (measures->list[i].metric->kind == metric->kind &&
            fl_metric_same(measures->list[i].metric, metric))
            return &measures->list[i];
    return name(ctx, measures, metric);
}

static void add(flow_measured *to, const flow_measured *from)
{
    if (from->count == 0)
        return;
    to->min = to->count == 0 || from->min < to->min ? from->min : to->min;
    to->max = to->count == 0 || from->max > to->max ? from->max : to->max;
    to->sum = (int64_t)((uint64_t)to->sum + (uint64_t)from->sum);
    to->last = from->last;
    to->count += from->count;
}

static uint32_t bucket_of(int64_t value)
{
    return value < 1 ? 0 : 64 - (uint32_t)__builtin_clzll((uint64_t)value);
}

void fl_measure(flow_ctx *ctx, const flow_metric *metric, int64_t value)
{
    struct fl_metric *at = place(ctx, metric);
    if (!at)
        return;
    if (metric->kind == FLOW_METRIC_STRINGS) {
        flow_fail(ctx, FLOW_INVALID, "metric '%s' takes texts: flow_measure_text", metric->name);
        return;
    }
    const flow_measured one = { 1, value, value, value, value };
    add(&at->now, &one);
    if (at->buckets_now)
        at->buckets_now[bucket_of(value)]++;
}

static bool has_text(const struct fl_metric *at, flow_str text)
{
    for (uint32_t i = 0; i < at->text_count + at->texts_now; i++)
        if (flow_str_equal(at->texts[i], text))
            return true;
    return false;
}

void fl_measure_text(flow_ctx *ctx, const flow_metric *metric, flow_str text)
{
    struct fl_metric *at = place(ctx, metric);
    if (!at)
        return;
    if (metric->kind != FLOW_METRIC_STRINGS) {
        flow_fail(ctx, FLOW_INVALID, "metric '%s' takes numbers: flow_measure", metric->name);
        return;
    }
    at->now.count++;
    if (text.len > TEXT_MOST)
        for (text.len = TEXT_MOST; text.len > 0 && (text.data[text.len] & 0xC0) == 0x80;)
            text.len--; // not within a character
    if (at->text_count + at->texts_now == FLOW_METRIC_STRINGS_MOST || has_text(at, text))
        return;
    char *copy = fl_worker_take(fl_call_of(ctx)->op, text.len + 1);
    if (!copy) {
        refuse(ctx, "no memory for metrics");
        return;
    }
    if (text.len)
        memcpy(copy, text.data, text.len);
    // beyond what is committed: others do not look there
    at->texts[at->text_count + at->texts_now++] = (flow_str){ copy, text.len };
}

void fl_measures_end(struct fl_op *op, bool committed)
{
    struct fl_measures *measures = atomic_load_explicit(&op->measures, memory_order_relaxed);
    if (!measures || !measures->touched)
        return;
    measures->touched = false;
    const uint32_t count = atomic_load_explicit(&measures->count, memory_order_relaxed);
    fl_spin_lock(&measures->lock, op->worker->engine->options.port.yield);
    for (uint32_t i = 0; i < count; i++) {
        struct fl_metric *metric = &measures->list[i];
        add(&metric->attempted, &metric->now);
        if (committed) {
            add(&metric->committed, &metric->now);
            metric->text_count += metric->texts_now;
        }
        for (uint32_t b = 0; metric->buckets && b < FLOW_METRIC_BUCKETS; b++) {
            metric->buckets[b] += committed ? metric->buckets_now[b] : 0;
            metric->buckets_now[b] = 0;
        }
        metric->texts_now = 0;
        memset(&metric->now, 0, sizeof metric->now);
    }
    fl_spin_unlock(&measures->lock);
}

// --- showing

// A figure while it is put together.
struct shown {
    flow_figure figure;
    uint64_t buckets[FLOW_METRIC_BUCKETS];
    flow_str texts[FLOW_METRIC_STRINGS_MOST];
    uint32_t text_count;
};

static void add_texts(struct shown *shown, const struct fl_metric *metric)
{
    for (uint32_t i = 0; i < metric->text_count; i++) {
        bool there = shown->text_count == FLOW_METRIC_STRINGS_MOST;
        for (uint32_t k = 0; k < shown->text_count && !there; k++)
            there = flow_str_equal(shown->texts[k], metric->texts[i]);
        if (!there)
            shown->texts[shown->text_count++] = metric->texts[i];
    }
}

// Adds what one worker has of a metric.
static void add_worker(struct shown *shown, struct fl_measures *measures, uint32_t count,
    const flow_metric *metric, void (*yield)(void))
{
    for (uint32_t i = 0; i < count; i++) {
        const struct fl_metric *one = &measures->list[i];
        if (!fl_metric_same(one->metric, metric))
            continue;
        fl_spin_lock(&measures->lock, yield);
        add(&shown->figure.committed, &one->committed);
        add(&shown->figure.attempted, &one->attempted);
        for (uint32_t b = 0; one->buckets && b < FLOW_METRIC_BUCKETS; b++)
            shown->buckets[b] += one->buckets[b];
        if (one->texts)
            add_texts(shown, one);
        fl_spin_unlock(&measures->lock);
    }
}

static int by_bytes(const void *left, const void *right)
{
    const flow_str *a = left, *b = right;
    const size_t least = a->len < b->len ? a->len : b->len;
    const int order = least ? memcmp(a->data, b->data, least) : 0;
    return order ? order : (a->len > b->len) - (a->len < b->len);
}

static uint32_t count_of(const struct fl_engine *engine, uint32_t w, uint32_t op)
{
    struct fl_measures *measures =
        atomic_load_explicit(&engine->workers[w].ops[op].measures, memory_order_acquire);
    return measures ? atomic_load_explicit(&measures->count, memory_order_acquire) : 0;
}

// Whether a worker before this one, or an earlier place, has shown the metric.
static bool was_shown(
    const struct fl_engine *engine, uint32_t w, uint32_t op, const flow_metric *metric)
{
    for (uint32_t v = 0; v < w; v++) {
        const uint32_t count = count_of(engine, v, op);
        for (uint32_t i = 0; i < count; i++)
            if (fl_metric_same(engine->workers[v].ops[op].measures->list[i].metric, metric))
                return true;
    }
    return false;
}

static bool show_metric(const struct fl_engine *engine, uint32_t op, const flow_metric *metric,
    bool (*show)(void *user, const flow_figure *figure), void *user)
{
    struct shown *shown = flow_allocate(engine->graph->allocator, sizeof *shown);
    if (!shown)
        return false;
    shown->figure.step = engine->plan.ops[op].node->path;
    shown->figure.metric = *metric;
    shown->figure.user = true;
    for (uint32_t w = 0; w < engine->options.workers; w++)
        if (count_of(engine, w, op))
            add_worker(shown, engine->workers[w].ops[op].measures, count_of(engine, w, op), metric,
                engine->options.port.yield);
    if (metric->kind == FLOW_METRIC_HISTOGRAM)
        shown->figure.buckets = shown->buckets;
    if (metric->kind == FLOW_METRIC_STRINGS) {
        if (shown->text_count)
            qsort(shown->texts, shown->text_count, sizeof shown->texts[0], by_bytes);
        shown->figure.texts = shown->texts;
        shown->figure.committed.count = shown->text_count;
    }
    const bool good = show(user, &shown->figure);
    flow_release(engine->graph->allocator, shown, sizeof *shown);
    return good;
}

static bool show_number(const char *step, const flow_metric *metric, int64_t value,
    bool (*show)(void *user, const flow_figure *figure), void *user)
{
    const flow_measured one = { 1, value, value, value, value };
    const flow_figure figure = {
        .step = step, .metric = *metric, .committed = one, .attempted = one
    };
    return show(user, &figure);
}

static int64_t whole(double number)
{
    return number < 9e18 ? (int64_t)number : INT64_MAX;
}

// How far a splittable step is (R68).
static bool show_progress(const struct fl_engine *engine, uint32_t i,
    bool (*show)(void *user, const flow_figure *figure), void *user)
{
    static const flow_metric parts = { FLOW_METRIC_GAUGE, "parts",
        "Parts of elements that are still to be worked on." },
                             done = { FLOW_METRIC_GAUGE, "work_done",
                                 "Work that is done, in its tracker's unit." },
                             left = { FLOW_METRIC_GAUGE, "work_left",
                                 "Work that was begun and is left, likewise." };
    const char *step = engine->plan.ops[i].node->path;
    if (engine->plan.ops[i].kind != FL_OP_SPLIT)
        return true;
    const struct fl_progress now = fl_split_progress(engine, i);
    return show_number(step, &parts, (int64_t)now.parts, show, user) &&
           show_number(step, &done, whole(now.done), show, user) &&
           show_number(step, &left, whole(now.left), show, user);
}

// What was not taken or kept, by reason, where anything was (N5).
static bool show_reasons(const struct fl_engine *engine, uint32_t i,
    bool (*show)(void *user, const flow_figure *figure), void *user)
{
    static const char *const names[FL_REASONS] = { "lost_late", "lost_closed_window",
        "lost_no_window", "lost_future", "lost_expired_state", "lost_expired_timer", "lost_skipped",
        "lost_failed", "lost_unparsable", "lost_poison", "lost_over_budget" };
    for (size_t r = 0; r < FL_REASONS; r++) {
        const flow_metric metric = { FLOW_METRIC_COUNTER, names[r],
            "Elements that were dropped or rejected for this reason." };
        const size_t offset = offsetof(struct fl_counts, reasons) + r * sizeof(_Atomic uint64_t);
        const uint64_t lost = fl_counts_sum(engine, i, offset);
        if (lost &&
            !show_number(engine->plan.ops[i].node->path, &metric, (int64_t)lost, show, user))
            return false;
    }
    return true;
}

// What did not fit into memory, of steps where anything did not.
static bool show_spilled(const struct fl_engine *engine, uint32_t i,
    bool (*show)(void *user, const flow_figure *figure), void *user)
{
    static const flow_metric bytes = { FLOW_METRIC_COUNTER, "spilled_bytes",
        "Bytes written to the scratch directory." },
                             tables = { FLOW_METRIC_COUNTER, "spilled_tables",
                                 "Tables, or windows, written there." };
    const char *step = engine->plan.ops[i].node->path;
    const uint64_t runs = fl_counts_sum(engine, i, offsetof(struct fl_counts, runs));
    const uint64_t size = fl_counts_sum(engine, i, offsetof(struct fl_counts, spilled));
    return runs == 0 || (show_number(step, &bytes, (int64_t)size, show, user) &&
                            show_number(step, &tables, (int64_t)runs, show, user));
}

static bool show_step(const struct fl_engine *engine, uint32_t i,
    bool (*show)(void *user, const flow_figure *figure), void *user)
{
    static const struct {
        flow_metric metric;
        size_t offset;
    } counters[] = {
#define COUNTER(name, member, help)                                                                \
    { { FLOW_METRIC_COUNTER, name, help }, offsetof(struct fl_counts, member) }
        COUNTER("elements_in", in, "Elements that reached the step."),
        COUNTER("elements_out", out, "Elements that it gave on."),
        COUNTER("bytes_in", bytes, "Bytes of the rows that reached it, without their texts."),
        COUNTER("dead_letters", rejected, "Elements that it could not take."),
        COUNTER("dropped_late", late, "Elements and windows past their expiry."),
        COUNTER("dropped_closed", closed, "Elements and windows whose trigger had finished."),
        COUNTER("dropped_other", other, "Elements dropped for another reason."),
        COUNTER("busy_us", busy, "Microseconds of work, sampled."),
        COUNTER("blocked_us", blocked, "Microseconds without room downstream."),
#undef COUNTER
    };
    static const flow_metric watermark = { FLOW_METRIC_GAUGE, "watermark_us",
        "Output watermark, microseconds since 1970." };
    const char *step = engine->plan.ops[i].node->path;
    for (size_t c = 0; c < sizeof counters / sizeof counters[0]; c++)
        if (!show_number(step, &counters[c].metric,
                (int64_t)fl_counts_sum(engine, i, counters[c].offset), show, user))
            return false;
    flow_step_report report;
    fl_engine_step_report(engine, i, &report);
    return show_number(step, &watermark, report.watermark.us, show, user) &&
           show_reasons(engine, i, show, user) && show_spilled(engine, i, show, user) &&
           show_progress(engine, i, show, user);
}

bool fl_engine_metrics(
    const struct fl_engine *engine, bool (*show)(void *user, const flow_figure *figure), void *user)
{
    for (uint32_t op = 0; op < engine->plan.op_count; op++) {
        if (!show_step(engine, op, show, user))
            return false;
        for (uint32_t w = 0; w < engine->options.workers; w++) {
            const uint32_t count = count_of(engine, w, op);
            for (uint32_t i = 0; i < count; i++) {
                const flow_metric *metric = engine->workers[w].ops[op].measures->list[i].metric;
                if (!was_shown(engine, w, op, metric) &&
                    !show_metric(engine, op, metric, show, user))
                    return false;
            }
        }
    }
    return true;
}
