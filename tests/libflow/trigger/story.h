// SPDX-License-Identifier: Apache-2.0
// A window's life in one line of words, each with what must hold after it:
//   e     an element        e5    five of them
//   w12   the watermark     n12   the clock        s12   the synchronized clock
//   .     does not fire     !     fires, and goes on     !#    fires, and has finished
// The window is [0, 10); all clocks begin at 0, and the synchronized one goes with `n`.
#ifndef FLOW_TRIGGER_STORY_H
#define FLOW_TRIGGER_STORY_H

#include <check.h>

#include <flow/flow.h>
#include <flow/runner.h>

typedef struct story {
    flow_trigger trigger;
    flow_trigger_state state;
    flow_trigger_clocks clocks;
} story;

// A window without elements.
story story_new(flow_trigger trigger, bool merging);

// Plays a line on.
void story_play(story *story, const char *line);

// Plays a line in a window that does not merge.
void story_tell(flow_trigger trigger, const char *line);

// Windows become one that ends at `end`; the clocks are those of the first.
story story_merge(const story *windows, uint32_t count, int64_t end);

// `n` microseconds, and a delay of them.
flow_trigger after(int64_t us);

#endif
