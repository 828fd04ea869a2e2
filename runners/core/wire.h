// SPDX-License-Identifier: Apache-2.0
// Writing and reading snapshots: fixed-width little-endian numbers, counted bytes.
#ifndef FL_WIRE_H
#define FL_WIRE_H

#include <flow/evolve.h>

// The records of a step's state, in the order in which a snapshot describes them.
enum fl_stored_part {
    FL_STORED_KEY,
    FL_STORED_VALUE,
    FL_STORED_ELEMENT, // what waits there for its time
    FL_STORED_PARTS
};

// A cell of a function as it was stored.
struct fl_stored_cell {
    uint32_t at;            // which of the function's it is now
    flow_evolution *record; // NULL: it holds none
};

// How the rows of a step's state were stored; NULL where there are none.
struct fl_stored {
    const flow_allocator *allocator;
    flow_evolution *of[FL_STORED_PARTS];
    struct fl_stored_cell *cells; // in their order then
    uint32_t *timers;             // which of the function's they are now
    uint32_t cell_count, timer_count;
};

// A snapshot being read. Sticky: after a failure everything reads as 0.
struct fl_wire {
    flow_str rest;
    bool failed;
    const struct fl_stored *stored; // in a step's section
};

static inline void fl_put_word(flow_buffer *out, uint64_t word)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(word >> (8 * i));
    flow_buffer_put(out, bytes, sizeof bytes);
}

static inline void fl_put_bytes(flow_buffer *out, flow_str bytes)
{
    fl_put_word(out, bytes.len);
    flow_buffer_put(out, bytes.data, bytes.len);
}

// Room for a count that is not known yet; set it with fl_set_word.
static inline size_t fl_put_later(flow_buffer *out)
{
    fl_put_word(out, 0);
    return out->len - 8;
}

static inline void fl_set_word(flow_buffer *out, size_t at, uint64_t word)
{
    for (unsigned i = 0; !out->failed && i < 8; i++)
        out->data[at + i] = (char)(word >> (8 * i));
}

static inline uint64_t fl_get_word(struct fl_wire *wire)
{
    if (wire->failed || wire->rest.len < 8) {
        wire->failed = true;
        return 0;
    }
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++)
        word |= (uint64_t)(unsigned char)wire->rest.data[i] << (8 * i);
    wire->rest.data += 8;
    wire->rest.len -= 8;
    return word;
}

static inline flow_str fl_get_bytes(struct fl_wire *wire)
{
    flow_str bytes = { wire->rest.data, fl_get_word(wire) };
    bytes.data = wire->rest.data;
    if (wire->failed || bytes.len > wire->rest.len) {
        wire->failed = true;
        bytes.len = 0;
        return bytes;
    }
    wire->rest.data += bytes.len;
    wire->rest.len -= bytes.len;
    return bytes;
}

#endif
