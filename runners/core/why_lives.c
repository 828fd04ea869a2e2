// SPDX-License-Identifier: Apache-2.0
// Windows of a key on the general path, in words: content, trigger, panes, hold.
#include "extents.h"
#include "live.h"
#include "why.h"

static void say_content(struct fl_why *why, struct fl_live *live)
{
    const struct fl_lives *lives = why->op->keyed->lives;
    flow_buffer_printf(why->out, "; ");
    if (!lives->keeps) {
        fl_why_acc(why, fl_live_acc(lives, live));
        return;
    }
    const struct fl_bulk *bulk = fl_live_bulk(lives, live);
    fl_why_count(why->out, bulk->rows - bulk->minus, "element");
    if (bulk->minus) {
        flow_buffer_printf(why->out, " and ");
        fl_why_count(why->out, bulk->minus, "retraction");
    }
    const uint64_t apart = fl_extents_rows(bulk);
    if (apart)
        flow_buffer_printf(why->out, ", %llu of them in %s", (unsigned long long)apart,
            why->op->worker->engine->options.scratch);
}

static void say_panes(struct fl_why *why, const struct fl_live *live)
{
    flow_buffer *out = why->out;
    if (live->index == 0) {
        flow_buffer_printf(out, "; no result so far");
        return;
    }
    flow_buffer_printf(out, "; ");
    fl_why_count(out, live->index, "result");
    flow_buffer_printf(out, " so far, %s; %s since the last",
        live->timed ? "one of them at the end of the window or after it" : "all early",
        live->fresh ? "something has come" : "nothing has come");
}

static void say_trigger(struct fl_why *why, struct fl_live *live)
{
    const struct fl_lives *lives = why->op->keyed->lives;
    const struct fl_port *port = &why->op->worker->engine->options.port;
    flow_trigger_clocks clocks = fl_live_clocks(why->op, live);
    clocks.now.us = clocks.synchronized.us = port->now(port->user);
    flow_buffer_printf(why->out, "; its trigger: ");
    flow_trigger_words(&lives->how->trigger, fl_live_state(lives, live), &clocks, why->out);
}

static void say_live(struct fl_why *why, struct fl_live *live)
{
    if (!fl_why_begin(why, live->window))
        return;
    if (live->closed) {
        flow_buffer_printf(why->out,
            "; closed: its trigger has finished, and what comes for it is dropped as "
            "closed-window");
    } else {
        say_content(why, live);
        say_panes(why, live);
        say_trigger(why, live);
        if (live->hold != FL_NEVER) {
            flow_buffer_printf(why->out, "; it holds the output watermark at ");
            fl_say_time(why->out, live->hold);
        }
    }
    fl_why_end(why, live->window);
}

uintptr_t fl_why_find_lives(const struct fl_why *why)
{
    union fl_live_key key = { 0 };
    if (why->key.form == FL_KEY_WORD)
        key.word = why->key.word;
    else
        key.bytes = why->key.bytes;
    return fl_live_find(why->op->keyed->lives, &key);
}

void fl_why_lives(struct fl_why *why)
{
    const uintptr_t cell = fl_why_find_lives(why);
    for (uint32_t i = 0; i < fl_live_count(cell); i++)
        say_live(why, fl_live_at(cell, i));
}
