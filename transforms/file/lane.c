// SPDX-License-Identifier: Apache-2.0
// A worker's bundle on its way through a sink.
#include "lane.h"

#include <unistd.h>

#include "heap.h"

struct fl_lane *fl_lanes_new(uint32_t count, const flow_allocator *allocator)
{
    struct fl_lane *lanes = fl_file_alloc(allocator, count * sizeof *lanes);
    for (uint32_t i = 0; lanes && i < count; i++) {
        lanes[i].spill = -1;
        lanes[i].text.allocator = allocator;
    }
    return lanes;
}

void fl_lanes_free(struct fl_lane *lanes, uint32_t count)
{
    for (uint32_t i = 0; lanes && i < count; i++) {
        flow_buffer_free(&lanes[i].text);
        if (lanes[i].spill >= 0)
            close(lanes[i].spill);
    }
    fl_file_free(lanes);
}

flow_status fl_lane_spill(struct fl_lane *lane, const struct fl_output *output, flow_error *error)
{
    int number = 0;
    if (lane->spill < 0) {
        lane->spill = fl_spill_open(output, error);
        lane->spilled = 0;
    }
    if (lane->spill < 0)
        return FLOW_IO;
    const flow_str text = { lane->text.data, lane->text.len };
    if (!fl_write_all(lane->spill, text, &number)) {
        char sentence[128];
        if (strerror_r(number, sentence, sizeof sentence) != 0)
            fl_file_copy_text(sentence, sizeof sentence, "the system refused");
        return flow_error_raise(error, FLOW_IO, output->step,
            "%s: the rows of a large bundle cannot be written: %s", output->path, sentence);
    }
    lane->spilled += text.len;
    lane->text.len = 0;
    return FLOW_OK;
}

void fl_lane_forget(struct fl_lane *lane)
{
    lane->text.len = 0;
    lane->text.failed = false;
    if (lane->spill >= 0)
        close(lane->spill);
    lane->spill = -1;
    lane->spilled = 0;
}
