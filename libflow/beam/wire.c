// SPDX-License-Identifier: Apache-2.0
// The numbers, times and panes of Beam's wire.
#include "beam/beam.h"
#include "type/text.h"

#define VARINT_MAX 10 // bytes
#define SHIFT      (UINT64_C(1) << 63)

void fl_beam_fail(struct fl_beam *beam, flow_status status, const char *why)
{
    if (!beam->why) {
        beam->why = why;
        beam->status = status;
    }
    beam->rest.len = 0;
}

void *fl_beam_take(struct fl_beam *beam, size_t size)
{
    void *memory = fl_memory_take(beam->memory, size ? size : 1);
    if (memory)
        memset(memory, 0, size);
    else
        fl_beam_fail(beam, FLOW_MEMORY, "there is no memory for it");
    return memory;
}

uint64_t fl_beam_varint(struct fl_beam *beam)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < VARINT_MAX; i++) {
        if (i == beam->rest.len) {
            fl_beam_fail(beam, FLOW_PARSE, "the bytes end too early");
            return 0;
        }
        const unsigned char byte = (unsigned char)beam->rest.data[i];
        if (i == VARINT_MAX - 1 && byte > 1)
            break;
        sum |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte < 0x80) {
            beam->rest.data += i + 1;
            beam->rest.len -= i + 1;
            return sum;
        }
    }
    fl_beam_fail(beam, FLOW_PARSE, "a number has more than 64 bits");
    return 0;
}

uint64_t fl_beam_fixed(struct fl_beam *beam, unsigned size)
{
    uint64_t bits = 0;
    const flow_str bytes = fl_beam_bytes(beam, size);
    for (size_t i = 0; i < bytes.len; i++)
        bits = bits << 8 | (unsigned char)bytes.data[i];
    return bits;
}

bool fl_beam_bool(struct fl_beam *beam)
{
    const uint64_t byte = fl_beam_fixed(beam, 1);
    if (byte > 1)
        fl_beam_fail(beam, FLOW_PARSE, "a bool is neither 0 nor 1");
    return byte == 1;
}

flow_str fl_beam_bytes(struct fl_beam *beam, size_t len)
{
    if (len > beam->rest.len) {
        fl_beam_fail(beam, FLOW_PARSE, "the bytes end too early");
        return (flow_str){ NULL, 0 };
    }
    const flow_str bytes = { beam->rest.data, len };
    if (len) {
        beam->rest.data += len;
        beam->rest.len -= len;
    }
    return bytes;
}

bool fl_is_utf8(flow_str text)
{
    const char *at = text.data, *const end = text.len ? at + text.len : at;
    while (at < end) {
        const size_t len = flow_utf8_len(at, end);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

flow_str fl_beam_text(struct fl_beam *beam, size_t len)
{
    const flow_str text = fl_beam_bytes(beam, len);
    if (!fl_is_utf8(text)) {
        fl_beam_fail(beam, FLOW_PARSE, "a text is not UTF-8");
        return (flow_str){ NULL, 0 };
    }
    return text;
}

size_t fl_beam_len(struct fl_beam *beam)
{
    const uint64_t len = fl_beam_varint(beam);
    if (len <= beam->rest.len)
        return (size_t)len;
    fl_beam_fail(beam, FLOW_PARSE, "a length is more than the bytes that are left");
    return 0;
}

int32_t fl_beam_int32(struct fl_beam *beam)
{
    const uint64_t number = fl_beam_varint(beam);
    if (number > UINT32_MAX && number < (uint64_t)INT32_MIN)
        fl_beam_fail(beam, FLOW_PARSE, "a number has more than 32 bits");
    const uint32_t bits = (uint32_t)number;
    int32_t value;
    memcpy(&value, &bits, sizeof value);
    return beam->why ? 0 : value;
}

flow_time fl_beam_time(struct fl_beam *beam)
{
    const uint64_t bits = fl_beam_fixed(beam, 8) ^ SHIFT;
    int64_t millis;
    memcpy(&millis, &bits, sizeof millis);
    if (!beam->why && (millis < -FL_BEAM_MILLIS || millis > FL_BEAM_MILLIS))
        fl_beam_fail(beam, FLOW_PARSE, "a time is out of range");
    return (flow_time){ beam->why ? 0 : millis * 1000 };
}

uint32_t fl_beam_count(struct fl_beam *beam, size_t least)
{
    const uint64_t count = fl_beam_fixed(beam, 4);
    if (count > INT32_MAX)
        fl_beam_fail(beam, FLOW_PARSE, "a count is negative");
    else if (count > (least ? beam->rest.len / least : FL_BEAM_UNSIZED_MAX))
        fl_beam_fail(beam, FLOW_PARSE, "a count is more than the bytes that are left");
    return beam->why ? 0 : (uint32_t)count;
}

flow_pane fl_beam_pane(struct fl_beam *beam)
{
    const unsigned byte = (unsigned)fl_beam_fixed(beam, 1);
    flow_pane pane = {
        .timing = (flow_timing)(byte >> 2 & 3), .first = (byte & 1) != 0, .last = (byte & 2) != 0
    };
    const unsigned form = byte >> 4 & 7;
    uint64_t numbers[2] = { 0, 0 };
    if (byte >= 0x80)
        fl_beam_fail(beam, FLOW_UNSUPPORTED, "a pane has element metadata, which is not read here");
    else if (form > 2)
        fl_beam_fail(beam, FLOW_PARSE, "a pane is of a form that does not exist");
    for (unsigned i = 0; i < form && !beam->why; i++)
        numbers[i] = fl_beam_varint(beam);
    const bool early = pane.timing == FLOW_TIMING_EARLY;
    if (form == 1)
        numbers[1] = early ? UINT64_MAX : numbers[0];
    if (numbers[0] > UINT32_MAX || (numbers[1] > INT32_MAX && numbers[1] != UINT64_MAX))
        fl_beam_fail(beam, FLOW_PARSE, "the index of a pane is too large");
    if (beam->why)
        return (flow_pane){ 0 };
    pane.index = (uint32_t)numbers[0];
    pane.on_time_index = numbers[1] == UINT64_MAX ? -1 : (int32_t)numbers[1];
    return pane;
}

void fl_beam_put_varint(flow_buffer *out, uint64_t number)
{
    char bytes[VARINT_MAX];
    unsigned len = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[len++] = (char)(unsigned char)(number | 0x80);
    bytes[len++] = (char)(unsigned char)number;
    flow_buffer_put(out, bytes, len);
}

void fl_beam_put_fixed(flow_buffer *out, uint64_t bits, unsigned size)
{
    char *to = flow_buffer_add(out, size);
    for (unsigned i = 0; to && i < size; i++)
        to[i] = (char)(unsigned char)(bits >> (8 * (size - 1 - i)));
}

void fl_beam_put_bytes(flow_buffer *out, const void *data, size_t len)
{
    fl_beam_put_varint(out, len);
    flow_buffer_put(out, data, len);
}

void fl_beam_put_time(flow_buffer *out, flow_time at)
{
    fl_beam_put_fixed(out, (uint64_t)flow_floor_div(at.us, 1000) ^ SHIFT, 8);
}

void fl_beam_put_pane(flow_buffer *out, const flow_pane *pane)
{
    const bool early = pane->timing == FLOW_TIMING_EARLY;
    const bool none =
        (pane->index == 0 && pane->on_time_index == 0) || pane->timing == FLOW_TIMING_UNKNOWN;
    const bool one = early || (int64_t)pane->index == pane->on_time_index;
    const unsigned form = none ? 0 : one ? 1 : 2;
    fl_beam_put_fixed(
        out, form << 4 | (unsigned)pane->timing << 2 | (unsigned)pane->last << 1 | pane->first, 1);
    if (form >= 1)
        fl_beam_put_varint(out, pane->index);
    if (form == 2)
        fl_beam_put_varint(out, (uint64_t)(int64_t)pane->on_time_index);
}
