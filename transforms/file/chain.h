// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Memory that is given back as a whole: a chain of pieces.
 */
#ifndef FL_FILE_CHAIN_H
#define FL_FILE_CHAIN_H

#include "heap.h"

struct fl_chain {
    const flow_allocator *allocator;
    void *last;
};

/** flow_memory.take of a chain: 16-byte aligned, zeroed; NULL without memory. */
static inline void *fl_chain_take(void *user, size_t size)
{
    struct fl_chain *chain = (struct fl_chain *)user;
    char *bytes = size > SIZE_MAX / 4 ? NULL : fl_file_alloc(chain->allocator, size + 16);
    if (bytes == NULL)
        return NULL;
    memcpy(bytes, &chain->last, sizeof chain->last);
    chain->last = bytes;
    return bytes + 16;
}

/** Gives all of it back. */
static inline void fl_chain_give(struct fl_chain *chain)
{
    while (chain->last) {
        void *before;
        memcpy(&before, chain->last, sizeof before);
        fl_file_free(chain->last);
        chain->last = before;
    }
}

#endif
