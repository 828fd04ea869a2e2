// SPDX-License-Identifier: Apache-2.0
// Batches: forms of time and window, what outputs inherit, aliases, columns, clearing, references.
#include "core_unit.h"

struct item {
    int64_t number;
    flow_time at;
    flow_str text;
    bool yes;
};
FLOW_RECORD(item, number, at, text, yes);

enum {
    ROWS = 100
};

static struct fl_batch *new_items(struct bench *bench)
{
    struct fl_batch *batch = fl_batch_new(&bench->cache, &item_type, sizeof(struct item));
    ck_assert_ptr_nonnull(batch);
    return batch;
}

// A batch of ROWS items in a form of time; times are those of expected_time.
static struct fl_batch *items_in(struct bench *bench, int form)
{
    struct fl_batch *batch = new_items(bench);
    struct item *items = (struct item *)(void *)batch->rows;
    batch->count = ROWS;
    batch->time_base = form == 0 ? -7 : 1000;
    for (int row = 0; row < ROWS; row++)
        items[row] = (struct item){ row, { 1000 - row }, { NULL, 0 }, row % 2 };
    if (form == 1) {
        int32_t *deltas = fl_batch_need_deltas(&bench->cache, batch);
        for (int row = 0; row < ROWS; row++)
            deltas[row] = -row;
        batch->time_form = FL_TIME_DELTA;
    } else if (form == 2) {
        batch->time_form = FL_TIME_STRIDED;
        batch->times = batch->rows + offsetof(struct item, at);
        batch->times_stride = sizeof(struct item);
    } else if (form == 3) {
        int64_t *times = fl_batch_need_times(&bench->cache, batch);
        for (int row = 0; row < ROWS; row++)
            times[row] = 1000 - row;
        batch->time_form = FL_TIME_STRIDED;
        batch->times = (const char *)times;
        batch->times_stride = sizeof *times;
    }
    return batch;
}

static int64_t expected_time(int form, uint32_t row)
{
    return form == 0 ? -7 : 1000 - (int64_t)row;
}

enum {
    FORMS = 4
};

START_TEST(capacity_is_1024_rows_or_32_kib)
{
    static const uint32_t table[][2] = { { 0, 1024 }, { 1, 1024 }, { 32, 1024 }, { 33, 992 },
        { 64, 512 }, { 16384, 2 }, { 32768, 1 }, { 1 << 20, 1 } };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        ck_assert_uint_eq(fl_batch_capacity(table[i][0]), table[i][1]);
}
END_TEST

START_TEST(new_batch_has_room_and_no_rows)
{
    static const uint32_t strides[] = { 0, 1, 40, 65536, 200000 };
    struct bench bench;
    bench_init(&bench, UINT64_C(8) << 20);
    for (size_t i = 0; i < COUNT_OF(strides); i++) {
        struct fl_batch *batch = fl_batch_new(&bench.cache, &item_type, strides[i]);
        ck_assert_uint_eq(batch->count, 0);
        ck_assert_uint_eq(batch->capacity, fl_batch_capacity(strides[i]));
        ck_assert(batch->fresh);
        ck_assert(fl_batch_same_pane(&batch->pane, &fl_no_pane));
        memset(batch->rows, 1, (size_t)batch->capacity * strides[i]);
        fl_batch_unref(&bench.cache, batch);
    }
    bench_fini(&bench);
}
END_TEST

START_TEST(every_time_form_tells_its_times)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(8) << 20);
    struct fl_batch *batch = items_in(&bench, _i);
    for (uint32_t row = 0; row < ROWS; row++)
        ck_assert_int_eq(fl_batch_time(batch, row), expected_time(_i, row));
    ck_assert(fl_batch_own_times(&bench.cache, batch));
    memset(batch->rows, 0xff, ROWS * sizeof(struct item));
    for (uint32_t row = 0; row < ROWS; row++)
        ck_assert_int_eq(fl_batch_time(batch, row), expected_time(_i, row));
    fl_batch_unref(&bench.cache, batch);
    bench_fini(&bench);
}
END_TEST

START_TEST(the_span_of_a_view_has_all_its_times)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(8) << 20);
    struct fl_batch *batch = items_in(&bench, _i);
    const uint16_t some[] = { ROWS - 2, 1, 3 };
    const struct fl_view views[] = { { batch, NULL, ROWS }, { batch, some, 3 } };
    for (int v = 0; v < 2; v++) {
        const struct fl_reach span = fl_view_reach(&views[v]);
        int64_t low = INT64_MAX, high = INT64_MIN;
        for (uint32_t i = 0; i < views[v].count; i++) {
            const int64_t time = expected_time(_i, fl_view_row(&views[v], i));
            low = time < low ? time : low;
            high = time > high ? time : high;
        }
        ck_assert_int_eq(span.earliest, low);
        ck_assert_int_eq(span.latest, high);
    }
    fl_batch_unref(&bench.cache, batch);
    bench_fini(&bench);
}
END_TEST

static flow_window window_of(int64_t n)
{
    const flow_window window = { { n }, { n + 10 } };
    return window;
}

// Gives a batch windows of a form: implied, one, or by row.
static void set_windows(struct bench *bench, struct fl_batch *batch, enum fl_window_form form)
{
    batch->window_form = form;
    batch->window = window_of(5);
    if (form == FL_WINDOW_ROWS) {
        flow_window *windows = fl_batch_need_windows(&bench->cache, batch);
        for (uint32_t row = 0; row < batch->count; row++)
            windows[row] = window_of(row);
    }
}

static void check_window(const struct fl_batch *out, uint32_t row, uint32_t origin)
{
    if (out->window_form == FL_WINDOW_ROWS)
        ck_assert_int_eq(out->windows[row].start.us, origin);
    if (out->window_form == FL_WINDOW_UNIFORM)
        ck_assert_int_eq(out->window.start.us, 5);
}

START_TEST(outputs_inherit_time_window_pane_and_sign)
{
    struct bench bench;
    const int form = _i % FORMS, windows = _i / FORMS;
    uint16_t origin[FLOW_BATCH_ROWS];
    bench_init(&bench, UINT64_C(8) << 20);
    struct fl_batch *in = items_in(&bench, form), *out = new_items(&bench);
    set_windows(&bench, in, (enum fl_window_form)windows);
    in->pane = (flow_pane){ FLOW_TIMING_LATE, false, true, false, 3, 1 };
    in->signs = fl_take(&bench.cache, FLOW_BATCH_ROWS);
    for (uint32_t row = 0; row < ROWS; row++)
        in->signs[row] = row % 3 ? 1 : -1;
    for (uint32_t row = 0; row < 250; row++)
        origin[row] = (uint16_t)(row * 7 % ROWS);
    // as a function does that emits in two calls over one batch
    out->count = 120;
    ck_assert(fl_batch_inherit(&bench.cache, out, in, origin, 0));
    out->count = 250;
    ck_assert(fl_batch_inherit(&bench.cache, out, in, origin, 120));
    for (uint32_t row = 0; row < 250; row++) {
        ck_assert_int_eq(fl_batch_time(out, row), expected_time(form, origin[row]));
        check_window(out, row, origin[row]);
        ck_assert_int_eq(out->signs[row], in->signs[origin[row]]);
    }
    ck_assert_int_eq(out->window_form, windows);
    ck_assert(fl_batch_same_pane(&out->pane, &in->pane));
    fl_batch_unref(&bench.cache, in);
    fl_batch_unref(&bench.cache, out);
    bench_fini(&bench);
}
END_TEST

START_TEST(outputs_inherit_panes_and_signs_by_row)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(8) << 20);
    struct fl_batch *in = items_in(&bench, 0);
    struct fl_batch *out = new_items(&bench);
    flow_pane *panes = fl_batch_need_panes(&bench.cache, in);
    int8_t *signs = fl_batch_need_signs(&bench.cache, in);
    for (uint32_t row = 0; row < ROWS; row++)
        panes[row] = (flow_pane){ FLOW_TIMING_EARLY, row == 0, false, false, row, -1 };
    ck_assert_int_eq(fl_batch_sign(in, 9), 1);
    signs[9] = -1;
    struct fl_batch *alias = fl_batch_alias(&bench.cache, in);
    const uint16_t origin[2] = { 9, 3 };
    out->count = 2;
    ck_assert(fl_batch_inherit(&bench.cache, out, alias, origin, 0));
    ck_assert_uint_eq(fl_batch_pane(out, 0)->index, 9);
    ck_assert_uint_eq(fl_batch_pane(out, 1)->index, 3);
    ck_assert_int_eq(fl_batch_sign(out, 0), -1);
    ck_assert_int_eq(fl_batch_sign(out, 1), 1);
    fl_batch_clear(&bench.cache, out);
    ck_assert_int_eq(fl_batch_sign(out, 0), 1);
    ck_assert_int_eq(fl_batch_pane(out, 0)->timing, FLOW_TIMING_UNKNOWN);
    fl_batch_unref(&bench.cache, alias);
    fl_batch_unref(&bench.cache, in);
    fl_batch_unref(&bench.cache, out);
    bench_fini(&bench);
}
END_TEST

START_TEST(output_of_inputs_in_different_forms_keeps_each_time)
{
    struct bench bench;
    uint16_t origin[FLOW_BATCH_ROWS];
    bench_init(&bench, UINT64_C(8) << 20);
    for (uint32_t row = 0; row < 40; row++)
        origin[row] = (uint16_t)(99 - row);
    for (int pair = 0; pair < FORMS * FORMS; pair++) {
        struct fl_batch *a = items_in(&bench, pair / FORMS), *b = items_in(&bench, pair % FORMS),
                        *out = new_items(&bench);
        out->count = 15;
        ck_assert(fl_batch_inherit(&bench.cache, out, a, origin, 0));
        out->count = 40;
        ck_assert(fl_batch_inherit(&bench.cache, out, b, origin, 15));
        for (uint32_t row = 0; row < 40; row++)
            ck_assert_int_eq(fl_batch_time(out, row),
                expected_time(row < 15 ? pair / FORMS : pair % FORMS, origin[row]));
        fl_batch_unref(&bench.cache, a);
        fl_batch_unref(&bench.cache, b);
        fl_batch_unref(&bench.cache, out);
    }
    bench_fini(&bench);
}
END_TEST

START_TEST(alias_changes_times_and_windows_but_not_its_parent)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(8) << 20);
    struct fl_batch *parent = items_in(&bench, _i);
    set_windows(&bench, parent, FL_WINDOW_ROWS);
    struct fl_batch *alias = fl_batch_alias(&bench.cache, parent);
    ck_assert_uint_eq(alias->count, ROWS);
    ck_assert_ptr_eq(alias->rows, parent->rows);
    for (uint32_t row = 0; row < ROWS; row++)
        ck_assert_int_eq(fl_batch_time(alias, row), expected_time(_i, row));
    alias->time_form = FL_TIME_UNIFORM;
    alias->time_base = 77;
    alias->window_form = FL_WINDOW_IMPLIED;
    alias->windows = NULL;
    for (uint32_t row = 0; row < ROWS; row++) {
        ck_assert_int_eq(fl_batch_time(parent, row), expected_time(_i, row));
        ck_assert_int_eq(parent->windows[row].start.us, row);
    }
    fl_batch_unref(&bench.cache, parent);
    ck_assert_int_eq(((struct item *)(void *)alias->rows)[42].number, 42);
    fl_batch_unref(&bench.cache, alias);
    bench_fini(&bench);
}
END_TEST

START_TEST(alias_shares_what_strings_point_to)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(8) << 20);
    struct fl_batch *parent = new_items(&bench);
    char *text = fl_mem_alloc(&bench.cache, fl_batch_need_mem(&bench.cache, parent), 4);
    memcpy(text, "text", 4);
    struct fl_batch *alias = fl_batch_alias(&bench.cache, parent);
    struct fl_batch *second = fl_batch_alias(&bench.cache, alias);
    fl_batch_unref(&bench.cache, parent);
    fl_batch_unref(&bench.cache, alias);
    flow_bytes range;
    ck_assert(fl_mem_has(second->mem, text, &range));
    ck_assert_int_eq(memcmp(text, "text", 4), 0);
    fl_batch_unref(&bench.other, second);
    bench_fini(&bench);
}
END_TEST

START_TEST(columns_become_the_rows_they_stand_for)
{
    struct bench bench;
    enum {
        COLUMN_ROWS = 10
    };
    int64_t numbers[COLUMN_ROWS];
    flow_time times[COLUMN_ROWS];
    flow_str texts[COLUMN_ROWS];
    bool yes[COLUMN_ROWS];
    const void *const columns[] = { numbers, times, texts, yes };
    bench_init(&bench, UINT64_C(8) << 20);
    for (int i = 0; i < COLUMN_ROWS; i++) {
        numbers[i] = i;
        times[i].us = -i;
        texts[i] = flow_str_of(i % 2 ? "odd" : "even");
        yes[i] = i % 3 == 0;
    }
    struct fl_batch *batch = fl_batch_lend(&bench.cache, &item_type, NULL, COLUMN_ROWS);
    batch->columns = columns;
    ck_assert(fl_batch_need_rows(&bench.cache, batch));
    const char *rows = batch->rows;
    ck_assert(fl_batch_need_rows(&bench.cache, batch)); // once
    ck_assert_ptr_eq(batch->rows, rows);
    for (int i = 0; i < COLUMN_ROWS; i++) {
        const struct item *item = &((const struct item *)(const void *)rows)[i];
        ck_assert_int_eq(item->number, i);
        ck_assert_int_eq(item->at.us, -i);
        ck_assert(flow_str_equal(item->text, texts[i]));
        ck_assert_int_eq(item->yes, yes[i]);
    }
    fl_batch_unref(&bench.cache, batch);
    bench_fini(&bench);
}
END_TEST

START_TEST(lent_rows_are_not_given_back)
{
    struct bench bench;
    static const struct item items[3] = { { .number = 1 }, { .number = 2 }, { .number = 3 } };
    bench_init(&bench, UINT64_C(8) << 20);
    struct fl_batch *batch = fl_batch_lend(&bench.cache, &item_type, items, 3);
    ck_assert(batch->lent);
    ck_assert(!batch->fresh);
    ck_assert_ptr_eq(batch->rows, items);
    ck_assert_uint_eq(batch->count, 3);
    ck_assert_uint_eq(batch->stride, sizeof(struct item));
    fl_batch_unref(&bench.cache, batch);
    bench_fini(&bench);
}
END_TEST

START_TEST(cleared_batch_is_as_new_and_keeps_its_room)
{
    struct bench bench;
    uint16_t origin[FLOW_BATCH_ROWS] = { 0 };
    bench_init(&bench, UINT64_C(8) << 20);
    for (int form = 0; form < FORMS; form++) {
        struct fl_batch *batch = items_in(&bench, form), *in = items_in(&bench, (form + 1) % FORMS);
        set_windows(&bench, batch, FL_WINDOW_ROWS);
        batch->pane.index = 4;
        batch->signs = fl_take(&bench.cache, FLOW_BATCH_ROWS);
        fl_batch_need_mem(&bench.cache, batch);
        const char *rows = batch->rows;
        fl_batch_clear(&bench.cache, batch);
        ck_assert_uint_eq(batch->count, 0);
        ck_assert_ptr_eq(batch->rows, rows);
        ck_assert_ptr_null(batch->mem);
        ck_assert_ptr_null(batch->signs);
        ck_assert_int_eq(fl_batch_time(batch, 0), FLOW_TIME_MIN_US);
        ck_assert_int_eq(batch->window_form, FL_WINDOW_IMPLIED);
        ck_assert(fl_batch_same_pane(&batch->pane, &fl_no_pane));
        batch->count = 1;
        ck_assert(fl_batch_inherit(&bench.cache, batch, in, origin, 0));
        ck_assert_int_eq(fl_batch_time(batch, 0), expected_time((form + 1) % FORMS, 0));
        fl_batch_unref(&bench.cache, in);
        fl_batch_unref(&bench.cache, batch);
    }
    bench_fini(&bench);
}
END_TEST

// `rows` of them with all arrays there can be.
static struct fl_batch *full_of_arrays(struct bench *bench, uint32_t rows)
{
    struct fl_batch *batch = items_in(bench, 3);
    struct fl_cache *cache = &bench->cache;
    batch->count = rows;
    int32_t *deltas = fl_batch_need_deltas(cache, batch);
    uint64_t *hashes = fl_batch_need_hashes(cache, batch);
    flow_window *windows = fl_batch_need_windows(cache, batch);
    flow_pane *panes = fl_batch_need_panes(cache, batch);
    int8_t *signs = fl_batch_need_signs(cache, batch);
    for (uint32_t row = 0; row < rows; row++) {
        deltas[row] = 5 * (int32_t)row;
        hashes[row] = row * UINT64_C(0x9E3779B97F4A7C15);
        windows[row] = (flow_window){ { row }, { row + 10 } };
        panes[row] = (flow_pane){ .index = row };
        signs[row] = row % 2 ? -1 : 1;
    }
    batch->window_form = FL_WINDOW_ROWS;
    return batch;
}

START_TEST(trimmed_batch_of_few_rows_is_one_block_and_has_all_it_had)
{
    struct bench bench;
    bench_init(&bench, 64 << 20);
    const int64_t used = bench.cache.used;
    struct fl_batch *batch = full_of_arrays(&bench, 20);
    fl_batch_trim(&bench.cache, batch);
    ck_assert_int_eq(bench.cache.used - used, (int64_t)FL_CLASS_MIN);
    ck_assert_uint_eq(fl_batch_size(batch), FL_CLASS_MIN);
    ck_assert_uint_eq(batch->capacity, 20);
    const struct item *items = (const struct item *)(const void *)batch->rows;
    for (uint32_t row = 0; row < 20; row++) {
        ck_assert_int_eq(items[row].number, row);
        ck_assert_int_eq(fl_batch_time(batch, row), expected_time(3, row));
        ck_assert_int_eq(batch->deltas[row], 5 * (int32_t)row);
        ck_assert_uint_eq(batch->hashes[row], row * UINT64_C(0x9E3779B97F4A7C15));
        ck_assert_int_eq(batch->windows[row].end.us, row + 10);
        ck_assert_uint_eq(fl_batch_pane(batch, row)->index, row);
        ck_assert_int_eq(fl_batch_sign(batch, row), row % 2 ? -1 : 1);
    }
    fl_batch_unref(&bench.cache, batch);
    ck_assert_int_eq(bench.cache.used, used);
    bench_fini(&bench);
}
END_TEST

START_TEST(batch_that_others_hold_or_whose_times_lie_in_rows_is_not_trimmed)
{
    struct bench bench;
    bench_init(&bench, 64 << 20);
    struct fl_batch *held = full_of_arrays(&bench, 20), *fields = items_in(&bench, 2);
    const char *rows[2] = { held->rows, fields->rows };
    fields->count = 3;
    fl_batch_ref(held);
    fl_batch_trim(&bench.cache, held);
    fl_batch_trim(&bench.cache, fields);
    ck_assert_ptr_eq(held->rows, rows[0]);
    ck_assert_ptr_eq(fields->rows, rows[1]);
    ck_assert_int_eq(fl_batch_time(fields, 2), expected_time(2, 2));
    fl_batch_unref(&bench.cache, held);
    fl_batch_unref(&bench.cache, held);
    fl_batch_unref(&bench.cache, fields);
    bench_fini(&bench);
}
END_TEST

START_TEST(batch_goes_with_its_last_reference)
{
    struct bench bench;
    bench_init(&bench, UINT64_C(8) << 20);
    struct fl_batch *batch = items_in(&bench, 3);
    ck_assert_uint_ge(fl_batch_size(batch), bench_used(&bench));
    ck_assert_ptr_eq(fl_batch_ref(batch), batch);
    fl_batch_unref(&bench.other, batch);
    ck_assert_int_eq(fl_batch_time(batch, 9), 991);
    fl_batch_unref(&bench.cache, batch);
    fl_batch_unref(&bench.cache, NULL);
    bench_fini(&bench);
}
END_TEST

START_TEST(without_memory_nothing_leaks)
{
    struct bench bench;
    struct hoard hoard;
    uint16_t origin[FLOW_BATCH_ROWS] = { 0 };
    bench_init(&bench, UINT64_C(4) << 20);
    struct fl_batch *in = items_in(&bench, 3), *out = new_items(&bench);
    set_windows(&bench, in, FL_WINDOW_ROWS);
    out->count = 1;
    hoard_take(&hoard, &bench, 0);
    ck_assert_ptr_null(fl_batch_new(&bench.cache, &item_type, 8));
    ck_assert_ptr_null(fl_batch_lend(&bench.cache, &item_type, "", 0));
    ck_assert_ptr_null(fl_batch_alias(&bench.cache, in));
    ck_assert(!fl_batch_inherit(&bench.cache, out, in, origin, 0));
    ck_assert_uint_eq(in->refs, 1);
    hoard_give(&hoard, &bench);
    for (unsigned spare = 0; spare < 4; spare++) {
        hoard_take(&hoard, &bench, spare);
        struct fl_batch *made = fl_batch_new(&bench.cache, &item_type, sizeof(struct item));
        ck_assert(!made || spare > 0);
        fl_batch_unref(&bench.cache, made);
        ck_assert(!fl_batch_inherit(&bench.cache, out, in, origin, 0) || spare > 0);
        hoard_give(&hoard, &bench);
    }
    fl_batch_unref(&bench.cache, in);
    fl_batch_unref(&bench.cache, out);
    bench_fini(&bench);
}
END_TEST

TCase *batch_unit_tests(void)
{
    TCase *tests = tcase_create("batch.c");
    tcase_add_test(tests, capacity_is_1024_rows_or_32_kib);
    tcase_add_test(tests, new_batch_has_room_and_no_rows);
    tcase_add_loop_test(tests, every_time_form_tells_its_times, 0, FORMS);
    tcase_add_loop_test(tests, the_span_of_a_view_has_all_its_times, 0, FORMS);
    tcase_add_loop_test(tests, outputs_inherit_time_window_pane_and_sign, 0, FORMS * 3);
    tcase_add_test(tests, outputs_inherit_panes_and_signs_by_row);
    tcase_add_test(tests, output_of_inputs_in_different_forms_keeps_each_time);
    tcase_add_loop_test(tests, alias_changes_times_and_windows_but_not_its_parent, 0, FORMS);
    tcase_add_test(tests, alias_shares_what_strings_point_to);
    tcase_add_test(tests, columns_become_the_rows_they_stand_for);
    tcase_add_test(tests, lent_rows_are_not_given_back);
    tcase_add_test(tests, cleared_batch_is_as_new_and_keeps_its_room);
    tcase_add_test(tests, trimmed_batch_of_few_rows_is_one_block_and_has_all_it_had);
    tcase_add_test(tests, batch_that_others_hold_or_whose_times_lie_in_rows_is_not_trimmed);
    tcase_add_test(tests, batch_goes_with_its_last_reference);
    tcase_add_test(tests, without_memory_nothing_leaks);
    return tests;
}
