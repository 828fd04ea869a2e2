// SPDX-License-Identifier: Apache-2.0
// A ring of answers. Positions only grow; an entry is there as long as the ring has not come round
// to it. The index has two places for each question, of which the older entry gives way.
#include "cache.h"

#include <string.h>

struct fl_answers {
    uint64_t head; // position where the next entry goes
};

// Stands before the bytes of an answer.
struct entry {
    fl_asked asked;
    int64_t until;
    uint32_t len;
    uint32_t found;
};

#define ALIGN 8u
#define SHARE 128u // bytes of the ring for each place of the index

// How memory of a size is used.
struct layout {
    uint64_t *places; // position + 1; 0: none
    size_t place_count;
    char *ring;
    size_t ring_size;
};

static size_t places_for(size_t bytes)
{
    size_t count = 16;
    while (count < bytes / SHARE)
        count *= 2;
    return count;
}

static size_t ring_for(size_t bytes)
{
    const size_t least = 4 * SHARE;
    return (bytes < least ? least : bytes) / ALIGN * ALIGN;
}

size_t fl_answers_size(size_t bytes)
{
    return sizeof(fl_answers) + places_for(bytes) * sizeof(uint64_t) + ring_for(bytes);
}

// `bytes` as fl_answers_size was told.
static struct layout layout_of(const fl_answers *answers, size_t bytes)
{
    struct layout layout = { .place_count = places_for(bytes), .ring_size = ring_for(bytes) };
    layout.places = (uint64_t *)((uintptr_t)answers + sizeof *answers);
    layout.ring = (char *)(layout.places + layout.place_count);
    return layout;
}

// The entry at a place of the index, or NULL: there is none, or the ring came round to it.
static const struct entry *entry_at(
    const fl_answers *answers, const struct layout *layout, size_t place)
{
    const uint64_t position = layout->places[place] - 1;
    if (layout->places[place] == 0 || answers->head - position > layout->ring_size)
        return NULL;
    return (const struct entry *)(const void *)(layout->ring + position % layout->ring_size);
}

static bool is_of(const struct entry *entry, const fl_asked *asked)
{
    return entry && entry->asked.first == asked->first && entry->asked.second == asked->second;
}

bool fl_answers_find(
    const fl_answers *answers, size_t bytes, const fl_asked *asked, int64_t now, fl_cached *found)
{
    const struct layout layout = layout_of(answers, bytes);
    const size_t place = asked->first & (layout.place_count - 1);
    const struct entry *entry = entry_at(answers, &layout, place);
    if (!is_of(entry, asked))
        entry = entry_at(answers, &layout, place ^ 1);
    if (!is_of(entry, asked) || entry->until <= now)
        return false;
    *found = (fl_cached){ (const char *)(entry + 1), entry->len, entry->found != 0 };
    return true;
}

void fl_answers_put(fl_answers *answers, size_t bytes, const fl_asked *asked, int64_t until,
    const fl_cached *answer)
{
    const struct layout layout = layout_of(answers, bytes);
    const size_t len = (sizeof(struct entry) + answer->len + ALIGN - 1) / ALIGN * ALIGN;
    if (len > layout.ring_size / 4)
        return; // it would drive out too much
    const size_t to_end = layout.ring_size - answers->head % layout.ring_size;
    const uint64_t position = answers->head + (to_end < len ? to_end : 0);
    size_t place = asked->first & (layout.place_count - 1);
    answers->head = position + len;
    const bool other = is_of(entry_at(answers, &layout, place ^ 1), asked);
    if (other || (!is_of(entry_at(answers, &layout, place), asked) &&
                     layout.places[place ^ 1] < layout.places[place]))
        place ^= 1;
    layout.places[place] = position + 1;
    struct entry *entry = (struct entry *)(void *)(layout.ring + position % layout.ring_size);
    *entry = (struct entry){ *asked, until, answer->len, answer->found };
    if (answer->len)
        memcpy(entry + 1, answer->bytes, answer->len);
}
