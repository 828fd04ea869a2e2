// SPDX-License-Identifier: Apache-2.0
// Tests the short cut past the JSON parser: what it takes, what it leaves, and that both agree.
#include "type/json.h"

#include <stdio.h>

#include "rows.h"

TCase *json_fast_tests(void);

struct visit {
    flow_str name;
    struct place home;
    int64_t id;
    double price;
    float share;
    bool open;
    bool has_note;
    flow_time at;
    flow_str note;
};
FLOW_RECORD_OF(visit, FLOW_COLUMN(visit, name), FLOW_COLUMN_RECORD(visit, home, place),
    FLOW_COLUMN(visit, id), FLOW_COLUMN(visit, price), FLOW_COLUMN(visit, share),
    FLOW_COLUMN(visit, open), FLOW_COLUMN(visit, at), FLOW_COLUMN_OPTIONAL(visit, note, has_note));

#define VISIT(name, id, price, at, more)                                                           \
    "{\"name\":" name ",\"home\":{\"city\":\"Oslo\",\"zip\":-7},\"id\":" id ",\"price\":" price    \
    ",\"share\":0.25,\"open\":true,\"at\":" at ",\"note\":null" more "}"

static const struct {
    const char *text;
    bool taken;
} cases[] = {
    { VISIT("\"caf\xC3\xA9 of a long name\"", "12", "19.99", "\"2026-11-24T18:25:09.5Z\"", ""),
        true },
    { VISIT("\"\"", "-0", "-0", "1795544709", ""), true },
    { VISIT("\"\"", "999999999999999999", "0.000000000000001", "0", ""), true },
    { VISIT("\"\"", "1", "1", "0", ",\"x\":\"y\",\"z\":-1.5,\"b\":false,\"n\":null"), true },
    { VISIT("\"\"", "1", "1", "0", ",\"id\":2,\"name\":3"), true },
    { " \t" VISIT("\"\"", " 1 ", "\n1", "0", "\r\n") " \n", true },
    { VISIT("\"a\\n\"", "1", "1", "0", ""), false },
    { VISIT("\"a\x01\"", "1", "1", "0", ""), false },
    { VISIT("\"\xED\xA0\x80\"", "1", "1", "0", ""), false },
    { VISIT("\"a", "1", "1", "0", ""), false },
    { VISIT("\"\"", "1000000000000000000", "1", "0", ""), false },
    { VISIT("\"\"", "01", "1", "0", ""), false },
    { VISIT("\"\"", "-", "1", "0", ""), false },
    { VISIT("\"\"", "1.0", "1", "0", ""), false },
    { VISIT("\"\"", "1", "1.", "0", ""), false },
    { VISIT("\"\"", "1", ".1", "0", ""), false },
    { VISIT("\"\"", "1", "1e3", "0", ""), false },
    { VISIT("\"\"", "1", "9007199254740.991", "0", ""), true },
    { VISIT("\"\"", "1", "900719925474099.75", "0", ""), false },
    { VISIT("\"\"", "1", "1", "\"yesterday\"", ""), false },
    { VISIT("\"\"", "1", "1", "1795404000.01", ""), true },
    { VISIT("\"\"", "1", "1", "-1795404000.0123456", ""), true },
    { VISIT("\"\"", "1", "1", "1795404000.123456789", ""), false },
    { VISIT("\"\"", "1", "1", "1795404000.", ""), false },
    { VISIT("\"\"", "1", "1", "0", ",\"x\":[]"), false },
    { VISIT("\"\"", "1", "1", "0", ",\"x\":{}"), false },
    { VISIT("\"\"", "1", "1", "0", ",\"x\":nul"), false },
    { VISIT("\"\"", "1", "1", "0", ",\"x\":01"), false },
    { VISIT("\"\"", "1", "1", "0", ","), false },
    { VISIT("\"\"", "1", "1", "0", " \"x\":1"), false },
    { VISIT("\"\"", "1", "1", "0", "") "x", false },
    { VISIT("\"\"", "1", "1", "0", "") "{}", false },
    { "{}", false },
    { "{", false },
    { "[]", false },
    { " ", false },
    { "{\"name\":\"\"}", false },
};

START_TEST(the_usual_form_is_taken_and_the_rest_left)
{
    const size_t len = strlen(cases[_i].text);
    fl_arena arena = { .block_size = 0 };
    struct fl_json_plan *plans = NULL;
    struct fl_json_plan *plan = fl_json_plan_new(&arena, &plans, &visit_type);
    flow_json *json = flow_json_new(&visit_type, NULL, NULL);
    // Exactly its bytes, so that reading past the end shows.
    char *lent = malloc(len);
    memcpy(lent, cases[_i].text, len);
    struct visit fast, slow;
    for (int round = 0; round < 3; round++) {
        const bool taken = fl_json_fast(plan, (flow_str){ lent, len }, &fast);
        ck_assert_msg(taken == cases[_i].taken, "%s", cases[_i].text);
        const flow_status status = fl_json_slow(json, (flow_str){ lent, len }, &slow, NULL, NULL);
        ck_assert(!taken || status == FLOW_OK);
        ck_assert(!taken || flow_row_equal(&visit_type, &fast, &slow));
    }
    flow_json_free(json);
    free(lent);
    fl_arena_fini(&arena);
}
END_TEST

// Every text with one byte changed or cut off: where the short cut takes it, the parser does too.
START_TEST(broken_texts_are_taken_only_if_the_parser_takes_them)
{
    static const char swaps[] = "\"\\{}[],:.-+eE019 n\x01\xC3\xFF";
    const size_t len = strlen(cases[_i].text);
    fl_arena arena = { .block_size = 0 };
    struct fl_json_plan *plans = NULL;
    struct fl_json_plan *plan = fl_json_plan_new(&arena, &plans, &visit_type);
    flow_json *json = flow_json_new(&visit_type, NULL, NULL);
    struct rows_memory memory = { .room = SIZE_MAX };
    const flow_memory take = { rows_take, &memory };
    for (size_t at = 0; at < len; at++) {
        for (size_t swap = 0; swap < sizeof swaps; swap++) {
            // The last swap, the terminator, stands for a cut.
            const size_t left = swaps[swap] ? len : at;
            char *lent = malloc(left ? left : 1);
            memcpy(lent, cases[_i].text, left);
            if (swaps[swap])
                lent[at] = swaps[swap];
            struct visit fast, slow;
            if (fl_json_fast(plan, (flow_str){ lent, left }, &fast)) {
                ck_assert_int_eq(
                    fl_json_slow(json, (flow_str){ lent, left }, &slow, &take, NULL), FLOW_OK);
                ck_assert_msg(flow_row_equal(&visit_type, &fast, &slow), "%.*s", (int)left, lent);
            }
            free(lent);
            rows_memory_free(&memory);
        }
    }
    flow_json_free(json);
    fl_arena_fini(&arena);
}
END_TEST

START_TEST(texts_point_into_the_lent_bytes)
{
    static const char text[] = "{\"city\":\"Bergen\",\"zip\":5003}";
    fl_arena arena = { .block_size = 0 };
    struct fl_json_plan *plans = NULL;
    struct place row;
    ck_assert(fl_json_fast(
        fl_json_plan_new(&arena, &plans, &place_type), (flow_str){ text, sizeof text - 1 }, &row));
    ck_assert_ptr_eq(row.city.data, text + 9);
    ck_assert_uint_eq(row.city.len, 6);
    ck_assert_int_eq(row.zip, 5003);
    fl_arena_fini(&arena);
}
END_TEST

TCase *json_fast_tests(void)
{
    const int count = (int)(sizeof cases / sizeof cases[0]);
    TCase *tests = tcase_create("json_fast");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, the_usual_form_is_taken_and_the_rest_left, 0, count);
    tcase_add_loop_test(tests, broken_texts_are_taken_only_if_the_parser_takes_them, 0, count);
    tcase_add_test(tests, texts_point_into_the_lent_bytes);
    return tests;
}
