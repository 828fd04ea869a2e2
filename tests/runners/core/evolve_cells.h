// SPDX-License-Identifier: Apache-2.0
// A function with cells, once over the records of an older program and once over those of a newer
// one: each defines struct tally, struct price and struct heap before it includes this.
#ifndef EVOLVE_CELLS_H
#define EVOLVE_CELLS_H

#include <flow/typed_state.h>

#include "flow_test.h"

// The older program's function; the newer one's; and one whose cells fit neither.
extern const flow_fn *const evolve_cells_old, *const evolve_cells_new, *const evolve_cells_other;

#ifdef EVOLVE_CELLS

static void tally_merge(struct tally *into, const struct tally *other)
{
    into->count += other->count;
    into->sum += other->sum;
    into->last = other->last;
}

static void heap_add(struct heap *heap, const struct price *price)
{
    heap->n += price->cents;
}

static void heap_merge(struct heap *heap, const struct heap *other)
{
    heap->n += other->n;
}
FLOW_COMBINE_FN(heap, price);

FLOW_VALUE_MERGED(all, tally);
FLOW_MAP(prices, flow_str, price, .merging = FLOW_MERGE_LATEST);
FLOW_COMBINING(heaped, heap, price);
FLOW_BAG(bag, price);
FLOW_SET(names, flow_str);
FLOW_TIMER(alarm, int64_t, FLOW_EVENT_TIME);
FLOW_TIMER(closing, int64_t, FLOW_WINDOW_EXPIRY);

static flow_status keep(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    const struct tally *was = FLOW_CELL_READ(ctx, all);
    const struct price price = { (int)row->v };
    const flow_str name = flow_format(ctx, "n%d", (int)row->v % 3);
    const flow_time at = { row->at.us + 1000000 };
    struct tally now = { .count = 0 };
    now = was ? *was : now;
    now.count++;
    now.sum += (float)row->v / 2;
    now.last = name;
    (void)key;
    FLOW_CELL_WRITE(ctx, all, &now);
    FLOW_CELL_PUT(ctx, prices, &name, &price);
    FLOW_CELL_ADD(ctx, heaped, &price);
    FLOW_CELL_ADD(ctx, bag, &price);
    (void)FLOW_CELL_INSERT(ctx, names, &name);
    FLOW_TIMER_SET(ctx, alarm, at, .tag = name);
    return ctx->status;
}

static flow_status tell(flow_ctx *ctx, int64_t key, const char *what)
{
    const struct tally *tally = FLOW_CELL_READ(ctx, all);
    const struct heap *heap = FLOW_CELL_READ(ctx, heaped);
    int64_t sum = (int64_t)FLOW_CELL_COUNT(ctx, names);
    for (flow_cursor at = FLOW_CELL_ALL(ctx, bag); flow_cursor_next(&at);)
        sum = sum * 7 % 10007 + FLOW_AT(bag, at)->cents;
    for (flow_cursor at = FLOW_CELL_ALL(ctx, prices); flow_cursor_next(&at);)
        sum = sum * 7 % 10007 + FLOW_AT(prices, at)->cents;
    const flow_str text = flow_format(ctx, "%s %d %d %d %.*s %d", what, (int)tally->count,
        (int)(10 * tally->sum), (int)heap->n, (int)tally->last.len, tally->last.data, (int)sum);
    return FLOW_EMIT(ctx, flow_test_row, .k = key, .s = text, .at = flow_event_time(ctx));
}

static flow_status alarm_due(flow_ctx *ctx, const int64_t *key)
{
    return tell(ctx, *key, flow_timer_tag(ctx).len == 2 ? "alarm" : "an alarm without its tag");
}

static flow_status closing_due(flow_ctx *ctx, const int64_t *key)
{
    return tell(ctx, *key, "closing");
}

#endif

#endif
