// SPDX-License-Identifier: Apache-2.0
// Paths of steps: unique within a pipeline, chosen by the user or numbered ("count", "count-2").
#include <stdio.h>

#include <flow/flow.h>
#include <flow/text.h>

#include "graph/graph.h"

void fl_call_name(fl_call *call, const char *chosen, const char *fallback)
{
    call->named = chosen != NULL;
    if (chosen)
        call->step = chosen;
    else if (fallback && fallback[0])
        call->step = fallback;
}

// FNV-1a: names are short and come from the program itself.
static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

// The other step of that path, or `count` when it is free.
static uint32_t holder_of(const flow_pipeline *p, const char *path, uint32_t except)
{
    const uint32_t hash = hash_of(path);
    const uint32_t count = p->graph.node_count;
    for (uint32_t i = 0; i < count; i++)
        if (p->names[i].path == hash && i != except && strcmp(p->nodes[i].path, path) == 0)
            return i;
    return count;
}

static uint32_t askers_of(const flow_pipeline *p, uint32_t asked, uint32_t except)
{
    uint32_t askers = 0;
    for (uint32_t i = 0; i < p->graph.node_count; i++)
        askers += p->names[i].asked == asked && i != except;
    return askers;
}

// "path", or the first of "path-2", "path-3" … that is free.
static const char *numbered(flow_pipeline *p, const char *path, uint32_t node)
{
    const size_t size = strlen(path) + 12;
    char *text = flow_pipeline_alloc(p, size);
    if (!text)
        return NULL;
    snprintf(text, size, "%s", path);
    // Start from how many asked for it, so that a thousand steps of one name do not try a million.
    uint32_t next = askers_of(p, hash_of(path), node);
    while (holder_of(p, text, node) < p->graph.node_count)
        snprintf(text, size, "%s-%u", path, (unsigned)++next > 2 ? (unsigned)next : 2u);
    return text;
}

static const char *chosen(const fl_call *call, const char *path, uint32_t node)
{
    flow_pipeline *p = call->pipeline;
    const uint32_t holder = holder_of(p, path, node);
    if (holder == p->graph.node_count)
        return path;
    if (p->nodes[holder].named) {
        fl_refuse(call, FLOW_INVALID, "another step is already called '%s'", path);
        return NULL;
    }
    // An unnamed step gives way: its name was not promised to anyone.
    const char *other = numbered(p, path, node);
    if (!other)
        return NULL;
    p->nodes[holder].path = other;
    p->names[holder].path = hash_of(other);
    return path;
}

bool fl_name_check(const fl_call *call, const char *what)
{
    const char *at = call->step;
    const char *const end = at + strlen(at);
    fl_call unnamed = *call;
    unnamed.step = ""; // it would be shown as it is
    if (at == end || strchr(at, '/'))
        return fl_refuse(call, FLOW_INVALID, "a %s needs a name without '/'", what);
    while (at < end) {
        const size_t len = flow_utf8_len(at, end);
        if (len == 0 || (unsigned char)*at < 0x20 || *at == 0x7f)
            return fl_refuse(&unnamed, FLOW_INVALID,
                "a %s needs a name in UTF-8 without control characters", what);
        at += len;
    }
    return true;
}

const char *fl_path_claim(const fl_call *call, uint32_t node)
{
    flow_pipeline *p = call->pipeline;
    if (call->named && !fl_name_check(call, "step"))
        return NULL;
    const char *scope = p->scope ? p->scope->path : "";
    const size_t size = strlen(scope) + strlen(call->step) + 1;
    char *asked = flow_pipeline_alloc(p, size);
    if (!asked)
        return NULL;
    snprintf(asked, size, "%s%s", scope, call->step);
    const char *path = call->named ? chosen(call, asked, node) : numbered(p, asked, node);
    if (path) {
        p->names[node].path = hash_of(path);
        p->names[node].asked = hash_of(asked);
    }
    return path;
}

flow_coll flow_named(flow_coll coll, const char *name)
{
    fl_call call = { coll.pipeline, "flow_named", name ? name : "", true };
    const flow_edge *edge = fl_input(&call, coll);
    if (!edge)
        return fl_nothing(coll.pipeline);
    const uint32_t node = edge->producer;
    const char *path = fl_path_claim(&call, node);
    if (!path)
        return fl_nothing(coll.pipeline);
    coll.pipeline->nodes[node].path = path;
    coll.pipeline->nodes[node].named = true;
    return coll;
}
