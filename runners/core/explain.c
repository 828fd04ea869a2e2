// SPDX-License-Identifier: Apache-2.0
// Why a step's watermark stands where it does, in words: from the step up to the source, partition
// or held result that bounds it. Reads what any thread may read, so it can be asked while the
// engine works.
#include "explain.h"

#include "reader.h"
#include "spin.h"

void fl_say_time(flow_buffer *out, int64_t at)
{
    char text[40];
    if (at <= FLOW_TIME_MIN_US) {
        flow_buffer_printf(out, "the beginning of time");
        return;
    }
    if (at >= FLOW_TIME_MAX_US) {
        flow_buffer_printf(out, "the end of time");
        return;
    }
    text[flow_time_print((flow_time){ at }, text)] = '\0';
    flow_buffer_printf(out, "%s", text);
}

void fl_say_span(flow_buffer *out, int64_t us)
{
    const int64_t second = 1000000;
    char text[64];
    if (us > second && us % second != 0) { // such as 3.25s
        int fraction = (int)(us % second), digits = 6;
        for (; fraction % 10 == 0; fraction /= 10)
            digits--;
        flow_buffer_printf(out, "%lld.%0*ds", (long long)(us / second), digits, fraction);
        return;
    }
    text[flow_duration_print((flow_duration){ us }, text)] = '\0';
    flow_buffer_printf(out, "%s", text);
}

// --- sources

// The partition that the watermark waits for: the lowest of those that count. Under the lock.
static uint32_t lowest_partition(const struct fl_reader *reader, int64_t *lowest)
{
    uint32_t found = reader->partition_count;
    *lowest = FLOW_TIME_MAX_US;
    for (uint32_t p = 0; p < reader->partition_count; p++) {
        const int64_t promise = fl_reader_promise(reader, &reader->partitions[p]);
        if (promise >= *lowest)
            continue;
        *lowest = promise;
        found = p;
    }
    return found;
}

static void put_wait(flow_buffer *out, const struct fl_engine *engine,
    const struct fl_reader *reader, const struct fl_partition *partition)
{
    static const char *const policies[] = {
        [FLOW_IDLE_HOLD] = "and its idle policy is to hold the watermark until it goes on",
        [FLOW_IDLE_ADVANCE] = "and its idle policy lets the watermark go on with the clock after ",
        [FLOW_IDLE_END] = "and its idle policy ends it after ",
    };
    const struct fl_port *port = &engine->options.port;
    if (!partition->waiting_since)
        return;
    flow_buffer_printf(out, "; it has given nothing for ");
    fl_say_span(out, port->now(port->user) - partition->waiting_since);
    flow_buffer_printf(out, ", %s", policies[reader->options->times.idle]);
    if (reader->options->times.idle != FLOW_IDLE_HOLD)
        fl_say_span(out, reader->options->times.idle_after.us);
}

// Why a partition promises no more than it does.
static void put_partition(flow_buffer *out, const struct fl_engine *engine,
    const struct fl_reader *reader, const struct fl_partition *partition)
{
    const flow_time_policy *times = &reader->options->times;
    uint32_t claimed = 0;
    for (const struct fl_claimed *piece = partition->first; piece; piece = piece->next)
        claimed++;
    if (partition->over) {
        flow_buffer_printf(out, "has given all, and %u of its pieces are not committed", claimed);
        return;
    }
    if (reader->source->own_watermark && partition->promised > FLOW_TIME_MIN_US) {
        flow_buffer_printf(out, "has promised no more than ");
        fl_say_time(out, partition->promised);
    } else if (reader->source->own_watermark) {
        flow_buffer_printf(out, "has promised nothing so far");
    } else if (!reader->options->event_time.type) {
        flow_buffer_printf(out, "gives elements without an event time, so it stays until it ends");
    } else if (partition->latest == FLOW_TIME_MIN_US) {
        flow_buffer_printf(out, "has never given an element");
    } else if (!times->in_order && times->disorder.us == 0) {
        flow_buffer_printf(
            out, "may give elements of any time until it ends: no 'disorder' was said");
    } else {
        flow_buffer_printf(out, "has its latest element at ");
        fl_say_time(out, partition->latest);
        if (times->disorder.us > 0) {
            flow_buffer_printf(out, ", and elements may come ");
            fl_say_span(out, times->disorder.us);
            flow_buffer_printf(out, " out of order");
        }
    }
    if (claimed)
        flow_buffer_printf(out, "; %u of its pieces are not committed", claimed);
    put_wait(out, engine, reader, partition);
}

static void put_source(flow_buffer *out, const struct fl_engine *engine, uint32_t op)
{
    struct fl_reader *reader = engine->readers[op];
    int64_t lowest;
    fl_spin_lock(&reader->lock, reader->yield);
    const uint32_t found = lowest_partition(reader, &lowest);
    if (found == reader->partition_count) {
        flow_buffer_printf(out, "source '%s' has ended", engine->plan.ops[op].node->path);
    } else {
        flow_buffer_printf(out, "source '%s': partition %u of %u ", engine->plan.ops[op].node->path,
            found + 1, reader->partition_count);
        put_partition(out, engine, reader, &reader->partitions[found]);
    }
    fl_spin_unlock(&reader->lock);
}

// --- steps

// A watermark that bounds a step: a source's, or a keyed step's on a worker.
struct bound {
    uint32_t op, worker;
    int64_t at;
};

static void lower(struct bound *bound, uint32_t op, uint32_t worker, int64_t at)
{
    if (at < bound->at)
        *bound = (struct bound){ op, worker, at };
}

// The lowest of those that a step descends from; op_count: none.
static struct bound lowest_origin(const struct fl_engine *engine, uint32_t op)
{
    const struct fl_plan_op *plan = &engine->plan.ops[op];
    struct bound bound = { engine->plan.op_count, 0, INT64_MAX };
    for (uint32_t i = 0; i < engine->plan.op_count; i++) {
        if (!(plan->origins[i / 64] >> (i % 64) & 1))
            continue;
        if (engine->plan.ops[i].kind == FL_OP_SOURCE)
            lower(&bound, i, 0, atomic_load(&engine->origin_watermark[i]));
        for (uint32_t w = 0;
             engine->plan.ops[i].kind != FL_OP_SOURCE && w < engine->options.workers; w++)
            lower(&bound, i, w, atomic_load(&engine->workers[w].ops[i].keyed->out));
    }
    return bound;
}

// From a step up to what bounds it.
void fl_say_bounds(flow_buffer *out, const struct fl_engine *engine, uint32_t op)
{
    struct bound bound = lowest_origin(engine, op);
    flow_buffer_printf(
        out, "step '%s' has its input watermark at ", engine->plan.ops[op].node->path);
    fl_say_time(out, bound.at);
    while (bound.op < engine->plan.op_count) {
        flow_buffer_printf(out, "; it is bounded by ");
        if (engine->plan.ops[bound.op].kind == FL_OP_SOURCE) {
            put_source(out, engine, bound.op);
            return;
        }
        const struct bound above = lowest_origin(engine, bound.op);
        flow_buffer_printf(out, "step '%s'", engine->plan.ops[bound.op].node->path);
        if (bound.at < above.at) {
            flow_buffer_printf(
                out, ", which holds it on worker %u: a result or an element of ", bound.worker);
            fl_say_time(out, bound.at);
            flow_buffer_printf(out,
                " or just after is due and has not been given on, while its own "
                "input watermark is at ");
            fl_say_time(out, above.at);
            return;
        }
        bound = above;
    }
}

// What a step had no room for in memory.
static void put_spilled(flow_buffer *out, const struct fl_engine *engine, uint32_t op)
{
    const uint64_t tables = fl_counts_sum(engine, op, offsetof(struct fl_counts, runs));
    const uint64_t bytes = fl_counts_sum(engine, op, offsetof(struct fl_counts, spilled));
    if (tables > 0)
        flow_buffer_printf(out, "; it has spilled %llu MiB to %s, in %llu %s",
            (unsigned long long)(bytes >> 20), engine->options.scratch, (unsigned long long)tables,
            engine->plan.ops[op].kind == FL_OP_LIVES ? "windows" : "tables");
}

bool fl_engine_explain(const struct fl_engine *engine, const char *step, flow_buffer *out)
{
    for (uint32_t i = 0; i < engine->plan.op_count; i++) {
        if (strcmp(engine->plan.ops[i].node->path, step) != 0)
            continue;
        if (engine->plan.ops[i].kind == FL_OP_SOURCE) {
            flow_buffer_printf(out, "the watermark is at ");
            fl_say_time(out, atomic_load(&engine->origin_watermark[i]));
            flow_buffer_printf(out, ": ");
            put_source(out, engine, i);
        } else {
            fl_say_bounds(out, engine, i);
            put_spilled(out, engine, i);
        }
        return true;
    }
    return false;
}
