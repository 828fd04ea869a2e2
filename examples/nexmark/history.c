// SPDX-License-Identifier: Apache-2.0
// Draws events into memory.
#include "history.h"

#include <stdlib.h>

enum {
    BLOCK_BYTES = 1 << 20
};

// What rows point to: records from the front, texts behind them.
struct block {
    struct block *next;
    char *records, *texts; // where the next go
    char *records_end, *texts_end;
    int64_t bytes[];
};

// A block in which one more event finds room.
static struct block *block_for_event(struct history *history)
{
    const size_t records = BLOCK_BYTES / 4 / sizeof(int64_t) * sizeof(int64_t);
    struct block *block = history->blocks;
    if (block && block->records + EVENT_RECORD_MAX <= block->records_end &&
        block->texts + EVENT_TEXT_MAX <= block->texts_end)
        return block;
    block = malloc(sizeof *block + BLOCK_BYTES);
    if (!block)
        return NULL;
    char *begin = (char *)block->bytes;
    *block = (struct block){ .next = history->blocks,
        .records = begin,
        .records_end = begin + records,
        .texts = begin + records,
        .texts_end = begin + BLOCK_BYTES };
    history->blocks = block;
    return block;
}

// The n-th events of all generators happen at one instant.
static bool draw(struct history *history, const struct generator_settings *settings)
{
    const struct generator last = generator_of(settings, settings->generators - 1);
    for (int64_t n = 0; n < last.events; n++) {
        for (int64_t g = 0; g < settings->generators; g++) {
            const struct generator generator = generator_of(settings, g);
            struct block *block = n < generator.events ? block_for_event(history) : NULL;
            if (n >= generator.events)
                continue;
            if (!block)
                return false;
            generator_event(
                &generator, n, &history->rows[history->count++], &block->records, &block->texts);
        }
    }
    return true;
}

static void *column_of(const struct history *history, const flow_field *field)
{
    char *column = malloc(history->count * field->size + 1);
    for (size_t i = 0; column && i < history->count; i++)
        memcpy(
            column + i * field->size, (const char *)&history->rows[i] + field->offset, field->size);
    return column;
}

struct history *history_new(const struct generator_settings *settings, bool columns)
{
    struct history *history = calloc(1, sizeof *history);
    if (!history)
        return NULL;
    history->rows = malloc((size_t)settings->events * sizeof *history->rows + 1);
    bool done = history->rows && draw(history, settings);
    for (uint32_t f = 0; columns && done && f < event_type.field_count; f++) {
        history->columns[f] = column_of(history, &event_type.fields[f]);
        done = history->columns[f] != NULL;
    }
    if (done)
        return history;
    history_free(history);
    return NULL;
}

void history_free(struct history *history)
{
    if (!history)
        return;
    for (uint32_t f = 0; f < event_type.field_count; f++)
        free((void *)(uintptr_t)history->columns[f]);
    while (history->blocks) {
        struct block *next = history->blocks->next;
        free(history->blocks);
        history->blocks = next;
    }
    free(history->rows);
    free(history);
}
