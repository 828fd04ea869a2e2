// SPDX-License-Identifier: Apache-2.0
// What two states come to must leave the other one as it is.
// both: tally_merge must be: void tally_merge(struct tally *, const struct tally *)
#include "words.h"

static void tally_merge(struct tally *into, struct tally *other)
{
    into->count += other->count;
    other->count = 0;
}
static flow_status run_up(
    flow_ctx *ctx, const flow_str *key, const struct word *word, struct tally *state)
{
    state->count += (int64_t)(key->len + word->text.len);
    return FLOW_EMIT(ctx, tally, .count = state->count);
}
static flow_status run_up_timer(flow_ctx *ctx, const flow_str *key, struct tally *state)
{
    (void)key;
    return FLOW_EMIT(ctx, tally, .count = state->count);
}
FLOW_STATEFUL_MERGED_FN(run_up, flow_str, word, tally, tally);
