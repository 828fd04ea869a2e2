// SPDX-License-Identifier: Apache-2.0
// The hash table against a simple model, step by step, with memory failing in between.
#include "core_unit.h"
#include "table.h"

enum {
    KEYS = 600,
    TEXT_MOST = 40
};

// All keys that a run may use, and what the table should hold of each.
struct model {
    bool there[KEYS];
    uint64_t value[KEYS];
    void *place[KEYS]; // of rows, which do not move
    uint64_t count;
};

struct run {
    struct bench bench;
    struct fl_table table;
    struct model model;
    uint64_t random;
    bool rows;
    bool checks; // values are written behind the first word too
};

// Keys that are alike where a weak hash looks: 0, neighbours, multiples of large powers of two.
static uint64_t word_of_key(int key)
{
    if (key < 200)
        return (uint64_t)key;
    if (key < 400)
        return (uint64_t)(key - 199) << 44;
    uint64_t random = (uint64_t)key;
    return next_random(&random);
}

// Text with bytes of zero in it; the first key is empty.
static flow_str text_of_key(int key, char *room)
{
    const size_t len = key == 0 ? 0 : 1 + (size_t)key % (TEXT_MOST - 1);
    memset(room, 0, TEXT_MOST);
    if (len > 0)
        room[len - 1] = (char)(key / (TEXT_MOST - 1));
    const flow_str text = { len ? room : NULL, len };
    return text;
}

static void *find(struct run *run, int key)
{
    char room[TEXT_MOST];
    if (run->table.form == FL_KEY_WORD)
        return fl_table_find_word(&run->table, word_of_key(key));
    const flow_str text = text_of_key(key, room);
    return fl_table_find_bytes(&run->table, text, fl_hash_bytes(text));
}

static void *add(struct run *run, int key)
{
    char room[TEXT_MOST];
    if (run->table.form == FL_KEY_WORD)
        return fl_table_add_word(&run->bench.cache, &run->table, word_of_key(key));
    const flow_str text = text_of_key(key, room);
    return fl_table_add_bytes(&run->bench.cache, &run->table, text, fl_hash_bytes(text));
}

static void erase(struct run *run, int key)
{
    char room[TEXT_MOST];
    if (run->table.form == FL_KEY_WORD) {
        fl_table_remove_word(&run->table, word_of_key(key));
    } else {
        const flow_str text = text_of_key(key, room);
        fl_table_remove_bytes(&run->table, text, fl_hash_bytes(text));
    }
}

static int any_key(struct run *run)
{
    return (int)(next_random(&run->random) % KEYS);
}

static void write_value(struct run *run, int key, void *value)
{
    run->model.value[key] = next_random(&run->random);
    for (uint32_t at = 0; at + 8 <= run->table.value_size; at += 8)
        memcpy((char *)value + at, &run->model.value[key], 8);
}

static void check_value(struct run *run, int key, const void *value)
{
    for (uint32_t at = 0; at + 8 <= run->table.value_size; at += 8)
        ck_assert_int_eq(memcmp((const char *)value + at, &run->model.value[key], 8), 0);
    if (run->table.rows)
        ck_assert_ptr_eq(value, run->model.place[key]);
}

static void add_within_room(struct run *run, int key)
{
    static const char zeros[256];
    struct model *model = &run->model;
    void *value = add(run, key);
    ck_assert_ptr_nonnull(value);
    if (model->there[key]) {
        check_value(run, key, value);
    } else {
        ck_assert_int_eq(memcmp(value, zeros, run->table.value_size), 0);
        model->there[key] = true;
        model->place[key] = value;
        model->count++;
    }
    write_value(run, key, value);
    ck_assert_uint_eq(run->table.count, model->count);
}

// Reserves while memory is short; what was promised must then hold, with no memory at all.
static void add_some(struct run *run)
{
    struct hoard hoard;
    const uint64_t more = next_random(&run->random) % 40;
    const uint64_t luck = next_random(&run->random) % 6;
    if (luck < 4)
        hoard_take(&hoard, &run->bench, (unsigned)luck);
    const uint64_t before = run->table.count;
    const bool reserved = fl_table_reserve(&run->bench.cache, &run->table, more, more * TEXT_MOST);
    ck_assert_uint_eq(run->table.count, before);
    if (luck >= 4) {
        ck_assert(reserved);
        hoard_take(&hoard, &run->bench, 0);
    }
    for (uint64_t i = 0; reserved && i < more; i++)
        add_within_room(run, any_key(run));
    hoard_give(&hoard, &run->bench);
}

static void check_walk(struct run *run)
{
    static bool seen[KEYS];
    char room[TEXT_MOST];
    struct fl_entry entry;
    uint64_t at = 0, count = 0;
    memset(seen, 0, sizeof seen);
    while (fl_table_next(&run->table, &at, &entry)) {
        int key = 0;
        while (key < KEYS && (run->table.form == FL_KEY_WORD
                                     ? word_of_key(key) != entry.word
                                     : !flow_str_equal(text_of_key(key, room), entry.bytes)))
            key++;
        ck_assert_int_lt(key, KEYS);
        ck_assert(!seen[key]);
        ck_assert(run->model.there[key]);
        check_value(run, key, entry.value);
        seen[key] = true;
        count++;
    }
    ck_assert_uint_eq(count, run->model.count);
}

// Many entries at a time are the same, in the same order.
static void check_walk_of_many(const struct run *run)
{
    uint64_t at = 0, count = 0;
    for (struct fl_walk walk = { .table = &run->table }; fl_walk_on(&walk) > 0;) {
        size_t bytes = 0;
        while (walk.next < walk.count) {
            struct fl_entry one;
            const struct fl_entry entry = fl_walk_entry(&walk);
            ck_assert(fl_table_next(&run->table, &at, &one));
            ck_assert_uint_eq(entry.word, one.word);
            ck_assert_uint_eq(entry.hash, one.hash);
            ck_assert(flow_str_equal(entry.bytes, one.bytes));
            ck_assert_ptr_eq(entry.value, one.value);
            bytes += entry.bytes.len;
            count++;
        }
        ck_assert_uint_eq(bytes, walk.bytes);
    }
    ck_assert_uint_eq(count, run->model.count);
}

static void check_all(struct run *run)
{
    for (int key = 0; key < KEYS; key++) {
        void *value = find(run, key);
        ck_assert_int_eq(value != NULL, run->model.there[key]);
        if (value)
            check_value(run, key, value);
    }
}

static void step(struct run *run)
{
    const uint64_t what = next_random(&run->random) % 100;
    if (what < 30) {
        add_some(run);
    } else if (what < 96) {
        const int key = any_key(run);
        void *value = find(run, key);
        ck_assert_int_eq(value != NULL, run->model.there[key]);
        if (!value)
            return;
        check_value(run, key, value);
        if (what < 60)
            return;
        erase(run, key);
        run->model.there[key] = false;
        run->model.count--;
        ck_assert_ptr_null(find(run, key));
    } else if (what < 98) {
        check_walk(run);
        check_walk_of_many(run);
    } else if (what == 98 && !run->table.rows && next_random(&run->random) % 4 == 0) {
        fl_table_clear(&run->bench.cache, &run->table);
        memset(&run->model, 0, sizeof run->model);
        check_walk(run);
    } else {
        check_all(run);
    }
}

static const struct {
    enum fl_key_form form;
    uint32_t value_size;
    bool rows;
} kinds[] = { { FL_KEY_WORD, 8, false }, { FL_KEY_WORD, 48, false }, { FL_KEY_WORD, 8, true },
    { FL_KEY_WORD, 200, false }, { FL_KEY_WORD, 12, false }, { FL_KEY_BYTES, 8, false },
    { FL_KEY_BYTES, 40, true }, { FL_KEY_BYTES, 64, false } };

enum {
    SEEDS = 4
};

START_TEST(table_does_what_a_list_of_keys_would)
{
    static struct run run;
    const size_t kind = (size_t)_i / SEEDS;
    memset(&run, 0, sizeof run);
    run.random = (uint64_t)_i;
    bench_init(&run.bench, UINT64_C(6) << 20);
    fl_table_init(&run.table, kinds[kind].form, kinds[kind].value_size, kinds[kind].rows);
    ck_assert_int_eq(run.table.rows, kinds[kind].rows || kinds[kind].value_size > 48);
    for (int i = 0; i < 1500; i++)
        step(&run);
    check_all(&run);
    check_walk(&run);
    fl_table_fini(&run.bench.cache, &run.table);
    bench_fini(&run.bench);
}
END_TEST

START_TEST(nothing_is_found_in_an_empty_table)
{
    struct bench bench;
    struct fl_entry entry;
    struct fl_table words, bytes;
    const flow_str none = { NULL, 0 };
    uint64_t at = 0;
    bench_init(&bench, UINT64_C(4) << 20);
    fl_table_init(&words, FL_KEY_WORD, 8, false);
    fl_table_init(&bytes, FL_KEY_BYTES, 8, false);
    ck_assert_ptr_null(fl_table_find_word(&words, 0));
    ck_assert_ptr_null(fl_table_find_word(&words, 1));
    ck_assert_ptr_null(fl_table_find_bytes(&bytes, none, fl_hash_bytes(none)));
    ck_assert(!fl_table_next(&words, &at, &entry));
    ck_assert(!fl_table_next(&bytes, &at, &entry));
    fl_table_clear(&bench.cache, &words);
    fl_table_fini(&bench.cache, &words);
    fl_table_fini(&bench.cache, &bytes);
    bench_fini(&bench);
}
END_TEST

START_TEST(word_zero_is_a_key_like_others)
{
    struct bench bench;
    struct fl_table table;
    bench_init(&bench, UINT64_C(8) << 20);
    fl_table_init(&table, FL_KEY_WORD, 8, false);
    ck_assert(fl_table_reserve(&bench.cache, &table, 1, 0));
    *(uint64_t *)fl_table_add_word(&bench.cache, &table, 0) = 42;
    ck_assert_uint_eq(table.count, 1);
    for (uint64_t word = 1; word < 1000; word++) {
        ck_assert(fl_table_reserve(&bench.cache, &table, 1, 0));
        *(uint64_t *)fl_table_add_word(&bench.cache, &table, word) = word;
    }
    ck_assert_uint_eq(*(uint64_t *)fl_table_find_word(&table, 0), 42);
    fl_table_remove_word(&table, 0);
    ck_assert_ptr_null(fl_table_find_word(&table, 0));
    ck_assert_uint_eq(table.count, 999);
    ck_assert_uint_eq(*(uint64_t *)fl_table_add_word(&bench.cache, &table, 0), 0);
    fl_table_fini(&bench.cache, &table);
    bench_fini(&bench);
}
END_TEST

START_TEST(equal_hashes_do_not_make_equal_keys)
{
    struct bench bench;
    struct fl_table table;
    const flow_str texts[] = { { "a", 1 }, { "a\0", 2 }, { "a\0b", 3 }, { NULL, 0 }, { "b", 1 } };
    static const uint64_t hashes[] = { 0, 1, UINT64_MAX };
    bench_init(&bench, UINT64_C(8) << 20);
    for (size_t h = 0; h < COUNT_OF(hashes); h++) {
        fl_table_init(&table, FL_KEY_BYTES, 8, false);
        ck_assert(fl_table_reserve(&bench.cache, &table, 5, 7));
        for (uint64_t i = 0; i < COUNT_OF(texts); i++)
            *(uint64_t *)fl_table_add_bytes(&bench.cache, &table, texts[i], hashes[h]) = i + 1;
        ck_assert_uint_eq(table.count, COUNT_OF(texts));
        fl_table_remove_bytes(&table, texts[1], hashes[h]);
        for (uint64_t i = 0; i < COUNT_OF(texts); i++) {
            const uint64_t *value = fl_table_find_bytes(&table, texts[i], hashes[h]);
            ck_assert_int_eq(value != NULL, i != 1);
            ck_assert(!value || *value == i + 1);
        }
        fl_table_fini(&bench.cache, &table);
    }
    bench_fini(&bench);
}
END_TEST

START_TEST(million_keys_are_found_again)
{
    struct bench bench;
    struct fl_table table;
    bench_init(&bench, UINT64_C(256) << 20);
    fl_table_init(&table, FL_KEY_WORD, 8, false);
    for (uint64_t i = 0; i < 1000000; i++) {
        ck_assert(fl_table_reserve(&bench.cache, &table, 1, 0));
        *(uint64_t *)fl_table_add_word(&bench.cache, &table, i << 20) = i;
    }
    for (uint64_t i = 0; i < 1000000; i += 7)
        ck_assert_uint_eq(*(uint64_t *)fl_table_find_word(&table, i << 20), i);
    fl_table_fini(&bench.cache, &table);
    bench_fini(&bench);
}
END_TEST

START_TEST(a_table_that_is_to_be_large_is_made_to_size_once)
{
    struct bench bench;
    struct fl_table table;
    bench_init(&bench, UINT64_C(64) << 20);
    fl_table_init(&table, FL_KEY_WORD, 8, false);
    table.expected = 100000;
    uint64_t sizes = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        const uint64_t mask = table.mask;
        ck_assert(fl_table_reserve(&bench.cache, &table, 1, 0));
        *(uint64_t *)fl_table_add_word(&bench.cache, &table, i) = i;
        if (i < 100000 / 8 - 1)
            ck_assert_uint_le(table.limit, 16384);
        sizes += i >= 100000 / 8 && table.mask != mask;
    }
    ck_assert_uint_le(sizes, 1);
    for (uint64_t i = 0; i < 100000; i++)
        ck_assert_uint_eq(*(uint64_t *)fl_table_find_word(&table, i), i);
    fl_table_fini(&bench.cache, &table);
    bench_fini(&bench);
}
END_TEST

START_TEST(expecting_more_than_memory_holds_is_no_error)
{
    struct bench bench;
    struct fl_table table;
    bench_init(&bench, UINT64_C(4) << 20);
    fl_table_init(&table, FL_KEY_WORD, 8, false);
    table.expected = 200000; // 8 MiB
    for (uint64_t i = 0; i < 30000; i++) {
        ck_assert(fl_table_reserve(&bench.cache, &table, 1, 0));
        *(uint64_t *)fl_table_add_word(&bench.cache, &table, i) = i;
    }
    ck_assert_uint_eq(table.count, 30000);
    fl_table_fini(&bench.cache, &table);
    bench_fini(&bench);
}
END_TEST

START_TEST(words_are_added_by_a_loop_as_by_a_call)
{
    struct bench bench;
    struct fl_table table;
    bench_init(&bench, UINT64_C(16) << 20);
    fl_table_init(&table, FL_KEY_WORD, 8, false);
    ck_assert(fl_table_reserve(&bench.cache, &table, KEYS, 0));
    const struct fl_words words = fl_table_words(&table);
    for (int round = 1; round <= 3; round++)
        for (int key = 0; key < KEYS; key++) {
            uint64_t *value = fl_words_add(&table, &words, word_of_key(key), 16);
            ck_assert_int_eq(value == NULL, key == 0);
            if (value)
                ck_assert_uint_eq((*value)++, (uint64_t)round - 1);
        }
    ck_assert_uint_eq(table.count, KEYS - 1);
    for (int key = 1; key < KEYS; key++)
        ck_assert_uint_eq(*(uint64_t *)fl_table_find_word(&table, word_of_key(key)), 3);
    fl_table_fini(&bench.cache, &table);
    bench_fini(&bench);
}
END_TEST

START_TEST(rows_of_removed_keys_are_used_again)
{
    struct bench bench;
    struct fl_table table;
    bench_init(&bench, UINT64_C(4) << 20);
    fl_table_init(&table, FL_KEY_WORD, 200, true);
    uint64_t used = 0;
    for (uint64_t i = 1; i < 100000; i++) {
        ck_assert(fl_table_reserve(&bench.cache, &table, 1, 0));
        memset(fl_table_add_word(&bench.cache, &table, i), 0xff, 200);
        fl_table_remove_word(&table, i);
        if (i == 100)
            used = bench_used(&bench);
    }
    ck_assert_uint_eq(bench_used(&bench), used);
    fl_table_fini(&bench.cache, &table);
    bench_fini(&bench);
}
END_TEST

TCase *table_unit_tests(void)
{
    TCase *tests = tcase_create("table.c");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(
        tests, table_does_what_a_list_of_keys_would, 0, (int)COUNT_OF(kinds) * SEEDS);
    tcase_add_test(tests, nothing_is_found_in_an_empty_table);
    tcase_add_test(tests, word_zero_is_a_key_like_others);
    tcase_add_test(tests, equal_hashes_do_not_make_equal_keys);
    tcase_add_test(tests, million_keys_are_found_again);
    tcase_add_test(tests, a_table_that_is_to_be_large_is_made_to_size_once);
    tcase_add_test(tests, expecting_more_than_memory_holds_is_no_error);
    tcase_add_test(tests, words_are_added_by_a_loop_as_by_a_call);
    tcase_add_test(tests, rows_of_removed_keys_are_used_again);
    return tests;
}
