// SPDX-License-Identifier: Apache-2.0
// Zone data made by hand, so that tests need none of the system's.
#ifndef FLOW_WINDOW_TZIF_H
#define FLOW_WINDOW_TZIF_H

#include <check.h>

#include "window/zone.h"

#define TZIF_ROOM 4096

// A zone to be written: offsets in seconds east of UTC, `first` before all transitions.
typedef struct tzif {
    int version; // 1 … 4; 1 has times of four bytes and no footer
    int32_t first;
    uint32_t count;
    const int64_t *times;
    const int32_t *offsets; // by transition
    const char *footer;
    uint32_t leaps;
} tzif;

// Writes it as TZif; how many bytes.
size_t tzif_write(const tzif *zone, unsigned char *data);

// The zone with these transitions, read back; never NULL.
flow_zone *tzif_zone(const tzif *zone);

// The zone that always follows a footer.
flow_zone *tzif_rule(const char *footer);

// RFC 3339 text as a time.
flow_time instant(const char *text);

#endif
