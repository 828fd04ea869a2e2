// SPDX-License-Identifier: Apache-2.0
// Values of Avro in binary form, read by a plan. Nothing of a file is trusted: lengths and counts
// are compared with the bytes that are there.
#include "avro.h"

static bool fail(struct fl_avro_reader *from, const char *problem)
{
    from->problem = problem;
    return false;
}

static uint64_t left(const struct fl_avro_reader *from)
{
    return (uint64_t)(from->end - from->at);
}

bool fl_avro_read_long(struct fl_avro_reader *from, int64_t *number)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (from->at == from->end)
            return fail(from, "it ends within a number");
        const uint64_t byte = (unsigned char)*from->at++;
        if (shift == 63 && byte > 1)
            break;
        value |= (byte & 127) << shift;
        if (byte < 128) {
            *number = (int64_t)(value >> 1 ^ (0 - (value & 1)));
            return true;
        }
    }
    return fail(from, "a number has more than 64 bits");
}

static bool read_int(struct fl_avro_reader *from, int64_t *number)
{
    return fl_avro_read_long(from, number) && ((*number >= INT32_MIN && *number <= INT32_MAX) ||
                                                  fail(from, "an int has more than 32 bits"));
}

static bool take(struct fl_avro_reader *from, uint64_t len, const char **bytes)
{
    if (len > left(from))
        return fail(from, "a length is beyond its end");
    *bytes = from->at;
    from->at += len;
    return true;
}

static bool read_bytes(struct fl_avro_reader *from, flow_str *text)
{
    int64_t len;
    if (!fl_avro_read_long(from, &len))
        return false;
    if (len < 0)
        return fail(from, "a length is below zero");
    text->len = (size_t)len;
    return take(from, (uint64_t)len, &text->data);
}

static bool read_bool(struct fl_avro_reader *from, bool *value)
{
    const char *byte;
    if (!take(from, 1, &byte))
        return false;
    if (*byte != 0 && *byte != 1)
        return fail(from, "a boolean is neither 0 nor 1");
    *value = *byte;
    return true;
}

static uint64_t little_endian(const char *bytes, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = count; i-- > 0;)
        value = value << 8 | (unsigned char)bytes[i];
    return value;
}

static bool read_float(struct fl_avro_reader *from, float *value)
{
    const char *bytes;
    if (!take(from, 4, &bytes))
        return false;
    const uint32_t bits = (uint32_t)little_endian(bytes, 4);
    memcpy(value, &bits, sizeof bits);
    return true;
}

static bool read_double(struct fl_avro_reader *from, double *value)
{
    const char *bytes;
    if (!take(from, 8, &bytes))
        return false;
    const uint64_t bits = little_endian(bytes, 8);
    memcpy(value, &bits, sizeof bits);
    return true;
}

static bool read_whole(
    struct fl_avro_reader *from, const struct fl_avro_type *type, int64_t *number)
{
    return type->kind == FL_AVRO_INT ? read_int(from, number) : fl_avro_read_long(from, number);
}

// The symbol or branch that a number says.
static bool read_choice(
    struct fl_avro_reader *from, const struct fl_avro_type *type, int64_t *number)
{
    return fl_avro_read_long(from, number) &&
           ((*number >= 0 && *number < (int64_t)type->count) ||
               fail(from, "an enum or union has no such number"));
}

// --- passing over

static bool skip(struct fl_avro_reader *from, const struct fl_avro_type *type, unsigned depth);

// Items come in blocks; a count below zero is followed by the bytes of its block. Items of no bytes
// cost time, not memory, so as many are allowed as a block may have bytes.
static bool skip_items(struct fl_avro_reader *from, const struct fl_avro_type *type, unsigned depth)
{
    for (;;) {
        int64_t count, bytes;
        flow_str key;
        const char *passed;
        if (!fl_avro_read_long(from, &count))
            return false;
        if (count == 0)
            return true;
        if (count < 0) {
            if (!fl_avro_read_long(from, &bytes))
                return false;
            if (bytes < 0 || !take(from, (uint64_t)bytes, &passed))
                return fail(from, "a length is beyond its end");
            continue;
        }
        if (count > INT32_MAX)
            return fail(from, "there are more items than can be");
        for (int64_t i = 0; i < count; i++)
            if ((type->kind == FL_AVRO_MAP && !read_bytes(from, &key)) ||
                !skip(from, type->parts[0], depth))
                return false;
    }
}

static bool skip_parts(struct fl_avro_reader *from, const struct fl_avro_type *type, unsigned depth)
{
    for (uint32_t i = 0; i < type->count; i++)
        if (!skip(from, type->parts[i], depth))
            return false;
    return true;
}

static bool skip(struct fl_avro_reader *from, const struct fl_avro_type *type, unsigned depth)
{
    int64_t number;
    const char *bytes;
    flow_str text;
    bool flag;
    if (depth == 0)
        return fail(from, "it nests too deep");
    switch (type->kind) {
    case FL_AVRO_NULL:
        return true;
    case FL_AVRO_BOOL:
        return read_bool(from, &flag);
    case FL_AVRO_INT:
    case FL_AVRO_LONG:
        return read_whole(from, type, &number);
    case FL_AVRO_FLOAT:
        return take(from, 4, &bytes);
    case FL_AVRO_DOUBLE:
        return take(from, 8, &bytes);
    case FL_AVRO_BYTES:
    case FL_AVRO_STRING:
        return read_bytes(from, &text);
    case FL_AVRO_RECORD:
        return skip_parts(from, type, depth - 1);
    case FL_AVRO_ENUM:
        return read_choice(from, type, &number);
    case FL_AVRO_ARRAY:
    case FL_AVRO_MAP:
        return skip_items(from, type, depth - 1);
    case FL_AVRO_UNION:
        return read_choice(from, type, &number) && skip(from, type->parts[number], depth - 1);
    case FL_AVRO_FIXED:
        return take(from, type->size, &bytes);
    }
    return false;
}

// --- reading

static bool store_time(
    struct fl_avro_reader *from, enum fl_avro_logical logical, int64_t number, flow_time *to)
{
    int64_t unit = 1;
    if (logical == FL_AVRO_DATE)
        unit = INT64_C(86400000000);
    else if (logical == FL_AVRO_TIMESTAMP_MILLIS)
        unit = 1000;
    else if (logical == FL_AVRO_TIMESTAMP_NANOS)
        number = number / 1000 - (number % 1000 < 0);
    if (number > FLOW_TIME_MAX_US / unit || number < FLOW_TIME_MIN_US / unit)
        return fail(from, "a time is out of range");
    to->us = number * unit;
    return true;
}

static bool store_whole(
    struct fl_avro_reader *from, const struct fl_avro_plan *plan, int64_t number, void *to)
{
    switch (plan->kind) {
    case FLOW_KIND_I32:
        *(int32_t *)to = (int32_t)number;
        return true;
    case FLOW_KIND_I64:
        *(int64_t *)to = number;
        return true;
    case FLOW_KIND_U32:
        *(uint32_t *)to = (uint32_t)number;
        return (number >= 0 && number <= UINT32_MAX) ||
               fail(from, "a number does not fit into 32 unsigned bits");
    case FLOW_KIND_U64:
        *(uint64_t *)to = (uint64_t)number;
        return number >= 0 || fail(from, "a number is below zero, where the field is unsigned");
    case FLOW_KIND_F32:
        *(float *)to = (float)number;
        return true;
    case FLOW_KIND_F64:
        *(double *)to = (double)number;
        return true;
    case FLOW_KIND_DURATION:
        if (plan->type->logical == FL_AVRO_TIME_MILLIS)
            number *= 1000; // an int
        ((flow_duration *)to)->us = number;
        return true;
    default:
        return store_time(from, plan->type->logical, number, to);
    }
}

static bool read_real(struct fl_avro_reader *from, const struct fl_avro_plan *plan, void *to)
{
    float narrow = 0;
    double wide = 0;
    const bool read =
        plan->type->kind == FL_AVRO_FLOAT ? read_float(from, &narrow) : read_double(from, &wide);
    if (!read)
        return false;
    if (plan->kind == FLOW_KIND_F32)
        *(float *)to = narrow;
    else
        *(double *)to = plan->type->kind == FL_AVRO_FLOAT ? (double)narrow : wide;
    return true;
}

// The symbols live with the schema, but rows may live longer.
static bool read_symbol(struct fl_avro_reader *from, const struct fl_avro_plan *plan, flow_str *to)
{
    int64_t number;
    if (!read_choice(from, plan->type, &number))
        return false;
    const char *symbol = plan->type->names[number];
    const size_t len = strlen(symbol);
    char *text = from->memory->take(from->memory->user, len + 1);
    if (text == NULL)
        return fail(from, NULL);
    memcpy(text, symbol, len + 1);
    *to = (flow_str){ text, len };
    return true;
}

static bool read_value(
    struct fl_avro_reader *from, const struct fl_avro_plan *plan, void *to, unsigned depth);

// Room for more items behind those that are read.
static char *more_items(struct fl_avro_reader *from, const struct fl_avro_plan *plan,
    const flow_list *list, int64_t count)
{
    const uint64_t all = list->count + (uint64_t)count;
    char *items = NULL;
    if (all <= SIZE_MAX / 2 / plan->size)
        items = from->memory->take(from->memory->user, (size_t)all * plan->size);
    if (items == NULL) {
        fail(from, NULL);
        return NULL;
    }
    memset(items, 0, (size_t)all * plan->size);
    if (list->count > 0)
        memcpy(items, list->items, list->count * plan->size);
    return items;
}

static bool read_list(
    struct fl_avro_reader *from, const struct fl_avro_plan *plan, flow_list *list, unsigned depth)
{
    for (;;) {
        int64_t count, bytes;
        if (!fl_avro_read_long(from, &count))
            return false;
        if (count == 0)
            return true;
        if (count < 0) {
            if (count == INT64_MIN || !fl_avro_read_long(from, &bytes))
                return fail(from, "a count is out of range");
            count = -count;
        }
        if ((uint64_t)count > left(from)) // an item that a field can hold has a byte at least
            return fail(from, "there are more items than bytes");
        char *items = more_items(from, plan, list, count);
        if (items == NULL)
            return false;
        char *at = items + list->count * plan->size;
        for (int64_t i = 0; i < count; i++, at += plan->size) {
            if (!read_value(from, plan->parts[0], at, depth))
                return false;
            if (from->problem != NULL)
                return fail(from, "an item of a list is null");
        }
        list->items = items;
        list->count += (size_t)count;
    }
}

static bool read_record(
    struct fl_avro_reader *from, const struct fl_avro_plan *plan, char *row, unsigned depth)
{
    for (uint32_t i = 0; i < plan->type->count; i++) {
        const struct fl_avro_plan *part = plan->parts[i];
        bool read;
        if (part->kind == FLOW_KIND_NONE) {
            read = skip(from, part->type, depth);
        } else {
            // a null takes it back
            if (part->presence)
                *(bool *)(row + part->presence - 1) = true;
            read = read_value(from, part, row + part->offset, depth);
            if (read && from->problem != NULL) {
                from->problem = NULL;
                if (part->presence)
                    *(bool *)(row + part->presence - 1) = false;
                else
                    read = fail(from, "a value is null, but the field is not optional");
            }
        }
        if (!read) {
            if (from->field == NULL)
                from->field = plan->type->names[i];
            return false;
        }
    }
    return true;
}

static const char null_found[] = "null";

// A null is a value that is read, with `null_found` as the problem for who has the field.
static bool read_branch(
    struct fl_avro_reader *from, const struct fl_avro_plan *plan, void *to, unsigned depth)
{
    int64_t branch;
    if (!read_choice(from, plan->type, &branch))
        return false;
    if (plan->parts[branch] != NULL)
        return read_value(from, plan->parts[branch], to, depth);
    if (plan->type->parts[branch]->kind != FL_AVRO_NULL)
        return fail(from, "a value is of a branch that does not fit the field");
    from->problem = null_found;
    return true;
}

static bool read_scalar(struct fl_avro_reader *from, const struct fl_avro_plan *plan, void *to)
{
    const struct fl_avro_type *type = plan->type;
    int64_t number;
    flow_str text = { NULL, 0 };
    switch (type->kind) {
    case FL_AVRO_BOOL:
        return read_bool(from, to);
    case FL_AVRO_INT:
    case FL_AVRO_LONG:
        return read_whole(from, type, &number) && store_whole(from, plan, number, to);
    case FL_AVRO_FLOAT:
    case FL_AVRO_DOUBLE:
        return read_real(from, plan, to);
    case FL_AVRO_ENUM:
        return read_symbol(from, plan, to);
    case FL_AVRO_FIXED:
        text.len = (size_t)type->size;
        if (!take(from, type->size, &text.data))
            return false;
        break;
    default:
        if (!read_bytes(from, &text))
            return false;
        break;
    }
    memcpy(to, &text, sizeof text); // flow_bytes lie alike
    return true;
}

static bool read_value(
    struct fl_avro_reader *from, const struct fl_avro_plan *plan, void *to, unsigned depth)
{
    if (depth == 0)
        return fail(from, "it nests too deep");
    if (plan->type->kind == FL_AVRO_UNION)
        return read_branch(from, plan, to, depth - 1);
    if (plan->kind == FLOW_KIND_RECORD)
        return read_record(from, plan, to, depth - 1);
    if (plan->kind == FLOW_KIND_LIST)
        return read_list(from, plan, to, depth - 1);
    return read_scalar(from, plan, to);
}

bool fl_avro_read(struct fl_avro_reader *from, const struct fl_avro_plan *plan, void *row)
{
    from->problem = NULL;
    from->field = NULL;
    memset(row, 0, plan->size);
    return read_record(from, plan, row, FL_AVRO_DEPTH);
}
