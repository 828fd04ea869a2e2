// SPDX-License-Identifier: Apache-2.0
// Sales by the names of their fields: no function of one's own.
#include <stdio.h>

#include <flow/fields.h>
#include <flow/file.h>
#include <flow/memory.h>
#include <flow/runner_local.h>

struct sale {
    flow_str city;
    flow_str cents; // as some file had it
    flow_str sku;
};
FLOW_RECORD(sale, city, cents, sku);

struct product {
    flow_str sku;
    flow_str name;
};
FLOW_RECORD(product, sku, name);

// [figures]
static flow_coll figures(flow_coll sales)
{
    const flow_column number = { .from = "cents", .to = FLOW_KIND_I64 };
    const flow_condition not_free = { "cents", FLOW_ABOVE, "0" };
    const char *const by[] = { "city" };
    const flow_aggregate_field made[] = { { FLOW_COUNT_OF, NULL, "sales" },
        { FLOW_SUM_OF, "cents", "revenue" }, { FLOW_MAX_OF, "cents", "largest" } };
    const flow_aggregate_options groups = {
        .by = by, .by_count = 1, .fields = made, .field_count = 3
    };
    flow_coll numbers = flow_with_fields(sales, &number, 1, NULL);
    return flow_aggregate(flow_where(numbers, &not_free, 1, NULL), &groups);
}
// [figures]

// [names]
struct named_sale { // what the rest of the program works with
    flow_str name;
    int32_t cents;
};
FLOW_RECORD(named_sale, name, cents);

static flow_coll with_names(flow_coll sales, flow_coll products)
{
    const char *const by[] = { "sku" };
    const flow_join_fields_options how = { .left_by = by, .by_count = 1 };
    const flow_sides sides = { sales, products };
    return flow_convert(flow_join_fields(sides, &how), &named_sale_type, NULL);
}
// [names]

static void print(flow_coll in)
{
    flow_file_write(in, &(flow_file_write_options){ .path = "-", .format = FLOW_JSON });
}

int main(void)
{
    static const struct sale rows[] = { { { "Kyiv", 4 }, { "700", 3 }, { "h1", 2 } },
        { { "Lima", 4 }, { "0", 1 }, { "c1", 2 } }, { { "Kyiv", 4 }, { "20", 2 }, { "c1", 2 } } };
    static const struct product names[] = { { { "h1", 2 }, { "hat", 3 } },
        { { "c1", 2 }, { "cup", 3 } } };
    const flow_create_options left = { .type = &sale_type, .rows = rows, .count = 3 };
    const flow_create_options right = { .type = &product_type, .rows = names, .count = 2 };
    flow_error error;
    flow_pipeline *p = flow_pipeline_new("sales");
    flow_coll sales = flow_create(p, &left);
    print(figures(sales));
    print(with_names(sales, flow_create(p, &right)));
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "fields: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
