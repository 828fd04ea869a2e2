// SPDX-License-Identifier: Apache-2.0
// What cogroups and joins over windows share.
#ifndef FL_JOIN_COGROUP_H
#define FL_JOIN_COGROUP_H

#include <string.h>

#include <flow/join.h>

// What a function over tagged rows, of form GROUP or with state, is made of; found through
// flow_ctx.fn of its function.
struct fl_cogroup {
    flow_fn fn; // `in`: a record of key, number of the input, and a row of each input, one there
    const flow_type *const *ins;
    uint32_t in_count;
    uint32_t from; // where the number lies
    uint32_t offsets[FLOW_COGROUP_INPUTS];
    uint32_t present[FLOW_COGROUP_INPUTS];
    const flow_join_fn *join; // joins only
    flow_join_kind kind;
};

// Of which input a tagged row is.
static inline uint32_t fl_cogroup_input(const struct fl_cogroup *made, const char *row)
{
    uint32_t input;
    memcpy(&input, row + made->from, sizeof input);
    return input;
}

// What a composite over tagged rows is built from.
struct fl_cogroup_call {
    const char *builder; // for errors
    const flow_coll *ins;
    const flow_do_options *options;
};

// Copies the options of a builder and begins its scope, for the sake of its errors. False when
// building has failed.
bool fl_join_begin(flow_coll in, const char *builder, flow_do_options *known,
    const flow_do_options *options, size_t size);

// `made` in pipeline memory, with all members but the layout filled. Ends the scope that the
// builder began.
flow_coll fl_cogroup(const struct fl_cogroup_call *call, struct fl_cogroup *made);

// Gives a join's function a pair, one of which may be NULL. Where it fails, it does so on this pair
// alone.
flow_status fl_join_pair(flow_ctx *ctx, const void *key, const void *left, const void *right);

#endif
