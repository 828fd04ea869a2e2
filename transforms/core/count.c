// SPDX-License-Identifier: Apache-2.0
// flow_count: elements per key and window.
#include <flow/transforms.h>

static void count_add(void *acc, const void *in, const void *config)
{
    (void)in;
    (void)config;
    struct flow_counted *counted = acc;
    counted->count++;
}

static void count_merge(void *acc, const void *other, const void *config)
{
    (void)config;
    struct flow_counted *counted = acc;
    counted->count += ((const struct flow_counted *)other)->count;
}

static void count_subtract(void *acc, const void *other, const void *config)
{
    (void)config;
    struct flow_counted *counted = acc;
    counted->count -= ((const struct flow_counted *)other)->count;
}

static const flow_combine_fn count_combine = {
    .name = "count",
    .acc = &flow_counted_type,
    .out = &flow_counted_type,
    .primitive = FLOW_PRIMITIVE_COUNT,
    .exact = true,
    .add = count_add,
    .merge = count_merge,
    .subtract = count_subtract,
};

flow_coll flow_count(flow_coll in)
{
    return flow_combine(in, &count_combine);
}
