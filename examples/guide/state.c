// SPDX-License-Identifier: Apache-2.0
// State and a timer per key: a session of clicks ends 30 minutes after its last one.
#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct click {
    flow_str user;
    flow_time at;
};
FLOW_RECORD(click, user, at);
struct session {
    flow_str user;
    flow_time first, last;
    int64_t clicks;
};
FLOW_RECORD(session, user, first, last, clicks);

// [state]
struct open_session {
    flow_time first, last;
    int64_t clicks;
};
FLOW_RECORD(open_session, first, last, clicks);
// [state]

// [element]
static flow_status sessions(
    flow_ctx *ctx, const flow_str *user, const struct click *click, struct open_session *open)
{
    (void)user;
    if (open->clicks++ == 0)
        open->first = click->at;
    open->last = click->at;
    flow_timer_set(ctx, (flow_time){ click->at.us + flow_minutes(30).us });
    return FLOW_OK;
}
// [element]

// [timer]
static flow_status sessions_timer(flow_ctx *ctx, const flow_str *user, struct open_session *open)
{
    FLOW_EMIT(ctx, session, .user = *user, .first = open->first, .last = open->last,
        .clicks = open->clicks);
    flow_state_clear(ctx);
    return ctx->status;
}
FLOW_STATEFUL_FN(sessions, flow_str, click, open_session, session);
// [timer]

// [graph]
static void build(flow_coll clicks)
{
    flow_coll by_user = flow_key_by(clicks, FLOW_FIELD(click, user));
    flow_coll ended = flow_do(by_user, &sessions_fn, &(flow_do_options){ .time_sorted = true });
    const flow_file_write_options out = { .path = "-", .format = FLOW_JSON };
    flow_file_write(ended, &out);
}
// [graph]

#define CLICK(user, minute)                                                                        \
    {                                                                                              \
        { user, sizeof user - 1 },                                                                 \
        {                                                                                          \
            (minute) * INT64_C(60000000)                                                           \
        }                                                                                          \
    }

int main(void)
{
    static const struct click clicks[] = { CLICK("ann", 50), CLICK("ann", 0), CLICK("ann", 10),
        CLICK("bob", 5) };
    const flow_create_options rows = {
        .type = &click_type, .rows = clicks, .count = 4, .event_time = FLOW_FIELD(click, at)
    };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("sessions");
    build(flow_create(p, &rows));
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "state: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
