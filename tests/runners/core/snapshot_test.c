// SPDX-License-Identifier: Apache-2.0
// Snapshots: the same answers on any number of workers, and what is no whole snapshot of this very
// pipeline at rest is refused with a sentence.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdio.h>
#include <stdlib.h>

#include "flow_test.h"

TCase *snapshot_tests(void);

#define ROWS   60
#define SECOND INT64_C(1000000)

// --- a pipeline with state of every kind

struct seen {
    int64_t count;
    flow_str last;
};
FLOW_RECORD(seen, count, last);

static flow_status remember(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct seen *seen)
{
    (void)key;
    seen->count++;
    seen->last = row->s;
    flow_timer_set(ctx, (flow_time){ row->at.us + 7 * SECOND });
    return FLOW_OK;
}

static flow_status remember_timer(flow_ctx *ctx, const int64_t *key, struct seen *seen)
{
    (void)key;
    return FLOW_EMIT_ROW(ctx, seen, seen);
}
FLOW_STATEFUL_FN(remember, int64_t, flow_test_row, seen, seen);

struct numbered {
    int64_t number;
    int64_t v;
};
FLOW_RECORD(numbered, number, v);

static flow_status number(
    flow_ctx *ctx, const int64_t *key, const struct flow_test_row *row, struct seen *seen)
{
    (void)key;
    return FLOW_EMIT(ctx, numbered, .number = seen->count++, .v = row->v);
}

static flow_status number_timer(flow_ctx *ctx, const int64_t *key, struct seen *seen)
{
    (void)ctx;
    (void)key;
    (void)seen;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(number, int64_t, flow_test_row, seen, numbered);

static flow_status sum_of_group(flow_ctx *ctx, const flow_str *key, flow_rows *rows)
{
    const struct flow_test_row *row;
    int64_t sum = 0;
    (void)key;
    while ((row = flow_rows_next(rows)))
        sum += row->v;
    return FLOW_EMIT(ctx, numbered, .number = (int64_t)flow_rows_count(rows), .v = sum);
}
FLOW_GROUP_FN(sum_of_group, flow_str, flow_test_row, numbered);

enum {
    OUTS = 5
};

struct scene {
    struct flow_test_row rows[ROWS];
    struct flow_test_piece pieces[2];
    struct flow_test_script script;
    int64_t clock;
    struct flow_test_results got[OUTS], wanted[OUTS];
    struct flow_test_options options;
    flow_pipeline *pipeline;
};

static flow_coll windowed(flow_coll in, flow_windows windows)
{
    return flow_window_into(in, &(flow_window_options){ .windows = windows });
}

static flow_pipeline *build(struct scene *scene, struct flow_test_results *into)
{
    flow_pipeline *pipeline = flow_pipeline_new("scene");
    const flow_coll rows = flow_test_read(pipeline, &scene->script);
    const flow_coll by_k = flow_key_by(rows, FLOW_FIELD(flow_test_row, k));
    const flow_windows tens = flow_fixed(flow_seconds(10));
    const flow_windows sliding = flow_sliding(flow_seconds(10), flow_seconds(3));
    const flow_coll by_s = flow_key_by(windowed(rows, tens), FLOW_FIELD(flow_test_row, s));
    const flow_do_options sorted = { .time_sorted = true };
    flow_test_collect(flow_count(windowed(by_k, sliding)), &into[0]);
    flow_test_collect(flow_distinct(windowed(rows, tens)), &into[1]);
    flow_test_collect(flow_do(by_k, &remember_fn), &into[2]);
    flow_test_collect(flow_do(by_k, &number_fn, &sorted), &into[3]);
    flow_test_collect(flow_group(by_s, &sum_of_group_fn), &into[4]);
    return pipeline;
}

static void start(struct scene *scene)
{
    static const char *const texts[] = { "", "a", "a longer one that has its bytes elsewhere" };
    memset(scene, 0, sizeof *scene);
    for (int64_t i = 0; i < ROWS; i++) {
        scene->rows[i] = flow_test_row_at(i / 2 % 7, i / 2 % 5, (i + i * 7 % 4) * SECOND);
        scene->rows[i].s = flow_str_of(texts[i / 2 % 3]);
    }
    scene->clock = SECOND;
    scene->pieces[0] = (struct flow_test_piece){ .rows = scene->rows, .count = ROWS / 2 };
    scene->pieces[1] = (struct flow_test_piece){
        .rows = scene->rows + ROWS / 2, .count = ROWS - ROWS / 2, .not_before = 2 * SECOND
    };
    scene->script = (struct flow_test_script){ .type = &flow_test_row_type,
        .pieces = scene->pieces,
        .piece_count = 2,
        .event_time = FLOW_FIELD(flow_test_row, at),
        .times.disorder = flow_seconds(4),
        .clock = &scene->clock };
    for (int i = 0; i < OUTS; i++) {
        flow_test_results_init(&scene->got[i], "restored");
        flow_test_results_init(&scene->wanted[i], "undisturbed");
        scene->got[i].keep = true;
    }
    scene->options = (struct flow_test_options){
        .workers = 2, .seed = 5, .clock = &scene->clock, .faults.point = -1
    };
    scene->pipeline = build(scene, scene->got);
}

static void end(struct scene *scene)
{
    flow_pipeline_free(scene->pipeline);
    for (int i = 0; i < OUTS; i++) {
        flow_test_results_clear(&scene->got[i]);
        flow_test_results_clear(&scene->wanted[i]);
    }
}

static struct flow_test_sim *open_engine(struct scene *scene, uint32_t workers)
{
    flow_error error = { 0 };
    scene->options.workers = workers;
    struct flow_test_sim *sim = flow_test_open(scene->pipeline, &scene->options, &error);
    ck_assert_msg(sim != NULL, "%s: %s", error.step, error.message);
    return sim;
}

// Throws an engine away as a crash would.
static void drop_engine(struct flow_test_sim *sim)
{
    fl_engine_free(sim->engine);
    free(sim);
}

// Reads the first piece and writes down what is known then.
static flow_buffer half_way(struct scene *scene)
{
    flow_buffer bytes = { 0 };
    flow_error error = { 0 };
    struct flow_test_sim *sim = open_engine(scene, 3);
    ck_assert(!flow_test_settle(sim));
    ck_assert(fl_engine_at_rest(sim->engine));
    ck_assert_msg(fl_engine_snapshot(sim->engine, &bytes, &error), "%s", error.message);
    drop_engine(sim);
    return bytes;
}

static void go_on(struct scene *scene, struct flow_test_sim *sim)
{
    flow_error error = { 0 };
    while (!flow_test_settle(sim))
        scene->clock += SECOND;
    ck_assert_msg(flow_test_close(sim, &error) == FLOW_OK, "%s: %s", error.step, error.message);
}

static void expect_undisturbed(struct scene *scene)
{
    scene->clock = SECOND;
    flow_pipeline *pipeline = build(scene, scene->wanted);
    flow_test_run_well(pipeline, &scene->options);
    flow_pipeline_free(pipeline);
    for (int i = 0; i < OUTS; i++) {
        const char *why = flow_test_differ(&scene->got[i], &scene->wanted[i]);
        ck_assert_uint_gt(scene->wanted[i].count, 0);
        ck_assert_msg(why == NULL, "output %d of %u workers: %s", i, scene->options.workers, why);
    }
}

// Restoring must fail so, with these words somewhere in the sentence; NULL: any.
static void expect_status(
    struct flow_test_sim *sim, flow_str bytes, flow_status wanted, const char *words)
{
    flow_error error = { 0 };
    const flow_status status = fl_engine_restore(sim->engine, bytes, &error);
    ck_assert_msg(status == wanted, "status %d: %s", (int)status, error.message);
    ck_assert_int_eq(error.status, status);
    ck_assert_msg(strstr(error.message, words ? words : " ") != NULL, "'%s' is not in '%s'",
        words ? words : " ", error.message);
}

static void expect_refused(struct flow_test_sim *sim, flow_str bytes, const char *words)
{
    expect_status(sim, bytes, FLOW_DAMAGED, words);
}

// --- the same answers

START_TEST(a_snapshot_goes_on_with_any_number_of_workers)
{
    static const uint32_t workers[] = { 1, 2, 5 };
    struct scene scene;
    start(&scene);
    flow_buffer bytes = half_way(&scene);
    flow_error error = { 0 };
    struct flow_test_sim *sim = open_engine(&scene, workers[_i]);
    const flow_str snapshot = { bytes.data, bytes.len };
    const flow_status status = fl_engine_restore(sim->engine, snapshot, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
    go_on(&scene, sim);
    expect_undisturbed(&scene);
    flow_buffer_free(&bytes);
    end(&scene);
}
END_TEST

START_TEST(a_snapshot_of_a_restored_engine_goes_on_too)
{
    struct scene scene;
    start(&scene);
    flow_buffer first = half_way(&scene), again = { 0 };
    flow_error error = { 0 };
    struct flow_test_sim *sim = open_engine(&scene, 4);
    ck_assert_int_eq(
        fl_engine_restore(sim->engine, (flow_str){ first.data, first.len }, &error), FLOW_OK);
    ck_assert(fl_engine_at_rest(sim->engine));
    ck_assert_msg(fl_engine_snapshot(sim->engine, &again, &error), "%s", error.message);
    drop_engine(sim);
    sim = open_engine(&scene, 3);
    ck_assert_int_eq(
        fl_engine_restore(sim->engine, (flow_str){ again.data, again.len }, &error), FLOW_OK);
    go_on(&scene, sim);
    expect_undisturbed(&scene);
    flow_buffer_free(&first);
    flow_buffer_free(&again);
    end(&scene);
}
END_TEST

// --- damage

START_TEST(a_snapshot_cut_at_any_length_is_refused_and_leaves_no_trace)
{
    struct scene scene;
    start(&scene);
    flow_buffer bytes = half_way(&scene);
    flow_error error = { 0 };
    struct flow_test_sim *sim = open_engine(&scene, 2);
    for (size_t len = 0; len < bytes.len; len++)
        expect_refused(sim, (flow_str){ bytes.data, len }, "snapshot");
    ck_assert_int_eq(
        fl_engine_restore(sim->engine, (flow_str){ bytes.data, bytes.len }, &error), FLOW_OK);
    go_on(&scene, sim);
    expect_undisturbed(&scene);
    flow_buffer_free(&bytes);
    end(&scene);
}
END_TEST

START_TEST(a_snapshot_with_any_bit_flipped_is_refused)
{
    struct scene scene;
    start(&scene);
    flow_buffer bytes = half_way(&scene);
    struct flow_test_sim *sim = open_engine(&scene, 2);
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        bytes.data[bit / 8] ^= (char)(1u << bit % 8);
        expect_refused(sim, (flow_str){ bytes.data, bytes.len }, "snapshot");
        bytes.data[bit / 8] ^= (char)(1u << bit % 8);
    }
    drop_engine(sim);
    flow_buffer_free(&bytes);
    end(&scene);
}
END_TEST

static void sum_up(char *data, size_t len)
{
    const uint64_t sum = XXH3_64bits(data, len - 8);
    for (unsigned i = 0; i < 8; i++)
        data[len - 8 + i] = (char)(sum >> (8 * i));
}

// As a writer with a fault would leave it: the sum fits, what it is over does not.
START_TEST(a_cut_that_the_checksum_does_not_show_is_refused)
{
    struct scene scene;
    start(&scene);
    flow_buffer bytes = half_way(&scene);
    for (size_t len = 16; len < bytes.len; len += 1 + bytes.len / 150) {
        struct flow_test_sim *sim = open_engine(&scene, 1 + (uint32_t)(len % 3));
        char *copy = malloc(len);
        memcpy(copy, bytes.data, len);
        sum_up(copy, len);
        expect_refused(sim, (flow_str){ copy, len }, NULL);
        free(copy);
        drop_engine(sim);
    }
    flow_buffer_free(&bytes);
    end(&scene);
}
END_TEST

START_TEST(a_flipped_bit_that_the_checksum_does_not_show_breaks_nothing)
{
    struct scene scene;
    start(&scene);
    flow_buffer bytes = half_way(&scene);
    uint32_t refused = 0;
    for (size_t bit = 64; bit < 8 * bytes.len - 64; bit += 1 + bytes.len / 60) {
        struct flow_test_sim *sim = open_engine(&scene, 2);
        flow_error error = { 0 };
        bytes.data[bit / 8] ^= (char)(1u << bit % 8);
        sum_up(bytes.data, bytes.len);
        const flow_status status =
            fl_engine_restore(sim->engine, (flow_str){ bytes.data, bytes.len }, &error);
        ck_assert_msg(status == FLOW_OK || strchr(error.message, ' '), "bit %zu: no sentence", bit);
        refused += status != FLOW_OK;
        bytes.data[bit / 8] ^= (char)(1u << bit % 8);
        drop_engine(sim);
    }
    ck_assert_uint_gt(refused, 0);
    flow_buffer_free(&bytes);
    end(&scene);
}
END_TEST

// --- another pipeline

enum other {
    OTHER_STEP,
    OTHER_KIND,
    OTHER_TYPE,
    OTHER_KEY,
    OTHER_WINDOWS,
    OTHER_SOURCE,
    OTHER_COUNT
};

static const char *const other_words[OTHER_COUNT] = { "total", "another", "field", "another",
    "another", "which the pipeline has not" };

// The pipeline that the snapshot is of, or one that differs in one thing.
static flow_pipeline *build_other(
    struct scene *scene, enum other other, struct flow_test_results *into)
{
    flow_pipeline *pipeline = flow_pipeline_new("other");
    const flow_coll rows = flow_named(
        flow_test_read(pipeline, &scene->script), other == OTHER_SOURCE ? "else" : "rows");
    const flow_field_ref key =
        other == OTHER_KEY ? FLOW_FIELD(flow_test_row, s) : FLOW_FIELD(flow_test_row, k);
    const int64_t size = other == OTHER_WINDOWS ? 11 : 10;
    const flow_coll in = windowed(flow_key_by(rows, key), flow_fixed(flow_seconds(size)));
    flow_coll out = other == OTHER_KIND   ? flow_do(in, &remember_fn)
                    : other == OTHER_TYPE ? flow_sum(in, FLOW_FIELD(flow_test_row, x))
                                          : flow_count(in);
    out = flow_named(out, other == OTHER_STEP ? "else" : "total");
    flow_test_collect(out, into);
    return pipeline;
}

START_TEST(a_snapshot_of_another_pipeline_is_refused)
{
    struct scene scene;
    start(&scene);
    flow_pipeline_free(scene.pipeline);
    scene.pipeline = build_other(&scene, OTHER_COUNT, scene.got);
    flow_buffer bytes = half_way(&scene);
    flow_pipeline_free(scene.pipeline);
    scene.pipeline = build_other(&scene, (enum other)_i, scene.got);
    struct flow_test_sim *sim = open_engine(&scene, 2);
    expect_status(sim, (flow_str){ bytes.data, bytes.len },
        _i == OTHER_TYPE ? FLOW_TYPE : FLOW_DAMAGED, other_words[_i]);
    drop_engine(sim);
    flow_buffer_free(&bytes);
    end(&scene);
}
END_TEST

struct told {
    char step[40], message[80];
    int count;
};

static void hear(void *user, flow_log_level level, const char *step, const char *message)
{
    struct told *told = user;
    if (level != FLOW_LOG_WARN)
        return;
    snprintf(told->step, sizeof told->step, "%s", step);
    snprintf(told->message, sizeof told->message, "%s", message);
    told->count++;
}

// Counts by k, and, once they were thought of, by place.
static flow_pipeline *build_grown(struct scene *scene, bool grown, struct told *told)
{
    flow_pipeline *pipeline =
        flow_pipeline_new_with("grown", &(flow_pipeline_options){ .log = hear, .log_user = told });
    const flow_coll rows = flow_named(flow_test_read(pipeline, &scene->script), "rows");
    const flow_coll by_k = flow_key_by(rows, FLOW_FIELD(flow_test_row, k));
    flow_test_collect(flow_named(flow_count(by_k), "total"), &scene->got[0]);
    if (grown) {
        const flow_coll all = flow_key_by(rows, FLOW_FIELD(flow_test_row, place.a));
        flow_test_collect(flow_named(flow_count(all), "added"), &scene->got[1]);
    }
    return pipeline;
}

static int64_t counted(const struct flow_test_results *results)
{
    int64_t sum = 0;
    for (size_t i = 0; i < results->count; i++)
        sum += strtoll(strrchr(results->list[i].text, ':') + 1, NULL, 10);
    return sum;
}

START_TEST(a_step_that_was_added_starts_empty_and_the_log_names_it)
{
    struct scene scene;
    struct told told = { .count = 0 };
    start(&scene);
    flow_pipeline_free(scene.pipeline);
    scene.pipeline = build_grown(&scene, false, &told);
    flow_buffer bytes = half_way(&scene);
    flow_pipeline_free(scene.pipeline);
    scene.pipeline = build_grown(&scene, true, &told);
    struct flow_test_sim *sim = open_engine(&scene, 2);
    flow_error error = { 0 };
    const flow_str snapshot = { bytes.data, bytes.len };
    ck_assert_msg(fl_engine_restore(sim->engine, snapshot, &error) == FLOW_OK, "%s", error.message);
    ck_assert_int_eq(told.count, 1);
    ck_assert_str_eq(told.step, "added");
    ck_assert_str_eq(told.message, "the snapshot has no state of it: it starts empty");
    go_on(&scene, sim);
    ck_assert_int_eq(counted(&scene.got[0]), ROWS);
    ck_assert_int_eq(counted(&scene.got[1]), (int64_t)(ROWS - scene.pieces[0].count));
    flow_buffer_free(&bytes);
    end(&scene);
}
END_TEST

START_TEST(a_snapshot_with_more_partitions_than_the_source_is_refused)
{
    struct scene scene;
    start(&scene);
    scene.script.partitions = 2;
    flow_buffer bytes = half_way(&scene);
    scene.script.partitions = 1;
    struct flow_test_sim *sim = open_engine(&scene, 2);
    expect_refused(sim, (flow_str){ bytes.data, bytes.len }, "2 partitions");
    drop_engine(sim);
    flow_buffer_free(&bytes);
    end(&scene);
}
END_TEST

// --- at rest

START_TEST(a_snapshot_while_rows_are_on_their_way_is_refused)
{
    struct scene scene;
    start(&scene);
    struct flow_test_sim *sim = open_engine(&scene, 2);
    flow_buffer bytes = { 0 };
    flow_error error = { 0 };
    ck_assert(fl_engine_at_rest(sim->engine));
    while (fl_engine_step(sim->engine, 0) != FL_STEP_WORKED)
        ck_assert(fl_engine_at_rest(sim->engine));
    ck_assert(!fl_engine_at_rest(sim->engine));
    ck_assert(!fl_engine_snapshot(sim->engine, &bytes, &error));
    ck_assert_int_eq(error.status, FLOW_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "at rest"));
    ck_assert_uint_eq(bytes.len, 0);
    fl_engine_hold(sim->engine, true);
    ck_assert(!flow_test_settle(sim));
    error = (flow_error){ 0 };
    ck_assert_msg(fl_engine_snapshot(sim->engine, &bytes, &error), "%s", error.message);
    fl_engine_hold(sim->engine, false);
    go_on(&scene, sim);
    expect_undisturbed(&scene);
    flow_buffer_free(&bytes);
    end(&scene);
}
END_TEST

TCase *snapshot_tests(void)
{
    TCase *tests = tcase_create("snapshots");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_snapshot_goes_on_with_any_number_of_workers, 0, 3);
    tcase_add_test(tests, a_snapshot_of_a_restored_engine_goes_on_too);
    tcase_add_test(tests, a_snapshot_cut_at_any_length_is_refused_and_leaves_no_trace);
    tcase_add_test(tests, a_snapshot_with_any_bit_flipped_is_refused);
    tcase_add_test(tests, a_cut_that_the_checksum_does_not_show_is_refused);
    tcase_add_test(tests, a_flipped_bit_that_the_checksum_does_not_show_breaks_nothing);
    tcase_add_loop_test(tests, a_snapshot_of_another_pipeline_is_refused, 0, OTHER_COUNT);
    tcase_add_test(tests, a_step_that_was_added_starts_empty_and_the_log_names_it);
    tcase_add_test(tests, a_snapshot_with_more_partitions_than_the_source_is_refused);
    tcase_add_test(tests, a_snapshot_while_rows_are_on_their_way_is_refused);
    return tests;
}
