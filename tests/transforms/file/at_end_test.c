// SPDX-License-Identifier: Apache-2.0
// Files by pattern of a batch: dealt out as bundles commit, named at the end.
#include "sales.h"

#include <flow/memory.h>
#include <flow/runner_local.h>
#include <stdio.h>
#include <stdlib.h>

static const struct sales_event batch[] = { { "Kyiv", 1, 5 }, { "..", 2, 10 }, { "a/b", 3, 20 },
    { "", 4, 21 }, { "Kyiv", 5, 22 }, { ".x", 6, 23 }, { "100%", 7, 24 }, { "%empty", 8, 25 } };
#define BATCH (sizeof batch / sizeof batch[0])

static void by_city(flow_coll sales)
{
    flow_file_write(sales,
        &(flow_file_write_options){
            .path = fake_path("{city}/{cents}.csv"), .format = FLOW_CSV, .no_header = true });
}

// Not under restarts: what was published before one is told by a test of its own.
START_TEST(values_become_names_that_stay_in_the_folder_and_apart)
{
    flow_error error;
    for (uint64_t seed = 0; seed < 8; seed++) {
        const flow_simulated_options options = {
            .workers = 2, .seed = seed, .fail_one_in = seed % 2 ? 3 : 0
        };
        fake_folder();
        ck_assert_msg(sales_run(batch, BATCH, by_city, &options, &error) == FLOW_OK, "%s: %s",
            error.step, error.message);
        ck_assert_str_eq(fake_tree(), "%25empty/8.csv\n  %empty,8,\n"
                                      "%2E./2.csv\n  ..,2,\n"
                                      "%2Ex/6.csv\n  .x,6,\n"
                                      "%empty/4.csv\n  ,4,\n"
                                      "100%25/7.csv\n  100%,7,\n"
                                      "Kyiv/1.csv\n  Kyiv,1,\n"
                                      "Kyiv/5.csv\n  Kyiv,5,\n"
                                      "a%2Fb/3.csv\n  a/b,3,\n");
        fake_folder_remove();
    }
}
END_TEST

static size_t by_size(const void *element, const void *config, char *text, size_t size)
{
    const struct sale *sale = element;
    const int64_t *from = config;
    const int len = snprintf(text, size, sale->cents >= *from ? "../large/%.*s" : "small",
        (int)sale->city.len, sale->city.data);
    return (size_t)len;
}

static void by_function(flow_coll sales)
{
    static const int64_t from = 5;
    flow_file_write(
        sales, &(flow_file_write_options){ .path = fake_path("{destination}-{note}.csv"),
                   .format = FLOW_CSV,
                   .no_header = true,
                   .destination = by_size,
                   .destination_config = &from });
}

START_TEST(a_function_says_where_to_and_cannot_leave_the_folder)
{
    static const struct sales_event some[] = { { "Kyiv", 1, 5 }, { "Lima", 5, 10 },
        { "Lima", 6, 20 } };
    flow_error error;
    fake_folder();
    ck_assert_msg(sales_run(some, 3, by_function, NULL, &error) == FLOW_OK, "%s", error.message);
    ck_assert_str_eq(fake_tree(),
        "%2E./large/Lima-%none.csv\n  Lima,5,\n  Lima,6,\nsmall-%none.csv\n  Kyiv,1,\n");
    fake_folder_remove();
}
END_TEST

#define ROWS   20000
#define CITIES 37

// _i: compression.
START_TEST(a_batch_is_dealt_out_by_several_workers_with_few_open_files)
{
    static char names[CITIES][8];
    struct sale *sales = calloc(ROWS, sizeof *sales);
    for (int i = 0; i < ROWS; i++) {
        snprintf(names[i % CITIES], sizeof names[0], "c%d", i % CITIES);
        sales[i].city = flow_str_of(names[i % CITIES]);
        sales[i].cents = i;
    }
    flow_error error = { 0 };
    fake_folder();
    flow_pipeline *pipeline = flow_pipeline_new("deal");
    const flow_create_options in = { .type = &sale_type, .rows = sales, .count = ROWS };
    const flow_file_write_options out = { .path = fake_path("{city}-{shard}"),
        .format = FLOW_JSON,
        .compression = kinds[_i],
        .open_max = 3,
        .shards = _i % 2 ? 2 : 0 };
    flow_file_write(flow_create(pipeline, &in), &out);
    const flow_local_options local = { .workers = 2 };
    const flow_runner runner = flow_local(&local);
    ck_assert_msg(flow_run(pipeline, &runner, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(pipeline);
    char *seen = calloc(1, ROWS);
    struct fl_read_config config = read_config(fake_path("c*"), FLOW_JSON);
    struct fake_ctx fake;
    config.options.type = &sale_type;
    fake_ctx_init(&fake, &sale_type);
    read_well(&fake, &config);
    ck_assert_uint_eq(fake.count, ROWS);
    for (size_t i = 0; i < fake.count; i++)
        seen[((const struct sale *)(const void *)fake.rows)[i].cents]++;
    for (size_t i = 0; i < ROWS; i++)
        ck_assert_int_eq(seen[i], 1);
    fake_ctx_fini(&fake);
    ck_assert_uint_ge(fake_files(), CITIES);
    free(seen);
    free(sales);
    fake_folder_remove();
}
END_TEST

static void into_nowhere(flow_coll sales)
{
    flow_file_write(
        sales, &(flow_file_write_options){ .path = fake_path("none/{city}"), .format = FLOW_JSON });
}

static void twice(flow_coll sales)
{
    by_city(sales);
    flow_file_write(
        sales, &(flow_file_write_options){
                   .name = "again", .path = fake_path("{city}/{cents}.csv"), .format = FLOW_CSV });
}

START_TEST(a_missing_folder_and_a_second_writer_are_told_at_the_start)
{
    flow_error error;
    fake_folder();
    ck_assert_int_eq(sales_run(batch, BATCH, into_nowhere, NULL, &error), FLOW_IO);
    ck_assert_ptr_nonnull(strstr(error.message, "none/{city}: cannot be written: No such file"));
    ck_assert_int_eq(sales_run(batch, BATCH, twice, NULL, &error), FLOW_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "is written by another step already"));
    ck_assert_str_eq(fake_tree(), "");
    fake_folder_remove();
}
END_TEST

START_TEST(what_cannot_be_written_fails_the_job_and_leaves_nothing)
{
    flow_error error;
    fake_folder();
    fake_file("Kyiv", "a file, no folder\n", 18);
    ck_assert_int_eq(sales_run(batch, BATCH, by_city, NULL, &error), FLOW_IO);
    ck_assert_msg(strstr(error.message, "Kyiv") != NULL, "%s", error.message);
    ck_assert_str_eq(fake_tree(), "Kyiv\n  a file, no folder\n");
    fake_folder_remove();
}
END_TEST

TCase *at_end_case(void)
{
    TCase *tcase = tcase_create("at_end");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, values_become_names_that_stay_in_the_folder_and_apart);
    tcase_add_test(tcase, a_function_says_where_to_and_cannot_leave_the_folder);
    tcase_add_loop_test(
        tcase, if_json(a_batch_is_dealt_out_by_several_workers_with_few_open_files), 0, KINDS);
    tcase_add_test(tcase, a_missing_folder_and_a_second_writer_are_told_at_the_start);
    tcase_add_test(tcase, what_cannot_be_written_fails_the_job_and_leaves_nothing);
    return tcase;
}
