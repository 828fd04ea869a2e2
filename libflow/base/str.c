// SPDX-License-Identifier: Apache-2.0
// Words of a text.
#include <flow/base.h>

// One bit for each ASCII byte that parts words: white space and punctuation.
static const uint64_t breaks_low = UINT64_C(0xFC00FFFF00003E00);
static const uint64_t breaks_high = UINT64_C(0x78000001F8000001);

static bool is_break(unsigned char c)
{
    if (c >= 0x80)
        return false;
    const uint64_t breaks = c < 64 ? breaks_low : breaks_high;
    return breaks >> (c & 63) & 1;
}

bool flow_str_next_word(flow_str *rest, flow_str *word)
{
    const char *at = rest->data;
    const char *const end = rest->len ? rest->data + rest->len : at;
    while (at < end && is_break((unsigned char)*at))
        at++;
    const char *const start = at;
    while (at < end) {
        if (is_break((unsigned char)*at)) {
            // "don't" is one word; the quotes of 'so' are not part of it.
            const bool inside =
                *at == '\'' && at > start && at + 1 < end && !is_break((unsigned char)at[1]);
            if (!inside)
                break;
        }
        at++;
    }
    rest->data = at;
    rest->len = (size_t)(end - at);
    if (at == start)
        return false;
    word->data = start;
    word->len = (size_t)(at - start);
    return true;
}
