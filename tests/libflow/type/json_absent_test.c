// SPDX-License-Identifier: Apache-2.0
// Tests that a build without a JSON parser says so.
#include "rows.h"

TCase *json_absent_tests(void);

START_TEST(reading_json_is_refused_in_words)
{
    flow_error error = { .status = FLOW_OK };
    ck_assert_ptr_null(flow_json_new(&place_type, NULL, &error));
    ck_assert_int_eq(error.status, FLOW_UNSUPPORTED);
    ck_assert_str_eq(error.message,
        "this build of libflow cannot read JSON: build it with the feature json (yyjson)");
    struct place row;
    ck_assert_int_eq(flow_json_read(NULL, flow_str_of("{}"), &row, NULL, NULL), FLOW_UNSUPPORTED);
    flow_json_free(NULL);
}
END_TEST

TCase *json_absent_tests(void)
{
    TCase *tests = tcase_create("json_absent");
    tcase_add_test(tests, reading_json_is_refused_in_words);
    return tests;
}
