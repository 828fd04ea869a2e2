// SPDX-License-Identifier: Apache-2.0
// Avro files as we write them: to the byte what another implementation has read (avro/make.py
// --check), and what cannot be written.
#include "sink.h"

#include "avro.h"

#include <stdio.h>
#include <stdlib.h>
#if FL_HAVE_GZIP
#include <zlib.h>
#endif

struct spot {
    flow_str city;
    double lat;
};
FLOW_RECORD(spot, city, lat);

struct visit {
    int64_t id;
    int32_t small;
    uint32_t count;
    uint64_t big;
    float ratio;
    double price;
    bool flag, has_note, has_back;
    flow_time at;
    flow_duration spent;
    flow_str name, note;
    flow_bytes raw;
    struct spot spot, back;
    flow_list tags, spots;
};
static const flow_field visit_fields[] = { FLOW_COLUMN_AS(visit, id, "no"),
    FLOW_COLUMN(visit, small), FLOW_COLUMN(visit, count), FLOW_COLUMN(visit, big),
    FLOW_COLUMN(visit, ratio), FLOW_COLUMN(visit, price), FLOW_COLUMN(visit, flag),
    FLOW_COLUMN(visit, at), FLOW_COLUMN(visit, spent), FLOW_COLUMN(visit, name),
    FLOW_COLUMN_OPTIONAL(visit, note, has_note), FLOW_COLUMN(visit, raw),
    FLOW_COLUMN_RECORD(visit, spot, spot),
    { .name = "back",
        .kind = FLOW_KIND_RECORD,
        .offset = offsetof(struct visit, back),
        .size = sizeof(struct spot),
        .record = &spot_type,
        .presence = 1 + offsetof(struct visit, has_back) },
    FLOW_COLUMN_LIST_OF(visit, tags, FLOW_KIND_I32), FLOW_COLUMN_LIST(visit, spots, spot) };
static const flow_type visit_type = { "visit", sizeof(struct visit), _Alignof(struct visit), 16,
    visit_fields };

static const int32_t tags[] = { 0, -1, 2147483647 };
static const struct spot spots[] = { { { "Kyiv", 4 }, 50.45 }, { { "Lima", 4 }, -12.05 } };

static const struct visit visits[] = {
    { .id = INT64_MIN,
        .small = -64,
        .count = 4294967295u,
        .big = INT64_MAX,
        .ratio = 0.5f,
        .price = -1e300,
        .flag = true,
        .has_note = true,
        .at = { 1795510800000007 },
        .spent = { -5 },
        .name = { "caf\xC3\xA9", 5 },
        .note = { "", 0 },
        .raw = { "\0\xFF", 2 },
        .spot = { { "Oslo", 4 }, 59.91 },
        .has_back = true,
        .back = { { "Bergen", 6 }, 60.39 },
        .tags = { tags, 3 },
        .spots = { spots, 2 } },
    { .id = 63, .name = { "", 0 } },
};

static void check_golden(const char *name, flow_compression codec)
{
    fake_folder();
    const char *path = fake_path(name);
    struct fake_sink sink = sink_for(path, FLOW_AVRO);
    sink.type = &visit_type;
    sink.config.options.compression = codec;
    const flow_elements elements = {
        .batch = { .rows = (const char *)visits, .count = 2, .stride = sizeof visits[0] }
    };
    char golden[1024];
    size_t len = 0, wanted_len = 0;
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(fl_file_sink.stage(sink.self, 0, &elements, &sink.error), FLOW_OK);
        fl_file_sink.publish(sink.self, 0);
    }
    ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
    snprintf(golden, sizeof golden, "%s/%s", AVRO_GOLDEN, name);
    char *content = fake_content(path, &len), *wanted = fake_content(golden, &wanted_len);
    ck_assert_ptr_nonnull(wanted);
    ck_assert_uint_eq(len, wanted_len);
    ck_assert_mem_eq(content, wanted, len);
    free(content);
    free(wanted);
    fake_folder_remove();
}

START_TEST(files_are_to_the_byte_those_that_another_implementation_has_read)
{
    check_golden("written.avro", FLOW_COMPRESSION_NONE);
#if FL_HAVE_SNAPPY
    check_golden("written-snappy.avro", FLOW_COMPRESSION_SNAPPY);
#endif
#if FL_HAVE_BZIP2
    check_golden("written-bzip2.avro", FLOW_COMPRESSION_BZIP2);
#endif
#if FL_HAVE_GZIP
    // another zlib may pack in another way, which is as good
    if (strcmp(zlibVersion(), "1.2.13") == 0)
        check_golden("written-deflate.avro", FLOW_COMPRESSION_GZIP);
#endif
}
END_TEST

START_TEST(every_codec_is_read_back)
{
    for (int k = 0; k < KINDS; k++) {
        fake_folder();
        struct fake_sink sink = sink_for(fake_path("x"), FLOW_AVRO);
        sink.config.options.compression = kinds[k];
        ck_assert_int_eq(sink_open(&sink), FLOW_OK);
        sink_bundle(&sink, 0, 0, 3000);
        ck_assert_int_eq(sink_stage(&sink, 0, 5, 9), FLOW_OK);
        fl_file_sink.abort(sink.self, 0);
        sink_bundle(&sink, 0, 3000, 3001);
        ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
        struct fl_read_config config = read_config(fake_path("x"), FLOW_AVRO);
        struct fake_ctx fake;
        fake_ctx_init(&fake, &item_type_shared);
        read_well(&fake, &config);
        ck_assert_uint_eq(fake.count, 3001);
        for (size_t i = 0; i < fake.count; i++)
            ck_assert_int_eq(item_at(&fake, i)->id, (int64_t)i);
        ck_assert_str_eq(item_at(&fake, 3000)->text.data, "t3000");
        fake_ctx_fini(&fake);
        fake_folder_remove();
    }
}
END_TEST

START_TEST(a_file_without_rows_still_has_its_schema)
{
    fake_folder();
    struct fake_sink sink = sink_for(fake_path("x"), FLOW_AVRO);
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
    struct fl_read_config config = read_config(fake_path("x"), FLOW_AVRO);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    read_well(&fake, &config);
    ck_assert_uint_eq(fake.count, 0);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(the_key_is_the_first_field)
{
    const struct fl_format format = { .format = FLOW_AVRO,
        .type = &item_type_shared,
        .key = { .kind = FLOW_KIND_U64 },
        .key_name = "key" };
    flow_buffer out = { 0 };
    fl_avro_write_schema(&format, &out);
    flow_buffer_put(&out, "", 1);
    ck_assert_str_eq(out.data,
        "{\"type\":\"record\",\"name\":\"item\",\"fields\":[{\"name\":\"key\",\"type\":\"long\"},"
        "{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"text\",\"type\":\"string\"}]}");
    flow_buffer_free(&out);
}
END_TEST

START_TEST(a_number_without_a_type_is_refused)
{
    fake_folder();
    struct fake_sink sink = sink_for(fake_path("x"), FLOW_AVRO);
    sink.type = &visit_type;
    const struct visit visit = { .big = UINT64_C(1) << 63 };
    const flow_elements elements = {
        .batch = { .rows = (const char *)&visit, .count = 1, .stride = sizeof visit }
    };
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    ck_assert_int_eq(fl_file_sink.stage(sink.self, 0, &elements, &sink.error), FLOW_INVALID);
    ck_assert_ptr_nonnull(strstr(sink.error.message, "above 9223372036854775807"));
    sink_discard(&sink);
    ck_assert_uint_eq(fake_files(), 0);
    fake_folder_remove();
}
END_TEST

struct spaced {
    int64_t id;
};
static const flow_field spaced_fields[] = { FLOW_COLUMN_AS(spaced, id, "the id") };
static const flow_type spaced_type = { "spaced", sizeof(struct spaced), 8, 1, spaced_fields };
static const flow_field nested_fields[] = {
    { .name = "in", .kind = FLOW_KIND_RECORD, .size = sizeof(struct spot), .record = &spot_type },
};
static const flow_type nested_type = { "spot", sizeof(struct spot), 8, 1, nested_fields };

START_TEST(names_that_avro_does_not_have_are_refused)
{
    flow_error error = { 0 };
    struct fl_format format = { .format = FLOW_AVRO, .type = &spaced_type };
    ck_assert_int_eq(fl_format_check(&format, "out", &error), FLOW_TYPE);
    ck_assert_ptr_nonnull(strstr(error.message, "field \"the id\" cannot be written as Avro"));
    error = (flow_error){ 0 };
    format.type = &nested_type;
    ck_assert_int_eq(fl_format_check(&format, "out", &error), FLOW_TYPE);
    ck_assert_ptr_nonnull(strstr(error.message, "two records are called \"spot\""));
}
END_TEST

TCase *avro_write_case(void)
{
    TCase *tcase = tcase_create("avro_write");
    tcase_add_test(tcase, files_are_to_the_byte_those_that_another_implementation_has_read);
    tcase_add_test(tcase, if_json(every_codec_is_read_back));
    tcase_add_test(tcase, if_json(a_file_without_rows_still_has_its_schema));
    tcase_add_test(tcase, the_key_is_the_first_field);
    tcase_add_test(tcase, a_number_without_a_type_is_refused);
    tcase_add_test(tcase, names_that_avro_does_not_have_are_refused);
    return tcase;
}
