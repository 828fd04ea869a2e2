// SPDX-License-Identifier: Apache-2.0
// Rows copied so that they last by themselves.
#include "store.h"

struct fl_layout fl_layout_of(const flow_shape *in)
{
    struct fl_layout layout = { .shape = *in };
    const uint32_t size = in->type->size;
    const bool inside =
        in->key_offset >= in->value_offset && in->key_offset < in->value_offset + size;
    layout.apart = in->key != FLOW_KIND_NONE && !inside;
    const uint32_t align = in->type->align > 8 ? in->type->align : 8;
    const uint32_t key = layout.apart ? (in->key_size + align - 1) / align * align : 0;
    layout.shape.value_offset = key;
    layout.shape.key_offset = layout.apart ? 0 : in->key_offset - in->value_offset;
    layout.shape.stride = (key + size + align - 1) / align * align;
    if (in->key == FLOW_KIND_NONE)
        layout.shape.key_offset = 0;
    return layout;
}

// Windows and panes by row take those of a whole batch, too. One that was taken over as it was is
// not written behind.
static bool fits(const struct fl_batch *open, const struct fl_batch *like)
{
    if (!open->times_own || open->times != (const char *)open->times_own)
        return false;
    const bool implied = like->window_form == FL_WINDOW_IMPLIED;
    if (open->count == open->capacity || (open->window_form == FL_WINDOW_IMPLIED) != implied)
        return false;
    if (open->window_form == FL_WINDOW_UNIFORM &&
        (like->window_form != FL_WINDOW_UNIFORM || open->window.start.us != like->window.start.us ||
            open->window.end.us != like->window.end.us))
        return false;
    if (like->signs && !open->signs)
        return false;
    return open->panes || (!like->panes && fl_batch_same_pane(&open->pane, &like->pane));
}

void fl_store_close(struct fl_cache *cache, struct fl_store *store)
{
    if (store->last)
        fl_batch_trim(cache, store->last);
}

static struct fl_batch *open_batch(struct fl_cache *cache, const struct fl_layout *layout,
    struct fl_store *store, const struct fl_batch *like)
{
    // where the last one had room left, windows or panes change from row to row: then by row
    const struct fl_batch *last = store->last;
    const bool vary = last && last->count < last->capacity;
    const bool windows = vary && like->window_form == FL_WINDOW_UNIFORM;
    const bool panes = like->panes || (vary && !fl_batch_same_pane(&last->pane, &like->pane));
    fl_store_close(cache, store);
    struct fl_batch *batch = fl_batch_new(cache, layout->shape.type, layout->shape.stride);
    if (!batch)
        return NULL;
    batch->window_form = windows ? FL_WINDOW_ROWS : like->window_form;
    batch->window = like->window;
    batch->pane = like->pane;
    int64_t *times = fl_batch_need_times(cache, batch);
    if (!times || (batch->window_form == FL_WINDOW_ROWS && !fl_batch_need_windows(cache, batch)) ||
        (panes && !fl_batch_need_panes(cache, batch)) ||
        (like->signs && !fl_batch_need_signs(cache, batch))) {
        fl_batch_unref(cache, batch);
        return NULL;
    }
    batch->time_form = FL_TIME_STRIDED;
    batch->times = (const char *)times;
    batch->times_stride = sizeof *times;
    *(store->last ? &store->last->next : &store->first) = batch;
    store->last = batch;
    return batch;
}

char *fl_store_room(struct fl_cache *cache, const struct fl_layout *layout, struct fl_store *store,
    const struct fl_batch *like)
{
    struct fl_batch *batch = store->last;
    if (!batch || !fits(batch, like))
        batch = open_batch(cache, layout, store, like);
    if (batch && batch->window_form == FL_WINDOW_ROWS && like->window_form == FL_WINDOW_UNIFORM)
        batch->windows[batch->count] = like->window;
    if (batch && batch->panes && !like->panes)
        batch->panes[batch->count] = like->pane;
    return batch ? batch->rows + (size_t)batch->count * batch->stride : NULL;
}

// Copies what a key that lies by itself points to.
static bool own_key(const struct fl_layout *layout, const flow_memory *memory, char *key)
{
    const flow_shape *shape = &layout->shape;
    if (!layout->apart)
        return true;
    if (shape->key == FLOW_KIND_RECORD)
        return flow_row_adopt(shape->key_record, key, memory, NULL, NULL) == FLOW_OK;
    if (shape->key != FLOW_KIND_STR && shape->key != FLOW_KIND_BYTES)
        return true;
    flow_str *text = (flow_str *)(void *)key;
    char *copy = text->len ? memory->take(memory->user, text->len) : NULL;
    if (text->len && !copy)
        return false;
    if (copy)
        memcpy(copy, text->data, text->len);
    text->data = copy;
    return true;
}

bool fl_store_put(struct fl_cache *cache, const struct fl_layout *layout, struct fl_store *store,
    const struct fl_row_at *at)
{
    char *to = fl_store_room(cache, layout, store, at->batch);
    struct fl_batch *batch = store->last;
    if (!to)
        return false;
    const char *from = at->batch->rows + (size_t)at->row * at->batch->stride;
    if (layout->apart)
        memcpy(to, from + at->shape->key_offset, layout->shape.key_size);
    to += layout->shape.value_offset;
    memcpy(to, from + at->shape->value_offset, layout->shape.type->size);
    if (layout->apart || flow_type_has_pointers(layout->shape.type)) {
        struct fl_mem *mem = fl_batch_need_mem(cache, batch);
        void *pair[2] = { cache, mem };
        const flow_memory memory = { fl_take_from, pair };
        if (!mem || !own_key(layout, &memory, to - layout->shape.value_offset) ||
            flow_row_adopt(layout->shape.type, to, &memory, NULL, NULL) != FLOW_OK)
            return false;
    }
    batch->times_own[batch->count] = fl_batch_time(at->batch, at->row);
    if (at->batch->window_form == FL_WINDOW_ROWS)
        batch->windows[batch->count] = at->batch->windows[at->row];
    if (at->batch->panes)
        batch->panes[batch->count] = at->batch->panes[at->row];
    if (batch->signs)
        batch->signs[batch->count] = fl_batch_sign(at->batch, at->row);
    batch->count++;
    return true;
}

void fl_store_drop(struct fl_cache *cache, struct fl_store *store)
{
    while (store->first) {
        struct fl_batch *batch = store->first;
        store->first = batch->next;
        fl_batch_unref(cache, batch);
    }
    memset(store, 0, sizeof *store);
}
