// SPDX-License-Identifier: Apache-2.0
// A key that the record does not have.
// gcc: 'struct word' has no member named 'txet'
// clang: no member named 'txet' in 'struct word'
#include "words.h"

flow_coll keyed(flow_coll words);

flow_coll keyed(flow_coll words)
{
    return flow_key_by(words, FLOW_FIELD(word, txet));
}
