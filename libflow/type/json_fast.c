// SPDX-License-Identifier: Apache-2.0
// Reads the usual form of an object straight into the row: members that a plan foresees, plain
// texts and numbers. Whatever is unusual or wrong is left to the parser, which decides.
#include "base/unix.h"
#include "type/field.h"
#include "type/json.h"
#include "type/number.h"
#include "type/scan.h"
#include "type/text.h"

#define EXACT_MAX (UINT64_C(1) << 53) // whole numbers up to here are exact as doubles

// All that read here take where the text stands and where it ends, and give where it stands behind
// what they read; NULL to give up.

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *skip_space(const char *at, const char *end)
{
    while (at < end && (unsigned char)*at <= ' ' && is_space(*at))
        at++;
    return at;
}

static inline const char *take_word(const char *at, const char *end, const char *word, size_t len)
{
    return (size_t)(end - at) >= len && memcmp(at, word, len) == 0 ? at + len : NULL;
}

// What fl_skip_plain does not pass: UTF-8.
static const char *skip_rest(const char *at, const char *end)
{
    while (at < end && *at != '"') {
        const size_t len = flow_utf8_len(at, end);
        if (len == 0 || *at == '\\' || (unsigned char)*at < 0x20)
            return NULL;
        at = fl_skip_plain(at + len, end);
    }
    return at < end ? at : NULL;
}

// A text without escapes.
static inline const char *read_plain(const char *at, const char *end, flow_str *text)
{
    if (at == end || *at != '"')
        return NULL;
    const char *const start = at + 1;
    at = fl_skip_plain(start, end);
    if (at == end || *at != '"') {
        at = skip_rest(at, end);
        if (!at)
            return NULL;
    }
    *text = (flow_str){ start, (size_t)(at - start) };
    return at + 1;
}

// Digits, a point and digits again; no exponent.
struct plain_number {
    bool minus;
    uint64_t digits;
    ptrdiff_t decimals;
};

static inline const char *read_plain_number(
    const char *at, const char *end, struct plain_number *number)
{
    *number = (struct plain_number){ .minus = at < end && *at == '-' };
    at += number->minus;
    const char *const start = at;
    at = fl_read_digits(at, end, &number->digits);
    ptrdiff_t count = at - start;
    if (count == 0 || count > FL_DIGITS_MAX || (count > 1 && *start == '0'))
        return NULL;
    if (at < end && *at == '.') {
        const char *const point = at;
        at = fl_read_digits(at + 1, end, &number->digits);
        number->decimals = at - point - 1;
        count += number->decimals;
        if (number->decimals == 0 || count > FL_DIGITS_MAX)
            return NULL;
    }
    return at < end && (*at == 'e' || *at == 'E') ? NULL : at;
}

static const char *read_number(const char *at, const char *end, flow_kind kind, void *to)
{
    static const double powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18 };
    struct plain_number number;
    at = read_plain_number(at, end, &number);
    if (!at)
        return NULL;
    if (number.decimals == 0)
        return fl_number_store(kind, number.minus, number.digits, to) ? at : NULL;
    if (kind == FLOW_KIND_TIME) {
        const struct fl_unix time = { number.minus, false, number.digits, number.decimals };
        return fl_unix_time(time, to) ? at : NULL;
    }
    if ((kind != FLOW_KIND_F64 && kind != FLOW_KIND_F32) || number.digits > EXACT_MAX)
        return NULL;
    // Both exact, so the one division rounds right.
    const double size = (double)number.digits / powers[number.decimals];
    return fl_number_store_f64(kind, number.minus ? -size : size, to) ? at : NULL;
}

static const char *read_time(const char *at, const char *end, flow_time *to)
{
    flow_str text;
    if (at == end || *at != '"')
        return read_number(at, end, FLOW_KIND_TIME, to);
    at = read_plain(at, end, &text);
    return at && flow_time_parse(text, to) ? at : NULL;
}

static const char *read_bool(const char *at, const char *end, bool *to)
{
    const char *const behind = take_word(at, end, "true", 4);
    *to = behind != NULL;
    return behind ? behind : take_word(at, end, "false", 5);
}

static const char *read_object(
    const char *at, const char *end, struct fl_json_plan *plan, void *row);

static inline const char *read_value(
    const char *at, const char *end, struct fl_json_plan *record, flow_kind kind, void *to)
{
    switch (kind) {
    case FLOW_KIND_STR:
        return read_plain(at, end, to);
    case FLOW_KIND_TIME:
        return read_time(at, end, to);
    case FLOW_KIND_BOOL:
        return read_bool(at, end, to);
    case FLOW_KIND_RECORD:
        return read_object(at, end, record, to);
    case FLOW_KIND_BYTES:
    case FLOW_KIND_LIST:
        return NULL;
    default:
        return read_number(at, end, kind, to);
    }
}

// A value nobody asks for. Lists and objects are left to the parser.
static const char *skip_value(const char *at, const char *end)
{
    flow_str text;
    struct plain_number number;
    bool flag;
    if (at == end)
        return NULL;
    if (*at == '"')
        return read_plain(at, end, &text);
    if (*at == 'n')
        return take_word(at, end, "null", 4);
    if (*at == 't' || *at == 'f')
        return read_bool(at, end, &flag);
    return read_plain_number(at, end, &number);
}

// A name that is not the one foreseen.
static const char *look_up(
    const char *at, const char *end, struct fl_json_plan *plan, size_t index, uint32_t *field)
{
    flow_str key;
    char copy[FL_JSON_KEY_MAX + FL_JSON_PAD] = { 0 };
    at = read_plain(at, end, &key);
    if (!at || key.len > FL_JSON_KEY_MAX)
        return NULL;
    memcpy(copy, key.data, key.len);
    *field = fl_json_plan_field(plan, index, (flow_str){ copy, key.len });
    return at;
}

// Whether the name at `at`, behind its quote, is the one foreseen. Near the end of the text, where
// a word cannot be read, it is left to be looked up.
static inline bool is_foreseen(const char *at, const char *end, const struct fl_json_name *name)
{
    const size_t head = sizeof name->head;
    if ((size_t)(end - at) < head || (size_t)(end - at) <= name->len || at[name->len] != '"')
        return false;
    return (fl_json_word(at) & name->mask) == name->head &&
           (name->len <= head || memcmp(at + head, name->text + head, name->len - head) == 0);
}

// A member's name and the colon.
static inline const char *read_key(
    const char *at, const char *end, struct fl_json_plan *plan, size_t index, uint32_t *field)
{
    if (at == end || *at != '"')
        return NULL;
    const struct fl_json_name *name = fl_json_plan_guess(plan, index, field);
    if (name && is_foreseen(at + 1, end, name)) {
        at += name->len + 2;
    } else {
        at = look_up(at, end, plan, index, field);
        if (!at)
            return NULL;
    }
    at = skip_space(at, end);
    return at < end && *at == ':' ? skip_space(at + 1, end) : NULL;
}

static inline const char *read_member(
    const char *at, const char *end, struct fl_json_plan *plan, uint32_t index, void *row)
{
    const flow_field *field = &plan->type->fields[index];
    if (field->presence) {
        const char *const behind = take_word(at, end, "null", 4);
        if (behind)
            return behind;
        fl_field_set_present(field, row);
    }
    return read_value(at, end, plan->records[index], field->kind, (char *)row + field->offset);
}

static const char *read_object(
    const char *at, const char *end, struct fl_json_plan *plan, void *row)
{
    const uint32_t round = fl_json_plan_round(plan);
    uint32_t required = 0, index = 0;
    if (at == end || *at != '{')
        return NULL;
    for (size_t i = 0;; i++) {
        at = read_key(skip_space(at + 1, end), end, plan, i, &index);
        if (!at)
            return NULL;
        if (index == FL_JSON_NO_FIELD || plan->seen[index] == round) {
            at = skip_value(at, end);
        } else {
            plan->seen[index] = round;
            required += plan->type->fields[index].presence == 0;
            at = read_member(at, end, plan, index, row);
        }
        if (!at || (at = skip_space(at, end)) == end)
            return NULL;
        if (*at != ',')
            break;
    }
    return *at == '}' && required == plan->required ? at + 1 : NULL;
}

bool fl_json_fast(struct fl_json_plan *plan, flow_str text, void *row)
{
    const char *const end = text.data + text.len;
    memset(row, 0, plan->type->size);
    const char *at = read_object(skip_space(text.data, end), end, plan, row);
    return at && skip_space(at, end) == end;
}
