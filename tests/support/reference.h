// SPDX-License-Identifier: Apache-2.0
// Inside the naive reference: elements in lists, the windows they are in, keys, and groupings.
#ifndef FLOW_TEST_REFERENCE_H
#define FLOW_TEST_REFERENCE_H

#include "graph.h"

struct element {
    struct flow_test_row row;
    int64_t time;
    flow_window window;
    flow_pane pane;
    size_t round; // of graph_time.c: when it was made
    bool late;    // of its window, which had fired before
    size_t order; // keeps sorting stable
};

struct list {
    struct element *at;
    size_t count, room;
    flow_windows windows;
    bool merged; // those are final
};

struct reference {
    struct graph *graph;
    uint32_t n; // the node in work
    bool sums;  // rows in work are a flow_integer each, which is in v
    struct list lists[GRAPH_NODES][GRAPH_OUTS];
    char **texts; // made by functions
    size_t text_count;
};

#define REF_NO_FIRING                                                                              \
    (flow_pane)                                                                                    \
    {                                                                                              \
        FLOW_TIMING_UNKNOWN, true, true, false, 0, 0                                               \
    }

// A step over a key and its windows; `type`: of the rows it takes.
struct ref_step {
    const struct graph_node *node;
    const char *path; // as rejections name it
    enum graph_op op;
    int64_t lateness;
    bool sums; // rows are a flow_integer each, which is in v
};

// --- reference_rows.c

void ref_add(struct list *list, const struct element *element);
struct list ref_copy(const struct list *in);

// Adds an element once for each window of a list that holds its time.
void ref_each_window(const struct list *in, const struct element *element, struct list *out);

// Elements with the sum that they find in a side input; `keyed`: under their k.
void ref_side(const struct list *in, const struct list *side, bool keyed, struct list *out);

// Windows of a key that overlap become one (R13).
void ref_merge(struct list *all, enum graph_key key);

int ref_compare_text(flow_str a, flow_str b);
int ref_compare_row(const struct flow_test_row *a, const struct flow_test_row *b);

// Whether two elements have one key and window; KEY_COUNT: the key is the whole row.
bool ref_together(enum graph_key key, const struct element *a, const struct element *b);
// Sorts by key, window, and within them: what is late behind what is on time, round by round.
void ref_sort(struct list *list, enum graph_key key);

// Only the key of a row, as conversions give it.
struct flow_test_row ref_key_row(enum graph_key key, const struct flow_test_row *from);

// --- reference_late.c

// Takes late elements (R24, R65) out of a list of elements with their windows, and marks those that
// make late panes.
void ref_judge(struct reference *r, const struct ref_step *step, struct list *all);

// The round whose watermark lets something fire at `at`: false when none does.
bool ref_fires(const struct graph *graph, int64_t at, size_t *round);

// An element that a function failed on; `key`: a call with a key alone.
void ref_refuse(
    struct reference *r, const struct ref_step *step, const struct element *element, bool key);
// An element that was dropped for another reason.
void ref_drop(struct reference *r, const char *path, const struct element *element,
    const char *reason, const char *message);

// --- reference_group.c

void ref_group_by(
    struct reference *r, const struct ref_step *step, const struct list *in, struct list *out);

#endif
