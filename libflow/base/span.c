// SPDX-License-Identifier: Apache-2.0
// Spans of time as text and back.
#include <stdio.h>

#include <flow/base.h>

#define UNITS 6

static const struct unit {
    const char *name;
    int64_t us;
} units[UNITS] = { { "d", INT64_C(86400000000) }, { "h", INT64_C(3600000000) }, { "m", 60000000 },
    { "s", 1000000 }, { "ms", 1000 }, { "us", 1 } };

size_t flow_duration_print(flow_duration span, char *text)
{
    size_t i = 0;
    while (i < UNITS - 1 && (span.us % units[i].us != 0 || span.us == 0))
        i++;
    if (span.us == 0)
        i = 3; // "0s"
    const long long count = (long long)(span.us / units[i].us);
    return (size_t)snprintf(text, 40, "%lld%s", count, units[i].name);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// The unit whose name the text begins with, or NULL; takes it off.
static const struct unit *take_unit(flow_str *text)
{
    static const int order[UNITS] = { 4, 5, 0, 1, 2, 3 }; // "ms" before "m"
    for (int i = 0; i < UNITS; i++) {
        const struct unit *unit = &units[order[i]];
        const size_t len = strlen(unit->name);
        if (text->len >= len && memcmp(text->data, unit->name, len) == 0) {
            text->data += len;
            text->len -= len;
            return unit;
        }
    }
    return NULL;
}

// Digits off the front as a number of at most `most`. False when there are none, or too many.
static bool take_digits(flow_str *text, int64_t most, int64_t *number)
{
    const char *start = text->data;
    *number = 0;
    while (text->len && is_digit(*text->data)) {
        if (*number > most / 10 - 1)
            return false;
        *number = *number * 10 + (*text->data - '0');
        text->data++;
        text->len--;
    }
    return text->data != start;
}

// "1.5h": whole units, then tenths, hundredths … of the unit, to the microsecond.
static bool take_part(flow_str *text, int64_t *sum, const struct unit **before)
{
    const char *fraction = NULL;
    int64_t number;
    if (!take_digits(text, FLOW_TIME_MAX_US, &number))
        return false;
    if (text->len && *text->data == '.') {
        int64_t unused;
        text->data++;
        text->len--;
        fraction = text->data;
        if (!take_digits(text, FLOW_TIME_MAX_US, &unused))
            return false;
    }
    const struct unit *unit = take_unit(text);
    if (!unit || (*before && unit->us >= (*before)->us) || number > FLOW_TIME_MAX_US / unit->us)
        return false;
    *before = unit;
    int64_t us = number * unit->us, share = unit->us;
    for (; fraction && is_digit(*fraction); fraction++) {
        const int64_t tenth = share / 10 * (*fraction - '0');
        if (share % 10 != 0 && *fraction != '0')
            return false; // less than a microsecond, or no whole number of them
        us += tenth;
        share /= 10;
    }
    if (us > FLOW_TIME_MAX_US - *sum)
        return false;
    *sum += us;
    return true;
}

bool flow_duration_parse(flow_str text, flow_duration *span)
{
    const struct unit *before = NULL;
    int64_t sum = 0;
    if (text.len == 1 && *text.data == '0') {
        span->us = 0;
        return true;
    }
    const bool minus = text.len && *text.data == '-';
    if (minus) {
        text.data++;
        text.len--;
    }
    if (text.len == 0)
        return false;
    while (text.len) {
        if (!take_part(&text, &sum, &before))
            return false;
    }
    span->us = minus ? -sum : sum;
    return true;
}
