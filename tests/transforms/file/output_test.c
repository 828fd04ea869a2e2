// SPDX-License-Identifier: Apache-2.0
// Temporary names, syncing and renaming, full disks, devices.
#include "sink.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(r82_a_file_has_its_name_only_when_it_is_finished)
{
    fake_folder();
    const char *path = fake_file("out.csv", "old\n", 4);
    struct fake_sink sink = sink_for(path, FLOW_CSV);
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    sink_bundle(&sink, 0, 0, 2);
    check_content(path, "old\n");
    ck_assert_uint_eq(fake_files(), 2);
    ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
    check_content(path, "id,text\n0,t0\n1,t1\n");
    ck_assert_uint_eq(fake_files(), 1);
    fake_folder_remove();
}
END_TEST

START_TEST(a_discarded_file_leaves_the_old_one_and_nothing_else)
{
    fake_folder();
    const char *path = fake_file("out.csv", "old\n", 4);
    struct fake_sink sink = sink_for(path, FLOW_CSV);
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    sink_bundle(&sink, 0, 0, 2);
    sink_discard(&sink);
    check_content(path, "old\n");
    ck_assert_uint_eq(fake_files(), 1);
    fake_folder_remove();
}
END_TEST

START_TEST(a_killed_run_leaves_no_file_that_looks_complete)
{
    fake_folder();
    const char *path = fake_path("out.json");
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct fake_sink sink = sink_for(path, FLOW_JSON);
        sink.config.block_size = 16;
        if (sink_open(&sink) == FLOW_OK)
            sink_bundle(&sink, 0, 0, 100);
        const ssize_t done = write(ready[1], "x", 1);
        pause();
        _exit(done == 1 ? 0 : 1);
    }
    char byte;
    ck_assert_int_eq((int)read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_eq(access(path, F_OK), -1);
    ck_assert_uint_eq(fake_files(), 1); // .out.json.tmp-…
    struct fake_sink sink = sink_for(path, FLOW_JSON);
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    sink_bundle(&sink, 0, 7, 8);
    ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
    check_content(path, "{\"id\":7,\"text\":\"t7\"}\n");
    fake_folder_remove();
}
END_TEST

START_TEST(a_full_device_is_told_by_name)
{
    struct fake_sink sink = sink_for("/dev/full", FLOW_CSV);
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    ck_assert_int_eq(sink_stage(&sink, 0, 0, 10), FLOW_OK);
    fl_file_sink.publish(sink.self, 0);
    ck_assert_int_eq(sink_stage(&sink, 0, 10, 20), FLOW_IO);
    ck_assert_str_eq(sink.error.step, "test/write");
    ck_assert_str_eq(sink.error.message, "/dev/full: cannot be written: No space left on device");
    fl_file_sink.abort(sink.self, 0);
    sink.error = (flow_error){ 0 };
    ck_assert_int_eq(sink_finish(&sink), FLOW_IO);
    ck_assert_ptr_nonnull(strstr(sink.error.message, "No space left on device"));
    ck_assert_int_eq(access("/dev/full", W_OK), 0); // and it is still there
}
END_TEST

START_TEST(a_write_that_fails_leaves_the_old_file)
{
    fake_folder();
    const char *path = fake_file("out.csv", "old\n", 4);
    struct fake_sink sink = sink_for(path, FLOW_CSV);
    sink.config.block_size = 4096;
    struct rlimit old;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    const struct rlimit limit = { 8192, old.rlim_max }; // as a full disk: short, then failing
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    ck_assert_int_eq(sink_stage(&sink, 0, 0, 5000), FLOW_OK);
    setrlimit(RLIMIT_FSIZE, &limit);
    fl_file_sink.publish(sink.self, 0);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, SIG_DFL);
    ck_assert_int_eq(sink_finish(&sink), FLOW_IO);
    ck_assert_ptr_nonnull(strstr(sink.error.message, "out.csv: cannot be written: File too large"));
    check_content(path, "old\n");
    ck_assert_uint_eq(fake_files(), 1);
    fake_folder_remove();
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_told_at_the_start)
{
    fake_folder();
    struct fake_sink sink = sink_for(fake_path("none/out.csv"), FLOW_CSV);
    ck_assert_int_eq(sink_open(&sink), FLOW_IO);
    ck_assert_ptr_nonnull(strstr(sink.error.message, "none/out.csv: cannot be written: No such"));
    sink = sink_for(fake_path(""), FLOW_CSV);
    ck_assert_int_eq(sink_open(&sink), FLOW_IO);
    ck_assert_ptr_nonnull(strstr(sink.error.message, "is a folder"));
    fake_folder_remove();
}
END_TEST

START_TEST(a_link_stays_a_link_and_a_mode_stays_a_mode)
{
    struct stat info;
    fake_folder();
    const char *path = fake_file("real.csv", "old\n", 4);
    const char *link = fake_path("link.csv");
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(symlink("real.csv", link), 0);
    struct fake_sink sink = sink_for(link, FLOW_CSV);
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
    check_content(path, "id,text\n");
    ck_assert_int_eq(lstat(link, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0640);
    fake_folder_remove();
}
END_TEST

START_TEST(a_file_that_another_step_writes_is_refused_until_that_one_is_finished)
{
    fake_folder();
    const char *path = fake_path("out.csv");
    struct fake_sink one = sink_for(path, FLOW_CSV);
    struct fake_sink two = sink_for(path, FLOW_CSV);
    struct fake_sink three = sink_for(path, FLOW_CSV);
    ck_assert_int_eq(sink_open(&one), FLOW_OK);
    ck_assert_int_eq(sink_open(&two), FLOW_INVALID);
    ck_assert_ptr_nonnull(strstr(two.error.message, "out.csv: is written by another step already"));
    sink_bundle(&one, 0, 0, 1);
    ck_assert_int_eq(sink_finish(&one), FLOW_OK);
    check_content(path, "id,text\n0,t0\n");
    ck_assert_int_eq(sink_open(&three), FLOW_OK);
    sink_discard(&three);
    check_content(path, "id,text\n0,t0\n");
    ck_assert_uint_eq(fake_files(), 1);
    fake_folder_remove();
}
END_TEST

START_TEST(standard_output_has_a_bundle_once_it_is_published)
{
    fake_folder();
    const char *path = fake_file("stdout", "", 0);
    const int old = dup(STDOUT_FILENO);
    const int fd = open(path, O_WRONLY);
    ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    close(fd);
    struct fake_sink sink = sink_for("-", FLOW_CSV);
    ck_assert_int_eq(sink_open(&sink), FLOW_OK);
    ck_assert_int_eq(sink_stage(&sink, 0, 0, 1), FLOW_OK);
    check_content(path, "");
    fl_file_sink.publish(sink.self, 0);
    check_content(path, "id,text\n0,t0\n");
    ck_assert_int_eq(sink_finish(&sink), FLOW_OK);
    ck_assert_int_ge(fcntl(STDOUT_FILENO, F_GETFD), 0); // it is the host's and stays open
    dup2(old, STDOUT_FILENO);
    close(old);
    fake_folder_remove();
}
END_TEST

TCase *output_case(void)
{
    TCase *tcase = tcase_create("output");
    tcase_add_test(tcase, r82_a_file_has_its_name_only_when_it_is_finished);
    tcase_add_test(tcase, a_discarded_file_leaves_the_old_one_and_nothing_else);
    tcase_add_test(tcase, a_killed_run_leaves_no_file_that_looks_complete);
    tcase_add_test(tcase, a_full_device_is_told_by_name);
    tcase_add_test(tcase, a_write_that_fails_leaves_the_old_file);
    tcase_add_test(tcase, a_folder_that_is_not_there_is_told_at_the_start);
    tcase_add_test(tcase, a_link_stays_a_link_and_a_mode_stays_a_mode);
    tcase_add_test(tcase, a_file_that_another_step_writes_is_refused_until_that_one_is_finished);
    tcase_add_test(tcase, standard_output_has_a_bundle_once_it_is_published);
    return tcase;
}
