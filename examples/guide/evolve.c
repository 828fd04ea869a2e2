// SPDX-License-Identifier: Apache-2.0
// A value by one of Beam's standard coders, and a stored row whose record has changed since.
#include <stdio.h>

#include <flow/coder.h>
#include <flow/evolve.h>

static void put(const char *what, flow_buffer *text)
{
    printf("%s %.*s\n", what, (int)text->len, text->data);
    text->len = 0;
}

// [coder]
static void as_pair(void)
{
    static const flow_coder text = { .kind = FLOW_CODER_STRING };
    static const flow_coder number = { .kind = FLOW_CODER_VARINT };
    static const flow_coder pair = { .kind = FLOW_CODER_KV, .parts = { &text, &number } };
    const struct {
        flow_str key;
        int64_t value;
    } ann = { { "ann", 3 }, 300 };
    flow_buffer out = { 0 };
    flow_error error = { 0 };
    flow_coder_print(&pair, &out);
    put("coder", &out);
    if (flow_coder_encode(&pair, &ann, true, &out, &error) != FLOW_OK)
        fprintf(stderr, "%s\n", error.message);
    for (size_t i = 0; i < out.len; i++)
        printf("%02x%s", (unsigned char)out.data[i], i + 1 < out.len ? " " : "\n");
    flow_buffer_free(&out);
}
// [coder]

// [evolve]
struct sale_1 {
    flow_str sku;
    int32_t cents;
};
FLOW_RECORD(sale_1, sku, cents);

struct sale_2 { // the same, some months later
    int64_t cents;
    flow_str sku;
    flow_str shop;
    bool has_shop;
};
FLOW_RECORD_OF(sale_2, FLOW_COLUMN(sale_2, cents), FLOW_COLUMN(sale_2, sku),
    FLOW_COLUMN_OPTIONAL(sale_2, shop, has_shop));

struct sale_3 { // too much has changed
    flow_str cents;
    flow_str shop;
};
FLOW_RECORD(sale_3, cents, shop);

// Reads a stored sale of the first form as one of today's.
static void read_as(const flow_type *today, flow_evolution_rule rule, void *row)
{
    static const struct sale_1 sale = { { "hat", 3 }, 995 };
    flow_buffer description = { 0 }, stored = { 0 }, text = { 0 };
    flow_type_describe(&sale_1_type, &description); // kept beside the rows
    flow_encode(&sale_1_type, &sale, &stored);

    flow_error error = { 0 };
    const flow_str old = { description.data, description.len };
    flow_str from = { stored.data, stored.len };
    flow_evolution *evolution = flow_evolution_new(old, today, rule, NULL, &error);
    if (evolution && flow_evolution_decode(evolution, &from, row, NULL, &error) == FLOW_OK) {
        flow_json_write(today, row, &text);
        put("grown", &text);
    } else {
        printf("refused: %s\n", error.message);
    }
    flow_evolution_free(evolution);
    flow_buffer_free(&text);
    flow_buffer_free(&stored);
    flow_buffer_free(&description);
}
// [evolve]

int main(void)
{
    struct sale_2 second;
    struct sale_3 third;
    as_pair();
    read_as(&sale_2_type, FLOW_EVOLVE_COMPATIBLE, &second);
    read_as(&sale_3_type, FLOW_EVOLVE_COMPATIBLE, &third);
    read_as(&sale_2_type, FLOW_EVOLVE_NEVER, &second);
    return 0;
}
