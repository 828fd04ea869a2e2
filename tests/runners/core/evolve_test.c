// SPDX-License-Identifier: Apache-2.0
// A snapshot of an older program goes on in a newer one whose records have grown, and is refused
// with the difference in words otherwise.
#include <stdlib.h>

#include "flow_test.h"

TCase *evolve_tests(void);

#define ROWS   40
#define SECOND INT64_C(1000000)

// What both programs give out.
struct told {
    int64_t count;
    double sum;
};
FLOW_RECORD(told, count, sum);

struct spot {
    int64_t x;
    flow_str name;
};
FLOW_RECORD(spot, x, name);

// --- the older program

struct sale1 {
    int64_t k;
    float price;
    flow_str s;
    int32_t n;
    flow_time at;
    struct spot spot;
};
FLOW_RECORD_OF(sale1, FLOW_COLUMN(sale1, k), FLOW_COLUMN(sale1, price), FLOW_COLUMN(sale1, s),
    FLOW_COLUMN(sale1, n), FLOW_COLUMN(sale1, at), FLOW_COLUMN_RECORD(sale1, spot, spot));

struct memo1 {
    int32_t count;
    float sum;
    flow_str last;
};
FLOW_RECORD(memo1, count, sum, last);

// --- the newer one: moved, widened, and with more to say

struct sale2 {
    flow_str colour;
    bool has_colour;
    flow_time at;
    int64_t n;
    int64_t k;
    double price;
    flow_str s;
    struct spot spot;
};
FLOW_RECORD_OF(sale2, FLOW_COLUMN_OPTIONAL(sale2, colour, has_colour), FLOW_COLUMN(sale2, at),
    FLOW_COLUMN(sale2, n), FLOW_COLUMN(sale2, k), FLOW_COLUMN(sale2, price), FLOW_COLUMN(sale2, s),
    FLOW_COLUMN_RECORD(sale2, spot, spot));

struct memo2 {
    double sum;
    int64_t count;
    int64_t best;
    bool has_best;
    flow_str last;
};
FLOW_RECORD_OF(memo2, FLOW_COLUMN(memo2, sum), FLOW_COLUMN(memo2, count),
    FLOW_COLUMN_OPTIONAL(memo2, best, has_best), FLOW_COLUMN(memo2, last));

// The functions of one program over its `sale` and `memo`.
#define PROGRAM(V)                                                                                 \
    static flow_status remember##V(                                                                \
        flow_ctx *ctx, const int64_t *key, const struct sale##V *sale, struct memo##V *memo)       \
    {                                                                                              \
        (void)key;                                                                                 \
        memo->count++;                                                                             \
        memo->sum += sale->price;                                                                  \
        memo->last = sale->s;                                                                      \
        flow_timer_set(ctx, (flow_time){ sale->at.us + 7 * SECOND });                              \
        return FLOW_OK;                                                                            \
    }                                                                                              \
    static flow_status remember##V##_timer(                                                        \
        flow_ctx *ctx, const int64_t *key, struct memo##V *memo)                                   \
    {                                                                                              \
        (void)key;                                                                                 \
        const int64_t len = (int64_t)memo->last.len;                                               \
        return FLOW_EMIT(ctx, told, .count = 100 * memo->count + len, .sum = memo->sum);           \
    }                                                                                              \
    FLOW_STATEFUL_FN(remember##V, int64_t, sale##V, memo##V, told);                                \
    static flow_status together##V(flow_ctx *ctx, const struct spot *key, flow_rows *rows)         \
    {                                                                                              \
        struct told told = { 0 };                                                                  \
        for (const struct sale##V *sale; (sale = flow_rows_next(rows));)                           \
            told.sum += sale->price, told.count += sale->n + (int64_t)sale->s.len + key->x;        \
        return FLOW_EMIT_ROW(ctx, told, &told);                                                    \
    }                                                                                              \
    FLOW_GROUP_FN(together##V, struct spot, sale##V, told);                                        \
    static void memo##V##_add(struct memo##V *memo, const struct sale##V *sale)                    \
    {                                                                                              \
        memo->count += (int32_t)sale->n;                                                           \
        memo->sum += sale->price;                                                                  \
    }                                                                                              \
    static void memo##V##_merge(struct memo##V *memo, const struct memo##V *other)                 \
    {                                                                                              \
        memo->count += other->count;                                                               \
        memo->sum += other->sum;                                                                   \
    }                                                                                              \
    FLOW_COMBINE_FN(memo##V, sale##V);                                                             \
    static void build##V(flow_coll sales, struct flow_test_results *into)                          \
    {                                                                                              \
        const flow_coll by_k = flow_key_by(sales, FLOW_FIELD(sale##V, k));                         \
        const flow_coll by_spot = flow_key_by(tens(sales), FLOW_FIELD(sale##V, spot));             \
        const flow_do_options sorted = { .name = "remembered", .time_sorted = true };              \
        const flow_do_options grouped = { .name = "together" };                                    \
        const flow_combine_options combined = { .name = "added" };                                 \
        flow_test_collect(flow_do(by_k, &remember##V##_fn, &sorted), &into[0]);                    \
        flow_test_collect(flow_group(by_spot, &together##V##_fn, &grouped), &into[1]);             \
        flow_test_collect(flow_combine(tens(by_k), &memo##V##_combine, &combined), &into[2]);      \
    }

enum {
    OUTS = 3
};

static flow_coll tens(flow_coll in)
{
    const flow_windows windows = flow_fixed(flow_seconds(10));
    return flow_window_into(in, &(flow_window_options){ .windows = windows });
}

PROGRAM(1)
PROGRAM(2)

// --- both over the same sales

struct scene {
    struct sale1 old[ROWS];
    struct sale2 now[ROWS];
    struct flow_test_piece pieces[2][2];
    struct flow_test_script scripts[2];
    struct flow_test_results dropped[OUTS], got[OUTS], wanted[OUTS];
    struct flow_test_options options;
    int64_t clock;
};

static void fill(struct scene *scene, const char *const *texts)
{
    for (int64_t i = 0; i < ROWS; i++) {
        const flow_time at = { (i + i * 7 % 4) * SECOND };
        const struct spot spot = { i % 2, flow_str_of(texts[i % 2]) };
        const flow_str s = flow_str_of(texts[i % 3]);
        const int32_t n = (int32_t)(i - 20);
        scene->old[i] = (struct sale1){ i % 5, (float)(i % 9) / 2, s, n, at, spot };
        scene->now[i] = (struct sale2){
            .at = at, .n = n, .k = i % 5, .price = (double)(i % 9) / 2, .s = s, .spot = spot
        };
    }
}

static void start(struct scene *scene)
{
    static const char *const texts[] = { "", "a", "a longer one that has its bytes elsewhere" };
    memset(scene, 0, sizeof *scene);
    fill(scene, texts);
    scene->clock = SECOND;
    for (int p = 0; p < 2; p++) {
        for (int half = 0; half < 2; half++)
            scene->pieces[p][half] = (struct flow_test_piece){ .count = ROWS / 2,
                .rows = p ? (void *)&scene->now[half * ROWS / 2] : &scene->old[half * ROWS / 2],
                .not_before = half * 2 * SECOND };
        scene->scripts[p] = (struct flow_test_script){ .type = p ? &sale2_type : &sale1_type,
            .pieces = scene->pieces[p],
            .piece_count = 2,
            .event_time = p ? FLOW_FIELD(sale2, at) : FLOW_FIELD(sale1, at),
            .times.disorder = flow_seconds(4),
            .clock = &scene->clock };
    }
    for (int i = 0; i < OUTS; i++) {
        flow_test_results_init(&scene->dropped[i], "older");
        flow_test_results_init(&scene->got[i], "restored");
        flow_test_results_init(&scene->wanted[i], "undisturbed");
        scene->got[i].keep = true;
    }
    scene->options = (struct flow_test_options){
        .workers = 3, .seed = 5, .clock = &scene->clock, .faults.point = -1
    };
}

static void end(struct scene *scene)
{
    for (int i = 0; i < OUTS; i++) {
        flow_test_results_clear(&scene->dropped[i]);
        flow_test_results_clear(&scene->got[i]);
        flow_test_results_clear(&scene->wanted[i]);
    }
}

static flow_pipeline *build(struct scene *scene, int program, struct flow_test_results *into)
{
    flow_pipeline *pipeline = flow_pipeline_new("sales");
    const flow_coll sales = flow_named(flow_test_read(pipeline, &scene->scripts[program]), "sales");
    (program ? build2 : build1)(sales, into);
    return pipeline;
}

// What a program knows when it has read the first half.
static flow_buffer half_way(struct scene *scene, int program, struct flow_test_results *into)
{
    flow_buffer bytes = { 0 };
    flow_error error = { 0 };
    flow_pipeline *pipeline = build(scene, program, into);
    struct flow_test_sim *sim = flow_test_open(pipeline, &scene->options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    ck_assert(!flow_test_settle(sim));
    ck_assert_msg(fl_engine_snapshot(sim->engine, &bytes, &error), "%s", error.message);
    fl_engine_free(sim->engine);
    free(sim);
    flow_pipeline_free(pipeline);
    return bytes;
}

// What the older program gave out in its half counts as given out.
static void undisturbed(struct scene *scene)
{
    scene->clock = SECOND;
    flow_pipeline *pipeline = build(scene, 1, scene->wanted);
    flow_test_run_well(pipeline, &scene->options);
    flow_pipeline_free(pipeline);
}

START_TEST(a_newer_program_goes_on_where_the_older_one_stood)
{
    struct scene scene;
    start(&scene);
    flow_buffer bytes = half_way(&scene, 0, scene.dropped);
    flow_error error = { 0 };
    // The newer one's own first half gives out what the older one had.
    flow_buffer unused = half_way(&scene, 1, scene.got);
    flow_buffer_free(&unused);
    scene.options.workers = 1 + (uint32_t)_i;
    flow_pipeline *pipeline = build(&scene, 1, scene.got);
    struct flow_test_sim *sim = flow_test_open(pipeline, &scene.options, &error);
    const flow_str snapshot = { bytes.data, bytes.len };
    const flow_status status = fl_engine_restore(sim->engine, snapshot, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
    while (!flow_test_settle(sim))
        scene.clock += SECOND;
    ck_assert_msg(flow_test_close(sim, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(pipeline);
    undisturbed(&scene);
    for (int i = 0; i < OUTS; i++) {
        const char *why = flow_test_differ(&scene.got[i], &scene.wanted[i]);
        ck_assert_uint_gt(scene.wanted[i].count, 0);
        ck_assert_msg(why == NULL, "output %d: %s", i, why);
    }
    flow_buffer_free(&bytes);
    end(&scene);
}
END_TEST

START_TEST(an_older_program_refuses_and_names_step_record_and_fields)
{
    struct scene scene;
    start(&scene);
    flow_buffer bytes = half_way(&scene, 1, scene.dropped);
    flow_error error = { 0 };
    flow_pipeline *pipeline = build(&scene, 0, scene.got);
    struct flow_test_sim *sim = flow_test_open(pipeline, &scene.options, &error);
    const flow_str snapshot = { bytes.data, bytes.len };
    ck_assert_int_eq(fl_engine_restore(sim->engine, snapshot, &error), FLOW_TYPE);
    ck_assert_str_eq(error.step, "remembered");
    ck_assert_str_eq(error.message,
        "the snapshot does not fit the step's state: record \"memo1\": field \"count\" is an "
        "int64 in the snapshot and an int32 in the program; field \"sum\" is a double in the "
        "snapshot and a float in the program; field \"best\" is in the snapshot and not in the "
        "program");
    fl_engine_free(sim->engine);
    free(sim);
    flow_pipeline_free(pipeline);
    flow_buffer_free(&bytes);
    end(&scene);
}
END_TEST

// --- keys

struct place1 {
    int64_t x;
    int64_t y;
};
FLOW_RECORD(place1, x, y);

struct place2 {
    int64_t y;
    int64_t x;
};
FLOW_RECORD(place2, y, x);

struct stop1 {
    struct place1 place;
};
FLOW_RECORD_OF(stop1, FLOW_COLUMN_RECORD(stop1, place, place1));

struct stop2 {
    struct place2 place;
};
FLOW_RECORD_OF(stop2, FLOW_COLUMN_RECORD(stop2, place, place2));

static const struct stop1 stops1[] = { { { 1, 2 } }, { { 3, 4 } } };
static const struct stop2 stops2[] = { { { 2, 1 } }, { { 4, 3 } } };

static struct flow_test_sim *count_stops(
    int program, flow_pipeline **pipeline, struct flow_test_results *into)
{
    static const struct flow_test_piece pieces[2] = {
        { .rows = stops1, .count = 2, .endless = true },
        { .rows = stops2, .count = 2, .endless = true },
    };
    static struct flow_test_script scripts[2];
    const flow_type *const types[2] = { &stop1_type, &stop2_type };
    const flow_field_ref fields[2] = { FLOW_FIELD(stop1, place), FLOW_FIELD(stop2, place) };
    flow_error error = { 0 };
    scripts[program] = (struct flow_test_script){
        .type = types[program], .pieces = &pieces[program], .piece_count = 1
    };
    *pipeline = flow_pipeline_new("stops");
    const flow_coll rows = flow_named(flow_test_read(*pipeline, &scripts[program]), "stops");
    flow_test_collect(flow_named(flow_count(flow_key_by(rows, fields[program])), "n"), into);
    const struct flow_test_options options = { .workers = 1, .faults.point = -1 };
    struct flow_test_sim *sim = flow_test_open(*pipeline, &options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    return sim;
}

START_TEST(r21_the_record_of_a_key_must_not_change)
{
    flow_pipeline *pipelines[2];
    struct flow_test_results results;
    flow_buffer bytes = { 0 };
    flow_error error = { 0 };
    flow_test_results_init(&results, "stops");
    struct flow_test_sim *older = count_stops(0, &pipelines[0], &results);
    ck_assert(!flow_test_settle(older));
    ck_assert_msg(fl_engine_snapshot(older->engine, &bytes, &error), "%s", error.message);
    struct flow_test_sim *newer = count_stops(1, &pipelines[1], &results);
    const flow_str snapshot = { bytes.data, bytes.len };
    ck_assert_int_eq(fl_engine_restore(newer->engine, snapshot, &error), FLOW_TYPE);
    ck_assert_str_eq(error.step, "n");
    ck_assert_str_eq(error.message,
        "the snapshot does not fit the step's key: record \"place2\": field \"y\" has another "
        "place in the snapshot than in the program; field \"x\" has another place in the snapshot "
        "than in the program");
    fl_engine_free(older->engine);
    fl_engine_free(newer->engine);
    free(older);
    free(newer);
    flow_pipeline_free(pipelines[0]);
    flow_pipeline_free(pipelines[1]);
    flow_test_results_clear(&results);
    flow_buffer_free(&bytes);
}
END_TEST

TCase *evolve_tests(void)
{
    TCase *tests = tcase_create("evolve");
    tcase_add_loop_test(tests, a_newer_program_goes_on_where_the_older_one_stood, 0, 3);
    tcase_add_test(tests, an_older_program_refuses_and_names_step_record_and_fields);
    tcase_add_test(tests, r21_the_record_of_a_key_must_not_change);
    return tests;
}
