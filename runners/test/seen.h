// SPDX-License-Identifier: Apache-2.0
// Elements as text: what was seen, what was wanted, and how they differ (invariant 11).
#ifndef FL_TEST_SEEN_H
#define FL_TEST_SEEN_H

#include <flow/test.h>

// How elements of a collection are shown.
struct fl_shown {
    const flow_type *type;
    flow_kind key; // FLOW_KIND_NONE: not keyed
    const flow_type *key_record;
};

// Elements one behind the other.
struct fl_seen_set {
    flow_buffer bytes;
    size_t count;
};

// Adds an element; the set's `bytes.failed` tells of no memory.
void fl_seen_add(struct fl_seen_set *set, const struct fl_shown *shown, const void *key,
    const void *row, const flow_seen *at);

void fl_seen_append(struct fl_seen_set *to, const struct fl_seen_set *from);

// An element, ready to be compared.
struct fl_item {
    flow_seen seen;
    const char *plain;  // as `seen.text`, but "~" for floats
    const char *body;   // the same behind the key
    const char *floats; // doubles, perhaps not aligned
    uint32_t float_count;
};

struct fl_seen_list {
    struct fl_item *items; // sorted by text, window and pane
    size_t count, room;
};

// The elements of a set, which must live as long; LATEST: of each key and window the pane with the
// highest number; FOLDED: those that were not taken back, and with a sign of −1 those that were and
// had not come. Of other panes all. False without memory.
bool fl_seen_list_make(struct fl_seen_list *list, const struct fl_seen_set *set,
    const flow_allocator *allocator, flow_panes panes);
void fl_seen_list_free(struct fl_seen_list *list, const flow_allocator *allocator);

// How many are wanted, and in which form.
enum fl_want {
    FL_WANT_ALL, // each as often as it is there
    FL_WANT_ONE, // one element
    FL_WANT_MAP  // one element a key
};

// What is wanted: lines, or rows of the collection's type.
struct fl_wanted {
    enum fl_want how;
    const char *const *lines;
    const char *rows;
    size_t count;
};

// FLOW_OK, or FLOW_UNEXPECTED with what lacks and what is too much.
flow_status fl_wanted_judge(const struct fl_wanted *wanted, const struct fl_shown *shown,
    struct fl_seen_list *seen, const flow_allocator *allocator, flow_error *error);

// FLOW_UNEXPECTED where a folded list has what was taken back and had not come.
flow_status fl_wanted_signs(
    const struct fl_seen_list *seen, const flow_allocator *allocator, flow_error *error);

#endif
