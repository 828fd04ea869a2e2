// SPDX-License-Identifier: Apache-2.0
// Dead letters and drops say the file and line that they came from, however many there are.
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

#include <flow/memory.h>
#include <flow/runner_local.h>

struct sale {
    int64_t line;
    flow_time at;
};
FLOW_RECORD(sale, line, at);

#define SALES 60000 // more than one range of a split file

static flow_status refuse(flow_ctx *ctx, const struct sale *in)
{
    if (in->line % 50 == 7)
        return flow_fail(ctx, FLOW_USER, "no line may end so");
    return FLOW_EMIT_ROW(ctx, sale, in);
}
FLOW_ELEMENT_FN(refuse, sale, sale);

struct told {
    const char *path;
    size_t failed, future, wrong;
};

// What the rejected element says of its line must be where its message says it stands.
static void look(void *user, const flow_elements *elements)
{
    struct told *told = user;
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        const struct flow_rejected *rejected = FLOW_BATCH_ROW(&elements->batch, flow_rejected, i);
        char wanted[512];
        const long line = strtol(rejected->element.data + strlen("{\"line\":"), NULL, 10);
        const int len = snprintf(wanted, sizeof wanted, "; from %s:%ld", told->path, line);
        const flow_str message = rejected->message;
        told->failed += flow_str_equal(rejected->reason, flow_str_of("failed"));
        told->future += flow_str_equal(rejected->reason, flow_str_of("future"));
        told->wrong += message.len < (size_t)len ||
                       memcmp(message.data + message.len - (size_t)len, wanted, (size_t)len) != 0;
    }
}

static flow_buffer sales(void)
{
    flow_buffer text = { 0 };
    for (int line = 1; line <= SALES; line++)
        flow_buffer_printf(&text, line % 1000 == 0 ? "broken\n" : "{\"line\":%d,\"at\":\"%s\"}\n",
            line, line % 100 == 1 ? "2099-01-01T00:00:00Z" : "2026-11-24T00:00:00Z");
    return text;
}

// _i: compression.
START_TEST(dead_letters_and_drops_tell_file_and_line)
{
    flow_buffer text = sales();
    flow_buffer file = packed(kinds[_i], (flow_str){ text.data, text.len });
    fake_folder();
    struct told told = { .path = fake_file("sales", file.data, file.len) };
    flow_pipeline *pipeline = flow_pipeline_new("sales");
    const flow_file_read_options in = { .path = told.path,
        .format = FLOW_JSON,
        .type = &sale_type,
        .event_time = FLOW_FIELD(sale, at),
        .times = { .not_after = { INT64_C(1900000000000000) } },
        .on_error = FLOW_ON_ERROR_SKIP };
    const flow_coll read = flow_file_read(pipeline, &in);
    const flow_coll good =
        flow_do(read, &refuse_fn, &(flow_do_options){ .on_error = FLOW_ON_ERROR_DEAD_LETTER });
    flow_receive(flow_dead_letters(good), "failed", look, &told);
    struct told future = { .path = told.path };
    flow_receive(flow_dropped(read), "future", look, &future);
    const flow_local_options options = { .workers = 2 };
    const flow_runner runner = flow_local(&options);
    flow_error error = { 0 };
    flow_run(pipeline, &runner, &error);
    ck_assert_msg(error.status == FLOW_OK, "%s: %s", error.step, error.message);
    ck_assert_uint_eq(told.failed, SALES / 50);
    ck_assert_uint_eq(told.wrong, 0);
    ck_assert_uint_eq(future.future, SALES / 100);
    ck_assert_uint_eq(future.wrong, SALES / 1000); // those that do not parse name it in front
    flow_pipeline_free(pipeline);
    flow_buffer_free(&text);
    flow_buffer_free(&file);
}
END_TEST

TCase *origin_case(void)
{
    TCase *tests = tcase_create("origins");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, if_json(dead_letters_and_drops_tell_file_and_line), 0, KINDS);
    return tests;
}
