// SPDX-License-Identifier: Apache-2.0
// What tests that run random graphs share.
#include "graph_run.h"

#include <stdlib.h>

void graph_fail(struct graph *graph, uint64_t seed, const char *what, const char *why)
{
    char *text = graph_print(graph);
    ck_abort_msg("seed %llu, %s: %s\n%s", (unsigned long long)seed, what, why, text);
    free(text);
}

void graph_watch(struct flow_test_sim *sim, void *user)
{
    struct graph_history *history = user;
    flow_step_report report;
    for (size_t i = 0; fl_engine_step_report(sim->engine, i, &report); i++) {
        ck_assert_uint_lt(i, GRAPH_STEPS);
        // R2: they never go back
        ck_assert_int_ge(report.watermark.us, history->hash[i] ? history->now[i] : INT64_MIN);
        if (history->hash[i] && history->now[i] == report.watermark.us)
            continue;
        history->now[i] = report.watermark.us;
        uint64_t state = history->hash[i] ^ (uint64_t)report.watermark.us;
        history->hash[i] = flow_test_random(&state) | 1;
    }
}

struct graph_image graph_image_of(struct flow_test_sim *sim)
{
    struct graph_image image = { { 0 } };
    flow_error error = { 0 };
    flow_buffer bytes = { 0 };
    ck_assert_msg(fl_engine_snapshot(sim->engine, &bytes, &error), "%s", error.message);
    for (size_t i = 0; i + 8 < bytes.len; i++) // but for the sum at the end
        image.bytes[(unsigned char)bytes.data[i]]++;
    flow_buffer_free(&bytes);
    return image;
}
