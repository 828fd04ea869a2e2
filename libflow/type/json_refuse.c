// SPDX-License-Identifier: Apache-2.0
// The sentences of the JSON reader's errors.
#include <stdio.h>

#include "type/field.h"
#include "type/json.h"
#include "type/number.h"
#include "type/text.h"

#define PATH_MAX_SHOWN 200

// "address.city" or "lines[3].price", as much as there is room for.
static void show_path(const struct fl_json_path *path, char *text, size_t size)
{
    const struct fl_json_path *steps[FL_DEPTH_MAX + 1];
    size_t count = 0, len = 0;
    for (; path && count < sizeof steps / sizeof steps[0]; path = path->up)
        steps[count++] = path;
    text[0] = '\0';
    while (count-- && len < size) {
        const char *name = fl_field_outside(steps[count]->field);
        const char *dot = len ? "." : "";
        const int more =
            steps[count]->index == FL_JSON_NO_INDEX
                ? snprintf(text + len, size - len, "%s%s", dot, name)
                : snprintf(text + len, size - len, "%s%s[%zu]", dot, name, steps[count]->index);
        len += more > 0 ? (size_t)more : 0;
    }
}

static bool is_classified(const struct fl_json_path *path)
{
    for (; path; path = path->up) {
        if (path->field->classified)
            return true;
    }
    return false;
}

static const char *wanted(flow_kind kind, bool is_number)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        return "true or false";
    case FLOW_KIND_STR:
        return "a text";
    case FLOW_KIND_BYTES:
        return "a base64 text";
    case FLOW_KIND_RECORD:
        return "an object";
    case FLOW_KIND_LIST:
        return "a list";
    default:
        return fl_number_wanted(kind, is_number);
    }
}

static void show_value(yyjson_val *value, char *shown)
{
    const char *word = NULL;
    switch (yyjson_get_type(value)) {
    case YYJSON_TYPE_STR:
        fl_show((flow_str){ yyjson_get_str(value), yyjson_get_len(value) }, '"', shown);
        return;
    case YYJSON_TYPE_RAW:
        fl_show((flow_str){ yyjson_get_raw(value), yyjson_get_len(value) }, 0, shown);
        return;
    case YYJSON_TYPE_BOOL:
        word = yyjson_get_bool(value) ? "true" : "false";
        break;
    case YYJSON_TYPE_OBJ:
        word = "an object";
        break;
    case YYJSON_TYPE_ARR:
        word = "a list";
        break;
    case YYJSON_TYPE_NUM:
        word = "a number";
        break;
    default:
        word = "null";
        break;
    }
    memcpy(shown, word, strlen(word) + 1);
}

// The byte where the member begins, its opening quote.
static size_t byte_of(const struct fl_json_reading *reading, const struct fl_json_path *path)
{
    return path->key ? (size_t)(yyjson_get_str(path->key) - reading->copy) - 1 : 0;
}

bool fl_json_refuse_value(struct fl_json_reading *reading, const struct fl_json_path *path,
    flow_kind kind, yyjson_val *found)
{
    // Only the text of a number tells what is wrong with it.
    if (!reading->raw && yyjson_is_num(found)) {
        reading->again = true;
        return false;
    }
    char where[PATH_MAX_SHOWN], shown[FL_SHOWN_MAX] = "a value that is not shown";
    show_path(path, where, sizeof where);
    if (!is_classified(path))
        show_value(found, shown);
    reading->status = flow_error_raise(reading->error, FLOW_PARSE, NULL,
        "field \"%s\" at byte %zu: expected %s, found %s", where, byte_of(reading, path),
        wanted(kind, yyjson_is_raw(found)), shown);
    return false;
}

bool fl_json_refuse_missing(struct fl_json_reading *reading, const struct fl_json_path *path)
{
    char where[PATH_MAX_SHOWN];
    show_path(path, where, sizeof where);
    reading->status = flow_error_raise(reading->error, FLOW_PARSE, NULL,
        "field \"%s\" is missing: expected %s", where, wanted(path->field->kind, false));
    return false;
}

bool fl_json_refuse_memory(
    struct fl_json_reading *reading, const struct fl_json_path *path, size_t size)
{
    char where[PATH_MAX_SHOWN];
    show_path(path, where, sizeof where);
    reading->status = flow_error_raise(
        reading->error, FLOW_MEMORY, NULL, "field \"%s\": no memory for %zu bytes", where, size);
    return false;
}

void fl_json_refuse_root(struct fl_json_reading *reading, yyjson_val *found)
{
    char shown[FL_SHOWN_MAX];
    show_value(found, shown);
    reading->status =
        flow_error_raise(reading->error, FLOW_PARSE, NULL, "expected an object, found %s", shown);
}

// What is wrong within a string shows at the byte itself.
static const char *string_fault(const struct fl_json_reading *reading, size_t at)
{
    const unsigned char c = at < reading->text.len ? (unsigned char)reading->text.data[at] : 0;
    if (c >= 0x80)
        return "text that is not UTF-8";
    if (c < 0x20)
        return "a control character that is not escaped";
    return "an escape that does not exist";
}

static const char *text_fault(const struct fl_json_reading *reading, const yyjson_read_err *why)
{
    if (why->code == YYJSON_READ_ERROR_UNEXPECTED_CONTENT)
        return "more text after the value";
    if (why->code == YYJSON_READ_ERROR_UNEXPECTED_END)
        return "the text ends too early";
    if (why->code == YYJSON_READ_ERROR_INVALID_NUMBER)
        return "a malformed number";
    if (why->code == YYJSON_READ_ERROR_INVALID_STRING)
        return string_fault(reading, why->pos);
    return "an unexpected character";
}

void fl_json_refuse_text(struct fl_json_reading *reading, const yyjson_read_err *why)
{
    if (why->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        reading->status = flow_error_raise(reading->error, FLOW_MEMORY, NULL,
            "no memory for JSON of %zu bytes", reading->text.len);
    else if (why->code == YYJSON_READ_ERROR_EMPTY_CONTENT)
        reading->status =
            flow_error_raise(reading->error, FLOW_PARSE, NULL, "expected an object, found nothing");
    else
        reading->status = flow_error_raise(reading->error, FLOW_PARSE, NULL,
            "JSON breaks at byte %zu: %s", why->pos, text_fault(reading, why));
}
