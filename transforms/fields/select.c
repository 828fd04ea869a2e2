// SPDX-License-Identifier: Apache-2.0
// flow_select, flow_with_fields, flow_drop_fields, flow_convert.
#include <string.h>

#include "core/parts.h"
#include "project.h"

#define COLUMNS_MAX 1000u

static bool begin(struct fl_projecting *p, flow_coll in, const char *builder, size_t count)
{
    const flow_type *type = flow_coll_type(in);
    if (!type)
        return false;
    if (count == 0 || count > COLUMNS_MAX) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "%s: %zu columns were asked for, 1 to %u may be", builder, count, COLUMNS_MAX);
        return false;
    }
    return fl_project_begin(p, in, builder, type->name, (uint32_t)count + type->field_count);
}

// Begins the scope that errors name until fl_project_end.
static bool copy_options(flow_coll in, const char *builder, flow_do_options *known,
    const flow_do_options *options, size_t size)
{
    const bool copied = flow_options_copy(known, sizeof *known, options, size);
    fl_scope(in.pipeline, known->name, builder + strlen("flow_"));
    if (copied)
        return true;
    flow_pipeline_fail(in.pipeline, FLOW_UNSUPPORTED, NULL, "%s: " FLOW_OPTION_UNKNOWN, builder);
    return false;
}

flow_coll flow_select_sized(flow_coll in, const flow_column *columns, size_t count,
    const flow_do_options *options, size_t size)
{
    struct fl_projecting p;
    flow_do_options known;
    bool good = flow_coll_type(in) && copy_options(in, "flow_select", &known, options, size) &&
                begin(&p, in, "flow_select", columns ? count : 0);
    for (size_t i = 0; i < count && good; i++)
        good = fl_project_column(&p, &columns[i]);
    return good ? fl_project_end(&p, NULL, "select", &known) : fl_no_coll(in.pipeline);
}

// The column that is made of a field, or NULL.
static const flow_column *column_of(const flow_column *columns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (columns[i].from && strcmp(columns[i].from, name) == 0)
            return &columns[i];
    return NULL;
}

static bool with_fields(struct fl_projecting *p, const flow_column *columns, size_t count)
{
    const flow_type *type = flow_coll_type(p->in);
    bool good = true;
    for (uint32_t i = 0; i < type->field_count && good; i++) {
        const flow_column as_it_is = { .from = type->fields[i].name };
        const flow_column *column = column_of(columns, count, as_it_is.from);
        good = fl_project_column(p, column ? column : &as_it_is);
    }
    for (size_t i = 0; i < count && good; i++)
        if (!columns[i].from || !flow_type_field(type, columns[i].from))
            good = fl_project_column(p, &columns[i]);
    return good;
}

flow_coll flow_with_fields_sized(flow_coll in, const flow_column *columns, size_t count,
    const flow_do_options *options, size_t size)
{
    struct fl_projecting p;
    flow_do_options known;
    const bool good =
        flow_coll_type(in) && copy_options(in, "flow_with_fields", &known, options, size) &&
        begin(&p, in, "flow_with_fields", columns ? count : 0) && with_fields(&p, columns, count);
    return good ? fl_project_end(&p, NULL, "with_fields", &known) : fl_no_coll(in.pipeline);
}

static bool is_named(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

flow_coll flow_drop_fields(flow_coll in, const char *const *names, size_t count)
{
    static const char builder[] = "flow_drop_fields";
    struct fl_projecting p;
    struct fl_place place;
    const flow_type *type = flow_coll_type(in);
    if (!type)
        return fl_no_coll(in.pipeline);
    fl_scope(in.pipeline, NULL, "drop_fields");
    bool good = begin(&p, in, builder, names ? count : 0);
    for (size_t i = 0; i < count && good; i++)
        good = flow_type_field(type, names[i]) || fl_place_find(in, builder, names[i], &place);
    for (uint32_t i = 0; good && i < type->field_count; i++) {
        const flow_column as_it_is = { .from = type->fields[i].name };
        if (!is_named(names, count, as_it_is.from))
            good = fl_project_column(&p, &as_it_is);
    }
    return good ? fl_project_end(&p, NULL, "drop_fields", NULL) : fl_no_coll(in.pipeline);
}

flow_coll flow_convert_sized(
    flow_coll in, const flow_type *type, const flow_do_options *options, size_t size)
{
    static const char builder[] = "flow_convert";
    struct fl_projecting p;
    flow_do_options known;
    flow_error error = { 0 };
    if (!flow_coll_type(in) || !copy_options(in, builder, &known, options, size))
        return fl_no_coll(in.pipeline);
    if (flow_type_check(type, &error) != FLOW_OK) {
        flow_pipeline_fail(in.pipeline, error.status, NULL, "%s: %s", builder, error.message);
        return fl_no_coll(in.pipeline);
    }
    bool good = fl_project_begin(&p, in, builder, type->name, type->field_count);
    for (uint32_t i = 0; good && i < type->field_count; i++)
        good = fl_project_into(&p, type, &type->fields[i]);
    return good ? fl_project_end(&p, type, "convert", &known) : fl_no_coll(in.pipeline);
}
