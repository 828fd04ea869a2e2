// SPDX-License-Identifier: Apache-2.0
// Sweeps: one thing of a windowed count is changed from end to end, to see that no point falls off.
// Prints `sweep <what> <value> <ns an element> [<min>..<max>]`; bench/sweep/plot.py draws it.
#include "support/bench.h"
#include "sweep/rows.h"

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transform.h>
#include <flow/transforms.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    POINTS = 12,
    ROUNDS = 3
};

struct sweep {
    const char *name;
    double values[POINTS]; // ends with a negative one
};

static const struct sweep sweeps[] = {
    { "keys", { 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, -1 } },
    { "bundle", { 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, -1 } },
    { "disorder", { 0, 1, 5, 10, 20, 50, -1 } },
    { "overlap", { 1, 2, 6, 12, 60, 120, 600, -1 } },
    { "row", { 16, 32, 64, 128, 256, 512, -1 } },
    { "text", { 8, 16, 32, 64, 128, -1 } },
    { "skew", { 0, 0.4, 0.8, 1.0, 1.2, 1.5, -1 } },
};
enum {
    SWEEPS = sizeof sweeps / sizeof sweeps[0]
};

// --- rows as pieces of any size

struct config {
    const struct point *point;
    const char *rows;
};

struct pieces {
    const struct config *config;
    size_t next;
};

static flow_status pieces_open(void *self, const flow_open *open)
{
    ((struct pieces *)self)->config = open->config;
    return FLOW_OK;
}

static uint32_t pieces_partitions(void *self)
{
    (void)self;
    return 1;
}

static flow_claim pieces_claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    struct pieces *pieces = self;
    const struct point *point = pieces->config->point;
    const size_t left = point->rows - pieces->next;
    (void)partition;
    (void)error;
    if (left == 0)
        return FLOW_CLAIM_END;
    piece->begin = pieces->next;
    pieces->next += left < point->piece ? left : point->piece;
    piece->end = pieces->next;
    return FLOW_CLAIM_PIECE;
}

static flow_status pieces_read(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    const struct config *config = ((struct pieces *)self)->config;
    const flow_type *type = sweep_type(config->point);
    return flow_lend(
        ctx, type, config->rows + piece->begin * type->size, (uint32_t)(piece->end - piece->begin));
}

static void pieces_close(void *self)
{
    (void)self;
}

static const flow_source pieces_source = { .name = "rows",
    .self_size = sizeof(struct pieces),
    .open = pieces_open,
    .partitions = pieces_partitions,
    .claim = pieces_claim,
    .read = pieces_read,
    .close = pieces_close };

// --- one point

static void add_up(void *user, const flow_elements *elements)
{
    uint64_t *total = user;
    for (uint32_t i = 0; i < elements->batch.count; i++)
        *total += (uint64_t)FLOW_BATCH_ROW(&elements->batch, flow_counted, i)->count;
}

/* Seconds of one run, negative when it failed: every row must have been counted in each window. */
static double run(const struct point *point, const struct sweep_rows *rows)
{
    const struct config config = { point, rows->rows };
    const flow_local_options options = { .workers = point->threads };
    const flow_runner runner = flow_local(&options);
    const flow_duration minute = flow_minutes(1);
    uint64_t total = 0;
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("sweep");
    const bool ordered = point->out_of_order == 0;
    const flow_coll read = flow_read(p, &pieces_source,
        &(flow_read_options){ .type = sweep_type(point),
            .config = &config,
            .event_time = sweep_time(point),
            .times = { .in_order = ordered, .disorder = { ordered ? 0 : SWEEP_LATE_US } } });
    const flow_windows windows =
        point->slices > 1
            ? flow_sliding(minute, (flow_duration){ minute.us / (int64_t)point->slices })
            : flow_fixed(minute);
    const flow_coll keyed = flow_window_into(
        flow_key_by(read, sweep_key(point)), &(flow_window_options){ .windows = windows });
    flow_receive(flow_count(keyed), NULL, add_up, &total);
    const double begin = bench_now();
    const flow_status status = flow_run(p, &runner, &error);
    const double took = bench_now() - begin;
    flow_pipeline_free(p);
    if (status != FLOW_OK)
        fprintf(stderr, "sweep: step %s: %s\n", error.step, error.message);
    else if (total != (uint64_t)point->rows * point->slices)
        fprintf(stderr, "sweep: %llu were counted, not %llu\n", (unsigned long long)total,
            (unsigned long long)point->rows * point->slices);
    else
        return took;
    return -1;
}

static void set(struct point *point, const char *what, double value)
{
    const size_t whole = (size_t)value;
    if (strcmp(what, "keys") == 0)
        point->keys = whole;
    else if (strcmp(what, "bundle") == 0)
        point->piece = whole;
    else if (strcmp(what, "disorder") == 0)
        point->out_of_order = (unsigned)whole;
    else if (strcmp(what, "overlap") == 0)
        point->slices = (unsigned)whole;
    else if (strcmp(what, "row") == 0)
        point->row_size = whole;
    else if (strcmp(what, "text") == 0)
        point->text = whole;
    else
        point->skew = value;
}

/* What a bundle costs is not to be waited for with bundles of a row. */
static size_t rows_for(const char *what, double value, size_t rows)
{
    return strcmp(what, "bundle") == 0 && value < 64 ? rows / 16 : rows;
}

static bool print_point(const struct sweep *sweep, double value, const struct point *usual)
{
    struct point point = *usual;
    double times[ROUNDS];
    set(&point, sweep->name, value);
    point.rows = rows_for(sweep->name, value, usual->rows);
    struct sweep_rows rows = sweep_draw(&point);
    bool ok = run(&point, &rows) >= 0; // to warm up
    for (unsigned r = 0; r < ROUNDS && ok; r++) {
        times[r] = run(&point, &rows) / (double)point.rows * 1e9;
        ok = times[r] >= 0;
    }
    sweep_free(&rows);
    if (!ok)
        return false;
    const struct spread spread = bench_spread(times, ROUNDS);
    printf("sweep %s %g %.2f [%.2f..%.2f]\n", sweep->name, value, spread.middle, spread.low,
        spread.high);
    fflush(stdout);
    return true;
}

static bool print_sweep(const struct sweep *sweep, const struct point *usual)
{
    for (unsigned i = 0; sweep->values[i] >= 0; i++) {
        if (!print_point(sweep, sweep->values[i], usual)) {
            printf("failed sweep_%s at %g\n", sweep->name, sweep->values[i]);
            return false;
        }
    }
    return true;
}

static int usage(void)
{
    fprintf(stderr, "usage: flow-sweep [--rows N] [--threads N] [--only sweep_NAME,…]\nsweeps:");
    for (unsigned s = 0; s < SWEEPS; s++)
        fprintf(stderr, " %s", sweeps[s].name);
    fprintf(stderr, "\n");
    return 2;
}

static bool set_option(
    struct bench_options *options, struct point *usual, const char *name, const char *text)
{
    const unsigned long long n = strtoull(text, NULL, 10);
    if (strcmp(name, "--only") == 0)
        options->only = text;
    else if (strcmp(name, "--rows") == 0 && n >= 1000)
        usual->rows = (size_t)n;
    else if (strcmp(name, "--threads") == 0 && n >= 1 && n <= 64)
        usual->threads = (unsigned)n;
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct bench_options options = { 0 };
    struct point usual = { .rows = (size_t)4 << 20,
        .keys = 10000,
        .row_size = 64,
        .piece = 32768,
        .slices = 1,
        .threads = sysconf(_SC_NPROCESSORS_ONLN) >= 2 ? 2 : 1 };
    unsigned done = 0, failed = 0;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !set_option(&options, &usual, argv[i], argv[i + 1]))
            return usage();
    }
    for (unsigned s = 0; s < SWEEPS; s++) {
        char id[32];
        snprintf(id, sizeof id, "sweep_%s", sweeps[s].name);
        if (!bench_wanted(&options, id))
            continue;
        failed += !print_sweep(&sweeps[s], &usual);
        done++;
    }
    return done == 0 ? usage() : failed > 0;
}
