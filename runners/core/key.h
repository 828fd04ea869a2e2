// SPDX-License-Identifier: Apache-2.0
// Keys in canonical form: a 64-bit word for scalars, bytes for text and records (R21), and their
// hashes. Struct equality of keys is equality of these forms.
#ifndef FL_KEY_H
#define FL_KEY_H

#include "batch.h"

enum fl_key_form {
    FL_KEY_WORD, // scalars of up to 8 bytes, and no key at all (0)
    FL_KEY_BYTES // text as it is; records in binary form
};

// The keys of a view, gathered: by selected row.
struct fl_keys {
    enum fl_key_form form;
    uint64_t words[FLOW_BATCH_ROWS];
    flow_str bytes[FLOW_BATCH_ROWS];
    uint64_t hashes[FLOW_BATCH_ROWS];
};

enum fl_key_form fl_key_form(flow_kind kind);

uint64_t fl_hash_word(uint64_t word);
uint64_t fl_hash_bytes(flow_str bytes);

// Gathers keys and hashes of a view. Records are encoded into `scratch`. False without memory.
bool fl_keys_gather(struct fl_keys *keys, const struct fl_view *view, const flow_shape *shape,
    flow_buffer *scratch);

// One key in canonical form.
struct fl_one_key {
    enum fl_key_form form;
    uint64_t word, hash;
    flow_str bytes;
};

// The key at `at`, of the kind that a shape has. Records are encoded into `scratch`. False without
// memory.
bool fl_key_of(
    const flow_shape *shape, const void *at, flow_buffer *scratch, struct fl_one_key *key);

// The words of a view whose keys are scalars, without hashes; and the hashes of words gathered.
void fl_keys_words(struct fl_keys *keys, const struct fl_view *view, const flow_shape *shape);
void fl_keys_hash_words(struct fl_keys *keys, uint32_t count);

// Where a field of all rows lies: first value and bytes from one to the next.
struct fl_lane {
    const char *base;
    size_t stride;
};

// `offset` counts from the element. By column or by row.
struct fl_lane fl_view_lane(const struct fl_view *view, const flow_shape *shape, uint32_t offset);

// Writes a key as the struct member that functions see. Bytes stay where they are; lists and text
// of records point into them. False when a record does not decode.
bool fl_key_write(const flow_shape *shape, uint64_t word, flow_str bytes, void *to);

#endif
