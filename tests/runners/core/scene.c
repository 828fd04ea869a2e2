// SPDX-License-Identifier: Apache-2.0
// Scenes over two scripted sources.
#include "scene.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_row(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    return row->k >= 0;
}
FLOW_FILTER_FN(is_row, flow_test_row);

static void init_input(struct scene *scene, struct input *input)
{
    input->script.type = &flow_test_row_type;
    input->script.pieces = input->pieces;
    input->script.event_time = FLOW_FIELD(flow_test_row, at);
    input->script.times.disorder.us = SCENE_SLACK;
    input->script.clock = &scene->clock;
}

static flow_coll read_input(struct scene *scene, struct input *input, const char *name)
{
    init_input(scene, input);
    flow_scope_begin(scene->pipeline, name);
    const flow_coll rows = flow_do(flow_test_read(scene->pipeline, &input->script), &is_row_fn);
    flow_scope_end(scene->pipeline);
    return rows;
}

struct scene *scene_new(void)
{
    struct scene *scene = calloc(1, sizeof *scene);
    ck_assert_ptr_nonnull(scene);
    scene->pipeline = flow_pipeline_new("scene");
    scene->main_rows = read_input(scene, &scene->main, "main");
    scene->side_rows = read_input(scene, &scene->side, "side");
    flow_test_results_init(&scene->got, "results");
    flow_test_results_init(&scene->dropped, "dropped");
    scene->got.keep = scene->dropped.keep = true;
    scene->options = (struct flow_test_options){
        .workers = 1, .seed = 1, .clock = &scene->clock, .faults.point = -1
    };
    return scene;
}

void scene_free(struct scene *scene)
{
    flow_pipeline_free(scene->pipeline);
    flow_test_results_clear(&scene->got);
    flow_test_results_clear(&scene->dropped);
    free(scene);
}

void scene_row(struct input *input, int64_t when, int64_t k, int64_t v, int64_t second)
{
    const size_t i = input->count++;
    ck_assert_uint_lt(i, SCENE_MOST);
    input->rows[i] = flow_test_row_at(k, v, second * SECOND);
    input->pieces[i] =
        (struct flow_test_piece){ .rows = &input->rows[i], .count = 1, .not_before = when };
    input->script.piece_count = input->count;
}

void scene_tick(struct input *input, int64_t when, int64_t second)
{
    scene_row(input, when, -1, 0, second);
    input->rows[input->count - 1].at.us = second * SECOND + SCENE_SLACK;
}

flow_coll scene_window(flow_coll in, flow_windows windows, int64_t lateness)
{
    const flow_window_options options = {
        .windows = windows, .lateness = flow_seconds(lateness), .accumulation = FLOW_DISCARDING
    };
    return flow_window_into(in, &options);
}

flow_windows scene_fixed(int64_t seconds)
{
    return flow_fixed(flow_seconds(seconds));
}

flow_coll scene_by_k(flow_coll in)
{
    return flow_key_by(in, FLOW_FIELD(flow_test_row, k));
}

struct line {
    long long k, v;
};

static int by_line(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    if (a->k != b->k)
        return a->k < b->k ? -1 : 1;
    return a->v < b->v ? -1 : a->v > b->v;
}

const char *scene_lines(const struct flow_test_results *results)
{
    static char text[1 << 16];
    struct line *all = calloc(results->count + 1, sizeof *all);
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < results->count; i++) {
        const char *k = strstr(results->list[i].text, "{k:");
        const char *v = strstr(results->list[i].text, ",v:");
        ck_assert_msg(k && v, "%s", results->list[i].text);
        all[i] = (struct line){ strtoll(k + 3, NULL, 10), strtoll(v + 3, NULL, 10) };
    }
    qsort(all, results->count, sizeof *all, by_line);
    for (size_t i = 0; i < results->count && at < sizeof text; i++)
        at += (size_t)snprintf(
            text + at, sizeof text - at, "%s%lld=%lld", i ? " " : "", all[i].k, all[i].v);
    free(all);
    return text;
}

// --- looking

flow_status scene_emit(flow_ctx *ctx, const struct flow_test_row *in, int64_t v)
{
    struct flow_test_row out = *in;
    out.v = v;
    return FLOW_EMIT_ROW(ctx, flow_test_row, &out);
}

static flow_status find(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_test_row *side = FLOW_SIDE_FIND(ctx, 0, flow_test_row, in->k);
    return scene_emit(ctx, in, side ? side->v : -1);
}
FLOW_ELEMENT_FN(find, flow_test_row, flow_test_row);

static flow_status add_all(flow_ctx *ctx, const struct flow_test_row *in)
{
    flow_side_walk walk = FLOW_SIDE_ROWS(ctx, 0, flow_test_row);
    const struct flow_test_row *side;
    int64_t sum = walk.left > 0 ? 0 : -1;
    while ((side = flow_side_next(&walk)))
        sum += side->v;
    return scene_emit(ctx, in, sum);
}
FLOW_ELEMENT_FN(add_all, flow_test_row, flow_test_row);

const flow_fn *const scene_find = &find_fn, *const scene_add_all = &add_all_fn;

flow_coll scene_look(struct scene *scene, flow_coll in, const flow_fn *fn, flow_view view)
{
    const flow_do_options options = { .sides = &view, .side_count = 1 };
    const flow_coll out = flow_do(in, fn, &options);
    flow_test_collect(out, &scene->got);
    flow_test_collect(flow_dropped(out), &scene->dropped);
    return out;
}

// --- playing

struct play scene_begin(struct scene *scene)
{
    flow_error error = { 0 };
    struct play play = { scene, flow_test_open(scene->pipeline, &scene->options, &error), false };
    ck_assert_msg(play.sim != NULL, "%s: %s", error.step, error.message);
    return play;
}

void scene_expect(struct play *play, int64_t when, const char *wanted)
{
    play->scene->clock = when;
    play->ended = flow_test_settle(play->sim);
    ck_assert_str_eq(scene_lines(&play->scene->got), wanted);
}

void scene_reborn(struct play *play, uint32_t workers)
{
    play->scene->options.workers = workers;
    play->sim = flow_test_reborn(play->sim, play->scene->pipeline, &play->scene->options);
}

void scene_end(struct play *play, const char *wanted)
{
    flow_error error = { 0 };
    scene_expect(play, INT64_C(1000000000), wanted);
    ck_assert(play->ended);
    const flow_status status = flow_test_close(play->sim, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
}

void scene_end_badly(struct scene *scene, const char *wanted)
{
    flow_error error = { 0 };
    struct play play = scene_begin(scene);
    scene->clock = INT64_C(1000000000);
    flow_test_settle(play.sim);
    const flow_status status = flow_test_close(play.sim, &error);
    ck_assert_int_ne(status, FLOW_OK);
    ck_assert_msg(strstr(error.message, wanted) != NULL, "%s: %s", error.step, error.message);
    scene_free(scene);
}

int64_t scene_watermark(const struct play *play, const char *path)
{
    flow_step_report report;
    for (size_t i = 0; fl_engine_step_report(play->sim->engine, i, &report); i++)
        if (strcmp(report.path, path) == 0)
            return report.watermark.us;
    ck_abort_msg("there is no step %s", path);
}
