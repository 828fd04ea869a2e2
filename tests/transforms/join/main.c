// SPDX-License-Identifier: Apache-2.0
// Runs the tests of transforms/join.
#include "shop.h"

int main(void)
{
    Suite *suite = suite_create("transforms/join");
    suite_add_tcase(suite, as_of_tests());
    suite_add_tcase(suite, cogroup_tests());
    suite_add_tcase(suite, contract_tests());
    suite_add_tcase(suite, interval_tests());
    suite_add_tcase(suite, join_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
