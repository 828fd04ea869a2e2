// SPDX-License-Identifier: Apache-2.0
// Whether a way to cut time can be, and the sentence why not.
#include <flow/window.h>

static flow_status need_above(const char *what, flow_duration span, flow_error *error)
{
    if (span.us > 0)
        return FLOW_OK;
    return flow_error_raise(
        error, FLOW_INVALID, NULL, "%s is %lld us, it must be above 0", what, (long long)span.us);
}

static flow_status check_offset(const flow_windows *windows, flow_duration below, flow_error *error)
{
    const int64_t offset = windows->offset.us;
    if (offset >= 0 && offset < below.us)
        return FLOW_OK;
    return flow_error_raise(error, FLOW_INVALID, NULL,
        "offset of windows is %lld us, it must be at least 0 and below %lld us", (long long)offset,
        (long long)below.us);
}

static flow_status check_overlap(const flow_windows *windows, flow_error *error)
{
    if ((windows->size.us - 1) / windows->every.us < UINT32_MAX)
        return FLOW_OK;
    return flow_error_raise(error, FLOW_INVALID, NULL,
        "windows of %lld us that start every %lld us overlap more than %u times",
        (long long)windows->size.us, (long long)windows->every.us, UINT32_MAX);
}

static flow_status check_periodic(const flow_windows *windows, flow_error *error)
{
    const int64_t size = windows->size.us;
    const int64_t every = windows->every.us;
    if (need_above("size of windows", windows->size, error) != FLOW_OK)
        return FLOW_INVALID;
    if (every <= 0)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "windows start every %lld us, it must be above 0", (long long)every);
    if (windows->kind == FLOW_WINDOW_FIXED && every != size)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "fixed windows of %lld us start every %lld us, both must be equal", (long long)size,
            (long long)every);
    if (check_offset(windows, windows->every, error) != FLOW_OK)
        return FLOW_INVALID;
    return check_overlap(windows, error);
}

static flow_status check_cumulate(const flow_windows *windows, flow_error *error)
{
    if (need_above("size of cumulating windows", windows->size, error) != FLOW_OK ||
        need_above("step of cumulating windows", windows->every, error) != FLOW_OK)
        return FLOW_INVALID;
    if (windows->size.us % windows->every.us != 0)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "cumulating windows of %lld us grow by %lld us, the size must be a multiple of the "
            "step",
            (long long)windows->size.us, (long long)windows->every.us);
    if (check_offset(windows, windows->size, error) != FLOW_OK)
        return FLOW_INVALID;
    return check_overlap(windows, error);
}

static flow_status check_session(const flow_windows *windows, flow_error *error)
{
    const int64_t most = windows->max_length.us;
    if (windows->gap.type && windows->size.us != 0)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "sessions have one gap, be it fixed or a field of the element, not both");
    if (windows->gap.type && windows->gap.kind != FLOW_KIND_DURATION)
        return flow_error_raise(error, FLOW_TYPE, NULL,
            "gap of sessions '%s' is '%s', not a duration",
            windows->gap.name ? windows->gap.name : windows->gap.type->name,
            flow_kind_name(windows->gap.kind));
    if (!windows->gap.type && need_above("gap of sessions", windows->size, error) != FLOW_OK)
        return FLOW_INVALID;
    if (most < 0 || (most > 0 && most < windows->size.us))
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "the longest session is %lld us, it must be at least the gap of %lld us",
            (long long)most, (long long)windows->size.us);
    return FLOW_OK;
}

static flow_status check_calendar(const flow_windows *windows, flow_error *error)
{
    static const struct {
        const char *name;
        uint32_t units_max, month_max, day_max; // of 0: units
    } of[] = { { "days", 100000, 0, 0 }, { "weeks", 100000, 0, 7 }, { "months", 100000, 0, 28 },
        { "years", 10000, 12, 28 } };
    if (windows->unit < FLOW_CALENDAR_DAY || windows->unit > FLOW_CALENDAR_YEAR)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "calendar windows are of unknown unit %d", (int)windows->unit);
    const unsigned days = of[windows->unit].day_max ? of[windows->unit].day_max : windows->units;
    if (windows->units < 1 || windows->units > of[windows->unit].units_max)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "calendar windows take %u %s, it must be 1 to %u", (unsigned)windows->units,
            of[windows->unit].name, (unsigned)of[windows->unit].units_max);
    if (windows->month > of[windows->unit].month_max)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "calendar windows of %s begin in month %u, %s", of[windows->unit].name,
            (unsigned)windows->month,
            windows->unit == FLOW_CALENDAR_YEAR ? "it must be 1 to 12" : "which only years do");
    if (windows->day > days)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "calendar windows of %s begin on day %u, it must be 1 to %u", of[windows->unit].name,
            (unsigned)windows->day, days);
    return FLOW_OK;
}

static flow_status check_custom(const flow_windows *windows, flow_error *error)
{
    const flow_window_fn *fn = windows->fn;
    if (!fn || !fn->assign)
        return flow_error_raise(
            error, FLOW_INVALID, NULL, "custom windows have no %s", fn ? "'assign'" : "function");
    if (!fn->name || !fn->name[0])
        return flow_error_raise(error, FLOW_INVALID, NULL, "custom windows have no name");
    if (fn->merge && !fn->merges)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "windows '%s' have a 'merge', but 'merges' is not set", fn->name);
    if (!fn->config != !windows->fn_config)
        return flow_error_raise(error, FLOW_INVALID, NULL, "windows '%s' %s", fn->name,
            fn->config ? "want a configuration, and were given none"
                       : "were given a configuration, and name no type of it");
    return FLOW_OK;
}

#define BY(kind) (1u << FLOW_WINDOW_##kind)

// What a kind does not use must be zero: it would be ignored otherwise.
static flow_status check_unused(const flow_windows *windows, flow_error *error)
{
    static const char *const names[] = { "the global window", "fixed windows", "sliding windows",
        "sessions", "calendar windows", "cumulating windows", "custom windows" };
    const unsigned periodic = BY(FIXED) | BY(SLIDING) | BY(CUMULATE);
    const struct {
        bool set;
        unsigned used; // by which kinds
        const char *what, *by;
    } members[] = {
        { windows->offset.us != 0, periodic, "an offset", "fixed, sliding and cumulating windows" },
        { windows->every.us != 0, periodic, "an 'every'", "fixed, sliding and cumulating windows" },
        { windows->size.us != 0, periodic | BY(SESSION), "a size",
            "fixed, sliding and cumulating windows and sessions" },
        { windows->max_length.us != 0, BY(SESSION), "a longest length", "sessions" },
        { windows->gap.type != NULL, BY(SESSION), "a gap field", "sessions" },
        { windows->unit != 0 || windows->units != 0, BY(CALENDAR), "a calendar unit",
            "calendar windows" },
        { windows->month != 0 || windows->day != 0, BY(CALENDAR), "a month or day to begin on",
            "calendar windows" },
        { windows->zone != NULL, BY(CALENDAR), "a zone", "calendar windows" },
        { windows->fn != NULL || windows->fn_config != NULL, BY(CUSTOM), "a function",
            "custom windows" },
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (members[i].set && !(members[i].used >> windows->kind & 1))
            return flow_error_raise(error, FLOW_INVALID, NULL, "%s with %s: only %s have one",
                names[windows->kind], members[i].what, members[i].by);
    return FLOW_OK;
}

flow_status flow_windows_check(const flow_windows *windows, flow_error *error)
{
    const bool known = windows->kind >= FLOW_WINDOW_GLOBAL && windows->kind <= FLOW_WINDOW_CUSTOM;
    if (known && check_unused(windows, error) != FLOW_OK)
        return FLOW_INVALID;
    switch (windows->kind) {
    case FLOW_WINDOW_GLOBAL:
        return FLOW_OK;
    case FLOW_WINDOW_FIXED:
    case FLOW_WINDOW_SLIDING:
        return check_periodic(windows, error);
    case FLOW_WINDOW_SESSION:
        return check_session(windows, error);
    case FLOW_WINDOW_CALENDAR:
        return check_calendar(windows, error);
    case FLOW_WINDOW_CUMULATE:
        return check_cumulate(windows, error);
    case FLOW_WINDOW_CUSTOM:
        return check_custom(windows, error);
    }
    return flow_error_raise(
        error, FLOW_INVALID, NULL, "windows are of unknown kind %d", (int)windows->kind);
}
