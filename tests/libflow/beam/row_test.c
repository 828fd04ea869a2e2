// SPDX-License-Identifier: Apache-2.0
// Tests schemas and records that do not fit each other.
#include "vector.h"

TCase *row_tests(void);

struct one {
    int64_t n;
};
FLOW_RECORD(one, n);

struct some {
    flow_list n;
};
FLOW_RECORD_OF(some, FLOW_COLUMN_LIST_OF(some, n, FLOW_KIND_I64));

static void expect_refused(
    flow_schema_type field, const char *name, const flow_type *type, const char *sentence)
{
    const flow_schema_field fields[] = { { .name = name, .type = field } };
    const flow_schema schema = { .field_count = 1, .fields = fields };
    flow_error error = { 0 };
    ck_assert_ptr_null(flow_row_coder_new(&schema, type, NULL, &error));
    ck_assert_int_eq(error.status, FLOW_TYPE);
    ck_assert_str_eq(error.message, sentence);
}

START_TEST(what_does_not_fit_is_said_by_field)
{
    static const flow_schema_type int64 = { .kind = FLOW_SCHEMA_INT64 };
    static const flow_schema_type null = { .kind = FLOW_SCHEMA_INT64, .nullable = true };
    static const flow_schema_type list = { .kind = FLOW_SCHEMA_ARRAY, .element = &int64 };
    expect_refused(int64, "m", &one_type,
        "record \"one\", field \"m\": is in the schema and not in the record");
    expect_refused((flow_schema_type){ .kind = FLOW_SCHEMA_STRING }, "n", &one_type,
        "record \"one\", field \"n\": holds something else in the schema than in the record");
    expect_refused(null, "n", &one_type,
        "record \"one\", field \"n\": is nullable in the schema and not optional in the record");
    expect_refused(list, "n", &one_type,
        "record \"one\", field \"n\": is a list in the schema and none in the record");
    expect_refused(int64, "n", &some_type,
        "record \"some\", field \"n\": is a list in the record and none in the schema");
    expect_refused((flow_schema_type){ .kind = FLOW_SCHEMA_ARRAY, .element = &null }, "n",
        &some_type,
        "record \"some\", field \"n\": has nullable items, which want records of one optional "
        "field");
    expect_refused((flow_schema_type){ .kind = FLOW_SCHEMA_ARRAY, .element = &list }, "n",
        &some_type,
        "record \"some\", field \"n\": is a list of lists in the schema, which no record has");
    expect_refused((flow_schema_type){ .kind = FLOW_SCHEMA_MAP, .element = &int64, .key = &int64 },
        "n", &some_type,
        "record \"some\", field \"n\": is a map in the schema, which wants a list of records of "
        "two fields");
    expect_refused((flow_schema_type){ .kind = FLOW_SCHEMA_ROW }, "n", &one_type,
        "record \"one\", field \"n\": is a row in the schema and none in the record");
}
END_TEST

START_TEST(positions_must_be_those_of_the_fields)
{
    const flow_schema_field fields[] = {
        { .name = "n", .type = { .kind = FLOW_SCHEMA_INT64 }, .position = 1 }
    };
    const flow_schema schema = { .field_count = 1, .fields = fields, .positions = true };
    flow_error error = { 0 };
    ck_assert_ptr_null(flow_row_coder_new(&schema, &one_type, NULL, &error));
    ck_assert_str_eq(error.message, "record \"one\", field \"n\": has an encoding position that is "
                                    "taken or does not exist");
    error = (flow_error){ 0 };
    ck_assert_ptr_null(flow_row_coder_new(row_schema(0), &one_type, NULL, &error));
    ck_assert_str_eq(error.message, "record \"one\": has 1 fields, the schema 4");
}
END_TEST

START_TEST(another_logical_type_is_what_it_is_written_as)
{
    static const flow_schema_type int64 = { .kind = FLOW_SCHEMA_INT64 };
    const flow_schema_field fields[] = { { .name = "n",
        .type = { .kind = FLOW_SCHEMA_LOGICAL, .urn = "mine:v1", .element = &int64 } } };
    const flow_schema schema = { .field_count = 1, .fields = fields };
    flow_error error = { 0 };
    flow_row_coder *coder = flow_row_coder_new(&schema, &one_type, NULL, &error);
    ck_assert_msg(coder != NULL, "%s", error.message);
    flow_buffer out = { 0 };
    ck_assert_int_eq(flow_row_coder_encode(coder, &(struct one){ 300 }, &out, &error), FLOW_OK);
    ck_assert_uint_eq(out.len, 4);
    ck_assert_mem_eq(out.data, "\1\0\xac\2", 4);
    ck_assert_ptr_eq(flow_row_coder_type(coder), &one_type);
    flow_buffer_free(&out);
    flow_row_coder_free(coder);
    flow_row_coder_free(NULL);
}
END_TEST

START_TEST(r21_rows_with_floats_maps_or_iterables_are_no_keys)
{
    static const bool wanted[ROWS] = { false, false, true, false, true, true, true, false, false,
        true };
    for (unsigned i = 0; i < ROWS; i++) {
        flow_row_coder *coder = row_coder(i);
        ck_assert_msg(flow_row_coder_deterministic(coder) == wanted[i], "row %u", i);
        flow_row_coder_free(coder);
    }
}
END_TEST

TCase *row_tests(void)
{
    TCase *tests = tcase_create("row");
    tcase_add_test(tests, what_does_not_fit_is_said_by_field);
    tcase_add_test(tests, positions_must_be_those_of_the_fields);
    tcase_add_test(tests, another_logical_type_is_what_it_is_written_as);
    tcase_add_test(tests, r21_rows_with_floats_maps_or_iterables_are_no_keys);
    return tests;
}
