// SPDX-License-Identifier: Apache-2.0
// The host's function sees committed elements only, whole and with their texts.
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

struct note {
    int64_t id;
    flow_str text;
};
FLOW_RECORD(note, id, text);

struct keyed {
    flow_str key;
    struct note value;
};

struct fixture {
    flow_pipeline *pipeline;
    const flow_sink *sink;
    const void *config;
    void *self;
    flow_error error;
    struct fake_heap heap;
    char seen[4096]; // what the function was called with
};

static void see(void *user, const flow_elements *elements)
{
    struct fixture *f = user;
    const flow_batch *batch = &elements->batch;
    for (uint32_t i = 0; i < batch->count; i++) {
        const char *row = batch->rows + (size_t)i * batch->stride;
        const struct note *note = (const void *)(row + batch->value_offset);
        const flow_str *key = (const void *)(row + batch->key_offset);
        const size_t len = strlen(f->seen);
        snprintf(f->seen + len, sizeof f->seen - len, "%.*s/%d/%.*s/%d/%u ",
            batch->value_offset ? (int)key->len : 0, key->data, (int)note->id, (int)note->text.len,
            note->text.data, (int)elements->times[i].us,
            elements->panes ? elements->panes[i].index : 9);
    }
    ck_assert_ptr_null(batch->selection);
    const size_t len = strlen(f->seen);
    snprintf(f->seen + len, sizeof f->seen - len, "| ");
}

static void begin(struct fixture *f, bool keyed)
{
    static const struct note none[1];
    memset(f, 0, sizeof *f);
    f->pipeline = flow_pipeline_new("test");
    const flow_create_options options = { .type = &note_type, .rows = none, .count = 1 };
    flow_receive(flow_create(f->pipeline, &options), NULL, see, f);
    f->sink = sink_of(f->pipeline, &f->config);
    ck_assert(f->sink->wants_times);
    fake_heap_init(&f->heap);
    const flow_open open = { .config = f->config,
        .step = "test/receive",
        .type = &note_type,
        .key = { .kind = keyed ? FLOW_KIND_STR : FLOW_KIND_NONE },
        .workers = 2,
        .allocator = &f->heap.allocator,
        .error = &f->error };
    f->self = calloc(1, f->sink->self_size);
    ck_assert_int_eq(f->sink->open(f->self, &open), FLOW_OK);
}

static void end(struct fixture *f)
{
    f->sink->close(f->self);
    free(f->self);
    ck_assert_uint_eq(f->heap.live, 0);
    flow_pipeline_free(f->pipeline);
}

static flow_status stage(struct fixture *f, uint32_t worker, int64_t id)
{
    char text[16];
    snprintf(text, sizeof text, "t%d", (int)id);
    struct note notes[] = { { id, flow_str_of(text) }, { 99, { "no", 2 } },
        { id + 1, flow_str_of(text) } };
    static const uint16_t selection[] = { 0, 2 };
    flow_time times[] = { { id * 10 }, { id * 10 + 1 } };
    flow_pane panes[] = { { .index = 4 }, { .index = 5 } };
    const flow_elements elements = { .batch = { .rows = (const char *)notes,
                                         .selection = selection,
                                         .count = 2,
                                         .stride = sizeof notes[0] },
        .times = times,
        .panes = panes };
    const flow_status status = f->sink->stage(f->self, worker, &elements, &f->error);
    memset(notes, 0x55, sizeof notes); // all of it was lent
    memset(text, '#', sizeof text);
    memset(times, 0x55, sizeof times);
    return status;
}

START_TEST(a_committed_bundle_is_received_batch_by_batch)
{
    struct fixture f;
    begin(&f, false);
    ck_assert_int_eq(stage(&f, 0, 1), FLOW_OK);
    ck_assert_int_eq(stage(&f, 0, 5), FLOW_OK);
    ck_assert_str_eq(f.seen, "");
    f.sink->publish(f.self, 0);
    ck_assert_str_eq(f.seen, "/1/t1/10/4 /2/t1/11/5 | /5/t5/50/4 /6/t5/51/5 | ");
    f.sink->publish(f.self, 0); // nothing more
    ck_assert_str_eq(f.seen, "/1/t1/10/4 /2/t1/11/5 | /5/t5/50/4 /6/t5/51/5 | ");
    end(&f);
}
END_TEST

START_TEST(an_aborted_bundle_is_never_received)
{
    struct fixture f;
    begin(&f, false);
    ck_assert_int_eq(stage(&f, 0, 1), FLOW_OK);
    ck_assert_int_eq(stage(&f, 1, 3), FLOW_OK);
    f.sink->abort(f.self, 0);
    ck_assert_int_eq(stage(&f, 0, 7), FLOW_OK);
    f.sink->publish(f.self, 0);
    ck_assert_str_eq(f.seen, "/7/t7/70/4 /8/t7/71/5 | ");
    end(&f);
}
END_TEST

START_TEST(a_key_beside_its_element_is_copied_too)
{
    struct fixture f;
    begin(&f, true);
    char key[] = "the key";
    char text[] = "hello";
    struct keyed row = { { key, 7 }, { 3, { text, 5 } } };
    flow_time time = { 1 };
    const flow_elements elements = { .batch = { .rows = (const char *)&row,
                                         .count = 1,
                                         .stride = sizeof row,
                                         .key_offset = offsetof(struct keyed, key),
                                         .value_offset = offsetof(struct keyed, value) },
        .times = &time };
    ck_assert_int_eq(f.sink->stage(f.self, 1, &elements, &f.error), FLOW_OK);
    memset(key, '#', sizeof key);
    memset(text, '#', sizeof text);
    memset(&row, 0x55, sizeof row);
    f.sink->publish(f.self, 1);
    ck_assert_str_eq(f.seen, "the key/3/hello/1/9 | ");
    end(&f);
}
END_TEST

START_TEST(bundles_reuse_their_memory)
{
    struct fixture f;
    begin(&f, false);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(stage(&f, 0, i), FLOW_OK);
        if (i == 0)
            f.heap.calls = 0;
        f.sink->abort(f.self, 0);
    }
    ck_assert_uint_eq(f.heap.calls, 0);
    end(&f);
}
END_TEST

START_TEST(without_memory_the_bundle_fails)
{
    struct fixture f;
    begin(&f, false);
    f.heap.fail_at = f.heap.calls + 1;
    ck_assert_int_eq(stage(&f, 0, 1), FLOW_MEMORY);
    ck_assert_str_eq(f.error.step, "test/receive");
    f.sink->abort(f.self, 0);
    ck_assert_int_eq(stage(&f, 0, 2), FLOW_OK);
    f.sink->publish(f.self, 0);
    ck_assert_str_eq(f.seen, "/2/t2/20/4 /3/t2/21/5 | ");
    end(&f);
}
END_TEST

START_TEST(receiving_needs_a_function)
{
    static const struct note none[1];
    flow_error error = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("test");
    const flow_create_options options = { .type = &note_type, .rows = none, .count = 1 };
    flow_receive(flow_create(pipeline, &options), "host", NULL, NULL);
    ck_assert_int_eq(flow_pipeline_check(pipeline, &error), FLOW_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "is NULL"));
    flow_pipeline_free(pipeline);
}
END_TEST

TCase *receive_case(void)
{
    TCase *tcase = tcase_create("receive");
    tcase_add_test(tcase, a_committed_bundle_is_received_batch_by_batch);
    tcase_add_test(tcase, an_aborted_bundle_is_never_received);
    tcase_add_test(tcase, a_key_beside_its_element_is_copied_too);
    tcase_add_test(tcase, bundles_reuse_their_memory);
    tcase_add_test(tcase, without_memory_the_bundle_fails);
    tcase_add_test(tcase, receiving_needs_a_function);
    return tcase;
}
