// SPDX-License-Identifier: Apache-2.0
// The graph: what is read, what is counted, what becomes of the counts.
#include "job.h"

#include "report.h"

struct choice {
    flow_str kind;
};
FLOW_RECORD(choice, kind);

static bool is_chosen(const flow_ctx *ctx, const struct event *event)
{
    const struct choice *choice = ctx->config;
    return event->has_kind && flow_str_equal(event->kind, choice->kind);
}
FLOW_FILTER_FN(is_chosen, event);

struct visit {
    flow_str product, session;
};
FLOW_RECORD(visit, product, session);

static flow_status to_visit(flow_ctx *ctx, const struct event *event, struct visit *visit)
{
    (void)ctx;
    *visit = (struct visit){ event->product, event->session };
    return FLOW_OK;
}
FLOW_MAP_FN(to_visit, event, visit);

static flow_status stamp(flow_ctx *ctx, struct alert *alert)
{
    const struct pace *pace = FLOW_CONFIG(ctx, pace);
    const double due = (double)(alert->at.us - pace->origin.us) / pace->speed;
    alert->delay.us = clock_us() - pace->start - (int64_t)due;
    return ctx->status;
}
FLOW_UPDATE_FN(stamp, alert);

static flow_coll read_events(flow_pipeline *p, const struct job *job, flow_channel *channel)
{
    const flow_channel_read_options pushed = {
        .name = "read",
        .event_time = FLOW_FIELD(event, at),
        .times = job->times,
    };
    const flow_file_read_options file = {
        .path = job->path,
        .format = job->format,
        .type = &event_type,
        .event_time = FLOW_FIELD(event, at),
        .times = job->times,
        .on_error = job->on_error,
        .follow = job->follow,
    };
    return channel ? flow_channel_read(p, channel, &pushed) : flow_file_read(p, &file);
}

// Counts per product and window: events, or different sessions.
static flow_coll count_events(flow_coll events, const struct job *job)
{
    const flow_window_options sliding = {
        .windows = flow_sliding(job->rule.window, job->rule.slide),
        .lateness = job->rule.lateness,
    };
    if (!job->distinct) {
        flow_coll by_product = flow_key_by(events, FLOW_FIELD(event, product));
        return flow_count(flow_window_into(by_product, &sliding));
    }
    flow_coll visits = flow_do(flow_window_into(events, &sliding), &to_visit_fn);
    return flow_count(flow_key_by(flow_distinct(visits), FLOW_FIELD(visit, product)));
}

// The whole way from events to episodes for one measure.
static flow_coll watch(struct graph *graph, const struct job *job, const char *measure,
    const char *kind, struct report *report)
{
    struct rule rule = job->rule;
    rule.measure = flow_str_of(measure);
    const struct choice choice = { flow_str_of(kind) };
    const flow_do_options only = {
        .name = "only",
        .config = &choice,
        .config_type = &choice_type,
    };
    const flow_do_options by_clock = {
        .name = "stamp",
        .config = &job->pace,
        .config_type = &pace_type,
    };
    flow_scope_begin(graph->pipeline, measure);
    flow_coll chosen = *kind ? flow_do(graph->events, &is_chosen_fn, &only) : graph->events;
    flow_coll counts = count_events(chosen, job);
    if (job->dropped)
        graph->dropped[graph->measures] = flow_dropped(counts);
    flow_coll alerts = detect_alerts(counts, &rule);
    if (job->pace.speed > 0)
        alerts = flow_do(alerts, &stamp_fn, &by_clock);
    flow_coll episodes = join_alerts(alerts, &rule);
    report_measure(report, graph, (flow_coll[]){ chosen, counts, alerts });
    flow_scope_end(graph->pipeline);
    return episodes;
}

static void write_files(const struct graph *graph, const struct job *job)
{
    const flow_file_write_options out = { .path = job->out, .format = FLOW_JSON };
    const flow_file_write_options dropped = {
        .name = "write-dropped",
        .path = job->dropped,
        .format = FLOW_JSON,
    };
    if (job->out)
        flow_file_write(graph->episodes, &out);
    if (job->dropped)
        flow_file_write(flow_flatten(graph->dropped, graph->measures), &dropped);
}

void build_graph(
    struct graph *graph, const struct job *job, flow_channel *channel, struct report *report)
{
    flow_coll episodes[2];
    size_t count = 0;
    graph->events = read_events(graph->pipeline, job, channel);
    if (!channel && job->on_error == FLOW_ON_ERROR_DEAD_LETTER)
        report_dead_letters(report, graph->events);
    if (job->views)
        episodes[count++] = watch(graph, job, "views", job->views, report);
    if (job->sales)
        episodes[count++] = watch(graph, job, "sales", job->sales, report);
    graph->episodes = flow_flatten(episodes, count);
    if (job->out)
        flow_file_write(
            graph->episodes, &(flow_file_write_options){ .path = job->out, .format = FLOW_JSON });
    report_all(report, graph);
}
