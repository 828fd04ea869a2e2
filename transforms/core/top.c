// SPDX-License-Identifier: Apache-2.0
// flow_top: the rows with the largest values of a field.
#include <flow/transforms.h>

#include "best.h"
#include "field.h"
#include "parts.h"

// Rows with the same value are told apart by the rest of them.
static bool is_larger(const struct fl_best *how, const void *a, const void *b)
{
    const int order = fl_value_compare(
        how->kind, NULL, (const char *)a + how->offset, (const char *)b + how->offset);
    return order ? order > 0 : fl_value_compare(FLOW_KIND_RECORD, how->type, a, b) < 0;
}

flow_coll flow_top(flow_coll in, uint32_t count, flow_field_ref field)
{
    static const struct fl_best_names names = { "flow_top_state", "largest" };
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    flow_scope_begin(in.pipeline, "top");
    if (flow_kind_size(field.kind) == 0)
        return fl_field_refuse(in, "flow_top", "a field that is no record and no list", &field);
    if (!fl_best_fits(in, "flow_top", count))
        return fl_no_coll(in.pipeline);
    struct fl_best how;
    memset(&how, 0, sizeof how);
    how.type = how.inner = flow_coll_type(in);
    how.before = is_larger;
    how.limit = count;
    how.offset = field.offset;
    how.kind = field.kind;
    const flow_coll rows = fl_keyed_like(fl_best(in, &names, &how, &field), in);
    flow_scope_end(in.pipeline);
    return rows;
}
