// SPDX-License-Identifier: Apache-2.0
// Rows of an older record read as a newer one, and what cannot be said in words.
#include <flow/evolve.h>

#include "rows.h"

TCase *evolve_tests(void);

struct old_line {
    int32_t id;
    float weight;
    uint32_t parts;
};
FLOW_RECORD(old_line, id, weight, parts);

struct old_sale {
    int32_t count;
    uint32_t size;
    float price;
    flow_str name;
    struct old_line first;
    flow_list lines;
    flow_list scores;
    int64_t note;
    bool has_note;
};
static const flow_field old_sale_fields_[] = {
    FLOW_COLUMN(old_sale, count),
    FLOW_COLUMN(old_sale, size),
    FLOW_COLUMN(old_sale, price),
    FLOW_COLUMN(old_sale, name),
    FLOW_COLUMN_RECORD(old_sale, first, old_line),
    FLOW_COLUMN_LIST(old_sale, lines, old_line),
    FLOW_COLUMN_LIST_OF(old_sale, scores, FLOW_KIND_I32),
    FLOW_COLUMN_OPTIONAL(old_sale, note, has_note),
};
FLOW_RECORD_TYPE_(old_sale);

struct new_line {
    double weight;
    int64_t id;
    int64_t parts;
    flow_str colour;
    bool has_colour;
};
FLOW_RECORD_OF(new_line, FLOW_COLUMN(new_line, weight), FLOW_COLUMN(new_line, id),
    FLOW_COLUMN(new_line, parts), FLOW_COLUMN_OPTIONAL(new_line, colour, has_colour));

struct new_sale {
    flow_str called; // "name" outside
    double price;
    bool has_price;
    int64_t count;
    uint64_t size;
    flow_list lines;
    flow_list scores;
    struct new_line first;
    int64_t note;
    bool has_note;
    flow_time since;
    bool has_since;
};
static const flow_field new_sale_fields_[] = {
    FLOW_COLUMN_AS(new_sale, called, "name"),
    FLOW_COLUMN_OPTIONAL(new_sale, price, has_price),
    FLOW_COLUMN(new_sale, count),
    FLOW_COLUMN(new_sale, size),
    FLOW_COLUMN_LIST(new_sale, lines, new_line),
    FLOW_COLUMN_LIST_OF(new_sale, scores, FLOW_KIND_I64),
    FLOW_COLUMN_RECORD(new_sale, first, new_line),
    FLOW_COLUMN_OPTIONAL(new_sale, note, has_note),
    FLOW_COLUMN_OPTIONAL(new_sale, since, has_since),
};
FLOW_RECORD_TYPE_(new_sale);

static flow_str bytes_of(const flow_buffer *buffer)
{
    return (flow_str){ buffer->data, buffer->len };
}

static flow_evolution *evolve(
    const flow_type *old, const flow_type *now, flow_evolution_rule rule, flow_error *error)
{
    flow_buffer description = { 0 };
    flow_type_describe(old, &description);
    flow_evolution *evolution = flow_evolution_new(bytes_of(&description), now, rule, NULL, error);
    flow_buffer_free(&description);
    return evolution;
}

static void expect_refused(
    const flow_type *old, const flow_type *now, flow_evolution_rule rule, const char *sentence)
{
    flow_error error = { 0 };
    ck_assert_ptr_null(evolve(old, now, rule, &error));
    ck_assert_int_eq(error.status, FLOW_TYPE);
    ck_assert_str_eq(error.message, sentence);
}

START_TEST(moved_widened_and_optional_fields_are_read)
{
    const struct old_line lines[2] = { { -7, 1.5f, UINT32_MAX }, { 8, -0.25f, 0 } };
    const int32_t scores[3] = { 1, INT32_MIN, 3 };
    const struct old_sale old = { .count = -5,
        .size = UINT32_MAX,
        .price = 2.5f,
        .name = flow_str_of("bolt"),
        .first = lines[0],
        .lines = { lines, 2 },
        .scores = { scores, 3 },
        .note = 9,
        .has_note = true };
    flow_error error = { 0 };
    flow_evolution *evolution =
        evolve(&old_sale_type, &new_sale_type, FLOW_EVOLVE_COMPATIBLE, &error);
    ck_assert_msg(evolution != NULL, "%s", error.message);
    ck_assert(!flow_evolution_same(evolution));
    flow_buffer stored = { 0 };
    flow_encode(&old_sale_type, &old, &stored);
    flow_encode(&old_sale_type, &old, &stored);
    struct rows_memory memory = { .room = 100 };
    const flow_memory lent = { rows_take, &memory };
    flow_str from = bytes_of(&stored);
    for (int i = 0; i < 2; i++) { // the scratch of the first is used again
        struct new_sale now;
        ck_assert_int_eq(flow_evolution_decode(evolution, &from, &now, &lent, &error), FLOW_OK);
        ck_assert(flow_str_equal(now.called, flow_str_of("bolt")));
        ck_assert(now.has_price && now.price == 2.5);
        ck_assert_int_eq(now.count, -5);
        ck_assert_uint_eq(now.size, UINT32_MAX);
        ck_assert(now.has_note && now.note == 9);
        ck_assert(!now.has_since && now.since.us == 0);
        ck_assert_uint_eq(now.lines.count, 2);
        const struct new_line *got = now.lines.items;
        ck_assert(got[0].id == -7 && got[0].weight == 1.5 && got[0].parts == UINT32_MAX);
        ck_assert(got[1].id == 8 && got[1].weight == -0.25 && !got[1].has_colour);
        ck_assert_uint_eq(now.scores.count, 3);
        ck_assert_int_eq(((const int64_t *)now.scores.items)[1], INT32_MIN);
        ck_assert_int_eq(now.first.id, -7);
    }
    ck_assert_uint_eq(from.len, 0);
    flow_evolution_free(evolution);
    flow_buffer_free(&stored);
    rows_memory_free(&memory);
}
END_TEST

START_TEST(what_was_absent_stays_absent)
{
    const struct old_sale old = { .note = 9 };
    flow_error error = { 0 };
    flow_evolution *evolution =
        evolve(&old_sale_type, &new_sale_type, FLOW_EVOLVE_COMPATIBLE, &error);
    flow_buffer stored = { 0 };
    flow_encode(&old_sale_type, &old, &stored);
    flow_str from = bytes_of(&stored);
    struct new_sale now;
    ck_assert_int_eq(flow_evolution_decode(evolution, &from, &now, NULL, &error), FLOW_OK);
    ck_assert(!now.has_note && now.note == 0 && now.has_price);
    ck_assert_uint_eq(now.lines.count, 0);
    flow_evolution_free(evolution);
    flow_buffer_free(&stored);
}
END_TEST

START_TEST(going_back_says_every_field_that_is_lost)
{
    expect_refused(&new_sale_type, &old_sale_type, FLOW_EVOLVE_COMPATIBLE,
        "record \"old_sale\": field \"count\" is an int64 in the snapshot and an int32 in the "
        "program; field \"size\" is a uint64 in the snapshot and a uint32 in the program; field "
        "\"price\" is a double in the snapshot and a float in the program; field \"first.id\" is "
        "an int64 in the snapshot and an int32 in the program; field \"first.weight\" is a double "
        "in the snapshot and a float in the program; and 8 more");
}
END_TEST

struct wide {
    int64_t a;
    double b;
};
FLOW_RECORD(wide, a, b);

struct wider {
    int64_t a;
    double b;
    int64_t c;
};
FLOW_RECORD(wider, a, b, c);

struct turned {
    double b;
    int64_t a;
};
FLOW_RECORD(turned, b, a);

struct maybe {
    int64_t a;
    bool has_a;
    double b;
};
FLOW_RECORD_OF(maybe, FLOW_COLUMN_OPTIONAL(maybe, a, has_a), FLOW_COLUMN(maybe, b));

struct texts {
    flow_str a;
    flow_list b;
};
FLOW_RECORD_OF(texts, FLOW_COLUMN(texts, a), FLOW_COLUMN_LIST_OF(texts, b, FLOW_KIND_F64));

START_TEST(every_other_difference_is_refused_in_words)
{
    expect_refused(&wide_type, &wider_type, FLOW_EVOLVE_COMPATIBLE,
        "record \"wider\": field \"c\" is in the program and not in the snapshot, and only "
        "optional fields can be added");
    expect_refused(&wider_type, &wide_type, FLOW_EVOLVE_COMPATIBLE,
        "record \"wide\": field \"c\" is in the snapshot and not in the program");
    expect_refused(&maybe_type, &wide_type, FLOW_EVOLVE_COMPATIBLE,
        "record \"wide\": field \"a\" is optional in the snapshot and not in the program");
    expect_refused(&wide_type, &texts_type, FLOW_EVOLVE_COMPATIBLE,
        "record \"texts\": field \"a\" is an int64 in the snapshot and a text in the program; "
        "field \"b\" is a double in the snapshot and a list of double in the program");
}
END_TEST

START_TEST(r21_keys_must_mean_the_same)
{
    flow_error error = { 0 };
    flow_evolution *same = evolve(&wide_type, &wide_type, FLOW_EVOLVE_NEVER, &error);
    ck_assert_msg(same != NULL, "%s", error.message);
    ck_assert(flow_evolution_same(same));
    flow_evolution_free(same);
    expect_refused(&wide_type, &turned_type, FLOW_EVOLVE_NEVER,
        "record \"turned\": field \"b\" has another place in the snapshot than in the program; "
        "field \"a\" has another place in the snapshot than in the program");
    expect_refused(&wide_type, &maybe_type, FLOW_EVOLVE_NEVER,
        "record \"maybe\": field \"a\" is optional in the program and not in the snapshot");
    expect_refused(&wide_type, &wider_type, FLOW_EVOLVE_NEVER,
        "record \"wider\": field \"c\" is in the program and not in the snapshot");
}
END_TEST

START_TEST(an_unchanged_record_is_read_as_flow_decode_does)
{
    struct rows_random random = { .state = 11 };
    struct rows_memory memory = { .room = 4000 };
    const flow_memory lent = { rows_take, &memory };
    flow_error error = { 0 };
    flow_evolution *evolution = evolve(&all_type, &all_type, FLOW_EVOLVE_COMPATIBLE, &error);
    ck_assert_msg(evolution != NULL, "%s", error.message);
    ck_assert(flow_evolution_same(evolution));
    for (int i = 0; i < 50; i++) {
        struct all row, back;
        flow_buffer stored = { 0 };
        rows_all(&random, &memory, &row);
        flow_encode(&all_type, &row, &stored);
        flow_str from = bytes_of(&stored);
        ck_assert_int_eq(flow_evolution_decode(evolution, &from, &back, &lent, &error), FLOW_OK);
        ck_assert(rows_same_encoded(&all_type, &row, &back));
        flow_buffer_free(&stored);
    }
    flow_evolution_free(evolution);
    rows_memory_free(&memory);
}
END_TEST

TCase *evolve_tests(void)
{
    TCase *tests = tcase_create("evolve");
    tcase_add_test(tests, moved_widened_and_optional_fields_are_read);
    tcase_add_test(tests, what_was_absent_stays_absent);
    tcase_add_test(tests, going_back_says_every_field_that_is_lost);
    tcase_add_test(tests, every_other_difference_is_refused_in_words);
    tcase_add_test(tests, r21_keys_must_mean_the_same);
    tcase_add_test(tests, an_unchanged_record_is_read_as_flow_decode_does);
    return tests;
}
