// SPDX-License-Identifier: Apache-2.0
// Tests CSV lines as rows.
#include "libflow/base/alloc_probe.h"
#include "rows.h"

TCase *csv_read_tests(void);

struct sale {
    flow_str name;
    int32_t count;
    bool paid;
    bool has_price;
    bool has_note;
    double price;
    flow_str note;
    flow_time at;
    flow_str secret;
};
static const flow_field sale_fields[] = {
    FLOW_COLUMN(sale, name),
    FLOW_COLUMN(sale, count),
    FLOW_COLUMN(sale, paid),
    FLOW_COLUMN_OPTIONAL(sale, price, has_price),
    FLOW_COLUMN_OPTIONAL(sale, note, has_note),
    FLOW_COLUMN_AS(sale, at, "sold at"),
    FLOW_COLUMN_CLASSIFIED(sale, secret),
};
static const flow_type sale = { "sale", sizeof(struct sale), _Alignof(struct sale), 7,
    sale_fields };

static struct rows_memory kept = { .room = SIZE_MAX };
static const flow_memory take = { rows_take, &kept };

static flow_csv *reader(const char *header, char separator)
{
    flow_error error = { .status = FLOW_OK };
    flow_csv *csv = flow_csv_new(&sale, flow_str_of(header), separator, NULL, &error);
    ck_assert_msg(csv != NULL, "%s", error.message);
    return csv;
}

START_TEST(columns_are_matched_to_fields_by_their_names)
{
    flow_csv *csv = reader("\xEF\xBB\xBFpaid,other,\"sold at\",count,secret,name,note,name\r\n", 0);
    struct sale row;
    flow_error error = { .status = FLOW_OK };
    memset(&row, 0xEE, sizeof row);
    const char *line = "TRUE,\"x\"\"y\",2026-11-24 18:25:09.5,1e3,s,\"a \"\"b\"\"\",n,second";
    ck_assert_msg(
        flow_csv_read(csv, flow_str_of(line), &row, &take, &error) == FLOW_OK, "%s", error.message);
    ck_assert(row.paid);
    ck_assert_int_eq(row.count, 1000);
    ck_assert_int_eq(row.at.us, INT64_C(1795544709500000));
    ck_assert(flow_str_equal(row.name, flow_str_of("a \"b\"")));
    ck_assert(row.has_note && flow_str_equal(row.note, flow_str_of("n")));
    ck_assert_ptr_eq(row.note.data, strstr(line, "n,second"));
    ck_assert(!row.has_price);
    line = "true,,-1795404000.0100001,1,s,a,n,";
    ck_assert_int_eq(flow_csv_read(csv, flow_str_of(line), &row, &take, &error), FLOW_OK);
    ck_assert_int_eq(row.at.us, INT64_C(-1795404000010001));
    flow_csv_free(csv);
    rows_memory_free(&kept);
}
END_TEST

START_TEST(without_a_header_columns_are_the_fields)
{
    flow_csv *csv = reader("", ';');
    struct sale row;
    ck_assert_int_eq(
        flow_csv_read(csv, flow_str_of("a,b;1;0;;\"\";0;x\r\n"), &row, NULL, NULL), FLOW_OK);
    ck_assert(flow_str_equal(row.name, flow_str_of("a,b")));
    ck_assert(!row.paid && !row.has_price);
    ck_assert(row.has_note && row.note.len == 0);
    ck_assert(flow_str_equal(row.secret, flow_str_of("x")));
    ck_assert_int_eq(
        flow_csv_read(csv, flow_str_of("5\" pipe;1;1;-inf;;0;"), &row, NULL, NULL), FLOW_OK);
    ck_assert(flow_str_equal(row.name, flow_str_of("5\" pipe")));
    ck_assert(row.has_price && row.price < 0 && isinf(row.price) && !row.has_note);
    flow_csv_free(csv);
}
END_TEST

static const struct {
    const char *line;
    const char *sentence;
} bad[] = {
    { "", "the line has 1 cells, expected 7" },
    { "a,1,true,,,0", "the line has 6 cells, expected 7" },
    { "a,1,true,,,0,s,", "the line has 8 cells, expected 7" },
    { "a,,true,,,0,s", "column \"count\" (2): expected a whole number from -2147483648 to "
                       "2147483647, found nothing" },
    { "a, 1,true,,,0,s", "column \"count\" (2): expected a whole number from -2147483648 to "
                         "2147483647, found \" 1\"" },
    { "a,1.5,true,,,0,s", "column \"count\" (2): expected a whole number from -2147483648 to "
                          "2147483647, found \"1.5\"" },
    { "a,1,yes,,,0,s", "column \"paid\" (3): expected true or false, found \"yes\"" },
    { "a,1,1,abc,,0,s", "column \"price\" (4): expected a number, found \"abc\"" },
    { "a,1,1,1e400,,0,s",
        "column \"price\" (4): expected a number of at most 1.7e308 in size, found \"1e400\"" },
    { "a,1,1,,,never,s", "column \"sold at\" (6): expected a time (RFC 3339, or seconds, "
                         "milliseconds or microseconds since 1970), found \"never\"" },
    { "\"a,1,1,,,0,s", "column 1: a quote is not closed or not followed by \",\"" },
    { "\"a\"b,1,1,,,0,s", "column 1: a quote is not closed or not followed by \",\"" },
    { "a,1,1,,,0,\"s", "column 7: a quote is not closed or not followed by \",\"" },
};

START_TEST(a_bad_line_is_refused_in_one_sentence)
{
    flow_csv *csv = reader("", 0);
    struct sale row;
    flow_error error = { .status = FLOW_OK };
    ck_assert_int_eq(
        flow_csv_read(csv, flow_str_of(bad[_i].line), &row, &take, &error), FLOW_PARSE);
    ck_assert_str_eq(error.message, bad[_i].sentence);
    flow_csv_free(csv);
    rows_memory_free(&kept);
}
END_TEST

struct login {
    uint64_t pin;
};
static const flow_field login_fields[] = { FLOW_COLUMN_CLASSIFIED(login, pin) };
static const flow_type login = { "login", sizeof(struct login), _Alignof(struct login), 1,
    login_fields };

START_TEST(personal_data_is_not_shown)
{
    flow_csv *csv = flow_csv_new(&login, flow_str_of("pin"), 0, NULL, NULL);
    struct login row;
    flow_error error = { .status = FLOW_OK };
    ck_assert_int_eq(flow_csv_read(csv, flow_str_of("12a"), &row, NULL, &error), FLOW_PARSE);
    ck_assert_str_eq(error.message, "column \"pin\" (1): expected a whole number from 0 to "
                                    "18446744073709551615, found a value that is not shown");
    flow_csv_free(csv);
}
END_TEST

static const struct {
    const char *header;
    char separator;
    flow_status status;
    const char *sentence;
} headers[] = {
    { "name,count,paid,secret", 0, FLOW_PARSE,
        "the header has no column \"sold at\", found: name,count,paid,secret" },
    { "name;count", 0, FLOW_PARSE, "the header has no column \"name\", found: name;count" },
    { "\n", 0, FLOW_PARSE, "the header has no column \"name\", found: " },
    { "name,\"count", 0, FLOW_PARSE,
        "the header, column 2: a quote is not closed or not followed by \",\"" },
    { "name", '"', FLOW_INVALID,
        "the CSV separator is byte 34, which quotes or ends cells itself" },
};

START_TEST(a_header_that_does_not_fit_is_refused)
{
    flow_error error = { .status = FLOW_OK };
    ck_assert_ptr_null(
        flow_csv_new(&sale, flow_str_of(headers[_i].header), headers[_i].separator, NULL, &error));
    ck_assert_int_eq(error.status, headers[_i].status);
    ck_assert_str_eq(error.message, headers[_i].sentence);
}
END_TEST

START_TEST(records_and_lists_do_not_fit_into_cells)
{
    flow_error error = { .status = FLOW_OK };
    ck_assert_ptr_null(flow_csv_new(&all_type, flow_str_of(""), 0, NULL, &error));
    ck_assert_int_eq(error.status, FLOW_TYPE);
    ck_assert_str_eq(
        error.message, "record \"all\", field \"flat\": a record does not fit into a CSV cell");
    flow_csv_free(NULL);
}
END_TEST

static const struct {
    const char *text;
    size_t len;
} lines[] = { { "", 0 }, { "a,b", 0 }, { "\n", 1 }, { "a\nb\n", 2 }, { "a\r\nb", 3 },
    { "\"a\nb\",c\nd", 8 }, { "\"a\nb", 0 }, { "\"a\"\"\nb\"\n", 8 }, { "\"\"\n", 3 },
    { "a\"\nb\"\n", 6 } };

START_TEST(a_line_ends_outside_quotes)
{
    ck_assert_uint_eq(flow_csv_line(flow_str_of(lines[_i].text)), lines[_i].len);
}
END_TEST

START_TEST(random_rows_come_back_equal)
{
    struct rows_random random = { .state = (uint64_t)_i + 31 };
    struct rows_memory memory = { .room = SIZE_MAX };
    flow_buffer header = { .len = 0 };
    flow_csv_write_header(&flat_type, NULL, &header);
    flow_csv *csv = flow_csv_new(&flat_type, (flow_str){ header.data, header.len }, 0, NULL, NULL);
    for (int round = 0; round < 500; round++) {
        struct flat row, back;
        flow_buffer out = { .len = 0 };
        flow_error error = { .status = FLOW_OK };
        rows_flat(&random, &memory, &row);
        flow_csv_write(&flat_type, &row, &out);
        flow_buffer_put(&out, "\n", 1);
        ck_assert_uint_eq(flow_csv_line((flow_str){ out.data, out.len }), out.len);
        // Exactly its bytes, so that reading past the end shows.
        char *line = malloc(out.len - 1);
        memcpy(line, out.data, out.len - 1);
        memset(&back, 0x5A, sizeof back);
        ck_assert_msg(
            flow_csv_read(csv, (flow_str){ line, out.len - 1 }, &back, &take, &error) == FLOW_OK,
            "%s in %.*s", error.message, (int)out.len, out.data);
        ck_assert_msg(flow_row_equal(&flat_type, &row, &back), "%.*s", (int)out.len, out.data);
        flow_buffer_free(&out);
        free(line);
        rows_memory_free(&memory);
        rows_memory_free(&kept);
    }
    flow_csv_free(csv);
    flow_buffer_free(&header);
}
END_TEST

START_TEST(memory_may_fail)
{
    struct alloc_probe probe = { .fail_from = 1 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    flow_error error = { .status = FLOW_OK };
    ck_assert_ptr_null(flow_csv_new(&sale, flow_str_of(""), 0, &own, &error));
    ck_assert_str_eq(error.message, "no memory for a CSV reader of 7 columns");
    probe.fail_from = 0;
    flow_csv *csv = flow_csv_new(&sale, flow_str_of(""), 0, &own, NULL);
    struct sale row;
    error.status = FLOW_OK;
    ck_assert_int_eq(
        flow_csv_read(csv, flow_str_of("\"a\"\"\",1,1,,,0,s"), &row, NULL, &error), FLOW_MEMORY);
    ck_assert_str_eq(error.message, "column \"name\" (1): no memory for a text of 3 bytes");
    flow_csv_free(csv);
    ck_assert_uint_eq(probe.held, 0);
}
END_TEST

TCase *csv_read_tests(void)
{
    TCase *tests = tcase_create("csv_read");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, columns_are_matched_to_fields_by_their_names);
    tcase_add_test(tests, without_a_header_columns_are_the_fields);
    tcase_add_loop_test(
        tests, a_bad_line_is_refused_in_one_sentence, 0, (int)(sizeof bad / sizeof bad[0]));
    tcase_add_test(tests, personal_data_is_not_shown);
    tcase_add_loop_test(
        tests, a_header_that_does_not_fit_is_refused, 0, (int)(sizeof headers / sizeof headers[0]));
    tcase_add_test(tests, records_and_lists_do_not_fit_into_cells);
    tcase_add_loop_test(
        tests, a_line_ends_outside_quotes, 0, (int)(sizeof lines / sizeof lines[0]));
    tcase_add_loop_test(tests, random_rows_come_back_equal, 0, 4);
    tcase_add_test(tests, memory_may_fail);
    return tests;
}
