// SPDX-License-Identifier: Apache-2.0
// Records as display data.
#include <stdio.h>

#include "option/option.h"
#include "type/field.h"
#include "type/number.h"
#include "type/text.h"

// One record being shown.
struct showing {
    const char *step;
    const char *space;
    flow_display_fn *show;
    void *user;
    flow_buffer text; // of one value
};

static void put_value(const flow_field *field, flow_kind kind, const void *value, flow_buffer *out)
{
    char text[FL_NUMBER_TEXT_MAX];
    const bool whole = kind == FLOW_KIND_I32 || kind == FLOW_KIND_U32 || kind == FLOW_KIND_I64 ||
                       kind == FLOW_KIND_U64;
    if (kind == FLOW_KIND_STR) {
        const flow_str *str = value;
        flow_buffer_put(out, str->data, str->len);
    } else if (kind == FLOW_KIND_DURATION) {
        flow_buffer_put(out, text, flow_duration_print(*(const flow_duration *)value, text));
    } else if (kind == FLOW_KIND_RECORD) {
        flow_json_write_masked(field->record, value, out);
    } else if (whole && field->option && field->option->words) {
        const bool wide = kind == FLOW_KIND_I64 || kind == FLOW_KIND_U64;
        const int64_t place = wide ? *(const int64_t *)value : *(const int32_t *)value;
        const flow_str word = fl_option_word_at(field->option->words, place);
        flow_buffer_put(out, word.data, word.len);
    } else {
        flow_csv_write_value(kind, value, out);
    }
}

static void put_list(const flow_field *field, const flow_list *list, flow_buffer *out)
{
    const char *item = list->items;
    for (size_t i = 0; i < list->count; i++, item += fl_item_size(field)) {
        if (i)
            flow_buffer_put(out, ",", 1);
        put_value(field, field->item, item, out);
    }
}

static bool show_record(
    struct showing *showing, const flow_type *type, const char *row, const char *path);

static bool show_field(
    struct showing *showing, const flow_field *field, const char *row, const char *path)
{
    char name[256];
    if (!fl_field_present(field, row))
        return true;
    snprintf(name, sizeof name, "%s%s", path, fl_field_outside(field));
    const void *value = fl_field_at(field, row);
    if (field->kind == FLOW_KIND_RECORD && !field->classified) {
        snprintf(name, sizeof name, "%s%s.", path, fl_field_outside(field));
        return show_record(showing, field->record, value, name);
    }
    flow_buffer *text = &showing->text;
    text->len = 0;
    if (field->classified)
        flow_buffer_put(text, "***", 3);
    else if (field->kind == FLOW_KIND_LIST)
        put_list(field, value, text);
    else
        put_value(field, field->kind, value, text);
    const char *help = field->option ? field->option->help : NULL;
    const flow_display item = { showing->step, showing->space, name, field->kind,
        { text->data, text->len }, help ? help : field->doc };
    if (!text->failed)
        showing->show(showing->user, &item);
    return !text->failed;
}

static bool show_record(
    struct showing *showing, const flow_type *type, const char *row, const char *path)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (!show_field(showing, &type->fields[i], row, path))
            return false;
    }
    return true;
}

flow_status flow_display_record(
    const flow_type *type, const void *row, const char *step, flow_display_fn *show, void *user)
{
    struct showing showing = { step ? step : "", type->name, show, user, { 0 } };
    const bool done = show_record(&showing, type, row, "");
    flow_buffer_free(&showing.text);
    return done ? FLOW_OK : FLOW_MEMORY;
}
