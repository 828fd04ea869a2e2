// SPDX-License-Identifier: Apache-2.0
// State in sessions: visits that merge when a late click joins them, an offer to who is idle.
#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct click {
    flow_str user, page;
    flow_time at;
};
FLOW_RECORD(click, user, page, at);
struct views {
    int64_t count;
    flow_time last;
};
FLOW_RECORD(views, count, last);
struct message {
    flow_str user, text;
};
FLOW_RECORD(message, user, text);

// [cells]
static void views_merge(struct views *views, const struct views *other)
{
    views->count += other->count;
    views->last = views->last.us > other->last.us ? views->last : other->last;
}
FLOW_VALUE_MERGED(seen, views);                             // two come to what views_merge says
FLOW_VALUE(landing, click, .merging = FLOW_MERGE_EARLIEST); // by the time of what wrote it
FLOW_SET(pages, flow_str);                                  // merges by itself
FLOW_TIMER(idle, flow_str, FLOW_EVENT_TIME, .merging = FLOW_TIMER_LATER);
FLOW_TIMER(over, flow_str, FLOW_WINDOW_EXPIRY); // once for each visit, merged or not
// [cells]

// [element]
static flow_status visit(flow_ctx *ctx, const flow_str *user, const struct click *click)
{
    (void)user;
    const struct views *before = FLOW_CELL_READ(ctx, seen);
    const struct click *first = FLOW_CELL_READ(ctx, landing);
    struct views now = { 1, click->at };
    if (before)
        views_merge(&now, before);
    FLOW_CELL_WRITE(ctx, seen, &now);
    if (!first || click->at.us < first->at.us)
        FLOW_CELL_WRITE(ctx, landing, click);
    (void)FLOW_CELL_INSERT(ctx, pages, &click->page);
    FLOW_TIMER_SET(ctx, idle, ((flow_time){ now.last.us + flow_minutes(10).us }));
    return ctx->status;
}
// [element]

// [timers]
static flow_status idle_due(flow_ctx *ctx, const flow_str *user)
{
    const flow_str text =
        flow_format(ctx, "an offer after %d pages", (int)FLOW_CELL_COUNT(ctx, pages));
    return FLOW_EMIT(ctx, message, .user = *user, .text = text);
}

static flow_status over_due(flow_ctx *ctx, const flow_str *user)
{
    const struct click *first = FLOW_CELL_READ(ctx, landing);
    const int64_t length = flow_event_window(ctx).end.us - flow_event_window(ctx).start.us;
    const flow_str text = flow_format(ctx, "%d clicks on %d pages in %d minutes, from %.*s on",
        (int)FLOW_CELL_READ(ctx, seen)->count, (int)FLOW_CELL_COUNT(ctx, pages),
        (int)(length / flow_minutes(1).us) - 30, (int)first->page.len, first->page.data);
    return FLOW_EMIT(ctx, message, .user = *user, .text = text);
}
FLOW_CELLS_FN(
    visit, flow_str, click, (message), FLOW_CELLS(seen, landing, pages), FLOW_TIMERS(idle, over));
// [timers]

#define MINUTE INT64_C(60000000)

int main(void)
{
    static const struct click clicks[] = { { { "ann", 3 }, { "home", 4 }, { 0 } },
        { { "bob", 3 }, { "cups", 4 }, { 5 * MINUTE } },
        { { "ann", 3 }, { "cart", 4 }, { 45 * MINUTE } },
        { { "ann", 3 }, { "cups", 4 }, { 20 * MINUTE } } };
    const flow_create_options rows = {
        .type = &click_type, .rows = clicks, .count = 4, .event_time = FLOW_FIELD(click, at)
    };
    flow_pipeline *p = flow_pipeline_new("idle");
    flow_error error;
    // [graph]
    const flow_window_options sessions = { .windows = flow_sessions(flow_minutes(30)) };
    flow_coll by_user = flow_key_by(flow_create(p, &rows), FLOW_FIELD(click, user));
    flow_coll messages = flow_do(flow_window_into(by_user, &sessions), &visit_fn);
    // [graph]
    flow_file_write(messages, &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "idle: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
