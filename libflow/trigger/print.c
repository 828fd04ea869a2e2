// SPDX-License-Identifier: Apache-2.0
// A trigger as text, in the words of its makers.
#include <stdio.h>

#include "trigger/trigger.h"

struct sheet {
    char *text;
    size_t size; // bytes there
    size_t len;  // of the whole text, be there room or not
};

static void put(struct sheet *sheet, const char *text)
{
    for (; *text; text++, sheet->len++)
        if (sheet->len + 1 < sheet->size)
            sheet->text[sheet->len] = *text;
}

static void put_duration(struct sheet *sheet, int64_t us)
{
    char text[40];
    flow_duration_print((flow_duration){ us }, text);
    put(sheet, text);
}

static void put_number(struct sheet *sheet, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    put(sheet, text);
}

static void put_part(struct sheet *sheet, const flow_trigger *trigger, uint32_t i);

static void put_under(struct sheet *sheet, const flow_trigger *trigger, uint32_t i)
{
    const uint32_t end = fl_after(trigger, i);
    for (uint32_t part = i + 1; part < end; part = fl_after(trigger, part)) {
        if (part > i + 1)
            put(sheet, ", ");
        put_part(sheet, trigger, part);
    }
}

static void put_early_late(struct sheet *sheet, const flow_trigger *trigger, uint32_t i)
{
    const uint32_t parts[] = { fl_early(trigger, i), fl_late(trigger, i) };
    for (int k = 0; k < 2; k++) {
        put(sheet, k ? ", " : "");
        if (parts[k])
            put_part(sheet, trigger, parts[k]);
        else
            put(sheet, "none");
    }
}

static void put_part(struct sheet *sheet, const flow_trigger *trigger, uint32_t i)
{
    static const char *const names[] = { "", "end_of_window", "early_late", "count", "then",
        "delay", "align", "synchronized", "all", "any", "each", "or_finally", "repeatedly",
        "never" };
    const flow_trigger_node *node = fl_node(trigger, i);
    if (node->kind == FLOW_TRIGGER_CLOCK && node->span == 2) {
        put_part(sheet, trigger, i + 1); // a single step is named by itself
        return;
    }
    put(sheet, names[node->kind]);
    if (node->span == 1 &&
        (node->kind == FLOW_TRIGGER_END_OF_WINDOW || node->kind == FLOW_TRIGGER_SYNCHRONIZED ||
            node->kind == FLOW_TRIGGER_NEVER))
        return;
    put(sheet, "(");
    if (node->kind == FLOW_TRIGGER_COUNT)
        put_number(sheet, node->value);
    else if (node->kind == FLOW_TRIGGER_EARLY_LATE)
        put_early_late(sheet, trigger, i);
    else if (node->kind == FLOW_TRIGGER_DELAY || node->kind == FLOW_TRIGGER_ALIGN)
        put_duration(sheet, node->value);
    if (node->kind == FLOW_TRIGGER_ALIGN && node->offset) {
        put(sheet, ", ");
        put_duration(sheet, node->offset);
    }
    if (node->kind >= FLOW_TRIGGER_ALL || node->kind == FLOW_TRIGGER_CLOCK)
        put_under(sheet, trigger, i);
    put(sheet, ")");
}

size_t flow_trigger_print(const flow_trigger *trigger, char *text, size_t size)
{
    struct sheet sheet = { text, size, 0 };
    if (trigger->count == 0)
        put(&sheet, "default");
    else if (trigger->count == FL_TRIGGER_INVALID)
        put(&sheet, "invalid");
    else
        put_part(&sheet, trigger, 0);
    if (size)
        text[sheet.len < size ? sheet.len : size - 1] = '\0';
    return sheet.len;
}
