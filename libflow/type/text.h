// SPDX-License-Identifier: Apache-2.0
// What the text forms share: base64, and values as errors show them.
#ifndef FL_TEXT_H
#define FL_TEXT_H

#include <flow/text.h>

// Appends `data` as base64 with padding.
void fl_base64_write(flow_bytes data, flow_buffer *out);

// The most bytes that base64 text of `len` bytes stands for.
static inline size_t fl_base64_room(size_t len)
{
    return len / 4 * 3 + 3;
}

// Reads base64 text, with or without padding, into `to`, which has fl_base64_room(text.len) bytes.
// False when it is none.
bool fl_base64_read(flow_str text, unsigned char *to, size_t *len);

// Room for a value as errors show it.
#define FL_SHOWN_MAX 64

// What an error shows of `text`: quoted, control and broken bytes as `?`, cut when long.
void fl_show(flow_str text, char quote, char *shown);

// `size` bytes of `memory`, which may be NULL; NULL without memory.
static inline void *fl_memory_take(const flow_memory *memory, size_t size)
{
    return memory && memory->take ? memory->take(memory->user, size) : NULL;
}

#endif
