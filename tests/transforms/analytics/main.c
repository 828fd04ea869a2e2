// SPDX-License-Identifier: Apache-2.0
// Runs the tests of transforms/analytics.
#include "tests.h"

int main(void)
{
    Suite *suite = suite_create("transforms/analytics");
    suite_add_tcase(suite, contract_tests());
    suite_add_tcase(suite, funnel_tests());
    suite_add_tcase(suite, retention_tests());
    suite_add_tcase(suite, sessionize_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
