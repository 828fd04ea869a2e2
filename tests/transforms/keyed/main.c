// SPDX-License-Identifier: Apache-2.0
// Runs the tests of transforms/keyed.
#include "tests.h"

int main(void)
{
    Suite *suite = suite_create("transforms/keyed");
    suite_add_tcase(suite, batches_tests());
    suite_add_tcase(suite, cache_tests());
    suite_add_tcase(suite, contract_tests());
    suite_add_tcase(suite, deduplicate_tests());
    suite_add_tcase(suite, detect_tests());
    suite_add_tcase(suite, look_up_tests());
    suite_add_tcase(suite, throttle_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
