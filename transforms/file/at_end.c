// SPDX-License-Identifier: Apache-2.0
// Files by pattern that are complete at the end. A bundle's text is kept as pieces, each for a
// file, and put there when the bundle is published.
#include <errno.h>
#include <unistd.h>

#include "destined.h"
#include "heap.h"
#include "lane.h"

// A piece of a bundle's text; its bytes follow.
struct piece {
    struct fl_named *named;
    size_t len;
};

struct own_lane {
    struct fl_named *named; // of `name`, for the rows that follow
    uint32_t shard;         // of the bundle, where their number is fixed
    bool dealt;             // the bundle has its shard
    struct fl_name name;
};

struct at_end {
    struct fl_destined d;
    struct fl_set set; // guarded by the lock
    struct fl_lane *lanes;
    struct own_lane *own;
    uint32_t lane_count;
    uint32_t next_shard; // guarded by the lock
};

static void at_end_close(void *self)
{
    struct at_end *end = self;
    fl_set_drop(&end->set);
    fl_lanes_free(end->lanes, end->lane_count);
    fl_file_free(end->own);
    end->lanes = NULL;
    end->own = NULL;
    fl_destined_close(&end->d);
}

static flow_status at_end_open(void *self, const flow_open *open)
{
    struct at_end *end = self;
    const uint32_t most = ((const struct fl_write_config *)open->config)->options.open_max;
    flow_status status = fl_destined_open(&end->d, open);
    if (status == FLOW_OK) {
        end->set = fl_destined_set(&end->d, most);
        end->lane_count = open->workers;
        end->lanes = fl_lanes_new(open->workers, &end->d.allocator);
        end->own = fl_file_alloc(&end->d.allocator, open->workers * sizeof *end->own);
        if (end->lanes == NULL || end->own == NULL)
            status = flow_error_raise(open->error, FLOW_MEMORY, end->d.step,
                "no memory for the buffers of %u workers", open->workers);
    }
    if (status != FLOW_OK)
        at_end_close(end);
    return status;
}

// The file of a row: that of the row before, or looked up.
static flow_status find_file(struct at_end *end, struct own_lane *own, const flow_batch *batch,
    uint32_t i, flow_error *error)
{
    const struct fl_write_config *config = end->d.config;
    const struct fl_shown *shown = config->shown;
    const char *at = batch->rows + (size_t)FLOW_BATCH_INDEX(batch, i) * batch->stride;
    const char *value = at + batch->value_offset;
    const char *key = shown ? value + shown->key_at : at + batch->key_offset;
    struct fl_name begun;
    fl_pattern_fill(config->pattern, key, shown ? value + shown->row_at : value, &begun);
    if (begun.full)
        return flow_error_raise(error, FLOW_INVALID, end->d.step,
            "the name of a file is longer than %u bytes: %.100s…", FL_NAME_SIZE - 1, begun.text);
    if (own->named && own->name.len == begun.len &&
        memcmp(own->name.text, begun.text, begun.len) == 0)
        return FLOW_OK;
    struct fl_name name;
    const struct fl_firing firing = { .window = { { FLOW_TIME_MIN_US },
                                          { FLOW_TIME_GLOBAL_END_US } },
        .shard = own->shard,
        .shards = config->options.shards };
    fl_name_finish((flow_str){ begun.text, begun.len }, &firing, &name);
    if (name.full)
        return flow_error_raise(error, FLOW_INVALID, end->d.step,
            "the name of a file is longer than %u bytes: %.100s…", FL_NAME_SIZE - 1, name.text);
    pthread_mutex_lock(&end->d.lock);
    own->named = fl_set_name(&end->set, (flow_str){ name.text, name.len }, error);
    pthread_mutex_unlock(&end->d.lock);
    own->name = begun;
    return own->named ? FLOW_OK : FLOW_MEMORY;
}

// Formats rows that go to one file behind the text of the lane.
static flow_status add_rows(struct at_end *end, struct fl_lane *lane, struct fl_named *named,
    const flow_batch *rows, flow_error *error)
{
    struct piece piece = { .named = named };
    const size_t start = lane->text.len;
    flow_buffer_put(&lane->text, &piece, sizeof piece);
    const flow_status status =
        fl_format_rows(&end->d.format, rows, &lane->text, error, end->d.step);
    if (status != FLOW_OK)
        return status;
    piece.len = lane->text.len - start - sizeof piece;
    memcpy(lane->text.data + start, &piece, sizeof piece);
    return FLOW_OK;
}

// Bundles are dealt to a fixed number of shards one by one. What failed in publishing fails the
// next bundle.
static flow_status begin_bundle(struct at_end *end, struct own_lane *own, flow_error *error)
{
    flow_status status = FLOW_OK;
    pthread_mutex_lock(&end->d.lock);
    if (end->set.error.status != FLOW_OK)
        status = flow_error_raise(
            error, end->set.error.status, end->d.step, "%s", end->set.error.message);
    if (!own->dealt && end->d.config->options.shards > 0) {
        own->shard = end->next_shard++ % end->d.config->options.shards;
        own->named = NULL;
    }
    own->dealt = true;
    pthread_mutex_unlock(&end->d.lock);
    return status;
}

static flow_status at_end_stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    struct at_end *end = self;
    struct fl_lane *lane = &end->lanes[worker];
    struct own_lane *own = &end->own[worker];
    const flow_batch *batch = &elements->batch;
    flow_status status = begin_bundle(end, own, error);
    for (uint32_t i = 0, next; i < batch->count && status == FLOW_OK; i = next) {
        status = find_file(end, own, batch, i, error);
        struct fl_named *named = own->named;
        for (next = i + 1; next < batch->count && status == FLOW_OK; next++) {
            status = find_file(end, own, batch, next, error);
            if (own->named != named)
                break;
        }
        if (status != FLOW_OK)
            break;
        const flow_batch rows = fl_destined_rows(batch, i, next - i);
        status = add_rows(end, lane, named, &rows, error);
    }
    if (status == FLOW_OK && lane->text.len >= end->d.config->spill_size)
        status = fl_lane_spill(lane, &end->d.guard, error);
    return status;
}

static void forget(struct at_end *end, uint32_t worker)
{
    fl_lane_forget(&end->lanes[worker]);
    end->own[worker].dealt = false;
}

static void at_end_abort(void *self, uint32_t worker)
{
    forget(self, worker);
}

// Reads what was spilled back, all of it; false when that cannot be.
static bool read_back(int fd, void *to, size_t len, uint64_t *at)
{
    for (size_t have = 0; have < len;) {
        const ssize_t got = pread(fd, (char *)to + have, len - have, (off_t)(*at + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    *at += len;
    return true;
}

static void publish_spilled(struct at_end *end, const struct fl_lane *lane)
{
    char text[16384];
    struct piece piece;
    uint64_t at = 0;
    while (at < lane->spilled && end->set.error.status == FLOW_OK) {
        bool good = read_back(lane->spill, &piece, sizeof piece, &at);
        while (good && piece.len > 0) {
            const size_t len = piece.len < sizeof text ? piece.len : sizeof text;
            good = read_back(lane->spill, text, len, &at);
            if (good)
                fl_set_put(&end->set, piece.named, (flow_str){ text, len });
            piece.len -= len;
        }
        if (!good)
            flow_error_raise(&end->set.error, FLOW_IO, end->d.step,
                "%s: the rows of a large bundle cannot be read back", end->d.config->options.path);
    }
}

static void at_end_publish(void *self, uint32_t worker)
{
    struct at_end *end = self;
    const struct fl_lane *lane = &end->lanes[worker];
    struct piece piece;
    pthread_mutex_lock(&end->d.lock);
    publish_spilled(end, lane);
    for (size_t at = 0; at < lane->text.len; at += piece.len) {
        memcpy(&piece, lane->text.data + at, sizeof piece);
        at += sizeof piece;
        fl_set_put(&end->set, piece.named, (flow_str){ lane->text.data + at, piece.len });
    }
    pthread_mutex_unlock(&end->d.lock);
    forget(end, worker);
}

static flow_status at_end_finish(void *self, flow_error *error)
{
    struct at_end *end = self;
    return fl_set_finish(&end->set, error);
}

static void at_end_discard(void *self)
{
    struct at_end *end = self;
    fl_set_drop(&end->set);
}

const flow_sink fl_at_end_sink = {
    .name = "write",
    .self_size = sizeof(struct at_end),
    .open = at_end_open,
    .stage = at_end_stage,
    .publish = at_end_publish,
    .abort = at_end_abort,
    .finish = at_end_finish,
    .discard = at_end_discard,
    .close = at_end_close,
};
