// SPDX-License-Identifier: Apache-2.0
// What the files of this folder share: walking the parts of a trigger, and its state by part.
#ifndef FL_TRIGGER_H
#define FL_TRIGGER_H

#include <flow/runner.h>

// `count` of a trigger that could not be made; the kind of its first node is then the reason.
#define FL_TRIGGER_INVALID 255

enum fl_trigger_fault {
    FL_FAULT_LARGE = 1, // more than FLOW_TRIGGER_NODES parts
    FL_FAULT_STEPS = 2, // flow_trigger_then of what is no clock trigger
    FL_FAULT_EMPTY = 3  // a composite without a part
};

// Parts of EARLY_LATE, as bits of flow_trigger_node.parts.
#define FL_EARLY 1
#define FL_LATE  2

// A trigger at work: parts are numbered as in `trigger->nodes`.
typedef struct fl_firing {
    const flow_trigger *trigger;
    flow_trigger_state *state;
    const flow_trigger_clocks *clocks;
} fl_firing;

static inline const flow_trigger_node *fl_node(const flow_trigger *trigger, uint32_t i)
{
    return &trigger->nodes[i];
}

// The first number after a part and all under it: the next part beside it, or its parent's end.
static inline uint32_t fl_after(const flow_trigger *trigger, uint32_t i)
{
    return i + trigger->nodes[i].span;
}

// The parts under EARLY_LATE by number; 0 where it has none, since 0 is under nobody.
static inline uint32_t fl_early(const flow_trigger *trigger, uint32_t i)
{
    return trigger->nodes[i].parts & FL_EARLY ? i + 1 : 0;
}

static inline uint32_t fl_late(const flow_trigger *trigger, uint32_t i)
{
    if (!(trigger->nodes[i].parts & FL_LATE))
        return 0;
    return trigger->nodes[i].parts & FL_EARLY ? fl_after(trigger, i + 1) : i + 1;
}

static inline bool fl_bit(uint32_t bits, uint32_t i)
{
    return bits >> i & 1;
}

static inline void fl_bit_set(uint32_t *bits, uint32_t i, bool value)
{
    const uint32_t bit = UINT32_C(1) << i;
    *bits = value ? *bits | bit : *bits & ~bit;
}

// R33: the watermark has passed the window's last instant.
static inline bool fl_end_reached(const flow_trigger_clocks *clocks)
{
    return clocks->watermark.us > flow_window_last_instant(clocks->window).us;
}

// The part of a trigger as a trigger of its own.
flow_trigger fl_trigger_part(const flow_trigger *trigger, uint32_t i);

#endif
