// SPDX-License-Identifier: Apache-2.0
// The records that libflow itself makes: lines of text, and what a step could not take.
#include <flow/flow.h>

static const flow_field line_fields[] = { FLOW_COLUMN(flow_line, text) };

const flow_type flow_line_type = {
    .name = "flow_line",
    .size = sizeof(struct flow_line),
    .align = _Alignof(struct flow_line),
    .field_count = 1,
    .fields = line_fields,
};

static const flow_field rejected_fields[] = {
    FLOW_COLUMN(flow_rejected, step),
    FLOW_COLUMN(flow_rejected, reason),
    FLOW_COLUMN(flow_rejected, message),
    FLOW_COLUMN(flow_rejected, at),
    FLOW_COLUMN(flow_rejected, element),
    FLOW_COLUMN(flow_rejected, sign),
};

const flow_type flow_rejected_type = {
    .name = "flow_rejected",
    .size = sizeof(struct flow_rejected),
    .align = _Alignof(struct flow_rejected),
    .field_count = 6,
    .fields = rejected_fields,
};
