// SPDX-License-Identifier: Apache-2.0
// Schemas of Avro: names, logical types, what is none.
#include "suite.h"

#include "avro.h"

static struct fl_chain memory;
static flow_error error;

static struct fl_avro_type *schema(const char *json)
{
    static const flow_allocator none = { 0 };
    memory = (struct fl_chain){ .allocator = &none };
    error = (flow_error){ 0 };
    return fl_avro_schema(flow_str_of(json), &memory, &error);
}

START_TEST(names_lead_to_types_declared_before_and_within_themselves)
{
    struct fl_avro_type *type = schema(
        "{\"type\":\"record\",\"name\":\"a.list\",\"fields\":[{\"name\":\"v\",\"type\":{\"type\":"
        "\"fixed\",\"name\":\"four\",\"size\":4}},{\"name\":\"w\",\"type\":\"four\"},"
        "{\"name\":\"x\",\"type\":\"a.four\"},{\"name\":\"next\",\"type\":[\"null\",\"list\"]}]}");
    ck_assert_ptr_nonnull(type);
    ck_assert_int_eq(type->kind, FL_AVRO_RECORD);
    ck_assert_str_eq(type->name, "a.list");
    ck_assert_str_eq(type->parts[0]->name, "a.four");
    ck_assert_ptr_eq(type->parts[1], type->parts[0]);
    ck_assert_ptr_eq(type->parts[2], type->parts[0]);
    ck_assert_ptr_eq(type->parts[3]->parts[1], type);
    fl_chain_give(&memory);
}
END_TEST

START_TEST(logical_types_count_where_they_fit)
{
    struct fl_avro_type *type =
        schema("[{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"},{\"type\":\"int\","
               "\"logicalType\":\"timestamp-micros\"},{\"type\":\"int\",\"logicalType\":\"date\"},"
               "{\"type\":\"long\",\"logicalType\":\"of-tomorrow\"},{\"type\":{\"type\":\"map\","
               "\"values\":\"bytes\"}}]");
    ck_assert_ptr_nonnull(type);
    ck_assert_int_eq(type->parts[0]->logical, FL_AVRO_TIMESTAMP_MICROS);
    ck_assert_int_eq(type->parts[1]->logical, FL_AVRO_PLAIN);
    ck_assert_int_eq(type->parts[2]->logical, FL_AVRO_DATE);
    ck_assert_int_eq(type->parts[3]->logical, FL_AVRO_PLAIN);
    ck_assert_int_eq(type->parts[4]->kind, FL_AVRO_MAP);
    ck_assert_str_eq(fl_avro_name(type->parts[4]), "map");
    fl_chain_give(&memory);
}
END_TEST

static const struct {
    const char *json, *sentence;
} bad[] = { { "", "it is no JSON" }, { "{", "it is no JSON" }, { "7", "a type is missing" },
    { "{}", "a type is missing" }, { "\"other\"", "not declared before" },
    { "{\"type\":\"record\",\"fields\":[]}", "has no name" },
    { "{\"type\":\"record\",\"name\":\"r\"}", "a record has no fields" },
    { "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"type\":\"int\"}]}",
        "a field has no name" },
    { "{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[1]}", "is no text" },
    { "{\"type\":\"fixed\",\"name\":\"f\",\"size\":-1}", "a fixed has no size" },
    { "[{\"type\":\"fixed\",\"name\":\"f\",\"size\":1},{\"type\":\"fixed\",\"name\":\"f\",\"size\":"
      "1}]",
        "declared twice" } };

START_TEST(what_is_no_schema_is_refused_in_one_sentence)
{
    ck_assert_ptr_null(schema(bad[_i].json));
    ck_assert_int_eq(error.status, FLOW_PARSE);
    ck_assert_msg(strstr(error.message, bad[_i].sentence) != NULL, "%s", error.message);
    fl_chain_give(&memory);
}
END_TEST

START_TEST(a_schema_that_nests_too_deep_is_refused)
{
    char json[512];
    memset(json, '[', 200);
    memset(json + 200, ']', 200);
    json[400] = '\0';
    ck_assert_ptr_null(schema(json));
    ck_assert_ptr_nonnull(strstr(error.message, "nest too deep"));
    fl_chain_give(&memory);
}
END_TEST

#if !FL_HAVE_JSON
START_TEST(a_build_without_json_says_so)
{
    ck_assert_ptr_null(schema("\"long\""));
    ck_assert_int_eq(error.status, FLOW_UNSUPPORTED);
    ck_assert_str_eq(
        error.message, "schemas of Avro are JSON, and this libflow was built without JSON");
    fl_chain_give(&memory);
}
END_TEST
#endif

TCase *avro_schema_case(void)
{
    TCase *tcase = tcase_create("avro_schema");
#if !FL_HAVE_JSON
    tcase_add_test(tcase, a_build_without_json_says_so);
#endif
    tcase_add_test(tcase, if_json(names_lead_to_types_declared_before_and_within_themselves));
    tcase_add_test(tcase, if_json(logical_types_count_where_they_fit));
    tcase_add_loop_test(tcase, if_json(what_is_no_schema_is_refused_in_one_sentence), 0,
        sizeof bad / sizeof bad[0]);
    tcase_add_test(tcase, if_json(a_schema_that_nests_too_deep_is_refused));
    return tcase;
}
