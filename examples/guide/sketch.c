// SPDX-License-Identifier: Apache-2.0
// Sketches over requests: visitors, latencies, favourites, a sample.
#include <stdio.h>

#include <flow/file.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/sketch.h>
#include <flow/transforms.h>

struct request {
    flow_str page;
    int64_t user;
    int64_t ms;
};
FLOW_RECORD(request, page, user, ms);

// [records]
struct latency {
    double median, p99; // in the order of the ranks
};
FLOW_RECORD(latency, median, p99);

struct favourite {
    flow_str page; // the value
    int64_t count; // how often it came …
    int64_t over;  // … and how much of that may be too much
};
FLOW_RECORD(favourite, page, count, over);
// [records]

static void print(flow_coll in)
{
    flow_file_write(in, &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
}

static void build(flow_coll requests)
{
    // [graph]
    static const double ranks[] = { 0.5, 0.99 };
    const flow_quantiles_options two = { .ranks = ranks, .count = 2 };
    print(flow_quantiles(requests, FLOW_FIELD(request, ms), &latency_type, &two));
    print(flow_approximate_distinct(requests, FLOW_FIELD(request, user), NULL));
    const flow_frequent_options best = { .count = 2 };
    print(flow_frequent(requests, FLOW_FIELD(request, page), &favourite_type, &best));
    print(flow_sample(requests, 1, 42));
    // [graph]
}

int main(void)
{
    static struct request requests[1000];
    static const char *const pages[] = { "cart", "home", "hat" };
    for (int64_t i = 0; i < 1000; i++) {
        requests[i].page = flow_str_of(pages[i % 5 ? i % 2 : 2]);
        requests[i].user = i % 300;
        requests[i].ms = 20 + i * i % 7;
    }
    const flow_create_options rows = { .type = &request_type, .rows = requests, .count = 1000 };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("requests");
    build(flow_create(p, &rows));
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "sketch: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
