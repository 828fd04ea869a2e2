// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Transforms of records by the names of their fields, without a function of one's own: select,
 * rename, cast, add, drop, convert, filter, unnest, aggregate, join. The records they make are made
 * while the pipeline is built; flow_convert turns them into a struct of yours. Paths such as
 * "address.city" reach into nested records. Results are unkeyed.
 */
#ifndef FLOW_FIELDS_H
#define FLOW_FIELDS_H

#include <flow/flow.h>
#include <flow/join.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A field that is to be made: of a field, or a constant. Zero is the default of members. */
typedef struct flow_column {
    const char *from; /**< Path of the field it is made of; NULL: it is a constant. */
    const char *as;   /**< Its name; NULL: the last part of `from`. */
    /** Its kind; NONE: that of `from`. Whole numbers, floats, bools, and their text turn into each
     * other; times and durations into int64 (microseconds) and text. A value that does not fit
     * exactly fails the element, but floats may lose digits to each other. */
    flow_kind to;
    const char *value; /**< The constant as text, of kind `to`. */
} flow_column;

/** flow_select, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_select_sized(flow_coll in, const flow_column *columns, size_t count,
    const flow_do_options *options, size_t size);

/** Records of just these columns, in this order. A field that may be absent stays so. `options` may
 * be NULL. */
static inline flow_coll flow_select(
    flow_coll in, const flow_column *columns, size_t count, const flow_do_options *options)
{
    return flow_select_sized(in, columns, count, options, sizeof *options);
}

/** flow_with_fields, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_with_fields_sized(flow_coll in, const flow_column *columns, size_t count,
    const flow_do_options *options, size_t size);

/** All fields of the input, changed in their places where a column is made of them (renamed, cast),
 * then the columns that are constants or made of nested fields. `options` may be NULL. */
static inline flow_coll flow_with_fields(
    flow_coll in, const flow_column *columns, size_t count, const flow_do_options *options)
{
    return flow_with_fields_sized(in, columns, count, options, sizeof *options);
}

/** All fields of the input but these. */
FLOW_API flow_coll flow_drop_fields(flow_coll in, const char *const *names, size_t count);

/** flow_convert, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_convert_sized(
    flow_coll in, const flow_type *type, const flow_do_options *options, size_t size);

/**
 * Elements as a struct of yours: each of its fields is the input's field of that name, cast as
 * flow_column says. Fields of the input that it has not are left out; one that the input has not is
 * refused unless it is optional: then it is absent. A field that is absent where `type` wants it
 * fails the element. `options` may be NULL.
 */
static inline flow_coll flow_convert(
    flow_coll in, const flow_type *type, const flow_do_options *options)
{
    return flow_convert_sized(in, type, options, sizeof *options);
}

/** How a field is compared. */
typedef enum flow_comparison {
    FLOW_EQUAL = 1,      /**< As the constant; all NaN are equal. */
    FLOW_NOT_EQUAL = 2,  /**< Unlike it. */
    FLOW_BELOW = 3,      /**< Less than it; text by its bytes. */
    FLOW_AT_MOST = 4,    /**< Not more. */
    FLOW_ABOVE = 5,      /**< More. */
    FLOW_AT_LEAST = 6,   /**< Not less. */
    FLOW_IS_PRESENT = 7, /**< It is there; without a constant. */
    FLOW_IS_ABSENT = 8   /**< It is not. */
} flow_comparison;

/** What is asked of a field. One that is absent meets FLOW_IS_ABSENT alone. */
typedef struct flow_condition {
    const char *field;  /**< Its path; all kinds but records and lists. */
    flow_comparison is; /**< How it is compared. */
    const char *value;  /**< With what, as text: durations as flow_duration_parse or in
                           microseconds, bytes as base64, all else as in CSV. */
} flow_condition;

/** The elements that meet all conditions. Keyed as its input. `name` may be NULL: "where". */
FLOW_API flow_coll flow_where(
    flow_coll in, const flow_condition *conditions, size_t count, const char *name);

/** A condition of a rule, as data: an item of a list in the rule's record. */
struct flow_rule_condition {
    flow_str field; /**< Path of a field of the elements. */
    flow_str is;    /**< "=", "!=", "<", "<=", ">", ">=", "present" or "absent". */
    flow_str value; /**< With what, as text. */
    int64_t either; /**< Conditions of one number must all be met; one number is enough. */
};

/** Type of flow_rule_condition. */
FLOW_API extern const flow_type flow_rule_condition_type;

/** Options of flow_rules_of. */
typedef struct flow_rules_options {
    const char *name;          /**< Name of the composite; NULL: "rules". */
    flow_field_ref by;         /**< The field that tells rules apart; required. */
    flow_field_ref conditions; /**< Their list of flow_rule_condition; none: a rule is tried on
                                  every element. */
    flow_field_ref off;        /**< A bool: true takes the rule away. None: none ever is. */
    bool as_of; /**< Elements meet the rules of their event time, for which they wait; else the
                   newest that their bundle knows. */
    flow_on_error on_error; /**< For rules whose conditions cannot be. */
} flow_rules_options;

/** Rules that change: what flow_apply_rules looks into. */
typedef struct flow_rules {
    flow_view view;                     /**< The set. */
    flow_coll checked;                  /**< Rules that can be; its flow_dead_letters has others. */
    const struct flow_rules_made *made; /**< The library's. */
} flow_rules;

/** flow_rules_of, told how large the caller's idea of the options is. */
FLOW_API flow_rules flow_rules_of_sized(
    flow_coll rules, const flow_type *element, const flow_rules_options *options, size_t size);

/**
 * Rules for elements of a type out of a collection of changes: each is a whole rule, which replaces
 * the one of its name from its event time on. Changes come in the global window, as a stream.
 * State: all rules, in one place; each change sends all of them to every worker, so they may be
 * thousands.
 */
static inline flow_rules flow_rules_of(
    flow_coll rules, const flow_type *element, const flow_rules_options *options)
{
    return flow_rules_of_sized(rules, element, options, sizeof *options);
}

/** What is done when a rule's conditions are met: static, made by FLOW_RULE_FN or by hand. */
typedef struct flow_rule_fn {
    flow_fn fn;            /**< Input and outputs; the rest is filled while building. */
    const flow_type *rule; /**< The record of rules. */
    /** Looks closer, and emits what comes of it. */
    flow_status (*matched)(flow_ctx *ctx, const void *rule, const void *element);
} flow_rule_fn;

/** flow_apply_rules, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_apply_rules_sized(flow_coll in, flow_rules rules, const flow_rule_fn *fn,
    const flow_do_options *options, size_t size);

/**
 * Holds each element against all rules, and calls the function for those whose conditions it meets.
 * All elements of a bundle see the same rules (but with `as_of`). Elements wait until there is a
 * first rule, or the rules have ended. `options` may be NULL.
 */
static inline flow_coll flow_apply_rules(
    flow_coll in, flow_rules rules, const flow_rule_fn *fn, const flow_do_options *options)
{
    return flow_apply_rules_sized(in, rules, fn, options, sizeof *options);
}

#ifndef __cplusplus
/** `flow_status fn(flow_ctx *, const struct RULE *, const struct IN *)`, then its outputs: defines
 * `fn_rule`. */
#define FLOW_RULE_FN(fn_, RULE, IN, ...)                                                           \
    FLOW_MUST_BE_(&fn_, flow_status (*)(flow_ctx *, const struct RULE *, const struct IN *),       \
        #fn_ " must be: flow_status " #fn_ "(flow_ctx *, const struct " #RULE                      \
             " *, const struct " #IN " *)");                                                       \
    static flow_status fn_##_matched_(flow_ctx *ctx, const void *rule, const void *element)        \
    {                                                                                              \
        return fn_(ctx, (const struct RULE *)rule, (const struct IN *)element);                    \
    }                                                                                              \
    FLOW_OUTS_(fn_, __VA_ARGS__);                                                                  \
    static const flow_rule_fn fn_##_rule = {                                                       \
        .fn = { .name = #fn_, .in = &IN##_type, FLOW_OUTS_OF_(fn_) },                              \
        .rule = &RULE##_type,                                                                      \
        .matched = fn_##_matched_                                                                  \
    }
#endif

/**
 * An element for each item of a list: the element's other fields, then the item's, or the item
 * under the list's name when it is no record. An empty or absent list gives none. Names that both
 * have are refused.
 */
FLOW_API flow_coll flow_unnest(flow_coll in, const char *list);

/** What is made of a field over all elements of a group. */
typedef enum flow_aggregation {
    FLOW_COUNT_OF = 1, /**< How many elements have it (all, without a field): int64. */
    FLOW_SUM_OF = 2,   /**< Sum: int64 of whole numbers and durations (a sum outside 64 bits fails
                          the step), double of floats. */
    FLOW_MIN_OF = 3,   /**< The smallest, of its kind: all but records and lists. */
    FLOW_MAX_OF = 4,   /**< The largest. */
    FLOW_MEAN_OF = 5   /**< The mean: double. */
} flow_aggregation;

/** A field of an aggregate's result. */
typedef struct flow_aggregate_field {
    flow_aggregation make; /**< What is made. */
    const char *of;        /**< Path of the field; NULL: FLOW_COUNT_OF all. */
    const char *as;        /**< Its name; required. */
} flow_aggregate_field;

/** By what elements are grouped, and what is made of each group. */
typedef struct flow_aggregate_options {
    const char *name;                   /**< Name of the composite; NULL: "aggregate". */
    const char *const *by;              /**< Paths of the fields that make a group. */
    size_t by_count;                    /**< How many; 0: all elements are one group. */
    const flow_aggregate_field *fields; /**< What is made. */
    size_t field_count;                 /**< How many, 1 to 64. */
    flow_on_error on_error; /**< For groups with a sum that does not fit: they are rejected with
                               their fields and what was added up. */
} flow_aggregate_options;

/** flow_aggregate, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_aggregate_sized(
    flow_coll in, const flow_aggregate_options *options, size_t size);

/**
 * One element per group and window: the fields that make the group, then what was made. Sums,
 * minima, maxima and means are absent where no element of the group has the field. Lifting and
 * triggers as for flow_combine.
 */
static inline flow_coll flow_aggregate(flow_coll in, const flow_aggregate_options *options)
{
    return flow_aggregate_sized(in, options, sizeof *options);
}

/** What is joined by which fields. */
typedef struct flow_join_fields_options {
    const char *name;            /**< Name of the composite; NULL: "join_fields". */
    flow_join_kind kind;         /**< Which rows without a partner are given. */
    const char *const *left_by;  /**< Paths of fields of the left. */
    const char *const *right_by; /**< Those of the right that they must equal; NULL: the same. */
    size_t by_count;             /**< How many, at least 1. */
    const char *right_prefix;    /**< Put before names of the right that the left has too; NULL:
                                    "right_". */
} flow_join_fields_options;

/** flow_join_fields, told how large the caller's idea of the options is. */
FLOW_API flow_coll flow_join_fields_sized(
    flow_sides sides, const flow_join_fields_options *options, size_t size);

/** Pairs whose fields are equal, in one window: the fields of the left, then those of the right,
 * all optional of a side that may lack a partner. As flow_join else. */
static inline flow_coll flow_join_fields(flow_sides sides, const flow_join_fields_options *options)
{
    return flow_join_fields_sized(sides, options, sizeof *options);
}

#ifdef __cplusplus
}
#endif

#endif
