// SPDX-License-Identifier: Apache-2.0
// Any bytes as an Avro file: its header, its blocks cut, and what is behind the header read as
// records. Rows that are read are written and read again: they must be equal.
#include "records.h"

#include "file/avro.h"

struct spot {
    flow_str city;
    int32_t zip;
    bool has_zip;
};
static const flow_field spot_fields[] = { FLOW_COLUMN(spot, city),
    FLOW_COLUMN_OPTIONAL(spot, zip, has_zip) };
static const flow_type spot_type = { "spot", sizeof(struct spot), _Alignof(struct spot), 2,
    spot_fields };

// Most fields may be absent, so that many schemas fit.
struct sale {
    int64_t id;
    double price;
    float ratio;
    bool flag, has_id, has_price, has_ratio, has_flag, has_at, has_note, has_raw, has_either;
    flow_time at;
    flow_str note;
    flow_bytes raw;
    uint64_t either;
};
static const flow_field sale_fields[] = { FLOW_COLUMN_OPTIONAL(sale, id, has_id),
    FLOW_COLUMN_OPTIONAL(sale, price, has_price), FLOW_COLUMN_OPTIONAL(sale, ratio, has_ratio),
    FLOW_COLUMN_OPTIONAL(sale, flag, has_flag), FLOW_COLUMN_OPTIONAL(sale, at, has_at),
    FLOW_COLUMN_OPTIONAL(sale, note, has_note), FLOW_COLUMN_OPTIONAL(sale, raw, has_raw),
    FLOW_COLUMN_OPTIONAL(sale, either, has_either) };
static const flow_type sale_type = { "sale", sizeof(struct sale), _Alignof(struct sale), 8,
    sale_fields };

struct tour {
    flow_list tags, places;
    struct spot place;
};
static const flow_field tour_fields[] = { FLOW_COLUMN_LIST_OF(tour, tags, FLOW_KIND_STR),
    FLOW_COLUMN_LIST(tour, places, spot), FLOW_COLUMN_RECORD(tour, place, spot) };
static const flow_type tour_type = { "tour", sizeof(struct tour), _Alignof(struct tour), 3,
    tour_fields };

static const flow_allocator plain = { 0 };

static void *take_bytes(void *user, size_t size)
{
    return size < (1u << 26) ? fl_chain_take(user, size) : NULL;
}

static void round_trip(const flow_type *type, void *row)
{
    const struct fl_format format = { .format = FLOW_AVRO, .type = type };
    const flow_batch batch = { .rows = row, .count = 1, .stride = type->size };
    flow_buffer schema = { 0 }, block = { 0 };
    flow_error error = { 0 };
    struct fl_chain memory = { .allocator = &plain };
    const flow_memory take = { take_bytes, &memory };
    void *again = calloc(1, type->size);
    HOLDS(again);
    fl_avro_write_schema(&format, &schema);
    const struct fl_avro_type *written =
        fl_avro_schema((flow_str){ schema.data, schema.len }, &memory, &error);
    HOLDS(written);
    const struct fl_avro_plan *plan = fl_avro_plan_make(written, type, &memory, &error);
    HOLDS(plan);
    HOLDS(fl_avro_rows(&format, &batch, &block, &error, "fuzz") == FLOW_OK);
    struct fl_avro_reader from = {
        .at = block.data, .end = block.data + block.len, .memory = &take
    };
    int64_t number;
    HOLDS(fl_avro_read_long(&from, &number) && number == 1);
    HOLDS(fl_avro_read_long(&from, &number) && number + FL_AVRO_SYNC == from.end - from.at);
    from.end -= FL_AVRO_SYNC;
    HOLDS(fl_avro_read(&from, plan, again));
    HOLDS(from.at == from.end);
    HOLDS(flow_row_equal(type, row, again));
    fl_chain_give(&memory);
    flow_buffer_free(&schema);
    flow_buffer_free(&block);
    free(again);
}

static void read_as(flow_str text, const flow_type *type)
{
    flow_error error = { 0 };
    const size_t len = fl_avro_header_len(text, &error);
    HOLDS(len == SIZE_MAX ? error.status != FLOW_OK : len <= text.len);
    if (len == 0 || len == SIZE_MAX)
        return;
    struct fl_avro *avro = fl_avro_new((flow_str){ text.data, len }, type, &plain, &error);
    HOLDS(avro || error.message[0] != '\0');
    if (!avro)
        return;
    const flow_str rest = { text.data + len, text.len - len };
    const size_t cut = fl_avro_cut(avro, rest, 0);
    HOLDS(cut <= rest.len);
    struct fl_chain memory = { .allocator = &plain };
    const flow_memory take = { take_bytes, &memory };
    struct fl_avro_reader from = { .at = rest.data, .end = rest.data + rest.len, .memory = &take };
    void *row = calloc(1, type->size);
    HOLDS(row);
    for (int i = 0; i < 16 && from.at < from.end && fl_avro_read(&from, avro->plan, row); i++)
        round_trip(type, row);
    HOLDS(from.at <= from.end);
    fl_chain_give(&memory);
    free(row);
    fl_avro_free(avro);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *lent = malloc(size ? size : 1);
    HOLDS(lent);
    if (size)
        memcpy(lent, data, size);
    read_as((flow_str){ lent, size }, &sale_type);
    read_as((flow_str){ lent, size }, &tour_type);
    free(lent);
    return 0;
}
