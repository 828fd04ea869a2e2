// SPDX-License-Identifier: Apache-2.0
// Every transform of this folder through the contract harness. What depends on the order in which
// elements come is looked at in a way that does not.
#include <stdio.h>

#include <flow/keyed.h>

#include "harness.h"
#include "tests.h"

#define ROWS 40

struct pack {
    int64_t k;
    flow_list rows;
};
FLOW_RECORD_OF(pack, FLOW_COLUMN(pack, k), FLOW_COLUMN_LIST(pack, rows, flow_test_row));

static flow_coll by_k(flow_coll in)
{
    return flow_key_by(in, FLOW_FIELD(flow_test_row, k));
}

// Equal rows are equal but for their times: which one is first does not show.
static flow_coll deduplicated(flow_coll in)
{
    const flow_deduplicate_options options = { .by = FLOW_FIELD(flow_test_row, s),
        .duration = flow_hours(1000000),
        .clock = FLOW_EVENT_TIME };
    return flow_count(flow_deduplicate(in, &options));
}

static flow_status unpack(flow_ctx *ctx, const struct pack *pack)
{
    const struct flow_test_row *rows = pack->rows.items;
    for (size_t i = 0; i < pack->rows.count; i++)
        if (FLOW_EMIT_ROW(ctx, flow_test_row, &rows[i]) != FLOW_OK)
            return ctx->status;
    return FLOW_OK;
}
FLOW_ELEMENT_FN(unpack, pack, flow_test_row);

static flow_coll batched(flow_coll in)
{
    const flow_batches_options options = { .count = 3 };
    return flow_distinct(flow_do(flow_batches(by_k(in), &pack_type, &options), &unpack_fn));
}

static flow_coll batched_by_time(flow_coll in)
{
    const flow_batches_options options = { .bytes = 100, .max_wait = flow_seconds(1) };
    return flow_distinct(flow_do(flow_batches(by_k(in), &pack_type, &options), &unpack_fn));
}

struct judged {
    int64_t k;
    int64_t v;
    double mean;
};
FLOW_RECORD(judged, k, v, mean);

static flow_status tell(flow_ctx *ctx, const int64_t *k, const struct flow_test_row *row,
    const struct flow_score *score)
{
    return FLOW_EMIT(ctx, judged, .k = *k, .v = row->v, .mean = score->mean);
}
FLOW_SCORED_FN(tell, int64_t, flow_test_row, judged);

static flow_coll detected(flow_coll in)
{
    return flow_count(flow_detect(by_k(in), FLOW_FIELD(flow_test_row, x), &tell_scored, NULL));
}

// Throttled in the global window, and cut as it was; what lay in two windows may come twice then.
static flow_coll throttled(flow_coll in, bool by_key)
{
    const flow_window_options global = { .windows = flow_global() };
    const flow_duration lateness = flow_coll_lateness(in);
    const flow_window_options cut = { .windows = flow_coll_windows(in),
        .trigger = flow_trigger_default(),
        .accumulation = FLOW_DISCARDING,
        .lateness = lateness,
        .no_lateness = lateness.us == 0 };
    const flow_throttle_options options = {
        .elements = 7, .per = flow_millis(20), .burst = 2, .by_key = by_key
    };
    const flow_coll whole = flow_window_into(in, &global);
    const flow_coll out = flow_throttle(by_key ? by_k(whole) : whole, &options);
    return flow_distinct(flow_window_into(out, &cut));
}

static flow_coll throttled_all(flow_coll in)
{
    return throttled(in, false);
}

static flow_coll throttled_by_key(flow_coll in)
{
    return throttled(in, true);
}

// Even keys are known.
static flow_status find_name(flow_ctx *ctx, flow_question *questions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t k = *(const int64_t *)questions[i].key;
        if (k % 2 == 0)
            FLOW_ANSWER(&questions[i], flow_test_place, .a = k,
                .b =
                    flow_format(ctx, "a name that is longer than a cache line %lld", (long long)k));
    }
    return ctx->status;
}
FLOW_ASK_FN(find_name, int64_t, flow_test_place);

static flow_status with_name(flow_ctx *ctx, const int64_t *k, const struct flow_test_row *row,
    const struct flow_test_place *place)
{
    struct flow_test_row out = *row;
    (void)k;
    if (place)
        out.place = *place;
    return FLOW_EMIT_ROW(ctx, flow_test_row, &out);
}
FLOW_JOIN_FN(with_name, int64_t, flow_test_row, flow_test_place, flow_test_row);

static flow_coll looked_up(flow_coll in)
{
    const flow_look_up_options options = { .kind = FLOW_JOIN_LEFT, .count = 2, .cache_bytes = 512 };
    return flow_distinct(flow_look_up(by_k(in), &find_name_ask, &with_name_join, &options));
}

static flow_coll looked_up_in_lanes(flow_coll in)
{
    const flow_look_up_options options = { .in_flight = 2 };
    return flow_distinct(flow_look_up(by_k(in), &find_name_ask, &with_name_join, &options));
}

static flow_coll looked_up_after_a_while(flow_coll in)
{
    const flow_look_up_options options = {
        .count = 3, .in_flight = 2, .max_wait = flow_millis(50), .cache_bytes = 512
    };
    return flow_distinct(flow_look_up(by_k(in), &find_name_ask, &with_name_join, &options));
}

static const struct {
    const char *name;
    flow_test_build *build;
    bool early;
} transforms[] = {
    { "deduplicate", deduplicated, true },
    { "batches", batched, false },
    { "batches that wait", batched_by_time, true },
    { "detect", detected, false },
    { "look up", looked_up, false },
    { "look up in lanes", looked_up_in_lanes, false },
    { "waiting look up", looked_up_after_a_while, false },
    { "throttle", throttled_all, false },
    { "throttle by key", throttled_by_key, false },
};

START_TEST(every_transform_by_key_keeps_the_contract)
{
    static const char long_text[] =
        "a text that is longer than a cache line is, so that it never fits beside its row";
    static const char *const texts[] = { "", "short", long_text };
    struct flow_test_row rows[ROWS];
    for (int64_t i = 0; i < ROWS; i++) {
        rows[i] = flow_test_row_at(i * 7 % 5, i % 13, 0);
        rows[i].s = flow_str_of(texts[i % 3]);
        rows[i].place.b = flow_str_of(texts[i / 3 % 3]);
    }
    const struct flow_test_rows input = { &flow_test_row_type, rows, ROWS,
        FLOW_FIELD(flow_test_row, at), true, true, false, transforms[_i].early };
    (strstr(transforms[_i].name, "throttle") ? flow_test_transform_in_turn : flow_test_transform)(
        transforms[_i].name, transforms[_i].build, &input);
}
END_TEST

START_TEST(what_keeps_elements_refuses_such_as_are_taken_back)
{
    if (!strstr(transforms[_i].name, "look up")) // gives each element by itself, with its sign
        flow_test_refuses_signs(transforms[_i].name, transforms[_i].build);
}
END_TEST

// --- building that is refused

static flow_coll before_time(flow_coll in)
{
    return flow_deduplicate(
        in, &(flow_deduplicate_options){ .name = "prices", .duration = flow_seconds(-1) });
}

static flow_coll no_batch(flow_coll in)
{
    return flow_batches(in, &pack_type, NULL);
}

static flow_coll no_number(flow_coll in)
{
    return flow_detect(
        in, FLOW_FIELD(flow_test_row, s), NULL, &(flow_detect_options){ .name = "prices" });
}

static flow_coll no_pace(flow_coll in)
{
    return flow_throttle(in, NULL);
}

static flow_coll no_table(flow_coll in)
{
    return flow_look_up(in, NULL, NULL, &(flow_look_up_options){ .name = "prices" });
}

static const struct {
    flow_test_build *build;
    const char *step;
} unbuilt[] = {
    { before_time, "shop/prices" },
    { no_batch, "shop/batches" },
    { no_number, "shop/prices" },
    { no_pace, "shop/throttle" },
    { no_table, "shop/prices" },
};

START_TEST(errors_of_building_name_the_step_and_its_scope)
{
    flow_test_refused_step(unbuilt[_i].build, unbuilt[_i].step);
}
END_TEST

TCase *contract_tests(void)
{
    TCase *tests = tcase_create("contract");
    tcase_set_timeout(tests, 240);
    tcase_add_loop_test(tests, every_transform_by_key_keeps_the_contract, 0,
        (int)(sizeof transforms / sizeof transforms[0]));
    tcase_add_loop_test(tests, what_keeps_elements_refuses_such_as_are_taken_back, 0,
        (int)(sizeof transforms / sizeof transforms[0]));
    tcase_add_loop_test(tests, errors_of_building_name_the_step_and_its_scope, 0,
        (int)(sizeof unbuilt / sizeof unbuilt[0]));
    return tests;
}
