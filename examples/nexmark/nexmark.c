// SPDX-License-Identifier: Apache-2.0
// Runs a query of the Nexmark suite: nexmark --query q5 --events 1000000 --stream
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <flow/file.h>
#include <flow/memory.h>
#include <flow/options.h>
#include <flow/runner_local.h>

#include "query.h"
#include "source.h"

extern char **environ;

enum {
    LOGS = 10 // the query that writes files itself
};

struct settings {
    int64_t query;
    bool stream;
    int64_t workers;
    flow_str out;
    bool plan;
    int64_t events, generators, rate, out_of_order;
    bool draw, columns;
    flow_duration window, period, session, patience;
    int64_t log_events, shards;
    flow_str folder;
    flow_str options;
};
// clang-format off
FLOW_RECORD_OF(settings,
    FLOW_OPTION(settings, query, .group = "what is run", .required = true,
        .words = "q0|q1|q2|q3|q4|q5|q6|q7|q8|q9|q10|q11|q12|q13|q14", .value = "q0 … q14",
        .help = "which query"),
    FLOW_OPTION(settings, stream, .help = "as a stream: time goes on with the events"),
    FLOW_OPTION(settings, workers, .at_least = "0", .at_most = "64",
        .help = "threads (0, the default: one a core)"),
    FLOW_OPTION(settings, out, .value = "FILE",
        .help = "results as JSON lines; - is standard output"),
    FLOW_OPTION(settings, plan, .help = "prints the graph only"),
    FLOW_OPTION(settings, events, .group = "the events", .initial = "100000", .at_least = "1",
        .at_most = "1000000000", .help = "how many"),
    FLOW_OPTION(settings, generators, .initial = "100", .at_least = "1", .at_most = "10000",
        .help = "that make them side by side"),
    FLOW_OPTION(settings, rate, .initial = "10000", .at_least = "1", .at_most = "1000000",
        .help = "events a second of event time"),
    FLOW_OPTION(settings, out_of_order, .initial = "1", .at_least = "1", .at_most = "1000000",
        .help = "so many change places with each other (with --draw)"),
    FLOW_OPTION(settings, draw,
        .help = "drawn while the query runs; else before, into memory"),
    FLOW_OPTION(settings, columns, .help = "in memory by column, not by row"),
    FLOW_OPTION(settings, window, .group = "the queries", .initial = "10s", .at_least = "1ms",
        .help = "windows of q4, q5, q7, q8, q10; gap of q11; delay of q12"),
    FLOW_OPTION(settings, period, .initial = "5s", .at_least = "1ms",
        .help = "from one sliding window to the next: q4, q5"),
    FLOW_OPTION(settings, session, .initial = "10m", .at_least = "1ms", .help = "gap of q14"),
    FLOW_OPTION(settings, patience, .at_least = "0s",
        .help = "how long a bid waits for its auction: q4, q6, q9 (default: to the end)"),
    FLOW_OPTION(settings, log_events, .initial = "100000", .at_least = "1",
        .help = "of a file, of an early result: q10, q11"),
    FLOW_OPTION(settings, shards, .initial = "25", .at_least = "1", .at_most = "10000",
        .help = "files of a window: q10"),
    FLOW_OPTION(settings, folder, .initial = "nexmark-log", .value = "DIR",
        .help = "where files go: q10"),
    FLOW_OPTION(settings, options, .value = "FILE", .help = "options as a JSON object"));
// clang-format on

static int complain(const char *step, const char *sentence)
{
    fprintf(stderr, "nexmark: %s%s%s\n", step, *step ? ": " : "", sentence);
    return 1;
}

static struct event_source source_of(const struct settings *s)
{
    struct event_source source = {
        .settings = generator_defaults(s->events), .columns = s->columns, .stream = s->stream
    };
    source.settings.generators = s->generators;
    source.settings.rate = s->rate;
    source.settings.out_of_order = s->out_of_order;
    return source;
}

static flow_coll build(flow_coll events, const struct settings *s)
{
    const struct query_settings settings = { .window = s->window,
        .period = s->period,
        .session = s->session,
        .patience = s->patience,
        .log_events = s->log_events,
        .shards = s->shards,
        .folder = s->folder.data };
    return query_of((unsigned)s->query)->build(events, &settings);
}

static void count(void *user, const flow_elements *elements)
{
    *(uint64_t *)user += elements->batch.count;
}

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static int run(flow_pipeline *p, const struct settings *s, const uint64_t *results)
{
    const flow_local_options local = { .workers = (uint32_t)s->workers };
    const flow_runner runner = flow_local(&local);
    flow_error error = { 0 };
    const double begin = now();
    if (flow_run(p, &runner, &error) != FLOW_OK)
        return complain(error.step, error.message);
    const double seconds = now() - begin;
    fprintf(stderr, "%s: %lld events, %llu results, %.3f s, %.3f M events/s\n",
        query_of((unsigned)s->query)->name, (long long)s->events, (unsigned long long)*results,
        seconds, (double)s->events / seconds / 1e6);
    return 0;
}

static int print_plan(flow_pipeline *p)
{
    flow_error error = { 0 };
    if (flow_pipeline_check(p, &error) != FLOW_OK)
        return complain(error.step, error.message);
    char *plan = flow_pipeline_print(p, FLOW_PRINT_TEXT);
    const bool done = plan && fputs(plan, stdout) >= 0 && fflush(stdout) == 0;
    flow_text_free(plan);
    return done ? 0 : complain("", "the plan cannot be printed");
}

static int build_and_run(const struct settings *s, const struct history *history)
{
    struct event_source source = source_of(s);
    uint64_t results = 0;
    source.history = history;
    flow_pipeline *p = flow_pipeline_new(query_of((unsigned)s->query)->name);
    if (!p)
        return complain("", "no memory");
    flow_coll rows = build(read_events(p, &source), s);
    if (rows.id != 0)
        flow_receive(rows, "count", count, &results);
    if (rows.id != 0 && s->out.len > 0)
        flow_file_write(
            rows, &(flow_file_write_options){ .path = s->out.data, .format = FLOW_JSON });
    const int status = s->plan ? print_plan(p) : run(p, s, &results);
    flow_pipeline_free(p);
    return status;
}

static int do_query(const struct settings *s)
{
    struct history *history = NULL;
    if (!s->draw && s->out_of_order > 1)
        return complain("", "--out-of-order wants --draw: in memory events lie in order of time");
    if (s->draw && s->columns)
        return complain("", "--columns are in memory: it excludes --draw");
    if (s->query == LOGS && !s->plan && mkdir(s->folder.data, 0777) != 0 && errno != EEXIST)
        return complain(s->folder.data, strerror(errno));
    if (!s->draw && !s->plan) {
        const struct event_source source = source_of(s);
        history = history_new(&source.settings, s->columns);
        if (!history)
            return complain("", "no memory for so many events; --draw needs none");
    }
    const int status = build_and_run(s, history);
    history_free(history);
    return status;
}

static int help(void)
{
    flow_buffer text = { 0 };
    flow_options_help(&settings_type, "nexmark", "NEXMARK", &text);
    flow_buffer_printf(&text, "queries\n");
    for (unsigned i = 0; query_of(i); i++)
        flow_buffer_printf(&text, "  %-4s %s\n", query_of(i)->name, query_of(i)->says);
    const bool done = !text.failed && fwrite(text.data, 1, text.len, stdout) == text.len;
    flow_buffer_free(&text);
    return done && fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    const flow_option_sources sources = { .argc = argc,
        .argv = argv,
        .prefix = "NEXMARK",
        .environment = environ,
        .file_field = "options" };
    struct settings settings;
    flow_error error;
    flow_options *options = flow_options_read(&settings_type, &sources, NULL, &settings, &error);
    if (!options)
        return complain("", error.message) + 1;
    const int status = flow_options_asked_help(options) ? help() : do_query(&settings);
    flow_options_free(options); // and what the settings point to
    return status;
}
