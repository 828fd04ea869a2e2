// SPDX-License-Identifier: Apache-2.0
// Plain files in ranges: every line once, whatever the cut.
#include "suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const size_t piece_sizes[] = { 1, 2, 3, 7, 64, 4096 };

static void check_lines(const char *text, size_t len, const char *const *lines, size_t count)
{
    fake_folder();
    const char *path = fake_file("lines.txt", text, len);
    for (size_t p = 0; p < sizeof piece_sizes / sizeof piece_sizes[0]; p++) {
        struct fl_read_config config = read_config(path, FLOW_LINES);
        struct fake_ctx fake;
        fake_ctx_init(&fake, &flow_line_type);
        config.piece_size = piece_sizes[p];
        fake.room = (uint32_t)p + 1;
        read_well(&fake, &config);
        ck_assert_uint_eq(fake.count, count);
        for (size_t i = 0; i < count; i++)
            ck_assert_str_eq(line_text(&fake, i), lines[i]);
        fake_ctx_fini(&fake);
    }
    fake_folder_remove();
}

START_TEST(every_line_is_read_once_in_ranges_of_any_size)
{
    static const char text[] = "one\ntwo three\n\nfour\n";
    check_lines(text, sizeof text - 1, (const char *[]){ "one", "two three", "", "four" }, 4);
}
END_TEST

START_TEST(the_last_line_needs_no_end)
{
    static const char text[] = "one\ntwo";
    check_lines(text, sizeof text - 1, (const char *[]){ "one", "two" }, 2);
}
END_TEST

START_TEST(an_empty_file_has_no_lines)
{
    check_lines("", 0, NULL, 0);
}
END_TEST

START_TEST(a_file_of_line_ends_has_empty_lines)
{
    check_lines("\n\n\n", 3, (const char *[]){ "", "", "" }, 3);
}
END_TEST

START_TEST(mark_and_carriage_returns_are_no_text)
{
    static const char text[] = "\xef\xbb\xbf"
                               "one\r\n\r\ntwo\r\n";
    check_lines(text, sizeof text - 1, (const char *[]){ "one", "", "two" }, 3);
}
END_TEST

START_TEST(a_file_of_a_mark_alone_has_no_lines)
{
    check_lines("\xef\xbb\xbf", 3, NULL, 0);
}
END_TEST

START_TEST(a_zero_byte_is_text_like_any_other)
{
    fake_folder();
    struct fl_read_config config = read_config(fake_file("z.txt", "a\0b\nc\n", 6), FLOW_LINES);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &flow_line_type);
    read_well(&fake, &config);
    ck_assert_uint_eq(fake.count, 2);
    const struct flow_line *line = (const struct flow_line *)(const void *)fake.rows;
    ck_assert_uint_eq(line[0].text.len, 3);
    ck_assert_mem_eq(line[0].text.data, "a\0b", 3);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_piece_that_is_read_again_gives_the_same_rows)
{
    fake_folder();
    struct fl_read_config config = read_config(fake_file("l.txt", "a\nbb\nccc\n", 9), FLOW_LINES);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &flow_line_type);
    config.piece_size = 2;
    struct fake_job job = {
        .source = &fl_file_source, .config = &config, .ctx = &fake, .twice = true, .late = true
    };
    ck_assert_int_eq(fake_run(&job), FLOW_OK);
    ck_assert_uint_eq(fake.count, 3);
    ck_assert_str_eq(line_text(&fake, 2), "ccc");
    ck_assert_uint_eq(job.pieces, 5);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_line_longer_than_allowed_is_rejected_with_its_beginning)
{
    fake_folder();
    char text[4096];
    memset(text, 'x', sizeof text);
    memcpy(text, "ok\n", 3);
    memcpy(text + 3003, "\nfine\n", 6);
    const char *path = fake_file("long.txt", text, 3009);
    for (size_t p = 0; p < sizeof piece_sizes / sizeof piece_sizes[0]; p++) {
        struct fl_read_config config = read_config(path, FLOW_LINES);
        struct fake_ctx fake;
        fake_ctx_init(&fake, &flow_line_type);
        config.piece_size = piece_sizes[p];
        config.options.line_max = 2999;
        read_well(&fake, &config);
        ck_assert_uint_eq(fake.count, 2);
        ck_assert_str_eq(line_text(&fake, 1), "fine");
        ck_assert_uint_eq(fake.reject_count, 1);
        ck_assert_uint_eq(fake.rejects[0].len, FL_SAMPLE_SIZE);
        ck_assert_ptr_nonnull(strstr(fake.rejects[0].message, "long.txt:2: the record is longer"));
        fake_ctx_fini(&fake);
        config.options.line_max = 3000; // its very length
        fake_ctx_init(&fake, &flow_line_type);
        read_well(&fake, &config);
        ck_assert_uint_eq(fake.count, 3);
        ck_assert_uint_eq(fake.reject_count, 0);
        fake_ctx_fini(&fake);
    }
    fake_folder_remove();
}
END_TEST

START_TEST(a_line_of_100_megabytes_takes_no_such_memory)
{
    fake_folder();
    const char *path = fake_file("huge.txt", "first\n", 6);
    const size_t block = (size_t)1 << 20;
    char *xs = malloc(block);
    memset(xs, 'x', block);
    for (int i = 0; i < 100; i++)
        fake_append(path, xs, block);
    fake_append(path, "\nlast\n", 6);
    free(xs);
    struct fl_read_config config = read_config(path, FLOW_LINES);
    struct fake_ctx fake;
    struct fake_heap heap;
    fake_heap_init(&heap);
    fake_ctx_init(&fake, &flow_line_type);
    struct fake_job job = {
        .source = &fl_file_source, .config = &config, .ctx = &fake, .heap = &heap
    };
    ck_assert_int_eq(fake_run(&job), FLOW_OK);
    ck_assert_uint_eq(fake.count, 2);
    ck_assert_str_eq(line_text(&fake, 1), "last");
    ck_assert_uint_eq(fake.reject_count, 1);
    ck_assert_uint_lt(heap.peak, (size_t)64 << 20);
    ck_assert_uint_eq(heap.live, 0);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_bad_record_is_named_by_file_and_line_in_any_range)
{
    fake_folder();
    flow_buffer text = { 0 };
    for (int i = 1; i <= 500; i++)
        flow_buffer_printf(
            &text, i % 100 == 17 ? "{broken %d\n" : "{\"id\":%d,\"text\":\"t\"}\n", i);
    const char *path = fake_file("orders.json", text.data, text.len);
    static const size_t sizes[] = { 7, 64, 1000, 1 << 20 };
    for (size_t p = 0; p < 4; p++) {
        struct fl_read_config config = read_config(path, FLOW_JSON);
        struct fake_ctx fake;
        fake_ctx_init(&fake, &item_type_shared);
        config.piece_size = sizes[p];
        read_well(&fake, &config);
        ck_assert_uint_eq(fake.count, 495);
        ck_assert_uint_eq(fake.reject_count, 5);
        for (int i = 0; i < 5; i++) {
            char wanted[64];
            snprintf(wanted, sizeof wanted, "orders.json:%d: ", i * 100 + 17);
            ck_assert_ptr_nonnull(strstr(fake.rejects[i].message, wanted));
            snprintf(wanted, sizeof wanted, "{broken %d", i * 100 + 17);
            ck_assert_str_eq(fake.rejects[i].element, wanted);
        }
        fake_ctx_fini(&fake);
    }
    flow_buffer_free(&text);
    fake_folder_remove();
}
END_TEST

START_TEST(line_numbers_are_right_when_ranges_are_read_out_of_order)
{
    fake_folder();
    const char *path = fake_file("o.json", "{}\n{\"id\":1,\"text\":\"\"}\n\n[]\n", 26);
    struct fl_read_config config = read_config(path, FLOW_JSON);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    config.piece_size = 3;
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    flow_piece pieces[16];
    size_t count = 0;
    ck_assert_int_eq(fake_open(&job), FLOW_OK);
    while (fl_file_source.claim(job.self, 0, &pieces[count], &job.error) == FLOW_CLAIM_PIECE)
        count++;
    while (count-- > 0)
        ck_assert_int_eq(fl_file_source.read(job.self, &pieces[count], &fake.engine.ctx), FLOW_OK);
    ck_assert_uint_eq(fake.reject_count, 2);
    ck_assert_ptr_nonnull(strstr(fake.rejects[0].message, "o.json:4: "));
    ck_assert_ptr_nonnull(strstr(fake.rejects[1].message, "o.json:1: "));
    fake_close(&job);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_file_that_shrinks_while_it_is_read_is_an_error)
{
    fake_folder();
    const char *path = fake_file("s.txt", "0123456789\n0123456789\n", 22);
    struct fl_read_config config = read_config(path, FLOW_LINES);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &flow_line_type);
    config.piece_size = 11;
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_eq(fake_open(&job), FLOW_OK);
    flow_piece piece;
    ck_assert_int_eq(fl_file_source.claim(job.self, 0, &piece, &job.error), FLOW_CLAIM_PIECE);
    ck_assert_int_eq(truncate(path, 5), 0);
    ck_assert_int_eq(fl_file_source.read(job.self, &piece, &fake.engine.ctx), FLOW_IO);
    ck_assert_ptr_nonnull(strstr(fake.message, "s.txt: became shorter while it was read"));
    fake_close(&job);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(reading_goes_on_where_a_piece_ended)
{
    fake_folder();
    const char *path = fake_file("l.txt", "a\nbb\nccc\ndddd\n", 14);
    struct fl_read_config config = read_config(path, FLOW_LINES);
    config.piece_size = 4;
    for (int steps = 0; steps <= 4; steps++) {
        struct fake_ctx fake;
        fake_ctx_init(&fake, &flow_line_type);
        struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
        ck_assert_int_eq(fake_open(&job), FLOW_OK);
        for (int i = 0; i < steps; i++)
            ck_assert_int_eq(fake_step(&job, 0), FLOW_CLAIM_PIECE);
        fake_close(&job);
        ck_assert_int_eq(fake_open(&job), FLOW_OK);
        ck_assert_int_eq(fl_file_source.seek(job.self, 0, job.last_end, &job.error), FLOW_OK);
        ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_END);
        ck_assert_uint_eq(fake.count, 4);
        ck_assert_str_eq(line_text(&fake, 3), "dddd");
        fake_close(&job);
        fake_ctx_fini(&fake);
    }
    fake_folder_remove();
}
END_TEST

TCase *plain_case(void)
{
    TCase *tcase = tcase_create("plain");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, every_line_is_read_once_in_ranges_of_any_size);
    tcase_add_test(tcase, the_last_line_needs_no_end);
    tcase_add_test(tcase, an_empty_file_has_no_lines);
    tcase_add_test(tcase, a_file_of_line_ends_has_empty_lines);
    tcase_add_test(tcase, mark_and_carriage_returns_are_no_text);
    tcase_add_test(tcase, a_file_of_a_mark_alone_has_no_lines);
    tcase_add_test(tcase, a_zero_byte_is_text_like_any_other);
    tcase_add_test(tcase, a_piece_that_is_read_again_gives_the_same_rows);
    tcase_add_test(tcase, a_line_longer_than_allowed_is_rejected_with_its_beginning);
    tcase_add_test(tcase, a_line_of_100_megabytes_takes_no_such_memory);
    tcase_add_test(tcase, if_json(a_bad_record_is_named_by_file_and_line_in_any_range));
    tcase_add_test(tcase, if_json(line_numbers_are_right_when_ranges_are_read_out_of_order));
    tcase_add_test(tcase, a_file_that_shrinks_while_it_is_read_is_an_error);
    tcase_add_test(tcase, reading_goes_on_where_a_piece_ended);
    return tcase;
}
