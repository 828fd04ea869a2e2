// SPDX-License-Identifier: Apache-2.0
// What composites may ask about a collection.
#include <flow/transform.h>

#include "graph/graph.h"

const flow_type *flow_coll_type(flow_coll coll)
{
    const flow_pipeline *p = coll.pipeline;
    return p && coll.id > 0 && coll.id <= p->graph.edge_count ? p->edges[coll.id - 1].shape.type
                                                              : NULL;
}

bool flow_coll_is_keyed(flow_coll coll)
{
    return flow_coll_type(coll) && coll.pipeline->edges[coll.id - 1].shape.key != FLOW_KIND_NONE;
}

flow_field_ref flow_coll_key(flow_coll coll)
{
    const flow_field_ref none = { 0 };
    if (!flow_coll_is_keyed(coll))
        return none;
    const flow_pipeline *p = coll.pipeline;
    const flow_edge *edge = &p->edges[coll.id - 1];
    // A combine puts the key before the value, so a key within the value was set by a step of which
    // the rows have come unchanged.
    if (edge->shape.key_offset < edge->shape.value_offset ||
        edge->shape.key_offset >= edge->shape.value_offset + edge->shape.type->size)
        return none;
    const flow_node *node = &p->nodes[edge->producer];
    while (node->kind != FLOW_NODE_KEY)
        node = &p->nodes[p->edges[node->inputs[0] - 1].producer];
    return node->field;
}

flow_field flow_coll_key_field(flow_coll coll)
{
    flow_field field = { .name = "key" };
    if (!flow_coll_is_keyed(coll))
        return field;
    const flow_shape *shape = &coll.pipeline->edges[coll.id - 1].shape;
    field.kind = shape->key;
    field.size = shape->key_size;
    field.record = shape->key_record;
    return field;
}

flow_duration flow_coll_lateness(flow_coll coll)
{
    const flow_duration none = { 0 };
    return flow_coll_type(coll) ? coll.pipeline->edges[coll.id - 1].lateness : none;
}

flow_windows flow_coll_windows(flow_coll coll)
{
    return flow_coll_type(coll) ? coll.pipeline->edges[coll.id - 1].windows : flow_global();
}

bool flow_coll_merging(flow_coll coll)
{
    return flow_coll_type(coll) && flow_edge_merging(&coll.pipeline->edges[coll.id - 1]);
}

bool flow_coll_triggered(flow_coll coll)
{
    const flow_triggering *how =
        flow_coll_type(coll) ? coll.pipeline->edges[coll.id - 1].triggering : NULL;
    return how && how->trigger.count > 0;
}

bool flow_coll_fires_once(flow_coll coll)
{
    if (!flow_coll_type(coll))
        return true;
    const flow_edge *edge = &coll.pipeline->edges[coll.id - 1];
    return edge->lateness.us == 0 && !flow_coll_triggered(coll) &&
           !(edge->triggering && edge->triggering->closing == FLOW_EMPTY_ALWAYS);
}

flow_accumulation flow_coll_accumulation(flow_coll coll)
{
    const flow_triggering *said =
        flow_coll_type(coll) ? coll.pipeline->edges[coll.id - 1].triggering : NULL;
    return said && said->accumulation ? said->accumulation : FLOW_DISCARDING;
}
