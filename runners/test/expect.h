// SPDX-License-Identifier: Apache-2.0
// Inside expectations: what the runner sees of them.
#ifndef FL_TEST_EXPECT_H
#define FL_TEST_EXPECT_H

#include <flow/test.h>

extern const flow_sink fl_expect_sink;

// Keeps what was seen when its sink is opened next: the run goes on in another engine.
void fl_expect_keep(const void *config);

#endif
