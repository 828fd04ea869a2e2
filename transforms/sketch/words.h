// SPDX-License-Identifier: Apache-2.0
// Accumulators that are runs of 64-bit words.
#ifndef FL_SKETCH_WORDS_H
#define FL_SKETCH_WORDS_H

#include <flow/transform.h>

#define FL_WORDS_MAX 4096u // 32 KiB, the largest record

// A record of at least `count` words, without gaps, as many as *words says; NULL without memory.
// Zeros take one byte each in its binary form.
const flow_type *fl_words_type(
    flow_pipeline *pipeline, const char *name, uint32_t count, uint32_t *words);

#endif
