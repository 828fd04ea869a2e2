// SPDX-License-Identifier: Apache-2.0
// Runs of plain characters and of digits, several bytes at a time.
#ifndef FL_SCAN_H
#define FL_SCAN_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FL_SCAN_WORDS 1
#else
#define FL_SCAN_WORDS 0
#endif

// All take where the text stands and where it ends, and give where it stands behind the run.

#define FL_BYTES(byte) (UINT64_C(0x0101010101010101) * (byte))

// Whether a byte is one that fl_skip_plain passes.
static inline bool fl_is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

// Past ASCII but quotes, backslashes and control bytes.
static inline const char *fl_skip_plain(const char *at, const char *end)
{
#if defined(__SSE2__)
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        // as signed bytes the high ones, too, are below the space
        const __m128i special = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
            _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
        const unsigned mask = (unsigned)_mm_movemask_epi8(special);
        if (mask)
            return at + __builtin_ctz(mask);
    }
#elif FL_SCAN_WORDS
    for (uint64_t word; end - at >= 8; at += 8) {
        memcpy(&word, at, sizeof word);
        const uint64_t quote = word ^ FL_BYTES('"'), escape = word ^ FL_BYTES('\\');
        // above the first special byte others may look special too
        const uint64_t special =
            (((quote - FL_BYTES(1)) & ~quote) | ((escape - FL_BYTES(1)) & ~escape) |
                ((word - FL_BYTES(0x20)) & ~word) | word) &
            FL_BYTES(0x80);
        if (special)
            return at + (__builtin_ctzll(special) >> 3);
    }
#endif
    while (at < end && fl_is_plain(*at))
        at++;
    return at;
}

// To the first byte that is `wanted`, or to the end.
static inline const char *fl_skip_to(const char *at, const char *end, char wanted)
{
#if defined(__SSE2__)
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        const unsigned mask =
            (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted)));
        if (mask)
            return at + __builtin_ctz(mask);
    }
#elif FL_SCAN_WORDS
    for (uint64_t word; end - at >= 8; at += 8) {
        memcpy(&word, at, sizeof word);
        word ^= FL_BYTES((unsigned char)wanted);
        const uint64_t found = (word - FL_BYTES(1)) & ~word & FL_BYTES(0x80);
        if (found)
            return at + (__builtin_ctzll(found) >> 3);
    }
#endif
    while (at < end && *at != wanted)
        at++;
    return at;
}

#define FL_DIGITS_MAX 18 // that always fit into 64 bits

// The number of which the first `count` bytes of a word, lowest byte first, are the digits.
static inline uint64_t fl_digits_of(uint64_t word, unsigned count)
{
    word = (word << (64 - 8 * count)) & FL_BYTES(0x0F);
    word = word * (1 + (10 << 8)) >> 8;
    word = (word & UINT64_C(0x00FF00FF00FF00FF)) * (1 + (100 << 16)) >> 16;
    return (word & UINT64_C(0x0000FFFF0000FFFF)) * (1 + (UINT64_C(10000) << 32)) >> 32;
}

// Adds the digits at `at` to those that `*digits` has. Stops somewhere behind the digit after
// FL_DIGITS_MAX, when the sum is of no use any more.
static inline const char *fl_read_digits(const char *at, const char *end, uint64_t *digits)
{
    const char *const start = at;
#if FL_SCAN_WORDS
    static const uint64_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
        100000000 };
    while (end - at >= 8 && at - start <= FL_DIGITS_MAX) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        // digits turn into 0 to 9; what else there is sets its top bit, and perhaps the next
        const uint64_t values = word ^ FL_BYTES('0');
        const uint64_t others = ((values + FL_BYTES(0x76)) | values) & FL_BYTES(0x80);
        const unsigned count = others ? (unsigned)__builtin_ctzll(others) >> 3 : 8;
        if (count == 0)
            return at;
        *digits = *digits * powers[count] + fl_digits_of(word, count);
        at += count;
        if (count < 8)
            return at;
    }
#endif
    for (unsigned digit; at < end && at - start <= FL_DIGITS_MAX &&
                         (digit = (unsigned char)*at - (unsigned)'0') <= 9;
         at++)
        *digits = *digits * 10 + digit;
    return at;
}

#endif
