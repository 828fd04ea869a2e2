// SPDX-License-Identifier: Apache-2.0
// Buffers of file content: counted, since strings point into them, and recycled.
#include "read.h"

#include "heap.h"

struct fl_pool *fl_pool_new(const flow_allocator *allocator, uint32_t workers, size_t piece_size)
{
    struct fl_pool *pool = fl_file_alloc(allocator, sizeof *pool);
    if (pool == NULL)
        return NULL;
    if (pthread_mutex_init(&pool->lock, NULL) != 0) {
        fl_file_free(pool);
        return NULL;
    }
    pool->allocator = *allocator;
    pool->free_max = 2 * workers + 2;
    pool->size_max = 4 * piece_size + ((size_t)256 << 10);
    pool->refs = 1;
    return pool;
}

static void chunk_free(struct fl_chunk *chunk)
{
    flow_buffer_free(&chunk->buffer);
    fl_file_free(chunk);
}

static void pool_free(struct fl_pool *pool)
{
    while (pool->free) {
        struct fl_chunk *next = pool->free->next;
        chunk_free(pool->free);
        pool->free = next;
    }
    pthread_mutex_destroy(&pool->lock);
    // The memory names its allocator, which lies in this very memory.
    const flow_allocator allocator = pool->allocator;
    fl_file_free_by(&allocator, pool);
}

void fl_pool_unref(struct fl_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    const bool last = --pool->refs == 0;
    pthread_mutex_unlock(&pool->lock);
    if (last)
        pool_free(pool);
}

bool fl_chunk_grow(struct fl_chunk *chunk, size_t size)
{
    flow_buffer *buffer = &chunk->buffer;
    if (size <= buffer->size)
        return true;
    const size_t len = buffer->len;
    if (flow_buffer_add(buffer, size - len) == NULL) {
        buffer->failed = false; // the caller tells; the bytes before are still good
        return false;
    }
    buffer->len = len;
    return true;
}

static struct fl_chunk *chunk_take(struct fl_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct fl_chunk *chunk = pool->free;
    if (chunk != NULL) {
        pool->free = chunk->next;
        pool->free_count--;
    }
    pool->refs++;
    pthread_mutex_unlock(&pool->lock);
    return chunk;
}

struct fl_chunk *fl_chunk_new(struct fl_pool *pool, size_t size)
{
    struct fl_chunk *chunk = chunk_take(pool);
    if (chunk == NULL)
        chunk = fl_file_alloc(&pool->allocator, sizeof *chunk);
    if (chunk == NULL) {
        fl_pool_unref(pool);
        return NULL;
    }
    flow_buffer buffer = chunk->buffer;
    buffer.allocator = &pool->allocator;
    buffer.len = 0;
    memset(chunk, 0, sizeof *chunk);
    chunk->pool = pool;
    chunk->buffer = buffer;
    atomic_init(&chunk->refs, 1);
    if (!fl_chunk_grow(chunk, size)) {
        chunk_free(chunk);
        fl_pool_unref(pool);
        return NULL;
    }
    return chunk;
}

void fl_chunk_unref(void *user)
{
    struct fl_chunk *chunk = user;
    if (chunk == NULL || atomic_fetch_sub(&chunk->refs, 1) != 1)
        return;
    struct fl_pool *pool = chunk->pool;
    pthread_mutex_lock(&pool->lock);
    const bool keep = pool->free_count < pool->free_max && chunk->buffer.size <= pool->size_max;
    if (keep) {
        chunk->next = pool->free;
        pool->free = chunk;
        pool->free_count++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!keep)
        chunk_free(chunk);
    fl_pool_unref(pool);
}

flow_status fl_chunk_keep(struct fl_chunk *chunk, flow_ctx *ctx)
{
    if (chunk->buffer.len == 0)
        return FLOW_OK;
    atomic_fetch_add(&chunk->refs, 1);
    const flow_status status =
        flow_keep(ctx, chunk->buffer.data, chunk->buffer.len, fl_chunk_unref, chunk);
    if (status != FLOW_OK)
        fl_chunk_unref(chunk);
    return status;
}
