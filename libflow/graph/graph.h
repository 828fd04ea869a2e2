// SPDX-License-Identifier: Apache-2.0
// What the builders of this folder share: the pipeline's insides, calls, shapes, names.
#ifndef FL_GRAPH_GRAPH_H
#define FL_GRAPH_GRAPH_H

#include <flow/runner.h>
#include <flow/text.h>

#include "base/arena.h"

// What an unnamed step or an unkeyed row may take at most.
#define FL_ROW_MAX 32768u

// One scope: its path with a slash at the end.
typedef struct fl_scope {
    struct fl_scope *outer;
    const char *path;
} fl_scope;

// Hashes of a step's path and of the path it asked for, before a number made it unique; the scope
// that it was built in, whatever it is called.
typedef struct fl_name {
    uint32_t path;
    uint32_t asked;
    fl_scope *scope;
} fl_name;

// A time zone that windows of the pipeline need.
typedef struct fl_zone_kept {
    struct fl_zone_kept *older;
    const char *name;
    flow_zone *zone;
} fl_zone_kept;

// A collection that combines take in two levels.
typedef struct fl_fan {
    struct fl_fan *older;
    uint32_t edge;
    flow_fan_out_options options;
    bool taken; // by a combine
} fl_fan;

struct flow_pipeline {
    flow_graph graph; // what runners see; kept true by every builder
    flow_allocator allocator;
    fl_arena arena;
    flow_error error; // the first error of building
    flow_node *nodes; // graph.nodes, to be changed
    flow_edge *edges; // graph.edges, to be changed
    fl_name *names;   // by node
    uint32_t node_room;
    uint32_t edge_room;
    fl_scope *scope;           // the innermost; NULL outside scopes
    const flow_type **checked; // declarations that passed flow_type_check
    uint32_t checked_count;
    uint32_t checked_room;
    fl_zone_kept *zone_list; // the newest first
    const char *zones;       // folder of zone data; NULL: the system's
    fl_fan *fans;            // the newest first
};

// One call of a builder, as its errors show it: "flow_do(parse): …".
typedef struct fl_call {
    flow_pipeline *pipeline;
    const char *builder; // "flow_do"
    const char *step;    // name without scopes
    bool named;          // the user chose it
} fl_call;

// Where a field lies in an element, and what it is.
typedef struct fl_place {
    flow_kind kind;
    const flow_type *record; // its type, when it is a record
    uint32_t offset;
} fl_place;

// --- pipeline.c

// Fails building with "builder(step): sentence"; always false.
bool fl_refuse(const fl_call *call, flow_status status, const char *format, ...) FLOW_PRINTF(3, 4);

// The invalid collection.
flow_coll fl_nothing(flow_pipeline *pipeline);

// The collection as the graph knows it; NULL when the pipeline has failed or `in` is none of it.
const flow_edge *fl_input(const fl_call *call, flow_coll in);

// Copies what both sides know of an options record into `to`, zeroed first; false (and refused)
// when a newer caller set a member that this library does not know.
bool fl_options(const fl_call *call, void *to, size_t known, const void *from, size_t size);

// Adds a step and its main output (none when `out` is NULL). `node->inputs` is copied.
flow_coll fl_step_add(const fl_call *call, const flow_node *node, const flow_edge *out);

// Another output of a step, made on first demand.
flow_coll fl_output_add(flow_pipeline *pipeline, uint32_t node, const flow_edge *edge);

// Rejected or dropped elements of a step: records of their own in the global window, since the
// window of what was dropped may be gone.
flow_coll fl_rejected_add(flow_pipeline *pipeline, uint32_t node, uint32_t output, bool unbounded);

// Room for one more item of `size` bytes in a growing array of the pipeline.
void *fl_grow(flow_pipeline *pipeline, void *items, uint32_t count, uint32_t *room, size_t size);

// --- name.c

// Names a call: the user's choice, or the default.
void fl_call_name(fl_call *call, const char *chosen, const char *fallback);

// Refuses the name of a `what` that is empty, has a '/' or a control character, or is not UTF-8.
bool fl_name_check(const fl_call *call, const char *what);

// The path of a step under the pipeline's innermost scope, unique; NULL when it cannot be had.
const char *fl_path_claim(const fl_call *call, uint32_t node);

// --- check.c

// Refuses a policy that there is not.
bool fl_check_on_error(const fl_call *call, flow_on_error on_error);

// Checks a declaration once per pipeline.
bool fl_check_type(const fl_call *call, const flow_type *type);

// Checks a reference against the element type and resolves it, through nested records where the
// name has dots; `what` is as errors call it: "key", "event time".
bool fl_check_field(const fl_call *call, const flow_type *type, const flow_field_ref *ref,
    const char *what, fl_place *place);

// Checks that a function can be called with rows of a shape.
bool fl_check_fn(const fl_call *call, const flow_fn *fn, const flow_shape *shape);

// A deep copy of a record in pipeline memory, so that the caller's may go; NULL (refused) when it
// cannot be had. `what` is as errors call it.
void *fl_copy_record(
    const fl_call *call, const flow_type *type, const void *record, const char *what);

// --- windowing.c: what an edge says of windows and results

// Puts what the options say over what the input had; false (and refused) when it cannot be.
bool fl_windowing_set(const fl_call *call, const flow_window_options *options, flow_edge *edge);

// R14: whether collections can be one. `n` is the number of the second, from 1.
bool fl_windowing_alike(const fl_call *call, const flow_edge *first, const flow_edge *in, size_t n);

// The larger lateness, and what only one of them says.
void fl_windowing_join(flow_edge *out, const flow_edge *in);

// R19, R20: whether results of a grouping will come, and nothing be lost behind them.
bool fl_check_grouping(const fl_call *call, const flow_edge *in, const char *verb);

// R16, R44: what holds behind a grouping; false without memory.
bool fl_windowing_grouped(const fl_call *call, flow_edge *out);

// B19: windows that merge and triggers that are set come before a grouping.
flow_status fl_check_grouped(const flow_pipeline *pipeline, flow_error *error);

// --- windows.c

// Copies what windows point to into pipeline memory, reads their zone, checks them against the
// elements; false (and refused) when they cannot be.
bool fl_windows_own(const fl_call *call, const flow_type *type, flow_windows *windows);

// R14: whether two ways to cut time go together; sessions of different gaps do.
bool fl_windows_alike(const flow_windows *a, const flow_windows *b);

// How prints and errors call the windows: "sessions", "days of Europe/Berlin".
void fl_windows_put(flow_buffer *out, const flow_windows *windows);

// --- check_state.c

// Checks the cells and timers that a function declares, if it is of that form.
bool fl_check_state(const fl_call *call, const flow_fn *fn, const flow_edge *in);

// --- shape.c

// Unkeyed rows of one type.
flow_shape fl_shape_of(const flow_type *type);

// The same rows under the key at `offset` of the element.
flow_shape fl_shape_keyed(
    const flow_shape *shape, flow_kind kind, const flow_type *record, uint32_t offset);

// What a combine makes: the key of `in` first, then the value.
flow_shape fl_shape_combined(const flow_shape *in, const flow_type *value);

// Whether rows lie alike.
bool fl_shape_equal(const flow_shape *a, const flow_shape *b);

// How errors and prints call the key: a record's name, a kind's name, or "no key".
const char *fl_key_name(const flow_shape *shape);

// A record of fields that are always there, laid out as C does; what they are called is shared.
// NULL without memory.
const flow_type *fl_record_made(
    flow_pipeline *pipeline, const char *name, const flow_field *fields, uint32_t count);

// A field for the key of rows of a shape, and one for a record.
flow_field fl_field_of_key(const flow_shape *shape);
flow_field fl_field_of_record(const char *name, const flow_type *type);

// --- build_key.c

// A step that shows the same rows in another shape; `field` is what it says of its key.
flow_coll fl_key_step(const fl_call *call, flow_coll in, flow_field_ref field, flow_shape shape);

// --- build_rejected.c

// The step that made a collection of which another output is asked; names the call after it.
const flow_node *fl_producer(fl_call *call, flow_coll coll, const flow_edge **edge);

// --- build_fan_out.c

// How combines take a collection; NULL: in one level.
fl_fan *fl_fan_of(const flow_pipeline *pipeline, flow_coll coll);

// The combine in two levels (R76), whose one level would be fine; takes note that the fan is taken.
flow_coll fl_fan_combine(const fl_call *call, flow_coll in, const flow_combine_fn *fn,
    const flow_combine_options *options);

// That each fan is taken by a combine.
flow_status fl_check_fans(const flow_pipeline *pipeline, flow_error *error);

// --- print.c

// "source", "do", …
const char *fl_node_kind_name(flow_node_kind kind);

// What flows along an edge: "reading, key int64, windows of 1m, lateness 30s, unbounded".
void fl_print_edge(flow_buffer *out, const flow_edge *edge);

#endif
