// SPDX-License-Identifier: Apache-2.0
// Whole pipelines that are written for Beam (beam/src/main/java/oracle/pipes) and for us: each is a
// function that asks for its inputs and names its outputs. What goes in, and what must come out,
// stands in golden/NAME.jsonl.gz.
#ifndef ORACLE_PIPE_H
#define ORACLE_PIPE_H

#include <flow/join.h>
#include <flow/keyed.h>
#include <flow/memory.h>
#include <flow/transforms.h>

// A run of a pipeline: one input, small or large.
struct pipe;

// An input. Elements are rows of `type`; where it has a time field "at", that is the event time.
flow_coll pipe_input(struct pipe *pipe, const char *name, const flow_type *type);

// An output: its elements, with window, pane and event time, must be those that Beam gave.
void pipe_output(struct pipe *pipe, const char *name, flow_coll coll);

// Texts or numbers of several rows, to be told as one text.
struct pipe_list {
    flow_ctx *ctx;
    struct pipe_item *items;
    size_t count, room;
};
void pipe_add_text(struct pipe_list *list, flow_str text);
void pipe_add_number(struct pipe_list *list, int64_t number);
// All of them with a space between: as they were added, or by number or alphabet.
flow_str pipe_in_order(const struct pipe_list *list);
flow_str pipe_sorted(const struct pipe_list *list);

// The pipelines, by their names in the golden files.
typedef void pipe_build(struct pipe *pipe);
pipe_build word_count, words_by_minute;
pipe_build sliding_count, sessions, session_lengths, early_late, leaderboard;
pipe_build cogroup, joins, hot_keys, hot_sessions, totals, figures, spread;
pipe_build side_singleton, side_default, side_list, side_map, side_windows, side_firings;
pipe_build state_by_state, running, totals_at_expiry, sets_and_maps, ordered_list, time_sorted;
pipe_build late_at_expiry, ends_and_expiries;
pipe_build parcels, parcels_by_clock, reminders, looping_timer, aligned_timer;
pipe_build distinct, deduplicate, latest, batches, wait_on, flatten, partition, reshuffle,
    splittable;

#endif
