// SPDX-License-Identifier: Apache-2.0
// A record of many words: blocks of 64, so that checking the names of its fields stays quick.
#include "words.h"

#include <stdio.h>

#include "core/parts.h"

#define BLOCK 64u

static const flow_type *block_type(flow_pipeline *pipeline)
{
    static const flow_field word = { .kind = FLOW_KIND_U64, .size = sizeof(uint64_t) };
    fl_record record = fl_record_begin(pipeline, "flow_words", BLOCK);
    for (uint32_t i = 0; i < BLOCK; i++) {
        char name[8];
        snprintf(name, sizeof name, "w%u", (unsigned)i);
        fl_record_add(&record, &word, name);
    }
    return fl_record_end(&record);
}

const flow_type *fl_words_type(
    flow_pipeline *pipeline, const char *name, uint32_t count, uint32_t *words)
{
    const flow_type *block = block_type(pipeline);
    if (!block)
        return NULL;
    const flow_field field = {
        .kind = FLOW_KIND_RECORD, .size = BLOCK * sizeof(uint64_t), .record = block
    };
    const uint32_t blocks = (count + BLOCK - 1) / BLOCK;
    fl_record record = fl_record_begin(pipeline, name, blocks);
    for (uint32_t i = 0; i < blocks; i++) {
        char text[16];
        snprintf(text, sizeof text, "block%u", (unsigned)i);
        fl_record_add(&record, &field, text);
    }
    *words = blocks * BLOCK;
    return fl_record_end(&record);
}
