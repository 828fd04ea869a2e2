// SPDX-License-Identifier: Apache-2.0
// Views as all workers share them: taking them for a bundle, and forgetting what nobody asks for.
#include "side.h"
#include "split.h"

#include "spin.h"

static void lock(struct fl_engine *engine)
{
    fl_spin_lock(&engine->views.lock, engine->options.port.yield);
}

static void unlock(struct fl_engine *engine)
{
    fl_spin_unlock(&engine->views.lock);
}

bool fl_views_init(struct fl_engine *engine)
{
    struct fl_views *views = &engine->views;
    atomic_flag_clear(&views->lock);
    views->count = engine->plan.view_count;
    if (views->count == 0)
        return true;
    const size_t size = views->count * sizeof(struct fl_view_state *);
    views->states = fl_mem_alloc(&engine->cache, engine->mem, size);
    if (views->states)
        memset(views->states, 0, size);
    return views->states != NULL;
}

void fl_view_state_unref(struct fl_cache *cache, struct fl_view_state *state)
{
    if (!state || atomic_fetch_sub_explicit(&state->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < state->count; i++)
        fl_segment_unref(cache, state->at[i].segment);
    fl_give(cache, state, state->size);
}

void fl_views_fini(struct fl_engine *engine)
{
    for (uint32_t v = 0; engine->views.states && v < engine->views.count; v++)
        fl_view_state_unref(&engine->cache, engine->views.states[v]);
    engine->views.count = 0;
}

struct fl_view_state *fl_view_state_new(struct fl_cache *cache, uint32_t room)
{
    const size_t size = sizeof(struct fl_view_state) + room * sizeof(struct fl_held);
    struct fl_view_state *state = fl_take(cache, size);
    if (!state)
        return NULL;
    memset(state, 0, sizeof *state);
    atomic_init(&state->refs, 1);
    state->size = size;
    return state;
}

struct fl_view_state *fl_views_now(struct fl_engine *engine, uint32_t view)
{
    lock(engine);
    struct fl_view_state *state = engine->views.states[view];
    if (state)
        atomic_fetch_add_explicit(&state->refs, 1, memory_order_relaxed);
    unlock(engine);
    return state;
}

// --- a bundle's share

bool fl_pins_init(struct fl_worker *worker)
{
    struct fl_engine *engine = worker->engine;
    struct fl_pins *pins = &worker->pins;
    const uint32_t count = engine->plan.view_count;
    pins->key.allocator = pins->tie.allocator = engine->graph->allocator;
    if (count == 0)
        return true;
    pins->marks = fl_mem_alloc(&engine->cache, engine->mem, count * sizeof *pins->marks);
    pins->states = fl_mem_alloc(&engine->cache, engine->mem, count * sizeof *pins->states);
    return pins->marks && pins->states;
}

void fl_pins_fini(struct fl_worker *worker)
{
    fl_pins_drop(worker);
    flow_buffer_free(&worker->pins.key);
    flow_buffer_free(&worker->pins.tie);
}

void fl_pins_take(struct fl_worker *worker)
{
    struct fl_engine *engine = worker->engine;
    struct fl_pins *pins = &worker->pins;
    if (pins->taken)
        return;
    // the watermarks first, the views after: all that came before a watermark is then in the view
    for (uint32_t v = 0; v < engine->views.count; v++)
        pins->marks[v] = fl_view_mark(worker, engine->plan.views[v]);
    fl_moment(engine);
    lock(engine);
    for (uint32_t v = 0; v < engine->views.count; v++) {
        pins->states[v] = engine->views.states[v];
        if (pins->states[v])
            atomic_fetch_add_explicit(&pins->states[v]->refs, 1, memory_order_relaxed);
    }
    unlock(engine);
    pins->taken = true;
}

void fl_pins_drop(struct fl_worker *worker)
{
    struct fl_pins *pins = &worker->pins;
    if (!pins->taken)
        return;
    for (uint32_t v = 0; v < worker->engine->views.count; v++)
        fl_view_state_unref(&worker->cache, pins->states[v]);
    pins->taken = false;
}

int64_t fl_view_mark(struct fl_worker *worker, uint32_t i)
{
    const struct fl_engine *engine = worker->engine;
    const struct fl_plan_op *plan = &engine->plan.ops[i];
    if (plan->kind != FL_OP_TABLE)
        return fl_input_watermark(worker, plan);
    int64_t lowest = FLOW_TIME_MAX_US;
    for (uint32_t w = 0; w < engine->options.workers; w++) {
        const int64_t mark =
            atomic_load_explicit(&engine->workers[w].ops[i].keyed->out, memory_order_acquire);
        lowest = mark < lowest ? mark : lowest;
    }
    return lowest;
}

// --- what nobody asks for any more

// a − b for b ≥ 0, kept within the range of times.
static int64_t before(int64_t a, int64_t b)
{
    return a < FLOW_TIME_MIN_US + b ? FLOW_TIME_MIN_US : a - b;
}

// The lowest instant that a step that looks into a view may still ask from, less how late its
// elements may come.
static int64_t asked_from(
    const struct fl_engine *engine, const struct fl_plan_op *view, flow_duration keep)
{
    int64_t lowest = FLOW_TIME_MAX_US;
    for (uint32_t k = 0; k < view->looker_count; k++) {
        const struct fl_looker *looker = &view->lookers[k];
        const int64_t late = keep.us > looker->lateness.us ? keep.us : looker->lateness.us;
        for (uint32_t w = 0; w < engine->options.workers; w++) {
            const int64_t out = atomic_load_explicit(
                &engine->workers[w].ops[looker->op].keyed->out, memory_order_acquire);
            const int64_t from = before(out, late);
            lowest = from < lowest ? from : lowest;
        }
        // after the watermarks: what they have passed lies in the pile by then
        const int64_t asks = engine->plan.ops[looker->op].kind == FL_OP_SPLIT
                                 ? fl_split_asks(engine, looker->op)
                                 : FL_NEVER;
        const int64_t from = before(asks, late);
        lowest = from < lowest ? from : lowest;
    }
    return lowest;
}

int64_t fl_table_horizon(const struct fl_engine *engine, const struct fl_plan_op *plan)
{
    return asked_from(engine, plan, plan->node->view->keep);
}

// A window of a side input belongs to main windows whose last instant lies in it. They expire at
// the latest when the watermark has passed its last instant and their lateness (R24).
int64_t fl_view_limit(const struct fl_engine *engine, const struct fl_plan_op *plan)
{
    if (plan->looker_count == 0)
        return FLOW_TIME_MAX_US;
    return asked_from(engine, plan, (flow_duration){ 0 });
}

struct fl_segment *fl_view_window(const struct fl_view_state *state, flow_window window)
{
    const struct fl_held sought = { window.end.us, window.start.us, NULL };
    uint32_t low = 0, high = state ? state->count : 0;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (fl_held_before(&state->at[middle], &sought))
            low = middle + 1;
        else
            high = middle;
    }
    const bool there = state && low < state->count && !fl_held_before(&sought, &state->at[low]);
    return there ? state->at[low].segment : NULL;
}

// Puts what another list has into a list too.
static void keep(struct fl_view_state *list, const struct fl_held *held)
{
    fl_segment_ref(held->segment);
    list->at[list->count++] = *held;
}

// Takes the windows up to a limit out of a view.
static void drop_windows(struct fl_worker *worker, uint32_t view, int64_t limit)
{
    struct fl_engine *engine = worker->engine;
    struct fl_view_state *old = fl_views_now(engine, view);
    struct fl_view_state *fresh = old ? fl_view_state_new(&worker->cache, old->count) : NULL;
    if (fresh) {
        for (uint32_t i = 0; i < old->count; i++)
            if (old->at[i].tag > limit)
                keep(fresh, &old->at[i]);
        lock(engine);
        const bool same = engine->views.states[view] == old;
        if (same)
            engine->views.states[view] = fresh;
        unlock(engine);
        fl_view_state_unref(&worker->cache, same ? old : fresh);
    }
    fl_view_state_unref(&worker->cache, old);
}

void fl_views_collect(struct fl_worker *worker)
{
    struct fl_engine *engine = worker->engine;
    for (uint32_t v = 0; v < engine->views.count; v++) {
        const struct fl_plan_op *plan = &engine->plan.ops[engine->plan.views[v]];
        if (plan->kind != FL_OP_VIEW || plan->in->windows.kind == FLOW_WINDOW_GLOBAL)
            continue;
        // end − 1 < limit, since nobody asks from the limit on for windows before it
        const int64_t limit = fl_view_limit(engine, plan);
        lock(engine);
        const struct fl_view_state *state = engine->views.states[v];
        const bool old = state && state->count > 0 && state->at[0].tag <= limit;
        unlock(engine);
        if (old)
            drop_windows(worker, v, limit);
    }
}

// --- changes

// What is new and what stays of the old list, in order. Under the lock.
static void merge(const struct fl_publication *p)
{
    const struct fl_view_state *old = p->old;
    struct fl_view_state *fresh = p->fresh;
    uint32_t next = 0;
    for (uint32_t i = 0; old && i < old->count; i++) {
        const struct fl_held *held = &old->at[i];
        while (next < p->count && fl_held_before(&p->add[next], held))
            fresh->at[fresh->count++] = p->add[next++];
        const bool again = next < p->count && !fl_held_before(held, &p->add[next]);
        const bool gone = p->table ? held->tag == p->tag : again || held->tag <= p->tag;
        if (!gone)
            keep(fresh, held);
    }
    while (next < p->count)
        fresh->at[fresh->count++] = p->add[next++];
}

void fl_views_publish(struct fl_worker *worker)
{
    struct fl_engine *engine = worker->engine;
    struct fl_publication *all = worker->pins.publications;
    if (!all)
        return;
    lock(engine);
    for (struct fl_publication *p = all; p; p = p->next) {
        struct fl_view_state **now = &engine->views.states[p->view];
        p->old = *now;
        merge(p);
        *now = p->fresh;
    }
    unlock(engine);
    for (struct fl_publication *p = all; p; p = p->next)
        fl_view_state_unref(&worker->cache, p->old);
    worker->pins.publications = NULL;
    atomic_fetch_add(&engine->views.epoch, 1);
    fl_wake_all(engine);
}
