// SPDX-License-Identifier: Apache-2.0
// q8, monitor new users: who opens an auction in the window in which they registered? In SQL:
//
//     SELECT P.id, P.name, A.reserve FROM person P, auction A
//     WHERE P.id = A.seller -- in one TUMBLE(dateTime, window)
#include "query.h"

#include <flow/join.h>

// Of long records no more than what is asked for.
struct registered {
    int64_t id;
    flow_str name;
};
FLOW_RECORD(registered, id, name);

struct opened {
    int64_t seller, reserve;
};
FLOW_RECORD(opened, seller, reserve);

static flow_status registrations(flow_ctx *ctx, const struct event *event)
{
    const struct person *person = event->person.items;
    return event->person.count ? FLOW_EMIT(ctx, registered, .id = person->id, .name = person->name)
                               : FLOW_OK;
}
FLOW_ELEMENT_FN(registrations, event, registered);

static flow_status openings(flow_ctx *ctx, const struct event *event)
{
    const struct auction *auction = event->auction.items;
    return event->auction.count
               ? FLOW_EMIT(ctx, opened, .seller = auction->seller, .reserve = auction->reserve)
               : FLOW_OK;
}
FLOW_ELEMENT_FN(openings, event, opened);

static flow_status new_sellers(
    flow_ctx *ctx, const int64_t *id, const struct registered *person, const struct opened *auction)
{
    return FLOW_EMIT(ctx, newcomer, .id = *id, .name = person->name, .reserve = auction->reserve);
}
FLOW_JOIN_FN(new_sellers, int64_t, registered, opened, newcomer);

flow_coll q8(flow_coll events, const struct query_settings *settings)
{
    const flow_window_options fixed = { .windows = flow_fixed(settings->window) };
    flow_coll windowed = flow_window_into(events, &fixed);
    const flow_sides sides = {
        flow_key_by(flow_do(windowed, &registrations_fn), FLOW_FIELD(registered, id)),
        flow_key_by(flow_do(windowed, &openings_fn), FLOW_FIELD(opened, seller)),
    };
    return flow_join(sides, FLOW_JOIN_INNER, &new_sellers_join, NULL);
}
