// SPDX-License-Identifier: Apache-2.0
// What Beam's coders share: the numbers of its wire, written and read without going past the end.
#ifndef FL_BEAM_H
#define FL_BEAM_H

#include <flow/coder.h>

#define FL_BEAM_DEPTH_MAX   16
#define FL_BEAM_UNSIZED_MAX 65536u           // items of a list that have no bytes of their own
#define FL_BEAM_MILLIS      9223372036854775 // the latest instant (R1)

// Bytes being read. Sticky: after a failure everything reads as 0.
struct fl_beam {
    flow_str rest;
    const flow_memory *memory;
    const char *why;    // what was wrong first, or NULL
    flow_status status; // with `why`
};

void fl_beam_fail(struct fl_beam *beam, flow_status status, const char *why);
void *fl_beam_take(struct fl_beam *beam, size_t size); // zeroed; NULL without memory

uint64_t fl_beam_varint(struct fl_beam *beam);
uint64_t fl_beam_fixed(struct fl_beam *beam, unsigned size); // big-endian
bool fl_beam_bool(struct fl_beam *beam);
flow_str fl_beam_bytes(struct fl_beam *beam, size_t len);
flow_str fl_beam_text(struct fl_beam *beam, size_t len); // UTF-8
size_t fl_beam_len(struct fl_beam *beam);                // a varint, at most what is left
int32_t fl_beam_int32(struct fl_beam *beam);             // a varint of Java's or Python's
flow_time fl_beam_time(struct fl_beam *beam);            // shifted milliseconds
// Big-endian count of items of at least `least` bytes each.
uint32_t fl_beam_count(struct fl_beam *beam, size_t least);
flow_pane fl_beam_pane(struct fl_beam *beam);

void fl_beam_put_varint(flow_buffer *out, uint64_t number);
void fl_beam_put_fixed(flow_buffer *out, uint64_t bits, unsigned size);
void fl_beam_put_bytes(flow_buffer *out, const void *data, size_t len); // with their length
void fl_beam_put_time(flow_buffer *out, flow_time at);
void fl_beam_put_pane(flow_buffer *out, const flow_pane *pane);

bool fl_is_utf8(flow_str text);

// coder.c: the name of a coder, and the fewest bytes of a value.
const char *fl_coder_name(flow_coder_kind kind);
size_t fl_coder_least(const flow_coder *coder);

// A row within other coders.
void fl_row_decode(const flow_row_coder *coder, struct fl_beam *beam, void *row);
flow_status fl_row_encode(
    const flow_row_coder *coder, const void *row, flow_buffer *out, flow_error *error);

// decimal.c: a scale and a big-endian two's complement number as digits, and back.
flow_str fl_decimal_text(struct fl_beam *beam, int64_t scale, flow_str number);
bool fl_decimal_put(flow_str text, flow_buffer *out);

#endif
