// SPDX-License-Identifier: Apache-2.0
// Rows as text, with and without a key.
#include "sink.h"

struct keyed {
    flow_str key;
    struct item value;
};

struct nothing {
    bool absent;
};

static const flow_type empty_type = { .name = "nothing", .size = 1, .align = 1 };

static void check_format(struct fl_format format, const char *text)
{
    const struct keyed rows[] = {
        { { "a,b", 3 }, { 1, { "x", 1 } } },
        { { "skipped", 7 }, { 9, { "y", 1 } } },
        { { "c\"", 2 }, { 2, { "", 0 } } },
    };
    static const uint16_t selection[] = { 0, 2 };
    const flow_batch batch = { .rows = (const char *)rows,
        .selection = selection,
        .count = 2,
        .stride = sizeof rows[0],
        .key_offset = offsetof(struct keyed, key),
        .value_offset = offsetof(struct keyed, value) };
    flow_buffer out = { 0 };
    flow_error error = { 0 };
    ck_assert_int_eq(fl_format_check(&format, "step", &error), FLOW_OK);
    fl_format_header(&format, &out);
    ck_assert_int_eq(fl_format_rows(&format, &batch, &out, &error, "step"), FLOW_OK);
    flow_buffer_put(&out, "", 1);
    ck_assert_str_eq(out.data, text);
    flow_buffer_free(&out);
}

static struct fl_format format_of(flow_file_format format, bool keyed)
{
    return (struct fl_format){ .format = format,
        .type = &item_type_shared,
        .key = { .kind = keyed ? FLOW_KIND_STR : FLOW_KIND_NONE },
        .key_name = "key",
        .header = true };
}

START_TEST(the_key_is_the_first_column_or_member)
{
    check_format(format_of(FLOW_CSV, true), "key,id,text\n\"a,b\",1,x\n\"c\"\"\",2,\n");
    check_format(format_of(FLOW_JSON, true),
        "{\"key\":\"a,b\",\"id\":1,\"text\":\"x\"}\n{\"key\":\"c\\\"\",\"id\":2,\"text\":\"\"}\n");
}
END_TEST

START_TEST(without_a_key_only_fields_are_written)
{
    struct fl_format csv = format_of(FLOW_CSV, false);
    check_format(csv, "id,text\n1,x\n2,\n");
    csv.header = false;
    check_format(csv, "1,x\n2,\n");
    check_format(
        format_of(FLOW_JSON, false), "{\"id\":1,\"text\":\"x\"}\n{\"id\":2,\"text\":\"\"}\n");
}
END_TEST

START_TEST(a_record_without_fields_still_has_its_key)
{
    struct fl_format format = format_of(FLOW_JSON, true);
    format.type = &empty_type;
    check_format(format, "{\"key\":\"a,b\"}\n{\"key\":\"c\\\"\"}\n");
}
END_TEST

START_TEST(lines_are_the_text_of_the_only_field)
{
    const struct flow_line lines[] = { { { "one", 3 } }, { { "", 0 } }, { { "two", 3 } } };
    const flow_batch batch = { .rows = (const char *)lines, .count = 3, .stride = sizeof lines[0] };
    struct fl_format format = { .format = FLOW_LINES, .type = &flow_line_type };
    flow_buffer out = { 0 };
    flow_error error = { 0 };
    ck_assert_int_eq(fl_format_check(&format, "step", &error), FLOW_OK);
    fl_format_header(&format, &out);
    ck_assert_int_eq(fl_format_rows(&format, &batch, &out, &error, "step"), FLOW_OK);
    ck_assert_uint_eq(out.len, 9);
    ck_assert_mem_eq(out.data, "one\n\ntwo\n", 9);
    flow_buffer_free(&out);
}
END_TEST

START_TEST(a_text_with_a_line_end_is_no_line)
{
    const struct flow_line line = { { "a\nb", 3 } };
    const flow_batch batch = { .rows = (const char *)&line, .count = 1, .stride = sizeof line };
    struct fl_format format = { .format = FLOW_LINES, .type = &flow_line_type };
    flow_buffer out = { 0 };
    flow_error error = { 0 };
    ck_assert_int_eq(fl_format_rows(&format, &batch, &out, &error, "step"), FLOW_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "holds a line end"));
    flow_buffer_free(&out);
}
END_TEST

static void check_refused(struct fl_format format, const char *sentence)
{
    flow_error error = { 0 };
    ck_assert_int_eq(fl_format_check(&format, "out", &error), FLOW_TYPE);
    ck_assert_str_eq(error.step, "out");
    ck_assert_msg(strstr(error.message, sentence) != NULL, "%s", error.message);
}

START_TEST(what_a_form_cannot_hold_is_refused)
{
    struct fl_format format = format_of(FLOW_JSON, true);
    format.key_name = "text";
    check_refused(format, "`key_name`");
    format = format_of(FLOW_CSV, true);
    format.key.kind = FLOW_KIND_RECORD;
    check_refused(format, "the key is a record");
    check_refused(format_of(FLOW_LINES, false), "exactly one field");
    format = format_of(FLOW_LINES, true);
    format.type = &flow_line_type;
    check_refused(format, "no place for the key");
    static const flow_field fields[] = {
        { .name = "tags", .kind = FLOW_KIND_LIST, .size = sizeof(flow_list), .item = FLOW_KIND_STR }
    };
    static const flow_type listed = {
        .name = "tagged", .size = sizeof(flow_list), .align = 8, .field_count = 1, .fields = fields
    };
    format = format_of(FLOW_CSV, false);
    format.type = &listed;
    check_refused(format, "field \"tags\" of record tagged is a list");
}
END_TEST

TCase *format_case(void)
{
    TCase *tcase = tcase_create("format");
    tcase_add_test(tcase, the_key_is_the_first_column_or_member);
    tcase_add_test(tcase, without_a_key_only_fields_are_written);
    tcase_add_test(tcase, a_record_without_fields_still_has_its_key);
    tcase_add_test(tcase, lines_are_the_text_of_the_only_field);
    tcase_add_test(tcase, a_text_with_a_line_end_is_no_line);
    tcase_add_test(tcase, what_a_form_cannot_hold_is_refused);
    return tcase;
}
