// SPDX-License-Identifier: Apache-2.0
// What the tests of the kit share: a script of clicks, and ways to run it.
#ifndef KIT_H
#define KIT_H

#include <check.h>

#include <flow/runner_local.h>
#include <flow/test.h>
#include <flow/transforms.h>

struct click {
    flow_str page;
    int64_t amount;
    double price;
};
extern const flow_type click_type;

extern flow_pipeline *p;
extern flow_script *script;
extern flow_coll clicks; // of the script

void kit_setup(void);
void kit_teardown(void);

flow_time second(int64_t n);

// The next event: a click.
void add(const char *page, int64_t amount, int64_t at);

// Counts by page in windows of ten seconds.
flow_coll counts(flow_duration lateness);

flow_error run(const flow_simulated_options *options);

// Runs and expects no error.
void passes(const flow_simulated_options *options);

TCase *script_tests(void);
TCase *expect_tests(void);
TCase *simulated_tests(void);
TCase *report_tests(void);
TCase *record_tests(void);
TCase *windows_tests(void);

#endif
