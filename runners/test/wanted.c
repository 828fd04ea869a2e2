// SPDX-License-Identifier: Apache-2.0
// What is wanted, beside what was seen.
#include <stdlib.h>

#include "plain.h"
#include "seen.h"

#define SHOWN 3 // elements of each side that a sentence names

// Memory that ends with the judging: a chain of blocks.
struct block {
    struct block *before;
    size_t size;
};

struct blocks {
    const flow_allocator *allocator;
    struct block *last;
};

static void *take(void *user, size_t size)
{
    struct blocks *blocks = user;
    struct block *block = flow_allocate(blocks->allocator, sizeof *block + size);
    if (!block)
        return NULL;
    block->before = blocks->last;
    block->size = sizeof *block + size;
    blocks->last = block;
    return block + 1;
}

static void give_all(struct blocks *blocks)
{
    while (blocks->last) {
        struct block *block = blocks->last;
        blocks->last = block->before;
        flow_release(blocks->allocator, block, block->size);
    }
}

// --- lines

// A line: readers of its key, as the member "key" of an object, and of its element.
struct reader {
    const struct fl_shown *shown;
    flow_json *element, *key;
    flow_type key_type;
    flow_field key_field;
    struct blocks blocks;
};

static bool reader_open(struct reader *reader, const struct fl_shown *shown,
    const flow_allocator *allocator, flow_error *error)
{
    memset(reader, 0, sizeof *reader);
    reader->shown = shown;
    reader->blocks.allocator = allocator;
    reader->element = flow_json_new(shown->type, allocator, error);
    if (!reader->element || shown->key == FLOW_KIND_NONE)
        return reader->element != NULL;
    const uint32_t size = shown->key == FLOW_KIND_RECORD ? shown->key_record->size
                                                         : (uint32_t)flow_kind_size(shown->key);
    reader->key_field = (flow_field){
        .name = "key", .kind = shown->key, .size = size, .record = shown->key_record
    };
    const uint32_t align = shown->key == FLOW_KIND_RECORD ? shown->key_record->align : 8;
    reader->key_type = (flow_type){ .name = "key",
        .size = (size + align - 1) / align * align,
        .align = align,
        .field_count = 1,
        .fields = &reader->key_field };
    reader->key = flow_json_new(&reader->key_type, allocator, error);
    return reader->key != NULL;
}

static void reader_close(struct reader *reader)
{
    flow_json_free(reader->element);
    flow_json_free(reader->key);
    give_all(&reader->blocks);
}

// Where the element begins: behind the key, if there is one.
static size_t key_length(const struct reader *reader, flow_str line)
{
    bool quoted = false;
    int depth = 0;
    if (!reader->key)
        return 0;
    for (size_t i = 0; i < line.len; i++) {
        const char c = line.data[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']'))
            depth--;
        else if (!quoted && depth == 0 && c == ':')
            return i;
    }
    return line.len;
}

static flow_status read_key(struct reader *reader, flow_str text, void **key, flow_error *error)
{
    const flow_memory memory = { take, &reader->blocks };
    flow_buffer object = { .allocator = reader->blocks.allocator };
    flow_buffer_printf(&object, "{\"key\":%.*s}", (int)text.len, text.data);
    // what the key points to may lie in the object's text
    char *copy = object.failed ? NULL : take(&reader->blocks, object.len);
    *key = take(&reader->blocks, reader->key_type.size);
    flow_status status = FLOW_MEMORY;
    if (copy && *key) {
        memcpy(copy, object.data, object.len);
        status = flow_json_read(reader->key, (flow_str){ copy, object.len }, *key, &memory, error);
    }
    flow_buffer_free(&object);
    return status;
}

static flow_status read_line(
    struct reader *reader, const char *text, struct fl_seen_set *into, flow_error *error)
{
    const flow_memory memory = { take, &reader->blocks };
    const flow_str line = flow_str_of(text);
    const size_t behind = key_length(reader, line);
    const size_t from = reader->key ? behind + 1 : 0;
    void *key = NULL;
    flow_error reason = { 0 };
    flow_status status = FLOW_PARSE;
    if (from > line.len)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "the wanted element '%s' has no key: '\"hat\": {…}' was expected", text);
    if (reader->key)
        status = read_key(reader, (flow_str){ text, behind }, &key, &reason);
    void *row = take(&reader->blocks, reader->shown->type->size);
    if (!row)
        return flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for what is wanted");
    if (!reader->key || status == FLOW_OK)
        status = flow_json_read(
            reader->element, (flow_str){ text + from, line.len - from }, row, &memory, &reason);
    if (status != FLOW_OK)
        return flow_error_raise(error, FLOW_INVALID, NULL, "the wanted element '%s' is no '%s': %s",
            text, reader->shown->type->name, reason.message);
    fl_seen_add(into, reader->shown, key, row, &(flow_seen){ .sign = 1 });
    return FLOW_OK;
}

static flow_status read_wanted(const struct fl_wanted *wanted, const struct fl_shown *shown,
    struct fl_seen_set *into, flow_error *error)
{
    if (wanted->rows) {
        const struct fl_shown bare = { .type = shown->type };
        for (size_t i = 0; i < wanted->count; i++)
            fl_seen_add(
                into, &bare, NULL, wanted->rows + i * shown->type->size, &(flow_seen){ .sign = 1 });
        return FLOW_OK;
    }
    struct reader reader;
    flow_status status = FLOW_OK;
    if (!reader_open(&reader, shown, into->bytes.allocator, error))
        status = error && error->status ? error->status : FLOW_MEMORY;
    for (size_t i = 0; i < wanted->count && status == FLOW_OK; i++)
        status = read_line(&reader, wanted->lines[i], into, error);
    reader_close(&reader);
    return status;
}

// --- judging

static int by_body(const void *left, const void *right)
{
    const struct fl_item *a = left, *b = right;
    const int order = strcmp(a->body, b->body);
    return order ? order : fl_floats_order(a->floats, b->floats, a->float_count);
}

static int compare(const struct fl_item *a, const struct fl_item *b, bool bodies)
{
    const int order = bodies ? strcmp(a->body, b->body) : strcmp(a->plain, b->plain);
    if (order != 0 || fl_floats_agree(a->floats, b->floats, a->float_count))
        return order;
    const int by_floats = fl_floats_order(a->floats, b->floats, a->float_count);
    return by_floats ? by_floats : 1; // a NaN beside a number has no order
}

static void name(flow_buffer *text, const struct fl_item *item, size_t count, bool seen)
{
    if (count > SHOWN)
        return;
    flow_buffer_printf(text, "%s%s", count > 1 ? ", " : "", item->seen.text);
    if (!seen)
        return;
    char start[40], end[40];
    start[flow_time_print(item->seen.window.start, start)] = '\0';
    end[flow_time_print(item->seen.window.end, end)] = '\0';
    if (item->seen.window.start.us > FLOW_TIME_MIN_US)
        flow_buffer_printf(text, " in [%s, %s)", start, end);
    if (item->seen.sign < 0)
        flow_buffer_printf(text, " taken back");
}

// Walks both sides, sorted alike, and tells what is on one of them alone.
static flow_status differ(const struct fl_seen_list *seen, const struct fl_seen_list *wanted,
    bool bodies, const flow_allocator *allocator, flow_error *error)
{
    flow_buffer lacks = { .allocator = allocator }, more = { .allocator = allocator };
    size_t lacking = 0, unwanted = 0, i = 0, k = 0;
    while (i < seen->count || k < wanted->count) {
        const int order = i == seen->count ? 1
                          : k == wanted->count
                              ? -1
                              : compare(&seen->items[i], &wanted->items[k], bodies);
        if (order < 0)
            name(&more, &seen->items[i], ++unwanted, true);
        if (order > 0)
            name(&lacks, &wanted->items[k], ++lacking, false);
        i += order <= 0;
        k += order >= 0;
    }
    flow_status status = FLOW_OK;
    if (lacking + unwanted > 0)
        status = flow_error_raise(error, FLOW_UNEXPECTED, NULL,
            "%zu elements, %zu wanted; %zu lack: %.*s%s; %zu too many: %.*s%s", seen->count,
            wanted->count, lacking, (int)lacks.len, lacks.data ? lacks.data : "",
            lacking > SHOWN ? ", …" : "", unwanted, (int)more.len, more.data ? more.data : "",
            unwanted > SHOWN ? ", …" : "");
    flow_buffer_free(&lacks);
    flow_buffer_free(&more);
    return status;
}

// Says what is wrong and gives `said` back; without memory for words there are none.
static flow_status unexpected(flow_buffer *said, size_t more, flow_error *error)
{
    const flow_status status = flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%.*s%s",
        (int)said->len, said->data ? said->data : "", more > SHOWN ? ", …" : "");
    flow_buffer_free(said);
    return status;
}

static flow_status differ_from_one(const struct fl_seen_list *seen, const struct fl_item *wanted,
    const flow_allocator *allocator, flow_error *error)
{
    flow_buffer said = { .allocator = allocator };
    if (seen->count == 1 && compare(&seen->items[0], wanted, false) == 0)
        return FLOW_OK;
    flow_buffer_printf(&said, "one element was wanted, %s; ", wanted->seen.text);
    if (seen->count == 0)
        flow_buffer_printf(&said, "none came");
    else if (seen->count == 1)
        flow_buffer_printf(&said, "it is ");
    else
        flow_buffer_printf(&said, "%zu came: ", seen->count);
    for (size_t i = 0; i < seen->count && i < SHOWN; i++)
        name(&said, &seen->items[i], i + 1, true);
    return unexpected(&said, seen->count, error);
}

// By key alone. Keys end in ": ", so none begins with another, and elements of one lie together.
static int compare_keys(const struct fl_item *a, const struct fl_item *b)
{
    const size_t size = (size_t)(a->body - a->plain), other = (size_t)(b->body - b->plain);
    return strncmp(a->plain, b->plain, size > other ? size : other);
}

// How many elements from `at` on have the key of the first.
static size_t of_key(const struct fl_seen_list *list, size_t at)
{
    size_t end = at;
    while (end < list->count && compare_keys(&list->items[at], &list->items[end]) == 0)
        end++;
    return end - at;
}

// What is wrong with a key: `came` of it were seen; `wanted` is NULL where it is not wanted.
static void say_key(
    flow_buffer *said, const struct fl_item *seen, size_t came, const struct fl_item *wanted)
{
    if (!wanted)
        flow_buffer_printf(said, "nobody wants ");
    else if (came == 0)
        flow_buffer_printf(said, "%s lacks", wanted->seen.text);
    else
        flow_buffer_printf(said, "%s was wanted, but there is ", wanted->seen.text);
    for (size_t i = 0; i < came && i < SHOWN; i++)
        name(said, &seen[i], i + 1, true);
    if (came > SHOWN)
        flow_buffer_printf(said, " and %zu more", came - SHOWN);
}

static flow_status differ_by_key(const struct fl_seen_list *seen, const struct fl_seen_list *wanted,
    const flow_allocator *allocator, flow_error *error)
{
    flow_buffer said = { .allocator = allocator };
    size_t wrong = 0, i = 0, k = 0;
    for (size_t w = 1; w < wanted->count; w++)
        if (compare_keys(&wanted->items[w - 1], &wanted->items[w]) == 0)
            return flow_error_raise(error, FLOW_INVALID, NULL,
                "%s and %s are wanted of one key, but a map has one element a key",
                wanted->items[w - 1].seen.text, wanted->items[w].seen.text);
    while (i < seen->count || k < wanted->count) {
        const int order = i == seen->count     ? 1
                          : k == wanted->count ? -1
                                               : compare_keys(&seen->items[i], &wanted->items[k]);
        const size_t came = order <= 0 ? of_key(seen, i) : 0;
        const struct fl_item *want = order >= 0 ? &wanted->items[k] : NULL;
        const bool right = want && came == 1 && compare(&seen->items[i], want, false) == 0;
        if (!right && ++wrong <= SHOWN) {
            flow_buffer_printf(&said, "%s", wrong > 1 ? "; " : "");
            say_key(&said, &seen->items[i], came, want);
        }
        i += came;
        k += want != NULL;
    }
    return wrong ? unexpected(&said, wrong, error) : FLOW_OK;
}

flow_status fl_wanted_signs(
    const struct fl_seen_list *seen, const flow_allocator *allocator, flow_error *error)
{
    flow_buffer said = { .allocator = allocator };
    size_t wrong = 0;
    for (size_t i = 0; i < seen->count; i++) {
        if (seen->items[i].seen.sign > 0)
            continue;
        if (wrong++ == 0)
            flow_buffer_printf(&said, "these were not there: ");
        name(&said, &seen->items[i], wrong, true);
    }
    return wrong ? unexpected(&said, wrong, error) : FLOW_OK;
}

flow_status fl_wanted_judge(const struct fl_wanted *wanted, const struct fl_shown *shown,
    struct fl_seen_list *seen, const flow_allocator *allocator, flow_error *error)
{
    struct fl_seen_set set = { .bytes.allocator = allocator };
    struct fl_seen_list list = { 0 };
    flow_status status = read_wanted(wanted, shown, &set, error);
    if (status == FLOW_OK && !fl_seen_list_make(&list, &set, allocator, FLOW_PANES_ALL))
        status = flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for what is wanted");
    if (status == FLOW_OK && wanted->rows && seen->count)
        qsort(seen->items, seen->count, sizeof *seen->items, by_body);
    if (status == FLOW_OK && wanted->rows && list.count)
        qsort(list.items, list.count, sizeof *list.items, by_body);
    if (status == FLOW_OK && wanted->how == FL_WANT_ONE)
        status = differ_from_one(seen, &list.items[0], allocator, error);
    else if (status == FLOW_OK && wanted->how == FL_WANT_MAP)
        status = differ_by_key(seen, &list, allocator, error);
    else if (status == FLOW_OK)
        status = differ(seen, &list, wanted->rows != NULL, allocator, error);
    if (list.items)
        fl_seen_list_free(&list, allocator);
    flow_buffer_free(&set.bytes);
    return status;
}
