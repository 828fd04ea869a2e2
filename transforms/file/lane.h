// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What a worker's bundle brings to a sink: text in memory, and in a file without a name when it is
 * much.
 */
#ifndef FL_FILE_LANE_H
#define FL_FILE_LANE_H

#include "write.h"

/** A bundle's text. */
struct fl_lane {
    flow_buffer text; /**< What came last. */
    int spill;        /**< −1, or a file with what came before. */
    uint64_t spilled; /**< Bytes there. */
};

/** Lanes for `count` workers; NULL without memory. */
struct fl_lane *fl_lanes_new(uint32_t count, const flow_allocator *allocator);

/** Gives them back; NULL is allowed. */
void fl_lanes_free(struct fl_lane *lanes, uint32_t count);

/** Moves the text into a file beside that of `output`. */
flow_status fl_lane_spill(struct fl_lane *lane, const struct fl_output *output, flow_error *error);

/** Forgets all: the bundle has ended. */
void fl_lane_forget(struct fl_lane *lane);

#endif
