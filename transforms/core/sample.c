// SPDX-License-Identifier: Apache-2.0
// flow_sample and flow_any: the rows whose hashes are the smallest, and the smallest row.
#include <flow/transforms.h>

#include "best.h"
#include "field.h"
#include "hash.h"
#include "parts.h"

static bool is_drawn(const struct fl_best *how, const void *a, const void *b)
{
    const uint64_t left = fl_value_hash(FLOW_KIND_RECORD, how->type, a, how->seed);
    const uint64_t right = fl_value_hash(FLOW_KIND_RECORD, how->type, b, how->seed);
    return left != right ? left < right : fl_value_compare(FLOW_KIND_RECORD, how->type, a, b) < 0;
}

static bool is_smaller(const struct fl_best *how, const void *a, const void *b)
{
    return fl_value_compare(FLOW_KIND_RECORD, how->type, a, b) < 0;
}

flow_coll flow_sample(flow_coll in, uint32_t count, uint64_t seed)
{
    static const struct fl_best_names names = { "flow_sample_state", "drawn" };
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    flow_scope_begin(in.pipeline, "sample");
    if (!fl_best_fits(in, "flow_sample", count))
        return fl_no_coll(in.pipeline);
    struct fl_best how;
    memset(&how, 0, sizeof how);
    how.type = how.inner = flow_coll_type(in);
    how.before = is_drawn;
    how.limit = count;
    how.seed = seed;
    const flow_coll rows = fl_keyed_like(fl_best(in, &names, &how, NULL), in);
    flow_scope_end(in.pipeline);
    return rows;
}

flow_coll flow_any(flow_coll in)
{
    static const struct fl_best_names names = { "flow_any_state", "first" };
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    flow_scope_begin(in.pipeline, "any");
    if (!fl_best_fits(in, "flow_any", 1))
        return fl_no_coll(in.pipeline);
    struct fl_best how;
    memset(&how, 0, sizeof how);
    how.type = how.inner = flow_coll_type(in);
    how.before = is_smaller;
    how.limit = 1;
    const flow_coll rows = fl_keyed_like(fl_best(in, &names, &how, NULL), in);
    flow_scope_end(in.pipeline);
    return rows;
}
