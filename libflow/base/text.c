// SPDX-License-Identifier: Apache-2.0
// Text that callers own: it remembers the allocator that it came from.
#include <flow/flow.h>
#include <flow/text.h>

#include "base/alloc.h"

// What stands before such text.
typedef struct text_head {
    flow_allocator allocator;
    size_t size;
} text_head;

char *flow_buffer_text(flow_buffer *buffer)
{
    text_head head = { .size = sizeof head + buffer->len + 1 };
    if (buffer->allocator)
        head.allocator = *buffer->allocator;
    char *text = buffer->failed ? NULL : fl_alloc(&head.allocator, head.size, _Alignof(text_head));
    if (text) {
        memcpy(text, &head, sizeof head);
        text += sizeof head;
        if (buffer->len)
            memcpy(text, buffer->data, buffer->len);
        text[buffer->len] = '\0';
    }
    flow_buffer_free(buffer);
    return text;
}

void flow_text_free(char *text)
{
    if (!text)
        return;
    text_head *head = (text_head *)(void *)(text - sizeof *head);
    const flow_allocator allocator = head->allocator;
    fl_free(&allocator, head, head->size);
}
