// SPDX-License-Identifier: Apache-2.0
// The schemas of Beam's row vectors, and records for them.
#include "vector.h"

#define LOGICAL(name) "beam:logical_type:" name ":v1"

static const flow_schema_type string = { .kind = FLOW_SCHEMA_STRING };
static const flow_schema_type bytes = { .kind = FLOW_SCHEMA_BYTES };
static const flow_schema_type int64 = { .kind = FLOW_SCHEMA_INT64 };
static const flow_schema_type int64_or_null = { .kind = FLOW_SCHEMA_INT64, .nullable = true };

#define FIELD(name_, ...)                                                                          \
    {                                                                                              \
        .name = name_, .type = { __VA_ARGS__ }                                                     \
    }
#define PLACED(name_, place, ...)                                                                  \
    {                                                                                              \
        .name = name_, .position = place, .type = { __VA_ARGS__ }                                  \
    }
#define SCHEMA(n, ...)                                                                             \
    static const flow_schema_field fields##n[] = { __VA_ARGS__ };                                  \
    static const flow_schema schema##n = { .field_count = sizeof fields##n / sizeof fields##n[0],  \
        .fields = fields##n,                                                                       \
        .positions = n == 4 }

// clang-format off
struct row0 { flow_str str; int32_t i32; double f64; flow_list arr; };
FLOW_RECORD_OF(row0, FLOW_COLUMN(row0, str), FLOW_COLUMN(row0, i32), FLOW_COLUMN(row0, f64),
    FLOW_COLUMN_LIST_OF(row0, arr, FLOW_KIND_STR));
SCHEMA(0, FIELD("str", .kind = FLOW_SCHEMA_STRING), FIELD("i32", .kind = FLOW_SCHEMA_INT32),
    FIELD("f64", .kind = FLOW_SCHEMA_DOUBLE),
    FIELD("arr", .kind = FLOW_SCHEMA_ARRAY, .element = &string));

struct row1 { flow_str str; int32_t i32; bool has_str, has_i32, has_f64; double f64; };
FLOW_RECORD_OF(row1, FLOW_COLUMN_OPTIONAL(row1, str, has_str),
    FLOW_COLUMN_OPTIONAL(row1, i32, has_i32), FLOW_COLUMN_OPTIONAL(row1, f64, has_f64));
SCHEMA(1, FIELD("str", .kind = FLOW_SCHEMA_STRING, .nullable = true),
    FIELD("i32", .kind = FLOW_SCHEMA_INT32, .nullable = true),
    FIELD("f64", .kind = FLOW_SCHEMA_DOUBLE, .nullable = true));

struct row2 { bool f_bool, has_bytes; flow_bytes f_bytes; };
FLOW_RECORD_OF(row2, FLOW_COLUMN(row2, f_bool), FLOW_COLUMN_OPTIONAL(row2, f_bytes, has_bytes));
SCHEMA(2, FIELD("f_bool", .kind = FLOW_SCHEMA_BOOLEAN),
    FIELD("f_bytes", .kind = FLOW_SCHEMA_BYTES, .nullable = true));

struct entry { flow_str key; int64_t value; bool has_value; };
FLOW_RECORD_OF(entry, FLOW_COLUMN(entry, key), FLOW_COLUMN_OPTIONAL(entry, value, has_value));
struct row3 { flow_list f_map; };
FLOW_RECORD_OF(row3, FLOW_COLUMN_LIST(row3, f_map, entry));
SCHEMA(3, FIELD("f_map", .kind = FLOW_SCHEMA_MAP, .key = &string, .element = &int64_or_null));

struct row4 { flow_str str; bool f_bool, has_i32; int32_t i32; };
FLOW_RECORD_OF(row4, FLOW_COLUMN(row4, str), FLOW_COLUMN(row4, f_bool),
    FLOW_COLUMN_OPTIONAL(row4, i32, has_i32));
SCHEMA(4, PLACED("str", 1, .kind = FLOW_SCHEMA_STRING),
    PLACED("f_bool", 2, .kind = FLOW_SCHEMA_BOOLEAN),
    PLACED("i32", 0, .kind = FLOW_SCHEMA_INT32, .nullable = true));

struct row5 { flow_time f_timestamp; flow_str f_string; int64_t f_int; };
FLOW_RECORD(row5, f_timestamp, f_string, f_int);
SCHEMA(5, FIELD("f_timestamp", .kind = FLOW_SCHEMA_LOGICAL, .urn = LOGICAL("micros_instant")),
    FIELD("f_string", .kind = FLOW_SCHEMA_STRING), FIELD("f_int", .kind = FLOW_SCHEMA_INT64));

struct row6 { flow_time f_timestamp; flow_str f_string; int64_t f_int; };
FLOW_RECORD(row6, f_timestamp, f_string, f_int);
SCHEMA(6, FIELD("f_timestamp", .kind = FLOW_SCHEMA_LOGICAL, .urn = LOGICAL("millis_instant"),
        .element = &int64),
    FIELD("f_string", .kind = FLOW_SCHEMA_STRING), FIELD("f_int", .kind = FLOW_SCHEMA_INT64));

struct row7 { float f_float; };
FLOW_RECORD(row7, f_float);
SCHEMA(7, FIELD("f_float", .kind = FLOW_SCHEMA_FLOAT));

struct row8 { float f_float; flow_str f_decimal; };
FLOW_RECORD(row8, f_float, f_decimal);
SCHEMA(8, FIELD("f_float", .kind = FLOW_SCHEMA_FLOAT),
    FIELD("f_decimal", .kind = FLOW_SCHEMA_LOGICAL, .urn = LOGICAL("decimal"), .element = &bytes));

struct row9 {
    flow_str f_char, f_varchar;
    flow_bytes f_bytes, f_varbytes;
    bool has_char, has_varchar, has_bytes, has_varbytes;
};
FLOW_RECORD_OF(row9, FLOW_COLUMN_OPTIONAL(row9, f_char, has_char),
    FLOW_COLUMN_OPTIONAL(row9, f_varchar, has_varchar),
    FLOW_COLUMN_OPTIONAL(row9, f_bytes, has_bytes),
    FLOW_COLUMN_OPTIONAL(row9, f_varbytes, has_varbytes));
SCHEMA(9, FIELD("f_char", .kind = FLOW_SCHEMA_LOGICAL, .nullable = true,
        .urn = LOGICAL("fixed_char"), .length = 5, .element = &string),
    FIELD("f_varchar", .kind = FLOW_SCHEMA_LOGICAL, .nullable = true,
        .urn = LOGICAL("var_char"), .length = 10, .element = &string),
    FIELD("f_bytes", .kind = FLOW_SCHEMA_LOGICAL, .nullable = true,
        .urn = LOGICAL("fixed_bytes"), .length = 5, .element = &bytes),
    FIELD("f_varbytes", .kind = FLOW_SCHEMA_LOGICAL, .nullable = true,
        .urn = LOGICAL("var_bytes"), .length = 10, .element = &bytes));
// clang-format on

const flow_schema *row_schema(unsigned number)
{
    static const flow_schema *const schemas[ROWS] = { &schema0, &schema1, &schema2, &schema3,
        &schema4, &schema5, &schema6, &schema7, &schema8, &schema9 };
    ck_assert_uint_lt(number, ROWS);
    return schemas[number];
}

const flow_type *row_type(unsigned number)
{
    static const flow_type *const types[ROWS] = { &row0_type, &row1_type, &row2_type, &row3_type,
        &row4_type, &row5_type, &row6_type, &row7_type, &row8_type, &row9_type };
    ck_assert_uint_lt(number, ROWS);
    return types[number];
}

flow_row_coder *row_coder(unsigned number)
{
    flow_error error = { 0 };
    flow_row_coder *coder = flow_row_coder_new(row_schema(number), row_type(number), NULL, &error);
    ck_assert_msg(coder != NULL, "%s", error.message);
    return coder;
}
