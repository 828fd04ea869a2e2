// SPDX-License-Identifier: Apache-2.0
// The same as the slips, without one: this must compile, or they prove nothing.
#include "words.h"

static flow_status split(flow_ctx *ctx, const struct flow_line *line)
{
    return FLOW_EMIT(ctx, word, .text = line->text);
}
FLOW_ELEMENT_FN(split, flow_line, word);

static flow_status shout(flow_ctx *ctx, const flow_str *key, const struct word *word)
{
    return FLOW_EMIT(ctx, word, .text = key->len ? *key : word->text);
}
FLOW_KEYED_FN(shout, flow_str, word, word);

static flow_status run_up(
    flow_ctx *ctx, const flow_str *key, const struct word *word, struct tally *state)
{
    state->count += (int64_t)(key->len + word->text.len);
    return FLOW_EMIT(ctx, tally, .count = state->count);
}
static flow_status run_up_timer(flow_ctx *ctx, const flow_str *key, struct tally *state)
{
    (void)key;
    return FLOW_EMIT(ctx, tally, .count = state->count);
}
FLOW_STATEFUL_FN(run_up, flow_str, word, tally, tally);

static void tally_add(struct tally *acc, const struct word *word)
{
    acc->count += (int64_t)word->text.len;
}
static void tally_merge(struct tally *acc, const struct tally *other)
{
    acc->count += other->count;
}
FLOW_COMBINE_FN(tally, word);

int main(void)
{
    flow_pipeline *p = flow_pipeline_new("control");
    flow_coll lines = flow_file_read(p, &(flow_file_read_options){ .path = "in.txt" });
    flow_coll words = flow_key_by(flow_do(lines, &split_fn), FLOW_FIELD(word, text));
    flow_combine(words, &tally_combine);
    flow_do(words, &run_up_fn);
    flow_do(words, &shout_fn, &(flow_do_options){ .name = "shout" });
    flow_pipeline_free(p);
    return 0;
}
