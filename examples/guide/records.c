// SPDX-License-Identifier: Apache-2.0
// A record in the long form: another name outside, an optional field, a nested record, a list,
// personal data. Reads JSON lines from standard input and writes them to standard output.
#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/runner_local.h>

// [records]
struct customer {
    flow_str mail, city;
};
FLOW_RECORD_OF(customer, FLOW_COLUMN_CLASSIFIED(customer, mail), FLOW_COLUMN(customer, city));

struct item {
    flow_str sku;
    int64_t count;
};
FLOW_RECORD(item, sku, count);

struct purchase {
    int64_t number;
    double rebate;
    bool has_rebate; // whether there is a rebate: no column of its own
    struct customer customer;
    flow_list items; // of struct item
};
FLOW_RECORD_OF(purchase, FLOW_COLUMN_AS(purchase, number, "no"),
    FLOW_COLUMN_OPTIONAL(purchase, rebate, has_rebate),
    FLOW_COLUMN_RECORD(purchase, customer, customer), FLOW_COLUMN_LIST(purchase, items, item));
// [records]

// [list]
static flow_status check(flow_ctx *ctx, const struct purchase *purchase)
{
    const struct item *items = purchase->items.items;
    for (size_t i = 0; i < purchase->items.count; i++)
        if (items[i].count <= 0)
            return flow_fail(ctx, FLOW_USER, "item %.*s is bought %lld times",
                (int)items[i].sku.len, items[i].sku.data, (long long)items[i].count);
    return FLOW_EMIT_ROW(ctx, purchase, purchase);
}
FLOW_ELEMENT_FN(check, purchase, purchase);
// [list]

int main(void)
{
    const flow_file_read_options in = { .path = "-", .format = FLOW_JSON, .type = &purchase_type };
    const flow_file_write_options out = { .path = "-", .format = FLOW_JSON };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("purchases");
    flow_file_write(flow_do(flow_file_read(p, &in), &check_fn), &out);
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "%s: %s\n", error.step, error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
