// SPDX-License-Identifier: Apache-2.0
// What tests of splittable functions share: functions that give the offsets from k up to v of their
// element, row by row, and scenes with them.
#ifndef SPLITS_H
#define SPLITS_H

#include "scene.h"

// The restriction of an element: from k up to v; or from k on without end.
flow_status split_whole(flow_ctx *ctx, const void *element, void *restriction);
flow_status split_endless(flow_ctx *ctx, const void *element, void *restriction);

// All at once; one a microsecond of the clock, with estimates of as many seconds; the same without
// end, by a wall clock; and without an estimator, of which a drain leaves what is up to v.
extern const flow_split_fn *const split_count_up, *const split_slowly, *const split_tick,
                                                                           *const split_tick_on;

// A step whose results are collected.
flow_coll scene_split(struct scene *scene, flow_coll in, const flow_split_fn *fn);

// A scene with one element at second 0.
struct scene *one_element(const flow_split_fn *fn, int64_t k, int64_t v);

#endif
