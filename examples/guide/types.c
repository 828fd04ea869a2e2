// SPDX-License-Identifier: Apache-2.0
// A record of most kinds: as JSON, and as a schema and a row of Beam's.
#include <stdio.h>

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

// [masked]
static void show(const struct delivery *delivery)
{
    flow_buffer text = { 0 };
    flow_json_write(&delivery_type, delivery, &text);
    put("json", &text);
    flow_json_write_masked(&delivery_type, delivery, &text);
    put("masked", &text);
    flow_buffer_free(&text);
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
        put("again", &text);
    }
    flow_row_coder_free(coder);
    flow_buffer_free(&bytes);
    flow_buffer_free(&text);
    return status;
}
// [row]

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
    const flow_memory memory = { take, &(char *){ space } };
    flow_error error = { 0 };
    show(&delivery);
    const flow_status status = as_row(&delivery, &memory, &error);
    if (status != FLOW_OK)
        fprintf(stderr, "%s\n", error.message);
    return status != FLOW_OK;
}
