// SPDX-License-Identifier: Apache-2.0
// Splittable functions on threads: whoever has nothing to do gets a share, and no position is lost
// or given twice.
#include "local_test.h"

#include <flow/memory.h>
#include <flow/split.h>

struct range {
    int64_t from, to;
};
FLOW_RECORD(range, from, to);

struct position {
    int64_t at;
};
FLOW_RECORD(position, at);

static flow_status whole(flow_ctx *ctx, const void *element, void *restriction)
{
    (void)ctx;
    memcpy(restriction, element, sizeof(struct flow_offset_range));
    return FLOW_OK;
}

static flow_status count_up(flow_ctx *ctx, const struct range *in)
{
    (void)in;
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    for (int64_t at = range->from; flow_claim_offset(ctx, at); at++)
        if (FLOW_EMIT(ctx, position, .at = at) != FLOW_OK)
            break;
    return FLOW_OK;
}
FLOW_SPLIT_FN(count_up, range, (position), .tracker = &flow_offset_tracker, .initial = whole);

static flow_status one(flow_ctx *ctx, const struct position *in, struct flow_integer *out)
{
    (void)ctx;
    (void)in;
    out->value = 1;
    return FLOW_OK;
}
FLOW_MAP_FN(one, position, flow_integer);

#define RANGES 5
#define LENGTH 60000

static void add(void *user, const flow_elements *elements)
{
    const struct flow_integer *sum = FLOW_BATCH_ROW(&elements->batch, flow_integer, 0);
    *(int64_t *)user += sum->value;
}

START_TEST(r68_threads_share_what_is_left_and_lose_nothing)
{
    struct range ranges[RANGES];
    int64_t sum = 0, count = 0;
    for (int64_t i = 0; i < RANGES; i++)
        ranges[i] = (struct range){ i * LENGTH, (i + 1) * LENGTH };
    flow_pipeline *p = flow_pipeline_new("shares");
    const flow_create_options from = { .type = &range_type, .rows = ranges, .count = RANGES };
    const flow_coll at = flow_split(flow_create(p, &from), &count_up_split);
    flow_receive(flow_sum(at, FLOW_FIELD(position, at)), "sum", add, &sum);
    flow_receive(
        flow_sum(flow_do(at, &one_fn), FLOW_FIELD(flow_integer, value)), "count", add, &count);
    flow_error error;
    const flow_runner four = flow_local(&(flow_local_options){ .workers = 4 });
    ck_assert_msg(flow_run(p, &four, &error) == FLOW_OK, "%s", error.message);
    ck_assert_int_eq(count, RANGES * LENGTH);
    ck_assert_int_eq(sum, (int64_t)RANGES * LENGTH * (RANGES * LENGTH - 1) / 2);
    flow_pipeline_free(p);
}
END_TEST

TCase *split_tests(void)
{
    TCase *tests = tcase_create("split");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, r68_threads_share_what_is_left_and_lose_nothing, 0, 5);
    return tests;
}
