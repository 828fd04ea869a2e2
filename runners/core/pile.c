// SPDX-License-Identifier: Apache-2.0
// Heaps over the same parts, each of which knows its places, and blocks that parts lie in.
#include "pile.h"

#include "spin.h"

#define BLOCK_SIZE ((size_t)16 << 10)

struct fl_pile_block {
    struct fl_pile_block *next;
    size_t size;
};

static size_t aligned(size_t size)
{
    return (size + 63) / 64 * 64;
}

struct fl_pile *fl_pile_new(struct fl_engine *engine, uint32_t restriction_size)
{
    struct fl_pile *pile = fl_mem_alloc(&engine->cache, engine->mem, sizeof *pile);
    if (!pile)
        return NULL;
    memset(pile, 0, sizeof *pile);
    atomic_flag_clear(&pile->lock);
    pile->part_size = (uint32_t)(aligned(sizeof(struct fl_part)) + aligned(restriction_size));
    return pile;
}

static void give_heaps(struct fl_cache *cache, struct fl_part **heaps, uint32_t room)
{
    fl_give(cache, heaps, FL_PILE_ORDERS * (size_t)room * sizeof *heaps);
}

void fl_pile_free(struct fl_engine *engine, struct fl_pile *pile)
{
    struct fl_cache *cache = &engine->cache;
    for (uint32_t i = 0; i < pile->held_count; i++) {
        fl_batch_unref(cache, pile->held[i]->batch);
        fl_mem_unref(cache, pile->held[i]->mem);
    }
    while (pile->blocks) {
        struct fl_pile_block *block = pile->blocks;
        pile->blocks = block->next;
        fl_give(cache, block, block->size);
    }
    give_heaps(cache, pile->ready, pile->room);
    memset(pile, 0, sizeof *pile);
}

void fl_pile_lock(const struct fl_engine *engine, struct fl_pile *pile)
{
    fl_spin_lock(&pile->lock, engine->options.port.yield);
}

void fl_pile_unlock(struct fl_pile *pile)
{
    fl_spin_unlock(&pile->lock);
}

// --- room

static struct fl_part **next_free(struct fl_part *part)
{
    return (struct fl_part **)(void *)&part->batch;
}

// Adds the parts of a block, and heaps that hold all. Under the lock.
static void install(
    struct fl_pile *pile, struct fl_pile_block *block, struct fl_part **heaps, uint32_t room)
{
    const uint32_t count = (uint32_t)((block->size - aligned(sizeof *block)) / pile->part_size);
    char *at = (char *)block + aligned(sizeof *block);
    for (uint32_t i = 0; i < count; i++, at += pile->part_size) {
        struct fl_part *part = (struct fl_part *)(void *)at;
        part->restriction = at + aligned(sizeof *part);
        *next_free(part) = pile->free;
        pile->free = part;
    }
    block->next = pile->blocks;
    pile->blocks = block;
    pile->free_count += count;
    pile->total += count;
    if (!heaps)
        return;
    if (pile->ready_count)
        memcpy(heaps, pile->ready, pile->ready_count * sizeof *heaps);
    if (pile->held_count)
        memcpy(heaps + room, pile->held, pile->held_count * sizeof *heaps);
    if (pile->held_count)
        memcpy(heaps + 2 * (size_t)room, pile->asked, pile->held_count * sizeof *heaps);
    pile->ready = heaps;
    pile->held = heaps + room;
    pile->asked = heaps + 2 * (size_t)room;
    pile->room = room;
}

// Memory is taken without the lock: another worker may have made room meanwhile.
static bool grow(struct fl_worker *worker, struct fl_pile *pile)
{
    struct fl_engine *engine = worker->engine;
    struct fl_cache *cache = &worker->cache;
    const size_t least = aligned(sizeof(struct fl_pile_block)) + pile->part_size;
    const size_t size = least > BLOCK_SIZE ? least : BLOCK_SIZE;
    const uint32_t more =
        (uint32_t)((size - aligned(sizeof(struct fl_pile_block))) / pile->part_size);
    fl_pile_lock(engine, pile);
    const uint32_t total = pile->total, old_room = pile->room;
    fl_pile_unlock(pile);
    const bool wider = total + more > old_room;
    const uint32_t room = wider ? 2 * (total + more) : old_room;
    struct fl_pile_block *block = fl_take(cache, size);
    struct fl_part **heaps =
        wider && block ? fl_take(cache, FL_PILE_ORDERS * (size_t)room * sizeof *heaps) : NULL;
    if (!block || (wider && !heaps)) {
        fl_give(cache, block, size);
        return false;
    }
    block->size = size;
    struct fl_part **old = NULL;
    fl_pile_lock(engine, pile);
    const bool same = pile->total == total && pile->room == old_room;
    if (same) {
        old = wider ? pile->ready : NULL;
        install(pile, block, heaps, room);
    }
    fl_pile_unlock(pile);
    if (same) {
        give_heaps(cache, old, old_room);
    } else {
        fl_give(cache, block, size);
        give_heaps(cache, heaps, room);
    }
    return true;
}

bool fl_pile_reserve(struct fl_worker *worker, struct fl_pile *pile, uint32_t count)
{
    for (;;) {
        fl_pile_lock(worker->engine, pile);
        const bool enough = pile->free_count - pile->reserved >= count;
        if (enough)
            pile->reserved += count;
        fl_pile_unlock(pile);
        if (enough)
            return true;
        if (!grow(worker, pile))
            return false;
    }
}

void fl_pile_unreserve(struct fl_engine *engine, struct fl_pile *pile, uint32_t count)
{
    fl_pile_lock(engine, pile);
    pile->reserved -= count;
    fl_pile_unlock(pile);
}

// --- heaps

static bool before(const struct fl_part *a, const struct fl_part *b, enum fl_pile_order order)
{
    if (order == FL_PILE_HELD)
        return a->estimate < b->estimate;
    if (order == FL_PILE_ASKED)
        return a->asks < b->asks;
    return a->resume != b->resume ? a->resume < b->resume : a->number < b->number;
}

static void put(struct fl_part **heap, uint32_t at, struct fl_part *part, enum fl_pile_order order)
{
    heap[at] = part;
    part->at[order] = at;
}

static uint32_t move_up(struct fl_part **heap, uint32_t at, enum fl_pile_order order)
{
    struct fl_part *part = heap[at];
    while (at > 0 && before(part, heap[(at - 1) / 2], order)) {
        put(heap, at, heap[(at - 1) / 2], order);
        at = (at - 1) / 2;
    }
    put(heap, at, part, order);
    return at;
}

static void move_down(struct fl_part **heap, uint32_t count, uint32_t at, enum fl_pile_order order)
{
    struct fl_part *part = heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= count)
            break;
        if (child + 1 < count && before(heap[child + 1], heap[child], order))
            child++;
        if (!before(heap[child], part, order))
            break;
        put(heap, at, heap[child], order);
        at = child;
    }
    put(heap, at, part, order);
}

static void push(
    struct fl_part **heap, uint32_t *count, struct fl_part *part, enum fl_pile_order order)
{
    heap[(*count)++] = part;
    move_up(heap, *count - 1, order);
}

static void take_out(struct fl_part **heap, uint32_t *count, uint32_t at, enum fl_pile_order order)
{
    struct fl_part *last = heap[--*count];
    if (at == *count)
        return;
    heap[at] = last;
    move_down(heap, *count, move_up(heap, at, order), order);
}

// --- parts

struct fl_part *fl_pile_new_part(struct fl_pile *pile)
{
    struct fl_part *part = pile->free;
    pile->free = *next_free(part);
    pile->free_count--;
    pile->reserved--;
    return part;
}

void fl_pile_add(struct fl_pile *pile, struct fl_part *part)
{
    if (pile->drained)
        part->resume = 0;
    uint32_t held = pile->held_count;
    push(pile->ready, &pile->ready_count, part, FL_PILE_READY);
    push(pile->held, &pile->held_count, part, FL_PILE_HELD);
    push(pile->asked, &held, part, FL_PILE_ASKED);
    atomic_store(&pile->waiting, pile->ready_count);
}

struct fl_part *fl_pile_take(struct fl_pile *pile, int64_t now)
{
    if (pile->ready_count == 0 || pile->ready[0]->resume > now)
        return NULL;
    struct fl_part *part = pile->ready[0];
    take_out(pile->ready, &pile->ready_count, 0, FL_PILE_READY);
    atomic_store(&pile->waiting, pile->ready_count);
    return part;
}

int64_t fl_pile_wake(const struct fl_pile *pile)
{
    return pile->ready_count ? pile->ready[0]->resume : FL_ASLEEP;
}

void fl_pile_remove(struct fl_pile *pile, struct fl_part *part)
{
    uint32_t held = pile->held_count;
    take_out(pile->held, &pile->held_count, part->at[FL_PILE_HELD], FL_PILE_HELD);
    take_out(pile->asked, &held, part->at[FL_PILE_ASKED], FL_PILE_ASKED);
    *next_free(part) = pile->free;
    pile->free = part;
    pile->free_count++;
}

void fl_pile_drain(struct fl_pile *pile)
{
    if (pile->drained)
        return;
    pile->drained = true;
    for (uint32_t i = 0; i < pile->ready_count; i++)
        pile->ready[i]->resume = 0;
    for (uint32_t i = pile->ready_count / 2; i-- > 0;)
        move_down(pile->ready, pile->ready_count, i, FL_PILE_READY);
}
