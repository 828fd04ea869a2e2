// SPDX-License-Identifier: Apache-2.0
// The pipeline itself: its memory, its sticky error, its scopes, and the adding of steps.
#include <stdarg.h>
#include <stdio.h>

#include <flow/transform.h>

#include "base/alloc.h"
#include "graph/graph.h"

#define STEPS_MAX UINT32_C(1000000)

flow_pipeline *flow_pipeline_new_sized(
    const char *name, const flow_pipeline_options *options, size_t size)
{
    flow_allocator allocator = { 0 };
    // Before options are checked: only a caller that knows the member can have set it.
    if (options && size >= sizeof options->allocator && options->allocator)
        allocator = *options->allocator;
    flow_pipeline *p = fl_calloc(&allocator, sizeof *p, _Alignof(flow_pipeline));
    if (!p)
        return NULL;
    p->allocator = allocator;
    fl_arena_init(&p->arena, &allocator, 0);
    p->graph.allocator = &p->allocator;
    p->graph.name = flow_pipeline_string(p, name && name[0] ? name : "pipeline");
    if (!p->graph.name) {
        flow_pipeline_free(p);
        return NULL;
    }
    const fl_call call = { p, "flow_pipeline_new", p->graph.name, false };
    flow_pipeline_options known;
    if (!fl_options(&call, &known, sizeof known, options, size))
        return p;
    p->graph.log = known.log;
    p->graph.log_user = known.log_user;
    p->graph.log_level = known.log_level;
    p->zones = flow_pipeline_string(p, known.zones);
    return p;
}

void flow_pipeline_free(flow_pipeline *pipeline)
{
    if (!pipeline)
        return;
    for (fl_zone_kept *kept = pipeline->zone_list; kept; kept = kept->older)
        flow_zone_free(kept->zone);
    fl_arena_fini(&pipeline->arena);
    const flow_allocator allocator = pipeline->allocator;
    fl_free(&allocator, pipeline, sizeof *pipeline);
}

// A step's path: its name behind the scope; without a name the scope itself, which is the
// composite's path.
static void put_path(const flow_pipeline *p, const char *step, char *path, size_t size)
{
    const char *scope = p->scope ? p->scope->path : "";
    const size_t len = strlen(scope);
    if (!step)
        snprintf(path, size, "%.*s", len > 0 ? (int)len - 1 : 0, scope);
    else // calls about a step that exists have its whole path already
        snprintf(path, size, "%s%s", strncmp(step, scope, len) == 0 ? "" : scope, step);
}

void flow_pipeline_fail(
    flow_pipeline *pipeline, flow_status status, const char *step, const char *format, ...)
{
    if (!pipeline)
        return;
    char message[sizeof pipeline->error.message];
    char path[sizeof pipeline->error.step];
    put_path(pipeline, step, path, sizeof path);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    flow_error_raise(&pipeline->error, status, path, "%s", message);
}

bool fl_refuse(const fl_call *call, flow_status status, const char *format, ...)
{
    flow_pipeline *p = call->pipeline;
    if (!p)
        return false;
    char message[sizeof p->error.message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    flow_pipeline_fail(p, status, call->step, "%s(%s): %s", call->builder, call->step, message);
    return false;
}

const flow_allocator *flow_pipeline_allocator(const flow_pipeline *pipeline)
{
    return pipeline->graph.allocator;
}

void *flow_pipeline_alloc(flow_pipeline *pipeline, size_t size)
{
    if (!pipeline)
        return NULL;
    void *memory = fl_arena_calloc(&pipeline->arena, size, 8);
    if (memory)
        return memory;
    flow_pipeline_fail(pipeline, FLOW_MEMORY, NULL, "no memory for %zu bytes of the graph", size);
    return NULL;
}

const char *flow_pipeline_string(flow_pipeline *pipeline, const char *text)
{
    if (!text)
        return NULL;
    const size_t size = strlen(text) + 1;
    char *copy = flow_pipeline_alloc(pipeline, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void *fl_grow(flow_pipeline *pipeline, void *items, uint32_t count, uint32_t *room, size_t size)
{
    if (count < *room)
        return items;
    const uint32_t more = *room ? 2 * *room : 8;
    void *larger = flow_pipeline_alloc(pipeline, more * size);
    if (!larger)
        return NULL;
    if (count)
        memcpy(larger, items, count * size);
    *room = more;
    return larger;
}

flow_coll fl_nothing(flow_pipeline *pipeline)
{
    return (flow_coll){ pipeline, 0 };
}

const flow_edge *fl_input(const fl_call *call, flow_coll in)
{
    const flow_pipeline *p = call->pipeline;
    if (!p || p->error.status != FLOW_OK)
        return NULL;
    if (in.pipeline == p && in.id > 0 && in.id <= p->graph.edge_count)
        return &p->edges[in.id - 1];
    if (in.pipeline != p)
        fl_refuse(call, FLOW_INVALID, "an input belongs to another pipeline");
    else
        fl_refuse(call, FLOW_INVALID, "its input is no collection of this pipeline");
    return NULL;
}

bool flow_options_copy(void *own, size_t known, const void *options, size_t size)
{
    memset(own, 0, known);
    if (!options)
        return true;
    memcpy(own, options, size < known ? size : known);
    for (size_t i = known; i < size; i++)
        if (((const char *)options)[i])
            return false;
    return true;
}

bool fl_options(const fl_call *call, void *to, size_t known, const void *from, size_t size)
{
    return flow_options_copy(to, known, from, size) ||
           fl_refuse(call, FLOW_UNSUPPORTED,
               "its options set a member that is newer than this library (%zu bytes, not %zu)",
               known, size);
}

void flow_scope_begin(flow_pipeline *pipeline, const char *name)
{
    if (!pipeline || pipeline->error.status != FLOW_OK)
        return;
    const fl_call call = { pipeline, "flow_scope_begin", name ? name : "", true };
    if (!fl_name_check(&call, "scope"))
        return;
    const char *outer = pipeline->scope ? pipeline->scope->path : "";
    const size_t size = strlen(outer) + strlen(name) + 2;
    fl_scope *scope = flow_pipeline_alloc(pipeline, sizeof *scope);
    char *path = flow_pipeline_alloc(pipeline, size);
    if (!scope || !path)
        return;
    snprintf(path, size, "%s%s/", outer, name);
    scope->path = path;
    scope->outer = pipeline->scope;
    pipeline->scope = scope;
}

void flow_scope_end(flow_pipeline *pipeline)
{
    if (!pipeline || pipeline->error.status != FLOW_OK)
        return;
    if (pipeline->scope)
        pipeline->scope = pipeline->scope->outer;
    else
        flow_pipeline_fail(pipeline, FLOW_INVALID, NULL, "flow_scope_end: no scope was begun");
}

// Appends the edge and notes it as an output of its producer; its id, or 0.
static uint32_t edge_add(flow_pipeline *p, uint32_t node, const flow_edge *edge)
{
    flow_edge *edges = fl_grow(p, p->edges, p->graph.edge_count, &p->edge_room, sizeof *p->edges);
    if (!edges)
        return 0;
    p->edges = edges;
    p->graph.edges = edges;
    const uint32_t id = ++p->graph.edge_count;
    edges[id - 1] = *edge;
    edges[id - 1].id = id;
    edges[id - 1].producer = node;
    p->nodes[node].outputs[edge->output] = id;
    return id;
}

flow_coll fl_output_add(flow_pipeline *pipeline, uint32_t node, const flow_edge *edge)
{
    const uint32_t known = pipeline->nodes[node].outputs[edge->output];
    return (flow_coll){ pipeline, known ? known : edge_add(pipeline, node, edge) };
}

flow_coll fl_rejected_add(flow_pipeline *pipeline, uint32_t node, uint32_t output, bool unbounded)
{
    const flow_edge out = {
        .output = output, .shape = fl_shape_of(&flow_rejected_type), .unbounded = unbounded
    };
    return fl_output_add(pipeline, node, &out);
}

// Room for one more node and its name.
static bool node_room(flow_pipeline *p)
{
    const uint32_t count = p->graph.node_count;
    uint32_t room = p->node_room;
    flow_node *nodes = fl_grow(p, p->nodes, count, &room, sizeof *nodes);
    fl_name *names = fl_grow(p, p->names, count, &p->node_room, sizeof *names);
    if (!nodes || !names)
        return false;
    p->nodes = nodes;
    p->graph.nodes = nodes;
    p->names = names;
    return true;
}

flow_coll fl_step_add(const fl_call *call, const flow_node *node, const flow_edge *out)
{
    flow_pipeline *p = call->pipeline;
    const uint32_t index = p->graph.node_count;
    if (index >= STEPS_MAX) {
        fl_refuse(call, FLOW_INVALID, "a pipeline has at most %u steps", (unsigned)STEPS_MAX);
        return fl_nothing(p);
    }
    if (out && out->shape.stride > FL_ROW_MAX) {
        fl_refuse(call, FLOW_TYPE, "rows of '%s' with their key take %u bytes, at most %u may be",
            out->shape.type->name, (unsigned)out->shape.stride, (unsigned)FL_ROW_MAX);
        return fl_nothing(p);
    }
    uint32_t *inputs = flow_pipeline_alloc(p, node->input_count * sizeof *inputs);
    if (!inputs || !node_room(p))
        return fl_nothing(p);
    const char *path = fl_path_claim(call, index);
    if (!path)
        return fl_nothing(p);
    if (node->input_count)
        memcpy(inputs, node->inputs, node->input_count * sizeof *inputs);
    p->nodes[index] = *node;
    p->nodes[index].inputs = inputs;
    p->nodes[index].path = path;
    p->nodes[index].named = call->named;
    p->names[index].scope = p->scope;
    p->graph.node_count = index + 1;
    return out ? (flow_coll){ p, edge_add(p, index, out) } : fl_nothing(p);
}
