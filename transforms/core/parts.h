// SPDX-License-Identifier: Apache-2.0
// What transforms make while a pipeline is built: record types from fields of others, and keys that
// outlast a step.
#ifndef FL_CORE_PARTS_H
#define FL_CORE_PARTS_H

#include <flow/transform.h>

// A record type in the making, in pipeline memory. Calls after one that found no memory do nothing.
typedef struct fl_record {
    flow_pipeline *pipeline;
    flow_type *type; // NULL: no memory
    flow_field *fields;
    uint32_t at; // bytes so far
} fl_record;

// Begins a record of at most `room` fields; `name` is copied.
fl_record fl_record_begin(flow_pipeline *pipeline, const char *name, uint32_t room);

// A bool that is no field, for `presence`; where it lies.
uint32_t fl_record_flag(fl_record *record);

// Adds a field with name (copied), kind, record and the like of another, always there; its place is
// the record's next. What it became, or NULL.
flow_field *fl_record_add(fl_record *record, const flow_field *like, const char *name);

// Ends it: the type, or NULL without memory.
const flow_type *fl_record_end(fl_record *record);

// A reference to a field of a type by its struct name; all zero when there is none.
flow_field_ref fl_field_named(const flow_type *type, const char *name);

// The record type of a field that is a record ("a.b" for nested ones; the type itself for the
// whole), else NULL.
const flow_type *fl_field_record(const flow_type *type, const flow_field_ref *ref);

// The collection under the key of another, of the same type, where that key is a field.
flow_coll fl_keyed_like(flow_coll coll, flow_coll like);

// Opens a scope called `given`, or `usual` where none was given.
void fl_scope(flow_pipeline *pipeline, const char *given, const char *usual);

// False, with the error, where it is not known in time which elements lie in one window: elements
// of a session up to an instant do so by what lies between them, but windows of a user's function
// may merge by what comes later.
bool fl_known_in_time(flow_coll in, const char *builder);

// The invalid collection of a pipeline.
flow_coll fl_no_coll(flow_pipeline *pipeline);

#endif
