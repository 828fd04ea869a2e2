// SPDX-License-Identifier: Apache-2.0
// Several sorted runs read as one: key by key, each with its items in the order of the runs.
#ifndef FL_FUNNEL_H
#define FL_FUNNEL_H

#include "run.h"

#define FL_FUNNEL_RUNS 64u // runs that are read at once

struct fl_funnel;

// For up to `most` runs; NULL without memory. All else returns FLOW_OK, or what fl_scratch_read
// does.
struct fl_funnel *fl_funnel_new(struct fl_scratch *scratch, enum fl_key_form form, uint32_t most);
void fl_funnel_free(struct fl_funnel *funnel);

// Adds a run behind those that are there.
flow_status fl_funnel_add(struct fl_funnel *funnel, const struct fl_run *run);

// The next key; its entry is good until the one after, its items are counted. *more: there is one.
flow_status fl_funnel_next(
    struct fl_funnel *funnel, struct fl_entry *entry, uint64_t *items, bool *more);

// The next item of the key, which has one: good until the next call.
flow_status fl_funnel_item(struct fl_funnel *funnel, flow_str *item);

// The key in work: its items are given again, from the first on.
flow_status fl_funnel_rewind(struct fl_funnel *funnel);

// Keeps the place between the key in work and the next; and goes back there, with the next call of
// fl_funnel_next, as often as wanted.
flow_status fl_funnel_mark(struct fl_funnel *funnel);
void fl_funnel_back(struct fl_funnel *funnel);

#endif
