// SPDX-License-Identifier: Apache-2.0
// Runs benchmarks by id and prints one line a figure. bench/run.sh is the way to start it.
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *id;
    bench_run *run;
    bool needs_rows;
} benchmarks[] = {
    { "stateless_fused", bench_stateless_fused, true },
    { "stateless_fused_1t", bench_stateless_fused_1t, true },
    { "stateless_batch", bench_stateless_batch, true },
    { "stateless_element", bench_stateless_element, true },
    { "stateless_emit", bench_stateless_emit, true },
    { "stateless_half", bench_stateless_half, true },
    { "keyed_1k", bench_keyed_1k, true },
    { "keyed_1k_1t", bench_keyed_1k_1t, true },
    { "keyed_1m", bench_keyed_1m, true },
    { "keyed_1m_1t", bench_keyed_1m_1t, true },
    { "sliding_60", bench_sliding_60, true },
    { "sliding_60_naive", bench_sliding_60_naive, true },
    { "session_count", bench_session_count, true },
    { "early_count", bench_early_count, true },
    { "allocations", bench_allocations, false },
    { "json_count", bench_json_count, false },
    { "csv_count", bench_csv_count, false },
    { "spikes", bench_spikes, false },
    { "startup", bench_startup, false },
    { "latency", bench_latency, false },
};
enum {
    COUNT = sizeof benchmarks / sizeof benchmarks[0]
};

static int usage(void)
{
    fprintf(stderr,
        "usage: flow-bench [--rounds N] [--rows N] [--threads N] [--only ID,ID…]\n"
        "           [--folder DIR] [--spikes DIR] [--latency-seconds N] [--alone N] [--list]\n");
    return 2;
}

static bool set_number(struct bench_options *options, const char *name, const char *text)
{
    const unsigned long long n = strtoull(text, NULL, 10);
    if (strcmp(name, "--rounds") == 0 && n >= 1 && n <= BENCH_ROUNDS_MAX)
        options->rounds = (unsigned)n;
    else if (strcmp(name, "--rows") == 0 && n >= 1000)
        options->rows = (size_t)n;
    else if (strcmp(name, "--threads") == 0 && n >= 1 && n <= 64)
        options->threads = (unsigned)n;
    else if (strcmp(name, "--alone") == 0 && n >= 1)
        options->alone = (unsigned)n;
    else if (strcmp(name, "--latency-seconds") == 0 && n >= 2)
        options->latency_seconds = (unsigned)n;
    else
        return false;
    return true;
}

static bool set_option(struct bench_options *options, const char *name, const char *text)
{
    if (strcmp(name, "--only") == 0)
        options->only = text;
    else if (strcmp(name, "--folder") == 0)
        options->folder = text;
    else if (strcmp(name, "--spikes") == 0)
        options->spikes = text;
    else
        return set_number(options, name, text);
    return true;
}

static bool known(const char *word, size_t len)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strlen(benchmarks[i].id) == len && memcmp(benchmarks[i].id, word, len) == 0)
            return true;
    }
    return false;
}

static bool all_known(const char *only)
{
    for (; only != NULL && *only != '\0'; only += *only == ',') {
        const size_t len = strcspn(only, ",");
        if (!known(only, len)) {
            fprintf(stderr, "bench: there is no benchmark \"%.*s\"; --list shows them\n", (int)len,
                only);
            return false;
        }
        only += len;
    }
    return true;
}

static bool any_needs_rows(const struct bench_options *options)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (benchmarks[i].needs_rows && bench_wanted(options, benchmarks[i].id))
            return true;
    }
    return false;
}

static struct bench_data make_data(const struct bench_options *options)
{
    struct bench_data data = { 0 };
    if (!any_needs_rows(options))
        return data;
    struct event *all = bench_pages(options->rows * sizeof *all);
    struct event *few = bench_pages(options->rows / 4 * sizeof *few);
    events_fill(all, options->rows);
    events_fill(few, options->rows / 4);
    data.all = (struct events){ all, options->rows };
    data.few = (struct events){ few, options->rows / 4 };
    data.head = (struct events){ all, options->rows / 4 };
    return data;
}

static int list(void)
{
    for (size_t i = 0; i < COUNT; i++)
        printf("%s\n", benchmarks[i].id);
    return 0;
}

static int run_all(const struct bench_options *options)
{
    unsigned failures = 0;
    const struct bench_data data = make_data(options);
    for (size_t i = 0; i < COUNT; i++) {
        if (!bench_wanted(options, benchmarks[i].id))
            continue;
        if (!benchmarks[i].run(options, &data)) {
            printf("failed %s\n", benchmarks[i].id);
            fflush(stdout);
            failures++;
        }
    }
    return failures == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct bench_options options = { .rounds = 5,
        .threads = cores >= 2 ? 2 : 1,
        .rows = (size_t)16 << 20,
        .folder = ".",
        .program = argv[0],
        .latency_seconds = 20 };
    if (argc >= 2 && strcmp(argv[1], "--startup-child") == 0)
        return bench_startup_child(argc > 2 ? argv[2] : NULL);
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !set_option(&options, argv[i], argv[i + 1]))
            return usage();
    }
    return all_known(options.only) ? run_all(&options) : 2;
}
