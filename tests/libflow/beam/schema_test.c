// SPDX-License-Identifier: Apache-2.0
// Tests schemas of records, and schemas as text.
#include "vector.h"

TCase *schema_tests(void);

struct place {
    flow_str city;
    uint32_t zip;
};
FLOW_RECORD(place, city, zip);

struct visit {
    bool flag;
    int32_t i32;
    int64_t i64;
    uint64_t u64;
    float f32;
    double f64;
    flow_bytes raw;
    flow_time at;
    flow_duration took;
    struct place home;
    flow_list places;
    flow_list tags;
    flow_str note;
    bool has_note;
};
FLOW_RECORD_OF(visit, FLOW_COLUMN(visit, flag), FLOW_COLUMN(visit, i32), FLOW_COLUMN(visit, i64),
    FLOW_COLUMN(visit, u64), FLOW_COLUMN(visit, f32), FLOW_COLUMN(visit, f64),
    FLOW_COLUMN(visit, raw), FLOW_COLUMN(visit, at), FLOW_COLUMN(visit, took),
    FLOW_COLUMN_RECORD(visit, home, place), FLOW_COLUMN_LIST(visit, places, place),
    FLOW_COLUMN_LIST_OF(visit, tags, FLOW_KIND_STR), FLOW_COLUMN_OPTIONAL(visit, note, has_note));

static void expect_text(const flow_schema *schema, const char *wanted)
{
    flow_buffer text = { 0 };
    flow_schema_print(schema, &text);
    flow_buffer_put(&text, "", 1);
    ck_assert_str_eq(text.data, wanted);
    flow_buffer_free(&text);
}

START_TEST(a_record_has_a_schema)
{
    struct vector_memory memory = { .count = 0 };
    const flow_memory lent = { vector_take, &memory };
    flow_error error = { 0 };
    const flow_schema *schema = flow_schema_of(&visit_type, &lent, &error);
    expect_text(schema,
        "{flag: boolean, i32: int32, i64: int64, u64: int64, f32: float, f64: double, raw: bytes, "
        "at: micros_instant, took: nanos_duration, home: {city: string, zip: int64}, places: "
        "array<{city: string, zip: int64}>, tags: array<string>, note: string?}");
    ck_assert_ptr_null(flow_schema_of(&visit_type, NULL, &error));
    ck_assert_int_eq(error.status, FLOW_MEMORY);
    vector_memory_free(&memory);
}
END_TEST

START_TEST(schemas_of_others_are_printed)
{
    expect_text(row_schema(3), "{f_map: map<string, int64?>}");
    expect_text(row_schema(9), "{f_char: fixed_char(5)?, f_varchar: var_char(10)?, f_bytes: "
                               "fixed_bytes(5)?, f_varbytes: var_bytes(10)?}");
    static const flow_schema_field fields[] = {
        { .name = "any", .type = { .kind = FLOW_SCHEMA_LOGICAL, .urn = "mine:thing:v1" } },
        { .name = "items", .type = { .kind = FLOW_SCHEMA_ITERABLE } },
    };
    expect_text(&(flow_schema){ .field_count = 2, .fields = fields },
        "{any: mine, items: iterable<int64>}");
}
END_TEST

// Every record goes through its own schema and back.
START_TEST(a_record_survives_its_schema)
{
    struct vector_memory memory = { .count = 0 };
    const flow_memory lent = { vector_take, &memory };
    flow_error error = { 0 };
    const struct place places[2] = { { { "Ulm", 3 }, 89073 }, { { "Bonn", 4 }, UINT32_MAX } };
    const flow_str tags[1] = { { "a", 1 } };
    struct visit visit = { .flag = true,
        .i32 = -5,
        .i64 = INT64_MIN,
        .u64 = INT64_MAX,
        .f32 = 1.5f,
        .f64 = -0.25,
        .raw = { "\0\1", 2 },
        .at = { -1 },
        .took = { 90000001 },
        .home = places[0],
        .places = { places, 2 },
        .tags = { tags, 1 } };
    flow_row_coder *coder =
        flow_row_coder_new(flow_schema_of(&visit_type, &lent, &error), &visit_type, NULL, &error);
    ck_assert_msg(coder != NULL, "%s", error.message);
    for (int i = 0; i < 2; i++) {
        struct visit back;
        flow_buffer out = { 0 };
        ck_assert_int_eq(flow_row_coder_encode(coder, &visit, &out, &error), FLOW_OK);
        flow_str from = { out.data, out.len };
        ck_assert_int_eq(flow_row_coder_decode(coder, &from, &back, &lent, &error), FLOW_OK);
        ck_assert(from.len == 0 && flow_row_equal(&visit_type, &visit, &back));
        flow_buffer_free(&out);
        visit.has_note = true;
        visit.note = flow_str_of("noted");
    }
    visit.u64 = UINT64_MAX;
    flow_buffer out = { 0 };
    ck_assert_int_eq(flow_row_coder_encode(coder, &visit, &out, &error), FLOW_INVALID);
    ck_assert_str_eq(error.message,
        "coder row of record \"visit\", field \"u64\": its number does not fit the schema");
    flow_buffer_free(&out);
    flow_row_coder_free(coder);
    vector_memory_free(&memory);
}
END_TEST

TCase *schema_tests(void)
{
    TCase *tests = tcase_create("schema");
    tcase_add_test(tests, a_record_has_a_schema);
    tcase_add_test(tests, schemas_of_others_are_printed);
    tcase_add_test(tests, a_record_survives_its_schema);
    return tests;
}
