// SPDX-License-Identifier: Apache-2.0
// A bag read as if it were a value.
// both: only values and combining cells are read as a whole; walk over seen with FLOW_CELL_ALL
#include "words.h"

FLOW_BAG(seen, word);
static flow_status note(flow_ctx *ctx, const flow_str *key, const struct word *word)
{
    (void)key;
    (void)word;
    const struct word *first = FLOW_CELL_READ(ctx, seen);
    return FLOW_EMIT(ctx, word, .text = first->text);
}
FLOW_CELLS_FN(note, flow_str, word, (word), FLOW_CELLS(seen));
