// SPDX-License-Identifier: Apache-2.0
// A test of a pipeline: rows in, rows out, compared as a set. No file, no clock, some milliseconds.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

struct order {
    flow_str city;
    int64_t cents;
    flow_time at;
};
FLOW_RECORD(order, city, cents, at);

// [subject]
// What is tested: a function from collection to collection, which knows no source and no sink.
static flow_coll revenue_by_hour(flow_coll orders)
{
    const flow_window_options hours = { .windows = flow_fixed(flow_hours(1)) };
    flow_coll windowed = flow_window_into(orders, &hours);
    return flow_sum(flow_key_by(windowed, FLOW_FIELD(order, city)), FLOW_FIELD(order, cents));
}
// [subject]

// [collect]
struct results {
    char lines[8][64];
    size_t count;
};

static void collect(void *user, const flow_elements *elements)
{
    struct results *results = user;
    const flow_batch *batch = &elements->batch;
    for (uint32_t i = 0; i < batch->count && results->count < 8; i++) {
        const char *row = batch->rows + (size_t)FLOW_BATCH_INDEX(batch, i) * batch->stride;
        const flow_str *city = (const flow_str *)(const void *)(row + batch->key_offset);
        snprintf(results->lines[results->count++], 64, "%.*s %lld until %lldh", (int)city->len,
            city->data, (long long)FLOW_BATCH_ROW(batch, flow_integer, i)->value,
            (long long)elements->windows[i].end.us / flow_hours(1).us);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}
// [collect]

// [test]
static bool sums_per_city_and_hour(uint32_t workers)
{
    static const struct order orders[] = { { { "Kyiv", 4 }, 100, { 0 } },
        { { "Lima", 4 }, 30, { 60000000 } }, { { "Kyiv", 4 }, 5, { 3599999999 } },
        { { "Kyiv", 4 }, 7, { 3600000000 } } };
    static const char *const wanted[] = { "Kyiv 105 until 1h", "Kyiv 7 until 2h",
        "Lima 30 until 1h" };
    const flow_create_options rows = {
        .type = &order_type, .rows = orders, .count = 4, .event_time = FLOW_FIELD(order, at)
    };
    const flow_local_options options = { .workers = workers };
    const flow_runner runner = flow_local(&options);
    struct results results = { .count = 0 };
    flow_pipeline *p = flow_pipeline_new("test");
    flow_receive(revenue_by_hour(flow_create(p, &rows)), NULL, collect, &results);
    bool same = flow_run(p, &runner, NULL) == FLOW_OK && results.count == 3;
    flow_pipeline_free(p);
    qsort(results.lines, results.count, sizeof results.lines[0], by_text);
    for (size_t i = 0; same && i < results.count; i++)
        same = strcmp(results.lines[i], wanted[i]) == 0;
    return same;
}
// [test]

int main(void)
{
    const bool one = sums_per_city_and_hour(1), four = sums_per_city_and_hour(4);
    printf("one worker %s, four workers %s\n", one ? "ok" : "FAILED", four ? "ok" : "FAILED");
    return one && four ? 0 : 1;
}
