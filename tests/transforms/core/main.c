// SPDX-License-Identifier: Apache-2.0
// Runs the tests of transforms/core.
#include <check.h>

TCase *compare_tests(void);
TCase *contract_tests(void);
TCase *count_tests(void);
TCase *distinct_tests(void);
TCase *extreme_tests(void);
TCase *field_tests(void);
TCase *hash_tests(void);
TCase *impulses_tests(void);
TCase *latest_tests(void);
TCase *mean_tests(void);
TCase *paced_tests(void);
TCase *partition_tests(void);
TCase *parts_tests(void);
TCase *record_tests(void);
TCase *reshuffle_tests(void);
TCase *sample_tests(void);
TCase *sequence_tests(void);
TCase *sum_tests(void);
TCase *summarize_tests(void);
TCase *top_tests(void);
TCase *wait_on_tests(void);
TCase *watch_tests(void);

int main(void)
{
    Suite *suite = suite_create("transforms/core");
    suite_add_tcase(suite, compare_tests());
    suite_add_tcase(suite, contract_tests());
    suite_add_tcase(suite, count_tests());
    suite_add_tcase(suite, distinct_tests());
    suite_add_tcase(suite, extreme_tests());
    suite_add_tcase(suite, field_tests());
    suite_add_tcase(suite, hash_tests());
    suite_add_tcase(suite, impulses_tests());
    suite_add_tcase(suite, latest_tests());
    suite_add_tcase(suite, mean_tests());
    suite_add_tcase(suite, paced_tests());
    suite_add_tcase(suite, partition_tests());
    suite_add_tcase(suite, parts_tests());
    suite_add_tcase(suite, record_tests());
    suite_add_tcase(suite, reshuffle_tests());
    suite_add_tcase(suite, sample_tests());
    suite_add_tcase(suite, sequence_tests());
    suite_add_tcase(suite, sum_tests());
    suite_add_tcase(suite, summarize_tests());
    suite_add_tcase(suite, top_tests());
    suite_add_tcase(suite, wait_on_tests());
    suite_add_tcase(suite, watch_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
