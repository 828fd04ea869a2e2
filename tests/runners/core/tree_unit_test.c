// SPDX-License-Identifier: Apache-2.0
// Trees of entries against a sorted array: order, earliest instants, old roots that keep what they
// saw, what a bundle that failed leaves.
#include "core_unit.h"
#include "tree.h"

#define MOST 400

struct model { // entries by word, then order
    struct {
        uint64_t word, order;
        int64_t first[2];
    } list[MOST];
    size_t count;
};

struct grove {
    struct bench bench;
    struct fl_small small;
    struct fl_edit edit;
    struct fl_root root;
    struct model model;
    uint64_t random;
};

static void open_grove(struct grove *grove, uint64_t seed)
{
    memset(grove, 0, sizeof *grove);
    bench_init(&grove->bench, UINT64_C(64) << 20);
    grove->edit.cache = &grove->bench.cache;
    grove->edit.small = &grove->small;
    grove->edit.mem = fl_mem_new(&grove->bench.cache);
    grove->random = seed;
}

static void begin_again(struct grove *grove, bool commits)
{
    if (commits)
        fl_edit_commit(&grove->edit);
    else
        fl_edit_abort(&grove->edit);
    fl_mem_unref(&grove->bench.cache, grove->edit.mem);
    grove->edit.mem = fl_mem_new(&grove->bench.cache);
}

static void close_grove(struct grove *grove)
{
    fl_tree_clear(&grove->edit, &grove->root);
    begin_again(grove, true);
    ck_assert_uint_eq(grove->small.live, 0); // and the chunks went back
    fl_mem_unref(&grove->bench.cache, grove->edit.mem);
    bench_fini(&grove->bench);
}

static size_t place_of(const struct model *model, uint64_t word, uint64_t order)
{
    size_t i = 0;
    while (i < model->count && (model->list[i].word < word ||
                                   (model->list[i].word == word && model->list[i].order < order)))
        i++;
    return i;
}

static bool stands(const struct model *model, size_t i, uint64_t word, uint64_t order)
{
    return i < model->count && model->list[i].word == word && model->list[i].order == order;
}

static void put(struct grove *grove)
{
    struct model *model = &grove->model;
    const uint64_t word = next_random(&grove->random) % 30, order = next_random(&grove->random) % 9;
    const size_t i = place_of(model, word, order);
    struct fl_item *item =
        fl_item_new(&grove->edit, sizeof *item + next_random(&grove->random) % 200);
    item->word = word;
    item->order = order;
    for (int which = 0; which < 2; which++)
        item->first[which] = (int64_t)(next_random(&grove->random) % 1000);
    fl_tree_put(&grove->edit, &grove->root, item);
    if (!stands(model, i, word, order)) {
        memmove(&model->list[i + 1], &model->list[i], (model->count - i) * sizeof model->list[0]);
        model->count++;
    }
    model->list[i].word = word;
    model->list[i].order = order;
    memcpy(model->list[i].first, item->first, sizeof item->first);
}

static void take_out(struct model *model, size_t from, size_t to)
{
    memmove(&model->list[from], &model->list[to], (model->count - to) * sizeof model->list[0]);
    model->count -= to - from;
}

static void change(struct grove *grove)
{
    struct model *model = &grove->model;
    const struct fl_spot spot = { .word = next_random(&grove->random) % 30,
        .order = next_random(&grove->random) % 9 };
    const struct fl_spot to = { .word = spot.word + next_random(&grove->random) % 3, .order = 4 };
    const size_t i = place_of(model, spot.word, spot.order);
    switch (next_random(&grove->random) % 12) {
    case 0:
        fl_tree_cut(&grove->edit, &grove->root, &spot, &to);
        if (place_of(model, to.word, to.order) > i)
            take_out(model, i, place_of(model, to.word, to.order));
        break;
    case 1:
    case 2:
    case 3:
        fl_tree_remove(&grove->edit, &grove->root, &spot);
        if (stands(model, i, spot.word, spot.order))
            take_out(model, i, i + 1);
        break;
    case 4:
        if (next_random(&grove->random) % 10 == 0) {
            fl_tree_clear(&grove->edit, &grove->root);
            model->count = 0;
        }
        break;
    default:
        put(grove);
        break;
    }
}

static void check(const struct fl_root *root, const struct model *model)
{
    struct fl_spot at = { 0 };
    int64_t first[2] = { INT64_MAX, INT64_MAX };
    const struct fl_item *item = fl_tree_from(root->top, &at, false);
    ck_assert_uint_eq(root->count, model->count);
    for (size_t i = 0; i < model->count; i++) {
        // one assertion an entry: they are slow
        bool same =
            item && item->word == model->list[i].word && item->order == model->list[i].order;
        for (int which = 0; which < 2 && same; which++) {
            same = item->first[which] == model->list[i].first[which];
            first[which] = item->first[which] < first[which] ? item->first[which] : first[which];
        }
        at = same ? fl_item_spot(item) : at;
        if (!same || fl_tree_find(root->top, &at) != item)
            ck_abort_msg("entry %zu is another one", i);
        item = fl_tree_from(root->top, &at, true);
    }
    ck_assert_ptr_null(item);
    for (int which = 0; which < 2; which++) {
        ck_assert_int_eq(fl_root_first(root, which), first[which]);
        item = fl_tree_soonest(root->top, which);
        ck_assert(model->count == 0 ? !item : item->first[which] == first[which]);
    }
}

START_TEST(entries_stand_as_in_a_sorted_array_and_aborted_changes_never_were)
{
    static struct grove grove;
    static struct model before;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        open_grove(&grove, seed);
        for (int bundle = 0; bundle < 60; bundle++) {
            const struct fl_root root = grove.root;
            before = grove.model;
            for (uint64_t n = next_random(&grove.random) % 40; n > 0; n--)
                change(&grove);
            check(&grove.root, &grove.model);
            const bool commits = next_random(&grove.random) % 3 > 0;
            begin_again(&grove, commits);
            if (!commits) {
                grove.root = root;
                grove.model = before;
            }
            check(&grove.root, &grove.model);
        }
        close_grove(&grove);
    }
}
END_TEST

START_TEST(a_root_keeps_what_it_saw_once_the_edit_is_frozen)
{
    static struct grove grove;
    static struct model before;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        open_grove(&grove, seed);
        for (int i = 0; i < 100; i++)
            change(&grove);
        const struct fl_root root = grove.root;
        before = grove.model;
        fl_edit_freeze(&grove.edit);
        for (int i = 0; i < 100; i++)
            change(&grove);
        check(&root, &before);
        check(&grove.root, &grove.model);
        close_grove(&grove);
    }
}
END_TEST

START_TEST(what_is_rolled_back_to_a_mark_is_gone_and_the_rest_of_the_bundle_stays)
{
    static struct grove grove;
    static struct model before;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        open_grove(&grove, seed);
        for (int bundle = 0; bundle < 20; bundle++) {
            for (int row = 0; row < 20; row++) {
                const struct fl_root root = grove.root;
                before = grove.model;
                const struct fl_edit_mark mark = fl_edit_mark(&grove.edit);
                for (uint64_t n = next_random(&grove.random) % 9; n > 0; n--)
                    change(&grove);
                if (next_random(&grove.random) % 2)
                    continue;
                fl_edit_rollback(&grove.edit, &mark);
                grove.root = root;
                grove.model = before;
                check(&grove.root, &grove.model);
            }
            begin_again(&grove, true);
            check(&grove.root, &grove.model);
        }
        close_grove(&grove);
    }
}
END_TEST

START_TEST(without_memory_the_edit_has_failed_and_the_old_tree_is_whole)
{
    static struct grove grove;
    static struct model before;
    struct hoard hoard;
    open_grove(&grove, 5);
    for (int i = 0; i < 100; i++)
        change(&grove);
    begin_again(&grove, true);
    const struct fl_root root = grove.root;
    before = grove.model;
    hoard_take(&hoard, &grove.bench, 1);
    grove.bench.refuse = true;
    const struct fl_spot all = { 0 }, end = { .word = 1000 };
    for (int i = 0; i < 100000 && !grove.edit.failed; i++) {
        struct fl_item *item = fl_item_new(&grove.edit, 900);
        if (!item)
            break;
        item->word = (uint64_t)i;
        fl_tree_put(&grove.edit, &grove.root, item);
    }
    fl_tree_cut(&grove.edit, &grove.root, &all, &end);
    ck_assert(grove.edit.failed);
    hoard_give(&hoard, &grove.bench);
    begin_again(&grove, false);
    ck_assert(!grove.edit.failed);
    grove.root = root;
    check(&grove.root, &before);
    close_grove(&grove);
}
END_TEST

TCase *tree_unit_tests(void)
{
    TCase *tests = tcase_create("tree");
    tcase_add_test(tests, entries_stand_as_in_a_sorted_array_and_aborted_changes_never_were);
    tcase_add_test(tests, a_root_keeps_what_it_saw_once_the_edit_is_frozen);
    tcase_add_test(tests, what_is_rolled_back_to_a_mark_is_gone_and_the_rest_of_the_bundle_stays);
    tcase_add_test(tests, without_memory_the_edit_has_failed_and_the_old_tree_is_whole);
    return tests;
}
