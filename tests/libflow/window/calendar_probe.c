// SPDX-License-Identifier: Apache-2.0
// Tells calendar windows for calendar.py: lines of `zone unit units month day microseconds` in,
// lines of `start end offset` out, in seconds; an error as its sentence.
#include <stdio.h>
#include <string.h>

#include <flow/window.h>

static void answer(const flow_windows *windows, int64_t us)
{
    flow_window window;
    if (!flow_windows_last(windows, (flow_time){ us }, &window)) {
        printf("no window\n");
        return;
    }
    const flow_duration offset = flow_zone_offset(windows->rules, (flow_time){ us });
    printf("%lld %lld %lld\n", (long long)(window.start.us / 1000000),
        (long long)(window.end.us / 1000000), (long long)(offset.us / 1000000));
}

int main(void)
{
    char name[100], last[100] = "";
    int unit = 0;
    unsigned units = 0, month = 0, day = 0;
    long long us = 0;
    flow_zone *zone = NULL;
    flow_error error = { 0 };
    while (scanf("%99s %d %u %u %u %lld", name, &unit, &units, &month, &day, &us) == 6) {
        if (strcmp(name, last) != 0) {
            flow_zone_free(zone);
            zone = flow_zone_new(name, NULL, NULL, &error);
            memcpy(last, name, sizeof last);
        }
        flow_windows windows = flow_calendar((flow_calendar_unit)unit, units, name);
        windows = flow_calendar_begin(windows, month, day);
        windows.rules = zone;
        if (!zone)
            printf("%s\n", error.message);
        else
            answer(&windows, us);
    }
    flow_zone_free(zone);
    return 0;
}
