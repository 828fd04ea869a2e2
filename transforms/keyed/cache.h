// SPDX-License-Identifier: Apache-2.0
// What a worker remembers of answers: a ring of bytes, so that it never takes more memory than it
// was given, and an index that may forget. The oldest answers go first.
#ifndef FL_KEYED_CACHE_H
#define FL_KEYED_CACHE_H

#include <flow/base.h>

// What is asked for, by two hashes: one of 64 bits is the same by chance too easily.
typedef struct fl_asked {
    uint64_t first, second;
} fl_asked;

// An answer, as bytes.
typedef struct fl_cached {
    const char *bytes; // lent until the next put
    uint32_t len;
    bool found; // false: it is known that there is none
} fl_cached;

// At the begin of the memory that it is given, eight-byte aligned and zeroed.
typedef struct fl_answers fl_answers;

// How much memory a cache needs that holds `bytes` of answers with what it notes of them.
size_t fl_answers_size(size_t bytes);

// In what follows `bytes` is what fl_answers_size was told.

// The answer, unless it is not known, or too old at `now`; false then.
bool fl_answers_find(
    const fl_answers *answers, size_t bytes, const fl_asked *asked, int64_t now, fl_cached *found);

// Remembers an answer until `until`. One that is too large for the ring is not.
void fl_answers_put(fl_answers *answers, size_t bytes, const fl_asked *asked, int64_t until,
    const fl_cached *answer);

#endif
