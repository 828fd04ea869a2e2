// SPDX-License-Identifier: Apache-2.0
// Writing and reading sorted runs.
#include "run.h"

#define RUNS_FIRST 64u

// An item is its length and its bytes; so is a head.
struct head {
    uint64_t first; // the word, or the hash of the bytes that follow
    uint64_t items;
};

// --- runs of a slice

bool fl_runs_reserve(struct fl_runs *runs, struct fl_scratch *scratch)
{
    if (runs->count < runs->room)
        return true;
    const uint32_t room = runs->room ? runs->room * 2 : RUNS_FIRST;
    struct fl_run *at = fl_take(scratch->cache, room * sizeof *at);
    if (!at)
        return false;
    if (runs->count)
        memcpy(at, runs->at, runs->count * sizeof *at);
    fl_give(scratch->cache, runs->at, runs->room * sizeof *at);
    runs->scratch = scratch;
    runs->at = at;
    runs->room = room;
    return true;
}

void fl_runs_add(struct fl_runs *runs, struct fl_run run)
{
    runs->at[runs->count++] = run;
}

void fl_runs_drop(struct fl_runs *runs, uint32_t from, uint32_t count)
{
    for (uint32_t i = from; i < from + count; i++)
        fl_scratch_drop(runs->scratch, runs->at[i].from, runs->at[i].to);
    runs->count -= count;
    memmove(runs->at + from, runs->at + from + count, (runs->count - from) * sizeof *runs->at);
}

void fl_runs_fini(struct fl_runs *runs)
{
    if (!runs->at)
        return;
    fl_runs_drop(runs, 0, runs->count);
    fl_give(runs->scratch->cache, runs->at, runs->room * sizeof *runs->at);
    memset(runs, 0, sizeof *runs);
}

// --- writing

flow_status fl_run_begin(
    struct fl_run_writer *writer, struct fl_scratch *scratch, enum fl_key_form form)
{
    memset(writer, 0, sizeof *writer);
    writer->scratch = scratch;
    writer->form = form;
    writer->run.from = writer->run.to = scratch->end;
    writer->room = scratch->block;
    writer->bytes = fl_scratch_block_take(scratch);
    return writer->bytes ? FLOW_OK : FLOW_BUDGET;
}

static flow_status flush(struct fl_run_writer *writer)
{
    if (writer->len == 0)
        return FLOW_OK;
    const flow_status status = fl_scratch_write(writer->scratch, writer->bytes, writer->len);
    writer->run.to = writer->scratch->end;
    writer->len = 0;
    return status;
}

// Room for an item, which stands in one block: a large one has a block of its own.
static char *place(struct fl_run_writer *writer, size_t len, flow_status *status)
{
    const size_t size = sizeof(uint32_t) + len;
    *status = len <= UINT32_MAX - sizeof(uint32_t) ? FLOW_OK : FLOW_BUDGET;
    if (*status == FLOW_OK && writer->len + size > writer->scratch->block)
        *status = flush(writer);
    if (*status != FLOW_OK)
        return NULL;
    if (size > writer->room) {
        char *bytes = fl_take(writer->scratch->cache, size);
        if (!bytes) {
            *status = FLOW_BUDGET;
            return NULL;
        }
        fl_scratch_block_give(writer->scratch, writer->bytes, writer->room);
        writer->bytes = bytes;
        writer->room = size;
    }
    const uint32_t prefix = (uint32_t)len;
    char *at = writer->bytes + writer->len;
    memcpy(at, &prefix, sizeof prefix);
    writer->len += size;
    return at + sizeof prefix;
}

flow_status fl_run_head(struct fl_run_writer *writer, const struct fl_entry *entry, uint64_t items)
{
    const bool words = writer->form == FL_KEY_WORD;
    const struct head head = { words ? entry->word : entry->hash, items };
    const size_t len = words ? 0 : entry->bytes.len;
    flow_status status;
    char *at = place(writer, sizeof head + len, &status);
    if (!at)
        return status;
    memcpy(at, &head, sizeof head);
    if (len)
        memcpy(at + sizeof head, entry->bytes.data, len);
    return FLOW_OK;
}

flow_status fl_run_item(struct fl_run_writer *writer, flow_str item)
{
    flow_status status;
    char *at = place(writer, item.len, &status);
    if (at && item.len)
        memcpy(at, item.data, item.len);
    return status;
}

flow_status fl_run_end(struct fl_run_writer *writer, struct fl_run *run)
{
    const flow_status status = flush(writer);
    if (status == FLOW_OK) {
        *run = writer->run;
        writer->run.to = writer->run.from; // it is the caller's now
    }
    fl_run_abandon(writer);
    return status;
}

void fl_run_abandon(struct fl_run_writer *writer)
{
    fl_scratch_drop(writer->scratch, writer->run.from, writer->run.to);
    fl_scratch_block_give(writer->scratch, writer->bytes, writer->room);
    writer->bytes = NULL;
    writer->room = 0;
}

// --- reading

// The next item or head, of which there is one.
static flow_status read_item(struct fl_tap *tap, flow_str *item)
{
    struct fl_scratch_block *block = &tap->block;
    uint32_t len;
    if (tap->at == block->len) {
        const flow_status status = fl_scratch_read(tap->scratch, block->next, block);
        if (status != FLOW_OK)
            return status;
        tap->at = 0;
    }
    memcpy(&len, block->bytes + tap->at, sizeof len);
    tap->at += sizeof len;
    *item = (flow_str){ block->bytes + tap->at, len };
    tap->at += len;
    return FLOW_OK;
}

static flow_status read_head(struct fl_tap *tap)
{
    struct head head;
    flow_str item;
    tap->over = tap->at == tap->block.len && tap->block.next == tap->run.to;
    if (tap->over)
        return FLOW_OK;
    const flow_status status = read_item(tap, &item);
    if (status != FLOW_OK)
        return status;
    memcpy(&head, item.data, sizeof head);
    const bool words = tap->form == FL_KEY_WORD;
    tap->entry = (struct fl_entry){ 0 };
    tap->entry.word = words ? head.first : 0;
    tap->entry.hash = words ? 0 : head.first;
    if (!words)
        tap->entry.bytes = (flow_str){ item.data + sizeof head, item.len - sizeof head };
    tap->order = fl_key_order(tap->form, &tap->entry);
    tap->items = tap->left = head.items;
    tap->head_block = tap->block.at;
    tap->head_at = (size_t)(item.data - sizeof(uint32_t) - tap->block.bytes);
    return FLOW_OK;
}

void fl_tap_init(struct fl_tap *tap, struct fl_scratch *scratch, enum fl_key_form form)
{
    memset(tap, 0, sizeof *tap);
    tap->scratch = scratch;
    tap->form = form;
}

flow_status fl_tap_turn(struct fl_tap *tap, const struct fl_run *run)
{
    tap->run = *run;
    tap->at = tap->block.len = 0; // nothing is read yet
    tap->block.next = run->from;
    return read_head(tap);
}

flow_status fl_tap_open(
    struct fl_tap *tap, struct fl_scratch *scratch, enum fl_key_form form, const struct fl_run *run)
{
    fl_tap_init(tap, scratch, form);
    return fl_tap_turn(tap, run);
}

flow_status fl_tap_item(struct fl_tap *tap, flow_str *item)
{
    tap->left--;
    return read_item(tap, item);
}

flow_status fl_tap_next(struct fl_tap *tap)
{
    flow_status status = FLOW_OK;
    flow_str item;
    while (status == FLOW_OK && tap->left > 0)
        status = fl_tap_item(tap, &item);
    return status == FLOW_OK ? read_head(tap) : status;
}

flow_status fl_tap_seek(struct fl_tap *tap, uint64_t block, size_t at)
{
    if (tap->block.at != block || tap->block.len == 0) {
        const flow_status status = fl_scratch_read(tap->scratch, block, &tap->block);
        if (status != FLOW_OK)
            return status;
    }
    tap->at = at;
    return read_head(tap);
}

void fl_tap_close(struct fl_tap *tap)
{
    fl_scratch_block_fini(tap->scratch, &tap->block);
}
