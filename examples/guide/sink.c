// SPDX-License-Identifier: Apache-2.0
// A sink of one's own: a total that only committed bundles add to.
#include <stdatomic.h>
#include <stdio.h>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transform.h>

#define WORKERS_MOST 64u

struct amount {
    int64_t cents;
};
FLOW_RECORD(amount, cents);

// [self]
struct total_config {
    int64_t *result; // the caller's
};
struct total {
    const struct total_config *config;
    int64_t staged[WORKERS_MOST]; // of each worker's bundle
    _Atomic int64_t published;
};

static flow_status total_open(void *self, const flow_open *open)
{
    struct total *total = self;
    total->config = open->config;
    return open->workers <= WORKERS_MOST
               ? FLOW_OK
               : flow_error_raise(open->error, FLOW_UNSUPPORTED, open->step,
                     "takes at most %u workers, there are %u", WORKERS_MOST, open->workers);
}
// [self]

// [bundle]
static flow_status total_stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    struct total *total = self;
    (void)error;
    for (uint32_t i = 0; i < elements->batch.count; i++)
        total->staged[worker] += FLOW_BATCH_ROW(&elements->batch, amount, i)->cents;
    return FLOW_OK;
}

static void total_publish(void *self, uint32_t worker)
{
    struct total *total = self;
    atomic_fetch_add(&total->published, total->staged[worker]);
    total->staged[worker] = 0;
}

static void total_abort(void *self, uint32_t worker)
{
    ((struct total *)self)->staged[worker] = 0;
}

static flow_status total_finish(void *self, flow_error *error)
{
    struct total *total = self;
    (void)error;
    *total->config->result = atomic_load(&total->published);
    return FLOW_OK;
}
// [bundle]

static void total_close(void *self)
{
    (void)self;
}

static const flow_sink total_sink = { "total", sizeof(struct total), false, total_open, total_stage,
    total_publish, total_abort, total_finish, NULL, total_close };

int main(void)
{
    static const struct amount amounts[] = { { 250 }, { 100 }, { 75 } };
    const flow_create_options rows = { .type = &amount_type, .rows = amounts, .count = 3 };
    int64_t result = 0;
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("total");
    struct total_config *config = flow_pipeline_alloc(p, sizeof *config);
    if (config)
        config->result = &result;
    flow_write(flow_create(p, &rows), &total_sink, &(flow_write_options){ .config = config });
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "sink: %s\n", error.message);
    flow_pipeline_free(p);
    printf("%lld\n", (long long)result);
    return error.status != FLOW_OK;
}
