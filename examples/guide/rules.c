// SPDX-License-Identifier: Apache-2.0
// Alarms by rules that change while the job runs: here both come out of a list, with their times.
#include <stdio.h>

#include <flow/fields.h>
#include <flow/file.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct reading {
    flow_time at;
    flow_str sensor;
    double value;
};
FLOW_RECORD(reading, at, sensor, value);

// [rule]
struct rule {
    flow_time at; // from when on
    flow_str name;
    flow_list conditions; // of struct flow_rule_condition
    bool off;
};
FLOW_RECORD_OF(rule, FLOW_COLUMN(rule, at), FLOW_COLUMN(rule, name),
    FLOW_COLUMN_LIST(rule, conditions, flow_rule_condition), FLOW_COLUMN(rule, off));

struct alarm {
    flow_str rule, sensor;
    double value;
};
FLOW_RECORD(alarm, rule, sensor, value);

// Called for readings that meet the conditions of a rule.
static flow_status ring(flow_ctx *ctx, const struct rule *rule, const struct reading *reading)
{
    return FLOW_EMIT(
        ctx, alarm, .rule = rule->name, .sensor = reading->sensor, .value = reading->value);
}
FLOW_RULE_FN(ring, rule, reading, alarm);
// [rule]

// [use]
static flow_coll alarms(flow_coll readings, flow_coll changes)
{
    const flow_rules_options how = { .by = FLOW_FIELD(rule, name),
        .conditions = FLOW_FIELD(rule, conditions),
        .off = FLOW_FIELD(rule, off),
        .as_of = true };
    const flow_rules rules = flow_rules_of(changes, &reading_type, &how);
    return flow_apply_rules(readings, rules, &ring_rule, NULL);
}
// [use]

int main(void)
{
    // [changes]
    static const struct flow_rule_condition above_90 = { { "value", 5 }, { ">", 1 }, { "90", 2 },
        0 };
    static const struct flow_rule_condition above_50 = { { "value", 5 }, { ">", 1 }, { "50", 2 },
        0 };
    static const struct rule changes[] = { { { 0 }, { "hot", 3 }, { &above_90, 1 }, false },
        { { 20 }, { "hot", 3 }, { &above_50, 1 }, false },
        { { 40 }, { "hot", 3 }, { NULL, 0 }, true } };
    // [changes]
    static const struct reading readings[] = { { { 10 }, { "roof", 4 }, 60 },
        { { 30 }, { "roof", 4 }, 70 }, { { 50 }, { "roof", 4 }, 99 } };
    const flow_create_options left = {
        .type = &reading_type, .rows = readings, .count = 3, .event_time = FLOW_FIELD(reading, at)
    };
    const flow_create_options right = {
        .type = &rule_type, .rows = changes, .count = 3, .event_time = FLOW_FIELD(rule, at)
    };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("rules");
    flow_file_write(alarms(flow_create(p, &left), flow_create(p, &right)),
        &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "rules: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
