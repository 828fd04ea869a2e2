// SPDX-License-Identifier: Apache-2.0
// Sorting the keys of a table where they stand: by radix, since what they are sorted by are hashes.
#include "run.h"

#define FEW       24u // slots that are sorted by insertion
#define SLOT_MOST (sizeof(struct fl_slot_bytes) + 48)

// What is in work: slots of one size.
struct sorting {
    enum fl_key_form form;
    size_t size;
};

int fl_key_compare(const struct fl_entry *a, const struct fl_entry *b)
{
    const size_t len = a->bytes.len < b->bytes.len ? a->bytes.len : b->bytes.len;
    if (a->bytes.len != b->bytes.len)
        return a->bytes.len < b->bytes.len ? -1 : 1;
    return len ? memcmp(a->bytes.data, b->bytes.data, len) : 0;
}

static uint64_t order_at(const struct sorting *sorting, const char *slot)
{
    const uint64_t first = fl_word_at(slot);
    return sorting->form == FL_KEY_WORD ? fl_table_mix(first) : first;
}

static bool before(const struct sorting *sorting, const char *a, const char *b)
{
    const uint64_t first = order_at(sorting, a), second = order_at(sorting, b);
    if (first != second || sorting->form == FL_KEY_WORD)
        return first < second;
    const struct fl_entry left = { .bytes = ((const struct fl_slot_bytes *)(const void *)a)->key };
    const struct fl_entry right = { .bytes = ((const struct fl_slot_bytes *)(const void *)b)->key };
    return fl_key_compare(&left, &right) < 0;
}

static void insert_all(const struct sorting *sorting, char *slots, uint64_t count)
{
    const size_t size = sorting->size;
    char held[SLOT_MOST];
    for (uint64_t i = 1; i < count; i++) {
        uint64_t to = i;
        while (to > 0 && before(sorting, slots + i * size, slots + (to - 1) * size))
            to--;
        if (to == i)
            continue;
        memcpy(held, slots + i * size, size);
        memmove(slots + (to + 1) * size, slots + to * size, (i - to) * size);
        memcpy(slots + to * size, held, size);
    }
}

static void swap(char *a, char *b, size_t size)
{
    char held[SLOT_MOST];
    memcpy(held, a, size);
    memcpy(a, b, size);
    memcpy(b, held, size);
}

// By the byte at `shift`, then each part by the bytes below it.
static void sort_by(const struct sorting *sorting, char *slots, uint64_t count, int shift)
{
    const size_t size = sorting->size;
    if (count <= FEW || shift < 0) {
        insert_all(sorting, slots, count);
        return;
    }
    uint64_t next[256] = { 0 }, end[256];
    for (uint64_t i = 0; i < count; i++)
        next[order_at(sorting, slots + i * size) >> shift & 255]++;
    for (uint64_t b = 0, sum = 0; b < 256; b++) {
        const uint64_t here = next[b];
        next[b] = sum;
        end[b] = sum += here;
    }
    for (unsigned b = 0; b < 256; b++) {
        while (next[b] < end[b]) {
            char *slot = slots + next[b] * size;
            const unsigned part = order_at(sorting, slot) >> shift & 255;
            if (part == b)
                next[b]++;
            else
                swap(slot, slots + next[part]++ * size, size);
        }
    }
    for (uint64_t b = 0, from = 0; b < 256; from = end[b++])
        if (end[b] - from > 1)
            sort_by(sorting, slots + from * size, end[b] - from, shift - 8);
}

void fl_table_sort(struct fl_table *table)
{
    const struct sorting sorting = { table->form, table->slot_size };
    if (!table->slots)
        return;
    const uint64_t slots = table->mask + 1;
    uint64_t count = 0;
    const char *zero = table->slots + slots * table->slot_size;
    for (uint64_t i = 0; i < slots; i++) {
        const char *slot = table->slots + i * table->slot_size;
        if (fl_word_at(slot) == 0)
            continue;
        char *to = table->slots + count++ * table->slot_size;
        if (to != slot)
            memcpy(to, slot, table->slot_size);
    }
    if (table->has_zero) {
        char *to = table->slots + count++ * table->slot_size;
        if (to != zero)
            memcpy(to, zero, table->slot_size);
    }
    sort_by(&sorting, table->slots, count, 56);
}

void fl_table_sorted(const struct fl_table *table, uint64_t i, struct fl_entry *entry)
{
    char *slot = table->slots + i * table->slot_size;
    memset(entry, 0, sizeof *entry);
    if (table->form == FL_KEY_WORD) {
        entry->word = fl_word_at(slot);
    } else {
        const struct fl_slot_bytes *head = (const struct fl_slot_bytes *)(const void *)slot;
        entry->hash = head->hash;
        entry->bytes = head->key;
    }
    entry->value = fl_table_value(table, slot);
}
