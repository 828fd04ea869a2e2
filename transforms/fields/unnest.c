// SPDX-License-Identifier: Apache-2.0
// flow_unnest: a row for each item of a list.
#include "project.h"

// What one flow_unnest needs, in pipeline memory.
struct unnest {
    flow_fn fn; // first: flow_ctx.fn points into it
    const flow_type *outs[1];
    const struct fl_projection *outer; // the fields beside the list
    struct fl_place list;
    uint32_t item_size;
    uint32_t count; // parts of an item that are copied
    struct fl_part parts[];
};

static flow_status unnest_row(flow_ctx *ctx, const flow_row *given, void *out)
{
    const struct unnest *unnest = (const struct unnest *)(const void *)ctx->fn;
    const char *row = given->value;
    const flow_type *type = unnest->outs[0];
    if (!fl_place_there(&unnest->list, row))
        return FLOW_OK;
    flow_list list;
    memcpy(&list, row + unnest->list.field.offset, sizeof list);
    memset(out, 0, type->size);
    flow_status status = fl_project_row(ctx, unnest->outer, row, out);
    for (size_t i = 0; i < list.count && status == FLOW_OK; i++) {
        fl_parts_copy(
            unnest->parts, unnest->count, (const char *)list.items + i * unnest->item_size, out);
        status = flow_emit(ctx, 0, type, out, type->size);
    }
    return status;
}

static flow_status unnest_rows(flow_ctx *ctx, const flow_batch *batch)
{
    const struct unnest *unnest = (const struct unnest *)(const void *)ctx->fn;
    char *out = flow_alloc(ctx, unnest->outs[0]->size);
    return out ? flow_each_row(ctx, batch, unnest_row, out) : ctx->status;
}

static bool add_part(
    struct fl_projecting *p, struct unnest *unnest, const flow_field *field, const char *name)
{
    return fl_part_add(&p->record, &unnest->parts[unnest->count++], field, name, false);
}

static bool add_items(struct fl_projecting *p, struct unnest *unnest, const char *name)
{
    const flow_field *list = &unnest->list.field;
    if (!list->record) {
        const flow_field item = { .kind = list->item,
            .size = (uint32_t)flow_kind_size(list->item),
            .classified = list->classified };
        unnest->item_size = item.size;
        return add_part(p, unnest, &item, name);
    }
    unnest->item_size = list->record->size;
    bool good = true;
    for (uint32_t i = 0; i < list->record->field_count && good; i++)
        good = add_part(p, unnest, &list->record->fields[i], list->record->fields[i].name);
    return good;
}

static bool add_outer(struct fl_projecting *p, const char *list)
{
    const flow_type *type = flow_coll_type(p->in);
    bool good = true;
    for (uint32_t i = 0; i < type->field_count && good; i++) {
        const flow_column as_it_is = { .from = type->fields[i].name };
        if (strcmp(as_it_is.from, list) != 0)
            good = fl_project_column(p, &as_it_is);
    }
    return good;
}

flow_coll flow_unnest(flow_coll in, const char *list)
{
    struct fl_projecting p;
    struct fl_place place;
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    fl_scope(in.pipeline, NULL, "unnest");
    if (!fl_place_find(in, "flow_unnest", list, &place))
        return fl_no_coll(in.pipeline);
    if (place.field.kind != FLOW_KIND_LIST) {
        flow_pipeline_fail(in.pipeline, FLOW_TYPE, NULL, "flow_unnest: field '%s' is '%s', no list",
            list, flow_kind_name(place.field.kind));
        return fl_no_coll(in.pipeline);
    }
    const flow_type *type = flow_coll_type(in);
    const uint32_t inner = place.field.record ? place.field.record->field_count : 1;
    struct unnest *unnest =
        flow_pipeline_alloc(in.pipeline, sizeof *unnest + inner * sizeof *unnest->parts);
    if (!unnest || !fl_project_begin(&p, in, "flow_unnest", type->name, type->field_count + inner))
        return fl_no_coll(in.pipeline);
    unnest->list = place;
    if (!add_outer(&p, list) ||
        !add_items(&p, unnest, strrchr(list, '.') ? strrchr(list, '.') + 1 : list))
        return fl_no_coll(in.pipeline);
    unnest->outer = p.step;
    unnest->outs[0] = fl_record_end(&p.record);
    if (!unnest->outs[0])
        return fl_no_coll(in.pipeline);
    flow_scope_end(in.pipeline);
    unnest->fn = (flow_fn){ .name = "unnest",
        .form = FLOW_FORM_EMIT,
        .in = type,
        .outs = unnest->outs,
        .out_count = 1,
        .process = unnest_rows };
    return flow_do(in, &unnest->fn);
}
