// SPDX-License-Identifier: Apache-2.0
// A case as a pipeline of ours. Times of cases are milliseconds.
#include "oracle.h"

static const flow_field entry_fields[] = { FLOW_COLUMN(entry, key), FLOW_COLUMN(entry, value) };
const flow_type entry_type = { "entry", sizeof(struct entry), 8, 2, entry_fields };

static const char *word(yyjson_val *at, const char *name)
{
    const char *text = yyjson_get_str(yyjson_obj_get(at, name));
    return text ? text : "";
}

static flow_duration span(yyjson_val *at, const char *name)
{
    return flow_millis(yyjson_get_sint(yyjson_obj_get(at, name)));
}

// --- triggers

static flow_trigger trigger_of(yyjson_val *t);

static flow_trigger part(yyjson_val *t, const char *name)
{
    yyjson_val *of = yyjson_obj_get(t, name);
    return of ? trigger_of(of) : flow_trigger_none();
}

static flow_trigger clock_of(yyjson_val *t)
{
    const flow_trigger delay = flow_trigger_delay(span(t, "delay"));
    if (!yyjson_obj_get(t, "align"))
        return delay;
    return flow_trigger_then(delay, flow_trigger_align(span(t, "align"), flow_millis(0)));
}

static flow_trigger several(yyjson_val *t, const char *kind)
{
    flow_trigger parts[8];
    size_t count = 0, i, most;
    yyjson_val *of;
    yyjson_arr_foreach(yyjson_obj_get(t, "of"), i, most, of)
    {
        if (count < 8)
            parts[count++] = trigger_of(of);
    }
    if (strcmp(kind, "all") == 0)
        return flow_trigger_all_of(parts, count);
    if (strcmp(kind, "any") == 0)
        return flow_trigger_any_of(parts, count);
    return flow_trigger_each_of(parts, count);
}

static flow_trigger trigger_of(yyjson_val *t)
{
    const char *kind = word(t, "t");
    if (strcmp(kind, "end") == 0)
        return flow_trigger_end_of_window();
    if (strcmp(kind, "count") == 0)
        return flow_trigger_count(yyjson_get_sint(yyjson_obj_get(t, "n")));
    if (strcmp(kind, "time") == 0)
        return clock_of(t);
    if (strcmp(kind, "early_late") == 0)
        return flow_trigger_early_late(part(t, "early"), part(t, "late"));
    if (strcmp(kind, "repeat") == 0)
        return flow_trigger_repeatedly(part(t, "of"));
    if (strcmp(kind, "or_finally") == 0)
        return flow_trigger_or_finally(part(t, "main"), part(t, "until"));
    if (strcmp(kind, "never") == 0)
        return flow_trigger_never();
    if (strcmp(kind, "default") == 0)
        return flow_trigger_default();
    return several(t, kind);
}

// --- windows

static bool windows_of(yyjson_val *w, flow_windows *windows)
{
    const char *kind = word(w, "kind");
    if (strcmp(kind, "fixed") == 0)
        *windows = flow_windows_offset(flow_fixed(span(w, "size")), span(w, "offset"));
    else if (strcmp(kind, "sliding") == 0)
        *windows =
            flow_windows_offset(flow_sliding(span(w, "size"), span(w, "every")), span(w, "offset"));
    else if (strcmp(kind, "session") == 0)
        *windows = flow_sessions(span(w, "size"));
    else if (strcmp(kind, "days") == 0)
        *windows = flow_calendar_days(
            (uint32_t)yyjson_get_uint(yyjson_obj_get(w, "count")), word(w, "zone"));
    else if (strcmp(kind, "global") == 0)
        *windows = flow_global();
    else
        return false;
    return true;
}

static flow_empty_panes empty_panes(const char *text)
{
    return strcmp(text, "always") == 0         ? FLOW_EMPTY_ALWAYS
           : strcmp(text, "if_non_empty") == 0 ? FLOW_EMPTY_NEVER
                                               : FLOW_EMPTY_UNSET;
}

bool oracle_windowing(yyjson_val *c, flow_window_options *options)
{
    memset(options, 0, sizeof *options);
    if (!windows_of(yyjson_obj_get(c, "windows"), &options->windows))
        return false;
    options->trigger = part(c, "trigger");
    const char *mode = word(c, "mode");
    if (mode[0])
        options->accumulation =
            strcmp(mode, "accumulating") == 0 ? FLOW_ACCUMULATING : FLOW_DISCARDING;
    options->lateness = span(c, "lateness");
    options->no_lateness = yyjson_obj_get(c, "lateness") && options->lateness.us == 0;
    options->closing = empty_panes(word(c, "closing"));
    options->on_time = empty_panes(word(c, "on_time"));
    const char *time = word(c, "output_time");
    options->output_time = strcmp(time, "earliest") == 0        ? FLOW_OUTPUT_EARLIEST
                           : strcmp(time, "latest") == 0        ? FLOW_OUTPUT_LATEST
                           : strcmp(time, "end_of_window") == 0 ? FLOW_OUTPUT_END_OF_WINDOW
                                                                : FLOW_OUTPUT_TIME_UNSET;
    return true;
}

flow_coll oracle_script(flow_pipeline *pipeline, yyjson_val *c)
{
    flow_script *script = flow_script_new(pipeline);
    const flow_coll in = flow_script_input(script, "script", &entry_type);
    size_t i, count;
    yyjson_val *step;
    yyjson_arr_foreach(yyjson_obj_get(c, "script"), i, count, step)
    {
        const char *what = yyjson_get_str(yyjson_arr_get(step, 0));
        const int64_t first = yyjson_get_sint(yyjson_arr_get(step, 1));
        if (strcmp(what, "clock") == 0)
            flow_script_clock(script, flow_millis(first));
        else if (strcmp(what, "watermark") == 0)
            flow_script_watermark(script, in, (flow_time){ first * 1000 });
        else
            FLOW_SCRIPT_ADD(script, in, entry,
                (flow_time){ yyjson_get_sint(yyjson_arr_get(step, 3)) * 1000 },
                .key = flow_str_of(yyjson_get_str(yyjson_arr_get(step, 1))),
                .value = yyjson_get_sint(yyjson_arr_get(step, 2)));
    }
    return in;
}
