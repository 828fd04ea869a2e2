// SPDX-License-Identifier: Apache-2.0
// Runs the tests of libflow/type.
#include <check.h>

TCase *type_tests(void);
TCase *coder_tests(void);
TCase *row_tests(void);
TCase *number_tests(void);
TCase *text_tests(void);
TCase *json_write_tests(void);
TCase *json_fast_tests(void);
TCase *json_plan_tests(void);
TCase *json_read_tests(void);
TCase *json_refuse_tests(void);
TCase *json_absent_tests(void);
TCase *csv_write_tests(void);
TCase *csv_read_tests(void);
TCase *describe_tests(void);
TCase *evolve_tests(void);

int main(void)
{
    Suite *suite = suite_create("libflow/type");
    suite_add_tcase(suite, type_tests());
    suite_add_tcase(suite, coder_tests());
    suite_add_tcase(suite, row_tests());
    suite_add_tcase(suite, number_tests());
    suite_add_tcase(suite, text_tests());
    suite_add_tcase(suite, csv_write_tests());
    suite_add_tcase(suite, csv_read_tests());
    suite_add_tcase(suite, describe_tests());
    suite_add_tcase(suite, evolve_tests());
    suite_add_tcase(suite, json_write_tests());
#if FL_HAVE_JSON
    suite_add_tcase(suite, json_fast_tests());
    suite_add_tcase(suite, json_plan_tests());
    suite_add_tcase(suite, json_read_tests());
    suite_add_tcase(suite, json_refuse_tests());
#else
    suite_add_tcase(suite, json_absent_tests());
#endif
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
