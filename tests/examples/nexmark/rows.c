// SPDX-License-Identifier: Apache-2.0
// Rows as Beam's JSON, hashed and, where asked for, kept.
#include "rows.h"

#include <stdlib.h>

#include <zlib.h>

enum {
    LINE_MAX_BYTES = 4096,
    SHOWN = 5 // lines that a difference shows of each side
};

// What lies in the global window has its last instant as its time: a microsecond before its end
// here, its end itself in Beam.
#define GLOBAL_LAST_US (FLOW_TIME_GLOBAL_END_US - 1)

// A line in work; what does not fit ends the program, as it would be no test any more.
struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static void put(struct line *line, const char *text, size_t len)
{
    if (line->len + len > sizeof line->text) {
        fprintf(stderr, "rows: a line is longer than %d bytes\n", LINE_MAX_BYTES);
        abort();
    }
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void put_number(struct line *line, int64_t number)
{
    char digits[24];
    put(line, digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)number));
}

// The texts of Nexmark have letters and a few signs, of which only the backslash is escaped.
static void put_text(struct line *line, flow_str text)
{
    put(line, "\"", 1);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\\')
            put(line, "\\", 1);
        put(line, &text.data[i], 1);
    }
    put(line, "\"", 1);
}

static void put_record(struct line *line, const flow_type *type, const char *row);

static void put_value(struct line *line, const flow_field *field, const char *at)
{
    switch (field->kind) {
    case FLOW_KIND_I64:
        put_number(line, *(const int64_t *)(const void *)at);
        break;
    case FLOW_KIND_STR:
        put_text(line, *(const flow_str *)(const void *)at);
        break;
    case FLOW_KIND_TIME:
        put_number(line, *(const int64_t *)(const void *)at / 1000);
        break;
    case FLOW_KIND_BOOL:
        put(line, *at ? "true" : "false", *at ? 4 : 5);
        break;
    case FLOW_KIND_RECORD:
        put_record(line, field->record, at);
        break;
    default:
        fprintf(stderr, "rows: no results have fields like \"%s\"\n", field->name);
        abort();
    }
}

static void put_record(struct line *line, const flow_type *type, const char *row)
{
    for (uint32_t f = 0; f < type->field_count; f++) {
        const flow_field *field = &type->fields[f];
        const char *name = field->as ? field->as : field->name;
        put(line, f ? ",\"" : "{\"", 2);
        put(line, name, strlen(name));
        put(line, "\":", 2);
        put_value(line, field, row + field->offset);
    }
    put(line, "}", 1);
}

void rows_add(struct rows *rows, flow_time at, const flow_type *type, const void *row)
{
    struct line line;
    line.len = 0;
    if (rows->timed) {
        put_number(&line, at.us == GLOBAL_LAST_US ? GLOBAL_LAST_US / 1000 + 1 : at.us / 1000);
        put(&line, "\t", 1);
    }
    put_record(&line, type, row);
    rows_add_line(rows, line.text, line.len);
}

// FNV-1a over eight bytes at a time, and mixed at the end.
static uint64_t hash(const char *text, size_t len)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ len;
    for (; len > 0; len -= len < 8 ? len : 8, text += 8) {
        uint64_t word = 0;
        memcpy(&word, text, len < 8 ? len : 8);
        h = (h ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        h ^= h >> 32;
    }
    h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return h ^ (h >> 31);
}

static void keep_line(struct rows *rows, const char *line, size_t len)
{
    if (rows->count == rows->room) {
        rows->room = rows->room ? rows->room * 2 : 1024;
        rows->lines = realloc(rows->lines, rows->room * sizeof *rows->lines);
        if (!rows->lines)
            abort();
    }
    char *copy = malloc(len + 1);
    if (!copy)
        abort();
    memcpy(copy, line, len);
    copy[len] = '\0';
    rows->lines[rows->count] = copy;
}

void rows_add_line(struct rows *rows, const char *line, size_t len)
{
    if (rows->keep)
        keep_line(rows, line, len);
    rows->sum += hash(line, len);
    rows->count++;
}

void rows_read(struct rows *rows, const char *path)
{
    char line[LINE_MAX_BYTES];
    gzFile in = gzopen(path, "rb");
    if (!in) {
        fprintf(stderr, "rows: %s cannot be read\n", path);
        abort();
    }
    while (gzgets(in, line, sizeof line)) {
        const char *begin = rows->timed ? line : strchr(line, '\t') + 1;
        rows_add_line(rows, begin, strcspn(begin, "\n"));
    }
    gzclose(in);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Walks over both in order; shows what only one has.
static void show_difference(struct rows *ours, struct rows *theirs, FILE *out)
{
    size_t a = 0, b = 0;
    int shown[2] = { 0, 0 };
    qsort(ours->lines, ours->count, sizeof *ours->lines, by_text);
    qsort(theirs->lines, theirs->count, sizeof *theirs->lines, by_text);
    while (a < ours->count || b < theirs->count) {
        const int order = a == ours->count     ? 1
                          : b == theirs->count ? -1
                                               : strcmp(ours->lines[a], theirs->lines[b]);
        if (order < 0 && shown[0]++ < SHOWN)
            fprintf(out, "  too much: %s\n", ours->lines[a]);
        if (order > 0 && shown[1]++ < SHOWN)
            fprintf(out, "  lacks:    %s\n", theirs->lines[b]);
        a += order <= 0;
        b += order >= 0;
    }
}

bool rows_equal(struct rows *ours, struct rows *theirs, FILE *out)
{
    if (ours->count == theirs->count && ours->sum == theirs->sum)
        return true;
    fprintf(out, "%zu rows, %zu wanted\n", ours->count, theirs->count);
    if (ours->keep && theirs->keep)
        show_difference(ours, theirs, out);
    return false;
}

void rows_clear(struct rows *rows)
{
    for (size_t i = 0; rows->keep && i < rows->count; i++)
        free(rows->lines[i]);
    free(rows->lines);
    *rows = (struct rows){ .keep = rows->keep, .timed = rows->timed };
}
