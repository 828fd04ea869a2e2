// SPDX-License-Identifier: Apache-2.0
// Record types made while a pipeline is built.
#include "parts.h"

// As a struct of C would align it.
static uint32_t align_of(const flow_field *field)
{
    switch (field->kind) {
    case FLOW_KIND_BOOL:
        return _Alignof(bool);
    case FLOW_KIND_I32:
    case FLOW_KIND_U32:
    case FLOW_KIND_F32:
        return _Alignof(int32_t);
    case FLOW_KIND_STR:
    case FLOW_KIND_BYTES:
    case FLOW_KIND_LIST:
        return _Alignof(flow_str);
    case FLOW_KIND_RECORD:
        return field->record->align;
    default:
        return offsetof(
            struct {
                char before;
                int64_t eight;
            },
            eight);
    }
}

static uint32_t align_up(uint32_t at, uint32_t align)
{
    return (at + align - 1) / align * align;
}

fl_record fl_record_begin(flow_pipeline *pipeline, const char *name, uint32_t room)
{
    fl_record record = { .pipeline = pipeline };
    flow_type *type = flow_pipeline_alloc(pipeline, sizeof *type);
    record.fields = flow_pipeline_alloc(pipeline, (room ? room : 1) * sizeof *record.fields);
    const char *copy = flow_pipeline_string(pipeline, name);
    if (!type || !record.fields || !copy)
        return record;
    *type = (flow_type){ .name = copy, .align = 1, .fields = record.fields };
    record.type = type;
    return record;
}

uint32_t fl_record_flag(fl_record *record)
{
    return record->at++;
}

flow_field *fl_record_add(fl_record *record, const flow_field *like, const char *name)
{
    const char *copy = record->type ? flow_pipeline_string(record->pipeline, name) : NULL;
    if (!copy) {
        record->type = NULL;
        return NULL;
    }
    const uint32_t align = align_of(like);
    flow_field *field = &record->fields[record->type->field_count++];
    *field = *like;
    field->name = copy;
    field->presence = 0;
    field->offset = align_up(record->at, align);
    record->at = field->offset + field->size;
    if (align > record->type->align)
        record->type->align = align;
    return field;
}

const flow_type *fl_record_end(fl_record *record)
{
    if (record->type)
        record->type->size = align_up(record->at, record->type->align);
    return record->type;
}

flow_field_ref fl_field_named(const flow_type *type, const char *name)
{
    const flow_field *field = flow_type_field(type, name);
    if (!field)
        return (flow_field_ref){ 0 };
    return (flow_field_ref){ type, field->name, field->offset, field->kind };
}

const flow_type *fl_field_record(const flow_type *type, const flow_field_ref *ref)
{
    const char *rest = ref->name;
    while (type && rest) {
        char part[128];
        const size_t len = strcspn(rest, ".");
        if (len >= sizeof part)
            return NULL;
        memcpy(part, rest, len);
        part[len] = '\0';
        const flow_field *field = flow_type_field(type, part);
        type = field ? field->record : NULL;
        rest = rest[len] ? rest + len + 1 : NULL;
    }
    return type;
}

flow_coll fl_keyed_like(flow_coll coll, flow_coll like)
{
    const flow_field_ref key = flow_coll_key(like);
    return key.type && coll.id ? flow_key_by(coll, key) : coll;
}

void fl_scope(flow_pipeline *pipeline, const char *given, const char *usual)
{
    flow_scope_begin(pipeline, given ? given : usual ? usual : "step"); // a function may have none
}

bool fl_known_in_time(flow_coll in, const char *builder)
{
    if (!flow_coll_merging(in) || flow_coll_windows(in).kind == FLOW_WINDOW_SESSION)
        return true;
    flow_pipeline_fail(in.pipeline, FLOW_UNSUPPORTED, NULL,
        "%s: the windows of its input merge as a function says, maybe by what comes later, so "
        "which "
        "rows meet would depend on the order of coming; use sessions or windows that do not merge",
        builder);
    return false;
}

flow_coll fl_no_coll(flow_pipeline *pipeline)
{
    return (flow_coll){ pipeline, 0 };
}
