// SPDX-License-Identifier: Apache-2.0
// Runs the tests of transforms/sketch.
#include <check.h>

TCase *approximate_distinct_tests(void);
TCase *contract_tests(void);
TCase *frequent_tests(void);
TCase *kll_tests(void);
TCase *quantiles_tests(void);
TCase *words_tests(void);

int main(void)
{
    Suite *suite = suite_create("transforms/sketch");
    suite_add_tcase(suite, approximate_distinct_tests());
    suite_add_tcase(suite, contract_tests());
    suite_add_tcase(suite, frequent_tests());
    suite_add_tcase(suite, kll_tests());
    suite_add_tcase(suite, quantiles_tests());
    suite_add_tcase(suite, words_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
