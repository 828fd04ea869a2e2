// SPDX-License-Identifier: Apache-2.0
// Where records end, and what becomes of bad ones.
#include "suite.h"

#include <stdio.h>

START_TEST(line_ends_are_counted)
{
    ck_assert_uint_eq(fl_count_lines("", 0), 0);
    ck_assert_uint_eq(fl_count_lines("a\nb\n\nc", 6), 3);
}
END_TEST

START_TEST(records_are_cut_at_the_last_line_end)
{
    const flow_str text = flow_str_of("one\ntwo\nthr");
    ck_assert_uint_eq(fl_records_cut(FLOW_LINES, text, 0, 0), 8);
    ck_assert_uint_eq(fl_records_cut(FLOW_JSON, flow_str_of("{\"a\":"), 0, 0), 0);
    ck_assert_uint_eq(fl_records_cut(FLOW_CSV, text, 0, 0), 8);
}
END_TEST

START_TEST(a_quoted_line_end_ends_no_csv_record)
{
    ck_assert_uint_eq(fl_records_cut(FLOW_CSV, flow_str_of("1,\"a\nb"), 0, 0), 0);
    ck_assert_uint_eq(fl_records_cut(FLOW_CSV, flow_str_of("1,x\n2,\"a\nb"), 0, 0), 4);
    ck_assert_uint_eq(fl_records_cut(FLOW_CSV, flow_str_of("1,\"a\nb\"\n2"), 0, 0), 8);
    ck_assert_uint_eq(fl_records_cut(FLOW_CSV, flow_str_of("1,\"a\n\"\"\n\"\n2"), 0, 0), 10);
}
END_TEST

static void check_csv(const char *text, size_t rows, size_t rejects)
{
    static const size_t sizes[] = { 1, 7, 64, 1 << 20 };
    fake_folder();
    const char *path = fake_file("items.csv", text, strlen(text));
    for (size_t p = 0; p < 4; p++) {
        struct fl_read_config config = read_config(path, FLOW_CSV);
        struct fake_ctx fake;
        fake_ctx_init(&fake, &item_type_shared);
        config.piece_size = sizes[p];
        read_well(&fake, &config);
        ck_assert_uint_eq(fake.count, rows);
        ck_assert_uint_eq(fake.reject_count, rejects);
        for (size_t i = 0; i < rows; i++)
            ck_assert_int_eq(item_at(&fake, i)->id, (int64_t)i + 1);
        fake_ctx_fini(&fake);
    }
    fake_folder_remove();
}

START_TEST(csv_is_read_with_quotes_marks_and_carriage_returns)
{
    check_csv("\xef\xbb\xbf"
              "id,text\r\n1,\"a\r\nb\"\r\n2,\"say \"\"x\"\"\"\r\n3,plain\r\n",
        3, 0);
    check_csv("text,more,id\nx,y,1\n\nx,\"y\n\ny\",2", 2, 0);
    check_csv("\"id\",\"text\"\n1,x\n", 1, 0);
    check_csv("id,text\n", 0, 0);
    check_csv("id,text", 0, 0);
    check_csv("", 0, 0);
}
END_TEST

START_TEST(bad_csv_records_leave_the_others)
{
    check_csv("id,text\n1,a\nx,b\n2,c\n,d\n3,e\n", 3, 2);
    check_csv("id,text\n1,a\n2,\"never closed\n3,b\n", 1, 1);
}
END_TEST

START_TEST(csv_errors_name_the_line_even_after_quoted_line_ends)
{
    fake_folder();
    const char *text = "id,text\n1,\"a\n\nb\"\nx,c\n";
    struct fl_read_config config = read_config(fake_file("i.csv", text, strlen(text)), FLOW_CSV);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    read_well(&fake, &config);
    ck_assert_uint_eq(fake.reject_count, 1);
    ck_assert_ptr_nonnull(strstr(fake.rejects[0].message, "i.csv:5: "));
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_header_that_does_not_fit_is_an_error_of_line_1)
{
    fake_folder();
    struct fl_read_config config = read_config(fake_file("h.csv", "id,txt\n1,a\n", 11), FLOW_CSV);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_ne(fake_run(&job), FLOW_OK);
    ck_assert_ptr_nonnull(strstr(job.error.message, "h.csv:1: "));
    ck_assert_ptr_nonnull(strstr(job.error.message, "text"));
    config = read_config(fake_file("e.csv", "\n1,a\n", 5), FLOW_CSV);
    ck_assert_int_eq(fake_run(&job), FLOW_PARSE);
    ck_assert_ptr_nonnull(strstr(job.error.message, "e.csv:1: the header line is empty"));
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(csv_without_header_takes_the_fields_in_order)
{
    fake_folder();
    struct fl_read_config config = read_config(fake_file("n.csv", "1;a\n2;b\n", 8), FLOW_CSV);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    config.options.no_header = true;
    config.options.separator = ';';
    read_well(&fake, &config);
    ck_assert_uint_eq(fake.count, 2);
    ck_assert_str_eq(item_at(&fake, 1)->text.data, "b");
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(json_lines_pass_over_blank_lines_and_refuse_what_is_no_utf8)
{
    fake_folder();
    static const char text[] =
        "{\"id\":1,\"text\":\"a\"}\r\n \t\n\r\n{\"id\":2,\"text\":\"\xff\"}\n"
        "{\"id\":3,\"text\":\"\\u00e9\"}";
    struct fl_read_config config =
        read_config(fake_file("u.json", text, sizeof text - 1), FLOW_JSON);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    read_well(&fake, &config);
    ck_assert_uint_eq(fake.count, 2);
    ck_assert_str_eq(item_at(&fake, 1)->text.data, "\xc3\xa9");
    ck_assert_uint_eq(fake.reject_count, 1);
    ck_assert_ptr_nonnull(strstr(fake.rejects[0].message, "u.json:4: "));
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_bad_record_fails_the_job_when_nothing_else_is_asked)
{
    fake_folder();
    static const char text[] = "{\"id\":1,\"text\":\"a\"}\n{\"id\":\"abc\",\"text\":\"a\"}\n";
    struct fl_read_config config =
        read_config(fake_file("orders.json", text, sizeof text - 1), FLOW_JSON);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    fake.on_error = FLOW_ON_ERROR_FAIL;
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_eq(fake_run(&job), FLOW_PARSE);
    ck_assert_ptr_nonnull(strstr(job.error.message, "orders.json:2: field \"id\" at byte"));
    ck_assert_ptr_nonnull(strstr(job.error.message, "abc"));
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

// The origin of each element of a file whose bad and empty lines are none.
static void check_origins(const char *path, flow_file_format format, const int *lines, int count)
{
    static const size_t sizes[] = { 1, 30, 1 << 20 };
    for (size_t p = 0; p < 3; p++) {
        struct fl_read_config config = read_config(path, format);
        struct fake_ctx fake;
        fake_ctx_init(&fake, &item_type_shared);
        config.piece_size = sizes[p];
        struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
        ck_assert_int_eq(fake_open(&job), FLOW_OK);
        flow_piece piece = { 0 };
        int found = 0;
        while (fl_file_source.claim(job.self, 0, &piece, &job.error) == FLOW_CLAIM_PIECE) {
            for (uint64_t ordinal = 0;; ordinal++) {
                char text[512] = "";
                char wanted[32];
                fl_file_source.origin(job.self, &piece, ordinal, text, sizeof text);
                if (text[0] == '\0')
                    break;
                ck_assert_int_lt(found, count);
                snprintf(wanted, sizeof wanted, "/o:%d", lines[found++]);
                ck_assert_msg(strstr(text, wanted) != NULL, "%s for %s", text, wanted);
            }
        }
        ck_assert_int_eq(found, count);
        fake_close(&job);
        fake_ctx_fini(&fake);
    }
}

START_TEST(an_element_that_fails_later_is_traced_to_its_line)
{
    static const char json[] = "{\"id\":1,\"text\":\"\\n\"}\nbad\n\n{\"id\":2,\"text\":\"b\"}\n"
                               "{\"id\":3,\"text\":\"c\"}\n";
    static const char csv[] = "id,text\n1,\"a\nb\"\n\nx,y\n2,b\n3,c";
    fake_folder();
    check_origins(fake_file("o", json, sizeof json - 1), FLOW_JSON, (int[]){ 1, 4, 5 }, 3);
    check_origins(fake_file("o", csv, sizeof csv - 1), FLOW_CSV, (int[]){ 2, 6, 7 }, 3);
    fake_folder_remove();
}
END_TEST

TCase *records_case(void)
{
    TCase *tcase = tcase_create("records");
    tcase_add_test(tcase, line_ends_are_counted);
    tcase_add_test(tcase, records_are_cut_at_the_last_line_end);
    tcase_add_test(tcase, a_quoted_line_end_ends_no_csv_record);
    tcase_add_test(tcase, csv_is_read_with_quotes_marks_and_carriage_returns);
    tcase_add_test(tcase, bad_csv_records_leave_the_others);
    tcase_add_test(tcase, csv_errors_name_the_line_even_after_quoted_line_ends);
    tcase_add_test(tcase, a_header_that_does_not_fit_is_an_error_of_line_1);
    tcase_add_test(tcase, csv_without_header_takes_the_fields_in_order);
    tcase_add_test(tcase, if_json(json_lines_pass_over_blank_lines_and_refuse_what_is_no_utf8));
    tcase_add_test(tcase, if_json(a_bad_record_fails_the_job_when_nothing_else_is_asked));
    tcase_add_test(tcase, if_json(an_element_that_fails_later_is_traced_to_its_line));
    return tcase;
}
