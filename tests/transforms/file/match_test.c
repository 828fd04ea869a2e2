// SPDX-License-Identifier: Apache-2.0
// flow_file_watch: files that match, each once, and those that come later.
#include "suite.h"

#include <stdio.h>

#include <flow/test.h>
#include <flow/transforms.h>

struct named {
    flow_str name; // without the folder
    int64_t size;
};
FLOW_RECORD(named, name, size);

static flow_pipeline *p;

static void setup(void)
{
    fake_folder();
    p = flow_pipeline_new("match");
}

static void teardown(void)
{
    flow_pipeline_free(p);
    fake_folder_remove();
}

static flow_status without_folder(flow_ctx *ctx, const struct flow_file *file, struct named *named)
{
    const char *from = file->path.data, *end = from + file->path.len;
    for (const char *at = from; at < end; at++)
        from = *at == '/' ? at + 1 : from;
    (void)ctx;
    *named = (struct named){ { from, (size_t)(end - from) }, file->size };
    return FLOW_OK;
}
FLOW_MAP_FN(without_folder, flow_file, named);

static void passes(void)
{
    const flow_simulated_options options = { .workers = 2, .fail_one_in = 20 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error = { 0 };
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s: %s", error.step, error.message);
}

START_TEST(one_look_gives_what_is_there)
{
    fake_file("a.txt", "abc", 3);
    fake_file("b.txt", "", 0);
    fake_file("c.csv", "", 0);
    const flow_file_watch_options all = { .path = fake_path("*.txt") };
    const flow_coll files = flow_file_watch(p, &all);
    ck_assert(!flow_pipeline_graph(p, NULL)->edges[files.id - 1].unbounded);
    flow_expect(flow_do(files, &without_folder_fn), "{\"name\":\"a.txt\",\"size\":3}",
        "{\"name\":\"b.txt\",\"size\":0}");
    const flow_file_watch_options none = { .path = fake_path("*.json") };
    flow_expect_empty(flow_file_watch(p, &none), NULL);
    passes();
}
END_TEST

// Each file that is found makes another come, up to the fourth.
static flow_status write_next(flow_ctx *ctx, const struct named *in, struct named *out)
{
    char name[16];
    (void)ctx;
    *out = *in;
    if (in->name.data[0] < 'd') {
        snprintf(name, sizeof name, "%c.txt", in->name.data[0] + 1);
        fake_file(name, name, (size_t)(in->name.data[0] - 'a') + 1);
    }
    return FLOW_OK;
}
FLOW_MAP_FN(write_next, named, named);

START_TEST(r82_files_that_come_later_are_found_once)
{
    fake_file("a.txt", "", 0);
    const flow_file_watch_options options = {
        .path = fake_path("*.txt"), .every = flow_seconds(2), .quiet = flow_seconds(7)
    };
    flow_expect(flow_do(flow_do(flow_file_watch(p, &options), &without_folder_fn), &write_next_fn),
        "{\"name\":\"a.txt\",\"size\":0}", "{\"name\":\"b.txt\",\"size\":1}",
        "{\"name\":\"c.txt\",\"size\":2}", "{\"name\":\"d.txt\",\"size\":3}");
    passes();
}
END_TEST

// A file that is found becomes longer, up to three bytes.
static flow_status lengthen(flow_ctx *ctx, const struct named *in, struct named *out)
{
    (void)ctx;
    *out = *in;
    if (in->size < 3)
        fake_file("a.txt", "abc", (size_t)in->size + 1);
    return FLOW_OK;
}
FLOW_MAP_FN(lengthen, named, named);

// _i: whether files that change count as new.
START_TEST(files_that_change_are_given_again_where_it_is_asked_for)
{
    fake_file("a.txt", "", 0);
    const flow_file_watch_options options = { .path = fake_path("a.txt"),
        .every = flow_seconds(2),
        .quiet = flow_seconds(7),
        .updates = _i == 1 };
    const flow_coll files =
        flow_do(flow_do(flow_file_watch(p, &options), &without_folder_fn), &lengthen_fn);
    if (_i == 1)
        flow_expect(flow_distinct(files), "{\"name\":\"a.txt\",\"size\":0}",
            "{\"name\":\"a.txt\",\"size\":1}", "{\"name\":\"a.txt\",\"size\":2}",
            "{\"name\":\"a.txt\",\"size\":3}");
    else
        flow_expect(files, "{\"name\":\"a.txt\",\"size\":0}");
    passes();
}
END_TEST

START_TEST(watching_nothing_is_refused)
{
    flow_error error = { 0 };
    const flow_file_watch_options options = { .every = flow_seconds(2) };
    ck_assert_uint_eq(flow_file_watch(p, &options).id, 0);
    flow_pipeline_check(p, &error);
    ck_assert_str_eq(error.message, "the option `path` is missing");
}
END_TEST

TCase *match_case(void)
{
    TCase *tcase = tcase_create("match");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, if_json(one_look_gives_what_is_there));
    tcase_add_test(tcase, if_json(r82_files_that_come_later_are_found_once));
    tcase_add_loop_test(
        tcase, if_json(files_that_change_are_given_again_where_it_is_asked_for), 0, 2);
    tcase_add_test(tcase, watching_nothing_is_refused);
    return tcase;
}
