// SPDX-License-Identifier: Apache-2.0
// The tracker of ranges of offsets. Every range of int64 is good, that of all of them too: lengths
// are taken as unsigned numbers, so nothing overflows.
#include <flow/split.h>

#define CLAIMED 1
#define REFUSED 2 // a claim lay behind the range: nothing more will be asked

struct claims {
    int64_t last;
    int64_t what; // 0: nothing yet
};

static const flow_field fields[] = { FLOW_COLUMN(flow_offset_range, from),
    FLOW_COLUMN(flow_offset_range, to) };

const flow_type flow_offset_range_type = {
    .name = "flow_offset_range",
    .size = sizeof(struct flow_offset_range),
    .align = _Alignof(struct flow_offset_range),
    .field_count = 2,
    .fields = fields,
};

static bool is_empty(const struct flow_offset_range *range)
{
    return range->from >= range->to;
}

static flow_try claim(const void *restriction, void *state, const void *position)
{
    const struct flow_offset_range *range = restriction;
    struct claims *claims = state;
    int64_t at;
    memcpy(&at, position, sizeof at);
    if (claims->what == REFUSED || at >= range->to) {
        claims->what = REFUSED;
        return FLOW_TRY_OUTSIDE;
    }
    if (at < range->from || (claims->what == CLAIMED && at <= claims->last))
        return FLOW_TRY_WRONG;
    claims->last = at;
    claims->what = CLAIMED;
    return FLOW_TRY_GRANTED;
}

// The first offset that was not claimed.
static int64_t first_left(const struct flow_offset_range *range, const struct claims *claims)
{
    if (claims->what == REFUSED || is_empty(range))
        return range->to;
    return claims->what == CLAIMED ? claims->last + 1 : range->from;
}

static bool split(void *restriction, const void *state, double fraction, void *residual)
{
    struct flow_offset_range *range = restriction;
    struct flow_offset_range *rest = residual;
    const int64_t first = first_left(range, state);
    const uint64_t left = (uint64_t)range->to - (uint64_t)first;
    if (left == 0)
        return false;
    const double kept = fraction <= 0 ? 0 : fraction * (double)left;
    // a double may round up to what is left, or beyond it
    if (kept >= (double)left || (uint64_t)kept >= left)
        return false;
    const int64_t cut = (int64_t)((uint64_t)first + (uint64_t)kept);
    *rest = (struct flow_offset_range){ .from = cut, .to = range->to };
    range->to = cut;
    return true;
}

static bool done(const void *restriction, const void *state)
{
    return first_left(restriction, state) == ((const struct flow_offset_range *)restriction)->to ||
           is_empty(restriction);
}

static flow_work work(const void *restriction, const void *state)
{
    const struct flow_offset_range *range = restriction;
    if (is_empty(range))
        return (flow_work){ 0, 0 };
    const int64_t first = first_left(range, state);
    return (flow_work){ .done = (double)((uint64_t)first - (uint64_t)range->from),
        .left = (double)((uint64_t)range->to - (uint64_t)first) };
}

const flow_tracker flow_offset_tracker = { .name = "offsets",
    .restriction = &flow_offset_range_type,
    .state_size = sizeof(struct claims),
    .claim = claim,
    .split = split,
    .done = done,
    .work = work };
