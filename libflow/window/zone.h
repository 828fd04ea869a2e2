// SPDX-License-Identifier: Apache-2.0
// Time zones: the offset of local time at any instant, out of TZif data (RFC 9636, versions 1 to
// 4).
#ifndef FL_ZONE_H
#define FL_ZONE_H

#include <flow/window.h>

// A day of the year on which the clocks change: POSIX TZ with the hours of RFC 9636.
typedef struct fl_zone_change {
    char form; // 'M': month, week, weekday; 'J': day 1 … 365, never February 29; 'N': day 0 … 365
    int16_t month; // M: 1 … 12
    int16_t week;  // M: 1 … 5, 5 is the last
    int16_t day;   // M: 0 Sunday … 6; J, N: the day
    int32_t time;  // seconds after local midnight, −167 h … 167 h
} fl_zone_change;

// What holds after the last transition: the footer of the data.
typedef struct fl_zone_rule {
    bool known;       // there is a footer
    bool changes;     // summer time comes and goes
    int32_t standard; // seconds east of UTC
    int32_t summer;
    fl_zone_change begin; // of summer time, in standard time
    fl_zone_change end;   // of summer time, in summer time
} fl_zone_rule;

struct flow_zone {
    flow_allocator allocator;
    size_t size;            // bytes of this block
    uint32_t count;         // transitions
    int32_t first;          // offset before the first transition
    const int64_t *times;   // of transitions, seconds, ascending
    const int32_t *offsets; // seconds east of UTC from each on
    fl_zone_rule rule;
};

// A run of time with one offset: from <= t < to, in seconds since 1970.
typedef struct fl_zone_span {
    int64_t from;
    int64_t to;
    int32_t offset;
} fl_zone_span;

// The run that an instant lies in. `zone` may be NULL: UTC.
fl_zone_span fl_zone_span_at(const flow_zone *zone, int64_t seconds);

// The first instant at which local time is `local` or later: a local midnight, or where the clocks
// skip it the first instant after (R15). Both in seconds since 1970.
int64_t fl_zone_first(const flow_zone *zone, int64_t local);

// Reads TZif data; `name` is for errors.
flow_zone *fl_zone_parse(
    flow_bytes data, const char *name, const flow_allocator *allocator, flow_error *error);

// Reads a footer: "CET-1CEST,M3.5.0,M10.5.0/3"; false when it is none. Empty: not known.
bool fl_zone_rule_parse(flow_str text, fl_zone_rule *rule);

// The run of a rule that an instant lies in.
fl_zone_span fl_zone_rule_span(const fl_zone_rule *rule, int64_t seconds);

#endif
