// SPDX-License-Identifier: Apache-2.0
// Elements as text, of which floats stand apart, since they agree only nearly.
#include "seen.h"
#include "plain.h"

#include <stdlib.h>

// What stands before each element of a set; behind it its text, its plain text and its floats.
struct head {
    flow_seen at;
    uint32_t text_size, plain_size, body, float_count;
};

static void write_text(
    const struct fl_shown *shown, const void *key, const void *row, flow_buffer *text)
{
    if (shown->key == FLOW_KIND_RECORD)
        flow_json_write(shown->key_record, key, text);
    else if (shown->key != FLOW_KIND_NONE)
        flow_json_write_value(shown->key, NULL, key, text);
    if (shown->key != FLOW_KIND_NONE)
        flow_buffer_put(text, ": ", 2);
    flow_json_write(shown->type, row, text);
    flow_buffer_put(text, "", 1);
}

void fl_seen_add(struct fl_seen_set *set, const struct fl_shown *shown, const void *key,
    const void *row, const flow_seen *at)
{
    const flow_allocator *allocator = set->bytes.allocator;
    struct fl_plain plain = { { .allocator = allocator }, { .allocator = allocator } };
    flow_buffer text = { .allocator = allocator };
    struct head head;
    memset(&head, 0, sizeof head); // its padding is stored too
    head.at = *at;
    write_text(shown, key, row, &text);
    if (shown->key != FLOW_KIND_NONE) {
        fl_plain_value(&plain, shown->key, shown->key_record, key);
        flow_buffer_put(&plain.text, ": ", 2);
    }
    head.body = (uint32_t)plain.text.len;
    fl_plain_record(&plain, shown->type, row);
    flow_buffer_put(&plain.text, "", 1);
    head.text_size = (uint32_t)text.len;
    head.plain_size = (uint32_t)plain.text.len;
    head.float_count = (uint32_t)(plain.floats.len / sizeof(double));
    flow_buffer_put(&set->bytes, &head, sizeof head);
    flow_buffer_put(&set->bytes, text.data, text.len);
    flow_buffer_put(&set->bytes, plain.text.data, plain.text.len);
    if (plain.floats.len)
        flow_buffer_put(&set->bytes, plain.floats.data, plain.floats.len);
    set->bytes.failed =
        set->bytes.failed || text.failed || plain.text.failed || plain.floats.failed;
    set->count++;
    flow_buffer_free(&text);
    flow_buffer_free(&plain.text);
    flow_buffer_free(&plain.floats);
}

void fl_seen_append(struct fl_seen_set *to, const struct fl_seen_set *from)
{
    if (from->bytes.len)
        flow_buffer_put(&to->bytes, from->bytes.data, from->bytes.len);
    to->bytes.failed = to->bytes.failed || from->bytes.failed;
    to->count += from->count;
}

// --- lists

#define ORDER(a, b)                                                                                \
    if ((a) != (b))                                                                                \
        return (a) < (b) ? -1 : 1;

static int compare_floats(const struct fl_item *a, const struct fl_item *b)
{
    ORDER(a->float_count, b->float_count)
    return fl_floats_order(a->floats, b->floats, a->float_count);
}

static int compare_places(const flow_seen *a, const flow_seen *b)
{
    ORDER(a->window.start.us, b->window.start.us)
    ORDER(a->window.end.us, b->window.end.us)
    ORDER(a->pane.index, b->pane.index)
    ORDER(a->time.us, b->time.us)
    ORDER(a->sign, b->sign)
    return 0;
}

static int compare_items(const void *left, const void *right)
{
    const struct fl_item *a = left, *b = right;
    int order = strcmp(a->plain, b->plain);
    if (order == 0)
        order = compare_floats(a, b);
    return order ? order : compare_places(&a->seen, &b->seen);
}

// By key, window and pane.
static int compare_panes(const void *left, const void *right)
{
    const struct fl_item *a = left, *b = right;
    const size_t a_key = (size_t)(a->body - a->plain), b_key = (size_t)(b->body - b->plain);
    ORDER(a_key, b_key)
    const int order = memcmp(a->plain, b->plain, a_key);
    return order ? order : compare_places(&a->seen, &b->seen);
}

static bool same_window(const struct fl_item *a, const struct fl_item *b)
{
    struct fl_item other = *b;
    other.seen = a->seen;
    other.seen.window = b->seen.window;
    return compare_panes(a, &other) == 0;
}

// Keeps of each key and window the last pane's elements.
static void keep_latest(struct fl_seen_list *list)
{
    size_t kept = 0;
    qsort(list->items, list->count, sizeof *list->items, compare_panes);
    for (size_t i = 0, end; i < list->count; i = end) {
        for (end = i + 1; end < list->count && same_window(&list->items[i], &list->items[end]);)
            end++;
        const uint32_t last = list->items[end - 1].seen.pane.index;
        for (; i < end; i++)
            if (list->items[i].seen.pane.index == last)
                list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

// Whether one of the two takes the other back, by what they are and where: windows of a text lie
// beside each other in a sorted list.
static bool same_element(const struct fl_item *a, const struct fl_item *b)
{
    return strcmp(a->plain, b->plain) == 0 && compare_floats(a, b) == 0 &&
           a->seen.window.start.us == b->seen.window.start.us &&
           a->seen.window.end.us == b->seen.window.end.us;
}

// Keeps of equal elements of a window as many as their signs come to.
static void fold(struct fl_seen_list *list)
{
    size_t kept = 0;
    for (size_t i = 0, end; i < list->count; i = end) {
        const struct fl_item first = list->items[i];
        int64_t sum = 0;
        for (end = i; end < list->count && same_element(&first, &list->items[end]); end++)
            sum += list->items[end].seen.sign;
        const int sign = sum < 0 ? -1 : 1;
        for (int64_t n = 0; n != sum; n += sign) {
            list->items[kept] = first;
            list->items[kept++].seen.sign = sign;
        }
    }
    list->count = kept;
}

bool fl_seen_list_make(struct fl_seen_list *list, const struct fl_seen_set *set,
    const flow_allocator *allocator, flow_panes panes)
{
    list->items =
        set->bytes.failed ? NULL : flow_allocate(allocator, (set->count + 1) * sizeof *list->items);
    if (!list->items)
        return false;
    list->count = list->room = set->count;
    const char *at = set->bytes.data;
    for (size_t i = 0; i < set->count; i++) {
        struct head head;
        memcpy(&head, at, sizeof head);
        at += sizeof head;
        struct fl_item *item = &list->items[i];
        item->seen = head.at;
        item->seen.text = at;
        item->plain = at + head.text_size;
        item->body = item->plain + head.body;
        item->floats = item->plain + head.plain_size;
        item->float_count = head.float_count;
        at = item->floats + head.float_count * sizeof(double);
    }
    if (panes == FLOW_PANES_LATEST)
        keep_latest(list);
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare_items);
    if (panes == FLOW_PANES_FOLDED)
        fold(list);
    return true;
}

void fl_seen_list_free(struct fl_seen_list *list, const flow_allocator *allocator)
{
    flow_release(allocator, list->items, (list->room + 1) * sizeof *list->items);
    memset(list, 0, sizeof *list);
}
