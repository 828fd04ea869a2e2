// SPDX-License-Identifier: Apache-2.0
// The record that is read: its fields have the names that the user's file gives them.
#include "job.h"

static flow_field event_fields[] = {
    FLOW_COLUMN(event, at),
    FLOW_COLUMN(event, product),
    FLOW_COLUMN_OPTIONAL(event, kind, has_kind),
    FLOW_COLUMN_OPTIONAL(event, session, has_session),
};

const flow_type event_type = {
    .name = "event",
    .size = sizeof(struct event),
    .align = _Alignof(struct event),
    .field_count = sizeof event_fields / sizeof event_fields[0],
    .fields = event_fields,
};

void event_names(const char *at, const char *product, const char *kind, const char *session)
{
    const char *const names[] = { at, product, kind, session };
    for (size_t i = 0; i < event_type.field_count; i++) {
        if (names[i])
            event_fields[i].as = names[i];
    }
}
