// SPDX-License-Identifier: Apache-2.0
// Runs the tests of libflow/beam.
#include <check.h>

TCase *coder_tests(void);
TCase *decimal_tests(void);
TCase *read_tests(void);
TCase *row_tests(void);
TCase *row_read_tests(void);
TCase *row_write_tests(void);
TCase *schema_tests(void);
TCase *wire_tests(void);
TCase *write_tests(void);

int main(void)
{
    Suite *suite = suite_create("libflow/beam");
    suite_add_tcase(suite, coder_tests());
    suite_add_tcase(suite, decimal_tests());
    suite_add_tcase(suite, read_tests());
    suite_add_tcase(suite, row_tests());
    suite_add_tcase(suite, row_read_tests());
    suite_add_tcase(suite, row_write_tests());
    suite_add_tcase(suite, schema_tests());
    suite_add_tcase(suite, wire_tests());
    suite_add_tcase(suite, write_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
