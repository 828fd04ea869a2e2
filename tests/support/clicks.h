// SPDX-License-Identifier: Apache-2.0
// What tests of transforms over time share: clicks of a script.
#ifndef FLOW_TEST_CLICKS_H
#define FLOW_TEST_CLICKS_H

#include <check.h>

#include <flow/keyed.h>
#include <flow/test.h>
#include <flow/transforms.h>

struct click {
    flow_str user;
    int64_t n;
};
extern const flow_type click_type;

#define TABLE_SIZE(table) (sizeof(table) / sizeof((table)[0]))

extern flow_pipeline *p;
extern flow_script *script;
extern flow_coll clicks; // of the script, in the global window

void clicks_setup(void);
void clicks_teardown(void);

flow_time second(int64_t n);

// The clicks in windows of so many seconds.
flow_coll windowed(int64_t seconds);

// The clicks in sessions with such a gap.
flow_coll in_visits(int64_t seconds);

// The next event.
void click(const char *user, int64_t n, int64_t at);
void watermark(int64_t at);
void wait_for(int64_t seconds); // by the clock

// Runs under several workers, seeds and with failing bundles, and expects no error.
void passes(void);

// Expects that building fails with this sentence. The pipeline is a new one after.
void refused(const char *message);

#endif
