// SPDX-License-Identifier: Apache-2.0
// The key of another type than declared.
// both: shout must be: flow_status shout(flow_ctx *, const flow_str *, const struct word *)
#include "words.h"

static flow_status shout(flow_ctx *ctx, const int64_t *key, const struct word *word)
{
    (void)key;
    return FLOW_EMIT(ctx, word, .text = word->text);
}
FLOW_KEYED_FN(shout, flow_str, word, word);
