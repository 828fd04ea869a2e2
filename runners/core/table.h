// SPDX-License-Identifier: Apache-2.0
// A hash table from keys in canonical form to values: open addressing, small values in the slots,
// large or pinned ones in rows behind them. Grows only in fl_table_reserve, so that adding within
// what was reserved cannot fail.
#ifndef FL_TABLE_H
#define FL_TABLE_H

#include "key.h"

struct fl_table {
    enum fl_key_form form;
    bool rows;           // values lie in rows of the arena and do not move
    bool sparse;         // an eighth full at most, so that hardly any two keys meet
    uint32_t value_size; // bytes of a value
    uint32_t slot_size;
    uint32_t value_at; // where in a slot the value (or the pointer to its row) lies
    uint64_t mask;     // slots − 1; the slot of the word 0 lies behind the last
    uint32_t shift;    // 64 − log2 of the slots
    uint64_t count;
    uint64_t limit;    // `count` may not pass it without growing
    uint64_t expected; // keys it is likely to get: a hint for growing (bench: keyed_1m)
    char *slots;
    size_t slots_size;
    bool has_zero;           // word 0 is there
    struct fl_mem *mem;      // bytes of keys; strings of values
    struct fl_mem *rows_mem; // rows
    size_t settled;          // bytes of `mem` when it was made anew last
    flow_str added;          // the key that was added last, as the table has it
    void *free_rows;         // rows that were removed
    struct fl_table *next;
};

// Slots of word keys start with the word (0: empty); slots of byte keys with hash (0: empty), data
// and length.
struct fl_slot_bytes {
    uint64_t hash;
    flow_str key;
};

// `rows` is forced for values of more than 48 bytes.
void fl_table_init(struct fl_table *table, enum fl_key_form form, uint32_t value_size, bool rows);
void fl_table_fini(struct fl_cache *cache, struct fl_table *table);

// Forgets all keys but keeps the room. Only for tables without rows.
void fl_table_clear(struct fl_cache *cache, struct fl_table *table);

// Room for `count` more keys of `bytes` bytes in all. False over budget or without memory; nothing
// changed then.
bool fl_table_reserve(struct fl_cache *cache, struct fl_table *table, uint64_t count, size_t bytes);

// The value of a key, or NULL.
void *fl_table_find_word(const struct fl_table *table, uint64_t word);
void *fl_table_find_bytes(const struct fl_table *table, flow_str bytes, uint64_t hash);

// The value of a key, zeroed when it is new; room must have been reserved.
void *fl_table_add_word(struct fl_cache *cache, struct fl_table *table, uint64_t word);
void *fl_table_add_bytes(
    struct fl_cache *cache, struct fl_table *table, flow_str bytes, uint64_t hash);

// Removes a key that is there.
void fl_table_remove_word(struct fl_table *table, uint64_t word);
void fl_table_remove_bytes(struct fl_table *table, flow_str bytes, uint64_t hash);

// Bytes of removed keys and replaced strings stay in `mem`: once they may be more than what is
// used, a fresh arena takes over what is. `move` lets a value's pointers go along: into `to`, with
// its key where it is now; false without memory. Nothing is lost when memory runs out: it is tried
// again.
void fl_table_tidy(struct fl_cache *cache, struct fl_table *table,
    bool (*move)(void *user, struct fl_mem *to, void *value, flow_str key), void *user);

// Walks all keys: start with *at = 0; false at the end.
struct fl_entry {
    uint64_t word;
    flow_str bytes;
    uint64_t hash; // byte keys only
    void *value;
};
bool fl_table_next(const struct fl_table *table, uint64_t *at, struct fl_entry *entry);

// The same for loops over whole tables, many entries at a time: begin with the table alone. The
// table may not change meanwhile.
#define FL_WALK_PLACES 64u
struct fl_walk {
    const struct fl_table *table;
    uint64_t at;          // behind the places below
    uint32_t count, next; // of the places
    size_t bytes;         // of their keys
    uint64_t places[FL_WALK_PLACES];
};
uint32_t fl_walk_on(struct fl_walk *walk); // the next places; 0 at the end

static inline void *fl_table_value(const struct fl_table *table, char *slot)
{
    return table->rows ? *(void **)(void *)(slot + table->value_at) : slot + table->value_at;
}

// The key of an inline value, as the table has it. Byte keys only.
static inline flow_str fl_table_key(const struct fl_table *table, const void *value)
{
    const char *slot = (const char *)value - table->value_at;
    return ((const struct fl_slot_bytes *)(const void *)slot)->key;
}

// Where probing for a word begins: cheaper than the hash that shards need, and different from it.
static inline uint64_t fl_table_mix(uint64_t word)
{
    return (word ^ word >> 32) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint64_t fl_table_home(const struct fl_table *table, uint64_t word)
{
    return fl_table_mix(word) >> table->shift;
}

static inline char *fl_table_slot_word(const struct fl_table *table, uint64_t word)
{
    return table->slots + fl_table_home(table, word) * table->slot_size;
}

static inline char *fl_table_slot(const struct fl_table *table, uint64_t hash)
{
    return table->slots + (hash & table->mask) * table->slot_size;
}

// What stands at a place that is used; that of the word 0 is behind the last.
static inline struct fl_entry fl_table_entry(const struct fl_table *table, uint64_t place)
{
    char *slot = table->slots + place * table->slot_size;
    struct fl_entry entry = { .value = fl_table_value(table, slot) };
    if (table->form == FL_KEY_WORD) {
        entry.word = place > table->mask ? 0 : *(const uint64_t *)(const void *)slot;
    } else {
        const struct fl_slot_bytes *head = (const struct fl_slot_bytes *)(void *)slot;
        entry.hash = head->hash;
        entry.bytes = head->key;
    }
    return entry;
}

static inline struct fl_entry fl_walk_entry(struct fl_walk *walk)
{
    return fl_table_entry(walk->table, walk->places[walk->next++]);
}

// What a loop needs of a table of words with inline values, where stores to values cannot change
// it. Good until the table grows.
struct fl_words {
    char *slots;
    const char *end; // behind the last slot, where that of the word 0 stands
    uint32_t shift;
};

static inline struct fl_words fl_table_words(const struct fl_table *table)
{
    const struct fl_words words = { table->slots,
        table->slots + (table->mask + 1) * table->slot_size, table->shift };
    return words;
}

static inline uint64_t fl_word_at(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline char *fl_words_home(const struct fl_words *words, uint64_t word, size_t size)
{
    return words->slots + (fl_table_mix(word) >> words->shift) * size;
}

// The value of a word, zeroed when it is new; room must have been reserved. NULL for the word 0,
// which is not for this loop. Empty slots are all zero.
static inline void *fl_words_add(
    struct fl_table *table, const struct fl_words *words, uint64_t word, size_t size)
{
    if (word == 0)
        return NULL;
    char *slot = fl_words_home(words, word, size);
    for (uint64_t first; (first = fl_word_at(slot)) != word;) {
        if (first == 0) {
            memcpy(slot, &word, sizeof word);
            table->count++;
            break;
        }
        slot += size;
        if (slot == words->end)
            slot = words->slots;
    }
    return slot + sizeof word;
}

#endif
