// SPDX-License-Identifier: Apache-2.0
// C++ on the plain layer: a function described by hand, rows from an array, results by callback.
#include <cstdio>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct amount {
    int64_t cents;
};

static const flow_field amount_fields[] = { { "cents", nullptr, FLOW_KIND_I64, 0, sizeof(int64_t),
    0, FLOW_KIND_NONE, nullptr, false, false, nullptr, nullptr } };
static const flow_type amount_type = { "amount", sizeof(amount), alignof(amount), 1,
    amount_fields };
static const flow_type *const amount_outs[] = { &amount_type };

static flow_status emit_doubled(flow_ctx *ctx, const flow_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const uint32_t row = batch->selection ? batch->selection[i] : i;
        const char *at = batch->rows + size_t(row) * batch->stride + batch->value_offset;
        amount out = { 2 * reinterpret_cast<const amount *>(at)->cents };
        ctx->row = row;
        const flow_status status = flow_emit(ctx, 0, &amount_type, &out, sizeof out);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

static void add_up(void *user, const flow_elements *elements)
{
    const flow_batch &batch = elements->batch;
    for (uint32_t i = 0; i < batch.count; i++) {
        const uint32_t row = batch.selection ? batch.selection[i] : i;
        const char *at = batch.rows + size_t(row) * batch.stride + batch.value_offset;
        *static_cast<int64_t *>(user) += reinterpret_cast<const amount *>(at)->cents;
    }
}

int main()
{
    flow_fn doubled = {};
    doubled.name = "doubled";
    doubled.form = FLOW_FORM_BATCH;
    doubled.in = &amount_type;
    doubled.outs = amount_outs;
    doubled.out_count = 1;
    doubled.process = emit_doubled;

    const amount amounts[] = { { 1 }, { 20 }, { 300 } };
    flow_create_options create = {};
    create.type = &amount_type;
    create.rows = amounts;
    create.count = 3;

    int64_t sum = 0;
    flow_error error = {};
    flow_pipeline *p = flow_pipeline_new("plain");
    flow_receive(flow_do_with(flow_create(p, &create), &doubled, nullptr), nullptr, add_up, &sum);
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        std::fprintf(stderr, "plain: %s\n", error.message);
    flow_pipeline_free(p);
    std::printf("%lld\n", static_cast<long long>(sum));
    return error.status != FLOW_OK;
}
