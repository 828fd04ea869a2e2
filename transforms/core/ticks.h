// SPDX-License-Identifier: Apache-2.0
// Numbered elements that come by the clock: a splittable function of one element, which waits for
// the instant at which each number is due. So it follows the runner's clock, not the machine's.
#ifndef FL_CORE_TICKS_H
#define FL_CORE_TICKS_H

#include <flow/transforms.h>

// How numbers come. Their event times do not fall.
struct fl_ticks {
    const char *name; // of the composite
    int64_t from, to; // which
    bool endless;     // `to` is no end, but INT64_MAX
    // when a number may come, by the clock: from `start` on, or since the step began, so many each
    // so long. `elements` 0: at once.
    bool by_start;
    int64_t start;
    int64_t elements, each; // us
    bool skip_past;         // with `by_start`: none that was due before the step began
    int64_t lasts;          // us from the beginning, then no more; 0: for ever
    // event time: said by a function, the instant it is due at, or else the clock's
    flow_time (*time_of)(int64_t number);
};

// The numbers as flow_impulse.
flow_coll fl_ticks(flow_pipeline *pipeline, const struct fl_ticks *ticks);

#endif
