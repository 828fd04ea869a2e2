// SPDX-License-Identifier: Apache-2.0
// The command line of the spike detection job.
#include "job.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

static const char usage[] =
    "usage: spikes [OPTION…] FILE      FILE: a path, a glob, or - for standard input\n"
    "what is read\n"
    "  --format json|csv       how the file is written (default: by its name, else json)\n"
    "  --time-field NAME       default at: RFC 3339, or a number since 1970\n"
    "  --product-field NAME    default product\n"
    "  --event-field NAME      default event\n"
    "  --session-field NAME    default session; only for --distinct\n"
    "  --on-error fail|dead-letter|skip     lines that do not parse (default fail)\n"
    "  --limit N               only the first N rows\n"
    "what is counted\n"
    "  --views KIND            kind of event that is a view (default view; '' takes every event)\n"
    "  --sales KIND            kind of event that is a sale (default purchase)\n"
    "  --no-views, --no-sales  only the other\n"
    "  --distinct              different sessions instead of events\n"
    "the rule\n"
    "  --window D --slide D    windows of so long, starting every so often (10m, 1m)\n"
    "  --baseline N            compared with the mean of N windows before (6)\n"
    "  --factor F              a spike has F times the baseline (3)\n"
    "  --min-count N           and at least N events (60)\n"
    "  --drop-factor F         a drop has the baseline over F or less (4; 0: no drops)\n"
    "  --min-baseline N        where the baseline is at least N (100)\n"
    "  --fresh                 a spike is what has nothing at all in its baseline\n"
    "  --cooldown D            alerts not further apart are one episode (the window)\n"
    "  --from T --until T      first and last event (default: seen in the file, if it is plain)\n"
    "time\n"
    "  --batch                 read all, then end (default)\n"
    "  --stream --speed X      replay at X times the events' own pace\n"
    "  --follow                go on as the file grows\n"
    "  --disorder D            events come at most so much out of order (batch: any; else 5s)\n"
    "  --lateness D            windows wait so long for later ones (0)\n"
    "  --not-after T           events later than this are dropped (now and a day)\n"
    "  --idle hold|advance|end --idle-after D   when nothing comes (hold, 10s)\n"
    "what is shown\n"
    "  --output json|table     episodes as JSON lines (default) or as a table\n"
    "  --out FILE              episodes to a file too\n"
    "  --tap STEP              what passes a step: read, views/only, views/count, views/detect,\n"
    "                          sales/only, sales/count, sales/detect, join; may be given again\n"
    "  --plan                  prints the graph only\n"
    "  --dry-run               prints the graph and tries the first 100 rows\n"
    "  --balance               counts where every line went; fails unless it adds up\n"
    "  --dropped FILE          what came too late to a window, as JSON lines\n"
    "  --quiet                 only figures\n"
    "  --indent N              what is said while it runs begins so many columns in (0)\n"
    "  --workers N             threads (0, the default: one a core)\n"
    "  --memory MIB            may be held (default: half of the machine's)\n";

enum {
    DRY_ROWS = 100
};

// Names of options without a letter of their own.
enum option_name {
    FORMAT = 256,
    TIME_FIELD,
    PRODUCT_FIELD,
    EVENT_FIELD,
    SESSION_FIELD,
    ON_ERROR,
    LIMIT,
    VIEWS,
    SALES,
    NO_VIEWS,
    NO_SALES,
    DISTINCT,
    WINDOW,
    SLIDE,
    BASELINE,
    FACTOR,
    MIN_COUNT,
    DROP_FACTOR,
    MIN_BASELINE,
    FRESH,
    COOLDOWN,
    FROM,
    UNTIL,
    BATCH,
    STREAM,
    SPEED,
    FOLLOW,
    DISORDER,
    LATENESS,
    NOT_AFTER,
    IDLE,
    IDLE_AFTER,
    OUTPUT,
    OUT,
    DROPPED,
    TAP,
    PLAN,
    DRY_RUN,
    BALANCE,
    QUIET,
    INDENT,
    WORKERS,
    MEMORY,
    HELP
};

static const struct option options[] = { { "format", 1, 0, FORMAT },
    { "time-field", 1, 0, TIME_FIELD }, { "product-field", 1, 0, PRODUCT_FIELD },
    { "event-field", 1, 0, EVENT_FIELD }, { "session-field", 1, 0, SESSION_FIELD },
    { "on-error", 1, 0, ON_ERROR }, { "limit", 1, 0, LIMIT }, { "views", 1, 0, VIEWS },
    { "sales", 1, 0, SALES }, { "no-views", 0, 0, NO_VIEWS }, { "no-sales", 0, 0, NO_SALES },
    { "distinct", 0, 0, DISTINCT }, { "window", 1, 0, WINDOW }, { "slide", 1, 0, SLIDE },
    { "baseline", 1, 0, BASELINE }, { "factor", 1, 0, FACTOR }, { "min-count", 1, 0, MIN_COUNT },
    { "drop-factor", 1, 0, DROP_FACTOR }, { "min-baseline", 1, 0, MIN_BASELINE },
    { "fresh", 0, 0, FRESH }, { "cooldown", 1, 0, COOLDOWN }, { "from", 1, 0, FROM },
    { "until", 1, 0, UNTIL }, { "batch", 0, 0, BATCH }, { "stream", 0, 0, STREAM },
    { "speed", 1, 0, SPEED }, { "follow", 0, 0, FOLLOW }, { "disorder", 1, 0, DISORDER },
    { "lateness", 1, 0, LATENESS }, { "not-after", 1, 0, NOT_AFTER }, { "idle", 1, 0, IDLE },
    { "idle-after", 1, 0, IDLE_AFTER }, { "output", 1, 0, OUTPUT }, { "out", 1, 0, OUT },
    { "dropped", 1, 0, DROPPED }, { "tap", 1, 0, TAP }, { "plan", 0, 0, PLAN },
    { "dry-run", 0, 0, DRY_RUN }, { "balance", 0, 0, BALANCE }, { "quiet", 0, 0, QUIET },
    { "indent", 1, 0, INDENT }, { "workers", 1, 0, WORKERS }, { "memory", 1, 0, MEMORY },
    { "help", 0, 0, HELP }, { 0 } };

// What the defaults depend on.
struct parsed {
    struct job *job;
    const char *fields[4];
    bool disorder, cooldown, format, batch;
};

static bool read_count(const char *text, int64_t least, int64_t *count)
{
    char *end;
    *count = strtoll(text, &end, 10);
    return end != text && *end == '\0' && *count >= least;
}

static bool read_number(const char *text, double *number)
{
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && *number >= 0;
}

// 90s, 10m, 1h, 7d, 250ms
static bool read_duration(const char *text, flow_duration *duration)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = { { "ms", 1000 }, { "s", 1000000 }, { "m", 60000000 }, { "h", 3600000000 },
        { "d", 86400000000 } };
    char *end;
    const double number = strtod(text, &end);
    for (size_t i = 0; end != text && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].unit) == 0 && number >= 0 && number < 1e6) {
            duration->us = (int64_t)(number * (double)units[i].us);
            return true;
        }
    }
    return false;
}

// The place of `text` among `count` words, or −1.
static int read_word(const char *text, const char *const *words, int count)
{
    while (--count >= 0 && strcmp(text, words[count]) != 0)
        continue;
    return count;
}

static const char *const steps[] = { "read", "views/only", "views/count", "views/detect",
    "sales/only", "sales/count", "sales/detect", "join" };
enum {
    STEPS = sizeof steps / sizeof steps[0]
};
_Static_assert((int)STEPS <= (int)TAPS, "every step can be shown");

// What a value of the option should have been.
static const char *expected(int name)
{
    switch (name) {
    case FORMAT:
        return "json or csv";
    case ON_ERROR:
        return "fail, dead-letter or skip";
    case IDLE:
        return "hold, advance or end";
    case OUTPUT:
        return "json or table";
    case TAP:
        return "read, views/only, views/count, views/detect, sales/only, sales/count, "
               "sales/detect or join";
    case FROM:
    case UNTIL:
    case NOT_AFTER:
        return "a time such as 2026-11-23T14:30:00Z";
    case FACTOR:
    case DROP_FACTOR:
    case SPEED:
        return "a number, 0 or more";
    case INDENT:
    case WORKERS:
        return "a whole number from 0 to 64";
    case MEMORY:
        return "a whole number of MiB, 8 or more";
    case LIMIT:
    case BASELINE:
    case MIN_COUNT:
    case MIN_BASELINE:
        return "a whole number, 1 or more";
    default:
        return "a duration such as 250ms, 90s, 10m, 1h or 7d";
    }
}

static bool set_source(struct parsed *p, int name, const char *value)
{
    static const char *const formats[] = { "json", "csv" };
    static const char *const policies[] = { "fail", "dead-letter", "skip" };
    int64_t count = 0;
    int word = 0;
    switch (name) {
    case FORMAT:
        word = read_word(value, formats, 2);
        p->job->format = word == 0 ? FLOW_JSON : FLOW_CSV;
        p->format = true;
        return word >= 0;
    case ON_ERROR:
        word = read_word(value, policies, 3);
        p->job->on_error = (flow_on_error)word;
        return word >= 0;
    case LIMIT:
        if (!read_count(value, 1, &count))
            return false;
        p->job->limit = (uint64_t)count;
        return true;
    default:
        p->fields[name - TIME_FIELD] = value;
        return true;
    }
}

static bool set_rule(struct parsed *p, int name, const char *value)
{
    struct rule *rule = &p->job->rule;
    switch (name) {
    case WINDOW:
        return read_duration(value, &rule->window) && rule->window.us > 0;
    case SLIDE:
        return read_duration(value, &rule->slide) && rule->slide.us > 0;
    case BASELINE:
        return read_count(value, 1, &rule->baseline);
    case FACTOR:
        return read_number(value, &rule->factor);
    case MIN_COUNT:
        return read_count(value, 1, &rule->count_min);
    case DROP_FACTOR:
        return read_number(value, &rule->drop_factor);
    case MIN_BASELINE:
        return read_count(value, 1, &rule->baseline_min);
    case COOLDOWN:
        p->cooldown = true;
        return read_duration(value, &rule->cooldown);
    case FROM:
        return flow_time_parse(flow_str_of(value), &rule->from);
    case UNTIL:
        return flow_time_parse(flow_str_of(value), &rule->until);
    default:
        rule->fresh = true;
        return true;
    }
}

static bool set_time(struct parsed *p, int name, const char *value)
{
    static const char *const idle[] = { "hold", "advance", "end" };
    struct job *job = p->job;
    int word;
    switch (name) {
    case SPEED:
        return read_number(value, &job->pace.speed);
    case DISORDER:
        p->disorder = true;
        return read_duration(value, &job->times.disorder);
    case LATENESS:
        return read_duration(value, &job->rule.lateness);
    case NOT_AFTER:
        return flow_time_parse(flow_str_of(value), &job->times.not_after);
    case IDLE:
        word = read_word(value, idle, 3);
        job->times.idle = (flow_idle)word;
        return word >= 0;
    case IDLE_AFTER:
        return read_duration(value, &job->times.idle_after);
    default:
        job->stream = job->stream || name == STREAM;
        job->follow = job->follow || name == FOLLOW;
        p->batch = p->batch || name == BATCH;
        return true;
    }
}

// A step is shown once, however often it is asked for.
static bool add_tap(struct job *job, const char *step)
{
    if (read_word(step, steps, STEPS) < 0)
        return false;
    if (read_word(step, job->taps, (int)job->tap_count) < 0)
        job->taps[job->tap_count++] = step;
    return true;
}

static bool set_output(struct job *job, int name, const char *value)
{
    static const char *const forms[] = { "json", "table" };
    int64_t count;
    switch (name) {
    case OUTPUT:
        job->table = strcmp(value, "table") == 0;
        return read_word(value, forms, 2) >= 0;
    case OUT:
        job->out = value;
        return true;
    case DROPPED:
        job->dropped = value;
        return true;
    case TAP:
        return add_tap(job, value);
    case INDENT:
        return read_count(value, 0, &job->indent) && job->indent <= 64;
    case WORKERS:
        if (!read_count(value, 0, &count) || count > 64)
            return false;
        job->workers = (uint32_t)count;
        return true;
    case MEMORY:
        if (!read_count(value, 8, &count) || count > INT64_MAX >> 20)
            return false;
        job->memory = (uint64_t)count << 20;
        return true;
    case PLAN:
        job->plan = true;
        return true;
    case DRY_RUN:
        job->dry_run = true;
        return true;
    case BALANCE:
        job->balance = true;
        return true;
    default:
        job->quiet = true;
        return true;
    }
}

static bool set_measure(struct job *job, int name, const char *value)
{
    if (name == DISTINCT)
        job->distinct = true;
    else if (name == VIEWS || name == NO_VIEWS)
        job->views = value;
    else
        job->sales = value;
    return true;
}

static bool set(struct parsed *p, int name, const char *value)
{
    if (name <= LIMIT)
        return set_source(p, name, value);
    if (name <= DISTINCT)
        return set_measure(p->job, name, value);
    if (name <= UNTIL)
        return set_rule(p, name, value);
    if (name <= IDLE_AFTER)
        return set_time(p, name, value);
    return set_output(p->job, name, value);
}

static bool ends_in(const char *text, const char *end)
{
    const size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

// What was not said.
static void fill_in(struct parsed *p)
{
    struct job *job = p->job;
    if (!p->format && (ends_in(job->path, ".csv") || ends_in(job->path, ".csv.gz")))
        job->format = FLOW_CSV;
    if (job->dry_run && job->limit == 0)
        job->limit = DRY_ROWS;
    if (!p->cooldown)
        job->rule.cooldown = job->rule.window;
    if (!p->disorder && (job->stream || job->follow))
        job->times.disorder = flow_seconds(5);
    else if (!p->disorder && job->limit > 0)
        job->times.disorder = flow_days(36500); // as a batch: the first rows are waited for
    if (job->times.not_after.us == 0)
        job->times.not_after.us = ((int64_t)time(NULL) + 86400) * 1000000;
    event_names(p->fields[0], p->fields[1], p->fields[2] ? p->fields[2] : "event", p->fields[3]);
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

// Options that contradict each other.
static bool agree(const struct parsed *p)
{
    const struct job *job = p->job;
    const struct rule *rule = &job->rule;
    if (!job->views && !job->sales)
        return complain("--no-views and --no-sales leave nothing to count");
    if (job->views && job->sales && !*job->views && !*job->sales)
        return complain("--views '' and --sales '' would count every event twice: say --no-sales");
    if (is_tapped_in_vain(job))
        return complain("--tap asks for a step of what --no-views or --no-sales leaves out");
    if (job->stream + job->follow + p->batch > 1)
        return complain("--batch, --stream and --follow exclude each other");
    if (rule->from.us != 0 && rule->until.us != 0 && rule->from.us > rule->until.us)
        return complain("--from is later than --until");
    if (job->balance && job->distinct)
        return complain("--balance adds up events, not the sessions of --distinct");
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

bool job_parse(struct job *job, int argc, char **argv, int *status)
{
    *job = (struct job){ .views = "view", .sales = "purchase", .format = FLOW_JSON };
    job->times.idle_after = flow_seconds(10);
    job->rule = (struct rule){ .window = flow_minutes(10),
        .slide = flow_minutes(1),
        .baseline = 6,
        .count_min = 60,
        .factor = 3,
        .baseline_min = 100,
        .drop_factor = 4 };
    struct parsed p = { .job = job };
    *status = 2;
    for (int name, at = 0; (name = getopt_long(argc, argv, "", options, &at)) != -1;) {
        if (name == HELP) {
            fputs(usage, stdout);
            *status = fflush(stdout) == 0 ? 0 : 1;
            return false;
        }
        if (name == '?')
            return false;
        if (!set(&p, name, name == NO_VIEWS || name == NO_SALES ? NULL : optarg)) {
            fprintf(stderr, "spikes: --%s cannot be '%s': expected %s\n", options[at].name, optarg,
                expected(name));
            return false;
        }
    }
    if (optind != argc - 1)
        return complain("wants one FILE; spikes --help says more");
    job->path = argv[optind];
    fill_in(&p);
    return agree(&p) && check(job);
}
