// SPDX-License-Identifier: Apache-2.0
// The function of a timer with another key than declared.
// gcc: conflicting types for 'flush_due'
// clang: conflicting types for 'flush_due'
#include "words.h"

FLOW_TIMER(flush, flow_str, FLOW_EVENT_TIME);
static flow_status flush_due(flow_ctx *ctx, const int64_t *key)
{
    return FLOW_EMIT(ctx, tally, .count = *key);
}
static flow_status note(flow_ctx *ctx, const flow_str *key, const struct word *word)
{
    (void)key;
    (void)word;
    FLOW_TIMER_IN(ctx, flush, flow_seconds(1));
    return ctx->status;
}
FLOW_CELLS_FN(note, flow_str, word, (tally), FLOW_TIMERS(flush));
