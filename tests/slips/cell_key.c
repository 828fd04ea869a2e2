// SPDX-License-Identifier: Apache-2.0
// A map asked for a key of another type than declared.
// both: key_must_point_to_the_key_type_of_cell_counts
#include "words.h"

FLOW_MAP(counts, int64_t, tally);
static flow_status look(flow_ctx *ctx, const flow_str *key, const struct word *word)
{
    (void)word;
    const struct tally *found = FLOW_CELL_GET(ctx, counts, key);
    return FLOW_EMIT(ctx, tally, .count = found ? found->count : 0);
}
FLOW_CELLS_FN(look, flow_str, word, (tally), FLOW_CELLS(counts));
