// SPDX-License-Identifier: Apache-2.0
// The spike detection job: its records, its options, and which file does what.
#ifndef TRENDMART_JOB_H
#define TRENDMART_JOB_H

#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

// What is read; the outside names of its fields are options, set once before the graph is built.
struct event {
    flow_time at;
    flow_str product;
    flow_str kind;    // "view", "purchase", …
    flow_str session; // only for distinct sessions
    bool has_kind, has_session;
};
extern const flow_type event_type;

// Somebody saw something.
struct visit {
    flow_str product, session;
};
FLOW_RECORD(visit, product, session);

// What counts as a spike or a drop (docs/guide/spikes.md).
struct rule {
    flow_str measure;       // what is counted: "views" or "sales"
    flow_duration window;   // of a count
    flow_duration slide;    // from one window to the next
    flow_duration lateness; // how long a window waits for late events
    flow_duration cooldown; // alerts that are not further apart are one episode
    flow_time from;         // first event: earlier windows are not known to be empty
    flow_time until;        // windows that end later are not complete; 0: none
    int64_t baseline;       // how many windows before this one it is compared with
    int64_t count_min;      // a spike has at least so many events
    double factor;          // and so many times the baseline
    int64_t baseline_min;   // a drop needs such a baseline
    double drop_factor;     // and has at most the baseline over this; 0: drops are not looked for
    bool fresh;             // a spike is only what comes after nothing at all
};
FLOW_RECORD(rule, measure, window, slide, lateness, cooldown, from, until, baseline, count_min,
    factor, baseline_min, drop_factor, fresh);

// One window that fired.
struct alert {
    flow_str measure, kind, product;
    flow_time at; // end of the window
    int64_t count;
    double baseline, factor;
    flow_str bar;        // the windows of the baseline and this one
    flow_duration delay; // after the end of the window, by an accelerated clock
};
FLOW_RECORD(alert, measure, kind, product, at, count, baseline, factor, bar, delay);

// Alerts that belong together.
struct episode {
    flow_str measure, kind, product;
    flow_time first, last, peak; // ends of windows
    int64_t count;               // at the peak
    double baseline, factor;     // at the peak
    int64_t alerts;
    flow_str bar;        // up to the peak
    flow_duration delay; // of the first alert
};
FLOW_RECORD(episode, measure, kind, product, first, last, peak, count, baseline, factor, alerts,
    bar, delay);

// An accelerated clock: event time `origin` is the monotonic time `start`.
struct pace {
    flow_time origin;
    int64_t start; // microseconds
    double speed;
};
FLOW_RECORD(pace, origin, start, speed);

enum {
    TAPS = 8 // steps that can be shown
};

struct job {
    struct flow_options *options; // what the texts lie in
    const char *path, *out, *dropped, *views, *sales;
    const char *taps[TAPS];
    flow_file_format format;
    flow_on_error on_error;
    struct rule rule;
    struct pace pace;       // speed 0: as fast as it goes
    flow_time_policy times; // of the source
    uint64_t limit;         // rows to read; 0: all
    uint64_t memory;        // bytes; 0: the runner's default
    uint32_t workers, tap_count;
    int64_t indent; // of what is said while it runs
    bool follow, stream, distinct, plan, dry_run, balance, table, quiet;
    bool empty; // no event was there to look at
};

// options.c: reads the command line. False when the program is to end with `*status`.
bool job_parse(struct job *job, int argc, char **argv, int *status);
void job_end(struct job *job);

// event.c: names the fields of events as the input does; NULL keeps a name.
void event_names(const char *at, const char *product, const char *kind, const char *session);

// span.c: finds the first and last event of the input, where `from` and `until` are not given.
bool job_find_span(struct job *job);

// spikes.c: how often the user has asked to stop; says what went wrong, and is false.
int job_stops(void);
bool job_failed(const flow_error *error);

enum {
    HISTORY = 96 // slides that the detector remembers
};

// ends.c: where events come from (`channel` or, without one, the file), and what is written.
flow_coll read_events(flow_pipeline *pipeline, const struct job *job, flow_channel *channel);
void write_episodes(flow_coll episodes, const struct job *job);
void write_dropped(const flow_coll *dropped, size_t count, const struct job *job);

// steps.c: events of one kind ('': all), who visited what, alerts with their delay if there is a
// clock.
flow_coll only_kind(flow_coll events, const char *kind);
bool any_chosen(void);  // whether an event of one of the kinds was there
bool any_session(void); // whether an event that was counted by its session had one
flow_coll visits_of(flow_coll events);
flow_coll stamp_alerts(flow_coll alerts, const struct pace *pace);

// detect.c: alerts from counts per product and window.
flow_coll detect_alerts(flow_coll counts, const struct rule *rule);

// episodes.c: episodes from alerts.
flow_coll join_alerts(flow_coll alerts, const struct rule *rule);

// The collections of a built graph that others look at.
struct graph {
    flow_pipeline *pipeline;
    flow_coll events, episodes, dropped[2]; // dropped: by measure, if asked for
    size_t measures;
};

struct report;

// graph.c: builds the graph on a pipeline; `channel` is where events come from, or NULL: the file.
void build_graph(
    struct graph *graph, const struct job *job, flow_channel *channel, struct report *report);

// replay.c: reads the file into a channel, at the pace of the job's clock.
struct replay;
struct replay *replay_start(const struct job *job, flow_channel *channel, struct report *report);
uint64_t replay_rows(const struct replay *replay);
void replay_poll(struct replay *replay); // call now and then: closes the channel after the last row
void replay_stop(struct replay *replay); // reads no more
bool replay_end(struct replay *replay);  // stops and frees it; false, after a message, if it failed

// Microseconds of a clock that only goes forward.
int64_t clock_us(void);

#endif
