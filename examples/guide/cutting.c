// SPDX-License-Identifier: Apache-2.0
// How time is cut, asked of the windows themselves: sessions, local days, growing windows.
#include <stdio.h>

#include <flow/flow.h>

#define CLICKS 5

// As 2026-03-29T00:00 in UTC, or without the date.
static const char *text_of(flow_time at, bool date, char *text)
{
    flow_time_print(at, text);
    text[date ? 16 : 19] = '\0';
    return date ? text : text + 14;
}

static void show(const char *label, flow_window window, bool date)
{
    char start[40], end[40];
    printf("%-9s [%s, %s)\n", label, text_of(window.start, date, start),
        text_of(window.end, date, end));
}

// [sessions]
static void show_sessions(void)
{
    static const int64_t clicks[CLICKS] = { 0, 5, 12, 22, 40 }; // seconds
    const flow_windows sessions = flow_sessions(flow_seconds(10));
    flow_window own[CLICKS], merged[CLICKS];
    for (int i = 0; i < CLICKS; i++)
        flow_windows_assign(&sessions, NULL, (flow_time){ clicks[i] * 1000000 }, &own[i], 1);
    flow_windows_merge(&sessions, own, CLICKS, merged);
    for (int i = 0; i < CLICKS; i++)
        if (i == 0 || merged[i].start.us != merged[i - 1].start.us)
            show("session", merged[i], false);
}
// [sessions]

// [days]
static flow_status show_days(flow_error *error)
{
    flow_windows days = flow_calendar_days(1, "Europe/Berlin");
    flow_zone *zone = flow_zone_new(days.zone, NULL, NULL, error);
    flow_time at;
    flow_window day;
    if (!zone)
        return error->status;
    days.rules = zone; // in a pipeline, flow_window_into does that
    flow_time_parse(flow_str_of("2026-03-28T12:00:00Z"), &at);
    for (int i = 0; i < 3 && flow_windows_last(&days, at, &day); i++, at = day.end) {
        show("day", day, true);
        printf("          %lld hours\n", (long long)(day.end.us - day.start.us) / 3600000000);
    }
    flow_zone_free(zone);
    return FLOW_OK;
}
// [days]

// [growing]
static void show_growing(void)
{
    const flow_windows growing = flow_cumulate(flow_minutes(3), flow_minutes(1));
    flow_window list[3];
    const flow_time at = { 70 * INT64_C(1000000) };
    const uint32_t count = flow_windows_assign(&growing, NULL, at, list, 3);
    for (uint32_t i = 0; i < count; i++)
        show("growing", list[i], false);
}
// [growing]

int main(void)
{
    flow_error error = { 0 };
    show_sessions();
    show_growing();
    if (show_days(&error) != FLOW_OK)
        fprintf(stderr, "cutting: %s\n", error.message);
    return error.status != FLOW_OK;
}
