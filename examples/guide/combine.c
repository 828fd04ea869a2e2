// SPDX-License-Identifier: Apache-2.0
// A combine of one's own, a function over keyed elements, and a function over whole groups.
#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct reading {
    flow_str sensor;
    double value;
};
FLOW_RECORD(reading, sensor, value);
struct report {
    flow_str sensor;
    double value;
};
FLOW_RECORD(report, sensor, value);

// [combine]
// All zeros must mean "nothing yet": therefore the count.
struct range {
    double low, high;
    int64_t count;
};
FLOW_RECORD(range, low, high, count);

static void range_merge(struct range *acc, const struct range *other)
{
    if (other->count == 0)
        return;
    acc->low = acc->count == 0 || other->low < acc->low ? other->low : acc->low;
    acc->high = acc->count == 0 || other->high > acc->high ? other->high : acc->high;
    acc->count += other->count;
}

static void range_add(struct range *acc, const struct reading *reading)
{
    range_merge(acc, &(struct range){ reading->value, reading->value, 1 });
}
FLOW_COMBINE_FN(range, reading);
// [combine]

// [keyed]
static flow_status spread(flow_ctx *ctx, const flow_str *sensor, const struct range *range)
{
    return FLOW_EMIT(ctx, report, .sensor = *sensor, .value = range->high - range->low);
}
FLOW_KEYED_FN(spread, flow_str, range, report);
// [keyed]

// [group]
// How far readings lie from their mean, which must be known first.
static flow_status deviation(flow_ctx *ctx, const flow_str *sensor, flow_rows *rows)
{
    double sum = 0, squares = 0;
    for (const struct reading *r; (r = flow_rows_next(rows)) != NULL;)
        sum += r->value;
    const double mean = sum / (double)flow_rows_count(rows);
    flow_rows_rewind(rows);
    for (const struct reading *r; (r = flow_rows_next(rows)) != NULL;)
        squares += (r->value - mean) * (r->value - mean);
    return FLOW_EMIT(ctx, report, .sensor = *sensor, .value = squares);
}
FLOW_GROUP_FN(deviation, flow_str, reading, report);
// [group]

// [graph]
static void build(flow_coll readings)
{
    flow_coll by_sensor = flow_key_by(readings, FLOW_FIELD(reading, sensor));
    flow_coll both[] = {
        flow_do(flow_combine(by_sensor, &range_combine), &spread_fn),
        flow_group(by_sensor, &deviation_fn),
    };
    const flow_file_write_options out = { .path = "-", .format = FLOW_JSON };
    flow_file_write(flow_flatten(both, 2), &out);
}
// [graph]

int main(void)
{
    static const struct reading readings[] = { { { "a", 1 }, 3 }, { { "b", 1 }, 7 },
        { { "a", 1 }, -1 } };
    const flow_create_options rows = { .type = &reading_type, .rows = readings, .count = 3 };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("readings");
    build(flow_create(p, &rows));
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "combine: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
