// SPDX-License-Identifier: Apache-2.0
// Tests equality of rows and how they come to own their bytes.
#include "rows.h"

TCase *row_tests(void);

static const double minus_zero = -0.0, zero = 0.0, one = 1.0;

START_TEST(r21_row_equality_is_equality_of_encoded_bytes_for_every_kind)
{
    struct rows_random random = { .state = (uint64_t)_i * 77 + 5 };
    struct rows_memory memory = { .room = SIZE_MAX };
    for (int round = 0; round < 300; round++) {
        struct all a, b;
        rows_all(&random, &memory, &a);
        b = a;
        // One random field of the copy is exchanged for that of another row, equal or not.
        struct all other;
        rows_all(&random, &memory, &other);
        const uint64_t pick = rows_next(&random) % (flat_type.field_count + all_type.field_count);
        const bool inner = pick < flat_type.field_count;
        const flow_field *field =
            inner ? &flat_type.fields[pick] : &all_type.fields[pick - flat_type.field_count];
        char *to = (char *)&b + field->offset;
        memcpy(to, (const char *)&other + field->offset, field->size);
        if (field->presence)
            memcpy((char *)&b + field->presence - 1, (const char *)&other + field->presence - 1, 1);
        ck_assert_int_eq(flow_row_equal(&all_type, &a, &b), rows_same_encoded(&all_type, &a, &b));
        ck_assert(flow_row_equal(&all_type, &a, &a));
        rows_memory_free(&memory);
    }
}
END_TEST

START_TEST(r21_negative_zero_nan_and_padding_do_not_matter)
{
    struct flat a, b;
    memset(&a, 0x00, sizeof a);
    memset(&b, 0xFF, sizeof b);
    for (uint32_t i = 0; i < flat_type.field_count; i++) {
        const flow_field *field = &flat_type.fields[i];
        memset((char *)&b + field->offset, 0, field->presence ? 0 : field->size);
    }
    b.has_note = b.has_rate = b.has_when = false;
    const uint64_t nans[2] = { UINT64_C(0x7FF8000000000000), UINT64_C(0xFFF0000000000123) };
    memcpy(&a.f64, &nans[0], sizeof a.f64);
    memcpy(&b.f64, &nans[1], sizeof b.f64);
    a.f32 = (float)zero;
    b.f32 = (float)minus_zero;
    ck_assert(flow_row_equal(&flat_type, &a, &b));
    ck_assert(rows_same_encoded(&flat_type, &a, &b));
    b.f64 = one;
    ck_assert(!flow_row_equal(&flat_type, &a, &b));
}
END_TEST

static bool everything_is_safe(void *user, const void *data, size_t len)
{
    (void)data;
    *(size_t *)user += len;
    return true;
}

START_TEST(an_adopted_row_lives_on_without_its_old_bytes)
{
    struct rows_random random = { .state = (uint64_t)_i + 11 };
    struct rows_memory lent = { .room = SIZE_MAX }, kept = { .room = SIZE_MAX };
    const flow_memory take = { rows_take, &kept };
    for (int round = 0; round < 100; round++) {
        struct all row;
        flow_buffer before = { .len = 0 }, after = { .len = 0 };
        rows_all(&random, &lent, &row);
        flow_encode(&all_type, &row, &before);
        ck_assert_int_eq(flow_row_adopt(&all_type, &row, &take, NULL, NULL), FLOW_OK);
        rows_memory_free(&lent);
        flow_encode(&all_type, &row, &after);
        ck_assert_uint_eq(before.len, after.len);
        ck_assert_mem_eq(before.data, after.data, before.len);
        flow_buffer_free(&before);
        flow_buffer_free(&after);
        rows_memory_free(&kept);
    }
}
END_TEST

START_TEST(what_is_safe_is_not_copied)
{
    struct rows_random random = { .state = 3 };
    struct rows_memory lent = { .room = SIZE_MAX }, none = { .room = 0 };
    const flow_memory take = { rows_take, &none };
    for (int round = 0; round < 100; round++) {
        struct all row;
        size_t asked = 0;
        rows_all(&random, &lent, &row);
        ck_assert_int_eq(
            flow_row_adopt(&all_type, &row, &take, everything_is_safe, &asked), FLOW_OK);
        ck_assert_uint_eq(none.count, 0);
        rows_memory_free(&lent);
    }
}
END_TEST

static bool only_lists_are_safe(void *user, const void *data, size_t len)
{
    const flow_list *list = user;
    (void)len;
    return data == list->items;
}

START_TEST(a_safe_list_of_unsafe_texts_is_copied_and_not_written_to)
{
    char text[] = "lent";
    const flow_str lent[1] = { { text, 4 } };
    struct all row;
    memset(&row, 0, sizeof row);
    row.tags = (flow_list){ lent, 1 };
    flow_list tags = row.tags;
    struct rows_memory memory = { .room = SIZE_MAX };
    const flow_memory take = { rows_take, &memory };
    ck_assert_int_eq(flow_row_adopt(&all_type, &row, &take, only_lists_are_safe, &tags), FLOW_OK);
    memcpy(text, "gone", 4);
    ck_assert_ptr_eq(lent[0].data, text);
    const flow_str *kept = row.tags.items;
    ck_assert_ptr_ne(kept, lent);
    ck_assert(flow_str_equal(kept[0], flow_str_of("lent")));
    rows_memory_free(&memory);
}
END_TEST

START_TEST(without_memory_adopting_fails_and_every_pointer_stays_good)
{
    struct rows_random random = { .state = 8 };
    for (size_t room = 0; room < 12; room++) {
        struct rows_memory lent = { .room = SIZE_MAX }, kept = { .room = room };
        const flow_memory take = { rows_take, &kept };
        struct all row;
        flow_buffer before = { .len = 0 }, after = { .len = 0 };
        rows_all(&random, &lent, &row);
        flow_encode(&all_type, &row, &before);
        const flow_status status = flow_row_adopt(&all_type, &row, &take, NULL, NULL);
        ck_assert(status == FLOW_MEMORY || (status == FLOW_OK && kept.room < SIZE_MAX));
        ck_assert(room > 0 || status == FLOW_MEMORY);
        flow_encode(&all_type, &row, &after);
        ck_assert_mem_eq(before.data, after.data, before.len);
        flow_buffer_free(&before);
        flow_buffer_free(&after);
        rows_memory_free(&lent);
        rows_memory_free(&kept);
    }
}
END_TEST

TCase *row_tests(void)
{
    TCase *tests = tcase_create("row");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, r21_row_equality_is_equality_of_encoded_bytes_for_every_kind, 0, 8);
    tcase_add_test(tests, r21_negative_zero_nan_and_padding_do_not_matter);
    tcase_add_loop_test(tests, an_adopted_row_lives_on_without_its_old_bytes, 0, 4);
    tcase_add_test(tests, what_is_safe_is_not_copied);
    tcase_add_test(tests, a_safe_list_of_unsafe_texts_is_copied_and_not_written_to);
    tcase_add_test(tests, without_memory_adopting_fails_and_every_pointer_stays_good);
    return tests;
}
