// SPDX-License-Identifier: Apache-2.0
// Sets of files: looked up, bounded, named at the end, gone when dropped.
#include "suite.h"

#include "set.h"

#include <stdio.h>
#include <stdlib.h>

static struct fake_heap heap;
static const struct fl_format plain = { .format = FLOW_JSON };

static struct fl_set set_of(uint32_t open_most)
{
    fake_heap_init(&heap);
    return (struct fl_set){ .step = "test/write",
        .allocator = &heap.allocator,
        .format = &plain,
        .compression = FLOW_COMPRESSION_NONE,
        .block_size = 64,
        .shard_size = 100,
        .folder_len = strlen(fake_path("")),
        .open_most = open_most,
        .pending_most = 200 };
}

static struct fl_named *named(struct fl_set *set, const char *name)
{
    flow_error error = { 0 };
    return fl_set_name(set, flow_str_of(fake_path(name)), &error);
}

START_TEST(equal_names_are_one_file_and_its_text_is_in_order)
{
    flow_error error = { 0 };
    fake_folder();
    struct fl_set set = set_of(2);
    flow_buffer wanted[100] = { { 0 } };
    for (int i = 0; i < 1000; i++) {
        char name[16], text[16];
        snprintf(name, sizeof name, "f%02d", i * 7 % 100);
        snprintf(text, sizeof text, "%d\n", i);
        flow_buffer_put(&wanted[i * 7 % 100], text, strlen(text));
        fl_set_put(&set, named(&set, name), flow_str_of(text));
        ck_assert_uint_le(set.open_count, 2);
        ck_assert_uint_le(set.pending, 200);
    }
    ck_assert_uint_eq(set.count, 100);
    ck_assert_int_eq(fl_set_finish(&set, &error), FLOW_OK);
    ck_assert_uint_eq(fake_files(), 100);
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%02d", i);
        char *content = fake_content(fake_path(name), NULL);
        flow_buffer_put(&wanted[i], "", 1);
        ck_assert_str_eq(content, wanted[i].data);
        flow_buffer_free(&wanted[i]);
        free(content);
    }
    ck_assert_uint_eq(heap.live, 0);
    fake_folder_remove();
}
END_TEST

START_TEST(a_large_file_goes_on_in_the_next_shard)
{
    flow_error error = { 0 };
    fake_folder();
    struct fl_set set = set_of(1);
    for (int i = 0; i < 25; i++)
        fl_set_put(&set, named(&set, "s-\x01"), flow_str_of("0123456789\n"));
    fl_set_put(&set, named(&set, "t-\x01"), flow_str_of("t\n"));
    ck_assert_int_eq(fl_set_finish(&set, &error), FLOW_OK);
    ck_assert_uint_eq(fake_files(), 4);
    size_t len = 0;
    free(fake_content(fake_path("s-00000-of-00003"), &len));
    ck_assert_uint_eq(len, 110);
    free(fake_content(fake_path("s-00002-of-00003"), &len));
    ck_assert_uint_eq(len, 55);
    free(fake_content(fake_path("t-00000-of-00001"), &len));
    ck_assert_uint_eq(len, 2);
    fake_folder_remove();
}
END_TEST

START_TEST(a_dropped_set_leaves_nothing_and_can_be_used_again)
{
    flow_error error = { 0 };
    fake_folder();
    fake_file("a", "old\n", 4);
    struct fl_set set = set_of(1);
    fl_set_put(&set, named(&set, "a"), flow_str_of("new\n"));
    fl_set_put(&set, named(&set, "b"), flow_str_of("new\n"));
    ck_assert_uint_eq(fake_files(), 3);
    fl_set_drop(&set);
    ck_assert_str_eq(fake_tree(), "a\n  old\n");
    fl_set_put(&set, named(&set, "a"), flow_str_of("again\n"));
    ck_assert_int_eq(fl_set_finish(&set, &error), FLOW_OK);
    ck_assert_str_eq(fake_tree(), "a\n  again\n");
    ck_assert_uint_eq(heap.live, 0);
    fake_folder_remove();
}
END_TEST

START_TEST(missing_folders_are_made)
{
    flow_error error = { 0 };
    fake_folder();
    struct fl_set set = set_of(1);
    fl_set_put(&set, named(&set, "x/y/a"), flow_str_of("1\n"));
    fl_set_put(&set, named(&set, "x/b"), flow_str_of("2\n"));
    ck_assert_int_eq(fl_set_finish(&set, &error), FLOW_OK);
    ck_assert_str_eq(fake_tree(), "x/b\n  2\nx/y/a\n  1\n");
    fl_set_put(&set, named(&set, "x/b/c"), flow_str_of("2\n"));
    ck_assert_int_eq(fl_set_finish(&set, &error), FLOW_IO);
    ck_assert_ptr_nonnull(strstr(error.message, "x/b/c: "));
    fake_folder_remove();
}
END_TEST

START_TEST(without_memory_it_fails_and_leaves_nothing)
{
    size_t failures = 0;
    for (size_t n = 1; n < 60; n++) {
        flow_error error = { 0 };
        fake_folder();
        struct fl_set set = set_of(1);
        heap.fail_at = n;
        for (int i = 0; i < 3; i++) {
            struct fl_named *at =
                fl_set_name(&set, flow_str_of(fake_path(i == 1 ? "a" : "b-\x01")), &error);
            if (at != NULL)
                fl_set_put(&set, at, flow_str_of("0123456789\n"));
        }
        const flow_status status = fl_set_finish(&set, &error);
        failures += error.status != FLOW_OK;
        ck_assert(status == FLOW_OK || status == FLOW_MEMORY);
        ck_assert_uint_eq(heap.live, 0);
        ck_assert_ptr_null(strstr(fake_tree(), ".tmp-"));
        fake_folder_remove();
        if (heap.calls < n)
            break;
    }
    ck_assert_uint_gt(failures, 5);
}
END_TEST

TCase *set_case(void)
{
    TCase *tcase = tcase_create("set");
    tcase_add_test(tcase, equal_names_are_one_file_and_its_text_is_in_order);
    tcase_add_test(tcase, a_large_file_goes_on_in_the_next_shard);
    tcase_add_test(tcase, a_dropped_set_leaves_nothing_and_can_be_used_again);
    tcase_add_test(tcase, missing_folders_are_made);
    tcase_add_test(tcase, without_memory_it_fails_and_leaves_nothing);
    return tcase;
}
