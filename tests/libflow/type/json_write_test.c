// SPDX-License-Identifier: Apache-2.0
// Tests rows as JSON text.
#include "rows.h"

TCase *json_write_tests(void);

static void expect(const flow_buffer *out, const char *text)
{
    ck_assert_msg(
        out->len == strlen(text) && (out->len == 0 || memcmp(out->data, text, out->len) == 0),
        "got %.*s, expected %s", (int)out->len, out->data, text);
}

START_TEST(a_row_is_an_object_of_its_outside_names)
{
    struct flat row;
    memset(&row, 0, sizeof row);
    row.flag = true;
    row.i32 = -5;
    row.u64 = UINT64_MAX;
    row.f32 = 0.1f;
    row.f64 = 2.5;
    row.text = flow_str_of("shop");
    row.bytes = (flow_bytes){ "foo", 3 };
    row.at = (flow_time){ 1500000 };
    row.took = flow_seconds(2);
    row.has_rate = true;
    flow_buffer out = { .len = 0 };
    flow_json_write(&flat_type, &row, &out);
    expect(&out, "{\"flag\":true,\"i32\":-5,\"i64\":0,\"u32\":0,\"u64\":18446744073709551615,"
                 "\"f32\":0.1,\"a \\\"b\\\", c\":2.5,\"text\":\"shop\",\"bytes\":\"Zm9v\","
                 "\"at\":\"1970-01-01T00:00:01.500Z\",\"took\":2000000,\"rate\":0}");
    flow_buffer_free(&out);
}
END_TEST

START_TEST(lists_and_records_nest)
{
    const struct leg legs[2] = { { 1, true, { { "Oslo", 4 }, 150 }, 2.5, true },
        { 2, false, { { "", 0 }, 0 }, 0, false } };
    const int64_t counts[3] = { 1, -2, 3 };
    struct all row;
    memset(&row, 0, sizeof row);
    row.has_legs = true;
    row.legs = (flow_list){ legs, 2 };
    row.counts = (flow_list){ counts, 3 };
    flow_buffer out = { .len = 0 };
    flow_json_write(&all_type, &row, &out);
    const char *part = "\"legs\":[{\"id\":1,\"done\":true,\"to\":{\"city\":\"Oslo\",\"zip\":150},"
                       "\"km\":2.5},{\"id\":2,\"done\":false,\"to\":{\"city\":\"\",\"zip\":0}}],"
                       "\"tags\":[],\"counts\":[1,-2,3],\"flags\":[]}";
    ck_assert_uint_gt(out.len, strlen(part));
    ck_assert_mem_eq(out.data + out.len - strlen(part), part, strlen(part));
    flow_buffer_free(&out);
}
END_TEST

static const struct {
    const char *bytes;
    size_t len;
    const char *json;
} texts[] = {
    { "", 0, "\"\"" },
    { "plain", 5, "\"plain\"" },
    { "\"\\/", 3, "\"\\\"\\\\/\"" },
    { "\b\t\n\f\r", 5, "\"\\b\\t\\n\\f\\r\"" },
    { "\0\v\x1F\x7F", 4, "\"\\u0000\\u000b\\u001f\x7F\"" },
    { "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", 9, "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"" },
    { "a\xFF"
      "b",
        3,
        "\"a\xEF\xBF\xBD"
        "b\"" },
    { "\xC3", 1, "\"\xEF\xBF\xBD\"" },
    { "\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
    { "\xC0\x80", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\"" },
};

START_TEST(text_is_escaped_and_what_is_no_utf8_replaced)
{
    const flow_str text = { texts[_i].bytes, texts[_i].len };
    flow_buffer out = { .len = 0 };
    flow_json_write_value(FLOW_KIND_STR, NULL, &text, &out);
    expect(&out, texts[_i].json);
    flow_buffer_free(&out);
}
END_TEST

START_TEST(what_json_has_no_word_for_is_null)
{
    const double values[3] = { (double)NAN, (double)INFINITY, -(double)INFINITY };
    const float narrow = (float)NAN;
    flow_buffer out = { .len = 0 };
    for (int i = 0; i < 3; i++)
        flow_json_write_value(FLOW_KIND_F64, NULL, &values[i], &out);
    flow_json_write_value(FLOW_KIND_F32, NULL, &narrow, &out);
    flow_json_write_value(FLOW_KIND_NONE, NULL, &narrow, &out);
    expect(&out, "nullnullnullnullnull");
    flow_buffer_free(&out);
}
END_TEST

struct person {
    flow_str name;
    struct place home;
    flow_list tags;
};
static const flow_field person_fields[] = {
    FLOW_COLUMN_CLASSIFIED(person, name),
    FLOW_COLUMN_RECORD(person, home, place),
    { .name = "tags",
        .kind = FLOW_KIND_LIST,
        .offset = offsetof(struct person, tags),
        .size = sizeof(flow_list),
        .item = FLOW_KIND_STR,
        .classified = true },
};
static const flow_type person = { "person", sizeof(struct person), _Alignof(struct person), 3,
    person_fields };

START_TEST(personal_data_is_masked_where_asked)
{
    const flow_str tag = { "tall", 4 };
    const struct person row = { { "Ada", 3 }, { { "Oslo", 4 }, 1 }, { &tag, 1 } };
    flow_buffer out = { .len = 0 };
    flow_json_write_masked(&person, &row, &out);
    expect(&out, "{\"name\":\"***\",\"home\":{\"city\":\"Oslo\",\"zip\":1},\"tags\":\"***\"}");
    out.len = 0;
    flow_json_write(&person, &row, &out);
    expect(&out, "{\"name\":\"Ada\",\"home\":{\"city\":\"Oslo\",\"zip\":1},\"tags\":[\"tall\"]}");
    flow_buffer_free(&out);
}
END_TEST

struct maybe {
    bool has_note;
    flow_str note;
};
FLOW_RECORD_OF(maybe, FLOW_COLUMN_OPTIONAL(maybe, note, has_note));

START_TEST(a_row_of_nothing_is_an_empty_object)
{
    const struct maybe row = { false, { NULL, 0 } };
    flow_buffer out = { .len = 0 };
    flow_json_write(&maybe_type, &row, &out);
    expect(&out, "{}");
    flow_buffer_free(&out);
}
END_TEST

TCase *json_write_tests(void)
{
    TCase *tests = tcase_create("json_write");
    tcase_add_test(tests, a_row_is_an_object_of_its_outside_names);
    tcase_add_test(tests, lists_and_records_nest);
    tcase_add_loop_test(tests, text_is_escaped_and_what_is_no_utf8_replaced, 0,
        (int)(sizeof texts / sizeof texts[0]));
    tcase_add_test(tests, what_json_has_no_word_for_is_null);
    tcase_add_test(tests, personal_data_is_masked_where_asked);
    tcase_add_test(tests, a_row_of_nothing_is_an_empty_object);
    return tests;
}
