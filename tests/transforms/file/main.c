// SPDX-License-Identifier: Apache-2.0
// Tests of transforms/file.
#include "suite.h"

#include <stdlib.h>

static const flow_field item_fields[] = { FLOW_COLUMN(item, id), FLOW_COLUMN(item, text) };

const flow_type item_type_shared = {
    .name = "item",
    .size = sizeof(struct item),
    .align = _Alignof(struct item),
    .field_count = 2,
    .fields = item_fields,
};

struct fl_read_config read_config(const char *path, flow_file_format format)
{
    struct fl_read_config config = { .options = { .path = path, .format = format } };
    config.options.type = format == FLOW_LINES ? &flow_line_type : &item_type_shared;
    config.options.line_max = FL_LINE_MAX;
    config.options.expansion_max = 1000;
    config.piece_size = FL_PIECE_SIZE;
    config.pointers = true;
    return config;
}

const struct item *item_at(const struct fake_ctx *fake, size_t index)
{
    ck_assert_uint_lt(index, fake->count);
    return (const struct item *)(const void *)(fake->rows + index * sizeof(struct item));
}

const char *line_text(const struct fake_ctx *fake, size_t index)
{
    flow_str text;
    ck_assert_uint_lt(index, fake->count);
    memcpy(&text, fake->rows + index * sizeof text, sizeof text);
    return text.data; // the fake terminates its copies
}

flow_buffer packed(flow_compression compression, flow_str text)
{
    flow_buffer out = { 0 };
    if (compression == FLOW_COMPRESSION_NONE)
        flow_buffer_put(&out, text.data, text.len);
    else
        ck_assert_int_eq(fl_compress(compression, text, &out), FLOW_OK);
    return out;
}

void read_well(struct fake_ctx *fake, const struct fl_read_config *config)
{
    struct fake_job job = { .source = &fl_file_source, .config = config, .ctx = fake };
    const flow_status status = fake_run(&job);
    ck_assert_msg(status == FLOW_OK, "%s", job.error.message);
    ck_assert_uint_eq(fake->strays, 0);
}

int main(void)
{
    Suite *suite = suite_create("transforms/file");
    TCase *(*const cases[])(void) = { chunk_case, compress_case, follow_case, format_case,
        input_case, origin_case, output_case, plain_case, read_case, records_case, run_case,
        stream_case, write_case };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        suite_add_tcase(suite, cases[i]());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
