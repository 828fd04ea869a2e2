// SPDX-License-Identifier: Apache-2.0
// What goes wrong ends in one sentence, or where the step's policy sends it; nothing leaks.
#include "local_test.h"

enum {
    CLICKS = 5000
};

static flow_status check_user(flow_ctx *ctx, const struct click *click)
{
    if (click->user % 1000 == 777) {
        FLOW_EMIT_ROW(ctx, click, click); // is taken back
        return flow_fail(ctx, FLOW_USER, "user %lld is not welcome", (long long)click->user);
    }
    return FLOW_EMIT_ROW(ctx, click, click);
}
FLOW_ELEMENT_FN(check_user, click, click);

START_TEST(failing_function_is_told_with_step_element_time_and_origin)
{
    struct click *clicks = clicks_make(CLICKS, CLICKS);
    struct taken taken = { 0 };
    flow_error error = { FLOW_OK, "", "" };
    flow_pipeline *p = flow_pipeline_new("fails");
    const flow_coll in = clicks_read(p, clicks, 1000); // so that one only is not welcome
    flow_scope_begin(p, "door");
    flow_receive(flow_do(in, &check_user_fn), NULL, take_rows, &taken);
    flow_scope_end(p);
    ck_assert_int_eq(run_with(p, (uint32_t)_i, &error), FLOW_USER);
    ck_assert_int_eq(error.status, FLOW_USER);
    ck_assert_str_eq(error.step, "door/check_user");
    ck_assert_str_eq(error.message,
        "user 777 is not welcome; element {\"page\":\"/shoes\",\"user\":777,"
        "\"at\":\"1970-01-01T00:00:00.777Z\"} at 1970-01-01T00:00:00.777Z from element 777 "
        "behind position 0 of clicks");
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

static void take_rejected(void *user, const flow_elements *elements)
{
    const flow_batch *batch = &elements->batch;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct flow_rejected *row = FLOW_BATCH_ROW(batch, flow_rejected, i);
        ck_assert(flow_str_equal(row->step, flow_str_of("check_user")));
        ck_assert(flow_str_equal(row->reason, flow_str_of("failed")));
        ck_assert_int_eq(row->at.us % 1000000, 777000);
        const flow_str start = { row->message.data, 5 };
        ck_assert(flow_str_equal(start, flow_str_of("user ")));
        ck_assert_int_eq(row->element.data[0], '{');
    }
    take_rows(user, elements);
}

// Runs with a policy; what came out, was rejected and dropped, by the job's own figures too.
static void run_with_policy(flow_on_error policy, struct taken *out, struct taken *dead)
{
    const flow_do_options options = { .on_error = policy };
    const flow_local_options three = { .workers = 3 };
    const flow_runner runner = flow_local(&three);
    struct click *clicks = clicks_make(CLICKS, CLICKS);
    flow_status_report report = { .ended = false };
    flow_error error = { FLOW_OK, "", "" };
    flow_pipeline *p = flow_pipeline_new("policy");
    const flow_coll good = flow_do(clicks_read(p, clicks, CLICKS), &check_user_fn, &options);
    flow_receive(good, "good", take_rows, out);
    if (policy == FLOW_ON_ERROR_DEAD_LETTER)
        flow_receive(flow_dead_letters(good), "dead", take_rejected, dead);
    flow_job *job = flow_job_start(p, &runner, &error);
    ck_assert_msg(job != NULL, "%s", error.message);
    while (!report.ended) {
        nap();
        flow_job_status(job, &report);
    }
    ck_assert_msg(flow_job_wait(job, &error) == FLOW_OK, "%s", error.message);
    ck_assert_uint_eq(report.rows_in, CLICKS);
    ck_assert_uint_eq(report.rejected, (uint64_t)dead->rows);
    ck_assert_uint_eq(report.rows_in, (uint64_t)out->rows + report.rejected + report.dropped_other);
    ck_assert_uint_eq(report.rows_out, (uint64_t)(out->rows + dead->rows));
    flow_pipeline_free(p);
    free(clicks);
}

START_TEST(dead_letters_carry_what_failed_and_the_balance_holds)
{
    struct taken out = { 0 }, dead = { 0 };
    run_with_policy(FLOW_ON_ERROR_DEAD_LETTER, &out, &dead);
    ck_assert_int_eq(out.rows, CLICKS - 5);
    ck_assert_int_eq(dead.rows, 5);
}
END_TEST

START_TEST(skipped_elements_are_counted_and_the_balance_holds)
{
    struct taken out = { 0 }, dead = { 0 };
    run_with_policy(FLOW_ON_ERROR_SKIP, &out, &dead);
    ck_assert_int_eq(out.rows, CLICKS - 5);
}
END_TEST

START_TEST(budget_too_small_for_the_keys_is_told_in_one_sentence)
{
    enum {
        MANY = 2000000,
        WORKERS = 2
    };
    const flow_local_options options = { .workers = WORKERS, .memory = 8 << 20, .scratch = "" };
    const flow_runner runner = flow_local(&options);
    struct click *clicks = clicks_make(MANY, MANY);
    struct taken taken = { 0 };
    flow_error error = { FLOW_OK, "", "" };
    flow_pipeline *p = flow_pipeline_new("too many keys");
    const flow_coll by_user = flow_key_by(clicks_read(p, clicks, MANY), FLOW_FIELD(click, user));
    flow_receive(flow_count(by_user), NULL, take_counts, &taken);
    ck_assert_int_eq(flow_run(p, &runner, &error), FLOW_BUDGET);
    ck_assert_int_eq(error.status, FLOW_BUDGET);
    ck_assert_msg(error.step[0] != '\0', "no step: %s", error.message);
    const char *begin = "the memory budget of 8 MiB is used up";
    ck_assert_msg(strncmp(error.message, begin, strlen(begin)) == 0, "%s", error.message);
    ck_assert_int_eq(taken.rows, 0);
    flow_pipeline_free(p);
    free(clicks);
}
END_TEST

// A source and a sink that fail where a test says, and count what is asked of them.
enum place {
    NOWHERE,
    SOURCE_OPEN,
    CLAIM,
    READ,
    SINK_OPEN,
    STAGE,
    FINISH,
    PLACES
};

static enum place bad;
static _Atomic int opened, closed, finished, discarded, claimed;

static flow_status fail_at(enum place place, flow_error *error)
{
    if (bad != place)
        return FLOW_OK;
    return flow_error_raise(error, FLOW_IO, NULL, "place %d broke", (int)place);
}

static flow_status source_open(void *self, const flow_open *open)
{
    (void)self;
    claimed = 0;
    if (fail_at(SOURCE_OPEN, open->error) != FLOW_OK)
        return FLOW_IO;
    opened++;
    return FLOW_OK;
}

static uint32_t source_partitions(void *self)
{
    (void)self;
    return 1;
}

static flow_claim source_claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    (void)self, (void)partition;
    if (claimed == 5 && fail_at(CLAIM, error) != FLOW_OK)
        return FLOW_CLAIM_FAILED;
    if (claimed == 10)
        return FLOW_CLAIM_END;
    piece->begin = (uint64_t)claimed++;
    piece->end = piece->begin + 1;
    return FLOW_CLAIM_PIECE;
}

static flow_status source_read(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    (void)self;
    if (bad == READ && piece->begin == 7)
        return flow_fail(ctx, FLOW_IO, "place %d broke", (int)READ);
    const struct click click = { .user = (int64_t)piece->begin };
    return FLOW_EMIT_ROW(ctx, click, &click);
}

static void place_close(void *self)
{
    (void)self;
    closed++;
}

static const flow_source bad_source = { .name = "source",
    .open = source_open,
    .partitions = source_partitions,
    .claim = source_claim,
    .read = source_read,
    .close = place_close };

static flow_status sink_open(void *self, const flow_open *open)
{
    (void)self;
    if (fail_at(SINK_OPEN, open->error) != FLOW_OK)
        return FLOW_IO;
    opened++;
    return FLOW_OK;
}

static flow_status sink_stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    (void)self, (void)worker, (void)elements;
    return fail_at(STAGE, error);
}

static flow_status sink_finish(void *self, flow_error *error)
{
    (void)self;
    finished++;
    return fail_at(FINISH, error);
}

static void sink_discard(void *self)
{
    (void)self;
    discarded++;
}

static const flow_sink bad_sink = { .name = "sink",
    .open = sink_open,
    .stage = sink_stage,
    .finish = sink_finish,
    .discard = sink_discard,
    .close = place_close };

START_TEST(whatever_breaks_is_named_and_everything_is_closed)
{
    const flow_read_options read = { .type = &click_type };
    flow_error error;
    char message[40];
    flow_pipeline *p = flow_pipeline_new("breaks");
    flow_write(flow_read(p, &bad_source, &read), &bad_sink, NULL);
    for (uint32_t workers = 1; workers < 4; workers++) {
        bad = (enum place)_i;
        opened = closed = finished = discarded = 0;
        const flow_status status = run_with(p, workers, &error);
        ck_assert_int_eq(status, bad == NOWHERE ? FLOW_OK : FLOW_IO);
        ck_assert_int_eq(error.status, status);
        ck_assert_int_eq(opened, closed);
        ck_assert_int_eq(opened, bad == SOURCE_OPEN || bad == SINK_OPEN ? opened : 2);
        ck_assert_int_eq(finished, bad == NOWHERE || bad == FINISH);
        if (bad == NOWHERE)
            continue;
        ck_assert_int_eq(discarded, bad != SOURCE_OPEN && bad != SINK_OPEN);
        snprintf(message, sizeof message, "place %d broke", _i);
        ck_assert_msg(strstr(error.message, message) != NULL, "%s", error.message);
        ck_assert_str_eq(
            error.step, bad == SINK_OPEN || bad == STAGE || bad == FINISH ? "sink" : "source");
    }
    flow_pipeline_free(p);
}
END_TEST

START_TEST(any_refused_allocation_is_told_and_nothing_leaks)
{
    struct click *clicks = clicks_make(CLICKS, 100);
    bool well = false;
    for (uint64_t n = 1; !well; n++) {
        struct account account = { 0 };
        struct taken taken = { 0 };
        flow_error error = { FLOW_OK, "", "" };
        flow_pipeline *p = pipeline_on(&account, "short of memory");
        ck_assert_ptr_nonnull(p);
        count_by_minute(clicks_read(p, clicks, CLICKS), &taken);
        ck_assert_int_eq(flow_pipeline_check(p, NULL), FLOW_OK);
        account.fail_from = account.calls + n;
        const flow_status status = run_with(p, (uint32_t)_i, &error);
        well = status == FLOW_OK;
        ck_assert_msg(well || status == FLOW_MEMORY || status == FLOW_BUDGET, "%s", error.message);
        ck_assert_int_eq(error.status, status);
        ck_assert(well || error.message[0] != '\0');
        ck_assert(!well || taken.sum == CLICKS);
        flow_pipeline_free(p);
        ck_assert_int_eq(account.blocks, 0);
        ck_assert_int_eq(account.bytes, 0);
        ck_assert_uint_lt(n, 10000);
    }
    free(clicks);
}
END_TEST

TCase *faults_tests(void)
{
    TCase *tests = tcase_create("faults");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, failing_function_is_told_with_step_element_time_and_origin, 1, 4);
    tcase_add_test(tests, dead_letters_carry_what_failed_and_the_balance_holds);
    tcase_add_test(tests, skipped_elements_are_counted_and_the_balance_holds);
    tcase_add_test(tests, budget_too_small_for_the_keys_is_told_in_one_sentence);
    tcase_add_loop_test(tests, whatever_breaks_is_named_and_everything_is_closed, 0, PLACES);
    tcase_add_loop_test(tests, any_refused_allocation_is_told_and_nothing_leaks, 1, 4);
    return tests;
}
