// SPDX-License-Identifier: Apache-2.0
// The graph: what is read, what is counted, what becomes of the counts.
#include "job.h"

#include "report.h"

// Counts per product and window: events, or different sessions.
static flow_coll count_events(flow_coll events, const struct job *job)
{
    const flow_window_options sliding = {
        .windows = flow_sliding(job->rule.window, job->rule.slide),
        .lateness = job->rule.lateness,
        .accumulation = FLOW_DISCARDING,
    };
    if (!job->distinct) {
        flow_coll by_product = flow_key_by(events, FLOW_FIELD(event, product));
        return flow_count(flow_window_into(by_product, &sliding));
    }
    flow_coll visits = flow_distinct(visits_of(flow_window_into(events, &sliding)));
    return flow_count(flow_key_by(visits, FLOW_FIELD(visit, product)));
}

// The whole way from events to episodes for one measure.
static flow_coll watch(struct graph *graph, const struct job *job, const char *measure,
    const char *kind, struct report *report)
{
    struct rule rule = job->rule;
    rule.measure = flow_str_of(measure);
    flow_scope_begin(graph->pipeline, measure);
    flow_coll chosen = only_kind(graph->events, kind);
    flow_coll counts = count_events(chosen, job);
    flow_coll alerts = stamp_alerts(detect_alerts(counts, &rule), &job->pace);
    flow_coll episodes = join_alerts(alerts, &rule);
    if (job->dropped)
        graph->dropped[graph->measures] = flow_dropped(counts);
    report_measure(report, graph, (flow_coll[]){ chosen, counts, alerts });
    flow_scope_end(graph->pipeline);
    return episodes;
}

void build_graph(
    struct graph *graph, const struct job *job, flow_channel *channel, struct report *report)
{
    flow_coll episodes[2];
    size_t count = 0;
    graph->events = read_events(graph->pipeline, job, channel);
    if (job->views)
        episodes[count++] = watch(graph, job, "views", job->views, report);
    if (job->sales)
        episodes[count++] = watch(graph, job, "sales", job->sales, report);
    graph->episodes = flow_flatten(episodes, count);
    write_episodes(graph->episodes, job);
    write_dropped(graph->dropped, count, job);
    if (!channel)
        report_dead_letters(report, graph->events);
    report_dropped(report, graph->events);
    report_all(report, graph);
}
