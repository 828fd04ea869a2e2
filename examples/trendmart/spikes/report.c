// SPDX-License-Identifier: Apache-2.0
// What the user sees of a running job: episodes, tapped rows, progress, the balance at the end.
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <flow/text.h>

enum {
    REASONS = 8,
    REASON_BYTES = 24,
    SHOWN = 5,     // rejected elements that are shown in full
    DRY_SHOWN = 10 // rows of a dry run
};

// One of the things that can happen to an element that is not kept.
struct reason {
    char name[REASON_BYTES];
    uint64_t count;
};

// What one measure came to: every chosen event lies in so many windows, each counted or late.
struct measured {
    struct report *report;
    uint64_t chosen, counted, late;
};

// A step that is shown, with what its rows are.
struct tap {
    struct report *report;
    const flow_type *type;
    const char *name;
};

struct report {
    const struct job *job;
    pthread_mutex_t mutex; // for all below: steps report at the same time
    flow_buffer text;
    struct reason reasons[REASONS];
    struct measured measures[2];
    struct tap taps[TAPS];
    uint32_t tap_count;
    int write_error; // errno of standard output
    uint64_t dry_shown;
    uint64_t alerts, episodes, hash, read, rejected, future;
    int64_t begin, shown_at;
    uint64_t rows_then;
    bool terminal, on_line;
};

struct report *report_new(const struct job *job)
{
    struct report *report = calloc(1, sizeof *report);
    if (!report)
        return NULL;
    report->job = job;
    report->begin = clock_us();
    report->terminal = isatty(STDERR_FILENO) && !job->quiet;
    pthread_mutex_init(&report->mutex, NULL);
    return report;
}

void report_free(struct report *report)
{
    if (!report)
        return;
    pthread_mutex_destroy(&report->mutex);
    flow_buffer_free(&report->text);
    free(report);
}

// Calls `see` with each row, one at a time.
static void for_each(struct report *report, const flow_elements *elements,
    void (*see)(struct report *, const void *row, const flow_elements *, uint32_t index))
{
    const flow_batch *batch = &elements->batch;
    pthread_mutex_lock(&report->mutex);
    for (uint32_t i = 0; i < batch->count; i++) {
        const size_t row = FLOW_BATCH_INDEX(batch, i);
        see(report, batch->rows + row * batch->stride + batch->value_offset, elements, i);
    }
    pthread_mutex_unlock(&report->mutex);
}

static void clear_line(struct report *report)
{
    if (report->on_line)
        fputs("\r\033[K", stderr);
    report->on_line = false;
}

static void print_clock(FILE *out, flow_time at, const char *after)
{
    char text[40];
    flow_time_print(at, text);
    fprintf(out, "%.11s%.5s%s", text, text + 11, after);
}

static void print_row(FILE *out, const struct episode *e)
{
    fprintf(out, "%-5.*s  %-5.*s  %-10.*s  ", (int)e->kind.len, e->kind.data, (int)e->measure.len,
        e->measure.data, (int)e->product.len, e->product.data);
    char first[40], last[40];
    flow_time_print(e->first, first);
    flow_time_print(e->last, last);
    first[10] = ' ';
    fprintf(out, "%.16s–%.5s  %6" PRId64 " against %8.1f  %5.2f×  %.*s", first, last + 11, e->count,
        e->baseline, e->factor, (int)e->bar.len, e->bar.data);
    if (e->delay.us != 0)
        fprintf(out, "  +%.1f ms", e->delay.us > 0 ? (double)e->delay.us / 1000 : 0.0);
    fputc('\n', out);
}

// A hash of all episodes that does not depend on their order, nor on when they were found.
static uint64_t hash_text(const char *text, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return hash ^ (hash >> 29);
}

static void see_episode(
    struct report *report, const void *row, const flow_elements *elements, uint32_t index)
{
    struct episode episode = *(const struct episode *)row;
    (void)elements, (void)index;
    report->episodes++;
    clear_line(report);
    if (report->job->table && !report->job->quiet)
        print_row(stdout, &episode);
    report->text.len = 0;
    flow_json_write(&episode_type, &episode, &report->text);
    if (!report->job->table && !report->job->quiet)
        printf("%.*s\n", (int)report->text.len, report->text.data);
    report->text.len = 0;
    episode.delay.us = 0;
    flow_json_write(&episode_type, &episode, &report->text);
    report->hash += hash_text(report->text.data, report->text.len);
    if (fflush(stdout) != 0 && report->write_error == 0)
        report->write_error = errno;
}

static void on_episodes(void *user, const flow_elements *elements)
{
    for_each(user, elements, see_episode);
}

static void on_alerts(void *user, const flow_elements *elements)
{
    struct report *report = user;
    pthread_mutex_lock(&report->mutex);
    report->alerts += elements->batch.count;
    pthread_mutex_unlock(&report->mutex);
}

// Returns how many there are of it now.
static uint64_t count_reason(struct report *report, flow_str name)
{
    struct reason *reason = report->reasons;
    for (int i = 1; i < REASONS && reason->count > 0; i++, reason++) {
        if (flow_str_equal(name, flow_str_of(reason->name)))
            break;
    }
    if (reason->count == 0)
        snprintf(reason->name, sizeof reason->name, "%.*s", (int)name.len, name.data);
    return ++reason->count;
}

static void see_rejected(
    struct report *report, const void *row, const flow_elements *elements, uint32_t index)
{
    const struct flow_rejected *rejected = row;
    (void)elements, (void)index;
    const uint64_t of_it = count_reason(report, rejected->reason);
    if (flow_str_equal(rejected->reason, flow_str_of("future")))
        report->future++;
    else
        report->rejected++;
    if (of_it > SHOWN || report->job->quiet)
        return;
    clear_line(report);
    fprintf(stderr, "%.*s: %.*s\n", (int)rejected->reason.len, rejected->reason.data,
        (int)rejected->message.len, rejected->message.data);
}

static void on_rejected(void *user, const flow_elements *elements)
{
    for_each(user, elements, see_rejected);
}

static void on_read(void *user, const flow_elements *elements)
{
    struct report *report = user;
    pthread_mutex_lock(&report->mutex);
    report->read += elements->batch.count;
    pthread_mutex_unlock(&report->mutex);
}

static void on_chosen(void *user, const flow_elements *elements)
{
    struct measured *measured = user;
    pthread_mutex_lock(&measured->report->mutex);
    measured->chosen += elements->batch.count;
    pthread_mutex_unlock(&measured->report->mutex);
}

static void on_counts(void *user, const flow_elements *elements)
{
    struct measured *measured = user;
    pthread_mutex_lock(&measured->report->mutex);
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        const struct flow_counted *counted = FLOW_BATCH_ROW(&elements->batch, flow_counted, i);
        measured->counted += (uint64_t)counted->count;
    }
    pthread_mutex_unlock(&measured->report->mutex);
}

static void on_late(void *user, const flow_elements *elements)
{
    struct measured *measured = user;
    pthread_mutex_lock(&measured->report->mutex);
    measured->late += elements->batch.count;
    pthread_mutex_unlock(&measured->report->mutex);
}

// A row as the job understood it.
static void see_dry(
    struct report *report, const void *row, const flow_elements *elements, uint32_t index)
{
    const struct event *event = row;
    char at[40];
    (void)elements, (void)index;
    if (report->dry_shown++ >= DRY_SHOWN)
        return;
    flow_time_print(event->at, at);
    clear_line(report);
    printf("at %s  product %.*s  ", at, (int)event->product.len, event->product.data);
    if (event->has_kind)
        printf("event %.*s\n", (int)event->kind.len, event->kind.data);
    else
        puts("without an event");
}

static void on_dry(void *user, const flow_elements *elements)
{
    for_each(user, elements, see_dry);
    fflush(stdout); // report_end looks whether it failed
}

static void see_tapped(const struct tap *tap, const flow_elements *elements, uint32_t index)
{
    struct report *report = tap->report;
    const flow_batch *batch = &elements->batch;
    char at[40] = "";
    if (elements->times)
        flow_time_print(elements->times[index], at);
    clear_line(report);
    fprintf(stderr, "%s  %s", tap->name, at);
    const char *row = batch->rows + FLOW_BATCH_INDEX(batch, index) * batch->stride;
    if (batch->value_offset > batch->key_offset) { // the job's keys are all text
        const flow_str *key = (const flow_str *)(const void *)(row + batch->key_offset);
        fprintf(stderr, "  %.*s", (int)key->len, key->data);
    }
    report->text.len = 0;
    flow_json_write(tap->type, row + batch->value_offset, &report->text);
    fprintf(stderr, "  %.*s\n", (int)report->text.len, report->text.data);
}

static void on_tapped(void *user, const flow_elements *elements)
{
    const struct tap *tap = user;
    pthread_mutex_lock(&tap->report->mutex);
    for (uint32_t i = 0; i < elements->batch.count; i++)
        see_tapped(tap, elements, i);
    pthread_mutex_unlock(&tap->report->mutex);
}

static void tap(struct report *report, flow_coll coll, const char *scope, const char *step)
{
    char name[64];
    snprintf(name, sizeof name, "%s%s%s", scope, *scope ? "/" : "", step);
    for (uint32_t i = 0; i < report->job->tap_count; i++) {
        const char *wanted = report->job->taps[i];
        if (strcmp(name, wanted) == 0) {
            struct tap *new = &report->taps[report->tap_count++];
            *new = (struct tap){ report, flow_coll_type(coll), wanted };
            snprintf(name, sizeof name, "tap-%s", step); // several of a scope need names
            flow_receive(coll, name, on_tapped, new);
            return;
        }
    }
}

void report_measure(struct report *report, struct graph *graph, const flow_coll colls[3])
{
    static const char *const steps[] = { "only", "count", "detect" };
    const char *scope = graph->measures == 0 && report->job->views ? "views" : "sales";
    struct measured *measured = &report->measures[graph->measures++];
    measured->report = report;
    for (int i = 0; i < 3; i++)
        tap(report, colls[i], scope, steps[i]);
    flow_receive(colls[2], "alerts", on_alerts, report);
    if (!report->job->balance)
        return;
    flow_receive(colls[0], "chosen", on_chosen, measured);
    flow_receive(colls[1], "counted", on_counts, measured);
    flow_receive(flow_dropped(colls[1]), "late", on_late, measured);
}

void report_dead_letters(struct report *report, flow_coll coll)
{
    if (report->job->on_error == FLOW_ON_ERROR_DEAD_LETTER)
        flow_receive(flow_dead_letters(coll), "rejected", on_rejected, report);
}

void report_dropped(struct report *report, flow_coll coll)
{
    flow_receive(flow_dropped(coll), "dropped", on_rejected, report);
}

void report_all(struct report *report, struct graph *graph)
{
    tap(report, graph->events, "", "read");
    tap(report, graph->episodes, "", "join");
    flow_receive(graph->episodes, "episodes", on_episodes, report);
    if (report->job->balance) {
        flow_receive(graph->events, "events", on_read, report);
    }
    if (report->job->dry_run)
        flow_receive(graph->events, "dry", on_dry, report);
}

void report_progress(struct report *report, const flow_job *job, uint64_t rows)
{
    const int64_t now = clock_us();
    flow_status_report status;
    if (!report->terminal || now - report->shown_at < 200000)
        return;
    flow_job_status(job, &status);
    const double seconds = (double)(now - (report->shown_at ? report->shown_at : report->begin));
    const double rate = (double)(rows - report->rows_then) / seconds; // millions a second
    pthread_mutex_lock(&report->mutex);
    fprintf(stderr, "\r\033[K%*s%.2f M rows  %.2f M rows/s  ", (int)report->job->indent, "",
        (double)rows / 1e6, rate);
    if (status.watermark.us > 0 && status.watermark.us < FLOW_TIME_GLOBAL_END_US)
        print_clock(stderr, status.watermark, "  ");
    fprintf(stderr, "%" PRIu64 " alerts", report->alerts);
    report->on_line = true;
    pthread_mutex_unlock(&report->mutex);
    report->shown_at = now;
    report->rows_then = rows;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// Lines with something in them, of which the last may lack its end.
static uint64_t count_lines(const char *path)
{
    static char chunk[1 << 16];
    uint64_t lines = 0;
    bool any = false;
    FILE *in = fopen(path, "r");
    for (size_t len; in && (len = fread(chunk, 1, sizeof chunk, in)) > 0;) {
        for (size_t at = 0; at < len; at++) {
            const char *end = memchr(chunk + at, '\n', len - at);
            const size_t stop = end ? (size_t)(end - chunk) : len;
            for (; !any && at < stop; at++)
                any = !is_space(chunk[at]);
            lines += end && any;
            any = any && !end;
            at = stop;
        }
    }
    if (in)
        fclose(in);
    return lines + any;
}

// in = out + dropped + dead letter: for lines, and for (event, window) pairs.
static bool balance(const struct report *report)
{
    const struct job *job = report->job;
    const uint64_t lines = count_lines(job->path);
    bool ok = lines == report->read + report->future + report->rejected;
    printf("lines %" PRIu64 " = read %" PRIu64 " + dropped %" PRIu64
           " (future) + dead letters %" PRIu64 " (unparsable)%s\n",
        lines, report->read, report->future, report->rejected, ok ? "" : "  DOES NOT HOLD");
    const uint64_t each = (uint64_t)(job->rule.window.us / job->rule.slide.us);
    for (int i = 0; i < 2 && report->measures[i].report; i++) {
        const struct measured *m = &report->measures[i];
        const bool holds = m->chosen * each == m->counted + m->late;
        printf("%s in windows %" PRIu64 " = counted %" PRIu64 " + dropped %" PRIu64 " (late)%s\n",
            i == 0 && job->views ? "views" : "sales", m->chosen * each, m->counted, m->late,
            holds ? "" : "  DOES NOT HOLD");
        ok = ok && holds;
    }
    return ok;
}

// What was read and is in no window.
static void print_lost(const struct report *report, const flow_status_report *status)
{
    const int indent = (int)report->job->indent;
    for (int i = 0; i < REASONS && report->reasons[i].count > 0; i++)
        fprintf(stderr, "%*sdropped %" PRIu64 " (%s)\n", indent, "", report->reasons[i].count,
            report->reasons[i].name);
    if (status->dropped_late > 0)
        fprintf(stderr, "%*sdropped %" PRIu64 " (late: a window each)\n", indent, "",
            status->dropped_late);
}

static void print_figures(
    const struct report *report, uint64_t rows, const flow_status_report *status)
{
    const double seconds = (double)(clock_us() - report->begin) / 1e6;
    fprintf(stderr, "%*s%" PRIu64 " rows in %.2f s, %.2f M rows/s, %.0f MiB, %" PRIu64 " alerts\n",
        (int)report->job->indent, "", rows, seconds, (double)rows / 1e6 / seconds,
        (double)status->memory_peak / 1048576, report->alerts);
    print_lost(report, status);
}

static void print_hash(const struct report *report)
{
    FILE *out = report->job->quiet ? stdout : stderr;
    fprintf(out, "%*s%" PRIu64 " episodes", (int)report->job->indent, "", report->episodes);
    if (report->episodes > 0)
        fprintf(out, ", hash %016" PRIx64, report->hash);
    fputc('\n', out);
}

// Whether rows came and none of them was of a kind that is counted.
static bool nothing_counted(
    const struct report *report, uint64_t rows, const flow_status_report *status)
{
    const char *views = report->job->views, *sales = report->job->sales;
    if (rows <= status->dropped_other || any_chosen() || (views && !*views) || (sales && !*sales))
        return false;
    if (views && sales)
        fprintf(
            stderr, "spikes: %" PRIu64 " rows, none is a \"%s\" or a \"%s\"", rows, views, sales);
    else
        fprintf(stderr, "spikes: %" PRIu64 " rows, none is a \"%s\"", rows, views ? views : sales);
    fputs(": see --event-field, --views, --sales\n", stderr);
    return true;
}

// Whether events were to be counted by their sessions and none had one.
static bool no_session(const struct report *report)
{
    const struct job *job = report->job;
    const bool counted =
        any_chosen() || (job->views && !*job->views) || (job->sales && !*job->sales);
    if (!job->distinct || any_session() || !counted)
        return false;
    fputs("spikes: no event has a session to count by: see --session-field\n", stderr);
    return true;
}

static bool could_write(const struct report *report)
{
    const bool failed = fflush(stdout) != 0;
    const int why = report->write_error ? report->write_error : errno;
    if (!failed && !ferror(stdout) && report->write_error == 0)
        return true;
    fprintf(stderr, "spikes: standard output: %s\n", strerror(why));
    return false;
}

bool report_end(struct report *report, uint64_t rows, const flow_status_report *status)
{
    clear_line(report);
    print_figures(report, rows, status);
    const bool holds = !report->job->balance || balance(report);
    print_hash(report);
    const bool none = rows <= status->dropped_other;
    const bool counted = !nothing_counted(report, rows, status) && (none || !no_session(report));
    return could_write(report) && holds && counted;
}
