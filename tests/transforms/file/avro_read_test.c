// SPDX-License-Identifier: Apache-2.0
// Avro files of another implementation, and files that are cut, damaged, or of another schema.
#include "suite.h"

#include "avro.h"

#include <flow/memory.h>
#include <flow/runner_local.h>
#include <stdio.h>
#include <stdlib.h>

struct place {
    flow_str city;
    int32_t zip;
};
FLOW_RECORD(place, city, zip);

struct sale {
    int64_t id;
    double small; // an int there
    flow_str name;
    double price;
    float ratio;
    bool flag, has_note, has_either, has_absent;
    flow_time at, at_ms, day;
    flow_str note;
    flow_list tags, places;
    struct place place;
    flow_str kind;
    flow_bytes raw, four;
    int64_t either;
    flow_str absent;
};
static const flow_field sale_fields[] = { FLOW_COLUMN(sale, id), FLOW_COLUMN(sale, small),
    FLOW_COLUMN(sale, name), FLOW_COLUMN(sale, price), FLOW_COLUMN(sale, ratio),
    FLOW_COLUMN(sale, flag), FLOW_COLUMN(sale, at), FLOW_COLUMN(sale, at_ms),
    FLOW_COLUMN(sale, day), FLOW_COLUMN_OPTIONAL(sale, note, has_note),
    FLOW_COLUMN_LIST_OF(sale, tags, FLOW_KIND_STR), FLOW_COLUMN_LIST(sale, places, place),
    FLOW_COLUMN_RECORD(sale, place, place), FLOW_COLUMN(sale, kind), FLOW_COLUMN(sale, raw),
    FLOW_COLUMN(sale, four), FLOW_COLUMN_OPTIONAL(sale, either, has_either),
    FLOW_COLUMN_OPTIONAL(sale, absent, has_absent) };
static const flow_type sale_type = { "sale", sizeof(struct sale), _Alignof(struct sale), 18,
    sale_fields };

#define ROWS 50

static const char *const golden[] = {
    AVRO_GOLDEN "/null.avro",
#if FL_HAVE_GZIP
    AVRO_GOLDEN "/deflate.avro",
#endif
#if FL_HAVE_SNAPPY
    AVRO_GOLDEN "/snappy.avro",
#endif
#if FL_HAVE_ZSTD
    AVRO_GOLDEN "/zstandard.avro",
#endif
#if FL_HAVE_BZIP2
    AVRO_GOLDEN "/bzip2.avro",
#endif
};

// What row() of avro/make.py makes, as JSON.
static void check_row(const struct sale *sale, int i)
{
    flow_buffer json = { 0 };
    char wanted[1024], note[64] = "", tags[64] = "", places[64] = "", either[64] = "";
    for (int k = 0; k < i % 4; k++)
        snprintf(tags + strlen(tags), sizeof tags - strlen(tags), "%s\"t%d\"", k ? "," : "", k);
    for (int k = 0; k < i % 3; k++)
        snprintf(places + strlen(places), sizeof places - strlen(places),
            "%s{\"city\":\"Kyiv\",\"zip\":%d}", k ? "," : "", k);
    if (i % 3 == 0)
        snprintf(note, sizeof note, "\"note\":\"note %d\",", i);
    if (i % 3 != 1)
        snprintf(either, sizeof either, ",\"either\":%lld", i % 3 ? (1LL << 40) + i : (long long)i);
    const unsigned char raw[] = { 0, (unsigned char)i, 255 };
    ck_assert_uint_eq(sale->raw.len, 3);
    ck_assert_mem_eq(sale->raw.data, raw, 3);
    struct sale shown = *sale;
    shown.raw = (flow_bytes){ NULL, 0 };
    flow_json_write(&sale_type, &shown, &json);
    flow_buffer_put(&json, "", 1);
    snprintf(wanted, sizeof wanted,
        "{\"id\":%lld,\"small\":%d,\"name\":\"n\xC3\xA4me %d\",\"price\":%d.25,\"ratio\":%g,"
        "\"flag\":%s,\"at\":\"2026-11-24T09:00:00.%03d007Z\",\"at_ms\":\"2026-11-24T09:00:00%s\","
        "\"day\":\"2026-11-24T00:00:00Z\",%s\"tags\":[%s],\"places\":[%s],\"place\":{\"city\":"
        "\"Oslo\",\"zip\":%d},\"kind\":\"%s\",\"raw\":\"\",\"four\":\"Zm91cg==\"%s}",
        i * 1000000000000LL - 5, -i, i, i, i / 8.0, i % 2 ? "true" : "false", i, i ? "" : "Z", note,
        tags, places, i, i % 2 ? "used" : "new", either);
    if (i > 0) { // milliseconds
        char text[1024];
        const char *z = strstr(wanted, "\"at_ms\":\"2026-11-24T09:00:00") + 28;
        snprintf(text, sizeof text, "%.*s.%03dZ%s", (int)(z - wanted), wanted, i, z);
        memcpy(wanted, text, sizeof wanted);
    }
    ck_assert_str_eq(json.data, wanted);
    flow_buffer_free(&json);
}

static struct fl_read_config config_of(const char *path)
{
    struct fl_read_config config = read_config(path, FLOW_AVRO);
    config.options.type = &sale_type;
    return config;
}

static const struct sale *sale_at(const struct fake_ctx *fake, size_t i)
{
    return &((const struct sale *)(const void *)fake->rows)[i];
}

// _i: codec. In pieces of any size, read twice, without a leak.
START_TEST(files_of_another_implementation_are_read)
{
    static const size_t sizes[] = { 1, 700, 1 << 20 };
    for (size_t s = 0; s < 3; s++) {
        struct fl_read_config config = config_of(golden[_i]);
        struct fake_ctx fake;
        struct fake_heap heap;
        fake_heap_init(&heap);
        fake_ctx_init(&fake, &sale_type);
        fake.room = s == 1 ? 3 : 0;
        config.piece_size = sizes[s];
        struct fake_job job = { .source = &fl_file_source,
            .config = &config,
            .ctx = &fake,
            .heap = &heap,
            .twice = s == 0 };
        ck_assert_msg(fake_run(&job) == FLOW_OK, "%s", job.error.message);
        ck_assert_uint_eq(fake.count, ROWS);
        ck_assert_uint_eq(fake.reject_count, 0);
        ck_assert(job.pieces > 1 || s == 2);
        fake_ctx_fini(&fake);
        ck_assert_uint_eq(heap.live, 0);
    }
}
END_TEST

static flow_status see(flow_ctx *ctx, const struct sale *sale)
{
    (void)ctx;
    check_row(sale, (int)((sale->id + 5) / 1000000000000LL));
    return FLOW_OK;
}

static flow_status keep(flow_ctx *ctx, const flow_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const char *row = batch->rows + (size_t)FLOW_BATCH_INDEX(batch, i) * batch->stride;
        see(ctx, (const struct sale *)(const void *)(row + batch->value_offset));
        ctx->keep[i] = (uint16_t)FLOW_BATCH_INDEX(batch, i);
    }
    ctx->kept = batch->count;
    return FLOW_OK;
}

// Values, and what we write of them, read again.
START_TEST(values_are_what_they_were_and_survive_our_own_files)
{
    static const flow_fn look = {
        .name = "look", .form = FLOW_FORM_FILTER, .in = &sale_type, .process = keep
    };
    flow_error error = { 0 };
    fake_folder();
    const char *from = golden[_i % (int)(sizeof golden / sizeof golden[0])];
    for (int round = 0; round < 2; round++) {
        flow_pipeline *pipeline = flow_pipeline_new("avro");
        const flow_file_read_options in = { .path = from, .format = FLOW_AVRO, .type = &sale_type };
        const flow_file_write_options out = { .path = fake_path(round ? "b" : "a"),
            .format = FLOW_AVRO,
            .compression = kinds[_i % KINDS] };
        flow_file_write(flow_do(flow_file_read(pipeline, &in), &look), &out);
        const flow_runner runner = flow_local(&(flow_local_options){ .workers = 2 });
        ck_assert_msg(
            flow_run(pipeline, &runner, &error) == FLOW_OK, "%s: %s", error.step, error.message);
        flow_pipeline_free(pipeline);
        from = fake_path("a");
    }
    fake_folder_remove();
}
END_TEST

START_TEST(a_codec_that_was_left_out_is_named)
{
    static const struct {
        bool offered;
        const char *path;
    } codecs[] = { { FL_HAVE_GZIP, AVRO_GOLDEN "/deflate.avro" },
        { FL_HAVE_SNAPPY, AVRO_GOLDEN "/snappy.avro" },
        { FL_HAVE_ZSTD, AVRO_GOLDEN "/zstandard.avro" },
        { FL_HAVE_BZIP2, AVRO_GOLDEN "/bzip2.avro" } };
    struct fl_read_config config = config_of(codecs[_i].path);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &sale_type);
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_eq(fake_open(&job), FLOW_OK);
    const flow_claim end = fake_drain(&job, 0);
    ck_assert_int_eq(end, codecs[_i].offered ? FLOW_CLAIM_END : FLOW_CLAIM_FAILED);
    if (!codecs[_i].offered) {
        ck_assert_int_eq(job.error.status, FLOW_UNSUPPORTED);
        ck_assert_msg(strstr(job.error.message, codecs[_i].path) &&
                          strstr(job.error.message, "but this libflow was built without"),
            "%s", job.error.message);
    }
    fake_close(&job);
    fake_ctx_fini(&fake);
}
END_TEST

START_TEST(reading_goes_on_where_a_piece_ended)
{
    struct fl_read_config config = config_of(golden[_i]);
    config.piece_size = 100;
    for (int steps = 0; steps < 4; steps++) {
        struct fake_ctx fake;
        fake_ctx_init(&fake, &sale_type);
        struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
        ck_assert_int_eq(fake_open(&job), FLOW_OK);
        for (int i = 0; i < steps; i++)
            ck_assert_int_eq(fake_step(&job, 0), FLOW_CLAIM_PIECE);
        fake_close(&job);
        ck_assert_int_eq(fake_open(&job), FLOW_OK);
        ck_assert_int_eq(fl_file_source.seek(job.self, 0, job.last_end, &job.error), FLOW_OK);
        ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_END);
        ck_assert_uint_eq(fake.count, ROWS);
        for (size_t i = 0; i < fake.count; i++)
            ck_assert_int_eq(sale_at(&fake, i)->id, (int64_t)i * 1000000000000LL - 5);
        fake_close(&job);
        fake_ctx_fini(&fake);
    }
}
END_TEST

// Every cut: fails with the name of the file, or ends between two blocks.
START_TEST(a_cut_off_file_is_told_with_its_name_and_where)
{
    size_t len = 0, whole = 0;
    char *content = fake_content(golden[0], &len);
    fake_folder();
    for (size_t cut = 1; cut < len; cut += 13) {
        struct fl_read_config config = config_of(fake_file("cut.avro", content, cut));
        struct fake_ctx fake;
        fake_ctx_init(&fake, &sale_type);
        fake.on_error = FLOW_ON_ERROR_FAIL;
        struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
        if (fake_run(&job) == FLOW_OK) {
            whole++;
        } else {
            const char *told = fake.message[0] ? fake.message : job.error.message;
            ck_assert_msg(strstr(told, "cut.avro: ") && strstr(told, "cut off within"), "%s", told);
        }
        fake_ctx_fini(&fake);
    }
    ck_assert_uint_lt(whole, 3);
    free(content);
    fake_folder_remove();
}
END_TEST

START_TEST(a_damaged_block_is_one_dead_letter_and_the_next_mark_goes_on)
{
    size_t len = 0;
    char *content = fake_content(golden[_i], &len);
    const char *mark = "0123456789abcdef";
    size_t at = len / 2;
    while (memcmp(content + at, mark, 16) != 0)
        at++;
    content[at + 3] ^= 1; // no mark any more
    fake_folder();
    struct fl_read_config config = config_of(fake_file("d.avro", content, len));
    struct fake_ctx fake;
    fake_ctx_init(&fake, &sale_type);
    read_well(&fake, &config);
    ck_assert_uint_eq(fake.reject_count, 1);
    ck_assert_ptr_nonnull(strstr(fake.rejects[0].message, "/d.avro: at byte "));
    ck_assert_ptr_nonnull(strstr(fake.rejects[0].message, "does not end with the mark"));
    ck_assert_uint_gt(fake.count, ROWS / 2);
    ck_assert_uint_lt(fake.count, ROWS);
    ck_assert_int_eq(sale_at(&fake, fake.count - 1)->id, (ROWS - 1) * 1000000000000LL - 5);
    fake_ctx_fini(&fake);
    free(content);
    fake_folder_remove();
}
END_TEST

// Any byte changed: never a crash, and what is read or rejected adds up to something.
START_TEST(any_damage_is_survived)
{
    size_t len = 0;
    char *content = fake_content(golden[_i], &len);
    fake_folder();
    for (size_t at = 0; at < len; at += 7) {
        content[at] ^= 0x55;
        struct fl_read_config config = config_of(fake_file("d.avro", content, len));
        struct fake_ctx fake;
        struct fake_heap heap;
        fake_heap_init(&heap);
        fake_ctx_init(&fake, &sale_type);
        struct fake_job job = {
            .source = &fl_file_source, .config = &config, .ctx = &fake, .heap = &heap
        };
        const flow_status status = fake_run(&job);
        ck_assert(status == FLOW_OK || job.error.message[0] != '\0');
        ck_assert_uint_eq(fake.strays, 0);
        fake_ctx_fini(&fake);
        ck_assert_uint_eq(heap.live, 0);
        content[at] ^= 0x55;
    }
    free(content);
    fake_folder_remove();
}
END_TEST

START_TEST(without_memory_reading_fails_and_leaks_nothing)
{
    size_t failures = 0;
    struct fl_read_config config = config_of(golden[_i]);
    for (size_t n = 1; n < 400; n++) {
        struct fake_ctx fake;
        struct fake_heap heap;
        fake_heap_init(&heap);
        heap.fail_at = n;
        fake_ctx_init(&fake, &sale_type);
        struct fake_job job = {
            .source = &fl_file_source, .config = &config, .ctx = &fake, .heap = &heap
        };
        const flow_status status = fake_run(&job);
        failures += status != FLOW_OK;
        ck_assert_msg(status == FLOW_OK || status == FLOW_MEMORY, "%s", job.error.message);
        fake_ctx_fini(&fake);
        ck_assert_uint_eq(heap.live, 0);
        if (status == FLOW_OK && heap.calls < n)
            break;
    }
    ck_assert_uint_gt(failures, 20);
}
END_TEST

START_TEST(an_element_is_told_by_its_record_and_block)
{
    char origin[512] = "";
    struct fl_read_config config = config_of(golden[_i]);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &sale_type);
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_eq(fake_open(&job), FLOW_OK);
    flow_piece piece = { .partition = 0 };
    ck_assert_int_eq(fl_file_source.claim(job.self, 0, &piece, &job.error), FLOW_CLAIM_PIECE);
    fl_file_source.origin(job.self, &piece, 1, origin, sizeof origin);
    ck_assert_msg(strstr(origin, ".avro: record 2 of the block at byte ") != NULL, "%s", origin);
    const unsigned long first = strtoul(strrchr(origin, ' '), NULL, 10);
    fl_file_source.origin(job.self, &piece, 40, origin, sizeof origin);
    ck_assert_uint_gt(strtoul(strrchr(origin, ' '), NULL, 10), first);
    fl_file_source.origin(job.self, &piece, 41, origin, sizeof origin);
    ck_assert_ptr_nonnull(strstr(origin, ": record "));
    fake_close(&job);
    fake_ctx_fini(&fake);
}
END_TEST

struct other {
    int32_t id;
    flow_str price, missing;
    flow_time at;
};
FLOW_RECORD(other, id, price, missing, at);

START_TEST(a_record_that_does_not_fit_is_refused_with_all_that_differs)
{
    struct fl_read_config config = config_of(golden[0]);
    config.options.type = &other_type;
    struct fake_ctx fake;
    fake_ctx_init(&fake, &other_type);
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_eq(fake_run(&job), FLOW_TYPE);
    ck_assert_msg(strstr(job.error.message,
                      "null.avro: its records do not fit record other: field \"id\" is long, "
                      "wanted int32; field \"price\" is double, wanted text; field \"missing\" is "
                      "not there, wanted text") != NULL,
        "%s", job.error.message);
    fake_ctx_fini(&fake);
}
END_TEST

START_TEST(what_is_no_avro_file_is_refused)
{
    static const char *const texts[] = { "{\"id\":1}\n", "Obj\2", "Obj\1\1\1\1", "O" };
    static const char *const sentences[] = { "does not begin as an Avro container file",
        "does not begin as an Avro container file", "cut off within its header",
        "cut off within its header" };
    fake_folder();
    struct fl_read_config config = config_of(fake_file("x.avro", texts[_i], strlen(texts[_i])));
    struct fake_ctx fake;
    fake_ctx_init(&fake, &sale_type);
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_eq(fake_run(&job), FLOW_DAMAGED);
    ck_assert_msg(strstr(job.error.message, sentences[_i]) != NULL, "%s", job.error.message);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

TCase *avro_read_case(void)
{
    const int codecs = (int)(sizeof golden / sizeof golden[0]);
    TCase *tcase = tcase_create("avro_read");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_codec_that_was_left_out_is_named, 0, 4);
    tcase_add_loop_test(tcase, if_json(files_of_another_implementation_are_read), 0, codecs);
    tcase_add_loop_test(
        tcase, if_json(values_are_what_they_were_and_survive_our_own_files), 0, 2 * codecs);
    tcase_add_loop_test(tcase, if_json(reading_goes_on_where_a_piece_ended), 0, codecs);
    tcase_add_test(tcase, if_json(a_cut_off_file_is_told_with_its_name_and_where));
    tcase_add_loop_test(
        tcase, if_json(a_damaged_block_is_one_dead_letter_and_the_next_mark_goes_on), 0, codecs);
    tcase_add_loop_test(tcase, if_json(any_damage_is_survived), 0, codecs);
    tcase_add_loop_test(tcase, if_json(without_memory_reading_fails_and_leaks_nothing), 0, codecs);
    tcase_add_loop_test(tcase, if_json(an_element_is_told_by_its_record_and_block), 0, codecs);
    tcase_add_test(tcase, if_json(a_record_that_does_not_fit_is_refused_with_all_that_differs));
    tcase_add_loop_test(tcase, what_is_no_avro_file_is_refused, 0, 4);
    return tcase;
}
