// SPDX-License-Identifier: Apache-2.0
// Coders from text, values as text.
#include "vector.h"

#include <stdio.h>

static flow_row_coder *made[ROWS]; // kept for the whole program

void *vector_take(void *user, size_t size)
{
    struct vector_memory *memory = user;
    ck_assert_uint_lt(memory->count, sizeof memory->blocks / sizeof memory->blocks[0]);
    void *block = calloc(1, size ? size : 1);
    ck_assert_ptr_nonnull(block);
    memory->blocks[memory->count++] = block;
    return block;
}

void vector_memory_free(struct vector_memory *memory)
{
    while (memory->count)
        free(memory->blocks[--memory->count]);
}

flow_bytes vector_bytes(const char *hex, struct vector_memory *memory)
{
    const size_t len = strlen(hex) / 2;
    unsigned char *bytes = vector_take(memory, len); // of just this size: reading on is found
    for (size_t i = 0; i < len; i++) {
        const char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return (flow_bytes){ bytes, len };
}

static flow_coder_kind kind_named(const char *name, size_t len)
{
    static const char *const others[] = { "float", "int16", "int32", "timestamp" };
    char urn[80];
    flow_coder_kind kind = 0;
    for (int i = 0; i < 4; i++) {
        if (strlen(others[i]) == len && memcmp(others[i], name, len) == 0)
            return (flow_coder_kind)(FLOW_CODER_FLOAT + i);
    }
    snprintf(urn, sizeof urn, "beam:coder:%.*s:v1", (int)len, name);
    ck_assert_msg(flow_coder_of_urn(urn, &kind), "%s", urn);
    return kind;
}

static flow_coder *parse(const char **text, struct vector_memory *memory)
{
    flow_coder *coder = vector_take(memory, sizeof *coder);
    size_t len = strcspn(*text, "<,>");
    if (strncmp(*text, "row", 3) == 0) {
        const unsigned number = (unsigned)((*text)[3] - '0');
        made[number] = made[number] ? made[number] : row_coder(number);
        coder->kind = FLOW_CODER_ROW;
        coder->row = made[number];
    } else {
        coder->kind = kind_named(*text, len);
    }
    *text += len;
    for (int i = 0; i < 2 && (**text == '<' || (i && **text == ',')); i++) {
        ++*text;
        coder->parts[i] = parse(text, memory);
    }
    *text += **text == '>' && coder->parts[0];
    return coder;
}

const flow_coder *vector_coder(const char *text, const char *payload, struct vector_memory *memory)
{
    flow_coder *coder = parse(&text, memory);
    coder->payload = vector_bytes(payload, memory);
    ck_assert_str_eq(text, "");
    return coder;
}

static void put_hex(const void *data, size_t len, const char *before, flow_buffer *out)
{
    flow_buffer_printf(out, "%s", before);
    for (size_t i = 0; i < len; i++)
        flow_buffer_printf(out, "%02x", ((const unsigned char *)data)[i]);
}

static void put_bits(uint64_t bits, int digits, flow_buffer *out)
{
    flow_buffer_printf(out, "%0*llx", digits, (unsigned long long)bits);
}

static void put_kind(const flow_field *field, flow_kind kind, const void *value, flow_buffer *out)
{
    uint64_t bits64;
    uint32_t bits32;
    switch (kind) {
    case FLOW_KIND_STR:
        put_hex(((const flow_str *)value)->data, ((const flow_str *)value)->len, "s:", out);
        return;
    case FLOW_KIND_BYTES:
        put_hex(((const flow_bytes *)value)->data, ((const flow_bytes *)value)->len, "b:", out);
        return;
    case FLOW_KIND_F32:
        memcpy(&bits32, value, sizeof bits32);
        put_bits(bits32, 8, out);
        return;
    case FLOW_KIND_F64:
        memcpy(&bits64, value, sizeof bits64);
        put_bits(bits64, 16, out);
        return;
    case FLOW_KIND_TIME:
        flow_buffer_printf(out, "us:%lld", (long long)((const flow_time *)value)->us);
        return;
    default:
        flow_json_write_value(kind, field->record, value, out);
        return;
    }
}

// Items of records are shown without names: those of maps.
static void put_record(const flow_type *type, const char *row, bool names, flow_buffer *out)
{
    flow_buffer_printf(out, names ? "{" : "(");
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        const flow_list *list = (const void *)(row + field->offset);
        flow_buffer_printf(out, i ? ", " : "");
        if (names)
            flow_buffer_printf(out, "%s=", field->name);
        if (field->presence && !row[field->presence - 1]) {
            flow_buffer_printf(out, "null");
        } else if (field->kind != FLOW_KIND_LIST) {
            put_kind(field, field->kind, row + field->offset, out);
        } else {
            const size_t size = field->record ? field->record->size : flow_kind_size(field->item);
            flow_buffer_printf(out, "[");
            for (size_t k = 0; k < list->count; k++) {
                const char *item = (const char *)list->items + k * size;
                flow_buffer_printf(out, k ? ", " : "");
                if (field->record)
                    put_record(field->record, item, false, out);
                else
                    put_kind(field, field->item, item, out);
            }
            flow_buffer_printf(out, "]");
        }
    }
    flow_buffer_printf(out, names ? "}" : ")");
}

static void put_items(const flow_coder *item, const flow_list *list, flow_buffer *out)
{
    flow_buffer_printf(out, "[");
    for (size_t i = 0; i < list->count; i++) {
        flow_buffer_printf(out, i ? ", " : "");
        vector_print(item, (const char *)list->items + i * flow_coder_size(item, NULL), out);
    }
    flow_buffer_printf(out, "]");
}

static void put_pane(const flow_pane *pane, flow_buffer *out)
{
    static const char *const timings[] = { "EARLY", "ON_TIME", "LATE", "UNKNOWN" };
    flow_buffer_printf(out, "%s %d%d %u %d", timings[pane->timing], pane->first, pane->last,
        (unsigned)pane->index, (int)pane->on_time_index);
}

static void put_head(const flow_coder *coder, const char *value, flow_buffer *out)
{
    const flow_coder_windowed *head = (const void *)value;
    const flow_coder_timer *timer = (const void *)value;
    vector_print(coder->parts[0], value + flow_coder_offset(coder, 0), out);
    if (coder->kind != FLOW_CODER_TIMER) {
        flow_buffer_printf(out, " @%lld ", (long long)(head->at.us / 1000));
        put_items(coder->parts[1], &head->windows, out);
        flow_buffer_printf(out, " ");
        put_pane(&head->pane, out);
        return;
    }
    put_hex(timer->tag.data, timer->tag.len, " s:", out);
    flow_buffer_printf(out, " ");
    put_items(coder->parts[1], &timer->windows, out);
    if (timer->clear) {
        flow_buffer_printf(out, " clear");
        return;
    }
    flow_buffer_printf(
        out, " %lld %lld ", (long long)(timer->fire.us / 1000), (long long)(timer->hold.us / 1000));
    put_pane(&timer->pane, out);
}

void vector_print(const flow_coder *coder, const char *value, flow_buffer *out)
{
    const flow_window *window = (const void *)value;
    const flow_field none = { 0 };
    switch (coder->kind) {
    case FLOW_CODER_KV:
    case FLOW_CODER_SHARDED_KEY:
        flow_buffer_printf(out, "(");
        if (coder->kind == FLOW_CODER_KV)
            vector_print(coder->parts[0], value, out);
        else
            put_kind(&none, FLOW_KIND_BYTES, value, out);
        flow_buffer_printf(out, ", ");
        vector_print(coder->parts[coder->kind == FLOW_CODER_KV],
            value + flow_coder_offset(coder, coder->kind == FLOW_CODER_KV), out);
        flow_buffer_printf(out, ")");
        return;
    case FLOW_CODER_ITERABLE:
    case FLOW_CODER_STATE_ITERABLE:
        put_items(coder->parts[0], (const void *)value, out);
        return;
    case FLOW_CODER_NULLABLE:
        if (!*(const bool *)value)
            flow_buffer_printf(out, "null");
        else
            vector_print(coder->parts[0], value + flow_coder_offset(coder, 0), out);
        return;
    case FLOW_CODER_CUSTOM_WINDOW: // its latest instant is a millisecond before the end
        window = (const void *)(value + flow_coder_offset(coder, 0));
        ck_assert_int_eq(((const flow_time *)(const void *)value)->us, window->end.us - 1000);
        vector_print(coder->parts[0], value + flow_coder_offset(coder, 0), out);
        return;
    case FLOW_CODER_INTERVAL_WINDOW:
        flow_buffer_printf(out, "[%lld, %lld)", (long long)(window->start.us / 1000),
            (long long)(window->end.us / 1000));
        return;
    case FLOW_CODER_GLOBAL_WINDOW:
        ck_assert_int_eq(window->end.us, FLOW_TIME_GLOBAL_END_US);
        flow_buffer_printf(out, "global");
        return;
    case FLOW_CODER_TIMER:
    case FLOW_CODER_WINDOWED:
    case FLOW_CODER_PARAM_WINDOWED:
        put_head(coder, value, out);
        return;
    case FLOW_CODER_LENGTH_PREFIX:
        vector_print(coder->parts[0], value, out);
        return;
    case FLOW_CODER_ROW:
        put_record(flow_row_coder_type(coder->row), value, true, out);
        return;
    default: {
        static const flow_kind scalars[] = { [FLOW_CODER_BYTES] = FLOW_KIND_BYTES,
            [FLOW_CODER_STRING] = FLOW_KIND_STR,
            [FLOW_CODER_VARINT] = FLOW_KIND_I64,
            [FLOW_CODER_BOOL] = FLOW_KIND_BOOL,
            [FLOW_CODER_DOUBLE] = FLOW_KIND_F64,
            [FLOW_CODER_FLOAT] = FLOW_KIND_F32,
            [FLOW_CODER_INT16] = FLOW_KIND_I32,
            [FLOW_CODER_INT32] = FLOW_KIND_I32,
            [FLOW_CODER_TIMESTAMP] = FLOW_KIND_TIME };
        put_kind(&none, scalars[coder->kind], value, out);
        return;
    }
    }
}

void *vector_read(const char *text, const char *hex, bool nested, struct vector_memory *memory)
{
    const flow_coder *coder = vector_coder(text, "", memory);
    const flow_bytes bytes = vector_bytes(hex, memory);
    const flow_memory lent = { vector_take, memory };
    flow_error error = { 0 };
    flow_coder_input in = { .rest = { bytes.data, bytes.len }, .memory = &lent, .error = &error };
    void *value = vector_take(memory, flow_coder_size(coder, NULL));
    ck_assert_msg(flow_coder_decode(coder, &in, nested, value) == FLOW_OK, "%s", error.message);
    ck_assert_uint_eq(in.rest.len, 0);
    return value;
}

const char *vector_refused(const char *text, const char *hex, bool nested, flow_status status)
{
    static flow_error error;
    struct vector_memory memory = { .count = 0 };
    const flow_coder *coder = vector_coder(text, "", &memory);
    const flow_bytes bytes = vector_bytes(hex, &memory);
    const flow_memory lent = { vector_take, &memory };
    error = (flow_error){ 0 };
    flow_coder_input in = { .rest = { bytes.data, bytes.len }, .memory = &lent, .error = &error };
    void *value = vector_take(&memory, flow_coder_size(coder, NULL));
    ck_assert_int_eq(flow_coder_decode(coder, &in, nested, value), status);
    ck_assert_int_eq(error.status, status);
    vector_memory_free(&memory);
    return error.message;
}

const char *vector_write(
    const char *text, const void *value, bool nested, struct vector_memory *memory)
{
    flow_buffer bytes = { 0 }, hex = { 0 };
    flow_error error = { 0 };
    const flow_coder *coder = vector_coder(text, "", memory);
    const flow_status status = flow_coder_encode(coder, value, nested, &bytes, &error);
    ck_assert_msg(status == FLOW_OK, "%s", error.message);
    put_hex(bytes.data, bytes.len, "", &hex);
    char *copy = vector_take(memory, hex.len + 1);
    if (hex.len)
        memcpy(copy, hex.data, hex.len);
    flow_buffer_free(&bytes);
    flow_buffer_free(&hex);
    return copy;
}
