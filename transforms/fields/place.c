// SPDX-License-Identifier: Apache-2.0
// Finds fields by their path.
#include "place.h"

#define NAME_MAX_LEN 128u

// The next part of a path; false when it is too long for a name.
static bool next_part(const char **rest, char *part)
{
    const size_t len = strcspn(*rest, ".");
    if (len >= NAME_MAX_LEN)
        return false;
    memcpy(part, *rest, len);
    part[len] = '\0';
    *rest = (*rest)[len] ? *rest + len + 1 : NULL;
    return true;
}

bool fl_place_in(const flow_type *type, const char *path, struct fl_place *place)
{
    uint32_t base = 0;
    memset(place, 0, sizeof *place);
    for (const char *rest = path; rest;) {
        char part[NAME_MAX_LEN];
        const flow_field *field =
            type && next_part(&rest, part) ? flow_type_field(type, part) : NULL;
        if (!field || place->presence_count == FL_PLACE_DEPTH)
            return false;
        if (field->presence)
            place->presences[place->presence_count++] = base + field->presence - 1;
        place->field = *field;
        base += field->offset;
        type = field->kind == FLOW_KIND_RECORD ? field->record : NULL;
    }
    place->field.offset = base;
    place->field.presence = 0;
    return true;
}

bool fl_place_find(flow_coll in, const char *builder, const char *path, struct fl_place *place)
{
    const flow_type *type = flow_coll_type(in);
    if (!type)
        return false;
    if (path && fl_place_in(type, path, place))
        return true;
    flow_pipeline_fail(in.pipeline, FLOW_TYPE, NULL, "%s: '%s' has no field '%s'", builder,
        type->name, path ? path : "");
    return false;
}
