// SPDX-License-Identifier: Apache-2.0
// What the unit tests of runners/core share: a pool over an allocator that counts, a way to use
// memory up, and random numbers from a seed.
#ifndef CORE_UNIT_H
#define CORE_UNIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "memory.h"

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

// A pool with two caches, whose allocator knows what is not given back.
struct bench {
    struct fl_pool pool;
    struct fl_cache cache, other;
    _Atomic uint64_t outside; // bytes that the allocator gave and has not got back
    _Atomic bool refuse;      // the allocator gives nothing more
};

void bench_init(struct bench *bench, uint64_t budget);

// Checks that no block is in use any more and that the allocator got everything back.
void bench_fini(struct bench *bench);

// Bytes of blocks that are in use.
uint64_t bench_used(struct bench *bench);

// What a bench could still give, put aside, so that the next fl_take fails.
struct hoard {
    struct fl_free *cached[FL_CLASS_COUNT], *pooled[FL_CLASS_COUNT];
    uint32_t counts[FL_CLASS_COUNT];
    char *chunk_next, *chunk_end;
};

// Puts everything aside but `spare` blocks of each class.
void hoard_take(struct hoard *hoard, struct bench *bench, unsigned spare);
void hoard_give(struct hoard *hoard, struct bench *bench);

uint64_t next_random(uint64_t *state);

TCase *arena_unit_tests(void);
TCase *batch_unit_tests(void);
TCase *hint_unit_tests(void);
TCase *key_unit_tests(void);
TCase *memory_unit_tests(void);
TCase *nook_unit_tests(void);
TCase *pile_unit_tests(void);
TCase *plan_unit_tests(void);
TCase *run_unit_tests(void);
TCase *slice_unit_tests(void);
TCase *small_unit_tests(void);
TCase *table_unit_tests(void);
TCase *timer_unit_tests(void);
TCase *tree_unit_tests(void);

#endif
