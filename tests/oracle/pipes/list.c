// SPDX-License-Identifier: Apache-2.0
// Several rows told as one text.
#include "pipe.h"

#include <stdlib.h>

struct pipe_item {
    int64_t number;
    flow_str text;
};

static void add(struct pipe_list *list, struct pipe_item item)
{
    if (list->count == list->room) {
        const size_t room = list->room ? 2 * list->room : 16;
        struct pipe_item *items = flow_alloc(list->ctx, room * sizeof *items);
        if (!items)
            return; // the call has failed
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = item;
}

void pipe_add_text(struct pipe_list *list, flow_str text)
{
    add(list, (struct pipe_item){ .text = text });
}

void pipe_add_number(struct pipe_list *list, int64_t number)
{
    const flow_str text = flow_format(list->ctx, "%lld", (long long)number);
    add(list, (struct pipe_item){ .number = number, .text = text });
}

flow_str pipe_in_order(const struct pipe_list *list)
{
    size_t len = 0;
    for (size_t i = 0; i < list->count; i++)
        len += list->items[i].text.len + 1;
    char *text = len ? flow_alloc(list->ctx, len) : NULL;
    if (!text)
        return (flow_str){ NULL, 0 };
    char *to = text;
    for (size_t i = 0; i < list->count; i++) {
        const flow_str item = list->items[i].text;
        memcpy(to, item.data, item.len);
        to += item.len;
        *to++ = ' ';
    }
    return (flow_str){ text, len - 1 };
}

static int by_value(const void *left, const void *right)
{
    const struct pipe_item *a = left, *b = right;
    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    const size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
    const int order = len ? memcmp(a->text.data, b->text.data, len) : 0;
    return order != 0 ? order : (a->text.len > b->text.len) - (a->text.len < b->text.len);
}

flow_str pipe_sorted(const struct pipe_list *list)
{
    if (list->count)
        qsort(list->items, list->count, sizeof list->items[0], by_value);
    return pipe_in_order(list);
}
