// SPDX-License-Identifier: Apache-2.0
// The records that the slips of this folder slip on.
#ifndef FLOW_SLIPS_WORDS_H
#define FLOW_SLIPS_WORDS_H

#include <flow/file.h>
#include <flow/flow.h>

struct word {
    flow_str text;
};
FLOW_RECORD(word, text);

struct tally {
    int64_t count;
};
FLOW_RECORD(tally, count);

#endif
