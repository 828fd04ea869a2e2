// SPDX-License-Identifier: Apache-2.0
// Elements that a sink refuses (I3): the bundle fails, or they are dead letters, and all others are
// written once, with bundles that fail too.
#include <check.h>

#include <flow/test.h>
#include <flow/transform.h>

TCase *refuse_tests(void);

#define ROWS    100
#define WORKERS 3

struct bill {
    int64_t number;
    int64_t cents;
};
FLOW_RECORD(bill, number, cents);

static int64_t written; // sum of numbers, of the last run
static int64_t staged[WORKERS];

static flow_status open_ledger(void *self, const flow_open *open)
{
    (void)self;
    (void)open;
    written = 0;
    memset(staged, 0, sizeof staged);
    return FLOW_OK;
}

static flow_status stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    (void)self;
    (void)error;
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        const struct bill *bill = FLOW_BATCH_ROW(&elements->batch, bill, i);
        if (bill->cents >= 0) {
            staged[worker] += bill->number;
            continue;
        }
        const flow_status status =
            flow_refuse(elements, i, "%lld cents are no bill", (long long)bill->cents);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

static void publish(void *self, uint32_t worker)
{
    (void)self;
    written += staged[worker];
    staged[worker] = 0;
}

static void forget(void *self, uint32_t worker)
{
    (void)self;
    staged[worker] = 0;
}

static void close_ledger(void *self)
{
    (void)self;
}

static const flow_sink ledger = { .name = "ledger",
    .open = open_ledger,
    .stage = stage,
    .publish = publish,
    .abort = forget,
    .close = close_ledger };

static flow_pipeline *p;
static flow_coll bills;

// Every seventh bill is below 0.
static void setup(void)
{
    p = flow_pipeline_new("bills");
    flow_script *script = flow_script_new(p);
    bills = flow_script_input(script, "bills", &bill_type);
    for (int64_t i = 0; i < ROWS; i++)
        FLOW_SCRIPT_ADD(script, bills, bill, ((flow_time){ i * 1000000 }), .number = i,
            .cents = i % 7 ? i : -i - 1);
}

static void teardown(void)
{
    flow_pipeline_free(p);
}

static flow_status run(flow_error *error)
{
    const flow_simulated_options options = { .workers = WORKERS, .seeds = 10, .fail_one_in = 5 };
    const flow_runner runner = flow_simulated(&options);
    return flow_run(p, &runner, error);
}

static int64_t sum_of_good(void)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < ROWS; i++)
        sum += i % 7 ? i : 0;
    return sum;
}

static bool refused(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    size_t good = 0;
    (void)user;
    for (size_t i = 0; i < count; i++)
        good += strstr(seen[i].text, " cents are no bill") != NULL &&
                strstr(seen[i].text, "\"reason\":\"failed\"") != NULL &&
                strstr(seen[i].text, "ledger") != NULL;
    return good == count && count == (ROWS + 6) / 7
               ? true
               : flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu of %zu are as they should: %s",
                     good, count, count ? seen[0].text : "") == FLOW_OK;
}

START_TEST(i3_what_a_sink_refuses_is_a_dead_letter_and_the_rest_is_written)
{
    flow_coll lost;
    flow_error error = { 0 };
    flow_write(bills, &ledger,
        &(flow_write_options){ .on_error = FLOW_ON_ERROR_DEAD_LETTER, .dead_letters = &lost });
    flow_expect_that(lost, refused, NULL, NULL);
    ck_assert_msg(run(&error) == FLOW_OK, "%s: %s", error.step, error.message);
    ck_assert_int_eq(written, sum_of_good());
}
END_TEST

START_TEST(i3_nobody_need_listen)
{
    flow_error error = { 0 };
    flow_write(bills, &ledger, &(flow_write_options){ .on_error = (flow_on_error)_i });
    ck_assert_msg(run(&error) == FLOW_OK, "%s: %s", error.step, error.message);
    ck_assert_int_eq(written, sum_of_good());
}
END_TEST

START_TEST(i3_a_refused_element_fails_the_job_unless_told_otherwise)
{
    flow_error error = { 0 };
    flow_write(bills, &ledger, NULL);
    ck_assert_int_eq(run(&error), FLOW_INVALID);
    ck_assert_str_eq(error.step, "ledger");
    ck_assert_ptr_nonnull(
        strstr(error.message, "-1 cents are no bill; element {\"number\":0,\"cents\":-1} at "));
}
END_TEST

START_TEST(dead_letters_want_a_policy)
{
    flow_coll lost;
    flow_error error = { 0 };
    flow_write(bills, &ledger, &(flow_write_options){ .dead_letters = &lost });
    ck_assert_uint_eq(lost.id, 0);
    ck_assert_int_eq(flow_pipeline_check(p, &error), FLOW_INVALID);
    ck_assert_str_eq(error.message, "flow_write(ledger): it keeps no dead letters; its 'on_error' "
                                    "must be FLOW_ON_ERROR_DEAD_LETTER");
}
END_TEST

TCase *refuse_tests(void)
{
    TCase *tests = tcase_create("refuse");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, i3_what_a_sink_refuses_is_a_dead_letter_and_the_rest_is_written);
    tcase_add_loop_test(
        tests, i3_nobody_need_listen, FLOW_ON_ERROR_DEAD_LETTER, FLOW_ON_ERROR_SKIP + 1);
    tcase_add_test(tests, i3_a_refused_element_fails_the_job_unless_told_otherwise);
    tcase_add_test(tests, dead_letters_want_a_policy);
    return tests;
}
