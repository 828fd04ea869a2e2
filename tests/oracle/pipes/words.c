// SPDX-License-Identifier: Apache-2.0
// Counting the words of a text.
#include "pipe.h"

struct line {
    flow_str text;
};
FLOW_RECORD(line, text);

struct word {
    flow_str text;
};
FLOW_RECORD(word, text);

struct frequency {
    flow_str word;
    int64_t count;
};
FLOW_RECORD(frequency, word, count);

static flow_str lower(flow_ctx *ctx, flow_str text)
{
    char *copy = flow_alloc(ctx, text.len);
    if (!copy)
        return text;
    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.data[i] >= 'A' && text.data[i] <= 'Z' ? (char)(text.data[i] + 'a' - 'A')
                                                             : text.data[i];
    return (flow_str){ copy, text.len };
}

static flow_status split(flow_ctx *ctx, const struct line *line)
{
    flow_str rest = line->text, word;
    while (flow_str_next_word(&rest, &word))
        FLOW_EMIT(ctx, word, .text = lower(ctx, word));
    return ctx->status;
}
FLOW_ELEMENT_FN(split, line, word);

static flow_status name_count(
    flow_ctx *ctx, const flow_str *word, const struct flow_counted *counted)
{
    return FLOW_EMIT(ctx, frequency, .word = *word, .count = counted->count);
}
FLOW_KEYED_FN(name_count, flow_str, flow_counted, frequency);

void word_count(struct pipe *pipe)
{
    const flow_coll words = flow_do(pipe_input(pipe, "lines", &line_type), &split_fn);
    const flow_coll counts = flow_count(flow_key_by(words, FLOW_FIELD(word, text)));
    pipe_output(pipe, "counts", counts);
    const flow_coll frequencies = flow_do(counts, &name_count_fn);
    pipe_output(pipe, "top", flow_top(frequencies, 10, FLOW_FIELD(frequency, count)));
}

void words_by_minute(struct pipe *pipe)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_seconds(30),
        .accumulation = FLOW_DISCARDING };
    const flow_coll words = flow_do(pipe_input(pipe, "lines", &line_type), &split_fn);
    const flow_coll windowed = flow_window_into(words, &minutes);
    pipe_output(pipe, "counts", flow_count(flow_key_by(windowed, FLOW_FIELD(word, text))));
}
