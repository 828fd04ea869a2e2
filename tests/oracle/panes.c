// SPDX-License-Identifier: Apache-2.0
// Panes as lines of text, ours and Beam's alike.
#include "oracle.h"
#include "pane.h"

#include <stdio.h>
#include <stdlib.h>

#define PANES 512

// A pane, of either side.
struct pane {
    char key[32], value[128];
    struct oracle_pane is;
};

struct panes {
    struct pane list[PANES];
    char lines[PANES][256];
    size_t count;
};

static void put(struct panes *panes, const struct pane *pane)
{
    if (panes->count < PANES)
        panes->list[panes->count++] = *pane;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int by_window(const void *left, const void *right)
{
    const struct pane *a = left, *b = right;
    const int order = strcmp(a->key, b->key);
    if (order != 0)
        return order;
    if (a->is.start != b->is.start)
        return a->is.start < b->is.start ? -1 : 1;
    if (a->is.end != b->is.end)
        return a->is.end < b->is.end ? -1 : 1;
    return a->is.index < b->is.index ? -1 : a->is.index > b->is.index;
}

// What a window's panes come to: the last where they accumulate, else their sum.
static void fold(struct panes *panes, bool accumulating)
{
    size_t kept = 0;
    if (panes->count)
        qsort(panes->list, panes->count, sizeof panes->list[0], by_window);
    for (size_t i = 0; i < panes->count; i++) {
        struct pane *pane = &panes->list[i];
        struct pane *last = kept ? &panes->list[kept - 1] : NULL;
        int64_t value = strtoll(pane->value, NULL, 10);
        if (last && strcmp(last->key, pane->key) == 0 && last->is.start == pane->is.start &&
            last->is.end == pane->is.end) {
            value += accumulating ? 0 : strtoll(last->value, NULL, 10);
            kept--;
        }
        struct pane whole = { .is = { .global = pane->is.global,
                                  .start = pane->is.start,
                                  .end = pane->is.end,
                                  .timing = "in all" } };
        memcpy(whole.key, pane->key, sizeof whole.key);
        snprintf(whole.value, sizeof whole.value, "%lld", (long long)value);
        panes->list[kept++] = whole;
    }
    panes->count = kept;
}

static void print(const struct pane *pane, char *line, size_t size)
{
    char is[200];
    oracle_pane_print(&pane->is, is, sizeof is);
    snprintf(line, size, "%s %s: %s", pane->key, is, pane->value);
}

// Behind a second grouping, when a pane comes depends on how far a runner lets the watermark
// between the two run ahead; what its panes come to does not.
static void join(yyjson_val *c, struct panes *panes, struct oracle_text *into)
{
    size_t len = 0;
    const char *mode = yyjson_get_str(yyjson_obj_get(c, "mode"));
    if (strcmp(yyjson_get_str(yyjson_obj_get(c, "step")), "chain") == 0)
        fold(panes, mode && strcmp(mode, "accumulating") == 0);
    for (size_t i = 0; i < panes->count; i++)
        print(&panes->list[i], panes->lines[i], sizeof panes->lines[i]);
    if (panes->count)
        qsort(panes->lines, panes->count, sizeof panes->lines[0], by_text);
    into->text[0] = '\0';
    for (size_t i = 0; i < panes->count; i++) {
        const int more = snprintf(into->text + len, into->size - len, "%s\n", panes->lines[i]);
        len += (size_t)more < into->size - len ? (size_t)more : into->size - len - 1;
    }
}

// --- Beam's

static void values_of(yyjson_val *row, struct pane *pane)
{
    size_t len = 0, i, count;
    yyjson_val *value;
    yyjson_val *values = yyjson_obj_get(row, "values");
    if (!values) {
        snprintf(pane->value, sizeof pane->value, "%lld",
            (long long)yyjson_get_sint(yyjson_obj_get(row, "value")));
        return;
    }
    yyjson_arr_foreach(values, i, count, value)
    {
        if (len < sizeof pane->value)
            len += (size_t)snprintf(pane->value + len, sizeof pane->value - len, "%lld ",
                (long long)yyjson_get_sint(value));
    }
}

void oracle_panes_of_beam(yyjson_val *c, struct oracle_text *into)
{
    static struct panes panes;
    panes.count = 0;
    size_t i, count;
    yyjson_val *row;
    yyjson_arr_foreach(yyjson_obj_get(c, "panes"), i, count, row)
    {
        struct pane pane = { .key = "" };
        oracle_pane_of_beam(row, &pane.is);
        const char *key = yyjson_get_str(yyjson_obj_get(row, "key"));
        snprintf(pane.key, sizeof pane.key, "%s", key ? key : "");
        values_of(row, &pane);
        put(&panes, &pane);
    }
    join(c, &panes, into);
}

// --- ours

// The elements of a pane, sorted, a space behind each.
struct listed {
    flow_str key, values;
};
FLOW_RECORD(listed, key, values);

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static flow_status list_values(flow_ctx *ctx, const flow_str *key, flow_rows *rows)
{
    int64_t values[64];
    size_t count = 0, len = 0;
    char text[2048] = "";
    for (const struct entry *e = flow_rows_next(rows); e && count < 64; e = flow_rows_next(rows))
        values[count++] = e->value;
    qsort(values, count, sizeof values[0], by_value);
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%lld ", (long long)values[i]);
    return FLOW_EMIT(ctx, listed, .key = *key, .values = { text, len });
}
FLOW_GROUP_FN(list_values, flow_str, entry, listed);

// `"a": {"value":7}` or `{"key":"a","values":"1 2 "}`.
static void read_seen(const char *text, struct pane *pane)
{
    const bool listed = text[0] == '{';
    const char *key = listed ? text + strlen("{\"key\":\"") : text + 1;
    snprintf(pane->key, sizeof pane->key, "%.*s", (int)strcspn(key, "\""), key);
    const char *value = listed ? strstr(text, "values\":\"") : strstr(text, "value\":");
    if (!value)
        return;
    value = strchr(value, ':') + (listed ? 2 : 1);
    snprintf(pane->value, sizeof pane->value, "%.*s", (int)strcspn(value, "\"}"), value);
}

struct noting {
    yyjson_val *c;
    struct oracle_text *into;
};

static bool note(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    struct noting *noting = user;
    static struct panes panes;
    (void)error;
    panes.count = 0;
    for (size_t i = 0; i < count; i++) {
        struct pane pane = { .key = "" };
        oracle_pane_of_seen(&seen[i], &pane.is);
        read_seen(seen[i].text, &pane);
        put(&panes, &pane);
    }
    join(noting->c, &panes, noting->into);
    return true;
}

static flow_coll step(flow_coll in, const char *what)
{
    if (strcmp(what, "group") == 0)
        return flow_group(in, &list_values_fn);
    const flow_coll sums = flow_sum(in, FLOW_FIELD(entry, value));
    return strcmp(what, "chain") == 0 ? flow_sum(sums, FLOW_FIELD(flow_integer, value)) : sums;
}

flow_status oracle_run(yyjson_val *c, struct oracle_text *into, flow_error *error)
{
    flow_window_options windowing;
    if (!oracle_windowing(c, &windowing))
        return flow_error_raise(error, FLOW_INTERNAL, NULL, "a case names unknown windows");
    flow_pipeline *p = flow_pipeline_new("case");
    const flow_coll keyed = flow_key_by(oracle_script(p, c), FLOW_FIELD(entry, key));
    const flow_coll panes =
        step(flow_window_into(keyed, &windowing), yyjson_get_str(yyjson_obj_get(c, "step")));
    struct noting noting = { c, into };
    flow_expect_that(panes, note, &noting, NULL);
    flow_status status = flow_pipeline_check(p, error);
    // where the clock of a TestStream begins in Beam, as far as aligning shows it
    const flow_simulated_options options = { .clock = { INT64_C(1700000000025000) } };
    const flow_runner runner = flow_simulated(&options);
    if (status == FLOW_OK && flow_run(p, &runner, error) != FLOW_OK)
        status = FLOW_INTERNAL;
    flow_pipeline_free(p);
    return status;
}
