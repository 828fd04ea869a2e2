// SPDX-License-Identifier: Apache-2.0
// Values of Avro: every kind, numbers widened, null, lists of several blocks, bytes that lie.
#include "suite.h"

#include "avro.h"

struct number {
    double value;
    bool has_next;
    uint32_t next;
    flow_list list; // of int64
    flow_time at;
};
static const flow_field number_fields[] = { FLOW_COLUMN(number, value),
    FLOW_COLUMN_OPTIONAL(number, next, has_next), FLOW_COLUMN_LIST_OF(number, list, FLOW_KIND_I64),
    FLOW_COLUMN(number, at) };
static const flow_type number_type = { "number", sizeof(struct number), _Alignof(struct number), 4,
    number_fields };

static const char written[] =
    "{\"type\":\"record\",\"name\":\"n\",\"fields\":["
    "{\"name\":\"value\",\"type\":[\"int\",\"float\",\"string\"]},"
    "{\"name\":\"next\",\"type\":[\"null\",\"long\"]},"
    "{\"name\":\"over\",\"type\":{\"type\":\"map\",\"values\":{\"type\":\"array\",\"items\":"
    "\"null\"}}},"
    "{\"name\":\"list\",\"type\":{\"type\":\"array\",\"items\":\"int\"}},"
    "{\"name\":\"at\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"}}]}";

static struct fl_chain memory;

static void *take(void *user, size_t size)
{
    return fl_chain_take(user, size);
}

// Reads a row; what went wrong, or NULL. `*left`: bytes that were not read.
static const char *read_row(const char *bytes, size_t len, struct number *row, size_t *left)
{
    static const flow_allocator none = { 0 };
    flow_error error = { 0 };
    memory = (struct fl_chain){ .allocator = &none };
    const struct fl_avro_type *type = fl_avro_schema(flow_str_of(written), &memory, &error);
    ck_assert_msg(type != NULL, "%s", error.message);
    const struct fl_avro_plan *plan = fl_avro_plan_make(type, &number_type, &memory, &error);
    ck_assert_msg(plan != NULL, "%s", error.message);
    const flow_memory row_memory = { take, &memory };
    struct fl_avro_reader from = { .at = bytes, .end = bytes + len, .memory = &row_memory };
    const bool read = fl_avro_read(&from, plan, row);
    *left = (size_t)(from.end - from.at);
    return read ? NULL : from.problem;
}

// value: int −1; next: 7; over: {"k": [null × 2 in a sized block]}; list: blocks of 2 and 1
// (sized); at: −1 ns.
static const char good[] = "\x00\x01"
                           "\x02\x0e"
                           "\x02\x02k"
                           "\x03\x00\x00"
                           "\x00"
                           "\x04\x02\x04"
                           "\x01\x02\x06"
                           "\x00"
                           "\x01";

START_TEST(a_row_is_read_to_its_end)
{
    struct number row;
    size_t left;
    const char *problem = read_row(good, sizeof good - 1, &row, &left);
    ck_assert_msg(problem == NULL, "%s", problem);
    ck_assert_uint_eq(left, 0);
    ck_assert(row.value == -1);
    ck_assert(row.has_next && row.next == 7);
    ck_assert_uint_eq(row.list.count, 3);
    ck_assert_int_eq(((const int64_t *)row.list.items)[0], 1);
    ck_assert_int_eq(((const int64_t *)row.list.items)[2], 3);
    ck_assert_int_eq(row.at.us, -1); // floored
    fl_chain_give(&memory);
}
END_TEST

START_TEST(every_cut_is_noticed)
{
    struct number row;
    size_t left;
    for (size_t len = 0; len < sizeof good - 1; len++) {
        ck_assert_ptr_nonnull(read_row(good, len, &row, &left));
        fl_chain_give(&memory);
    }
}
END_TEST

#define BYTES(text) text, sizeof text - 1

static const struct {
    const char *bytes;
    size_t len;
    const char *problem; // NULL: read
} cases[] = {
    { BYTES("\x02\x00\x00\x80?"
            "\x00"
            "\x00"
            "\x00"
            "\x00"),
        NULL },
    { BYTES("\x04\x02x"
            "\x00"
            "\x00"
            "\x00"
            "\x00"),
        "of a branch that does not fit" },
    { BYTES("\x06\x00"), "no such number" },
    { BYTES("\x00\x01"
            "\x02\x01"
            "\x00\x00\x00"),
        "does not fit into 32 unsigned bits" },
    { BYTES("\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"), "more than 64 bits" },
    { BYTES("\x00\x80\x80\x80\x80\x80\x01"), "an int has more than 32 bits" },
    { BYTES("\x00\x00"
            "\x00"
            "\x00"
            "\xfe\xff\xff\xff\x0f"
            "\x00"),
        "more items than bytes" },
    { BYTES("\x00\x00"
            "\x00"
            "\x02\x01"
            "\x00\x00"),
        "a length is below zero" },
    { BYTES("\x00\x00"
            "\x00"
            "\x02\x7f"),
        "a length is" },
};

START_TEST(bytes_that_lie_are_told)
{
    struct number row;
    size_t left;
    const char *problem = read_row(cases[_i].bytes, cases[_i].len, &row, &left);
    ck_assert_msg((problem == NULL) == (cases[_i].problem == NULL), "%s", problem);
    ck_assert_msg(problem == NULL || strstr(problem, cases[_i].problem) != NULL, "%s", problem);
    fl_chain_give(&memory);
}
END_TEST

TCase *avro_value_case(void)
{
    TCase *tcase = tcase_create("avro_value");
    tcase_add_test(tcase, if_json(a_row_is_read_to_its_end));
    tcase_add_test(tcase, if_json(every_cut_is_noticed));
    tcase_add_loop_test(tcase, if_json(bytes_that_lie_are_told), 0, sizeof cases / sizeof cases[0]);
    return tcase;
}
