// SPDX-License-Identifier: Apache-2.0
// A heap by instant, four children a hint: half as deep as with two, at a line of memory a level.
#include "hint.h"

#define ROOM_LEAST ((size_t)256)
#define FEW        ((size_t)256) // far hints that all come near at once
#define PARTS      16 // of the time that far hints span: one comes near (bench: session_count)
#define CHILDREN   ((size_t)4)
#define SHIFT      (CHILDREN - 1) // the first child begins a line

void fl_hints_fini(struct fl_cache *cache, struct fl_hints *hints)
{
    if (hints->heap)
        fl_give(cache, hints->heap - SHIFT, (hints->room + SHIFT) * sizeof *hints->heap);
    fl_give(cache, hints->far, hints->far_room * sizeof *hints->far);
    fl_give(cache, hints->taken, hints->taken_room * sizeof *hints->taken);
    memset(hints, 0, sizeof *hints);
}

// Makes room for one more; `shift` hints before the first stay free.
static bool grow(
    struct fl_cache *cache, struct fl_hint **at, size_t count, size_t *room, size_t shift)
{
    if (count < *room)
        return true;
    const size_t wanted = *room ? *room * 2 : ROOM_LEAST;
    struct fl_hint *more = fl_take(cache, (wanted + shift) * sizeof *more);
    if (!more)
        return false;
    more += shift;
    if (*room) {
        memcpy(more, *at, *room * sizeof *more);
        fl_give(cache, *at - shift, (*room + shift) * sizeof *more);
    }
    *at = more;
    *room = wanted;
    return true;
}

static void sift_up(struct fl_hints *hints, struct fl_hint hint)
{
    size_t i = hints->count++;
    while (i > 0 && hint.at < hints->heap[(i - 1) / CHILDREN].at) {
        hints->heap[i] = hints->heap[(i - 1) / CHILDREN];
        i = (i - 1) / CHILDREN;
    }
    hints->heap[i] = hint;
}

// Puts a hint where the first one was.
static void sift_down(struct fl_hints *hints, struct fl_hint hint)
{
    size_t i = 0;
    for (size_t first = 1; first < hints->count; first = CHILDREN * i + 1) {
        const size_t left = hints->count - first;
        size_t least = first;
        for (size_t k = 1; k < CHILDREN && k < left; k++)
            least = hints->heap[first + k].at < hints->heap[least].at ? first + k : least;
        if (hints->heap[least].at >= hint.at)
            break;
        hints->heap[i] = hints->heap[least];
        i = least;
    }
    hints->heap[i] = hint;
}

// Puts a hint where it belongs; there is room.
static void put(struct fl_hints *hints, struct fl_hint hint)
{
    if (hint.at < hints->horizon)
        sift_up(hints, hint);
    else
        hints->far[hints->far_count++] = hint;
}

bool fl_hints_add(struct fl_cache *cache, struct fl_hints *hints, struct fl_hint hint)
{
    const size_t count = fl_hints_count(hints) + hints->taken_count;
    if (!grow(cache, &hints->heap, count, &hints->room, SHIFT) ||
        !grow(cache, &hints->far, count, &hints->far_room, 0) ||
        !grow(cache, &hints->taken, count, &hints->taken_room, 0))
        return false;
    if (count == 0)
        hints->horizon = hint.at; // what comes later decides
    put(hints, hint);
    return true;
}

void fl_hints_approach(struct fl_hints *hints)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (size_t i = 0; i < hints->far_count; i++) {
        const int64_t at = hints->far[i].at;
        least = at < least ? at : least;
        most = at > most ? at : most;
    }
    // half of the range: times lie far from the ends of the type
    const int64_t part = (most / 2 - least / 2) / (PARTS / 2);
    hints->horizon = (hints->far_count > FEW ? least + part : most) + 1;
    size_t kept = 0;
    for (size_t i = 0; i < hints->far_count; i++) {
        const struct fl_hint hint = hints->far[i];
        if (hint.at < hints->horizon)
            sift_up(hints, hint);
        else
            hints->far[kept++] = hint;
    }
    hints->far_count = kept;
}

void fl_hints_drop(struct fl_hints *hints)
{
    const struct fl_hint last = hints->heap[--hints->count];
    if (hints->count)
        sift_down(hints, last);
}

void fl_hints_move(struct fl_hints *hints, int64_t at)
{
    struct fl_hint hint = hints->heap[0];
    hint.at = at;
    if (at < hints->horizon) {
        sift_down(hints, hint);
        return;
    }
    fl_hints_drop(hints);
    put(hints, hint);
}

struct fl_hint fl_hints_take(struct fl_hints *hints)
{
    const struct fl_hint first = hints->heap[0];
    fl_hints_drop(hints);
    hints->taken[hints->taken_count++] = first;
    return first;
}

void fl_hints_commit(struct fl_hints *hints)
{
    hints->taken_count = 0;
}

void fl_hints_abort(struct fl_hints *hints)
{
    for (size_t i = 0; i < hints->taken_count; i++)
        put(hints, hints->taken[i]);
    hints->taken_count = 0;
}
