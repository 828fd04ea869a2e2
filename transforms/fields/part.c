// SPDX-License-Identifier: Apache-2.0
// Fields copied as they are, and rows filled one by one.
#include "part.h"

bool fl_part_add(fl_record *record, struct fl_part *part, const flow_field *field, const char *name,
    bool optional)
{
    *part = (struct fl_part){ .from = field->offset, .presence_from = field->presence };
    if (field->presence || optional)
        part->presence_to = fl_record_flag(record) + 1;
    flow_field *added = fl_record_add(record, field, name);
    if (!added)
        return false;
    added->presence = part->presence_to;
    part->to = added->offset;
    part->size = added->size;
    return true;
}

void fl_parts_copy(const struct fl_part *parts, uint32_t count, const char *row, char *out)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct fl_part *part = &parts[i];
        if (part->presence_to)
            out[part->presence_to - 1] = part->presence_from ? row[part->presence_from - 1] : 1;
        memcpy(out + part->to, row + part->from, part->size);
    }
}

struct filling {
    fl_fill_fn *fill;
    const flow_type *type;
    char *out;
};

static flow_status fill_one(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct filling *f = user;
    memset(f->out, 0, f->type->size);
    const flow_status status = f->fill(ctx, row, f->out);
    return status == FLOW_OK ? flow_emit(ctx, 0, f->type, f->out, f->type->size) : status;
}

flow_status fl_fill_each(flow_ctx *ctx, const flow_batch *batch, fl_fill_fn *fill)
{
    struct filling f = { fill, ctx->fn->outs[0], NULL };
    f.out = flow_alloc(ctx, f.type->size);
    return f.out ? flow_each_row(ctx, batch, fill_one, &f) : ctx->status;
}
