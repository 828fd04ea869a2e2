// SPDX-License-Identifier: Apache-2.0
// Tests the sentences for JSON that is no row.
#include "rows.h"

TCase *json_refuse_tests(void);

struct item {
    flow_str name;
    bool open;
    bool has_i32;
    int32_t i32;
    uint32_t u32;
    float f32;
    double f64;
    flow_time at;
    flow_duration took;
    flow_bytes raw;
    struct place home;
    flow_list legs;
    flow_str secret;
};
static const flow_field item_fields[] = {
    FLOW_COLUMN(item, name),
    FLOW_COLUMN(item, open),
    FLOW_COLUMN_OPTIONAL(item, i32, has_i32),
    FLOW_COLUMN(item, u32),
    FLOW_COLUMN(item, f32),
    FLOW_COLUMN(item, f64),
    FLOW_COLUMN(item, at),
    FLOW_COLUMN(item, took),
    FLOW_COLUMN(item, raw),
    FLOW_COLUMN_RECORD(item, home, place),
    FLOW_COLUMN_LIST(item, legs, leg),
    FLOW_COLUMN_CLASSIFIED(item, secret),
};
static const flow_type item = { "item", sizeof(struct item), _Alignof(struct item),
    sizeof item_fields / sizeof item_fields[0], item_fields };

static const struct {
    const char *text;
    const char *sentence;
} bad[] = {
    { "", "expected an object, found nothing" },
    { " \n", "expected an object, found nothing" },
    { "[]", "expected an object, found a list" },
    { "null", "expected an object, found null" },
    { "\"x\"", "expected an object, found \"x\"" },
    { "{", "JSON breaks at byte 1: the text ends too early" },
    { "{\"name\":\"a\"", "JSON breaks at byte 11: the text ends too early" },
    { "{\"name\" \"a\"}", "JSON breaks at byte 8: an unexpected character" },
    { "{\"name\":\"a\",}", "JSON breaks at byte 11: an unexpected character" },
    { "{\"name\":\"a\"} {", "JSON breaks at byte 13: more text after the value" },
    { "{\"name\":nul}", "JSON breaks at byte 8: an unexpected character" },
    { "{\"name\":'a'}", "JSON breaks at byte 8: an unexpected character" },
    { "{\"name\":\"a\x01\"}", "JSON breaks at byte 10: a control character that is not escaped" },
    { "{\"name\":\"a\xFFz\"}", "JSON breaks at byte 10: text that is not UTF-8" },
    { "{\"name\":\"\xED\xA0\x80\"}", "JSON breaks at byte 9: text that is not UTF-8" },
    { "{\"name\":\"\\q\"}", "JSON breaks at byte 10: an escape that does not exist" },
    { "{\"name\":\"\\ud800\"}", "JSON breaks at byte 15: an escape that does not exist" },
    { "{\"u32\":01}", "JSON breaks at byte 7: a malformed number" },
    { "{\"u32\":1.,\"x\":1}", "JSON breaks at byte 10: a malformed number" },
    { "{\"u32\":-}", "JSON breaks at byte 8: a malformed number" },
    { "{\"u32\":NaN}", "JSON breaks at byte 7: an unexpected character" },
    { "{}", "field \"name\" is missing: expected a text" },
    { "{\"name\":\"\"}", "field \"open\" is missing: expected true or false" },
    { "{\"name\":null}", "field \"name\" at byte 1: expected a text, found null" },
    { "{\"name\":12.50}", "field \"name\" at byte 1: expected a text, found 12.50" },
    { "{\"name\":{}}", "field \"name\" at byte 1: expected a text, found an object" },
    { "{\"n\\u0061me\":[]}", "field \"name\" at byte 1: expected a text, found a list" },
    { "{\"x\":1, \"open\":\"true\"}",
        "field \"open\" at byte 8: expected true or false, found \"true\"" },
    { "{\"open\":1}", "field \"open\" at byte 1: expected true or false, found 1" },
    { "{\"i32\":2147483648}", "field \"i32\" at byte 1: expected a whole number from -2147483648 "
                              "to 2147483647, found 2147483648" },
    { "{\"i32\":1.5}", "field \"i32\" at byte 1: expected a whole number from -2147483648 to "
                       "2147483647, found 1.5" },
    { "{\"i32\":\"12\"}", "field \"i32\" at byte 1: expected a whole number from -2147483648 to "
                          "2147483647, found \"12\"" },
    { "{\"u32\":-1}",
        "field \"u32\" at byte 1: expected a whole number from 0 to 4294967295, found -1" },
    { "{\"u32\":1e99999999999}", "field \"u32\" at byte 1: expected a whole number from 0 to "
                                 "4294967295, found 1e99999999999" },
    { "{\"f64\":\"abc\"}", "field \"f64\" at byte 1: expected a number, found \"abc\"" },
    { "{\"f64\":1e400}",
        "field \"f64\" at byte 1: expected a number of at most 1.7e308 in size, found 1e400" },
    { "{\"f32\":-1e39}",
        "field \"f32\" at byte 1: expected a number of at most 3.4e38 in size, found -1e39" },
    { "{\"at\":\"yesterday\"}", "field \"at\" at byte 1: expected a time (RFC 3339, or seconds, "
                                "milliseconds or microseconds since 1970), found \"yesterday\"" },
    { "{\"at\":1.5e99}",
        "field \"at\" at byte 1: expected a time (RFC 3339, or seconds, milliseconds "
        "or microseconds since 1970), found 1.5e99" },
    { "{\"took\":true}",
        "field \"took\" at byte 1: expected a whole number of microseconds, found true" },
    { "{\"raw\":\"Zg=\"}", "field \"raw\" at byte 1: expected a base64 text, found \"Zg=\"" },
    { "{\"home\":[]}", "field \"home\" at byte 1: expected an object, found a list" },
    { "{\"home\":{\"zip\":1}}", "field \"home.city\" is missing: expected a text" },
    { "{\"home\":{\"zip\":false}}", "field \"home.zip\" at byte 9: expected a whole number from "
                                    "-2147483648 to 2147483647, found false" },
    { "{\"legs\":{}}", "field \"legs\" at byte 1: expected a list, found an object" },
    { "{\"legs\":[{\"id\":1,\"done\":true,\"to\":{\"city\":\"\",\"zip\":0}},null]}",
        "field \"legs[1]\" at byte 1: expected an object, found null" },
    { "{\"legs\":[{\"id\":1,\"to\":{\"city\":7}}]}",
        "field \"legs[0].to.city\" at byte 23: expected a text, found 7" },
    { "{\"secret\":12345}",
        "field \"secret\" at byte 1: expected a text, found a value that is not shown" },
    { "\xEF\xBB\xBF{}", "JSON breaks at byte 0: an unexpected character" },
};

START_TEST(bad_text_is_refused_in_one_sentence)
{
    struct rows_memory memory = { .room = SIZE_MAX };
    const flow_memory take = { rows_take, &memory };
    flow_error error = { .status = FLOW_OK };
    flow_json *json = flow_json_new(&item, NULL, &error);
    ck_assert_msg(json != NULL, "%s", error.message);
    struct item row;
    ck_assert_int_eq(
        flow_json_read(json, flow_str_of(bad[_i].text), &row, &take, &error), FLOW_PARSE);
    ck_assert_str_eq(error.message, bad[_i].sentence);
    ck_assert_int_eq(
        flow_json_read(json, flow_str_of(bad[_i].text), &row, &take, NULL), FLOW_PARSE);
    flow_json_free(json);
    rows_memory_free(&memory);
}
END_TEST

START_TEST(zero_bytes_are_no_json)
{
    flow_error error = { .status = FLOW_OK };
    flow_json *json = flow_json_new(&place_type, NULL, NULL);
    struct place row;
    const flow_str text = { "{\"city\":\"a\0b\",\"zip\":1}", 22 }, after = { "{}\0", 3 };
    ck_assert_int_eq(flow_json_read(json, text, &row, NULL, &error), FLOW_PARSE);
    ck_assert_str_eq(
        error.message, "JSON breaks at byte 10: a control character that is not escaped");
    error.status = FLOW_OK;
    ck_assert_int_eq(flow_json_read(json, after, &row, NULL, &error), FLOW_PARSE);
    ck_assert_str_eq(error.message, "JSON breaks at byte 2: more text after the value");
    flow_json_free(json);
}
END_TEST

TCase *json_refuse_tests(void)
{
    TCase *tests = tcase_create("json_refuse");
    tcase_add_loop_test(
        tests, bad_text_is_refused_in_one_sentence, 0, (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tests, zero_bytes_are_no_json);
    return tests;
}
