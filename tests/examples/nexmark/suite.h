// SPDX-License-Identifier: Apache-2.0
// What the tests of Nexmark share.
#ifndef NEXMARK_TEST_SUITE_H
#define NEXMARK_TEST_SUITE_H

#include <check.h>

#include <flow/transform.h>

#include <source.h>

#include "rows.h"

// Whether tests of ten million events are wanted: NEXMARK_SLOW is set.
bool nexmark_slow(void);

// Adds a person, an auction or a bid, each as Beam writes it.
void nexmark_add_event(struct rows *rows, const struct event *event);

TCase *generator_case(void);
TCase *parity_case(void);
TCase *source_case(void);
TCase *story_case(void);

#endif
