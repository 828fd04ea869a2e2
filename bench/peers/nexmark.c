// SPDX-License-Identifier: Apache-2.0
// Draws Nexmark's events, writes them for peers and names the two sides of a query.
#include "peers/nexmark.h"

#include "nexmark/hand.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    QUERIES = 15
};

static struct {
    struct history *history;
    struct queried queried;
    char file[512];
} drawn;

static bench_side *const by_hand[QUERIES] = {
    [1] = hand_q1, [2] = hand_q2, [5] = hand_q5, [8] = hand_q8
};

struct writer {
    FILE *out;
    uint64_t record, text; // places of the next ones
    bool good;
};

static void put(struct writer *writer, const void *bytes, size_t size)
{
    writer->good = writer->good && fwrite(bytes, 1, size, writer->out) == size;
}

static const void *place(uint64_t *next, size_t size)
{
    *next += size;
    return (const void *)(uintptr_t)(*next - size);
}

static void move_text(struct writer *writer, flow_str *text)
{
    text->data = place(&writer->text, text->len);
}

static void put_row(struct writer *writer, struct event row)
{
    if (row.person.count)
        row.person.items = place(&writer->record, sizeof(struct person));
    if (row.auction.count)
        row.auction.items = place(&writer->record, sizeof(struct auction));
    move_text(writer, &row.bid.extra);
    put(writer, &row, sizeof row);
}

static void put_record(struct writer *writer, const struct event *row)
{
    if (row->person.count) {
        struct person person = *(const struct person *)row->person.items;
        flow_str *const texts[] = { &person.name, &person.email, &person.card, &person.city,
            &person.state, &person.extra };
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
            move_text(writer, texts[i]);
        put(writer, &person, sizeof person);
    }
    if (row->auction.count) {
        struct auction auction = *(const struct auction *)row->auction.items;
        move_text(writer, &auction.item);
        move_text(writer, &auction.description);
        move_text(writer, &auction.extra);
        put(writer, &auction, sizeof auction);
    }
}

static void put_text(struct writer *writer, flow_str text)
{
    put(writer, text.data, text.len);
}

static void put_texts(struct writer *writer, const struct event *row)
{
    if (row->person.count) {
        const struct person *person = row->person.items;
        put_text(writer, person->name);
        put_text(writer, person->email);
        put_text(writer, person->card);
        put_text(writer, person->city);
        put_text(writer, person->state);
        put_text(writer, person->extra);
    }
    if (row->auction.count) {
        const struct auction *auction = row->auction.items;
        put_text(writer, auction->item);
        put_text(writer, auction->description);
        put_text(writer, auction->extra);
    }
}

static uint64_t bytes_of_records(const struct history *history)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < history->count; i++)
        bytes += history->rows[i].person.count * sizeof(struct person) +
                 history->rows[i].auction.count * sizeof(struct auction);
    return bytes;
}

static bool write_events(const struct bench_options *options)
{
    const struct event *rows = drawn.history->rows;
    const size_t count = drawn.history->count;
    snprintf(drawn.file, sizeof drawn.file, "%s/peers-nexmark", options->folder);
    struct writer writer = { .out = fopen(drawn.file, "wb"), .record = count * sizeof *rows };
    writer.text = writer.record + bytes_of_records(drawn.history);
    writer.good = writer.out != NULL;
    for (size_t i = 0; i < count; i++)
        put_row(&writer, rows[i]);
    for (size_t i = 0; i < count; i++)
        put_record(&writer, &rows[i]);
    for (size_t i = 0; i < count; i++)
        put_text(&writer, rows[i].bid.extra);
    for (size_t i = 0; i < count; i++)
        put_texts(&writer, &rows[i]);
    writer.good = writer.out && fclose(writer.out) == 0 && writer.good;
    if (!writer.good)
        fprintf(stderr, "bench: %s cannot be written\n", drawn.file);
    return writer.good;
}

static bool draw(const struct bench_options *options, size_t events)
{
    if (drawn.history && drawn.history->count == events)
        return true;
    const struct generator_settings settings = generator_defaults((int64_t)events);
    history_free(drawn.history);
    drawn.history = history_new(&settings, false);
    if (drawn.history == NULL)
        fprintf(stderr, "bench: no memory for %zu events\n", events);
    return drawn.history && write_events(options);
}

bool nexmark_find(
    const struct bench_options *options, const char *name, size_t events, struct work *work)
{
    const unsigned query = (unsigned)strtoul(name + sizeof "nexmark_q" - 1, NULL, 10);
    if (query >= QUERIES || !draw(options, events))
        return false;
    drawn.queried = (struct queried){ query, drawn.history, options->folder };
    *work = (struct work){ engine_query, by_hand[query], &drawn.queried, drawn.file, events };
    return true;
}

void nexmark_close(void)
{
    if (drawn.history)
        unlink(drawn.file);
    history_free(drawn.history);
}
