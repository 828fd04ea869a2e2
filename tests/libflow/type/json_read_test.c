// SPDX-License-Identifier: Apache-2.0
// Tests JSON objects as rows: what is read, where it lives, and that it comes back.
#include "libflow/base/alloc_probe.h"
#include "rows.h"

TCase *json_read_tests(void);

struct shop {
    flow_str name;
    int64_t id;
    double price;
    bool open;
    bool has_note;
    flow_time at;
    flow_bytes raw;
    flow_str note;
};
FLOW_RECORD_OF(shop, FLOW_COLUMN(shop, name), FLOW_COLUMN(shop, id), FLOW_COLUMN(shop, price),
    FLOW_COLUMN(shop, open), FLOW_COLUMN(shop, at), FLOW_COLUMN(shop, raw),
    FLOW_COLUMN_OPTIONAL(shop, note, has_note));

static struct rows_memory kept = { .room = SIZE_MAX };
static const flow_memory take = { rows_take, &kept };

static flow_json *reader(const flow_type *type)
{
    flow_error error = { .status = FLOW_OK };
    flow_json *json = flow_json_new(type, NULL, &error);
    ck_assert_msg(json != NULL, "%s", error.message);
    return json;
}

static void read_shop(const char *text, struct shop *row)
{
    flow_json *json = reader(&shop_type);
    flow_error error = { .status = FLOW_OK };
    memset(row, 0xEE, sizeof *row);
    ck_assert_msg(flow_json_read(json, flow_str_of(text), row, &take, &error) == FLOW_OK, "%s: %s",
        text, error.message);
    flow_json_free(json);
}

START_TEST(an_object_is_read_in_any_order_with_spaces_and_unknown_members)
{
    struct shop row;
    read_shop(" { \"at\" : \"2026-11-24T18:25:09.5Z\" ,\n\t\"x\":{\"a\":[1,{\"b\":null}]},\"raw\":"
              "\"Zm9v\", \"open\":true,\"id\":-7,\"price\":1.5,\"name\":\"shop\",\"y\":1e999} \r\n",
        &row);
    ck_assert(flow_str_equal(row.name, flow_str_of("shop")));
    ck_assert_int_eq(row.id, -7);
    ck_assert(row.price == 1.5);
    ck_assert(row.open);
    ck_assert_int_eq(row.at.us, INT64_C(1795544709500000));
    ck_assert_uint_eq(row.raw.len, 3);
    ck_assert_mem_eq(row.raw.data, "foo", 3);
    ck_assert(!row.has_note);
    ck_assert_uint_eq(row.note.len, 0);
    rows_memory_free(&kept);
}
END_TEST

#define SHOP(id, price, at)                                                                        \
    "{\"name\":\"\",\"id\":" id ",\"price\":" price ",\"open\":false,\"at\":" at                   \
    ",\"raw\":\"\",\"note\":null}"

START_TEST(numbers_of_every_form_are_read_exactly)
{
    struct shop row;
    read_shop(SHOP("1e3", "-0", "0"), &row);
    ck_assert_int_eq(row.id, 1000);
    ck_assert(row.price == 0);
    read_shop(SHOP("1.0", "18446744073709551616", "1795544709"), &row);
    ck_assert_int_eq(row.id, 1);
    ck_assert(row.price == 18446744073709551616.0);
    ck_assert_int_eq(row.at.us, INT64_C(1795544709000000));
    read_shop(SHOP("9007199254740993.0", "1e-400", "1.7955447095e12"), &row);
    ck_assert_int_eq(row.id, INT64_C(9007199254740993));
    ck_assert(row.price == 0);
    ck_assert_int_eq(row.at.us, INT64_C(1795544709500000));
    read_shop(SHOP("-9223372036854775808", "0.1", "\"1795544709\""), &row);
    ck_assert_int_eq(row.id, INT64_MIN);
    ck_assert(row.price == 0.1);
    ck_assert_int_eq(row.at.us, INT64_C(1795544709000000));
    ck_assert(!row.has_note);
    read_shop(SHOP("0", "0", "1795404000.01"), &row);
    ck_assert_int_eq(row.at.us, INT64_C(1795404000010000));
    read_shop(SHOP("0", "0", "-1795404000.0100001000000000000001"), &row);
    ck_assert_int_eq(row.at.us, INT64_C(-1795404000010001));
    read_shop(SHOP("0", "0", "\"1795404000.0100009\""), &row);
    ck_assert_int_eq(row.at.us, INT64_C(1795404000010000));
    rows_memory_free(&kept);
}
END_TEST

START_TEST(of_two_members_with_one_name_the_first_counts)
{
    struct shop row;
    read_shop(
        "{\"id\":1,\"name\":\"a\",\"price\":0,\"open\":true,\"at\":0,\"raw\":\"\",\"id\":\"x\","
        "\"note\":\"n\",\"note\":null,\"name\":\"b\"}",
        &row);
    ck_assert_int_eq(row.id, 1);
    ck_assert(flow_str_equal(row.name, flow_str_of("a")));
    ck_assert(row.has_note);
    rows_memory_free(&kept);
}
END_TEST

static bool within(const char *data, const char *text)
{
    return data >= text && data < text + strlen(text);
}

START_TEST(text_points_into_the_lent_bytes_unless_it_has_escapes)
{
    struct shop row;
    static const char plain[] =
        "{\"name\":\"caf\xC3\xA9\",\"id\":0,\"price\":0,\"open\":true,\"at\":0,"
        "\"raw\":\"\",\"note\":\"n\"}";
    read_shop(plain, &row);
    ck_assert(within(row.name.data, plain) && within(row.note.data, plain));
    ck_assert(flow_str_equal(row.name, flow_str_of("caf\xC3\xA9")));
    ck_assert_uint_eq(kept.count, 0);
    static const char escaped[] = "{\"\\u006eame\":\"a\\\"\",\"id\":0,\"price\":0,\"open\":true,"
                                  "\"at\":0,\"raw\":\"\",\"note\":\"\\u0000\\ud83d\\ude00\"}";
    read_shop(escaped, &row);
    ck_assert(!within(row.name.data, escaped) && !within(row.note.data, escaped));
    ck_assert(flow_str_equal(row.name, flow_str_of("a\"")));
    ck_assert_uint_eq(row.note.len, 5);
    ck_assert_mem_eq(row.note.data, "\0\xF0\x9F\x98\x80", 5);
    rows_memory_free(&kept);
}
END_TEST

// The lent text is in memory that cannot be written or read past: a copy of exactly its size.
START_TEST(the_lent_text_is_neither_changed_nor_read_past)
{
    static const char text[] = "{\"city\":\"a\\\\b\",\"zip\":12345}";
    const size_t len = sizeof text - 1;
    char *lent = malloc(len);
    memcpy(lent, text, len);
    flow_json *json = reader(&place_type);
    struct place row;
    ck_assert_int_eq(flow_json_read(json, (flow_str){ lent, len }, &row, &take, NULL), FLOW_OK);
    ck_assert_mem_eq(lent, text, len);
    ck_assert_int_eq(row.zip, 12345);
    for (size_t less = 0; less < len; less++) {
        char *part = malloc(less ? less : 1);
        memcpy(part, text, less);
        ck_assert_int_eq(
            flow_json_read(json, (flow_str){ part, less }, &row, &take, NULL), FLOW_PARSE);
        ck_assert_mem_eq(part, text, less);
        free(part);
    }
    free(lent);
    flow_json_free(json);
    rows_memory_free(&kept);
}
END_TEST

START_TEST(random_rows_come_back_equal)
{
    struct rows_random random = { .state = (uint64_t)_i + 21, .utf8 = true, .finite = true };
    struct rows_memory memory = { .room = SIZE_MAX };
    flow_json *json = reader(&all_type);
    for (int round = 0; round < 500; round++) {
        struct all row, back;
        flow_buffer out = { .len = 0 };
        flow_error error = { .status = FLOW_OK };
        rows_all(&random, &memory, &row);
        flow_json_write(&all_type, &row, &out);
        const flow_str text = { out.data, out.len };
        memset(&back, 0x5A, sizeof back);
        ck_assert_msg(flow_json_read(json, text, &back, &take, &error) == FLOW_OK, "%s in %.*s",
            error.message, (int)text.len, text.data);
        ck_assert_msg(flow_row_equal(&all_type, &row, &back), "%.*s", (int)text.len, text.data);
        flow_buffer_free(&out);
        rows_memory_free(&memory);
        rows_memory_free(&kept);
    }
    flow_json_free(json);
}
END_TEST

START_TEST(lines_after_the_first_take_no_memory)
{
    struct alloc_probe probe = { 0 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    flow_json *json = flow_json_new(&place_type, &own, NULL);
    const flow_str text = flow_str_of("{\"city\":\"Oslo\",\"zip\":1.0,\"more\":[1,2,3]}");
    struct place row;
    ck_assert_int_eq(flow_json_read(json, text, &row, NULL, NULL), FLOW_OK);
    const size_t calls = probe.calls;
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(flow_json_read(json, text, &row, NULL, NULL), FLOW_OK);
    ck_assert_uint_eq(probe.calls, calls);
    flow_json_free(json);
    ck_assert_uint_eq(probe.held, 0);
}
END_TEST

START_TEST(each_allocation_may_fail)
{
    const flow_str text = flow_str_of("{\"city\":\"O\\tslo\",\"zip\":1.0}");
    flow_status status = FLOW_MEMORY;
    for (size_t fail = 1; status != FLOW_OK; fail++) {
        struct alloc_probe probe = { .fail_from = fail };
        const flow_allocator own = alloc_probe_allocator(&probe);
        flow_error error = { .status = FLOW_OK };
        struct place row;
        flow_json *json = flow_json_new(&place_type, &own, &error);
        status = json ? flow_json_read(json, text, &row, &take, &error) : error.status;
        ck_assert(status == FLOW_OK || status == FLOW_MEMORY);
        ck_assert_int_eq(error.status, status);
        flow_json_free(json);
        ck_assert_uint_eq(probe.held, 0);
    }
    rows_memory_free(&kept);
}
END_TEST

START_TEST(memory_for_the_row_may_fail)
{
    struct rows_memory none = { .room = 0 };
    const flow_memory empty = { rows_take, &none };
    const flow_memory *all[] = { NULL, &empty };
    flow_json *json = reader(&place_type);
    for (int i = 0; i < 2; i++) {
        flow_error error = { .status = FLOW_OK };
        struct place row;
        ck_assert_int_eq(flow_json_read(json, flow_str_of("{\"zip\":1,\"city\":\"a\\nb\"}"), &row,
                             all[i], &error),
            FLOW_MEMORY);
        ck_assert_str_eq(error.message, "field \"city\": no memory for 3 bytes");
    }
    flow_json_free(json);
}
END_TEST

START_TEST(a_long_line_is_read_and_its_memory_given_back)
{
    const size_t len = (size_t)100 << 20;
    static const char head[] = "{\"zip\":1,\"city\":\"", tail[] = "\"}";
    char *text = malloc(len);
    memset(text, 'x', len);
    memcpy(text, head, sizeof head - 1);
    memcpy(text + len - 2, tail, 2);
    struct alloc_probe probe = { 0 };
    const flow_allocator own = alloc_probe_allocator(&probe);
    flow_json *json = flow_json_new(&place_type, &own, NULL);
    struct place row;
    ck_assert_int_eq(flow_json_read(json, (flow_str){ text, len }, &row, NULL, NULL), FLOW_OK);
    ck_assert_uint_eq(row.city.len, len - sizeof head - 1);
    ck_assert_uint_lt(probe.held, (size_t)1 << 20);
    flow_json_free(json);
    ck_assert_uint_eq(probe.held, 0);
    free(text);
}
END_TEST

START_TEST(deep_nesting_neither_recurses_nor_hangs)
{
    const size_t depth = 300000;
    flow_buffer text = { .len = 0 };
    flow_buffer_printf(&text, "{\"deep\":");
    memset(flow_buffer_add(&text, depth), '[', depth);
    const size_t open = text.len;
    memset(flow_buffer_add(&text, depth), ']', depth);
    flow_buffer_printf(&text, ",\"zip\":1,\"city\":\"\"}");
    flow_json *json = reader(&place_type);
    struct place row;
    ck_assert_int_eq(
        flow_json_read(json, (flow_str){ text.data, text.len }, &row, NULL, NULL), FLOW_OK);
    ck_assert_int_eq(
        flow_json_read(json, (flow_str){ text.data, open }, &row, NULL, NULL), FLOW_PARSE);
    flow_json_free(json);
    flow_buffer_free(&text);
}
END_TEST

START_TEST(a_reader_wants_a_record_that_agrees_with_itself)
{
    flow_type wrong = place_type;
    flow_error error = { .status = FLOW_OK };
    wrong.size += 8;
    ck_assert_ptr_null(flow_json_new(&wrong, NULL, &error));
    ck_assert_int_eq(error.status, FLOW_TYPE);
    flow_json_free(NULL);
}
END_TEST

TCase *json_read_tests(void)
{
    TCase *tests = tcase_create("json_read");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, an_object_is_read_in_any_order_with_spaces_and_unknown_members);
    tcase_add_test(tests, numbers_of_every_form_are_read_exactly);
    tcase_add_test(tests, of_two_members_with_one_name_the_first_counts);
    tcase_add_test(tests, text_points_into_the_lent_bytes_unless_it_has_escapes);
    tcase_add_test(tests, the_lent_text_is_neither_changed_nor_read_past);
    tcase_add_loop_test(tests, random_rows_come_back_equal, 0, 4);
    tcase_add_test(tests, lines_after_the_first_take_no_memory);
    tcase_add_test(tests, each_allocation_may_fail);
    tcase_add_test(tests, memory_for_the_row_may_fail);
    tcase_add_test(tests, a_long_line_is_read_and_its_memory_given_back);
    tcase_add_test(tests, deep_nesting_neither_recurses_nor_hangs);
    tcase_add_test(tests, a_reader_wants_a_record_that_agrees_with_itself);
    return tests;
}
