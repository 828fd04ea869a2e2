// SPDX-License-Identifier: Apache-2.0
// Pane info as bytes, as Beam's coder has it (R51): one byte of flags and form, then the indexes
// that the form does not imply.
#include <flow/runner.h>

enum form {
    BOTH_ZERO = 0, // or not known
    ONE_INDEX = 1, // early, or both are equal
    TWO_INDEXES = 2
};

static unsigned char *put_varint(unsigned char *to, uint64_t number)
{
    for (; number >= 128; number >>= 7)
        *to++ = (unsigned char)(number | 128);
    *to++ = (unsigned char)number;
    return to;
}

static enum form form_of(const flow_pane *pane)
{
    if (pane->timing == FLOW_TIMING_UNKNOWN || (pane->index == 0 && pane->on_time_index == 0))
        return BOTH_ZERO;
    if (pane->timing == FLOW_TIMING_EARLY || (int64_t)pane->index == pane->on_time_index)
        return ONE_INDEX;
    return TWO_INDEXES;
}

size_t flow_pane_write(const flow_pane *pane, void *bytes)
{
    const enum form form = form_of(pane);
    unsigned char *to = bytes;
    *to++ = (unsigned char)((pane->first ? 1u : 0u) | (pane->last ? 2u : 0u) |
                            (unsigned)pane->timing << 2 | (unsigned)form << 4);
    if (form != BOTH_ZERO)
        to = put_varint(to, pane->index);
    if (form == TWO_INDEXES) // −1 as Beam writes it: 64 bits, two's complement
        to = put_varint(to, (uint64_t)(int64_t)pane->on_time_index);
    return (size_t)(to - (unsigned char *)bytes);
}

static bool read_varint(flow_bytes *bytes, uint64_t *number)
{
    const unsigned char *at = bytes->data;
    uint64_t value = 0;
    for (size_t i = 0; i < bytes->len && i < 10; i++) {
        value |= (uint64_t)(at[i] & 127) << (7 * i);
        if (at[i] & 128)
            continue;
        *number = value;
        *bytes = (flow_bytes){ at + i + 1, bytes->len - i - 1 };
        return i < 9 || at[i] < 2;
    }
    return false;
}

bool flow_pane_read(flow_bytes *bytes, flow_pane *pane)
{
    flow_bytes rest = *bytes;
    uint64_t index = 0, on_time = 0;
    if (rest.len == 0)
        return false;
    const unsigned flags = *(const unsigned char *)rest.data;
    const unsigned form = flags >> 4;
    rest = (flow_bytes){ (const char *)rest.data + 1, rest.len - 1 };
    const flow_timing timing = (flow_timing)(flags >> 2 & 3);
    if (form > TWO_INDEXES || (form != BOTH_ZERO && timing == FLOW_TIMING_UNKNOWN) ||
        (form != BOTH_ZERO && !read_varint(&rest, &index)))
        return false;
    on_time = timing == FLOW_TIMING_EARLY ? UINT64_MAX : index;
    if (form == TWO_INDEXES && !read_varint(&rest, &on_time))
        return false;
    if (timing == FLOW_TIMING_EARLY && on_time != UINT64_MAX)
        return false;
    if (index > UINT32_MAX || (on_time > INT32_MAX && on_time != UINT64_MAX))
        return false;
    *pane = (flow_pane){ .timing = timing,
        .first = flags & 1,
        .last = flags >> 1 & 1,
        .index = (uint32_t)index,
        .on_time_index = on_time == UINT64_MAX ? -1 : (int32_t)on_time };
    *bytes = rest;
    return true;
}
