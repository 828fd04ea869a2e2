// SPDX-License-Identifier: Apache-2.0
// A splittable function that looks into side inputs: tickets are numbered up to what the hall
// holds.
#include <stdio.h>

#include <flow/file.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/side.h>
#include <flow/split.h>

struct show {
    flow_str title;
};
FLOW_RECORD(show, title);

struct hall {
    int64_t seats;
};
FLOW_RECORD(hall, seats);

struct ticket {
    flow_str title;
    int64_t seat;
};
FLOW_RECORD(ticket, title, seat);

// [side]
#define HALL 0 // the number of the side input

static flow_status all_seats(flow_ctx *ctx, const void *element, void *restriction)
{
    const struct hall *hall = FLOW_SIDE(ctx, HALL, hall);
    struct flow_offset_range *range = restriction;
    (void)element;
    if (!hall)
        return ctx->status;
    *range = (struct flow_offset_range){ .from = 1, .to = hall->seats + 1 };
    return FLOW_OK;
}

static flow_status print_tickets(flow_ctx *ctx, const struct show *show)
{
    const struct flow_offset_range *range = FLOW_RESTRICTION(ctx, flow_offset_range);
    for (int64_t seat = range->from; flow_claim_offset(ctx, seat); seat++)
        FLOW_EMIT(ctx, ticket, .title = show->title, .seat = seat);
    return FLOW_OK;
}
FLOW_SPLIT_FN(print_tickets, show, (ticket), .tracker = &flow_offset_tracker, .initial = all_seats);

static flow_coll tickets(flow_coll shows, flow_coll halls)
{
    const flow_view hall = flow_as_singleton(halls);
    const flow_do_options options = { .sides = &hall, .side_count = 1 };
    return flow_split(shows, &print_tickets_split, &options);
}
// [side]

int main(void)
{
    const struct show show = { flow_str_of("Hamlet") };
    const struct hall hall = { 3 };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("numbered");
    const flow_create_options shows = { .type = &show_type, .rows = &show, .count = 1 };
    const flow_create_options halls = {
        .type = &hall_type, .rows = &hall, .count = 1, .name = "halls"
    };
    flow_file_write(tickets(flow_create(p, &shows), flow_create(p, &halls)),
        &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "numbered: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
