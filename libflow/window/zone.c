// SPDX-License-Identifier: Apache-2.0
// Time zones out of TZif data: header, transitions, types, footer (RFC 9636), and what they say of
// an instant.
#include "window/zone.h"

#include "base/alloc.h"

#define HEAD       44
#define OFFSET_MAX 93600 // 26 h: no clock on earth is further from UTC
#define COUNT_MAX  UINT32_C(100000)
#define REACH      INT64_C(200000) // seconds; further than any offset

// Counts of a header, in the order of the data that follows.
struct counts {
    uint32_t utc, standard, leaps, times, types, chars;
};

// Data that is read from the front.
struct data {
    const unsigned char *at;
    size_t left;
};

static uint32_t be32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

// A signed number of `width` bytes, 4 or 8, two's complement.
static int64_t be_signed(const unsigned char *at, size_t width)
{
    if (width == 4)
        return (int32_t)be32(at);
    return (int64_t)((uint64_t)be32(at) << 32 | be32(at + 4));
}

static bool read_head(struct data *data, struct counts *counts, unsigned *version)
{
    if (data->left < HEAD || memcmp(data->at, "TZif", 4) != 0)
        return false;
    const unsigned char *at = data->at;
    *version = at[4] ? at[4] - (unsigned)'0' : 1;
    *counts = (struct counts){ be32(at + 20), be32(at + 24), be32(at + 28), be32(at + 32),
        be32(at + 36), be32(at + 40) };
    data->at += HEAD;
    data->left -= HEAD;
    return counts->times <= COUNT_MAX && counts->types <= 256 && counts->types > 0 &&
           counts->chars <= COUNT_MAX && counts->leaps <= COUNT_MAX && counts->utc <= 256 &&
           counts->standard <= 256;
}

// Bytes of what follows a header, with times of `width` bytes.
static size_t body_size(const struct counts *c, size_t width)
{
    return c->times * (width + 1) + (size_t)c->types * 6 + c->chars + c->leaps * (width + 4) +
           c->standard + c->utc;
}

// The offset of a type; false when there is no such type, or no such offset.
static bool type_offset(
    const unsigned char *types, const struct counts *counts, uint32_t type, int32_t *offset)
{
    if (type >= counts->types)
        return false;
    *offset = (int32_t)be_signed(types + (size_t)type * 6, 4);
    return *offset >= -OFFSET_MAX && *offset <= OFFSET_MAX;
}

// Fills in the transitions; `body` holds body_size bytes.
static bool read_body(
    flow_zone *zone, const unsigned char *body, const struct counts *c, size_t width)
{
    int64_t *times = (int64_t *)(void *)(zone + 1);
    int32_t *offsets = (int32_t *)(void *)(times + c->times);
    const unsigned char *which = body + c->times * width;
    const unsigned char *types = which + c->times;
    zone->times = times;
    zone->offsets = offsets;
    zone->count = c->times;
    for (uint32_t i = 0; i < c->times; i++) {
        times[i] = be_signed(body + i * width, width);
        if ((i > 0 && times[i] <= times[i - 1]) || !type_offset(types, c, which[i], &offsets[i]))
            return false;
    }
    return type_offset(types, c, 0, &zone->first);
}

// The text between the two line ends after the second body.
static bool read_footer(struct data data, fl_zone_rule *rule)
{
    if (data.left < 2 || data.at[0] != '\n')
        return false;
    const unsigned char *end = memchr(data.at + 1, '\n', data.left - 1);
    if (!end)
        return false;
    const flow_str text = { (const char *)data.at + 1, (size_t)(end - data.at) - 1 };
    return fl_zone_rule_parse(text, rule);
}

// Leads to the part that counts: of version 1 the first, else the second, with times of 8 bytes.
static bool find_part(struct data *data, struct counts *counts, unsigned *version)
{
    if (!read_head(data, counts, version))
        return false;
    if (*version < 2)
        return data->left >= body_size(counts, 4);
    const size_t first = body_size(counts, 4);
    if (data->left < first)
        return false;
    data->at += first;
    data->left -= first;
    unsigned again = 0;
    return read_head(data, counts, &again) && data->left >= body_size(counts, 8);
}

flow_zone *fl_zone_parse(
    flow_bytes bytes, const char *name, const flow_allocator *allocator, flow_error *error)
{
    struct data data = { bytes.data, bytes.len };
    struct counts counts = { 0 };
    unsigned version = 0;
    if (!find_part(&data, &counts, &version)) {
        flow_error_raise(error, FLOW_DAMAGED, NULL, "the data of zone '%s' is damaged", name);
        return NULL;
    }
    if (counts.leaps > 0) {
        flow_error_raise(error, FLOW_UNSUPPORTED, NULL,
            "zone '%s' counts leap seconds, which times here do not", name);
        return NULL;
    }
    const size_t size = sizeof(flow_zone) + counts.times * (sizeof(int64_t) + sizeof(int32_t));
    flow_zone *zone = fl_calloc(allocator, size, _Alignof(flow_zone));
    if (!zone) {
        flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for zone '%s'", name);
        return NULL;
    }
    zone->size = size;
    if (allocator)
        zone->allocator = *allocator;
    const size_t width = version < 2 ? 4 : 8;
    const size_t body = body_size(&counts, width);
    const struct data rest = { data.at + body, data.left - body };
    if (!read_body(zone, data.at, &counts, width) ||
        (version >= 2 && !read_footer(rest, &zone->rule))) {
        flow_error_raise(error, FLOW_DAMAGED, NULL, "the data of zone '%s' is damaged", name);
        flow_zone_free(zone);
        return NULL;
    }
    return zone;
}

void flow_zone_free(flow_zone *zone)
{
    if (!zone)
        return;
    const flow_allocator allocator = zone->allocator;
    fl_free(&allocator, zone, zone->size);
}

fl_zone_span fl_zone_span_at(const flow_zone *zone, int64_t seconds)
{
    if (!zone)
        return (fl_zone_span){ INT64_MIN, INT64_MAX, 0 };
    uint32_t low = 0, high = zone->count; // transitions at or before it
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (zone->times[middle] <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    const int64_t from = low ? zone->times[low - 1] : INT64_MIN;
    if (low == zone->count && zone->rule.known) {
        fl_zone_span span = fl_zone_rule_span(&zone->rule, seconds);
        if (span.from < from)
            span.from = from;
        return span;
    }
    return (fl_zone_span){ from, low < zone->count ? zone->times[low] : INT64_MAX,
        low ? zone->offsets[low - 1] : zone->first };
}

int64_t fl_zone_first(const flow_zone *zone, int64_t local)
{
    int64_t at = local - REACH;
    for (;;) {
        const fl_zone_span span = fl_zone_span_at(zone, at);
        const int64_t reached = local - span.offset;
        if (reached < span.to)
            return reached > span.from ? reached : span.from;
        at = span.to;
    }
}

flow_duration flow_zone_offset(const flow_zone *zone, flow_time at)
{
    return flow_seconds(fl_zone_span_at(zone, flow_floor_div(at.us, 1000000)).offset);
}
