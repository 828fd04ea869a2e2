// SPDX-License-Identifier: Apache-2.0
// The kit for users' tests: what its tests share, and the program.
#include "kit.h"

#include <stdlib.h>

static const flow_field click_fields[] = {
    FLOW_COLUMN(click, page),
    FLOW_COLUMN(click, amount),
    FLOW_COLUMN(click, price),
};
const flow_type click_type = { "click", sizeof(struct click), 8, 3, click_fields };

flow_pipeline *p;
flow_script *script;
flow_coll clicks;

flow_time second(int64_t n)
{
    return (flow_time){ n * 1000000 };
}

void kit_setup(void)
{
    p = flow_pipeline_new("kit");
    script = flow_script_new(p);
    clicks = flow_script_input(script, "clicks", &click_type);
}

void kit_teardown(void)
{
    flow_pipeline_free(p);
}

void add(const char *page, int64_t amount, int64_t at)
{
    FLOW_SCRIPT_ADD(script, clicks, click, second(at), .page = flow_str_of(page), .amount = amount,
        .price = 0.1 * (double)amount);
}

// Counts by page in windows of ten seconds.
flow_coll counts(flow_duration lateness)
{
    const flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)),
        .lateness = lateness,
        .accumulation = FLOW_DISCARDING };
    return flow_count(flow_window_into(flow_key_by(clicks, FLOW_FIELD(click, page)), &tens));
}

flow_error run(const flow_simulated_options *options)
{
    flow_error error = { 0 };
    const flow_runner runner = flow_simulated(options);
    flow_run(p, &runner, &error);
    return error;
}

void passes(const flow_simulated_options *options)
{
    const flow_error error = run(options);
    ck_assert_msg(error.status == FLOW_OK, "%s: %s", error.step, error.message);
}

int main(void)
{
    Suite *suite = suite_create("test kit");
    TCase *all[] = { script_tests(), expect_tests(), simulated_tests(), report_tests(),
        record_tests(), windows_tests() };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        tcase_set_timeout(all[i], 60);
        suite_add_tcase(suite, all[i]);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
