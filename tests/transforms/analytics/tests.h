// SPDX-License-Identifier: Apache-2.0
// The tests of this folder.
#ifndef FLOW_ANALYTICS_TESTS_H
#define FLOW_ANALYTICS_TESTS_H

#include <flow/analytics.h>

#include "clicks.h"

TCase *contract_tests(void);
TCase *funnel_tests(void);
TCase *retention_tests(void);
TCase *sessionize_tests(void);

#endif
