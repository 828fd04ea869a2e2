// SPDX-License-Identifier: Apache-2.0
// The tests of this folder.
#ifndef FLOW_KEYED_TESTS_H
#define FLOW_KEYED_TESTS_H

#include "clicks.h"

TCase *batches_tests(void);
TCase *cache_tests(void);
TCase *contract_tests(void);
TCase *deduplicate_tests(void);
TCase *detect_tests(void);
TCase *look_up_tests(void);
TCase *throttle_tests(void);

#endif
