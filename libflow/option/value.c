// SPDX-License-Identifier: Apache-2.0
// Texts as values of an option, and what they should have been.
#include "option/option.h"
#include "type/number.h"
#include "type/text.h"

static flow_str next_word(const char **words)
{
    const char *start = *words, *end = strchr(start, '|');
    const size_t len = end ? (size_t)(end - start) : strlen(start);
    *words = end ? end + 1 : start + len;
    return (flow_str){ start, len };
}

int fl_option_word(const char *words, flow_str word)
{
    for (int place = 0; *words; place++) {
        if (flow_str_equal(next_word(&words), word))
            return place;
    }
    return -1;
}

flow_str fl_option_word_at(const char *words, int64_t place)
{
    flow_str word = { NULL, 0 };
    for (int64_t at = 0; at <= place; at++) {
        if (!*words)
            return (flow_str){ NULL, 0 };
        word = next_word(&words);
    }
    return word;
}

static bool read_bool(flow_str text, bool *value)
{
    static const char *const words[] = { "false", "no", "off", "0", "true", "yes", "on", "1" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (flow_str_equal(text, flow_str_of(words[i]))) {
            *value = i >= 4;
            return true;
        }
    }
    return false;
}

static bool read_bytes(flow_str text, flow_bytes *value, const flow_memory *memory)
{
    unsigned char *to = fl_memory_take(memory, fl_base64_room(text.len));
    if (!to || !fl_base64_read(text, to, &value->len))
        return false;
    value->data = to;
    return true;
}

static bool read_kind(flow_kind kind, flow_str text, void *value, const flow_memory *memory)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        return read_bool(text, value);
    case FLOW_KIND_STR:
        *(flow_str *)value = text;
        return true;
    case FLOW_KIND_BYTES:
        return read_bytes(text, value, memory);
    case FLOW_KIND_TIME:
        return flow_time_parse(text, value);
    case FLOW_KIND_DURATION:
        return flow_duration_parse(text, value);
    default:
        return fl_number_read(kind, text, value);
    }
}

// −1, 0 or 1; numbers and durations only.
static int compare(flow_kind kind, const void *a, const void *b)
{
#define COMPARE_(T) ((*(const T *)a > *(const T *)b) - (*(const T *)a < *(const T *)b))
    switch (kind) {
    case FLOW_KIND_I32:
        return COMPARE_(int32_t);
    case FLOW_KIND_U32:
        return COMPARE_(uint32_t);
    case FLOW_KIND_U64:
        return COMPARE_(uint64_t);
    case FLOW_KIND_F32:
        return COMPARE_(float);
    case FLOW_KIND_F64:
        return COMPARE_(double);
    default:
        return COMPARE_(int64_t);
    }
#undef COMPARE_
}

static bool within(const flow_option *option, flow_kind kind, const void *value)
{
    const char *limits[2] = { option->at_least, option->at_most };
    for (int i = 0; i < 2; i++) {
        union {
            int64_t i64;
            double f64;
        } limit = { 0 };
        if (!limits[i])
            continue;
        if (!read_kind(kind, flow_str_of(limits[i]), &limit, NULL))
            return false;
        const int order = compare(kind, value, &limit);
        if (i == 0 ? order < 0 : order > 0)
            return false;
    }
    return true;
}

bool fl_option_value(
    const flow_field *field, flow_kind kind, flow_str text, void *value, const flow_memory *memory)
{
    const flow_option *option = field->option;
    if (!option->words)
        return read_kind(kind, text, value, memory) && within(option, kind, value);
    const int place = fl_option_word(option->words, text);
    if (kind == FLOW_KIND_STR)
        *(flow_str *)value = text;
    else
        return place >= 0 && fl_number_store(kind, false, (uint64_t)place, value);
    return place >= 0;
}

// "json or csv", "fail, dead-letter or skip"
static void put_words(const char *words, flow_buffer *out)
{
    while (*words) {
        const flow_str word = next_word(&words);
        flow_buffer_put(out, word.data, word.len);
        if (*words)
            flow_buffer_printf(out, "%s", strchr(words, '|') ? ", " : " or ");
    }
}

static const char *kind_words(flow_kind kind)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        return "true or false";
    case FLOW_KIND_STR:
        return "text";
    case FLOW_KIND_BYTES:
        return "bytes as base64";
    case FLOW_KIND_TIME:
        return "a time such as 2026-11-23T14:30:00Z";
    case FLOW_KIND_DURATION:
        return "a duration such as 250ms, 90s, 10m, 1h or 7d";
    case FLOW_KIND_F32:
    case FLOW_KIND_F64:
        return "a number";
    default:
        return "a whole number";
    }
}

void fl_option_expected(const flow_field *field, flow_buffer *out)
{
    const flow_option *option = field->option;
    const flow_kind kind = field->kind == FLOW_KIND_LIST ? field->item : field->kind;
    if (option->words) {
        put_words(option->words, out);
        return;
    }
    const bool whole = kind == FLOW_KIND_I32 || kind == FLOW_KIND_U32;
    if (whole && !option->at_least && !option->at_most && !option->unit) {
        flow_buffer_printf(out, "%s", fl_number_wanted(kind, true));
        return;
    }
    flow_buffer_printf(out, "%s", kind_words(kind));
    if (option->unit)
        flow_buffer_printf(out, " of %s", option->unit);
    if (option->at_least && option->at_most)
        flow_buffer_printf(out, " from %s to %s", option->at_least, option->at_most);
    else if (option->at_least || option->at_most)
        flow_buffer_printf(out, ", %s or %s", option->at_least ? option->at_least : option->at_most,
            option->at_least ? "more" : "less");
}
