// SPDX-License-Identifier: Apache-2.0
// Queries as pipelines, on threads or simulated.
#include "run.h"

#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/test.h>

#include "suite.h"

static const flow_type *type_of_results;

static void add(struct rows *rows, flow_time at, const void *row)
{
    if (flow_type_equal(type_of_results, &event_type))
        nexmark_add_event(rows, row);
    else
        rows_add(rows, at, type_of_results, row);
}

static void take(void *user, const flow_elements *elements)
{
    struct outcome *outcome = user;
    const flow_batch *batch = &elements->batch;
    for (uint32_t i = 0; i < batch->count; i++) {
        const void *row =
            batch->rows + (size_t)FLOW_BATCH_INDEX(batch, i) * batch->stride + batch->value_offset;
        add(&outcome->rows, elements->times[i], row);
        if (elements->panes[i].last)
            add(&outcome->finals, elements->times[i], row);
    }
}

void run_query(unsigned query, const struct way *way, const struct history *history,
    const struct query_settings *settings, struct outcome *outcome)
{
    const struct event_source source = { .settings = generator_defaults((int64_t)history->count),
        .history = way->stream ? NULL : history,
        .columns = way->columns,
        .stream = way->stream };
    flow_error error = { 0 };
    flow_pipeline *p = flow_pipeline_new(query_of(query)->name);
    flow_coll results = query_of(query)->build(read_events(p, &source), settings);
    if (results.id != 0) {
        type_of_results = flow_coll_type(results);
        flow_receive(results, NULL, take, outcome);
    }
    const flow_local_options threads = { .workers = way->workers };
    const flow_simulated_options turns = { .workers = way->workers,
        .seed = 7,
        .fail_one_in = way->faults ? 20 : 0,
        .check_elements = way->faults };
    const flow_runner runner = way->simulated ? flow_simulated(&turns) : flow_local(&threads);
    const flow_status status = flow_run(p, &runner, &error);
    ck_assert_msg(status == FLOW_OK, "%s %s: %s: %s", query_of(query)->name, way->name, error.step,
        error.message);
    flow_pipeline_free(p);
}

void outcome_clear(struct outcome *outcome)
{
    rows_clear(&outcome->rows);
    rows_clear(&outcome->finals);
}
