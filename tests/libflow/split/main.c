// SPDX-License-Identifier: Apache-2.0
// Runs the tests of libflow/split.
#include <check.h>

TCase *offset_tests(void);

int main(void)
{
    Suite *suite = suite_create("libflow/split");
    suite_add_tcase(suite, offset_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
