// SPDX-License-Identifier: Apache-2.0
// Bundles: published or never there, together in the file, in shards, compressed, spilled.
#include "sink.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

START_TEST(an_aborted_bundle_leaves_no_trace)
{
    fake_folder();
    const char *path = fake_path("out.csv");
    struct fake_sink sink = sink_for(path, FLOW_CSV);
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    sink_bundle(&sink, 0, 0, 1);
    ck_assert_int_eq(sink_stage(&sink, 0, 5, 9), FLOW_OK);
    ck_assert_int_eq(sink_stage(&sink, 0, 9, 12), FLOW_OK);
    fl_file_sink.abort(sink.self, 0);
    sink_bundle(&sink, 0, 1, 2);
    ck_assert_int_eq(sink_stage(&sink, 0, 2, 3), FLOW_OK); // neither published nor aborted
    ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
    check_content(path, "id,text\n0,t0\n1,t1\n");
    fake_folder_remove();
}
END_TEST

START_TEST(large_bundles_are_spilled_and_come_out_whole)
{
    fake_folder();
    const char *path = fake_path("out.csv");
    struct fake_sink sink = sink_for(path, FLOW_CSV);
    sink.config.spill_size = 1000;
    sink.config.options.no_header = true;
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    sink_bundle(&sink, 0, 0, 5000);
    ck_assert_int_eq(sink_stage(&sink, 0, 0, 5000), FLOW_OK);
    fl_file_sink.abort(sink.self, 0);
    sink_bundle(&sink, 0, 5000, 5001);
    ck_assert_uint_eq(fake_files(), 1);
    ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
    flow_buffer wanted = { 0 };
    for (int i = 0; i < 5001; i++)
        flow_buffer_printf(&wanted, "%d,t%d\n", i, i);
    flow_buffer_put(&wanted, "", 1);
    check_content(path, wanted.data);
    flow_buffer_free(&wanted);
    ck_assert_uint_eq(fake_files(), 1);
    fake_folder_remove();
}
END_TEST

START_TEST(r82_every_worker_has_a_shard_of_its_own)
{
    fake_folder();
    struct fake_sink sink = sink_for(fake_path("part"), FLOW_CSV);
    sink.config.options.sharded = true;
    sink.workers = 3;
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    sink_bundle(&sink, 0, 0, 1);
    sink_bundle(&sink, 2, 2, 3);
    ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
    check_content(fake_path("part-00000-of-00003"), "id,text\n0,t0\n");
    check_content(fake_path("part-00001-of-00003"), "id,text\n");
    check_content(fake_path("part-00002-of-00003"), "id,text\n2,t2\n");
    ck_assert_uint_eq(fake_files(), 3);
    fake_folder_remove();
}
END_TEST

START_TEST(r82_a_shard_alone_has_a_number_too)
{
    fake_folder();
    struct fake_sink sink = sink_for(fake_path("part"), FLOW_CSV);
    sink.config.options.sharded = true;
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
    check_content(fake_path("part-00000-of-00001"), "id,text\n");
    fake_folder_remove();
}
END_TEST

START_TEST(compressed_files_are_read_back)
{
    static const size_t blocks[] = { 30, 100, 1 << 20 };
    fake_folder();
    for (size_t b = 3; b < 3 * KINDS; b++) { // each but no compression
        const char *path = fake_path("out");
        struct fake_sink sink = sink_for(path, FLOW_JSON);
        sink.config.options.compression = kinds[b / 3];
        sink.config.block_size = blocks[b % 3];
        ck_assert_int_eq(sink_open(&sink), FLOW_OK);
        sink_bundle(&sink, 0, 0, 20);
        sink_bundle(&sink, 0, 20, 50);
        ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
        struct fl_read_config config = read_config(path, FLOW_JSON);
        struct fake_ctx fake;
        fake_ctx_init(&fake, &item_type_shared);
        read_well(&fake, &config);
        ck_assert_uint_eq(fake.count, 50);
        ck_assert_int_eq(item_at(&fake, 49)->id, 49);
        fake_ctx_fini(&fake);
    }
    fake_folder_remove();
}
END_TEST

START_TEST(an_empty_compressed_file_is_still_compressed)
{
    fake_folder();
    const char *path = fake_path("out");
    struct fake_sink sink = sink_for(path, FLOW_JSON);
    sink.config.options.compression = kinds[1 + _i];
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
    size_t len = 0;
    char *content = fake_content(path, &len);
    ck_assert_int_eq(fl_compression_of(content, len), kinds[1 + _i]);
    free(content);
    struct fl_read_config config = read_config(path, FLOW_JSON);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    read_well(&fake, &config);
    ck_assert_uint_eq(fake.count, 0);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

struct worker {
    struct fake_sink *sink;
    uint32_t number;
};

static void *write_bundles(void *user)
{
    const struct worker *worker = user;
    for (int i = 0; i < 200; i++) {
        flow_error error = { 0 };
        const int64_t id = (int64_t)worker->number * 1000 + i;
        const struct item items[] = { { id, { "a", 1 } }, { id, { "b", 1 } }, { id, { "c", 1 } } };
        const flow_elements elements = {
            .batch = { .rows = (const char *)items, .count = 3, .stride = sizeof items[0] }
        };
        if (fl_file_sink.stage(worker->sink->self, worker->number, &elements, &error) != FLOW_OK)
            return NULL;
        if (i % 3 == 0)
            fl_file_sink.abort(worker->sink->self, worker->number);
        else
            fl_file_sink.publish(worker->sink->self, worker->number);
    }
    return user;
}

START_TEST(rows_of_one_bundle_stay_together_whatever_the_others_write)
{
    fake_folder();
    const char *path = fake_path("out.csv");
    struct fake_sink sink = sink_for(path, FLOW_CSV);
    sink.workers = 2;
    sink.config.block_size = 100;
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    pthread_t threads[2];
    struct worker workers[2] = { { &sink, 0 }, { &sink, 1 } };
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_bundles, &workers[i]), 0);
    for (int i = 0; i < 2; i++) {
        void *done = NULL;
        pthread_join(threads[i], &done);
        ck_assert_ptr_nonnull(done);
    }
    fl_file_sink.finish(sink.self, &sink.error);
    struct fl_read_config config = read_config(path, FLOW_CSV);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    read_well(&fake, &config);
    ck_assert_uint_eq(fake.count, 2 * 133 * 3);
    for (size_t i = 0; i < fake.count; i += 3) {
        ck_assert_str_eq(item_at(&fake, i)->text.data, "a");
        ck_assert_int_eq(item_at(&fake, i)->id, item_at(&fake, i + 1)->id);
        ck_assert_int_eq(item_at(&fake, i)->id, item_at(&fake, i + 2)->id);
        ck_assert_str_eq(item_at(&fake, i + 2)->text.data, "c");
    }
    fake_ctx_fini(&fake);
    fl_file_sink.close(sink.self);
    free(sink.self);
    fake_folder_remove();
}
END_TEST

START_TEST(without_memory_writing_fails_and_leaves_nothing)
{
    fake_folder();
    size_t failures = 0;
    for (size_t n = 1; n < 40; n++) {
        struct fake_sink sink = sink_for(fake_path("out.csv"), FLOW_CSV);
        flow_status status = sink_open(&sink);
        sink.heap.fail_at = n;
        if (status == FLOW_OK) {
            sink.heap.calls = 0;
            status = sink_stage(&sink, 0, 0, 1000);
            if (status == FLOW_OK)
                fl_file_sink.publish(sink.self, 0);
            else
                fl_file_sink.abort(sink.self, 0);
            if (status == FLOW_OK)
                status = fl_file_sink.finish(sink.self, &sink.error);
            fl_file_sink.close(sink.self);
            free(sink.self);
        }
        failures += status != FLOW_OK;
        ck_assert(status == FLOW_OK || status == FLOW_MEMORY);
        ck_assert_uint_eq(
            fake_files(), status == FLOW_OK || fake_content(fake_path("out.csv"), NULL) != NULL);
        ck_assert_uint_eq(sink.heap.live, 0);
        if (status == FLOW_OK)
            break;
    }
    ck_assert_uint_gt(failures, 2);
    fake_folder_remove();
}
END_TEST

START_TEST(options_that_cannot_be_are_refused_while_building)
{
    static const flow_file_write_options bad[] = { { .path = NULL },
        { .path = "x", .format = (flow_file_format)9 },
        { .path = "x", .compression = (flow_compression)9 }, { .path = "-", .sharded = true } };
    static const char *const sentences[] = { "`path`", "`format`", "`compression`", "sharded" };
    for (size_t i = 0; i < 4; i++) {
        flow_error error = { 0 };
        flow_pipeline *pipeline = flow_pipeline_new("test");
        const flow_coll in = flow_file_read(pipeline, &(flow_file_read_options){ .path = "x.txt" });
        ck_assert_uint_ne(in.id, 0);
        flow_file_write(in, &bad[i]);
        ck_assert_int_eq(flow_pipeline_check(pipeline, &error), FLOW_INVALID);
        ck_assert_msg(strstr(error.message, sentences[i]) != NULL, "%s", error.message);
        flow_pipeline_free(pipeline);
    }
}
END_TEST

TCase *write_case(void)
{
    TCase *tcase = tcase_create("write");
    tcase_add_test(tcase, an_aborted_bundle_leaves_no_trace);
    tcase_add_test(tcase, large_bundles_are_spilled_and_come_out_whole);
    tcase_add_test(tcase, r82_every_worker_has_a_shard_of_its_own);
    tcase_add_test(tcase, r82_a_shard_alone_has_a_number_too);
    tcase_add_loop_test(tcase, an_empty_compressed_file_is_still_compressed, 0, KINDS - 1);
    tcase_add_test(tcase, compressed_files_are_read_back);
    tcase_add_test(tcase, rows_of_one_bundle_stay_together_whatever_the_others_write);
    tcase_add_test(tcase, without_memory_writing_fails_and_leaves_nothing);
    tcase_add_test(tcase, options_that_cannot_be_are_refused_while_building);
    return tcase;
}
