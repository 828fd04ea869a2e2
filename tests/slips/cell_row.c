// SPDX-License-Identifier: Apache-2.0
// A record of another type than declared, written into a value.
// both: row_must_point_to_the_record_of_cell_last
#include "words.h"

FLOW_VALUE(last, tally);
static flow_status keep(flow_ctx *ctx, const flow_str *key, const struct word *word)
{
    (void)key;
    FLOW_CELL_WRITE(ctx, last, word);
    return FLOW_EMIT(ctx, word, .text = word->text);
}
FLOW_CELLS_FN(keep, flow_str, word, (word), FLOW_CELLS(last));
