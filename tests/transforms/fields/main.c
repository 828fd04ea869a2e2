// SPDX-License-Identifier: Apache-2.0
// Runs the tests of transforms/fields.
#include "sales.h"

int main(void)
{
    Suite *suite = suite_create("transforms/fields");
    suite_add_tcase(suite, aggregate_tests());
    suite_add_tcase(suite, cast_tests());
    suite_add_tcase(suite, contract_tests());
    suite_add_tcase(suite, join_fields_tests());
    suite_add_tcase(suite, rules_tests());
    suite_add_tcase(suite, select_tests());
    suite_add_tcase(suite, unnest_tests());
    suite_add_tcase(suite, where_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
