// SPDX-License-Identifier: Apache-2.0
// Sales.
#include "sales.h"

static const flow_field shop_fields[] = { FLOW_COLUMN(shop, city),
    FLOW_COLUMN_OPTIONAL(shop, floor, has_floor) };
const flow_type shop_type = { "shop", sizeof(struct shop), _Alignof(struct shop), 2, shop_fields };

static const flow_field item_fields[] = { FLOW_COLUMN(item, sku),
    FLOW_COLUMN_OPTIONAL(item, size, has_size) };
const flow_type item_type = { "item", sizeof(struct item), _Alignof(struct item), 2, item_fields };

static const flow_field sale_fields[] = { FLOW_COLUMN(sale, id),
    FLOW_COLUMN_RECORD(sale, shop, shop), FLOW_COLUMN_OPTIONAL(sale, cents, has_cents),
    FLOW_COLUMN(sale, rate), FLOW_COLUMN(sale, note), FLOW_COLUMN(sale, at),
    FLOW_COLUMN_LIST(sale, items, item), FLOW_COLUMN_LIST_OF(sale, tags, FLOW_KIND_STR) };
const flow_type sale_type = { "sale", sizeof(struct sale), _Alignof(struct sale), 8, sale_fields };

flow_pipeline *p;
flow_script *script;
flow_coll sales;

static flow_coll input;

void sales_setup(void)
{
    p = flow_pipeline_new("sales");
    script = flow_script_new(p);
    input = flow_script_input(script, "sales", &sale_type);
    const flow_window_options cut = { .windows = flow_fixed(flow_minutes(1)) };
    sales = flow_window_into(input, &cut);
}

void sales_teardown(void)
{
    flow_pipeline_free(p);
}

void sale(struct sale row)
{
    flow_script_add(script, input, (flow_time){ 0 }, &sale_type, &row);
}

void passes(void)
{
    const flow_simulated_options options = { .workers = 3, .seeds = 5, .fail_one_in = 7 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    const flow_status status = flow_run(p, &runner, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
}

void fails(const char *message)
{
    const flow_runner runner = flow_simulated(NULL);
    flow_error error;
    ck_assert_int_ne(flow_run(p, &runner, &error), FLOW_OK);
    const size_t len = strlen(message);
    ck_assert_msg(strncmp(error.message, message, len) == 0 &&
                      (error.message[len] == '\0' || error.message[len] == ';'),
        "%s", error.message);
    sales_teardown();
    sales_setup();
}
