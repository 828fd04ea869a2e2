// SPDX-License-Identifier: Apache-2.0
// Plays one case of the contract harness, with snapshots on the way where wanted, and says which
// case it was when it goes wrong.
#include <stdio.h>

#include "harness_case.h"

static const char *const times_names[] = { "equal", "near", "far" };
static const char *const cut_names[] = { "global", "fixed", "sliding", "session" };
static const char *const windows_names[] = { "implied", "by row", "shared", "kept" };
static const char *const give_names[] = { "lent", "emitted", "reserved", "lent by column" };
static const char *const order_names[] = { "all rows", "punctual rows", "tardy rows",
    "tardy rows behind the watermark", "all rows behind the watermark" };
static const char *const lifting_names[] = { "", ", never lifting", ", always lifting" };

void harness_fail(const struct harness *h, const struct harness_case *c, const char *why)
{
    flow_buffer text = { 0 };
    flow_buffer_printf(&text, "%s: %s %s in batches of %zu (0: all), times %s, %s windows %s%s",
        h->name, order_names[c->order], give_names[c->give], c->batch, times_names[c->times],
        cut_names[c->cut], windows_names[c->windows], lifting_names[c->lifting]);
    flow_buffer_printf(&text, "%s%s%s%s%s, %u workers, seed %llu",
        c->often   ? ", results taken back"
        : c->again ? ", accumulating panes"
                   : "",
        c->between ? ", watermark between" : "", c->lenient ? ", lateness" : "",
        c->full ? ", full shuffles" : "", c->reborn ? ", snapshots" : "", c->workers,
        (unsigned long long)c->seed);
    flow_buffer_printf(&text, ", fault %llu of point %d, budget %llu: %s",
        (unsigned long long)c->faults.at, c->faults.point, (unsigned long long)c->memory, why);
    ck_abort_msg("%.*s", (int)text.len, text.data);
}

static struct flow_test_options options_of(struct harness *h, const struct harness_case *c)
{
    return (struct flow_test_options){ .workers = c->workers,
        .seed = c->seed,
        .memory = c->memory,
        .flight = c->full ? 1 : 0,
        .no_lifting = c->lifting == LIFTING_NEVER,
        .always_lifting = c->lifting == LIFTING_ALWAYS,
        .faults = c->faults,
        .clock = &h->clock };
}

// True when all are done or one failed.
static bool step_some(struct flow_test_sim *sim, uint32_t steps)
{
    uint32_t over = 0;
    for (uint32_t w = 0; w < sim->workers; w++)
        over += sim->done[w];
    while (steps-- > 0 && over < sim->workers) {
        uint32_t w = flow_test_below(&sim->random, sim->workers);
        while (sim->done[w])
            w = (w + 1) % sim->workers;
        const enum fl_step step = fl_engine_step(sim->engine, w);
        if (step == FL_STEP_FAILED)
            return true;
        sim->done[w] = step == FL_STEP_DONE;
        over += sim->done[w];
    }
    return over == sim->workers;
}

// Brings the engine to rest after a few steps and goes on in another, until all is done.
static struct flow_test_sim *live_on(struct harness *h, const struct harness_case *c,
    flow_pipeline *pipeline, struct flow_test_sim *sim)
{
    struct flow_test_options options = options_of(h, c);
    uint64_t random = c->seed;
    for (int lives = 0; lives < 12 && !step_some(sim, flow_test_below(&random, 12)); lives++) {
        fl_engine_hold(sim->engine, true);
        if (flow_test_settle(sim))
            return sim;
        if (!fl_engine_at_rest(sim->engine))
            harness_fail(h, c, "the held engine does not come to rest");
        options.workers = 1 + flow_test_below(&random, 4);
        options.seed++;
        sim = flow_test_reborn(sim, pipeline, &options);
    }
    return sim;
}

flow_status harness_play(struct harness *h, const struct harness_case *c,
    struct flow_test_results *results, flow_error *error)
{
    flow_pipeline *pipeline = harness_build(h, c, results);
    if (!pipeline)
        return flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for the pipeline");
    const struct flow_test_options options = options_of(h, c);
    struct flow_test_sim *sim = flow_test_open(pipeline, &options, error);
    flow_status status = error->status;
    if (sim) {
        if (c->reborn)
            sim = live_on(h, c, pipeline, sim);
        for (int waits = 0; !flow_test_settle(sim); waits++) {
            if (waits == 100)
                harness_fail(h, c, "the engine waits for ever");
            if (c->reborn)
                sim = flow_test_reborn(sim, pipeline, &options);
            h->clock += 1000000;
        }
        flow_status_report report;
        fl_engine_status(sim->engine, &report);
        h->dropped_late = report.dropped_late;
        h->asked = sim->faults.asked;
        status = flow_test_close(sim, error);
    }
    flow_pipeline_free(pipeline);
    return status;
}

void harness_play_well(
    struct harness *h, const struct harness_case *c, struct flow_test_results *results)
{
    flow_error error = { 0 };
    if (harness_play(h, c, results, &error) == FLOW_OK)
        return;
    char why[sizeof error.step + sizeof error.message + 4];
    snprintf(why, sizeof why, "%s: %s", error.step, error.message);
    harness_fail(h, c, why);
}
