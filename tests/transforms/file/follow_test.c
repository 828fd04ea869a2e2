// SPDX-License-Identifier: Apache-2.0
// A file that grows: whole lines only, and honest ends.
#include "suite.h"

#include <stdio.h>
#include <unistd.h>

static void begin(struct fake_job *job, struct fake_ctx *fake, struct fl_read_config *config,
    const char *path, flow_file_format format)
{
    *config = read_config(path, format);
    config->options.follow = true;
    config->piece_size = 64;
    fake_ctx_init(fake, config->options.type);
    *job = (struct fake_job){ .source = &fl_file_source, .config = config, .ctx = fake };
    ck_assert_int_eq(fake_open(job), FLOW_OK);
}

static void end(struct fake_job *job, struct fake_ctx *fake)
{
    fake_close(job);
    fake_ctx_fini(fake);
    fake_folder_remove();
}

START_TEST(a_followed_file_may_grow_in_odd_pieces)
{
    static const char text[] =
        "{\"id\":0,\"text\":\"zero\"}\n{\"id\":1,\"text\":\"a longer text\"}\n"
        "{\"id\":2,\"text\":\"\"}\n";
    struct fl_read_config config;
    struct fake_ctx fake;
    struct fake_job job;
    const size_t step = (size_t)_i;
    fake_folder();
    const char *path = fake_file("grow.json", "", 0);
    begin(&job, &fake, &config, path, FLOW_JSON);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    for (size_t at = 0; at < sizeof text - 1; at += step) {
        const size_t left = sizeof text - 1 - at;
        fake_append(path, text + at, left < step ? left : step);
        ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
        const size_t upto = at + (left < step ? left : step);
        ck_assert_uint_eq(fake.count, fl_count_lines(text, upto));
    }
    ck_assert_uint_eq(fake.count, 3);
    ck_assert_uint_eq(fake.reject_count, 0);
    ck_assert_str_eq(item_at(&fake, 1)->text.data, "a longer text");
    end(&job, &fake);
}
END_TEST

START_TEST(a_followed_csv_file_waits_for_header_and_quotes)
{
    static const char text[] = "\xef\xbb\xbf"
                               "id,text\n1,\"a\nb\"\n2,c\n";
    struct fl_read_config config;
    struct fake_ctx fake;
    struct fake_job job;
    fake_folder();
    const char *path = fake_file("grow.csv", "", 0);
    begin(&job, &fake, &config, path, FLOW_CSV);
    for (size_t at = 0; at < sizeof text - 1; at++) {
        ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
        fake_append(path, text + at, 1);
    }
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    ck_assert_uint_eq(fake.count, 2);
    ck_assert_str_eq(item_at(&fake, 0)->text.data, "a\nb");
    end(&job, &fake);
}
END_TEST

START_TEST(a_followed_line_longer_than_allowed_is_rejected_when_it_ends)
{
    struct fl_read_config config;
    struct fake_ctx fake;
    struct fake_job job;
    fake_folder();
    const char *path = fake_file("grow.txt", "ok\n", 3);
    begin(&job, &fake, &config, path, FLOW_LINES);
    config.options.line_max = 40;
    for (int i = 0; i < 100; i++) {
        fake_append(path, "0123456789", 10);
        ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    }
    ck_assert_uint_eq(fake.count, 1);
    ck_assert_uint_eq(fake.reject_count, 0);
    fake_append(path, "\nfine\n", 6);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    ck_assert_uint_eq(fake.count, 2);
    ck_assert_str_eq(line_text(&fake, 1), "fine");
    ck_assert_uint_eq(fake.reject_count, 1);
    ck_assert_ptr_nonnull(strstr(fake.rejects[0].message, "grow.txt:2: "));
    end(&job, &fake);
}
END_TEST

START_TEST(a_followed_file_that_shrinks_is_an_error)
{
    struct fl_read_config config;
    struct fake_ctx fake;
    struct fake_job job;
    fake_folder();
    const char *path = fake_file("s.txt", "one\ntwo\n", 8);
    begin(&job, &fake, &config, path, FLOW_LINES);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    ck_assert_int_eq(truncate(path, 3), 0);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_FAILED);
    ck_assert_ptr_nonnull(strstr(
        job.error.message, "s.txt: became shorter while it was followed: 8 bytes were read"));
    end(&job, &fake);
}
END_TEST

START_TEST(a_followed_file_that_is_replaced_is_an_error_once_it_is_read)
{
    struct fl_read_config config;
    struct fake_ctx fake;
    struct fake_job job;
    fake_folder();
    const char *path = fake_file("r.log", "one\n", 4);
    const char *old = fake_path("r.log.1");
    begin(&job, &fake, &config, path, FLOW_LINES);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    fake_append(path, "two\n", 4);
    ck_assert_int_eq(rename(path, old), 0);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_FAILED);
    ck_assert_uint_eq(fake.count, 2);
    ck_assert_ptr_nonnull(strstr(job.error.message, "r.log: was renamed, removed or replaced"));
    end(&job, &fake);
}
END_TEST

START_TEST(following_goes_on_where_a_piece_ended)
{
    struct fl_read_config config;
    struct fake_ctx fake;
    struct fake_job job;
    fake_folder();
    const char *path = fake_file("g.csv", "text,id\na,1\n", 12);
    begin(&job, &fake, &config, path, FLOW_CSV);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    fake_append(path, "b,2\nc,", 6);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    fake_close(&job);
    fake_append(path, "3\n", 2);
    const uint64_t position = job.last_end;
    ck_assert_int_eq(fake_open(&job), FLOW_OK);
    ck_assert_int_eq(fl_file_source.seek(job.self, 0, position, &job.error), FLOW_OK);
    ck_assert_int_eq(fake_drain(&job, 0), FLOW_CLAIM_WAIT);
    ck_assert_uint_eq(fake.count, 3);
    ck_assert_int_eq(item_at(&fake, 2)->id, 3);
    end(&job, &fake);
}
END_TEST

TCase *follow_case(void)
{
    TCase *tcase = tcase_create("follow");
    tcase_add_loop_test(tcase, if_json(a_followed_file_may_grow_in_odd_pieces), 1, 70);
    tcase_add_test(tcase, a_followed_csv_file_waits_for_header_and_quotes);
    tcase_add_test(tcase, a_followed_line_longer_than_allowed_is_rejected_when_it_ends);
    tcase_add_test(tcase, a_followed_file_that_shrinks_is_an_error);
    tcase_add_test(tcase, a_followed_file_that_is_replaced_is_an_error_once_it_is_read);
    tcase_add_test(tcase, following_goes_on_where_a_piece_ended);
    return tcase;
}
