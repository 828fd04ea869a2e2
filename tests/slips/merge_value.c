// SPDX-License-Identifier: Apache-2.0
// What two records of a value come to, said of another record.
// both: tally_merge must be: void tally_merge(struct tally *, const struct tally *)
#include "words.h"

static void tally_merge(struct tally *into, const struct word *other)
{
    into->count += (int64_t)other->text.len;
}
FLOW_VALUE_MERGED(last, tally);
static flow_status keep(flow_ctx *ctx, const flow_str *key, const struct word *word)
{
    (void)key;
    FLOW_CELL_WRITE(ctx, last, (&(struct tally){ 1 }));
    return FLOW_EMIT(ctx, word, .text = word->text);
}
FLOW_CELLS_FN(keep, flow_str, word, (word), FLOW_CELLS(last));
