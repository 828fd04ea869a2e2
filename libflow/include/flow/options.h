// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Options of a program or pipeline: a record whose fields say how they are set, filled from code,
 * a file, the environment and the command line; and display data, which shows what was set.
 */
#ifndef FLOW_OPTIONS_H
#define FLOW_OPTIONS_H

#include <flow/flow.h>
#include <flow/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * How a field is set from outside. All zero: optional, zero by default. Texts are read as those of
 * the command line are: numbers as JSON has them, `true` or `false`, durations as
 * flow_duration_parse, times as flow_time_parse, bytes as base64.
 */
typedef struct flow_option {
    const char *help;     /**< What it does, for `--help`; a classified value is never shown. */
    const char *initial;  /**< The default; NULL: zero, or absent where the field is optional. */
    const char *value;    /**< What `--help` calls the value: "FILE"; NULL: by its kind. */
    const char *words;    /**< "json|csv": one of these. Integer fields hold its place, from 0. */
    const char *unit;     /**< For errors: "MiB" in "a whole number of MiB". */
    const char *at_least; /**< Numbers and durations: the smallest value; NULL: any. */
    const char *at_most;  /**< And the largest. */
    const char *group;    /**< A heading of `--help` before this option; NULL: goes on. */
    bool required;        /**< Somebody must set it. */
    bool positional;      /**< Set by arguments that are no options, in order; a list takes all. */
} flow_option;

/** Where options come from, the weakest first: `base`, file, environment, arguments. */
typedef struct flow_option_sources {
    const void *base;         /**< A record from code instead of the declared defaults; nothing is
                                 required then. Lent until flow_options_free. */
    const char *file;         /**< Path of a JSON object whose members are options; NULL: none. */
    const char *file_field;   /**< Or the name of a text field that holds the path, set by
                                 environment or arguments; NULL: none. */
    const char *prefix;       /**< Environment variables are called PREFIX_NAME. */
    char *const *environment; /**< "PREFIX_NAME=value" texts up to a NULL, such as the system's
                                 `environ`; NULL: not read. Copied. */
    int argc;                 /**< As main has it; the first argument is not looked at. */
    char *const *argv;        /**< As main has it; copied. */
    bool keep_unknown; /**< Unknown options and further arguments are kept for others, not refused
                          (flow_options_unknown). */
} flow_option_sources;

/** What was read, with the memory that the record's texts and lists lie in. For one thread. */
typedef struct flow_options flow_options;

/**
 * Fills `record`, of `type`, whose fields are scalars or lists of them; those without a flow_option
 * stay as `base` has them, or zero. Options are called as the field is outside, with `-` for `_`:
 * `--name=value`, `--name value`, `--flag` and `--no-flag` for bools, `--no-name` for what may be
 * absent, `--name` once an item for lists; after `--` come arguments only. `record` points into
 * what is returned, and its texts are terminated. NULL with a sentence that names option, value and
 * what was expected: FLOW_INVALID for values, FLOW_TYPE for the declaration, FLOW_IO and FLOW_PARSE
 * for the file, FLOW_UNSUPPORTED for a file without the feature `json`, FLOW_MEMORY.
 */
FLOW_API flow_options *flow_options_read(const flow_type *type, const flow_option_sources *sources,
    const flow_allocator *allocator, void *record, flow_error *error);

/** Gives it back with all that the record points to; NULL is allowed. */
FLOW_API void flow_options_free(flow_options *options);

/** Whether `--help` was among the arguments: then nothing is required, and values may be wrong. */
FLOW_API bool flow_options_asked_help(const flow_options *options);

/**
 * Who set a field, by its name in the struct: "--window", "SPIKES_WINDOW", "job.json", "FILE" (an
 * argument), or NULL when nobody did and its default or `base` counts. Lent until
 * flow_options_free.
 */
FLOW_API const char *flow_options_origin(const flow_options *options, const char *field);

/** What was unknown, in order, ready to be read by another flow_options_read (as `argv + 1`).
 * Members of the file come first, as `--name=value`. Lent until flow_options_free. */
FLOW_API char *const *flow_options_unknown(const flow_options *options, int *count);

/** Appends what `--help` says: usage, then options by group with values, meaning and default.
 * `prefix` as in flow_option_sources. */
FLOW_API void flow_options_help(
    const flow_type *type, const char *program, const char *prefix, flow_buffer *out);

/** One fact about a pipeline or a step. Lent for the call that shows it. */
typedef struct flow_display {
    const char *step;  /**< Path of the step; empty: the program. */
    const char *space; /**< Namespace: name of the record, or "step" for what each step has. */
    const char *name;  /**< Outside name of the field, with those that hold it: "rule.window". */
    flow_kind kind;    /**< What the value was before it was text. */
    flow_str value;    /**< As the command line would have it; "***" where classified. */
    const char *label; /**< The help text or doc of the field, or NULL. */
} flow_display;

/** Takes one fact. */
typedef void flow_display_fn(void *user, const flow_display *item);

/** Shows each field of a record that is there, those of nested records by their path; a list is
 * shown as its items with commas between them. FLOW_MEMORY when one could not be. */
FLOW_API flow_status flow_display_record(
    const flow_type *type, const void *row, const char *step, flow_display_fn *show, void *user);

/**
 * Shows every step of a pipeline: in the namespace "step" its kind, function or combine, the field
 * that it reads or makes the key, elements, windows and lateness of its output, and what it does
 * about errors; then the fields of its configuration record, as flow_display_record does. In the
 * order of flow_pipeline_print. The options of the program are shown by flow_display_record.
 */
FLOW_API flow_status flow_pipeline_display(
    const flow_pipeline *pipeline, flow_display_fn *show, void *user);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus

/**
 * A field that is an option: in FLOW_RECORD_OF, `FLOW_OPTION(settings, window, .initial = "10m",
 * .help = "windows of so long")`.
 */
#define FLOW_OPTION(T, f, ...)                                                                     \
    {                                                                                              \
        .name = #f, .kind = FLOW_KIND_OF_(FLOW_MEMBER_(T, f)), .offset = offsetof(struct T, f),    \
        .size = sizeof(FLOW_MEMBER_(T, f)), .option = &(const flow_option)                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/** An option that may be absent: `has` is a `bool` member that tells whether it is set. */
#define FLOW_OPTION_OPTIONAL(T, f, has, ...)                                                       \
    {                                                                                              \
        .name = #f, .kind = FLOW_KIND_OF_(FLOW_MEMBER_(T, f)), .offset = offsetof(struct T, f),    \
        .size = sizeof(FLOW_MEMBER_(T, f)),                                                        \
        .presence = 1 + offsetof(struct T, has) +                                                  \
                    0 * sizeof(1 / (int)(sizeof(FLOW_MEMBER_(T, has)) == 1)),                      \
        .option = &(const flow_option)                                                             \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/** An option that may be given again, for `flow_list f`: its items are of `item_kind`. */
#define FLOW_OPTION_LIST(T, f, item_kind, ...)                                                     \
    {                                                                                              \
        .name = #f,                                                                                \
        .kind = _Generic(FLOW_MEMBER_(T, f), flow_list                                             \
                         : FLOW_KIND_LIST),                                                        \
        .offset = offsetof(struct T, f), .size = sizeof(flow_list), .item = item_kind,             \
        .option = &(const flow_option)                                                             \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

/** An option with personal data or a secret: masked in errors and display data. */
#define FLOW_OPTION_CLASSIFIED(T, f, ...)                                                          \
    {                                                                                              \
        .name = #f, .kind = FLOW_KIND_OF_(FLOW_MEMBER_(T, f)), .offset = offsetof(struct T, f),    \
        .size = sizeof(FLOW_MEMBER_(T, f)), .classified = true, .option = &(const flow_option)     \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

#endif

#endif
