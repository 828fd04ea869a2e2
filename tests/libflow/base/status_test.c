// SPDX-License-Identifier: Apache-2.0
// Tests statuses and the birth of errors.
#include <check.h>

#include <flow/base.h>

TCase *status_tests(void);

START_TEST(statuses_have_their_names_and_say_what_may_be_tried_again)
{
    ck_assert_str_eq(flow_status_name(FLOW_OK), "OK");
    ck_assert_str_eq(flow_status_name(FLOW_NOT_FOUND), "NOT_FOUND");
    ck_assert_str_eq(flow_status_name(FLOW_INTERNAL), "INTERNAL");
    ck_assert_str_eq(flow_status_name((flow_status)99), "UNKNOWN");
    ck_assert(flow_status_retriable(FLOW_IO));
    ck_assert(flow_status_retriable(FLOW_MEMORY));
    ck_assert(!flow_status_retriable(FLOW_PARSE));
    ck_assert(!flow_status_retriable((flow_status)99));
}
END_TEST

START_TEST(an_error_is_filled_and_its_status_returned)
{
    flow_error error = { .status = FLOW_OK };
    const flow_status status =
        flow_error_raise(&error, FLOW_PARSE, "orders/parse", "line %d is \"%s\"", 3, "x");
    ck_assert_int_eq(status, FLOW_PARSE);
    ck_assert_int_eq(error.status, FLOW_PARSE);
    ck_assert_str_eq(error.step, "orders/parse");
    ck_assert_str_eq(error.message, "line 3 is \"x\"");
}
END_TEST

START_TEST(the_first_error_is_kept)
{
    flow_error error = { .status = FLOW_OK };
    flow_error_raise(&error, FLOW_IO, NULL, "first");
    ck_assert_int_eq(flow_error_raise(&error, FLOW_USER, "a", "second"), FLOW_USER);
    ck_assert_int_eq(error.status, FLOW_IO);
    ck_assert_str_eq(error.step, "");
    ck_assert_str_eq(error.message, "first");
}
END_TEST

START_TEST(nobody_has_to_listen)
{
    ck_assert_int_eq(flow_error_raise(NULL, FLOW_MEMORY, "a", "none"), FLOW_MEMORY);
}
END_TEST

START_TEST(long_texts_are_cut_between_characters)
{
    // Every offset of a cut within sequences of two, three and four bytes.
    static const char *const characters[] = { "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80" };
    for (size_t kind = 0; kind < 3; kind++) {
        for (int shift = 0; shift < 4; shift++) {
            const size_t width = strlen(characters[kind]);
            char text[2000] = "xxxx";
            for (size_t at = (size_t)shift; at < 1000; at += width)
                memcpy(text + at, characters[kind], width + 1);
            flow_error error = { .status = FLOW_OK };
            flow_error_raise(&error, FLOW_USER, text, "%s", text);
            ck_assert_uint_eq((strlen(error.message) - (size_t)shift) % width, 0);
            ck_assert_uint_eq((strlen(error.step) - (size_t)shift) % width, 0);
            ck_assert_uint_gt(strlen(error.message), sizeof error.message - 5);
            ck_assert_uint_gt(strlen(error.step), sizeof error.step - 5);
        }
    }
}
END_TEST

TCase *status_tests(void)
{
    TCase *tests = tcase_create("status");
    tcase_add_test(tests, statuses_have_their_names_and_say_what_may_be_tried_again);
    tcase_add_test(tests, an_error_is_filled_and_its_status_returned);
    tcase_add_test(tests, the_first_error_is_kept);
    tcase_add_test(tests, nobody_has_to_listen);
    tcase_add_test(tests, long_texts_are_cut_between_characters);
    return tests;
}
