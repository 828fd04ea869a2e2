// SPDX-License-Identifier: Apache-2.0
// Rows made field by field.
#include "project.h"

static flow_status make_field(flow_ctx *ctx, const struct fl_made *made, const char *row, char *out)
{
    if (!made->constant && !fl_place_there(&made->from, row)) {
        if (made->required)
            return flow_fail(ctx, FLOW_USER, "field '%s' is absent", made->cast.name);
        return FLOW_OK;
    }
    if (made->presence)
        *(bool *)(void *)(out + made->presence - 1) = true;
    const void *from = made->constant ? made->constant : row + made->from.field.offset;
    if (flow_kind_size(made->cast.to) == 0 || made->constant) {
        memcpy(out + made->to, from, made->size);
        return FLOW_OK;
    }
    return fl_cast_value(ctx, &made->cast, from, out + made->to);
}

flow_status fl_project_row(
    flow_ctx *ctx, const struct fl_projection *step, const char *row, char *out)
{
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < step->count && status == FLOW_OK; i++)
        status = make_field(ctx, &step->made[i], row, out);
    return status;
}

static flow_status fill_projection(flow_ctx *ctx, const flow_row *row, char *out)
{
    const struct fl_projection *step = (const struct fl_projection *)(const void *)ctx->fn;
    return fl_project_row(ctx, step, row->value, out);
}

static flow_status project_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return fl_fill_each(ctx, batch, fill_projection);
}

// --- building

bool fl_project_begin(
    struct fl_projecting *p, flow_coll in, const char *builder, const char *record, uint32_t room)
{
    *p = (struct fl_projecting){ .in = in, .builder = builder };
    if (!flow_coll_type(in))
        return false;
    p->step = flow_pipeline_alloc(in.pipeline, sizeof *p->step + room * sizeof *p->step->made);
    p->record = fl_record_begin(in.pipeline, record, room);
    return p->step && p->record.type;
}

static bool same_place(const flow_field *a, const flow_field *b)
{
    return a->kind == b->kind && a->item == b->item &&
           (!a->record || (b->record && flow_type_equal(a->record, b->record)));
}

// A field of `kind` out of the place: its like, or NULL with a sentence.
static bool like_of(struct fl_projecting *p, struct fl_made *made, flow_kind to, const char *name)
{
    const flow_field *from = &made->from.field;
    made->cast.name = flow_pipeline_string(p->in.pipeline, name);
    made->cast.from = from->kind;
    made->cast.to = to ? to : from->kind;
    if (!made->cast.name)
        return false;
    if (made->cast.to == from->kind && flow_kind_size(from->kind) == 0)
        return true; // records and lists are copied
    return fl_cast_make(p->in.pipeline, p->builder, &made->cast);
}

static const char *last_part(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

// Appends the field to the record; `like` says all but the place.
static bool append(
    struct fl_projecting *p, struct fl_made *made, const flow_field *like, const char *name)
{
    if (made->from.presence_count)
        made->presence = fl_record_flag(&p->record) + 1;
    flow_field *field = fl_record_add(&p->record, like, name);
    if (!field)
        return false;
    field->presence = made->presence;
    made->to = field->offset;
    made->size = field->size;
    p->step->count++;
    return true;
}

static bool add_constant(struct fl_projecting *p, struct fl_made *made, const flow_column *column)
{
    if (!column->as) {
        flow_pipeline_fail(p->in.pipeline, FLOW_INVALID, NULL,
            "%s: a column is made of no field and has no name", p->builder);
        return false;
    }
    made->constant = fl_constant(p->in.pipeline, p->builder, column->to, column->value);
    const flow_field like = { .kind = column->to, .size = (uint32_t)flow_kind_size(column->to) };
    return made->constant && append(p, made, &like, column->as);
}

bool fl_project_column(struct fl_projecting *p, const flow_column *column)
{
    struct fl_made *made = &p->step->made[p->step->count];
    if (!column->from)
        return add_constant(p, made, column);
    if (!fl_place_find(p->in, p->builder, column->from, &made->from) ||
        !like_of(p, made, column->to, column->from))
        return false;
    flow_field like = made->from.field;
    if (made->cast.to != like.kind) {
        like.kind = made->cast.to;
        like.size = (uint32_t)flow_kind_size(like.kind);
    }
    like.option = NULL;
    if (column->as || strchr(column->from, '.'))
        like.as = NULL;
    return append(p, made, &like, column->as ? column->as : last_part(column->from));
}

bool fl_project_into(struct fl_projecting *p, const flow_type *type, const flow_field *field)
{
    struct fl_made *made = &p->step->made[p->step->count];
    if (!flow_type_field(flow_coll_type(p->in), field->name) && field->presence)
        return true; // it stays absent
    if (!fl_place_find(p->in, p->builder, field->name, &made->from))
        return false;
    const bool scalar = flow_kind_size(field->kind) != 0;
    if (!scalar && !same_place(field, &made->from.field)) {
        flow_pipeline_fail(p->in.pipeline, FLOW_TYPE, NULL,
            "%s: field '%s' of '%s' is of another record or list than in '%s'", p->builder,
            field->name, flow_coll_type(p->in)->name, type->name);
        return false;
    }
    made->to = field->offset;
    made->size = field->size;
    made->presence = field->presence;
    made->required = !field->presence;
    p->step->count++;
    return like_of(p, made, field->kind, field->name);
}

flow_coll fl_project_end(struct fl_projecting *p, const flow_type *type, const char *name,
    const flow_do_options *options)
{
    p->step->outs[0] = type ? type : fl_record_end(&p->record);
    if (!p->step->outs[0])
        return fl_no_coll(p->in.pipeline);
    flow_scope_end(p->in.pipeline);
    p->step->fn = (flow_fn){ .name = name,
        .form = FLOW_FORM_EMIT,
        .in = flow_coll_type(p->in),
        .outs = p->step->outs,
        .out_count = 1,
        .process = project_rows };
    return flow_do_with(p->in, &p->step->fn, options);
}
