// SPDX-License-Identifier: Apache-2.0
// What records are to others: as a schema and a row of Beam's, as a standard coder, and as a stored
// row of a record that has changed since.
#include <stdio.h>

#include <flow/coder.h>
#include <flow/evolve.h>
#include <flow/schema.h>

// [records]
struct place {
    flow_str city;
    flow_str street;
};
FLOW_RECORD_OF(place, FLOW_COLUMN(place, city), FLOW_COLUMN_CLASSIFIED(place, street));

struct delivery {
    int64_t id;
    uint32_t parcels;
    double weight;
    bool has_weight; // whether there is a weight: no field of its own
    flow_time at;
    flow_duration took;
    struct place to;
    flow_list tags; // of flow_str
};
FLOW_RECORD_OF(delivery, FLOW_COLUMN(delivery, id), FLOW_COLUMN_AS(delivery, parcels, "n"),
    FLOW_COLUMN_OPTIONAL(delivery, weight, has_weight), FLOW_COLUMN(delivery, at),
    FLOW_COLUMN(delivery, took), FLOW_COLUMN_RECORD(delivery, to, place),
    FLOW_COLUMN_LIST_OF(delivery, tags, FLOW_KIND_STR));
// [records]

static void *take(void *user, size_t size)
{
    char **room = user; // of the caller, large enough
    char *at = *room;
    *room += (size + 15) / 16 * 16;
    return at;
}

static void put(const char *what, flow_buffer *text)
{
    printf("%s %.*s\n", what, (int)text->len, text->data);
    text->len = 0;
}

static void put_bytes(const char *what, flow_buffer *bytes)
{
    printf("%s", what);
    for (size_t i = 0; i < bytes->len; i++)
        printf(" %02x", (unsigned char)bytes->data[i]);
    printf("\n");
}

// [masked]
static void show(const struct delivery *delivery, flow_buffer *text)
{
    flow_json_write(&delivery_type, delivery, text);
    put("json  ", text);
    flow_json_write_masked(&delivery_type, delivery, text);
    put("masked", text);
}
// [masked]

// [row]
static flow_status as_row(
    const struct delivery *delivery, const flow_memory *memory, flow_error *error)
{
    flow_buffer text = { 0 }, bytes = { 0 };
    const flow_schema *schema = flow_schema_of(&delivery_type, memory, error);
    flow_row_coder *coder = schema ? flow_row_coder_new(schema, &delivery_type, NULL, error) : NULL;
    flow_status status = coder ? FLOW_OK : error->status;
    if (coder) {
        flow_schema_print(schema, &text);
        put("schema", &text);
        status = flow_row_coder_encode(coder, delivery, &bytes, error);
    }
    if (status == FLOW_OK) { // and back
        struct delivery read;
        flow_str from = { bytes.data, bytes.len };
        status = flow_row_coder_decode(coder, &from, &read, memory, error);
        flow_json_write(&delivery_type, &read, &text);
        put("again ", &text);
    }
    flow_row_coder_free(coder);
    flow_buffer_free(&bytes);
    flow_buffer_free(&text);
    return status;
}
// [row]

// [coder]
static flow_status as_pair(flow_error *error)
{
    static const flow_coder text = { .kind = FLOW_CODER_STRING };
    static const flow_coder number = { .kind = FLOW_CODER_VARINT };
    static const flow_coder pair = { .kind = FLOW_CODER_KV, .parts = { &text, &number } };
    const struct {
        flow_str key;
        int64_t value;
    } ann = { { "ann", 3 }, 300 };
    flow_buffer out = { 0 };
    flow_coder_print(&pair, &out);
    put("coder ", &out);
    const flow_status status = flow_coder_encode(&pair, &ann, true, &out, error);
    put_bytes("bytes ", &out);
    flow_buffer_free(&out);
    return status;
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
        put("grown ", &text);
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
    static _Alignas(16) char space[64 << 10];
    static const flow_str tags[] = { { "fragile", 7 }, { "gift", 4 } };
    const struct delivery delivery = { .id = 7,
        .parcels = 2,
        .at = { 1732472709500000 },
        .took = flow_minutes(90),
        .to = { { "Lima", 4 }, { "Calle 8", 7 } },
        .tags = { tags, 2 } };
    char *room = space;
    const flow_memory memory = { take, &room };
    flow_error error = { 0 };
    flow_buffer text = { 0 };
    show(&delivery, &text);
    flow_buffer_free(&text);
    flow_status status = as_row(&delivery, &memory, &error);
    if (status == FLOW_OK)
        status = as_pair(&error);
    if (status != FLOW_OK)
        fprintf(stderr, "%s\n", error.message);
    struct sale_2 second;
    struct sale_3 third;
    read_as(&sale_2_type, FLOW_EVOLVE_COMPATIBLE, &second);
    read_as(&sale_3_type, FLOW_EVOLVE_COMPATIBLE, &third);
    read_as(&sale_2_type, FLOW_EVOLVE_NEVER, &second);
    return status != FLOW_OK;
}
