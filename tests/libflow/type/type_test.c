// SPDX-License-Identifier: Apache-2.0
// Tests declarations: the check, equality, fingerprints.
#include <inttypes.h>
#include <stdio.h>

#include "rows.h"

TCase *type_tests(void);

struct sample {
    int32_t id;
    bool has_price;
    double price;
    flow_str name;
};
static const flow_field sample_fields[] = {
    FLOW_COLUMN(sample, id),
    FLOW_COLUMN_OPTIONAL(sample, price, has_price),
    FLOW_COLUMN_AS(sample, name, "title"),
};

// A copy of the sample's declaration, to be spoilt.
struct copy {
    flow_field fields[3];
    flow_type type;
};

static void copy_init(struct copy *copy)
{
    memcpy(copy->fields, sample_fields, sizeof sample_fields);
    copy->type =
        (flow_type){ "sample", sizeof(struct sample), _Alignof(struct sample), 3, copy->fields };
}

static void expect(const flow_type *type, const char *sentence)
{
    flow_error error = { .status = FLOW_OK };
    const flow_status status = flow_type_check(type, &error);
    if (!sentence)
        ck_assert_msg(status == FLOW_OK, "%s", error.message);
    else
        ck_assert_int_eq(status, FLOW_TYPE);
    if (sentence)
        ck_assert_str_eq(error.message, sentence);
}

START_TEST(good_declarations_pass)
{
    struct copy copy;
    copy_init(&copy);
    expect(&copy.type, NULL);
    expect(&place_type, NULL);
    expect(&leg_type, NULL);
    expect(&flat_type, NULL);
    expect(&all_type, NULL);
}
END_TEST

struct forgetful {
    int64_t first;
    int64_t forgotten;
    int64_t last;
};
FLOW_RECORD_OF(forgetful, FLOW_COLUMN(forgetful, first), FLOW_COLUMN(forgetful, last));

struct unfinished {
    int64_t first;
    int64_t forgotten;
};
FLOW_RECORD_OF(unfinished, FLOW_COLUMN(unfinished, first));

struct swapped {
    int64_t first;
    int64_t second;
};
FLOW_RECORD(swapped, second, first);

struct hiding {
    int64_t first;
    bool forgotten;
    bool has_last;
    int64_t last;
};
FLOW_RECORD_OF(hiding, FLOW_COLUMN(hiding, first), FLOW_COLUMN_OPTIONAL(hiding, last, has_last));

struct hiding_last {
    int64_t first;
    bool forgotten;
    bool has_first;
};
FLOW_RECORD_OF(hiding_last, FLOW_COLUMN_OPTIONAL(hiding_last, first, has_first));

START_TEST(a_forgotten_field_is_found)
{
    expect(&forgetful_type, "record \"forgetful\", field \"last\": begins at byte 16, the members "
                            "declared before it end at byte 8: one is not declared, or they are "
                            "out of order");
    expect(&unfinished_type, "record \"unfinished\": has 16 bytes, its declared members end at "
                             "byte 8: the last is not declared");
    expect(&swapped_type, "record \"swapped\", field \"second\": begins at byte 8, the members "
                          "declared before it end at byte 0: one is not declared, or they are out "
                          "of order");
    expect(&hiding_type, "record \"hiding\", field \"last\": begins at byte 16, the members "
                         "declared before it end at byte 8: one is not declared, or they are out "
                         "of order");
    expect(&hiding_last_type, "record \"hiding_last\": has 16 bytes, its declared members end at "
                              "byte 8: the last is not declared");
}
END_TEST

struct told {
    bool paid;
    int64_t amount;
};
FLOW_RECORD_OF(told, FLOW_COLUMN(told, paid), FLOW_COLUMN_OPTIONAL(told, amount, paid));

START_TEST(a_field_may_tell_of_another_but_not_of_itself)
{
    expect(&told_type, NULL);
    flow_field fields[2] = { told_fields_[0], told_fields_[1] };
    flow_type type = told_type;
    type.fields = fields;
    fields[0].presence = 1;
    expect(&type, "record \"told\", field \"paid\": is its own presence member");
    fields[0].presence = 0;
    fields[1].presence = 100;
    expect(&type, "record \"told\", field \"amount\": has its presence member outside the struct");
    fields[1].presence = 1 + 9;
    expect(&type, "record \"told\", field \"amount\": lies over a presence member");
}
END_TEST

START_TEST(what_disagrees_is_named)
{
    struct copy copy;
    copy_init(&copy);
    copy.fields[0].size = 8;
    expect(&copy.type, "record \"sample\", field \"id\": has 8 bytes, a int32 has 4");
    copy_init(&copy);
    copy.fields[0].kind = (flow_kind)77;
    expect(&copy.type, "record \"sample\", field \"id\": has a kind that does not exist");
    copy_init(&copy);
    copy.fields[0].item = FLOW_KIND_STR;
    expect(&copy.type, "record \"sample\", field \"id\": has an item kind but is no list");
    copy_init(&copy);
    copy.fields[0].record = &place_type;
    expect(&copy.type, "record \"sample\", field \"id\": names a record type but is no record");
    copy_init(&copy);
    copy.fields[2].kind = FLOW_KIND_RECORD;
    expect(
        &copy.type, "record \"sample\", field \"name\": does not say of which record type it is");
    copy_init(&copy);
    copy.fields[2].kind = FLOW_KIND_LIST;
    expect(&copy.type, "record \"sample\", field \"name\": is a list of what cannot be in a list");
    copy_init(&copy);
    copy.fields[2].as = "price";
    expect(&copy.type, "record \"sample\", field \"name\": has the outside name \"price\" of field "
                       "\"price\"");
    copy_init(&copy);
    copy.fields[2].as = "";
    expect(&copy.type, "record \"sample\", field \"name\": has an empty outside name");
    copy_init(&copy);
    copy.fields[1].name = NULL;
    expect(&copy.type, "record \"sample\": field number 2 has no name");
}
END_TEST

START_TEST(shapes_that_cannot_be_are_refused)
{
    struct copy copy;
    copy_init(&copy);
    copy.type.field_count = 0;
    expect(&copy.type, "record \"sample\": has no fields");
    copy_init(&copy);
    copy.type.align = 12;
    expect(&copy.type, "record \"sample\": has an alignment that is no power of two");
    copy_init(&copy);
    copy.type.size = 40000;
    expect(&copy.type, "record \"sample\": has 40000 bytes, at most 32768 fit");
    copy_init(&copy);
    copy.type.name = NULL;
    expect(&copy.type, "a record has no name");
    expect(NULL, "no record type was given");
}
END_TEST

struct over_aligned {
    _Alignas(16) int64_t number;
    int64_t other;
};
FLOW_RECORD(over_aligned, number, other);
struct over_list {
    flow_list items;
};
FLOW_RECORD_OF(over_list, FLOW_COLUMN_LIST(over_list, items, over_aligned));

START_TEST(list_items_of_more_than_eight_byte_alignment_are_refused)
{
    expect(&over_aligned_type, NULL);
    expect(&over_list_type,
        "record \"over_list\", field \"items\": has items that want more than 8-byte alignment");
}
END_TEST

static const flow_type endless;
static const flow_field endless_fields[] = {
    { .name = "children",
        .kind = FLOW_KIND_LIST,
        .size = sizeof(flow_list),
        .item = FLOW_KIND_RECORD,
        .record = &endless },
};
static const flow_type endless = { "endless", sizeof(flow_list), _Alignof(flow_list), 1,
    endless_fields };

START_TEST(endless_nesting_is_refused_and_ends)
{
    expect(&endless, "record \"endless\": is nested more than 8 deep");
    ck_assert(flow_type_has_pointers(&endless));
    ck_assert(!flow_type_has_classified(&endless));
    ck_assert_uint_ne(flow_type_fingerprint(&endless), 0);
    const flow_type twin = endless;
    ck_assert(flow_type_equal(&endless, &twin));
}
END_TEST

START_TEST(equal_declarations_are_equal_and_others_are_not)
{
    struct copy a, b;
    copy_init(&a);
    copy_init(&b);
    ck_assert(flow_type_equal(&a.type, &b.type));
    ck_assert(flow_type_equal(&all_type, &all_type));
    ck_assert(!flow_type_equal(&a.type, &place_type));
    ck_assert(!flow_type_equal(&a.type, NULL));
    b.fields[2].as = "other";
    ck_assert(!flow_type_equal(&a.type, &b.type));
    copy_init(&b);
    b.fields[0].kind = FLOW_KIND_U32;
    ck_assert(!flow_type_equal(&a.type, &b.type));
    copy_init(&b);
    b.fields[1].presence = 0;
    ck_assert(!flow_type_equal(&a.type, &b.type));
    copy_init(&b);
    b.type.name = "other";
    ck_assert(!flow_type_equal(&a.type, &b.type));
    copy_init(&b);
    b.fields[2].as = "title";
    b.fields[2].doc = "shown to readers";
    ck_assert(flow_type_equal(&a.type, &b.type));
}
END_TEST

START_TEST(fingerprints_never_change)
{
    struct copy copy;
    copy_init(&copy);
    ck_assert_uint_eq(flow_type_fingerprint(&place_type), UINT64_C(0x7FDF2C826753A3A5));
    ck_assert_uint_eq(flow_type_fingerprint(&leg_type), UINT64_C(0xEBBE0E2D63E6D98B));
    ck_assert_uint_eq(flow_type_fingerprint(&flat_type), UINT64_C(0x6B4470A50C59D460));
    ck_assert_uint_eq(flow_type_fingerprint(&all_type), UINT64_C(0xB4E8BDF270721DC0));
    ck_assert_uint_eq(flow_type_fingerprint(&copy.type), UINT64_C(0x42521D6DB34A4C04));
}
END_TEST

START_TEST(a_fingerprint_is_about_the_outside_and_not_the_layout)
{
    struct copy copy;
    copy_init(&copy);
    const uint64_t whole = flow_type_fingerprint(&copy.type);
    copy.fields[1].offset += 64;
    copy.fields[1].presence += 64;
    copy.fields[2].name = "renamed";
    copy.fields[2].classified = true;
    copy.type.name = "renamed";
    copy.type.size += 64;
    ck_assert_uint_eq(flow_type_fingerprint(&copy.type), whole);
    copy.fields[2].as = "other";
    ck_assert_uint_ne(flow_type_fingerprint(&copy.type), whole);
    copy_init(&copy);
    copy.fields[1].presence = 0;
    ck_assert_uint_ne(flow_type_fingerprint(&copy.type), whole);
    copy_init(&copy);
    copy.fields[0].kind = FLOW_KIND_U32;
    ck_assert_uint_ne(flow_type_fingerprint(&copy.type), whole);
    copy_init(&copy);
    copy.type.field_count = 2;
    ck_assert_uint_ne(flow_type_fingerprint(&copy.type), whole);
}
END_TEST

START_TEST(fields_are_found_by_their_struct_name)
{
    struct copy copy;
    copy_init(&copy);
    ck_assert_ptr_eq(flow_type_field(&copy.type, "name"), &copy.fields[2]);
    ck_assert_ptr_null(flow_type_field(&copy.type, "title"));
    ck_assert_ptr_null(flow_type_field(&copy.type, NULL));
}
END_TEST

struct secret {
    struct place home;
    int64_t id;
};
static const flow_field secret_place_fields[] = { FLOW_COLUMN_CLASSIFIED(place, city),
    FLOW_COLUMN(place, zip) };
static const flow_type secret_place = { "place", sizeof(struct place), _Alignof(struct place), 2,
    secret_place_fields };
static const flow_field secret_fields[] = {
    { .name = "home",
        .kind = FLOW_KIND_RECORD,
        .offset = 0,
        .size = sizeof(struct place),
        .record = &secret_place },
    FLOW_COLUMN(secret, id),
};
static const flow_type secret = { "secret", sizeof(struct secret), _Alignof(struct secret), 2,
    secret_fields };

struct plain {
    int64_t id;
    flow_time at;
};
FLOW_RECORD(plain, id, at);

START_TEST(pointers_and_personal_data_are_found_at_any_depth)
{
    expect(&secret, NULL);
    ck_assert(flow_type_has_classified(&secret));
    ck_assert(!flow_type_has_classified(&all_type));
    ck_assert(flow_type_has_pointers(&secret));
    ck_assert(!flow_type_has_pointers(&plain_type));
}
END_TEST

START_TEST(kinds_have_sizes_and_names)
{
    ck_assert_uint_eq(flow_kind_size(FLOW_KIND_BOOL), 1);
    ck_assert_uint_eq(flow_kind_size(FLOW_KIND_F32), 4);
    ck_assert_uint_eq(flow_kind_size(FLOW_KIND_TIME), 8);
    ck_assert_uint_eq(flow_kind_size(FLOW_KIND_STR), sizeof(flow_str));
    ck_assert_uint_eq(flow_kind_size(FLOW_KIND_RECORD), 0);
    ck_assert_uint_eq(flow_kind_size(FLOW_KIND_LIST), 0);
    ck_assert_uint_eq(flow_kind_size((flow_kind)99), 0);
    ck_assert_str_eq(flow_kind_name(FLOW_KIND_I64), "int64");
    ck_assert_str_eq(flow_kind_name(FLOW_KIND_LIST), "list");
    ck_assert_str_eq(flow_kind_name((flow_kind)99), "unknown");
}
END_TEST

TCase *type_tests(void)
{
    TCase *tests = tcase_create("type");
    tcase_add_test(tests, good_declarations_pass);
    tcase_add_test(tests, a_forgotten_field_is_found);
    tcase_add_test(tests, a_field_may_tell_of_another_but_not_of_itself);
    tcase_add_test(tests, what_disagrees_is_named);
    tcase_add_test(tests, shapes_that_cannot_be_are_refused);
    tcase_add_test(tests, list_items_of_more_than_eight_byte_alignment_are_refused);
    tcase_add_test(tests, endless_nesting_is_refused_and_ends);
    tcase_add_test(tests, equal_declarations_are_equal_and_others_are_not);
    tcase_add_test(tests, fingerprints_never_change);
    tcase_add_test(tests, a_fingerprint_is_about_the_outside_and_not_the_layout);
    tcase_add_test(tests, fields_are_found_by_their_struct_name);
    tcase_add_test(tests, pointers_and_personal_data_are_found_at_any_depth);
    tcase_add_test(tests, kinds_have_sizes_and_names);
    return tests;
}
