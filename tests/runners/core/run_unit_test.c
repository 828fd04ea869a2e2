// SPDX-License-Identifier: Apache-2.0
// Sorted runs on a disk of memory: tables in place, several runs as one, places to go back to, and
// disks that fail.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core_unit.h"
#include "faulty_disk.h"
#include "funnel.h"

enum {
    KEYS = 3000,
    RUNS = 5
};

struct scene {
    struct bench bench;
    struct faulty_disk disk;
    struct fl_scratch scratch;
    enum fl_key_form form;
    bool one_hash; // all keys of bytes have the same
};

static void scene_init(struct scene *scene, enum fl_key_form form)
{
    bench_init(&scene->bench, (uint64_t)64 << 20);
    faulty_disk_init(&scene->disk);
    fl_scratch_init(&scene->scratch, &scene->disk.disk, "/the/scratch", 700);
    scene->scratch.cache = &scene->bench.cache;
    scene->form = form;
    scene->one_hash = false;
}

static void scene_fini(struct scene *scene)
{
    fl_scratch_fini(&scene->scratch);
    faulty_disk_fini(&scene->disk);
    bench_fini(&scene->bench);
}

static flow_str text_of(int key, char *room)
{
    const int len = snprintf(room, 40, key == 0 ? "" : "key %d", key);
    return (flow_str){ room, (size_t)len };
}

static void add_key(struct scene *scene, struct fl_table *table, int key)
{
    struct fl_cache *cache = &scene->bench.cache;
    char room[40];
    const flow_str text = text_of(key, room);
    ck_assert(fl_table_reserve(cache, table, 1, text.len));
    const uint64_t hash = scene->one_hash ? 77 : fl_hash_bytes(text);
    uint64_t *value = scene->form == FL_KEY_WORD ? fl_table_add_word(cache, table, (uint64_t)key)
                                                 : fl_table_add_bytes(cache, table, text, hash);
    *value = (uint64_t)key;
}

static int compare_entries(
    enum fl_key_form form, const struct fl_entry *a, const struct fl_entry *b)
{
    const uint64_t first = fl_key_order(form, a), second = fl_key_order(form, b);
    if (first != second)
        return first < second ? -1 : 1;
    return form == FL_KEY_WORD ? 0 : fl_key_compare(a, b);
}

static void check_sorted(enum fl_key_form form, int keys, bool rows)
{
    struct scene scene;
    struct fl_table table;
    struct fl_entry before = { 0 }, entry;
    static bool there[KEYS];
    scene_init(&scene, form);
    memset(there, 0, sizeof there);
    fl_table_init(&table, form, sizeof(uint64_t), rows);
    for (int key = 0; key < keys; key++)
        add_key(&scene, &table, key);
    fl_table_sort(&table);
    ck_assert_uint_eq(table.count, (uint64_t)keys);
    for (uint64_t i = 0; i < table.count; i++) {
        char room[40];
        fl_table_sorted(&table, i, &entry);
        ck_assert(i == 0 || compare_entries(form, &before, &entry) < 0);
        const int key = (int)*(uint64_t *)entry.value;
        ck_assert(!there[key]);
        there[key] = true;
        if (form == FL_KEY_WORD)
            ck_assert_uint_eq(entry.word, (uint64_t)key);
        else
            ck_assert(flow_str_equal(entry.bytes, text_of(key, room)));
        before = entry;
    }
    fl_table_fini(&scene.bench.cache, &table);
    scene_fini(&scene);
}

START_TEST(a_table_is_sorted_where_it_stands)
{
    for (int keys = 0; keys < 60; keys++) {
        check_sorted(FL_KEY_WORD, keys, keys % 2);
        check_sorted(FL_KEY_BYTES, keys, keys % 2);
    }
    check_sorted(FL_KEY_WORD, KEYS, false);
    check_sorted(FL_KEY_BYTES, KEYS, true);
}
END_TEST

START_TEST(keys_with_one_hash_are_sorted_by_their_bytes)
{
    struct scene scene;
    struct fl_table table;
    struct fl_entry before = { 0 }, entry;
    scene_init(&scene, FL_KEY_BYTES);
    fl_table_init(&table, FL_KEY_BYTES, sizeof(uint64_t), false);
    for (int key = 0; key < 200; key++) {
        char room[40];
        const flow_str text = text_of(key * 37 % 200, room);
        ck_assert(fl_table_reserve(&scene.bench.cache, &table, 1, text.len));
        fl_table_add_bytes(&scene.bench.cache, &table, text, 77);
    }
    fl_table_sort(&table);
    for (uint64_t i = 0; i < table.count; i++) {
        fl_table_sorted(&table, i, &entry);
        ck_assert(i == 0 || fl_key_compare(&before, &entry) < 0);
        before = entry;
    }
    fl_table_fini(&scene.bench.cache, &table);
    scene_fini(&scene);
}
END_TEST

// Run `run` has every key that is divisible by run + 1, each with key % 4 items "run.key.item".
static flow_status write_run(struct scene *scene, int run, struct fl_run *to)
{
    struct fl_table table;
    struct fl_run_writer writer;
    fl_table_init(&table, scene->form, sizeof(uint64_t), false);
    for (int key = 0; key < KEYS; key += run + 1)
        add_key(scene, &table, key);
    fl_table_sort(&table);
    flow_status status = fl_run_begin(&writer, &scene->scratch, scene->form);
    for (uint64_t i = 0; i < table.count && status == FLOW_OK; i++) {
        struct fl_entry entry;
        fl_table_sorted(&table, i, &entry);
        const int key = (int)*(uint64_t *)entry.value;
        status = fl_run_head(&writer, &entry, (uint64_t)key % 4);
        for (int item = 0; item < key % 4 && status == FLOW_OK; item++) {
            char text[2000];
            int len = snprintf(text, sizeof text, "%d.%d.%d", run, key, item);
            for (; key % 500 == 1 && len < 1900; len++) // more than a block
                text[len] = (char)('a' + len % 23);
            status = fl_run_item(&writer, (flow_str){ text, (size_t)len });
        }
    }
    if (status == FLOW_OK)
        status = fl_run_end(&writer, to);
    else
        fl_run_abandon(&writer);
    fl_table_fini(&scene->bench.cache, &table);
    return status;
}

static int key_of(const struct scene *scene, const struct fl_entry *entry)
{
    int key = 0;
    if (scene->form == FL_KEY_WORD)
        return (int)entry->word;
    for (size_t i = 4; i < entry->bytes.len; i++) // behind "key "
        key = key * 10 + entry->bytes.data[i] - '0';
    return key;
}

// Reads on from a place: what keys there are, with all their items. Returns how many.
static int read_on(struct scene *scene, struct fl_funnel *funnel, int most, bool skip)
{
    int count = 0;
    for (; count < most; count++) {
        struct fl_entry entry;
        uint64_t items, seen = 0;
        bool more;
        ck_assert_int_eq(fl_funnel_next(funnel, &entry, &items, &more), FLOW_OK);
        if (!more)
            break;
        const int key = key_of(scene, &entry);
        if (key % 5 == 2 && items > 0) { // it begins anew
            flow_str got;
            for (uint64_t i = 0; i < 1 + items / 2; i++)
                ck_assert_int_eq(fl_funnel_item(funnel, &got), FLOW_OK);
            ck_assert_int_eq(fl_funnel_rewind(funnel), FLOW_OK);
        }
        for (int run = 0; run < RUNS; run++) {
            for (int item = 0; key % (run + 1) == 0 && item < key % 4; item++, seen++) {
                char text[40];
                flow_str got;
                const int len = snprintf(text, sizeof text, "%d.%d.%d", run, key, item);
                if (skip && seen > 1)
                    continue;
                ck_assert_int_eq(fl_funnel_item(funnel, &got), FLOW_OK);
                ck_assert_uint_eq(got.len, key % 500 == 1 ? 1900 : (size_t)len);
                ck_assert(memcmp(got.data, text, (size_t)len) == 0);
            }
        }
        ck_assert_uint_eq(items, seen);
    }
    return count;
}

static void funnel_of(struct scene *scene, struct fl_run runs[RUNS], struct fl_funnel **funnel)
{
    *funnel = fl_funnel_new(&scene->scratch, scene->form, RUNS);
    ck_assert_ptr_nonnull(*funnel);
    for (int run = 0; run < RUNS; run++)
        ck_assert_int_eq(fl_funnel_add(*funnel, &runs[run]), FLOW_OK);
}

START_TEST(runs_are_read_as_one_in_the_order_in_which_they_were_written)
{
    struct scene scene;
    struct fl_run runs[RUNS];
    struct fl_funnel *funnel;
    scene_init(&scene, _i % 2 ? FL_KEY_WORD : FL_KEY_BYTES);
    scene.disk.most = (size_t)_i / 2 * 13; // calls that do a little
    scene.one_hash = _i == 4;
    for (int run = 0; run < RUNS; run++)
        ck_assert_int_eq(write_run(&scene, run, &runs[run]), FLOW_OK);
    funnel_of(&scene, runs, &funnel);
    ck_assert_int_eq(read_on(&scene, funnel, KEYS + 1, false), KEYS);
    fl_funnel_free(funnel);
    scene_fini(&scene);
}
END_TEST

START_TEST(reading_goes_back_to_the_place_that_was_kept)
{
    struct scene scene;
    struct fl_run runs[RUNS];
    struct fl_funnel *funnel;
    uint64_t random = 5;
    int done = 0;
    scene_init(&scene, _i % 2 ? FL_KEY_WORD : FL_KEY_BYTES);
    for (int run = 0; run < RUNS; run++)
        ck_assert_int_eq(write_run(&scene, run, &runs[run]), FLOW_OK);
    funnel_of(&scene, runs, &funnel);
    for (int some = 1; some > 0;) {
        for (uint64_t tries = next_random(&random) % 3; tries > 0; tries--) {
            read_on(&scene, funnel, (int)(next_random(&random) % 900), next_random(&random) % 2);
            fl_funnel_back(funnel);
        }
        some = read_on(&scene, funnel, (int)(1 + next_random(&random) % 300), true);
        done += some;
        ck_assert_int_eq(fl_funnel_mark(funnel), FLOW_OK);
    }
    ck_assert_int_eq(done, KEYS);
    fl_funnel_free(funnel);
    scene_fini(&scene);
}
END_TEST

START_TEST(what_is_dropped_gives_its_place_back)
{
    struct scene scene;
    struct fl_runs list = { 0 };
    scene_init(&scene, FL_KEY_WORD);
    for (int run = 0; run < 100; run++) {
        struct fl_run made;
        ck_assert(fl_runs_reserve(&list, &scene.scratch));
        ck_assert_int_eq(write_run(&scene, run % RUNS, &made), FLOW_OK);
        fl_runs_add(&list, made);
    }
    const struct fl_run last = list.at[99];
    fl_runs_drop(&list, 10, 89);
    ck_assert_uint_eq(list.count, 11);
    ck_assert_uint_eq(list.at[10].from, last.from);
    fl_runs_fini(&list);
    ck_assert_uint_eq(scene.disk.dropped, last.to);
    ck_assert_uint_eq(scene.scratch.live, 0);
    ck_assert_uint_eq(scene.scratch.end, 0); // the next block is the first again
    scene_fini(&scene);
}
END_TEST

#if FL_HAVE_ZSTD
START_TEST(blocks_are_compressed)
{
    struct scene scene;
    char same[700];
    memset(same, 'x', sizeof same);
    scene_init(&scene, FL_KEY_WORD);
    ck_assert_int_eq(fl_scratch_write(&scene.scratch, same, sizeof same), FLOW_OK);
    ck_assert_uint_lt(scene.scratch.end, 100);
    fl_scratch_drop(&scene.scratch, 0, scene.scratch.end);
    scene_fini(&scene);
}
END_TEST
#endif

// --- disks that fail

START_TEST(a_full_disk_is_told_at_any_write)
{
    for (uint64_t at = 1; at < 200; at += 9) {
        struct scene scene;
        struct fl_run run;
        scene_init(&scene, FL_KEY_BYTES);
        scene.disk.write_at = at;
        scene.disk.write_fails = ENOSPC;
        const flow_status status = write_run(&scene, 0, &run);
        if (status != FLOW_OK) {
            ck_assert_int_eq(status, FLOW_IO);
            ck_assert_str_eq(scene.scratch.problem,
                "cannot write to the scratch directory /the/scratch: No space left on device, with "
                "what was spilled there; free space there, name another directory with the option "
                "'scratch', or give the runner more memory");
        }
        ck_assert(status != FLOW_OK || at > 100);
        ck_assert(status == FLOW_OK || scene.scratch.live == 0);
        if (status == FLOW_OK)
            fl_scratch_drop(&scene.scratch, run.from, run.to);
        scene_fini(&scene);
    }
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_told)
{
    struct scene scene;
    struct fl_run run;
    scene_init(&scene, FL_KEY_WORD);
    scene.disk.open_fails = ENOENT;
    ck_assert_int_eq(write_run(&scene, 0, &run), FLOW_IO);
    ck_assert_str_eq(scene.scratch.problem,
        "cannot make a file in the scratch directory /the/scratch: No such file or directory; name "
        "another directory with the option 'scratch', or give the runner more memory");
    scene_fini(&scene);
}
END_TEST

// Opens a run and reads all of it.
static flow_status read_run(struct scene *scene, const struct fl_run *run)
{
    struct fl_tap tap;
    flow_status status = fl_tap_open(&tap, &scene->scratch, scene->form, run);
    while (status == FLOW_OK && !tap.over)
        status = fl_tap_next(&tap);
    fl_tap_close(&tap);
    return status;
}

START_TEST(a_disk_that_cannot_be_read_is_told_at_any_read)
{
    for (uint64_t at = 1; at < 100; at += 7) {
        struct scene scene;
        struct fl_run run;
        scene_init(&scene, FL_KEY_WORD);
        ck_assert_int_eq(write_run(&scene, 0, &run), FLOW_OK);
        scene.disk.read_at = at;
        scene.disk.read_fails = EIO;
        ck_assert_int_eq(read_run(&scene, &run), FLOW_IO);
        ck_assert_str_eq(scene.scratch.problem,
            "cannot read back from the scratch directory /the/scratch: Input/output error; name "
            "another directory with the option 'scratch', or give the runner more memory");
        scene_fini(&scene);
    }
}
END_TEST

START_TEST(a_byte_that_changed_is_found_in_any_read)
{
    for (uint64_t at = 1; at < 100; at++) {
        struct scene scene;
        struct fl_run run;
        scene_init(&scene, FL_KEY_BYTES);
        ck_assert_int_eq(write_run(&scene, 0, &run), FLOW_OK);
        scene.disk.damage_at = at;
        ck_assert_int_eq(read_run(&scene, &run), FLOW_DAMAGED);
        const char *begin = "what was spilled to the scratch directory /the/scratch is damaged";
        ck_assert_msg(
            strncmp(scene.scratch.problem, begin, strlen(begin)) == 0, "%s", scene.scratch.problem);
        scene_fini(&scene);
    }
}
END_TEST

START_TEST(a_file_that_became_shorter_is_damaged)
{
    struct scene scene;
    struct fl_run run;
    scene_init(&scene, FL_KEY_WORD);
    ck_assert_int_eq(write_run(&scene, 0, &run), FLOW_OK);
    scene.disk.len -= 5;
    ck_assert_int_eq(read_run(&scene, &run), FLOW_DAMAGED);
    scene_fini(&scene);
}
END_TEST

START_TEST(a_block_at_the_place_of_another_on_the_disk_is_damaged)
{
    struct scene scene;
    struct fl_scratch_block block = { 0 };
    char bytes[64];
    uint64_t random = 9, second = 0;
    scene_init(&scene, FL_KEY_WORD);
    for (int i = 0; i < 2; i++) {
        second = scene.scratch.end;
        for (size_t k = 0; k < sizeof bytes; k++) // nothing to compress
            bytes[k] = (char)(next_random(&random) >> 56);
        ck_assert_int_eq(fl_scratch_write(&scene.scratch, bytes, sizeof bytes), FLOW_OK);
    }
    ck_assert_uint_eq(scene.scratch.end, 2 * second);
    ck_assert_int_eq(fl_scratch_read(&scene.scratch, 0, &block), FLOW_OK);
    memcpy(scene.disk.bytes, scene.disk.bytes + second, second);
    ck_assert_int_eq(fl_scratch_read(&scene.scratch, 0, &block), FLOW_DAMAGED);
    ck_assert_int_eq(fl_scratch_read(&scene.scratch, second, &block), FLOW_OK);
    fl_scratch_block_fini(&scene.scratch, &block);
    scene_fini(&scene);
}
END_TEST

START_TEST(without_memory_nothing_is_lost)
{
    struct scene scene;
    struct fl_run run;
    struct hoard hoard;
    struct fl_run_writer writer, second;
    scene_init(&scene, FL_KEY_WORD);
    ck_assert_int_eq(write_run(&scene, 0, &run), FLOW_OK);
    hoard_take(&hoard, &scene.bench, 0);
    scene.bench.refuse = true;
    // one finds the room that is kept for it
    ck_assert_int_eq(fl_run_begin(&writer, &scene.scratch, FL_KEY_WORD), FLOW_OK);
    ck_assert_int_eq(fl_run_begin(&second, &scene.scratch, FL_KEY_WORD), FLOW_BUDGET);
    fl_run_abandon(&writer);
    ck_assert_int_eq(read_run(&scene, &run), FLOW_BUDGET);
    ck_assert_ptr_null(fl_funnel_new(&scene.scratch, FL_KEY_WORD, 3));
    scene.bench.refuse = false;
    hoard_give(&hoard, &scene.bench);
    ck_assert_int_eq(read_run(&scene, &run), FLOW_OK);
    scene_fini(&scene);
}
END_TEST

// --- the system's disk

START_TEST(a_scratch_file_has_no_name_and_is_for_its_owner_alone)
{
    char directory[] = "/tmp/scratch-XXXXXX", bytes[10];
    struct stat status;
    ck_assert_ptr_nonnull(mkdtemp(directory));
    const struct fl_disk *disk = &fl_system_disk;
    const int file = disk->open(NULL, directory);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(fstat(file, &status), 0);
    ck_assert_uint_eq(status.st_nlink, 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_int_ne(fcntl(file, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert_int_eq(rmdir(directory), 0); // it is empty
    ck_assert_int_eq(disk->write(NULL, file, "0123456789", 10, 5), 10);
    ck_assert_int_eq(disk->read(NULL, file, bytes, 10, 6), 9);
    ck_assert(memcmp(bytes, "123456789", 9) == 0);
    disk->drop(NULL, file, 5, 15);
    disk->close(NULL, file);
    ck_assert_int_eq(disk->open(NULL, directory), -ENOENT);
    ck_assert_int_eq(disk->read(NULL, file, bytes, 10, 0), -EBADF);
    ck_assert_int_eq(disk->write(NULL, file, bytes, 10, 0), -EBADF);
}
END_TEST

TCase *run_unit_tests(void)
{
    TCase *tests = tcase_create("runs");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, a_table_is_sorted_where_it_stands);
    tcase_add_test(tests, keys_with_one_hash_are_sorted_by_their_bytes);
    tcase_add_loop_test(tests, runs_are_read_as_one_in_the_order_in_which_they_were_written, 0, 5);
    tcase_add_loop_test(tests, reading_goes_back_to_the_place_that_was_kept, 0, 2);
    tcase_add_test(tests, what_is_dropped_gives_its_place_back);
#if FL_HAVE_ZSTD
    tcase_add_test(tests, blocks_are_compressed);
#endif
    tcase_add_test(tests, a_full_disk_is_told_at_any_write);
    tcase_add_test(tests, a_directory_that_is_not_there_is_told);
    tcase_add_test(tests, a_disk_that_cannot_be_read_is_told_at_any_read);
    tcase_add_test(tests, a_byte_that_changed_is_found_in_any_read);
    tcase_add_test(tests, a_file_that_became_shorter_is_damaged);
    tcase_add_test(tests, a_block_at_the_place_of_another_on_the_disk_is_damaged);
    tcase_add_test(tests, without_memory_nothing_is_lost);
    tcase_add_test(tests, a_scratch_file_has_no_name_and_is_for_its_owner_alone);
    return tests;
}
