// SPDX-License-Identifier: Apache-2.0
// Times written as numbers: seconds, milliseconds or microseconds since 1970, told apart by their
// size, with a fraction or without.
#ifndef FL_UNIX_H
#define FL_UNIX_H

#include <flow/base.h>

#define FL_UNIX_SECONDS_BELOW UINT64_C(100000000000)    // 10^11: the year 5138
#define FL_UNIX_MILLIS_BELOW  UINT64_C(100000000000000) // 10^14
#define FL_UNIX_DECIMALS      12 // more are not looked at, but for whether they are zero

// A number as written: digits / 10^decimals.
struct fl_unix {
    bool minus;
    bool more; // digits came after these that were not all zero
    uint64_t digits;
    int64_t decimals; // 0 or more
};

// What is finer than a microsecond is floored. False when it is out of range.
static inline bool fl_unix_time(struct fl_unix number, flow_time *at)
{
    uint64_t power = 1;
    for (; number.decimals > FL_UNIX_DECIMALS && number.digits > 0; number.decimals--) {
        number.more = number.more || number.digits % 10 != 0;
        number.digits /= 10;
    }
    for (int64_t i = 0; i < number.decimals && number.digits > 0; i++)
        power *= 10;
    const uint64_t whole = number.digits / power, fraction = number.digits % power;
    if (whole > (uint64_t)FLOW_TIME_MAX_US)
        return false;
    const uint64_t unit = whole < FL_UNIX_SECONDS_BELOW  ? 1000000
                          : whole < FL_UNIX_MILLIS_BELOW ? 1000
                                                         : 1;
    const uint64_t part = fraction * unit; // below 10^18
    const bool finer = number.more || part % power != 0;
    const uint64_t us = whole * unit + part / power + (number.minus && finer);
    if (us > (uint64_t)FLOW_TIME_MAX_US)
        return false;
    at->us = number.minus ? -(int64_t)us : (int64_t)us;
    return true;
}

#endif
