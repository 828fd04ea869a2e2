// SPDX-License-Identifier: Apache-2.0
// The JSON reader's inside: plans that match members to fields, and the sentences of its errors.
#ifndef FL_JSON_H
#define FL_JSON_H

#include <yyjson.h>

#include <flow/text.h>

#include "base/arena.h"

#define FL_JSON_NO_FIELD UINT32_MAX
#define FL_JSON_PAD      16 // readable bytes past the text's copy
#define FL_JSON_KEY_MAX  48 // longer names are left to the parser and not remembered

// A field's outside name, ready to compare.
struct fl_json_name {
    const char *text;
    size_t len;
    uint64_t head; // the first eight bytes, zeros behind the end
    uint64_t mask; // which bytes of a word those are
};

// A name that is no field's, as it stood in the object before.
struct fl_json_stranger {
    struct fl_json_name name; // len 0: none yet
    char text[FL_JSON_KEY_MAX + FL_JSON_PAD];
};

// The eight bytes at `text` as a number with the first byte lowest, so that a shorter name can be
// cut off by a mask on every platform.
static inline uint64_t fl_json_word(const char *text)
{
    unsigned char bytes[sizeof(uint64_t)];
    memcpy(bytes, text, sizeof bytes);
    return (uint64_t)bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 |
           (uint64_t)bytes[3] << 24 | (uint64_t)bytes[4] << 32 | (uint64_t)bytes[5] << 40 |
           (uint64_t)bytes[6] << 48 | (uint64_t)bytes[7] << 56;
}

static inline uint64_t fl_json_mask(size_t len)
{
    return len >= sizeof(uint64_t) ? UINT64_MAX : ~(UINT64_MAX << (8 * len));
}

// How the members of objects become the fields of one record type.
struct fl_json_plan {
    struct fl_json_plan *next; // of the reader's plans
    const flow_type *type;
    struct fl_json_name *names;         // one a field
    struct fl_json_plan **records;      // one a field: the plan of its record type, or NULL
    uint32_t *slots;                    // hash table of 1 + field, 0 where empty
    unsigned slot_shift;                // 64 − log2 of their number
    uint32_t *guesses;                  // field of the i-th member of the object before
    struct fl_json_stranger *strangers; // the names of guesses that are no fields
    uint32_t guess_count;
    uint32_t *seen; // one a field: the round in which it was last read
    uint32_t round;
    uint32_t required; // fields that must be there
};

// A plan for `type` and for each record type in it; NULL without memory. `plans` is the list of
// those there are.
struct fl_json_plan *fl_json_plan_new(
    fl_arena *arena, struct fl_json_plan **plans, const flow_type *type);

// The field that member number `index` with the name `key` stands for, or FL_JSON_NO_FIELD. At
// least FL_JSON_PAD bytes after `key` are readable.
uint32_t fl_json_plan_field(struct fl_json_plan *plan, size_t index, flow_str key);

// The name that member number `index` is likely to have, and its field or FL_JSON_NO_FIELD; NULL
// where nothing is foreseen.
static inline const struct fl_json_name *fl_json_plan_guess(
    const struct fl_json_plan *plan, size_t index, uint32_t *field)
{
    if (index >= plan->guess_count)
        return NULL;
    *field = plan->guesses[index];
    if (*field != FL_JSON_NO_FIELD)
        return &plan->names[*field];
    const struct fl_json_name *name = &plan->strangers[index].name;
    return name->len ? name : NULL;
}

// Begins an object: no field is read yet. The rounds start over before they run out.
static inline uint32_t fl_json_plan_round(struct fl_json_plan *plan)
{
    if (plan->round == UINT32_MAX) {
        memset(plan->seen, 0, plan->type->field_count * sizeof *plan->seen);
        plan->round = 0;
    }
    return ++plan->round;
}

// Reads an object of the usual form without the parser. False where it is of another: the row is
// then unspecified, and nothing is said about whether the text is good.
bool fl_json_fast(struct fl_json_plan *plan, flow_str text, void *row);

// Reads by the parser alone: what flow_json_read does with all that fl_json_fast leaves.
flow_status fl_json_slow(
    flow_json *json, flow_str text, void *row, const flow_memory *memory, flow_error *error);

#define FL_JSON_NO_INDEX SIZE_MAX

// Where in a row a value goes, from the inside out.
struct fl_json_path {
    const struct fl_json_path *up;
    const flow_field *field;
    yyjson_val *key; // the member's name; NULL where it is missing
    size_t index;    // of the item, or FL_JSON_NO_INDEX
};

// One reading of a text.
struct fl_json_reading {
    flow_str text;    // as lent
    const char *copy; // what was parsed, in place
    const flow_memory *memory;
    flow_error *error;
    flow_status status; // what was raised, also where `error` is NULL
    bool raw;           // numbers are left as text
    bool again;         // the first look at a number was not enough: read again with `raw`
};

// Errors, in words. All return false.
bool fl_json_refuse_value(struct fl_json_reading *reading, const struct fl_json_path *path,
    flow_kind kind, yyjson_val *found);
bool fl_json_refuse_missing(struct fl_json_reading *reading, const struct fl_json_path *path);
bool fl_json_refuse_memory(
    struct fl_json_reading *reading, const struct fl_json_path *path, size_t size);
void fl_json_refuse_root(struct fl_json_reading *reading, yyjson_val *found);
void fl_json_refuse_text(struct fl_json_reading *reading, const yyjson_read_err *why);

#endif
