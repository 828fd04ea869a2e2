// SPDX-License-Identifier: Apache-2.0
// Tests rows as CSV lines.
#include "rows.h"

TCase *csv_write_tests(void);

static void expect(flow_buffer *out, const char *text)
{
    ck_assert_msg(
        out->len == strlen(text) && (out->len == 0 || memcmp(out->data, text, out->len) == 0),
        "got %.*s, expected %s", (int)out->len, out->data, text);
    flow_buffer_free(out);
}

START_TEST(a_header_has_the_outside_names)
{
    flow_buffer out = { .len = 0 };
    flow_csv_write_header(&place_type, NULL, &out);
    expect(&out, "city,zip\n");
    flow_csv_write_header(&place_type, "the, key", &out);
    expect(&out, "\"the, key\",city,zip\n");
    flow_csv_write_header(&flat_type, NULL, &out);
    expect(&out, "flag,i32,i64,u32,u64,f32,\"a \"\"b\"\", "
                 "c\",text,bytes,at,took,note,rate,when\n");
}
END_TEST

START_TEST(a_row_is_its_cells_quoted_where_needed)
{
    struct flat row;
    memset(&row, 0, sizeof row);
    row.flag = true;
    row.i32 = -5;
    row.f32 = 0.1f;
    row.f64 = (double)NAN;
    row.text = flow_str_of("say \"a, b\"\n");
    row.bytes = (flow_bytes){ "foo", 3 };
    row.took = flow_seconds(-1);
    row.has_note = true;
    row.has_rate = true;
    row.rate = -(double)INFINITY;
    flow_buffer out = { .len = 0 };
    flow_csv_write(&flat_type, &row, &out);
    expect(&out, "true,-5,0,0,0,0.1,NaN,\"say \"\"a, b\"\"\n\",Zm9v,1970-01-01T00:00:00Z,"
                 "-1000000,\"\",-Infinity,");
}
END_TEST

static const struct {
    const char *text;
    const char *cell;
} texts[] = { { "", "" }, { "plain", "plain" }, { " spaces ", " spaces " }, { "a,b", "\"a,b\"" },
    { "a;b", "a;b" }, { "\"", "\"\"\"\"" }, { "a\rb", "\"a\rb\"" }, { "a\nb", "\"a\nb\"" },
    { "caf\xC3\xA9", "caf\xC3\xA9" } };

START_TEST(a_text_is_quoted_only_where_needed)
{
    const flow_str text = flow_str_of(texts[_i].text);
    flow_buffer out = { .len = 0 };
    flow_csv_write_value(FLOW_KIND_STR, &text, &out);
    expect(&out, texts[_i].cell);
}
END_TEST

struct word {
    flow_str word;
};
FLOW_RECORD(word, word);

START_TEST(a_row_of_one_empty_text_is_no_blank_line)
{
    const struct word row = { { NULL, 0 } };
    flow_buffer out = { .len = 0 };
    flow_csv_write(&word_type, &row, &out);
    expect(&out, "\"\"");
}
END_TEST

TCase *csv_write_tests(void)
{
    TCase *tests = tcase_create("csv_write");
    tcase_add_test(tests, a_header_has_the_outside_names);
    tcase_add_test(tests, a_row_is_its_cells_quoted_where_needed);
    tcase_add_loop_test(
        tests, a_text_is_quoted_only_where_needed, 0, (int)(sizeof texts / sizeof texts[0]));
    tcase_add_test(tests, a_row_of_one_empty_text_is_no_blank_line);
    return tests;
}
