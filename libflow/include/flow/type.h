// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Records: a plain C struct whose fields are listed once, from which coder, text forms, keys and
 * checks follow.
 */
#ifndef FLOW_TYPE_H
#define FLOW_TYPE_H

#include <flow/base.h>
#include <flow/each.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a field can hold. A closed set; numbers are part of fingerprints and never change. */
typedef enum flow_kind {
    FLOW_KIND_NONE = 0,      /**< No field: the key of an unkeyed collection. */
    FLOW_KIND_BOOL = 1,      /**< `bool` */
    FLOW_KIND_I32 = 2,       /**< 32-bit signed */
    FLOW_KIND_I64 = 3,       /**< 64-bit signed */
    FLOW_KIND_U32 = 4,       /**< 32-bit unsigned */
    FLOW_KIND_U64 = 5,       /**< 64-bit unsigned */
    FLOW_KIND_F32 = 6,       /**< `float` */
    FLOW_KIND_F64 = 7,       /**< `double` */
    FLOW_KIND_STR = 8,       /**< flow_str */
    FLOW_KIND_BYTES = 9,     /**< flow_bytes */
    FLOW_KIND_TIME = 10,     /**< flow_time */
    FLOW_KIND_DURATION = 11, /**< flow_duration */
    FLOW_KIND_RECORD = 12,   /**< a nested struct, by value */
    FLOW_KIND_LIST = 13      /**< flow_list */
} flow_kind;

/** A list field: `count` items of the field's item kind, one after another at `items`. Lent like a
 * flow_str. */
typedef struct flow_list {
    const void *items; /**< First item; may be NULL when `count` is 0. */
    size_t count;      /**< Items. */
} flow_list;

typedef struct flow_type flow_type;

/** One field of a record. Zero is the default of every member after `size`. */
typedef struct flow_field {
    const char *name; /**< As written in the struct. */
    const char *as;   /**< Outside name (JSON, CSV); NULL: the same as `name`. */
    flow_kind kind;   /**< What it holds. */
    uint32_t offset;  /**< Bytes from the start of the struct. */
    uint32_t size;    /**< Bytes in the struct. */
    uint32_t
        presence; /**< 0: always there; else 1 + the offset of a `bool` that tells whether it is. */
    flow_kind item;          /**< For lists: what an item is. */
    const flow_type *record; /**< For records and lists of records: of which type. */
    bool classified; /**< Personal data: masked wherever the library itself would show it. */
    bool element;    /**< The record was made around this field: what is rejected of it is shown as
                        this alone, or as that of such fields which is there. Else no meaning. */
    const char *doc; /**< A sentence for readers, or NULL. */
    const struct flow_option
        *option; /**< How it is set from outside (`<flow/options.h>`), or NULL. */
} flow_field;

/** A record type: static, never freed. Two are equal when they are the same or say the same. */
struct flow_type {
    const char *name;         /**< The struct's tag. */
    uint32_t size;            /**< sizeof the struct. */
    uint32_t align;           /**< Its alignment. */
    uint32_t field_count;     /**< Fields in `fields`. */
    const flow_field *fields; /**< In the order of the struct. */
};

/**
 * Checks a declaration once: each field begins where the one before ended, aligned (so a forgotten
 * field is found, unless it hides in padding), kinds agree with sizes, outside names differ,
 * presence members exist, nesting is at most 8 deep, the size is at most 32 KiB. Returns FLOW_TYPE
 * and a sentence that names record and field otherwise.
 */
FLOW_API flow_status flow_type_check(const flow_type *type, flow_error *error);

/** Whether two declarations say the same: names, kinds, order, nesting and layout. */
FLOW_API bool flow_type_equal(const flow_type *a, const flow_type *b);

/** 64 bits over what a declaration means outside (outside names, kinds, optional, nesting, order),
 * not its layout. */
FLOW_API uint64_t flow_type_fingerprint(const flow_type *type);

/** The field whose struct name is `name`, or NULL. */
FLOW_API const flow_field *flow_type_field(const flow_type *type, const char *name);

/** Whether rows of the type point to bytes outside themselves (text, bytes or lists, at any depth).
 */
FLOW_API bool flow_type_has_pointers(const flow_type *type);

/** Whether any field, at any depth, holds personal data. */
FLOW_API bool flow_type_has_classified(const flow_type *type);

/** A reference to a field, as made by FLOW_FIELD; all zero means "none". */
typedef struct flow_field_ref {
    const flow_type *type; /**< The record. */
    const char *name;      /**< The field as written in the struct; NULL: the whole record. */
    uint32_t offset;       /**< Bytes from its start. */
    flow_kind kind;        /**< FLOW_KIND_RECORD for nested records and the whole. */
} flow_field_ref;

/** How many bytes a value of a scalar kind takes in a struct; 0 for records and lists. */
FLOW_API size_t flow_kind_size(flow_kind kind);

/** The name of a kind as errors show it, such as "int64". Static. */
FLOW_API const char *flow_kind_name(flow_kind kind);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus

/* Base types, not int64_t: so that `long` and `long long` both find their kind on every platform.
 */
/* clang-format off */
#define FLOW_KINDS_                                                                                \
    _Bool: FLOW_KIND_BOOL,                                                                         \
    int: FLOW_KIND_I32,                                                                            \
    unsigned: FLOW_KIND_U32,                                                                       \
    long: sizeof(long) == 8 ? FLOW_KIND_I64 : FLOW_KIND_I32,                                       \
    unsigned long: sizeof(long) == 8 ? FLOW_KIND_U64 : FLOW_KIND_U32,                              \
    long long: FLOW_KIND_I64,                                                                      \
    unsigned long long: FLOW_KIND_U64,                                                             \
    float: FLOW_KIND_F32,                                                                          \
    double: FLOW_KIND_F64,                                                                         \
    flow_str: FLOW_KIND_STR,                                                                       \
    flow_bytes: FLOW_KIND_BYTES,                                                                   \
    flow_time: FLOW_KIND_TIME,                                                                     \
    flow_duration: FLOW_KIND_DURATION
/* clang-format on */

#define FLOW_KIND_OF_(x) _Generic((x), FLOW_KINDS_)

/* The same for keys and references, where a nested record is allowed too. */
#define FLOW_KEY_KIND_OF_(x)                                                                       \
    _Generic((x), FLOW_KINDS_, flow_list : FLOW_KIND_LIST, default : FLOW_KIND_RECORD)

#define FLOW_MEMBER_(T, f) (((struct T *)0)->f)

/**
 * One row of the long form: `FLOW_COLUMN(order, id)` expands to
 * `{.name = "id", .kind = FLOW_KIND_I64, .offset = offsetof(struct order, id), .size =
 * sizeof(int64_t)}`.
 */
#define FLOW_COLUMN(T, f)                                                                          \
    {                                                                                              \
        .name = #f, .kind = FLOW_KIND_OF_(FLOW_MEMBER_(T, f)), .offset = offsetof(struct T, f),    \
        .size = sizeof(FLOW_MEMBER_(T, f))                                                         \
    }

/** FLOW_COLUMN with an outside name: `FLOW_COLUMN_AS(order, price, "px")`. */
#define FLOW_COLUMN_AS(T, f, outside)                                                              \
    {                                                                                              \
        .name = #f, .as = outside, .kind = FLOW_KIND_OF_(FLOW_MEMBER_(T, f)),                      \
        .offset = offsetof(struct T, f), .size = sizeof(FLOW_MEMBER_(T, f))                        \
    }

/** A field that may be absent; `has` is a `bool` member that tells whether it is there. */
#define FLOW_COLUMN_OPTIONAL(T, f, has)                                                            \
    {                                                                                              \
        .name = #f, .kind = FLOW_KIND_OF_(FLOW_MEMBER_(T, f)), .offset = offsetof(struct T, f),    \
        .size = sizeof(FLOW_MEMBER_(T, f)),                                                        \
        .presence =                                                                                \
            1 + offsetof(struct T, has) + 0 * sizeof(1 / (int)(sizeof(FLOW_MEMBER_(T, has)) == 1)) \
    }

/** A nested record by value: `FLOW_COLUMN_RECORD(order, address, place)` for `struct place
 * address;`. */
#define FLOW_COLUMN_RECORD(T, f, R)                                                                \
    {                                                                                              \
        .name = #f,                                                                                \
        .kind = _Generic(FLOW_MEMBER_(T, f), struct R                                              \
                         : FLOW_KIND_RECORD),                                                      \
        .offset = offsetof(struct T, f), .size = sizeof(struct R), .record = &R##_type             \
    }

/** A list of records: `FLOW_COLUMN_LIST(order, lines, order_line)` for `flow_list lines;`. */
#define FLOW_COLUMN_LIST(T, f, R)                                                                  \
    {                                                                                              \
        .name = #f,                                                                                \
        .kind = _Generic(FLOW_MEMBER_(T, f), flow_list                                             \
                         : FLOW_KIND_LIST),                                                        \
        .offset = offsetof(struct T, f), .size = sizeof(flow_list), .item = FLOW_KIND_RECORD,      \
        .record = &R##_type                                                                        \
    }

/** A list of scalars: `FLOW_COLUMN_LIST_OF(order, tags, FLOW_KIND_STR)` for `flow_list tags;`. */
#define FLOW_COLUMN_LIST_OF(T, f, item_kind)                                                       \
    {                                                                                              \
        .name = #f,                                                                                \
        .kind = _Generic(FLOW_MEMBER_(T, f), flow_list                                             \
                         : FLOW_KIND_LIST),                                                        \
        .offset = offsetof(struct T, f), .size = sizeof(flow_list), .item = item_kind              \
    }

/** A field with personal data: masked in dead letters, taps and errors. */
#define FLOW_COLUMN_CLASSIFIED(T, f)                                                               \
    {                                                                                              \
        .name = #f, .kind = FLOW_KIND_OF_(FLOW_MEMBER_(T, f)), .offset = offsetof(struct T, f),    \
        .size = sizeof(FLOW_MEMBER_(T, f)), .classified = true                                     \
    }

#define FLOW_COLUMN_COMMA_(T, f) FLOW_COLUMN(T, f),

/**
 * Declares a record in the short form: `FLOW_RECORD(reading, sensor, value, at);` after `struct
 * reading { … };` defines the constant `reading_type`. Up to 24 fields, all of scalar kinds, in the
 * order of the struct.
 */
#define FLOW_RECORD(T, ...)                                                                        \
    static const flow_field T##_fields_[] = { FLOW_EACH(FLOW_COLUMN_COMMA_, T, __VA_ARGS__) };     \
    FLOW_RECORD_TYPE_(T)

/** Declares a record in the long form: `FLOW_RECORD_OF(order, FLOW_COLUMN(order, id),
 * FLOW_COLUMN_AS(…), …);`. */
#define FLOW_RECORD_OF(T, ...)                                                                     \
    static const flow_field T##_fields_[] = { __VA_ARGS__ };                                       \
    FLOW_RECORD_TYPE_(T)

#define FLOW_RECORD_TYPE_(T)                                                                       \
    static const flow_type T##_type = {                                                            \
        .name = #T,                                                                                \
        .size = sizeof(struct T),                                                                  \
        .align = _Alignof(struct T),                                                               \
        .field_count = sizeof(T##_fields_) / sizeof(T##_fields_[0]),                               \
        .fields = T##_fields_,                                                                     \
    }

/** A reference to a field: `FLOW_FIELD(reading, sensor)`. A misspelt field is a compile error at
 * the word. */
#define FLOW_FIELD(T, f)                                                                           \
    ((flow_field_ref){                                                                             \
        &T##_type, #f, offsetof(struct T, f), FLOW_KEY_KIND_OF_(FLOW_MEMBER_(T, f)) })

/** A reference to the whole record, to use it as a key. */
#define FLOW_SELF(T) ((flow_field_ref){ &T##_type, NULL, 0, FLOW_KIND_RECORD })

#endif

#endif
