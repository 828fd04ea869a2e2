// SPDX-License-Identifier: Apache-2.0
// A function that returns nothing and does not take the context.
// both: split must be: flow_status split(flow_ctx *, const struct flow_line *)
#include "words.h"

static void split(const struct flow_line *line)
{
    (void)line;
}
FLOW_ELEMENT_FN(split, flow_line, word);
