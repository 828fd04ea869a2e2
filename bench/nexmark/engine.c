// SPDX-License-Identifier: Apache-2.0
// Queries over events in memory, into a sink that adds up what it is given, for each worker apart.
#include "nexmark/engine.h"

#include <stdio.h>

#include <flow/runner_local.h>
#include <flow/transform.h>

#include <query.h>
#include <source.h>

#include "nexmark/sum.h"

enum {
    WORKERS = 64,
    LINE = 64
};

struct tally {
    uint64_t sum, results;
    char apart[LINE - 2 * sizeof(uint64_t)]; // workers do not share a line of the cache
};

typedef uint64_t sum_batch(const flow_batch *batch);

#define SUM_FN(name, T, expression)                                                                \
    static uint64_t name(const flow_batch *batch)                                                  \
    {                                                                                              \
        uint64_t sum = 0;                                                                          \
        for (uint32_t i = 0; i < batch->count; i++) {                                              \
            const struct T *row = FLOW_BATCH_ROW(batch, T, i);                                     \
            sum += expression;                                                                     \
        }                                                                                          \
        return sum;                                                                                \
    }

SUM_FN(sum_events, event, sum_of_bid(&row->bid) + sum_of((int64_t)row->person.count, row->at.us))
SUM_FN(sum_bids, bid, sum_of_bid(row))
SUM_FN(sum_joined, bid, sum_of_bid(row) + sum_of_text(row->extra))
SUM_FN(sum_chosen, auction_price, sum_of(row->auction, row->price))
SUM_FN(sum_local, local_seller, sum_of(row->id, (int64_t)row->name.len) + sum_of_text(row->city))
SUM_FN(sum_categories, category_price, sum_of(row->category, row->price))
SUM_FN(sum_hot, auction_count, sum_of_hot(row))
SUM_FN(sum_sellers, seller_price, sum_of(row->seller, 0)) // means depend on the order of sales
SUM_FN(sum_newcomers, newcomer, sum_of_newcomer(row))
SUM_FN(sum_won, auction_bid, sum_of_bid(&row->bid) + sum_of_text(row->auction.item))
SUM_FN(sum_sessions, person_bids, sum_of(row->person, row->bids))
SUM_FN(sum_parts, person_bids, sum_of(row->person, 0) * (uint64_t)row->bids)

// By number; NULL: the query writes its results itself.
static sum_batch *const sums_of_queries[] = { sum_events, sum_bids, sum_chosen, sum_local,
    sum_categories, sum_hot, sum_sellers, sum_bids, sum_newcomers, sum_won, NULL, sum_sessions,
    sum_parts, sum_joined, sum_joined };

struct sums_config {
    sum_batch *of;
    struct outcome *outcome;
};

struct sums {
    const struct sums_config *config;
    uint32_t workers;
    struct tally staged[WORKERS], published[WORKERS];
};

static flow_status sums_open(void *self, const flow_open *open)
{
    struct sums *sums = self;
    sums->config = open->config;
    sums->workers = open->workers;
    return FLOW_OK;
}

static flow_status sums_stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    struct sums *sums = self;
    struct tally *tally = &sums->staged[worker];
    (void)error;
    tally->sum += sums->config->of(&elements->batch);
    tally->results += sums->config->of == sum_parts ? 0 : elements->batch.count; // by the clock
    return FLOW_OK;
}

static void sums_publish(void *self, uint32_t worker)
{
    struct sums *sums = self;
    sums->published[worker].sum += sums->staged[worker].sum;
    sums->published[worker].results += sums->staged[worker].results;
    sums->staged[worker] = (struct tally){ 0 };
}

static void sums_abort(void *self, uint32_t worker)
{
    ((struct sums *)self)->staged[worker] = (struct tally){ 0 };
}

static flow_status sums_finish(void *self, flow_error *error)
{
    struct sums *sums = self;
    (void)error;
    for (uint32_t w = 0; w < sums->workers; w++) {
        sums->config->outcome->sum += sums->published[w].sum;
        sums->config->outcome->results += sums->published[w].results;
    }
    return FLOW_OK;
}

static void sums_close(void *self)
{
    (void)self;
}

static const flow_sink sums_sink = {
    .name = "sums",
    .self_size = sizeof(struct sums),
    .open = sums_open,
    .stage = sums_stage,
    .publish = sums_publish,
    .abort = sums_abort,
    .finish = sums_finish,
    .close = sums_close,
};

static void run(unsigned threads, const struct queried *queried, struct outcome *outcome)
{
    const struct event_source source = { .history = queried->history, .stream = true };
    struct query_settings settings = query_defaults;
    const flow_local_options local = { .workers = threads };
    const flow_runner runner = flow_local(&local);
    flow_error error = { 0 };
    settings.folder = queried->folder;
    flow_pipeline *p = flow_pipeline_new(query_of(queried->query)->name);
    flow_coll rows = query_of(queried->query)->build(read_events(p, &source), &settings);
    struct sums_config *config = flow_pipeline_alloc(p, sizeof *config);
    if (config && rows.id != 0) {
        *config = (struct sums_config){ sums_of_queries[queried->query], outcome };
        flow_write(rows, &sums_sink, &(flow_write_options){ .config = config });
    }
    outcome->failed = flow_run(p, &runner, &error) != FLOW_OK;
    if (outcome->failed)
        fprintf(stderr, "bench: step %s: %s\n", error.step, error.message);
    flow_pipeline_free(p);
}

void engine_query(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    run(options->threads, input, outcome);
}

void engine_query_alone(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    (void)options;
    run(1, input, outcome);
}
