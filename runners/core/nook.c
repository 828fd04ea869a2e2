// SPDX-License-Identifier: Apache-2.0
// Blocks of a few sizes, cut from slabs; larger ones straight from the pool.
#include "nook.h"

#define SLAB_SIZE ((size_t)64 << 10)
#define NOTES     ((size_t)256)

// Before every slab and every large block: all of them are given back at the end.
struct fl_nook_slab {
    struct fl_nook_slab *next, *before;
    size_t size;
    char room[FL_NOOK_HEAD - 3 * sizeof(void *)]; // blocks begin on a cache line
};

static const uint16_t sizes[FL_NOOK_SIZES] = { 64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048 };

static uint32_t size_of(size_t size)
{
    uint32_t i = 0;
    while (sizes[i] < size)
        i++;
    return i;
}

void fl_nook_init(struct fl_nook *nook, struct fl_cache *cache)
{
    memset(nook, 0, sizeof *nook);
    nook->cache = cache;
}

static void give_all(struct fl_cache *cache, struct fl_nook_slab *slab)
{
    while (slab) {
        struct fl_nook_slab *next = slab->next;
        fl_give(cache, slab, slab->size);
        slab = next;
    }
}

void fl_nook_fini(struct fl_nook *nook)
{
    if (!nook->cache)
        return;
    give_all(nook->cache, nook->slabs);
    give_all(nook->cache, nook->large);
    fl_give(nook->cache, nook->taken.list, nook->taken.room * sizeof *nook->taken.list);
    fl_give(nook->cache, nook->given.list, nook->given.room * sizeof *nook->given.list);
    memset(nook, 0, sizeof *nook);
}

static bool note_room(struct fl_nook *nook, struct fl_nook_notes *notes)
{
    if (notes->count < notes->room)
        return true;
    const size_t room = notes->room ? 2 * notes->room : NOTES;
    struct fl_nook_note *more = fl_take(nook->cache, room * sizeof *more);
    if (!more)
        return false;
    if (notes->count)
        memcpy(more, notes->list, notes->count * sizeof *more);
    fl_give(nook->cache, notes->list, notes->room * sizeof *more);
    notes->list = more;
    notes->room = room;
    return true;
}

bool fl_nook_reserve(struct fl_nook *nook)
{
    return note_room(nook, &nook->taken) && note_room(nook, &nook->given);
}

void fl_nook_flush(struct fl_nook *nook)
{
    if (nook->used > 0)
        return;
    give_all(nook->cache, nook->slabs);
    nook->slabs = NULL;
    nook->next = nook->end = NULL;
    memset(nook->free, 0, sizeof nook->free);
}

static void *take_large(struct fl_nook *nook, size_t size)
{
    void *kept = nook->kept;
    if (kept) {
        memcpy(&nook->kept, kept, sizeof kept);
        return kept;
    }
    struct fl_nook_slab *slab = fl_take(nook->cache, sizeof *slab + size);
    if (!slab)
        return NULL;
    slab->size = sizeof *slab + size;
    slab->before = NULL;
    slab->next = nook->large;
    if (slab->next)
        slab->next->before = slab;
    nook->large = slab;
    return slab + 1;
}

static void give_large(struct fl_nook *nook, void *block)
{
    if (nook->keeps) {
        memcpy(block, &nook->kept, sizeof(void *));
        nook->kept = block;
        return;
    }
    struct fl_nook_slab *slab = (struct fl_nook_slab *)block - 1;
    *(slab->before ? &slab->before->next : &nook->large) = slab->next;
    if (slab->next)
        slab->next->before = slab->before;
    fl_give(nook->cache, slab, slab->size);
}

static void *take_small(struct fl_nook *nook, uint32_t i)
{
    void *block = nook->free[i];
    nook->used += block ? sizes[i] : 0;
    if (block) {
        memcpy(&nook->free[i], block, sizeof block);
        return block;
    }
    if ((size_t)(nook->end - nook->next) < sizes[i]) {
        struct fl_nook_slab *slab = fl_take(nook->cache, SLAB_SIZE);
        if (!slab)
            return NULL;
        slab->size = SLAB_SIZE;
        slab->next = nook->slabs;
        nook->slabs = slab;
        nook->next = (char *)(void *)(slab + 1);
        nook->end = (char *)(void *)slab + SLAB_SIZE;
    }
    block = nook->next;
    nook->next += sizes[i];
    nook->used += sizes[i];
    return block;
}

static void give_now(struct fl_nook *nook, const struct fl_nook_note *note)
{
    if (note->size > FL_NOOK_MOST) {
        give_large(nook, note->block);
        return;
    }
    const uint32_t i = size_of(note->size);
    nook->used -= sizes[i];
    memcpy(note->block, &nook->free[i], sizeof(void *));
    nook->free[i] = note->block;
}

void *fl_nook_take(struct fl_nook *nook, size_t size)
{
    if (!note_room(nook, &nook->taken))
        return NULL;
    void *block = size > FL_NOOK_MOST ? take_large(nook, size) : take_small(nook, size_of(size));
    if (block)
        nook->taken.list[nook->taken.count++] = (struct fl_nook_note){ block, size };
    return block;
}

bool fl_nook_give(struct fl_nook *nook, void *block, size_t size)
{
    if (!block)
        return true;
    if (!note_room(nook, &nook->given))
        return false;
    nook->given.list[nook->given.count++] = (struct fl_nook_note){ block, size };
    return true;
}

static void settle(struct fl_nook *nook, const struct fl_nook_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        give_now(nook, &notes->list[i]);
    nook->taken.count = nook->given.count = 0;
}

void fl_nook_commit(struct fl_nook *nook)
{
    settle(nook, &nook->given);
}

void fl_nook_abort(struct fl_nook *nook)
{
    settle(nook, &nook->taken);
}
