// SPDX-License-Identifier: Apache-2.0
// Add and merge of a combine in each other's place.
// both: tally_add must be: void tally_add(struct tally *, const struct word *)
// both: tally_merge must be: void tally_merge(struct tally *, const struct tally *)
#include "words.h"

static void tally_merge(struct tally *acc, const struct word *word)
{
    acc->count += (int64_t)word->text.len;
}
static void tally_add(struct tally *acc, const struct tally *other)
{
    acc->count += other->count;
}
FLOW_COMBINE_FN(tally, word);
