// SPDX-License-Identifier: Apache-2.0
// Records made while building lie as a struct of C would.
#include "core_test.h"

#include "parts.h"

TCase *parts_tests(void);

struct mixed {
    bool has;
    bool yes;
    int32_t small;
    bool also;
    int64_t large;
    flow_str text;
    bool last;
};

START_TEST(made_records_lie_as_structs_do)
{
    flow_pipeline *p = flow_pipeline_new("parts");
    fl_record record = fl_record_begin(p, "mixed", 6);
    static const flow_field yes = { .kind = FLOW_KIND_BOOL, .size = 1 };
    static const flow_field small = { .kind = FLOW_KIND_I32, .size = 4 };
    static const flow_field large = { .kind = FLOW_KIND_TIME, .size = 8 };
    static const flow_field text = { .kind = FLOW_KIND_STR, .size = sizeof(flow_str) };
    ck_assert_uint_eq(fl_record_flag(&record), 0);
    fl_record_add(&record, &yes, "yes")->presence = 1;
    ck_assert_uint_eq(
        fl_record_add(&record, &small, "small")->offset, offsetof(struct mixed, small));
    ck_assert_uint_eq(fl_record_add(&record, &yes, "also")->offset, offsetof(struct mixed, also));
    ck_assert_uint_eq(
        fl_record_add(&record, &large, "large")->offset, offsetof(struct mixed, large));
    ck_assert_uint_eq(fl_record_add(&record, &text, "text")->offset, offsetof(struct mixed, text));
    ck_assert_uint_eq(fl_record_add(&record, &yes, "last")->offset, offsetof(struct mixed, last));
    const flow_type *type = fl_record_end(&record);
    ck_assert_uint_eq(type->size, sizeof(struct mixed));
    ck_assert_uint_eq(type->align, _Alignof(struct mixed));
    flow_error error = { 0 };
    ck_assert_msg(flow_type_check(type, &error) == FLOW_OK, "%s", error.message);
    ck_assert_uint_eq(fl_field_named(type, "large").offset, offsetof(struct mixed, large));
    ck_assert_ptr_null(fl_field_named(type, "huge").type);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(nested_records_keep_their_alignment)
{
    flow_pipeline *p = flow_pipeline_new("parts");
    fl_record record = fl_record_begin(p, "outer", 2);
    static const flow_field yes = { .kind = FLOW_KIND_BOOL, .size = 1 };
    const flow_field inner = {
        .kind = FLOW_KIND_RECORD, .size = bid_type.size, .record = &bid_type
    };
    fl_record_add(&record, &yes, "yes");
    ck_assert_uint_eq(fl_record_add(&record, &inner, "bid")->offset, bid_type.align);
    ck_assert_int_eq(flow_type_check(fl_record_end(&record), NULL), FLOW_OK);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(a_failed_pipeline_makes_no_record)
{
    fl_record record = fl_record_begin(NULL, "none", 1);
    static const flow_field yes = { .kind = FLOW_KIND_BOOL, .size = 1 };
    ck_assert_ptr_null(fl_record_add(&record, &yes, "yes"));
    ck_assert_ptr_null(fl_record_end(&record));
}
END_TEST

TCase *parts_tests(void)
{
    TCase *tests = tcase_create("parts");
    tcase_add_test(tests, made_records_lie_as_structs_do);
    tcase_add_test(tests, nested_records_keep_their_alignment);
    tcase_add_test(tests, a_failed_pipeline_makes_no_record);
    return tests;
}
