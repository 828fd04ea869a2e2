// SPDX-License-Identifier: Apache-2.0
// Inside scripts: what the runner sees of them.
#ifndef FL_TEST_SCRIPT_H
#define FL_TEST_SCRIPT_H

#include <stdatomic.h>

#include <flow/test.h>

enum fl_script_what {
    FL_SCRIPT_ADD,
    FL_SCRIPT_WATERMARK,
    FL_SCRIPT_CLOCK,
    FL_SCRIPT_END,
    FL_SCRIPT_NOTHING // of a recording: a source was asked in vain
};

struct fl_script_event {
    enum fl_script_what what;
    uint32_t input;
    flow_time at;    // of the element, or the watermark
    int64_t clock;   // CLOCK: microseconds
    const void *row; // ADD: a wrapped row, and those behind it
    uint32_t rows;   // ADD: how many
    int64_t stamp;   // of a recording: when it was, by the clock
    bool replayed;   // it is of a recording, or a pause in one
};

struct fl_script_input;

struct flow_script {
    flow_pipeline *pipeline;
    struct fl_script_event *events;
    uint32_t count, room;
    uint32_t woven; // events from here to the end are of recordings; `count`: none
    uint32_t inputs;
    struct fl_script_input *last; // of the inputs
    bool simulated;               // the runner in work gives events one by one
    _Atomic uint32_t next;        // first event that was not taken
    _Atomic uint32_t allowed;     // the first that must wait
};

extern const flow_source fl_script_source;

uint32_t fl_script_number(const struct fl_script_input *input);
const flow_type *fl_script_wrapped(const struct fl_script_input *input);

// Adds the events of a recording: among those of others before it, by the clock.
void fl_script_weave(flow_script *script, const struct fl_script_event *events, uint32_t count);

// The script of a source's step.
flow_script *fl_script_of(const flow_read_options *read);

// Back to the first event; a simulated run allows one event after the other.
void fl_script_rewind(flow_script *script, bool simulated);

#endif
