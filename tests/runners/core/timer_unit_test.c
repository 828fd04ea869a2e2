// SPDX-License-Identifier: Apache-2.0
// The queue of instants: order, what an aborted bundle puts back, room that was reserved.
#include "core_unit.h"
#include "timer.h"

static struct fl_due due_at(int64_t at, uint64_t serial)
{
    const struct fl_due due = { .at = at, .serial = serial };
    return due;
}

START_TEST(earliest_comes_first_and_equal_ones_in_order_of_coming)
{
    struct bench bench;
    struct fl_dues dues = { 0 };
    uint64_t random = 3;
    bench_init(&bench, UINT64_C(64) << 20);
    ck_assert_ptr_null(fl_dues_first(&dues));
    for (uint64_t i = 0; i < 5000; i++) {
        const struct fl_due due = due_at((int64_t)(next_random(&random) % 100) - 50, i);
        ck_assert(fl_dues_add(&bench.cache, &dues, &due));
    }
    struct fl_due before = due_at(FLOW_TIME_MIN_US, 0);
    for (int i = 0; i < 5000; i++) {
        const int64_t promised = fl_dues_first(&dues)->at;
        const struct fl_due due = fl_dues_take(&dues);
        ck_assert_int_eq(due.at, promised);
        ck_assert(before.at < due.at || (before.at == due.at && before.serial < due.serial));
        before = due;
    }
    ck_assert_ptr_null(fl_dues_first(&dues));
    fl_dues_fini(&bench.cache, &dues);
    bench_fini(&bench);
}
END_TEST

// The model: a list that is searched.
struct model {
    struct fl_due list[4000], taken[4000];
    size_t count, taken_count;
};

static size_t model_first(const struct model *model)
{
    size_t first = 0;
    for (size_t i = 1; i < model->count; i++)
        if (model->list[i].at < model->list[first].at ||
            (model->list[i].at == model->list[first].at &&
                model->list[i].serial < model->list[first].serial))
            first = i;
    return first;
}

static void model_take(struct model *model, struct fl_dues *dues)
{
    const size_t first = model_first(model);
    const struct fl_due due = fl_dues_take(dues);
    ck_assert_int_eq(due.at, model->list[first].at);
    ck_assert_uint_eq(due.serial, model->list[first].serial);
    model->taken[model->taken_count++] = model->list[first];
    model->list[first] = model->list[--model->count];
}

START_TEST(commit_forgets_and_abort_puts_back_what_was_taken)
{
    struct bench bench;
    struct fl_dues dues = { 0 };
    static struct model model;
    uint64_t random = (uint64_t)_i, serial = 0;
    bench_init(&bench, UINT64_C(64) << 20);
    memset(&model, 0, sizeof model);
    for (int step = 0; step < 4000; step++) {
        const uint64_t what = next_random(&random) % 100;
        if (what < 55) {
            const struct fl_due due = due_at((int64_t)(next_random(&random) % 40), serial++);
            ck_assert(fl_dues_add(&bench.cache, &dues, &due));
            model.list[model.count++] = due;
        } else if (what < 95 && model.count > 0) {
            model_take(&model, &dues);
        } else if (what < 97) {
            fl_dues_commit(&dues);
            model.taken_count = 0;
        } else {
            fl_dues_abort(&dues);
            while (model.taken_count > 0)
                model.list[model.count++] = model.taken[--model.taken_count];
        }
        ck_assert_uint_eq(dues.count, model.count);
        const struct fl_due *first = fl_dues_first(&dues);
        if (first)
            ck_assert_uint_eq(first->serial, model.list[model_first(&model)].serial);
    }
    fl_dues_fini(&bench.cache, &dues);
    bench_fini(&bench);
}
END_TEST

START_TEST(reserved_entries_need_no_memory)
{
    struct bench bench;
    struct hoard hoard;
    struct fl_dues dues = { 0 };
    bench_init(&bench, UINT64_C(8) << 20);
    for (uint64_t i = 0; i < 10; i++) {
        const struct fl_due due = due_at(1, i);
        ck_assert(fl_dues_add(&bench.cache, &dues, &due));
        fl_dues_take(&dues);
    }
    ck_assert(fl_dues_reserve(&bench.cache, &dues, 1000));
    hoard_take(&hoard, &bench, 0);
    for (uint64_t i = 0; i < 1000; i++) {
        const struct fl_due due = due_at(2, i);
        ck_assert(fl_dues_add(&bench.cache, &dues, &due));
    }
    for (int i = 0; i < 1000; i++)
        fl_dues_take(&dues);
    fl_dues_abort(&dues);
    ck_assert_uint_eq(dues.count, 1010);
    ck_assert(!fl_dues_reserve(&bench.cache, &dues, 100000));
    ck_assert_uint_eq(dues.count, 1010);
    ck_assert_int_eq(fl_dues_first(&dues)->at, 1);
    hoard_give(&hoard, &bench);
    fl_dues_fini(&bench.cache, &dues);
    bench_fini(&bench);
}
END_TEST

START_TEST(entries_come_out_as_they_went_in)
{
    struct bench bench;
    struct fl_dues dues = { 0 };
    int item;
    uint16_t selection[2] = { 4, 9 };
    const flow_shape shape = { .stride = 24, .key_offset = 8 };
    bench_init(&bench, UINT64_C(8) << 20);
    struct fl_due due = { .at = INT64_MIN,
        .order = 77,
        .item = &item,
        .serial = 8,
        .then = -9,
        .selection = selection,
        .count = 2,
        .row = 3,
        .shape = &shape };
    ck_assert(fl_dues_add(&bench.cache, &dues, &due));
    const struct fl_due out = fl_dues_take(&dues);
    ck_assert_int_eq(out.at, INT64_MIN);
    ck_assert_ptr_eq(out.item, &item);
    ck_assert_uint_eq(out.serial, 8);
    ck_assert_int_eq(out.then, -9);
    ck_assert_ptr_eq(out.selection, selection);
    ck_assert_uint_eq(out.count, 2);
    ck_assert_uint_eq(out.row, 3);
    ck_assert_ptr_eq(out.shape, &shape);
    fl_dues_fini(&bench.cache, &dues);
    bench_fini(&bench);
}
END_TEST

TCase *timer_unit_tests(void)
{
    TCase *tests = tcase_create("timer.c");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, earliest_comes_first_and_equal_ones_in_order_of_coming);
    tcase_add_loop_test(tests, commit_forgets_and_abort_puts_back_what_was_taken, 0, 5);
    tcase_add_test(tests, reserved_entries_need_no_memory);
    tcase_add_test(tests, entries_come_out_as_they_went_in);
    return tests;
}
