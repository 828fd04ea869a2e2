// SPDX-License-Identifier: Apache-2.0
// What the standard coders are: names, parts, how their values lie in memory.
#include "beam/beam.h"

static const struct kind {
    const char *name;
    bool standard; // has a URN
    unsigned parts;
    uint16_t head, align; // what lies before the parts in memory
    bool windows;         // the second part is a window coder
    bool composite;       // its parts lie in its value
} kinds[] = {
    [FLOW_CODER_BYTES] = { "bytes", true, 0, sizeof(flow_bytes), 8, false, false },
    [FLOW_CODER_STRING] = { "string_utf8", true, 0, sizeof(flow_str), 8, false, false },
    [FLOW_CODER_VARINT] = { "varint", true, 0, sizeof(int64_t), 8, false, false },
    [FLOW_CODER_BOOL] = { "bool", true, 0, sizeof(bool), 1, false, false },
    [FLOW_CODER_DOUBLE] = { "double", true, 0, sizeof(double), 8, false, false },
    [FLOW_CODER_KV] = { "kv", true, 2, 0, 1, false, true },
    [FLOW_CODER_ITERABLE] = { "iterable", true, 1, sizeof(flow_list), 8, false, false },
    [FLOW_CODER_STATE_ITERABLE] = { "state_backed_iterable", true, 1, sizeof(flow_list), 8, false,
        false },
    [FLOW_CODER_NULLABLE] = { "nullable", true, 1, sizeof(bool), 1, false, true },
    [FLOW_CODER_TIMER] = { "timer", true, 2, sizeof(flow_coder_timer), 8, true, true },
    [FLOW_CODER_INTERVAL_WINDOW] = { "interval_window", true, 0, sizeof(flow_window), 8, false,
        false },
    [FLOW_CODER_GLOBAL_WINDOW] = { "global_window", true, 0, sizeof(flow_window), 8, false, false },
    [FLOW_CODER_CUSTOM_WINDOW] = { "custom_window", true, 1, sizeof(flow_time), 8, false, true },
    [FLOW_CODER_WINDOWED] = { "windowed_value", true, 2, sizeof(flow_coder_windowed), 8, true,
        true },
    [FLOW_CODER_PARAM_WINDOWED] = { "param_windowed_value", true, 2, sizeof(flow_coder_windowed), 8,
        true, true },
    [FLOW_CODER_SHARDED_KEY] = { "sharded_key", true, 1, sizeof(flow_bytes), 8, false, true },
    [FLOW_CODER_LENGTH_PREFIX] = { "length_prefix", true, 1, 0, 1, false, true },
    [FLOW_CODER_ROW] = { "row", true, 0, 0, 1, false, false },
    [FLOW_CODER_FLOAT] = { "float", false, 0, sizeof(float), 4, false, false },
    [FLOW_CODER_INT16] = { "int16", false, 0, sizeof(int32_t), 4, false, false },
    [FLOW_CODER_INT32] = { "int32", false, 0, sizeof(int32_t), 4, false, false },
    [FLOW_CODER_TIMESTAMP] = { "timestamp", false, 0, sizeof(flow_time), 8, false, false },
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static const struct kind *kind_of(const flow_coder *coder)
{
    return coder && (unsigned)coder->kind < KINDS && kinds[coder->kind].name ? &kinds[coder->kind]
                                                                             : NULL;
}

const char *fl_coder_name(flow_coder_kind kind)
{
    return (unsigned)kind < KINDS && kinds[kind].name ? kinds[kind].name : "unknown";
}

const char *flow_coder_urn(flow_coder_kind kind)
{
    static const char *const urns[] = { "beam:coder:bytes:v1", "beam:coder:string_utf8:v1",
        "beam:coder:varint:v1", "beam:coder:bool:v1", "beam:coder:double:v1", "beam:coder:kv:v1",
        "beam:coder:iterable:v1", "beam:coder:state_backed_iterable:v1", "beam:coder:nullable:v1",
        "beam:coder:timer:v1", "beam:coder:interval_window:v1", "beam:coder:global_window:v1",
        "beam:coder:custom_window:v1", "beam:coder:windowed_value:v1",
        "beam:coder:param_windowed_value:v1", "beam:coder:sharded_key:v1",
        "beam:coder:length_prefix:v1", "beam:coder:row:v1" };
    return kind >= 1 && kind <= FLOW_CODER_ROW ? urns[kind - 1] : NULL;
}

bool flow_coder_of_urn(const char *urn, flow_coder_kind *kind)
{
    for (int k = 1; k <= FLOW_CODER_ROW; k++) {
        if (strcmp(flow_coder_urn((flow_coder_kind)k), urn) == 0) {
            *kind = (flow_coder_kind)k;
            return true;
        }
    }
    return false;
}

static size_t align_up(size_t at, size_t align)
{
    return (at + align - 1) & ~(align - 1);
}

// How many parts lie in a value: windows are lists in the head.
static unsigned laid_parts(const struct kind *kind)
{
    return !kind->composite ? 0 : kind->windows ? 1 : kind->parts;
}

size_t flow_coder_size(const flow_coder *coder, size_t *align)
{
    const struct kind *kind = kind_of(coder);
    size_t at = kind->head, most = kind->align;
    if (coder->kind == FLOW_CODER_ROW) {
        at = flow_row_coder_type(coder->row)->size;
        most = flow_row_coder_type(coder->row)->align;
    }
    for (unsigned i = 0; i < laid_parts(kind); i++) {
        size_t part;
        const size_t size = flow_coder_size(coder->parts[i], &part);
        at = align_up(at, part) + size;
        most = part > most ? part : most;
    }
    if (align)
        *align = most;
    return align_up(at, most);
}

size_t flow_coder_offset(const flow_coder *coder, unsigned index)
{
    const struct kind *kind = kind_of(coder);
    size_t at = kind->head;
    for (unsigned i = 0; i < laid_parts(kind); i++) {
        size_t align;
        const size_t size = flow_coder_size(coder->parts[i], &align);
        at = align_up(at, align);
        if (i == index)
            return at;
        at += size;
    }
    return at;
}

static bool is_window(const flow_coder *coder)
{
    return coder->kind == FLOW_CODER_INTERVAL_WINDOW || coder->kind == FLOW_CODER_GLOBAL_WINDOW ||
           coder->kind == FLOW_CODER_CUSTOM_WINDOW || coder->kind == FLOW_CODER_LENGTH_PREFIX;
}

static flow_status check(const flow_coder *coder, unsigned depth, flow_error *error)
{
    const struct kind *kind = kind_of(coder);
    if (!kind)
        return flow_error_raise(error, FLOW_INVALID, NULL, "a coder is of unknown kind %d",
            coder ? (int)coder->kind : 0);
    if (depth > FL_BEAM_DEPTH_MAX)
        return flow_error_raise(
            error, FLOW_INVALID, NULL, "coders are nested more than %d deep", FL_BEAM_DEPTH_MAX);
    if (coder->kind == FLOW_CODER_ROW && !coder->row)
        return flow_error_raise(error, FLOW_INVALID, NULL, "coder row: has no flow_row_coder");
    for (unsigned i = 0; i < kind->parts; i++) {
        if (!coder->parts[i])
            return flow_error_raise(error, FLOW_INVALID, NULL,
                "coder %s: has %u part%s, part %u is missing", kind->name, kind->parts,
                kind->parts == 1 ? "" : "s", i + 1);
        const flow_status status = check(coder->parts[i], depth + 1, error);
        if (status != FLOW_OK)
            return status;
    }
    if (kind->windows && !is_window(coder->parts[1]))
        return flow_error_raise(error, FLOW_INVALID, NULL, "coder %s: %s is no coder of windows",
            kind->name, fl_coder_name(coder->parts[1]->kind));
    return FLOW_OK;
}

flow_status flow_coder_check(const flow_coder *coder, flow_error *error)
{
    return check(coder, 1, error);
}

void flow_coder_print(const flow_coder *coder, flow_buffer *out)
{
    const struct kind *kind = kind_of(coder);
    flow_buffer_printf(out, "%s", fl_coder_name(coder ? coder->kind : 0));
    if (coder && coder->kind == FLOW_CODER_ROW && coder->row)
        flow_buffer_printf(out, "<%s>", flow_row_coder_type(coder->row)->name);
    for (unsigned i = 0; kind && i < kind->parts && coder->parts[i]; i++) {
        flow_buffer_printf(out, i ? ", " : "<");
        flow_coder_print(coder->parts[i], out);
        flow_buffer_printf(out, i + 1 == kind->parts ? ">" : "");
    }
}

flow_status flow_coder_deterministic(const flow_coder *coder, flow_error *error)
{
    const struct kind *kind = kind_of(coder);
    const char *why = NULL;
    if (coder->kind == FLOW_CODER_DOUBLE || coder->kind == FLOW_CODER_FLOAT)
        why = "equal floats may have several bit patterns";
    else if (coder->kind == FLOW_CODER_ITERABLE || coder->kind == FLOW_CODER_STATE_ITERABLE)
        why = "an iterable has no order, and two forms";
    else if (coder->kind == FLOW_CODER_ROW && !flow_row_coder_deterministic(coder->row))
        why = "a row with floats, maps or iterables has several forms";
    if (why)
        return flow_error_raise(
            error, FLOW_TYPE, NULL, "coder %s cannot be that of a key (R21): %s", kind->name, why);
    for (unsigned i = 0; i < kind->parts; i++) {
        const flow_status status = flow_coder_deterministic(coder->parts[i], error);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

size_t fl_coder_least(const flow_coder *coder)
{
    switch (coder->kind) {
    case FLOW_CODER_GLOBAL_WINDOW:
        return 0;
    case FLOW_CODER_KV:
        return fl_coder_least(coder->parts[0]) + fl_coder_least(coder->parts[1]);
    case FLOW_CODER_PARAM_WINDOWED:
        return fl_coder_least(coder->parts[0]);
    default:
        return 1;
    }
}
