// SPDX-License-Identifier: Apache-2.0
// Where and when an element came out, Beam's and ours alike.
#include "pane.h"

#include <stdio.h>
#include <stdlib.h>

#define GLOBAL_END (FLOW_TIME_GLOBAL_END_US / 1000)

void oracle_pane_of_beam(yyjson_val *row, struct oracle_pane *pane)
{
    *pane = (struct oracle_pane){
        .global = !yyjson_obj_get(row, "start"),
        .start = yyjson_get_sint(yyjson_obj_get(row, "start")),
        .end = yyjson_get_sint(yyjson_obj_get(row, "end")),
        .at = yyjson_get_sint(yyjson_obj_get(row, "at")),
        .timing = yyjson_get_str(yyjson_obj_get(row, "timing")),
        .index = yyjson_get_sint(yyjson_obj_get(row, "index")),
        .on_time = yyjson_get_sint(yyjson_obj_get(row, "on_time")),
        .first = yyjson_get_bool(yyjson_obj_get(row, "first")),
        .last = yyjson_get_bool(yyjson_obj_get(row, "last")),
    };
}

void oracle_pane_of_seen(const flow_seen *seen, struct oracle_pane *pane)
{
    static const char *const timings[] = { "EARLY", "ON_TIME", "LATE", "UNKNOWN" };
    *pane = (struct oracle_pane){
        .global = seen->window.start.us == FLOW_TIME_MIN_US,
        .start = flow_floor_div(seen->window.start.us, 1000),
        .end = flow_floor_div(seen->window.end.us, 1000),
        .at = flow_floor_div(seen->time.us, 1000),
        .timing = timings[seen->pane.timing],
        .index = seen->pane.index,
        .on_time = seen->pane.on_time_index,
        .first = seen->pane.first,
        .last = seen->pane.last,
    };
}

void oracle_pane_print(const struct oracle_pane *pane, char *text, size_t size)
{
    char window[64] = "global", at[32] = "end";
    if (!pane->global)
        snprintf(
            window, sizeof window, "[%lld, %lld)", (long long)pane->start, (long long)pane->end);
    // the last instant of the global window: Beam counts it in, our end is behind it
    if (pane->at < GLOBAL_END - 1)
        snprintf(at, sizeof at, "%lld", (long long)pane->at);
    snprintf(text, size, "%s pane %lld/%lld %s%s%s at %s", window, (long long)pane->index,
        (long long)pane->on_time, pane->timing, pane->first ? " first" : "",
        pane->last ? " last" : "", at);
}
