// SPDX-License-Identifier: Apache-2.0
// Draws events into memory.
#include "history.h"

#include <stdlib.h>

// At most so many bytes: records of persons and auctions, and what all texts can come to.
static void measure(const struct generator_settings *settings, size_t *records, size_t *texts)
{
    *records = *texts = 0;
    for (int64_t g = 0; g < settings->generators; g++) {
        const struct generator generator = generator_of(settings, g);
        for (int kind = EVENT_PERSON; kind <= EVENT_BID; kind++) {
            const size_t most = (size_t)generator_most(&generator, kind);
            *records += most * (kind == EVENT_BID ? 0 : EVENT_RECORD_MAX);
            *texts += most * generator_text_most(&generator, kind);
        }
    }
}

// The n-th events of all generators happen at one instant.
static void draw(
    struct history *history, const struct generator_settings *settings, size_t records_size)
{
    const struct generator last = generator_of(settings, settings->generators - 1);
    char *records = history->memory, *texts = history->memory + records_size;
    for (int64_t n = 0; n < last.events; n++) {
        for (int64_t g = 0; g < settings->generators; g++) {
            const struct generator generator = generator_of(settings, g);
            if (n < generator.events)
                generator_event(&generator, n, &history->rows[history->count++], &records, &texts);
        }
    }
    history->size = (size_t)(texts - history->memory);
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
    size_t records, texts;
    measure(settings, &records, &texts);
    history->rows = malloc((size_t)settings->events * sizeof *history->rows + 1);
    history->memory = malloc(records + texts);
    bool done = history->rows && history->memory;
    if (done)
        draw(history, settings, records);
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
    free(history->memory);
    free(history->rows);
    free(history);
}
