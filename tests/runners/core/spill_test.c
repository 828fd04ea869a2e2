// SPDX-License-Identifier: Apache-2.0
// Spilling: groupings whose tables go to runs after every bundle answer as those that stay in
// memory; what fails is told by step, directory and remedy.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "faulty_disk.h"
#include "spill_answer.h"

#define SECOND INT64_C(1000000)

enum {
    ROWS = SPILL_ROWS,
    PIECES = 160
};

static struct flow_test_row rows[ROWS];
static struct flow_test_piece pieces[PIECES];
static struct flow_test_script script;
static char names[ROWS][16];
static struct flow_test_results wanted, got;
static struct faulty_disk disk;

// Rows of 41 keys over 48 seconds, in pieces of ten; about in order.
static void setup(void)
{
    uint64_t random = 11;
    for (size_t i = 0; i < ROWS; i++) {
        const int64_t k = flow_test_below(&random, 41);
        const int64_t at = (int64_t)i * 30000 + flow_test_below(&random, 2000000);
        rows[i] = flow_test_row_at(k, (int64_t)i, at);
        const int len = snprintf(names[i], sizeof names[i], "%lld", (long long)k * 1001);
        rows[i].s = (flow_str){ names[i], (size_t)len };
        rows[i].place.a = k;
    }
    script = flow_test_deal(rows, ROWS, pieces, PIECES);
    script.times.disorder.us = 3 * SECOND;
    flow_test_results_init(&wanted, "wanted");
    flow_test_results_init(&got, "got");
    faulty_disk_init(&disk);
}

static void teardown(void)
{
    flow_test_results_clear(&wanted);
    flow_test_results_clear(&got);
    faulty_disk_fini(&disk);
}

// --- the same answers

static const struct {
    const char *name;
    int64_t size, every; // seconds; 0: the global window; the same: fixed
    int64_t lateness;
} cuts[] = {
    { "global", 0, 0, 0 },
    { "fixed", 10, 10, 0 },
    { "fixed with lateness", 5, 5, 20 },
    { "sliding", 12, 5, 0 },
    { "sliding finely", 80, 4, 0 },
    { "sliding with lateness", 20, 5, 20 },
};

static flow_pipeline *build(enum spill_what what, int cut, struct flow_test_results *results)
{
    flow_pipeline *pipeline = flow_pipeline_new("spill");
    flow_coll in = flow_test_read(pipeline, &script);
    const flow_duration size = { cuts[cut].size * SECOND }, every = { cuts[cut].every * SECOND };
    if (size.us) {
        const flow_window_options windows = {
            .windows = size.us == every.us ? flow_fixed(size) : flow_sliding(size, every),
            .lateness = { cuts[cut].lateness * SECOND },
            .accumulation = FLOW_DISCARDING,
        };
        in = flow_window_into(in, &windows);
    }
    flow_test_collect(spill_answer(what, in), results);
    return pipeline;
}

static const struct flow_test_options spills = { .memory = (uint64_t)1 << 30,
    .seed = 3,
    .scratch = "/the/scratch",
    .spill = 1,
    .disk = &disk.disk };

static bool add_figure(void *user, const flow_figure *figure)
{
    uint64_t *sums = user;
    if (strcmp(figure->metric.name, "spilled_bytes") == 0)
        sums[0] += (uint64_t)figure->committed.last;
    if (strcmp(figure->metric.name, "spilled_tables") == 0)
        sums[1] += (uint64_t)figure->committed.last;
    return true;
}

static uint64_t dropped; // of the disk, before the engine was ended

static void compare(enum spill_what what, int cut, const struct flow_test_options *options)
{
    uint64_t sums[2] = { 0, 0 };
    flow_error error = { 0 };
    flow_pipeline *pipeline = build(what, cut, &wanted);
    const struct flow_test_options ample = { .seed = options->seed, .workers = options->workers };
    flow_test_run_well(pipeline, &ample);
    flow_pipeline_free(pipeline);
    pipeline = build(what, cut, &got);
    struct flow_test_sim *sim = flow_test_open(pipeline, options, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    ck_assert(flow_test_settle(sim));
    ck_assert(fl_engine_metrics(sim->engine, add_figure, sums));
    dropped = disk.dropped;
    ck_assert_msg(flow_test_close(sim, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(pipeline);
    const char *why = flow_test_differ(&got, &wanted);
    ck_assert_msg(!why, "%s, %d: %s", cuts[cut].name, what, why);
    ck_assert_uint_gt(got.count, 0);
    ck_assert_uint_gt(sums[0], 0);
    ck_assert_uint_gt(sums[1], 64); // so that some are merged
}

START_TEST(what_spills_answers_as_what_does_not)
{
    for (int cut = 0; cut < (int)(sizeof cuts / sizeof cuts[0]); cut++)
        compare((enum spill_what)_i, cut, &spills);
    ck_assert_uint_eq(disk.opened, disk.closed);
    disk.opened = disk.closed = 1;
}
END_TEST

START_TEST(bundles_that_fail_while_it_spills_change_nothing)
{
    for (int cut = 0; cut < (int)(sizeof cuts / sizeof cuts[0]); cut++) {
        struct flow_test_options options = spills;
        options.faults = (struct flow_test_faults){ .one_in = 4, .most = 60, .point = -1 };
        compare((enum spill_what)_i, cut, &options);
    }
    disk.opened = disk.closed = 1;
}
END_TEST

START_TEST(one_key_gives_its_rows_in_their_order)
{
    for (size_t i = 0; i < ROWS; i++)
        rows[i].k = 5;
    compare(GROUP_ORDER, 0, &spills);
    compare(GROUP_ORDER, 1, &spills);
    compare(JOIN, 1, &spills);
    disk.opened = disk.closed = 1;
}
END_TEST

#define MANY 20000 // keys: more than one bundle fires

static flow_status pass_count(flow_ctx *ctx, const int64_t *k, flow_rows *of)
{
    struct flow_test_row out = { .k = *k };
    for (const struct flow_counted *counted; (counted = flow_rows_next(of)) != NULL;)
        out.v = out.v * 100 + (int64_t)counted->count;
    return flow_emit(ctx, 0, &flow_test_row_type, &out, sizeof out);
}
FLOW_GROUP_FN(pass_count, int64_t, flow_counted, flow_test_row);

// What a window fires fills the next table, so that the worker has to spill amid its firing. From
// so many bytes; 0: it does not spill.
static void count_many(uint64_t limit, uint32_t fault_in)
{
    struct flow_test_options options = spills;
    options.spill = limit;
    options.scratch = limit ? spills.scratch : NULL;
    options.faults =
        (struct flow_test_faults){ .one_in = fault_in, .most = 20, .point = FL_FAULT_COMMIT };
    flow_pipeline *pipeline = flow_pipeline_new("many");
    const flow_coll in = flow_test_read(pipeline, &script);
    const flow_coll counts = flow_count(flow_key_by(in, FLOW_FIELD(flow_test_row, k)));
    flow_test_collect(flow_group(counts, &pass_count_fn), limit ? &got : &wanted);
    flow_test_run_well(pipeline, &options);
    flow_pipeline_free(pipeline);
    const char *why = limit ? flow_test_differ(&got, &wanted) : NULL;
    ck_assert_msg(!why, "from %llu bytes: %s", (unsigned long long)limit, why);
}

static void setup_many(void)
{
    static struct flow_test_row many[MANY];
    static const struct flow_test_piece whole = { .rows = many, .count = MANY };
    setup();
    for (int64_t i = 0; i < MANY; i++)
        many[i] = flow_test_row_at(i * 7 % MANY, 0, 0);
    script.pieces = &whole;
    script.piece_count = 1;
    count_many(0, 0);
    ck_assert_uint_eq(wanted.count, MANY);
}

START_TEST(a_table_stays_while_a_window_fires_from_it)
{
    for (uint64_t limit = 100000; limit < 4000000; limit += limit / 4)
        count_many(limit, 0);
    disk.opened = disk.closed = 1;
}
END_TEST

START_TEST(a_window_whose_bundles_fail_goes_on_in_its_runs_where_it_was)
{
    for (uint32_t fault_in = 2; fault_in < 6; fault_in++)
        count_many(1, fault_in);
    disk.opened = disk.closed = 1;
}
END_TEST

START_TEST(the_place_of_what_has_fired_is_free)
{
    compare(GROUP_TEXT, 1, &spills);
    ck_assert_uint_eq(disk.opened, 1);
    ck_assert_uint_eq(dropped, disk.len);
}
END_TEST

// --- disks that fail

static flow_status failing(enum spill_what what, int cut, flow_error *error)
{
    flow_pipeline *pipeline = build(what, cut, &got);
    const flow_status status = flow_test_run(pipeline, &spills, error);
    flow_pipeline_free(pipeline);
    return status;
}

START_TEST(a_full_disk_fails_the_job_by_step_directory_and_remedy)
{
    flow_error error = { 0 };
    disk.write_at = 40;
    disk.write_fails = ENOSPC;
    ck_assert_int_eq(failing(GROUP_TEXT, 0, &error), FLOW_IO);
    ck_assert_str_eq(error.step, "add_up");
    ck_assert_str_eq(error.message,
        "cannot write to the scratch directory /the/scratch: No space left on device, with what "
        "was spilled there; free space there, name another directory with the option 'scratch', or "
        "give the runner more memory");
    ck_assert_uint_eq(got.count, 0);
}
END_TEST

START_TEST(a_directory_that_cannot_be_written_fails_the_job_when_it_is_needed)
{
    flow_error error = { 0 };
    disk.open_fails = EACCES;
    ck_assert_int_eq(failing(COUNT, 0, &error), FLOW_IO);
    ck_assert_str_eq(error.step, "count");
    ck_assert_str_eq(error.message,
        "cannot make a file in the scratch directory /the/scratch: Permission denied; name another "
        "directory with the option 'scratch', or give the runner more memory");
}
END_TEST

START_TEST(what_cannot_be_read_back_fails_the_job)
{
    for (uint64_t at = 1; at < 400; at += 19) {
        flow_error error = { 0 };
        disk.reads = disk.opened = disk.closed = 0;
        disk.read_at = at;
        disk.read_fails = EIO;
        const enum spill_what what = (enum spill_what)(at % WHAT_COUNT);
        ck_assert_int_eq(failing(what, 3, &error), FLOW_IO);
        const char *begin =
            "cannot read back from the scratch directory /the/scratch: Input/output "
            "error; name another";
        ck_assert_msg(strncmp(error.message, begin, strlen(begin)) == 0, "%s", error.message);
        ck_assert_str_ne(error.step, "");
    }
}
END_TEST

START_TEST(a_byte_that_changed_fails_the_job)
{
    for (uint64_t at = 1; at < 400; at += 17) {
        flow_error error = { 0 };
        disk.reads = disk.opened = disk.closed = 0;
        disk.damage_at = at;
        const enum spill_what what = (enum spill_what)(at % WHAT_COUNT);
        ck_assert_int_eq(failing(what, 3, &error), FLOW_DAMAGED);
        const char *begin = "what was spilled to the scratch directory /the/scratch is damaged";
        ck_assert_msg(strncmp(error.message, begin, strlen(begin)) == 0, "%s", error.message);
    }
}
END_TEST

// A job that stands amid its input, with all it grouped spilled.
static struct flow_test_sim *stand(flow_pipeline *pipeline)
{
    return spill_stand(pipeline, &pieces[PIECES - 1], &spills);
}

START_TEST(a_snapshot_of_what_cannot_be_read_back_is_refused)
{
    flow_error error = { 0 };
    flow_buffer bytes = { 0 };
    flow_pipeline *pipeline = build(GROUP_TEXT, 0, &got);
    struct flow_test_sim *sim = stand(pipeline);
    disk.read_at = disk.reads + 3;
    disk.read_fails = EIO;
    ck_assert(!fl_engine_snapshot(sim->engine, &bytes, &error));
    ck_assert_int_eq(error.status, FLOW_IO);
    ck_assert_str_eq(error.step, "add_up");
    flow_buffer_free(&bytes);
    spill_leave(sim);
    flow_pipeline_free(pipeline);
}
END_TEST

START_TEST(a_snapshot_that_does_not_fit_onto_the_disk_is_not_restored)
{
    flow_error error = { 0 };
    flow_buffer bytes = { 0 };
    flow_pipeline *pipeline = build(GROUP_TEXT, 0, &got);
    struct flow_test_sim *sim = stand(pipeline);
    ck_assert_msg(fl_engine_snapshot(sim->engine, &bytes, &error), "%s", error.message);
    spill_leave(sim);
    sim = flow_test_open(pipeline, &spills, &error);
    ck_assert_msg(sim != NULL, "%s", error.message);
    disk.write_at = disk.writes + 2;
    disk.write_fails = ENOSPC;
    const flow_str snapshot = { bytes.data, bytes.len };
    ck_assert_int_eq(fl_engine_restore(sim->engine, snapshot, &error), FLOW_IO);
    ck_assert_str_eq(error.step, "add_up");
    const char *begin = "cannot write to the scratch directory /the/scratch: No space left";
    ck_assert_msg(strncmp(error.message, begin, strlen(begin)) == 0, "%s", error.message);
    flow_buffer_free(&bytes);
    spill_leave(sim);
    ck_assert_uint_eq(disk.opened, disk.closed);
    disk.opened = disk.closed = 1;
    flow_pipeline_free(pipeline);
}
END_TEST

// --- what is told

struct heard {
    int lines;
    char line[400];
};

static void hear(void *user, flow_log_level level, const char *step, const char *message)
{
    struct heard *heard = user;
    if (level != FLOW_LOG_INFO || !strstr(message, "spills"))
        return;
    heard->lines++;
    snprintf(heard->line, sizeof heard->line, "%s: %s", step, message);
}

START_TEST(the_first_time_is_logged_and_explained)
{
    struct heard heard = { 0 };
    flow_buffer text = { 0 };
    const flow_pipeline_options options = { .log = hear, .log_user = &heard };
    flow_pipeline *pipeline = flow_pipeline_new_with("told", &options);
    const flow_coll in = flow_test_read(pipeline, &script);
    flow_test_collect(spill_answer(COUNT, in), &got);
    struct flow_test_sim *sim = stand(pipeline);
    ck_assert(fl_engine_explain(sim->engine, "count", &text));
    flow_buffer_put(&text, "", 1);
    ck_assert_msg(
        strstr(text.data, "; it has spilled 0 MiB to /the/scratch, in ") != NULL, "%s", text.data);
    ck_assert_int_eq(heard.lines, 1);
    ck_assert_str_eq(heard.line,
        "count: worker 0 spills to /the/scratch: what it groups is more than its share of "
        "1024 MiB");
    flow_buffer_free(&text);
    spill_leave(sim);
    flow_pipeline_free(pipeline);
}
END_TEST

START_TEST(an_answer_why_names_the_runs_that_it_did_not_read)
{
    flow_buffer text = { 0 };
    flow_pipeline *pipeline = build(COUNT, 1, &got);
    struct flow_test_sim *sim = stand(pipeline);
    const flow_why question = { .step = "count", .key = "7" };
    ck_assert(fl_engine_why(sim->engine, &question, &text));
    char *words = flow_buffer_text(&text);
    ck_assert_msg(
        strstr(words, "lacks 3.546943s to its end; 32 runs of this worker in /the/scratch that may "
                      "hold some of the key: what "
                      "was spilled is not looked into; it fires when the watermark passes its end; "
                      "it is kept until the watermark passes ") != NULL,
        "%s", words);
    ck_assert_ptr_null(strstr(words, "nothing is kept"));
    flow_text_free(words);
    spill_leave(sim);
    flow_pipeline_free(pipeline);
}
END_TEST

TCase *spill_tests(void);

TCase *spill_tests(void)
{
    TCase *tests = tcase_create("spilling");
    tcase_set_timeout(tests, 600);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, what_spills_answers_as_what_does_not, 0, WHAT_COUNT);
    tcase_add_loop_test(tests, bundles_that_fail_while_it_spills_change_nothing, 0, WHAT_COUNT);
    tcase_add_test(tests, one_key_gives_its_rows_in_their_order);
    tcase_add_test(tests, the_place_of_what_has_fired_is_free);
    tcase_add_test(tests, a_full_disk_fails_the_job_by_step_directory_and_remedy);
    tcase_add_test(tests, a_directory_that_cannot_be_written_fails_the_job_when_it_is_needed);
    tcase_add_test(tests, what_cannot_be_read_back_fails_the_job);
    tcase_add_test(tests, a_byte_that_changed_fails_the_job);
    tcase_add_test(tests, a_snapshot_of_what_cannot_be_read_back_is_refused);
    tcase_add_test(tests, a_snapshot_that_does_not_fit_onto_the_disk_is_not_restored);
    tcase_add_test(tests, an_answer_why_names_the_runs_that_it_did_not_read);
    tcase_add_test(tests, the_first_time_is_logged_and_explained);
    return tests;
}

TCase *spill_many_tests(void);

TCase *spill_many_tests(void)
{
    TCase *tests = tcase_create("spilling many");
    tcase_set_timeout(tests, 600);
    tcase_add_checked_fixture(tests, setup_many, teardown);
    tcase_add_test(tests, a_table_stays_while_a_window_fires_from_it);
    tcase_add_test(tests, a_window_whose_bundles_fail_goes_on_in_its_runs_where_it_was);
    return tests;
}
