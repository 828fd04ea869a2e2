// SPDX-License-Identifier: Apache-2.0
// A field that the emitted record does not have.
// gcc: 'struct word' has no member named 'txet'
// clang: field designator 'txet' does not refer to any field in type 'struct word'
#include "words.h"

static flow_status split(flow_ctx *ctx, const struct flow_line *line)
{
    return FLOW_EMIT(ctx, word, .txet = line->text);
}
FLOW_ELEMENT_FN(split, flow_line, word);
