// SPDX-License-Identifier: Apache-2.0
// What a live window holds: an accumulator, or rows; and results that may be taken back.
#include "extents.h"
#include "own.h"

#define BLOCK_LEAST ((size_t)256)
#define BLOCK_MOST  ((size_t)32 << 10)
#define TIDY_LEAST  ((size_t)4 << 10) // bytes that are not worth it

static const flow_combine_fn *combine_of(const struct fl_op *op)
{
    return op->plan->node->combine;
}

static const flow_type *acc_type(const struct fl_op *op)
{
    return op->keyed->stateful ? op->plan->node->fn->state : combine_of(op)->acc;
}

// --- bytes

static void *take_bytes(void *user, size_t size)
{
    struct fl_bulk_room *room = user;
    struct fl_bulk *bulk = room->bulk;
    size = (size + 7) & ~(size_t)7;
    if (room->lives->spills && !bulk->ready && !fl_extents_ready(room->lives, bulk))
        return NULL;
    if (!bulk->blocks || bulk->blocks->size - bulk->used < size) {
        size_t whole = bulk->size < BLOCK_LEAST ? BLOCK_LEAST : bulk->size;
        whole = whole < BLOCK_MOST ? whole : BLOCK_MOST;
        if (whole > FL_NOOK_MOST)
            whole -= FL_NOOK_HEAD; // so that its memory is of a usual size
        if (whole < sizeof(struct fl_block) + size)
            whole = sizeof(struct fl_block) + size;
        struct fl_block *block = fl_nook_take(&room->lives->blocks, whole);
        if (!block)
            return NULL;
        block->next = bulk->blocks;
        block->size = whole;
        bulk->oldest = bulk->blocks ? bulk->oldest : block;
        bulk->blocks = block;
        bulk->used = sizeof *block;
        room->lives->kept.rows += whole;
        bulk->size += whole;
    }
    char *bytes = (char *)(void *)bulk->blocks + bulk->used;
    bulk->used += size;
    return bytes;
}

flow_memory fl_bulk_memory(struct fl_bulk_room *room)
{
    const flow_memory memory = { take_bytes, room };
    return memory;
}

static bool give_blocks(struct fl_lives *lives, const struct fl_bulk *bulk)
{
    for (struct fl_block *block = bulk->blocks; block; block = block->next)
        if (!fl_nook_give(&lives->blocks, block, block->size))
            return false;
    lives->kept.rows -= bulk->size;
    return true;
}

// --- rows

bool fl_content_append(struct fl_op *op, struct fl_live *live, const void *row, int8_t sign)
{
    struct fl_lives *lives = op->keyed->lives;
    struct fl_bulk *bulk = fl_live_bulk(lives, live);
    struct fl_bulk_room room = { lives, bulk };
    const flow_memory memory = fl_bulk_memory(&room);
    struct fl_chunk *last = bulk->last;
    if (!last || last->count >= last->room) {
        const uint32_t more = !last || fl_extent_of(last) ? 2
                              : last->room < 256          ? last->room * 2
                                                          : 256;
        last = take_bytes(&room, sizeof *last + (size_t)more * lives->row_stride);
        if (!last)
            return false;
        *last = (struct fl_chunk){ NULL, 0, more };
        *(bulk->last ? &bulk->last->next : &bulk->first) = last;
        bulk->last = last;
    }
    char *at = (char *)(last + 1) + (size_t)last->count * lives->row_stride;
    memcpy(at, row, lives->row_size);
    if (lives->pointers && flow_row_adopt(lives->row_type, at, &memory, NULL, NULL) != FLOW_OK)
        return false;
    if (lives->signs)
        at[lives->row_stride - 1] = sign;
    bulk->last_count = ++last->count;
    bulk->rows++;
    bulk->minus += sign < 0;
    return true;
}

// A row to be kept, of an element: of a combine that the engine knows, the number that it reads.
static bool keep(struct fl_op *op, struct fl_live *live, const struct fl_element *element)
{
    if (op->keyed->lives->row_type || element->content == FL_CONTENT_VALUES)
        return fl_content_append(op, live, element->value, element->sign);
    const uint32_t offset = op->plan->node->field.offset;
    const int64_t number = fl_combine_read(op, element->value + offset);
    return fl_content_append(op, live, &number, element->sign);
}

// --- accumulators

static void subtract(struct fl_op *op, void *acc, const struct fl_element *element, void *one)
{
    memset(one, 0, op->keyed->acc_size);
    fl_combine_value(op, one, element->content, element->value);
    if (combine_of(op)->primitive == FLOW_PRIMITIVE_SUM) {
        uint64_t *wide = one;
        wide[0] = ~wide[0] + 1;
        wide[1] = ~wide[1] + (wide[0] == 0);
        fl_combine_merge(op, acc, one);
        return;
    }
    fl_combine_subtract(op, acc, one);
}

// Strings that the accumulator no longer points to go, once they may be most of it; not while a
// result that may be taken back points to some.
bool fl_content_tidy(struct fl_op *op, struct fl_live *live)
{
    struct fl_lives *lives = op->keyed->lives;
    struct fl_bulk *bulk = fl_live_bulk(lives, live);
    if (bulk->past || bulk->size <= 2 * bulk->settled + TIDY_LEAST)
        return true;
    struct fl_bulk fresh = { .net = bulk->net };
    struct fl_bulk_room room = { lives, &fresh };
    const flow_memory memory = fl_bulk_memory(&room);
    void *acc = fl_live_acc(lives, live);
    if (flow_row_adopt(acc_type(op), acc, &memory, NULL, NULL) != FLOW_OK)
        return false;
    if (!give_blocks(lives, bulk))
        return false;
    *bulk = fresh;
    bulk->settled = bulk->size;
    return true;
}

bool fl_content_add(struct fl_op *op, struct fl_live *live, const struct fl_element *element)
{
    struct fl_lives *lives = op->keyed->lives;
    struct fl_bulk *bulk = lives->bulk ? fl_live_bulk(lives, live) : NULL;
    if (lives->signs)
        bulk->net += element->sign;
    if (lives->keeps)
        return keep(op, live, element);
    void *acc = fl_live_acc(lives, live);
    if (element->sign < 0) {
        void *one = fl_mem_alloc(&op->worker->cache, op->worker->bundle.mem, op->keyed->acc_size);
        if (!one)
            return false;
        subtract(op, acc, element, one);
    } else {
        fl_combine_value(op, acc, element->content, element->value);
    }
    if (!op->keyed->acc_pointers)
        return true;
    struct fl_bulk_room room = { lives, bulk };
    const flow_memory memory = fl_bulk_memory(&room);
    return fl_settle_in(op, combine_of(op)->acc, acc, &memory, element->batch) &&
           fl_content_tidy(op, live);
}

const void *fl_content_acc(struct fl_op *op, struct fl_live *live)
{
    struct fl_lives *lives = op->keyed->lives;
    if (!lives->keeps)
        return fl_live_acc(lives, live);
    const struct fl_bulk *bulk = fl_live_bulk(lives, live);
    void *acc = fl_mem_alloc(&op->worker->cache, op->worker->bundle.mem, op->keyed->acc_size);
    if (!acc)
        return NULL;
    memset(acc, 0, op->keyed->acc_size);
    const enum fl_content content = lives->row_type ? FL_CONTENT_ROWS : FL_CONTENT_VALUES;
    uint64_t left = bulk->rows - bulk->minus; // rows that take back come last
    for (const struct fl_chunk *chunk = bulk->first; chunk && left > 0; chunk = chunk->next) {
        const char *row = (const char *)(chunk + 1);
        for (uint32_t i = 0; i < chunk->count && left > 0; i++, left--)
            fl_combine_value(op, acc, content, row + (size_t)i * lives->row_stride);
    }
    return acc;
}

// --- merging, emptying

bool fl_content_merge(struct fl_op *op, struct fl_live *live, struct fl_live *other)
{
    struct fl_lives *lives = op->keyed->lives;
    if (op->keyed->stateful && !fl_own_merge(op, live, other))
        return false;
    if (!op->keyed->stateful && !lives->keeps)
        fl_combine_merge(op, fl_live_acc(lives, live), fl_live_acc(lives, other));
    if (!lives->bulk)
        return true;
    struct fl_bulk *a = fl_live_bulk(lives, live), *b = fl_live_bulk(lives, other);
    if (b->blocks) {
        *(a->oldest ? &a->oldest->next : &a->blocks) = b->blocks;
        a->used = a->oldest ? a->used : b->used;
        a->oldest = b->oldest;
    }
    if (b->first) {
        *(a->last ? &a->last->next : &a->first) = b->first;
        a->last = b->last;
        a->last_count = b->last_count;
    }
    a->size += b->size;
    a->extents += b->extents;
    if (!a->ready)
        a->ready = b->ready;
    else if (!fl_extents_unready(lives, b))
        return false;
    a->settled += b->settled;
    a->rows += b->rows;
    a->minus += b->minus;
    a->net += b->net;
    struct fl_past **end = &a->past;
    while (*end)
        end = &(*end)->next;
    if (*end != b->past && !fl_live_keep_pointer(op, end))
        return false;
    *end = b->past;
    memset(b, 0, sizeof *b);
    return true;
}

bool fl_content_forget(struct fl_op *op, struct fl_live *live)
{
    struct fl_lives *lives = op->keyed->lives;
    struct fl_bulk *bulk = fl_live_bulk(lives, live);
    for (struct fl_past *past = bulk->past; past; past = past->next)
        if (!fl_nook_give(&lives->bytes, past, sizeof *past + op->keyed->acc_size))
            return false;
    bulk->past = NULL;
    return true;
}

bool fl_content_clear(struct fl_op *op, struct fl_live *live, bool all)
{
    struct fl_lives *lives = op->keyed->lives;
    memset(fl_live_acc(lives, live), 0, op->keyed->acc_size);
    if (!lives->bulk)
        return true;
    struct fl_bulk *bulk = fl_live_bulk(lives, live);
    if (all && !fl_content_forget(op, live))
        return false;
    if (!give_blocks(lives, bulk) || !fl_extents_drop(op, bulk))
        return false;
    *bulk = (struct fl_bulk){ .past = bulk->past };
    return true;
}

bool fl_content_note(
    struct fl_op *op, struct fl_live *live, const struct fl_past *past, const void *acc)
{
    struct fl_lives *lives = op->keyed->lives;
    struct fl_bulk *bulk = fl_live_bulk(lives, live);
    if (!lives->keeps && op->keyed->acc_pointers && !fl_content_tidy(op, live))
        return false;
    if (acc && !lives->keeps)
        acc = fl_live_acc(lives, live);
    struct fl_past *own = fl_nook_take(&lives->bytes, sizeof *own + op->keyed->acc_size);
    if (!own)
        return false;
    *own = *past;
    if (acc)
        memcpy(own + 1, acc, op->keyed->acc_size);
    own->first = bulk->first;
    own->count = bulk->rows - bulk->minus;
    own->next = bulk->past;
    bulk->past = own;
    return true;
}
