// SPDX-License-Identifier: Apache-2.0
// What a shop asks of its clickstream: visits, how far people come, and who comes back.
#include <stdio.h>

#include <flow/analytics.h>
#include <flow/file.h>
#include <flow/runner_local.h>

struct view {
    flow_str user, page;
    flow_time at;
};
FLOW_RECORD(view, user, page, at);

// [sessions]
struct place {
    flow_str user, page;
    flow_time visit; // its start, which with the user names it
    int64_t number;
};
FLOW_RECORD(place, user, page, visit, number);

static flow_status tell_place(flow_ctx *ctx, const flow_str *user, const struct view *view,
    const struct flow_session *session)
{
    return FLOW_EMIT(ctx, place, .user = *user, .page = view->page, .visit = session->start,
        .number = session->number);
}
FLOW_SESSION_FN(tell_place, flow_str, view, place);

static flow_coll places(flow_coll views)
{
    const flow_sessionize_options half_hour = { .gap = flow_minutes(30) };
    return flow_sessionize(
        flow_key_by(views, FLOW_FIELD(view, user)), &tell_place_session, &half_hour);
}
// [sessions]

// [funnel]
struct way {
    flow_str user;
    int64_t steps;
};
FLOW_RECORD(way, user, steps);

static flow_status tell_way(
    flow_ctx *ctx, const flow_str *user, const struct flow_funnel_result *result)
{
    return FLOW_EMIT(ctx, way, .user = *user, .steps = result->reached);
}
FLOW_FUNNEL_FN(tell_way, flow_str, way);

static flow_coll ways(flow_coll views)
{
    static const flow_condition product[] = { { "page", FLOW_EQUAL, "product" } };
    static const flow_condition cart[] = { { "page", FLOW_EQUAL, "cart" } };
    static const flow_condition paid[] = { { "page", FLOW_EQUAL, "paid" } };
    static const flow_funnel_step path[] = { { product, 1 }, { cart, 1 }, { paid, 1 } };
    const flow_funnel_options options = { .steps = path, .step_count = 3, .within = flow_hours(1) };
    const flow_window_options days = { .windows = flow_calendar_days(1, "Europe/Berlin") };
    return flow_funnel(flow_key_by(flow_window_into(views, &days), FLOW_FIELD(view, user)),
        &tell_way_funnel, &options);
}
// [funnel]

// [retention]
static flow_coll who_comes_back(flow_coll views)
{
    const flow_windows weeks = flow_calendar_weeks(1, "Europe/Berlin");
    return flow_retention(
        flow_key_by(views, FLOW_FIELD(view, user)), &(flow_retention_options){ .periods = weeks });
}
// [retention]

int main(int argc, char **argv)
{
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("visits");
    const flow_coll views = flow_file_read(p, &(flow_file_read_options){ .path = "views.csv",
                                                  .format = FLOW_CSV,
                                                  .type = &view_type,
                                                  .event_time = FLOW_FIELD(view, at) });
    const char asked = argc > 1 ? argv[1][0] : 's';
    flow_file_write(asked == 's'   ? places(views)
                    : asked == 'f' ? ways(views)
                                   : who_comes_back(views),
        &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "visits: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
