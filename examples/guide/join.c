// SPDX-License-Identifier: Apache-2.0
// Orders and payments brought together: a join, and a function over all rows of a key.
#include <stdio.h>

#include <flow/file.h>
#include <flow/join.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

struct order {
    flow_str id;
    int64_t cents;
};
FLOW_RECORD(order, id, cents);

struct payment {
    flow_str id;
    int64_t cents;
};
FLOW_RECORD(payment, id, cents);

struct balance {
    flow_str id;
    int64_t ordered, paid;
};
FLOW_RECORD(balance, id, ordered, paid);

// [join]
// Called for each pair; `paid` is NULL for an order that was not paid.
static flow_status compare(
    flow_ctx *ctx, const flow_str *id, const struct order *o, const struct payment *paid)
{
    return FLOW_EMIT(ctx, balance, .id = *id, .ordered = o->cents, .paid = paid ? paid->cents : 0);
}
FLOW_JOIN_FN(compare, flow_str, order, payment, balance);
// [join]

// [cogroup]
static flow_status add_up(flow_ctx *ctx, const flow_str *id, flow_gathered *rows)
{
    struct balance sum = { .id = *id };
    for (const struct order *o; (o = FLOW_NEXT_OF(rows, 0, order)) != NULL;)
        sum.ordered += o->cents;
    for (const struct payment *paid; (paid = FLOW_NEXT_OF(rows, 1, payment)) != NULL;)
        sum.paid += paid->cents;
    return FLOW_EMIT_ROW(ctx, balance, &sum);
}
FLOW_COGROUP_FN(add_up, flow_str, (order, payment), balance);
// [cogroup]

// [partition]
// Part 0: settled; part 1: not.
static uint32_t by_rest(flow_ctx *ctx, const struct balance *balance, uint32_t parts)
{
    (void)ctx, (void)parts;
    return balance->paid == balance->ordered ? 0 : 1;
}
FLOW_PARTITION_FN(by_rest, balance);
// [partition]

static void print(flow_coll in)
{
    flow_file_write(in, &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
}

// [graph]
static void build(flow_coll orders, flow_coll payments, bool join)
{
    const flow_sides sides = { flow_key_by(orders, FLOW_FIELD(order, id)),
        flow_key_by(payments, FLOW_FIELD(payment, id)) };
    if (join) {
        print(flow_join(sides, FLOW_JOIN_LEFT, &compare_join, NULL));
        return;
    }
    const flow_coll both[] = { sides.left, sides.right };
    const flow_coll balances = flow_cogroup(both, &add_up_cogroup, NULL);
    const flow_coll settled = flow_partition(balances, &by_rest_partition, 2, NULL);
    print(flow_output(settled, 1)); // those that are not
}
// [graph]

int main(int argc, char **argv)
{
    (void)argv;
    static const struct order orders[] = { { { "a", 1 }, 700 }, { { "b", 1 }, 250 } };
    static const struct payment paid[] = { { { "a", 1 }, 500 }, { { "a", 1 }, 200 } };
    const flow_create_options left = { .type = &order_type, .rows = orders, .count = 2 };
    const flow_create_options right = { .type = &payment_type, .rows = paid, .count = 2 };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("shop");
    build(flow_create(p, &left), flow_create(p, &right), argc == 1);
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "join: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
