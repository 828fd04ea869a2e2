// SPDX-License-Identifier: Apache-2.0
// An open file sink, for tests that write.
#include "sink.h"

#include <stdio.h>
#include <stdlib.h>

struct fake_sink sink_for(const char *path, flow_file_format format)
{
    struct fake_sink sink = { .type = &item_type_shared, .workers = 1 };
    sink.config.options.path = path;
    sink.config.options.format = format;
    sink.config.options.key_name = "key";
    sink.config.block_size = FL_BLOCK_SIZE;
    sink.config.spill_size = FL_SPILL_SIZE;
    return sink;
}

flow_status sink_open(struct fake_sink *sink)
{
    fake_heap_init(&sink->heap);
    const flow_open open = { .config = &sink->config,
        .step = "test/write",
        .type = sink->type,
        .key = sink->key,
        .workers = sink->workers,
        .allocator = &sink->heap.allocator,
        .error = &sink->error };
    sink->self = calloc(1, fl_file_sink.self_size);
    const flow_status status = fl_file_sink.open(sink->self, &open);
    if (status != FLOW_OK) {
        free(sink->self);
        sink->self = NULL;
        ck_assert_uint_eq(sink->heap.live, 0);
    }
    return status;
}

flow_status sink_stage(struct fake_sink *sink, uint32_t worker, int from, int to)
{
    const size_t count = (size_t)(to - from);
    struct item *items = calloc(count, sizeof *items);
    char(*texts)[16] = calloc(count, sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        items[i].id = from + (int)i;
        snprintf(texts[i], sizeof texts[i], "t%d", from + (int)i);
        items[i].text = flow_str_of(texts[i]);
    }
    flow_status status = FLOW_OK;
    for (size_t at = 0; at < count && status == FLOW_OK; at += FLOW_BATCH_ROWS) {
        const size_t left = count - at;
        const flow_elements elements = { .batch = { .rows = (const char *)(items + at),
                                             .count = left < FLOW_BATCH_ROWS ? (uint32_t)left
                                                                             : FLOW_BATCH_ROWS,
                                             .stride = sizeof *items } };
        status = fl_file_sink.stage(sink->self, worker, &elements, &sink->error);
    }
    free(items);
    free(texts);
    return status;
}

void sink_bundle(struct fake_sink *sink, uint32_t worker, int from, int to)
{
    ck_assert_int_eq(sink_stage(sink, worker, from, to), FLOW_OK);
    fl_file_sink.publish(sink->self, worker);
}

static void sink_close(struct fake_sink *sink)
{
    fl_file_sink.close(sink->self);
    free(sink->self);
    sink->self = NULL;
    ck_assert_uint_eq(sink->heap.live, 0);
}

flow_status sink_finish(struct fake_sink *sink)
{
    const flow_status status = fl_file_sink.finish(sink->self, &sink->error);
    sink_close(sink);
    return status;
}

void sink_discard(struct fake_sink *sink)
{
    fl_file_sink.discard(sink->self);
    sink_close(sink);
}

void check_content(const char *path, const char *text)
{
    char *content = fake_content(path, NULL);
    ck_assert_ptr_nonnull(content);
    ck_assert_str_eq(content, text);
    free(content);
}
