// SPDX-License-Identifier: Apache-2.0
// What must hold before a pipeline runs: declarations, references to fields, functions against
// their input, and the graph as a whole.
#include <stdio.h>

#include <flow/transform.h>

#include "graph/graph.h"

#define DEPTH_MAX      8
#define FIELD_NAME_MAX 128

static bool was_checked(const flow_pipeline *p, const flow_type *type)
{
    for (uint32_t i = 0; i < p->checked_count; i++)
        if (p->checked[i] == type)
            return true;
    return false;
}

bool fl_check_on_error(const fl_call *call, flow_on_error on_error)
{
    return (on_error >= FLOW_ON_ERROR_FAIL && on_error <= FLOW_ON_ERROR_SKIP) ||
           fl_refuse(
               call, FLOW_INVALID, "its options have an unknown 'on_error' %d", (int)on_error);
}

bool fl_check_type(const fl_call *call, const flow_type *type)
{
    flow_pipeline *p = call->pipeline;
    if (was_checked(p, type))
        return true;
    flow_error error = { 0 };
    if (flow_type_check(type, &error) != FLOW_OK)
        return fl_refuse(call, error.status, "%s", error.message);
    const flow_type **checked =
        fl_grow(p, p->checked, p->checked_count, &p->checked_room, sizeof *p->checked);
    if (!checked)
        return false;
    p->checked = checked;
    p->checked[p->checked_count++] = type;
    return true;
}

// Follows "address.city" from record to record.
static const flow_field *resolve(const flow_type *type, const char *name, uint32_t *offset)
{
    const flow_field *field = NULL;
    *offset = 0;
    for (const char *rest = name; type;
         type = field->kind == FLOW_KIND_RECORD ? field->record : NULL) {
        char part[FIELD_NAME_MAX];
        const size_t len = strcspn(rest, ".");
        if (len >= sizeof part)
            return NULL;
        memcpy(part, rest, len);
        part[len] = '\0';
        field = flow_type_field(type, part);
        if (!field)
            return NULL;
        *offset += field->offset;
        if (!rest[len])
            return field;
        rest += len + 1;
    }
    return NULL;
}

bool fl_check_field(const fl_call *call, const flow_type *type, const flow_field_ref *ref,
    const char *what, fl_place *place)
{
    if (!ref->type)
        return fl_refuse(call, FLOW_INVALID, "its %s names no field", what);
    if (!flow_type_equal(ref->type, type))
        return fl_refuse(call, FLOW_TYPE, "its %s is a field of '%s', its input has '%s'", what,
            ref->type->name, type->name);
    if (!ref->name) {
        *place = (fl_place){ FLOW_KIND_RECORD, type, 0 };
        return true;
    }
    uint32_t offset = 0;
    const flow_field *field = resolve(type, ref->name, &offset);
    if (!field)
        return fl_refuse(
            call, FLOW_TYPE, "its %s '%s' is no field of '%s'", what, ref->name, type->name);
    if (offset != ref->offset || field->kind != ref->kind)
        return fl_refuse(call, FLOW_TYPE,
            "its %s '%s' is given as '%s' at byte %u, '%s' has '%s' at byte %u", what, ref->name,
            flow_kind_name(ref->kind), (unsigned)ref->offset, type->name,
            flow_kind_name(field->kind), (unsigned)offset);
    if (field->presence)
        return fl_refuse(
            call, FLOW_TYPE, "its %s '%s' is optional, it must always be there", what, ref->name);
    *place = (fl_place){ field->kind, field->record, offset };
    return true;
}

static bool wants_key(const flow_fn *fn)
{
    return fn->form == FLOW_FORM_STATEFUL || fn->form == FLOW_FORM_CELLS ||
           fn->form == FLOW_FORM_APART || fn->form == FLOW_FORM_GROUP ||
           fn->key.kind != FLOW_KIND_NONE;
}

static bool check_key(const fl_call *call, const flow_fn *fn, const flow_shape *shape)
{
    const flow_key_spec *key = &fn->key;
    if (!wants_key(fn))
        return true;
    if (key->kind == FLOW_KIND_NONE)
        return shape->key != FLOW_KIND_NONE ||
               fl_refuse(call, FLOW_TYPE, "takes a key, its input has no key");
    const char *wanted = key->c_type ? key->c_type : flow_kind_name(key->kind);
    if (strncmp(wanted, "struct ", 7) == 0)
        wanted += 7;
    if (shape->key == FLOW_KIND_NONE)
        return fl_refuse(call, FLOW_TYPE, "takes the key '%s', its input has no key", wanted);
    const bool named = key->kind != FLOW_KIND_RECORD ||
                       (shape->key_record && strcmp(wanted, shape->key_record->name) == 0);
    if (key->kind != shape->key || !named)
        return fl_refuse(call, FLOW_TYPE, "takes the key '%s', its input has the key '%s'", wanted,
            fl_key_name(shape));
    if (key->size != shape->key_size)
        return fl_refuse(call, FLOW_TYPE,
            "takes the key '%s' of %u bytes, its input has one of %u bytes", wanted,
            (unsigned)key->size, (unsigned)shape->key_size);
    return true;
}

static bool check_outs(const fl_call *call, const flow_fn *fn)
{
    const bool passes = fn->form == FLOW_FORM_FILTER || fn->form == FLOW_FORM_UPDATE;
    if (passes && fn->out_count != 0)
        return fl_refuse(call, FLOW_INVALID, "filters and updates declare no outputs");
    if (!passes && (fn->out_count == 0 || !fn->outs))
        return fl_refuse(call, FLOW_INVALID, "the function declares no output");
    if (fn->form == FLOW_FORM_MAP && fn->out_count != 1)
        return fl_refuse(
            call, FLOW_INVALID, "a map has one output, this declares %u", (unsigned)fn->out_count);
    if (fn->out_count > FLOW_OUTPUT_DEAD_LETTERS)
        return fl_refuse(call, FLOW_INVALID, "the function declares %u outputs, at most %u may be",
            (unsigned)fn->out_count, (unsigned)FLOW_OUTPUT_DEAD_LETTERS);
    for (uint32_t i = 0; i < fn->out_count; i++) {
        if (!fn->outs[i])
            return fl_refuse(call, FLOW_INVALID, "output %u has no type", (unsigned)i);
        if (!fl_check_type(call, fn->outs[i]))
            return false;
    }
    return true;
}

bool fl_check_fn(const fl_call *call, const flow_fn *fn, const flow_shape *shape)
{
    if (!fn->process || !fn->in)
        return fl_refuse(
            call, FLOW_INVALID, "the function has no %s", fn->process ? "input type" : "'process'");
    if (fn->form < FLOW_FORM_EMIT || fn->form > FLOW_FORM_APART)
        return fl_refuse(
            call, FLOW_UNSUPPORTED, "the function's form %d is unknown", (int)fn->form);
    if (fn->skew.us < 0)
        return fl_refuse(call, FLOW_INVALID, "the function's skew is below 0");
    if (!fl_check_type(call, fn->in))
        return false;
    if (!flow_type_equal(fn->in, shape->type))
        return fl_refuse(
            call, FLOW_TYPE, "takes '%s', its input has '%s'", fn->in->name, shape->type->name);
    if (fn->form == FLOW_FORM_STATEFUL) {
        if (!fn->state)
            return fl_refuse(call, FLOW_INVALID, "the stateful function has no state type");
        if (!fl_check_type(call, fn->state))
            return false;
    }
    return check_outs(call, fn) && check_key(call, fn, shape);
}

static flow_status check(flow_pipeline *p, flow_error *error)
{
    if (!p)
        return flow_error_raise(error, FLOW_INVALID, NULL, "there is no pipeline");
    if (p->error.status != FLOW_OK) {
        const flow_error *e = &p->error;
        return flow_error_raise(error, e->status, e->step, "%s", e->message);
    }
    if (p->graph.node_count == 0)
        return flow_error_raise(
            error, FLOW_INVALID, NULL, "pipeline '%s' has no step", p->graph.name);
    if (p->scope)
        return flow_error_raise(error, FLOW_INVALID, NULL,
            "scope '%.*s' of pipeline '%s' was not ended", (int)strlen(p->scope->path) - 1,
            p->scope->path, p->graph.name);
    const flow_status status = fl_check_fans(p, error);
    return status == FLOW_OK ? fl_check_grouped(p, error) : status;
}

flow_status flow_pipeline_check(flow_pipeline *pipeline, flow_error *error)
{
    return check(pipeline, error);
}

const flow_graph *flow_pipeline_graph(flow_pipeline *pipeline, flow_error *error)
{
    return check(pipeline, error) == FLOW_OK ? &pipeline->graph : NULL;
}
