// SPDX-License-Identifier: Apache-2.0
// flow_latest: by event time, whatever came last.
#include "core_test.h"

#include <flow/test.h>

TCase *latest_tests(void);

struct price {
    flow_str sku;
    int64_t cents;
};
FLOW_RECORD(price, sku, cents);

static flow_pipeline *p;
static flow_script *script;
static flow_coll prices;

static void setup(void)
{
    p = flow_pipeline_new("prices");
    script = flow_script_new(p);
    prices = flow_script_input(script, "prices", &price_type);
}

static void teardown(void)
{
    flow_pipeline_free(p);
}

static void add(const char *sku, int64_t cents, int64_t second)
{
    const flow_time at = { second * 1000000 };
    FLOW_SCRIPT_ADD(script, prices, price, at, .sku = flow_str_of(sku), .cents = cents);
}

static void passes(void)
{
    const flow_simulated_options options = { .workers = 3, .seeds = 5, .fail_one_in = 7 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
}

static flow_coll in_minutes(flow_coll in)
{
    return flow_window_into(in, &(flow_window_options){ .windows = flow_fixed(flow_minutes(1)) });
}

START_TEST(the_latest_of_each_key_and_window_is_given)
{
    add("hat", 3, 50);
    add("hat", 1, 20);
    add("cup", 7, 10);
    add("hat", 9, 70);
    const flow_coll latest = flow_latest(flow_key_by(in_minutes(prices), FLOW_FIELD(price, sku)));
    ck_assert_str_eq(flow_coll_key(latest).name, "sku");
    flow_expect(latest, "\"hat\": {\"sku\":\"hat\",\"cents\":3}",
        "\"cup\": {\"sku\":\"cup\",\"cents\":7}", "\"hat\": {\"sku\":\"hat\",\"cents\":9}");
    passes();
}
END_TEST

START_TEST(of_equally_late_ones_the_smallest_is_given)
{
    add("hat", 3, 50);
    add("cup", 7, 50);
    flow_expect(flow_latest(in_minutes(prices)), "{\"sku\":\"cup\",\"cents\":7}");
    passes();
}
END_TEST

START_TEST(a_key_that_is_no_field_is_kept_apart)
{
    add("hat", 3, 10);
    add("cup", 7, 20);
    add("cup", 8, 30);
    const flow_coll counts = flow_count(flow_key_by(in_minutes(prices), FLOW_FIELD(price, sku)));
    flow_expect(flow_latest(counts), "{\"count\":1}", "{\"count\":2}");
    passes();
}
END_TEST

TCase *latest_tests(void)
{
    TCase *tests = tcase_create("latest");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, the_latest_of_each_key_and_window_is_given);
    tcase_add_test(tests, of_equally_late_ones_the_smallest_is_given);
    tcase_add_test(tests, a_key_that_is_no_field_is_kept_apart);
    return tests;
}
