// SPDX-License-Identifier: Apache-2.0
// q9, winning bids: for each auction that is over the bid that won it. In SQL:
//
//     SELECT A.*, B.* FROM auction A, bid B
//     WHERE A.id = B.auction AND B.dateTime < A.expires AND B.price >= A.reserve
//     -- and B is the first of A by price descending, dateTime ascending
//
// A function with state by auction. Bids can come before their auction opens, since Nexmark's
// bidders know a little ahead what will be sold: then they wait.
#include "query.h"

// Something that happens to an auction: it opens, or somebody bids.
struct turn {
    int64_t auction;
    flow_list opens; // of struct auction: one, or none
    struct bid bid;  // auction 0: none
};
FLOW_RECORD_OF(turn, FLOW_COLUMN(turn, auction), FLOW_COLUMN_LIST(turn, opens, auction),
    FLOW_COLUMN_RECORD(turn, bid, bid));

struct patience {
    flow_duration most; // a bid waits for its auction; 0: as long as it takes
};
FLOW_RECORD(patience, most);

static bool is_turn(const flow_ctx *ctx, const struct event *event)
{
    (void)ctx;
    return event->person.count == 0;
}

static flow_status turn_of(flow_ctx *ctx, const struct event *event, struct turn *turn)
{
    (void)ctx;
    const struct auction *auction = event->auction.items;
    turn->auction = event->auction.count ? auction->id : event->bid.auction;
    turn->opens = event->auction;
    turn->bid = event->bid;
    return FLOW_OK;
}
FLOW_STAGE(turns, event, turn, FLOW_KEEP(is_turn) FLOW_INTO(turn, turn_of));

// What bids are compared with.
struct standing {
    bool over;
    int64_t reserve, price; // price 0: nobody has bid enough
    flow_time expires, at;  // `at` of the bid of that price
};
FLOW_RECORD(standing, over, reserve, price, expires, at);

FLOW_VALUE(standing, standing);
FLOW_VALUE(opened, auction);
FLOW_VALUE(best, bid);
FLOW_BAG(early, bid);
FLOW_TIMER(closing, int64_t, FLOW_EVENT_TIME);
FLOW_TIMER(tired, int64_t, FLOW_EVENT_TIME);

// Whether a bid wins against what there is; of two at one instant the bidder with the lower number.
static bool wins(flow_ctx *ctx, const struct standing *now, const struct bid *bid)
{
    if (bid->at.us >= now->expires.us || bid->price < now->reserve || bid->price < now->price)
        return false;
    if (bid->price > now->price || bid->at.us < now->at.us)
        return true;
    return bid->at.us == now->at.us && bid->bidder < FLOW_CELL_READ(ctx, best)->bidder;
}

static void take(flow_ctx *ctx, struct standing now, const struct bid *bid)
{
    now.price = bid->price;
    now.at = bid->at;
    FLOW_CELL_WRITE(ctx, best, bid);
    FLOW_CELL_WRITE(ctx, standing, &now);
}

static flow_status open_auction(flow_ctx *ctx, const struct auction *auction)
{
    const flow_time last = { auction->expires.us - 1000 };
    const struct standing now = { .reserve = auction->reserve, .expires = auction->expires };
    FLOW_CELL_WRITE(ctx, opened, auction);
    FLOW_CELL_WRITE(ctx, standing, &now);
    flow_cursor at = FLOW_CELL_ALL(ctx, early);
    while (flow_cursor_next(&at)) {
        const struct bid *bid = FLOW_AT(early, at);
        const struct standing *standing = FLOW_CELL_READ(ctx, standing);
        if (standing && wins(ctx, standing, bid))
            take(ctx, *standing, bid);
    }
    FLOW_CELL_CLEAR(ctx, early);
    FLOW_TIMER_CLEAR(ctx, tired);
    FLOW_TIMER_SET(ctx, closing, auction->expires, .output = &last);
    return ctx->status;
}

static flow_status wait_for_auction(flow_ctx *ctx, const struct bid *bid)
{
    const struct patience *patience = FLOW_CONFIG(ctx, patience);
    FLOW_CELL_ADD(ctx, early, bid);
    if (patience && patience->most.us > 0)
        FLOW_TIMER_SET(
            ctx, tired, ((flow_time){ bid->at.us + patience->most.us }), .no_hold = true);
    return ctx->status;
}

static flow_status find_winners(flow_ctx *ctx, const int64_t *id, const struct turn *turn)
{
    (void)id;
    if (turn->opens.count)
        return open_auction(ctx, turn->opens.items);
    const struct standing *now = FLOW_CELL_READ(ctx, standing);
    if (!now)
        return ctx->status == FLOW_OK ? wait_for_auction(ctx, &turn->bid) : ctx->status;
    if (!now->over && wins(ctx, now, &turn->bid))
        take(ctx, *now, &turn->bid);
    return ctx->status;
}

// What is over is remembered, so that later bids do not wait – unless they would not wait long.
static flow_status closing_due(flow_ctx *ctx, const int64_t *id)
{
    (void)id;
    const struct patience *patience = FLOW_CONFIG(ctx, patience);
    const struct auction *auction = FLOW_CELL_READ(ctx, opened);
    const struct bid *bid = FLOW_CELL_READ(ctx, best);
    if (auction && bid)
        FLOW_EMIT(ctx, auction_bid, .auction = *auction, .bid = *bid);
    FLOW_CELL_CLEAR(ctx, opened);
    FLOW_CELL_CLEAR(ctx, best);
    if (patience && patience->most.us > 0)
        FLOW_CELL_CLEAR(ctx, standing);
    else
        FLOW_CELL_WRITE(ctx, standing, &(const struct standing){ .over = true });
    return ctx->status;
}

static flow_status tired_due(flow_ctx *ctx, const int64_t *id)
{
    (void)id;
    FLOW_CELL_CLEAR(ctx, early);
    return ctx->status;
}
FLOW_CELLS_FN(find_winners, int64_t, turn, (auction_bid), FLOW_CELLS(standing, opened, best, early),
    FLOW_TIMERS(closing, tired));

flow_coll winning_bids(flow_coll events, const struct query_settings *settings)
{
    const struct patience patience = { settings->patience };
    flow_coll turns = flow_do(events, &turns_fn);
    return flow_do(flow_key_by(turns, FLOW_FIELD(turn, auction)), &find_winners_fn,
        &(flow_do_options){ .config = &patience, .config_type = &patience_type });
}

flow_coll q9(flow_coll events, const struct query_settings *settings)
{
    return winning_bids(events, settings);
}
