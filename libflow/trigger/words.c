// SPDX-License-Identifier: Apache-2.0
// How a trigger stands, in words: what has come true of it, and what it waits for.
#include <flow/text.h>

#include "trigger/trigger.h"

static void put_time(flow_buffer *out, int64_t at)
{
    char text[40];
    text[flow_time_print((flow_time){ at }, text)] = '\0';
    flow_buffer_printf(out, "%s", at >= FLOW_TIME_MAX_US ? "the end of time" : text);
}

static void put_span(flow_buffer *out, int64_t us)
{
    char text[64];
    text[flow_duration_print((flow_duration){ us }, text)] = '\0';
    flow_buffer_printf(out, "%s", text);
}

static void put_end(flow_buffer *out, const flow_trigger_clocks *clocks)
{
    flow_buffer_printf(out, "the watermark %s the end of the window",
        fl_end_reached(clocks) ? "has passed" : "has not passed");
}

// A clock part: its steps, and until when it runs.
static void put_clock(const fl_firing *f, uint32_t i, flow_buffer *out)
{
    const bool plain = fl_node(f->trigger, i)->kind == FLOW_TRIGGER_CLOCK;
    const int64_t now = plain ? f->clocks->now.us : f->clocks->synchronized.us;
    flow_buffer_printf(out, plain ? "processing-time " : "synchronized processing-time ");
    for (uint32_t step = i + 1; step < fl_after(f->trigger, i); step++) {
        const flow_trigger_node *node = fl_node(f->trigger, step);
        const bool delay = node->kind == FLOW_TRIGGER_DELAY;
        flow_buffer_printf(out, "%s%s", step > i + 1 ? ", then " : "",
            delay ? "delay of " : "wait for the next multiple of ");
        put_span(out, node->value);
        if (!delay && node->offset) {
            flow_buffer_printf(out, " and ");
            put_span(out, node->offset);
        }
    }
    if (!fl_bit(f->state->running, i)) {
        flow_buffer_printf(out, " has not begun, since no element has come");
        return;
    }
    flow_buffer_printf(out, now > f->state->slots[i] ? " ran until " : " runs until ");
    put_time(out, f->state->slots[i]);
    flow_buffer_printf(out, ", the clock is at ");
    put_time(out, now);
}

static void put_part(const fl_firing *f, uint32_t i, flow_buffer *out);

// All parts under one, those that have finished too.
static void put_parts(const fl_firing *f, uint32_t i, const char *what, flow_buffer *out)
{
    const uint32_t end = fl_after(f->trigger, i);
    flow_buffer_printf(out, "%s (", what);
    for (uint32_t part = i + 1; part < end; part = fl_after(f->trigger, part)) {
        flow_buffer_printf(out, "%s", part > i + 1 ? "; " : "");
        put_part(f, part, out);
    }
    flow_buffer_printf(out, ")");
}

static void put_each(const fl_firing *f, uint32_t i, flow_buffer *out)
{
    const uint32_t end = fl_after(f->trigger, i);
    uint32_t number = 0, count = 0, current = 0;
    for (uint32_t part = i + 1; part < end; part = fl_after(f->trigger, part)) {
        count++;
        if (current || fl_bit(f->state->finished, part))
            continue;
        current = part;
        number = count;
    }
    flow_buffer_printf(out, "part %u of %u in turn: ", number, count);
    put_part(f, current ? current : i + 1, out);
}

static void put_early_late(const fl_firing *f, uint32_t i, flow_buffer *out)
{
    const uint32_t early = fl_early(f->trigger, i);
    const uint32_t late = fl_late(f->trigger, i);
    if (!f->state->slots[i]) {
        put_end(out, f->clocks);
        flow_buffer_printf(out, early ? "; before it: " : ", and no results before it are wanted");
        if (early)
            put_part(f, early, out);
        return;
    }
    flow_buffer_printf(out, "the result at the end of the window was given");
    flow_buffer_printf(out, late ? "; after it: " : ", and none after it is wanted");
    if (late)
        put_part(f, late, out);
}

static void put_part(const fl_firing *f, uint32_t i, flow_buffer *out)
{
    const flow_trigger_node *node = fl_node(f->trigger, i);
    if (fl_bit(f->state->finished, i)) {
        flow_buffer_printf(out, "finished");
        return;
    }
    switch (node->kind) {
    case FLOW_TRIGGER_END_OF_WINDOW:
        put_end(out, f->clocks);
        break;
    case FLOW_TRIGGER_COUNT:
        flow_buffer_printf(out, "element count %lld of %lld", (long long)f->state->slots[i],
            (long long)node->value);
        break;
    case FLOW_TRIGGER_CLOCK:
    case FLOW_TRIGGER_SYNCHRONIZED:
        put_clock(f, i, out);
        break;
    case FLOW_TRIGGER_ALL:
        put_parts(f, i, "all of", out);
        break;
    case FLOW_TRIGGER_ANY:
        put_parts(f, i, "the first of", out);
        break;
    case FLOW_TRIGGER_EACH:
        put_each(f, i, out);
        break;
    case FLOW_TRIGGER_OR_FINALLY:
        put_part(f, i + 1, out);
        flow_buffer_printf(out, "; or finally: ");
        put_part(f, fl_after(f->trigger, i + 1), out);
        break;
    case FLOW_TRIGGER_REPEATEDLY:
        put_part(f, i + 1, out);
        flow_buffer_printf(out, ", again and again");
        break;
    case FLOW_TRIGGER_EARLY_LATE:
        put_early_late(f, i, out);
        break;
    default:
        flow_buffer_printf(out, "nothing before the window is collected");
        break;
    }
}

void flow_trigger_words(const flow_trigger *trigger, const flow_trigger_state *state,
    const flow_trigger_clocks *clocks, flow_buffer *out)
{
    // read only: no function of this kind writes
    const fl_firing f = { trigger, (flow_trigger_state *)(uintptr_t)state, clocks };
    if (trigger->count) {
        put_part(&f, 0, out);
        return;
    }
    put_end(out, clocks);
    flow_buffer_printf(out, "; after it: whenever late elements come");
}
