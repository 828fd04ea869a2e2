// SPDX-License-Identifier: Apache-2.0
// Numbers and their text: every digit counts, the shortest form is written, and the locale has no
// say.
#include "type/number.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/unix.h"

#define EXPONENT_MAX    INT64_C(1000000000000)
#define EXACT_MAX       (UINT64_C(1) << 53)    // whole numbers up to here are exact doubles
#define EXACT_POWERS    22                     // and so are powers of ten up to this one
#define SIGNIFICANT_MAX 770                    // no digit after these decides the rounding alone
#define FLOAT_OVERFLOW  3.4028235677973366e+38 // the first double that rounds past FLT_MAX
#define DECIMAL_RANGE   400                    // no double is beyond ten to this
#define EXACT_BELOW     1e15                   // whole numbers of so few digits survive as doubles
#define DECIMALS_MAX    6                      // tried without the C library
#define FIXED_FROM      (-5)                   // exponents printed without an `e`
#define FIXED_BELOW     17
#define SCIENTIFIC_MAX  64

// A number as written: digits × 10^exponent, plus less than one digit more if `more`.
struct decimal {
    bool minus;
    bool full; // a digit did not fit; the ones after it only move the exponent
    bool more; // and not all of them were zero
    uint64_t digits;
    int64_t exponent;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Adds a run of digits, before the point or after it.
static const char *scan_digits(
    struct decimal *number, const char *at, const char *end, bool fraction)
{
    for (; at < end && is_digit(*at); at++) {
        const unsigned digit = (unsigned)(*at - '0');
        number->full = number->full || number->digits > (UINT64_MAX - digit) / 10;
        if (!number->full) {
            number->digits = number->digits * 10 + digit;
            number->exponent -= fraction;
        } else {
            number->more = number->more || digit != 0;
            number->exponent += !fraction;
        }
    }
    return at;
}

static const char *scan_exponent(struct decimal *number, const char *at, const char *end)
{
    const bool minus = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end || !is_digit(*at))
        return NULL;
    int64_t exponent = 0;
    for (; at < end && is_digit(*at); at++) {
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + (*at - '0');
    }
    number->exponent += minus ? -exponent : exponent;
    return at;
}

// Reads all of `text` by JSON's grammar.
static bool scan(flow_str text, struct decimal *number)
{
    const char *at = text.data;
    const char *const end = text.len ? text.data + text.len : at;
    *number = (struct decimal){ .minus = at < end && *at == '-' };
    at += number->minus;
    const char *const start = at;
    at = scan_digits(number, at, end, false);
    if (at == start || (*start == '0' && at - start > 1))
        return false;
    if (at < end && *at == '.') {
        const char *const fraction = ++at;
        at = scan_digits(number, at, end, true);
        if (at == fraction)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E'))
        at = scan_exponent(number, at + 1, end);
    return at == end;
}

bool fl_number_is(flow_str text)
{
    struct decimal number;
    return scan(text, &number);
}

static double power_of_ten(unsigned exponent)
{
    static const double powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    return powers[exponent];
}

// The significant digits of a number, without point and leading zeros. Zeros and digits past the
// most that can matter are left out; what they were is told by the last digit and the exponent.
struct significant {
    char digits[SIGNIFICANT_MAX + 32];
    size_t len;
    int64_t exponent; // of the last digit
};

static void collect(flow_str text, int64_t written_exponent, struct significant *to)
{
    bool fraction = false, more = false;
    to->len = 0;
    to->exponent = written_exponent;
    for (size_t i = 0; i < text.len && text.data[i] != 'e' && text.data[i] != 'E'; i++) {
        const char c = text.data[i];
        if (!is_digit(c)) {
            fraction = fraction || c == '.';
            continue;
        }
        const bool fits = to->len < SIGNIFICANT_MAX;
        if (fits && (to->len || c != '0'))
            to->digits[to->len++] = c;
        more = more || (!fits && c != '0');
        to->exponent += !fits - fraction;
    }
    if (more) {
        to->digits[to->len++] = '1';
        to->exponent -= 1;
    }
}

static int64_t exponent_of(flow_str text)
{
    struct decimal number = { .minus = false };
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == 'e' || text.data[i] == 'E') {
            scan_exponent(&number, text.data + i + 1, text.data + text.len);
            break;
        }
    }
    return number.exponent;
}

// By the C library, which rounds right; without a point there is nothing in it for the locale.
static double read_slowly(flow_str text)
{
    struct significant number;
    collect(text, exponent_of(text), &number);
    const int64_t magnitude = number.exponent + (int64_t)number.len;
    if (number.len == 0 || magnitude < -DECIMAL_RANGE)
        return 0;
    const char *exponent = magnitude > DECIMAL_RANGE ? "e9999" : NULL;
    char *end = number.digits + number.len;
    if (exponent) {
        memcpy(end, exponent, strlen(exponent) + 1);
    } else {
        *end++ = 'e';
        end[fl_i64_print(number.exponent, end)] = '\0';
    }
    return strtod(number.digits, NULL);
}

static double to_double(const struct decimal *number, flow_str text)
{
    double size;
    const int64_t exponent = number->exponent;
    // Both exact, so the one operation rounds right.
    if (!number->more && number->digits <= EXACT_MAX && exponent >= -EXACT_POWERS &&
        exponent <= EXACT_POWERS) {
        size = (double)number->digits;
        size = exponent < 0 ? size / power_of_ten((unsigned)-exponent)
                            : size * power_of_ten((unsigned)exponent);
    } else {
        size = read_slowly(text);
    }
    return number->minus ? -size : size;
}

// The number as a whole one; false if it is none or has more than 64 bits.
static bool to_whole(const struct decimal *number, uint64_t *size)
{
    uint64_t digits = number->digits;
    int64_t exponent = number->exponent;
    *size = 0;
    // More than the digits hold: either a fraction or past 64 bits.
    if (number->more)
        return false;
    if (digits == 0)
        return true;
    for (; exponent < 0 && digits % 10 == 0; exponent++)
        digits /= 10;
    if (exponent < 0)
        return false;
    for (; exponent > 0; exponent--) {
        if (digits > UINT64_MAX / 10)
            return false;
        digits *= 10;
    }
    *size = digits;
    return true;
}

bool fl_number_store_f64(flow_kind kind, double number, void *value)
{
    if (kind == FLOW_KIND_F64) {
        memcpy(value, &number, sizeof number);
        return number - number == 0; // neither infinite nor NaN
    }
    if (!(number < FLOAT_OVERFLOW && number > -FLOAT_OVERFLOW))
        return false;
    const float narrow = (float)number;
    memcpy(value, &narrow, sizeof narrow);
    return true;
}

static bool store_signed(bool minus, uint64_t size, uint64_t most, int64_t *number)
{
    if (size > most + minus)
        return false;
    *number = minus ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}

bool fl_number_store(flow_kind kind, bool minus, uint64_t size, void *value)
{
    int64_t number;
    const bool below_zero = minus && size != 0;
    switch (kind) {
    case FLOW_KIND_I32:
        if (!store_signed(minus, size, INT32_MAX, &number))
            return false;
        *(int32_t *)value = (int32_t)number;
        return true;
    case FLOW_KIND_I64:
        return store_signed(minus, size, INT64_MAX, value);
    case FLOW_KIND_DURATION:
        return store_signed(minus, size, INT64_MAX, &((flow_duration *)value)->us);
    case FLOW_KIND_U32:
        *(uint32_t *)value = (uint32_t)size;
        return !below_zero && size <= UINT32_MAX;
    case FLOW_KIND_U64:
        *(uint64_t *)value = size;
        return !below_zero;
    case FLOW_KIND_TIME:
        return fl_unix_time((struct fl_unix){ .minus = minus, .digits = size }, value);
    case FLOW_KIND_F32:
    case FLOW_KIND_F64:
        return fl_number_store_f64(kind, minus ? -(double)size : (double)size, value);
    default:
        return false;
    }
}

bool fl_number_read(flow_kind kind, flow_str text, void *value)
{
    struct decimal number;
    if (!scan(text, &number))
        return false;
    if (kind == FLOW_KIND_F32 || kind == FLOW_KIND_F64)
        return fl_number_store_f64(kind, to_double(&number, text), value);
    uint64_t size;
    if (to_whole(&number, &size))
        return fl_number_store(kind, number.minus, size, value);
    return kind == FLOW_KIND_TIME && number.exponent <= 0 &&
           fl_unix_time(
               (struct fl_unix){ number.minus, number.more, number.digits, -number.exponent },
               value);
}

const char *fl_number_wanted(flow_kind kind, bool is_number)
{
    switch (kind) {
    case FLOW_KIND_I32:
        return "a whole number from -2147483648 to 2147483647";
    case FLOW_KIND_I64:
        return "a whole number from -9223372036854775808 to 9223372036854775807";
    case FLOW_KIND_U32:
        return "a whole number from 0 to 4294967295";
    case FLOW_KIND_U64:
        return "a whole number from 0 to 18446744073709551615";
    case FLOW_KIND_F32:
        return is_number ? "a number of at most 3.4e38 in size" : "a number";
    case FLOW_KIND_F64:
        return is_number ? "a number of at most 1.7e308 in size" : "a number";
    case FLOW_KIND_TIME:
        return "a time (RFC 3339, or seconds, milliseconds or microseconds since 1970)";
    case FLOW_KIND_DURATION:
        return "a whole number of microseconds";
    default:
        return flow_kind_name(kind);
    }
}

size_t fl_u64_print(uint64_t value, char *text)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    for (size_t i = 0; i < count; i++)
        text[i] = digits[count - 1 - i];
    return count;
}

size_t fl_i64_print(int64_t value, char *text)
{
    if (value >= 0)
        return fl_u64_print((uint64_t)value, text);
    *text = '-';
    return 1 + fl_u64_print(0 - (uint64_t)value, text + 1);
}

// `number` with its last `decimals` digits behind a point, without zeros at the end.
static size_t print_fixed(uint64_t number, unsigned decimals, char *text)
{
    for (; decimals && number % 10 == 0; decimals--)
        number /= 10;
    char digits[20];
    size_t count = fl_u64_print(number, digits);
    size_t len = 0;
    const size_t whole = count > decimals ? count - decimals : 0;
    if (whole == 0)
        text[len++] = '0';
    for (size_t i = 0; i < whole; i++)
        text[len++] = digits[i];
    if (decimals == 0)
        return len;
    text[len++] = '.';
    for (size_t zeros = whole ? 0 : decimals - count; zeros; zeros--)
        text[len++] = '0';
    for (size_t i = whole; i < count; i++)
        text[len++] = digits[i];
    return len;
}

// Most numbers that people write have few decimals: one multiplication finds them, one division
// proves them, since a quotient of exact numbers is rounded right.
static size_t print_plainly(double size, bool narrow, char *text)
{
    double power = 1;
    for (unsigned decimals = 0; decimals <= DECIMALS_MAX; decimals++, power *= 10) {
        const double scaled = size * power + 0.5;
        if (scaled >= EXACT_BELOW)
            return 0;
        const uint64_t number = (uint64_t)scaled;
        const double back = (double)number / power;
        if (narrow ? (float)back == (float)size : back == size)
            return print_fixed(number, decimals, text);
    }
    return 0;
}

// The digits of `size` in scientific form and the exponent of the first, skipping whatever the
// locale takes for a point.
static unsigned scientific_digits(double size, int precision, char *digits, int *exponent)
{
    char text[SCIENTIFIC_MAX];
    snprintf(text, sizeof text, "%.*e", precision - 1, size);
    unsigned count = 0;
    const char *at = text;
    for (; *at && *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9')
            digits[count++] = *at;
    }
    while (count > 1 && digits[count - 1] == '0')
        count--;
    *exponent = 0;
    const bool minus = *at && at[1] == '-';
    for (at += *at != '\0'; *at; at++) {
        if (*at >= '0' && *at <= '9')
            *exponent = *exponent * 10 + (*at - '0');
    }
    *exponent = minus ? -*exponent : *exponent;
    return count;
}

static size_t put_exponent(int exponent, char *text)
{
    size_t len = 0;
    text[len++] = 'e';
    text[len++] = exponent < 0 ? '-' : '+';
    return len + fl_u64_print((uint64_t)(exponent < 0 ? -exponent : exponent), text + len);
}

static size_t lay_out(const char *digits, unsigned count, int exponent, char *text)
{
    size_t len = 0;
    if (exponent < FIXED_FROM || exponent >= FIXED_BELOW) {
        text[len++] = digits[0];
        if (count > 1)
            text[len++] = '.';
        for (unsigned i = 1; i < count; i++)
            text[len++] = digits[i];
        return len + put_exponent(exponent, text + len);
    }
    const int lowest = exponent < (int)count ? exponent - (int)count + 1 : 0;
    for (int place = exponent < 0 ? 0 : exponent; place >= lowest; place--) {
        const int index = exponent - place;
        if (place == -1)
            text[len++] = '.';
        text[len++] = index >= 0 && index < (int)count ? digits[index] : '0';
    }
    return len;
}

static bool reads_back(const char *text, size_t len, double size, bool narrow)
{
    const flow_str written = { text, len };
    float f32;
    double f64;
    if (narrow)
        return fl_number_read(FLOW_KIND_F32, written, &f32) && f32 == (float)size;
    return fl_number_read(FLOW_KIND_F64, written, &f64) && f64 == size;
}

static size_t print_size(double size, bool narrow, char *text)
{
    const size_t plain = print_plainly(size, narrow, text);
    if (plain)
        return plain;
    const int most = narrow ? 9 : 17;
    size_t len = 0;
    for (int precision = narrow ? 6 : 15; precision <= most; precision++) {
        char digits[SCIENTIFIC_MAX];
        int exponent;
        const unsigned count = scientific_digits(size, precision, digits, &exponent);
        len = lay_out(digits, count, exponent, text);
        if (reads_back(text, len, size, narrow))
            break;
    }
    return len;
}

static size_t print_signed(double value, bool narrow, char *text)
{
    if (value == 0) {
        *text = '0';
        return 1;
    }
    if (value > 0)
        return print_size(value, narrow, text);
    *text = '-';
    return 1 + print_size(-value, narrow, text + 1);
}

size_t fl_f64_print(double value, char *text)
{
    return print_signed(value, false, text);
}

size_t fl_f32_print(float value, char *text)
{
    return print_signed((double)value, true, text);
}
