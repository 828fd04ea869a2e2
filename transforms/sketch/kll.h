// SPDX-License-Identifier: Apache-2.0
// The KLL sketch of doubles ("Optimal quantile approximation in streams", Karnin, Lang and Liberty,
// 2016) in an accumulator of words.
#ifndef FL_SKETCH_KLL_H
#define FL_SKETCH_KLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FL_KLL_LEVELS 40u   // enough for 2^40 times the width
#define FL_KLL_K_MAX  1170u // the widest that fits into a record

// An accumulator; zeros hold nothing. Items of the highest level come first, those of level 0 last;
// all levels but 0 are sorted. An item of level h stands for 2^h values.
struct fl_kll {
    uint64_t count;                // values
    uint64_t levels;               // 0: as 1
    uint64_t total;                // items
    uint64_t room;                 // items there may be with so many levels; 0: not known yet
    double min, max;               // of all values
    uint64_t sizes[FL_KLL_LEVELS]; // items by level
    double items[];
};

// How many items there may be in all.
uint32_t fl_kll_room(uint32_t k);

// The width for an error of ranks.
uint32_t fl_kll_width(double error);

// Takes a value that is no NaN.
void fl_kll_add(struct fl_kll *kll, double value, uint32_t k);

void fl_kll_merge(struct fl_kll *kll, const struct fl_kll *other, uint32_t k);

// Writes the smallest value such that the share `ranks[i]` of all is not larger; ranks ascend. NaN
// where there is no value.
void fl_kll_quantiles(const struct fl_kll *kll, const double *ranks, double *values, size_t count);

#endif
