// SPDX-License-Identifier: Apache-2.0
// How long steps work and wait. One bundle of sixteen is timed, and counts for all; which ones is
// scattered, since bundles come in turns: what is read, what is taken in.
#include "engine.h"

#define ONE_IN 16u

static int64_t now(const struct fl_worker *worker)
{
    const struct fl_port *port = &worker->engine->options.port;
    return port->now(port->user);
}

static void charge(struct fl_worker *worker, int64_t until)
{
    if (until > worker->busy_since)
        fl_count(&worker->busy->counts.busy, (uint64_t)(until - worker->busy_since) * ONE_IN);
    worker->busy_since = until;
}

void fl_busy_begin(struct fl_worker *worker, struct fl_op *op)
{
    worker->busy = NULL;
    if (worker->bundle.number * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (ONE_IN - 1))
        return;
    worker->busy_since = now(worker);
    worker->busy = op;
}

struct fl_op *fl_busy_turn(struct fl_worker *worker, struct fl_op *op)
{
    struct fl_op *before = worker->busy;
    if (before) {
        charge(worker, now(worker));
        worker->busy = op;
    }
    return before;
}

void fl_busy_end(struct fl_worker *worker)
{
    if (worker->busy)
        charge(worker, now(worker));
    worker->busy = NULL;
}

void fl_busy_blocked(struct fl_op *op, bool blocked)
{
    if (!blocked && op->blocked_since == 0)
        return;
    const int64_t at = now(op->worker);
    if (op->blocked_since && at > op->blocked_since)
        fl_count(&op->counts.blocked, (uint64_t)(at - op->blocked_since));
    op->blocked_since = blocked ? at : 0;
}
