// SPDX-License-Identifier: Apache-2.0
// A followed file: whether it grew, and whether it is still the same.
#include "read.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

enum fl_fill fl_follow_check(struct fl_file_read *read, struct fl_part *part, flow_error *error)
{
    struct stat now;
    char text[128];
    const uint64_t done = part->stream.out_total;
    if (fstat(part->fd, &now) != 0) {
        flow_error_raise(error, FLOW_IO, read->step, "%s: cannot be followed: %s", part->path,
            fl_system_sentence(errno, text, sizeof text));
        return FL_FILL_FAILED;
    }
    if ((uint64_t)now.st_size < done) {
        flow_error_raise(error, FLOW_IO, read->step,
            "%s: became shorter while it was followed: %" PRIu64
            " bytes were read, now it has %" PRIu64,
            part->path, done, (uint64_t)now.st_size);
        return FL_FILL_FAILED;
    }
    if ((uint64_t)now.st_size > done)
        return FL_FILL_MORE;
    if (part->stream.pending->buffer.len > part->stream.scanned)
        return FL_FILL_WAIT; // what was read just now comes first
    // All that the file we hold has is given; only now it matters whether its name still leads
    // here.
    if (stat(part->path, &now) != 0 || (uint64_t)now.st_dev != part->device ||
        (uint64_t)now.st_ino != part->inode) {
        flow_error_raise(error, FLOW_IO, read->step,
            "%s: was renamed, removed or replaced while it was followed; all %" PRIu64
            " bytes of the old file were read",
            part->path, done);
        return FL_FILL_FAILED;
    }
    return FL_FILL_WAIT;
}
