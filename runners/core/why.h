// SPDX-License-Identifier: Apache-2.0
// Inside the answer to "why has this window not fired?": what each kind of step tells of the
// windows of a key. While the worker stands still.
#ifndef FL_WHY_H
#define FL_WHY_H

#include "explain.h"

struct fl_why {
    struct fl_op *op; // of the worker that has the key
    struct fl_one_key key;
    const flow_window *only; // NULL: all windows
    flow_buffer *out;
    uint32_t told; // windows
};

// Begins the line of a window, unless it is not asked for: where the watermark stands to its end.
bool fl_why_begin(struct fl_why *why, flow_window window);

// Until when it is kept, and the end of its line.
void fl_why_end(struct fl_why *why, flow_window window);

// "1 element", "3 elements".
void fl_why_count(flow_buffer *out, uint64_t count, const char *what);

// What a combine has so far.
void fl_why_acc(struct fl_why *why, const void *acc);

// What a slice has of the key, or NULL.
void *fl_why_find(const struct fl_why *why, const struct fl_slice *slice);

// The live windows of the key, as fl_live_find has them.
uintptr_t fl_why_find_lives(const struct fl_why *why);

void fl_why_lives(struct fl_why *why);
void fl_why_slices(struct fl_why *why);
void fl_why_state(struct fl_why *why);

#endif
