// SPDX-License-Identifier: Apache-2.0
// Count the words of a text file: word_count INPUT OUTPUT.csv
#include <stdio.h>

#include <flow/file.h>
#include <flow/flow.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

struct word {
    flow_str text;
};
FLOW_RECORD(word, text);

static flow_status split_words(flow_ctx *ctx, const struct flow_line *line)
{
    flow_str rest = line->text;
    for (flow_str text; flow_str_next_word(&rest, &text);)
        FLOW_EMIT(ctx, word, .text = text);
    return FLOW_OK;
}
FLOW_ELEMENT_FN(split_words, flow_line, word);

int main(int argc, char **argv)
{
    if (argc != 3)
        return fprintf(stderr, "usage: word_count INPUT OUTPUT.csv\n"), 2;

    flow_pipeline *p = flow_pipeline_new("word-count");
    flow_coll lines = flow_file_read(p, &(flow_file_read_options){ .path = argv[1] });
    flow_coll words = flow_do(lines, &split_words_fn);
    flow_coll counts = flow_count(flow_key_by(words, FLOW_FIELD(word, text)));
    flow_file_write(counts, &(flow_file_write_options){ .path = argv[2], .format = FLOW_CSV });

    flow_error error;
    if (flow_run(p, &flow_local_runner, &error) != FLOW_OK)
        fprintf(stderr, "word_count: %s\n", error.message);
    flow_pipeline_free(p);
    return error.status != FLOW_OK;
}
