// SPDX-License-Identifier: Apache-2.0
// From a file of JSON lines to a count per auction and minute, against parsing alone with the same
// parser.
#include "engine/engine.h"

#include <flow/file.h>

#include <stdio.h>
#include <sys/stat.h>

enum {
    LINES = 2000000,
    AUCTIONS = 1000
};

struct bid {
    uint64_t auction;
    int64_t price;
    flow_time at;
};
FLOW_RECORD(bid, auction, price, at);

bool engine_json_file(const char *path, size_t lines)
{
    struct stat info;
    if (stat(path, &info) == 0 && info.st_size > 0)
        return true;
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    for (size_t i = 0; i < lines; i++) {
        const uint64_t random = event_id(i);
        const int64_t ms = EVENT_BASE_US / 1000 + (int64_t)(i * 240000 / lines);
        fprintf(file,
            "{\"auction\":%llu,\"bidder\":%llu,\"price\":%llu,\"at\":%lld,"
            "\"channel\":\"channel-%04llu\",\"url\":\"https://shop.example/item/%05llu\","
            "\"extra\":\"%016llx\"}\n",
            (unsigned long long)(1000 + random % AUCTIONS),
            (unsigned long long)(1000 + (random >> 12) % 100000),
            (unsigned long long)(100 + (random >> 20) % 9999900), (long long)ms,
            (unsigned long long)((random >> 32) % 10000),
            (unsigned long long)((random >> 40) % 100000), (unsigned long long)random);
    }
    return fclose(file) == 0;
}

static void take_totals(void *user, const flow_elements *elements)
{
    struct outcome *outcome = user;
    for (uint32_t i = 0; i < elements->batch.count; i++)
        outcome->sum += (uint64_t)FLOW_BATCH_ROW(&elements->batch, flow_counted, i)->count;
}

static void build(flow_pipeline *p, const char *path, flow_receive_fn *receive, void *user)
{
    const flow_coll bids = flow_file_read(p, &(flow_file_read_options){ .path = path,
                                                 .format = FLOW_JSON,
                                                 .type = &bid_type,
                                                 .event_time = FLOW_FIELD(bid, at),
                                                 .times = { .in_order = true } });
    const flow_coll minutes = flow_window_into(flow_key_by(bids, FLOW_FIELD(bid, auction)),
        &(flow_window_options){ .windows = flow_fixed(flow_minutes(1)) });
    flow_receive(flow_count(minutes), NULL, receive, user);
}

static void run(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    const struct hand_file *file = input;
    flow_pipeline *p = flow_pipeline_new("json_count");
    build(p, file->path, take_totals, outcome);
    engine_run(p, options->threads, outcome);
}

bool bench_json_count(const struct bench_options *options, const struct bench_data *data)
{
    (void)data;
    char path[4096];
    snprintf(path, sizeof path, "%s/bids.json", options->folder);
    if (!engine_json_file(path, LINES)) {
        fprintf(stderr, "bench: %s: cannot be written\n", path);
        return false;
    }
    const struct hand_file file = { path, LINES };
    return bench_compare(options, &(struct comparison){ .id = "json_count",
                                      .reference = "parser_alone",
                                      .engine = run,
                                      .hand = hand_json_parse,
                                      .input = &file,
                                      .elements = LINES,
                                      .speak_of_reference = true });
}

/* The first result of all: its time goes to the parent. */
static void take_first(void *user, const flow_elements *elements)
{
    double *first = user;
    if (*first == 0 && elements->batch.count > 0)
        *first = bench_now();
}

int bench_startup_child(const char *path)
{
    double first = 0;
    if (path != NULL) {
        struct outcome outcome = { 0 };
        flow_pipeline *p = flow_pipeline_new("startup");
        build(p, path, take_first, &first);
        engine_run(p, 0, &outcome);
        if (outcome.failed || first == 0)
            return 1;
    } else {
        first = bench_now();
    }
    printf("%.9f\n", first);
    return 0;
}
