// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * For who tests pipelines: a script instead of a source (Beam's TestStream), expectations instead
 * of a sink (PAssert), and a runner whose clock, order of work and faults come from the test. A
 * test of an hour of event time takes milliseconds. Nothing here is bound to a test framework: what
 * was not as expected is the error of flow_run.
 */
#ifndef FLOW_TEST_KIT_H
#define FLOW_TEST_KIT_H

#include <flow/transform.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A list of events: elements, watermarks, clock. Belongs to its pipeline, with the copies of its
 * rows; made before the pipeline runs, read only after. */
typedef struct flow_script flow_script;

/** An empty script; NULL when the pipeline has failed. All functions on a script allow NULL. */
FLOW_API flow_script *flow_script_new(flow_pipeline *pipeline);

/**
 * An input of the script: an unbounded collection of `type`, whose watermark is what the script
 * says. Several inputs of one script have one order of events (R81). At the script's end every
 * input ends and its watermark goes to the end of time (R5).
 */
FLOW_API flow_coll flow_script_input(flow_script *script, const char *name, const flow_type *type);

/** The next event: one element with its event time on an input. The row is copied, with what it
 * points to. */
FLOW_API void flow_script_add(
    flow_script *script, flow_coll input, flow_time at, const flow_type *type, const void *row);

/** The next event: the watermark of an input. It never goes back (R2): one that does fails the
 * pipeline, and so does any event of an input behind its end. At the end of time it ends the
 * input. */
FLOW_API void flow_script_watermark(flow_script *script, flow_coll input, flow_time at);

/** The next event: the clock goes on. Under flow_simulated alone. */
FLOW_API void flow_script_clock(flow_script *script, flow_duration by);

/** The next event: no further element will come on this input (R5). Once for an input. */
FLOW_API void flow_script_end(flow_script *script, flow_coll input);

/**
 * Writes down what a source gives in a run: its pieces with their elements and times, partitions,
 * moves of its watermark, when it had nothing, and when by the clock. `in` is the collection that a
 * source made: of flow_read, flow_file_read and the like. Each run writes `path` anew; a write that
 * fails ends the run. Recording slows a source down: it is for looking into a fault.
 */
FLOW_API void flow_record(flow_coll in, const char *path);

/**
 * An input of the script that gives what flow_record wrote: the same elements in the same bundles,
 * the watermark where it was before and after each, and under flow_simulated the pauses between.
 * Under other runners the order of events is kept, but a step may see the watermark later than it
 * did. Several recordings of one run are put in one order by the clock. `type` may have grown
 * since, as `<flow/evolve.h>` says; another one fails the pipeline with every difference, a file
 * that is cut short or damaged with FLOW_DAMAGED and where.
 */
FLOW_API flow_coll flow_script_replay(
    flow_script *script, const char *name, const flow_type *type, const char *path);

#ifndef __cplusplus
/** `FLOW_SCRIPT_ADD(script, clicks, click, flow_time_of(…), .user = …)`: flow_script_add. */
#define FLOW_SCRIPT_ADD(script, input, T, at, ...)                                                 \
    flow_script_add((script), (input), (at), &T##_type, &(struct T){ __VA_ARGS__ })
#endif

/** Which panes an expectation looks at. */
typedef enum flow_panes {
    FLOW_PANES_ALL = 0,     /**< Every one. */
    FLOW_PANES_EARLY = 1,   /**< Before the watermark passed the window's end. */
    FLOW_PANES_ON_TIME = 2, /**< When it did. */
    FLOW_PANES_LATE = 3,    /**< After. */
    FLOW_PANES_FINAL = 4,   /**< The last of its key and window (R48). */
    FLOW_PANES_LATEST = 5,  /**< Of each key and window the one with the highest number. */
    FLOW_PANES_FOLDED = 6   /**< What all come to in each window: an element for each that was not
                               taken back. To take back what was not there fails the run. */
} flow_panes;

/** Which of a collection's elements an expectation is about; all zero: every one. */
typedef struct flow_expect_options {
    const char *name;   /**< Name of the step; NULL: "expect". */
    bool in_window;     /**< Only elements of `window`. */
    flow_window window; /**< Which. One that ends before it begins is refused. */
    flow_panes panes;   /**< Only those panes. */
} flow_expect_options;

/**
 * Expects these elements, in any order, and no others; floats agree to 1e-12 of their size. Each
 * line is an element as JSON, of a keyed collection its key as JSON, a colon and the element:
 * `"\"hat\": {\"count\":2}"`. What lacks or is too much fails the run with FLOW_UNEXPECTED. JSON
 * has no NaN and no infinities: expect elements that have them with flow_expect_rows.
 */
FLOW_API void flow_expect_lines(
    flow_coll in, const char *const *lines, size_t count, const flow_expect_options *options);

/** Expects exactly one element, which is this one; `line` is written as in flow_expect_lines. */
FLOW_API void flow_expect_one(flow_coll in, const char *line, const flow_expect_options *options);

/**
 * Expects one element of each of these keys, and no other key: what comes is a map. `in` is keyed;
 * lines are as in flow_expect_lines, in any order. The error says by key what lacks, came again, or
 * is another.
 */
FLOW_API void flow_expect_map(
    flow_coll in, const char *const *lines, size_t count, const flow_expect_options *options);

/** Expects rows of a struct, in any order, and no others; a NaN agrees with a NaN. Of keyed
 * collections, keys are not looked at. */
FLOW_API void flow_expect_rows(flow_coll in, const flow_type *type, const void *rows, size_t count,
    const flow_expect_options *options);

/** An element as expectations see it. */
typedef struct flow_seen {
    const char *text;   /**< Key, colon and element as JSON, as in flow_expect_lines. */
    flow_time time;     /**< Event time. */
    flow_window window; /**< Window. */
    flow_pane pane;     /**< Pane. */
    int sign;           /**< −1: a retraction; else 1. */
} flow_seen;

/** Judges a whole collection: false with a sentence in `error` fails the run. Called once, on any
 * thread. */
typedef bool flow_judge(const flow_seen *seen, size_t count, void *user, flow_error *error);

/** Expects what `judge` says true of; elements come sorted by text, window and pane. */
FLOW_API void flow_expect_that(
    flow_coll in, flow_judge *judge, void *user, const flow_expect_options *options);

#ifndef __cplusplus
/** `flow_expect(counts, "\"a\": {\"count\":1}", …)`: flow_expect_lines over all elements. */
#define flow_expect(in, ...)                                                                       \
    flow_expect_lines((in), (const char *const[]){ __VA_ARGS__ },                                  \
        sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *), NULL)

/** `FLOW_EXPECT_ROWS(words, word, { .text = … }, …)`: flow_expect_rows over all elements. */
#define FLOW_EXPECT_ROWS(in, T, ...)                                                               \
    flow_expect_rows((in), &T##_type, (const struct T[]){ __VA_ARGS__ },                           \
        sizeof((const struct T[]){ __VA_ARGS__ }) / sizeof(struct T), NULL)
#endif

/** Expects no element. */
static inline void flow_expect_empty(flow_coll in, const flow_expect_options *options)
{
    flow_expect_lines(in, NULL, 0, options);
}

/** Options of the simulated runner; all zero is the default. */
typedef struct flow_simulated_options {
    uint32_t workers; /**< Workers that take turns on the caller's thread; 0: 1. At most 64. */
    uint64_t seed;    /**< Who is next, and where faults strike: the same seed, the same run. */
    uint32_t seeds;   /**< Runs with that many seeds, from `seed` on; 0: 1. The error names the seed
                         that failed: run it alone to see it again. */
    uint64_t memory;  /**< Bytes the pipeline may hold; 0: 1 GiB. */
    flow_time clock;  /**< Where the clock begins; 0: 2023-11-14T22:13:20Z. */
    uint32_t fail_one_in; /**< Bundles fail and are tried again, at every n-th chance or so; 0:
                             never. Results must not change (R3). Each failure makes the next one
                             of the same bundle rarer; after the third it runs through. */
    bool restart; /**< Stops once in the middle, writes a snapshot and goes on in a new engine: all
                     sources must be able to go back. */
    bool check_elements; /**< Fails when a function changes its input, or a row does not survive its
                            binary form (R66). Rows of a group give way to the next, as spilled ones
                            do. */
} flow_simulated_options;

/** The runner's functions: flow_run only, on the caller's thread. */
FLOW_API extern const struct flow_runner_ops flow_simulated_runner_ops;

/**
 * A runner for tests: one event of a script goes in, the pipeline comes to rest, then the next
 * (R81). Functions of custom windows are held to what flow_window_fn says. Without scripts the
 * clock goes on by a second whenever there is nothing to do. `options` (may be NULL) is lent until
 * the run has ended.
 */
static inline flow_runner flow_simulated(const flow_simulated_options *options)
{
    flow_runner runner = { &flow_simulated_runner_ops, options };
    return runner;
}

/** Outcomes of test cases, for a report. */
typedef struct flow_report flow_report;

/** An empty report; NULL without memory. `suite` NULL: "tests". */
FLOW_API flow_report *flow_report_new(const char *suite);

/** Adds a case: `status` FLOW_OK passed, FLOW_UNSUPPORTED was skipped, else it failed with
 * `error`, which may be NULL. `name` NULL: "case"; `took` below 0 counts as 0. Of names and errors,
 * control characters and bytes that are no UTF-8 are printed as U+FFFD. */
FLOW_API void flow_report_add(flow_report *report, const char *name, flow_status status,
    const flow_error *error, flow_duration took);

/** Cases that failed so far. */
FLOW_API size_t flow_report_failed(const flow_report *report);

/** Forms of flow_report_print. */
typedef enum flow_report_form {
    FLOW_REPORT_TAP = 0,  /**< Test Anything Protocol 13. */
    FLOW_REPORT_JUNIT = 1 /**< JUnit's XML. */
} flow_report_form;

/** The report as text: owned by the caller, released with flow_text_free. NULL without memory. */
FLOW_API char *flow_report_print(const flow_report *report, flow_report_form form);

/** Gives it back; NULL is allowed. */
FLOW_API void flow_report_free(flow_report *report);

#ifdef __cplusplus
}
#endif

#endif
