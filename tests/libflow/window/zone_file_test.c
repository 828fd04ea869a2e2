// SPDX-License-Identifier: Apache-2.0
// From a zone's name to its data.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tzif.h"

TCase *zone_file_tests(void);

static char folder[64];

// A folder with one zone, "Some/Where", five hours east.
static void make_folder(void)
{
    char path[128];
    unsigned char data[TZIF_ROOM];
    const tzif made = { .version = 2, .footer = "AAA-5" };
    snprintf(folder, sizeof folder, "/tmp/flow-zones-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/Some", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/Some/Where", folder);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    const size_t len = tzif_write(&made, data);
    ck_assert_uint_eq(fwrite(data, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

static void remove_folder(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/Some/Where", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/Some", folder);
    rmdir(path);
    rmdir(folder);
}

START_TEST(a_zone_is_read_from_the_folder_it_is_told)
{
    flow_error error = { 0 };
    flow_zone *zone = flow_zone_new("Some/Where", folder, NULL, &error);
    ck_assert_str_eq(error.message, "");
    ck_assert_int_eq(flow_zone_offset(zone, (flow_time){ 0 }).us, flow_hours(5).us);
    flow_zone_free(zone);
}
END_TEST

static const char *const names[] = { "", "/etc/passwd", "../zone", "Some/../Where", "Some//Where",
    "Some/", ".hidden", "Some/.hidden" };

START_TEST(a_name_that_leaves_the_folder_is_refused)
{
    char message[100];
    flow_error error = { 0 };
    ck_assert_ptr_null(flow_zone_new(names[_i], folder, NULL, &error));
    ck_assert_int_eq(error.status, FLOW_INVALID);
    snprintf(message, sizeof message, "'%s' is no name of a time zone", names[_i]);
    ck_assert_str_eq(error.message, message);
    ck_assert_ptr_null(flow_zone_new(NULL, folder, NULL, NULL));
}
END_TEST

START_TEST(a_zone_that_is_not_there_is_named_with_its_path)
{
    char message[160];
    flow_error error = { 0 };
    ck_assert_ptr_null(flow_zone_new("Some/Other", folder, NULL, &error));
    ck_assert_int_eq(error.status, FLOW_NOT_FOUND);
    snprintf(message, sizeof message, "there is no zone data %s/Some/Other", folder);
    ck_assert_str_eq(error.message, message);
}
END_TEST

START_TEST(a_folder_is_no_zone)
{
    flow_error error = { 0 };
    ck_assert_ptr_null(flow_zone_new("Some", folder, NULL, &error));
    ck_assert_int_eq(error.status, FLOW_IO);
}
END_TEST

START_TEST(a_path_too_long_is_refused)
{
    char name[2000];
    flow_error error = { 0 };
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert_ptr_null(flow_zone_new(name, folder, NULL, &error));
    ck_assert_int_eq(error.status, FLOW_INVALID);
}
END_TEST

static void *no_memory(void *user, size_t size, size_t align)
{
    (void)user, (void)size, (void)align;
    return NULL;
}

static void no_free(void *user, void *memory, size_t size)
{
    (void)user, (void)memory, (void)size;
}

START_TEST(without_memory_nothing_is_read)
{
    flow_error error = { 0 };
    const flow_allocator none = { no_memory, no_free, NULL };
    ck_assert_ptr_null(flow_zone_new("Some/Where", folder, &none, &error));
    ck_assert_int_eq(error.status, FLOW_MEMORY);
}
END_TEST

TCase *zone_file_tests(void)
{
    TCase *tests = tcase_create("zone_file");
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_add_test(tests, a_zone_is_read_from_the_folder_it_is_told);
    tcase_add_loop_test(
        tests, a_name_that_leaves_the_folder_is_refused, 0, (int)(sizeof names / sizeof names[0]));
    tcase_add_test(tests, a_zone_that_is_not_there_is_named_with_its_path);
    tcase_add_test(tests, a_folder_is_no_zone);
    tcase_add_test(tests, a_path_too_long_is_refused);
    tcase_add_test(tests, without_memory_nothing_is_read);
    return tests;
}
