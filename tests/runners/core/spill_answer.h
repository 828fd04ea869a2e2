// SPDX-License-Identifier: Apache-2.0
// Groupings of rows that are to spill, each of its kind.
#ifndef SPILL_ANSWER_H
#define SPILL_ANSWER_H

#include "flow_test.h"

#define SPILL_ROWS 1600 // that a key can have

enum spill_what {
    GROUP_TEXT,
    GROUP_KEPT,
    GROUP_FIRST,
    GROUP_TWICE,
    JOIN,
    COUNT,
    SUM_TEXT,
    MAX_RECORD,
    DISTINCT,
    TOP,
    GROUP_DEAD, // dead letters alone
    JOIN_DEAD,
    WHAT_COUNT,
    GROUP_ORDER = WHAT_COUNT // of one worker
};

flow_coll spill_answer(enum spill_what what, flow_coll in);

// A job that stands amid its input, whose last piece does not end, with all it grouped spilled.
struct flow_test_sim *spill_stand(
    flow_pipeline *pipeline, struct flow_test_piece *last, const struct flow_test_options *options);
void spill_leave(struct flow_test_sim *sim);

#endif
