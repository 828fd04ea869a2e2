// SPDX-License-Identifier: Apache-2.0
// One budget, several workers: who finds no memory may have none to give while another holds all of
// it. So it calls; each of the others makes room between two bundles and answers; then its bundle
// is tried again, for as long as that changes anything. Backpressure first, the failure last.
#include "spill.h"

// What the others have done since anyone called.
static uint64_t done_by_others(const struct fl_worker *worker)
{
    const struct fl_engine *engine = worker->engine;
    uint64_t sum = 0;
    for (uint32_t w = 0; w < engine->options.workers; w++)
        if (w != worker->index)
            sum += atomic_load_explicit(&engine->workers[w].relief.done, memory_order_relaxed);
    return sum;
}

static void did(struct fl_worker *worker)
{
    _Atomic uint64_t *done = &worker->relief.done;
    atomic_store_explicit(
        done, atomic_load_explicit(done, memory_order_relaxed) + 1, memory_order_relaxed);
}

static uint64_t asked_by(const struct fl_worker *worker)
{
    return atomic_load_explicit(&worker->relief.asked, memory_order_acquire);
}

static bool others_ask(const struct fl_worker *worker)
{
    const struct fl_engine *engine = worker->engine;
    for (uint32_t w = 0; w < engine->options.workers; w++)
        if (w != worker->index && asked_by(&engine->workers[w]) != 0)
            return true;
    return false;
}

bool fl_relief_ask(struct fl_worker *worker)
{
    struct fl_engine *engine = worker->engine;
    struct fl_relief *relief = &worker->relief;
    if (!worker->spill || worker->spill->broken || worker->error.status != FLOW_BUDGET ||
        engine->options.workers == 1)
        return false;
    const uint64_t others = done_by_others(worker);
    const bool idle = asked_by(worker) != 0 && relief->before == others;
    if (idle && (relief->passed || !others_ask(worker)))
        return false;
    relief->passed = idle;
    relief->before = others;
    memset(&worker->error, 0, sizeof worker->error);
    // sequentially consistent: who is about to sleep must see it, or be seen sleeping
    atomic_store(&relief->asked, atomic_fetch_add(&engine->calls, 1) + 1);
    fl_wake_all(engine);
    return true;
}

// One at a time tries again, the first that called, so that they do not take it from each other.
bool fl_relief_waits(const struct fl_worker *worker)
{
    const struct fl_engine *engine = worker->engine;
    const uint64_t mine = asked_by(worker);
    for (uint32_t w = 0; w < engine->options.workers && mine != 0; w++) {
        const struct fl_worker *other = &engine->workers[w];
        if (other == worker)
            continue;
        const uint64_t theirs = asked_by(other);
        if (atomic_load_explicit(&other->relief.answered, memory_order_acquire) < mine ||
            (theirs != 0 && theirs < mine))
            return true;
    }
    return false;
}

flow_status fl_relief_answer(struct fl_worker *worker)
{
    struct fl_engine *engine = worker->engine;
    struct fl_relief *relief = &worker->relief;
    const uint64_t calls = atomic_load_explicit(&engine->calls, memory_order_relaxed);
    if (calls <= atomic_load_explicit(&relief->answered, memory_order_relaxed))
        return FLOW_OK;
    bool any = false;
    const flow_status status = calls == asked_by(worker) ? FLOW_OK : fl_spill_all(worker, &any);
    if (any)
        did(worker);
    fl_cache_empty(&worker->cache);
    atomic_store(&relief->answered, calls);
    fl_wake_all(engine);
    return status;
}

void fl_relief_committed(struct fl_worker *worker)
{
    if (asked_by(worker) != 0) {
        atomic_store(&worker->relief.asked, 0);
        fl_wake_all(worker->engine);
    }
    if (atomic_load_explicit(&worker->engine->calls, memory_order_relaxed) > 0)
        did(worker);
}

void fl_relief_leave(struct fl_worker *worker)
{
    atomic_store(&worker->relief.answered, UINT64_MAX);
    fl_wake_all(worker->engine);
}
