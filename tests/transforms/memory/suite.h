// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The cases of each file.
 */
#ifndef MEMORY_SUITE_H
#define MEMORY_SUITE_H

#include <check.h>

#include <flow/memory.h>

#include "transforms/file/fake_ctx.h"

TCase *arena_case(void);
TCase *channel_case(void);
TCase *columns_case(void);
TCase *create_case(void);
TCase *receive_case(void);

/** The source of the only step of a pipeline, with its configuration in `*config`. */
const flow_source *source_of(flow_pipeline *pipeline, const void **config);

/** The sink of the last step of a pipeline, with its configuration in `*config`. */
const flow_sink *sink_of(flow_pipeline *pipeline, const void **config);

#endif
