// SPDX-License-Identifier: Apache-2.0
// Elements as text, of which floats stand apart, since they agree only nearly.
#include "seen.h"

#include <stdlib.h>

// What stands before each element of a set; behind it its text, its plain text and its floats.
struct head {
    flow_seen at;
    uint32_t text_size, plain_size, body, float_count;
};

struct writer {
    flow_buffer plain, floats;
};

static void write_record(struct writer *to, const flow_type *type, const char *row);

static void write_value(
    struct writer *to, flow_kind kind, const flow_type *record, const char *value)
{
    double number;
    float single;
    switch (kind) {
    case FLOW_KIND_F64:
        memcpy(&number, value, sizeof number);
        break;
    case FLOW_KIND_F32:
        memcpy(&single, value, sizeof single);
        number = (double)single;
        break;
    case FLOW_KIND_RECORD:
        write_record(to, record, value);
        return;
    default:
        flow_json_write_value(kind, record, value, &to->plain);
        return;
    }
    flow_buffer_put(&to->floats, &number, sizeof number);
    flow_buffer_put(&to->plain, "~", 1);
}

static void write_list(struct writer *to, const flow_field *field, const char *at)
{
    flow_list list;
    memcpy(&list, at, sizeof list);
    const size_t size =
        field->item == FLOW_KIND_RECORD ? field->record->size : flow_kind_size(field->item);
    flow_buffer_put(&to->plain, "[", 1);
    for (size_t i = 0; i < list.count; i++) {
        write_value(to, field->item, field->record, (const char *)list.items + i * size);
        flow_buffer_put(&to->plain, ",", 1);
    }
    flow_buffer_put(&to->plain, "]", 1);
}

static void write_record(struct writer *to, const flow_type *type, const char *row)
{
    flow_buffer_put(&to->plain, "{", 1);
    for (uint32_t f = 0; f < type->field_count; f++) {
        const flow_field *field = &type->fields[f];
        flow_buffer_printf(&to->plain, "%s:", field->name);
        if (field->presence && !*(const bool *)(row + field->presence - 1))
            flow_buffer_put(&to->plain, "-", 1);
        else if (field->kind == FLOW_KIND_LIST)
            write_list(to, field, row + field->offset);
        else
            write_value(to, field->kind, field->record, row + field->offset);
        flow_buffer_put(&to->plain, ",", 1);
    }
    flow_buffer_put(&to->plain, "}", 1);
}

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
    struct writer writer = { { .allocator = allocator }, { .allocator = allocator } };
    flow_buffer text = { .allocator = allocator };
    struct head head;
    memset(&head, 0, sizeof head); // its padding is stored too
    head.at = *at;
    write_text(shown, key, row, &text);
    if (shown->key != FLOW_KIND_NONE) {
        write_value(&writer, shown->key, shown->key_record, key);
        flow_buffer_put(&writer.plain, ": ", 2);
    }
    head.body = (uint32_t)writer.plain.len;
    write_record(&writer, shown->type, row);
    flow_buffer_put(&writer.plain, "", 1);
    head.text_size = (uint32_t)text.len;
    head.plain_size = (uint32_t)writer.plain.len;
    head.float_count = (uint32_t)(writer.floats.len / sizeof(double));
    flow_buffer_put(&set->bytes, &head, sizeof head);
    flow_buffer_put(&set->bytes, text.data, text.len);
    flow_buffer_put(&set->bytes, writer.plain.data, writer.plain.len);
    if (writer.floats.len)
        flow_buffer_put(&set->bytes, writer.floats.data, writer.floats.len);
    set->bytes.failed =
        set->bytes.failed || text.failed || writer.plain.failed || writer.floats.failed;
    set->count++;
    flow_buffer_free(&text);
    flow_buffer_free(&writer.plain);
    flow_buffer_free(&writer.floats);
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

static double float_of(const struct fl_item *item, uint32_t i)
{
    double number;
    memcpy(&number, item->floats + i * sizeof number, sizeof number);
    return number;
}

static int compare_floats(const struct fl_item *a, const struct fl_item *b)
{
    ORDER(a->float_count, b->float_count)
    for (uint32_t i = 0; i < a->float_count; i++) {
        const double x = float_of(a, i), y = float_of(b, i);
        if (x < y || x > y)
            return x < y ? -1 : 1;
    }
    return 0;
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

bool fl_seen_list_make(struct fl_seen_list *list, const struct fl_seen_set *set,
    const flow_allocator *allocator, bool latest)
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
    if (latest)
        keep_latest(list);
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare_items);
    return true;
}

void fl_seen_list_free(struct fl_seen_list *list, const flow_allocator *allocator)
{
    flow_release(allocator, list->items, (list->room + 1) * sizeof *list->items);
    memset(list, 0, sizeof *list);
}
