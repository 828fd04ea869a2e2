// SPDX-License-Identifier: Apache-2.0
// Other engines on the same rows, each a program of its own. bench/peers/run.sh is the way to start
// it.
#include "peers/child.h"
#include "peers/rounds.h"
#include "peers/work.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PEERS_MAX = 16,
    PREPARE_SECONDS = 300
};

// clang-format off
static const struct row rows[] = {
    { "timely", "stateless", 0, 3.2, 100 },
    { "timely", "keyed_1k", 0, 1.6, 58 },
    { "timely", "keyed_1m", 0, 3.5, 17 },
    { "timely", "nexmark_q1", 2000000, 0, 0 },
    { "timely", "nexmark_q2", 2000000, 0, 0 },
    { "timely", "nexmark_q5", 2000000, 0, 0 },
    { "timely", "nexmark_q8", 2000000, 0, 0 },
    { "duckdb", "stateless", 0, 1.7, 192 },
    { "duckdb", "keyed_1k", 0, 0.8, 114 },
    { "duckdb", "keyed_1m", 0, 3.9, 15 },
    { "polars", "stateless", 0, 0.8, 401 },
    { "polars", "keyed_1k", 0, 0.8, 121 },
    { "polars", "keyed_1m", 0, 7.3, 8.2 },
    { "flink", "stateless", 0, 8.6, 37 },
    { "flink", "keyed_1k", 0, 24, 3.8 },
    { "flink", "keyed_1m", 0, 52, 1.2 },
    { "jet", "stateless", 0, 61, 5.3 },
    { "jet", "keyed_1k", 0, 13, 7.4 },
    { "jet", "keyed_1m", 0, 35, 1.7 },
    { "beam_direct", "nexmark_q0", 100000, 0, 0.182 },
    { "beam_direct", "nexmark_q1", 100000, 0, 0.553 },
    { "beam_direct", "nexmark_q2", 100000, 0, 0.472 },
    { "beam_direct", "nexmark_q3", 100000, 0, 0.038 },
    { "beam_direct", "nexmark_q4", 10000, 0, 0.0036 },
    { "beam_direct", "nexmark_q5", 100000, 0, 0.011 },
    { "beam_direct", "nexmark_q6", 10000, 0, 0.0044 },
    { "beam_direct", "nexmark_q7", 10000, 0, 0.017 },
    { "beam_direct", "nexmark_q8", 100000, 0, 0.037 },
    { "beam_direct", "nexmark_q9", 10000, 0, 0.0059 },
    { "beam_direct", "nexmark_q11", 100000, 0, 0.036 },
    { "beam_direct", "nexmark_q12", 100000, 0, 0.056 },
    { "beam_flink", "nexmark_q0", 1000000, 0, 0.509 },
    { "beam_flink", "nexmark_q1", 1000000, 0, 0.66 },
    { "beam_flink", "nexmark_q2", 1000000, 0, 0.674 },
    { "beam_flink", "nexmark_q3", 1000000, 0, 0.278 },
    { "beam_flink", "nexmark_q4", 100000, 0, 0.044 },
    { "beam_flink", "nexmark_q5", 1000000, 0, 0.155 },
    { "beam_flink", "nexmark_q6", 100000, 0, 0 },
    { "beam_flink", "nexmark_q7", 100000, 0, 0.089 },
    { "beam_flink", "nexmark_q8", 1000000, 0, 0.288 },
    { "beam_flink", "nexmark_q9", 100000, 0, 0.086 },
    { "beam_flink", "nexmark_q11", 1000000, 0, 0.251 },
    { "beam_flink", "nexmark_q12", 1000000, 0, 0.272 },
};
// clang-format on
enum {
    ROWS = sizeof rows / sizeof rows[0]
};

static const struct {
    const char *name;
    bool stays; /* one process does all its work, one piece after another */
    bool warms; /* it compiles while it runs, so it warms up and has fewer rounds */
} kinds[] = {
    { "timely", false, false },
    { "duckdb", false, false },
    { "polars", false, false },
    { "flink", false, true },
    { "jet", false, true },
    { "beam_direct", true, true },
    { "beam_flink", true, true },
};
enum {
    KINDS = sizeof kinds / sizeof kinds[0],
    WARM_ROUNDS = 3
};

struct settings {
    struct bench_options options;
    bool rounds_set;
    unsigned warm_seconds;
    size_t events_max;           /* of Nexmark */
    const char *commands[KINDS]; /* by kind; NULL: it does not take part */
};

static int usage(void)
{
    fprintf(stderr, "usage: peers-bench [--rounds N] [--rows N] [--threads N] [--events N]\n"
                    "           [--warm SECONDS] [--folder DIR] [--only WORK,…] --peer "
                    "NAME=COMMAND [--peer …] | --list\n");
    return 2;
}

static bool set_peer(struct settings *settings, const char *text)
{
    const size_t length = strcspn(text, "=");
    for (unsigned k = 0; k < KINDS; k++) {
        if (strlen(kinds[k].name) == length && memcmp(kinds[k].name, text, length) == 0 &&
            text[length] == '=') {
            settings->commands[k] = text + length + 1;
            return true;
        }
    }
    return false;
}

static bool set_option(struct settings *settings, const char *name, const char *text)
{
    const unsigned long long n = strtoull(text, NULL, 10);
    struct bench_options *options = &settings->options;
    if (strcmp(name, "--peer") == 0)
        return set_peer(settings, text);
    if (strcmp(name, "--only") == 0)
        options->only = text;
    else if (strcmp(name, "--folder") == 0)
        options->folder = text;
    else if (strcmp(name, "--rows") == 0 && n >= 1000)
        options->rows = (size_t)n;
    else if (strcmp(name, "--threads") == 0 && n >= 1 && n <= 64)
        options->threads = (unsigned)n;
    else if (strcmp(name, "--events") == 0 && n >= 1000)
        settings->events_max = (size_t)n;
    else if (strcmp(name, "--warm") == 0 && n <= 600)
        settings->warm_seconds = (unsigned)n;
    else if (strcmp(name, "--rounds") == 0 && n >= 1 && n <= BENCH_ROUNDS_MAX) {
        options->rounds = (unsigned)n;
        settings->rounds_set = true;
    } else
        return false;
    return true;
}

/* Has the peer ready for the work of a row, in a new process unless it stays in one. */
static bool prepare(const struct settings *settings, unsigned kind, const struct row *row,
    const struct work *work, struct child *child)
{
    char line[768];
    if (!kinds[kind].stays)
        child_stop(child);
    if (child->id == 0 && !child_start(child, settings->commands[kind]))
        return false;
    snprintf(line, sizeof line, "%s %s %zu %u %u", row->work, work->file, work->count,
        settings->options.threads, kinds[kind].warms ? settings->warm_seconds : 0);
    return child_prepare(child, line, PREPARE_SECONDS + settings->warm_seconds);
}

static enum row_end run_row(const struct settings *settings, unsigned kind, const struct row *row,
    struct child *child, double *ratio)
{
    struct work work;
    struct bench_options options = settings->options;
    if (kinds[kind].warms && !settings->rounds_set)
        options.rounds = WARM_ROUNDS;
    const size_t most = settings->events_max;
    const size_t events = row->events < most ? row->events : most;
    if (!work_find(&options, row->work, events, &work)) {
        printf("failed peer_%s_%s: there are no rows for it\n", row->work, row->peer);
        return ROW_FAILED;
    }
    if (!prepare(settings, kind, row, &work, child)) {
        printf("failed peer_%s_%s: %s\n", row->work, row->peer, child->why);
        return ROW_FAILED;
    }
    return rounds_run(&options, row, &work, child, ratio);
}

/* The queries of Nexmark taken together, where there are many. */
static void print_mean(const char *peer, double logs, unsigned count, const struct spread *range)
{
    char id[96];
    const double mean = exp(logs / count);
    snprintf(id, sizeof id, "peer_nexmark_%s", peer);
    bench_print(id, mean, "times", (struct spread){ mean, range->low, range->high }, peer);
}

static bool run_kind(const struct settings *settings, unsigned kind)
{
    struct child child = { 0 };
    struct spread range = { 0, INFINITY, 0 };
    double logs = 0;
    unsigned queries = 0;
    bool good = true;
    for (unsigned r = 0; r < ROWS; r++) {
        double ratio = 1;
        if (strcmp(rows[r].peer, kinds[kind].name) != 0 ||
            !bench_wanted(&settings->options, rows[r].work))
            continue;
        const enum row_end end = run_row(settings, kind, &rows[r], &child, &ratio);
        fflush(stdout);
        good = good && end == ROW_DONE;
        if (end == ROW_FAILED)
            child_stop(&child);
        if (end != ROW_DONE || rows[r].events == 0)
            continue;
        logs += log(ratio);
        queries++;
        range.low = fmin(range.low, ratio);
        range.high = fmax(range.high, ratio);
    }
    child_stop(&child);
    if (queries > 1)
        print_mean(kinds[kind].name, logs, queries, &range);
    return good;
}

static int list(void)
{
    for (unsigned k = 0; k < KINDS; k++)
        printf("%s\n", kinds[k].name);
    return 0;
}

int main(int argc, char **argv)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct settings settings = { .options = { .rounds = 5,
                                     .threads = cores >= 2 ? 2 : 1,
                                     .rows = (size_t)16 << 20,
                                     .folder = "." },
        .warm_seconds = 30,
        .events_max = SIZE_MAX };
    int failures = 0;
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !set_option(&settings, argv[i], argv[i + 1]))
            return usage();
    }
    signal(SIGPIPE, SIG_IGN);
    for (unsigned k = 0; k < KINDS; k++)
        failures += settings.commands[k] && !run_kind(&settings, k);
    work_close();
    return failures == 0 ? 0 : 1;
}
