// SPDX-License-Identifier: Apache-2.0
// Tests numbers and their text.
#include "type/number.h"

#include <locale.h>
#include <stdio.h>

#include "rows.h"

TCase *number_tests(void);

static const struct {
    flow_kind kind;
    const char *text;
    int64_t value; // INT64_MIN with `refused`
    bool refused;
} wholes[] = {
    { FLOW_KIND_I64, "0", 0, false },
    { FLOW_KIND_I64, "-0", 0, false },
    { FLOW_KIND_I64, "1e3", 1000, false },
    { FLOW_KIND_I64, "1.0", 1, false },
    { FLOW_KIND_I64, "1.50e1", 15, false },
    { FLOW_KIND_I64, "120e-1", 12, false },
    { FLOW_KIND_I64, "0e999999999999999", 0, false },
    { FLOW_KIND_I64, "0.000", 0, false },
    { FLOW_KIND_I64, "9223372036854775807", INT64_MAX, false },
    { FLOW_KIND_I64, "-9223372036854775808", INT64_MIN, false },
    { FLOW_KIND_I64, "-9.223372036854775808E+18", INT64_MIN, false },
    { FLOW_KIND_I64, "9223372036854775808", 0, true },
    { FLOW_KIND_I64, "-9223372036854775809", 0, true },
    { FLOW_KIND_I64, "9007199254740993", INT64_C(9007199254740993), false },
    { FLOW_KIND_I64, "9007199254740993.0", INT64_C(9007199254740993), false },
    { FLOW_KIND_I64, "1.00000000000000000000000000000", 1, false },
    { FLOW_KIND_I64, "1.00000000000000000000000000001", 0, true },
    { FLOW_KIND_I64, "1.5", 0, true },
    { FLOW_KIND_I64, "1e-1", 0, true },
    { FLOW_KIND_I64, "1e19", 0, true },
    { FLOW_KIND_I64, "1e99999999999999999999", 0, true },
    { FLOW_KIND_I64, "1e-99999999999999999999", 0, true },
    { FLOW_KIND_I32, "2147483647", INT32_MAX, false },
    { FLOW_KIND_I32, "-2147483648", INT32_MIN, false },
    { FLOW_KIND_I32, "2147483648", 0, true },
    { FLOW_KIND_I32, "-2147483649", 0, true },
    { FLOW_KIND_U32, "4294967295", UINT32_MAX, false },
    { FLOW_KIND_U32, "4294967296", 0, true },
    { FLOW_KIND_U32, "-1", 0, true },
    { FLOW_KIND_U32, "-0", 0, false },
    { FLOW_KIND_U64, "18446744073709551615", -1, false },
    { FLOW_KIND_U64, "18446744073709551616", 0, true },
    { FLOW_KIND_U64, "184467440737095516150e-1", -1, false },
    { FLOW_KIND_TIME, "1795544709", INT64_C(1795544709000000), false },
    { FLOW_KIND_TIME, "1.795544709e9", INT64_C(1795544709000000), false },
    { FLOW_KIND_TIME, "-1", -1000000, false },
    { FLOW_KIND_TIME, "1795404000.01", INT64_C(1795404000010000), false },
    { FLOW_KIND_TIME, "1.79540400001e9", INT64_C(1795404000010000), false },
    { FLOW_KIND_TIME, "-17954040001234569e-7", INT64_C(-1795404000123457), false },
    { FLOW_KIND_TIME, "0.0000001", 0, false },
    { FLOW_KIND_TIME, "1e-999999999999999999", 0, false },
    { FLOW_KIND_TIME, "1.5e99", 0, true },
    { FLOW_KIND_TIME, "9223372036854775001", 0, true },
    { FLOW_KIND_DURATION, "-60000000", -60000000, false },
    { FLOW_KIND_I64, "", 0, true },
    { FLOW_KIND_I64, "-", 0, true },
    { FLOW_KIND_I64, "+1", 0, true },
    { FLOW_KIND_I64, "01", 0, true },
    { FLOW_KIND_I64, "1.", 0, true },
    { FLOW_KIND_I64, ".5", 0, true },
    { FLOW_KIND_I64, "1e", 0, true },
    { FLOW_KIND_I64, "1e+", 0, true },
    { FLOW_KIND_I64, "1 ", 0, true },
    { FLOW_KIND_I64, " 1", 0, true },
    { FLOW_KIND_I64, "0x10", 0, true },
    { FLOW_KIND_I64, "1,5", 0, true },
    { FLOW_KIND_I64, "1_000", 0, true },
    { FLOW_KIND_BOOL, "1", 0, true },
};

START_TEST(whole_numbers_fit_exactly_or_not_at_all)
{
    uint64_t value = 0;
    const bool read = fl_number_read(wholes[_i].kind, flow_str_of(wholes[_i].text), &value);
    ck_assert_msg(read != wholes[_i].refused, "%s", wholes[_i].text);
    if (!read)
        return;
    int64_t got = (int64_t)value;
    if (wholes[_i].kind == FLOW_KIND_I32)
        got = (int32_t)(uint32_t)value;
    ck_assert_msg(got == wholes[_i].value, "%s gave %lld", wholes[_i].text, (long long)got);
}
END_TEST

static const char *const reals[] = { "0", "-0.0", "1", "0.1", "-2.5e-3", "1e22", "1e23",
    "123456789", "9007199254740993", "9007199254740992.99999999999999999", "0.30000000000000004",
    "1.7976931348623157e308", "2.2250738585072011e-308", "2.2250738585072014e-308", "4.9e-324",
    "2.4703282292062327e-324", "2.4703282292062328e-324", "1e-400", "1.8e-99999999999", "8.5",
    "6.02214076e23", "179769313486231580793e288",
    "0.500000000000000166533453693773481063544750213623046875",
    "3.1415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253",
    "100000000000000000000000000000000000000000000000000000000000000000000000000000e-70",
    "0.000000000000000000000000000000000000000000000000000000000000000000000012345e70" };

START_TEST(doubles_are_rounded_right)
{
    double value;
    ck_assert(fl_number_read(FLOW_KIND_F64, flow_str_of(reals[_i]), &value));
    const double expected = strtod(reals[_i], NULL);
    ck_assert_msg(value == expected, "%s gave %.17g", reals[_i], value);
}
END_TEST

START_TEST(very_long_numbers_are_rounded_right)
{
    // Half way between two doubles, and then a digit far behind that decides.
    char text[2000];
    memset(text, '0', sizeof text);
    memcpy(text, "9007199254740993.", 17);
    text[1998] = '1';
    text[1999] = '\0';
    double value;
    ck_assert(fl_number_read(FLOW_KIND_F64, flow_str_of(text), &value));
    ck_assert(value == 9007199254740994.0);
    text[1998] = '0';
    ck_assert(fl_number_read(FLOW_KIND_F64, flow_str_of(text), &value));
    ck_assert(value == 9007199254740992.0);
    memset(text, '7', sizeof text - 1);
    ck_assert(!fl_number_read(FLOW_KIND_F64, flow_str_of(text), &value));
    memcpy(text + 1993, "e-1800", 6);
    ck_assert(fl_number_read(FLOW_KIND_F64, flow_str_of(text), &value));
    ck_assert(value == strtod(text, NULL));
}
END_TEST

START_TEST(numbers_beyond_a_float_are_refused)
{
    double f64;
    float f32;
    ck_assert(!fl_number_read(FLOW_KIND_F64, flow_str_of("1e309"), &f64));
    ck_assert(!fl_number_read(FLOW_KIND_F64, flow_str_of("-1.7976931348623159e308"), &f64));
    ck_assert(!fl_number_read(FLOW_KIND_F32, flow_str_of("3.5e38"), &f32));
    ck_assert(!fl_number_read(FLOW_KIND_F32, flow_str_of("-3.4028235677973366e38"), &f32));
    ck_assert(fl_number_read(FLOW_KIND_F32, flow_str_of("3.4028235e38"), &f32));
    ck_assert(fl_number_read(FLOW_KIND_F32, flow_str_of("1e-60"), &f32));
    ck_assert(f32 == 0);
}
END_TEST

static const struct {
    double value;
    const char *text;
} prints[] = {
    { 0, "0" },
    { -0.0, "0" },
    { 1, "1" },
    { -1.5, "-1.5" },
    { 0.1, "0.1" },
    { 1.1, "1.1" },
    { 19.99, "19.99" },
    { 1234567.891, "1234567.891" },
    { 0.000001, "0.000001" },
    { 0.00001234, "0.00001234" },
    { 0.000001234, "1.234e-6" },
    { 0.30000000000000004, "0.30000000000000004" },
    { 123456789012345680.0, "1.2345678901234568e+17" },
    { 12345678901234568.0, "12345678901234568" },
    { 1e15, "1000000000000000" },
    { 1e16, "10000000000000000" },
    { 1e17, "1e+17" },
    { 1e300, "1e+300" },
    { 1.7976931348623157e308, "1.7976931348623157e+308" },
    { 2.2250738585072014e-308, "2.2250738585072014e-308" },
    { 0.1234567890123, "0.1234567890123" },
    { -1234.0 / 3, "-411.3333333333333" },
};

START_TEST(a_double_is_printed_as_short_as_it_reads_back)
{
    char text[FL_NUMBER_TEXT_MAX];
    const size_t len = fl_f64_print(prints[_i].value, text);
    text[len] = '\0';
    ck_assert_str_eq(text, prints[_i].text);
}
END_TEST

START_TEST(a_float_is_printed_with_its_own_digits)
{
    char text[FL_NUMBER_TEXT_MAX];
    text[fl_f32_print(0.1f, text)] = '\0';
    ck_assert_str_eq(text, "0.1");
    text[fl_f32_print(16777216.0f, text)] = '\0';
    ck_assert_str_eq(text, "16777216");
    text[fl_f32_print(3.4028235e38f, text)] = '\0';
    ck_assert_str_eq(text, "3.4028235e+38");
    text[fl_f32_print(-1e-45f, text)] = '\0';
    ck_assert_str_eq(text, "-1.4013e-45");
}
END_TEST

START_TEST(random_numbers_read_back_the_same)
{
    struct rows_random random = { .state = 5, .finite = true };
    for (int i = 0; i < 200000; i++) {
        const uint64_t bits = rows_next(&random);
        char text[FL_NUMBER_TEXT_MAX];
        double f64, f64_back;
        float f32, f32_back;
        uint64_t u64;
        int64_t i64;
        memcpy(&f64, &bits, sizeof f64);
        if (i % 2)
            f64 = (double)(int64_t)(bits >> 20) / 1000;
        const uint32_t low = (uint32_t)bits;
        memcpy(&f32, &low, sizeof f32);
        if (isfinite(f64)) {
            const flow_str written = { text, fl_f64_print(f64, text) };
            ck_assert_uint_lt(written.len, sizeof text);
            ck_assert(fl_number_read(FLOW_KIND_F64, written, &f64_back) && f64_back == f64);
        }
        if (isfinite(f32)) {
            const flow_str written = { text, fl_f32_print(f32, text) };
            ck_assert(fl_number_read(FLOW_KIND_F32, written, &f32_back) && f32_back == f32);
        }
        const uint64_t whole = bits >> (i % 64);
        const flow_str written = { text, fl_u64_print(whole, text) };
        ck_assert(fl_number_read(FLOW_KIND_U64, written, &u64) && u64 == whole);
        const flow_str signed_text = { text, fl_i64_print((int64_t)bits, text) };
        ck_assert(fl_number_read(FLOW_KIND_I64, signed_text, &i64) && i64 == (int64_t)bits);
    }
}
END_TEST

START_TEST(the_locale_has_no_say)
{
    static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "C" };
    size_t i = 0;
    while (!setlocale(LC_ALL, names[i]))
        i++;
    char text[FL_NUMBER_TEXT_MAX];
    double value;
    text[fl_f64_print(1.0 / 3, text)] = '\0';
    ck_assert_str_eq(text, "0.3333333333333333");
    ck_assert(fl_number_read(FLOW_KIND_F64, flow_str_of("0.30000000000000004441"), &value));
    ck_assert(value == 0.30000000000000004);
    setlocale(LC_ALL, "C");
}
END_TEST

TCase *number_tests(void)
{
    TCase *tests = tcase_create("number");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(
        tests, whole_numbers_fit_exactly_or_not_at_all, 0, (int)(sizeof wholes / sizeof wholes[0]));
    tcase_add_loop_test(tests, doubles_are_rounded_right, 0, (int)(sizeof reals / sizeof reals[0]));
    tcase_add_test(tests, very_long_numbers_are_rounded_right);
    tcase_add_test(tests, numbers_beyond_a_float_are_refused);
    tcase_add_loop_test(tests, a_double_is_printed_as_short_as_it_reads_back, 0,
        (int)(sizeof prints / sizeof prints[0]));
    tcase_add_test(tests, a_float_is_printed_with_its_own_digits);
    tcase_add_test(tests, random_numbers_read_back_the_same);
    tcase_add_test(tests, the_locale_has_no_say);
    return tests;
}
