// SPDX-License-Identifier: Apache-2.0
// A pipeline as text for people, as Graphviz and as Mermaid.
#include <stdio.h>

#include <flow/flow.h>
#include <flow/text.h>

#include "graph/graph.h"

const char *fl_node_kind_name(flow_node_kind kind)
{
    static const char *const names[] = { "", "source", "do", "window", "timestamps", "key",
        "flatten", "combine", "group", "sink", "view", "split" };
    return names[kind];
}

static void put_duration(flow_buffer *out, flow_duration span)
{
    char text[40];
    flow_duration_print(span, text);
    flow_buffer_printf(out, "%s", text);
}

// What is not the default, each with a comma before it.
static void put_triggering(flow_buffer *out, const flow_triggering *triggering)
{
    static const char *const modes[] = { "", "", ", accumulating", ", retracting" };
    char trigger[256];
    if (!triggering)
        return;
    if (triggering->trigger.count) {
        flow_trigger_print(&triggering->trigger, trigger, sizeof trigger);
        flow_buffer_printf(out, ", fires %s", trigger);
    }
    flow_buffer_printf(out, "%s%s%s%s", modes[triggering->accumulation],
        triggering->on_time == FLOW_EMPTY_NEVER ? ", not empty on time" : "",
        triggering->closing == FLOW_EMPTY_ALWAYS ? ", always closed" : "",
        triggering->output_time == FLOW_OUTPUT_EARLIEST ? ", at the earliest time"
        : triggering->output_time == FLOW_OUTPUT_LATEST ? ", at the latest time"
                                                        : "");
}

// What flows along an edge: "reading, key int64, windows of 1m, lateness 30s, unbounded".
void fl_print_edge(flow_buffer *out, const flow_edge *edge)
{
    flow_buffer_printf(out, "%s", edge->shape.type->name);
    if (edge->shape.key != FLOW_KIND_NONE)
        flow_buffer_printf(out, ", key %s", fl_key_name(&edge->shape));
    if (edge->windows.kind != FLOW_WINDOW_GLOBAL) {
        flow_buffer_printf(out, ", %s", edge->merged ? "merged " : "");
        fl_windows_put(out, &edge->windows);
    }
    if (edge->lateness.us) {
        flow_buffer_printf(out, ", lateness ");
        put_duration(out, edge->lateness);
    }
    put_triggering(out, edge->triggering);
    if (edge->unbounded)
        flow_buffer_printf(out, ", unbounded");
}

// Which output of its step: nothing for the main one.
static void put_output(flow_buffer *out, uint32_t output, const char *before)
{
    if (output == FLOW_OUTPUT_DEAD_LETTERS)
        flow_buffer_printf(out, "%sdead letters", before);
    else if (output == FLOW_OUTPUT_DROPPED)
        flow_buffer_printf(out, "%sdropped", before);
    else if (output > 0)
        flow_buffer_printf(out, "%soutput %u", before, (unsigned)output);
}

// The path of a view that a step looks into.
static const char *side_path(const flow_graph *graph, const flow_node *node, uint32_t side)
{
    return graph->nodes[graph->edges[node->sides[side] - 1].producer].path;
}

static void put_inputs(flow_buffer *out, const flow_graph *graph, const flow_node *node)
{
    for (uint32_t i = 0; i < node->input_count; i++) {
        const flow_edge *edge = &graph->edges[node->inputs[i] - 1];
        flow_buffer_printf(out, "%s%s", i ? ", " : " of ", graph->nodes[edge->producer].path);
        put_output(out, edge->output, ": ");
    }
    for (uint32_t i = 0; i < node->side_count; i++)
        flow_buffer_printf(out, "%s%s", i ? ", " : " with ", side_path(graph, node, i));
}

static int path_width(const flow_graph *graph)
{
    size_t width = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const size_t len = strlen(graph->nodes[i].path);
        width = len > width ? len : width;
    }
    return width < 60 ? (int)width : 60;
}

static void print_text(flow_buffer *out, const flow_graph *graph)
{
    const int width = path_width(graph);
    flow_buffer_printf(out, "%s: %u step%s\n", graph->name, (unsigned)graph->node_count,
        graph->node_count == 1 ? "" : "s");
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const flow_node *node = &graph->nodes[i];
        flow_buffer_printf(out, "  %-*s  %s", width, node->path, fl_node_kind_name(node->kind));
        put_inputs(out, graph, node);
        if (node->outputs[0] && node->kind != FLOW_NODE_VIEW) {
            flow_buffer_printf(out, " -> ");
            fl_print_edge(out, &graph->edges[node->outputs[0] - 1]);
        }
        flow_buffer_printf(out, "\n");
    }
}

// Names come from the program, but quotes and backslashes must not end a label.
static void put_quoted(flow_buffer *out, const char *text, const char *quote, const char *backslash)
{
    for (; *text; text++) {
        if (*text == '"')
            flow_buffer_printf(out, "%s", quote);
        else if (*text == '\\')
            flow_buffer_printf(out, "%s", backslash);
        else
            flow_buffer_put(out, text, 1);
    }
}

// Calls `put` for each input of each step.
static void each_link(flow_buffer *out, const flow_graph *graph,
    void (*put)(flow_buffer *out, const flow_edge *edge, uint32_t to))
{
    for (uint32_t i = 0; i < graph->node_count; i++)
        for (uint32_t k = 0; k < graph->nodes[i].input_count; k++)
            put(out, &graph->edges[graph->nodes[i].inputs[k] - 1], i);
}

// A line for each view that a step looks into.
static void each_side(flow_buffer *out, const flow_graph *graph, const char *format)
{
    for (uint32_t i = 0; i < graph->node_count; i++)
        for (uint32_t k = 0; k < graph->nodes[i].side_count; k++)
            flow_buffer_printf(out, format,
                (unsigned)graph->edges[graph->nodes[i].sides[k] - 1].producer, (unsigned)i);
}

static void put_dot_link(flow_buffer *out, const flow_edge *edge, uint32_t to)
{
    flow_buffer_printf(out, "  n%u -> n%u [label=\"", (unsigned)edge->producer, (unsigned)to);
    fl_print_edge(out, edge);
    put_output(out, edge->output, ", ");
    flow_buffer_printf(out, "\"];\n");
}

static void print_dot(flow_buffer *out, const flow_graph *graph)
{
    flow_buffer_printf(out, "digraph \"");
    put_quoted(out, graph->name, "\\\"", "\\\\");
    flow_buffer_printf(out, "\" {\n  node [shape=box];\n");
    for (uint32_t i = 0; i < graph->node_count; i++) {
        flow_buffer_printf(out, "  n%u [label=\"", (unsigned)i);
        put_quoted(out, graph->nodes[i].path, "\\\"", "\\\\");
        flow_buffer_printf(out, "\\n%s\"];\n", fl_node_kind_name(graph->nodes[i].kind));
    }
    each_link(out, graph, put_dot_link);
    each_side(out, graph, "  n%u -> n%u [style=dashed];\n");
    flow_buffer_printf(out, "}\n");
}

static void put_mermaid_link(flow_buffer *out, const flow_edge *edge, uint32_t to)
{
    flow_buffer_printf(out, "  n%u -- \"", (unsigned)edge->producer);
    fl_print_edge(out, edge);
    put_output(out, edge->output, ", ");
    flow_buffer_printf(out, "\" --> n%u\n", (unsigned)to);
}

static void print_mermaid(flow_buffer *out, const flow_graph *graph)
{
    flow_buffer_printf(out, "flowchart TD\n");
    for (uint32_t i = 0; i < graph->node_count; i++) {
        flow_buffer_printf(out, "  n%u[\"", (unsigned)i);
        put_quoted(out, graph->nodes[i].path, "#quot;", "#92;");
        flow_buffer_printf(out, "<br/>%s\"]\n", fl_node_kind_name(graph->nodes[i].kind));
    }
    each_link(out, graph, put_mermaid_link);
    each_side(out, graph, "  n%u -.-> n%u\n");
}

char *flow_pipeline_print(const flow_pipeline *pipeline, flow_print_form form)
{
    if (!pipeline)
        return NULL;
    flow_buffer out = { .allocator = &pipeline->allocator };
    if (form == FLOW_PRINT_DOT)
        print_dot(&out, &pipeline->graph);
    else if (form == FLOW_PRINT_MERMAID)
        print_mermaid(&out, &pipeline->graph);
    else
        print_text(&out, &pipeline->graph);
    return flow_buffer_text(&out);
}
