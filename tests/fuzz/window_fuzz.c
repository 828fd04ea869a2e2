// SPDX-License-Identifier: Apache-2.0
// Any bytes as zone data, the footer of such, a pane and a trigger: what is taken holds together.
// The spans of a zone and its calendar windows lie side by side and hold their instants; a pane is
// written as it was read; a trigger that passes its check runs, and its continuation passes too.
#include <flow/flow.h>
#include <flow/runner.h>

#include "records.h"
#include "window/zone.h"

static void spans_hold(const flow_zone *zone, int64_t at)
{
    const fl_zone_span span = fl_zone_span_at(zone, at);
    HOLDS(span.from <= at && at < span.to);
    HOLDS(span.offset >= -93600 && span.offset <= 93600);
    if (span.to != INT64_MAX)
        HOLDS(fl_zone_span_at(zone, span.to).from == span.to);
    const int64_t first = fl_zone_first(zone, at);
    HOLDS(first + fl_zone_span_at(zone, first).offset >= at);
    HOLDS(first - 1 + fl_zone_span_at(zone, first - 1).offset < at);
}

static void windows_hold(const flow_zone *zone, int64_t at)
{
    for (int unit = FLOW_CALENDAR_DAY; unit <= FLOW_CALENDAR_YEAR; unit++) {
        flow_windows windows = flow_calendar((flow_calendar_unit)unit, 1, "fuzzed");
        flow_window window, next;
        windows.rules = zone;
        HOLDS(flow_windows_last(&windows, (flow_time){ at * 1000000 }, &window));
        HOLDS(window.start.us <= at * 1000000 && at * 1000000 < window.end.us);
        HOLDS(flow_windows_last(&windows, window.end, &next));
        HOLDS(next.start.us == window.end.us);
    }
}

static void zone_holds(const uint8_t *data, size_t size)
{
    flow_error error = { 0 };
    flow_zone *zone = fl_zone_parse((flow_bytes){ data, size }, "fuzzed", NULL, &error);
    HOLDS((zone == NULL) == (error.status != FLOW_OK));
    if (!zone)
        return;
    const int64_t times[] = { 0, -4000000000, 1700000000, 9000000000 };
    for (int i = 0; i < 4; i++) {
        spans_hold(zone, times[i]);
        windows_hold(zone, times[i]);
    }
    for (uint32_t i = 0; i < zone->count && i < 8; i++)
        if (zone->times[i] > -(INT64_C(1) << 40) && zone->times[i] < INT64_C(1) << 40)
            windows_hold(zone, zone->times[i]);
    flow_zone_free(zone);
}

static void rule_holds(const uint8_t *data, size_t size)
{
    fl_zone_rule rule;
    if (!fl_zone_rule_parse((flow_str){ (const char *)data, size }, &rule))
        return;
    for (int64_t at = 0, k = 0; k < 20; k++) {
        const fl_zone_span span = fl_zone_rule_span(&rule, at);
        HOLDS(span.from <= at && at < span.to);
        if (span.to == INT64_MAX)
            break;
        at = span.to;
    }
}

static void pane_holds(const uint8_t *data, size_t size)
{
    unsigned char bytes[FLOW_PANE_BYTES];
    flow_bytes rest = { data, size };
    flow_pane pane, again;
    if (!flow_pane_read(&rest, &pane))
        return;
    flow_bytes written = { bytes, flow_pane_write(&pane, bytes) };
    HOLDS(written.len <= sizeof bytes && flow_pane_read(&written, &again) && written.len == 0);
    HOLDS(pane.index == again.index && pane.on_time_index == again.on_time_index &&
          pane.timing == again.timing && pane.first == again.first && pane.last == again.last);
}

static void run(const flow_trigger *trigger)
{
    flow_trigger_state state;
    memset(&state, 0, sizeof state);
    flow_trigger_clocks clocks = { .window = { { 0 }, { 10 } } };
    for (int64_t i = 0; i < 40 && !(state.finished & 1); i++) {
        clocks.now.us = clocks.synchronized.us = i;
        clocks.watermark.us = i / 2;
        clocks.merging = i % 3 == 0;
        flow_trigger_on_element(trigger, &state, &clocks);
        flow_trigger_next_wake(trigger, &state, &clocks);
        if (flow_trigger_should_fire(trigger, &state, &clocks))
            flow_trigger_on_fire(trigger, &state, &clocks);
    }
}

// Two bytes a node, and its span found by itself where they say so.
static void trigger_holds(const uint8_t *data, size_t size)
{
    char text[64];
    flow_trigger trigger = flow_trigger_none();
    trigger.count = (uint8_t)(size / 2);
    for (size_t i = 0; i < FLOW_TRIGGER_NODES && 2 * i + 1 < size; i++) {
        flow_trigger_node *node = &trigger.nodes[i];
        node->kind = data[2 * i] & 15;
        node->parts = data[2 * i] >> 4 & 3;
        node->span = data[2 * i + 1] & 31;
        node->value = data[2 * i + 1] >> 5;
    }
    if (flow_trigger_check(&trigger, NULL) != FLOW_OK)
        return;
    const flow_trigger continued = flow_trigger_continuation(&trigger);
    HOLDS(flow_trigger_check(&continued, NULL) == FLOW_OK);
    HOLDS(flow_trigger_print(&trigger, text, sizeof text) > 0);
    run(&trigger);
    run(&continued);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *lent = malloc(size ? size : 1);
    HOLDS(lent);
    if (size)
        memcpy(lent, data, size);
    zone_holds(lent, size);
    rule_holds(lent, size);
    pane_holds(lent, size);
    trigger_holds(lent, size);
    free(lent);
    return 0;
}
