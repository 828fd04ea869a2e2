// SPDX-License-Identifier: Apache-2.0
// Runs the tests of libflow/base.
#include <check.h>

TCase *alloc_tests(void);
TCase *arena_tests(void);
TCase *buffer_tests(void);
TCase *ctx_state_tests(void);
TCase *ctx_tests(void);
TCase *span_tests(void);
TCase *status_tests(void);
TCase *str_tests(void);
TCase *text_tests(void);
TCase *time_tests(void);

int main(void)
{
    Suite *suite = suite_create("libflow/base");
    suite_add_tcase(suite, alloc_tests());
    suite_add_tcase(suite, arena_tests());
    suite_add_tcase(suite, buffer_tests());
    suite_add_tcase(suite, ctx_state_tests());
    suite_add_tcase(suite, ctx_tests());
    suite_add_tcase(suite, span_tests());
    suite_add_tcase(suite, status_tests());
    suite_add_tcase(suite, str_tests());
    suite_add_tcase(suite, text_tests());
    suite_add_tcase(suite, time_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
