// SPDX-License-Identifier: Apache-2.0
// Pipes and standard input: nothing waits for bytes that are not there yet.
#include "suite.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int host_stdin = -1;

static void restore_stdin(void)
{
    if (host_stdin >= 0) {
        dup2(host_stdin, STDIN_FILENO);
        close(host_stdin);
    }
    host_stdin = -1;
}

// Standard input is a pipe whose other end is returned.
static int pipe_stdin(void)
{
    int ends[2];
    host_stdin = dup(STDIN_FILENO);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    return ends[1];
}

static void put(int fd, const void *data, size_t len)
{
    ck_assert_int_eq((int)write(fd, data, len), (int)len);
}

START_TEST(standard_input_gives_whole_records_as_they_come)
{
    struct fl_read_config config = read_config("-", FLOW_JSON);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    const int fd = pipe_stdin();
    ck_assert_int_eq(fake_open(&job), FLOW_OK);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    put(fd, "{", 1);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    put(fd, "\"id\":1,\"text\":\"a\"}\n{\"id\"", 24);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    ck_assert_uint_eq(fake.count, 1);
    put(fd, ":2,\"text\":\"b\"}", 14);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    ck_assert_uint_eq(fake.count, 1);
    close(fd);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_END);
    ck_assert_uint_eq(fake.count, 2);
    ck_assert_uint_eq(fake.strays, 0);
    fake_close(&job);
    fake_ctx_fini(&fake);
}
END_TEST

START_TEST(errors_of_standard_input_have_a_name_and_a_line)
{
    struct fl_read_config config = read_config("-", FLOW_JSON);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    const int fd = pipe_stdin();
    put(fd, "{\"id\":1,\"text\":\"a\"}\nx\n", 22);
    close(fd);
    read_well(&fake, &config);
    ck_assert_uint_eq(fake.count, 1);
    ck_assert_uint_eq(fake.reject_count, 1);
    ck_assert_int_eq(strncmp(fake.rejects[0].message, "stdin:2: ", 9), 0);
    fake_ctx_fini(&fake);
}
END_TEST

START_TEST(standard_input_is_read_by_one_step_at_a_time)
{
    struct fl_read_config config = read_config("-", FLOW_LINES);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &flow_line_type);
    struct fake_job one = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    struct fake_job two = one, three = one;
    const int fd = pipe_stdin();
    put(fd, "a\nb\n", 4);
    close(fd);
    ck_assert_int_eq(fake_open(&one), FLOW_OK);
    ck_assert_int_eq(fake_open(&two), FLOW_INVALID);
    ck_assert_ptr_nonnull(strstr(two.error.message, "standard input is read by another step"));
    ck_assert_int_eq(fake_drain(&one, 0), FLOW_CLAIM_END);
    ck_assert_uint_eq(fake.count, 2);
    fake_close(&one);
    ck_assert_int_eq(fake_open(&three), FLOW_OK);
    fake_close(&three);
    fake_ctx_fini(&fake);
}
END_TEST

START_TEST(compressed_standard_input_is_told_by_its_first_bytes)
{
    flow_buffer file = packed(kinds[1 + _i], flow_str_of("one\ntwo\n"));
    struct fl_read_config config = read_config("-", FLOW_LINES);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &flow_line_type);
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    const int fd = pipe_stdin();
    ck_assert_int_eq(fake_open(&job), FLOW_OK);
    for (size_t i = 0; i < file.len; i++) {
        ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
        put(fd, file.data + i, 1);
    }
    close(fd);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_END);
    ck_assert_uint_eq(fake.count, 2);
    ck_assert_str_eq(line_text(&fake, 1), "two");
    fake_close(&job);
    fake_ctx_fini(&fake);
    flow_buffer_free(&file);
}
END_TEST

START_TEST(a_short_text_that_begins_like_compressed_data_is_text)
{
    static const char *const texts[] = { "P\n", "\x1f\n", "(\n", "\xef\n", "\xef\xbb\n" };
    struct fl_read_config config = read_config("-", FLOW_LINES);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &flow_line_type);
    const int fd = pipe_stdin();
    put(fd, texts[_i], strlen(texts[_i]));
    close(fd);
    read_well(&fake, &config);
    ck_assert_uint_eq(fake.count, 1);
    ck_assert_uint_eq(strlen(line_text(&fake, 0)), strlen(texts[_i]) - 1);
    fake_ctx_fini(&fake);
}
END_TEST

START_TEST(a_named_pipe_is_read_until_its_writer_closes_it)
{
    fake_folder();
    const char *path = fake_path("fifo");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    struct fl_read_config config = read_config(path, FLOW_LINES);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &flow_line_type);
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_eq(fake_open(&job), FLOW_OK);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT); // no writer yet
    const int fd = open(path, O_WRONLY);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    put(fd, "one\n", 4);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    ck_assert_uint_eq(fake.count, 1);
    close(fd);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_END);
    ck_assert_int_eq(fl_file_source.seek(job.self, 0, 4, &job.error), FLOW_UNSUPPORTED);
    fake_close(&job);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_csv_file_that_shrinks_while_it_is_read_is_an_error)
{
    fake_folder();
    flow_buffer text = { 0 };
    flow_buffer_printf(&text, "id,text\n");
    for (int i = 0; i < 1000; i++)
        flow_buffer_printf(&text, "%d,a text of some length\n", i);
    const char *path = fake_file("s.csv", text.data, text.len);
    struct fl_read_config config = read_config(path, FLOW_CSV);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &item_type_shared);
    config.piece_size = 64;
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_eq(fake_open(&job), FLOW_OK);
    ck_assert_int_eq(fake_step(&job, 0), FLOW_CLAIM_PIECE);
    ck_assert_int_eq(truncate(path, (off_t)text.len / 2), 0);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_FAILED);
    ck_assert_int_eq(job.error.status, FLOW_IO);
    ck_assert_ptr_nonnull(strstr(job.error.message, "s.csv: became shorter while it was read"));
    fake_close(&job);
    fake_ctx_fini(&fake);
    flow_buffer_free(&text);
    fake_folder_remove();
}
END_TEST

TCase *input_case(void)
{
    TCase *tcase = tcase_create("input");
    tcase_add_checked_fixture(tcase, NULL, restore_stdin);
    tcase_add_test(tcase, if_json(standard_input_gives_whole_records_as_they_come));
    tcase_add_test(tcase, if_json(errors_of_standard_input_have_a_name_and_a_line));
    tcase_add_test(tcase, standard_input_is_read_by_one_step_at_a_time);
    tcase_add_loop_test(tcase, compressed_standard_input_is_told_by_its_first_bytes, 0, KINDS - 1);
    tcase_add_loop_test(tcase, a_short_text_that_begins_like_compressed_data_is_text, 0, 5);
    tcase_add_test(tcase, a_named_pipe_is_read_until_its_writer_closes_it);
    tcase_add_test(tcase, a_csv_file_that_shrinks_while_it_is_read_is_an_error);
    return tcase;
}
