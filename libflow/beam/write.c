// SPDX-License-Identifier: Apache-2.0
// Values into the bytes of Beam's standard coders.
#include "beam/beam.h"

// One value being written.
struct writing {
    flow_buffer *out;
    flow_error *error;
};

static flow_status write_value(
    const struct writing *to, const flow_coder *coder, const void *value, bool nested);

static flow_status refuse(const struct writing *to, const flow_coder *coder, const char *why)
{
    return flow_error_raise(
        to->error, FLOW_INVALID, NULL, "coder %s: %s", fl_coder_name(coder->kind), why);
}

static void put_text(const struct writing *to, const void *data, size_t len, bool nested)
{
    if (nested)
        fl_beam_put_varint(to->out, len);
    flow_buffer_put(to->out, data, len);
}

static flow_status write_items(const struct writing *to, const flow_coder *coder,
    const flow_coder *item, const flow_list *list)
{
    const size_t size = flow_coder_size(item, NULL);
    const char *at = list->items;
    if (list->count > INT32_MAX)
        return refuse(to, coder, "a list has more than 2147483647 items");
    fl_beam_put_fixed(to->out, list->count, 4);
    for (size_t i = 0; i < list->count; i++, at += size) {
        const flow_status status = write_value(to, item, at, true);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

static flow_status write_interval(
    const struct writing *to, const flow_coder *coder, const flow_window *window)
{
    const int64_t start = window->start.us, end = window->end.us;
    if (start % 1000 != 0 || end % 1000 != 0)
        return refuse(to, coder, "a window does not begin and end at whole milliseconds");
    if (start > end || start < FLOW_TIME_MIN_US || end > FLOW_TIME_MAX_US)
        return refuse(to, coder, "a window ends before it begins, or is out of range");
    fl_beam_put_time(to->out, window->end);
    fl_beam_put_varint(to->out, (uint64_t)(end / 1000) - (uint64_t)(start / 1000));
    return FLOW_OK;
}

static flow_status write_windowed(
    const struct writing *to, const flow_coder *coder, const flow_coder_windowed *head)
{
    fl_beam_put_time(to->out, head->at);
    const flow_status status = write_items(to, coder, coder->parts[1], &head->windows);
    if (status == FLOW_OK)
        fl_beam_put_pane(to->out, &head->pane);
    return status;
}

static flow_status write_timer(const struct writing *to, const flow_coder *coder,
    const flow_coder_timer *timer, const void *key)
{
    flow_status status = write_value(to, coder->parts[0], key, true);
    if (status == FLOW_OK && !fl_is_utf8(timer->tag))
        status = refuse(to, coder, "its tag is not UTF-8");
    if (status != FLOW_OK)
        return status;
    put_text(to, timer->tag.data, timer->tag.len, true);
    status = write_items(to, coder, coder->parts[1], &timer->windows);
    if (status != FLOW_OK)
        return status;
    fl_beam_put_fixed(to->out, timer->clear, 1);
    if (timer->clear)
        return FLOW_OK;
    fl_beam_put_time(to->out, timer->fire);
    fl_beam_put_time(to->out, timer->hold);
    fl_beam_put_pane(to->out, &timer->pane);
    return FLOW_OK;
}

// The part stands in the outer context behind its own length.
static flow_status write_prefixed(
    const struct writing *to, const flow_coder *coder, const void *value)
{
    flow_buffer inner = { .allocator = to->out->allocator };
    const struct writing within = { &inner, to->error };
    const flow_status status = write_value(&within, coder->parts[0], value, false);
    if (status == FLOW_OK)
        fl_beam_put_bytes(to->out, inner.data, inner.len);
    to->out->failed = to->out->failed || inner.failed;
    flow_buffer_free(&inner);
    return status;
}

static flow_status write_number(
    const struct writing *to, const flow_coder *coder, const void *value)
{
    uint64_t bits64;
    uint32_t bits32;
    switch (coder->kind) {
    case FLOW_CODER_VARINT:
        fl_beam_put_varint(to->out, (uint64_t) * (const int64_t *)value);
        return FLOW_OK;
    case FLOW_CODER_BOOL:
        fl_beam_put_fixed(to->out, *(const bool *)value, 1);
        return FLOW_OK;
    case FLOW_CODER_DOUBLE:
        memcpy(&bits64, value, sizeof bits64);
        fl_beam_put_fixed(to->out, bits64, 8);
        return FLOW_OK;
    case FLOW_CODER_FLOAT:
        memcpy(&bits32, value, sizeof bits32);
        fl_beam_put_fixed(to->out, bits32, 4);
        return FLOW_OK;
    case FLOW_CODER_INT16:
        if (*(const int32_t *)value < INT16_MIN || *(const int32_t *)value > INT16_MAX)
            return refuse(to, coder, "a number has more than 16 bits");
        fl_beam_put_fixed(to->out, (uint64_t) * (const int32_t *)value & 0xFFFF, 2);
        return FLOW_OK;
    case FLOW_CODER_INT32:
        fl_beam_put_varint(to->out, (uint32_t) * (const int32_t *)value);
        return FLOW_OK;
    default:
        fl_beam_put_time(to->out, *(const flow_time *)value);
        return FLOW_OK;
    }
}

static flow_status write_kv(
    const struct writing *to, const flow_coder *coder, const char *value, bool nested)
{
    const char *second = value + flow_coder_offset(coder, 1);
    const flow_status status =
        write_value(to, coder->parts[0], value + flow_coder_offset(coder, 0), true);
    return status == FLOW_OK ? write_value(to, coder->parts[1], second, nested) : status;
}

// What has a head before its only laid part.
static flow_status write_headed(
    const struct writing *to, const flow_coder *coder, const char *value, bool nested)
{
    const char *part = value + flow_coder_offset(coder, 0);
    const flow_bytes *shard = (const void *)value;
    flow_status status = FLOW_OK;
    switch (coder->kind) {
    case FLOW_CODER_NULLABLE:
        fl_beam_put_fixed(to->out, *(const bool *)value, 1);
        if (!*(const bool *)value)
            return FLOW_OK;
        break;
    case FLOW_CODER_SHARDED_KEY:
        put_text(to, shard->data, shard->len, true);
        nested = true;
        break;
    case FLOW_CODER_CUSTOM_WINDOW:
        fl_beam_put_time(to->out, *(const flow_time *)(const void *)value);
        break;
    case FLOW_CODER_WINDOWED:
        status = write_windowed(to, coder, (const void *)value);
        break;
    default: // of PARAM_WINDOWED the reader knows the head
        break;
    }
    return status == FLOW_OK ? write_value(to, coder->parts[0], part, nested) : status;
}

static flow_status write_value(
    const struct writing *to, const flow_coder *coder, const void *value, bool nested)
{
    const flow_str *text = value;
    switch (coder->kind) {
    case FLOW_CODER_STRING:
        if (!fl_is_utf8(*text))
            return refuse(to, coder, "a text is not UTF-8");
        put_text(to, text->data, text->len, nested);
        return FLOW_OK;
    case FLOW_CODER_BYTES:
        put_text(to, ((const flow_bytes *)value)->data, ((const flow_bytes *)value)->len, nested);
        return FLOW_OK;
    case FLOW_CODER_KV:
        return write_kv(to, coder, value, nested);
    case FLOW_CODER_ITERABLE:
    case FLOW_CODER_STATE_ITERABLE:
        return write_items(to, coder, coder->parts[0], value);
    case FLOW_CODER_INTERVAL_WINDOW:
        return write_interval(to, coder, value);
    case FLOW_CODER_GLOBAL_WINDOW:
        return FLOW_OK;
    case FLOW_CODER_TIMER:
        return write_timer(to, coder, value, (const char *)value + flow_coder_offset(coder, 0));
    case FLOW_CODER_LENGTH_PREFIX:
        return write_prefixed(to, coder, value);
    case FLOW_CODER_ROW:
        return fl_row_encode(coder->row, value, to->out, to->error);
    case FLOW_CODER_NULLABLE:
    case FLOW_CODER_CUSTOM_WINDOW:
    case FLOW_CODER_SHARDED_KEY:
    case FLOW_CODER_WINDOWED:
    case FLOW_CODER_PARAM_WINDOWED:
        return write_headed(to, coder, value, nested);
    default:
        return write_number(to, coder, value);
    }
}

flow_status flow_coder_encode(
    const flow_coder *coder, const void *value, bool nested, flow_buffer *out, flow_error *error)
{
    const struct writing to = { out, error };
    const size_t from = out->len;
    flow_status status = flow_coder_check(coder, error);
    if (status == FLOW_OK)
        status = write_value(&to, coder, value, nested);
    if (status == FLOW_OK && out->failed)
        status = flow_error_raise(error, FLOW_MEMORY, NULL, "coder %s: no memory for its bytes",
            fl_coder_name(coder->kind));
    if (status != FLOW_OK)
        out->len = from;
    return status;
}
