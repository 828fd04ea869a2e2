// SPDX-License-Identifier: Apache-2.0
// Inside options: what sources give, and texts as values.
#ifndef FL_OPTION_H
#define FL_OPTION_H

#include <flow/options.h>

#include "base/arena.h"

// One text that somebody gave for a field.
struct fl_given_text {
    struct fl_given_text *next;
    flow_str text;
};

// What the strongest source said of a field so far.
struct fl_given {
    const char *origin; // NULL: nobody
    bool absent;        // it was taken back: --no-name, null
    uint32_t count;
    struct fl_given_text *first, **last;
};

struct flow_options {
    fl_arena arena; // texts, lists, the rest of this
    const flow_type *type;
    struct fl_given *given; // by field
    char **unknown;
    int unknown_count, unknown_room;
    bool help;
    bool keep_unknown;
    bool no_memory; // sticky
};

// read.c: the name of an option, with `-` for `_`.
void fl_option_name(const flow_field *field, char *name, size_t size);
#define FL_OPTION_NAME_MAX 128

// Whether `name` is a field's, taking `-` and `_` for the same. NULL: no option is called so.
const flow_field *fl_option_named(const flow_type *type, flow_str name);

// The environment variable of a field.
void fl_option_variable(const flow_field *field, const char *prefix, char *name, size_t size);

// Notes a text for a field, instead of what weaker sources said.
void fl_option_give(
    flow_options *options, const flow_field *field, const char *origin, flow_str text);
void fl_option_take_back(flow_options *options, const flow_field *field, const char *origin);
void fl_option_keep(flow_options *options, flow_str before, flow_str name, flow_str value);

// args.c
flow_status fl_options_args(
    flow_options *options, const flow_option_sources *sources, flow_error *error);

// file.c
flow_status fl_options_file(flow_options *options, const char *path, flow_error *error);

// value.c: one text as a value of the kind. False when it is none, or out of the option's limits.
bool fl_option_value(
    const flow_field *field, flow_kind kind, flow_str text, void *value, const flow_memory *memory);

// Appends what a value of the option should have been: "a whole number, 1 or more".
void fl_option_expected(const flow_field *field, flow_buffer *out);

// The place of a word among "a|b|c", or −1; and the word at a place, empty past the last.
int fl_option_word(const char *words, flow_str word);
flow_str fl_option_word_at(const char *words, int64_t place);

#endif
