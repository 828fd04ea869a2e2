// SPDX-License-Identifier: Apache-2.0
// What a step with state has of a key and window, in words: its record or cells, and its timers.
#include "own.h"
#include "why.h"

#define TIMERS_MOST 8u // that are told by name

// --- one record and one timer

static void say_plain(struct fl_why *why, struct fl_cell *cell)
{
    flow_buffer *out = why->out;
    flow_buffer_printf(out, "; its state is ");
    flow_json_write_masked(why->op->plan->node->fn->state, fl_cell_state(cell), out);
    if (cell->timer == FL_NEVER) {
        flow_buffer_printf(out, "; no timer is set");
        return;
    }
    flow_buffer_printf(out, "; its timer fires when the watermark passes ");
    fl_say_time(out, cell->timer);
    flow_buffer_printf(out, ", and holds the output watermark just before it");
}

// --- cells and timers by name

static void say_timer(struct fl_why *why, const struct fl_item *item, bool event)
{
    const flow_fn *fn = why->op->plan->node->fn;
    const struct fl_port *port = &why->op->worker->engine->options.port;
    const flow_str tag = fl_item_bytes(item);
    flow_buffer *out = why->out;
    flow_buffer_printf(out, "; timer '%s'", fn->timers[item->word]->name);
    if (tag.len)
        flow_buffer_printf(out, " of '%.*s'", (int)tag.len, tag.data);
    flow_buffer_printf(out, event ? " fires when the watermark passes " : " fires at ");
    fl_say_time(out, item->first[FL_FIRST_DUE]);
    if (!event) {
        flow_buffer_printf(out, ", the clock is at ");
        fl_say_time(out, port->now(port->user));
    }
    if (item->first[FL_FIRST_HOLD] <= FLOW_TIME_MAX_US) {
        flow_buffer_printf(out, ", and holds the output watermark at ");
        fl_say_time(out, item->first[FL_FIRST_HOLD]);
    } else if (event) {
        flow_buffer_printf(out, ", and holds the output watermark just before it");
    }
}

// Timers of one clock, in the order of their names.
static void say_timers(struct fl_why *why, const struct fl_root *root, bool event)
{
    struct fl_spot spot = { 0 };
    uint32_t told = 0;
    const struct fl_item *item = fl_tree_from(root->top, &spot, false);
    for (; item && told < TIMERS_MOST; told++) {
        say_timer(why, item, event);
        spot = fl_item_spot(item);
        item = fl_tree_from(root->top, &spot, true);
    }
    if (root->count <= told)
        return;
    flow_buffer_printf(why->out, "; and ");
    fl_why_count(why->out, root->count - told, "more timer");
}

static void say_full(struct fl_why *why, struct fl_cell *cell)
{
    const flow_fn *fn = why->op->plan->node->fn;
    struct fl_cells *cells = fl_cells_of(cell);
    flow_buffer *out = why->out;
    uint32_t told = 0;
    for (uint32_t i = 0; i < fn->cell_count; i++) {
        const struct fl_root *root = &cells->roots[FL_ROOT_CELLS + i];
        if (!root->top)
            continue;
        flow_buffer_printf(out, told++ ? ", '%s' has " : "; cell '%s' has ", fn->cells[i]->name);
        flow_buffer_printf(
            out, root->count == 1 ? "1 entry" : "%llu entries", (unsigned long long)root->count);
    }
    if (!told)
        flow_buffer_printf(out, "; no cell has anything");
    if (!cells->roots[FL_ROOT_EVENT].top && !cells->roots[FL_ROOT_CLOCK].top)
        flow_buffer_printf(out, "; no timer is set");
    say_timers(why, &cells->roots[FL_ROOT_EVENT], true);
    say_timers(why, &cells->roots[FL_ROOT_CLOCK], false);
}

static void say_cell(struct fl_why *why, struct fl_cell *cell)
{
    const flow_window window = cell ? fl_cell_window(why->op, cell) : (flow_window){ { 0 }, { 0 } };
    if (!cell || !fl_why_begin(why, window))
        return;
    if (why->op->keyed->stateful->full)
        say_full(why, cell);
    else
        say_plain(why, cell);
    fl_why_end(why, window);
}

void fl_why_state(struct fl_why *why)
{
    struct fl_keyed *keyed = why->op->keyed;
    const struct fl_slices *slices = fl_stateful_set(keyed);
    for (uint32_t i = 0; i < slices->count; i++)
        say_cell(why, fl_why_find(why, slices->at[i]));
    const uintptr_t windows = keyed->stateful->own ? fl_why_find_lives(why) : 0;
    for (uint32_t i = 0; i < fl_live_count(windows); i++)
        say_cell(why, fl_own_cell(fl_live_at(windows, i)));
    if (!keyed->stateful->sorted.count)
        return;
    flow_buffer_printf(why->out, "elements of all keys wait for earlier ones, the first until the "
                                 "watermark passes ");
    fl_say_time(why->out, fl_dues_first(&keyed->stateful->sorted)->at);
    flow_buffer_printf(why->out, "\n");
}
