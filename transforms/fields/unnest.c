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
    struct part {
        uint32_t from, to, size;
        uint32_t presence_from, presence_to; // as in flow_field
    } parts[];
};

static void copy_item(const struct unnest *unnest, const char *item, char *out)
{
    for (uint32_t i = 0; i < unnest->count; i++) {
        const struct part *part = &unnest->parts[i];
        if (part->presence_from)
            out[part->presence_to - 1] = item[part->presence_from - 1];
        memcpy(out + part->to, item + part->from, part->size);
    }
}

static flow_status unnest_row(
    flow_ctx *ctx, const struct unnest *unnest, const char *row, char *out)
{
    const flow_type *type = unnest->outs[0];
    if (!fl_place_there(&unnest->list, row))
        return FLOW_OK;
    flow_list list;
    memcpy(&list, row + unnest->list.field.offset, sizeof list);
    memset(out, 0, type->size);
    flow_status status = fl_project_row(ctx, unnest->outer, row, out);
    for (size_t i = 0; i < list.count && status == FLOW_OK; i++) {
        copy_item(unnest, (const char *)list.items + i * unnest->item_size, out);
        status = flow_emit(ctx, 0, type, out, type->size);
    }
    return status;
}

static flow_status unnest_rows(flow_ctx *ctx, const flow_batch *batch)
{
    const struct unnest *unnest = (const struct unnest *)(const void *)ctx->fn;
    char *out = flow_alloc(ctx, unnest->outs[0]->size);
    if (!out)
        return ctx->status;
    for (uint32_t i = ctx->next; i < batch->count; i++) {
        ctx->row = FLOW_BATCH_INDEX(batch, i);
        const flow_status status = unnest_row(
            ctx, unnest, batch->rows + (size_t)ctx->row * batch->stride + batch->value_offset, out);
        if (status != FLOW_OK) {
            ctx->next = i;
            return status;
        }
    }
    return FLOW_OK;
}

static bool add_part(
    struct fl_projecting *p, struct unnest *unnest, const flow_field *field, const char *name)
{
    struct part *part = &unnest->parts[unnest->count++];
    if (field->presence)
        part->presence_to = fl_record_flag(&p->record) + 1;
    flow_field *added = fl_record_add(&p->record, field, name);
    if (!added)
        return false;
    added->presence = part->presence_to;
    part->presence_from = field->presence;
    part->from = field->offset;
    part->to = added->offset;
    part->size = added->size;
    return true;
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
    unnest->fn = (flow_fn){ .name = "unnest",
        .form = FLOW_FORM_EMIT,
        .in = type,
        .outs = unnest->outs,
        .out_count = 1,
        .process = unnest_rows };
    return flow_do(in, &unnest->fn);
}
