// SPDX-License-Identifier: Apache-2.0
// Elements that are taken back leave the rows that a window keeps: each with one that is equal to
// it, byte by byte.
#include "live.h"

#include <stdlib.h>

struct row {
    const char *at;
    size_t begin, len; // of its bytes in the scratch
    const char *bytes;
    uint64_t order;
    int8_t sign;
    bool stays;
};

static int by_bytes(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    const size_t len = x->len < y->len ? x->len : y->len;
    const int order = len ? memcmp(x->bytes, y->bytes, len) : 0;
    if (order != 0 || x->len != y->len)
        return order != 0 ? order : x->len < y->len ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_order(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->sign != y->sign)
        return x->sign > y->sign ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

// All rows with their bytes. False without memory.
static bool list_rows(struct fl_op *op, const struct fl_bulk *bulk, struct row *rows)
{
    const struct fl_lives *lives = op->keyed->lives;
    flow_buffer *scratch = &op->worker->scratch;
    uint64_t n = 0;
    scratch->len = 0;
    for (const struct fl_chunk *chunk = bulk->first; chunk; chunk = chunk->next) {
        for (uint32_t i = 0; i < chunk->count; i++, n++) {
            const char *at = (const char *)(chunk + 1) + (size_t)i * lives->row_stride;
            rows[n] = (struct row){ .at = at,
                .begin = scratch->len,
                .order = n,
                .sign = (int8_t)at[lives->row_stride - 1] };
            if (lives->row_type)
                flow_encode(lives->row_type, at, scratch);
            else
                flow_buffer_put(scratch, at, lives->row_size);
            rows[n].len = scratch->len - rows[n].begin;
        }
    }
    for (uint64_t i = 0; i < n && !scratch->failed; i++)
        rows[i].bytes = scratch->data + rows[i].begin;
    return !scratch->failed;
}

// Of equal rows those stay that have no counterpart, the first of them.
static void match(struct row *rows, uint64_t count)
{
    for (uint64_t i = 0, next; i < count; i = next) {
        int64_t net = 0;
        for (next = i; next < count && rows[next].len == rows[i].len &&
                       memcmp(rows[next].bytes, rows[i].bytes, rows[i].len) == 0;
             next++)
            net += rows[next].sign;
        const int8_t sign = net < 0 ? -1 : 1;
        for (uint64_t k = i; k < next && net != 0; k++) {
            rows[k].stays = rows[k].sign == sign;
            net -= rows[k].stays ? sign : 0;
        }
    }
}

flow_status fl_content_net(struct fl_op *op, struct fl_live *live)
{
    struct fl_lives *lives = op->keyed->lives;
    struct fl_bulk *bulk = fl_live_bulk(lives, live);
    if (!lives->keeps || bulk->minus == 0)
        return FLOW_OK;
    const struct fl_bulk old = *bulk;
    struct row *rows =
        fl_mem_alloc(&op->worker->cache, op->worker->bundle.mem, old.rows * sizeof *rows);
    if (!rows || !list_rows(op, &old, rows))
        return fl_no_memory(op);
    qsort(rows, old.rows, sizeof *rows, by_bytes);
    match(rows, old.rows);
    qsort(rows, old.rows, sizeof *rows, by_order);
    *bulk = (struct fl_bulk){ .past = old.past, .net = old.net };
    for (uint64_t i = 0; i < old.rows; i++)
        if (rows[i].stays && !fl_content_append(op, live, rows[i].at, rows[i].sign))
            return fl_no_memory(op);
    lives->kept.rows -= old.size;
    for (struct fl_block *block = old.blocks; block; block = block->next)
        if (!fl_nook_give(&lives->blocks, block, block->size))
            return fl_no_memory(op);
    return FLOW_OK;
}
