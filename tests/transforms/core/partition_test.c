// SPDX-License-Identifier: Apache-2.0
// flow_partition: every element goes to exactly one part.
#include "emit.h"

#include <flow/test.h>

TCase *partition_tests(void);

struct order {
    flow_str city;
    int64_t cents;
};
FLOW_RECORD(order, city, cents);

static uint32_t by_size(flow_ctx *ctx, const struct order *order, uint32_t parts)
{
    if (order->cents < 0)
        flow_fail(ctx, FLOW_USER, "an order of %lld cents", (long long)order->cents);
    return order->cents < 100    ? 0
           : order->cents < 1000 ? 1
                                 : parts + (uint32_t)order->cents % 2 - 1;
}
FLOW_PARTITION_FN(by_size, order);

static flow_pipeline *p;
static flow_script *script;
static flow_coll orders;

static void setup(void)
{
    p = flow_pipeline_new("parts");
    script = flow_script_new(p);
    orders = flow_script_input(script, "orders", &order_type);
}

static void teardown(void)
{
    flow_pipeline_free(p);
}

static void add(const char *city, int64_t cents)
{
    FLOW_SCRIPT_ADD(
        script, orders, order, ((flow_time){ 0 }), .city = flow_str_of(city), .cents = cents);
}

static flow_error run(void)
{
    const flow_simulated_options options = { .workers = 2, .seeds = 3, .fail_one_in = 5 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    flow_run(p, &runner, &error);
    return error;
}

START_TEST(each_element_goes_to_its_part)
{
    add("Kyiv", 7);
    add("Lima", 2000);
    add("Oslo", 100);
    add("Rome", 99);
    const flow_coll small = flow_partition(orders, &by_size_partition, 3, NULL);
    flow_expect(small, "{\"city\":\"Kyiv\",\"cents\":7}", "{\"city\":\"Rome\",\"cents\":99}");
    flow_expect(flow_output(small, 1), "{\"city\":\"Oslo\",\"cents\":100}");
    flow_expect(flow_output(small, 2), "{\"city\":\"Lima\",\"cents\":2000}");
    const flow_error error = run();
    ck_assert_msg(error.status == FLOW_OK, "%s", error.message);
}
END_TEST

START_TEST(a_part_that_is_not_there_fails_the_element)
{
    add("Lima", 1001);
    flow_expect_empty(flow_partition(orders, &by_size_partition, 3, NULL), NULL);
    const flow_error error = run();
    ck_assert_int_eq(error.status, FLOW_USER);
    ck_assert_ptr_nonnull(strstr(error.message, "it gave part 3 of an element, there are 3"));
}
END_TEST

static bool one_letter(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    if (count == 1 && strstr(seen[0].text, "an order of -1 cents") && strstr(seen[0].text, "Lima"))
        return true;
    flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu dead letters", count);
    return false;
}

START_TEST(an_element_that_fails_can_be_routed)
{
    add("Lima", -1);
    add("Kyiv", 5);
    const flow_do_options options = { .name = "sizes", .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll small = flow_partition(orders, &by_size_partition, 2, &options);
    flow_expect(small, "{\"city\":\"Kyiv\",\"cents\":5}");
    flow_expect_that(flow_dead_letters(small), one_letter, NULL, NULL);
    const flow_error error = run();
    ck_assert_msg(error.status == FLOW_OK, "%s", error.message);
}
END_TEST

START_TEST(parts_that_cannot_be_are_refused)
{
    static const struct {
        uint32_t count;
        bool no_function;
        const char *message;
    } cases[] = {
        { 0, false, "flow_partition: 0 parts were asked for, 1 to 30 may be" },
        { 31, false, "flow_partition: 31 parts were asked for, 1 to 30 may be" },
        { 2, true, "flow_partition: it was given no function that says the part of an element" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        flow_partition(
            orders, cases[i].no_function ? NULL : &by_size_partition, cases[i].count, NULL);
        ck_assert_str_eq(run().message, cases[i].message);
        teardown();
        setup();
    }
    flow_partition(bids(p), &by_size_partition, 2, NULL);
    ck_assert_str_eq(run().message, "flow_do(by_size): takes 'order', its input has 'bid'");
}
END_TEST

TCase *partition_tests(void)
{
    TCase *tests = tcase_create("partition");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, each_element_goes_to_its_part);
    tcase_add_test(tests, a_part_that_is_not_there_fails_the_element);
    tcase_add_test(tests, an_element_that_fails_can_be_routed);
    tcase_add_test(tests, parts_that_cannot_be_are_refused);
    return tests;
}
