// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Check sums of file formats: CRC-32 as zip and Avro have it, CRC-32C as snappy's framing has it.
 */
#ifndef FL_FILE_CRC_H
#define FL_FILE_CRC_H

#include <stddef.h>
#include <stdint.h>

#define FL_CRC_32  UINT32_C(0xEDB88320) /**< The polynomial of CRC-32, lowest bit first. */
#define FL_CRC_32C UINT32_C(0x82F63B78) /**< The polynomial of CRC-32C (Castagnoli). */

/** The check sum of `len` bytes by one of the polynomials. */
uint32_t fl_crc(uint32_t polynomial, const void *data, size_t len);

#endif
