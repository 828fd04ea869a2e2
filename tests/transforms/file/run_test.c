// SPDX-License-Identifier: Apache-2.0
// Whole runs: files in, files out, on two workers.
#include "suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <flow/memory.h>
#include <flow/runner_local.h>

struct entry {
    int64_t id;
    flow_str text;
};
FLOW_RECORD(entry, id, text);

#define ENTRIES 30000

static flow_buffer entries(flow_file_format format)
{
    flow_buffer text = { 0 };
    flow_buffer_printf(&text, "%s", format == FLOW_CSV ? "id,text\n" : "");
    for (int i = 0; i < ENTRIES; i++)
        flow_buffer_printf(&text,
            format == FLOW_CSV ? "%d,\"entry \"\"%d\"\"\"\n"
                               : "{\"id\":%d,\"text\":\"entry \\\"%d\\\"\"}\n",
            i, i);
    return text;
}

static flow_status run(flow_pipeline *pipeline, flow_error *error)
{
    const flow_local_options options = { .workers = 2 };
    const flow_runner runner = flow_local(&options);
    return flow_run(pipeline, &runner, error);
}

// Marks each entry in `seen`; each is there once and has its text.
static void mark_entries(const char *path, flow_file_format format, char *seen)
{
    struct fl_read_config config = read_config(path, format);
    struct fake_ctx fake;
    config.options.type = &entry_type;
    fake_ctx_init(&fake, &entry_type);
    read_well(&fake, &config);
    ck_assert_uint_eq(fake.reject_count, 0);
    for (size_t i = 0; i < fake.count; i++) {
        char wanted[32];
        const struct entry *entry = &((const struct entry *)(const void *)fake.rows)[i];
        ck_assert(entry->id >= 0 && entry->id < ENTRIES && !seen[entry->id]);
        snprintf(wanted, sizeof wanted, "entry \"%d\"", (int)entry->id);
        ck_assert_str_eq(entry->text.data, wanted);
        seen[entry->id] = 1;
    }
    fake_ctx_fini(&fake);
}

// _i: format, compression, sharded.
START_TEST(what_is_read_and_written_is_the_same_multiset)
{
    const flow_file_format format = _i % 2 ? FLOW_CSV : FLOW_JSON;
    const flow_compression kind = kinds[_i / 2 % KINDS];
    const bool sharded = _i / (2 * KINDS);
    flow_buffer text = entries(format);
    flow_buffer file = packed(kind, (flow_str){ text.data, text.len });
    flow_error error = { 0 };
    fake_folder();
    flow_pipeline *pipeline = flow_pipeline_new("copy");
    const flow_file_read_options in = {
        .path = fake_file("in", file.data, file.len), .format = format, .type = &entry_type
    };
    const flow_file_write_options out = {
        .path = fake_path("out"), .format = format, .compression = kind, .sharded = sharded
    };
    flow_file_write(flow_file_read(pipeline, &in), &out);
    ck_assert_msg(run(pipeline, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    char *seen = calloc(1, ENTRIES);
    if (!sharded)
        mark_entries(fake_path("out"), format, seen);
    for (int i = 0; sharded && i < 2; i++)
        mark_entries(fake_path(i == 0 ? "out-00000-of-00002" : "out-00001-of-00002"), format, seen);
    ck_assert_ptr_null(memchr(seen, 0, ENTRIES));
    ck_assert_uint_eq(fake_files(), sharded ? 3 : 2);
    free(seen);
    flow_pipeline_free(pipeline);
    flow_buffer_free(&text);
    flow_buffer_free(&file);
    fake_folder_remove();
}
END_TEST

static flow_status refuse_77(flow_ctx *ctx, const struct entry *entry)
{
    if (entry->id == 77)
        return flow_fail(ctx, FLOW_USER, "77 is no number for an entry");
    return FLOW_EMIT_ROW(ctx, entry, entry);
}
FLOW_ELEMENT_FN(refuse_77, entry, entry);

START_TEST(a_function_that_fails_is_told_with_file_and_line_and_leaves_no_output)
{
    const flow_file_format format = _i ? FLOW_CSV : FLOW_JSON;
    flow_buffer text = entries(format);
    flow_error error = { 0 };
    fake_folder();
    flow_pipeline *pipeline = flow_pipeline_new("refuse");
    const flow_file_read_options in = {
        .path = fake_file("in", text.data, text.len), .format = format, .type = &entry_type
    };
    const flow_file_write_options out = { .path = fake_path("out"), .format = format };
    flow_file_write(flow_do(flow_file_read(pipeline, &in), &refuse_77_fn), &out);
    ck_assert_int_eq(run(pipeline, &error), FLOW_USER);
    ck_assert_str_eq(error.step, "refuse_77");
    ck_assert_msg(strstr(error.message, _i ? "/in:79" : "/in:78") != NULL, "%s", error.message);
    ck_assert_uint_eq(fake_files(), 1);
    flow_pipeline_free(pipeline);
    flow_buffer_free(&text);
    fake_folder_remove();
}
END_TEST

START_TEST(bad_records_go_where_they_are_asked_to)
{
    static const char text[] = "{\"id\":1,\"text\":\"a\"}\nno\n{\"id\":2,\"text\":\"b\"}\n";
    flow_error error = { 0 };
    fake_folder();
    flow_pipeline *pipeline = flow_pipeline_new("letters");
    const flow_file_read_options in = { .path = fake_file("in", text, sizeof text - 1),
        .format = FLOW_JSON,
        .type = &entry_type,
        .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll read = flow_file_read(pipeline, &in);
    const char *good = fake_path("good");
    const char *bad = fake_path("bad");
    flow_file_write(read, &(flow_file_write_options){ .path = good, .format = FLOW_CSV });
    flow_file_write(flow_dead_letters(read),
        &(flow_file_write_options){ .name = "bad", .path = bad, .format = FLOW_JSON });
    ck_assert_msg(run(pipeline, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    char *content = fake_content(good, NULL);
    ck_assert_str_eq(content, "id,text\n1,a\n2,b\n");
    free(content);
    content = fake_content(bad, NULL);
    ck_assert_ptr_nonnull(strstr(content, "/in:2: "));
    ck_assert_ptr_nonnull(strstr(content, "\"element\":\"no\""));
    free(content);
    flow_pipeline_free(pipeline);
    fake_folder_remove();
}
END_TEST

static void *push_entries(void *user)
{
    for (int i = 0; i < ENTRIES; i++) {
        char text[32];
        snprintf(text, sizeof text, "entry \"%d\"", i);
        const struct entry entry = { i, flow_str_of(text) };
        if (flow_channel_push(user, &entry, -1) != FLOW_OK)
            return NULL;
    }
    flow_channel_close(user);
    return user;
}

struct host {
    char seen[ENTRIES];
    bool wrong;
};

static void receive(void *user, const flow_elements *elements)
{
    struct host *host = user;
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        char wanted[32];
        const struct entry *entry = FLOW_BATCH_ROW(&elements->batch, entry, i);
        snprintf(wanted, sizeof wanted, "entry \"%d\"", (int)entry->id);
        host->wrong = host->wrong || host->seen[entry->id] ||
                      !flow_str_equal(entry->text, flow_str_of(wanted));
        host->seen[entry->id] = 1;
    }
}

START_TEST(what_the_host_pushes_it_receives_once)
{
    flow_error error = { 0 };
    struct host *host = calloc(1, sizeof *host);
    flow_channel *channel =
        flow_channel_new(&(flow_channel_options){ .type = &entry_type, .capacity = 3000 }, &error);
    flow_pipeline *pipeline = flow_pipeline_new("embedded");
    flow_receive(flow_channel_read(pipeline, channel, NULL), NULL, receive, host);
    pthread_t thread;
    void *done = NULL;
    ck_assert_int_eq(pthread_create(&thread, NULL, push_entries, channel), 0);
    ck_assert_msg(run(pipeline, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    pthread_join(thread, &done);
    ck_assert_ptr_nonnull(done);
    ck_assert(!host->wrong);
    ck_assert_ptr_null(memchr(host->seen, 0, ENTRIES));
    flow_pipeline_free(pipeline);
    flow_channel_free(channel);
    free(host);
}
END_TEST

TCase *run_case(void)
{
    TCase *tcase = tcase_create("run");
    tcase_set_timeout(tcase, 60);
    for (int i = 0; i < 4 * KINDS; i++) {
        const TTest *same = what_is_read_and_written_is_the_same_multiset;
        tcase_add_loop_test(tcase, i % 2 ? same : if_json(same), i, i + 1);
    }
    for (int i = 0; i < 2; i++) {
        const TTest *told = a_function_that_fails_is_told_with_file_and_line_and_leaves_no_output;
        tcase_add_loop_test(tcase, i ? told : if_json(told), i, i + 1);
    }
    tcase_add_test(tcase, if_json(bad_records_go_where_they_are_asked_to));
    tcase_add_test(tcase, what_the_host_pushes_it_receives_once);
    return tcase;
}
