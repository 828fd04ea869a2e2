// SPDX-License-Identifier: Apache-2.0
// Runs the tests of libflow/graph, and holds what they share.
#include "graph_test.h"

static flow_status split_one(flow_ctx *ctx, const struct reading *in)
{
    FLOW_EMIT(ctx, total, .value = in->number);
    return FLOW_EMIT_TO(ctx, 1, place, .zip = 2 * in->number);
}
FLOW_ELEMENT_FN(split_one, reading, total, place);

static flow_status keyed_one(flow_ctx *ctx, const flow_str *key, const struct reading *in)
{
    return FLOW_EMIT(ctx, total, .value = in->number + (int64_t)key->len);
}
FLOW_KEYED_FN(keyed_one, flow_str, reading, total);

static flow_status place_one(flow_ctx *ctx, const struct place *key, const struct reading *in)
{
    return FLOW_EMIT(ctx, total, .value = in->number + key->zip);
}
FLOW_KEYED_FN(place_one, struct place, reading, total);

static flow_status total_one(flow_ctx *ctx, const struct total *in)
{
    return FLOW_EMIT(ctx, total, .value = in->value);
}
FLOW_ELEMENT_FN(total_one, total, total);

static bool is_positive(const flow_ctx *ctx, const struct reading *in)
{
    (void)ctx;
    return in->number > 0;
}
FLOW_FILTER_FN(is_positive, reading);

static flow_status run_up(
    flow_ctx *ctx, const flow_str *key, const struct reading *in, struct total *state)
{
    (void)key;
    state->value += in->number;
    return FLOW_EMIT(ctx, total, .value = state->value);
}
static flow_status run_up_timer(flow_ctx *ctx, const flow_str *key, struct total *state)
{
    (void)key;
    return FLOW_EMIT(ctx, total, .value = state->value);
}
FLOW_STATEFUL_FN(run_up, flow_str, reading, total, total);

static flow_status group_one(flow_ctx *ctx, const flow_str *key, flow_rows *rows)
{
    (void)key;
    return FLOW_EMIT(ctx, total, .value = (int64_t)flow_rows_count(rows));
}
FLOW_GROUP_FN(group_one, flow_str, reading, total);

static void total_add(struct total *acc, const struct reading *in)
{
    acc->value += in->number;
}
static void total_merge(struct total *acc, const struct total *other)
{
    acc->value += other->value;
}
FLOW_COMBINE_FN(total, reading);

const flow_fn *const split = &split_one_fn;
const flow_fn *const keyed = &keyed_one_fn;
const flow_fn *const by_place = &place_one_fn;
const flow_fn *const same_total = &total_one_fn;
const flow_fn *const positive = &is_positive_fn;
const flow_fn *const running = &run_up_fn;
const flow_fn *const group_size = &group_one_fn;
const flow_combine_fn *const add_up = &total_combine;

static flow_status source_open(void *self, const flow_open *open)
{
    (void)self;
    return flow_error_raise(open->error, FLOW_UNSUPPORTED, open->step, "a test reads nothing");
}

static uint32_t source_partitions(void *self)
{
    (void)self;
    return 0;
}

static flow_claim source_claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    (void)self, (void)partition, (void)piece, (void)error;
    return FLOW_CLAIM_END;
}

static flow_status source_read(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    (void)self, (void)piece, (void)ctx;
    return FLOW_OK;
}

static void close_nothing(void *self)
{
    (void)self;
}

const flow_source test_source = {
    .name = "read",
    .open = source_open,
    .partitions = source_partitions,
    .claim = source_claim,
    .read = source_read,
    .close = close_nothing,
};

static flow_status sink_stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    (void)self, (void)worker, (void)elements, (void)error;
    return FLOW_OK;
}

const flow_sink test_sink = {
    .name = "write",
    .open = source_open,
    .stage = sink_stage,
    .close = close_nothing,
};

flow_coll test_readings(flow_pipeline *pipeline, const char *name, bool unbounded)
{
    const flow_read_options options = {
        .name = name,
        .type = &reading_type,
        .unbounded = unbounded,
        .event_time = FLOW_FIELD(reading, at),
        .times = { .in_order = true },
    };
    return flow_read(pipeline, &test_source, &options);
}

void test_refused(const refused *expected)
{
    flow_pipeline *pipeline = flow_pipeline_new("refused");
    expected->build(pipeline);
    flow_error error = { 0 };
    flow_pipeline_check(pipeline, &error);
    ck_assert_str_eq(error.message, expected->message);
    ck_assert_int_eq(error.status, expected->status);
    flow_pipeline_free(pipeline);
}

TCase *build_do_tests(void);
TCase *build_fan_out_tests(void);
TCase *build_io_tests(void);
TCase *build_key_tests(void);
TCase *build_rejected_tests(void);
TCase *build_split_tests(void);
TCase *build_time_tests(void);
TCase *build_view_tests(void);
TCase *build_window_tests(void);
TCase *check_state_tests(void);
TCase *check_tests(void);
TCase *coll_tests(void);
TCase *display_tests(void);
TCase *job_tests(void);
TCase *metrics_tests(void);
TCase *name_tests(void);
TCase *pipeline_tests(void);
TCase *print_tests(void);
TCase *record_tests(void);
TCase *shape_tests(void);
TCase *windowing_tests(void);
TCase *windows_tests(void);

int main(void)
{
    Suite *suite = suite_create("libflow/graph");
    suite_add_tcase(suite, build_do_tests());
    suite_add_tcase(suite, build_fan_out_tests());
    suite_add_tcase(suite, build_io_tests());
    suite_add_tcase(suite, build_key_tests());
    suite_add_tcase(suite, build_rejected_tests());
    suite_add_tcase(suite, build_split_tests());
    suite_add_tcase(suite, build_time_tests());
    suite_add_tcase(suite, build_view_tests());
    suite_add_tcase(suite, build_window_tests());
    suite_add_tcase(suite, check_state_tests());
    suite_add_tcase(suite, check_tests());
    suite_add_tcase(suite, coll_tests());
    suite_add_tcase(suite, display_tests());
    suite_add_tcase(suite, job_tests());
    suite_add_tcase(suite, metrics_tests());
    suite_add_tcase(suite, name_tests());
    suite_add_tcase(suite, pipeline_tests());
    suite_add_tcase(suite, print_tests());
    suite_add_tcase(suite, record_tests());
    suite_add_tcase(suite, shape_tests());
    suite_add_tcase(suite, windowing_tests());
    suite_add_tcase(suite, windows_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
