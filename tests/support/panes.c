// SPDX-License-Identifier: Apache-2.0
// Running scripts of elements, watermark and clock.
#include "panes.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000)
#define SLACK  INT64_C(1000000000000000) // how far ticks run ahead of the watermark

void panes_outcome_init(struct panes_outcome *outcome, const char *name)
{
    memset(outcome, 0, sizeof *outcome);
    flow_test_results_init(&outcome->results, name);
    outcome->results.keep = true;
}

void panes_outcome_clear(struct panes_outcome *outcome)
{
    flow_test_results_clear(&outcome->results);
}

// --- windows of users

static uint32_t two_windows(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    const struct flow_test_row *row = element;
    const flow_window both[2] = { { at, { at.us + 7 * SECOND } }, { at, { at.us + 20 * SECOND } } };
    const uint32_t count = row->v % 2 == 0 ? 2 : row->v % 3 == 1;
    (void)config;
    for (uint32_t i = 0; i < count && i < room; i++)
        windows[i] = both[i];
    return count;
}

static uint32_t gap_window(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    const struct flow_test_row *row = element;
    (void)config;
    if (room > 0)
        windows[0] = (flow_window){ at, { at.us + (row->v % 8 + 1) * SECOND } };
    return 1;
}

const flow_window_fn panes_two_fn = {
    .name = "two", .in = &flow_test_row_type, .assign = two_windows
};
const flow_window_fn panes_gap_fn = {
    .name = "gap", .in = &flow_test_row_type, .merges = true, .assign = gap_window
};

// --- functions

static bool is_element(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    return row->x < 1;
}
FLOW_FILTER_FN(is_element, flow_test_row);

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

struct flow_test_row panes_group_row(
    int64_t key, int64_t *values, size_t count, char *text, size_t size)
{
    struct flow_test_row row = { .k = (int64_t)count, .place.a = key };
    size_t len = 0;
    qsort(values, count, sizeof *values, by_value);
    for (size_t i = 0; i < count; i++) {
        row.v += values[i];
        len += (size_t)snprintf(text + len, size - len, "%lld,", (long long)values[i]);
    }
    row.s = (flow_str){ text, len };
    return row;
}

static flow_status list_values(flow_ctx *ctx, const int64_t *key, flow_rows *rows)
{
    const size_t count = flow_rows_count(rows);
    int64_t *values = flow_alloc(ctx, (count + 1) * sizeof *values);
    char *text = flow_alloc(ctx, count * 24 + 24);
    const struct flow_test_row *row;
    size_t n = 0;
    if (!values || !text)
        return ctx->status;
    while ((row = flow_rows_next(rows)))
        values[n++] = row->v;
    if (n != count)
        return flow_fail(ctx, FLOW_USER, "the count does not fit");
    const struct flow_test_row all = panes_group_row(*key, values, n, text, n * 24 + 24);
    return flow_emit(ctx, 0, &flow_test_row_type, &all, sizeof all);
}
FLOW_GROUP_FN(list_values, int64_t, flow_test_row, flow_test_row);

static bool after(flow_str a, flow_str b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order > 0 : a.len > b.len;
}

static void panes_most_add(struct panes_most *acc, const struct flow_test_row *row)
{
    if (acc->count == 0 || after(row->s, acc->s))
        acc->s = row->s;
    acc->count++;
}

static void panes_most_merge(struct panes_most *acc, const struct panes_most *other)
{
    if (acc->count == 0 || (other->count > 0 && after(other->s, acc->s)))
        acc->s = other->s;
    acc->count += other->count;
}
FLOW_COMBINE_FN(panes_most, flow_test_row);

// --- running

static flow_status halve(flow_ctx *ctx, const int64_t *key, const struct flow_integer *sum)
{
    const struct flow_test_row row = {
        .k = *key / 2, .v = sum->value, .s = flow_format(ctx, "%lld", (long long)sum->value)
    };
    return flow_emit(ctx, 0, &flow_test_row_type, &row, sizeof row);
}
FLOW_KEYED_FN(halve, int64_t, flow_integer, flow_test_row);

// A case as the engine is given it.
struct play {
    const struct panes_case *test;
    struct flow_test_row rows[PANES_STEPS];
    char texts[PANES_STEPS][24];
    struct flow_test_piece pieces[PANES_STEPS];
    struct flow_test_script script;
    int64_t gate; // pieces up to this one are given
    flow_pipeline *pipeline;
    struct flow_test_results *dropped;
};

static flow_coll build_result(enum panes_result result, enum panes_result then, flow_coll in)
{
    switch (result) {
    case PANES_SUM:
        return flow_sum(in, FLOW_FIELD(flow_test_row, v));
    case PANES_MIN:
        return flow_min(in, FLOW_FIELD(flow_test_row, v));
    case PANES_TEXTS:
        return flow_combine(in, &panes_most_combine);
    case PANES_GROUP:
        return flow_group(in, &list_values_fn);
    default:
        break;
    }
    const flow_coll sums = flow_do(flow_sum(in, FLOW_FIELD(flow_test_row, v)), &halve_fn);
    return build_result(then, PANES_SUM, flow_key_by(sums, FLOW_FIELD(flow_test_row, k)));
}

static void build(struct play *play, struct panes_outcome *got)
{
    const struct panes_case *test = play->test;
    play->pipeline = flow_pipeline_new("panes");
    const flow_coll rows = flow_do(flow_test_read(play->pipeline, &play->script), &is_element_fn);
    const flow_coll keyed = test->unkeyed ? rows : flow_key_by(rows, FLOW_FIELD(flow_test_row, k));
    const flow_coll windowed = flow_window_into(keyed, &test->how);
    flow_test_collect(build_result(test->result, test->then, windowed), &got->results);
}

static void write_script(struct play *play)
{
    const struct panes_case *test = play->test;
    for (size_t i = 0, pieces = 0; i < test->count; i++) {
        const struct panes_step *step = &test->steps[i];
        if (step->what == PANES_CLOCK || step->what == PANES_LOOK)
            continue;
        struct flow_test_row *row = &play->rows[i];
        *row = flow_test_row_at(step->k, step->v, step->at);
        snprintf(play->texts[i], sizeof play->texts[i], "%lld", (long long)(step->v * 7919 % 1000));
        row->s = flow_str_of(play->texts[i]);
        if (step->what == PANES_WATERMARK) {
            row->x = 2;
            row->at.us += SLACK;
        }
        if (step->what == PANES_WITH && pieces > 0) {
            play->pieces[pieces - 1].count++;
            continue;
        }
        play->pieces[pieces++] =
            (struct flow_test_piece){ .rows = row, .count = 1, .not_before = (int64_t)i + 1 };
        play->script.piece_count = pieces;
    }
    play->script.type = &flow_test_row_type;
    play->script.pieces = play->pieces;
    play->script.event_time = FLOW_FIELD(flow_test_row, at);
    play->script.times.disorder.us = SLACK;
    play->script.clock = &play->gate;
    // an end that waits: the case is over when the gate opens wholly
    play->pieces[play->script.piece_count++] =
        (struct flow_test_piece){ .rows = play->rows, .not_before = INT64_MAX };
}

static void count_drops(const struct flow_test_sim *sim, struct panes_outcome *got)
{
    flow_status_report report;
    fl_engine_status(sim->engine, &report);
    got->late += report.dropped_late;
    got->closed += report.dropped_closed;
    got->no_window += report.dropped_other;
}

// Steps one after the other, each until nobody has anything to do.
static struct flow_test_sim *play_steps(struct play *play, struct flow_test_sim *sim,
    const struct panes_options *options, struct panes_outcome *got)
{
    for (size_t i = 0; i < play->test->count; i++) {
        const struct panes_step *step = &play->test->steps[i];
        if (options->reborn_at && i == options->reborn_at) {
            const int64_t clock = *sim->clock;
            struct flow_test_options again = options->engine;
            again.workers = options->reborn_in;
            fl_engine_hold(sim->engine, true);
            flow_test_settle(sim);
            count_drops(sim, got);
            sim = flow_test_reborn(sim, play->pipeline, &again);
            *sim->clock = clock;
        }
        if (step->what == PANES_CLOCK)
            *sim->clock = step->at;
        else
            play->gate = (int64_t)i + 1;
        flow_test_settle(sim);
        if (options->look)
            options->look(options->user, sim, i);
    }
    play->gate = INT64_MAX;
    flow_test_settle(sim);
    if (options->look)
        options->look(options->user, sim, play->test->count);
    return sim;
}

const char *panes_run(
    const struct panes_case *test, const struct panes_options *options, struct panes_outcome *got)
{
    static char sentence[2000];
    struct play *play = calloc(1, sizeof *play);
    ck_assert_ptr_nonnull(play);
    play->test = test;
    write_script(play);
    build(play, got);
    flow_error error = { 0 };
    struct flow_test_sim *sim = flow_test_open(play->pipeline, &options->engine, &error);
    const char *refused = NULL;
    if (sim) {
        *sim->clock = 0;
        sim = play_steps(play, sim, options, got);
        count_drops(sim, got);
        flow_test_close(sim, &error);
    }
    if (error.status != FLOW_OK) {
        snprintf(sentence, sizeof sentence, "%s: %s", error.step, error.message);
        refused = sentence;
    }
    flow_pipeline_free(play->pipeline);
    free(play);
    return refused;
}

// --- printing

char *panes_print(const struct panes_case *test)
{
    static const char *const steps[] = { "add", "with", "watermark", "clock" };
    flow_buffer text = { 0 };
    char trigger[400];
    flow_trigger_print(&test->how.trigger, trigger, sizeof trigger);
    flow_buffer_printf(&text,
        "windows %d size %lld every %lld, lateness %lld, %s, mode %d, on time %d, closing %d, "
        "stamp %d, result %d%s\n",
        (int)test->how.windows.kind, (long long)test->how.windows.size.us,
        (long long)test->how.windows.every.us, (long long)test->how.lateness.us, trigger,
        (int)test->how.accumulation, (int)test->how.on_time, (int)test->how.closing,
        (int)test->how.output_time, (int)test->result, test->unkeyed ? ", no key" : "");
    for (size_t i = 0; i < test->count; i++) {
        const struct panes_step *step = &test->steps[i];
        flow_buffer_printf(&text, "%s k=%lld v=%lld at %lld\n", steps[step->what],
            (long long)step->k, (long long)step->v, (long long)step->at);
    }
    flow_buffer_put(&text, "", 1);
    char *copy = strdup(text.data);
    flow_buffer_free(&text);
    return copy;
}
