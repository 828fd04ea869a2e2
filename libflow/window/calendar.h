// SPDX-License-Identifier: Apache-2.0
// Calendar windows: from an instant to the local day, week, month or year that holds it.
#ifndef FL_CALENDAR_H
#define FL_CALENDAR_H

#include <flow/window.h>

// The window that holds `at` (R15); `windows->rules` is the zone, NULL for UTC.
flow_window fl_calendar_window(const flow_windows *windows, flow_time at);

#endif
