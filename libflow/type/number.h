// SPDX-License-Identifier: Apache-2.0
// Numbers: canonical bits of floats, text to number and back without the locale.
#ifndef FL_NUMBER_H
#define FL_NUMBER_H

#include <flow/type.h>

// The one bit pattern of a double: no negative zero, one NaN (R21).
static inline uint64_t fl_f64_bits(double value)
{
    uint64_t bits;
    if (value != value)
        return UINT64_C(0x7FF8000000000000);
    if (value == 0)
        return 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline uint32_t fl_f32_bits(float value)
{
    uint32_t bits;
    if (value != value)
        return UINT32_C(0x7FC00000);
    if (value == 0)
        return 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

// Reads the whole of `text` as a number by JSON's grammar into a field of kind I32, I64, U32, U64,
// F32, F64, TIME or DURATION. All digits count: 1e3 and 1.0 are whole numbers, 1.5 and 2^64 are
// not silently made to fit. False when it is no such number.
bool fl_number_read(flow_kind kind, flow_str text, void *value);

// Whether `text` is a number by JSON's grammar, whatever its size.
bool fl_number_is(flow_str text);

// Stores a whole number in a field of such a kind; false when it does not fit.
bool fl_number_store(flow_kind kind, bool minus, uint64_t size, void *value);

// Stores a finite double in a field of kind F32 or F64; false when it does not fit.
bool fl_number_store_f64(flow_kind kind, double number, void *value);

// What a field of the kind wants, for errors: "a whole number from 0 to 4294967295".
const char *fl_number_wanted(flow_kind kind, bool is_number);

#define FL_NUMBER_TEXT_MAX 40 // room that the printers need

// The shortest text that reads back as the same number, as a JSON number. Finite numbers only; a
// negative zero is printed as 0. Returns the length.
size_t fl_f64_print(double value, char *text);
size_t fl_f32_print(float value, char *text);
size_t fl_i64_print(int64_t value, char *text);
size_t fl_u64_print(uint64_t value, char *text);

#endif
