// SPDX-License-Identifier: Apache-2.0
// From a file of JSON lines or CSV to a count per auction and minute, against parsing alone: with
// yyjson alone for JSON, by hand for CSV.
#include "engine/engine.h"

#include <flow/file.h>

#include <stdio.h>
#include <sys/stat.h>

enum {
    LINES_MAX = 2000000,
    AUCTIONS = 1000
};

struct bid {
    uint64_t auction;
    int64_t price;
    flow_time at;
};
FLOW_RECORD(bid, auction, price, at);

struct form {
    flow_file_format format;
    const char *header;
    const char *line; /* as printf wants it: the seven columns */
};

static const struct form json = { FLOW_JSON, "",
    "{\"auction\":%llu,\"bidder\":%llu,\"price\":%llu,\"at\":%lld,\"channel\":\"channel-%04llu\","
    "\"url\":\"https://shop.example/item/%05llu\",\"extra\":\"%016llx\"}\n" };
static const struct form csv = { FLOW_CSV, "auction,bidder,price,at,channel,url,extra\n",
    "%llu,%llu,%llu,%lld,channel-%04llu,https://shop.example/item/%05llu,%016llx\n" };

/* Writes the bids, if there is no such file yet. False when it cannot. */
static bool write_bids(const char *path, const struct form *form, size_t lines)
{
    struct stat info;
    if (stat(path, &info) == 0 && info.st_size > 0)
        return true;
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fprintf(stderr, "bench: %s: cannot be written\n", path);
        return false;
    }
    fputs(form->header, file);
    for (size_t i = 0; i < lines; i++) {
        const uint64_t random = event_id(i);
        const int64_t ms = EVENT_BASE_US / 1000 + (int64_t)(i * 240000 / lines);
        fprintf(file, form->line, (unsigned long long)(1000 + random % AUCTIONS),
            (unsigned long long)(1000 + (random >> 12) % 100000),
            (unsigned long long)(100 + (random >> 20) % 9999900), (long long)ms,
            (unsigned long long)((random >> 32) % 10000),
            (unsigned long long)((random >> 40) % 100000), (unsigned long long)random);
    }
    return fclose(file) == 0;
}

bool engine_json_file(const char *path, size_t lines)
{
    return write_bids(path, &json, lines);
}

/* What a comparison is given; the reference sees only the file. */
struct source {
    struct hand_file file;
    const struct form *form;
};

static void take_totals(void *user, const flow_elements *elements)
{
    struct outcome *outcome = user;
    for (uint32_t i = 0; i < elements->batch.count; i++)
        outcome->sum += (uint64_t)FLOW_BATCH_ROW(&elements->batch, flow_counted, i)->count;
}

static void build(
    flow_pipeline *p, const struct source *source, flow_receive_fn *receive, void *user)
{
    const flow_coll bids = flow_file_read(p, &(flow_file_read_options){ .path = source->file.path,
                                                 .format = source->form->format,
                                                 .type = &bid_type,
                                                 .event_time = FLOW_FIELD(bid, at),
                                                 .times = { .in_order = true } });
    const flow_coll minutes = flow_window_into(flow_key_by(bids, FLOW_FIELD(bid, auction)),
        &(flow_window_options){ .windows = flow_fixed(flow_minutes(1)) });
    flow_receive(flow_count(minutes), NULL, receive, user);
}

static void run(const struct bench_options *options, const void *input, struct outcome *outcome)
{
    flow_pipeline *p = flow_pipeline_new("count");
    build(p, input, take_totals, outcome);
    engine_run(p, options->threads, outcome);
}

static bool compare(const struct bench_options *options, const struct form *form, const char *name,
    struct comparison comparison)
{
    char path[4096];
    const size_t lines = options->rows < LINES_MAX ? options->rows : LINES_MAX;
    snprintf(path, sizeof path, "%s/%zu-%s", options->folder, lines, name);
    const struct source source = { { path, lines }, form };
    comparison.engine = run;
    comparison.input = &source;
    comparison.elements = (double)lines;
    comparison.speak_of_reference = true;
    return write_bids(path, form, lines) && bench_compare(options, &comparison);
}

bool bench_json_count(const struct bench_options *options, const struct bench_data *data)
{
    (void)data;
    return compare(options, &json, "bids.json",
        (struct comparison){
            .id = "json_count", .reference = "parser_alone", .hand = hand_json_parse });
}

bool bench_csv_count(const struct bench_options *options, const struct bench_data *data)
{
    (void)data;
    return compare(options, &csv, "bids.csv",
        (struct comparison){
            .id = "csv_count", .reference = "hand_parser", .hand = hand_csv_parse });
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
        build(p, &(struct source){ { path, 0 }, &json }, take_first, &first);
        engine_run(p, 0, &outcome);
        if (outcome.failed || first == 0)
            return 1;
    } else {
        first = bench_now();
    }
    printf("%.9f\n", first);
    return 0;
}
