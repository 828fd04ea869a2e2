// SPDX-License-Identifier: Apache-2.0
// What --help says, made from the declaration.
#include <stdio.h>

#include "option/option.h"
#include "type/field.h"

#define COLUMN 28 // where the meanings begin
#define WIDTH  100

static const char *value_name(const flow_field *field, char *name, size_t size)
{
    const flow_kind kind = field->kind == FLOW_KIND_LIST ? field->item : field->kind;
    if (field->option->value)
        return field->option->value;
    if (field->option->words)
        return strlen(field->option->words) < 24 ? field->option->words : "WORD";
    if (field->option->positional) {
        fl_option_name(field, name, size);
        return name;
    }
    switch (kind) {
    case FLOW_KIND_BOOL:
        return "BOOL";
    case FLOW_KIND_STR:
        return "TEXT";
    case FLOW_KIND_BYTES:
        return "BASE64";
    case FLOW_KIND_TIME:
        return "TIME";
    case FLOW_KIND_DURATION:
        return "DURATION";
    case FLOW_KIND_F32:
    case FLOW_KIND_F64:
        return "X";
    default:
        return "N";
    }
}

// The words of a text from column COLUMN on, in lines of WIDTH.
static size_t put_words(flow_buffer *out, size_t at, const char *text)
{
    while (*text) {
        const size_t len = strcspn(text, " ");
        if (at + 1 + len > WIDTH) {
            flow_buffer_printf(out, "\n%*s", COLUMN, "");
            at = COLUMN;
        } else if (at > COLUMN) {
            flow_buffer_printf(out, " ");
            at++;
        }
        flow_buffer_put(out, text, len);
        at += len;
        text += len;
        text += strspn(text, " ");
    }
    return at;
}

static void put_option(const flow_field *field, flow_buffer *out)
{
    const flow_option *option = field->option;
    char name[FL_OPTION_NAME_MAX], called[FL_OPTION_NAME_MAX];
    fl_option_name(field, name, sizeof name);
    const char *value = value_name(field, called, sizeof called);
    const size_t from = out->len;
    if (option->positional)
        flow_buffer_printf(out, "  %s", value);
    else if (field->kind == FLOW_KIND_BOOL)
        flow_buffer_printf(out, "  --%s", name);
    else
        flow_buffer_printf(out, "  --%s %s", name, value);
    if (option->initial && (field->kind == FLOW_KIND_BOOL || field->presence))
        flow_buffer_printf(out, ", --no-%s", name);
    size_t at = out->len - from;
    if (at + 1 >= COLUMN) {
        flow_buffer_printf(out, "\n");
        at = 0;
    }
    flow_buffer_printf(out, "%*s", (int)(COLUMN - at), "");
    at = put_words(out, COLUMN, option->help ? option->help : "");
    if (option->words && value != option->words) {
        flow_buffer expected = { 0 };
        fl_option_expected(field, &expected);
        flow_buffer_put(&expected, "", 1);
        if (!expected.failed)
            at = put_words(out, put_words(out, at, "–"), expected.data);
        flow_buffer_free(&expected);
    }
    char more[160] = "";
    if (option->initial && strcmp(option->initial, "false") != 0)
        snprintf(more, sizeof more, "(default %s)", field->classified ? "***" : option->initial);
    else if (option->required)
        snprintf(more, sizeof more, "(required)");
    else if (field->kind == FLOW_KIND_LIST && !option->positional)
        snprintf(more, sizeof more, "(may be given again)");
    put_words(out, at, more);
    flow_buffer_printf(out, "\n");
}

void flow_options_help(
    const flow_type *type, const char *program, const char *prefix, flow_buffer *out)
{
    flow_buffer_printf(out, "usage: %s [OPTION…]", program);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        char called[FL_OPTION_NAME_MAX];
        if (!field->option || !field->option->positional)
            continue;
        const bool needed = field->option->required;
        flow_buffer_printf(out, needed ? " %s%s" : " [%s%s]",
            value_name(field, called, sizeof called), field->kind == FLOW_KIND_LIST ? "…" : "");
    }
    flow_buffer_printf(out, "\n");
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        if (!field->option)
            continue;
        if (field->option->group)
            flow_buffer_printf(out, "%s\n", field->option->group);
        put_option(field, out);
    }
    if (prefix)
        flow_buffer_printf(
            out, "Environment variables set options, too: %s_NAME for --name.\n", prefix);
}
