// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * In-process inputs and outputs: rows from an array, a channel that the host pushes into, a
 * callback it receives by.
 */
#ifndef FLOW_MEMORY_H
#define FLOW_MEMORY_H

#include <flow/flow.h>
#include <flow/transform.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Options of flow_create. */
typedef struct flow_create_options {
    const char *name;          /**< Name of the step; NULL: "create". */
    const flow_type *type;     /**< Record type of the rows. */
    const void *rows;          /**< First row; lent, unchanged, until every run has ended. */
    size_t count;              /**< Rows. */
    flow_field_ref event_time; /**< Field to stamp elements with. */
    flow_time_policy times;    /**< Watermark. */
    const void *const
        *columns; /**< Instead of `rows`: an array of `count` values for each field. */
    /** Where the texts and lists of the rows lie, lent as the rows are: what points there is passed
     * on without a copy. None: it lives as long as its rows, and steps that make rows of it copy
     * it. */
    flow_bytes texts;
} flow_create_options;

/** A bounded collection of rows in the caller's memory, without a copy. */
FLOW_API flow_coll flow_create_sized(
    flow_pipeline *pipeline, const flow_create_options *options, size_t size);

/** A bounded collection of rows in the caller's memory: see flow_create_options. */
static inline flow_coll flow_create(flow_pipeline *pipeline, const flow_create_options *options)
{
    return flow_create_sized(pipeline, options, sizeof *options);
}

/** A way for the host to push elements into a running job, from any number of threads. */
typedef struct flow_channel flow_channel;

/** Options of flow_channel_new. */
typedef struct flow_channel_options {
    const flow_type *type; /**< Record type of the elements. */
    size_t capacity; /**< Elements that may wait; 0: 65,536. Pushing into a full channel waits. */
} flow_channel_options;

/** A new channel, owned by the caller, for one run of one pipeline. NULL without memory or with a
 * bad type. */
FLOW_API flow_channel *flow_channel_new(const flow_channel_options *options, flow_error *error);

/** Frees a channel once the job that reads it has ended; NULL is allowed. */
FLOW_API void flow_channel_free(flow_channel *channel);

/**
 * Copies a row, with the bytes its strings point to, into the channel. Waits while the channel is
 * full, for up to `timeout_ms` (−1: as long as it takes). FLOW_OK; FLOW_BUDGET when it stayed full;
 * FLOW_CANCELLED when the channel is closed or the job ended; FLOW_MEMORY.
 */
FLOW_API flow_status flow_channel_push(flow_channel *channel, const void *row, int timeout_ms);

/** No more will be pushed: the collection ends once all is read. */
FLOW_API void flow_channel_close(flow_channel *channel);

/** Options of flow_channel_read. */
typedef struct flow_channel_read_options {
    const char *name;          /**< Name of the step; NULL: "channel". */
    flow_field_ref event_time; /**< Field to stamp elements with. */
    flow_time_policy times;    /**< Watermark and idleness. */
} flow_channel_read_options;

/** What the host pushes into `channel`, as an unbounded collection. */
FLOW_API flow_coll flow_channel_read_sized(flow_pipeline *pipeline, flow_channel *channel,
    const flow_channel_read_options *options, size_t size);

/** What the host pushes into `channel`: see flow_channel_read_options. */
static inline flow_coll flow_channel_read(
    flow_pipeline *pipeline, flow_channel *channel, const flow_channel_read_options *options)
{
    return flow_channel_read_sized(pipeline, channel, options, sizeof *options);
}

/**
 * Receives committed elements, one bundle's batch at a time: on worker threads, never two calls at
 * once for one step. Everything in `elements` is lent for the call. Times, windows and panes are
 * filled.
 */
typedef void flow_receive_fn(void *user, const flow_elements *elements);

/** Hands every element of a collection to a function of the host. `name` may be NULL: "receive". */
FLOW_API void flow_receive(flow_coll in, const char *name, flow_receive_fn *receive, void *user);

#ifdef __cplusplus
}
#endif

#endif
