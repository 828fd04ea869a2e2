// SPDX-License-Identifier: Apache-2.0
// A binary heap by instant and order of coming.
#include "timer.h"

void fl_dues_fini(struct fl_cache *cache, struct fl_dues *dues)
{
    fl_give(cache, dues->heap, dues->room * sizeof *dues->heap);
    fl_give(cache, dues->taken, dues->taken_room * sizeof *dues->taken);
    memset(dues, 0, sizeof *dues);
}

static bool grow(struct fl_cache *cache, struct fl_due **at, size_t count, size_t *room)
{
    if (count < *room)
        return true;
    size_t wanted = *room ? *room * 2 : 64;
    while (wanted <= count)
        wanted *= 2;
    struct fl_due *more = fl_take(cache, wanted * sizeof *more);
    if (!more)
        return false;
    if (*room)
        memcpy(more, *at, *room * sizeof *more);
    fl_give(cache, *at, *room * sizeof **at);
    *at = more;
    *room = wanted;
    return true;
}

static bool earlier(const struct fl_due *a, const struct fl_due *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    return a->then != b->then ? a->then < b->then : a->order < b->order;
}

static void sift_up(struct fl_dues *dues, struct fl_due due)
{
    size_t i = dues->count++;
    while (i > 0 && earlier(&due, &dues->heap[(i - 1) / 2])) {
        dues->heap[i] = dues->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    dues->heap[i] = due;
}

bool fl_dues_reserve(struct fl_cache *cache, struct fl_dues *dues, size_t more)
{
    const size_t count = dues->count + dues->taken_count + more;
    return grow(cache, &dues->heap, count, &dues->room) &&
           grow(cache, &dues->taken, count, &dues->taken_room);
}

bool fl_dues_add(struct fl_cache *cache, struct fl_dues *dues, const struct fl_due *due)
{
    if (!fl_dues_reserve(cache, dues, 1))
        return false;
    struct fl_due copy = *due;
    copy.order = dues->next_order++;
    sift_up(dues, copy);
    return true;
}

const struct fl_due *fl_dues_first(const struct fl_dues *dues)
{
    return dues->count ? &dues->heap[0] : NULL;
}

struct fl_due fl_dues_take(struct fl_dues *dues)
{
    const struct fl_due first = dues->heap[0];
    const struct fl_due last = dues->heap[--dues->count];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= dues->count)
            break;
        if (child + 1 < dues->count && earlier(&dues->heap[child + 1], &dues->heap[child]))
            child++;
        if (!earlier(&dues->heap[child], &last))
            break;
        dues->heap[i] = dues->heap[child];
        i = child;
    }
    if (dues->count)
        dues->heap[i] = last;
    dues->taken[dues->taken_count++] = first;
    return first;
}

void fl_dues_commit(struct fl_dues *dues)
{
    dues->taken_count = 0;
}

void fl_dues_abort(struct fl_dues *dues)
{
    for (size_t i = 0; i < dues->taken_count; i++)
        sift_up(dues, dues->taken[i]);
    dues->taken_count = 0;
}
