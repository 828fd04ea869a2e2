// SPDX-License-Identifier: Apache-2.0
// Inside recordings: a file is a mark and then frames, each with its length, a checksum and its
// bytes. The first says of which type the elements are, the others what the source did.
#ifndef FL_TEST_RECORDING_H
#define FL_TEST_RECORDING_H

#include <flow/test.h>

#define FL_RECORDING_MARK      "FLOWREC1"
#define FL_RECORDING_MARK_SIZE ((size_t)8)
#define FL_FRAME_HEAD          ((size_t)12) // length and checksum

// FNV-1a: whoever writes over a byte is found, whoever means harm is not.
static inline uint64_t fl_frame_sum(const char *bytes, size_t len)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return sum;
}

#endif
