// SPDX-License-Identifier: Apache-2.0
// What must hold of the cells and timers that a function declares.
#include <flow/transform.h>

#include "graph/graph.h"

static const char *const kinds[] = { "", "value", "bag", "combining", "set", "map", "multimap",
    "ordered" };

static bool has_key(flow_cell_kind kind)
{
    return kind == FLOW_CELL_SET || kind == FLOW_CELL_MAP || kind == FLOW_CELL_MULTIMAP;
}

static bool has_record(flow_cell_kind kind)
{
    return kind != FLOW_CELL_SET && kind != FLOW_CELL_COMBINING;
}

static bool check_cell_key(const fl_call *call, const flow_cell *cell)
{
    const char *kind = kinds[cell->kind];
    if (!has_key(cell->kind))
        return true;
    if (cell->key.kind == FLOW_KIND_NONE || cell->key.kind > FLOW_KIND_LIST)
        return fl_refuse(call, FLOW_INVALID, "%s '%s' has no key type", kind, cell->name);
    if (cell->key.kind == FLOW_KIND_LIST)
        return fl_refuse(call, FLOW_TYPE, "the key of %s '%s' is a list", kind, cell->name);
    if (cell->key.kind != FLOW_KIND_RECORD)
        return true;
    if (!cell->key_type)
        return fl_refuse(call, FLOW_INVALID,
            "the key of %s '%s' is a record; declare it with FLOW_SET_OF, FLOW_MAP_BY or "
            "FLOW_MULTIMAP_BY",
            kind, cell->name);
    return fl_check_type(call, cell->key_type);
}

static bool check_combine(const fl_call *call, const flow_cell *cell)
{
    const flow_combine_fn *combine = cell->combine;
    if (!combine || !combine->acc || !combine->in || !combine->add || !combine->merge)
        return fl_refuse(call, FLOW_INVALID,
            "combining cell '%s' needs a combine with 'in', 'acc', 'add' and 'merge'", cell->name);
    return fl_check_type(call, combine->in) && fl_check_type(call, combine->acc) &&
           (!combine->out || fl_check_type(call, combine->out));
}

static bool check_ttl(const fl_call *call, const flow_cell *cell, const flow_edge *in)
{
    if (cell->ttl.us < 0)
        return fl_refuse(call, FLOW_INVALID, "the time to live of cell '%s' is %lld us, below 0",
            cell->name, (long long)cell->ttl.us);
    if (cell->ttl.us > 0 && cell->ttl.us < in->lateness.us)
        return fl_refuse(call, FLOW_INVALID,
            "the time to live of cell '%s' is %lld us, shorter than the allowed lateness of %lld "
            "us: late elements would find it gone",
            cell->name, (long long)cell->ttl.us, (long long)in->lateness.us);
    return true;
}

// What becomes of two records of a cell where windows merge.
static bool check_merging(const fl_call *call, const flow_cell *cell, const flow_edge *in)
{
    const bool said = cell->kind == FLOW_CELL_VALUE || cell->kind == FLOW_CELL_MAP;
    const bool any = cell->merge || cell->merging != FLOW_MERGE_UNSAID;
    if (any && !said)
        return fl_refuse(call, FLOW_INVALID,
            "%s '%s' merges by itself; 'merge' and 'merging' are for values and maps",
            kinds[cell->kind], cell->name);
    if (cell->merging < FLOW_MERGE_UNSAID || cell->merging > FLOW_MERGE_LATEST)
        return fl_refuse(call, FLOW_UNSUPPORTED, "%s '%s' merges in an unknown way %d",
            kinds[cell->kind], cell->name, (int)cell->merging);
    if (cell->merge && cell->merging != FLOW_MERGE_UNSAID)
        return fl_refuse(call, FLOW_INVALID,
            "%s '%s' has both a merge function and 'merging': which of them is to say?",
            kinds[cell->kind], cell->name);
    if (!said || any || !flow_edge_merging(in))
        return true;
    return fl_refuse(call, FLOW_INVALID,
        "the windows of its input merge, but nothing says what two records of %s '%s' come to; "
        "declare it with %s, or with .merging = FLOW_MERGE_LATEST or FLOW_MERGE_EARLIEST",
        kinds[cell->kind], cell->name,
        cell->kind == FLOW_CELL_VALUE ? "FLOW_VALUE_MERGED"
        : cell->key_type              ? "FLOW_MAP_BY_MERGED"
                                      : "FLOW_MAP_MERGED");
}

static bool check_cell(const fl_call *call, const flow_fn *fn, uint32_t i, const flow_edge *in)
{
    const flow_cell *cell = fn->cells[i];
    if (!cell || !cell->name)
        return fl_refuse(call, FLOW_INVALID, "cell %u of the function has no name", (unsigned)i);
    if (cell->kind < FLOW_CELL_VALUE || cell->kind > FLOW_CELL_ORDERED)
        return fl_refuse(
            call, FLOW_UNSUPPORTED, "cell '%s' is of unknown kind %d", cell->name, (int)cell->kind);
    for (uint32_t k = 0; k < i; k++)
        if (strcmp(fn->cells[k]->name, cell->name) == 0)
            return fl_refuse(call, FLOW_INVALID, "two cells are called '%s'", cell->name);
    if (has_record(cell->kind) && !cell->type)
        return fl_refuse(
            call, FLOW_INVALID, "%s '%s' has no record type", kinds[cell->kind], cell->name);
    if (has_record(cell->kind) && !fl_check_type(call, cell->type))
        return false;
    if (cell->kind == FLOW_CELL_COMBINING && !check_combine(call, cell))
        return false;
    return check_cell_key(call, cell) && check_ttl(call, cell, in) && check_merging(call, cell, in);
}

static bool same_key(const flow_key_spec *a, const flow_key_spec *b)
{
    const bool named = a->kind != FLOW_KIND_RECORD ||
                       (a->c_type && b->c_type && strcmp(a->c_type, b->c_type) == 0);
    return a->kind == b->kind && a->size == b->size && named;
}

static bool check_timer(const fl_call *call, const flow_fn *fn, uint32_t i)
{
    const flow_timer *timer = fn->timers[i];
    if (!timer || !timer->name || !timer->due)
        return fl_refuse(call, FLOW_INVALID, "timer %u of the function has no %s", (unsigned)i,
            timer && timer->name ? "'due'" : "name");
    if (timer->clock < FLOW_EVENT_TIME || timer->clock > FLOW_WINDOW_EXPIRY)
        return fl_refuse(call, FLOW_UNSUPPORTED, "timer '%s' goes by unknown clock %d", timer->name,
            (int)timer->clock);
    if (timer->merging < FLOW_TIMER_EARLIER || timer->merging > FLOW_TIMER_CLEARED)
        return fl_refuse(call, FLOW_UNSUPPORTED, "timer '%s' merges in an unknown way %d",
            timer->name, (int)timer->merging);
    for (uint32_t k = 0; k < i; k++) {
        if (strcmp(fn->timers[k]->name, timer->name) == 0)
            return fl_refuse(call, FLOW_INVALID, "two timers are called '%s'", timer->name);
        if (timer->clock == FLOW_WINDOW_EXPIRY && fn->timers[k]->clock == FLOW_WINDOW_EXPIRY)
            return fl_refuse(call, FLOW_INVALID,
                "timers '%s' and '%s' both fire at the expiry of a window: one may",
                fn->timers[k]->name, timer->name);
    }
    if (!same_key(&timer->key, &fn->key))
        return fl_refuse(call, FLOW_TYPE, "timer '%s' takes the key '%s', the function '%s'",
            timer->name, timer->key.c_type ? timer->key.c_type : flow_kind_name(timer->key.kind),
            fn->key.c_type ? fn->key.c_type : flow_kind_name(fn->key.kind));
    return true;
}

bool fl_check_state(const fl_call *call, const flow_fn *fn, const flow_edge *in)
{
    if (fn->form == FLOW_FORM_STATEFUL && flow_edge_merging(in) && !fn->merge)
        return fl_refuse(call, FLOW_INVALID,
            "the windows of its input merge, but nothing says what two states '%s' come to; "
            "declare it with FLOW_STATEFUL_MERGED_FN",
            fn->state->name);
    if (fn->form != FLOW_FORM_CELLS)
        return true;
    if ((fn->cell_count && !fn->cells) || (fn->timer_count && !fn->timers) ||
        fn->cell_count + fn->timer_count == 0)
        return fl_refuse(
            call, FLOW_INVALID, "the function keeps state, but declares no cells and no timers");
    for (uint32_t i = 0; i < fn->cell_count; i++)
        if (!check_cell(call, fn, i, in))
            return false;
    for (uint32_t i = 0; i < fn->timer_count; i++)
        if (!check_timer(call, fn, i))
            return false;
    return true;
}
