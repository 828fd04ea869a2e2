// SPDX-License-Identifier: Apache-2.0
// Text that callers own.
#include <check.h>

#include <flow/flow.h>
#include <flow/text.h>

TCase *text_tests(void);

START_TEST(a_buffer_becomes_terminated_text_and_is_empty_after)
{
    flow_buffer buffer = { 0 };
    flow_buffer_put(&buffer, "one", 3);
    char *text = flow_buffer_text(&buffer);
    ck_assert_str_eq(text, "one");
    ck_assert_ptr_null(buffer.data);
    flow_text_free(text);
    text = flow_buffer_text(&buffer);
    ck_assert_str_eq(text, "");
    flow_text_free(text);
    flow_text_free(NULL);
}
END_TEST

START_TEST(a_buffer_that_failed_becomes_no_text)
{
    flow_buffer buffer = { .failed = true };
    ck_assert_ptr_null(flow_buffer_text(&buffer));
}
END_TEST

TCase *text_tests(void)
{
    TCase *tests = tcase_create("text");
    tcase_add_test(tests, a_buffer_becomes_terminated_text_and_is_empty_after);
    tcase_add_test(tests, a_buffer_that_failed_becomes_no_text);
    return tests;
}
