// SPDX-License-Identifier: Apache-2.0
// Where and when an element came out, Beam's and ours alike. Times are milliseconds.
#ifndef ORACLE_PANE_H
#define ORACLE_PANE_H

#include <yyjson.h>

#include <flow/test.h>

struct oracle_pane {
    bool global;            // the global window; else …
    int64_t start, end;     // … this one
    int64_t at;             // event time
    const char *timing;     // as Beam calls it
    int64_t index, on_time; // numbers of the pane
    bool first, last;
};

// Of what Beam's side has written down; `timing` is lent from it.
void oracle_pane_of_beam(yyjson_val *row, struct oracle_pane *pane);

void oracle_pane_of_seen(const flow_seen *seen, struct oracle_pane *pane);

// As one line without its end; 200 bytes are enough.
void oracle_pane_print(const struct oracle_pane *pane, char *text, size_t size);

#endif
