// SPDX-License-Identifier: Apache-2.0
// Finds the first and the last event of a file by looking at its two ends.
#include "job.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <flow/text.h>

enum {
    LOOK = 256 * 1024 // bytes at each end
};

// One end of a file, with what reads its lines.
struct look {
    const struct job *job;
    flow_json *json;
    flow_csv *csv;
    flow_error error;
    flow_time first, last; // event times seen; zero: none yet
};

static void *take(void *user, size_t size)
{
    struct look *look = user;
    static char scratch[LOOK];
    (void)look;
    return size <= sizeof scratch ? scratch : NULL;
}

static void see_line(struct look *look, flow_str line)
{
    const flow_memory memory = { take, look };
    struct event event;
    flow_error error = { 0 };
    const flow_status status = look->csv
                                   ? flow_csv_read(look->csv, line, &event, &memory, &error)
                                   : flow_json_read(look->json, line, &event, &memory, &error);
    if (status != FLOW_OK || event.at.us > look->job->times.not_after.us)
        return;
    if (look->first.us == 0)
        look->first = event.at;
    if (event.at.us > look->last.us)
        look->last = event.at;
}

// Reads the whole lines among some bytes.
static void see_lines(struct look *look, flow_str text)
{
    while (text.len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        const size_t len = end ? (size_t)(end - text.data) : text.len;
        const size_t shown = len > 0 && text.data[len - 1] == '\r' ? len - 1 : len;
        if (shown > 0)
            see_line(look, (flow_str){ text.data, shown });
        text.data += end ? len + 1 : len;
        text.len -= end ? len + 1 : len;
    }
}

static bool open_reader(struct look *look, flow_str *head)
{
    if (look->job->format == FLOW_JSON) {
        look->json = flow_json_new(&event_type, NULL, &look->error);
        return look->json != NULL;
    }
    const size_t len = flow_csv_line(*head);
    flow_str header = { head->data, len };
    while (header.len > 0 && strchr("\r\n", header.data[header.len - 1]))
        header.len--;
    look->csv = flow_csv_new(&event_type, header, 0, NULL, &look->error);
    head->data += len;
    head->len -= len;
    return look->csv != NULL;
}

static bool is_compressed(const char *bytes, size_t len)
{
    return len >= 4 &&
           (memcmp(bytes, "\x1f\x8b", 2) == 0 || memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0);
}

static bool ask(const struct job *job, const char *why)
{
    fprintf(stderr, "spikes: %s %s: say --from TIME, and --until TIME where the input ends\n",
        job->path, why);
    return false;
}

// Looks at the first and the last bytes of an open file.
static bool look_at(struct look *look, FILE *in, char *bytes, int64_t size)
{
    flow_str text = { bytes, fread(bytes, 1, LOOK, in) };
    if (is_compressed(bytes, text.len))
        return look->job->rule.from.us != 0 || ask(look->job, "is compressed");
    if (!open_reader(look, &text)) {
        fprintf(stderr, "spikes: %s: %s\n", look->job->path, look->error.message);
        return false;
    }
    see_lines(look, text);
    if (size <= LOOK)
        return true;
    if (fseeko(in, size - LOOK, SEEK_SET) != 0)
        return false;
    text = (flow_str){ bytes, fread(bytes, 1, LOOK, in) };
    const char *line = memchr(bytes, '\n', text.len); // begins in the middle of a line
    if (line)
        see_lines(look, (flow_str){ line + 1, text.len - (size_t)(line + 1 - bytes) });
    return true;
}

static bool find_span(struct job *job, FILE *in, int64_t size)
{
    struct look look = { .job = job };
    char *bytes = malloc(LOOK);
    const bool ok = bytes && look_at(&look, in, bytes, size);
    if (job->rule.from.us == 0)
        job->rule.from = look.first;
    if (job->rule.until.us == 0 && !job->follow)
        job->rule.until = look.last;
    flow_json_free(look.json);
    flow_csv_free(look.csv);
    free(bytes);
    if (ok && job->rule.from.us == 0)
        return ask(job, "shows no event at its beginning");
    return ok;
}

bool job_find_span(struct job *job)
{
    struct stat info;
    bool ok = true;
    if (job->rule.from.us == 0 || (job->rule.until.us == 0 && !job->follow)) {
        if (stat(job->path, &info) != 0 || !S_ISREG(info.st_mode)) {
            ok = job->rule.from.us != 0 || ask(job, "is no plain file");
        } else {
            FILE *in = fopen(job->path, "rb");
            ok = in && find_span(job, in, info.st_size);
            if (!in)
                fprintf(stderr, "spikes: %s: %s\n", job->path, strerror(errno));
            if (in)
                fclose(in);
        }
    }
    if (ok && !job->follow && job->rule.until.us == 0 && job->rule.drop_factor > 0) {
        job->rule.drop_factor = 0;
        fputs("spikes: without --until no drops are looked for: what comes after the last event "
              "would be one\n",
            stderr);
    }
    const int64_t slide = job->rule.slide.us;
    job->rule.from.us = flow_floor_div(job->rule.from.us, slide) * slide;
    job->pace.origin = job->rule.from;
    return ok;
}
