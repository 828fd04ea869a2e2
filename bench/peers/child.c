// SPDX-License-Identifier: Apache-2.0
// Starts peers, talks to them and ends them.
#include "peers/child.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool give_up(struct child *child, const char *why)
{
    snprintf(child->why, sizeof child->why, "%s", why);
    return false;
}

bool child_start(struct child *child, const char *command)
{
    int to[2];
    int from[2];
    *child = (struct child){ 0 };
    if (pipe(to) != 0 || pipe(from) != 0)
        return give_up(child, strerror(errno));
    child->id = fork();
    if (child->id == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(to[1]);
        close(from[0]);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    child->to = fdopen(to[1], "w");
    child->from = from[0];
    if (child->id < 0 || child->to == NULL) {
        child->id = 0;
        return give_up(child, "it could not be started");
    }
    return true;
}

/* Reads a line, without its end. */
static bool answer(struct child *child, char *line, size_t room, unsigned seconds)
{
    const double until = bench_now() + seconds;
    size_t length = 0;
    for (;;) {
        struct pollfd ready = { .fd = child->from, .events = POLLIN };
        const double left = until - bench_now();
        if (left <= 0 || poll(&ready, 1, (int)(left * 1000) + 1) == 0)
            return give_up(child, "it took too long");
        char one;
        const ssize_t got = read(child->from, &one, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return give_up(child, "it ended");
        if (one == '\n' || length + 1 == room)
            break;
        line[length++] = one;
    }
    line[length] = '\0';
    return true;
}

static bool say(struct child *child, const char *word, const char *rest)
{
    if (fprintf(child->to, "%s%s\n", word, rest) < 0 || fflush(child->to) != 0)
        return give_up(child, "it ended");
    return true;
}

bool child_prepare(struct child *child, const char *rest, unsigned seconds)
{
    char line[256];
    if (!say(child, "prepare ", rest) || !answer(child, line, sizeof line, seconds))
        return false;
    return strcmp(line, "ready") == 0 || give_up(child, line);
}

bool child_run(struct child *child, struct outcome *outcome, double times[2], unsigned seconds)
{
    char line[256];
    if (!say(child, "run", "") || !answer(child, line, sizeof line, seconds))
        return false;
    *outcome = (struct outcome){ 0 };
    if (sscanf(line, "done %lf %lf %" SCNu64 " %" SCNx64, &times[0], &times[1], &outcome->results,
            &outcome->sum) != 4)
        return give_up(child, line);
    return true;
}

void child_stop(struct child *child)
{
    if (child->id == 0)
        return;
    fclose(child->to);
    for (unsigned tenths = 0; tenths < 50; tenths++) {
        if (waitpid(child->id, NULL, WNOHANG) != 0) {
            child->id = 0;
            break;
        }
        nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
    }
    if (child->id != 0) {
        kill(child->id, SIGKILL);
        waitpid(child->id, NULL, 0);
        child->id = 0;
    }
    close(child->from);
}
