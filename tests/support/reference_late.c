// SPDX-License-Identifier: Apache-2.0
// What is late, what is dropped, and what functions refuse.
#include <stdlib.h>

#include "reference.h"

bool ref_fires(const struct graph *graph, int64_t at, size_t *round)
{
    for (*round = 0; *round < graph->mark_count; ++*round)
        if (graph->marks[*round] >= at)
            return true;
    return false;
}

// --- rejections

static void reject(struct flow_test_results *to, const struct flow_rejected *row)
{
    const struct flow_test_result at = { .time = row->at,
        .window = { { FLOW_TIME_MIN_US }, { FLOW_TIME_GLOBAL_END_US } },
        .pane = REF_NO_FIRING };
    flow_test_expect(to, &flow_rejected_type, row, &at);
}

static void reject_row(struct flow_test_results *to, const struct ref_step *step,
    const struct element *element, const char *reason, const char *message)
{
    flow_buffer json = { 0 };
    const struct flow_integer sum = { element->row.v };
    if (step->sums)
        flow_json_write(&flow_integer_type, &sum, &json);
    else
        flow_json_write(&flow_test_row_type, &element->row, &json);
    const struct flow_rejected row = { .step = flow_str_of(step->path),
        .reason = flow_str_of(reason),
        .message = flow_str_of(message),
        .at = { element->time },
        .element = { json.data, json.len },
        .sign = 1 };
    reject(to, &row);
    flow_buffer_free(&json);
}

void ref_drop(struct reference *r, const char *path, const struct element *element,
    const char *reason, const char *message)
{
    const struct ref_step step = { .path = path, .sums = r->sums };
    reject_row(&r->graph->dropped_wanted[r->n], &step, element, reason, message);
}

static void write_key(enum graph_key key, const struct flow_test_row *row, flow_buffer *json)
{
    const double x = row->x + 0.0;
    flow_buffer_printf(json, "{\"key\":");
    if (key == KEY_K)
        flow_json_write_value(FLOW_KIND_I64, NULL, &row->k, json);
    else if (key == KEY_S)
        flow_json_write_value(FLOW_KIND_STR, NULL, &row->s, json);
    else if (key == KEY_X)
        flow_json_write_value(FLOW_KIND_F64, NULL, &x, json);
    else
        flow_json_write(&flow_test_place_type, &row->place, json);
    flow_buffer_printf(json, "}");
}

void ref_refuse(
    struct reference *r, const struct ref_step *step, const struct element *element, bool key)
{
    const bool skip = step->node->policy == FLOW_ON_ERROR_SKIP;
    struct flow_test_results *to =
        skip ? &r->graph->dropped_wanted[r->n] : &r->graph->dead_wanted[r->n];
    const char *reason = skip ? "skipped" : "failed";
    if (!key) {
        reject_row(to, step, element, reason, "refused");
        return;
    }
    flow_buffer json = { 0 };
    write_key(step->node->key, &element->row, &json);
    const struct flow_rejected row = { .step = flow_str_of(step->path),
        .reason = flow_str_of(reason),
        .message = flow_str_of("refused"),
        .at = { element->time },
        .element = { json.data, json.len },
        .sign = 1 };
    reject(to, &row);
    flow_buffer_free(&json);
}

// --- late

static const char past_expiry[] = "it came after the watermark had passed the expiry of its window";
static const char past_order[] = "it came too late to be put in order of time";

// The watermark that a step had adopted when an element reached it.
static int64_t mark_before(const struct graph *graph, size_t round)
{
    return round ? graph->marks[round - 1] : FLOW_TIME_MIN_US;
}

static const char *why_dropped(
    const struct ref_step *step, const struct element *e, int64_t watermark)
{
    const int64_t expiry = flow_window_expiry(e->window, (flow_duration){ step->lateness }).us;
    if (expiry < watermark)
        return past_expiry;
    if (step->op == GRAPH_SORTED && e->time < watermark && e->time + step->lateness < watermark)
        return past_order;
    return NULL;
}

static void judge_by_time(struct reference *r, const struct ref_step *step, struct list *all)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        struct element e = all->at[i];
        const int64_t watermark = mark_before(r->graph, e.round);
        const char *why = why_dropped(step, &e, watermark);
        e.late = e.window.end.us <= watermark;
        if (why)
            reject_row(&r->graph->dropped_wanted[r->n], step, &e, "late", why);
        else
            all->at[kept++] = e;
    }
    all->count = kept;
}

// The element in the earliest of the windows that a dropped one may have been in.
static size_t find_dropped(struct flow_test_results *as_dropped, const struct list *all,
    const struct flow_test_result *drop)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < all->count; i++) {
        const struct element *e = &all->at[i];
        if (e->late || e->time != drop->time.us ||
            strcmp(as_dropped->list[i].text, drop->text) != 0)
            continue;
        if (found == SIZE_MAX || e->window.end.us < all->at[found].window.end.us)
            found = i;
    }
    return found;
}

// Which elements are late depends on the schedule: those that the run says it dropped are taken out
// (in = out + dropped); each must have come.
static void judge_by_drops(struct reference *r, const struct ref_step *step, struct list *all)
{
    struct flow_test_results as_dropped[2];
    struct flow_test_results *got = &r->graph->dropped_got[r->n];
    struct flow_test_results *wanted = &r->graph->dropped_wanted[r->n];
    flow_test_results_init(&as_dropped[0], NULL);
    flow_test_results_init(&as_dropped[1], NULL);
    for (size_t i = 0; i < all->count; i++) {
        reject_row(&as_dropped[0], step, &all->at[i], "late", past_expiry);
        reject_row(&as_dropped[1], step, &all->at[i], "late", past_order);
    }
    for (size_t d = 0; d < got->count; d++) {
        for (int kind = 0; kind < 2; kind++) {
            const size_t i = find_dropped(&as_dropped[kind], all, &got->list[d]);
            if (i == SIZE_MAX)
                continue;
            all->at[i].late = true; // for now: taken
            reject_row(wanted, step, &all->at[i], "late", kind ? past_order : past_expiry);
            break;
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++)
        if (!all->at[i].late)
            all->at[kept++] = all->at[i];
    all->count = kept;
    flow_test_results_clear(&as_dropped[0]);
    flow_test_results_clear(&as_dropped[1]);
}

void ref_judge(struct reference *r, const struct ref_step *step, struct list *all)
{
    for (size_t i = 0; i < all->count; i++)
        all->at[i].late = false;
    if (r->graph->any_schedule)
        judge_by_drops(r, step, all);
    else
        judge_by_time(r, step, all);
}
