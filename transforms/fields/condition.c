// SPDX-License-Identifier: Apache-2.0
// What is asked of a field of a row.
#include "condition.h"

#include "core/field.h"

bool fl_condition_met(const struct fl_condition *condition, const char *row)
{
    const bool there = fl_place_there(&condition->place, row);
    if (condition->is == FLOW_IS_PRESENT || condition->is == FLOW_IS_ABSENT)
        return there == (condition->is == FLOW_IS_PRESENT);
    if (!there)
        return false;
    const int order = fl_value_compare(
        condition->place.field.kind, NULL, row + condition->place.field.offset, condition->value);
    switch (condition->is) {
    case FLOW_EQUAL:
        return order == 0;
    case FLOW_NOT_EQUAL:
        return order != 0;
    case FLOW_BELOW:
        return order < 0;
    case FLOW_AT_MOST:
        return order <= 0;
    case FLOW_ABOVE:
        return order > 0;
    default:
        return order >= 0;
    }
}

bool fl_condition_make(
    flow_coll in, const char *builder, const flow_condition *condition, struct fl_condition *made)
{
    const bool presence = condition->is == FLOW_IS_PRESENT || condition->is == FLOW_IS_ABSENT;
    made->is = condition->is;
    if (condition->is < FLOW_EQUAL || condition->is > FLOW_IS_ABSENT) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "%s: there is no such comparison of '%s'", builder,
            condition->field ? condition->field : "");
        return false;
    }
    if (!fl_place_find(in, builder, condition->field, &made->place))
        return false;
    if (presence)
        return true;
    if (flow_kind_size(made->place.field.kind) == 0) {
        flow_pipeline_fail(in.pipeline, FLOW_TYPE, NULL,
            "%s: field '%s' is '%s', which is not compared", builder, condition->field,
            flow_kind_name(made->place.field.kind));
        return false;
    }
    made->value = fl_constant(in.pipeline, builder, made->place.field.kind, condition->value);
    return made->value != NULL;
}
