// SPDX-License-Identifier: Apache-2.0
// A growing run of bytes that remembers when memory ran out, so that writers need not check.
#include <stdarg.h>
#include <stdio.h>

#include <flow/text.h>

#include "base/alloc.h"

#define BUFFER_SIZE_MIN ((size_t)64)

static bool make_room(flow_buffer *buffer, size_t len)
{
    if (buffer->failed)
        return false;
    if (buffer->data && len <= buffer->size - buffer->len)
        return true;
    if (len > SIZE_MAX / 2 - buffer->len) {
        buffer->failed = true;
        return false;
    }
    size_t size = buffer->size > BUFFER_SIZE_MIN ? buffer->size : BUFFER_SIZE_MIN;
    while (size < buffer->len + len)
        size *= 2;
    char *data = fl_realloc(buffer->allocator, buffer->data, buffer->size, size, 1);
    if (!data) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->size = size;
    return true;
}

char *flow_buffer_add(flow_buffer *buffer, size_t len)
{
    if (!make_room(buffer, len))
        return NULL;
    char *room = buffer->data + buffer->len;
    buffer->len += len;
    return room;
}

void flow_buffer_put(flow_buffer *buffer, const void *data, size_t len)
{
    if (len == 0)
        return;
    char *room = flow_buffer_add(buffer, len);
    if (room)
        memcpy(room, data, len);
}

void flow_buffer_printf(flow_buffer *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    // Most texts fit into what is there; only the others are made twice.
    const size_t room = buffer->failed ? 0 : buffer->size - buffer->len;
    const int len = vsnprintf(room ? buffer->data + buffer->len : NULL, room, format, args);
    va_end(args);
    if (len < 0) {
        buffer->failed = true;
    } else if ((size_t)len < room) {
        buffer->len += (size_t)len;
    } else if (make_room(buffer, (size_t)len + 1)) {
        vsnprintf(buffer->data + buffer->len, (size_t)len + 1, format, again);
        buffer->len += (size_t)len;
    }
    va_end(again);
}

void flow_buffer_free(flow_buffer *buffer)
{
    if (!buffer)
        return;
    fl_free(buffer->allocator, buffer->data, buffer->size);
    *buffer = (flow_buffer){ .allocator = buffer->allocator };
}
