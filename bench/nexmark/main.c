// SPDX-License-Identifier: Apache-2.0
// Nexmark queries over events in memory, against the same queries written by hand where somebody
// did that, else against one worker.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nexmark/engine.h"
#include "nexmark/hand.h"

enum {
    QUERIES = 15
};

static bench_side *const by_hand[QUERIES] = {
    [1] = hand_q1, [2] = hand_q2, [5] = hand_q5, [8] = hand_q8
};

static int usage(void)
{
    fprintf(stderr, "usage: nexmark-bench [--rounds N] [--events N] [--threads N]\n"
                    "           [--only nexmark_q0,…] [--folder DIR] [--alone N] [--list]\n");
    return 2;
}

static bool set_option(struct bench_options *options, const char *name, const char *text)
{
    const unsigned long long n = strtoull(text, NULL, 10);
    if (strcmp(name, "--only") == 0)
        options->only = text;
    else if (strcmp(name, "--folder") == 0)
        options->folder = text;
    else if (strcmp(name, "--rounds") == 0 && n >= 1 && n <= BENCH_ROUNDS_MAX)
        options->rounds = (unsigned)n;
    else if (strcmp(name, "--events") == 0 && n >= 1000)
        options->rows = (size_t)n;
    else if (strcmp(name, "--alone") == 0 && n >= 1)
        options->alone = (unsigned)n;
    else if (strcmp(name, "--threads") == 0 && n >= 1 && n <= HAND_THREADS)
        options->threads = (unsigned)n;
    else
        return false;
    return true;
}

static const char *id_of(unsigned query)
{
    static char id[32];
    snprintf(id, sizeof id, "nexmark_q%u", query);
    return id;
}

// What the events themselves cost, since no query on events that are drawn can be faster.
static void print_drawing(const struct bench_options *options, double seconds)
{
    const struct spread one = { 1, 1, 1 };
    if (bench_wanted(options, "nexmark_generator"))
        bench_print(
            "nexmark_generator", (double)options->rows / seconds * 1e-6, "M/s", one, "one_thread");
}

static bool compare(const struct bench_options *options, const struct history *history, unsigned q)
{
    const char *id = id_of(q);
    const struct queried queried = { q, history, options->folder };
    const struct comparison comparison = { .id = id,
        .reference = by_hand[q] ? "hand_c" : "one_worker",
        .engine = engine_query,
        .hand = by_hand[q] ? by_hand[q] : engine_query_alone,
        .input = &queried,
        .elements = (double)history->count,
        .speak_of_reference = by_hand[q] != NULL };
    return bench_compare(options, &comparison);
}

static int run_all(const struct bench_options *options)
{
    const struct generator_settings settings = generator_defaults((int64_t)options->rows);
    const double begin = bench_now();
    struct history *history = history_new(&settings, false);
    int failures = 0;
    if (!history) {
        fprintf(stderr, "bench: no memory for %zu events\n", options->rows);
        return 1;
    }
    print_drawing(options, bench_now() - begin);
    for (unsigned q = 0; q < QUERIES; q++) {
        if (!bench_wanted(options, id_of(q)) || compare(options, history, q))
            continue;
        printf("failed %s\n", id_of(q));
        failures++;
    }
    history_free(history);
    return failures == 0 ? 0 : 1;
}

static int list(void)
{
    printf("nexmark_generator\n");
    for (unsigned q = 0; q < QUERIES; q++)
        printf("%s\n", id_of(q));
    return 0;
}

int main(int argc, char **argv)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct bench_options options = {
        .rounds = 5, .threads = cores >= 2 ? 2 : 1, .rows = 2000000, .folder = "."
    };
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !set_option(&options, argv[i], argv[i + 1]))
            return usage();
    }
    return run_all(&options);
}
