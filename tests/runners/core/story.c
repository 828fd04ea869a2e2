// SPDX-License-Identifier: Apache-2.0
// Stories over scripted sources.
#include "story.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000)

static bool is_row(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    return row->k >= 0;
}
FLOW_FILTER_FN(is_row, flow_test_row);

struct story *story_new(void)
{
    struct story *story = calloc(1, sizeof *story);
    ck_assert_ptr_nonnull(story);
    story->pipeline = flow_pipeline_new("story");
    story->script.type = &flow_test_row_type;
    story->script.pieces = story->pieces;
    story->script.event_time = FLOW_FIELD(flow_test_row, at);
    story->script.times.disorder.us = STORY_SLACK;
    flow_test_results_init(&story->got, "results");
    flow_test_results_init(&story->dropped, "dropped");
    const flow_coll rows = flow_test_read(story->pipeline, &story->script);
    story->in = flow_key_by(flow_do(rows, &is_row_fn), FLOW_FIELD(flow_test_row, k));
    return story;
}

void story_free(struct story *story)
{
    flow_pipeline_free(story->pipeline);
    flow_test_results_clear(&story->got);
    flow_test_results_clear(&story->dropped);
    free(story);
}

static void add(struct story *story, struct flow_test_row row)
{
    const size_t i = story->count++;
    ck_assert_uint_lt(i, STORY_MOST);
    story->rows[i] = row;
    story->pieces[i].rows = &story->rows[i];
    story->pieces[i].count = 1;
    story->script.piece_count = story->count;
}

void story_row(struct story *story, int64_t k, int64_t v, int64_t second)
{
    add(story, flow_test_row_at(k, v, second * SECOND));
}

void story_tick(struct story *story, int64_t second)
{
    story_tick_us(story, second * SECOND);
}

void story_tick_us(struct story *story, int64_t us)
{
    add(story, flow_test_row_at(-1, 0, us + STORY_SLACK));
}

flow_coll story_window(struct story *story, flow_windows windows, int64_t lateness)
{
    const flow_window_options options = {
        .windows = windows, .lateness = flow_seconds(lateness), .accumulation = FLOW_DISCARDING
    };
    return flow_window_into(story->in, &options);
}

struct story *story_do(const flow_fn *fn, flow_windows windows, int64_t lateness)
{
    struct story *story = story_new();
    const flow_coll out = flow_do(story_window(story, windows, lateness), fn);
    flow_test_collect(out, &story->got);
    flow_test_collect(flow_dropped(out), &story->dropped);
    return story;
}

void story_run(struct story *story)
{
    const struct flow_test_options options = { .workers = 1, .seed = 1 };
    flow_error error = { 0 };
    struct flow_test_sim *sim = flow_test_open(story->pipeline, &options, &error);
    ck_assert_msg(sim != NULL, "%s: %s", error.step, error.message);
    ck_assert(flow_test_settle(sim));
    fl_engine_status(sim->engine, &story->report);
    const flow_status status = flow_test_close(sim, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
}

static int64_t key_of(const char *text)
{
    return strtoll(text, NULL, 10);
}

// The number after the last colon: the value of one-field records.
static int64_t value_of(const char *text)
{
    const char *colon = strrchr(text, ':');
    return colon ? strtoll(colon + 1, NULL, 10) : 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void story_expect(struct story *story, const char *wanted)
{
    static const char *const timings[] = { "early", "on-time", "late", "unknown" };
    char **lines = calloc(story->got.count + 1, sizeof *lines);
    flow_buffer all = { 0 };
    for (size_t i = 0; i < story->got.count; i++) {
        const struct flow_test_result *r = &story->got.list[i];
        lines[i] = malloc(160);
        snprintf(lines[i], 160, "%lld=%lld [%lld,%lld) %s %u%s%s", (long long)key_of(r->text),
            (long long)value_of(r->text), (long long)(r->window.start.us / SECOND),
            (long long)(r->window.end.us / SECOND), timings[r->pane.timing], r->pane.index,
            r->pane.first ? " first" : "", r->pane.last ? " last" : "");
        // R54: stamped at the end of the window
        ck_assert_int_eq(r->time.us, r->window.end.us - 1);
    }
    qsort(lines, story->got.count, sizeof *lines, by_text);
    for (size_t i = 0; i < story->got.count; i++) {
        flow_buffer_printf(&all, "%s%s", i ? "; " : "", lines[i]);
        free(lines[i]);
    }
    flow_buffer_put(&all, "", 1);
    free(lines);
    ck_assert_str_eq(all.data, wanted);
    flow_buffer_free(&all);
}

void story_texts(const struct flow_test_results *results, const char *wanted)
{
    flow_buffer all = { 0 };
    for (size_t i = 0; i < results->count; i++) {
        const char *text = results->list[i].text;
        const char *s = strstr(text, "s:\"");
        flow_buffer_printf(&all, "%s%ld:%.*s", i ? " " : "", strtol(text + 3, NULL, 10),
            (int)strcspn(s + 3, "\""), s + 3);
    }
    flow_buffer_put(&all, "", 1);
    ck_assert_str_eq(all.data, wanted);
    flow_buffer_free(&all);
}

void story_stand(struct story_stand *stand, struct story *story)
{
    flow_error error = { 0 };
    story->pieces[story->count].endless = true;
    story->script.piece_count = story->count + 1;
    stand->story = story;
    stand->clock = 1000 * SECOND;
    stand->sim = flow_test_open(
        story->pipeline, &(struct flow_test_options){ .clock = &stand->clock }, &error);
    ck_assert_msg(stand->sim != NULL, "%s", error.message);
    ck_assert(!flow_test_settle(stand->sim));
}

void story_stand_end(struct story_stand *stand)
{
    flow_error error = { 0 };
    fl_engine_cancel(stand->sim->engine);
    ck_assert(flow_test_settle(stand->sim));
    ck_assert_int_eq(flow_test_close(stand->sim, &error), FLOW_CANCELLED);
    story_free(stand->story);
}

int64_t story_watermark(const struct story_stand *stand, const char *step)
{
    flow_step_report report;
    for (size_t i = 0; fl_engine_step_report(stand->sim->engine, i, &report); i++)
        if (strcmp(report.path, step) == 0)
            return report.watermark.us / SECOND;
    ck_abort_msg("there is no step %s", step);
    return 0;
}
