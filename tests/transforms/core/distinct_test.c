// SPDX-License-Identifier: Apache-2.0
// flow_distinct: a composite over count whose last step gives the key.
#include "emit.h"

#include <flow/test.h>

TCase *distinct_tests(void);

START_TEST(r21_distinct_counts_by_the_whole_element)
{
    flow_pipeline *p = flow_pipeline_new("distinct");
    const flow_coll out = flow_distinct(bids(p));
    ck_assert(flow_type_equal(flow_coll_type(out), &bid_type));
    ck_assert(!flow_coll_is_keyed(out));
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_uint_eq(graph->node_count, 4);
    ck_assert_str_eq(graph->nodes[1].path, "distinct/key_by");
    ck_assert_str_eq(graph->nodes[2].path, "distinct/count");
    ck_assert_str_eq(graph->nodes[3].path, "distinct/elements");
    ck_assert_str_eq(graph->edges[1].shape.key_record->name, "bid");
    flow_pipeline_free(p);
}
END_TEST

START_TEST(distinct_keeps_a_key_that_is_a_field)
{
    flow_pipeline *p = flow_pipeline_new("distinct");
    const flow_coll out = flow_distinct(flow_key_by(bids(p), FLOW_FIELD(bid, who)));
    ck_assert_str_eq(flow_coll_key(out).name, "who");
    flow_pipeline_free(p);
}
END_TEST

START_TEST(distinct_of_the_invalid_collection_is_invalid)
{
    ck_assert_uint_eq(flow_distinct((flow_coll){ NULL, 0 }).id, 0);
}
END_TEST

struct counted_bid {
    struct bid key;
    struct flow_counted value;
};

START_TEST(last_step_emits_the_keys_of_selected_rows)
{
    flow_pipeline *p = flow_pipeline_new("distinct");
    flow_distinct(bids(p));
    const flow_node *node = &flow_pipeline_graph(p, NULL)->nodes[3];
    struct counted_bid rows[4] = { 0 };
    for (int i = 0; i < 4; i++)
        rows[i].key.i64 = i;
    const uint16_t selection[] = { 1, 3 };
    const flow_batch batch = {
        .rows = (const char *)rows,
        .selection = selection,
        .count = 2,
        .stride = sizeof rows[0],
        .value_offset = offsetof(struct counted_bid, value),
    };
    struct bid out[4];
    uint16_t origins[4];
    emission emitted = { .rows = (char *)out, .origins = origins };
    emit_with(node->fn, &batch, 4, &emitted);
    ck_assert_int_eq(emitted.status, FLOW_OK);
    ck_assert_uint_eq(emitted.count, 2);
    ck_assert_int_eq(out[0].i64, 1);
    ck_assert_int_eq(out[1].i64, 3);
    ck_assert_uint_eq(origins[1], 3);
    emit_with(node->fn, &batch, 1, &emitted);
    ck_assert_int_eq(emitted.status, FLOW_BUDGET);
    ck_assert_uint_eq(emitted.next, 1);
    flow_pipeline_free(p);
}
END_TEST

// A script of numbers, of which some come again late.
static flow_coll repeated(flow_pipeline *p, flow_accumulation accumulation)
{
    static const struct {
        int64_t value, second;
    } rows[] = { { 1, 1 }, { 2, 2 }, { 1, 3 }, { 1, 4 }, { 3, 5 }, { 2, 12 } };
    flow_script *script = flow_script_new(p);
    const flow_coll in = flow_script_input(script, "numbers", &flow_integer_type);
    for (int i = 0; i < 6; i++) {
        if (i == 3) // 1 and 3 are late
            flow_script_watermark(script, in, (flow_time){ 11000000 });
        FLOW_SCRIPT_ADD(script, in, flow_integer, (flow_time){ rows[i].second * 1000000 },
            .value = rows[i].value);
    }
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)),
        .lateness = flow_seconds(60),
        .accumulation = accumulation };
    return flow_window_into(in, &cut);
}

static void passes(flow_pipeline *p)
{
    const flow_simulated_options options = { .workers = 3, .seeds = 5, .fail_one_in = 7 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(p);
}

START_TEST(r42_late_equals_do_not_pass_again)
{
    flow_pipeline *p = flow_pipeline_new("late");
    flow_expect(flow_distinct(repeated(p, FLOW_DISCARDING)), "{\"value\":1}", "{\"value\":2}",
        "{\"value\":3}", "{\"value\":2}");
    passes(p);
    p = flow_pipeline_new("accumulating");
    flow_expect(flow_distinct(repeated(p, FLOW_ACCUMULATING)), "{\"value\":1}", "{\"value\":2}",
        "{\"value\":3}", "{\"value\":2}");
    passes(p);
}
END_TEST

static bool sums_to_once(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    int ones = 0;
    (void)user;
    for (size_t i = 0; i < count; i++)
        ones += strcmp(seen[i].text, "{\"value\":1}") == 0 ? seen[i].sign : 0;
    return ones == 1 ||
           flow_error_raise(error, FLOW_UNEXPECTED, NULL, "1 is there %d times", ones) == FLOW_OK;
}

START_TEST(retractions_of_equals_come_to_one)
{
    flow_pipeline *p = flow_pipeline_new("retracting");
    flow_expect_that(flow_distinct(repeated(p, FLOW_RETRACTING)), sums_to_once, NULL, NULL);
    passes(p);
}
END_TEST

TCase *distinct_tests(void)
{
    TCase *tests = tcase_create("distinct");
    tcase_add_test(tests, r21_distinct_counts_by_the_whole_element);
    tcase_add_test(tests, distinct_keeps_a_key_that_is_a_field);
    tcase_add_test(tests, distinct_of_the_invalid_collection_is_invalid);
    tcase_add_test(tests, last_step_emits_the_keys_of_selected_rows);
    tcase_add_test(tests, r42_late_equals_do_not_pass_again);
    tcase_add_test(tests, retractions_of_equals_come_to_one);
    return tests;
}
