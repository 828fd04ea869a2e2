// SPDX-License-Identifier: Apache-2.0
// flow_impulses: an element whenever the clock reaches the next instant.
#include <flow/transform.h>
#include <flow/transforms.h>

#include "parts.h"
#include "ticks.h"

flow_coll flow_impulses_sized(
    flow_pipeline *pipeline, const flow_impulses_options *options, size_t size)
{
    flow_impulses_options known;
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    int64_t span = 0;
    const bool far = copied && __builtin_sub_overflow(known.until.us, known.start.us, &span);
    if (!copied || known.every.us <= 0 ||
        (known.until.us && (far || known.until.us < known.start.us))) {
        flow_pipeline_fail(pipeline, copied ? FLOW_INVALID : FLOW_UNSUPPORTED,
            known.name ? known.name : "impulses", "flow_impulses: %s",
            !copied               ? FLOW_OPTION_UNKNOWN
            : known.every.us <= 0 ? "its 'every' is not above 0"
            : far                 ? "more lies between its 'start' and its 'until' than time has"
                                  : "its 'until' lies before its 'start'");
        return fl_no_coll(pipeline);
    }
    const struct fl_ticks ticks = { .name = known.name ? known.name : "impulses",
        .to = known.until.us ? span / known.every.us + (span % known.every.us > 0) : INT64_MAX,
        .endless = !known.until.us,
        .by_start = true,
        .start = known.start.us,
        .elements = 1,
        .each = known.every.us,
        .skip_past = known.skip_past };
    return fl_ticks(pipeline, &ticks);
}
