// SPDX-License-Identifier: Apache-2.0
// Tests of transforms/file.
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

static const flow_field item_fields[] = { FLOW_COLUMN(item, id), FLOW_COLUMN(item, text) };

const flow_type item_type_shared = {
    .name = "item",
    .size = sizeof(struct item),
    .align = _Alignof(struct item),
    .field_count = 2,
    .fields = item_fields,
};

const flow_compression kinds[KINDS] = {
    FLOW_COMPRESSION_NONE,
#if FL_HAVE_GZIP
    FLOW_COMPRESSION_GZIP,
#endif
#if FL_HAVE_ZSTD
    FLOW_COMPRESSION_ZSTD,
#endif
#if FL_HAVE_BZIP2
    FLOW_COMPRESSION_BZIP2,
#endif
#if FL_HAVE_SNAPPY
    FLOW_COMPRESSION_SNAPPY,
#endif
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

char *decoded(flow_compression kind, flow_str in, size_t step, bool *complete)
{
    static const flow_allocator none = { 0 };
    struct fl_decoder *decoder = fl_decoder_new(kind, &none);
    ck_assert_ptr_nonnull(decoder);
    char *out = calloc(1, 1 << 20);
    size_t len = 0;
    bool good = true;
    while (good) {
        struct fl_span span = { in.data, in.len < step ? in.len : step, out + len, step };
        const size_t had = span.in_len;
        good = fl_decoder_run(decoder, &span);
        in.data += had - span.in_len;
        in.len -= had - span.in_len;
        len += step - span.out_len;
        if (in.len == 0 && span.out_len == step)
            break;
    }
    *complete = fl_decoder_complete(decoder);
    if (!good)
        ck_assert_uint_gt(strlen(fl_decoder_problem(decoder)), 10);
    fl_decoder_free(decoder);
    if (!good)
        free(out);
    return good ? out : NULL;
}

void check_decoded(flow_compression kind, const void *data, size_t len, const char *text)
{
    bool complete = false;
    char *got = decoded(kind, (flow_str){ data, len }, 3, &complete);
    ck_assert_ptr_nonnull(got);
    ck_assert_str_eq(got, text);
    ck_assert(complete);
    free(got);
}

#if FL_HAVE_JSON
const TTest *if_json(const TTest *test)
{
    return test;
}
#else
static void nothing(int i)
{
    (void)i;
}

// What TAP calls a directive is part of the name.
const TTest *if_json(const TTest *test)
{
    static TTest skipped[100];
    static char names[100][160];
    static size_t count;
    if (count == sizeof skipped / sizeof skipped[0])
        abort();
    snprintf(names[count], sizeof names[count], "%s # SKIP built without JSON", test->name);
    skipped[count] = (TTest){ names[count], nothing, test->file, test->line };
    return &skipped[count++];
}
#endif

int main(void)
{
    Suite *suite = suite_create("transforms/file");
    TCase *(*const cases[])(void) = { at_end_case, avro_codec_case, avro_plan_case, avro_read_case,
        avro_schema_case, avro_value_case, avro_write_case, bzip2_case, chunk_case, compress_case,
        contract_case, crc_case, destined_case, follow_case, format_case, gzip_case, input_case,
        lane_case, match_case, origin_case, output_case, panes_case, pattern_case, plain_case,
        read_all_case, read_case, records_case, run_case, set_case, shown_case, snappy_case,
        stream_case, write_case, zstd_case };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        suite_add_tcase(suite, cases[i]());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
