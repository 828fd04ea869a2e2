// SPDX-License-Identifier: Apache-2.0
// What the text forms share: base64, and values as errors show them.
#include "type/text.h"

#define SHOWN_BYTES 40

void fl_base64_write(flow_bytes data, flow_buffer *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *from = data.data;
    if (data.len > SIZE_MAX / 2) {
        out->failed = true;
        return;
    }
    char *to = data.len ? flow_buffer_add(out, (data.len + 2) / 3 * 4) : NULL;
    if (!to)
        return;
    for (size_t left = data.len; left; left -= left < 3 ? left : 3, from += 3, to += 4) {
        const unsigned b1 = left > 1 ? from[1] : 0, b2 = left > 2 ? from[2] : 0;
        const unsigned bits = (unsigned)from[0] << 16 | b1 << 8 | b2;
        to[0] = digits[bits >> 18];
        to[1] = digits[bits >> 12 & 63];
        to[2] = '=';
        to[3] = '=';
        if (left > 1)
            to[2] = digits[bits >> 6 & 63];
        if (left > 2)
            to[3] = digits[bits & 63];
    }
}

// 64 for what is no digit.
static unsigned digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

bool fl_base64_read(flow_str text, unsigned char *to, size_t *len)
{
    size_t left = text.len;
    if (left % 4 == 0) {
        for (unsigned i = 0; i < 2 && left && text.data[left - 1] == '='; i++)
            left--;
    }
    if (left % 4 == 1)
        return false;
    unsigned bits = 0, count = 0;
    *len = 0;
    for (size_t i = 0; i < left; i++) {
        const unsigned value = digit_value(text.data[i]);
        if (value > 63)
            return false;
        bits = (bits << 6 | value) & 0xFFFF;
        count += 6;
        if (count >= 8) {
            count -= 8;
            to[(*len)++] = (unsigned char)(bits >> count & 0xFF);
        }
    }
    // Bits that are left over must be zero, so that equal bytes have one text.
    return (bits & ((1u << count) - 1)) == 0;
}

void fl_show(flow_str text, char quote, char *shown)
{
    char *to = shown;
    const char *at = text.data;
    const char *const end = text.len ? at + text.len : at;
    if (quote)
        *to++ = quote;
    while (at < end && to - shown < SHOWN_BYTES) {
        size_t len = flow_utf8_len(at, end);
        if (len == 0 || (unsigned char)*at < 0x20 || *at == 0x7F) {
            *to++ = '?';
            len = 1;
        } else {
            memcpy(to, at, len);
            to += len;
        }
        at += len;
    }
    if (at < end) {
        memcpy(to, "...", 3);
        to += 3;
    }
    if (quote)
        *to++ = quote;
    *to = '\0';
}
