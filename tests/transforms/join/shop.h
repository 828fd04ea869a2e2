// SPDX-License-Identifier: Apache-2.0
// What the tests of this folder share: orders and payments of a script, and ways to run it.
#ifndef FLOW_JOIN_SHOP_H
#define FLOW_JOIN_SHOP_H

#include <check.h>

#include <flow/join.h>
#include <flow/test.h>
#include <flow/transforms.h>

struct order {
    flow_str id;
    int64_t cents;
};
extern const flow_type order_type;

struct payment {
    flow_str id;
    flow_str by;
};
extern const flow_type payment_type;

extern flow_pipeline *p;
extern flow_script *script;
extern flow_coll orders, payments; // of the script, in windows of ten seconds, keyed by id

void shop_setup(void);
void shop_teardown(void);

flow_time second(int64_t n);

// The next event.
void order(const char *id, int64_t cents, int64_t at);
void payment(const char *id, const char *by, int64_t at);
void watermark(int64_t at); // of both

// The two in the global window, keyed by id.
flow_sides all_time(void);

// The two in windows that merge, keyed by id: sessions with a gap of so many seconds, or by a
// function.
flow_sides in_visits(int64_t seconds);
flow_sides by_function(void);

// The dead letters of a join as lines, and what is expected of a pair, both rows as they are
// quoted.
flow_coll dead_letters(flow_coll joined);
#define DEAD(left, right) "{\"text\":\"{\\\"left\\\":" left ",\\\"right\\\":" right "}\"}"

// Runs under several workers, seeds and with failing bundles, and expects no error.
void passes(void);

// Expects that building or running fails with this sentence, which may go on with the element.
void fails(const char *message);

TCase *as_of_tests(void);
TCase *cogroup_tests(void);
TCase *contract_tests(void);
TCase *interval_tests(void);
TCase *join_tests(void);

#endif
