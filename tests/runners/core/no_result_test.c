// SPDX-License-Identifier: Apache-2.0
// Combines whose `extract` makes no result of a key and window: the job fails, or the key with its
// accumulator is rejected, and all others have their results.
#include <stddef.h>
#include <stdio.h>

#include <check.h>

#include <string.h>

#include <flow/fields.h>
#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/test.h>
#include <flow/transforms.h>

TCase *no_result_tests(void);

struct bill {
    int64_t shop;
    int64_t cents;
};
FLOW_RECORD(bill, shop, cents);

static flow_pipeline *p;
static flow_coll bills;

static void setup(void)
{
    static const struct bill all[] = { { 1, 3 }, { 1, 4 }, { 1, 5 }, { 2, 10 }, { 2, 7 } };
    p = flow_pipeline_new("bills");
    flow_script *script = flow_script_new(p);
    bills = flow_script_input(script, "bills", &bill_type);
    for (int64_t i = 0; i < 5; i++)
        flow_script_add(script, bills, (flow_time){ (i + 1) * 100000 }, &bill_type, &all[i]);
}

static flow_error runs(flow_status wanted)
{
    const flow_simulated_options options = {
        .workers = 2, .seeds = wanted ? 1 : 4, .fail_one_in = wanted ? 0 : 9
    };
    const flow_runner runner = flow_simulated(&options);
    flow_error error = { 0 };
    const flow_status status = flow_run(p, &runner, &error);
    ck_assert_msg(status == wanted, "%s: %s", error.step, error.message);
    flow_pipeline_free(p);
    return error;
}

static void add_cents(void *acc, const void *in, const void *config)
{
    (void)config;
    ((struct flow_integer *)acc)->value += ((const struct bill *)in)->cents;
}

static void add_sums(void *acc, const void *other, const void *config)
{
    (void)config;
    ((struct flow_integer *)acc)->value += ((const struct flow_integer *)other)->value;
}

// There is no result that ends with a 7.
static flow_status but_sevens(const void *acc, void *out, const void *config)
{
    (void)config;
    *(struct flow_integer *)out = *(const struct flow_integer *)acc;
    return ((const struct flow_integer *)acc)->value % 10 == 7 ? FLOW_USER : FLOW_OK;
}

static const flow_combine_fn total = { .name = "total",
    .in = &bill_type,
    .acc = &flow_integer_type,
    .out = &flow_integer_type,
    .add = add_cents,
    .merge = add_sums,
    .extract = but_sevens };

static flow_coll windowed(flow_windows windows)
{
    return flow_window_into(bills, &(flow_window_options){ .windows = windows });
}

static flow_coll by_shop(flow_coll in)
{
    return flow_key_by(in, FLOW_FIELD(bill, shop));
}

// Of letters: how many are of a sign and have the text.
struct letters {
    const char *text;
    size_t plus, minus;
};

static bool so_many(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    const struct letters *wanted = user;
    struct letters got = { wanted->text, 0, 0 };
    for (size_t i = 0; i < count; i++) {
        if (!strstr(seen[i].text, wanted->text))
            return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%s", seen[i].text) == FLOW_OK;
        *(strstr(seen[i].text, "\"sign\":-1") ? &got.minus : &got.plus) += 1;
    }
    return (got.plus == wanted->plus && got.minus == wanted->minus) ||
           flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu and %zu taken back, of %s", got.plus,
               got.minus, wanted->text) == FLOW_OK;
}

#define KEY_AND_SUM "\"element\":\"{\\\"key\\\":2,\\\"accumulator\\\":{\\\"value\\\":17}}\""

START_TEST(a_result_that_cannot_be_is_a_dead_letter)
{
    static struct letters one = { KEY_AND_SUM, 1, 0 };
    const flow_windows windows[] = { flow_fixed(flow_seconds(10)),
        flow_sliding(flow_seconds(10), flow_seconds(10)), flow_sessions(flow_seconds(3)) };
    const bool skip = _i % 2;
    setup();
    const flow_combine_options route = { .on_error = skip ? FLOW_ON_ERROR_SKIP
                                                          : FLOW_ON_ERROR_DEAD_LETTER };
    flow_coll in = by_shop(windowed(windows[_i / 2 % 3]));
    if (_i >= 6)
        in = flow_fan_out(in, &(flow_fan_out_options){ .parts = 3 });
    const flow_coll sums = flow_combine(in, &total, &route);
    flow_expect(sums, "1: {\"value\":12}");
    flow_expect_that(skip ? flow_dropped(sums) : flow_dead_letters(sums), so_many, &one, NULL);
    runs(FLOW_OK);
}
END_TEST

START_TEST(a_result_that_cannot_be_fails_the_job)
{
    setup();
    flow_expect(
        flow_combine(by_shop(windowed(flow_fixed(flow_seconds(10)))), &total), "1: {\"value\":12}");
    const flow_error error = runs(FLOW_USER);
    ck_assert_str_eq(error.message,
        "its result for the key 2 does not fit (total): the window that "
        "ends at 1970-01-01T00:00:10Z has "
        "no value");
}
END_TEST

START_TEST(a_result_of_the_global_window_that_cannot_be_says_so)
{
    static const struct bill seven = { 2, 7 };
    const flow_create_options one = { .type = &bill_type, .rows = &seven, .count = 1 };
    p = flow_pipeline_new("bills");
    flow_expect(flow_combine(by_shop(flow_create(p, &one)), &total), "none");
    const flow_error error = runs(FLOW_USER);
    ck_assert_str_eq(error.message,
        "its result for the key 2 does not fit (total): the global window has no value");
}
END_TEST

struct named {
    flow_str name;
    int64_t cents;
};
FLOW_RECORD(named, name, cents);

static const flow_field secret_fields[] = { FLOW_COLUMN_CLASSIFIED(named, name),
    FLOW_COLUMN(named, cents) };
static const flow_type secret_type = { "secret", sizeof(struct named), _Alignof(struct named), 2,
    secret_fields };

static flow_error too_much(const flow_type *type, const char *name)
{
    const struct named rows[] = { { flow_str_of(name), INT64_MAX }, { flow_str_of(name), 1 } };
    const flow_create_options two = { .type = type, .rows = rows, .count = 2 };
    p = flow_pipeline_new("named");
    const flow_coll in = flow_create(p, &two);
    const flow_field_ref key = { type, "name", 0, FLOW_KIND_STR };
    const flow_field_ref cents = { type, "cents", offsetof(struct named, cents), FLOW_KIND_I64 };
    flow_expect(flow_sum(flow_key_by(in, key), cents), "x");
    return runs(FLOW_USER);
}

START_TEST(the_key_of_a_result_that_cannot_be_is_said_as_far_as_it_may)
{
    static const char rest[] = " does not fit (sum): the global window has no value";
    char wanted[200];
    flow_error error = too_much(&named_type, "a \"b\"");
    snprintf(wanted, sizeof wanted, "its result for the key \"a \\\"b\\\"\"%s", rest);
    ck_assert_str_eq(error.message, wanted);
    error = too_much(&named_type,
        "éééééééééééééééééééééééééééééééééééééééé"); // cut within no character
    snprintf(wanted, sizeof wanted, "its result for the key \"%s…%s",
        "ééééééééééééééééééééééééééééééé", rest);
    ck_assert_str_eq(error.message, wanted);
    error = too_much(&secret_type, "Ann");
    snprintf(wanted, sizeof wanted, "its result for the key \"***\"%s", rest);
    ck_assert_str_eq(error.message, wanted);
}
END_TEST

static bool is_first(const flow_ctx *ctx, const struct bill *bill)
{
    (void)ctx;
    return bill->shop == 1;
}
FLOW_FILTER_FN(is_first, bill);

START_TEST(one_that_is_taken_back_is_a_dead_letter_again)
{
    static struct letters seven = { "{\\\"accumulator\\\":{\\\"value\\\":7}}", 1, 1 };
    setup();
    const flow_window_options often = { .windows = flow_fixed(flow_seconds(10)),
        .trigger = flow_trigger_early_late(flow_trigger_count(1), flow_trigger_none()),
        .no_lateness = true,
        .accumulation = FLOW_RETRACTING };
    const flow_combine_options route = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll few = flow_do(flow_window_into(bills, &often), &is_first_fn);
    const flow_coll sums = flow_combine(few, &total, &route);
    flow_expect_that(flow_dead_letters(sums), so_many, &seven, NULL);
    const flow_simulated_options options = { .workers = 1 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error = { 0 };
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(p);
}
END_TEST

static flow_status as_large(flow_ctx *ctx, const struct bill *in, struct bill *out)
{
    (void)ctx;
    *out = *in;
    if (in->shop == 2)
        out->cents = INT64_MAX - 10 + in->cents;
    return FLOW_OK;
}
FLOW_MAP_FN(as_large, bill, bill);

START_TEST(a_group_whose_sum_does_not_fit_is_rejected_with_its_fields)
{
    static struct letters one = { "\\\"group\\\":{\\\"shop\\\":2}", 1, 0 };
    static const char *const by[] = { "shop" };
    static const flow_aggregate_field fields[] = { { FLOW_SUM_OF, "cents", "sum" },
        { FLOW_COUNT_OF, NULL, "n" } };
    setup();
    const flow_aggregate_options figures = { .by = by,
        .by_count = 1,
        .fields = fields,
        .field_count = 2,
        .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll large = flow_do(windowed(flow_fixed(flow_seconds(10))), &as_large_fn);
    const flow_coll sums = flow_aggregate(large, &figures);
    flow_expect(sums, "{\"shop\":1,\"sum\":12,\"n\":3}");
    flow_expect_that(flow_dead_letters(sums), so_many, &one, NULL);
    runs(FLOW_OK);
}
END_TEST

TCase *no_result_tests(void)
{
    TCase *tests = tcase_create("no result");
    tcase_add_loop_test(tests, a_result_that_cannot_be_is_a_dead_letter, 0, 8);
    tcase_add_test(tests, a_result_that_cannot_be_fails_the_job);
    tcase_add_test(tests, a_result_of_the_global_window_that_cannot_be_says_so);
    tcase_add_test(tests, the_key_of_a_result_that_cannot_be_is_said_as_far_as_it_may);
    tcase_add_test(tests, one_that_is_taken_back_is_a_dead_letter_again);
    tcase_add_test(tests, a_group_whose_sum_does_not_fit_is_rejected_with_its_fields);
    return tests;
}
