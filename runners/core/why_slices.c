// SPDX-License-Identifier: Apache-2.0
// Windows of a key on the fast path, in words: what the tables of their slices have, and which have
// fired.
#include "why.h"

// What a window has of the key: in its slices, and of elements that came with it.
struct content {
    const void *first; // of the parts
    void *merged;      // a copy that the others were added to; NULL: there is one part
    uint32_t parts;
    uint64_t count; // groups, and combines that count
    uint64_t runs;  // spilled, of all keys of the worker
};

// Adds a part's accumulator to those before it. Such as point outside themselves are not copied.
static void merge(const struct fl_why *why, struct content *content, const void *value)
{
    const struct fl_keyed *keyed = why->op->keyed;
    if (keyed->acc_pointers)
        return;
    if (!content->merged) {
        content->merged = flow_allocate(NULL, keyed->acc_size);
        if (content->merged)
            memcpy(content->merged, content->first, keyed->acc_size);
    }
    if (content->merged)
        fl_combine_merge(why->op, content->merged, value);
}

static void add(const struct fl_why *why, struct content *content, const struct fl_slice *slice)
{
    const flow_combine_fn *combine = why->op->plan->node->combine;
    const void *value = fl_why_find(why, slice);
    int64_t count = 0;
    content->runs += slice->runs.count;
    if (!value)
        return;
    content->first = content->parts++ ? content->first : value;
    if (combine && content->parts > 1)
        merge(why, content, value);
    if (combine && combine->primitive == FLOW_PRIMITIVE_COUNT)
        memcpy(&count, value, sizeof count);
    content->count += combine ? (uint64_t)count : fl_group_cell_count(value);
}

static struct content content_of(const struct fl_why *why, int64_t name)
{
    const struct fl_keyed *keyed = why->op->keyed;
    struct content content = { 0 };
    if (keyed->cut.windows.kind != FLOW_WINDOW_SLIDING) {
        const struct fl_slice *slice = fl_slices_find(&keyed->slices, name);
        if (slice)
            add(why, &content, slice);
        return content;
    }
    const flow_window window = fl_cut_window(&keyed->cut, name);
    for (uint32_t i = 0; i < keyed->slices.count; i++) {
        const struct fl_slice *slice = keyed->slices.at[i];
        if (slice->end > window.start.us && slice->end <= window.end.us)
            add(why, &content, slice);
    }
    const struct fl_slice *came = fl_slices_find(&keyed->panes, name);
    if (came)
        add(why, &content, came);
    return content;
}

// Runs are not read for an answer: the disk may be slow, and the worker waits.
static void say_spilled(struct fl_why *why, const struct content *content)
{
    flow_buffer_printf(why->out, content->parts ? ", and " : "");
    fl_why_count(why->out, content->runs, "run");
    flow_buffer_printf(why->out,
        " of this worker in %s that may hold %s the key: what was spilled is not looked into",
        why->op->worker->engine->options.scratch, content->parts ? "more of" : "some of");
}

static void say_content(struct fl_why *why, const struct content *content)
{
    const flow_combine_fn *combine = why->op->plan->node->combine;
    if (!content->parts)
        return;
    if (!combine || combine->primitive == FLOW_PRIMITIVE_COUNT)
        fl_why_count(why->out, content->count, "element");
    else if (content->parts == 1 || content->merged)
        fl_why_acc(why, content->merged ? content->merged : content->first);
    else
        fl_why_count(why->out, content->parts, "partial result");
}

// A window that has not fired wholly.
static void say_open(struct fl_why *why, int64_t name)
{
    const struct fl_keyed *keyed = why->op->keyed;
    const flow_window window = fl_cut_window(&keyed->cut, name);
    const struct content content = content_of(why, name);
    const bool told = (content.parts || content.runs) && fl_why_begin(why, window);
    if (told) {
        flow_buffer_printf(why->out, "; ");
        say_content(why, &content);
        if (content.runs)
            say_spilled(why, &content);
    }
    flow_release(NULL, content.merged, keyed->acc_size);
    if (!told)
        return;
    if (window.end.us > keyed->watermark)
        flow_buffer_printf(why->out, "; it fires when the watermark passes its end");
    else
        flow_buffer_printf(why->out, "; it is due, and fires as soon as there is room behind it");
    fl_why_end(why, window);
}

// A window that has fired and may still get late results.
static void say_fired(struct fl_why *why, const struct fl_slice *slice)
{
    const flow_window window = fl_cut_window(&why->op->keyed->cut, slice->end);
    const uint64_t *number = fl_why_find(why, slice);
    // numbers of windows that have expired go with the next bundle
    if (flow_window_expiry(window, why->op->keyed->lateness).us < why->op->keyed->watermark)
        return;
    if (!number || !fl_why_begin(why, window))
        return;
    flow_buffer_printf(why->out, "; it has fired: ");
    fl_why_count(why->out, *number, "result");
    flow_buffer_printf(why->out, " so far, another one whenever late elements come");
    fl_why_end(why, window);
}

// Names of the windows that a slice is part of, in order; FL_NEVER: no more.
static int64_t next_name(const struct fl_cut *cut, const struct fl_slice *slice, int64_t after)
{
    int64_t name = fl_cut_first_window(cut, slice->end);
    if (cut->windows.kind == FLOW_WINDOW_SLIDING && after >= name)
        name = fl_cut_first_window(cut, after + 1);
    if (cut->windows.kind != FLOW_WINDOW_SLIDING && after >= name)
        return FL_NEVER;
    if (name > FLOW_TIME_MAX_US || fl_cut_window(cut, name).start.us >= slice->end)
        return FL_NEVER;
    return name;
}

static bool may_have(const struct fl_why *why, const struct fl_slice *slice)
{
    return slice->runs.count > 0 || fl_why_find(why, slice);
}

// The first name after one, of windows that may have something of the key.
static int64_t first_after(const struct fl_why *why, int64_t after)
{
    const struct fl_keyed *keyed = why->op->keyed;
    int64_t first = FL_NEVER;
    for (uint32_t i = 0; i < keyed->slices.count; i++) {
        const struct fl_slice *slice = keyed->slices.at[i];
        const int64_t name = may_have(why, slice) ? next_name(&keyed->cut, slice, after) : FL_NEVER;
        first = name < first ? name : first;
    }
    for (uint32_t i = 0; i < keyed->panes.count; i++) {
        const struct fl_slice *slice = keyed->panes.at[i];
        if (slice->end > after && slice->end < first && may_have(why, slice))
            first = slice->end;
    }
    return first;
}

void fl_why_slices(struct fl_why *why)
{
    const struct fl_keyed *keyed = why->op->keyed;
    for (uint32_t i = 0; i < keyed->numbers.count; i++)
        say_fired(why, keyed->numbers.at[i]);
    int64_t name = keyed->fired;
    while ((name = first_after(why, name)) != FL_NEVER)
        say_open(why, name);
}
