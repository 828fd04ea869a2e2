// SPDX-License-Identifier: Apache-2.0
// Runs the tests of libflow/option.
#include <check.h>

TCase *args_tests(void);
TCase *display_tests(void);
TCase *file_tests(void);
TCase *help_tests(void);
TCase *read_tests(void);
TCase *value_tests(void);

int main(void)
{
    Suite *suite = suite_create("libflow/option");
    suite_add_tcase(suite, args_tests());
    suite_add_tcase(suite, display_tests());
    suite_add_tcase(suite, file_tests());
    suite_add_tcase(suite, help_tests());
    suite_add_tcase(suite, read_tests());
    suite_add_tcase(suite, value_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
