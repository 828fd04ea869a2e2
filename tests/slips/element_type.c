// SPDX-License-Identifier: Apache-2.0
// The element of another type than declared.
// both: split must be: flow_status split(flow_ctx *, const struct flow_line *)
#include "words.h"

static flow_status split(flow_ctx *ctx, const struct word *word)
{
    return FLOW_EMIT(ctx, word, .text = word->text);
}
FLOW_ELEMENT_FN(split, flow_line, word);
