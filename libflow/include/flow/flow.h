// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * For who writes pipelines: build a graph of collections, run it.
 *
 * Building sticks at the first error: from then on every builder returns an invalid collection, and
 * flow_run (or flow_pipeline_check) says the error. Whatever is built belongs to the pipeline and
 * dies in flow_pipeline_free. Options, and the strings in them, are copied; functions and record
 * types are not, they are static. A pipeline is built by one thread at a time.
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include <flow/base.h>
#include <flow/function.h>
#include <flow/state.h>
#include <flow/trigger.h>
#include <flow/type.h>
#include <flow/typed.h>
#include <flow/typed_state.h>
#include <flow/window.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A graph of steps: built once, then read-only; can be run many times. */
typedef struct flow_pipeline flow_pipeline;

/** A collection of elements: a small value, copied freely, valid as long as its pipeline. */
typedef struct flow_coll {
    flow_pipeline *pipeline; /**< Where it belongs. */
    uint32_t id;             /**< Which it is; 0 is the invalid collection. */
} flow_coll;

/** A collection to look into, as a side input: a small value, made by the builders of
 * `<flow/side.h>`. */
typedef struct flow_view {
    flow_pipeline *pipeline; /**< Where it belongs. */
    uint32_t id;             /**< Which it is; 0 is the invalid view. */
} flow_view;

/** Options of a pipeline; all zero is the default. */
typedef struct flow_pipeline_options {
    const flow_allocator *allocator; /**< For graph and runs; copied. NULL: the C library's. */
    flow_log_fn *log;                /**< Receives log lines; NULL: nothing is logged. */
    void *log_user;                  /**< Passed to `log`. */
    const char *zones;               /**< Folder of zone data (TZif); NULL: /usr/share/zoneinfo. */
    flow_log_level log_level;        /**< The last that `log` is told; 0: all. */
} flow_pipeline_options;

/** flow_pipeline_new_with, told how large the caller's idea of the options is. */
FLOW_API flow_pipeline *flow_pipeline_new_sized(
    const char *name, const flow_pipeline_options *options, size_t size);

/** A new pipeline. NULL only without memory. */
static inline flow_pipeline *flow_pipeline_new(const char *name)
{
    return flow_pipeline_new_sized(name, NULL, 0);
}

/** A new pipeline with options. NULL only without memory. */
static inline flow_pipeline *flow_pipeline_new_with(
    const char *name, const flow_pipeline_options *options)
{
    return flow_pipeline_new_sized(name, options, sizeof *options);
}

/** Frees a pipeline with all that was built on it; NULL is allowed. Jobs that run it must have
 * ended. */
FLOW_API void flow_pipeline_free(flow_pipeline *pipeline);

/** Checks the whole graph as running it would: the first error of building, or what no step can be
 * run with. */
FLOW_API flow_status flow_pipeline_check(flow_pipeline *pipeline, flow_error *error);

/** Forms of flow_pipeline_print. */
typedef enum flow_print_form {
    FLOW_PRINT_TEXT = 0,   /**< A line a step: path, input, element type, key, windows. */
    FLOW_PRINT_DOT = 1,    /**< Graphviz. */
    FLOW_PRINT_MERMAID = 2 /**< Mermaid, as Markdown viewers draw it. */
} flow_print_form;

/** The graph as text: owned by the caller, released with flow_text_free. NULL without memory. */
FLOW_API char *flow_pipeline_print(const flow_pipeline *pipeline, flow_print_form form);

/** Releases text that the library made; NULL is allowed. */
FLOW_API void flow_text_free(char *text);

/** What happens to an element that a step cannot take: it fails to parse, or a function fails on
 * it. */
typedef enum flow_on_error {
    FLOW_ON_ERROR_FAIL = 0, /**< The job fails with the error. */
    FLOW_ON_ERROR_DEAD_LETTER =
        1,                 /**< It goes to flow_dead_letters of the step, with the reason. */
    FLOW_ON_ERROR_SKIP = 2 /**< It is counted and dropped. */
} flow_on_error;

/** Options of flow_do. */
typedef struct flow_do_options {
    const char *name;             /**< Name of the step; NULL: the function's. */
    const void *config;           /**< A record that the function reads with FLOW_CONFIG; copied. */
    const flow_type *config_type; /**< Its type; required with `config`. */
    flow_on_error on_error;       /**< For elements that the function fails on. */
    bool time_sorted;       /**< Stateful: elements of a key come in order of event time (R65). */
    const flow_view *sides; /**< Side inputs, which the function asks for by number; copied. */
    uint32_t side_count;    /**< How many. */
    /** Stateful: a bundle that is tried again sees the same elements to the byte (R66b). The local
     * runner keeps what was sent to the step until the bundle has committed. A job that goes on
     * from a snapshot reads its sources again: what its functions make of them then is up to them.
     */
    bool stable_input;
    uint32_t attempts;     /**< At what fails, before `on_error` counts (I7). 0: one. */
    flow_duration backoff; /**< Pause before the second attempt, by the clock; doubled each time. */
    flow_duration timeout; /**< Longer calls fail when they return (I5). */
    double most_rejected;  /**< A larger share of rejected elements fails the job (I4). 0: any. */
} flow_do_options;

/** flow_do_with, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_do_sized(
    flow_coll in, const flow_fn *fn, const flow_do_options *options, size_t size);

/** Applies a function to every element (ParDo): its main output. `options` may be NULL. */
static inline flow_coll flow_do_with(
    flow_coll in, const flow_fn *fn, const flow_do_options *options)
{
    return flow_do_sized(in, fn, options, sizeof *options);
}

/** What flow_do and flow_group are given after their collection. */
typedef struct flow_do_args {
    const flow_fn *fn;              /**< The function. */
    const flow_do_options *options; /**< May be left out. */
} flow_do_args;

/** `flow_do(in, &fn)` or `flow_do(in, &fn, &(flow_do_options){ .name = "parse" })`: flow_do_with.
 */
#define flow_do(in, ...) flow_do_call((in), (flow_do_args){ .fn = __VA_ARGS__ })

/** What the macro flow_do calls. */
static inline flow_coll flow_do_call(flow_coll in, flow_do_args args)
{
    return flow_do_with(in, args.fn, args.options);
}

/** Another output of the step that made `coll`: index as in the function's declaration. */
FLOW_API flow_coll flow_output(flow_coll coll, uint32_t index);

/** What a source does about time while nothing comes (R6). */
typedef enum flow_idle {
    FLOW_IDLE_HOLD = 0, /**< The watermark stays: windows wait for more input. */
    FLOW_IDLE_ADVANCE =
        1, /**< After `idle_after` the watermark goes on with the clock from the last event time. */
    FLOW_IDLE_END = 2 /**< After `idle_after` the source counts as ended and every window fires. */
} flow_idle;

/** How a source tells event time and watermark. All zero: the watermark waits for the end of a
 * bounded input. */
typedef struct flow_time_policy {
    flow_duration disorder; /**< Elements come at most this much out of order: the watermark trails
                               the latest by it. */
    bool in_order; /**< Elements come in order of event time: the watermark follows at once. */
    flow_time not_after; /**< Later elements are dropped as "future" and move no watermark; 0: no
                            limit (R6). */
    flow_idle idle;      /**< What happens while nothing comes. */
    flow_duration idle_after; /**< How long nothing must come, by the clock. */
} flow_time_policy;

/** Names the step that made `coll`; names are identity for state, metrics and errors. Returns
 * `coll`. */
FLOW_API flow_coll flow_named(flow_coll coll, const char *name);

/** Begins a composite: steps built until flow_scope_end are called `name/…`. Scopes nest. */
FLOW_API void flow_scope_begin(flow_pipeline *pipeline, const char *name);

/** Ends the innermost scope. */
FLOW_API void flow_scope_end(flow_pipeline *pipeline);

/** Fails building with a sentence, as builders do: for composites with checks of their own. The
 * error names `step` within the scopes that were begun; NULL: the innermost scope itself. */
FLOW_API void flow_pipeline_fail(flow_pipeline *pipeline, flow_status status, const char *step,
    const char *format, ...) FLOW_PRINTF(4, 5);

/** Makes a field the key. Moves nothing; elements stay whole. Key kinds: all but lists; floats are
 * canonical (R21). */
FLOW_API flow_coll flow_key_by(flow_coll in, flow_field_ref field);

/** The elements without their key. */
FLOW_API flow_coll flow_unkey(flow_coll in);

/** Options of flow_window_into. Of the members from `trigger` on those that are zero leave what the
 * input has. */
typedef struct flow_window_options {
    flow_windows windows;   /**< How time is cut; zero: the global window. */
    flow_duration lateness; /**< How long after its end a window takes late elements (R23); the
                               larger of own and inherited counts (R17). */
    flow_trigger trigger;   /**< When results are given. */
    flow_accumulation accumulation; /**< Must be said where a window can have more than one
                                       result: with lateness, or a trigger (R18). */
    flow_empty_panes on_time;       /**< About the result at the window's end. */
    flow_empty_panes closing;       /**< About the last result, when a window is collected. */
    flow_output_time output_time;   /**< The event time of results. */
    bool no_lateness; /**< `lateness` is 0 on purpose: a trigger wants it said (R18). */
    bool
        keep_windows; /**< The input's windows stay, only the rest is changed; `windows` is zero. */
} flow_window_options;

/** Count windows: every `elements` of a key are one result, of the global window; what is left when
 * the input ends is the last. Which elements are together depends on the order they come in. */
static inline flow_window_options flow_count_windows(int64_t elements)
{
    flow_window_options options;
    memset(&options, 0, sizeof options);
    options.trigger = flow_trigger_repeatedly(flow_trigger_count(elements));
    options.accumulation = FLOW_DISCARDING;
    options.on_time = FLOW_EMPTY_NEVER;
    return options;
}

/** flow_window_into, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_window_into_sized(
    flow_coll in, const flow_window_options *options, size_t size);

/** Puts elements into windows by their event time, and says when windows give results. */
static inline flow_coll flow_window_into(flow_coll in, const flow_window_options *options)
{
    return flow_window_into_sized(in, options, sizeof *options);
}

/** Stamps elements with the time in a field, which is not before the time that they have, else the
 * job fails (R66); elements without a time may have any. */
FLOW_API flow_coll flow_with_timestamps(flow_coll in, flow_field_ref field);

/** The same for times that lie before those of the elements by `skew` at most; INT64_MAX µs: by
 * any. A time below the watermark makes the element late: a skew holds nothing back, as in Beam. */
FLOW_API flow_coll flow_with_timestamps_skewed(
    flow_coll in, flow_field_ref field, flow_duration skew);

/** Several collections of one type, key, windows and trigger as one; sessions of different gaps
 * count as equal (R14). */
FLOW_API flow_coll flow_flatten(const flow_coll *ins, size_t count);

/** Options of flow_combine. */
typedef struct flow_combine_options {
    const char *name;     /**< Name of the step; NULL: the combine's. */
    flow_field_ref field; /**< Combines over one field read this one. */
    const void *config;   /**< Passed to the combine; copied. */
    size_t config_size;   /**< Bytes of `config`. */
    /** Where `extract` makes no result of a key and window: the job fails, or the key with its
     * accumulator is rejected. Always the first attempt: what is tried again gives the same. */
    flow_on_error on_error;
} flow_combine_options;

/** flow_combine_with, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_combine_sized(
    flow_coll in, const flow_combine_fn *fn, const flow_combine_options *options, size_t size);

/**
 * One value per key and window from all its elements; without a key one per window. Given when the
 * trigger of its input says so; by default once when the watermark passes the window's end, then
 * once per late batch (R42), discarding. Keyed as its input.
 */
static inline flow_coll flow_combine_with(
    flow_coll in, const flow_combine_fn *fn, const flow_combine_options *options)
{
    return flow_combine_sized(in, fn, options, sizeof *options);
}

/** What flow_combine is given after its collection. */
typedef struct flow_combine_args {
    const flow_combine_fn *fn;           /**< The combine. */
    const flow_combine_options *options; /**< May be left out. */
} flow_combine_args;

/** `flow_combine(in, &stats_combine)`, with options as a third argument: flow_combine_with. */
#define flow_combine(in, ...) flow_combine_call((in), (flow_combine_args){ .fn = __VA_ARGS__ })

/** What the macro flow_combine calls. */
static inline flow_coll flow_combine_call(flow_coll in, flow_combine_args args)
{
    return flow_combine_with(in, args.fn, args.options);
}

/** flow_group_with, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_group_sized(
    flow_coll in, const flow_fn *fn, const flow_do_options *options, size_t size);

/** Calls a group function with all rows of a key and window, when the trigger of its input says so;
 * by default when the watermark passes the window's end (GroupByKey). */
static inline flow_coll flow_group_with(
    flow_coll in, const flow_fn *fn, const flow_do_options *options)
{
    return flow_group_sized(in, fn, options, sizeof *options);
}

/** `flow_group(in, &fn)`, with options as a third argument: flow_group_with. */
#define flow_group(in, ...) flow_group_call((in), (flow_do_args){ .fn = __VA_ARGS__ })

/** What the macro flow_group calls. */
static inline flow_coll flow_group_call(flow_coll in, flow_do_args args)
{
    return flow_group_with(in, args.fn, args.options);
}

/** A line of text, or any payload without structure. */
struct flow_line {
    flow_str text; /**< Without its end. */
};

/** Type of flow_line. */
FLOW_API extern const flow_type flow_line_type;

/** Where jobs run: made by a runner's function, such as flow_local(). */
typedef struct flow_runner {
    const struct flow_runner_ops *ops; /**< The runner. */
    const void *options;               /**< Its options record; lent until the job has started. */
} flow_runner;

/** A running pipeline. */
typedef struct flow_job flow_job;

/** Runs a pipeline to its end. Fills `error` (may be NULL; zeroed first) and returns its status. */
FLOW_API flow_status flow_run(
    flow_pipeline *pipeline, const flow_runner *runner, flow_error *error);

/** Starts a pipeline beside the caller. NULL with `error` filled when it cannot. */
FLOW_API flow_job *flow_job_start(
    flow_pipeline *pipeline, const flow_runner *runner, flow_error *error);

/** Waits until the job has ended, frees it and returns how it ended; call once per job. NULL gives
 * FLOW_INVALID. */
FLOW_API flow_status flow_job_wait(flow_job *job, flow_error *error);

/** Asks the job to stop at once, from any thread or signal handler: unfinished bundles leave no
 * trace. */
FLOW_API void flow_job_cancel(flow_job *job);

/** Asks the job to stop reading and finish what it has: watermarks run to the end and every window
 * fires. Panes of what exists only because of that are `drained` (R80). */
FLOW_API void flow_job_drain(flow_job *job);

/** How a job stands; see flow_job_status. */
typedef struct flow_status_report {
    bool ended;              /**< Nothing more will happen; flow_job_wait returns at once. */
    uint64_t rows_in;        /**< Elements that sources gave. */
    uint64_t rows_out;       /**< Elements that sinks took. */
    uint64_t rejected;       /**< Elements routed to dead letters. */
    uint64_t dropped_late;   /**< (element, window) pairs past their expiry (R24). */
    uint64_t dropped_other;  /**< Outside every window, in the future, skipped. */
    flow_time watermark;     /**< The lowest output watermark of all sources. */
    uint64_t memory;         /**< Bytes that count against the budget now. */
    uint64_t memory_peak;    /**< The most so far. */
    uint64_t dropped_closed; /**< (element, window) pairs whose trigger had finished (R25). */
} flow_status_report;

/** Reads how a job stands; cheap, from any thread. */
FLOW_API void flow_job_status(const flow_job *job, flow_status_report *report);

/**
 * Why the watermark of a step is where it is, in words, and so why a window has not fired: the path
 * from the step up to the source, partition or held result that bounds it, what that waits for and
 * since when. `step` is its path. Owned by the caller, released with flow_text_free; NULL when
 * there is no such step, or without memory. From any thread until flow_job_wait.
 */
FLOW_API char *flow_job_explain(const flow_job *job, const char *step);

/** Figures of one step, summed over workers. */
typedef struct flow_step_report {
    const char *path;    /**< Lent until the pipeline is freed. */
    uint64_t rows_in;    /**< Elements that reached it. */
    uint64_t rows_out;   /**< Elements that it gave on. */
    uint64_t rejected;   /**< Dead letters. */
    uint64_t dropped;    /**< Dropped for any reason. */
    flow_time watermark; /**< Its output watermark. */
} flow_step_report;

/** Reads the figures of the `index`-th step; false past the last. From any thread. */
FLOW_API bool flow_job_step(const flow_job *job, size_t index, flow_step_report *report);

#ifdef __cplusplus
}
#endif

#include <flow/fan_out.h>
#include <flow/rejected.h>
#include <flow/side.h>
#include <flow/split.h>

#endif
