// SPDX-License-Identifier: Apache-2.0
// What the tests of the local runner share: a record, clicks by the thousand, a place that counts
// what comes out, and an allocator that counts what it gave.
#ifndef LOCAL_TEST_H
#define LOCAL_TEST_H

#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

struct click {
    flow_str page;
    int64_t user;
    flow_time at;
};
FLOW_RECORD(click, page, user, at);

// `count` clicks, a millisecond apart from 1970 on, by `users` users in turn. Freed by the caller.
struct click *clicks_make(size_t count, int64_t users);

// The clicks as a bounded collection.
flow_coll clicks_read(flow_pipeline *pipeline, const struct click *clicks, size_t count);

// What came out of a pipeline. Filled by one call at a time, as flow_receive promises, and so
// without a lock; read it once the job has ended.
struct taken {
    int64_t rows;
    int64_t sum; // of counts
};

void take_counts(void *user, const flow_elements *elements); // of flow_counted
void take_rows(void *user, const flow_elements *elements);

// Clicks counted by user and minute into `taken`.
void count_by_minute(flow_coll clicks, struct taken *taken);

// Runs with so many workers (0: all cores) and all the memory it may want.
flow_status run_with(flow_pipeline *pipeline, uint32_t workers, flow_error *error);

// An allocator for any thread that fails from its `fail_from`-th call on (0: never).
struct account {
    _Atomic int64_t bytes, blocks;
    _Atomic uint64_t calls;
    uint64_t fail_from;
};

flow_pipeline *pipeline_on(struct account *account, const char *name);

// Entries of a folder of the process, such as its file descriptors.
int count_entries(const char *folder);

// Lets others run for a moment.
void nap(void);

TCase *manners_tests(void);
TCase *jobs_tests(void);
TCase *drain_tests(void);
TCase *faults_tests(void);
TCase *log_tests(void);
TCase *local_tests(void);
TCase *split_tests(void);

#endif
