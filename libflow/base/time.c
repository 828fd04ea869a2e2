// SPDX-License-Identifier: Apache-2.0
// Instants as RFC 3339 text and back, by civil-calendar arithmetic that holds before 1970 too.
#include <flow/base.h>

#include "base/civil.h"
#include "base/unix.h"

#define SECOND_US   INT64_C(1000000)
#define DAY_SECONDS INT64_C(86400)

static char *put_digits(char *at, uint64_t number, unsigned count)
{
    for (unsigned i = count; i-- > 0; number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + count;
}

// Years of other than four digits get a sign and six digits, as ISO 8601 extends them.
static char *put_year(char *at, int64_t year)
{
    if (year >= 0 && year <= 9999)
        return put_digits(at, (uint64_t)year, 4);
    *at++ = year < 0 ? '-' : '+';
    return put_digits(at, (uint64_t)(year < 0 ? -year : year), 6);
}

size_t flow_time_print(flow_time at, char *text)
{
    const int64_t seconds = fl_floor_div(at.us, SECOND_US);
    const int64_t part = at.us % SECOND_US;
    const unsigned micros = (unsigned)(part < 0 ? part + SECOND_US : part);
    const int64_t days = fl_floor_div(seconds, DAY_SECONDS);
    const unsigned of_day = (unsigned)(seconds - days * DAY_SECONDS);
    const fl_civil date = fl_civil_from_days(days);
    char *to = put_year(text, date.year);
    *to++ = '-';
    to = put_digits(to, date.month, 2);
    *to++ = '-';
    to = put_digits(to, date.day, 2);
    *to++ = 'T';
    to = put_digits(to, of_day / 3600, 2);
    *to++ = ':';
    to = put_digits(to, of_day / 60 % 60, 2);
    *to++ = ':';
    to = put_digits(to, of_day % 60, 2);
    if (micros) {
        *to++ = '.';
        to = micros % 1000 ? put_digits(to, micros, 6) : put_digits(to, micros / 1000, 3);
    }
    *to++ = 'Z';
    *to = '\0';
    return (size_t)(to - text);
}

// What is left of a text that is read from the front.
struct reader {
    const char *at;
    const char *end;
};

static inline bool read_char(struct reader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

// Two digits as a number; past 99 where they are none.
static inline unsigned pair(const char *at)
{
    const unsigned tens = (unsigned)(unsigned char)at[0] - '0',
                   ones = (unsigned)(unsigned char)at[1] - '0';
    return tens > 9 || ones > 9 ? 100 : tens * 10 + ones;
}

static inline bool read_digit(struct reader *reader, unsigned *digit)
{
    if (reader->at == reader->end || (unsigned)(unsigned char)*reader->at - '0' > 9)
        return false;
    *digit = (unsigned)(unsigned char)*reader->at++ - '0';
    return true;
}

static inline bool read_pair(struct reader *reader, unsigned *number)
{
    if (reader->end - reader->at < 2)
        return false;
    *number = pair(reader->at);
    reader->at += 2;
    return *number < 100;
}

static bool read_year(struct reader *reader, int64_t *year)
{
    unsigned high = 0, middle, low;
    const bool minus = read_char(reader, '-');
    const bool six = minus || read_char(reader, '+');
    if ((six && !read_pair(reader, &high)) || !read_pair(reader, &middle) ||
        !read_pair(reader, &low))
        return false;
    const int64_t number = (int64_t)high * 10000 + middle * 100 + low;
    *year = minus ? -number : number;
    return !minus || number != 0;
}

static bool read_date(struct reader *reader, int64_t *days)
{
    fl_civil date;
    if (!read_year(reader, &date.year) || !read_char(reader, '-') ||
        !read_pair(reader, &date.month) || !read_char(reader, '-') || !read_pair(reader, &date.day))
        return false;
    if (date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > fl_days_in_month(date.year, date.month))
        return false;
    *days = fl_days_from_civil(date);
    return true;
}

// Digits past the sixth are dropped, that is, floored, since they count upwards from the second.
static bool read_fraction(struct reader *reader, unsigned *micros)
{
    unsigned digit, weight = 100000;
    if (!read_digit(reader, &digit))
        return false;
    do {
        *micros += digit * weight;
        weight /= 10;
    } while (read_digit(reader, &digit));
    return true;
}

// Seconds east of UTC. None is read as UTC.
static bool read_offset(struct reader *reader, int64_t *offset)
{
    *offset = 0;
    if (reader->at == reader->end || read_char(reader, 'Z') || read_char(reader, 'z'))
        return true;
    unsigned hours, minutes;
    const bool minus = read_char(reader, '-');
    if (!minus && !read_char(reader, '+'))
        return false;
    if (!read_pair(reader, &hours) || !read_char(reader, ':') || !read_pair(reader, &minutes) ||
        hours > 23 || minutes > 59)
        return false;
    *offset = (int64_t)(hours * 3600 + minutes * 60);
    if (minus)
        *offset = -*offset;
    return true;
}

// The time of day, moved to UTC by its offset. A leap second (only ever 23:59:60 UTC) is read as
// the last microsecond before it: our time line has none, and so it stays in its own day.
static bool read_time_of_day(struct reader *reader, int64_t *seconds, unsigned *micros)
{
    unsigned hour, minute, second;
    if (!read_pair(reader, &hour) || !read_char(reader, ':') || !read_pair(reader, &minute) ||
        !read_char(reader, ':') || !read_pair(reader, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *micros = 0;
    if (read_char(reader, '.') && !read_fraction(reader, micros))
        return false;
    int64_t offset;
    if (!read_offset(reader, &offset))
        return false;
    *seconds = (int64_t)(hour * 3600 + minute * 60 + second) - offset;
    if (second < 60)
        return true;
    if ((*seconds % DAY_SECONDS + DAY_SECONDS) % DAY_SECONDS != 0)
        return false;
    *seconds -= 1;
    *micros = 999999;
    return true;
}

static bool from_parts(int64_t seconds, unsigned micros, flow_time *at)
{
    const int64_t most = FLOW_TIME_MAX_US / SECOND_US;
    if (seconds > most || seconds < -most - 1)
        return false;
    // Below zero from the second after, since the second before may not fit.
    const int64_t whole = seconds < 0 ? seconds + 1 : seconds;
    const int64_t part = seconds < 0 ? (int64_t)micros - SECOND_US : (int64_t)micros;
    if (seconds == most && part > FLOW_TIME_MAX_US % SECOND_US)
        return false;
    if (seconds == -most - 1 && part < FLOW_TIME_MIN_US % SECOND_US)
        return false;
    at->us = whole * SECOND_US + part;
    return true;
}

// The usual form at its fixed places: 2026-11-24T18:25:09Z, with up to six fraction digits. What
// it leaves, the general way below reads or refuses.
static bool parse_usual(flow_str text, flow_time *at)
{
    const char *const c = text.data;
    if (text.len < 20 || c[4] != '-' || c[7] != '-' || c[10] != 'T' || c[13] != ':' ||
        c[16] != ':' || c[text.len - 1] != 'Z')
        return false;
    const unsigned high = pair(c), low = pair(c + 2), hour = pair(c + 11), minute = pair(c + 14),
                   second = pair(c + 17);
    const fl_civil date = { (int64_t)high * 100 + low, pair(c + 5), pair(c + 8) };
    if (high > 99 || low > 99 || date.month - 1 > 11 || date.day - 1 > 27 || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    int64_t micros = 0;
    if (text.len > 20) {
        int64_t weight = 100000;
        if (c[19] != '.' || text.len == 21 || text.len > 27)
            return false;
        for (const char *to = c + 20; to < c + text.len - 1; to++, weight /= 10) {
            if (*to < '0' || *to > '9')
                return false;
            micros += (*to - '0') * weight;
        }
    }
    const int64_t of_day = (int64_t)(hour * 3600 + minute * 60 + second);
    at->us = (fl_days_from_civil(date) * DAY_SECONDS + of_day) * SECOND_US + micros;
    return true;
}

static bool parse_civil(struct reader *reader, flow_time *at)
{
    int64_t days, seconds = 0;
    unsigned micros = 0;
    if (!read_date(reader, &days))
        return false;
    if (reader->at != reader->end) {
        if (!read_char(reader, 'T') && !read_char(reader, 't') && !read_char(reader, ' '))
            return false;
        if (!read_time_of_day(reader, &seconds, &micros) || reader->at != reader->end)
            return false;
    }
    return from_parts(days * DAY_SECONDS + seconds, micros, at);
}

// Digits, and a point and digits if you like; what does not fit into 64 bits is told by `more`.
static bool parse_number(struct reader *reader, flow_time *at)
{
    struct fl_unix number = { .minus = read_char(reader, '-') };
    bool fraction = false, full = false;
    unsigned digit;
    do {
        while (read_digit(reader, &digit)) {
            full = full || number.digits > (UINT64_MAX - digit) / 10;
            number.more = number.more || (full && digit != 0);
            number.digits = full ? number.digits : number.digits * 10 + digit;
            number.decimals += fraction && !full;
            if (full && !fraction)
                return false;
        }
        fraction = !fraction && read_char(reader, '.');
    } while (fraction && number.decimals == 0 && !full);
    return fl_unix_time(number, at);
}

// Whether all is digits, but for a minus in front and a point between two.
static bool is_number(flow_str text)
{
    const size_t start = text.len && text.data[0] == '-';
    bool point = false;
    for (size_t i = start; i < text.len; i++) {
        const bool between = !point && i > start && i + 1 < text.len && text.data[i] == '.';
        if (!between && (text.data[i] < '0' || text.data[i] > '9'))
            return false;
        point = point || between;
    }
    return text.len > start;
}

bool flow_time_parse(flow_str text, flow_time *at)
{
    if (text.len == 0)
        return false;
    if (parse_usual(text, at))
        return true;
    struct reader reader = { text.data, text.data + text.len };
    // The fifth byte of the usual form is a dash, which saves looking at the rest.
    if ((text.len > 4 && text.data[4] == '-') || !is_number(text))
        return parse_civil(&reader, at);
    return parse_number(&reader, at);
}
