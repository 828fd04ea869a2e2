// SPDX-License-Identifier: Apache-2.0
// Ways to cut time, as a pipeline keeps them: owned, compared, named.
#include <flow/text.h>
#include <flow/transform.h>

#include "graph/graph.h"

// One spelling for each way, so that windows can be compared.
static void plain(flow_windows *windows)
{
    if (windows->kind == FLOW_WINDOW_GLOBAL)
        *windows = flow_global();
    if (windows->kind == FLOW_WINDOW_FIXED && windows->every.us == 0)
        windows->every = windows->size;
    if (windows->kind == FLOW_WINDOW_SLIDING && windows->every.us == windows->size.us)
        windows->kind = FLOW_WINDOW_FIXED;
    if (windows->kind != FLOW_WINDOW_CALENDAR)
        return;
    windows->month = windows->unit == FLOW_CALENDAR_YEAR && !windows->month ? 1 : windows->month;
    windows->day = windows->day ? windows->day : 1;
}

static bool own_gap(const fl_call *call, const flow_type *type, flow_windows *windows)
{
    fl_place place;
    if (!windows->gap.type)
        return true;
    if (!fl_check_field(call, type, &windows->gap, "gap of sessions", &place))
        return false;
    windows->gap.name = flow_pipeline_string(call->pipeline, windows->gap.name);
    return true;
}

static bool own_zone(const fl_call *call, flow_windows *windows)
{
    flow_pipeline *p = call->pipeline;
    flow_error error = { 0 };
    windows->rules = NULL;
    if (!windows->zone)
        return true;
    windows->zone = flow_pipeline_string(p, windows->zone);
    if (!windows->zone)
        return false;
    for (const fl_zone_kept *kept = p->zone_list; kept && !windows->rules; kept = kept->older)
        if (strcmp(kept->name, windows->zone) == 0)
            windows->rules = kept->zone;
    if (windows->rules)
        return true;
    fl_zone_kept *kept = flow_pipeline_alloc(p, sizeof *kept);
    if (!kept)
        return false;
    kept->zone = flow_zone_new(windows->zone, p->zones, &p->allocator, &error);
    if (!kept->zone)
        return fl_refuse(call, error.status, "%s", error.message);
    kept->name = windows->zone;
    kept->older = p->zone_list;
    p->zone_list = kept;
    windows->rules = kept->zone;
    return true;
}

static bool own_custom(const fl_call *call, const flow_type *type, flow_windows *windows)
{
    const flow_window_fn *fn = windows->fn;
    if (fn->in && !fl_check_type(call, fn->in))
        return false;
    if (fn->in && !flow_type_equal(fn->in, type))
        return fl_refuse(call, FLOW_TYPE, "windows '%s' look at '%s', its input has '%s'", fn->name,
            fn->in->name, type->name);
    if (!fn->config)
        return true;
    windows->fn_config =
        fl_copy_record(call, fn->config, windows->fn_config, "the configuration of its windows");
    return windows->fn_config != NULL;
}

bool fl_windows_own(const fl_call *call, const flow_type *type, flow_windows *windows)
{
    flow_error error = { 0 };
    plain(windows);
    if (flow_windows_check(windows, &error) != FLOW_OK)
        return fl_refuse(call, error.status, "%s", error.message);
    switch (windows->kind) {
    case FLOW_WINDOW_SESSION:
        return own_gap(call, type, windows);
    case FLOW_WINDOW_CALENDAR:
        return own_zone(call, windows);
    case FLOW_WINDOW_CUSTOM:
        return own_custom(call, type, windows);
    default:
        return true;
    }
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

// Whether records say the same, in their binary form.
static bool same_config(const flow_windows *a, const flow_windows *b)
{
    flow_buffer bytes = { 0 };
    if (!a->fn->config)
        return true;
    flow_encode(a->fn->config, a->fn_config, &bytes);
    const size_t len = bytes.len;
    flow_encode(b->fn->config, b->fn_config, &bytes);
    const bool same = !bytes.failed && bytes.len == 2 * len &&
                      (len == 0 || memcmp(bytes.data, bytes.data + len, len) == 0);
    flow_buffer_free(&bytes);
    return same;
}

bool fl_windows_alike(const flow_windows *a, const flow_windows *b)
{
    if (a->kind != b->kind || a->max_length.us != b->max_length.us)
        return false;
    switch (a->kind) {
    case FLOW_WINDOW_GLOBAL:
    case FLOW_WINDOW_SESSION:
        return true;
    case FLOW_WINDOW_CALENDAR:
        return a->unit == b->unit && a->units == b->units && a->month == b->month &&
               a->day == b->day && same_text(a->zone, b->zone);
    case FLOW_WINDOW_CUSTOM:
        return a->fn == b->fn && same_config(a, b);
    default:
        return a->size.us == b->size.us && a->every.us == b->every.us &&
               a->offset.us == b->offset.us;
    }
}

// " of 1m", with the words before it.
static void put_span(flow_buffer *out, const char *words, flow_duration span)
{
    char text[40];
    flow_duration_print(span, text);
    flow_buffer_printf(out, "%s%s", words, text);
}

static void put_calendar(flow_buffer *out, const flow_windows *windows)
{
    static const char *const units[] = { "day", "week", "month", "year" };
    static const char *const months[] = { "", "January", "February", "March", "April", "May",
        "June", "July", "August", "September", "October", "November", "December" };
    if (windows->units == 1)
        flow_buffer_printf(out, "%ss", units[windows->unit]);
    else
        flow_buffer_printf(
            out, "windows of %u %ss", (unsigned)windows->units, units[windows->unit]);
    flow_buffer_printf(out, " of %s", windows->zone ? windows->zone : "UTC");
    if (windows->month > 1)
        flow_buffer_printf(out, " from %s", months[windows->month]);
    if (windows->day > 1)
        flow_buffer_printf(out, " from day %u", (unsigned)windows->day);
}

static void put_sessions(flow_buffer *out, const flow_windows *windows)
{
    if (windows->gap.type)
        flow_buffer_printf(out, "sessions with the gap %s",
            windows->gap.name ? windows->gap.name : windows->gap.type->name);
    else
        put_span(out, "sessions with a gap of ", windows->size);
    if (windows->max_length.us)
        put_span(out, ", at most ", windows->max_length);
}

void fl_windows_put(flow_buffer *out, const flow_windows *windows)
{
    switch (windows->kind) {
    case FLOW_WINDOW_GLOBAL:
        flow_buffer_printf(out, "the global window");
        return;
    case FLOW_WINDOW_SESSION:
        put_sessions(out, windows);
        return;
    case FLOW_WINDOW_CALENDAR:
        put_calendar(out, windows);
        return;
    case FLOW_WINDOW_CUSTOM:
        flow_buffer_printf(out, "windows by %s", windows->fn->name);
        return;
    default:
        break;
    }
    put_span(out, "windows of ", windows->size);
    if (windows->kind == FLOW_WINDOW_CUMULATE)
        put_span(out, " growing by ", windows->every);
    else if (windows->every.us != windows->size.us)
        put_span(out, " every ", windows->every);
    if (windows->offset.us)
        put_span(out, " offset ", windows->offset);
}
