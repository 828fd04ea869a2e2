// SPDX-License-Identifier: Apache-2.0
// When the clocks change by rule, for ever: the POSIX TZ text at the end of zone data.
#include "base/civil.h"
#include "window/zone.h"

#define DAY  INT64_C(86400)
#define HOUR 3600

// What is left of the text.
struct reader {
    const char *at;
    const char *end;
};

static bool take(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool is_digit(const struct reader *r)
{
    return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

static bool read_number(struct reader *r, int32_t least, int32_t most, int32_t *number)
{
    int32_t n = 0;
    const char *from = r->at;
    for (; is_digit(r) && n <= most; r->at++)
        n = n * 10 + (*r->at - '0');
    *number = n;
    return r->at > from && n >= least && n <= most;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// A name of three or more letters, or anything in angle brackets; what it is does not matter.
static bool skip_name(struct reader *r)
{
    const char *from = r->at;
    if (take(r, '<')) {
        while (r->at < r->end && *r->at != '>')
            r->at++;
        return r->at > from + 3 && take(r, '>');
    }
    while (r->at < r->end && is_letter(*r->at))
        r->at++;
    return r->at - from >= 3;
}

// [+-]hh[:mm[:ss]] in seconds.
static bool read_hours(struct reader *r, int32_t most, int32_t *seconds)
{
    const bool minus = take(r, '-');
    int32_t hours = 0, minutes = 0, rest = 0;
    if (!minus)
        (void)take(r, '+');
    if (!read_number(r, 0, most, &hours))
        return false;
    if (take(r, ':') && !read_number(r, 0, 59, &minutes))
        return false;
    if (r->at[-1] != ':' && take(r, ':') && !read_number(r, 0, 59, &rest))
        return false;
    *seconds = hours * HOUR + minutes * 60 + rest;
    if (minus)
        *seconds = -*seconds;
    return true;
}

static bool read_day(struct reader *r, fl_zone_change *change)
{
    int32_t month = 0, week = 0, day = 0;
    if (take(r, 'M')) {
        change->form = 'M';
        if (!read_number(r, 1, 12, &month) || !take(r, '.') || !read_number(r, 1, 5, &week) ||
            !take(r, '.') || !read_number(r, 0, 6, &day))
            return false;
    } else {
        change->form = take(r, 'J') ? 'J' : 'N';
        if (!read_number(r, change->form == 'J' ? 1 : 0, 365, &day))
            return false;
    }
    change->month = (int16_t)month;
    change->week = (int16_t)week;
    change->day = (int16_t)day;
    change->time = 2 * HOUR;
    return !take(r, '/') || read_hours(r, 167, &change->time);
}

bool fl_zone_rule_parse(flow_str text, fl_zone_rule *rule)
{
    struct reader r = { text.data, text.data + text.len };
    *rule = (fl_zone_rule){ 0 };
    if (text.len == 0)
        return true;
    // POSIX counts west of UTC
    if (!skip_name(&r) || !read_hours(&r, 24, &rule->standard))
        return false;
    rule->known = true;
    rule->standard = -rule->standard;
    if (r.at == r.end)
        return true;
    rule->changes = true;
    rule->summer = rule->standard + HOUR;
    if (!skip_name(&r))
        return false;
    if (r.at < r.end && *r.at != ',') {
        if (!read_hours(&r, 24, &rule->summer))
            return false;
        rule->summer = -rule->summer;
    }
    return take(&r, ',') && read_day(&r, &rule->begin) && take(&r, ',') &&
           read_day(&r, &rule->end) && r.at == r.end;
}

// The day of a change in a year, as days since 1970.
static int64_t day_of(const fl_zone_change *change, int64_t year)
{
    const int64_t new_year = fl_days_from_civil((fl_civil){ year, 1, 1 });
    if (change->form == 'N')
        return new_year + change->day;
    if (change->form == 'J')
        return new_year + change->day - (fl_leap_year(year) && change->day >= 60 ? 0 : 1);
    const unsigned month = (unsigned)change->month;
    const int64_t first = fl_days_from_civil((fl_civil){ year, month, 1 });
    // 1970-01-01 was a Thursday
    int64_t day = flow_floor_mod(change->day - (first + 4), 7) + 7 * (change->week - 1);
    while (day >= (int64_t)fl_days_in_month(year, month))
        day -= 7;
    return first + day;
}

fl_zone_span fl_zone_rule_span(const fl_zone_rule *rule, int64_t seconds)
{
    fl_zone_span span = { INT64_MIN, INT64_MAX, rule->standard };
    if (!rule->changes)
        return span;
    const int64_t year = fl_civil_from_days(fl_floor_div(seconds + rule->standard, DAY)).year;
    // Changes of the years around, as they may reach into a neighbour; where summer time ends as
    // the next begins, there is no winter.
    for (int64_t y = year - 2; y <= year + 2; y++) {
        const int64_t on = day_of(&rule->begin, y) * DAY + rule->begin.time - rule->standard;
        const int64_t off = day_of(&rule->end, y) * DAY + rule->end.time - rule->summer;
        if (on <= seconds && on >= span.from) {
            span.from = on;
            span.offset = rule->summer;
        }
        if (off <= seconds && off > span.from) {
            span.from = off;
            span.offset = rule->standard;
        }
        if (on > seconds && on < span.to)
            span.to = on;
        if (off > seconds && off < span.to)
            span.to = off;
    }
    return span;
}
