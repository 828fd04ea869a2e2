// SPDX-License-Identifier: Apache-2.0
// Runs the tests of libflow/trigger.
#include <check.h>

TCase *derive_tests(void);
TCase *machine_tests(void);
TCase *merge_tests(void);
TCase *print_tests(void);
TCase *random_tests(void);
TCase *trigger_tests(void);
TCase *words_tests(void);

int main(void)
{
    Suite *suite = suite_create("libflow/trigger");
    suite_add_tcase(suite, trigger_tests());
    suite_add_tcase(suite, words_tests());
    suite_add_tcase(suite, machine_tests());
    suite_add_tcase(suite, merge_tests());
    suite_add_tcase(suite, derive_tests());
    suite_add_tcase(suite, print_tests());
    suite_add_tcase(suite, random_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
