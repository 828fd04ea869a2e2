// SPDX-License-Identifier: Apache-2.0
// Figures and lines: a function that measures and logs, and what a job tells for Prometheus.
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/metrics.h>
#include <flow/runner_local.h>

struct sale {
    flow_str shop;
    int64_t cents;
};
FLOW_RECORD(sale, shop, cents);

// [measure]
static const flow_metric sold = { FLOW_METRIC_COUNTER, "sold_cents", "Cents of all sales." };
static const flow_metric size = { FLOW_METRIC_HISTOGRAM, "sale_cents", "Cents of a sale." };

static flow_status check(flow_ctx *ctx, const struct sale *in)
{
    flow_measure(ctx, &sold, in->cents);
    flow_measure(ctx, &size, in->cents);
    if (in->cents < 10)
        flow_log(ctx, FLOW_LOG_WARN, "a sale of %lld cents", (long long)in->cents);
    return FLOW_EMIT_ROW(ctx, sale, in);
}
FLOW_ELEMENT_FN(check, sale, sale);
// [measure]

static void nothing(void *user, const flow_elements *elements)
{
    (void)user, (void)elements;
}

// [take]
static void print_figures(const flow_job *job)
{
    flow_metrics *metrics = flow_job_metrics(job);
    char *text = metrics ? flow_metrics_print(metrics) : NULL;
    // a host serves all of it at /metrics; here, what tells of the step that measures
    for (const char *line = text; line && *line; line += strcspn(line, "\n") + 1)
        if (strncmp(line, "flow_s", 6) == 0 || strncmp(line, "flow_elements_in", 16) == 0)
            printf("%.*s\n", (int)strcspn(line, "\n"), line);
    flow_text_free(text);
    flow_metrics_free(metrics);
}
// [take]

// [log]
static void print_line(void *user, flow_log_level level, const char *step, const char *message)
{
    (void)user, (void)level;
    printf("%s: %s\n", step, message);
}

static const flow_pipeline_options options = { .log = print_line, .log_level = FLOW_LOG_WARN };
// [log]

int main(void)
{
    static const struct sale sales[] = { { { "Kyiv", 4 }, 100 }, { { "Lima", 4 }, 30 },
        { { "Kyiv", 4 }, 5 } };
    const flow_create_options rows = { .type = &sale_type, .rows = sales, .count = 3 };
    flow_error error = { 0 };
    flow_pipeline *p = flow_pipeline_new_with("sales", &options);
    flow_receive(flow_do(flow_create(p, &rows), &check_fn), NULL, nothing, NULL);
    flow_job *job = flow_job_start(p, &flow_local_runner, &error);
    flow_status_report now = { 0 };
    for (flow_job_status(job, &now); !now.ended; flow_job_status(job, &now))
        sched_yield();
    print_figures(job);
    if (flow_job_wait(job, &error) != FLOW_OK)
        fprintf(stderr, "%s: %s\n", error.step, error.message);
    flow_pipeline_free(p);
    return error.status == FLOW_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
