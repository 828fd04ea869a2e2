// SPDX-License-Identifier: Apache-2.0
// What a pipeline's steps were set to, for who looks at it from outside.
#include <flow/options.h>

#include "graph/graph.h"

// A step being shown.
struct showing {
    const flow_node *node;
    flow_display_fn *show;
    void *user;
};

static void show_text(const struct showing *showing, const char *name, const char *text)
{
    const flow_display item = { .step = showing->node->path,
        .space = "step",
        .name = name,
        .kind = FLOW_KIND_STR,
        .value = flow_str_of(text) };
    if (text)
        showing->show(showing->user, &item);
}

static flow_status show_output(const struct showing *showing, const flow_graph *graph)
{
    flow_buffer text = { 0 };
    if (!showing->node->outputs[0])
        return FLOW_OK;
    fl_print_edge(&text, &graph->edges[showing->node->outputs[0] - 1]);
    flow_buffer_put(&text, "", 1);
    if (!text.failed)
        show_text(showing, "output", text.data);
    const flow_status status = text.failed ? FLOW_MEMORY : FLOW_OK;
    flow_buffer_free(&text);
    return status;
}

static const char *function_of(const flow_node *node)
{
    if (node->fn)
        return node->fn->name;
    return node->combine ? node->combine->name : NULL;
}

static const char *on_error_of(const flow_node *node)
{
    static const char *const words[] = { "fail", "dead-letter", "skip" };
    const bool may_fail = node->kind == FLOW_NODE_DO || node->kind == FLOW_NODE_GROUP ||
                          node->kind == FLOW_NODE_SOURCE || node->kind == FLOW_NODE_SPLIT ||
                          node->kind == FLOW_NODE_SINK;
    return may_fail ? words[node->on_error] : NULL;
}

static flow_status show_step(const struct showing *showing, const flow_graph *graph)
{
    const flow_node *node = showing->node;
    show_text(showing, "kind", fl_node_kind_name(node->kind));
    show_text(showing, "function", function_of(node));
    show_text(showing, "field", node->field.name);
    show_text(showing, "on_error", on_error_of(node));
    show_text(showing, "time_sorted", node->time_sorted ? "true" : NULL);
    const flow_status status = show_output(showing, graph);
    if (status != FLOW_OK || !node->config_type || !node->config)
        return status;
    return flow_display_record(
        node->config_type, node->config, node->path, showing->show, showing->user);
}

flow_status flow_pipeline_display(const flow_pipeline *pipeline, flow_display_fn *show, void *user)
{
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < pipeline->graph.node_count && status == FLOW_OK; i++) {
        const struct showing showing = { &pipeline->graph.nodes[i], show, user };
        status = show_step(&showing, &pipeline->graph);
    }
    return status;
}
