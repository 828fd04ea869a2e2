// SPDX-License-Identifier: Apache-2.0
// CRC-32 and CRC-32C, half a byte at a time: the sixteen words of a table are made for each call,
// so that no table has to be kept or made ready.
#include "crc.h"

uint32_t fl_crc(uint32_t polynomial, const void *data, size_t len)
{
    const unsigned char *at = data;
    uint32_t table[16], sum = UINT32_MAX;
    for (uint32_t i = 0; i < 16; i++) {
        table[i] = i;
        for (int bit = 0; bit < 4; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? polynomial : 0);
    }
    for (size_t i = 0; i < len; i++) {
        sum ^= at[i];
        sum = sum >> 4 ^ table[sum & 15];
        sum = sum >> 4 ^ table[sum & 15];
    }
    return ~sum;
}
