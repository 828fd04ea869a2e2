// SPDX-License-Identifier: Apache-2.0
// What the bytes of a step's state mean, beside its records: kind of step, of key, windows.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "snapshot.h"

// How windows give results, as far as their state depends on it.
static uint64_t triggering(const flow_edge *edge)
{
    const flow_triggering *how = edge->triggering;
    uint64_t words[3 + 4 * FLOW_TRIGGER_NODES];
    size_t n = 0;
    if (!how)
        return 0;
    words[n++] = (uint64_t)how->accumulation;
    words[n++] = (uint64_t)how->output_time;
    words[n++] = how->trigger.count;
    for (uint32_t i = 0; i < how->trigger.count; i++) {
        const flow_trigger_node *node = &how->trigger.nodes[i];
        words[n++] = node->kind;
        words[n++] = node->parts;
        words[n++] = (uint64_t)node->value;
        words[n++] = (uint64_t)node->offset;
    }
    return XXH3_64bits(words, n * sizeof words[0]);
}

bool fl_has_cells(const struct fl_plan_op *plan)
{
    return plan->kind == FL_OP_STATEFUL && plan->node->fn->form == FLOW_FORM_CELLS;
}

// What windows depend on that fixed and sliding ones do not have.
static uint64_t cut_further(const flow_windows *windows)
{
    const char *name = windows->fn ? windows->fn->name : windows->zone ? windows->zone : "";
    const uint64_t words[] = { (uint64_t)windows->max_length.us, windows->gap.offset,
        (uint64_t)windows->unit, windows->units, windows->month, windows->day,
        XXH3_64bits(name, strlen(name)) };
    return XXH3_64bits(words, sizeof words);
}

uint64_t fl_meaning(const struct fl_plan_op *plan)
{
    const flow_windows *windows = &plan->in->windows;
    const uint64_t words[] = { (uint64_t)plan->kind, (uint64_t)plan->shape.key,
        (uint64_t)windows->kind, (uint64_t)windows->size.us, (uint64_t)windows->every.us,
        (uint64_t)windows->offset.us, plan->in->merged, triggering(plan->in), fl_has_cells(plan) };
    const uint64_t sum = XXH3_64bits(words, sizeof words);
    return windows->kind > FLOW_WINDOW_SLIDING ? sum ^ cut_further(windows) : sum;
}
