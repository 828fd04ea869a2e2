// SPDX-License-Identifier: Apache-2.0
// From the start of a process to the first result of a windowed count over a small file, against a
// process of the same program that only says that it runs.
#include "engine/engine.h"

#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    LINES = 1000
};

/* Starts this program again; milliseconds from before that to the instant it prints. */
static double start(const struct bench_options *options, const char *path, bool *ok)
{
    int ends[2];
    char *with_file[] = { (char *)(uintptr_t)options->program, "--startup-child",
        (char *)(uintptr_t)path, NULL };
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    double first = 0;
    if (pipe(ends) != 0) {
        *ok = false;
        return 0;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    const double begin = bench_now();
    *ok &= posix_spawn(&child, options->program, &actions, NULL, with_file, environ) == 0;
    close(ends[1]);
    posix_spawn_file_actions_destroy(&actions);
    FILE *answer = fdopen(ends[0], "r");
    *ok &= answer != NULL && fscanf(answer, "%lf", &first) == 1;
    if (answer != NULL)
        fclose(answer);
    int status = 0;
    *ok &= child > 0 && waitpid(child, &status, 0) == child && status == 0;
    return (first - begin) * 1e3;
}

bool bench_startup(const struct bench_options *options, const struct bench_data *data)
{
    (void)data;
    enum {
        TIMES = 20
    };
    char path[4096];
    double engine[TIMES];
    double empty[TIMES];
    bool ok = true;
    snprintf(path, sizeof path, "%s/bids-small.json", options->folder);
    if (!engine_json_file(path, LINES))
        return false;
    start(options, path, &ok);
    for (unsigned i = 0; i < TIMES && ok; i++) {
        engine[i] = start(options, path, &ok);
        empty[i] = start(options, NULL, &ok);
    }
    if (!ok) {
        printf("failed startup: the started program gave no result\n");
        return false;
    }
    const struct spread ratio = bench_ratio(engine, empty, TIMES);
    bench_print("startup", bench_spread(engine, TIMES).middle, "ms", ratio, "empty_process");
    return true;
}
