// SPDX-License-Identifier: Apache-2.0
// Keys of every kind: canonical form, equality, fixed hashes, records, and the way back.
#include <math.h>

#include "core_unit.h"
#include "key.h"

struct place {
    flow_str city;
    double height;
};
FLOW_RECORD(place, city, height);

struct row {
    bool yes;
    int32_t i32;
    uint32_t u32;
    float f32;
    int64_t i64;
    uint64_t u64;
    double f64;
    flow_str text;
    flow_bytes raw;
    flow_time at;
    flow_duration span;
    struct place where;
};
FLOW_RECORD_OF(row, FLOW_COLUMN(row, yes), FLOW_COLUMN(row, i32), FLOW_COLUMN(row, u32),
    FLOW_COLUMN(row, f32), FLOW_COLUMN(row, i64), FLOW_COLUMN(row, u64), FLOW_COLUMN(row, f64),
    FLOW_COLUMN(row, text), FLOW_COLUMN(row, raw), FLOW_COLUMN(row, at), FLOW_COLUMN(row, span),
    FLOW_COLUMN_RECORD(row, where, place));

static flow_shape shape_of(const char *name)
{
    flow_shape shape = { .type = &row_type, .stride = sizeof(struct row) };
    const flow_field *field = name ? flow_type_field(&row_type, name) : NULL;
    if (field) {
        shape.key = field->kind;
        shape.key_record = field->record;
        shape.key_size = field->size;
        shape.key_offset = field->offset;
    }
    return shape;
}

// Gathers the keys of some rows by a field, or without one.
static struct fl_keys *gather(
    const struct row *rows, uint32_t count, const flow_shape *shape, flow_buffer *scratch)
{
    static struct fl_keys keys;
    struct fl_batch batch = { .count = count,
        .stride = sizeof(struct row),
        .type = &row_type,
        .rows = (char *)(uintptr_t)rows };
    const struct fl_view view = { &batch, NULL, count };
    memset(&keys, 0xA5, sizeof keys);
    ck_assert(fl_keys_gather(&keys, &view, shape, scratch));
    return &keys;
}

static uint64_t word_by(const char *name, struct row row)
{
    flow_buffer scratch = { 0 };
    const flow_shape shape = shape_of(name);
    const struct fl_keys *keys = gather(&row, 1, &shape, &scratch);
    ck_assert_int_eq(keys->form, FL_KEY_WORD);
    ck_assert_uint_eq(keys->hashes[0], fl_hash_word(keys->words[0]));
    flow_buffer_free(&scratch);
    return keys->words[0];
}

START_TEST(scalars_are_words)
{
    ck_assert_uint_eq(word_by(NULL, (struct row){ .i64 = 9 }), 0);
    ck_assert_uint_eq(word_by("yes", (struct row){ .yes = true }), 1);
    ck_assert_uint_eq(word_by("i32", (struct row){ .i32 = -1 }), UINT64_MAX);
    ck_assert_uint_eq(word_by("u32", (struct row){ .u32 = UINT32_MAX }), UINT32_MAX);
    ck_assert_uint_eq(word_by("i64", (struct row){ .i64 = INT64_MIN }), (uint64_t)INT64_MIN);
    ck_assert_uint_eq(word_by("u64", (struct row){ .u64 = UINT64_MAX }), UINT64_MAX);
    ck_assert_uint_eq(word_by("at", (struct row){ .at = { -5 } }), (uint64_t)-5);
    ck_assert_uint_eq(word_by("span", (struct row){ .span = { 5 } }), 5);
    ck_assert_uint_eq(word_by("f64", (struct row){ .f64 = 1.0 }), UINT64_C(0x3ff0000000000000));
    ck_assert_uint_eq(word_by("f32", (struct row){ .f32 = 1.0F }), UINT32_C(0x3f800000));
}
END_TEST

static double double_of(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

START_TEST(r21_zeros_are_one_key_and_nans_are_one_key)
{
    static const uint64_t nans[] = { UINT64_C(0x7ff8000000000000), UINT64_C(0xfff8000000000000),
        UINT64_C(0x7ff0000000000001), UINT64_C(0x7fffffffffffffff) };
    static const uint32_t short_nans[] = { 0x7fc00000, 0xffc00000, 0x7f800001, 0x7fffffff };
    for (size_t i = 0; i < COUNT_OF(nans); i++) {
        ck_assert_uint_eq(word_by("f64", (struct row){ .f64 = double_of(nans[i]) }), nans[0]);
        ck_assert_uint_eq(
            word_by("f32", (struct row){ .f32 = float_of(short_nans[i]) }), short_nans[0]);
    }
    ck_assert_uint_eq(word_by("f64", (struct row){ .f64 = -0.0 }), 0);
    ck_assert_uint_eq(word_by("f32", (struct row){ .f32 = -0.0F }), 0);
    ck_assert_uint_ne(word_by("f64", (struct row){ .f64 = INFINITY }), nans[0]);
    ck_assert_uint_ne(
        word_by("f64", (struct row){ .f64 = -1.0 }), word_by("f64", (struct row){ .f64 = 1.0 }));
}
END_TEST

START_TEST(r21_struct_equality_is_equality_of_canonical_forms)
{
    enum {
        MANY = 200
    };
    static struct row rows[MANY];
    static const char *const names[] = { "yes", "i32", "u32", "f32", "i64", "u64", "f64", "at",
        "span", "text", "raw", "where" };
    static const char *const texts[] = { "", "a", "aa", "b" };
    static const double doubles[] = { 0.0, -0.0, 1.5, -1.5 };
    uint64_t random = 11;
    for (int i = 0; i < MANY; i++) {
        const uint64_t r = next_random(&random);
        memset(&rows[i], r & 1 ? 0xff : 0, sizeof rows[i]); // padding differs
        const int n = (int)(r >> 8 & 3) - 1;
        const flow_str text = flow_str_of(texts[r >> 16 & 3]);
        rows[i].yes = n > 0;
        rows[i].i32 = n;
        rows[i].u32 = (uint32_t)n;
        rows[i].i64 = n;
        rows[i].u64 = (uint64_t)n;
        rows[i].f64 = r >> 24 & 1 ? doubles[r >> 32 & 3] : (double)NAN;
        rows[i].f32 = (float)rows[i].f64;
        rows[i].at.us = n;
        rows[i].span.us = n;
        rows[i].text = text;
        rows[i].raw = (flow_bytes){ text.data, text.len };
        rows[i].where.city = text;
        rows[i].where.height = rows[i].f64;
    }
    const char *name = names[_i];
    const flow_field *field = flow_type_field(&row_type, name);
    flow_buffer scratch = { 0 };
    const flow_shape shape = shape_of(name);
    const struct fl_keys *keys = gather(rows, MANY, &shape, &scratch);
    for (int a = 0; a < MANY; a++) {
        for (int b = 0; b < MANY; b++) {
            flow_buffer x = { 0 }, y = { 0 };
            flow_encode_value(
                field->kind, field->record, (const char *)&rows[a] + field->offset, &x);
            flow_encode_value(
                field->kind, field->record, (const char *)&rows[b] + field->offset, &y);
            const bool equal = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
            ck_assert_int_eq(equal, keys->form == FL_KEY_WORD
                                        ? keys->words[a] == keys->words[b]
                                        : flow_str_equal(keys->bytes[a], keys->bytes[b]));
            if (equal)
                ck_assert_uint_eq(keys->hashes[a], keys->hashes[b]);
            flow_buffer_free(&x);
            flow_buffer_free(&y);
        }
    }
    flow_buffer_free(&scratch);
}
END_TEST

START_TEST(text_is_its_bytes_and_is_not_copied)
{
    struct row rows[2] = { { .text = { "a\0b", 3 }, .raw = { "xyz", 3 } },
        { .text = { NULL, 0 } } };
    flow_buffer scratch = { 0 };
    flow_shape shape = shape_of("text");
    const struct fl_keys *keys = gather(rows, 2, &shape, &scratch);
    ck_assert_int_eq(keys->form, FL_KEY_BYTES);
    ck_assert_ptr_eq(keys->bytes[0].data, rows[0].text.data);
    ck_assert_uint_eq(keys->bytes[0].len, 3);
    ck_assert_uint_eq(keys->bytes[1].len, 0);
    ck_assert_uint_eq(keys->hashes[0], fl_hash_bytes(rows[0].text));
    shape = shape_of("raw");
    keys = gather(rows, 2, &shape, &scratch);
    ck_assert_ptr_eq(keys->bytes[0].data, rows[0].raw.data);
    ck_assert_uint_eq(scratch.len, 0);
}
END_TEST

// These numbers decide which shard a key lies in; snapshots and other workers rely on them.
START_TEST(hashes_never_change)
{
    static const uint64_t words[][2] = { { 0, UINT64_C(0x680771a7c7c8e95a) },
        { 1, UINT64_C(0x4497ca5e0168a099) }, { UINT64_MAX, UINT64_C(0x34e57e610c1cf24a) },
        { UINT64_C(0x3ff0000000000000), UINT64_C(0x2ab2222e1ddc09f9) } };
    static const struct {
        const char *text;
        uint64_t hash;
    } texts[] = { { "", UINT64_C(0x5afa9ae58a4e52d0) }, { "a", UINT64_C(0xb58ecc3a766a5b4c) },
        { "hat-88", UINT64_C(0x775a9143e5c9bf43) }, { "/shoes", UINT64_C(0x7b4337e4b78c5a04) },
        { "a key that is longer than the sixteen bytes that xxHash treats apart",
            UINT64_C(0xd3075a25f1dde8dc) } };
    for (size_t i = 0; i < COUNT_OF(words); i++)
        ck_assert_uint_eq(fl_hash_word(words[i][0]), words[i][1]);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        ck_assert_uint_eq(fl_hash_bytes(flow_str_of(texts[i].text)), texts[i].hash);
}
END_TEST

START_TEST(selected_rows_are_gathered_in_their_order)
{
    struct row rows[10] = { { .yes = false } };
    const uint16_t selection[] = { 1, 4, 9 };
    static struct fl_keys keys;
    flow_buffer scratch = { 0 };
    struct fl_batch batch = {
        .count = 10, .stride = sizeof rows[0], .type = &row_type, .rows = (char *)rows
    };
    const struct fl_view view = { &batch, selection, 3 };
    for (int i = 0; i < 10; i++) {
        rows[i].i64 = i * 100;
        rows[i].where.city = flow_str_of(i % 2 ? "odd" : "even");
    }
    flow_shape shape = shape_of("i64");
    ck_assert(fl_keys_gather(&keys, &view, &shape, &scratch));
    ck_assert_uint_eq(keys.words[0], 100);
    ck_assert_uint_eq(keys.words[1], 400);
    ck_assert_uint_eq(keys.words[2], 900);
    shape = shape_of("where");
    ck_assert(fl_keys_gather(&keys, &view, &shape, &scratch));
    ck_assert(flow_str_equal(keys.bytes[0], keys.bytes[2]));
    ck_assert(!flow_str_equal(keys.bytes[0], keys.bytes[1]));
    flow_buffer_free(&scratch);
}
END_TEST

START_TEST(keys_of_columns_are_those_of_rows)
{
    int64_t numbers[] = { 3, -3, 0 };
    flow_str texts[] = { { "x", 1 }, { "yy", 2 }, { NULL, 0 } };
    const void *columns[12] = { NULL };
    static struct fl_keys keys;
    flow_buffer scratch = { 0 };
    columns[4] = numbers;
    columns[7] = texts;
    struct fl_batch batch = {
        .count = 3, .stride = sizeof(struct row), .type = &row_type, .columns = columns
    };
    const struct fl_view view = { &batch, NULL, 3 };
    flow_shape shape = shape_of("i64");
    ck_assert(fl_keys_gather(&keys, &view, &shape, &scratch));
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(keys.words[i], (uint64_t)numbers[i]);
    shape = shape_of("text");
    ck_assert(fl_keys_gather(&keys, &view, &shape, &scratch));
    for (int i = 0; i < 3; i++)
        ck_assert(flow_str_equal(keys.bytes[i], texts[i]));
}
END_TEST

START_TEST(written_key_is_the_one_that_was_gathered)
{
    static const char *const names[] = { "yes", "i32", "u32", "f32", "i64", "u64", "f64", "text",
        "raw", "at", "span", "where" };
    const struct row row = { true, -7, 4000000000U, -2.5F, INT64_MIN, UINT64_MAX, 1e300,
        { "text", 4 }, { "raw", 3 }, { -1 }, { 1 }, { { "Ulm", 3 }, 478.0 } };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        flow_buffer scratch = { 0 };
        const flow_shape shape = shape_of(names[i]);
        const flow_field *field = flow_type_field(&row_type, names[i]);
        const struct fl_keys *keys = gather(&row, 1, &shape, &scratch);
        struct row back;
        memset(&back, 0, sizeof back);
        const flow_str none = { NULL, 0 };
        const bool word = keys->form == FL_KEY_WORD;
        ck_assert(fl_key_write(&shape, word ? keys->words[0] : 0, word ? none : keys->bytes[0],
            (char *)&back + field->offset));
        const flow_type one = { "one", sizeof(struct row), 8, 1, field };
        ck_assert(flow_row_equal(&one, &row, &back));
        flow_buffer_free(&scratch);
    }
}
END_TEST

START_TEST(record_that_does_not_decode_is_refused)
{
    const flow_shape shape = shape_of("where");
    struct place place;
    ck_assert(!fl_key_write(&shape, 0, (flow_str){ "\x05Ul", 3 }, &place));
}
END_TEST

static void *refuse(void *user, size_t size, size_t align)
{
    (void)user, (void)size, (void)align;
    return NULL;
}

static void never(void *user, void *memory, size_t size)
{
    (void)user, (void)memory, (void)size;
}

START_TEST(gathering_records_without_memory_says_so)
{
    const flow_allocator none = { refuse, never, NULL };
    flow_buffer scratch = { .allocator = &none };
    static struct fl_keys keys;
    struct row row = { .where = { { "Ulm", 3 }, 478.0 } };
    struct fl_batch batch = {
        .count = 1, .stride = sizeof row, .type = &row_type, .rows = (char *)&row
    };
    const struct fl_view view = { &batch, NULL, 1 };
    const flow_shape shape = shape_of("where");
    ck_assert(!fl_keys_gather(&keys, &view, &shape, &scratch));
}
END_TEST

TCase *key_unit_tests(void)
{
    TCase *tests = tcase_create("key.c");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, scalars_are_words);
    tcase_add_test(tests, r21_zeros_are_one_key_and_nans_are_one_key);
    tcase_add_loop_test(tests, r21_struct_equality_is_equality_of_canonical_forms, 0, 12);
    tcase_add_test(tests, text_is_its_bytes_and_is_not_copied);
    tcase_add_test(tests, hashes_never_change);
    tcase_add_test(tests, selected_rows_are_gathered_in_their_order);
    tcase_add_test(tests, keys_of_columns_are_those_of_rows);
    tcase_add_test(tests, written_key_is_the_one_that_was_gathered);
    tcase_add_test(tests, record_that_does_not_decode_is_refused);
    tcase_add_test(tests, gathering_records_without_memory_says_so);
    return tests;
}
