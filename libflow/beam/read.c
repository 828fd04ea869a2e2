// SPDX-License-Identifier: Apache-2.0
// Values out of the bytes of Beam's standard coders.
#include "beam/beam.h"

// One value being read.
struct reading {
    struct fl_beam beam;
    flow_coder_input *in;
    flow_coder_kind kind; // the coder at work, for errors
};

static void read_value(struct reading *reading, const flow_coder *coder, bool nested, void *value);

static size_t text_len(struct reading *reading, bool nested)
{
    return nested ? fl_beam_len(&reading->beam) : reading->beam.rest.len;
}

static void read_many(struct reading *reading, const flow_coder *item, char *items, size_t count)
{
    const size_t size = flow_coder_size(item, NULL);
    for (size_t i = 0; i < count && !reading->beam.why; i++)
        read_value(reading, item, true, items + i * size);
}

// Room for so many more items behind those there are.
static char *add_items(
    struct reading *reading, const flow_coder *item, flow_list *list, size_t *room, size_t count)
{
    const size_t size = flow_coder_size(item, NULL);
    char *items = (char *)(uintptr_t)list->items;
    if (list->count + count > *room) {
        *room = 2 * (list->count + count);
        char *more = fl_beam_take(&reading->beam, *room * size);
        if (!more)
            return NULL;
        if (list->count)
            memcpy(more, items, list->count * size);
        list->items = items = more;
    }
    char *added = items + list->count * size;
    list->count += count;
    return added;
}

// Batches of items, each with its count; 0 ends them, −1 says that a runner has the rest.
static bool read_batches(
    struct reading *reading, const flow_coder *item, flow_list *list, size_t *room)
{
    const size_t least = fl_coder_least(item);
    for (;;) {
        const uint64_t count = fl_beam_varint(&reading->beam);
        if (reading->beam.why || count == 0 || count == UINT64_MAX)
            return count == UINT64_MAX;
        if (least ? count > reading->beam.rest.len / least
                  : count > FL_BEAM_UNSIZED_MAX - list->count) {
            fl_beam_fail(
                &reading->beam, FLOW_PARSE, "a count is more than the bytes that are left");
            return false;
        }
        char *items = add_items(reading, item, list, room, (size_t)count);
        if (!items)
            return false;
        read_many(reading, item, items, (size_t)count);
    }
}

// What the runner has: items to the end of the bytes that it gives.
static void read_state(
    struct reading *reading, const flow_coder *item, flow_list *list, size_t *room)
{
    const flow_str token = fl_beam_bytes(&reading->beam, fl_beam_len(&reading->beam));
    if (reading->beam.why)
        return;
    if (!reading->in->state) {
        fl_beam_fail(&reading->beam, FLOW_UNSUPPORTED,
            "the rest of it is in a runner's state, which cannot be asked here");
        return;
    }
    struct fl_beam here = reading->beam;
    const flow_status status = reading->in->state(
        reading->in->user, (flow_bytes){ token.data, token.len }, &reading->beam.rest);
    if (status != FLOW_OK)
        fl_beam_fail(&reading->beam, status, "the runner did not give the rest of it");
    while (!reading->beam.why && reading->beam.rest.len) {
        const size_t left = reading->beam.rest.len;
        char *one = add_items(reading, item, list, room, 1);
        if (one)
            read_value(reading, item, true, one);
        if (!reading->beam.why && reading->beam.rest.len == left)
            fl_beam_fail(&reading->beam, FLOW_PARSE, "items without bytes never end");
    }
    here.why = reading->beam.why;
    here.status = reading->beam.status;
    reading->beam = here;
}

static void read_list(
    struct reading *reading, const flow_coder *coder, const flow_coder *item, flow_list *list)
{
    struct fl_beam *beam = &reading->beam;
    const bool unknown = beam->rest.len >= 4 && memcmp(beam->rest.data, "\xff\xff\xff\xff", 4) == 0;
    size_t room = 0;
    *list = (flow_list){ NULL, 0 };
    if (!unknown) {
        const uint32_t count = fl_beam_count(beam, fl_coder_least(item));
        char *items = count ? add_items(reading, item, list, &room, count) : NULL;
        if (items)
            read_many(reading, item, items, count);
        return;
    }
    fl_beam_bytes(beam, 4);
    if (!read_batches(reading, item, list, &room) || beam->why)
        return;
    reading->kind = coder->kind;
    if (coder->kind == FLOW_CODER_STATE_ITERABLE)
        read_state(reading, item, list, &room);
    else
        fl_beam_fail(beam, FLOW_UNSUPPORTED,
            "it is a state-backed iterable, and only state_backed_iterable may be one");
}

static void read_interval(struct fl_beam *beam, flow_window *window)
{
    const flow_time end = fl_beam_time(beam);
    const uint64_t span = fl_beam_varint(beam);
    if (beam->why)
        return;
    if (span > (uint64_t)(end.us / 1000 + FL_BEAM_MILLIS)) {
        fl_beam_fail(beam, FLOW_PARSE, "a window begins before time does");
        return;
    }
    *window = (flow_window){ { (end.us / 1000 - (int64_t)span) * 1000 }, end };
}

static void read_windowed(
    struct reading *reading, const flow_coder *coder, flow_coder_windowed *head)
{
    head->at = fl_beam_time(&reading->beam);
    read_list(reading, coder, coder->parts[1], &head->windows);
    head->pane = fl_beam_pane(&reading->beam);
}

// The payload is a windowed value whose element is empty bytes.
static void read_payload(
    struct reading *reading, const flow_coder *coder, flow_coder_windowed *head)
{
    const struct fl_beam here = reading->beam;
    reading->beam.rest = (flow_str){ coder->payload.data, coder->payload.len };
    read_windowed(reading, coder, head);
    const char *why = reading->beam.why;
    const flow_status status = reading->beam.status;
    reading->beam = here;
    if (why)
        fl_beam_fail(&reading->beam, status, "its payload is no windowed value");
}

static void read_timer(
    struct reading *reading, const flow_coder *coder, flow_coder_timer *timer, void *key)
{
    struct fl_beam *beam = &reading->beam;
    read_value(reading, coder->parts[0], true, key);
    timer->tag = fl_beam_text(beam, fl_beam_len(beam));
    read_list(reading, coder, coder->parts[1], &timer->windows);
    timer->clear = fl_beam_bool(beam);
    if (timer->clear || beam->why)
        return;
    timer->fire = fl_beam_time(beam);
    timer->hold = fl_beam_time(beam);
    timer->pane = fl_beam_pane(beam);
}

// The bytes behind a length are the part in the outer context: all of them.
static void read_prefixed(struct reading *reading, const flow_coder *coder, void *value)
{
    const flow_str inner = fl_beam_bytes(&reading->beam, fl_beam_len(&reading->beam));
    const flow_str behind = reading->beam.rest;
    if (reading->beam.why)
        return;
    reading->beam.rest = inner;
    read_value(reading, coder->parts[0], false, value);
    if (!reading->beam.why && reading->beam.rest.len) {
        reading->kind = coder->kind;
        fl_beam_fail(&reading->beam, FLOW_PARSE, "its length is more than its value has");
    }
    if (!reading->beam.why)
        reading->beam.rest = behind;
}

static void read_number(struct reading *reading, const flow_coder *coder, void *value)
{
    struct fl_beam *beam = &reading->beam;
    uint64_t bits64;
    uint32_t bits32;
    switch (coder->kind) {
    case FLOW_CODER_VARINT:
        *(uint64_t *)value = fl_beam_varint(beam);
        break;
    case FLOW_CODER_BOOL:
        *(bool *)value = fl_beam_bool(beam);
        break;
    case FLOW_CODER_DOUBLE:
        bits64 = fl_beam_fixed(beam, 8);
        memcpy(value, &bits64, sizeof bits64);
        break;
    case FLOW_CODER_FLOAT:
        bits32 = (uint32_t)fl_beam_fixed(beam, 4);
        memcpy(value, &bits32, sizeof bits32);
        break;
    case FLOW_CODER_INT16:
        *(int32_t *)value = (int16_t)fl_beam_fixed(beam, 2);
        break;
    case FLOW_CODER_INT32:
        *(int32_t *)value = fl_beam_int32(beam);
        break;
    default:
        *(flow_time *)value = fl_beam_time(beam);
        break;
    }
}

// What has a head before its only laid part.
static void read_headed(struct reading *reading, const flow_coder *coder, bool nested, char *value)
{
    struct fl_beam *beam = &reading->beam;
    flow_str shard;
    switch (coder->kind) {
    case FLOW_CODER_NULLABLE:
        *(bool *)value = fl_beam_bool(beam);
        if (!*(bool *)value)
            return;
        break;
    case FLOW_CODER_SHARDED_KEY:
        shard = fl_beam_bytes(beam, fl_beam_len(beam));
        *(flow_bytes *)(void *)value = (flow_bytes){ shard.data, shard.len };
        nested = true;
        break;
    case FLOW_CODER_CUSTOM_WINDOW:
        *(flow_time *)(void *)value = fl_beam_time(beam);
        break;
    case FLOW_CODER_WINDOWED:
        read_windowed(reading, coder, (void *)value);
        break;
    default:
        read_payload(reading, coder, (void *)value);
        break;
    }
    if (!beam->why)
        read_value(reading, coder->parts[0], nested, value + flow_coder_offset(coder, 0));
}

static void read_value(struct reading *reading, const flow_coder *coder, bool nested, void *value)
{
    struct fl_beam *beam = &reading->beam;
    flow_str bytes;
    if (beam->why)
        return;
    reading->kind = coder->kind;
    switch (coder->kind) {
    case FLOW_CODER_STRING:
        *(flow_str *)value = fl_beam_text(beam, text_len(reading, nested));
        return;
    case FLOW_CODER_BYTES:
        bytes = fl_beam_bytes(beam, text_len(reading, nested));
        *(flow_bytes *)value = (flow_bytes){ bytes.data, bytes.len };
        return;
    case FLOW_CODER_KV:
        read_value(reading, coder->parts[0], true, (char *)value + flow_coder_offset(coder, 0));
        read_value(reading, coder->parts[1], nested, (char *)value + flow_coder_offset(coder, 1));
        return;
    case FLOW_CODER_ITERABLE:
    case FLOW_CODER_STATE_ITERABLE:
        read_list(reading, coder, coder->parts[0], value);
        return;
    case FLOW_CODER_INTERVAL_WINDOW:
        read_interval(beam, value);
        return;
    case FLOW_CODER_GLOBAL_WINDOW:
        *(flow_window *)value = (flow_window){ { FLOW_TIME_MIN_US }, { FLOW_TIME_GLOBAL_END_US } };
        return;
    case FLOW_CODER_TIMER:
        read_timer(reading, coder, value, (char *)value + flow_coder_offset(coder, 0));
        return;
    case FLOW_CODER_LENGTH_PREFIX:
        read_prefixed(reading, coder, value);
        return;
    case FLOW_CODER_ROW:
        fl_row_decode(coder->row, beam, value);
        return;
    case FLOW_CODER_NULLABLE:
    case FLOW_CODER_CUSTOM_WINDOW:
    case FLOW_CODER_SHARDED_KEY:
    case FLOW_CODER_WINDOWED:
    case FLOW_CODER_PARAM_WINDOWED:
        read_headed(reading, coder, nested, value);
        return;
    default:
        read_number(reading, coder, value);
        return;
    }
}

flow_status flow_coder_decode(
    const flow_coder *coder, flow_coder_input *in, bool nested, void *value)
{
    const flow_status status = flow_coder_check(coder, in->error);
    if (status != FLOW_OK)
        return status;
    struct reading reading = {
        .beam = { in->rest, in->memory, NULL, FLOW_OK }, .in = in, .kind = coder->kind
    };
    memset(value, 0, flow_coder_size(coder, NULL));
    read_value(&reading, coder, nested, value);
    if (!nested && !reading.beam.why && reading.beam.rest.len) {
        reading.kind = coder->kind;
        fl_beam_fail(&reading.beam, FLOW_PARSE, "bytes are left over behind the value");
    }
    in->rest = reading.beam.rest;
    if (!reading.beam.why)
        return FLOW_OK;
    const bool inside = reading.kind != coder->kind;
    return flow_error_raise(in->error, reading.beam.status, NULL, "coder %s%s%s: %s",
        fl_coder_name(coder->kind), inside ? ", in its " : "",
        inside ? fl_coder_name(reading.kind) : "", reading.beam.why);
}
