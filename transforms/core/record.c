// SPDX-License-Identifier: Apache-2.0
// The records that the transforms of this folder make.
#include <flow/transforms.h>

#define RECORD(T, ...)                                                                             \
    static const flow_field T##_fields[] = { __VA_ARGS__ };                                        \
    const flow_type T##_type = {                                                                   \
        .name = #T,                                                                                \
        .size = sizeof(struct T),                                                                  \
        .align = _Alignof(struct T),                                                               \
        .field_count = sizeof T##_fields / sizeof T##_fields[0],                                   \
        .fields = T##_fields,                                                                      \
    }

RECORD(flow_counted, FLOW_COLUMN(flow_counted, count));
RECORD(flow_integer, FLOW_COLUMN(flow_integer, value));
RECORD(flow_number, FLOW_COLUMN(flow_number, value));
RECORD(flow_averaged, FLOW_COLUMN(flow_averaged, mean), FLOW_COLUMN(flow_averaged, count));
RECORD(flow_summary, FLOW_COLUMN(flow_summary, count), FLOW_COLUMN(flow_summary, mean),
    FLOW_COLUMN(flow_summary, deviation), FLOW_COLUMN(flow_summary, min),
    FLOW_COLUMN(flow_summary, max));
