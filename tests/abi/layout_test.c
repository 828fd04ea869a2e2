// SPDX-License-Identifier: Apache-2.0
// What compiled programs know of the engine stays where it is: members are only added at the end
// (see `<flow/function.h>`), numbers never change. Offsets are those of 64-bit machines.
#include <check.h>
#include <stddef.h>
#include <stdlib.h>

#include <flow/flow.h>
#include <flow/transform.h>

#define PLACE(T, member, offset)                                                                   \
    {                                                                                              \
#T "." #member, offsetof(T, member), offset                                                \
    }

static const struct place {
    const char *name;
    size_t is, was;
} places[] = {
    PLACE(flow_batch, rows, 0),
    PLACE(flow_batch, selection, 8),
    PLACE(flow_batch, states, 16),
    PLACE(flow_batch, count, 24),
    PLACE(flow_batch, stride, 28),
    PLACE(flow_batch, key_offset, 32),
    PLACE(flow_batch, value_offset, 36),
    PLACE(flow_batch, ahead, 40),
    PLACE(flow_pane, timing, 0),
    PLACE(flow_pane, first, 4),
    PLACE(flow_pane, last, 5),
    PLACE(flow_pane, drained, 6),
    PLACE(flow_pane, index, 8),
    PLACE(flow_pane, on_time_index, 12),
    PLACE(flow_out, next, 0),
    PLACE(flow_out, origin, 8),
    PLACE(flow_out, room, 16),
    PLACE(flow_out, stride, 20),
    PLACE(flow_out, type, 24),
    PLACE(flow_ctx, outs, 0),
    PLACE(flow_ctx, row, 8),
    PLACE(flow_ctx, next, 12),
    PLACE(flow_ctx, keep, 16),
    PLACE(flow_ctx, kept, 24),
    PLACE(flow_ctx, status, 28),
    PLACE(flow_ctx, update, 32),
    PLACE(flow_ctx, config, 40),
    PLACE(flow_ctx, adopt, 48),
    PLACE(flow_ctx, fn, 56),
    PLACE(flow_ctx, safe, 64),
    PLACE(flow_fn, name, 0),
    PLACE(flow_fn, form, 8),
    PLACE(flow_fn, key, 16),
    PLACE(flow_fn, in, 32),
    PLACE(flow_fn, state, 40),
    PLACE(flow_fn, outs, 48),
    PLACE(flow_fn, out_count, 56),
    PLACE(flow_fn, process, 64),
    PLACE(flow_fn, timer, 72),
    PLACE(flow_fn, cells, 80),
    PLACE(flow_fn, timers, 88),
    PLACE(flow_fn, cell_count, 96),
    PLACE(flow_fn, timer_count, 100),
    PLACE(flow_fn, self_size, 104),
    PLACE(flow_fn, setup, 112),
    PLACE(flow_fn, start, 120),
    PLACE(flow_fn, finish, 128),
    PLACE(flow_fn, teardown, 136),
    PLACE(flow_fn, takes_signs, 144),
    PLACE(flow_fn, no_signs, 145),
    PLACE(flow_fn, merge, 152),
    PLACE(flow_fn, by_window, 160),
    PLACE(flow_fn, follows_signs, 161),
    PLACE(flow_fn, skew, 168),
    PLACE(flow_split_fn, fn, 0),
    PLACE(flow_split_fn, tracker, 8),
    PLACE(flow_split_fn, initial, 16),
    PLACE(flow_split_fn, split, 24),
    PLACE(flow_split_fn, truncate, 32),
    PLACE(flow_split_fn, estimator, 40),
    PLACE(flow_split_fn, unbounded, 44),
    PLACE(flow_tracker, name, 0),
    PLACE(flow_tracker, restriction, 8),
    PLACE(flow_tracker, state_size, 16),
    PLACE(flow_tracker, claim, 24),
    PLACE(flow_tracker, split, 32),
    PLACE(flow_tracker, done, 40),
    PLACE(flow_tracker, work, 48),
    PLACE(flow_cell, name, 0),
    PLACE(flow_cell, kind, 8),
    PLACE(flow_cell, type, 16),
    PLACE(flow_cell, key, 24),
    PLACE(flow_cell, key_type, 40),
    PLACE(flow_cell, combine, 48),
    PLACE(flow_cell, ttl, 56),
    PLACE(flow_cell, merging, 68),
    PLACE(flow_cell, merge, 72),
    PLACE(flow_timer, name, 0),
    PLACE(flow_timer, clock, 8),
    PLACE(flow_timer, key, 16),
    PLACE(flow_timer, due, 32),
    PLACE(flow_timer, merging, 40),
    PLACE(flow_timer, may_expire, 44),
    PLACE(flow_cursor, key, 0),
    PLACE(flow_cursor, row, 8),
    PLACE(flow_cursor, at, 16),
    PLACE(flow_cell_entry, key, 0),
    PLACE(flow_cell_entry, row, 8),
    PLACE(flow_cell_entry, at, 16),
    PLACE(flow_cell_entry, if_absent, 24),
    PLACE(flow_type, name, 0),
    PLACE(flow_type, size, 8),
    PLACE(flow_type, align, 12),
    PLACE(flow_type, field_count, 16),
    PLACE(flow_type, fields, 24),
    PLACE(flow_field, name, 0),
    PLACE(flow_field, as, 8),
    PLACE(flow_field, kind, 16),
    PLACE(flow_field, offset, 20),
    PLACE(flow_field, size, 24),
    PLACE(flow_field, presence, 28),
    PLACE(flow_field, item, 32),
    PLACE(flow_field, record, 40),
    PLACE(flow_field, classified, 48),
    PLACE(flow_field, element, 49),
    PLACE(flow_field, doc, 56),
    PLACE(flow_field, option, 64),
    PLACE(flow_error, status, 0),
    PLACE(flow_error, step, 4),
    PLACE(flow_error, message, 132),
    PLACE(flow_elements, batch, 0),
    PLACE(flow_elements, times, 48),
    PLACE(flow_elements, windows, 56),
    PLACE(flow_elements, panes, 64),
    PLACE(flow_elements, signs, 72),
    PLACE(flow_elements, ctx, 80),
};

START_TEST(a_member_keeps_its_place)
{
    const struct place *place = &places[_i];
    ck_assert_msg(place->is == place->was, "%s lies at %zu, compiled programs look at %zu",
        place->name, place->is, place->was);
}
END_TEST

#define NUMBER(name, was)                                                                          \
    {                                                                                              \
#name, (int)(name), was                                                                    \
    }

static const struct number {
    const char *name;
    int is, was;
} numbers[] = {
    NUMBER(FLOW_OK, 0),
    NUMBER(FLOW_INVALID, 1),
    NUMBER(FLOW_TYPE, 2),
    NUMBER(FLOW_PARSE, 3),
    NUMBER(FLOW_NOT_FOUND, 4),
    NUMBER(FLOW_IO, 5),
    NUMBER(FLOW_MEMORY, 6),
    NUMBER(FLOW_BUDGET, 7),
    NUMBER(FLOW_USER, 8),
    NUMBER(FLOW_CANCELLED, 9),
    NUMBER(FLOW_UNSUPPORTED, 10),
    NUMBER(FLOW_DAMAGED, 11),
    NUMBER(FLOW_INTERNAL, 12),
    NUMBER(FLOW_FORM_EMIT, 1),
    NUMBER(FLOW_FORM_BATCH, 2),
    NUMBER(FLOW_FORM_MAP, 3),
    NUMBER(FLOW_FORM_UPDATE, 4),
    NUMBER(FLOW_FORM_FILTER, 5),
    NUMBER(FLOW_FORM_STATEFUL, 6),
    NUMBER(FLOW_FORM_GROUP, 7),
    NUMBER(FLOW_FORM_STAGE, 8),
    NUMBER(FLOW_FORM_CELLS, 9),
    NUMBER(FLOW_FORM_APART, 10),
    NUMBER(FLOW_CELL_VALUE, 1),
    NUMBER(FLOW_CELL_BAG, 2),
    NUMBER(FLOW_CELL_COMBINING, 3),
    NUMBER(FLOW_CELL_SET, 4),
    NUMBER(FLOW_CELL_MAP, 5),
    NUMBER(FLOW_CELL_MULTIMAP, 6),
    NUMBER(FLOW_CELL_ORDERED, 7),
    NUMBER(FLOW_EVENT_TIME, 1),
    NUMBER(FLOW_PROCESSING_TIME, 2),
    NUMBER(FLOW_WINDOW_EXPIRY, 3),
    NUMBER(FLOW_KIND_NONE, 0),
    NUMBER(FLOW_KIND_BOOL, 1),
    NUMBER(FLOW_KIND_I32, 2),
    NUMBER(FLOW_KIND_I64, 3),
    NUMBER(FLOW_KIND_U32, 4),
    NUMBER(FLOW_KIND_U64, 5),
    NUMBER(FLOW_KIND_F32, 6),
    NUMBER(FLOW_KIND_F64, 7),
    NUMBER(FLOW_KIND_STR, 8),
    NUMBER(FLOW_KIND_BYTES, 9),
    NUMBER(FLOW_KIND_TIME, 10),
    NUMBER(FLOW_KIND_DURATION, 11),
    NUMBER(FLOW_KIND_RECORD, 12),
    NUMBER(FLOW_KIND_LIST, 13),
};

START_TEST(a_number_keeps_its_meaning)
{
    const struct number *number = &numbers[_i];
    ck_assert_msg(number->is == number->was, "%s is %d, compiled programs mean %d by it",
        number->name, number->is, number->was);
}
END_TEST

START_TEST(values_passed_in_registers_keep_their_size)
{
    ck_assert_uint_eq(sizeof(flow_str), 16);
    ck_assert_uint_eq(sizeof(flow_bytes), 16);
    ck_assert_uint_eq(sizeof(flow_time), 8);
    ck_assert_uint_eq(sizeof(flow_duration), 8);
    ck_assert_uint_eq(sizeof(flow_coll), 16);
    ck_assert_uint_eq(sizeof(flow_runner), 16);
    ck_assert_uint_eq(sizeof(flow_window), 16);
    ck_assert_uint_eq(sizeof(flow_pane), 16);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("abi");
    TCase *layout = tcase_create("layout");
    tcase_add_loop_test(
        layout, a_member_keeps_its_place, 0, (int)(sizeof places / sizeof places[0]));
    tcase_add_loop_test(
        layout, a_number_keeps_its_meaning, 0, (int)(sizeof numbers / sizeof numbers[0]));
    tcase_add_test(layout, values_passed_in_registers_keep_their_size);
    suite_add_tcase(suite, layout);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
