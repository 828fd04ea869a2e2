// SPDX-License-Identifier: Apache-2.0
// Columns in the caller's memory give what rows give, on the local runner.
#include "suite.h"

#include <flow/runner_local.h>
#include <flow/transforms.h>

#define COUNT 40000

struct sale {
    int64_t product;
    flow_str shop;
    int32_t cents;
    flow_time at;
};
FLOW_RECORD(sale, product, shop, cents, at);

static struct sale rows[COUNT];
static int64_t products[COUNT];
static flow_str shops[COUNT];
static int32_t cents[COUNT];
static flow_time times[COUNT];
static const void *const columns[] = { products, shops, cents, times };

static bool is_odd(const flow_ctx *ctx, const struct sale *sale)
{
    (void)ctx;
    return sale->cents % 2 != 0;
}
FLOW_FILTER_FN(is_odd, sale);

static void fill(void)
{
    static const char *const names[] = { "north", "south", "east" };
    uint64_t random = 7;
    for (size_t i = 0; i < COUNT; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        products[i] = (int64_t)(random >> 33) % 50;
        shops[i] = flow_str_of(names[(random >> 40) % 3]);
        cents[i] = (int32_t)((random >> 20) % 10000) - 500;
        times[i].us = (int64_t)i * 10000;
        rows[i] = (struct sale){ products[i], shops[i], cents[i], times[i] };
    }
}

/* A number that is equal when the multisets of (window, key, value) are. */
static void take(void *user, const flow_elements *elements)
{
    uint64_t *sum = user;
    const flow_batch *batch = &elements->batch;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct flow_integer *value = FLOW_BATCH_ROW(batch, flow_integer, i);
        const char *key = (const char *)value - batch->value_offset + batch->key_offset;
        uint64_t mixed = 0;
        memcpy(&mixed, key, 8);
        mixed = (mixed + (uint64_t)elements->windows[i].end.us) * UINT64_C(0x9e3779b97f4a7c15);
        sum[0] += (mixed ^ (uint64_t)value->value) * UINT64_C(0xbf58476d1ce4e5b9);
        sum[1]++;
    }
}

static void run(bool by_column, bool filtered, uint32_t workers, uint64_t *sum)
{
    flow_create_options options = { .type = &sale_type,
        .count = COUNT,
        .event_time = FLOW_FIELD(sale, at),
        .times = { .in_order = true } };
    if (by_column)
        options.columns = columns;
    else
        options.rows = rows;
    flow_pipeline *p = flow_pipeline_new("sales");
    flow_coll sales = flow_create(p, &options);
    if (filtered)
        sales = flow_do(sales, &is_odd_fn);
    sales =
        flow_window_into(sales, &(flow_window_options){ .windows = flow_fixed(flow_seconds(30)) });
    flow_coll keyed = flow_key_by(sales, FLOW_FIELD(sale, product));
    flow_receive(flow_sum(keyed, FLOW_FIELD(sale, cents)), NULL, take, sum);
    flow_runner runner = flow_local(&(flow_local_options){ .workers = workers });
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(p);
}

START_TEST(columns_give_what_rows_give)
{
    const bool filtered = _i & 1;
    const uint32_t workers = _i & 2 ? 2 : 1;
    uint64_t by_row[2] = { 0, 0 }, by_column[2] = { 0, 0 };
    fill();
    run(false, filtered, workers, by_row);
    run(true, filtered, workers, by_column);
    ck_assert_uint_eq(by_row[1], by_column[1]);
    ck_assert_uint_eq(by_row[0], by_column[0]);
    ck_assert_uint_gt(by_row[1], 0);
}
END_TEST

struct note {
    int64_t id;
    bool has_id;
};
FLOW_RECORD_OF(note, FLOW_COLUMN_OPTIONAL(note, id, has_id));

START_TEST(optional_fields_cannot_be_lent_by_column)
{
    static const int64_t ids[2] = { 1, 2 };
    const void *const one[] = { ids };
    flow_pipeline *p = flow_pipeline_new("notes");
    flow_create(p, &(flow_create_options){ .type = &note_type, .count = 2, .columns = one });
    flow_error error;
    ck_assert_int_eq(flow_run(p, &flow_local_runner, &error), FLOW_UNSUPPORTED);
    ck_assert_str_eq(error.step, "create");
    ck_assert_str_eq(
        error.message, "field 'id' of 'note' is optional: it cannot be lent by column");
    flow_pipeline_free(p);
}
END_TEST

TCase *columns_case(void)
{
    TCase *tests = tcase_create("columns");
    tcase_add_loop_test(tests, columns_give_what_rows_give, 0, 4);
    tcase_add_test(tests, optional_fields_cannot_be_lent_by_column);
    return tests;
}
