// SPDX-License-Identifier: Apache-2.0
// Rows lent from an array.
#include "suite.h"

#include <stdlib.h>

#include <flow/runner_local.h>

struct point {
    int64_t id;
    flow_str label;
};
FLOW_RECORD(point, id, label);

static flow_pipeline *pipeline_of(const struct point *rows, size_t count)
{
    flow_pipeline *pipeline = flow_pipeline_new("test");
    flow_create(
        pipeline, &(flow_create_options){ .type = &point_type, .rows = rows, .count = count });
    return pipeline;
}

static void check_all(size_t count)
{
    struct point *rows = calloc(count + 1, sizeof *rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct point){ (int64_t)i, { "x", 1 } };
    flow_pipeline *pipeline = pipeline_of(rows, count);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &point_type);
    struct fake_job job = { .ctx = &fake, .late = true };
    job.source = source_of(pipeline, &job.config);
    ck_assert_int_eq(fake_run(&job), FLOW_OK);
    ck_assert_uint_eq(fake.count, count);
    ck_assert_uint_eq(fake.lent, count);
    ck_assert_uint_eq(job.pieces, (count + 32767) / 32768);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(((const struct point *)(const void *)fake.rows)[i].id, (int64_t)i);
    fake_ctx_fini(&fake);
    flow_pipeline_free(pipeline);
    free(rows);
}

START_TEST(every_row_is_lent_once_and_in_order)
{
    static const size_t counts[] = { 0, 1, 32767, 32768, 32769, 70000 };
    check_all(counts[_i]);
}
END_TEST

START_TEST(reading_goes_on_after_the_last_row_of_a_piece)
{
    static struct point rows[40000];
    flow_pipeline *pipeline = pipeline_of(rows, 40000);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &point_type);
    struct fake_job job = { .ctx = &fake };
    job.source = source_of(pipeline, &job.config);
    ck_assert_int_eq(fake_open(&job), FLOW_OK);
    ck_assert_int_eq(job.source->seek(job.self, 0, 32768, &job.error), FLOW_OK);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_END);
    ck_assert_uint_eq(fake.count, 40000 - 32768);
    ck_assert_int_eq(job.source->seek(job.self, 0, 40001, &job.error), FLOW_INVALID);
    fake_close(&job);
    fake_ctx_fini(&fake);
    flow_pipeline_free(pipeline);
}
END_TEST

START_TEST(rows_without_type_or_memory_are_refused_while_building)
{
    static const flow_create_options bad[] = { { .count = 0 },
        { .type = &point_type, .count = 3 } };
    for (size_t i = 0; i < 2; i++) {
        flow_error error = { 0 };
        flow_pipeline *pipeline = flow_pipeline_new("test");
        ck_assert_uint_eq(flow_create(pipeline, &bad[i]).id, 0);
        ck_assert_int_eq(flow_pipeline_check(pipeline, &error), FLOW_INVALID);
        ck_assert_ptr_nonnull(strstr(error.message, i == 0 ? "`type`" : "`rows`"));
        flow_pipeline_free(pipeline);
    }
}
END_TEST

struct shelf {
    flow_str label;
    flow_list points; // of struct point
};
FLOW_RECORD_OF(shelf, FLOW_COLUMN(shelf, label), FLOW_COLUMN_LIST(shelf, points, point));

static flow_status pass_on(flow_ctx *ctx, const struct shelf *in, struct shelf *out)
{
    (void)ctx;
    *out = *in;
    return FLOW_OK;
}
FLOW_MAP_FN(pass_on, shelf, shelf);

static flow_status say_again(flow_ctx *ctx, const struct shelf *shelf)
{
    return FLOW_EMIT_ROW(ctx, shelf, shelf);
}
FLOW_ELEMENT_FN(say_again, shelf, shelf);

// What the rows of a test point to, and how often they still did behind two steps.
struct lent {
    struct point point;
    char text[8];
    int labels, lists;
};
static struct lent *lent_now;

static flow_status look(flow_ctx *ctx, const struct shelf *shelf)
{
    (void)ctx;
    const struct point *point = shelf->points.items;
    ck_assert_int_eq(point->id, 7);
    ck_assert(flow_str_equal(shelf->label, flow_str_of("tea")));
    ck_assert(flow_str_equal(point->label, shelf->label));
    const char *text = lent_now->text;
    lent_now->labels += shelf->label.data == text && point->label.data == text;
    lent_now->lists += point == &lent_now->point;
    return FLOW_OK;
}
FLOW_ELEMENT_FN(look, shelf, shelf);

static void read_shelf(struct lent *lent, bool said, bool columns)
{
    const struct shelf row = { { lent->text, 3 }, { &lent->point, 1 } };
    const void *const by_column[] = { &row.label, &row.points };
    const flow_create_options options = { .type = &shelf_type,
        .rows = columns ? NULL : &row,
        .columns = columns ? by_column : NULL,
        .count = 1,
        .texts = { said ? lent : NULL, said ? sizeof *lent : 0 } };
    flow_error error = { 0 };
    flow_pipeline *p = flow_pipeline_new("test");
    flow_coll passed = flow_do(flow_do(flow_create(p, &options), &pass_on_fn), &say_again_fn);
    flow_do(passed, &look_fn);
    lent_now = lent;
    ck_assert_msg(flow_run(p, &flow_local_runner, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(p);
}

START_TEST(texts_and_lists_are_passed_on_without_a_copy_where_it_is_said_where_they_lie)
{
    struct lent lent = { .text = "tea" };
    lent.point = (struct point){ 7, { lent.text, 3 } };
    read_shelf(&lent, false, _i == 1);
    ck_assert_int_eq(lent.labels + lent.lists, 0);
    read_shelf(&lent, true, _i == 1);
    ck_assert_int_eq(lent.labels, 1);
    ck_assert_int_eq(lent.lists, 1);
}
END_TEST

TCase *create_case(void)
{
    TCase *tcase = tcase_create("create");
    tcase_add_loop_test(tcase, every_row_is_lent_once_and_in_order, 0, 6);
    tcase_add_test(tcase, reading_goes_on_after_the_last_row_of_a_piece);
    tcase_add_test(tcase, rows_without_type_or_memory_are_refused_while_building);
    tcase_add_loop_test(
        tcase, texts_and_lists_are_passed_on_without_a_copy_where_it_is_said_where_they_lie, 0, 2);
    return tcase;
}
