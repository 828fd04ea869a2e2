// SPDX-License-Identifier: Apache-2.0
// Visits per page and minute in fixed and in sliding windows, and by window.
#include <stdio.h>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

struct visit {
    flow_str page;
    flow_time at;
};
FLOW_RECORD(visit, page, at);

#define VISIT(page, second)                                                                        \
    {                                                                                              \
        { page, sizeof page - 1 },                                                                 \
        {                                                                                          \
            (second) * INT64_C(1000000)                                                            \
        }                                                                                          \
    }

// [show]
// The hour and minute of 1970-01-01T00:01:30Z begin at its eleventh byte.
static const char *clock_of(flow_time at, char *text)
{
    flow_time_print(at, text);
    text[19] = '\0';
    return text + 11;
}

static void show(void *user, const flow_elements *elements)
{
    const flow_batch *batch = &elements->batch;
    for (uint32_t i = 0; i < batch->count; i++) {
        char start[40], end[40];
        const char *row = batch->rows + (size_t)FLOW_BATCH_INDEX(batch, i) * batch->stride;
        const flow_str *page = (const flow_str *)(const void *)(row + batch->key_offset);
        printf("%s  [%s, %s)  %.*s %lld\n", (const char *)user,
            clock_of(elements->windows[i].start, start), clock_of(elements->windows[i].end, end),
            (int)page->len, page->data, (long long)FLOW_BATCH_ROW(batch, flow_counted, i)->count);
    }
}
// [show]

// [graph]
static void count_in(flow_coll visits, flow_windows windows, char *label)
{
    const flow_window_options options = { .windows = windows };
    flow_coll in_windows = flow_window_into(visits, &options);
    flow_coll by_page = flow_key_by(in_windows, FLOW_FIELD(visit, page));
    flow_receive(flow_count(by_page), label, show, label);
}
// [graph]

// [each]
struct seen {
    flow_time at, end;
};
FLOW_RECORD(seen, at, end);

static flow_status see(flow_ctx *ctx, const struct visit *visit)
{
    return FLOW_EMIT(ctx, seen, .at = visit->at, .end = flow_event_window(ctx).end);
}
FLOW_ELEMENT_FN_WITH(see, visit, (seen), .by_window = true);
// [each]

static void show_seen(void *user, const flow_elements *elements)
{
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        const struct seen *s = FLOW_BATCH_ROW(&elements->batch, seen, i);
        char at[40], end[40];
        printf("%s %s, window to %s\n", (char *)user, clock_of(s->at, at), clock_of(s->end, end));
    }
}

// [main]
int main(void)
{
    static const struct visit visits[] = { VISIT("/hats", 5), VISIT("/hats", 59),
        VISIT("/hats", 60), VISIT("/hats", 150) };
    static char fixed[] = "fixed  ", sliding[] = "sliding", seen[] = "seen at";
    const flow_create_options rows = {
        .type = &visit_type, .rows = visits, .count = 4, .event_time = FLOW_FIELD(visit, at)
    };
    flow_pipeline *p = flow_pipeline_new("visits");
    flow_coll all = flow_create(p, &rows);
    count_in(all, flow_fixed(flow_minutes(1)), fixed);
    count_in(all, flow_sliding(flow_minutes(2), flow_minutes(1)), sliding);
    const flow_window_options two = { .windows = flow_sliding(flow_minutes(2), flow_minutes(1)) };
    flow_receive(flow_do(flow_window_into(all, &two), &see_fn), "seen", show_seen, seen);
    flow_error error;
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "windows: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
// [main]
