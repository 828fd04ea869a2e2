// SPDX-License-Identifier: Apache-2.0
// Windows that merge (R12, R13, R16): an element's own window and the live ones of its key.
#include "checks.h"
#include "live.h"

// What comes to be one window.
struct group {
    struct fl_live **list; // sorted
    uint32_t count;
    flow_window window;
};

// Holds as R56 says; what was held at the end of a window is at the end of the merged one.
static int64_t merged_hold(const struct fl_lives *lives, const struct group *group)
{
    int64_t hold = FL_NEVER;
    const int64_t last = flow_window_last_instant(group->window).us;
    for (uint32_t i = 0; i < group->count; i++) {
        const int64_t one = group->list[i]->hold;
        if (one == FL_NEVER)
            continue;
        if (lives->how->output_time == FLOW_OUTPUT_EARLIEST)
            hold = one < hold ? one : hold;
        else if (lives->how->output_time == FLOW_OUTPUT_LATEST)
            hold = hold == FL_NEVER || one > hold ? one : hold;
        else
            hold = last;
    }
    return hold;
}

// The element's own window merges too: a part of the trigger that is to have finished in all
// windows has not in that one.
static void merge_triggers(
    struct fl_op *op, const struct fl_live *as, const struct group *group, flow_trigger_state *to)
{
    struct fl_lives *lives = op->keyed->lives;
    const flow_trigger_state *states[64];
    flow_trigger_clocks clocks = fl_live_clocks(op, as);
    clocks.window = group->window;
    flow_trigger_state sum;
    memset(&sum, 0, sizeof sum);
    for (uint32_t done = 0; done < group->count;) {
        uint32_t count = 0;
        flow_trigger_state part;
        memcpy(&part, &sum, flow_trigger_state_size(&lives->how->trigger));
        states[count++] = &part;
        while (count < 64 && done < group->count)
            states[count++] = fl_live_state(lives, group->list[done++]);
        flow_trigger_on_merge(&lives->how->trigger, &sum, states, count, &clocks);
    }
    memcpy(to, &sum, flow_trigger_state_size(&lives->how->trigger));
}

static bool join(struct fl_op *op, struct fl_live *to, struct fl_live *other)
{
    to->fresh = to->fresh || other->fresh;
    return fl_content_merge(op, to, other) && fl_live_remove(op, other);
}

// The windows of a group become one, which is returned. A window with the bounds of the merged one
// keeps its panes' numbers; else they begin anew (R49).
static struct fl_live *merge_group(struct fl_op *op, const struct group *group)
{
    struct fl_lives *lives = op->keyed->lives;
    uint32_t at = 0;
    for (uint32_t i = 1; i < group->count; i++)
        if (group->list[i]->window.start.us == group->window.start.us &&
            group->list[i]->window.end.us == group->window.end.us)
            at = i;
    struct fl_live *to = group->list[at];
    for (uint32_t i = 0; i < group->count; i++)
        if (!fl_live_touch(op, group->list[i]))
            return NULL;
    const bool same =
        to->window.start.us == group->window.start.us && to->window.end.us == group->window.end.us;
    flow_trigger_state state;
    if (!lives->usual)
        merge_triggers(op, to, group, &state);
    const int64_t hold = merged_hold(lives, group);
    for (uint32_t i = at; i-- > 0;) // neighbours first: what has an order keeps it
        if (!join(op, to, group->list[i]))
            return NULL;
    for (uint32_t i = at + 1; i < group->count; i++)
        if (!join(op, to, group->list[i]))
            return NULL;
    if (!lives->usual)
        memcpy(fl_live_state(lives, to), &state, flow_trigger_state_size(&lives->how->trigger));
    to->hold = hold;
    if (same)
        return to;
    to->index = 0;
    to->on_time_index = -1;
    to->timed = false;
    return fl_live_move(op, to, group->window) ? to : NULL;
}

static bool same_window(flow_window a, flow_window b)
{
    return a.start.us == b.start.us && a.end.us == b.end.us;
}

static bool overlap(flow_window a, flow_window b)
{
    return a.start.us < b.end.us && b.start.us < a.end.us; // touching is not enough (R12)
}

static bool covers(flow_window a, flow_window b)
{
    return a.start.us <= b.start.us && a.end.us >= b.end.us;
}

// A closed window with these bounds, when there is no other with them.
static struct fl_live *closed_one(uintptr_t cell, flow_window window)
{
    struct fl_live *live;
    for (uint32_t i = fl_live_place(cell, window); (live = fl_live_at(cell, i)); i++) {
        if (live->window.start.us != window.start.us || live->window.end.us != window.end.us)
            return NULL;
        if (live->closed)
            return live;
    }
    return NULL;
}

// Open windows of a key that overlap one. They lie apart from each other, so their ends are sorted
// as their starts are. Returns how many; *first is the place of the first.
static uint32_t overlapping(uintptr_t cell, flow_window own, uint32_t *first)
{
    const flow_window from = { own.end, own.end };
    uint32_t count = 0;
    for (uint32_t i = fl_live_place(cell, from); i-- > 0;) {
        const struct fl_live *live = fl_live_at(cell, i);
        if (live->closed)
            continue;
        if (!overlap(live->window, own))
            break;
        count++;
        *first = i;
    }
    return count;
}

static struct fl_live **list_of(
    struct fl_op *op, uintptr_t cell, uint32_t first, uint32_t count, flow_window *window)
{
    struct fl_live **list =
        fl_mem_alloc(&op->worker->cache, op->worker->bundle.mem, count * sizeof *list);
    for (uint32_t n = 0, i = first; list && n < count; i++) {
        struct fl_live *live = fl_live_at(cell, i);
        if (live->closed)
            continue;
        list[n++] = live;
        if (live->window.start.us < window->start.us)
            window->start = live->window.start;
        if (live->window.end.us > window->end.us)
            window->end = live->window.end;
    }
    return list;
}

// By far the commonest merge: the only window of a key grows, which has elements that wait for the
// default trigger.
static bool grow(struct fl_op *op, struct fl_live *live, flow_window own)
{
    if (!fl_live_touch(op, live))
        return false;
    if (own.start.us < live->window.start.us)
        live->window.start = own.start;
    if (own.end.us > live->window.end.us)
        live->window.end = own.end;
    const flow_output_time which = op->keyed->lives->how->output_time;
    if (which != FLOW_OUTPUT_EARLIEST && which != FLOW_OUTPUT_LATEST)
        live->hold = flow_window_last_instant(live->window).us;
    live->index = 0;
    live->on_time_index = -1;
    live->timed = false;
    return true;
}

// The element's own window lies within one that stays as it is: only the trigger sees a merge.
static bool join_own(struct fl_op *op, struct fl_live *live, flow_window own)
{
    const struct group group = { &live, 1, live->window };
    flow_trigger_state state;
    if (op->keyed->lives->usual || same_window(live->window, own))
        return true;
    if (!fl_live_touch(op, live))
        return false;
    merge_triggers(op, live, &group, &state);
    memcpy(fl_live_state(op->keyed->lives, live), &state,
        flow_trigger_state_size(&op->keyed->lives->how->trigger));
    return true;
}

// Plain sessions: overlapping windows become their span.
static flow_status live_of_span(
    struct fl_op *op, const union fl_live_key *key, flow_window own, struct fl_live **live)
{
    const uintptr_t cell = fl_live_find(op->keyed->lives, key);
    uint32_t first = 0;
    const uint32_t count = overlapping(cell, own, &first);
    struct fl_live *one = fl_live_at(cell, first);
    *live = NULL;
    if (count == 0)
        return FLOW_OK;
    if (count == 1 && covers(one->window, own)) {
        *live = one;
        return join_own(op, one, own) ? FLOW_OK : fl_no_memory(op);
    }
    struct group group = { &one, 1, own };
    if (count == 1 && op->keyed->lives->usual && one->hold != FL_NEVER &&
        fl_live_count(cell) == 1) {
        *live = one;
        return grow(op, one, own) ? FLOW_OK : fl_no_memory(op);
    }
    if (count == 1) {
        group.window.start = own.start.us < one->window.start.us ? own.start : one->window.start;
        group.window.end = own.end.us > one->window.end.us ? own.end : one->window.end;
    } else {
        group.count = count;
        group.list = list_of(op, cell, first, count, &group.window);
        if (!group.list)
            return fl_no_memory(op);
    }
    *live = merge_group(op, &group);
    return *live ? FLOW_OK : fl_no_memory(op);
}

// Windows of a key, with the element's own among them, and what each is to become.
struct merging {
    struct fl_live **list; // NULL: the element's own
    flow_window *windows, *into;
    uint32_t count, own;
};

static bool gather(struct fl_op *op, uintptr_t cell, flow_window own, struct merging *m)
{
    struct fl_cache *cache = &op->worker->cache;
    struct fl_mem *mem = op->worker->bundle.mem;
    const uint32_t most = fl_live_count(cell) + 1;
    m->list = fl_mem_alloc(cache, mem, most * sizeof *m->list);
    m->windows = fl_mem_alloc(cache, mem, most * sizeof *m->windows);
    m->into = fl_mem_alloc(cache, mem, most * sizeof *m->into);
    if (!m->list || !m->windows || !m->into)
        return false;
    const uint32_t place = fl_live_place(cell, own);
    m->count = m->own = 0;
    for (uint32_t i = 0; i < most; i++) {
        if (i == place) {
            m->own = m->count;
            m->windows[m->count] = own;
            m->list[m->count++] = NULL;
        }
        struct fl_live *live = i < most - 1 ? fl_live_at(cell, i) : NULL;
        if (!live || live->closed)
            continue;
        m->windows[m->count] = live->window;
        m->list[m->count++] = live;
    }
    return true;
}

// Any other merging: the windows' own function says what becomes of all windows of the key.
static flow_status live_of_any(
    struct fl_op *op, const union fl_live_key *key, flow_window *own, struct fl_live **live)
{
    struct merging m;
    const uintptr_t cell = fl_live_find(op->keyed->lives, key);
    *live = NULL;
    if (!gather(op, cell, *own, &m))
        return fl_no_memory(op);
    flow_windows_merge(&op->plan->in->windows, m.windows, m.count, m.into);
    const flow_status kept = fl_check_merged(op, m.windows, m.into, m.count);
    if (kept != FLOW_OK)
        return kept;
    const flow_window target = m.into[m.own];
    for (uint32_t i = 0; i < m.count; i++) {
        struct group group = { m.list + i, 0, m.into[i] };
        // those that become the same are moved together, the element's own left out
        for (uint32_t k = i; k < m.count; k++) {
            if (!m.list[k] || !same_window(m.into[k], group.window))
                continue;
            struct fl_live *one = m.list[k];
            m.list[k] = m.list[i + group.count];
            m.list[i + group.count] = one;
            const flow_window into = m.into[k];
            m.into[k] = m.into[i + group.count];
            m.into[i + group.count++] = into;
        }
        if (group.count == 0)
            continue;
        struct fl_live *whole = group.list[0];
        if (group.count > 1 || !same_window(whole->window, group.window))
            whole = merge_group(op, &group);
        else if (same_window(group.window, target) && !join_own(op, whole, *own))
            whole = NULL;
        if (!whole)
            return fl_no_memory(op);
        if (same_window(group.window, target))
            *live = whole;
        i += group.count - 1;
    }
    *own = target;
    return FLOW_OK;
}

// Windows that stay apart.
static flow_status live_of_plain(
    struct fl_op *op, const union fl_live_key *key, flow_window own, struct fl_live **live)
{
    const uintptr_t cell = fl_live_find(op->keyed->lives, key);
    struct fl_live *one = fl_live_at(cell, fl_live_place(cell, own));
    *live = one && same_window(one->window, own) ? one : NULL;
    return FLOW_OK;
}

flow_status fl_live_of(struct fl_op *op, const union fl_live_key *key, flow_window own,
    struct fl_live **live, bool *closed)
{
    const struct fl_lives *lives = op->keyed->lives;
    flow_status status;
    *closed = false;
    if (!lives->merging)
        status = live_of_plain(op, key, own, live);
    else if (lives->spans)
        status = live_of_span(op, key, own, live);
    else
        status = live_of_any(op, key, &own, live);
    if (status != FLOW_OK)
        return status;
    if (*live) {
        *closed = (*live)->closed;
        return FLOW_OK;
    }
    if (lives->merging && closed_one(fl_live_find(lives, key), own)) {
        *closed = true;
        return FLOW_OK;
    }
    *live = fl_live_new(op, key, own);
    return *live ? FLOW_OK : fl_no_memory(op);
}
