// SPDX-License-Identifier: Apache-2.0
// The newer program: fields moved, widened, and with more to say; cells and timers in another
// order, and one more of each.
#include <flow/flow.h>

struct tally {
    double sum;
    int64_t best;
    bool has_best;
    int64_t count;
    flow_str last;
};
FLOW_RECORD_OF(tally, FLOW_COLUMN(tally, sum), FLOW_COLUMN_OPTIONAL(tally, best, has_best),
    FLOW_COLUMN(tally, count), FLOW_COLUMN(tally, last));

struct price {
    int64_t cents;
};
FLOW_RECORD(price, cents);

struct heap {
    int64_t n;
    flow_str colour;
    bool has_colour;
};
FLOW_RECORD_OF(heap, FLOW_COLUMN(heap, n), FLOW_COLUMN_OPTIONAL(heap, colour, has_colour));

#define EVOLVE_CELLS
#include "evolve_cells.h"

FLOW_VALUE(added, price, .merging = FLOW_MERGE_LATEST);
FLOW_TIMER(more, int64_t, FLOW_EVENT_TIME);
static flow_status more_due(flow_ctx *ctx, const int64_t *key)
{
    (void)key;
    return ctx->status;
}
FLOW_CELLS_FN(keep, int64_t, flow_test_row, (flow_test_row),
    FLOW_CELLS(added, names, bag, heaped, prices, all), FLOW_TIMERS(more, closing, alarm));
const flow_fn *const evolve_cells_new = &keep_fn;

// Cells of the same names that are something else.
static const flow_cell other_all = { .name = "all", .kind = FLOW_CELL_BAG, .type = &tally_type };
static const flow_cell other_names = { .name = "names",
    .kind = FLOW_CELL_SET,
    .key = { .kind = FLOW_KIND_I64, .size = 8, .c_type = "int64_t" } };
static const flow_timer other_alarm = { .name = "alarm",
    .clock = FLOW_PROCESSING_TIME,
    .key = { .kind = FLOW_KIND_I64, .size = 8, .c_type = "int64_t" },
    .due = alarm_due_ };
static flow_status forget(flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row)
{
    (void)key;
    (void)row;
    return ctx->status;
}
FLOW_CELLS_FN(forget, int64_t, flow_test_row, (flow_test_row),
    .cells = (const flow_cell *const[]){ &other_all, &other_names, &heaped_cell }, .cell_count = 3,
    .timers = (const flow_timer *const[]){ &other_alarm }, .timer_count = 1);
const flow_fn *const evolve_cells_other = &forget_fn;
