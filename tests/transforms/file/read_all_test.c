// SPDX-License-Identifier: Apache-2.0
// flow_file_read_all: files that elements name, whole, by any number of workers.
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/test.h>
#include <flow/transforms.h>

#define ENTRIES 40000 // in each file; more than a piece, and more than a call gives
#define FILES   3

struct name {
    flow_time at;
    flow_str path;
};
FLOW_RECORD(name, at, path);

struct entry {
    int64_t id;
    flow_str text;
    flow_time at;
};
FLOW_RECORD(entry, id, text, at);

static struct name names[FILES + 1];
static flow_pipeline *p;

static void setup(void)
{
    fake_folder();
    p = flow_pipeline_new("read all");
}

static void teardown(void)
{
    flow_pipeline_free(p);
    for (int i = 0; i < FILES + 1; i++)
        free((void *)(uintptr_t)names[i].path.data);
    memset(names, 0, sizeof names);
    fake_folder_remove();
}

static void set_name(int index, const char *path)
{
    const size_t len = strlen(path);
    char *copy = malloc(len + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, path, len + 1);
    names[index] = (struct name){ { index * 1000000 }, { copy, len } };
}

// Files of entries numbered on, in one format and compression.
static void write_files(flow_file_format format, flow_compression kind)
{
    for (int f = 0; f < FILES; f++) {
        char file[16];
        flow_buffer text = { 0 };
        flow_buffer_printf(&text, "%s", format == FLOW_CSV ? "id,text,at\n" : "");
        for (int i = f * ENTRIES; i < (f + 1) * ENTRIES; i++)
            flow_buffer_printf(&text,
                format == FLOW_CSV
                    ? "%d,\"entry\n%d\",1970-01-02T00:00:00Z\n"
                    : "{\"id\":%d,\"text\":\"entry %d\",\"at\":\"1970-01-02T00:00:00Z\"}\n",
                i, i);
        flow_buffer all = packed(kind, (flow_str){ text.data, text.len });
        snprintf(file, sizeof file, "in*%d", f); // the name is no pattern
        set_name(f, fake_file(file, all.data, all.len));
        flow_buffer_free(&text);
        flow_buffer_free(&all);
    }
}

static flow_coll all_of(int count, const flow_file_read_options *options)
{
    const flow_create_options create = { .type = &name_type,
        .rows = names,
        .count = (size_t)count,
        .event_time = FLOW_FIELD(name, at) };
    return flow_file_read_all(flow_create(p, &create), FLOW_FIELD(name, path), options);
}

static void passes(bool restart)
{
    const flow_simulated_options options = {
        .workers = 3, .seeds = 2, .fail_one_in = 40, .restart = restart
    };
    const flow_runner runner = flow_simulated(&options);
    flow_error error = { 0 };
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s: %s", error.step, error.message);
}

// _i: format, compression.
START_TEST(all_files_that_are_named_are_read_once)
{
    const flow_file_format format = _i % 2 ? FLOW_CSV : FLOW_JSON;
    const flow_file_read_options options = { .format = format, .type = &entry_type };
    write_files(format, kinds[_i / 2]);
    const flow_coll entries = all_of(FILES, &options);
    flow_expect(flow_count(entries), "{\"count\":120000}");
    flow_expect(flow_count(flow_distinct(entries)), "{\"count\":120000}");
    flow_expect(flow_sum(entries, FLOW_FIELD(entry, id)), "{\"value\":7199940000}");
    passes(_i < 2);
    const flow_local_options local = { .workers = 2 };
    const flow_runner runner = flow_local(&local);
    flow_error error = { 0 };
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
}
END_TEST

static bool by_minutes(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    const int64_t first = *(const int64_t *)user;
    for (size_t i = 0; i < count; i++)
        if (seen[i].time.us < first || seen[i].time.us > first + 2000000)
            return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "at %lld",
                       (long long)seen[i].time.us) == FLOW_OK;
    return count == 3;
}

START_TEST(lines_have_the_time_of_the_element_that_named_them_or_one_of_their_own)
{
    static const int64_t begin = 0, day = INT64_C(86400000000);
    for (int i = 0; i < FILES; i++) {
        char file[16];
        static const char line[] = "{\"id\":1,\"text\":\"\",\"at\":\"1970-01-02T00:00:00Z\"}\n";
        snprintf(file, sizeof file, "%d.json", i);
        set_name(i, fake_file(file, line, strlen(line)));
    }
    const flow_file_read_options lines = { .format = FLOW_LINES };
    flow_expect_that(all_of(FILES, &lines), by_minutes, (void *)(uintptr_t)&begin, NULL);
    const flow_file_read_options timed = {
        .format = FLOW_JSON, .type = &entry_type, .event_time = FLOW_FIELD(entry, at)
    };
    flow_expect_that(all_of(FILES, &timed), by_minutes, (void *)(uintptr_t)&day, NULL);
    passes(false);
}
END_TEST

static flow_status tell(flow_ctx *ctx, const struct flow_rejected *in, struct flow_line *out)
{
    const char *from = in->message.data, *end = from + in->message.len;
    for (const char *at = from; at < end; at++)
        from = *at == '/' ? at + 1 : from; // without the folder
    (void)ctx;
    out->text = (flow_str){ from, (size_t)(end - from) };
    return FLOW_OK;
}
FLOW_MAP_FN(tell, flow_rejected, flow_line);

START_TEST(what_cannot_be_read_is_routed_and_the_rest_goes_on)
{
    static const char lines[] = "{\"id\":7,\"text\":\"\",\"at\":0}\n{\"id\":x}\n"
                                "{\"id\":8,\"text\":\"\",\"at\":0}\n";
    set_name(0, fake_file("good.json", lines, strlen(lines)));
    set_name(1, fake_path("none.json"));
    set_name(2, "-");
    const flow_file_read_options options = {
        .format = FLOW_JSON, .type = &entry_type, .on_error = FLOW_ON_ERROR_DEAD_LETTER
    };
    const flow_coll entries = all_of(3, &options);
    flow_expect(flow_sum(entries, FLOW_FIELD(entry, id)), "{\"value\":15}");
    flow_expect(flow_do(flow_dead_letters(entries), &tell_fn),
        "{\"text\":\"good.json:2: JSON breaks at byte 6: an unexpected character\"}",
        "{\"text\":\"none.json: cannot be opened: No such file or directory\"}",
        "{\"text\":\"'-' is no name of a file\"}");
    passes(false);
}
END_TEST

START_TEST(reading_that_cannot_be_is_refused)
{
    static const struct {
        flow_file_read_options options;
        const char *message;
    } cases[] = {
        { { .path = "x" }, "the options `path` and `follow` are for flow_file_read" },
        { { .format = FLOW_CSV },
            "the option `type` is missing: CSV, JSON and Avro need a record type" },
        { { .times = { .in_order = true } },
            "the option `times` is for flow_file_read: the elements that name files tell time" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        flow_error error = { 0 };
        flow_pipeline_free(p);
        p = flow_pipeline_new("refused");
        ck_assert_uint_eq(all_of(1, &cases[i].options).id, 0);
        flow_pipeline_check(p, &error);
        ck_assert_str_eq(error.message, cases[i].message);
        ck_assert_str_eq(error.step, "read_all");
    }
}
END_TEST

TCase *read_all_case(void)
{
    TCase *tcase = tcase_create("read_all");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, if_json(all_files_that_are_named_are_read_once), 0, 2 * KINDS);
    tcase_add_test(
        tcase, if_json(lines_have_the_time_of_the_element_that_named_them_or_one_of_their_own));
    tcase_add_test(tcase, if_json(what_cannot_be_read_is_routed_and_the_rest_goes_on));
    tcase_add_test(tcase, reading_that_cannot_be_is_refused);
    return tcase;
}
