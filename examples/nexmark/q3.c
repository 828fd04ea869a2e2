// SPDX-License-Identifier: Apache-2.0
// q3, local item suggestion: who sells things of a kind in some states? In SQL:
//
//     SELECT P.name, P.city, P.state, A.id FROM auction A, person P
//     WHERE A.seller = P.id AND A.category = 10 AND P.state IN ('OR', 'ID', 'CA')
//
// A join without windows. Persons are remembered for a while, since they may sell again; auctions
// whose seller is not known yet wait.
#include "query.h"

// An auction (`auction` is not 0), or a seller.
struct listing {
    int64_t seller, auction;
    flow_str name, city, state;
    flow_time at;
};
FLOW_RECORD(listing, seller, auction, name, city, state, at);

static flow_status local_listings(flow_ctx *ctx, const struct event *event)
{
    const struct person *person = event->person.items;
    const struct auction *auction = event->auction.items;
    if (event->auction.count && auction->category == 10)
        return FLOW_EMIT(
            ctx, listing, .seller = auction->seller, .auction = auction->id, .at = auction->at);
    if (event->person.count && (flow_str_equal(person->state, flow_str_of("OR")) ||
                                   flow_str_equal(person->state, flow_str_of("ID")) ||
                                   flow_str_equal(person->state, flow_str_of("CA"))))
        return FLOW_EMIT(ctx, listing, .seller = person->id, .name = person->name,
            .city = person->city, .state = person->state, .at = person->at);
    return FLOW_OK;
}
FLOW_ELEMENT_FN(local_listings, event, listing);

FLOW_VALUE(seller, listing);
FLOW_BAG(waiting, listing);
FLOW_TIMER(forget, int64_t, FLOW_EVENT_TIME);

static flow_status suggest(flow_ctx *ctx, const struct listing *seller, int64_t auction)
{
    return FLOW_EMIT(ctx, local_seller, .name = seller->name, .city = seller->city,
        .state = seller->state, .id = auction);
}

static flow_status join_sellers(flow_ctx *ctx, const int64_t *id, const struct listing *listing)
{
    (void)id;
    const struct listing *known = FLOW_CELL_READ(ctx, seller);
    if (listing->auction != 0) {
        if (known)
            return suggest(ctx, known, listing->auction);
        FLOW_CELL_ADD(ctx, waiting, listing);
        return ctx->status;
    }
    flow_cursor at = FLOW_CELL_ALL(ctx, waiting);
    while (flow_cursor_next(&at))
        suggest(ctx, listing, FLOW_AT(waiting, at)->auction);
    FLOW_CELL_CLEAR(ctx, waiting);
    FLOW_CELL_WRITE(ctx, seller, listing);
    FLOW_TIMER_SET(
        ctx, forget, ((flow_time){ listing->at.us + flow_minutes(10).us }), .no_hold = true);
    return ctx->status;
}

static flow_status forget_due(flow_ctx *ctx, const int64_t *id)
{
    (void)id;
    FLOW_CELL_CLEAR(ctx, seller);
    return ctx->status;
}
FLOW_CELLS_FN(join_sellers, int64_t, listing, (local_seller), FLOW_CELLS(seller, waiting),
    FLOW_TIMERS(forget));

flow_coll q3(flow_coll events, const struct query_settings *settings)
{
    (void)settings;
    flow_coll listings = flow_do(events, &local_listings_fn);
    return flow_do(flow_key_by(listings, FLOW_FIELD(listing, seller)), &join_sellers_fn);
}
