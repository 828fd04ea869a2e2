// SPDX-License-Identifier: Apache-2.0
// Windows and triggers as pictures: how a case is written as text, read back into its parts.
//
//   == early results come with every second element
//   windows fixed(10s)
//   trigger early_late(count(2), none)
//   mode accumulating
//   a1@3 a2@5 ?a a4@6 |12 ~5
//   --
//   a2@5   a=3 [0,10) early 0/-1 first
//
// Events: `a1@3` an element of key a, value 1, at second 3; `|12` the watermark moves to second 12;
// `~5` the clock to 5; `?a` asks why the windows of a have not fired. What stands below `--` is
// what came of each.
#ifndef PICTURE_H
#define PICTURE_H

#include "panes_story.h"

struct picture {
    char *text;   // of the case, up to its `--`; owned
    char *wanted; // below it; owned
    char name[120];
    struct panes_case test;
    char events[PANES_STEPS][16];
};

// All pictures of a file's text, ended by one without text. Released with pictures_free.
struct picture *pictures_read(const char *file, const char *text);
void pictures_free(struct picture *pictures);

#endif
