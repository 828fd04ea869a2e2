// SPDX-License-Identifier: Apache-2.0
// A strict reader of Prometheus's text format 0.0.4.
#ifndef PROMETHEUS_H
#define PROMETHEUS_H

// Why a reader would refuse `text`, or find two things of one name in it, with the line; NULL when
// it is valid. The sentence is good until the next call.
const char *flow_test_prometheus_fault(const char *text);

#endif
