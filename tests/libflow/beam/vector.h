// SPDX-License-Identifier: Apache-2.0
// A golden vector of Beam: a coder, bytes and a value as text; and the coders and rows of them.
#ifndef VECTOR_H
#define VECTOR_H

#include <stdlib.h>

#include <check.h>

#include <flow/coder.h>

enum form {
    OUTER,
    NESTED,
    BOTH
};

struct vector {
    const char *coder;   // "kv<bytes,varint>"; "row3" is the record and schema of rows.c
    const char *payload; // hex
    enum form form;
    bool only_read;    // the coder is not deterministic: its bytes are not written the same
    const char *bytes; // hex
    const char *value; // as vector_print has it
};

// vectors.c
extern const struct vector vectors[];
extern const size_t vector_count;

// Memory of one test, as a flow_memory.
struct vector_memory {
    void *blocks[4096];
    size_t count;
};

void *vector_take(void *user, size_t size);
void vector_memory_free(struct vector_memory *memory);

// A coder from its text, in memory. Fails the test when it is none.
const flow_coder *vector_coder(const char *text, const char *payload, struct vector_memory *memory);

// Bytes from hex, in memory.
flow_bytes vector_bytes(const char *hex, struct vector_memory *memory);

// Appends a value as text.
void vector_print(const flow_coder *coder, const char *value, flow_buffer *out);

// Reads one value that must be right. In memory.
void *vector_read(const char *coder, const char *hex, bool nested, struct vector_memory *memory);

// What is said of bytes that are wrong. In static memory.
const char *vector_refused(const char *coder, const char *hex, bool nested, flow_status status);

// The bytes of a value as hex. In memory.
const char *vector_write(
    const char *coder, const void *value, bool nested, struct vector_memory *memory);

// rows.c: the rows of Beam's vectors, by their number.
enum {
    ROWS = 10
};
flow_row_coder *row_coder(unsigned number);
const flow_schema *row_schema(unsigned number);
const flow_type *row_type(unsigned number);

#endif
