// SPDX-License-Identifier: Apache-2.0
// Rows lent from an array.
#include "suite.h"

#include <stdlib.h>

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

TCase *create_case(void)
{
    TCase *tcase = tcase_create("create");
    tcase_add_loop_test(tcase, every_row_is_lent_once_and_in_order, 0, 6);
    tcase_add_test(tcase, reading_goes_on_after_the_last_row_of_a_piece);
    tcase_add_test(tcase, rows_without_type_or_memory_are_refused_while_building);
    return tcase;
}
