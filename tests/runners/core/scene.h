// SPDX-License-Identifier: Apache-2.0
// Scenes: a main and a side input, row by row as a clock goes on, and a step that looks from one
// into the other. What comes at an instant is all there before the clock goes on.
#ifndef SCENE_H
#define SCENE_H

#include "flow_test.h"

#define SECOND      INT64_C(1000000)
#define SCENE_SLACK INT64_C(1000000000000000) // how far ticks run ahead of the watermark
#define SCENE_MOST  4096

// An input that comes row by row, each when the clock says so.
struct input {
    struct flow_test_row rows[SCENE_MOST];
    struct flow_test_piece pieces[SCENE_MOST];
    struct flow_test_script script;
    size_t count;
};

struct scene {
    struct input main, side;
    int64_t clock;
    flow_pipeline *pipeline;
    flow_coll main_rows, side_rows;
    struct flow_test_results got, dropped;
    struct flow_test_options options;
};

// A scene being played.
struct play {
    struct scene *scene;
    struct flow_test_sim *sim;
    bool ended;
};

struct scene *scene_new(void);
void scene_free(struct scene *scene);

// A row of an input at a second of event time, which comes when the clock shows `when`.
void scene_row(struct input *input, int64_t when, int64_t k, int64_t v, int64_t second);

// The watermark of an input moves.
void scene_tick(struct input *input, int64_t when, int64_t second);

flow_coll scene_window(flow_coll in, flow_windows windows, int64_t lateness);
flow_windows scene_fixed(int64_t seconds);
flow_coll scene_by_k(flow_coll in);

// A step that looks into a view, its results collected.
flow_coll scene_look(struct scene *scene, flow_coll in, const flow_fn *fn, flow_view view);

// Gives a row with another v: what looking functions do.
flow_status scene_emit(flow_ctx *ctx, const struct flow_test_row *in, int64_t v);

// Functions that give each row with the v that they found; -1: nothing. By the row's k in a map or
// table, and the sum of all rows.
extern const flow_fn *const scene_find, *const scene_add_all;

// Results as "k=v", in order.
const char *scene_lines(const struct flow_test_results *results);

struct play scene_begin(struct scene *scene);

// What the results are once all that comes until `when` has come.
void scene_expect(struct play *play, int64_t when, const char *wanted);

// Goes on in a fresh engine from a snapshot of this one.
void scene_reborn(struct play *play, uint32_t workers);

// Plays to the end, which is good; or a failure with this in its sentence.
void scene_end(struct play *play, const char *wanted);
void scene_end_badly(struct scene *scene, const char *wanted);

// The watermark that a step shows.
int64_t scene_watermark(const struct play *play, const char *path);

#endif
