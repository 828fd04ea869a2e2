// SPDX-License-Identifier: Apache-2.0
// What functions measure and the engine counts: by step, over workers, of bundles that committed
// and of those that were tried again (R84).
#include <check.h>

#include <flow/metrics.h>
#include <flow/runner_local.h>
#include <flow/test.h>
#include <flow/transforms.h>

TCase *measure_tests(void);

struct sale {
    flow_str shop;
    int64_t cents;
};
FLOW_RECORD(sale, shop, cents);

static const flow_metric sold = { FLOW_METRIC_COUNTER, "sold_cents", "Cents of all sales." };
static const flow_metric size = { FLOW_METRIC_DISTRIBUTION, "size_cents", NULL };
static const flow_metric spread = { FLOW_METRIC_HISTOGRAM, "spread_cents", NULL };
static const flow_metric latest = { FLOW_METRIC_GAUGE, "latest_cents", NULL };
static const flow_metric shops = { FLOW_METRIC_STRINGS, "shops", NULL };

static flow_status tell(flow_ctx *ctx, const struct sale *in)
{
    flow_measure(ctx, &sold, in->cents);
    flow_measure(ctx, &size, in->cents);
    flow_measure(ctx, &spread, in->cents);
    flow_measure(ctx, &latest, in->cents);
    flow_measure_text(ctx, &shops, in->shop);
    return FLOW_EMIT_ROW(ctx, sale, in);
}
FLOW_ELEMENT_FN(tell, sale, sale);

static flow_pipeline *p;
static flow_job *job;

// A hundred sales of three shops through a function and a count.
static flow_pipeline *sales(const flow_fn *fn)
{
    static struct sale rows[100];
    static const char *const names[] = { "Kyiv", "Lima", "Oslo" };
    for (int64_t i = 0; i < 100; i++)
        rows[i] = (struct sale){ flow_str_of(names[i % 3]), i };
    p = flow_pipeline_new("sales");
    flow_script *script = flow_script_new(p);
    const flow_coll in = flow_script_input(script, "in", &sale_type);
    for (int64_t i = 0; i < 100; i++)
        flow_script_add(script, in, (flow_time){ i }, &sale_type, &rows[i]);
    const flow_window_options hours = { .windows = flow_fixed(flow_hours(1)) };
    const flow_coll keyed = flow_key_by(flow_do(in, fn), FLOW_FIELD(sale, shop));
    flow_expect(flow_count(flow_window_into(keyed, &hours)), "\"Kyiv\": {\"count\":34}",
        "\"Lima\": {\"count\":33}", "\"Oslo\": {\"count\":33}");
    return p;
}

static flow_metrics *ran(const flow_simulated_options *options)
{
    const flow_runner runner = flow_simulated(options);
    flow_error error = { 0 };
    job = flow_job_start(p, &runner, &error);
    ck_assert_msg(job != NULL, "%s", error.message);
    return flow_job_metrics(job);
}

static void end(flow_metrics *metrics, flow_status wanted)
{
    flow_error error = { 0 };
    flow_metrics_free(metrics);
    flow_job_wait(job, &error);
    flow_pipeline_free(p);
    ck_assert_msg(error.status == wanted, "%s: %s", error.step, error.message);
}

static const flow_figure *figure(const flow_metrics *metrics, const char *step, const char *name)
{
    const flow_figure *found = flow_metrics_find(metrics, step, name);
    ck_assert_msg(found != NULL, "%s has no %s", step, name);
    return found;
}

START_TEST(r84_every_kind_of_metric_keeps_what_it_says)
{
    sales(&tell_fn);
    flow_metrics *metrics = ran(&(flow_simulated_options){ .workers = 3 });
    ck_assert_int_eq(figure(metrics, "tell", "sold_cents")->committed.sum, 4950);
    const flow_measured *of = &figure(metrics, "tell", "size_cents")->committed;
    ck_assert_uint_eq(of->count, 100);
    ck_assert_int_eq(of->sum, 4950);
    ck_assert_int_eq(of->min, 0);
    ck_assert_int_eq(of->max, 99);
    const flow_figure *parts = figure(metrics, "tell", "spread_cents");
    ck_assert_uint_eq(parts->buckets[0], 1);  // 0
    ck_assert_uint_eq(parts->buckets[1], 1);  // 1
    ck_assert_uint_eq(parts->buckets[3], 4);  // 4 to 7
    ck_assert_uint_eq(parts->buckets[7], 36); // 64 to 99
    const flow_figure *texts = figure(metrics, "tell", "shops");
    ck_assert_uint_eq(texts->committed.count, 3);
    ck_assert(flow_str_equal(texts->texts[0], flow_str_of("Kyiv")));
    ck_assert(flow_str_equal(texts->texts[2], flow_str_of("Oslo")));
    ck_assert(texts->user);
    end(metrics, FLOW_OK);
}
END_TEST

START_TEST(r84_the_last_value_is_a_gauge)
{
    sales(&tell_fn);
    flow_metrics *metrics = ran(NULL);
    ck_assert_int_eq(figure(metrics, "tell", "latest_cents")->committed.last, 99);
    end(metrics, FLOW_OK);
}
END_TEST

START_TEST(r84_what_was_tried_again_is_attempted_and_not_committed)
{
    sales(&tell_fn);
    flow_metrics *metrics = ran(&(flow_simulated_options){ .seed = 3, .fail_one_in = 3 });
    const flow_figure *cents = figure(metrics, "tell", "sold_cents");
    ck_assert_int_eq(cents->committed.sum, 4950);
    ck_assert_int_gt(cents->attempted.sum, 4950);
    ck_assert_uint_eq(figure(metrics, "tell", "shops")->committed.count, 3);
    end(metrics, FLOW_OK);
}
END_TEST

START_TEST(the_engine_counts_elements_and_bytes_of_every_step)
{
    sales(&tell_fn);
    flow_metrics *metrics = ran(&(flow_simulated_options){ .workers = 2 });
    ck_assert_int_eq(figure(metrics, "tell", "elements_in")->committed.sum, 100);
    ck_assert_int_eq(figure(metrics, "tell", "elements_out")->committed.sum, 100);
    ck_assert_int_eq(
        figure(metrics, "tell", "bytes_in")->committed.sum, 100 * (int64_t)sizeof(struct sale));
    ck_assert_int_eq(figure(metrics, "expect", "elements_in")->committed.sum, 3);
    ck_assert_int_eq(figure(metrics, "count", "watermark_us")->committed.last, FLOW_TIME_MAX_US);
    ck_assert(!figure(metrics, "tell", "elements_in")->user);
    end(metrics, FLOW_OK);
}
END_TEST

static flow_status too_many(flow_ctx *ctx, const struct sale *in)
{
    static flow_metric made[65];
    static char names[65][8];
    for (int i = 0; i < 65; i++) {
        names[i][0] = (char)('a' + i % 26);
        names[i][1] = (char)('a' + i / 26);
        made[i] = (flow_metric){ FLOW_METRIC_COUNTER, names[i], NULL };
        flow_measure(ctx, &made[i], 1);
    }
    return FLOW_EMIT_ROW(ctx, sale, in);
}
FLOW_ELEMENT_FN(too_many, sale, sale);

static flow_status mixed_up(flow_ctx *ctx, const struct sale *in)
{
    flow_measure(ctx, &shops, 1);
    return FLOW_EMIT_ROW(ctx, sale, in);
}
FLOW_ELEMENT_FN(mixed_up, sale, sale);

START_TEST(a_metric_too_many_and_a_number_for_texts_fail_the_step)
{
    sales(&too_many_fn);
    end(ran(NULL), FLOW_BUDGET);
    sales(&mixed_up_fn);
    end(ran(NULL), FLOW_INVALID);
}
END_TEST

// Keeps a core busy for a while; the clock is of the test's own.
static flow_status dawdle(flow_ctx *ctx, const struct sale *in)
{
    static volatile uint64_t sink;
    for (int i = 0; i < 20000; i++)
        sink = sink + (uint64_t)i;
    return FLOW_EMIT_ROW(ctx, sale, in);
}
FLOW_ELEMENT_FN(dawdle, sale, sale);

START_TEST(time_goes_to_the_step_that_works)
{
    sales(&dawdle_fn);
    const flow_local_options options = { .workers = 1 };
    const flow_runner runner = flow_local(&options);
    flow_error error = { 0 };
    job = flow_job_start(p, &runner, &error);
    flow_status_report report = { 0 };
    while (!report.ended)
        flow_job_status(job, &report);
    flow_metrics *metrics = flow_job_metrics(job);
    const int64_t busy = figure(metrics, "dawdle", "busy_us")->committed.sum;
    ck_assert_int_gt(busy, figure(metrics, "expect", "busy_us")->committed.sum);
    end(metrics, FLOW_OK);
}
END_TEST

TCase *measure_tests(void)
{
    TCase *tests = tcase_create("measures");
    tcase_add_test(tests, r84_every_kind_of_metric_keeps_what_it_says);
    tcase_add_test(tests, r84_the_last_value_is_a_gauge);
    tcase_add_test(tests, r84_what_was_tried_again_is_attempted_and_not_committed);
    tcase_add_test(tests, the_engine_counts_elements_and_bytes_of_every_step);
    tcase_add_test(tests, a_metric_too_many_and_a_number_for_texts_fail_the_step);
    tcase_add_test(tests, time_goes_to_the_step_that_works);
    return tests;
}
