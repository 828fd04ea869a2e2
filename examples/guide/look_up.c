// SPDX-License-Identifier: Apache-2.0
// Orders with the names of their products, which a service knows.
#include <stdio.h>

#include <flow/file.h>
#include <flow/keyed.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct order {
    flow_str sku;
    int64_t number;
};
FLOW_RECORD(order, sku, number);

struct product {
    flow_str name;
};
FLOW_RECORD(product, name);

struct line {
    int64_t number;
    flow_str product;
};
FLOW_RECORD(line, number, product);

// [ask]
// Asks the service: here one that knows hats and is out of order for cups.
static flow_status ask_service(flow_ctx *ctx, flow_question *questions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const flow_str sku = *(const flow_str *)questions[i].key;
        if (sku.data[0] == 'h') {
            FLOW_ANSWER(&questions[i], product,
                .name = flow_format(ctx, "Hat %.*s", (int)sku.len - 1, sku.data + 1));
        } else if (sku.data[0] == 'c') {
            questions[i].answered = FLOW_ANSWER_FAILED;
            questions[i].why = flow_str_of("cups are out of order");
        } // else there is no such product
    }
    return FLOW_OK;
}
FLOW_ASK_FN(ask_service, flow_str, product);

static flow_status with_product(
    flow_ctx *ctx, const flow_str *sku, const struct order *order, const struct product *product)
{
    return FLOW_EMIT(ctx, line, .number = order->number, .product = product ? product->name : *sku);
}
FLOW_JOIN_FN(with_product, flow_str, order, product, line);
// [ask]

int main(void)
{
    static const struct order orders[] = { { { "h7", 2 }, 1 }, { { "x1", 2 }, 2 },
        { { "h7", 2 }, 3 }, { { "c5", 2 }, 4 } };
    const flow_create_options rows = { .type = &order_type, .rows = orders, .count = 4 };
    const flow_file_write_options out = { .path = "-", .format = FLOW_JSON };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("look_up");
    // [use]
    const flow_look_up_options how = { .kind = FLOW_JOIN_LEFT,
        .count = 50,
        .fresh = flow_minutes(10),
        .fresh_none = flow_seconds(30),
        .attempts = 3,
        .backoff = flow_millis(10),
        .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll by_sku = flow_key_by(flow_create(p, &rows), FLOW_FIELD(order, sku));
    const flow_coll lines = flow_look_up(by_sku, &ask_service_ask, &with_product_join, &how);
    flow_file_write(lines, &out);
    flow_file_write(flow_dead_letters(lines),
        &(flow_file_write_options){ .path = "lost.json", .format = FLOW_JSON });
    // [use]
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "look_up: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
