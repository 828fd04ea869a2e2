// SPDX-License-Identifier: Apache-2.0
// Orders and payments.
#include "shop.h"

static const flow_field order_fields[] = { FLOW_COLUMN(order, id), FLOW_COLUMN(order, cents) };
const flow_type order_type = { "order", sizeof(struct order), _Alignof(struct order), 2,
    order_fields };

static const flow_field payment_fields[] = { FLOW_COLUMN(payment, id), FLOW_COLUMN(payment, by) };
const flow_type payment_type = { "payment", sizeof(struct payment), _Alignof(struct payment), 2,
    payment_fields };

flow_pipeline *p;
flow_script *script;
flow_coll orders, payments;

static flow_coll order_input, payment_input;

void shop_setup(void)
{
    p = flow_pipeline_new("shop");
    script = flow_script_new(p);
    order_input = flow_script_input(script, "orders", &order_type);
    payment_input = flow_script_input(script, "payments", &payment_type);
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)) };
    orders = flow_key_by(flow_window_into(order_input, &cut), FLOW_FIELD(order, id));
    payments = flow_key_by(flow_window_into(payment_input, &cut), FLOW_FIELD(payment, id));
}

void shop_teardown(void)
{
    flow_pipeline_free(p);
}

flow_time second(int64_t n)
{
    return (flow_time){ n * 1000000 };
}

void order(const char *id, int64_t cents, int64_t at)
{
    FLOW_SCRIPT_ADD(script, order_input, order, second(at), .id = flow_str_of(id), .cents = cents);
}

void payment(const char *id, const char *by, int64_t at)
{
    FLOW_SCRIPT_ADD(
        script, payment_input, payment, second(at), .id = flow_str_of(id), .by = flow_str_of(by));
}

void watermark(int64_t at)
{
    flow_script_watermark(script, order_input, second(at));
    flow_script_watermark(script, payment_input, second(at));
}

flow_sides all_time(void)
{
    return (flow_sides){ flow_key_by(order_input, FLOW_FIELD(order, id)),
        flow_key_by(payment_input, FLOW_FIELD(payment, id)) };
}

static flow_sides windowed(flow_windows windows)
{
    const flow_window_options cut = { .windows = windows };
    const flow_sides sides = all_time();
    return (flow_sides){ flow_window_into(sides.left, &cut), flow_window_into(sides.right, &cut) };
}

flow_sides in_visits(int64_t seconds)
{
    return windowed(flow_sessions(flow_seconds(seconds)));
}

static uint32_t five_seconds(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    (void)element, (void)config;
    if (room > 0)
        windows[0] = (flow_window){ at, { at.us + 5000000 } };
    return 1;
}

flow_sides by_function(void)
{
    static const flow_window_fn fn = { .name = "five", .merges = true, .assign = five_seconds };
    return windowed(flow_custom(&fn, NULL));
}

static flow_status shown(flow_ctx *ctx, const struct flow_rejected *in, struct flow_line *out)
{
    (void)ctx;
    out->text = in->element;
    return FLOW_OK;
}
FLOW_MAP_FN(shown, flow_rejected, flow_line);

flow_coll dead_letters(flow_coll joined)
{
    return flow_do(flow_dead_letters(joined), &shown_fn);
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
}
