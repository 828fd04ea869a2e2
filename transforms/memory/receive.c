// SPDX-License-Identifier: Apache-2.0
// Hands committed elements to a function of the host.
#include <flow/memory.h>

#include <pthread.h>

#include "arena.h"

struct receive_config {
    flow_receive_fn *receive;
    void *user;
};

// A copy of one staged batch; the elements point into the same arena.
struct staged {
    struct staged *next;
    flow_elements elements;
};

struct lane {
    struct staged *first;
    struct staged *last;
    struct fl_memory_arena arena;
};

struct receive {
    const struct receive_config *config;
    const flow_type *type;
    flow_key_spec key;
    const flow_type *key_record;
    char step[128];
    flow_allocator allocator;
    struct fl_memory_block *memory; // holds the lanes
    struct lane *lanes;
    uint32_t lane_count;
    pthread_mutex_t lock;
};

static flow_status receive_open(void *self, const flow_open *open)
{
    struct receive *receive = self;
    receive->config = open->config;
    receive->type = open->type;
    receive->key = open->key;
    receive->key_record = open->key_record;
    receive->allocator = *open->allocator; // what `open` points to is lent for this call
    const size_t len = strlen(open->step);
    memcpy(receive->step, open->step, len < sizeof receive->step ? len : sizeof receive->step - 1);
    receive->memory = fl_memory_block_new(&receive->allocator, open->workers * sizeof(struct lane));
    if (receive->memory == NULL)
        return flow_error_raise(open->error, FLOW_MEMORY, open->step,
            "no memory for the lanes of %u workers", open->workers);
    receive->lanes = (struct lane *)(void *)receive->memory->data;
    receive->lane_count = open->workers;
    for (uint32_t i = 0; i < open->workers; i++)
        receive->lanes[i].arena.allocator = &receive->allocator;
    if (pthread_mutex_init(&receive->lock, NULL) != 0) {
        fl_memory_block_free(receive->memory);
        return flow_error_raise(
            open->error, FLOW_IO, open->step, "the system refused to make a mutex");
    }
    return FLOW_OK;
}

static void *copy(struct fl_memory_arena *arena, const void *data, size_t size)
{
    void *memory = data && size ? fl_memory_take(arena, size) : NULL;
    if (memory != NULL)
        memcpy(memory, data, size);
    return memory;
}

// Text keys that do not lie in the element itself (a group's key stands before its value).
static flow_status adopt_key(
    struct receive *receive, const flow_batch *batch, char *row, const flow_memory *memory)
{
    const uint32_t at = batch->key_offset;
    const uint32_t value = batch->value_offset;
    if (at >= value && at < value + receive->type->size)
        return FLOW_OK;
    if (receive->key.kind == FLOW_KIND_RECORD && receive->key_record != NULL)
        return flow_row_adopt(receive->key_record, row + at, memory, NULL, NULL);
    if (receive->key.kind != FLOW_KIND_STR && receive->key.kind != FLOW_KIND_BYTES)
        return FLOW_OK;
    flow_str *text = (flow_str *)(void *)(row + at); // flow_bytes lies in the same way
    if (text->len == 0)
        return FLOW_OK;
    char *data = copy(memory->user, text->data, text->len);
    if (data == NULL)
        return FLOW_MEMORY;
    text->data = data;
    return FLOW_OK;
}

// Whether rows are whole in themselves: neither element nor key points anywhere.
static bool is_plain(const struct receive *receive)
{
    const flow_kind key = receive->key.kind;
    return !flow_type_has_pointers(receive->type) && key != FLOW_KIND_STR &&
           key != FLOW_KIND_BYTES && key != FLOW_KIND_RECORD;
}

static flow_status copy_rows(
    struct receive *receive, struct fl_memory_arena *arena, flow_batch *batch)
{
    const flow_memory memory = { fl_memory_take, arena };
    char *rows = fl_memory_take(arena, (size_t)batch->count * batch->stride);
    if (rows == NULL)
        return FLOW_MEMORY;
    const bool plain = is_plain(receive);
    if (plain && !batch->selection)
        memcpy(rows, batch->rows, (size_t)batch->count * batch->stride);
    for (uint32_t i = 0; (!plain || batch->selection) && i < batch->count; i++) {
        const size_t from = batch->selection ? batch->selection[i] : i;
        char *row = rows + (size_t)i * batch->stride;
        memcpy(row, batch->rows + from * batch->stride, batch->stride);
        flow_status status =
            flow_row_adopt(receive->type, row + batch->value_offset, &memory, NULL, NULL);
        if (status == FLOW_OK)
            status = adopt_key(receive, batch, row, &memory);
        if (status != FLOW_OK)
            return status;
    }
    batch->rows = rows;
    batch->selection = NULL;
    batch->states = NULL;
    return FLOW_OK;
}

static flow_status receive_stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    struct receive *receive = self;
    struct lane *lane = &receive->lanes[worker];
    struct fl_memory_arena *arena = &lane->arena;
    const size_t count = elements->batch.count;
    if (count == 0)
        return FLOW_OK;
    struct staged *staged = fl_memory_take(arena, sizeof *staged);
    bool whole = staged != NULL;
    if (whole) {
        *staged = (struct staged){ .elements.batch = elements->batch };
        flow_elements *own = &staged->elements;
        own->times = copy(arena, elements->times, count * sizeof *own->times);
        own->windows = copy(arena, elements->windows, count * sizeof *own->windows);
        own->panes = copy(arena, elements->panes, count * sizeof *own->panes);
        own->signs = copy(arena, elements->signs, count * sizeof *own->signs);
        whole = (own->times != NULL || elements->times == NULL) &&
                (own->windows != NULL || elements->windows == NULL) &&
                (own->panes != NULL || elements->panes == NULL) &&
                (own->signs != NULL || elements->signs == NULL) &&
                copy_rows(receive, arena, &own->batch) == FLOW_OK;
    }
    if (!whole)
        return flow_error_raise(error, FLOW_MEMORY, receive->step,
            "no memory to hold %zu received elements until they are committed", count);
    if (lane->last)
        lane->last->next = staged;
    else
        lane->first = staged;
    lane->last = staged;
    return FLOW_OK;
}

static void receive_abort(void *self, uint32_t worker)
{
    struct lane *lane = &((struct receive *)self)->lanes[worker];
    lane->first = lane->last = NULL;
    fl_memory_reset(&lane->arena);
}

static void receive_publish(void *self, uint32_t worker)
{
    struct receive *receive = self;
    pthread_mutex_lock(&receive->lock);
    for (struct staged *s = receive->lanes[worker].first; s != NULL; s = s->next)
        receive->config->receive(receive->config->user, &s->elements);
    pthread_mutex_unlock(&receive->lock);
    receive_abort(self, worker);
}

static void receive_close(void *self)
{
    struct receive *receive = self;
    for (uint32_t i = 0; i < receive->lane_count; i++)
        fl_memory_fini(&receive->lanes[i].arena);
    pthread_mutex_destroy(&receive->lock);
    fl_memory_block_free(receive->memory);
}

static const flow_sink receive_sink = {
    .name = "receive",
    .self_size = sizeof(struct receive),
    .wants_times = true,
    .open = receive_open,
    .stage = receive_stage,
    .publish = receive_publish,
    .abort = receive_abort,
    .close = receive_close,
};

void flow_receive(flow_coll in, const char *name, flow_receive_fn *receive, void *user)
{
    if (in.id == 0)
        return; // an earlier step failed and said so
    if (receive == NULL) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, name ? name : receive_sink.name,
            "the function to receive elements is NULL");
        return;
    }
    struct receive_config *config = flow_pipeline_alloc(in.pipeline, sizeof *config);
    if (config == NULL)
        return;
    *config = (struct receive_config){ receive, user };
    const flow_write_options options = { .name = name, .config = config };
    flow_write(in, &receive_sink, &options);
}
