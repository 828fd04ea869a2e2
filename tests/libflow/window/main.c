// SPDX-License-Identifier: Apache-2.0
// Runs the tests of libflow/window.
#include <check.h>

TCase *window_tests(void);

int main(void)
{
    Suite *suite = suite_create("libflow/window");
    suite_add_tcase(suite, window_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
