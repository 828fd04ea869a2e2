// SPDX-License-Identifier: Apache-2.0
// The state of another type than declared.
// both: run_up must be: flow_status run_up(flow_ctx *, const flow_str *,
// both: const struct word *, struct tally *)
#include "words.h"

static flow_status run_up(
    flow_ctx *ctx, const flow_str *key, const struct word *word, struct word *state)
{
    (void)key;
    *state = *word;
    return FLOW_EMIT(ctx, tally, .count = 1);
}
static flow_status run_up_timer(flow_ctx *ctx, const flow_str *key, struct tally *state)
{
    (void)key;
    return FLOW_EMIT(ctx, tally, .count = state->count);
}
FLOW_STATEFUL_FN(run_up, flow_str, word, tally, tally);
