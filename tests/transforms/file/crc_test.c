// SPDX-License-Identifier: Apache-2.0
// Check sums against the published ones.
#include "suite.h"

#include "crc.h"

START_TEST(sums_are_those_of_the_standards)
{
    char zeros[32] = { 0 };
    ck_assert_uint_eq(fl_crc(FL_CRC_32, "123456789", 9), 0xCBF43926);
    ck_assert_uint_eq(fl_crc(FL_CRC_32C, "123456789", 9), 0xE3069283);
    ck_assert_uint_eq(fl_crc(FL_CRC_32C, zeros, sizeof zeros), 0x8A9136AA); // RFC 3720, B.4
    ck_assert_uint_eq(fl_crc(FL_CRC_32, "", 0), 0);
}
END_TEST

TCase *crc_case(void)
{
    TCase *tcase = tcase_create("crc");
    tcase_add_test(tcase, sums_are_those_of_the_standards);
    return tcase;
}
