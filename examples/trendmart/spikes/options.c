// SPDX-License-Identifier: Apache-2.0
// The options of the spike detection job: declared once, read from the command line, variables
// SPIKES_… and a file, and made into a job.
#include "job.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include <flow/options.h>

extern char **environ;

enum {
    DRY_ROWS = 100
};

// In the order in which --help has them.
struct settings {
    flow_str file;
    enum {
        JSON,
        CSV
    } format;
    bool has_format;
    flow_str time_field, product_field, event_field, session_field;
    flow_on_error on_error;
    int64_t limit;
    flow_str views, sales;
    bool has_views, has_sales, distinct;
    flow_duration window, slide;
    int64_t baseline;
    double factor;
    int64_t min_count;
    double drop_factor;
    int64_t min_baseline;
    bool fresh, has_cooldown;
    flow_duration cooldown;
    flow_time from, until;
    bool batch, stream;
    double speed;
    bool follow, has_disorder;
    flow_duration disorder, lateness;
    flow_time not_after;
    flow_idle idle;
    flow_duration idle_after;
    enum {
        EPISODES,
        TABLE
    } output;
    flow_str out;
    flow_list tap;
    bool plan, dry_run, balance;
    flow_str dropped;
    bool quiet;
    int64_t indent, workers, memory;
    flow_str options;
};

#define STEPS "read|views/only|views/count|views/detect|sales/only|sales/count|sales/detect|join"
_Static_assert((int)TAPS == 8, "every step can be shown");

// clang-format off
FLOW_RECORD_OF(settings,
    FLOW_OPTION(settings, file, .positional = true, .required = true, .value = "FILE",
        .help = "a path, a glob, or - for standard input"),
    FLOW_OPTION_OPTIONAL(settings, format, has_format, .group = "what is read",
        .words = "json|csv", .help = "how the file is written (default: by its name, else json)"),
    FLOW_OPTION(settings, time_field, .value = "NAME", .initial = "at",
        .help = "RFC 3339, or a number since 1970"),
    FLOW_OPTION(settings, product_field, .value = "NAME", .initial = "product"),
    FLOW_OPTION(settings, event_field, .value = "NAME", .initial = "event"),
    FLOW_OPTION(settings, session_field, .value = "NAME", .initial = "session",
        .help = "only for --distinct"),
    FLOW_OPTION(settings, on_error, .words = "fail|dead-letter|skip", .initial = "fail",
        .value = "POLICY", .help = "lines that do not parse"),
    FLOW_OPTION(settings, limit, .at_least = "1", .help = "only the first N rows"),
    FLOW_OPTION_OPTIONAL(settings, views, has_views, .group = "what is counted", .value = "KIND",
        .initial = "view", .help = "kind of event that is a view; '' takes every event"),
    FLOW_OPTION_OPTIONAL(settings, sales, has_sales, .value = "KIND", .initial = "purchase",
        .help = "kind of event that is a sale"),
    FLOW_OPTION(settings, distinct, .help = "different sessions instead of events"),
    FLOW_OPTION(settings, window, .group = "the rule", .initial = "10m", .at_least = "1us",
        .help = "windows of so long"),
    FLOW_OPTION(settings, slide, .initial = "1m", .at_least = "1us",
        .help = "starting every so often"),
    FLOW_OPTION(settings, baseline, .initial = "6", .at_least = "1",
        .help = "compared with the mean of N windows before"),
    FLOW_OPTION(settings, factor, .initial = "3", .at_least = "0",
        .help = "a spike has X times the baseline"),
    FLOW_OPTION(settings, min_count, .initial = "60", .at_least = "1",
        .help = "and at least N events"),
    FLOW_OPTION(settings, drop_factor, .initial = "4", .at_least = "0",
        .help = "a drop has the baseline over X or less; 0: no drops"),
    FLOW_OPTION(settings, min_baseline, .initial = "100", .at_least = "1",
        .help = "where the baseline is at least N"),
    FLOW_OPTION(settings, fresh, .help = "a spike is what has nothing at all in its baseline"),
    FLOW_OPTION_OPTIONAL(settings, cooldown, has_cooldown, .at_least = "0",
        .help = "alerts not further apart are one episode (default: the window)"),
    FLOW_OPTION(settings, from,
        .help = "first event (default: seen in the file, if it is plain)"),
    FLOW_OPTION(settings, until, .help = "last event (likewise)"),
    FLOW_OPTION(settings, batch, .group = "time", .help = "read all, then end (default)"),
    FLOW_OPTION(settings, stream, .help = "replay at --speed times the events' own pace"),
    FLOW_OPTION(settings, speed, .at_least = "0", .help = "for --stream"),
    FLOW_OPTION(settings, follow, .help = "go on as the file grows"),
    FLOW_OPTION_OPTIONAL(settings, disorder, has_disorder, .at_least = "0",
        .help = "events come at most so much out of order (batch: any; else 5s)"),
    FLOW_OPTION(settings, lateness, .at_least = "0", .help = "windows wait so long for later ones"),
    FLOW_OPTION(settings, not_after, .help = "later events are dropped (default: now and a day)"),
    FLOW_OPTION(settings, idle, .words = "hold|advance|end", .initial = "hold",
        .help = "when nothing comes"),
    FLOW_OPTION(settings, idle_after, .initial = "10s", .at_least = "0", .help = "for so long"),
    FLOW_OPTION(settings, output, .group = "what is shown", .words = "json|table",
        .initial = "json", .help = "episodes as JSON lines or as a table"),
    FLOW_OPTION(settings, out, .value = "FILE", .help = "episodes to a file too"),
    FLOW_OPTION_LIST(settings, tap, FLOW_KIND_STR, .words = STEPS, .value = "STEP",
        .help = "what passes a step:"),
    FLOW_OPTION(settings, plan, .help = "prints the graph only"),
    FLOW_OPTION(settings, dry_run, .help = "prints the graph and tries the first 100 rows"),
    FLOW_OPTION(settings, balance,
        .help = "counts where every line of a JSON file went; fails unless it adds up"),
    FLOW_OPTION(settings, dropped, .value = "FILE",
        .help = "what came too late to a window, as JSON lines"),
    FLOW_OPTION(settings, quiet, .help = "only figures"),
    FLOW_OPTION(settings, indent, .at_least = "0", .at_most = "64",
        .help = "what is said while it runs begins so many columns in"),
    FLOW_OPTION(settings, workers, .at_least = "0", .at_most = "64",
        .help = "threads (0, the default: one a core)"),
    FLOW_OPTION(settings, memory, .unit = "MiB", .at_least = "8", .at_most = "8796093022207",
        .value = "MIB", .help = "may be held (default: half of the machine's)"),
    FLOW_OPTION(settings, options, .value = "FILE", .help = "options as a JSON object"));
// clang-format on

static bool ends_in(const char *text, const char *end)
{
    const size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

// A text that was given, or NULL. Those of options are terminated.
static const char *text_of(bool given, flow_str text)
{
    return given ? text.data : NULL;
}

static void take_times(struct job *job, const struct settings *s)
{
    job->pace.speed = s->speed;
    job->times = (flow_time_policy){ .disorder = s->disorder,
        .not_after = s->not_after,
        .idle = s->idle,
        .idle_after = s->idle_after };
    if (!s->has_disorder && (job->stream || job->follow))
        job->times.disorder = flow_seconds(5);
    else if (!s->has_disorder && job->limit > 0)
        job->times.disorder = flow_days(36500); // as a batch: the first rows are waited for
    if (job->times.not_after.us == 0)
        job->times.not_after.us = ((int64_t)time(NULL) + 86400) * 1000000;
}

static void take_rule(struct rule *rule, const struct settings *s)
{
    *rule = (struct rule){ .window = s->window,
        .slide = s->slide,
        .lateness = s->lateness,
        .cooldown = s->has_cooldown ? s->cooldown : s->window,
        .from = s->from,
        .until = s->until,
        .baseline = s->baseline,
        .count_min = s->min_count,
        .factor = s->factor,
        .baseline_min = s->min_baseline,
        .drop_factor = s->drop_factor,
        .fresh = s->fresh };
}

// A step is shown once, however often it is asked for.
static void take_taps(struct job *job, const flow_list *taps)
{
    const flow_str *tap = taps->items;
    for (size_t i = 0; i < taps->count; i++) {
        uint32_t k = 0;
        while (k < job->tap_count && strcmp(job->taps[k], tap[i].data) != 0)
            k++;
        if (k == job->tap_count)
            job->taps[job->tap_count++] = tap[i].data;
    }
}

static void take(struct job *job, const struct settings *s)
{
    *job = (struct job){ .path = s->file.data,
        .out = text_of(s->out.len > 0, s->out),
        .dropped = text_of(s->dropped.len > 0, s->dropped),
        .views = text_of(s->has_views, s->views),
        .sales = text_of(s->has_sales, s->sales),
        .on_error = s->on_error,
        .limit = s->dry_run && s->limit == 0 ? DRY_ROWS : (uint64_t)s->limit,
        .memory = (uint64_t)s->memory << 20,
        .workers = (uint32_t)s->workers,
        .indent = s->indent,
        .follow = s->follow,
        .stream = s->stream,
        .distinct = s->distinct,
        .plan = s->plan,
        .dry_run = s->dry_run,
        .balance = s->balance,
        .table = s->output == TABLE,
        .quiet = s->quiet };
    const bool csv = s->has_format ? s->format == CSV
                                   : ends_in(job->path, ".csv") || ends_in(job->path, ".csv.gz");
    job->format = csv ? FLOW_CSV : FLOW_JSON;
    take_rule(&job->rule, s);
    take_times(job, s);
    take_taps(job, &s->tap);
    event_names(
        s->time_field.data, s->product_field.data, s->event_field.data, s->session_field.data);
}

static bool complain(const char *sentence)
{
    fprintf(stderr, "spikes: %s\n", sentence);
    return false;
}

static bool is_tapped_in_vain(const struct job *job)
{
    for (uint32_t i = 0; i < job->tap_count; i++) {
        const char *step = job->taps[i];
        if ((!job->views && strncmp(step, "views/", 6) == 0) ||
            (!job->sales && strncmp(step, "sales/", 6) == 0))
            return true;
    }
    return false;
}

// Whether the lines of the input can be counted beside the job: not those of a pattern, a pipe, or
// a compressed file. What is not there the job itself complains about.
static bool has_lines(const char *path)
{
    unsigned char head[4] = { 0 };
    struct stat info;
    if (strcmp(path, "-") == 0)
        return false;
    if (stat(path, &info) != 0)
        return strpbrk(path, "*?[") == NULL;
    FILE *in = S_ISREG(info.st_mode) ? fopen(path, "rb") : NULL;
    const bool some = in && fread(head, 1, sizeof head, in) > 0;
    if (in)
        fclose(in);
    const bool gzip = some && head[0] == 0x1f && head[1] == 0x8b;
    const bool zstd = some && head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f;
    return (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)) && !gzip && !zstd;
}

// Options that contradict each other.
static bool agree(const struct job *job, bool batch)
{
    const struct rule *rule = &job->rule;
    if (!job->views && !job->sales)
        return complain("--no-views and --no-sales leave nothing to count");
    if (job->views && job->sales && !*job->views && !*job->sales)
        return complain("--views '' and --sales '' would count every event twice: say --no-sales");
    if (is_tapped_in_vain(job))
        return complain("--tap asks for a step of what --no-views or --no-sales leaves out");
    if (job->stream + job->follow + batch > 1)
        return complain("--batch, --stream and --follow exclude each other");
    if (rule->from.us != 0 && rule->until.us != 0 && rule->from.us > rule->until.us)
        return complain("--from is later than --until");
    if (job->balance && job->distinct)
        return complain("--balance adds up events, not the sessions of --distinct");
    if (job->balance && (job->limit > 0 || job->follow))
        return complain("--balance wants the whole file: no --limit, --dry-run or --follow");
    if (job->balance && (job->format != FLOW_JSON || !has_lines(job->path)))
        return complain("--balance counts the lines of one file of JSON that is not compressed");
    return true;
}

static bool check(const struct job *job)
{
    const struct rule *rule = &job->rule;
    if (rule->window.us % rule->slide.us != 0)
        return complain("--window must be a multiple of --slide");
    const int64_t past = rule->baseline < HISTORY ? rule->baseline * rule->window.us : INT64_MAX;
    if (past > INT64_MAX / 2 || (past + rule->lateness.us) / rule->slide.us >= HISTORY - 1) {
        fprintf(stderr,
            "spikes: --baseline times --window, and --lateness, must be below %d"
            " times --slide\n",
            HISTORY - 1);
        return false;
    }
    if (job->stream && !(job->pace.speed > 0))
        return complain("--stream wants --speed, how many times faster than the events' own pace");
    return true;
}

static int print_help(void)
{
    flow_buffer text = { 0 };
    flow_options_help(&settings_type, "spikes", "SPIKES", &text);
    const bool done = !text.failed && fwrite(text.data, 1, text.len, stdout) == text.len;
    flow_buffer_free(&text);
    return done && fflush(stdout) == 0 ? 0 : 1;
}

bool job_parse(struct job *job, int argc, char **argv, int *status)
{
    const flow_option_sources sources = { .argc = argc,
        .argv = argv,
        .prefix = "SPIKES",
        .environment = environ,
        .file_field = "options" };
    struct settings settings;
    flow_error error;
    flow_options *options = flow_options_read(&settings_type, &sources, NULL, &settings, &error);
    *status = 2;
    if (!options)
        return complain(error.message);
    const bool help = flow_options_asked_help(options);
    if (help)
        *status = print_help();
    else
        take(job, &settings);
    if (!help && agree(job, settings.batch) && check(job)) {
        job->options = options;
        return true;
    }
    flow_options_free(options);
    return false;
}

void job_end(struct job *job)
{
    flow_options_free(job->options);
}
