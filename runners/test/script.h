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
    FL_SCRIPT_END
};

struct fl_script_event {
    enum fl_script_what what;
    uint32_t input;
    flow_time at;    // of the element, or the watermark
    int64_t clock;   // CLOCK: microseconds
    const void *row; // ADD: a wrapped row
};

struct fl_script_input;

struct flow_script {
    flow_pipeline *pipeline;
    struct fl_script_event *events;
    uint32_t count, room;
    uint32_t inputs;
    struct fl_script_input *last; // of the inputs
    bool simulated;               // the runner in work gives events one by one
    _Atomic uint32_t next;        // first event that was not taken
    _Atomic uint32_t allowed;     // the first that must wait
};

extern const flow_source fl_script_source;

// The script of a source's step.
flow_script *fl_script_of(const flow_read_options *read);

// Back to the first event; a simulated run allows one event after the other.
void fl_script_rewind(flow_script *script, bool simulated);

#endif
