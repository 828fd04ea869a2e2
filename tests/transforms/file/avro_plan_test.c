// SPDX-License-Identifier: Apache-2.0
// Which schema fits which record.
#include "suite.h"

#include "avro.h"

#define KIND(k, s)                                                                                 \
    {                                                                                              \
        .name = "f", .kind = FLOW_KIND_##k, .size = s                                              \
    }

static const struct {
    const char *there;
    flow_field wanted;
    bool fits;
} pairs[] = {
    { "\"int\"", KIND(I32, 4), true },
    { "\"int\"", KIND(I64, 8), true },
    { "\"int\"", KIND(F32, 4), true },
    { "\"long\"", KIND(F64, 8), true },
    { "\"float\"", KIND(F64, 8), true },
    { "\"string\"", KIND(BYTES, 16), true },
    { "\"bytes\"", KIND(STR, 16), true },
    { "\"long\"", KIND(U64, 8), true },
    { "\"long\"", KIND(DURATION, 8), true },
    { "[\"null\",\"int\"]", KIND(I64, 8), true },
    { "[\"string\",\"int\"]", KIND(I64, 8), true },
    { "{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"a\"]}", KIND(STR, 16), true },
    { "{\"type\":\"int\",\"logicalType\":\"date\"}", KIND(TIME, 8), true },
    { "{\"type\":\"long\",\"logicalType\":\"time-micros\"}", KIND(DURATION, 8), true },
    { "\"long\"", KIND(I32, 4), false },
    { "\"double\"", KIND(F32, 4), false },
    { "\"double\"", KIND(I64, 8), false },
    { "\"long\"", KIND(TIME, 8), false }, // of which unit?
    { "{\"type\":\"int\",\"logicalType\":\"date\"}", KIND(I32, 4), false },
    { "\"boolean\"", KIND(I32, 4), false },
    { "\"null\"", KIND(STR, 16), false },
    { "[\"null\",\"string\"]", KIND(I64, 8), false },
    { "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9}", KIND(STR, 16), false },
    { "{\"type\":\"map\",\"values\":\"int\"}", KIND(I32, 4), false },
};

START_TEST(numbers_widen_and_what_does_not_fit_is_told)
{
    static const flow_allocator none = { 0 };
    struct fl_chain memory = { .allocator = &none };
    flow_error error = { 0 };
    flow_buffer json = { 0 };
    const flow_type type = { "r", pairs[_i].wanted.size, 8, 1, &pairs[_i].wanted };
    flow_buffer_printf(&json,
        "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"g\",\"type\":\"int\"},"
        "{\"name\":\"f\",\"type\":%s}]}",
        pairs[_i].there);
    const struct fl_avro_type *schema =
        fl_avro_schema((flow_str){ json.data, json.len }, &memory, &error);
    ck_assert_msg(schema != NULL, "%s", error.message);
    const bool fits = fl_avro_plan_make(schema, &type, &memory, &error) != NULL;
    ck_assert_msg(fits == pairs[_i].fits, "%s", pairs[_i].there);
    ck_assert(fits || strstr(error.message, "its records do not fit record r: field \"f\" is "));
    fl_chain_give(&memory);
    flow_buffer_free(&json);
}
END_TEST

START_TEST(only_records_have_fields)
{
    static const flow_allocator none = { 0 };
    struct fl_chain memory = { .allocator = &none };
    flow_error error = { 0 };
    const struct fl_avro_type *schema = fl_avro_schema(flow_str_of("\"string\""), &memory, &error);
    ck_assert_ptr_null(fl_avro_plan_make(schema, &item_type_shared, &memory, &error));
    ck_assert_str_eq(error.message, "it has values of type string, wanted records");
    fl_chain_give(&memory);
}
END_TEST

TCase *avro_plan_case(void)
{
    TCase *tcase = tcase_create("avro_plan");
    tcase_add_loop_test(tcase, if_json(numbers_widen_and_what_does_not_fit_is_told), 0,
        sizeof pairs / sizeof pairs[0]);
    tcase_add_test(tcase, if_json(only_records_have_fields));
    return tcase;
}
