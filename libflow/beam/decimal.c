// SPDX-License-Identifier: Apache-2.0
// Decimal numbers: on the wire a scale and a two's complement number of any size, in memory digits.
#include "beam/beam.h"

#define NUMBER_MAX 256  // bytes of the number
#define SCALE_MAX  1000 // digits behind the point, or zeros before it
#define DIGITS_MAX 640  // more than NUMBER_MAX bytes have

// Whether the number is negative; its size, most significant byte first.
static bool magnitude(flow_str number, unsigned char *size)
{
    const bool minus = number.len && ((unsigned char)number.data[0] & 0x80) != 0;
    unsigned carry = minus;
    for (size_t i = number.len; i-- > 0;) {
        const unsigned byte = (unsigned char)number.data[i];
        const unsigned sum = (minus ? byte ^ 0xFF : byte) + carry;
        size[i] = (unsigned char)sum;
        carry = sum >> 8;
    }
    return minus;
}

// The digits of a size, the least significant first; the size is used up. At least one digit.
static size_t take_digits(unsigned char *size, size_t len, char *digits)
{
    size_t count = 0, at = 0;
    while (at < len && size[at] == 0)
        at++;
    do {
        unsigned rest = 0;
        for (size_t i = at; i < len; i++) {
            rest = rest << 8 | size[i];
            size[i] = (unsigned char)(rest / 10);
            rest %= 10;
        }
        digits[count++] = (char)('0' + rest);
        while (at < len && size[at] == 0)
            at++;
    } while (at < len);
    return count;
}

flow_str fl_decimal_text(struct fl_beam *beam, int64_t scale, flow_str number)
{
    unsigned char size[NUMBER_MAX];
    char digits[DIGITS_MAX];
    if (!beam->why &&
        (number.len == 0 || number.len > NUMBER_MAX || scale > SCALE_MAX || scale < -SCALE_MAX))
        fl_beam_fail(beam, FLOW_PARSE, "a decimal is empty or too large");
    if (beam->why)
        return (flow_str){ NULL, 0 };
    const bool minus = magnitude(number, size);
    size_t count = take_digits(size, number.len, digits);
    char *text = fl_beam_take(beam, count + (scale > 0 ? (size_t)scale : 0) + 8);
    if (!text)
        return (flow_str){ NULL, 0 };
    char *to = text;
    const size_t behind = scale > 0 ? (size_t)scale : 0;
    if (minus)
        *to++ = '-';
    if (count <= behind)
        *to++ = '0';
    for (size_t place = count > behind ? count : behind; place-- > 0;) {
        if (place + 1 == behind)
            *to++ = '.';
        *to++ = place < count ? digits[place] : '0';
    }
    if (scale < 0) { // as Java and Python write it
        const bool large = scale <= -1000;
        *to++ = 'E';
        *to++ = '+';
        if (large)
            *to++ = (char)('0' + -scale / 1000);
        if (scale <= -100)
            *to++ = (char)('0' + -scale / 100 % 10);
        if (scale <= -10)
            *to++ = (char)('0' + -scale / 10 % 10);
        *to++ = (char)('0' + -scale % 10);
    }
    return (flow_str){ text, (size_t)(to - text) };
}

// Ten times the size and a digit more. False when that is too large.
static bool add_digit(unsigned char *size, unsigned digit)
{
    for (size_t i = NUMBER_MAX; i-- > 0;) {
        const unsigned sum = size[i] * 10u + digit;
        size[i] = (unsigned char)sum;
        digit = sum >> 8;
    }
    return digit == 0 && size[0] < 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// "E+3" at the end: how many zeros are meant. False for anything else.
static bool read_exponent(flow_str rest, int64_t *scale)
{
    size_t i = 1;
    int64_t exponent = 0;
    if (rest.len < 2 || (rest.data[0] != 'E' && rest.data[0] != 'e'))
        return false;
    const bool minus = rest.data[1] == '-';
    i += minus || rest.data[1] == '+';
    if (i == rest.len)
        return false;
    for (; i < rest.len; i++) {
        if (!is_digit(rest.data[i]) || exponent > SCALE_MAX)
            return false;
        exponent = exponent * 10 + (rest.data[i] - '0');
    }
    *scale -= minus ? -exponent : exponent;
    return true;
}

static bool read_decimal(flow_str text, unsigned char *size, int64_t *scale, bool *minus)
{
    bool point = false, any = false;
    *minus = text.len && text.data[0] == '-';
    for (size_t i = *minus || (text.len && text.data[0] == '+'); i < text.len; i++) {
        const char c = text.data[i];
        if (c == '.' && !point) {
            point = true;
        } else if (is_digit(c)) {
            any = true;
            *scale += point;
            if (!add_digit(size, (unsigned)(c - '0')))
                return false;
        } else {
            return any && read_exponent((flow_str){ text.data + i, text.len - i }, scale);
        }
    }
    return any;
}

bool fl_decimal_put(flow_str text, flow_buffer *out)
{
    unsigned char size[NUMBER_MAX] = { 0 };
    int64_t scale = 0;
    bool minus;
    if (!read_decimal(text, size, &scale, &minus) || scale > SCALE_MAX || scale < -SCALE_MAX)
        return false;
    unsigned carry = 1;
    for (size_t i = NUMBER_MAX; minus && i-- > 0;) {
        const unsigned sum = (size[i] ^ 0xFFu) + carry;
        size[i] = (unsigned char)sum;
        carry = sum >> 8;
    }
    // As few bytes as keep the sign.
    size_t at = 0;
    while (at + 1 < NUMBER_MAX &&
           ((size[at] == 0 && size[at + 1] < 0x80) || (size[at] == 0xFF && size[at + 1] >= 0x80)))
        at++;
    fl_beam_put_varint(out, (uint32_t)(int32_t)scale);
    fl_beam_put_bytes(out, size + at, NUMBER_MAX - at);
    return true;
}
