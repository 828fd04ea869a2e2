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

static flow_status runs(
    flow_ctx *ctx, const flow_str *key, const struct word *word, struct tally *state)
{
    return run_up(ctx, key, word, state);
}
static flow_status runs_timer(flow_ctx *ctx, const flow_str *key, struct tally *state)
{
    return run_up_timer(ctx, key, state);
}
FLOW_STATEFUL_MERGED_FN(runs, flow_str, word, tally, tally);

FLOW_BAG(seen, word);
FLOW_MAP(counts, flow_str, tally, .ttl = FLOW_TTL(60));
FLOW_COMBINING(sum, tally, word);
FLOW_VALUE_MERGED(best, tally, .ttl = FLOW_TTL(60));
FLOW_MAP_MERGED(bests, flow_str, tally);
FLOW_MAP_BY_MERGED(bests_by, word, tally);
FLOW_VALUE(newest, word, .merging = FLOW_MERGE_LATEST);
FLOW_TIMER(flush, flow_str, FLOW_EVENT_TIME, .merging = FLOW_TIMER_LATER);
static flow_status note(flow_ctx *ctx, const flow_str *key, const struct word *word)
{
    const struct tally *found = FLOW_CELL_GET(ctx, counts, key);
    FLOW_CELL_PUT(ctx, counts, key, (&(struct tally){ found ? found->count + 1 : 1 }));
    FLOW_CELL_ADD(ctx, seen, word);
    FLOW_CELL_ADD(ctx, sum, word);
    FLOW_CELL_WRITE(ctx, best, (&(struct tally){ 1 }));
    FLOW_CELL_PUT(ctx, bests, key, (&(struct tally){ 1 }));
    FLOW_CELL_PUT(ctx, bests_by, word, (&(struct tally){ 1 }));
    FLOW_CELL_WRITE(ctx, newest, word);
    FLOW_TIMER_IN(ctx, flush, flow_seconds(1), .tag = word->text);
    return ctx->status;
}
static flow_status flush_due(flow_ctx *ctx, const flow_str *key)
{
    flow_cursor at = FLOW_CELL_ALL(ctx, seen);
    while (flow_cursor_next(&at))
        FLOW_EMIT(ctx, word, .text = FLOW_AT(seen, at)->text);
    FLOW_CELL_REMOVE(ctx, counts, key);
    FLOW_CELL_CLEAR(ctx, seen);
    return ctx->status;
}
FLOW_CELLS_FN(note, flow_str, word, (word, tally),
    FLOW_CELLS(seen, counts, sum, best, bests, bests_by, newest), FLOW_TIMERS(flush));

int main(void)
{
    flow_pipeline *p = flow_pipeline_new("control");
    flow_coll lines = flow_file_read(p, &(flow_file_read_options){ .path = "in.txt" });
    flow_coll words = flow_key_by(flow_do(lines, &split_fn), FLOW_FIELD(word, text));
    flow_combine(words, &tally_combine);
    flow_do(words, &run_up_fn);
    flow_do(words, &runs_fn);
    flow_do(words, &note_fn);
    flow_do(words, &shout_fn, &(flow_do_options){ .name = "shout" });
    flow_pipeline_free(p);
    return 0;
}
