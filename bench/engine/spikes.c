// SPDX-License-Identifier: Apache-2.0
// The main job end to end: the spikes program from the start of its process to its end, over a file
// of the shop's clickstream, against yyjson alone over the same file.
#include "engine/engine.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    EVENTS = 4000000
};

/* Runs a program with all it prints thrown away; false unless it ends well. */
static bool execute(char *const *arguments)
{
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int status = 1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const bool ok = posix_spawn(&child, arguments[0], &actions, NULL, arguments, environ) == 0 &&
                    waitpid(child, &status, 0) == child && status == 0;
    posix_spawn_file_actions_destroy(&actions);
    if (!ok)
        fprintf(stderr, "bench: %s did not end well\n", arguments[0]);
    return ok;
}

static bool generate(const struct bench_options *options, const char *path, const char *truth)
{
    char program[4096];
    char events[32];
    struct stat info;
    if (stat(path, &info) == 0 && info.st_size > 0)
        return true;
    snprintf(program, sizeof program, "%s/generate", options->spikes);
    snprintf(events, sizeof events, "%d", EVENTS);
    char *const arguments[] = { program, "--seed", "1", "--events", events, "--out",
        (char *)(uintptr_t)path, "--truth", (char *)(uintptr_t)truth, NULL };
    return execute(arguments);
}

static size_t count_lines(const char *path)
{
    static char block[1 << 16];
    size_t lines = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;) {
        for (const char *at = block; (at = memchr(at, '\n', (size_t)(block + n - at))) != NULL;
             at++)
            lines++;
    }
    fclose(file);
    return lines;
}

struct job {
    const char *program;
    const char *path;
    const char *alerts;
};

/* CPU seconds of the children that have ended. */
static double children_cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static bool run_job(const struct bench_options *options, const struct job *job)
{
    char threads[16];
    snprintf(threads, sizeof threads, "%u", options->threads);
    char *const arguments[] = { (char *)(uintptr_t)job->program, "--quiet", "--workers", threads,
        "--out", (char *)(uintptr_t)job->alerts, (char *)(uintptr_t)job->path, NULL };
    return execute(arguments);
}

static bool compare(const struct bench_options *options, const struct job *job, size_t lines)
{
    double engine[BENCH_ROUNDS_MAX];
    double engine_cpu[BENCH_ROUNDS_MAX];
    double parser[BENCH_ROUNDS_MAX];
    double parser_cpu[BENCH_ROUNDS_MAX];
    const struct hand_file file = { job->path, lines };
    for (unsigned r = 0; r <= options->rounds; r++) {
        const unsigned at = r > 0 ? r - 1 : 0;
        struct outcome outcome = { 0 };
        const double begin = bench_now();
        const double begin_cpu = children_cpu();
        if (!run_job(options, job))
            return false;
        const double middle = bench_now();
        engine_cpu[at] = children_cpu() - begin_cpu;
        const double middle_cpu = bench_cpu();
        hand_json_parse(options, &file, &outcome);
        engine[at] = middle - begin;
        parser[at] = bench_now() - middle;
        parser_cpu[at] = bench_cpu() - middle_cpu;
        if (outcome.failed || outcome.sum != lines)
            return false;
    }
    const struct spread ratio = bench_ratio(parser, engine, options->rounds);
    const struct spread cpu = bench_ratio(parser_cpu, engine_cpu, options->rounds);
    const double wall = bench_spread(engine, options->rounds).middle;
    bench_print("spikes", (double)lines / wall * 1e-6, "M/s", ratio, "parser_alone");
    bench_print("spikes_cpu",
        bench_spread(engine_cpu, options->rounds).middle / (double)lines * 1e9, "ns/element", cpu,
        "parser_alone");
    return true;
}

bool bench_spikes(const struct bench_options *options, const struct bench_data *data)
{
    (void)data;
    char program[4096];
    char path[4096];
    char truth[4096];
    char alerts[4096];
    if (options->spikes == NULL) {
        bench_skip("spikes", "no --spikes folder with `generate` and `spikes`");
        return true;
    }
    snprintf(program, sizeof program, "%s/spikes", options->spikes);
    snprintf(path, sizeof path, "%s/clicks.json", options->folder);
    snprintf(truth, sizeof truth, "%s/clicks-truth.json", options->folder);
    snprintf(alerts, sizeof alerts, "%s/clicks-alerts.json", options->folder);
    if (access(program, X_OK) != 0) {
        bench_skip("spikes", "the folder has no program `spikes`");
        return true;
    }
    if (!generate(options, path, truth))
        return false;
    return compare(options, &(struct job){ program, path, alerts }, count_lines(path));
}
