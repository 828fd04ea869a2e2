// SPDX-License-Identifier: Apache-2.0
// Runs the tests of libflow/window.
#include <check.h>

TCase *assign_tests(void);
TCase *calendar_tests(void);
TCase *check_tests(void);
TCase *pane_tests(void);
TCase *rule_tests(void);
TCase *window_tests(void);
TCase *zone_tests(void);
TCase *zone_file_tests(void);

int main(void)
{
    Suite *suite = suite_create("libflow/window");
    suite_add_tcase(suite, assign_tests());
    suite_add_tcase(suite, calendar_tests());
    suite_add_tcase(suite, check_tests());
    suite_add_tcase(suite, pane_tests());
    suite_add_tcase(suite, rule_tests());
    suite_add_tcase(suite, window_tests());
    suite_add_tcase(suite, zone_tests());
    suite_add_tcase(suite, zone_file_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
