// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The local runner: a pipeline in its own process, on all cores, batch or streaming.
 */
#ifndef FLOW_RUNNER_LOCAL_H
#define FLOW_RUNNER_LOCAL_H

#include <flow/flow.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of the local runner; all zero is the default. */
typedef struct flow_local_options {
    uint32_t workers; /**< Threads; 0: one per core. 1: the caller's thread alone. At most 64. */
    uint64_t memory;  /**< Bytes the pipeline may hold; 0: half of the machine's memory. At least 8
                         MiB. */
    bool pin;         /**< Ties each worker to a core. */
    const char *scratch; /**< Folder for groupings that do not fit into `memory`; NULL: "/var/tmp".
                            "": they fail the job. */
} flow_local_options;

/** The runner's functions. */
FLOW_API extern const struct flow_runner_ops flow_local_runner_ops;

/** The local runner with its defaults: `flow_run(p, &flow_local_runner, &error)`. */
FLOW_API extern const flow_runner flow_local_runner;

/** The local runner with options: `flow_runner r = flow_local(&options);`; `options` is lent until
 * the job started. */
static inline flow_runner flow_local(const flow_local_options *options)
{
    flow_runner runner = { &flow_local_runner_ops, options };
    return runner;
}

#ifdef __cplusplus
}
#endif

#endif
