// SPDX-License-Identifier: Apache-2.0
// Tests of transforms/memory.
#include "suite.h"

const flow_source *source_of(flow_pipeline *pipeline, const void **config)
{
    flow_error error = { 0 };
    const flow_graph *graph = flow_pipeline_graph(pipeline, &error);
    ck_assert_msg(graph != NULL, "%s", error.message);
    ck_assert_int_eq(graph->nodes[0].kind, FLOW_NODE_SOURCE);
    *config = graph->nodes[0].read->config;
    return graph->nodes[0].source;
}

const flow_sink *sink_of(flow_pipeline *pipeline, const void **config)
{
    flow_error error = { 0 };
    const flow_graph *graph = flow_pipeline_graph(pipeline, &error);
    ck_assert_msg(graph != NULL, "%s", error.message);
    const flow_node *node = &graph->nodes[graph->node_count - 1];
    ck_assert_int_eq(node->kind, FLOW_NODE_SINK);
    *config = node->sink_config;
    return node->sink;
}

int main(void)
{
    Suite *suite = suite_create("transforms/memory");
    suite_add_tcase(suite, arena_case());
    suite_add_tcase(suite, channel_case());
    suite_add_tcase(suite, columns_case());
    suite_add_tcase(suite, create_case());
    suite_add_tcase(suite, receive_case());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
