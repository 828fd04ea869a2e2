// SPDX-License-Identifier: Apache-2.0
#include "tzif.h"

static unsigned char *put_number(unsigned char *to, int64_t number, int width)
{
    for (int i = width - 1; i >= 0; i--)
        *to++ = (unsigned char)((uint64_t)number >> (8 * i));
    return to;
}

// A header and its data, with times of `width` bytes.
static unsigned char *put_part(unsigned char *to, const tzif *zone, uint32_t count, int width)
{
    const uint32_t counts[] = { 0, 0, zone->leaps, count, count + 1, 4 };
    memcpy(to, "TZif", 4);
    to[4] = zone->version > 1 ? (unsigned char)('0' + zone->version) : 0;
    memset(to + 5, 0, 15);
    to += 20;
    for (int i = 0; i < 6; i++)
        to = put_number(to, counts[i], 4);
    for (uint32_t i = 0; i < count; i++)
        to = put_number(to, zone->times[i], width);
    for (uint32_t i = 0; i < count; i++)
        *to++ = (unsigned char)(i + 1);
    for (uint32_t i = 0; i <= count; i++) {
        to = put_number(to, i ? zone->offsets[i - 1] : zone->first, 4);
        to = put_number(to, 0, 2);
    }
    memcpy(to, "AAA", 4);
    to += 4;
    memset(to, 0, zone->leaps * (size_t)(width + 4));
    return to + zone->leaps * (size_t)(width + 4);
}

size_t tzif_write(const tzif *zone, unsigned char *data)
{
    if (zone->version < 2)
        return (size_t)(put_part(data, zone, zone->count, 4) - data);
    unsigned char *to = put_part(data, zone, 0, 4); // as zic writes it now: empty
    to = put_part(to, zone, zone->count, 8);
    const size_t len = strlen(zone->footer);
    *to++ = '\n';
    memcpy(to, zone->footer, len);
    to[len] = '\n';
    return (size_t)(to + len + 1 - data);
}

flow_zone *tzif_zone(const tzif *zone)
{
    unsigned char data[TZIF_ROOM];
    flow_error error = { 0 };
    const flow_bytes bytes = { data, tzif_write(zone, data) };
    flow_zone *made = fl_zone_parse(bytes, "test", NULL, &error);
    ck_assert_msg(made != NULL, "%s", error.message);
    return made;
}

flow_zone *tzif_rule(const char *footer)
{
    return tzif_zone(&(tzif){ .version = 2, .footer = footer });
}

flow_time instant(const char *text)
{
    flow_time at = { 0 };
    ck_assert_msg(flow_time_parse(flow_str_of(text), &at), "%s is no time", text);
    return at;
}
