// SPDX-License-Identifier: Apache-2.0
// Plans of small graphs: who hands rows to whom, which steps share a stage, whose watermark counts.
#include <flow/transforms.h>

#include "core_unit.h"
#include "plan.h"

struct sale {
    flow_str product;
    int64_t price;
    flow_time at;
};
FLOW_RECORD(sale, product, price, at);

static flow_status copy_sale(flow_ctx *ctx, const struct sale *sale)
{
    return FLOW_EMIT_ROW(ctx, sale, sale);
}
FLOW_ELEMENT_FN(copy_sale, sale, sale);

static flow_status copy_count(flow_ctx *ctx, const struct flow_counted *in)
{
    return flow_emit(ctx, 0, &flow_counted_type, in, sizeof *in);
}
FLOW_ELEMENT_FN(copy_count, flow_counted, flow_counted);

static flow_status halve(flow_ctx *ctx, struct flow_counted *row)
{
    (void)ctx;
    row->count /= 2;
    return FLOW_OK;
}
FLOW_UPDATE_FN(halve, flow_counted);

static bool many(const flow_ctx *ctx, const struct flow_counted *row)
{
    (void)ctx;
    return row->count > 1;
}
FLOW_FILTER_FN(many, flow_counted);

static flow_status running(
    flow_ctx *ctx, const flow_str *key, const struct flow_counted *in, struct flow_counted *state)
{
    (void)key;
    state->count += in->count;
    return flow_emit(ctx, 0, &flow_counted_type, state, sizeof *state);
}

static flow_status running_timer(flow_ctx *ctx, const flow_str *key, struct flow_counted *state)
{
    (void)ctx, (void)key, (void)state;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(running, flow_str, flow_counted, flow_counted, flow_counted);

static flow_status never_open(void *self, const flow_open *open)
{
    (void)self, (void)open;
    return FLOW_UNSUPPORTED;
}

static flow_status never_stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    (void)self, (void)worker, (void)elements, (void)error;
    return FLOW_UNSUPPORTED;
}

static uint32_t one_partition(void *self)
{
    (void)self;
    return 1;
}

static flow_claim claim_end(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    (void)self, (void)partition, (void)piece, (void)error;
    return FLOW_CLAIM_END;
}

static flow_status read_none(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    (void)self, (void)piece, (void)ctx;
    return FLOW_OK;
}

static void close_self(void *self)
{
    (void)self;
}

static const flow_source source = { .name = "sales",
    .open = never_open,
    .partitions = one_partition,
    .claim = claim_end,
    .read = read_none,
    .close = close_self };
static const flow_sink sink = { .name = "sink",
    .wants_times = true,
    .open = never_open,
    .stage = never_stage,
    .close = close_self };

// A pipeline on its way to a plan.
struct made {
    struct bench bench;
    struct fl_mem *mem;
    flow_pipeline *pipeline;
    struct fl_plan plan;
};

static flow_coll sales(struct made *made, const char *name)
{
    return flow_read(
        made->pipeline, &source, &(flow_read_options){ .name = name, .type = &sale_type });
}

static void made_begin(struct made *made)
{
    bench_init(&made->bench, UINT64_C(8) << 20);
    made->mem = fl_mem_new(&made->bench.cache);
    made->pipeline = flow_pipeline_new("plan");
}

static void made_plan(struct made *made)
{
    flow_error error = { FLOW_OK, "", "" };
    const flow_graph *graph = flow_pipeline_graph(made->pipeline, &error);
    ck_assert_msg(graph != NULL, "%s", error.message);
    ck_assert(fl_plan_make(&made->plan, graph, &made->bench.cache, made->mem, &error));
}

static void made_end(struct made *made)
{
    flow_pipeline_free(made->pipeline);
    fl_mem_unref(&made->bench.cache, made->mem);
    bench_fini(&made->bench);
}

// The op whose step is called so.
static uint32_t op_named(const struct made *made, const char *path)
{
    for (uint32_t i = 0; i < made->plan.op_count; i++)
        if (strcmp(made->plan.ops[i].node->path, path) == 0)
            return i;
    ck_abort_msg("no op called %s", path);
    return 0;
}

static const struct fl_plan_op *op(const struct made *made, const char *path)
{
    return &made->plan.ops[op_named(made, path)];
}

static bool has_bit(const uint64_t *bits, uint32_t i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static bool bounds(const struct made *made, const char *origin, const char *path)
{
    return has_bit(op(made, path)->origins, op_named(made, origin));
}

static bool reaches(const struct made *made, const char *path, const char *to)
{
    return has_bit(op(made, path)->reaches, op_named(made, to));
}

static flow_coll counts_by_product(flow_coll in, const char *name)
{
    return flow_named(flow_count(flow_key_by(in, FLOW_FIELD(sale, product))), name);
}

static void write_to(flow_coll in, const char *name)
{
    flow_write(in, &sink, &(flow_write_options){ .name = name });
}

START_TEST(key_and_flatten_steps_vanish)
{
    static struct made m;
    made_begin(&m);
    const flow_coll both[] = { sales(&m, "a"), sales(&m, "b") };
    const flow_coll all = flow_flatten(both, 2);
    write_to(flow_key_by(all, FLOW_FIELD(sale, price)), "out");
    write_to(flow_do(all, &copy_sale_fn), "copies");
    made_plan(&m);
    ck_assert_uint_eq(m.plan.op_count, 5);
    for (int i = 0; i < 2; i++) {
        const struct fl_targets *outs = &op(&m, i ? "b" : "a")->outs[0];
        ck_assert_uint_eq(outs->count, 2);
        for (uint32_t t = 0; t < 2; t++) {
            const struct fl_target *target = &outs->list[t];
            const bool out = target->op == op_named(&m, "out");
            ck_assert(out || target->op == op_named(&m, "copy_sale"));
            ck_assert_int_eq(target->shape.key, out ? FLOW_KIND_I64 : FLOW_KIND_NONE);
            if (out)
                ck_assert_uint_eq(target->shape.key_offset, offsetof(struct sale, price));
            ck_assert_uint_eq(target->shape.value_offset, 0);
            ck_assert_uint_eq(target->shape.stride, sizeof(struct sale));
        }
    }
    made_end(&m);
}
END_TEST

START_TEST(collection_flattened_with_itself_is_handed_on_twice)
{
    static struct made m;
    made_begin(&m);
    const flow_coll a = sales(&m, "a");
    const flow_coll twice[] = { a, a, a };
    write_to(flow_flatten(twice, 3), "out");
    made_plan(&m);
    ck_assert_uint_eq(op(&m, "a")->outs[0].count, 3);
    made_end(&m);
}
END_TEST

START_TEST(rows_of_a_combine_keep_their_place_under_another_key)
{
    static struct made m;
    made_begin(&m);
    const flow_coll counts = counts_by_product(sales(&m, "a"), "count");
    const flow_field_ref by_count = { &flow_counted_type, "count",
        offsetof(struct flow_counted, count), FLOW_KIND_I64 };
    write_to(flow_key_by(counts, by_count), "out");
    made_plan(&m);
    const flow_shape *was = &op(&m, "count")->out->shape;
    const flow_shape *now = &op(&m, "count")->outs[0].list[0].shape;
    ck_assert_uint_eq(now->stride, was->stride);
    ck_assert_uint_eq(now->value_offset, was->value_offset);
    ck_assert_int_eq(now->key, FLOW_KIND_I64);
    ck_assert_uint_eq(now->key_offset, was->value_offset);
    made_end(&m);
}
END_TEST

// What may stand between a count by product and the step after it, and whether that is then local.
static flow_coll straight(struct made *m, flow_coll in)
{
    (void)m;
    return in;
}

static flow_coll filtered(struct made *m, flow_coll in)
{
    (void)m;
    return flow_do(flow_do(in, &many_fn), &halve_fn);
}

static flow_coll windowed(struct made *m, flow_coll in)
{
    (void)m;
    return flow_window_into(in, &(flow_window_options){ .windows = flow_fixed(flow_hours(1)) });
}

static flow_coll emitted(struct made *m, flow_coll in)
{
    (void)m;
    const flow_field_ref field = { &flow_counted_type, "count", 0, FLOW_KIND_I64 };
    return flow_key_by(flow_do(in, &copy_count_fn), field);
}

static flow_coll other_key(struct made *m, flow_coll in)
{
    (void)m;
    const flow_field_ref field = { &flow_counted_type, "count", 0, FLOW_KIND_I64 };
    return flow_key_by(in, field);
}

static flow_coll no_key(struct made *m, flow_coll in)
{
    (void)m;
    return flow_unkey(in);
}

static flow_coll with_another(struct made *m, flow_coll in)
{
    const flow_coll both[] = { in, counts_by_product(sales(m, "b"), "second") };
    return flow_flatten(both, 2);
}

static flow_coll twice_the_same(struct made *m, flow_coll in)
{
    (void)m;
    const flow_coll both[] = { in, flow_do(in, &many_fn) };
    return flow_flatten(both, 2);
}

static const struct {
    flow_coll (*between)(struct made *m, flow_coll in);
    bool local;
} joints[] = { { straight, true }, { filtered, true }, { windowed, true }, { twice_the_same, true },
    { emitted, false }, { other_key, false }, { no_key, false }, { with_another, false } };

START_TEST(step_is_local_only_where_the_key_is_kept)
{
    static struct made m;
    made_begin(&m);
    const flow_coll counts = counts_by_product(sales(&m, "a"), "first");
    const flow_coll again = flow_count(joints[_i].between(&m, counts));
    write_to(flow_named(again, "then"), "out");
    made_plan(&m);
    const struct fl_plan_op *then = op(&m, "then");
    const uint32_t first = op_named(&m, "first");
    ck_assert_int_eq(then->local, joints[_i].local);
    ck_assert_int_eq(reaches(&m, "first", "then"), !joints[_i].local);
    ck_assert_uint_eq(then->stage, joints[_i].local ? first : op_named(&m, "then"));
    if (joints[_i].local)
        ck_assert_uint_eq(then->feeder, first);
    ck_assert(!op(&m, "first")->local);
    ck_assert(bounds(&m, "first", "then"));
    ck_assert(!bounds(&m, "a", "then"));
    made_end(&m);
}
END_TEST

// What is fused is called in the bundle of what comes before it.
START_TEST(r85_fusion_stops_at_keys_stable_input_and_reshuffle)
{
    static struct made m;
    made_begin(&m);
    const flow_coll counts = counts_by_product(sales(&m, "a"), "first");
    const flow_do_options stable = { .stable_input = true };
    write_to(flow_named(flow_do(counts, &running_fn), "same key"), "out 1");
    write_to(flow_named(flow_do(counts, &running_fn, &stable), "stable"), "out 2");
    write_to(flow_do(flow_reshuffle(counts), &copy_count_fn), "out 3");
    const flow_field_ref by_count = { &flow_counted_type, "count", 0, FLOW_KIND_I64 };
    write_to(flow_named(flow_count(flow_key_by(counts, by_count)), "other key"), "out 4");
    made_plan(&m);
    const uint32_t first = op_named(&m, "first");
    ck_assert(op(&m, "same key")->local);
    ck_assert_uint_eq(op(&m, "same key")->stage, first);
    static const char *const apart[] = { "stable", "reshuffle/apart", "other key" };
    for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++) {
        ck_assert_msg(!op(&m, apart[i])->local, "%s", apart[i]);
        ck_assert_uint_ne(op(&m, apart[i])->stage, first);
        ck_assert(reaches(&m, "first", apart[i]));
    }
    made_end(&m);
}
END_TEST

START_TEST(stage_reaches_over_all_steps_under_one_key)
{
    static struct made m;
    made_begin(&m);
    const flow_coll counts = counts_by_product(sales(&m, "a"), "first");
    const flow_coll sums = flow_named(flow_count(flow_do(counts, &many_fn)), "second");
    write_to(flow_named(flow_do(sums, &running_fn), "third"), "out");
    made_plan(&m);
    const uint32_t first = op_named(&m, "first");
    ck_assert_uint_eq(op(&m, "second")->stage, first);
    ck_assert_uint_eq(op(&m, "third")->stage, first);
    ck_assert_uint_eq(op(&m, "third")->feeder, op_named(&m, "second"));
    ck_assert(op(&m, "third")->local);
    ck_assert(reaches(&m, "a", "first"));
    ck_assert(!reaches(&m, "a", "third"));
    ck_assert(bounds(&m, "third", "out"));
    ck_assert(!bounds(&m, "second", "out"));
    made_end(&m);
}
END_TEST

START_TEST(stateful_rows_do_not_lie_under_their_key)
{
    static struct made m;
    made_begin(&m);
    const flow_coll counts = counts_by_product(sales(&m, "a"), "first");
    const flow_coll sums = flow_do(counts, &running_fn);
    const flow_field_ref field = { &flow_counted_type, "count", 0, FLOW_KIND_I64 };
    write_to(flow_named(flow_count(flow_key_by(sums, field)), "last"), "out");
    made_plan(&m);
    ck_assert(op(&m, "running")->local);
    ck_assert(!op(&m, "last")->local);
    ck_assert(reaches(&m, "running", "last"));
    ck_assert(reaches(&m, "first", "last"));
    made_end(&m);
}
END_TEST

START_TEST(r2_watermarks_of_all_inputs_bound_a_step)
{
    static struct made m;
    made_begin(&m);
    const flow_coll counts = counts_by_product(sales(&m, "a"), "count");
    write_to(flow_do(counts, &copy_count_fn), "counts");
    const flow_coll both[] = { sales(&m, "b"), flow_do(sales(&m, "c"), &copy_sale_fn) };
    write_to(counts_by_product(flow_flatten(both, 2), "all"), "out");
    made_plan(&m);
    ck_assert(bounds(&m, "a", "count"));
    ck_assert(bounds(&m, "count", "counts"));
    ck_assert(!bounds(&m, "a", "counts"));
    ck_assert(bounds(&m, "b", "all"));
    ck_assert(bounds(&m, "c", "all"));
    ck_assert(bounds(&m, "c", "copy_sale"));
    ck_assert(!bounds(&m, "a", "all"));
    ck_assert(reaches(&m, "copy_sale", "all"));
    ck_assert(!reaches(&m, "copy_sale", "count"));
    made_end(&m);
}
END_TEST

START_TEST(plan_of_more_than_64_steps_counts_them_all)
{
    static struct made m;
    made_begin(&m);
    flow_coll in = sales(&m, "a");
    for (int i = 0; i < 150; i++)
        in = flow_do(in, &copy_sale_fn);
    write_to(counts_by_product(in, "count"), "out");
    made_plan(&m);
    ck_assert_uint_eq(m.plan.op_count, 153);
    ck_assert_uint_eq(m.plan.words, 3);
    ck_assert(bounds(&m, "a", "count"));
    ck_assert(bounds(&m, "count", "out"));
    ck_assert(reaches(&m, "a", "count"));
    made_end(&m);
}
END_TEST

START_TEST(plan_without_memory_says_so)
{
    static struct made m;
    struct hoard hoard;
    flow_error error = { FLOW_OK, "", "" };
    made_begin(&m);
    flow_coll in = sales(&m, "a");
    for (int i = 0; i < 150; i++)
        in = flow_do(in, &copy_sale_fn);
    write_to(in, "out");
    const flow_graph *graph = flow_pipeline_graph(m.pipeline, &error);
    hoard_take(&hoard, &m.bench, 0);
    ck_assert(!fl_plan_make(&m.plan, graph, &m.bench.cache, m.mem, &error));
    ck_assert_int_eq(error.status, FLOW_BUDGET);
    ck_assert_str_eq(error.message, "the memory budget is too small for the plan of pipeline plan");
    hoard_give(&hoard, &m.bench);
    made_end(&m);
}
END_TEST

// Which groupings take the general path.
static const struct {
    flow_window_options options;
    bool general;
} ways[] = {
    { { .windows = { .kind = FLOW_WINDOW_SESSION, .size = { 5 } } }, true },
    { { .windows = { .kind = FLOW_WINDOW_CALENDAR, .units = 1 } }, true },
    { { .windows = { .kind = FLOW_WINDOW_CUMULATE, .size = { 4 }, .every = { 2 } } }, true },
    { { .accumulation = FLOW_ACCUMULATING }, true },
    { { .accumulation = FLOW_RETRACTING, .keep_windows = true }, true },
    { { .closing = FLOW_EMPTY_ALWAYS }, true },
    { { .output_time = FLOW_OUTPUT_EARLIEST }, true },
    { { .accumulation = FLOW_DISCARDING, .on_time = FLOW_EMPTY_NEVER }, false },
    { { .windows = { .kind = FLOW_WINDOW_FIXED, .size = { 5 }, .every = { 5 } } }, false },
    { { .windows = { .kind = FLOW_WINDOW_SLIDING, .size = { 5 }, .every = { 2 } } }, false },
};

static enum fl_op_kind kind_of_count(const struct made *m)
{
    for (uint32_t i = 0; i < m->plan.op_count; i++)
        if (m->plan.ops[i].node->combine)
            return m->plan.ops[i].kind;
    return FL_OP_SOURCE;
}

START_TEST(only_what_tables_by_slice_cannot_do_takes_the_general_path)
{
    static struct made m;
    made_begin(&m);
    flow_coll in = flow_window_into(sales(&m, "a"), &ways[_i].options);
    write_to(flow_count(flow_key_by(in, FLOW_FIELD(sale, price))), "out");
    made_plan(&m);
    ck_assert_int_eq(kind_of_count(&m), ways[_i].general ? FL_OP_LIVES : FL_OP_COMBINE);
    made_end(&m);
}
END_TEST

START_TEST(triggers_take_the_general_path_but_for_the_default_one)
{
    static struct made m;
    const flow_window_options hundred = flow_count_windows(100);
    made_begin(&m);
    flow_coll in = flow_window_into(sales(&m, "a"), &hundred);
    write_to(flow_count(flow_key_by(in, FLOW_FIELD(sale, price))), "out");
    made_plan(&m);
    ck_assert_int_eq(kind_of_count(&m), FL_OP_LIVES);
    made_end(&m);
    const flow_trigger usual = flow_trigger_default(), none = flow_trigger_none();
    ck_assert(fl_plan_usual(&usual));
    ck_assert(fl_plan_usual(&none));
    ck_assert(!fl_plan_usual(&hundred.trigger));
}
END_TEST

TCase *plan_unit_tests(void)
{
    TCase *tests = tcase_create("plan.c");
    tcase_add_test(tests, key_and_flatten_steps_vanish);
    tcase_add_test(tests, collection_flattened_with_itself_is_handed_on_twice);
    tcase_add_test(tests, rows_of_a_combine_keep_their_place_under_another_key);
    tcase_add_loop_test(tests, step_is_local_only_where_the_key_is_kept, 0, (int)COUNT_OF(joints));
    tcase_add_test(tests, r85_fusion_stops_at_keys_stable_input_and_reshuffle);
    tcase_add_test(tests, stage_reaches_over_all_steps_under_one_key);
    tcase_add_test(tests, stateful_rows_do_not_lie_under_their_key);
    tcase_add_test(tests, r2_watermarks_of_all_inputs_bound_a_step);
    tcase_add_test(tests, plan_of_more_than_64_steps_counts_them_all);
    tcase_add_test(tests, plan_without_memory_says_so);
    tcase_add_loop_test(
        tests, only_what_tables_by_slice_cannot_do_takes_the_general_path, 0, (int)COUNT_OF(ways));
    tcase_add_test(tests, triggers_take_the_general_path_but_for_the_default_one);
    return tests;
}
