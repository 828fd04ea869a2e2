// SPDX-License-Identifier: Apache-2.0
// The step: options, files that are there or not, globs.
#include "suite.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static flow_status read_path(const char *path, struct fake_ctx *fake, flow_error *error)
{
    struct fl_read_config config = read_config(path, FLOW_LINES);
    fake_ctx_init(fake, &flow_line_type);
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = fake };
    const flow_status status = fake_run(&job);
    *error = job.error;
    return status;
}

START_TEST(files_of_a_pattern_are_read_in_order_of_name)
{
    struct fake_ctx fake;
    flow_error error;
    fake_folder();
    fake_file("b.txt", "3\n", 2);
    fake_file("B.txt", "1\n", 2);
    fake_file("a.txt", "2\n", 2);
    fake_file("c.log", "no\n", 3);
    ck_assert_int_eq(read_path(fake_path("[abB].t?t"), &fake, &error), FLOW_OK);
    ck_assert_uint_eq(fake.count, 3);
    ck_assert_str_eq(line_text(&fake, 0), "1");
    ck_assert_str_eq(line_text(&fake, 1), "2");
    ck_assert_str_eq(line_text(&fake, 2), "3");
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_file_called_like_standard_input_is_a_file_when_a_pattern_finds_it)
{
    struct fake_ctx fake;
    flow_error error;
    ck_assert_int_eq(chdir(fake_folder()), 0);
    fake_file("-", "dash\n", 5);
    ck_assert_int_eq(read_path("?", &fake, &error), FLOW_OK);
    ck_assert_uint_eq(fake.count, 1);
    ck_assert_str_eq(line_text(&fake, 0), "dash");
    ck_assert_int_eq(chdir("/"), 0);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_pattern_that_no_file_matches_is_an_error)
{
    struct fake_ctx fake;
    flow_error error;
    fake_folder();
    ck_assert_int_eq(read_path(fake_path("*.json"), &fake, &error), FLOW_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.message, "*.json: no file matches this pattern"));
    ck_assert_str_eq(error.step, "test/step");
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_file_that_is_not_there_is_missed_at_the_start)
{
    struct fake_ctx fake;
    flow_error error;
    fake_folder();
    ck_assert_int_eq(read_path(fake_path("none.txt"), &fake, &error), FLOW_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.message, "none.txt: cannot be opened: No such file"));
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_folder_is_no_file)
{
    struct fake_ctx fake;
    flow_error error;
    const char *folder = fake_folder();
    ck_assert_int_eq(read_path(folder, &fake, &error), FLOW_IO);
    ck_assert_ptr_nonnull(strstr(error.message, "is a folder, expected a file"));
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_name_with_signs_of_patterns_is_taken_as_it_stands)
{
    struct fake_ctx fake;
    flow_error error;
    fake_folder();
    fake_file("a[1].txt", "bracket\n", 8);
    fake_file("a1.txt", "one\n", 4);
    ck_assert_int_eq(read_path(fake_path("a[1].txt"), &fake, &error), FLOW_OK);
    ck_assert_uint_eq(fake.count, 1);
    ck_assert_str_eq(line_text(&fake, 0), "bracket");
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(more_files_than_descriptors_can_be_read)
{
    struct fake_ctx fake;
    flow_error error;
    fake_folder();
    for (int i = 0; i < 1100; i++) {
        char name[32];
        snprintf(name, sizeof name, "%04d.txt", i);
        fake_file(name, "x\n", 2);
    }
    ck_assert_int_eq(read_path(fake_path("*.txt"), &fake, &error), FLOW_OK);
    ck_assert_uint_eq(fake.count, 1100);
    fake_ctx_fini(&fake);
    fake_folder_remove();
}
END_TEST

START_TEST(a_compressed_file_cannot_be_followed)
{
    flow_buffer file = packed(FLOW_COMPRESSION_GZIP, flow_str_of("one\n"));
    fake_folder();
    struct fl_read_config config = read_config(fake_file("f.gz", file.data, file.len), FLOW_LINES);
    struct fake_ctx fake;
    fake_ctx_init(&fake, &flow_line_type);
    config.options.follow = true;
    struct fake_job job = { .source = &fl_file_source, .config = &config, .ctx = &fake };
    ck_assert_int_eq(fake_open(&job), FLOW_INVALID);
    ck_assert_ptr_nonnull(strstr(job.error.message, "f.gz: is gzip; only plain files"));
    fake_ctx_fini(&fake);
    flow_buffer_free(&file);
    fake_folder_remove();
}
END_TEST

static void check_refused(const flow_file_read_options *options, const char *sentence)
{
    flow_error error = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("test");
    const flow_coll coll = flow_file_read(pipeline, options);
    ck_assert_uint_eq(coll.id, 0);
    ck_assert_int_ne(flow_pipeline_check(pipeline, &error), FLOW_OK);
    ck_assert_msg(strstr(error.message, sentence) != NULL, "%s", error.message);
    flow_pipeline_free(pipeline);
}

START_TEST(options_that_cannot_be_are_refused_while_building)
{
    check_refused(&(flow_file_read_options){ 0 }, "`path`");
    check_refused(&(flow_file_read_options){ .path = "x", .format = FLOW_JSON }, "`type`");
    check_refused(
        &(flow_file_read_options){ .path = "x", .format = (flow_file_format)9 }, "`format`");
    check_refused(&(flow_file_read_options){ .path = "x", .compression = (flow_compression)9 },
        "`compression`");
    check_refused(&(flow_file_read_options){ .path = "x", .separator = ';' }, "`separator`");
    check_refused(&(flow_file_read_options){ .path = "-", .follow = true }, "cannot be followed");
    check_refused(&(flow_file_read_options){ .path = "x", .type = &item_type_shared },
        "record item cannot be read from lines");
    check_refused(&(flow_file_read_options){ .path = "x", .line_max = UINT64_MAX }, "`line_max`");
    check_refused(NULL, "`path`");
}
END_TEST

START_TEST(options_of_another_version_of_the_header_are_understood)
{
    struct {
        flow_file_read_options known;
        uint64_t later;
    } newer = { .known = { .path = "x" } };
    flow_error error = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("test");
    ck_assert_uint_ne(flow_file_read_sized(pipeline, &newer.known, sizeof newer).id, 0);
    ck_assert_uint_ne(
        flow_file_read_sized(pipeline, &newer.known, offsetof(flow_file_read_options, times)).id,
        0);
    newer.later = 1;
    ck_assert_uint_eq(flow_file_read_sized(pipeline, &newer.known, sizeof newer).id, 0);
    ck_assert_int_eq(flow_pipeline_check(pipeline, &error), FLOW_INVALID);
    flow_pipeline_free(pipeline);
}
END_TEST

START_TEST(an_unreadable_system_error_still_has_a_sentence)
{
    char text[128];
    ck_assert_uint_gt(strlen(fl_system_sentence(2, text, sizeof text)), 5);
    ck_assert_uint_gt(strlen(fl_system_sentence(99999, text, sizeof text)), 5);
}
END_TEST

TCase *read_case(void)
{
    TCase *tcase = tcase_create("read");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, files_of_a_pattern_are_read_in_order_of_name);
    tcase_add_test(tcase, a_file_called_like_standard_input_is_a_file_when_a_pattern_finds_it);
    tcase_add_test(tcase, a_pattern_that_no_file_matches_is_an_error);
    tcase_add_test(tcase, a_file_that_is_not_there_is_missed_at_the_start);
    tcase_add_test(tcase, a_folder_is_no_file);
    tcase_add_test(tcase, a_name_with_signs_of_patterns_is_taken_as_it_stands);
    tcase_add_test(tcase, more_files_than_descriptors_can_be_read);
    tcase_add_loop_test(tcase, a_compressed_file_cannot_be_followed, 0, FL_HAVE_GZIP);
    tcase_add_test(tcase, options_that_cannot_be_are_refused_while_building);
    tcase_add_test(tcase, options_of_another_version_of_the_header_are_understood);
    tcase_add_test(tcase, an_unreadable_system_error_still_has_a_sentence);
    return tcase;
}
