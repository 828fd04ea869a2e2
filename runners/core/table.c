// SPDX-License-Identifier: Apache-2.0
// Inline-slot hash tables with linear probing, at most half full.
#include "table.h"

#define SLOTS_MIN    16u
#define INLINE_MOST  48u
#define EXPECT_LEAST 1024u // keys below which growing costs nothing

void fl_table_init(struct fl_table *table, enum fl_key_form form, uint32_t value_size, bool rows)
{
    memset(table, 0, sizeof *table);
    table->form = form;
    table->rows = rows || value_size > INLINE_MOST;
    table->value_size = value_size;
    table->value_at = form == FL_KEY_WORD ? sizeof(uint64_t) : sizeof(struct fl_slot_bytes);
    const uint32_t stored = table->rows ? (uint32_t)sizeof(void *) : (value_size + 7) & ~7u;
    table->slot_size = table->value_at + stored;
}

void fl_table_fini(struct fl_cache *cache, struct fl_table *table)
{
    fl_give(cache, table->slots, table->slots_size);
    fl_mem_unref(cache, table->mem);
    fl_mem_unref(cache, table->rows_mem);
    memset(table, 0, sizeof *table);
}

void fl_table_clear(struct fl_cache *cache, struct fl_table *table)
{
    if (table->slots)
        memset(table->slots, 0, table->slots_size);
    fl_mem_unref(cache, table->mem);
    table->mem = NULL;
    table->count = 0;
    table->has_zero = false;
}

static uint64_t word_of(const char *slot)
{
    return *(const uint64_t *)(const void *)slot;
}

static char *wrap(const struct fl_table *table, char *slot)
{
    slot += table->slot_size;
    return slot == table->slots + (table->mask + 1) * table->slot_size ? table->slots : slot;
}

static char *zero_slot(const struct fl_table *table)
{
    return table->slots + (table->mask + 1) * table->slot_size;
}

// Where probing for what stands first in a slot begins: a word, or the hash of bytes.
static char *home_of(const struct fl_table *table, uint64_t first)
{
    return table->form == FL_KEY_WORD ? fl_table_slot_word(table, first)
                                      : fl_table_slot(table, first);
}

static void move_slots(struct fl_table *table, char *old, uint64_t old_slots)
{
    for (uint64_t i = 0; i < old_slots; i++, old += table->slot_size) {
        const uint64_t first = word_of(old);
        if (first == 0)
            continue;
        char *slot = home_of(table, first);
        while (word_of(slot) != 0)
            slot = wrap(table, slot);
        memcpy(slot, old, table->slot_size);
    }
    if (table->has_zero)
        memcpy(zero_slot(table), old, table->slot_size);
}

// The slot of the word 0 is for words alone: one more than a power of two may cost a block of twice
// the size.
static bool grow(struct fl_cache *cache, struct fl_table *table, uint64_t slots)
{
    const size_t size = (slots + (table->form == FL_KEY_WORD)) * table->slot_size;
    char *fresh = fl_take(cache, size);
    if (!fresh)
        return false;
    memset(fresh, 0, size);
    char *old = table->slots;
    const uint64_t old_slots = old ? table->mask + 1 : 0;
    const size_t old_size = table->slots_size;
    table->slots = fresh;
    table->slots_size = size;
    table->mask = slots - 1;
    table->shift = 64 - (uint32_t)__builtin_ctzll(slots);
    table->limit = slots / (table->sparse ? 8 : 2);
    if (old)
        move_slots(table, old, old_slots);
    fl_give(cache, old, old_size);
    return true;
}

static uint64_t slots_for(const struct fl_table *table, uint64_t count)
{
    uint64_t slots = table->slots ? table->mask + 1 : SLOTS_MIN;
    while (count > slots / (table->sparse ? 8 : 2))
        slots *= 2;
    return slots;
}

bool fl_table_reserve(struct fl_cache *cache, struct fl_table *table, uint64_t count, size_t bytes)
{
    if (table->rows && !table->rows_mem && !(table->rows_mem = fl_mem_new(cache)))
        return false;
    if (table->rows &&
        !fl_mem_reserve(cache, table->rows_mem, count * ((table->value_size + 7) & ~(size_t)7)))
        return false;
    bytes += table->form == FL_KEY_BYTES ? count * 8 : 0; // keys are rounded up to 8
    if (bytes > 0) {
        if (!table->mem && !(table->mem = fl_mem_new(cache)))
            return false;
        if (!fl_mem_reserve(cache, table->mem, bytes))
            return false;
    }
    if (table->slots && table->count + count <= table->limit)
        return true;
    const uint64_t wanted = table->count + count;
    const uint64_t slots = slots_for(table, wanted);
    // one that has an eighth of what is expected is made to size, where memory allows
    if (wanted < table->expected && wanted >= table->expected / 8 && wanted > EXPECT_LEAST &&
        grow(cache, table, slots_for(table, table->expected)))
        return true;
    return grow(cache, table, slots);
}

void *fl_table_find_word(const struct fl_table *table, uint64_t word)
{
    if (!table->slots)
        return NULL;
    if (word == 0)
        return table->has_zero ? fl_table_value(table, zero_slot(table)) : NULL;
    char *slot = fl_table_slot_word(table, word);
    for (uint64_t first; (first = word_of(slot)) != 0; slot = wrap(table, slot))
        if (first == word)
            return fl_table_value(table, slot);
    return NULL;
}

static bool slot_has(const char *slot, flow_str bytes, uint64_t hash)
{
    const struct fl_slot_bytes *head = (const struct fl_slot_bytes *)(const void *)slot;
    return head->hash == hash && flow_str_equal(head->key, bytes);
}

static uint64_t mark(uint64_t hash)
{
    return hash ? hash : 1;
}

void *fl_table_find_bytes(const struct fl_table *table, flow_str bytes, uint64_t hash)
{
    if (!table->slots)
        return NULL;
    hash = mark(hash);
    for (char *slot = fl_table_slot(table, hash); word_of(slot) != 0; slot = wrap(table, slot))
        if (slot_has(slot, bytes, hash))
            return fl_table_value(table, slot);
    return NULL;
}

// The value of a slot just filled, zeroed.
static void *new_value(struct fl_cache *cache, struct fl_table *table, char *slot)
{
    table->count++;
    void *value = slot + table->value_at;
    if (table->rows) {
        void *row = table->free_rows;
        if (row)
            table->free_rows = *(void **)row;
        else
            row = fl_mem_alloc(cache, table->rows_mem, table->value_size);
        *(void **)value = row;
        value = row;
    }
    memset(value, 0, table->value_size);
    return value;
}

void *fl_table_add_word(struct fl_cache *cache, struct fl_table *table, uint64_t word)
{
    if (word == 0) {
        if (table->has_zero)
            return fl_table_value(table, zero_slot(table));
        table->has_zero = true;
        return new_value(cache, table, zero_slot(table));
    }
    char *slot = fl_table_slot_word(table, word);
    for (uint64_t first; (first = word_of(slot)) != 0; slot = wrap(table, slot))
        if (first == word)
            return fl_table_value(table, slot);
    *(uint64_t *)(void *)slot = word;
    return new_value(cache, table, slot);
}

void *fl_table_add_bytes(
    struct fl_cache *cache, struct fl_table *table, flow_str bytes, uint64_t hash)
{
    hash = mark(hash);
    char *slot = fl_table_slot(table, hash);
    for (; word_of(slot) != 0; slot = wrap(table, slot))
        if (slot_has(slot, bytes, hash))
            return fl_table_value(table, slot);
    struct fl_slot_bytes *head = (struct fl_slot_bytes *)(void *)slot;
    head->hash = hash;
    head->key.len = bytes.len;
    char *data = bytes.len ? fl_mem_alloc(cache, table->mem, bytes.len) : NULL;
    if (bytes.len)
        memcpy(data, bytes.data, bytes.len);
    head->key.data = data;
    table->added = head->key;
    return new_value(cache, table, slot);
}

static void free_row(struct fl_table *table, char *slot)
{
    if (!table->rows)
        return;
    void *row = *(void **)(void *)(slot + table->value_at);
    *(void **)row = table->free_rows;
    table->free_rows = row;
}

// Closes the gap: what stands behind and would not be found past an empty slot moves up.
static void remove_slot(struct fl_table *table, char *gap)
{
    free_row(table, gap);
    table->count--;
    for (char *slot = wrap(table, gap); word_of(slot) != 0; slot = wrap(table, slot)) {
        const uint64_t first = word_of(slot);
        const uint64_t home = (uint64_t)(home_of(table, first) - table->slots) / table->slot_size;
        const uint64_t at = (uint64_t)(slot - table->slots) / table->slot_size;
        const uint64_t to = (uint64_t)(gap - table->slots) / table->slot_size;
        if (((at - home) & table->mask) >= ((at - to) & table->mask)) {
            memcpy(gap, slot, table->slot_size);
            gap = slot;
        }
    }
    memset(gap, 0, table->slot_size);
}

void fl_table_remove_word(struct fl_table *table, uint64_t word)
{
    if (word == 0) {
        free_row(table, zero_slot(table));
        table->has_zero = false;
        table->count--;
        return;
    }
    char *slot = fl_table_slot_word(table, word);
    while (word_of(slot) != word)
        slot = wrap(table, slot);
    remove_slot(table, slot);
}

void fl_table_remove_bytes(struct fl_table *table, flow_str bytes, uint64_t hash)
{
    hash = mark(hash);
    char *slot = fl_table_slot(table, hash);
    while (!slot_has(slot, bytes, hash))
        slot = wrap(table, slot);
    remove_slot(table, slot);
}

bool fl_table_next(const struct fl_table *table, uint64_t *at, struct fl_entry *entry)
{
    if (!table->slots)
        return false;
    for (uint64_t i = *at; i <= table->mask + (table->form == FL_KEY_WORD); i++) {
        if (i > table->mask ? !table->has_zero : word_of(table->slots + i * table->slot_size) == 0)
            continue;
        *at = i + 1;
        *entry = fl_table_entry(table, i);
        return true;
    }
    return false;
}

// Every place is noted, and only used ones stay: which are used nobody could foresee, so it is not
// branched on.
uint32_t fl_walk_on(struct fl_walk *walk)
{
    const struct fl_table *table = walk->table;
    walk->count = walk->next = 0;
    if (!table->slots)
        return 0;
    const char *slot = table->slots + walk->at * table->slot_size;
    for (; walk->at <= table->mask && walk->count < FL_WALK_PLACES; walk->at++) {
        walk->places[walk->count] = walk->at;
        walk->count += word_of(slot) != 0;
        slot += table->slot_size;
    }
    if (walk->at == table->mask + 1 && walk->count < FL_WALK_PLACES) {
        walk->at++;
        if (table->has_zero)
            walk->places[walk->count++] = table->mask + 1;
    }
    walk->bytes = 0;
    for (uint32_t i = 0; table->form == FL_KEY_BYTES && i < walk->count; i++) {
        const char *used = table->slots + walk->places[i] * table->slot_size;
        walk->bytes += ((const struct fl_slot_bytes *)(const void *)used)->key.len;
    }
    return walk->count;
}

#define TIDY_LEAST ((size_t)256 << 10) // bytes that are not worth it

// Copies the key of a slot; empty keys have no bytes.
static bool move_key(struct fl_cache *cache, struct fl_mem *to, flow_str *key)
{
    char *data = key->len ? fl_mem_alloc(cache, to, key->len) : NULL;
    if (key->len && !data)
        return false;
    if (data)
        memcpy(data, key->data, key->len);
    key->data = data;
    return true;
}

static bool move_all(struct fl_cache *cache, struct fl_table *table, struct fl_mem *to,
    bool (*move)(void *user, struct fl_mem *to, void *value, flow_str key), void *user)
{
    const bool bytes = table->form == FL_KEY_BYTES;
    const uint64_t slots = table->mask + (bytes ? 1 : 2);
    for (uint64_t i = 0; i < slots; i++) {
        char *slot = table->slots + i * table->slot_size;
        const bool zero = i > table->mask;
        if (zero ? !table->has_zero : word_of(slot) == 0)
            continue;
        flow_str none = { NULL, 0 };
        flow_str *key = bytes ? &((struct fl_slot_bytes *)(void *)slot)->key : &none;
        if (!move_key(cache, to, key) || !move(user, to, fl_table_value(table, slot), *key))
            return false;
    }
    return true;
}

void fl_table_tidy(struct fl_cache *cache, struct fl_table *table,
    bool (*move)(void *user, struct fl_mem *to, void *value, flow_str key), void *user)
{
    if (!table->mem || fl_mem_size(table->mem) <= 2 * table->settled + TIDY_LEAST)
        return;
    struct fl_mem *fresh = fl_mem_new(cache);
    if (!fresh || !fl_mem_hold(cache, fresh, table->mem)) {
        fl_mem_unref(cache, fresh);
        return;
    }
    const bool whole = move_all(cache, table, fresh, move, user);
    fl_mem_unref(cache, table->mem); // what was not moved is still held by the fresh arena
    table->mem = fresh;
    if (whole)
        fl_mem_let_go(cache, fresh);
    table->settled = fl_mem_size(fresh);
}
