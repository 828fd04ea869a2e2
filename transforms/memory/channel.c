// SPDX-License-Identifier: Apache-2.0
// A bounded channel between the host's threads and a running job, in recycled chunks of rows.
#include <flow/memory.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "arena.h"

#define CHUNK_ROWS  1024u
#define CHUNK_BYTES ((size_t)256 * 1024)
#define FREE_CHUNKS 64u // recycled; beyond, chunks are given back

struct chunk {
    struct chunk *next;
    flow_channel *channel;
    struct fl_memory_block *memory; // holds this chunk and its rows
    char *rows;
    struct fl_memory_arena arena; // what the rows' strings point to
    atomic_uint refs;             // the piece, until it is finalized, and each flow_keep
    uint64_t begin;               // number of its first row since the channel began
    uint32_t count;
};

struct queue {
    struct chunk *first;
    struct chunk *last;
};

struct flow_channel {
    pthread_mutex_t lock;
    pthread_cond_t room;
    pthread_cond_t quiet; // no wake call is under way
    struct fl_memory_block *memory;
    const flow_type *type;
    bool pointers;
    uint32_t chunk_rows;
    size_t capacity;
    size_t waiting; // pushed, not claimed
    uint64_t pushed;
    struct queue filled; // the last one is being filled
    struct queue taken;  // claimed, not finalized
    struct chunk *free;
    uint32_t free_count;
    bool closed;
    bool attached;
    bool ended;
    bool hungry; // the job was told to wait
    uint32_t waking;
    void (*wake)(void *user);
    void *wake_user;
};

static void queue_add(struct queue *queue, struct chunk *chunk)
{
    chunk->next = NULL;
    if (queue->last)
        queue->last->next = chunk;
    else
        queue->first = chunk;
    queue->last = chunk;
}

static struct chunk *queue_pop(struct queue *queue)
{
    struct chunk *chunk = queue->first;
    queue->first = chunk->next;
    if (queue->first == NULL)
        queue->last = NULL;
    return chunk;
}

static void chunk_free(struct chunk *chunk)
{
    fl_memory_fini(&chunk->arena);
    fl_memory_block_free(chunk->memory);
}

static struct chunk *chunk_new(flow_channel *channel)
{
    struct chunk *chunk = channel->free;
    if (chunk != NULL) {
        channel->free = chunk->next;
        channel->free_count--;
    } else {
        const size_t head = (sizeof *chunk + 15) & ~(size_t)15;
        struct fl_memory_block *memory =
            fl_memory_block_new(NULL, head + (size_t)channel->chunk_rows * channel->type->size);
        if (memory == NULL)
            return NULL;
        chunk = (struct chunk *)(void *)memory->data;
        chunk->memory = memory;
        chunk->channel = channel;
        chunk->rows = memory->data + head;
    }
    chunk->count = 0;
    chunk->begin = channel->pushed;
    atomic_init(&chunk->refs, 1);
    return chunk;
}

static void chunk_unref_locked(struct chunk *chunk)
{
    if (atomic_fetch_sub(&chunk->refs, 1) != 1)
        return;
    flow_channel *channel = chunk->channel;
    fl_memory_reset(&chunk->arena);
    if (channel->free_count >= FREE_CHUNKS) {
        chunk_free(chunk);
        return;
    }
    chunk->next = channel->free;
    channel->free = chunk;
    channel->free_count++;
}

static void chunk_release(void *user)
{
    flow_channel *channel = ((struct chunk *)user)->channel;
    pthread_mutex_lock(&channel->lock);
    chunk_unref_locked(user);
    pthread_mutex_unlock(&channel->lock);
}

static bool channel_locks(flow_channel *channel)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0)
        return false;
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    const bool room = pthread_cond_init(&channel->room, &attr) == 0;
    pthread_condattr_destroy(&attr);
    if (!room)
        return false;
    if (pthread_cond_init(&channel->quiet, NULL) != 0) {
        pthread_cond_destroy(&channel->room);
        return false;
    }
    if (pthread_mutex_init(&channel->lock, NULL) != 0) {
        pthread_cond_destroy(&channel->quiet);
        pthread_cond_destroy(&channel->room);
        return false;
    }
    return true;
}

flow_channel *flow_channel_new(const flow_channel_options *options, flow_error *error)
{
    if (options == NULL || options->type == NULL) {
        flow_error_raise(error, FLOW_INVALID, NULL, "a channel needs the option `type`");
        return NULL;
    }
    if (flow_type_check(options->type, error) != FLOW_OK)
        return NULL;
    struct fl_memory_block *memory = fl_memory_block_new(NULL, sizeof(flow_channel));
    flow_channel *channel = memory ? (flow_channel *)(void *)memory->data : NULL;
    if (channel == NULL || !channel_locks(channel)) {
        fl_memory_block_free(memory);
        flow_error_raise(
            error, FLOW_MEMORY, NULL, "no memory for a channel of %s records", options->type->name);
        return NULL;
    }
    const size_t rows = CHUNK_BYTES / (options->type->size ? options->type->size : 1);
    channel->memory = memory;
    channel->type = options->type;
    channel->pointers = flow_type_has_pointers(options->type);
    channel->chunk_rows = rows > CHUNK_ROWS ? CHUNK_ROWS : (uint32_t)rows;
    channel->capacity = options->capacity ? options->capacity : 65536;
    return channel;
}

static void queue_free(struct queue *queue)
{
    while (queue->first)
        chunk_free(queue_pop(queue));
}

void flow_channel_free(flow_channel *channel)
{
    if (channel == NULL)
        return;
    queue_free(&channel->filled);
    queue_free(&channel->taken);
    while (channel->free) {
        struct chunk *next = channel->free->next;
        chunk_free(channel->free);
        channel->free = next;
    }
    pthread_mutex_destroy(&channel->lock);
    pthread_cond_destroy(&channel->quiet);
    pthread_cond_destroy(&channel->room);
    fl_memory_block_free(channel->memory);
}

// Tells the job, outside the lock, so that it may take its own locks; channel_detach waits for it.
static void wake_job(flow_channel *channel)
{
    if (!channel->hungry || channel->wake == NULL)
        return;
    channel->hungry = false;
    channel->waking++;
    void (*wake)(void *) = channel->wake;
    void *user = channel->wake_user;
    pthread_mutex_unlock(&channel->lock);
    wake(user);
    pthread_mutex_lock(&channel->lock);
    if (--channel->waking == 0)
        pthread_cond_broadcast(&channel->quiet);
}

static struct timespec deadline_after(int timeout_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static flow_status wait_for_room(flow_channel *channel, int timeout_ms)
{
    struct timespec deadline = { 0, 0 };
    if (timeout_ms > 0 && channel->waiting >= channel->capacity)
        deadline = deadline_after(timeout_ms);
    while (channel->waiting >= channel->capacity && !channel->closed && !channel->ended) {
        int failed = 0;
        if (timeout_ms < 0)
            failed = pthread_cond_wait(&channel->room, &channel->lock);
        else if (timeout_ms > 0)
            failed = pthread_cond_timedwait(&channel->room, &channel->lock, &deadline);
        else
            failed = ETIMEDOUT;
        if (failed == ETIMEDOUT && channel->waiting >= channel->capacity)
            return FLOW_BUDGET;
    }
    return channel->closed || channel->ended ? FLOW_CANCELLED : FLOW_OK;
}

static flow_status push_row(flow_channel *channel, const void *row)
{
    struct chunk *chunk = channel->filled.last;
    if (chunk == NULL || chunk->count == channel->chunk_rows) {
        chunk = chunk_new(channel);
        if (chunk == NULL)
            return FLOW_MEMORY;
        queue_add(&channel->filled, chunk);
    }
    const size_t size = channel->type->size;
    char *own = chunk->rows + chunk->count * size;
    memcpy(own, row, size);
    const flow_memory memory = { fl_memory_take, &chunk->arena };
    if (channel->pointers && flow_row_adopt(channel->type, own, &memory, NULL, NULL) != FLOW_OK)
        return FLOW_MEMORY;
    chunk->count++;
    channel->pushed++;
    channel->waiting++;
    return FLOW_OK;
}

flow_status flow_channel_push(flow_channel *channel, const void *row, int timeout_ms)
{
    if (channel == NULL || row == NULL)
        return FLOW_INVALID;
    pthread_mutex_lock(&channel->lock);
    flow_status status = wait_for_room(channel, timeout_ms);
    if (status == FLOW_OK)
        status = push_row(channel, row);
    if (status == FLOW_OK)
        wake_job(channel);
    pthread_mutex_unlock(&channel->lock);
    return status;
}

void flow_channel_close(flow_channel *channel)
{
    if (channel == NULL)
        return;
    pthread_mutex_lock(&channel->lock);
    channel->closed = true;
    pthread_cond_broadcast(&channel->room);
    wake_job(channel);
    pthread_mutex_unlock(&channel->lock);
}

struct reader {
    flow_channel *channel;
};

static flow_status reader_open(void *self, const flow_open *open)
{
    struct reader *reader = self;
    flow_channel *channel = *(flow_channel *const *)open->config;
    pthread_mutex_lock(&channel->lock);
    const bool taken = channel->attached;
    channel->attached = true;
    pthread_mutex_unlock(&channel->lock);
    if (taken)
        return flow_error_raise(open->error, FLOW_INVALID, open->step,
            "the channel was read by a run already; a channel is for one run of one step");
    reader->channel = channel;
    return FLOW_OK;
}

static uint32_t reader_partitions(void *self)
{
    (void)self;
    return 1;
}

static flow_claim reader_claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    flow_channel *channel = ((struct reader *)self)->channel;
    flow_claim claim = FLOW_CLAIM_WAIT;
    (void)partition;
    (void)error;
    pthread_mutex_lock(&channel->lock);
    if (channel->waiting > 0) {
        struct chunk *chunk = queue_pop(&channel->filled);
        queue_add(&channel->taken, chunk);
        channel->waiting -= chunk->count;
        piece->begin = chunk->begin;
        piece->end = chunk->begin + chunk->count;
        piece->data = chunk;
        pthread_cond_broadcast(&channel->room);
        claim = FLOW_CLAIM_PIECE;
    } else if (channel->closed) {
        claim = FLOW_CLAIM_END;
    } else {
        channel->hungry = true;
    }
    pthread_mutex_unlock(&channel->lock);
    return claim;
}

// Rows are copied into batches, their strings stay in the chunk until nothing points there.
static flow_status reader_read(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    struct chunk *chunk = piece->data;
    const flow_type *type = ((struct reader *)self)->channel->type;
    for (struct fl_memory_block *block = chunk->arena.first; block; block = block->next) {
        if (block->used == 0)
            continue;
        atomic_fetch_add(&chunk->refs, 1);
        const flow_status status = flow_keep(ctx, block->data, block->used, chunk_release, chunk);
        if (status != FLOW_OK) {
            chunk_release(chunk);
            return status;
        }
    }
    for (uint32_t done = 0; done < chunk->count;) {
        uint32_t count = chunk->count - done;
        void *rows = flow_reserve(ctx, 0, type, &count);
        if (rows == NULL)
            return ctx->status;
        memcpy(rows, chunk->rows + (size_t)done * type->size, (size_t)count * type->size);
        const flow_status status = flow_commit(ctx, 0, count);
        if (status != FLOW_OK)
            return status;
        done += count;
    }
    return FLOW_OK;
}

static void reader_finalize(void *self, uint32_t partition, uint64_t position)
{
    flow_channel *channel = ((struct reader *)self)->channel;
    (void)partition;
    pthread_mutex_lock(&channel->lock);
    while (channel->taken.first && channel->taken.first->begin < position)
        chunk_unref_locked(queue_pop(&channel->taken));
    pthread_mutex_unlock(&channel->lock);
}

static void reader_close(void *self)
{
    flow_channel *channel = ((struct reader *)self)->channel;
    pthread_mutex_lock(&channel->lock);
    channel->ended = true;
    channel->wake = NULL;
    while (channel->taken.first)
        chunk_unref_locked(queue_pop(&channel->taken));
    pthread_cond_broadcast(&channel->room);
    while (channel->waking > 0)
        pthread_cond_wait(&channel->quiet, &channel->lock);
    pthread_mutex_unlock(&channel->lock);
}

static void reader_listen(void *self, void (*wake)(void *user), void *user)
{
    flow_channel *channel = ((struct reader *)self)->channel;
    pthread_mutex_lock(&channel->lock);
    channel->wake = wake;
    channel->wake_user = user;
    pthread_mutex_unlock(&channel->lock);
}

static const flow_source channel_source = {
    .name = "channel",
    .self_size = sizeof(struct reader),
    .unbounded = true,
    .open = reader_open,
    .partitions = reader_partitions,
    .claim = reader_claim,
    .read = reader_read,
    .finalize = reader_finalize,
    .close = reader_close,
    .listen = reader_listen,
};

flow_coll flow_channel_read_sized(flow_pipeline *pipeline, flow_channel *channel,
    const flow_channel_read_options *options, size_t size)
{
    flow_channel_read_options own;
    const flow_coll none = { pipeline, 0 };
    const bool known = flow_options_copy(&own, sizeof own, options, size);
    if (!known || channel == NULL) {
        flow_pipeline_fail(pipeline, FLOW_INVALID, own.name ? own.name : channel_source.name, "%s",
            known ? "the channel to read is NULL" : FLOW_OPTION_UNKNOWN);
        return none;
    }
    flow_channel **config = flow_pipeline_alloc(pipeline, sizeof(flow_channel *));
    if (config == NULL)
        return none;
    *config = channel;
    const flow_read_options read = { .name = own.name,
        .type = channel->type,
        .config = config,
        .unbounded = true,
        .event_time = own.event_time,
        .times = own.times };
    return flow_read(pipeline, &channel_source, &read);
}
