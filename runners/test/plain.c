// SPDX-License-Identifier: Apache-2.0
// Rows as text with their floats apart.
#include "plain.h"

#include <math.h>

void fl_plain_value(struct fl_plain *to, flow_kind kind, const flow_type *record, const char *value)
{
    double number;
    float single;
    switch (kind) {
    case FLOW_KIND_F64:
        memcpy(&number, value, sizeof number);
        break;
    case FLOW_KIND_F32:
        memcpy(&single, value, sizeof single);
        number = (double)single;
        break;
    case FLOW_KIND_RECORD:
        fl_plain_record(to, record, value);
        return;
    default:
        flow_json_write_value(kind, record, value, &to->text);
        return;
    }
    flow_buffer_put(&to->floats, &number, sizeof number);
    flow_buffer_put(&to->text, "~", 1);
}

static void write_list(struct fl_plain *to, const flow_field *field, const char *at)
{
    flow_list list;
    memcpy(&list, at, sizeof list);
    const size_t size =
        field->item == FLOW_KIND_RECORD ? field->record->size : flow_kind_size(field->item);
    flow_buffer_put(&to->text, "[", 1);
    for (size_t i = 0; i < list.count; i++) {
        fl_plain_value(to, field->item, field->record, (const char *)list.items + i * size);
        flow_buffer_put(&to->text, ",", 1);
    }
    flow_buffer_put(&to->text, "]", 1);
}

void fl_plain_record(struct fl_plain *to, const flow_type *type, const char *row)
{
    flow_buffer_put(&to->text, "{", 1);
    for (uint32_t f = 0; f < type->field_count; f++) {
        const flow_field *field = &type->fields[f];
        flow_buffer_printf(&to->text, "%s%s:", f ? "," : "", field->name);
        if (field->presence && !*(const bool *)(row + field->presence - 1))
            flow_buffer_put(&to->text, "-", 1);
        else if (field->kind == FLOW_KIND_LIST)
            write_list(to, field, row + field->offset);
        else
            fl_plain_value(to, field->kind, field->record, row + field->offset);
    }
    flow_buffer_put(&to->text, "}", 1);
}

static double float_at(const void *floats, size_t i)
{
    double number;
    memcpy(&number, (const char *)floats + i * sizeof number, sizeof number);
    return number;
}

int fl_floats_order(const void *a, const void *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const double x = float_at(a, i), y = float_at(b, i);
        if (x < y || x > y)
            return x < y ? -1 : 1;
        if (isnan(x) != isnan(y))
            return isnan(x) ? 1 : -1; // behind all numbers, so that sorting is whole
    }
    return 0;
}

bool fl_floats_agree(const void *a, const void *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const double x = float_at(a, i), y = float_at(b, i);
        const double most = fmax(1.0, fmax(fabs(x), fabs(y)));
        const bool same = x == y || (isnan(x) && isnan(y));
        if (!same && !(isfinite(most) && fabs(x - y) <= 1e-12 * most))
            return false;
    }
    return true;
}
