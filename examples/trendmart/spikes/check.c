// SPDX-License-Identifier: Apache-2.0
// Compares found episodes with the truth by the match rule of docs/guide/spikes.md. Knows nothing
// of the library or the generator.
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE_BYTES = 4096,
    NAME_BYTES = 128,
    WINDOW_SECONDS = 600
};

// A line of either file.
struct episode {
    char measure[NAME_BYTES], kind[NAME_BYTES], product[NAME_BYTES];
    long long first, last; // seconds
    long long count;
    double baseline;
    bool matched;
};

struct episodes {
    struct episode *items;
    size_t count, size;
};

struct tally {
    size_t wanted, found; // of a kind
};

// Where the value of a member of a flat JSON object begins, or NULL.
static const char *member(const char *line, const char *name)
{
    char wanted[NAME_BYTES];
    snprintf(wanted, sizeof wanted, "\"%s\":", name);
    const char *at = strstr(line, wanted);
    if (!at)
        return NULL;
    at += strlen(wanted);
    return at + strspn(at, " ");
}

static bool read_text(const char *line, const char *name, char *text)
{
    const char *at = member(line, name);
    const char *end = at && *at == '"' ? strchr(at + 1, '"') : NULL;
    if (!end || (size_t)(end - at) > NAME_BYTES)
        return false;
    memcpy(text, at + 1, (size_t)(end - at - 1));
    text[end - at - 1] = '\0';
    return true;
}

static bool read_number(const char *line, const char *name, double *number)
{
    const char *at = member(line, name);
    char *end;
    if (!at)
        return false;
    *number = strtod(at, &end);
    return end != at;
}

// Days from 1970-01-01 to a date of the Gregorian calendar.
static long long days_of(long long year, int month, int day)
{
    year -= month <= 2 ? 1 : 0;
    const long long era = (year >= 0 ? year : year - 399) / 400;
    const long long in_era = year - era * 400;
    const long long in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static bool read_time(const char *line, const char *name, long long *seconds)
{
    char text[NAME_BYTES];
    int year, month, day, hour, minute, second;
    if (!read_text(line, name, text) ||
        sscanf(text, "%d-%d-%dT%d:%d:%d", &year, &month, &day, &hour, &minute, &second) != 6)
        return false;
    *seconds = days_of(year, month, day) * 86400 + hour * 3600LL + minute * 60LL + second;
    return true;
}

static bool read_episode(const char *line, struct episode *e)
{
    double count;
    *e = (struct episode){ 0 };
    if (!read_text(line, "measure", e->measure) || !read_text(line, "kind", e->kind) ||
        !read_text(line, "product", e->product) || !read_time(line, "first", &e->first) ||
        !read_time(line, "last", &e->last) || !read_number(line, "count", &count) ||
        !read_number(line, "baseline", &e->baseline))
        return false;
    e->count = (long long)count;
    return true;
}

static bool add(struct episodes *list, const struct episode *e)
{
    if (list->count == list->size) {
        const size_t size = list->size ? 2 * list->size : 64;
        struct episode *items = realloc(list->items, size * sizeof *items);
        if (!items)
            return false;
        list->items = items;
        list->size = size;
    }
    list->items[list->count++] = *e;
    return true;
}

static bool read_file(const char *path, struct episodes *list)
{
    FILE *in = fopen(path, "r");
    char line[LINE_BYTES];
    struct episode e;
    bool ok = in != NULL;
    if (!in)
        fprintf(stderr, "check: %s: %s\n", path, strerror(errno));
    for (size_t number = 1; ok && fgets(line, sizeof line, in); number++) {
        ok = read_episode(line, &e) && add(list, &e);
        if (!ok)
            fprintf(stderr, "check: %s:%zu: not an episode\n", path, number);
    }
    if (in && ferror(in)) {
        fprintf(stderr, "check: %s: %s\n", path, strerror(errno));
        ok = false;
    }
    if (in)
        fclose(in);
    return ok;
}

static bool is_about(const struct episode *a, const struct episode *b, long long slack)
{
    return strcmp(a->measure, b->measure) == 0 && strcmp(a->product, b->product) == 0 &&
           a->first <= b->last + slack && a->last + slack >= b->first;
}

static void show(const char *what, const struct episode *e)
{
    fprintf(stderr, "check: %s: %s %s of %s, windows ending at %lld … %lld, %lld against %.2f\n",
        what, e->measure, e->kind, e->product, e->first, e->last, e->count, e->baseline);
}

// The episode that a line of the truth asks for: of its kind, overlapping it, with the same peak.
static bool find(struct episodes *alerts, const struct episode *wanted)
{
    for (size_t i = 0; i < alerts->count; i++) {
        struct episode *e = &alerts->items[i];
        if (!e->matched && strcmp(e->kind, wanted->kind) == 0 && is_about(e, wanted, 0) &&
            e->count == wanted->count && fabs(e->baseline - wanted->baseline) < 1e-3) {
            e->matched = true;
            return true;
        }
    }
    show("missed", wanted);
    return false;
}

// Whether nothing was said of a near-spike.
static bool is_silent(const struct episodes *alerts, const struct episode *near)
{
    for (size_t i = 0; i < alerts->count; i++) {
        const struct episode *e = &alerts->items[i];
        if (strcmp(e->kind, "spike") == 0 && is_about(e, near, WINDOW_SECONDS))
            return false;
    }
    return true;
}

static struct tally tally(
    struct episodes *alerts, const struct episodes *truth, const char *measure, const char *kind)
{
    struct tally t = { 0, 0 };
    for (size_t i = 0; i < truth->count; i++) {
        const struct episode *e = &truth->items[i];
        if (strcmp(e->kind, kind) != 0 || strcmp(e->measure, measure) != 0)
            continue;
        t.wanted++;
        if (strcmp(kind, "near") == 0 ? is_silent(alerts, e) : find(alerts, e))
            t.found++;
    }
    return t;
}

static size_t false_alarms(const struct episodes *alerts)
{
    size_t count = 0;
    for (size_t i = 0; i < alerts->count; i++) {
        if (!alerts->items[i].matched) {
            show("false alarm", &alerts->items[i]);
            count++;
        }
    }
    return count;
}

static bool compare(struct episodes *alerts, const struct episodes *truth)
{
    const struct tally drops = tally(alerts, truth, "views", "drop");
    const struct tally sales = tally(alerts, truth, "sales", "spike");
    const struct tally sale_drops = tally(alerts, truth, "sales", "drop");
    const struct tally spikes = tally(alerts, truth, "views", "spike");
    const struct tally nears = tally(alerts, truth, "views", "near");
    const size_t alarms = false_alarms(alerts);
    const size_t missed = drops.wanted - drops.found + sales.wanted - sales.found +
                          sale_drops.wanted - sale_drops.found + spikes.wanted - spikes.found;
    if (truth->count == 0)
        fputs("check: the truth is empty\n", stderr);
    printf("drops %zu/%zu, sales spikes %zu/%zu\n", drops.found + sale_drops.found,
        drops.wanted + sale_drops.wanted, sales.found, sales.wanted);
    printf("spikes %zu/%zu, near-spikes silent %zu/%zu, false alarms %zu, missed %zu\n",
        spikes.found, spikes.wanted, nears.found, nears.wanted, alarms, missed);
    return alarms == 0 && missed == 0 && nears.found == nears.wanted && truth->count > 0;
}

int main(int argc, char **argv)
{
    struct episodes alerts = { 0 }, truth = { 0 };
    if (argc != 3) {
        fputs("usage: check ALERTS.json TRUTH.json\n", stderr);
        return 2;
    }
    int status = 2;
    if (read_file(argv[1], &alerts) && read_file(argv[2], &truth))
        status = compare(&alerts, &truth) ? 0 : 1;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "check: standard output: %s\n", strerror(errno));
        status = 2;
    }
    free(alerts.items);
    free(truth.items);
    return status;
}
