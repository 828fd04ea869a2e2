// SPDX-License-Identifier: Apache-2.0
// Results of windows as they come: sums that are corrected, corrections that take back, sessions.
#include <stdio.h>
#include <string.h>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/test.h>
#include <flow/transforms.h>

struct sale {
    flow_str shop;
    int64_t cents;
};
FLOW_RECORD(sale, shop, cents);

static flow_time minute(int64_t n)
{
    return (flow_time){ flow_minutes(n).us };
}

// Five sales, the last of them late; the clock goes on between them.
static flow_coll sales(flow_pipeline *p)
{
    flow_script *script = flow_script_new(p);
    flow_coll in = flow_script_input(script, "sales", &sale_type);
    FLOW_SCRIPT_ADD(script, in, sale, minute(5), .shop = { "Kyiv", 4 }, .cents = 100);
    FLOW_SCRIPT_ADD(script, in, sale, minute(8), .shop = { "Kyiv", 4 }, .cents = 20);
    flow_script_clock(script, flow_seconds(61));
    FLOW_SCRIPT_ADD(script, in, sale, minute(50), .shop = { "Kyiv", 4 }, .cents = 3);
    flow_script_watermark(script, in, minute(60));
    FLOW_SCRIPT_ADD(script, in, sale, minute(61), .shop = { "Kyiv", 4 }, .cents = 500);
    FLOW_SCRIPT_ADD(script, in, sale, minute(10), .shop = { "Kyiv", 4 }, .cents = 7);
    return in;
}

// [print]
static void print_pane(void *user, const flow_elements *elements)
{
    static const char *const timings[] = { "early", "on time", "late", "" };
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        const flow_window *window = &elements->windows[i];
        printf("%-9s [%2lld, %2lld) %+4d: %3lld  %s, number %u\n", (const char *)user,
            (long long)(window->start.us / flow_minutes(1).us),
            (long long)(window->end.us / flow_minutes(1).us),
            elements->signs ? elements->signs[i] : 1,
            (long long)FLOW_BATCH_ROW(&elements->batch, flow_integer, i)->value,
            timings[elements->panes[i].timing], elements->panes[i].index);
    }
}
// [print]

static int run(char *name, const flow_window_options *windows)
{
    flow_error error = { 0 };
    flow_pipeline *p = flow_pipeline_new(name);
    flow_coll by_shop = flow_key_by(sales(p), FLOW_FIELD(sale, shop));
    flow_coll sums = flow_sum(flow_window_into(by_shop, windows), FLOW_FIELD(sale, cents));
    flow_receive(sums, NULL, print_pane, name);
    const flow_runner runner = flow_simulated(NULL);
    if (flow_run(p, &runner, &error) != FLOW_OK)
        fprintf(stderr, "%s: %s\n", error.step, error.message);
    flow_pipeline_free(p);
    return error.status == FLOW_OK ? 0 : 1;
}

int main(void)
{
    // [so_far]
    flow_window_options so_far = { .windows = flow_fixed(flow_hours(1)),
        .trigger =
            flow_trigger_early_late(flow_trigger_delay(flow_minutes(1)), flow_trigger_count(1)),
        .lateness = flow_hours(1),
        .accumulation = FLOW_ACCUMULATING };
    int failed = run("so far", &so_far);
    so_far.accumulation = FLOW_RETRACTING;
    failed += run("corrected", &so_far);
    // [so_far]
    // [sessions]
    const flow_window_options sessions = { .windows = flow_sessions(flow_minutes(10)),
        .lateness = flow_hours(1),
        .accumulation = FLOW_DISCARDING };
    failed += run("session", &sessions);
    // [sessions]
    return failed;
}
