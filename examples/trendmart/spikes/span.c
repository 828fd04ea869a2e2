// SPDX-License-Identifier: Apache-2.0
// Finds the first and the last event of the input, where `from` and `until` are not given: from
// both ends of a file that is nearly in order, else by reading all of it once.
#include "job.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include <flow/text.h>

enum {
    LOOK = 256 * 1024 // bytes at each end
};

// What looks at events, and the span of those seen.
struct look {
    const struct job *job;
    flow_json *json;
    flow_csv *csv;
    pthread_mutex_t mutex; // for the span: a whole file is read by several workers
    flow_time first, last;
    uint64_t rows, events; // events: those not in the future
};

static void see_event(struct look *look, flow_time at)
{
    if (at.us > look->job->times.not_after.us)
        return;
    if (look->events == 0 || at.us < look->first.us)
        look->first = at;
    if (look->events == 0 || at.us > look->last.us)
        look->last = at;
    look->events++;
}

static void *take(void *user, size_t size)
{
    static char scratch[LOOK];
    (void)user;
    return size <= sizeof scratch ? scratch : NULL;
}

static void see_line(struct look *look, flow_str line)
{
    const flow_memory memory = { take, NULL };
    struct event event;
    const flow_status status = look->csv ? flow_csv_read(look->csv, line, &event, &memory, NULL)
                                         : flow_json_read(look->json, line, &event, &memory, NULL);
    if (status == FLOW_OK)
        see_event(look, event.at);
}

// Reads the whole lines among some bytes.
static void see_lines(struct look *look, flow_str text)
{
    for (const char *end; (end = memchr(text.data, '\n', text.len));) {
        const size_t len = (size_t)(end - text.data);
        const size_t shown = len > 0 && text.data[len - 1] == '\r' ? len - 1 : len;
        if (shown > 0)
            see_line(look, (flow_str){ text.data, shown });
        text.data += len + 1;
        text.len -= len + 1;
    }
}

static bool open_reader(struct look *look, flow_str *head)
{
    if (look->job->format == FLOW_JSON) {
        look->json = flow_json_new(&event_type, NULL, NULL);
        return look->json != NULL;
    }
    const size_t len = flow_csv_line(*head);
    flow_str header = { head->data, len };
    while (header.len > 0 && strchr("\r\n", header.data[header.len - 1]))
        header.len--;
    look->csv = flow_csv_new(&event_type, header, 0, NULL, NULL);
    head->data += len;
    head->len -= len;
    return look->csv != NULL;
}

// Looks at the first and the last bytes of an open file.
static void look_at(struct look *look, FILE *in, char *bytes, int64_t size)
{
    flow_str text = { bytes, fread(bytes, 1, LOOK, in) };
    if (text.len == 0 || !open_reader(look, &text))
        return;
    see_lines(look, text);
    if (size <= LOOK || fseeko(in, size - LOOK, SEEK_SET) != 0)
        return;
    text = (flow_str){ bytes, fread(bytes, 1, LOOK, in) };
    const char *line = memchr(bytes, '\n', text.len); // begins in the middle of a line
    if (line)
        see_lines(look, (flow_str){ line + 1, text.len - (size_t)(line + 1 - bytes) });
}

// Sees no event of a file that is compressed, or has none.
static void look_at_ends(struct look *look, int64_t size)
{
    FILE *in = fopen(look->job->path, "rb");
    char *bytes = malloc(LOOK);
    if (in && bytes)
        look_at(look, in, bytes, size);
    flow_json_free(look->json);
    flow_csv_free(look->csv);
    look->json = NULL;
    look->csv = NULL;
    free(bytes);
    if (in)
        fclose(in);
}

static void on_events(void *user, const flow_elements *elements)
{
    struct look *look = user;
    pthread_mutex_lock(&look->mutex);
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        if (look->job->limit == 0 || look->rows++ < look->job->limit)
            see_event(look, FLOW_BATCH_ROW(&elements->batch, event, i)->at);
    }
    pthread_mutex_unlock(&look->mutex);
}

static bool has_enough(struct look *look)
{
    pthread_mutex_lock(&look->mutex);
    const bool enough = look->job->limit > 0 && look->rows >= look->job->limit;
    pthread_mutex_unlock(&look->mutex);
    return enough;
}

// Reads the whole input, or as much as the limit says; what does not parse fails as in the job.
static bool look_at_all(struct look *look)
{
    const struct job *job = look->job;
    const flow_local_options local = {
        .workers = job->limit > 0 ? 1 : job->workers,
        .memory = job->memory,
    };
    const flow_runner runner = flow_local(&local);
    const flow_file_read_options file = {
        .path = job->path,
        .format = job->format,
        .type = &event_type,
        .on_error = job->on_error == FLOW_ON_ERROR_FAIL ? FLOW_ON_ERROR_FAIL : FLOW_ON_ERROR_SKIP,
    };
    flow_error error = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("span");
    flow_receive(flow_file_read(pipeline, &file), "look", on_events, look);
    flow_job *running = flow_job_start(pipeline, &runner, &error);
    flow_status_report status = { .ended = running == NULL };
    while (!status.ended) {
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        if (job_stops() > 0 || has_enough(look))
            flow_job_cancel(running);
        flow_job_status(running, &status);
    }
    if (running)
        flow_job_wait(running, &error);
    flow_pipeline_free(pipeline);
    if (error.status == FLOW_OK || (error.status == FLOW_CANCELLED && job_stops() == 0))
        return true;
    return job_failed(&error);
}

// A followed file may have no event yet: without one there is nothing to judge, so it is waited
// for.
static void await_event(struct look *look)
{
    const int64_t begin = clock_us();
    const flow_time_policy *times = &look->job->times;
    struct stat info = { 0 };
    while (look->events == 0 && job_stops() == 0) {
        if (stat(look->job->path, &info) != 0 || !S_ISREG(info.st_mode))
            return;
        look_at_ends(look, 0);
        if (times->idle == FLOW_IDLE_END && clock_us() - begin > times->idle_after.us)
            return;
        if (look->events == 0 && info.st_size >= LOOK)
            return;
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    }
}

static bool find_span(struct job *job)
{
    struct look look = { .job = job, .mutex = PTHREAD_MUTEX_INITIALIZER };
    const bool ordered = job->times.disorder.us > 0 && job->limit == 0;
    struct stat info = { 0 };
    const bool there = strcmp(job->path, "-") != 0 && stat(job->path, &info) == 0;
    if (strcmp(job->path, "-") == 0 ||
        (there && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))) {
        if (job->rule.from.us != 0)
            return true;
        fprintf(stderr,
            "spikes: %s can be read only once: say --from TIME, the first event, and --until TIME "
            "where the input ends\n",
            job->path);
        return false;
    }
    if (job->follow)
        await_event(&look);
    else if (there && ordered)
        look_at_ends(&look, info.st_size);
    if (look.events == 0 && !job->follow && !look_at_all(&look))
        return false;
    if (job->rule.from.us == 0)
        job->rule.from = look.first;
    if (job->rule.until.us == 0 && !job->follow)
        job->rule.until = look.last;
    job->empty = look.events == 0;
    return true;
}

bool job_find_span(struct job *job)
{
    if ((job->rule.from.us == 0 || (job->rule.until.us == 0 && !job->follow)) && !find_span(job))
        return false;
    if (!job->follow && job->rule.until.us == 0 && job->rule.drop_factor > 0 && !job->empty) {
        job->rule.drop_factor = 0;
        fputs("spikes: without --until no drops are looked for: what comes after the last event "
              "would be one\n",
            stderr);
    }
    const int64_t slide = job->rule.slide.us;
    job->rule.from.us = flow_floor_div(job->rule.from.us, slide) * slide;
    job->pace.origin = job->rule.from;
    return true;
}
