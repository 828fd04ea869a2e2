// SPDX-License-Identifier: Apache-2.0
// Names of files made from patterns. What elements bring is encoded by percent signs, so that no
// value leaves its folder, hides a file, or looks like another value.
#include "pattern.h"

#include <inttypes.h>
#include <stdio.h>

// In a name that only elements have filled in, bytes that no value and no pattern has: 1 … 5.
enum mark {
    MARK_SHARD = FL_NAME_SHARD,
    MARK_WINDOW,
    MARK_START,
    MARK_END,
    MARK_PANE
};

static const struct {
    const char *name;
    enum fl_pattern_what what;
    char mark;
} known[] = {
    { "key", FL_PATTERN_KEY, 0 },
    { "destination", FL_PATTERN_DESTINATION, 0 },
    { "window", FL_PATTERN_WINDOW, MARK_WINDOW },
    { "start", FL_PATTERN_START, MARK_START },
    { "end", FL_PATTERN_END, MARK_END },
    { "pane", FL_PATTERN_PANE, MARK_PANE },
    { "shard", FL_PATTERN_SHARD, MARK_SHARD },
};
#define KNOWN (sizeof known / sizeof known[0])

bool fl_pattern_is(const char *path)
{
    return path != NULL && strpbrk(path, "{}") != NULL;
}

void fl_name_add(struct fl_name *name, const char *text, size_t len)
{
    name->full = name->full || len >= FL_NAME_SIZE - name->len;
    if (name->full)
        return;
    if (len > 0)
        memcpy(name->text + name->len, text, len);
    name->len += len;
    name->text[name->len] = '\0';
}

// --- reading

static const flow_field *field_called(const flow_type *type, flow_str name)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        if (flow_str_equal(flow_str_of(field->as ? field->as : field->name), name))
            return field;
    }
    return NULL;
}

static bool has_text(flow_kind kind)
{
    return kind != FLOW_KIND_NONE && kind != FLOW_KIND_F32 && kind != FLOW_KIND_F64 &&
           kind != FLOW_KIND_BYTES && kind != FLOW_KIND_RECORD && kind != FLOW_KIND_LIST;
}

struct reading {
    flow_coll in;
    const flow_file_write_options *options;
    const char *step;
    struct fl_pattern *pattern;
};

static bool refuse(struct reading *r, flow_str piece, const char *why)
{
    flow_pipeline_fail(r->in.pipeline, FLOW_INVALID, r->step,
        "the option `path` is the pattern \"%s\", whose piece {%.*s} %s", r->options->path,
        (int)piece.len, piece.data, why);
    return false;
}

static bool add_field(struct reading *r, flow_str name, struct fl_pattern_piece *piece)
{
    const bool field_only = name.len > 0 && name.data[0] == '.';
    const flow_str called = { name.data + field_only, name.len - field_only };
    piece->what = FL_PATTERN_FIELD;
    piece->field = field_called(flow_coll_type(r->in), called);
    if (piece->field == NULL)
        return refuse(r, name,
            "is neither a field of the element nor one of key, destination, window, start, end, "
            "pane and shard");
    return has_text(piece->field->kind) ||
           refuse(r, name, "is no text, whole number, bool, time or duration");
}

static bool add_key(struct reading *r, flow_str name, struct fl_pattern_piece *piece)
{
    flow_field *key = flow_pipeline_alloc(r->in.pipeline, sizeof *key);
    if (key == NULL)
        return false;
    *key = flow_coll_key_field(r->in);
    piece->field = key;
    if (key->kind == FLOW_KIND_NONE)
        return refuse(r, name, "asks for a key, but the collection has none");
    return has_text(key->kind) ||
           refuse(r, name, "is no text, whole number, bool, time or duration");
}

static bool add_piece(struct reading *r, flow_str name)
{
    struct fl_pattern *pattern = r->pattern;
    struct fl_pattern_piece *piece = &pattern->pieces[pattern->count++];
    size_t k = 0;
    while (k < KNOWN && !flow_str_equal(flow_str_of(known[k].name), name))
        k++;
    if (k == KNOWN) {
        pattern->asks[FL_PATTERN_FIELD] = true;
        return add_field(r, name, piece);
    }
    piece->what = known[k].what;
    pattern->asks[piece->what] = true;
    if (piece->what == FL_PATTERN_DESTINATION && r->options->destination == NULL)
        return refuse(r, name, "needs the option `destination`");
    return piece->what != FL_PATTERN_KEY || add_key(r, name, piece);
}

static bool add_text(struct reading *r, flow_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < ' ') {
            flow_pipeline_fail(r->in.pipeline, FLOW_INVALID, r->step,
                "the option `path` is a pattern with a control character, which no name may have");
            return false;
        }
    }
    r->pattern->pieces[r->pattern->count++] =
        (struct fl_pattern_piece){ .what = FL_PATTERN_TEXT, .text = text };
    return true;
}

// The next piece off the front: a name in braces, or text; "{{" and "}}" are braces.
static bool read_piece(struct reading *r, const char **at)
{
    const char *from = *at;
    const bool doubled = (from[0] == '{' || from[0] == '}') && from[1] == from[0];
    if (doubled) {
        *at = from + 2;
        return add_text(r, (flow_str){ from, 1 });
    }
    const size_t plain = strcspn(from, "{}");
    if (plain > 0) {
        *at = from + plain;
        return add_text(r, (flow_str){ from, plain });
    }
    const char *end = from[0] == '{' ? strpbrk(from + 1, "{}") : NULL;
    if (end == NULL || *end != '}') {
        flow_pipeline_fail(r->in.pipeline, FLOW_INVALID, r->step,
            "the option `path` is the pattern \"%s\", which has a brace without its other; a brace "
            "itself is written twice",
            r->options->path);
        return false;
    }
    *at = end + 1;
    return add_piece(r, (flow_str){ from + 1, (size_t)(end - from) - 1 });
}

const struct fl_pattern *fl_pattern_read(
    flow_coll in, const flow_file_write_options *options, const char *step)
{
    const size_t most = strlen(options->path) + 1; // every piece takes a byte
    struct fl_pattern *pattern =
        flow_pipeline_alloc(in.pipeline, sizeof *pattern + most * sizeof(struct fl_pattern_piece));
    if (pattern == NULL)
        return NULL;
    struct reading r = { in, options, step, pattern };
    pattern->path = options->path;
    pattern->destination = options->destination;
    pattern->destination_config = options->destination_config;
    const size_t plain = strcspn(options->path, "{}");
    for (size_t i = 0; i < plain; i++)
        if (options->path[i] == '/')
            pattern->folder_len = i + 1;
    for (const char *at = options->path; *at != '\0';)
        if (!read_piece(&r, &at))
            return NULL;
    if (options->destination != NULL && !pattern->asks[FL_PATTERN_DESTINATION]) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, step,
            "the option `destination` is set, but the pattern \"%s\" has no {destination}",
            options->path);
        return NULL;
    }
    return pattern;
}

// --- filling

static bool is_plain(unsigned char byte)
{
    return byte >= ' ' && byte != '/' && byte != '%' && byte != 0x7f;
}

// A value as (a part of) one component of a path. What begins with a percent sign and no two
// hexadecimal digits stands for no text.
static void add_value(struct fl_name *name, flow_str text)
{
    char code[4];
    if (text.len == 0)
        fl_name_add(name, "%empty", 6);
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char byte = (unsigned char)text.data[i];
        if (is_plain(byte) && !(i == 0 && byte == '.'))
            fl_name_add(name, text.data + i, 1);
        else
            fl_name_add(name, code, (size_t)snprintf(code, sizeof code, "%%%02X", byte));
    }
}

// A path below the folder: each of its components is a value.
static void add_path(struct fl_name *name, flow_str path)
{
    for (;;) {
        const char *slash = path.len ? memchr(path.data, '/', path.len) : NULL;
        const size_t len = slash ? (size_t)(slash - path.data) : path.len;
        add_value(name, (flow_str){ path.data, len });
        if (slash == NULL)
            return;
        fl_name_add(name, "/", 1);
        path = (flow_str){ slash + 1, path.len - len - 1 };
    }
}

// RFC 3339 without its colons and dashes, as ISO 8601 has it: 20261124T090000Z.
static void add_time(struct fl_name *name, flow_time at)
{
    char text[40];
    const size_t len = flow_time_print(at, text);
    const size_t date = text[0] == '-' || text[0] == '+' ? 1 : 0; // a sign is no dash
    for (size_t i = 0; i < len; i++)
        if (i < date || (text[i] != '-' && text[i] != ':'))
            fl_name_add(name, text + i, 1);
}

static void add_scalar(struct fl_name *name, flow_kind kind, const void *value)
{
    char text[40];
    switch (kind) {
    case FLOW_KIND_STR:
        add_value(name, *(const flow_str *)value);
        return;
    case FLOW_KIND_TIME:
        add_time(name, *(const flow_time *)value);
        return;
    case FLOW_KIND_DURATION:
        fl_name_add(name, text, flow_duration_print(*(const flow_duration *)value, text));
        return;
    case FLOW_KIND_BOOL:
        snprintf(text, sizeof text, "%s", *(const bool *)value ? "true" : "false");
        break;
    case FLOW_KIND_I32:
        snprintf(text, sizeof text, "%" PRId32, *(const int32_t *)value);
        break;
    case FLOW_KIND_U32:
        snprintf(text, sizeof text, "%" PRIu32, *(const uint32_t *)value);
        break;
    case FLOW_KIND_I64:
        snprintf(text, sizeof text, "%" PRId64, *(const int64_t *)value);
        break;
    default:
        snprintf(text, sizeof text, "%" PRIu64, *(const uint64_t *)value);
        break;
    }
    fl_name_add(name, text, strlen(text));
}

static void add_destination(const struct fl_pattern *pattern, const void *row, struct fl_name *name)
{
    char text[FL_NAME_SIZE];
    const size_t len = pattern->destination(row, pattern->destination_config, text, sizeof text);
    if (len < sizeof text)
        add_path(name, (flow_str){ text, len });
    else
        name->full = true;
}

static char mark_of(enum fl_pattern_what what)
{
    for (size_t k = 0; k < KNOWN; k++)
        if (known[k].what == what)
            return known[k].mark;
    return 0;
}

void fl_pattern_fill(
    const struct fl_pattern *pattern, const void *key, const void *row, struct fl_name *name)
{
    name->len = 0;
    name->full = false;
    name->text[0] = '\0';
    for (uint32_t i = 0; i < pattern->count; i++) {
        const struct fl_pattern_piece *piece = &pattern->pieces[i];
        const flow_field *field = piece->field;
        const char mark = mark_of(piece->what);
        if (piece->what == FL_PATTERN_TEXT)
            fl_name_add(name, piece->text.data, piece->text.len);
        else if (piece->what == FL_PATTERN_KEY)
            add_scalar(name, field->kind, key);
        else if (piece->what == FL_PATTERN_DESTINATION)
            add_destination(pattern, row, name);
        else if (piece->what != FL_PATTERN_FIELD)
            fl_name_add(name, &mark, 1);
        else if (field->presence && !*((const bool *)row + field->presence - 1))
            fl_name_add(name, "%none", 5);
        else
            add_scalar(name, field->kind, (const char *)row + field->offset);
    }
}

// --- finishing

static bool is_global(flow_window window)
{
    return window.start.us == FLOW_TIME_MIN_US && window.end.us >= FLOW_TIME_GLOBAL_END_US;
}

static void add_mark(char mark, const struct fl_firing *firing, struct fl_name *name)
{
    char text[40];
    const bool global = is_global(firing->window);
    switch ((enum mark)mark) {
    case MARK_SHARD:
        if (firing->shards == 0)
            fl_name_add(name, &mark, 1);
        else
            fl_name_add(name, text,
                (size_t)snprintf(text, sizeof text, "%05" PRIu32 "-of-%05" PRIu32, firing->shard,
                    firing->shards));
        return;
    case MARK_PANE:
        fl_name_add(name, text, (size_t)snprintf(text, sizeof text, "%" PRIu32, firing->pane));
        return;
    case MARK_WINDOW:
    case MARK_START:
    case MARK_END:
        if (global) {
            fl_name_add(name, "global", 6);
            return;
        }
        if (mark != MARK_END)
            add_time(name, firing->window.start);
        if (mark == MARK_WINDOW)
            fl_name_add(name, "-", 1);
        if (mark != MARK_START)
            add_time(name, firing->window.end);
        return;
    }
}

void fl_name_finish(flow_str begun, const struct fl_firing *firing, struct fl_name *name)
{
    name->len = 0;
    name->full = false;
    name->text[0] = '\0';
    for (size_t i = 0; i < begun.len; i++) {
        if (begun.data[i] >= MARK_SHARD && begun.data[i] <= MARK_PANE)
            add_mark(begun.data[i], firing, name);
        else
            fl_name_add(name, begun.data + i, 1);
    }
}

void fl_name_shard(flow_str begun, uint32_t shard, uint32_t shards, struct fl_name *name)
{
    const struct fl_firing firing = { .shard = shard, .shards = shards };
    fl_name_finish(begun, &firing, name);
}
