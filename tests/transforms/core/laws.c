// SPDX-License-Identifier: Apache-2.0
// The laws of combines (R73), checked through the description that the graph holds.
#include <math.h>

#include "core_test.h"

#define ROUNDS   400
#define ROWS_MAX 60

uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

struct bid random_bid(uint64_t *state)
{
    static const char *const names[] = { "ann", "bob", "cy", "" };
    const int64_t n = (int64_t)(next_random(state) % 41) - 20;
    return (struct bid){
        .who = flow_str_of(names[next_random(state) % 4]),
        .raw = { "xyz", next_random(state) % 4 },
        .i64 = n * 1000003,
        .u64 = (uint64_t)(n + 20),
        .f64 = (double)n / 7 + 100,
        .at = { n * 1000000 },
        .span = { n },
        .i32 = (int32_t)n,
        .u32 = (uint32_t)(n + 20),
        .f32 = (float)n / 4,
        .yes = n > 0,
    };
}

static flow_status open_nothing(void *self, const flow_open *open)
{
    (void)self, (void)open;
    return FLOW_UNSUPPORTED;
}

static uint32_t no_partitions(void *self)
{
    (void)self;
    return 0;
}

static flow_claim claim_nothing(
    void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    (void)self, (void)partition, (void)piece, (void)error;
    return FLOW_CLAIM_END;
}

static flow_status read_nothing(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    (void)self, (void)piece, (void)ctx;
    return FLOW_OK;
}

static void close_nothing(void *self)
{
    (void)self;
}

flow_coll bids(flow_pipeline *pipeline)
{
    static const flow_source source = {
        .name = "bids",
        .open = open_nothing,
        .partitions = no_partitions,
        .claim = claim_nothing,
        .read = read_nothing,
        .close = close_nothing,
    };
    return flow_read(pipeline, &source, &(flow_read_options){ .type = &bid_type });
}

combined combine_begin(make_fn *make, flow_field_ref field)
{
    combined made = { .pipeline = flow_pipeline_new("combine") };
    make(bids(made.pipeline), field);
    flow_error error = { 0 };
    const flow_graph *graph = flow_pipeline_graph(made.pipeline, &error);
    ck_assert_msg(graph != NULL, "%s", error.message);
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (graph->nodes[i].kind == FLOW_NODE_COMBINE)
            made.node = &graph->nodes[i];
    ck_assert_ptr_nonnull(made.node);
    ck_assert_uint_le(made.node->combine->acc->size, sizeof(cell));
    ck_assert_uint_le(made.node->combine->out->size, sizeof(cell));
    return made;
}

void combine_end(combined *made)
{
    flow_pipeline_free(made->pipeline);
}

void combine_add(const combined *made, const struct bid *rows, size_t count, cell *acc)
{
    memset(acc, 0, sizeof *acc);
    for (size_t i = 0; i < count; i++)
        made->node->combine->add(acc, &rows[i], made->node->config);
    size_t beyond = made->node->combine->acc->size;
    while (beyond < sizeof *acc && acc->bytes[beyond] == 0)
        beyond++;
    ck_assert_msg(beyond == sizeof *acc, "byte %zu lies beyond the accumulator", beyond);
}

void combine_merge(const combined *made, cell *acc, const cell *other)
{
    made->node->combine->merge(acc, other, made->node->config);
}

flow_status combine_extract(const combined *made, const cell *acc, cell *out)
{
    const flow_combine_fn *fn = made->node->combine;
    memset(out, 0, sizeof *out);
    if (fn->extract)
        return fn->extract(acc, out, made->node->config);
    memcpy(out, acc, fn->acc->size);
    return FLOW_OK;
}

static bool close_to(double a, double b)
{
    const double size = fmax(fmax(fabs(a), fabs(b)), 1.0);
    return fabs(a - b) <= 1e-12 * size || (isnan(a) && isnan(b));
}

// Compares two outputs field by field: doubles by size, all else by equality.
static void expect_same(const flow_type *type, const cell *a, const cell *b, const char *law)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        if (field->kind == FLOW_KIND_F64) {
            double x;
            double y;
            memcpy(&x, a->bytes + field->offset, sizeof x);
            memcpy(&y, b->bytes + field->offset, sizeof y);
            ck_assert_msg(close_to(x, y), "%s: '%s' is %.17g and %.17g", law, field->name, x, y);
        } else if (field->kind == FLOW_KIND_RECORD) {
            // padding is no part of a record
            ck_assert_msg(
                flow_row_equal(field->record, a->bytes + field->offset, b->bytes + field->offset),
                "%s: '%s' differs", law, field->name);
        } else {
            ck_assert_msg(
                memcmp(a->bytes + field->offset, b->bytes + field->offset, field->size) == 0,
                "%s: '%s' differs", law, field->name);
        }
    }
}

static void expect_same_result(const combined *made, const cell *a, const cell *b, const char *law)
{
    cell x;
    cell y;
    ck_assert_int_eq(combine_extract(made, a, &x), FLOW_OK);
    ck_assert_int_eq(combine_extract(made, b, &y), FLOW_OK);
    expect_same(made->node->combine->out, &x, &y, law);
}

// Three parts of the rows, and the laws over them.
static void check_parts(
    const combined *made, const struct bid *rows, size_t first, size_t second, size_t count)
{
    const cell zero = { 0 };
    cell all;
    cell a;
    cell b;
    cell c;
    combine_add(made, rows, count, &all);
    combine_add(made, rows, first, &a);
    combine_add(made, rows + first, second - first, &b);
    combine_add(made, rows + second, count - second, &c);
    cell left = a;
    combine_merge(made, &left, &zero);
    expect_same_result(made, &left, &a, "a + 0 = a");
    left = zero;
    combine_merge(made, &left, &a);
    expect_same_result(made, &left, &a, "0 + a = a");
    left = a;
    combine_merge(made, &left, &b);
    cell right = b;
    combine_merge(made, &right, &a);
    expect_same_result(made, &left, &right, "a + b = b + a");
    const flow_combine_fn *fn = made->node->combine;
    if (fn->exact) {
        right = left;
        fn->subtract(&right, &b, made->node->config);
        ck_assert_mem_eq(&right, &a, fn->acc->size);
    }
    combine_merge(made, &left, &c);
    cell tail = b;
    combine_merge(made, &tail, &c);
    right = a;
    combine_merge(made, &right, &tail);
    expect_same_result(made, &left, &right, "(a + b) + c = a + (b + c)");
    expect_same_result(made, &left, &all, "parts = all at once");
}

void combine_keeps_the_laws(make_fn *make, flow_field_ref field)
{
    combined made = combine_begin(make, field);
    uint64_t seed = 73;
    struct bid rows[ROWS_MAX];
    for (int round = 0; round < ROUNDS; round++) {
        const size_t count = 3 + next_random(&seed) % (ROWS_MAX - 2);
        for (size_t i = 0; i < count; i++)
            rows[i] = random_bid(&seed);
        const size_t first = 1 + next_random(&seed) % (count - 2);
        const size_t second = first + 1 + next_random(&seed) % (count - first - 1);
        check_parts(&made, rows, first, second, count);
    }
    combine_end(&made);
}

void expect_refused(make_fn *make, flow_field_ref field, const char *message)
{
    flow_pipeline *p = flow_pipeline_new("refused");
    ck_assert_uint_eq(make(bids(p), field).id, 0);
    flow_error error = { 0 };
    ck_assert_int_ne(flow_pipeline_check(p, &error), FLOW_OK);
    ck_assert_str_eq(error.message, message);
    flow_pipeline_free(p);
}
