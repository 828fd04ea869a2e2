// SPDX-License-Identifier: Apache-2.0
// Compressed files: whole records a piece, damage and bombs told, memory bounded.
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

static flow_buffer items(flow_file_format format, int count)
{
    flow_buffer text = { 0 };
    flow_buffer_printf(&text, "%s", format == FLOW_CSV ? "id,text\n" : "");
    for (int i = 0; i < count; i++) {
        if (format == FLOW_CSV)
            flow_buffer_printf(&text, "%d,\"line\n%d\"\n", i, i);
        else if (format == FLOW_JSON)
            flow_buffer_printf(&text, "{\"id\":%d,\"text\":\"line\\n%d\"}\n", i, i);
        else
            flow_buffer_printf(&text, "line %d\n", i);
    }
    return text;
}

static void check_items(const struct fake_ctx *fake, flow_file_format format, int count)
{
    ck_assert_uint_eq(fake->count, (size_t)count);
    for (int i = 0; i < count; i++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, format == FLOW_LINES ? "line %d" : "line\n%d", i);
        if (format == FLOW_LINES) {
            ck_assert_str_eq(line_text(fake, (size_t)i), wanted);
        } else {
            ck_assert_int_eq(item_at(fake, (size_t)i)->id, i);
            ck_assert_str_eq(item_at(fake, (size_t)i)->text.data, wanted);
        }
    }
}

// _i: format and compression.
START_TEST(every_format_and_compression_gives_the_same_rows_in_pieces_of_any_size)
{
    static const size_t sizes[] = { 1, 7, 64, 1 << 20 };
    static const uint32_t rooms[] = { 1, 7, 0 };
    const flow_file_format format = (flow_file_format)(_i / KINDS);
    flow_buffer text = items(format, 150);
    flow_buffer file = packed(kinds[_i % KINDS], (flow_str){ text.data, text.len });
    fake_folder();
    const char *path = fake_file("items", file.data, file.len);
    for (size_t p = 0; p < 12; p++) {
        struct fl_read_config config = read_config(path, format);
        struct fake_ctx fake;
        struct fake_heap heap;
        fake_heap_init(&heap);
        fake_ctx_init(&fake, config.options.type);
        config.piece_size = sizes[p / 3];
        fake.room = rooms[p % 3];
        struct fake_job job = { .source = &fl_file_source,
            .config = &config,
            .ctx = &fake,
            .heap = &heap,
            .twice = p % 2 == 0,
            .late = p % 4 == 0 };
        ck_assert_msg(fake_run(&job) == FLOW_OK, "%s", job.error.message);
        ck_assert_uint_eq(fake.strays, 0);
        check_items(&fake, format, 150);
        fake_ctx_fini(&fake);
        ck_assert_uint_eq(heap.live, 0);
    }
    flow_buffer_free(&text);
    flow_buffer_free(&file);
    fake_folder_remove();
}
END_TEST

START_TEST(reading_goes_on_where_a_piece_ended_in_every_format)
{
    const flow_file_format format = (flow_file_format)(_i / KINDS);
    flow_buffer text = items(format, 20);
    flow_buffer file = packed(kinds[_i % KINDS], (flow_str){ text.data, text.len });
    fake_folder();
    struct fl_read_config config = read_config(fake_file("items", file.data, file.len), format);
    config.piece_size = 30;
    for (int steps = 0; steps < 6; steps++) {
        struct fake_ctx fake;
        fake_ctx_init(&fake, config.options.type);
        struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
        ck_assert_int_eq(fake_open(&job), FLOW_OK);
        for (int i = 0; i < steps; i++)
            ck_assert_int_eq(fake_step(&job, 0), FLOW_CLAIM_PIECE);
        fake_close(&job);
        ck_assert_int_eq(fake_open(&job), FLOW_OK);
        ck_assert_int_eq(fl_file_source.seek(job.self, 0, job.last_end, &job.error), FLOW_OK);
        ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_END);
        check_items(&fake, format, 20);
        fake_close(&job);
        fake_ctx_fini(&fake);
    }
    flow_buffer_free(&text);
    flow_buffer_free(&file);
    fake_folder_remove();
}
END_TEST

START_TEST(a_cut_off_file_fails_the_job)
{
    flow_buffer text = items(FLOW_JSON, 1000);
    flow_buffer file = packed(kinds[_i], (flow_str){ text.data, text.len });
    fake_folder();
    struct fl_read_config config =
        read_config(fake_file("orders.json.gz", file.data, file.len / 2), FLOW_JSON);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    fake.on_error = FLOW_ON_ERROR_FAIL;
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_eq(fake_run(&job), FLOW_DAMAGED);
    ck_assert_ptr_nonnull(strstr(job.error.message, "orders.json.gz: its "));
    ck_assert_ptr_nonnull(strstr(job.error.message, "the file is cut off"));
    fake_ctx_fini(&fake);
    flow_buffer_free(&text);
    flow_buffer_free(&file);
    fake_folder_remove();
}
END_TEST

START_TEST(a_damaged_file_is_told_with_its_name_and_about_where)
{
    flow_buffer text = items(FLOW_LINES, 1000);
    flow_buffer file = packed(kinds[_i], (flow_str){ text.data, text.len });
    memset(file.data + file.len / 2, 0, 32);
    fake_folder();
    struct fl_read_config config = read_config(fake_file("lines", file.data, file.len), FLOW_LINES);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &flow_line_type);
    fake.on_error = FLOW_ON_ERROR_FAIL;
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_eq(fake_run(&job), FLOW_DAMAGED);
    ck_assert_ptr_nonnull(strstr(job.error.message, "lines: its "));
    const char *at = strstr(job.error.message, ", at or before byte ");
    ck_assert_ptr_nonnull(at);
    ck_assert_uint_ge(strtoul(at + 20, NULL, 10), file.len / 2);
    ck_assert_uint_le(strtoul(at + 20, NULL, 10), file.len);
    fake_ctx_fini(&fake);
    flow_buffer_free(&text);
    flow_buffer_free(&file);
    fake_folder_remove();
}
END_TEST

START_TEST(a_cut_off_file_gives_its_rows_and_one_dead_letter_when_asked)
{
    flow_buffer text = items(FLOW_LINES, 1000);
    flow_buffer file = packed(kinds[_i], (flow_str){ text.data, text.len });
    flow_buffer whole = packed(kinds[_i], flow_str_of("whole 1\nwhole 2\n"));
    flow_buffer_put(&whole, file.data, file.len / 2);
    fake_folder();
    struct fl_read_config config =
        read_config(fake_file("l.gz", whole.data, whole.len), FLOW_LINES);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &flow_line_type);
    config.piece_size = 64;
    read_well(&fake, &config);
    ck_assert_uint_ge(fake.count, 2);
    ck_assert_uint_lt(fake.count, 1002);
    ck_assert_str_eq(line_text(&fake, 1), "whole 2");
    ck_assert_uint_eq(fake.reject_count, 1);
    ck_assert_ptr_nonnull(strstr(fake.rejects[0].message, "the file is cut off"));
    fake_ctx_fini(&fake);
    flow_buffer_free(&text);
    flow_buffer_free(&file);
    flow_buffer_free(&whole);
    fake_folder_remove();
}
END_TEST

// `megabytes` of one letter, as one line, compressed.
static const char *write_bomb(flow_compression kind, int megabytes)
{
    const size_t block = (size_t)1 << 20;
    char *xs = malloc(block);
    memset(xs, 'x', block);
    flow_buffer text = { 0 };
    for (int i = 0; i < megabytes; i++)
        flow_buffer_put(&text, xs, block);
    flow_buffer_put(&text, "\nlast\n", 6);
    flow_buffer file = packed(kind, (flow_str){ text.data, text.len });
    const char *path = fake_file("bomb", file.data, file.len);
    flow_buffer_free(&text);
    flow_buffer_free(&file);
    free(xs);
    return path;
}

START_TEST(a_file_that_expands_too_much_is_refused)
{
    fake_folder();
    struct fl_read_config config = read_config(write_bomb(kinds[_i], 100), FLOW_LINES);
    struct fake_ctx fake;
    struct fake_heap heap;
    fake_heap_init(&heap);
    fake_ctx_init(&fake, &flow_line_type);
    fake.on_error = FLOW_ON_ERROR_FAIL;
    config.options.expansion_max = kinds[_i] == FLOW_COMPRESSION_SNAPPY ? 10 : 100;
    struct fake_job job = {
        .source = &fl_file_source, .config = &config, .ctx = &fake, .heap = &heap
    };
    ck_assert_int_eq(fake_run(&job), FLOW_DAMAGED);
    ck_assert_ptr_nonnull(strstr(job.error.message, "bomb: expands to more than 10"));
    ck_assert_uint_lt(heap.peak, (size_t)64 << 20);
    ck_assert_uint_eq(heap.live, 0);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_compressed_line_of_100_megabytes_takes_no_such_memory)
{
    fake_folder();
    struct fl_read_config config = read_config(write_bomb(kinds[_i], 100), FLOW_LINES);
    struct fake_ctx fake;
    struct fake_heap heap;
    fake_heap_init(&heap);
    fake_ctx_init(&fake, &flow_line_type);
    config.options.expansion_max = 100000000; // bzip2 does so much
    struct fake_job job = {
        .source = &fl_file_source, .config = &config, .ctx = &fake, .heap = &heap
    };
    ck_assert_msg(fake_run(&job) == FLOW_OK, "%s", job.error.message);
    ck_assert_uint_eq(fake.count, 1);
    ck_assert_str_eq(line_text(&fake, 0), "last");
    ck_assert_uint_eq(fake.reject_count, 1);
    ck_assert_uint_eq(fake.rejects[0].len, FL_SAMPLE_SIZE);
    ck_assert_ptr_nonnull(strstr(fake.rejects[0].message, "bomb:1: the record is longer"));
    ck_assert_uint_lt(heap.peak, (size_t)80 << 20);
    ck_assert_uint_eq(heap.live, 0);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_piece_keeps_its_bytes_until_it_is_finalized_and_nothing_points_there)
{
    fake_folder();
    struct fl_read_config config =
        read_config(fake_file("k.csv", "text,id\nabc,1\n", 14), FLOW_CSV);
    struct fake_ctx fake;
    struct fake_heap heap;
    fake_heap_init(&heap);
    fake_ctx_init(&fake, &item_type_shared);
    fake.pinned = true;
    struct fake_job job = {
        .source = &fl_file_source, .config = &config, .ctx = &fake, .heap = &heap
    };
    ck_assert_int_eq(fake_open(&job), FLOW_OK);
    ck_assert_int_eq(fake_step(&job, 0), FLOW_CLAIM_PIECE);
    fake_close(&job);
    ck_assert_uint_eq(fake.range_count, 1);
    ck_assert_mem_eq(fake.ranges[0].data, "abc,1\n", 6);
    ck_assert_uint_gt(heap.live, 0);
    fake_ctx_fini(&fake);
    ck_assert_uint_eq(heap.live, 0);
    fake_folder_remove();
}
END_TEST

START_TEST(without_memory_reading_fails_and_leaks_nothing)
{
    flow_buffer text = items(FLOW_CSV, 50);
    flow_buffer file = packed(kinds[KINDS - 1], (flow_str){ text.data, text.len });
    fake_folder();
    struct fl_read_config config = read_config(fake_file("i.csv", file.data, file.len), FLOW_CSV);
    config.piece_size = 64;
    size_t failures = 0;
    for (size_t n = 1; n < 200; n++) {
        struct fake_ctx fake;
        struct fake_heap heap;
        fake_heap_init(&heap);
        heap.fail_at = n;
        fake_ctx_init(&fake, &item_type_shared);
        struct fake_job job = {
            .source = &fl_file_source, .config = &config, .ctx = &fake, .heap = &heap
        };
        const flow_status status = fake_run(&job);
        failures += status != FLOW_OK;
        ck_assert(status == FLOW_OK || status == FLOW_MEMORY);
        ck_assert(status == FLOW_OK || job.error.message[0] != '\0');
        fake_ctx_fini(&fake);
        ck_assert_uint_eq(heap.live, 0);
        if (status == FLOW_OK && heap.calls < n)
            break;
    }
    ck_assert_uint_gt(failures, 5);
    flow_buffer_free(&text);
    flow_buffer_free(&file);
    fake_folder_remove();
}
END_TEST

#if KINDS < 5
START_TEST(a_compressed_file_is_refused_in_one_sentence)
{
    static const char magics[][11] = { "\x1f\x8b\x08.......", "\x28\xb5\x2f\xfd......",
        "BZh91AY&SY", "\xff\x06\0\0sNaPpY" };
    static const bool offered[] = { FL_HAVE_GZIP, FL_HAVE_ZSTD, FL_HAVE_BZIP2, FL_HAVE_SNAPPY };
    if (offered[_i])
        return;
    fake_folder();
    struct fl_read_config config = read_config(fake_file("x", magics[_i], 10), FLOW_LINES);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &flow_line_type);
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_eq(fake_open(&job), FLOW_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(job.error.message, "but this libflow was built without"));
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST
#endif

TCase *stream_case(void)
{
    TCase *tcase = tcase_create("stream");
    tcase_set_timeout(tcase, 60);
    for (int format = 0; format < 3; format++) {
        const TTest *same = every_format_and_compression_gives_the_same_rows_in_pieces_of_any_size;
        const TTest *goes_on = reading_goes_on_where_a_piece_ended_in_every_format;
        const bool json = format == FLOW_JSON;
        tcase_add_loop_test(
            tcase, json ? if_json(same) : same, KINDS * format, KINDS * format + KINDS);
        tcase_add_loop_test(
            tcase, json ? if_json(goes_on) : goes_on, KINDS * format, KINDS * format + KINDS);
    }
    tcase_add_loop_test(tcase, a_cut_off_file_fails_the_job, 1, KINDS);
    tcase_add_loop_test(tcase, a_damaged_file_is_told_with_its_name_and_about_where, 1, KINDS);
    tcase_add_loop_test(
        tcase, a_cut_off_file_gives_its_rows_and_one_dead_letter_when_asked, 1, KINDS);
    tcase_add_loop_test(tcase, a_file_that_expands_too_much_is_refused, 1, KINDS);
    tcase_add_loop_test(tcase, a_compressed_line_of_100_megabytes_takes_no_such_memory, 1, KINDS);
#if KINDS < 5
    tcase_add_loop_test(tcase, a_compressed_file_is_refused_in_one_sentence, 0, 4);
#endif
    tcase_add_test(tcase, a_piece_keeps_its_bytes_until_it_is_finalized_and_nothing_points_there);
    tcase_add_test(tcase, without_memory_reading_fails_and_leaks_nothing);
    return tcase;
}
