// SPDX-License-Identifier: Apache-2.0
// Whether an output is what Beam gave: the same elements with the same windows, panes and times, in
// any order.
#include "oracle/pane.h"
#include "run.h"

#include <stdio.h>
#include <stdlib.h>

// Elements, a line each, sorted.
struct lines {
    char **list;
    size_t count;
};

static bool keep(struct lines *lines, const char *row, const struct oracle_pane *pane)
{
    char is[200];
    oracle_pane_print(pane, is, sizeof is);
    const size_t size = strlen(row) + strlen(is) + 2;
    char *line = malloc(size);
    if (!line)
        return false;
    snprintf(line, size, "%s %s", row, is);
    lines->list[lines->count++] = line;
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool beams_lines(yyjson_val *rows, struct lines *lines)
{
    size_t i, count;
    yyjson_val *row;
    bool kept = true;
    lines->list = calloc(yyjson_arr_size(rows) + 1, sizeof *lines->list);
    yyjson_arr_foreach(rows, i, count, row)
    {
        struct oracle_pane pane;
        oracle_pane_of_beam(row, &pane);
        kept =
            kept && lines->list && keep(lines, yyjson_get_str(yyjson_obj_get(row, "row")), &pane);
    }
    if (lines->count)
        qsort(lines->list, lines->count, sizeof *lines->list, by_text);
    return kept && lines->list;
}

static bool our_lines(const flow_seen *seen, size_t count, struct lines *lines)
{
    bool kept = true;
    lines->list = calloc(count + 1, sizeof *lines->list);
    for (size_t i = 0; i < count; i++) {
        struct oracle_pane pane;
        oracle_pane_of_seen(&seen[i], &pane);
        kept = kept && lines->list && keep(lines, seen[i].text, &pane);
    }
    if (lines->count)
        qsort(lines->list, lines->count, sizeof *lines->list, by_text);
    return kept && lines->list;
}

static void free_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->list[i]);
    free(lines->list);
}

// Writes down what only one side has, as far as there is room. Returns how much that is.
static size_t differ(const struct lines *beams, const struct lines *ours, char *text, size_t size)
{
    size_t b = 0, o = 0, differences = 0, len = 0;
    while (b < beams->count || o < ours->count) {
        const int order = b == beams->count  ? 1
                          : o == ours->count ? -1
                                             : strcmp(beams->list[b], ours->list[o]);
        if (order != 0) {
            differences++;
            const int more = snprintf(text + len, size - len, "%s %s\n",
                order < 0 ? "Beam:" : "ours:", order < 0 ? beams->list[b] : ours->list[o]);
            len += (size_t)more < size - len ? (size_t)more : size - len - 1;
        }
        b += order <= 0;
        o += order >= 0;
    }
    return differences;
}

bool pipe_judge(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    const struct pipe_wanted *wanted = user;
    struct pipe *pipe = wanted->pipe;
    struct lines beams = { NULL, 0 }, ours = { NULL, 0 };
    size_t differences = 0;
    const bool kept = beams_lines(wanted->rows, &beams) && our_lines(seen, count, &ours);
    if (kept)
        differences = differ(&beams, &ours, pipe->difference, sizeof pipe->difference);
    free_lines(&beams);
    free_lines(&ours);
    if (!kept)
        flow_error_raise(error, FLOW_MEMORY, wanted->name, "no memory to compare");
    else if (differences)
        flow_error_raise(error, FLOW_UNEXPECTED, wanted->name,
            "%zu elements of Beam and ours have no match", differences);
    return kept && differences == 0;
}
