// SPDX-License-Identifier: Apache-2.0
// Stories: rows that come one bundle after the other, and a watermark that moves only when told.
#ifndef STORY_H
#define STORY_H

#include "flow_test.h"

#define STORY_MOST  4096
#define STORY_SLACK INT64_C(1000000000000000) // how far ticks run ahead of the watermark

struct story {
    struct flow_test_row rows[STORY_MOST];
    struct flow_test_piece pieces[STORY_MOST];
    struct flow_test_script script;
    size_t count;
    flow_pipeline *pipeline;
    flow_coll in; // rows by k
    struct flow_test_results got, dropped;
    flow_status_report report; // of the last run, before it ended
};

// Begins a story that uses seconds.
struct story *story_new(void);
void story_free(struct story *story);

// A row in a bundle of its own.
void story_row(struct story *story, int64_t k, int64_t v, int64_t second);

// The watermark moves to an instant.
void story_tick(struct story *story, int64_t second);
void story_tick_us(struct story *story, int64_t us);

// Windows the rows by k.
flow_coll story_window(struct story *story, flow_windows windows, int64_t lateness);

// A story of a function over windowed rows; what it gives and what it drops are collected.
struct story *story_do(const flow_fn *fn, flow_windows windows, int64_t lateness);

// Runs with one worker and gives back the results as lines.
void story_run(struct story *story);

// The results must be these lines: "k=1 v=2 [0,10) on-time 0 last; …" sorted by line.
void story_expect(struct story *story, const char *lines);

// What came out, in order, must be this: "key:text key:text".
void story_texts(const struct flow_test_results *results, const char *wanted);

// A story that has not ended: the engine has nothing to do after its last row.
struct story_stand {
    struct story *story;
    struct flow_test_sim *sim;
    int64_t clock;
};

void story_stand(struct story_stand *stand, struct story *story);
void story_stand_end(struct story_stand *stand); // frees the story

// The output watermark of the step that is called so, in seconds.
int64_t story_watermark(const struct story_stand *stand, const char *step);

#endif
