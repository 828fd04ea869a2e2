// SPDX-License-Identifier: Apache-2.0
// Inside the reference for windows and triggers.
#ifndef FLOW_TEST_PANES_RULES_H
#define FLOW_TEST_PANES_RULES_H

#include "panes.h"

struct rules_part {
    bool finished, running, late;
    int64_t count, target;
};

struct rules_value {
    int64_t v;
};

// A result that was given.
struct rules_given {
    flow_window window;
    int64_t time;
    flow_pane pane;
    struct rules_value *values;
    size_t count;
};

struct rules_window {
    int64_t key;
    flow_window window;
    struct rules_part parts[FLOW_TRIGGER_NODES];
    struct rules_value *values;
    size_t count;
    bool fresh, timed, closed, gone;
    int64_t hold;      // none: behind all time
    int64_t due, wake; // timers
    uint32_t index;
    int32_t on_time_index;
    struct rules_given *given;
    size_t given_count;
};

// A grouping.
struct rules {
    const struct panes_case *test;
    bool merging;
    int64_t watermark, output, clock;
    struct rules_window **windows;
    size_t count;
    struct panes_outcome *wanted;
};

bool rules_ready(const struct rules *rules, const struct rules_window *w);
void rules_feed(const struct rules *rules, struct rules_window *w);
bool rules_fire(const struct rules *rules, struct rules_window *w); // whether it has finished
void rules_join(const struct rules *rules, struct rules_window *to,
    const struct rules_window *const *from, size_t n);

#endif
