// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Elements with what their file has to know of them: where they go, and whether they are taken
 * back. A step makes such rows before a sink where the sink could not find it out.
 */
#ifndef FL_FILE_SHOWN_H
#define FL_FILE_SHOWN_H

#include "pattern.h"

/** Where an element goes. */
struct fl_goal {
    flow_str name;  /**< As fl_pattern_fill has begun it. */
    uint32_t shard; /**< Which of a fixed number of shards. */
};

/** How such rows lie; in pipeline memory. */
struct fl_shown {
    flow_fn fn;                       /**< The step; first, so that flow_ctx.fn leads here. */
    const flow_type *outs[1];         /**< The rows. */
    const flow_type *flat;            /**< What is written of them: key, fields, sign. */
    const struct fl_pattern *pattern; /**< Rows have a goal; or NULL. */
    uint32_t shards;                  /**< Fixed number; 0: shards are found later. */
    uint32_t goal_at;                 /**< Where the goal lies. */
    uint32_t sign_at;                 /**< Where the sign lies; UINT32_MAX: there is none. */
    uint32_t key_at;                  /**< Where the key lies. */
    uint32_t row_at;                  /**< Where the element lies. */
    uint32_t key_size;                /**< 0: no key. */
};

/** Makes the step for elements of `in`, with a goal where `pattern` is not NULL; NULL with the
 * pipeline failed. */
struct fl_shown *fl_shown_make(flow_coll in, const flow_file_write_options *options,
    const struct fl_pattern *pattern, const char *step);

#endif
