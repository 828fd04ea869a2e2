// SPDX-License-Identifier: Apache-2.0
// Random numbers as java.util.Random draws them, since Beam's generator is defined by them: a
// 48-bit linear congruential generator whose upper bits are used.
#ifndef NEXMARK_RANDOM_H
#define NEXMARK_RANDOM_H

#include <stdint.h>

struct dice {
    uint64_t state;
};

#define DICE_MULTIPLIER UINT64_C(0x5DEECE66D)
#define DICE_MASK       ((UINT64_C(1) << 48) - 1)

// Fresh dice: the same seed, the same numbers.
static inline struct dice dice_of(int64_t seed)
{
    return (struct dice){ ((uint64_t)seed ^ DICE_MULTIPLIER) & DICE_MASK };
}

// The upper `bits` (1 … 32) bits of the next state, as a signed number where all 32 are asked for.
static inline int32_t dice_bits(struct dice *dice, unsigned bits)
{
    dice->state = (dice->state * DICE_MULTIPLIER + 0xB) & DICE_MASK;
    return (int32_t)(uint32_t)(dice->state >> (48 - bits));
}

// Any number of 32 bits.
static inline int32_t dice_any(struct dice *dice)
{
    return dice_bits(dice, 32);
}

// A number in 0 … bound − 1, each as likely as the others.
static inline int32_t dice_below(struct dice *dice, int32_t bound)
{
    const int32_t bits = dice_bits(dice, 31);
    if ((bound & (bound - 1)) == 0)
        return (int32_t)(((int64_t)bound * bits) >> 31);
    // What lies in the last, incomplete stretch of `bound` numbers is drawn anew.
    int32_t drawn = bits, left = drawn % bound;
    while ((int64_t)drawn - left + bound - 1 > INT32_MAX) {
        drawn = dice_bits(dice, 31);
        left = drawn % bound;
    }
    return left;
}

// A number in 0 … 1, 1 left out.
static inline double dice_unit(struct dice *dice)
{
    const int64_t high = (int64_t)dice_bits(dice, 26) << 27;
    return (double)(high + dice_bits(dice, 27)) * 0x1p-53;
}

#endif
