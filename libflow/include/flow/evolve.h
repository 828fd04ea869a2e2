// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Records that change while their rows are stored: a description of a type travels with its rows,
 * and rows of an older type become rows of a newer one. For who keeps rows beyond a run.
 */
#ifndef FLOW_EVOLVE_H
#define FLOW_EVOLVE_H

#include <flow/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Appends a description of what flow_encode writes for `type`: per field the outside name, kind,
 * item kind, whether it is optional, and nested records in full. Any thread.
 */
FLOW_API void flow_type_describe(const flow_type *type, flow_buffer *out);

/** How rows that were stored become rows of today's type. For one thread at a time. */
typedef struct flow_evolution flow_evolution;

/** Which changes are allowed. */
typedef enum flow_evolution_rule {
    FLOW_EVOLVE_COMPATIBLE = 0, /**< See flow_evolution_new. */
    FLOW_EVOLVE_NEVER = 1       /**< None: the binary form must mean the same (keys, R21). */
} flow_evolution_rule;

/**
 * From a description that flow_type_describe wrote to `type`, which must stay where it is. Fields
 * are matched by their outside names. A field may move, become optional, or be widened (int32 to
 * int64, uint32 to uint64 or int64, float to double); a new field must be optional, and is absent
 * in old rows. NULL with a sentence that says every other difference: FLOW_TYPE, as `record "sale":
 * field "price" is a double in the snapshot and an int32 in the program`; FLOW_PARSE when
 * `description` is none; FLOW_MEMORY.
 */
FLOW_API flow_evolution *flow_evolution_new(flow_str description, const flow_type *type,
    flow_evolution_rule rule, const flow_allocator *allocator, flow_error *error);

/** Gives it back; NULL is allowed. */
FLOW_API void flow_evolution_free(flow_evolution *evolution);

/** Whether the binary form has not changed, so that flow_decode reads it as well. */
FLOW_API bool flow_evolution_same(const flow_evolution *evolution);

/**
 * Reads one row in its stored binary form off the front of `from` into a row of today's type, as
 * flow_decode does: text points into `from`'s bytes, lists are taken from `memory`.
 */
FLOW_API flow_status flow_evolution_decode(flow_evolution *evolution, flow_str *from, void *row,
    const flow_memory *memory, flow_error *error);

#ifdef __cplusplus
}
#endif

#endif
