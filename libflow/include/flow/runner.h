// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * For who writes a runner: the graph as built, read-only, and what a runner offers.
 */
#ifndef FLOW_RUNNER_H
#define FLOW_RUNNER_H

#include <stdarg.h>
#include <stddef.h>

#include <flow/metrics.h>
#include <flow/state.h>
#include <flow/transform.h>
#include <flow/why.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The primitives: composites are expanded while the graph is built. */
typedef enum flow_node_kind {
    FLOW_NODE_SOURCE = 1, /**< Reads; no input. */
    FLOW_NODE_DO = 2, /**< A function over elements; stateful with `fn->form` FLOW_FORM_STATEFUL. */
    FLOW_NODE_WINDOW = 3,    /**< Assigns windows. */
    FLOW_NODE_TIMESTAMP = 4, /**< Re-stamps elements from a field. */
    FLOW_NODE_KEY = 5,       /**< Shows the same rows under another key; moves nothing. */
    FLOW_NODE_FLATTEN = 6,   /**< Several inputs as one. */
    FLOW_NODE_COMBINE = 7,   /**< One value per key and window. */
    FLOW_NODE_GROUP = 8,     /**< A function over all rows of a key and window. */
    FLOW_NODE_SINK = 9,      /**< Writes; no output. */
    FLOW_NODE_VIEW = 10,     /**< What functions look into; its output stands for the view. */
    FLOW_NODE_SPLIT = 11     /**< A splittable function over elements (R68). */
} flow_node_kind;

/** How rows of a collection lie in memory. */
typedef struct flow_shape {
    const flow_type *type;       /**< The element. */
    flow_kind key;               /**< Kind of the key; NONE: not keyed. */
    const flow_type *key_record; /**< Its type, when it is a record. */
    uint32_t key_size;           /**< Bytes of the key. */
    uint32_t key_offset;         /**< Where in a row it lies. */
    uint32_t value_offset;       /**< Where in a row the element lies. */
    uint32_t stride;             /**< Bytes of a row. */
} flow_shape;

/** Index of flow_node.outputs for rejected and dropped elements; both carry flow_rejected. */
#define FLOW_OUTPUT_DEAD_LETTERS 30u
/** See FLOW_OUTPUT_DEAD_LETTERS. */
#define FLOW_OUTPUT_DROPPED 31u
/** How many outputs a step can have. */
#define FLOW_OUTPUTS 32u

/** When and how windows give results, as flow_window_options says; inheritance is settled. */
typedef struct flow_triggering {
    flow_trigger trigger;           /**< `count` 0: the default (R42). */
    flow_accumulation accumulation; /**< UNSET: DISCARDING. */
    flow_empty_panes on_time;       /**< UNSET, which means ALWAYS, or NEVER. */
    flow_empty_panes closing;       /**< UNSET, which means NEVER, or ALWAYS. */
    flow_output_time output_time;   /**< UNSET, which means END_OF_WINDOW, EARLIEST or LATEST. */
} flow_triggering;

/** A collection of the graph. */
typedef struct flow_edge {
    uint32_t id;            /**< Its number, from 1; position in flow_graph.edges plus 1. */
    uint32_t producer;      /**< Position of the node it comes from. */
    uint32_t output;        /**< Which output of it. */
    flow_shape shape;       /**< How its rows lie. */
    flow_windows windows;   /**< Its windowing. */
    flow_duration lateness; /**< Allowed lateness (R17). */
    bool unbounded;         /**< Has no end of its own. */
    bool lateness_set;      /**< `lateness` was said, be it 0 (R18). */
    bool merged; /**< Its windows are final: they come from a grouping that merged (R16). */
    const flow_triggering *triggering; /**< NULL: all of it the default. */
} flow_edge;

/** What a view shows of its input: a collection by the key that its rows show, if it has one. Its
 * input is a grouping of each window's rows, whose firings replace one another, but for temporal
 * views, which take every element. */
typedef struct flow_view_spec {
    flow_view_form form;    /**< How it is looked into. */
    const flow_type *value; /**< What functions see. */
    uint32_t value_offset;  /**< Where in an element of the input that lies. */
    const void *otherwise;  /**< Singleton: where a window has no value; may be NULL. */
    flow_duration keep;     /**< Temporal: see flow_view_options. */
} flow_view_spec;

/** A step of the graph. Members that its kind does not use are zero. */
typedef struct flow_node {
    flow_node_kind kind;            /**< Which primitive. */
    const char *path;               /**< Unique name with scopes: "orders/parse". */
    bool named;                     /**< The user chose the name. */
    const uint32_t *inputs;         /**< Edge ids. */
    uint32_t input_count;           /**< How many. */
    uint32_t outputs[FLOW_OUTPUTS]; /**< Edge id by output index; 0: not asked for. */
    const flow_source *source;      /**< SOURCE. */
    const flow_read_options *read;  /**< SOURCE. */
    const flow_sink *sink;          /**< SINK. */
    const void *sink_config;        /**< SINK. */
    const flow_fn *fn;              /**< DO, GROUP. */
    const flow_combine_fn *combine; /**< COMBINE. */
    flow_field_ref field; /**< TIMESTAMP, KEY: the field; COMBINE: the field it reads, if any. */
    const void *config;   /**< DO, GROUP, COMBINE: the step's configuration. */
    const flow_type *config_type; /**< DO, GROUP: its type. */
    flow_on_error on_error;       /**< DO, GROUP, SOURCE, SINK, SPLIT, COMBINE. */
    bool time_sorted;             /**< DO, stateful. */
    bool keep_windows;            /**< WINDOW: rows pass unchanged, windows and all. */
    const flow_view_spec *view;   /**< VIEW. */
    const uint32_t *sides;        /**< DO, GROUP, SPLIT: ids of the edges that VIEW steps make. */
    uint32_t side_count;          /**< How many. */
    bool stable_input;            /**< DO, stateful: see flow_do_options. */
    const flow_split_fn *split;   /**< SPLIT; `fn` is its. */
    uint32_t attempts;            /**< DO, SPLIT: see flow_do_options. */
    flow_duration backoff;        /**< DO, SPLIT. */
    flow_duration timeout;        /**< DO. */
    double most_rejected;         /**< DO, GROUP, SPLIT. */
    const flow_witness *witness;  /**< SOURCE: who is told what it gives, or NULL. */
    flow_duration skew;           /**< TIMESTAMP: by which a time may lie before the element's. */
} flow_node;

/** A checked graph: nodes stand after the nodes they take from. */
typedef struct flow_graph {
    const char *name;                /**< Of the pipeline. */
    const flow_node *nodes;          /**< In topological order. */
    uint32_t node_count;             /**< How many. */
    const flow_edge *edges;          /**< By id − 1. */
    uint32_t edge_count;             /**< How many. */
    const flow_allocator *allocator; /**< Never NULL. */
    flow_log_fn *log;                /**< May be NULL. */
    void *log_user;                  /**< For `log`. */
    flow_log_level log_level;        /**< The last level that `log` is told; 0: all. */
} flow_graph;

/** The graph of a pipeline that passes flow_pipeline_check; NULL with the error otherwise. Lives as
 * long as the pipeline. */
FLOW_API const flow_graph *flow_pipeline_graph(flow_pipeline *pipeline, flow_error *error);

/** Whether rows of an edge are grouped in windows that merge there (R16). */
static inline bool flow_edge_merging(const flow_edge *edge)
{
    return !edge->merged && flow_windows_merging(&edge->windows);
}

/**
 * What a trigger remembers of one key and window; zeroed at first (R45). It has a slot for each of
 * the trigger's parts and no more: flow_trigger_state_size() bytes. Plain bytes, to be copied and
 * stored.
 */
typedef struct flow_trigger_state {
    uint32_t finished; /**< Bit i: part i has finished; bit 0: the trigger, so the window is closed
                          (R25). */
    uint32_t running;  /**< Bit i: slot i of a clock part is set. */
    int64_t slots[FLOW_TRIGGER_NODES]; /**< Elements counted, or the instant waited for. */
} flow_trigger_state;

/** Bytes of a trigger's state. */
static inline size_t flow_trigger_state_size(const flow_trigger *trigger)
{
    return offsetof(flow_trigger_state, slots) + sizeof(int64_t) * trigger->count;
}

/** What decides whether a window fires, beside its state (R29). */
typedef struct flow_trigger_clocks {
    flow_window window;     /**< The window. */
    flow_time watermark;    /**< The input watermark. */
    flow_time now;          /**< The clock. */
    flow_time synchronized; /**< The clock of what is still on its way here, at most `now` (R8);
                               `now` where nothing lags. */
    bool merging;           /**< flow_edge_merging(): finished parts may come back to life (R39). */
} flow_trigger_clocks;

/** An element has come to a window whose trigger has not finished. */
FLOW_API void flow_trigger_on_element(
    const flow_trigger *trigger, flow_trigger_state *state, const flow_trigger_clocks *clocks);

/**
 * Windows become one, that of `clocks`: `into`, apart from all of `from`, is overwritten with what
 * `count` states come to (R35–R39). States of windows that were closed count.
 */
FLOW_API void flow_trigger_on_merge(const flow_trigger *trigger, flow_trigger_state *into,
    const flow_trigger_state *const *from, uint32_t count, const flow_trigger_clocks *clocks);

/** Whether the window fires now (R29, R32). False when the trigger has finished. */
FLOW_API bool flow_trigger_should_fire(const flow_trigger *trigger, const flow_trigger_state *state,
    const flow_trigger_clocks *clocks);

/** The window fires, as flow_trigger_should_fire said: takes note. Returns whether the trigger has
 * finished: then this was the last pane (R48). */
FLOW_API bool flow_trigger_on_fire(
    const flow_trigger *trigger, flow_trigger_state *state, const flow_trigger_clocks *clocks);

/** When a window that waits may be ready; FLOW_TIME_MAX_US where that clock changes nothing. */
typedef struct flow_trigger_wake {
    flow_time watermark;    /**< Once the watermark is here or later. */
    flow_time now;          /**< Once the clock is here or later. */
    flow_time synchronized; /**< Once the synchronized clock is here or later. */
} flow_trigger_wake;

/** When to ask flow_trigger_should_fire again although nothing came: a hint that may be early. */
FLOW_API flow_trigger_wake flow_trigger_next_wake(const flow_trigger *trigger,
    const flow_trigger_state *state, const flow_trigger_clocks *clocks);

/** The watermark beyond which a window with an element has surely fired; FLOW_TIME_MAX_US if never
 * for sure (R69). */
FLOW_API flow_time flow_trigger_sure_by(const flow_trigger *trigger, flow_window window);

/** FLOW_INVALID with a sentence unless a trigger can be. */
FLOW_API flow_status flow_trigger_check(const flow_trigger *trigger, flow_error *error);

/** Whether a trigger may finish while its window is still open, so that what comes then is dropped
 * (R20). */
FLOW_API bool flow_trigger_may_finish(const flow_trigger *trigger);

/** Whether two say the same. */
FLOW_API bool flow_trigger_equal(const flow_trigger *a, const flow_trigger *b);

/** What a trigger becomes behind a grouping, so that a chain of them adds no delay (R44). */
FLOW_API flow_trigger flow_trigger_continuation(const flow_trigger *trigger);

/** Writes a trigger as the makers' names: "repeatedly(count(5))"; at most `size` bytes with the
 * terminator. Returns the length of the whole. */
FLOW_API size_t flow_trigger_print(const flow_trigger *trigger, char *text, size_t size);

/** Appends how a trigger stands for a window, in words: "element count 3 of 5"; what it waits for,
 * and of clocks until when. Zeroed state: nothing has come. */
FLOW_API void flow_trigger_words(const flow_trigger *trigger, const flow_trigger_state *state,
    const flow_trigger_clocks *clocks, flow_buffer *out);

/** How many bytes flow_pane_write writes at most. */
#define FLOW_PANE_BYTES 21

/** Writes a pane as Beam's coder does (R51), which has no place for `drained`; returns how many
 * bytes. */
FLOW_API size_t flow_pane_write(const flow_pane *pane, void *bytes);

/** Reads a pane off the front of `bytes`; false, leaving both alone, when it is none. */
FLOW_API bool flow_pane_read(flow_bytes *bytes, flow_pane *pane);

/** What the functions of `<flow/function.h>` and `<flow/transform.h>` that take a flow_ctx do under
 * this engine. */
typedef struct flow_ctx_ops {
    flow_status (*emit_slow)(flow_ctx *ctx, uint32_t output, const flow_type *type,
        const void *row);                                           /**< flow_emit_slow */
    void (*adopt)(flow_ctx *ctx, const flow_type *type, void *row); /**< flow_adopt */
    void *(*reserve)(flow_ctx *ctx, uint32_t output, const flow_type *type,
        uint32_t *count);                                                  /**< flow_reserve */
    flow_status (*commit)(flow_ctx *ctx, uint32_t output, uint32_t count); /**< flow_commit */
    void *(*alloc)(flow_ctx *ctx, size_t size);                            /**< flow_alloc */
    flow_status (*fail)(flow_ctx *ctx, flow_status status, const char *message); /**< flow_fail */
    flow_time (*event_time)(const flow_ctx *ctx);                /**< flow_event_time */
    flow_window (*event_window)(const flow_ctx *ctx);            /**< flow_event_window */
    flow_time (*watermark)(const flow_ctx *ctx);                 /**< flow_watermark */
    void (*timer_set)(flow_ctx *ctx, flow_time when);            /**< flow_timer_set */
    void (*timer_clear)(flow_ctx *ctx);                          /**< flow_timer_clear */
    void (*state_clear)(flow_ctx *ctx);                          /**< flow_state_clear */
    const void *(*config)(flow_ctx *ctx, const flow_type *type); /**< flow_config */
    flow_rows *(*rows)(flow_ctx *ctx);                           /**< flow_ctx_rows */
    const void *(*rows_next)(flow_rows *rows);                   /**< flow_rows_next */
    size_t (*rows_count)(const flow_rows *rows);                 /**< flow_rows_count */
    flow_status (*lend)(
        flow_ctx *ctx, const flow_type *type, const void *rows, uint32_t count); /**< flow_lend */
    flow_status (*keep)(flow_ctx *ctx, const void *data, size_t len, void (*release)(void *user),
        void *user);                                                             /**< flow_keep */
    flow_status (*reject)(flow_ctx *ctx, flow_str element, const char *message); /**< flow_reject */
    const char *(*step_path)(const flow_ctx *ctx); /**< flow_step_path */
    flow_status (*lend_columns)(flow_ctx *ctx, const flow_type *type, const void *const *columns,
        uint32_t count);                         /**< flow_lend_columns */
    flow_pane (*pane_info)(const flow_ctx *ctx); /**< flow_pane_info */
    int (*sign)(const flow_ctx *ctx);            /**< flow_sign */
    const void *(*side)(
        const flow_ctx *ctx, uint32_t side, const flow_type *type); /**< flow_side */
    const void *(*side_at)(const flow_ctx *ctx, uint32_t side, const flow_type *type,
        uint64_t index); /**< flow_side_at */
    const void *(*side_find)(const flow_ctx *ctx, uint32_t side, const flow_type *type,
        const flow_side_key *key); /**< flow_side_find */
    flow_side_walk (*side_rows)(const flow_ctx *ctx, uint32_t side, const flow_type *type,
        const flow_side_key *key);                                            /**< flow_side_rows */
    const void *(*side_next)(flow_side_walk *walk);                           /**< flow_side_next */
    void (*measure)(flow_ctx *ctx, const flow_metric *metric, int64_t value); /**< flow_measure */
    void (*measure_text)(
        flow_ctx *ctx, const flow_metric *metric, flow_str text); /**< flow_measure_text */
    void (*timer_start)(
        flow_ctx *ctx, const flow_timer *timer, flow_timer_when when); /**< flow_timer_start */
    void (*timer_stop)(
        flow_ctx *ctx, const flow_timer *timer, flow_str tag); /**< flow_timer_stop */
    flow_time (*timer_time)(const flow_ctx *ctx);              /**< flow_timer_time */
    flow_str (*timer_tag)(const flow_ctx *ctx);                /**< flow_timer_tag */
    flow_time (*processing_time)(const flow_ctx *ctx);         /**< flow_processing_time */
    const void *(*cell_get)(
        flow_ctx *ctx, const flow_cell *cell, const void *key); /**< flow_cell_get */
    const void *(*cell_put)(
        flow_ctx *ctx, const flow_cell *cell, flow_cell_entry entry); /**< flow_cell_put */
    void (*cell_remove)(
        flow_ctx *ctx, const flow_cell *cell, const void *key); /**< flow_cell_remove */
    void (*cell_clear)(
        flow_ctx *ctx, const flow_cell *cell, const flow_time range[2]); /**< flow_cell_clear */
    uint64_t (*cell_count)(flow_ctx *ctx, const flow_cell *cell);        /**< flow_cell_count */
    void (*cell_walk)(flow_ctx *ctx, const flow_cell *cell, flow_cursor *cursor,
        const void *key);                     /**< flow_cell_walk, by the cursor's from_ and to_ */
    bool (*cursor_next)(flow_cursor *cursor); /**< flow_cursor_next */
    flow_status (*emit_stamped)(flow_ctx *ctx, uint32_t output, const flow_type *type,
        const void *row, flow_stamp stamp); /**< flow_emit_stamped */
    void *(*self)(flow_ctx *ctx);           /**< flow_self */
    flow_status (*after_commit)(
        flow_ctx *ctx, void (*done)(void *user), void *user);         /**< flow_after_commit */
    const void *(*restriction)(flow_ctx *ctx, const flow_type *type); /**< flow_restriction */
    bool (*claim_position)(flow_ctx *ctx, const void *position);      /**< flow_claim_position */
    void (*resume_after)(flow_ctx *ctx, flow_duration delay);         /**< flow_resume_after */
    void (*estimate)(flow_ctx *ctx, flow_time watermark);             /**< flow_estimate */
    flow_status (*emit_at)(flow_ctx *ctx, uint32_t output, const flow_type *type, const void *row,
        flow_time at); /**< flow_emit_at */
    flow_status (*split_part)(
        flow_ctx *ctx, const flow_type *type, const void *restriction); /**< flow_split_part */
    flow_status (*refuse)(
        flow_ctx *ctx, const void *element, const char *message); /**< flow_refuse */
    void (*rows_keep)(flow_rows *rows);                           /**< flow_rows_keep */
    void (*log)(flow_ctx *ctx, flow_log_level level, const char *format,
        va_list arguments);               /**< flow_log */
    void (*rows_rewind)(flow_rows *rows); /**< flow_rows_rewind */
    flow_status (*part)(flow_ctx *ctx, flow_part_fn *run, void *user, const flow_part_row *rows,
        uint32_t count);                       /**< flow_part */
    const void *(*rows_hold)(flow_rows *rows); /**< flow_rows_hold */
    void (*rows_release)(flow_rows *rows);     /**< flow_rows_release */
} flow_ctx_ops;

/** What stands before every flow_ctx of an engine: the way from the public context to its
 * functions. */
typedef struct flow_ctx_engine {
    const flow_ctx_ops *ops; /**< The engine's functions. */
    flow_ctx ctx;            /**< What user functions are given. */
} flow_ctx_engine;

/** First member of every flow_rows of an engine. */
struct flow_rows {
    const flow_ctx_ops *ops; /**< The engine's functions. */
};

/** First member of every job of a runner. */
struct flow_job {
    const struct flow_runner_ops *ops; /**< The runner. */
};

/** What a runner offers. Each member as the flow_ function of its name says. */
typedef struct flow_runner_ops {
    const char *name; /**< "local", "pubsub", … */
    /** Runs on the caller's thread until the end. */
    flow_status (*run)(const flow_graph *graph, const void *options, flow_error *error);
    /** Starts beside the caller. */
    flow_job *(*start)(const flow_graph *graph, const void *options, flow_error *error);
    flow_status (*wait)(flow_job *job, flow_error *error);           /**< flow_job_wait */
    void (*cancel)(flow_job *job);                                   /**< flow_job_cancel */
    void (*drain)(flow_job *job);                                    /**< flow_job_drain */
    void (*status)(const flow_job *job, flow_status_report *report); /**< flow_job_status */
    bool (*step)(const flow_job *job, size_t index, flow_step_report *report); /**< flow_job_step */
    /** Writes the words of flow_job_explain; false when there is no such step. */
    bool (*explain)(const flow_job *job, const char *step, flow_buffer *out);
    /** Shows every figure once; what they point to is lent for the call. False when `show` said so.
     * flow_job_metrics */
    bool (*metrics)(
        const flow_job *job, bool (*show)(void *user, const flow_figure *figure), void *user);
    /** Writes the words of flow_job_why; false when there is no such step. */
    bool (*why)(const flow_job *job, const flow_why *question, flow_buffer *out);
} flow_runner_ops;

#ifdef __cplusplus
}
#endif

#endif
