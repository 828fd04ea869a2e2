// SPDX-License-Identifier: Apache-2.0
// flow_sequence_with: whole numbers with times, at a rate, with or without an end.
#include <flow/transform.h>
#include <flow/transforms.h>

#include "parts.h"
#include "ticks.h"

#define ELEMENTS_MAX INT64_C(1000000000) // so that a share of `per` is found in 64 bits

static const char *wrong(const flow_sequence_options *options)
{
    if (options->endless && options->to)
        return "it is endless, and has a 'to'";
    if (!options->endless && options->to < options->from)
        return "its 'to' lies before its 'from'";
    if (options->elements < 0 || options->elements > ELEMENTS_MAX)
        return "its 'elements' must be 0 to 1,000,000,000";
    if ((options->elements > 0) != (options->per.us > 0))
        return "a rate is both: 'elements' above 0, and 'per' above 0";
    if (options->per.us > flow_days(1).us)
        return "its 'per' is longer than a day";
    if (options->lasts.us < 0)
        return "its 'lasts' is below 0";
    return NULL;
}

flow_coll flow_sequence_with_sized(
    flow_pipeline *pipeline, const flow_sequence_options *options, size_t size)
{
    flow_sequence_options known;
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    const char *why = copied ? wrong(&known) : FLOW_OPTION_UNKNOWN;
    if (why) {
        flow_pipeline_fail(pipeline, copied ? FLOW_INVALID : FLOW_UNSUPPORTED,
            known.name ? known.name : "sequence", "flow_sequence_with: %s", why);
        return fl_no_coll(pipeline);
    }
    const struct fl_ticks ticks = { .name = known.name ? known.name : "sequence",
        .from = known.from,
        .to = known.endless ? INT64_MAX : known.to,
        .endless = known.endless,
        .elements = known.elements,
        .each = known.per.us,
        .lasts = known.lasts.us,
        .time_of = known.time_of };
    return fl_ticks(pipeline, &ticks);
}
