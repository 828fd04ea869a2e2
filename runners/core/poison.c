// SPDX-License-Identifier: Apache-2.0
// A bundle with elements that failed leaves no trace and is tried again, until each has had its
// attempts. Within the bundle an element is known by its step, by how many elements had come there,
// or in steps with state and groups by how often they had been called, and by its row and the part
// of its work: what is tried again is the same.
#include "poison.h"

#include "engine.h"

#define RUNS                                                                                       \
    16u // tries of a bundle for each attempt: should it ever be another, it ends all the same

struct fl_poisoned {
    struct fl_poisoned *next;
    uint32_t op;
    uint32_t row;
    uint64_t came, part;
    uint32_t attempts;
};

void fl_poison_clear(struct fl_worker *worker)
{
    fl_mem_unref(&worker->cache, worker->poison.mem);
    memset(&worker->poison, 0, sizeof worker->poison);
}

// The entry of the element in work, made if need be; NULL without memory.
static struct fl_poisoned *entry_of(struct fl_op *op)
{
    struct fl_worker *worker = op->worker;
    struct fl_poison *poison = &worker->poison;
    const uint64_t came = op->keyed ? op->call.turn : op->counts.in - op->saved.in;
    const uint64_t part = op->call.part ? op->call.parts : 0;
    const uint32_t row = op->call.engine.ctx.row;
    for (struct fl_poisoned *entry = poison->list; entry; entry = entry->next)
        if (entry->op == op->index && entry->came == came && entry->part == part &&
            entry->row == row)
            return entry;
    if (!poison->mem && !(poison->mem = fl_mem_new(&worker->cache)))
        return NULL;
    struct fl_poisoned *entry = fl_mem_alloc(&worker->cache, poison->mem, sizeof *entry);
    if (!entry)
        return NULL;
    *entry = (struct fl_poisoned){ poison->list, op->index, row, came, part, 0 };
    poison->list = entry;
    return entry;
}

bool fl_poison_spares(struct fl_op *op, uint32_t *attempts)
{
    const flow_node *node = op->plan->node;
    struct fl_poison *poison = &op->worker->poison;
    *attempts = 0;
    if (node->attempts < 2)
        return false;
    if (poison->of != op->worker->bundle.op)
        fl_poison_clear(op->worker);
    poison->of = op->worker->bundle.op;
    struct fl_poisoned *entry = entry_of(op);
    if (!entry)
        return false;
    entry->attempts += entry->attempts < node->attempts;
    *attempts = entry->attempts;
    if (entry->attempts >= node->attempts || poison->runs >= RUNS * node->attempts)
        return false;
    poison->again = true;
    if (node->backoff.us > poison->backoff)
        poison->backoff = node->backoff.us;
    return true;
}

// Twice as long each time.
void fl_poison_pause(struct fl_worker *worker)
{
    struct fl_poison *poison = &worker->poison;
    const struct fl_port *port = &worker->engine->options.port;
    if (!poison->again)
        return;
    const uint32_t times = poison->runs < 20 ? poison->runs : 20;
    const int64_t most = INT64_MAX >> 22;
    const int64_t pause = poison->backoff < most ? poison->backoff << times : most << times;
    poison->again = false;
    poison->runs++;
    poison->until = pause > 0 ? port->now(port->user) + pause : 0;
}

bool fl_poison_waits(struct fl_worker *worker)
{
    struct fl_poison *poison = &worker->poison;
    const struct fl_port *port = &worker->engine->options.port;
    if (poison->until == 0 || port->now(port->user) < poison->until)
        return poison->until != 0;
    poison->until = 0;
    return false;
}

flow_status fl_poison_share(
    const struct fl_engine *engine, uint32_t op, uint64_t least, flow_error *error)
{
    const flow_node *node = engine->plan.ops[op].node;
    const double most = node->most_rejected;
    if (most <= 0 || engine->plan.ops[op].kind == FL_OP_GATE)
        return FLOW_OK;
    const uint64_t in = fl_counts_sum(engine, op, offsetof(struct fl_counts, in));
    const uint64_t bad = fl_counts_sum(engine, op, offsetof(struct fl_counts, bad));
    if (in < least || (double)bad <= most * (double)in)
        return FLOW_OK;
    return flow_error_raise(error, FLOW_USER, node->path,
        "%llu of %llu elements were rejected, which is more than the share of %g that may be",
        (unsigned long long)bad, (unsigned long long)in, most);
}
