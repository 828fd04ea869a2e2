// SPDX-License-Identifier: Apache-2.0
// Options from a JSON file.
#include <errno.h>
#include <stdio.h>

#include "option/option.h"

#if FL_HAVE_JSON
#include <yyjson.h>

#define FILE_MAX ((size_t)1 << 20) // bytes of a file of options

// The parser's memory goes with the options.
static void *take(void *user, size_t size)
{
    return fl_arena_alloc(user, size, 16);
}

static void *take_more(void *user, void *memory, size_t old_size, size_t size)
{
    void *more = take(user, size);
    if (more)
        memcpy(more, memory, old_size < size ? old_size : size);
    return more;
}

static void give_nothing(void *user, void *memory)
{
    (void)user;
    (void)memory;
}

// A value of the file as the command line would have it. False for objects and lists in lists.
static bool text_of(yyjson_val *value, flow_str *text)
{
    if (yyjson_is_str(value))
        *text = (flow_str){ yyjson_get_str(value), yyjson_get_len(value) };
    else if (yyjson_is_raw(value))
        *text = (flow_str){ yyjson_get_raw(value), yyjson_get_len(value) };
    else if (yyjson_is_bool(value))
        *text = flow_str_of(yyjson_get_bool(value) ? "true" : "false");
    else
        return false;
    return true;
}

static flow_status refuse(flow_error *error, const char *path, yyjson_val *name, const char *what)
{
    return flow_error_raise(
        error, FLOW_INVALID, NULL, "%s: \"%s\" %s", path, yyjson_get_str(name), what);
}

static flow_status take_list(flow_options *options, const flow_field *field, const char *path,
    yyjson_val *list, flow_error *error)
{
    size_t i, count;
    yyjson_val *item;
    fl_option_take_back(options, field, path);
    yyjson_arr_foreach(list, i, count, item)
    {
        flow_str text;
        if (!text_of(item, &text))
            return flow_error_raise(error, FLOW_INVALID, NULL,
                "%s: \"%s\" holds what is no text, number or bool", path, field->name);
        fl_option_give(options, field, path, text);
    }
    return FLOW_OK;
}

static flow_status take_member(
    flow_options *options, const char *path, yyjson_val *name, yyjson_val *value, flow_error *error)
{
    const flow_str called = { yyjson_get_str(name), yyjson_get_len(name) };
    const flow_field *field = fl_option_named(options->type, called);
    flow_str text = { NULL, 0 };
    if (field && yyjson_is_arr(value) && field->kind == FLOW_KIND_LIST)
        return take_list(options, field, path, value, error);
    if (field && yyjson_is_null(value)) {
        fl_option_take_back(options, field, path);
        return FLOW_OK;
    }
    if (!field && !options->keep_unknown)
        return refuse(error, path, name, "is no option");
    if (!text_of(value, &text))
        return refuse(error, path, name, "is neither text, number nor bool");
    if (field)
        fl_option_give(options, field, path, text);
    else
        fl_option_keep(options, flow_str_of("--"), called, text);
    return FLOW_OK;
}

static flow_status take_text(
    flow_options *options, const char *path, char *text, size_t len, flow_error *error)
{
    yyjson_read_err why;
    const yyjson_alc memory = { take, take_more, give_nothing, &options->arena };
    yyjson_doc *doc = yyjson_read_opts(text, len, YYJSON_READ_NUMBER_AS_RAW, &memory, &why);
    if (!doc)
        return flow_error_raise(
            error, FLOW_PARSE, NULL, "%s: byte %zu: %s", path, why.pos, why.msg);
    yyjson_val *root = yyjson_doc_get_root(doc);
    flow_status status = FLOW_OK;
    if (yyjson_is_obj(root)) {
        yyjson_obj_iter members = yyjson_obj_iter_with(root);
        for (yyjson_val *name; status == FLOW_OK && (name = yyjson_obj_iter_next(&members));)
            status = take_member(options, path, name, yyjson_obj_iter_get_val(name), error);
    } else {
        status =
            flow_error_raise(error, FLOW_PARSE, NULL, "%s: options must be one JSON object", path);
    }
    yyjson_doc_free(doc);
    return status;
}

static flow_status refuse_file(flow_error *error, const char *path, const char *doing)
{
    char why[128];
    if (strerror_r(errno, why, sizeof why) != 0)
        why[0] = '\0';
    return flow_error_raise(error, FLOW_IO, NULL, "%s: cannot be %s: %s", path, doing, why);
}

flow_status fl_options_file(flow_options *options, const char *path, flow_error *error)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return refuse_file(error, path, "opened");
    flow_buffer text = { .allocator = &options->arena.allocator };
    flow_status status = FLOW_OK;
    char *room = flow_buffer_add(&text, FILE_MAX);
    const size_t len = room ? fread(room, 1, FILE_MAX, file) : 0;
    if (!room)
        status = flow_error_raise(error, FLOW_MEMORY, NULL, "%s: no memory to read it", path);
    else if (ferror(file))
        status = refuse_file(error, path, "read");
    else if (len == FILE_MAX)
        status = flow_error_raise(error, FLOW_PARSE, NULL, "%s: is too long for options", path);
    else
        status = take_text(options, path, text.data, len, error);
    fclose(file);
    flow_buffer_free(&text);
    return status;
}

#else

flow_status fl_options_file(flow_options *options, const char *path, flow_error *error)
{
    (void)options;
    return flow_error_raise(error, FLOW_UNSUPPORTED, NULL,
        "%s: this build reads no files of options: it lacks the feature json", path);
}

#endif
