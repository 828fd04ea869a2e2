// SPDX-License-Identifier: Apache-2.0
// Stories about windows and panes, in seconds: told step by step, and what they come to as lines.
#ifndef PANES_STORY_H
#define PANES_STORY_H

#include "panes.h"

// A story whose lateness is said to be none.
struct panes_case panes_story(flow_windows windows, flow_trigger trigger, flow_accumulation mode);
void panes_late_until(struct panes_case *test, int64_t seconds);

void panes_step(struct panes_case *test, enum panes_what what, int64_t k, int64_t v, int64_t at);
void panes_add(struct panes_case *test, int64_t k, int64_t v, int64_t at);
void panes_watermark(struct panes_case *test, int64_t at);
void panes_clock(struct panes_case *test, int64_t at);

// Runs it, and sees that the reference says the same.
struct panes_outcome panes_outcome_of(const struct panes_case *test);

// A result as "1=5 [0,10) on-time 0/0 first last": an instant other than the window's last stands
// behind it. Released with free.
char *panes_line_of(const struct flow_test_result *r);

// The results must be these, sorted: "1=5 [0,10) on-time 0/0 first last; …"; an instant other than
// the window's last stands behind, and a minus before one that is taken back.
void panes_check_lines(const struct panes_outcome *got, const char *wanted);
void panes_tells(const struct panes_case *test, const char *wanted);

static inline flow_windows sessions(int64_t gap)
{
    return flow_sessions(flow_seconds(gap));
}

static inline flow_windows tens(void)
{
    return flow_fixed(flow_seconds(10));
}

#endif
