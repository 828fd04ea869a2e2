// SPDX-License-Identifier: Apache-2.0
// The older program.
#include <flow/flow.h>

struct tally {
    int32_t count;
    float sum;
    flow_str last;
};
FLOW_RECORD(tally, count, sum, last);

struct price {
    int32_t cents;
};
FLOW_RECORD(price, cents);

struct heap {
    int32_t n;
};
FLOW_RECORD(heap, n);

#define EVOLVE_CELLS
#include "evolve_cells.h"

FLOW_CELLS_FN(keep, int64_t, flow_test_row, (flow_test_row),
    FLOW_CELLS(all, prices, heaped, bag, names), FLOW_TIMERS(alarm, closing));
const flow_fn *const evolve_cells_old = &keep_fn;
