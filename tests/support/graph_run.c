// SPDX-License-Identifier: Apache-2.0
// What tests that run random graphs share.
#include "graph_run.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000)

void graph_fail(struct graph *graph, uint64_t seed, const char *what, const char *why)
{
    char *text = graph_print(graph);
    ck_abort_msg("seed %llu, %s: %s\n%s", (unsigned long long)seed, what, why, text);
    free(text);
}

// Until it is over; false: it was only waited for so long.
static bool play(struct graph *graph, struct flow_test_sim *sim)
{
    const bool idle = graph->kinds & GRAPH_IDLE;
    bool done = flow_test_settle(sim);
    for (int tick = 1; idle && tick < GRAPH_TICKS; tick++) {
        graph->clock += SECOND;
        done = flow_test_settle(sim);
    }
    for (int waits = 0; !idle && !done; waits++) {
        ck_assert_msg(waits < 1000, "the engine waits for ever");
        *sim->clock = flow_test_next_wake(sim, *sim->clock + SECOND);
        done = flow_test_settle(sim);
    }
    return done;
}

// Elements whose times were moved may be later than the watermark.
static const char *came_early(struct graph *graph)
{
    for (uint32_t n = 1; n < graph->count; n++) {
        if (graph->nodes[n].stamped)
            continue;
        for (uint32_t o = 0; o < GRAPH_OUTS; o++)
            if (graph->got[n][o].early)
                return "a result came before the watermark that it was to wait for";
        if (graph->dropped_got[n].early)
            return "an element was dropped before the watermark had passed it";
    }
    return NULL;
}

// How a run ended: NULL, or why it is wrong.
static const char *judge(struct graph *graph, const struct flow_test_sim *sim)
{
    const char *why = graph_differ(graph);
    if (!why)
        why = graph_miscounts(graph, sim);
    return why ? why : came_early(graph);
}

void graph_run(struct graph *graph, uint64_t seed, enum graph_form form,
    const struct flow_test_options *options)
{
    char what[120];
    flow_error error = { 0 };
    struct flow_test_options own = *options;
    graph->clock = GRAPH_START;
    own.clock = graph->kinds & GRAPH_IDLE ? &graph->clock : NULL;
    snprintf(what, sizeof what, "form %d on %u workers", (int)form, own.workers);
    struct graph_history history = { .now = { 0 } };
    if (own.weave && !own.watch) {
        own.watch = graph_watch;
        own.user = &history;
    }
    flow_pipeline *pipeline = graph_build(graph, form, NULL);
    struct flow_test_sim *sim = flow_test_open(pipeline, &own, &error);
    if (!sim)
        graph_fail(graph, seed, error.step, error.message);
    const bool done = play(graph, sim);
    if (graph->any_schedule)
        graph_reference(graph);
    const char *why = judge(graph, sim);
    if (!done)
        fl_engine_cancel(sim->engine);
    flow_test_settle(sim);
    const flow_status status = flow_test_close(sim, &error);
    if (status != (done ? FLOW_OK : FLOW_CANCELLED))
        why = error.message;
    if (why)
        graph_fail(graph, seed, what, why);
    flow_pipeline_free(pipeline);
}

void graph_run_reborn(
    struct graph *graph, uint64_t seed, const struct flow_test_options *options, uint32_t times)
{
    flow_error error = { 0 };
    uint64_t random = seed;
    struct flow_test_options own = *options;
    flow_pipeline *pipeline = graph_build(graph, (enum graph_form)(seed % FORM_COUNT), NULL);
    struct flow_test_sim *sim = flow_test_open(pipeline, &own, &error);
    if (!sim)
        graph_fail(graph, seed, error.step, error.message);
    for (uint32_t n = 0; n < graph->count; n++)
        for (uint32_t o = 0; o < GRAPH_OUTS; o++)
            graph->got[n][o].keep = graph->dead_got[n].keep = graph->dropped_got[n].keep = true;
    while (times-- > 0 && flow_test_rest(sim, 1 + flow_test_below(&random, 600))) {
        own.workers = 1 + flow_test_below(&random, 4);
        sim = flow_test_reborn(sim, pipeline, &own);
    }
    play(graph, sim);
    const char *why = graph_differ(graph);
    if (!why)
        why = came_early(graph);
    if (flow_test_close(sim, &error) != FLOW_OK)
        why = error.message;
    if (why)
        graph_fail(graph, seed, "snapshots", why);
    flow_pipeline_free(pipeline);
}

void graph_run_any(struct graph *graph, uint64_t seed, const struct flow_test_options *options)
{
    for (uint32_t n = 1; n < graph->count; n++)
        graph->nodes[n].listens =
            graph->nodes[n].op != GRAPH_DISTINCT && graph->nodes[n].op != GRAPH_TOP;
    graph->any_schedule = true;
    graph_run(graph, seed, (enum graph_form)(seed % FORM_COUNT), options);
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
