// SPDX-License-Identifier: Apache-2.0
// A composite: a transform that is a plain function from collection to collection.
#include <stdio.h>
#include <string.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transform.h>
#include <flow/transforms.h>

struct sale {
    flow_str shop;
    int64_t cents;
};
FLOW_RECORD(sale, shop, cents);

// [composite]
// The `count` different elements with the largest values of a field, per key.
static flow_coll best_of(flow_coll in, const char *name, uint32_t count, flow_field_ref field)
{
    flow_scope_begin(in.pipeline, name);
    if (in.id != 0 && !flow_coll_is_keyed(in))
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "takes the best per key, but its "
            "input has no key");
    flow_coll different = flow_distinct(in);
    flow_coll best = flow_top(different, count, field);
    flow_scope_end(in.pipeline);
    return best;
}
// [composite]

// [use]
static void build(flow_coll sales, bool forget_key)
{
    flow_coll keyed = forget_key ? sales : flow_key_by(sales, FLOW_FIELD(sale, shop));
    flow_coll best = best_of(keyed, "best", 1, FLOW_FIELD(sale, cents));
    const flow_file_write_options out = { .path = "-", .format = FLOW_JSON };
    flow_file_write(flow_unkey(best), &out);
}
// [use]

int main(int argc, char **argv)
{
    static const struct sale sales[] = { { { "east", 4 }, 300 }, { { "west", 4 }, 900 },
        { { "east", 4 }, 700 }, { { "east", 4 }, 700 } };
    const flow_create_options rows = { .type = &sale_type, .rows = sales, .count = 4 };
    flow_error error = { 0 };
    flow_pipeline *p = flow_pipeline_new("sales");
    build(flow_create(p, &rows), argc > 1 && strcmp(argv[1], "without-key") == 0);
    if (argc > 1 && strcmp(argv[1], "--plan") == 0) {
        char *plan = flow_pipeline_print(p, FLOW_PRINT_TEXT);
        fputs(plan ? plan : "", stdout);
        flow_text_free(plan);
    } else if (flow_run(p, &flow_local_runner, &error) != FLOW_OK) {
        fprintf(stderr, "%s: %s\n", error.step, error.message);
    }
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
