// SPDX-License-Identifier: Apache-2.0
// Options from all their sources into a record.
#include <ctype.h>
#include <stdio.h>

#include "base/alloc.h"
#include "option/option.h"
#include "type/field.h"
#include "type/text.h"

#define INITIAL "the default of --" // as errors begin

void fl_option_name(const flow_field *field, char *name, size_t size)
{
    snprintf(name, size, "%s", fl_field_outside(field));
    for (; *name; name++)
        *name = (char)(*name == '_' ? '-' : *name);
}

void fl_option_variable(const flow_field *field, const char *prefix, char *name, size_t size)
{
    snprintf(name, size, "%s_%s", prefix, fl_field_outside(field));
    for (; *name; name++)
        *name = (char)(*name == '-' ? '_' : toupper((unsigned char)*name));
}

const flow_field *fl_option_named(const flow_type *type, flow_str name)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const char *known = fl_field_outside(&type->fields[i]);
        size_t at = 0;
        while (at < name.len && known[at] &&
               (name.data[at] == '_' ? '-' : name.data[at]) == (known[at] == '_' ? '-' : known[at]))
            at++;
        if (type->fields[i].option && at == name.len && !known[at])
            return &type->fields[i];
    }
    return NULL;
}

static struct fl_given *given_of(flow_options *options, const flow_field *field)
{
    return &options->given[field - options->type->fields];
}

static char *copy(flow_options *options, const char *text)
{
    char *copied = fl_arena_text(&options->arena, flow_str_of(text));
    options->no_memory = options->no_memory || !copied;
    return copied;
}

void fl_option_take_back(flow_options *options, const flow_field *field, const char *origin)
{
    struct fl_given *given = given_of(options, field);
    *given = (struct fl_given){ .origin = copy(options, origin), .absent = true };
    given->last = &given->first;
}

void fl_option_give(
    flow_options *options, const flow_field *field, const char *origin, flow_str text)
{
    struct fl_given *given = given_of(options, field);
    const bool more =
        field->kind == FLOW_KIND_LIST && given->origin && strcmp(given->origin, origin) == 0;
    if (!more)
        fl_option_take_back(options, field, origin);
    struct fl_given_text *one =
        fl_arena_calloc(&options->arena, sizeof *one, _Alignof(struct fl_given_text));
    const char *copied = fl_arena_text(&options->arena, text);
    if (!one || !copied) {
        options->no_memory = true;
        return;
    }
    one->text = (flow_str){ copied, text.len };
    *given->last = one;
    given->last = &one->next;
    given->count++;
    given->absent = false;
}

void fl_option_keep(flow_options *options, flow_str before, flow_str name, flow_str value)
{
    if (options->unknown_count == options->unknown_room) {
        const int room = 2 * options->unknown_room + 8;
        char **more =
            fl_arena_calloc(&options->arena, (size_t)(room + 1) * sizeof *more, _Alignof(char *));
        if (!more) {
            options->no_memory = true;
            return;
        }
        if (options->unknown_count)
            memcpy(more, options->unknown, (size_t)options->unknown_count * sizeof *more);
        options->unknown = more;
        options->unknown_room = room;
    }
    const size_t len = before.len + name.len + value.len + 2;
    char *text = fl_arena_alloc(&options->arena, len, 1);
    if (!text) {
        options->no_memory = true;
        return;
    }
    snprintf(text, len, "%.*s%.*s%s%.*s", (int)before.len, before.len ? before.data : "",
        (int)name.len, name.data, before.len ? "=" : "", (int)value.len,
        value.len ? value.data : "");
    options->unknown[options->unknown_count++] = text;
}

// The value of a variable, or NULL.
static const char *value_of(char *const *environment, const char *name)
{
    const size_t len = strlen(name);
    for (; *environment; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return *environment + len + 1;
    }
    return NULL;
}

static void take_environment(flow_options *options, const flow_option_sources *sources)
{
    for (uint32_t i = 0; i < options->type->field_count; i++) {
        const flow_field *field = &options->type->fields[i];
        char name[FL_OPTION_NAME_MAX];
        if (!field->option)
            continue;
        fl_option_variable(field, sources->prefix, name, sizeof name);
        const char *value = value_of(sources->environment, name);
        if (value)
            fl_option_give(options, field, name, flow_str_of(value));
    }
}

// The file is the weakest source, but stronger ones may name it: what they said is put aside.
static flow_status take_file(
    flow_options *options, const flow_option_sources *sources, flow_error *error)
{
    const char *path = sources->file;
    if (!path && sources->file_field) {
        const flow_field *field = flow_type_field(options->type, sources->file_field);
        if (field && given_of(options, field)->first)
            path = given_of(options, field)->first->text.data;
    }
    if (!path || options->help)
        return FLOW_OK;
    struct fl_given *stronger = options->given;
    char **unknown = options->unknown;
    const int unknown_count = options->unknown_count;
    const size_t size = options->type->field_count * sizeof *stronger;
    options->given = fl_arena_calloc(&options->arena, size, _Alignof(struct fl_given));
    options->unknown_count = options->unknown_room = 0;
    if (!options->given) {
        options->no_memory = true;
        options->given = stronger;
        return FLOW_OK;
    }
    const flow_status status = fl_options_file(options, path, error);
    for (uint32_t i = 0; i < options->type->field_count; i++) {
        if (stronger[i].origin)
            options->given[i] = stronger[i];
    }
    for (int i = 0; i < unknown_count; i++)
        fl_option_keep(
            options, (flow_str){ NULL, 0 }, flow_str_of(unknown[i]), (flow_str){ NULL, 0 });
    return status;
}

static void *take(void *user, size_t size)
{
    return fl_arena_alloc(user, size, 8);
}

static flow_status refuse(
    const flow_field *field, const char *origin, flow_str text, flow_error *error)
{
    flow_buffer expected = { 0 };
    char shown[FL_SHOWN_MAX] = "***", name[FL_OPTION_NAME_MAX];
    fl_option_name(field, name, sizeof name);
    fl_option_expected(field, &expected);
    if (!field->classified)
        fl_show(text, '\'', shown);
    const bool initial = strcmp(origin, INITIAL) == 0;
    const bool file = strncmp(origin, "--", 2) != 0;
    const flow_status status =
        flow_error_raise(error, FLOW_INVALID, NULL, "%s%s%s%s cannot be %s: expected %.*s", origin,
            initial ? ""
            : file  ? " ("
                    : "",
            file ? name : "", file && !initial ? ")" : "", shown, (int)expected.len, expected.data);
    flow_buffer_free(&expected);
    return status;
}

static flow_status set_list(flow_options *options, const flow_field *field,
    const struct fl_given *given, void *at, flow_error *error)
{
    const flow_memory memory = { take, &options->arena };
    const size_t size = fl_item_size(field);
    char *items = fl_arena_calloc(&options->arena, given->count * size + 1, 8);
    if (!items)
        return FLOW_MEMORY;
    *(flow_list *)at = (flow_list){ items, given->count };
    for (const struct fl_given_text *one = given->first; one; one = one->next, items += size) {
        if (!fl_option_value(field, field->item, one->text, items, &memory))
            return refuse(field, given->origin, one->text, error);
    }
    return FLOW_OK;
}

static flow_status set_value(flow_options *options, const flow_field *field,
    const struct fl_given *given, void *record, flow_error *error)
{
    const flow_memory memory = { take, &options->arena };
    void *at = (char *)record + field->offset;
    memset(at, 0, field->size);
    fl_field_set_present(field, record);
    if (field->kind == FLOW_KIND_LIST)
        return set_list(options, field, given, at, error);
    const flow_str text = given->first->text;
    if (fl_option_value(field, field->kind, text, at, &memory))
        return FLOW_OK;
    return refuse(field, given->origin, text, error);
}

static flow_status refuse_missing(const flow_field *field, flow_error *error)
{
    const flow_option *option = field->option;
    char name[FL_OPTION_NAME_MAX];
    fl_option_name(field, name, sizeof name);
    const char *value = option->value ? option->value : name;
    const char *help = option->help ? option->help : "it is required";
    if (option->positional)
        return flow_error_raise(
            error, FLOW_INVALID, NULL, "one %s is wanted: %s; --help says more", value, help);
    return flow_error_raise(error, FLOW_INVALID, NULL, "--%s is missing: %s", name, help);
}

static flow_status set_field(
    flow_options *options, const flow_field *field, bool from_code, void *record, flow_error *error)
{
    struct fl_given *given = given_of(options, field);
    if (!field->option)
        return FLOW_OK;
    if (given->origin && !given->absent)
        return set_value(options, field, given, record, error);
    if (given->origin) { // taken back
        memset((char *)record + field->offset, 0, field->size);
        if (field->presence)
            ((char *)record)[field->presence - 1] = 0;
        return FLOW_OK;
    }
    if (from_code || options->help)
        return FLOW_OK;
    if (field->option->required)
        return refuse_missing(field, error);
    if (!field->option->initial)
        return FLOW_OK;
    struct fl_given_text text = { .text = flow_str_of(field->option->initial) };
    const struct fl_given initial = { .origin = INITIAL, .count = 1, .first = &text };
    const flow_status status = set_value(options, field, &initial, record, error);
    if (status == FLOW_INVALID) // the declaration is wrong, not the user
        error->status = FLOW_TYPE;
    return status == FLOW_INVALID ? FLOW_TYPE : status;
}

static flow_status check_field(const flow_type *type, const flow_field *field, flow_error *error)
{
    const flow_kind kind = field->kind == FLOW_KIND_LIST ? field->item : field->kind;
    const bool placed = kind == FLOW_KIND_STR || kind == FLOW_KIND_I32 || kind == FLOW_KIND_I64 ||
                        kind == FLOW_KIND_U32 || kind == FLOW_KIND_U64;
    if (!field->option)
        return FLOW_OK;
    if (kind == FLOW_KIND_RECORD)
        return flow_error_raise(error, FLOW_TYPE, NULL,
            "record \"%s\", field \"%s\": a record cannot be an option", type->name, field->name);
    if (field->option->words && !placed)
        return flow_error_raise(error, FLOW_TYPE, NULL,
            "record \"%s\", field \"%s\": words are for text and whole numbers, not for a %s",
            type->name, field->name, flow_kind_name(kind));
    return FLOW_OK;
}

static flow_status gather(
    flow_options *options, const flow_option_sources *sources, flow_error *error)
{
    if (sources->prefix && sources->environment)
        take_environment(options, sources);
    flow_status status = fl_options_args(options, sources, error);
    if (status == FLOW_OK)
        status = take_file(options, sources, error);
    return status;
}

static flow_status fill(
    flow_options *options, const flow_option_sources *sources, void *record, flow_error *error)
{
    const flow_type *type = options->type;
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < type->field_count && status == FLOW_OK; i++)
        status = check_field(type, &type->fields[i], error);
    if (status == FLOW_OK)
        status = gather(options, sources, error);
    if (sources->base)
        memcpy(record, sources->base, type->size);
    else
        memset(record, 0, type->size);
    for (uint32_t i = 0; i < type->field_count && status == FLOW_OK; i++) {
        status = set_field(options, &type->fields[i], sources->base, record, error);
        if (options->help && status == FLOW_INVALID)
            status = FLOW_OK;
    }
    if (options->no_memory || status == FLOW_MEMORY)
        return flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for options");
    return status;
}

flow_options *flow_options_read(const flow_type *type, const flow_option_sources *sources,
    const flow_allocator *allocator, void *record, flow_error *error)
{
    static const flow_option_sources nowhere;
    flow_error ignored = { 0 };
    if (error)
        *error = (flow_error){ 0 };
    if (flow_type_check(type, error) != FLOW_OK)
        return NULL;
    sources = sources ? sources : &nowhere;
    flow_options *options = fl_calloc(allocator, sizeof *options, _Alignof(flow_options));
    const size_t size = type->field_count * sizeof(struct fl_given);
    if (options) {
        fl_arena_init(&options->arena, allocator, 0);
        options->type = type;
        options->keep_unknown = sources->keep_unknown;
        options->given = fl_arena_calloc(&options->arena, size, _Alignof(struct fl_given));
    }
    if (!options || !options->given)
        flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for options");
    else if (fill(options, sources, record, error ? error : &ignored) == FLOW_OK) {
        if (error) // what --help let pass
            *error = (flow_error){ 0 };
        return options;
    }
    flow_options_free(options);
    return NULL;
}

void flow_options_free(flow_options *options)
{
    if (!options)
        return;
    const flow_allocator allocator = options->arena.allocator;
    fl_arena_fini(&options->arena);
    fl_free(&allocator, options, sizeof *options);
}

bool flow_options_asked_help(const flow_options *options)
{
    return options->help;
}

const char *flow_options_origin(const flow_options *options, const char *field)
{
    const flow_field *found = flow_type_field(options->type, field);
    return found ? options->given[found - options->type->fields].origin : NULL;
}

char *const *flow_options_unknown(const flow_options *options, int *count)
{
    static char *const none[] = { NULL };
    *count = options->unknown_count;
    return options->unknown_count ? options->unknown : none;
}
