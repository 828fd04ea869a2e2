// SPDX-License-Identifier: Apache-2.0
// Clickstream lines: an event as a JSON object, formatted by hand into a large buffer.
#include "line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BUFFER = 1 << 20,
    LINE_MAX_BYTES = 512,
    PART_MAX = 64,
    DATE_LEN = 10
};

// A run of bytes that is the same in many lines.
struct part {
    char text[PART_MAX];
    size_t len;
};

struct line_writer {
    const struct shop *shop;
    FILE *out;
    int failure; // errno of the last write that failed
    size_t len;
    struct part *before; // by product: from after the session up to the event
    struct part *after;  // by product: from after the event up to the price
    struct part kinds[3];
    char (*dates)[DATE_LEN + 1]; // by day
    int64_t midnight;            // of the first day, in milliseconds
    char buffer[BUFFER + LINE_MAX_BYTES];
};

static void part_set(struct part *part, const char *text)
{
    part->len = strlen(text);
    memcpy(part->text, text, part->len);
}

static void prepare_parts(struct line_writer *w)
{
    static const char *const kinds[] = { "view", "cart", "purchase" };
    char text[PART_MAX];
    for (uint32_t p = 0; p < w->shop->options.products; p++) {
        snprintf(text, sizeof text, "\",\"product\":\"%s\",\"event\":\"", w->shop->names[p]);
        part_set(&w->before[p], text);
        const uint32_t cents = w->shop->cents[p];
        snprintf(text, sizeof text, "\",\"price\":%u.%02u", cents / 100, cents % 100);
        part_set(&w->after[p], text);
    }
    for (int i = 0; i < 3; i++)
        part_set(&w->kinds[i], kinds[i]);
}

static void prepare_dates(struct line_writer *w, uint32_t days)
{
    const int64_t day = 86400000;
    w->midnight = w->shop->options.start / day * day;
    for (uint32_t i = 0; i < days; i++) {
        const time_t at = (time_t)(w->midnight / 1000 + (int64_t)i * 86400);
        struct tm tm;
        gmtime_r(&at, &tm);
        strftime(w->dates[i], DATE_LEN + 1, "%Y-%m-%d", &tm);
    }
}

struct line_writer *line_writer_new(const struct shop *shop, FILE *out)
{
    const uint32_t days = shop->options.minutes / (24 * 60) + 2;
    struct line_writer *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->shop = shop;
    w->out = out;
    w->before = calloc(shop->options.products, sizeof *w->before);
    w->after = calloc(shop->options.products, sizeof *w->after);
    w->dates = calloc(days, sizeof *w->dates);
    if (!w->before || !w->after || !w->dates) {
        line_writer_free(w);
        return NULL;
    }
    prepare_parts(w);
    prepare_dates(w, days);
    return w;
}

static void flush(struct line_writer *w)
{
    if (w->len > 0 && fwrite(w->buffer, 1, w->len, w->out) != w->len)
        w->failure = errno;
    w->len = 0;
}

static void put(struct line_writer *w, const void *text, size_t len)
{
    memcpy(w->buffer + w->len, text, len);
    w->len += len;
}

static char *two_digits(char *to, uint32_t number)
{
    to[0] = (char)('0' + number / 10);
    to[1] = (char)('0' + number % 10);
    return to + 2;
}

// 2026-11-24T18:25:09.512Z
static void put_time(struct line_writer *w, int64_t at)
{
    const int64_t since = w->shop->options.start - w->midnight + at;
    const uint32_t day = (uint32_t)(since / 86400000), ms = (uint32_t)(since % 86400000);
    char *to = w->buffer + w->len;
    memcpy(to, w->dates[day], DATE_LEN);
    to += DATE_LEN;
    *to++ = 'T';
    to = two_digits(to, ms / 3600000);
    *to++ = ':';
    to = two_digits(to, ms / 60000 % 60);
    *to++ = ':';
    to = two_digits(to, ms / 1000 % 60);
    *to++ = '.';
    *to++ = (char)('0' + ms / 100 % 10);
    to = two_digits(to, ms % 100);
    *to++ = 'Z';
    w->len = (size_t)(to - w->buffer);
}

// Eight hexadecimal digits that tell sessions apart and look like nothing.
static void put_session(struct line_writer *w, uint32_t session)
{
    uint32_t mixed = session * 0x9e3779b1u;
    char *to = w->buffer + w->len;
    mixed ^= mixed >> 15;
    for (int i = 7; i >= 0; i--, mixed >>= 4)
        to[i] = "0123456789abcdef"[mixed & 15];
    w->len += 8;
}

static void end_line(struct line_writer *w)
{
    put(w, "\n", 1);
    if (w->len >= BUFFER)
        flush(w);
}

void line_click(struct line_writer *w, const struct click *click)
{
    const struct part *before = &w->before[click->product], *after = &w->after[click->product];
    put(w, "{\"at\":\"", 7);
    put_time(w, click->at);
    put(w, "\",\"session\":\"s-", 15);
    put_session(w, click->session);
    put(w, before->text, before->len);
    put(w, w->kinds[click->kind].text, w->kinds[click->kind].len);
    put(w, after->text, after->len);
    if (click->campaign > 0) {
        put(w, ",\"campaign\":\"c-", 15);
        two_digits(w->buffer + w->len, click->campaign);
        w->len += 2;
        put(w, "\"", 1);
    }
    put(w, "}", 1);
    end_line(w);
}

void line_text(struct line_writer *w, const char *text)
{
    put(w, text, strlen(text));
    end_line(w);
}

void line_broken(struct line_writer *w, const struct click *click, uint32_t which)
{
    static const char bad_time[] =
        "{\"at\":\"yesterday\",\"product\":\"hat-8\",\"event\":\"view\"}";
    static const char nameless[] = "{\"at\":\"2026-11-24T18:25:09Z\",\"event\":\"view\"}";
    static const char no_utf8[] =
        "{\"at\":\"2026-11-24T18:25:09Z\",\"product\":\"\xff\xfe\",\"event\":\"view\"}";
    static const char *const broken[] = { "GET /hat-8 HTTP/1.1", bad_time, nameless, no_utf8 };
    enum {
        WAYS = sizeof broken / sizeof broken[0] + 1
    };
    if (which % WAYS < WAYS - 1) {
        line_text(w, broken[which % WAYS]);
        return;
    }
    const size_t begin = w->len;
    put(w, "{\"at\":\"", 7);
    put_time(w, click->at);
    w->len = begin + 12 + which % 16; // a line that was cut off
    end_line(w);
}

bool line_writer_free(struct line_writer *w)
{
    if (!w)
        return false;
    flush(w);
    if (w->failure == 0 && fflush(w->out) != 0)
        w->failure = errno;
    const int failure = w->failure;
    free(w->before);
    free(w->after);
    free(w->dates);
    free(w);
    errno = failure;
    return failure == 0;
}
