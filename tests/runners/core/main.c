// SPDX-License-Identifier: Apache-2.0
// Runs the tests of the engine's rules.
#include <check.h>

TCase *bundle_tests(void);
TCase *cells_fire_tests(void);
TCase *cells_save_tests(void);
TCase *cells_tests(void);
TCase *combine_tests(void);
TCase *contract_tests(void);
TCase *end_tests(void);
TCase *evolve_tests(void);
TCase *explain_tests(void);
TCase *fan_out_tests(void);
TCase *fault_tests(void);
TCase *firing_tests(void);
TCase *graph_tests(void);
TCase *late_graph_tests(void);
TCase *life_tests(void);
TCase *measure_tests(void);
TCase *panes_library_tests(void);
TCase *panes_number_tests(void);
TCase *panes_random_tests(void);
TCase *panes_retract_tests(void);
TCase *panes_rules_tests(void);
TCase *pictures_tests(void);
TCase *poison_tests(void);
TCase *policy_tests(void);
TCase *rules_tests(void);
TCase *side_play_tests(void);
TCase *side_tests(void);
TCase *sliding_tests(void);
TCase *snapshot_tests(void);
TCase *source_tests(void);
TCase *split_call_tests(void);
TCase *split_save_tests(void);
TCase *split_tests(void);
TCase *state_tests(void);
TCase *trip_tests(void);
TCase *view_tests(void);
TCase *why_tests(void);

int main(void)
{
    Suite *suite = suite_create("runners/core");
    suite_add_tcase(suite, rules_tests());
    suite_add_tcase(suite, combine_tests());
    suite_add_tcase(suite, sliding_tests());
    suite_add_tcase(suite, side_tests());
    suite_add_tcase(suite, side_play_tests());
    suite_add_tcase(suite, view_tests());
    suite_add_tcase(suite, split_tests());
    suite_add_tcase(suite, split_call_tests());
    suite_add_tcase(suite, split_save_tests());
    suite_add_tcase(suite, state_tests());
    suite_add_tcase(suite, cells_tests());
    suite_add_tcase(suite, cells_fire_tests());
    suite_add_tcase(suite, cells_save_tests());
    suite_add_tcase(suite, source_tests());
    suite_add_tcase(suite, end_tests());
    suite_add_tcase(suite, explain_tests());
    suite_add_tcase(suite, fan_out_tests());
    suite_add_tcase(suite, why_tests());
    suite_add_tcase(suite, pictures_tests());
    suite_add_tcase(suite, bundle_tests());
    suite_add_tcase(suite, life_tests());
    suite_add_tcase(suite, measure_tests());
    suite_add_tcase(suite, policy_tests());
    suite_add_tcase(suite, poison_tests());
    suite_add_tcase(suite, firing_tests());
    suite_add_tcase(suite, panes_rules_tests());
    suite_add_tcase(suite, panes_number_tests());
    suite_add_tcase(suite, panes_library_tests());
    suite_add_tcase(suite, panes_random_tests());
    suite_add_tcase(suite, panes_retract_tests());
    suite_add_tcase(suite, graph_tests());
    suite_add_tcase(suite, fault_tests());
    suite_add_tcase(suite, late_graph_tests());
    suite_add_tcase(suite, trip_tests());
    suite_add_tcase(suite, snapshot_tests());
    suite_add_tcase(suite, evolve_tests());
    suite_add_tcase(suite, contract_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
