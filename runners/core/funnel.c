// SPDX-License-Identifier: Apache-2.0
// Merging sorted runs: a heap of taps by the key that each stands at.
#include "funnel.h"

// Where a tap stood.
struct mark {
    uint64_t block;
    size_t at;
    bool over;
};

struct fl_funnel {
    struct fl_scratch *scratch;
    enum fl_key_form form;
    uint32_t most, count; // taps
    uint32_t heaped;      // of them, those in the heap
    uint32_t now, ends;   // `turn` from here to there: those that have the key in work
    bool back;            // to the marks, first
    size_t size;          // bytes of all this
    char *key;            // bytes of the key in work
    size_t key_room;
    struct fl_tap *taps;
    struct mark *marks;
    uint32_t *heap, *turn;
};

struct fl_funnel *fl_funnel_new(struct fl_scratch *scratch, enum fl_key_form form, uint32_t most)
{
    const size_t each = sizeof(struct fl_tap) + sizeof(struct mark) + 2 * sizeof(uint32_t);
    const size_t size = sizeof(struct fl_funnel) + most * each;
    struct fl_funnel *funnel = fl_take(scratch->cache, size);
    if (!funnel)
        return NULL;
    memset(funnel, 0, size);
    funnel->scratch = scratch;
    funnel->form = form;
    funnel->most = most;
    funnel->size = size;
    funnel->taps = (struct fl_tap *)(void *)(funnel + 1);
    funnel->marks = (struct mark *)(void *)(funnel->taps + most);
    funnel->heap = (uint32_t *)(void *)(funnel->marks + most);
    funnel->turn = funnel->heap + most;
    return funnel;
}

void fl_funnel_free(struct fl_funnel *funnel)
{
    if (!funnel)
        return;
    for (uint32_t i = 0; i < funnel->count; i++)
        fl_tap_close(&funnel->taps[i]);
    fl_give(funnel->scratch->cache, funnel->key, funnel->key_room);
    fl_give(funnel->scratch->cache, funnel, funnel->size);
}

// --- the heap

static int compare(const struct fl_tap *a, const struct fl_tap *b)
{
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return a->form == FL_KEY_WORD ? 0 : fl_key_compare(&a->entry, &b->entry);
}

// Taps at the same key come in their own order.
static bool before(const struct fl_funnel *funnel, uint32_t a, uint32_t b)
{
    const int order = compare(&funnel->taps[a], &funnel->taps[b]);
    return order != 0 ? order < 0 : a < b;
}

static void heap_put(struct fl_funnel *funnel, uint32_t tap)
{
    uint32_t at = funnel->heaped++;
    for (; at > 0 && before(funnel, tap, funnel->heap[(at - 1) / 2]); at = (at - 1) / 2)
        funnel->heap[at] = funnel->heap[(at - 1) / 2];
    funnel->heap[at] = tap;
}

static uint32_t heap_take(struct fl_funnel *funnel)
{
    uint32_t *heap = funnel->heap;
    const uint32_t first = heap[0], last = heap[--funnel->heaped];
    uint32_t at = 0;
    for (uint32_t child; (child = 2 * at + 1) < funnel->heaped; at = child) {
        if (child + 1 < funnel->heaped && before(funnel, heap[child + 1], heap[child]))
            child++;
        if (!before(funnel, heap[child], last))
            break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return first;
}

// --- walking

flow_status fl_funnel_add(struct fl_funnel *funnel, const struct fl_run *run)
{
    const uint32_t i = funnel->count++;
    struct fl_tap *tap = &funnel->taps[i];
    const flow_status status = fl_tap_open(tap, funnel->scratch, funnel->form, run);
    if (status != FLOW_OK)
        return status;
    funnel->marks[i] = (struct mark){ tap->head_block, tap->head_at, tap->over };
    if (!tap->over)
        heap_put(funnel, i);
    return FLOW_OK;
}

// Those that had the key in work go on to their next.
static flow_status finish_key(struct fl_funnel *funnel)
{
    for (uint32_t i = 0; i < funnel->ends; i++) {
        struct fl_tap *tap = &funnel->taps[funnel->turn[i]];
        const flow_status status = fl_tap_next(tap);
        if (status != FLOW_OK)
            return status;
        if (!tap->over)
            heap_put(funnel, funnel->turn[i]);
    }
    funnel->now = funnel->ends = 0;
    return FLOW_OK;
}

static flow_status go_back(struct fl_funnel *funnel)
{
    funnel->heaped = funnel->now = funnel->ends = 0;
    for (uint32_t i = 0; i < funnel->count; i++) {
        const struct mark *mark = &funnel->marks[i];
        if (mark->over)
            continue;
        const flow_status status = fl_tap_seek(&funnel->taps[i], mark->block, mark->at);
        if (status != FLOW_OK)
            return status;
        heap_put(funnel, i);
    }
    funnel->back = false;
    return FLOW_OK;
}

// A copy of the key in work, since its block may go.
static bool keep_key(struct fl_funnel *funnel, struct fl_entry *entry)
{
    const size_t len = entry->bytes.len;
    if (len > funnel->key_room) {
        char *key = fl_take(funnel->scratch->cache, len);
        if (!key)
            return false;
        fl_give(funnel->scratch->cache, funnel->key, funnel->key_room);
        funnel->key = key;
        funnel->key_room = len;
    }
    if (len)
        memcpy(funnel->key, entry->bytes.data, len);
    entry->bytes.data = funnel->key;
    return true;
}

flow_status fl_funnel_next(
    struct fl_funnel *funnel, struct fl_entry *entry, uint64_t *items, bool *more)
{
    const flow_status status = funnel->back ? go_back(funnel) : finish_key(funnel);
    *more = status == FLOW_OK && funnel->heaped > 0;
    if (!*more)
        return status;
    *items = 0;
    do {
        const uint32_t tap = heap_take(funnel);
        *items += funnel->taps[tap].items;
        funnel->turn[funnel->ends++] = tap;
    } while (funnel->heaped > 0 &&
             compare(&funnel->taps[funnel->turn[0]], &funnel->taps[funnel->heap[0]]) == 0);
    *entry = funnel->taps[funnel->turn[0]].entry;
    return keep_key(funnel, entry) ? FLOW_OK : FLOW_BUDGET;
}

flow_status fl_funnel_item(struct fl_funnel *funnel, flow_str *item)
{
    while (funnel->taps[funnel->turn[funnel->now]].left == 0)
        funnel->now++;
    return fl_tap_item(&funnel->taps[funnel->turn[funnel->now]], item);
}

flow_status fl_funnel_rewind(struct fl_funnel *funnel)
{
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < funnel->ends && status == FLOW_OK; i++) {
        struct fl_tap *tap = &funnel->taps[funnel->turn[i]];
        status = fl_tap_seek(tap, tap->head_block, tap->head_at);
    }
    funnel->now = 0;
    return status;
}

flow_status fl_funnel_mark(struct fl_funnel *funnel)
{
    if (funnel->back)
        return FLOW_OK; // it is there
    const flow_status status = finish_key(funnel);
    for (uint32_t i = 0; i < funnel->count; i++) {
        const struct fl_tap *tap = &funnel->taps[i];
        funnel->marks[i] = (struct mark){ tap->head_block, tap->head_at, tap->over };
    }
    return status;
}

void fl_funnel_back(struct fl_funnel *funnel)
{
    funnel->back = true;
}
