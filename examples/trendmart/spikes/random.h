// SPDX-License-Identifier: Apache-2.0
// Random numbers of the generator: the same on every machine, from integers and IEEE arithmetic.
#ifndef TRENDMART_RANDOM_H
#define TRENDMART_RANDOM_H

#include <math.h>
#include <stdint.h>

// splitmix64: the state is a counter, so any seed will do.
struct dice {
    uint64_t state;
};

static inline uint64_t mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline uint64_t roll(struct dice *dice)
{
    dice->state += 0x9e3779b97f4a7c15u;
    return mix64(dice->state);
}

// A whole number in 0 … below − 1.
static inline uint32_t roll_below(struct dice *dice, uint32_t below)
{
    return (uint32_t)(((roll(dice) >> 32) * below) >> 32);
}

// A number in 0 … 1, 1 left out.
static inline double roll_unit(struct dice *dice)
{
    return (double)(roll(dice) >> 11) * 0x1p-53;
}

// Whether something of this probability happens.
static inline int roll_chance(struct dice *dice, double probability)
{
    return roll_unit(dice) < probability;
}

// e^-x for x ≥ 0 from products alone: the C library's exp may differ from machine to machine.
static inline double exp_minus(double x)
{
    double result = 1, term = 1, sum = 1;
    for (; x >= 1; x -= 1)
        result *= 0x1.78b56362cef38p-2;
    for (int i = 1; i < 18; i++) {
        term *= -x / i;
        sum += term;
    }
    return result * sum;
}

// How many events come where `mean` are expected: Poisson, above 24 nearly so.
static inline uint32_t roll_poisson(struct dice *dice, double mean)
{
    if (mean >= 24) {
        double normal = -6;
        for (int i = 0; i < 12; i++)
            normal += roll_unit(dice);
        return (uint32_t)(mean + sqrt(mean) * normal + 0.5);
    }
    const double limit = exp_minus(mean);
    uint32_t count = 0;
    for (double p = roll_unit(dice); p > limit; p *= roll_unit(dice))
        count++;
    return count;
}

#endif
