// SPDX-License-Identifier: Apache-2.0
// Side inputs by the model's rules: when elements wait and for what (R69), which windows belong
// together (R70), what views refuse (R71), and which firing counts (R72).
#include "scene.h"

TCase *side_tests(void);

// --- functions that look: each gives the element with v from what it found; -1: nothing

static flow_status one(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_test_row *side = FLOW_SIDE(ctx, 0, flow_test_row);
    return side ? scene_emit(ctx, in, side->v) : ctx->status;
}
FLOW_ELEMENT_FN(one, flow_test_row, flow_test_row);

static flow_status total(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_integer *sum = FLOW_SIDE(ctx, 0, flow_integer);
    return sum ? scene_emit(ctx, in, sum->value) : ctx->status;
}
FLOW_ELEMENT_FN(total, flow_test_row, flow_test_row);

static flow_status add_key(flow_ctx *ctx, const struct flow_test_row *in)
{
    flow_side_walk walk = FLOW_SIDE_ROWS_OF(ctx, 0, flow_test_row, in->k);
    const struct flow_test_row *side;
    int64_t sum = walk.left > 0 ? 0 : -1;
    while ((side = flow_side_next(&walk)))
        sum += side->v;
    return scene_emit(ctx, in, sum);
}
FLOW_ELEMENT_FN(add_key, flow_test_row, flow_test_row);

// Position and count of a list: v is a position, 1000 times the number of rows is added.
static flow_status at_position(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_test_row *side = FLOW_SIDE_AT(ctx, 0, flow_test_row, (uint64_t)in->v);
    return scene_emit(ctx, in,
        (side ? side->v : -1) + 1000 * (int64_t)FLOW_SIDE_ROWS(ctx, 0, flow_test_row).left);
}
FLOW_ELEMENT_FN(at_position, flow_test_row, flow_test_row);

// --- R69

START_TEST(r69_elements_wait_for_the_first_pane_of_a_side_input)
{
    struct scene *scene = scene_new();
    scene_look(scene, scene->main_rows, scene_find, flow_as_map(scene_by_k(scene->side_rows)));
    scene_row(&scene->main, 1, 1, 0, 5);
    scene_row(&scene->main, 1, 2, 0, 6);
    scene_row(&scene->side, 2, 1, 10, 0);
    scene_tick(&scene->side, 3, 100);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "");
    scene_expect(&play, 3, "1=10 2=-1"); // its input has ended, so the global window fired
    scene_end(&play, "1=10 2=-1");
    scene_free(scene);
}
END_TEST

START_TEST(r69_a_window_without_data_is_empty_once_the_watermark_has_passed_it)
{
    struct scene *scene = scene_new();
    const flow_view view =
        flow_as_map(scene_by_k(scene_window(scene->side_rows, scene_fixed(10), 0)));
    scene_look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), scene_find, view);
    scene_row(&scene->main, 1, 1, 0, 5);
    scene_row(&scene->main, 1, 1, 0, 15);
    scene_row(&scene->side, 1, 1, 7, 12);
    scene_tick(&scene->side, 2, 9);
    scene_tick(&scene->side, 3, 10);
    scene->side.rows[2].at.us -= 1; // its last instant is reached, not passed
    scene_tick(&scene->side, 4, 10);
    scene_tick(&scene->side, 5, 20);
    scene_tick(&scene->side, 9, 20);
    struct play play = scene_begin(scene);
    scene_expect(&play, 2, "");
    scene_expect(&play, 3, "");
    scene_expect(&play, 4, "1=-1");
    scene_expect(&play, 5, "1=-1 1=7");
    scene_end(&play, "1=-1 1=7");
    scene_free(scene);
}
END_TEST

START_TEST(r69_elements_that_wait_hold_the_watermark)
{
    struct scene *scene = scene_new();
    const flow_view view =
        flow_as_map(scene_by_k(scene_window(scene->side_rows, scene_fixed(10), 0)));
    const flow_coll found =
        scene_look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), scene_find, view);
    struct flow_test_results sums;
    flow_test_results_init(&sums, "sums");
    flow_test_collect(flow_sum(scene_by_k(found), FLOW_FIELD(flow_test_row, v)), &sums);
    scene_row(&scene->main, 1, 1, 0, 13);
    scene_row(&scene->main, 1, 1, 0, 17);
    scene_tick(&scene->main, 1, 50);
    scene_row(&scene->side, 1, 1, 7, 12);
    scene_tick(&scene->side, 2, 30);
    scene_tick(&scene->main, 9, 60);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "");
    ck_assert_int_eq(scene_watermark(&play, "find"), 13 * SECOND);
    ck_assert_uint_eq(sums.count, 0);
    scene_expect(&play, 2, "1=7 1=7");
    ck_assert_int_eq(scene_watermark(&play, "find"), 50 * SECOND);
    ck_assert_uint_eq(sums.count, 1);
    scene_end(&play, "1=7 1=7");
    flow_test_results_clear(&sums);
    scene_free(scene);
}
END_TEST

START_TEST(r69_what_need_not_wait_overtakes_what_must)
{
    struct scene *scene = scene_new();
    const flow_view view =
        flow_as_map(scene_by_k(scene_window(scene->side_rows, scene_fixed(10), 0)));
    scene_look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), scene_find, view);
    scene_row(&scene->side, 1, 1, 3, 5);
    scene_tick(&scene->side, 1, 10);
    scene_row(&scene->main, 2, 1, 0, 15);
    scene_row(&scene->main, 2, 1, 0, 5);
    scene_row(&scene->side, 3, 1, 4, 15);
    scene_tick(&scene->side, 9, 10);
    struct play play = scene_begin(scene);
    scene_expect(&play, 2, "1=3");
    scene_end(&play, "1=3 1=4");
    scene_free(scene);
}
END_TEST

// --- R70

START_TEST(r70_the_last_instant_of_the_main_window_is_mapped)
{
    struct scene *scene = scene_new();
    const flow_view view =
        flow_as_map(scene_by_k(scene_window(scene->side_rows, scene_fixed(10), 0)));
    scene_look(scene, scene_window(scene->main_rows, scene_fixed(60), 0), scene_find, view);
    scene_row(&scene->side, 1, 1, 1, 5);  // [0,10)
    scene_row(&scene->side, 1, 1, 6, 55); // [50,60), where the last instant of [0,60) lies
    scene_row(&scene->main, 1, 1, 0, 5);
    struct play play = scene_begin(scene);
    scene_end(&play, "1=6");
    scene_free(scene);
}
END_TEST

START_TEST(r70_of_sliding_windows_the_earliest_that_holds_the_instant_counts)
{
    struct scene *scene = scene_new();
    const flow_windows sliding = flow_sliding(flow_seconds(20), flow_seconds(10));
    const flow_view view = flow_as_iterable(scene_window(scene->side_rows, sliding, 0));
    scene_look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), scene_add_all, view);
    scene_row(&scene->side, 1, 1, 1, 5);  // [-10,10) and [0,20)
    scene_row(&scene->side, 1, 1, 2, 15); // [0,20) and [10,30)
    scene_row(&scene->side, 1, 1, 4, 25); // [10,30) and [20,40)
    scene_row(&scene->main, 1, 1, 0, 16); // [10,20): 19.999999 lies in [0,20) and [10,30)
    struct play play = scene_begin(scene);
    scene_end(&play, "1=3");
    scene_free(scene);
}
END_TEST

// Windows of 20 seconds: each `step` one begins, and what holds an instant is listed from the one
// in the middle on. So neither the first nor the last in the list is the earliest.
struct listing {
    int64_t step;
};
FLOW_RECORD(listing, step);

static uint32_t list_windows(
    const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room)
{
    const struct listing *listing = config;
    const int64_t step = listing->step * SECOND, size = 20 * SECOND;
    const int64_t last = at.us - flow_floor_mod(at.us, step);
    const uint32_t count = (uint32_t)((last + size - at.us + step - 1) / step);
    ck_assert_ptr_null(element);
    for (uint32_t i = 0; i < count && i < room; i++) {
        const int64_t start = last - (int64_t)((i + count / 2) % count) * step;
        windows[i] = (flow_window){ { start }, { start + size } };
    }
    return count;
}

static const flow_window_fn listed = {
    .name = "listed", .config = &listing_type, .assign = list_windows
};

START_TEST(r70_of_windows_of_a_function_the_earliest_that_holds_the_instant_counts)
{
    const struct listing listing = { _i ? 1 : 5 }; // 20 or 4 hold an instant
    struct scene *scene = scene_new();
    const flow_windows windows = flow_custom(&listed, &listing);
    const flow_view view = flow_as_iterable(scene_window(scene->side_rows, windows, 0));
    scene_look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), scene_add_all, view);
    // 19.999999 lies in [0,20) or, with a step of one, in [0,20) too, up to [15,35) or [19,39)
    scene_row(&scene->side, 1, 1, 1, -1);
    scene_row(&scene->side, 1, 1, 2, 0);
    scene_row(&scene->side, 1, 1, 4, 19);
    scene_row(&scene->side, 1, 1, 8, 20);
    scene_row(&scene->side, 1, 1, 16, 38);
    scene_row(&scene->main, 1, 1, 0, 16);
    struct play play = scene_begin(scene);
    scene_end(&play, "1=6");
    scene_free(scene);
}
END_TEST

START_TEST(r70_an_element_in_several_windows_is_processed_once_in_each)
{
    struct scene *scene = scene_new();
    const flow_windows sliding = flow_sliding(flow_seconds(20), flow_seconds(10));
    const flow_view view =
        flow_as_map(scene_by_k(scene_window(scene->side_rows, scene_fixed(10), 0)));
    scene_look(scene, scene_window(scene->main_rows, sliding, 0), scene_find, view);
    scene_row(&scene->side, 1, 1, 1, 15); // [10,20): last instants of [0,20)
    scene_row(&scene->side, 1, 1, 2, 25); // [20,30): those of [10,30)
    scene_row(&scene->main, 1, 1, 0, 12);
    struct play play = scene_begin(scene);
    scene_end(&play, "1=1 1=2");
    scene_free(scene);
}
END_TEST

START_TEST(r70_the_global_window_of_a_side_input_belongs_to_all)
{
    struct scene *scene = scene_new();
    scene_look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), scene_add_all,
        flow_as_iterable(scene->side_rows));
    scene_row(&scene->side, 1, 1, 1, 5);
    scene_row(&scene->side, 1, 2, 2, 900);
    scene_row(&scene->main, 1, 1, 0, 5);
    scene_row(&scene->main, 1, 2, 0, -70);
    struct play play = scene_begin(scene);
    scene_end(&play, "1=3 2=3");
    scene_free(scene);
}
END_TEST

START_TEST(r70_a_gap_between_the_windows_of_a_side_input_is_empty)
{
    struct scene *scene = scene_new();
    const flow_windows gaps = flow_sliding(flow_seconds(5), flow_seconds(20));
    const flow_view view = flow_as_iterable(scene_window(scene->side_rows, gaps, 0));
    scene_look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), scene_add_all, view);
    scene_row(&scene->side, 1, 1, 1, 2);
    scene_row(&scene->main, 1, 1, 0, 3); // 9.999999 lies in no window of the side input
    scene_tick(&scene->side, 9, 0);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "1=-1"); // and nothing has to be waited for
    scene_end(&play, "1=-1");
    scene_free(scene);
}
END_TEST

// --- R71

START_TEST(r71_a_singleton_gives_its_value)
{
    struct scene *scene = scene_new();
    scene_look(scene, scene->main_rows, &one_fn, flow_as_singleton(scene->side_rows));
    scene_row(&scene->side, 1, 1, 42, 0);
    scene_row(&scene->main, 1, 1, 0, 0);
    struct play play = scene_begin(scene);
    scene_end(&play, "1=42");
    scene_free(scene);
}
END_TEST

START_TEST(r71_a_singleton_of_several_values_fails)
{
    struct scene *scene = scene_new();
    scene_look(scene, scene->main_rows, &one_fn, flow_as_singleton(scene->side_rows));
    scene_row(&scene->side, 1, 1, 42, 0);
    scene_row(&scene->side, 1, 1, 42, 0);
    scene_row(&scene->main, 1, 1, 0, 0);
    scene_end_badly(scene, "side input as_singleton has several values in a window");
}
END_TEST

START_TEST(r71_a_singleton_without_value_fails_unless_there_is_another)
{
    struct scene *scene = scene_new();
    scene_look(scene, scene->main_rows, &one_fn, flow_as_singleton(scene->side_rows));
    scene_row(&scene->main, 1, 1, 0, 0);
    scene_end_badly(scene, "side input as_singleton has no value in a window");
    scene = scene_new();
    struct flow_test_row otherwise = flow_test_row_at(0, 99, 0);
    scene_look(scene, scene->main_rows, &one_fn,
        flow_as_singleton_or(scene->side_rows, &flow_test_row_type, &otherwise));
    otherwise.v = 0; // it was copied
    scene_row(&scene->main, 1, 1, 0, 0);
    struct play play = scene_begin(scene);
    scene_end(&play, "1=99");
    scene_free(scene);
}
END_TEST

START_TEST(r71_a_map_with_two_values_for_a_key_fails)
{
    struct scene *scene = scene_new();
    scene_look(scene, scene->main_rows, scene_find, flow_as_map(scene_by_k(scene->side_rows)));
    scene_row(&scene->side, 1, 1, 42, 0);
    scene_row(&scene->side, 1, 7, 43, 0);
    scene_row(&scene->side, 1, 7, 43, 1);
    scene_row(&scene->main, 1, 1, 0, 0);
    scene_end_badly(scene, "has several values for the key 7 in a window");
}
END_TEST

START_TEST(r71_a_multimap_gives_all_values_of_a_key)
{
    struct scene *scene = scene_new();
    scene_look(
        scene, scene->main_rows, &add_key_fn, flow_as_multimap(scene_by_k(scene->side_rows)));
    for (int64_t i = 0; i < 60; i++)
        scene_row(&scene->side, 1, i % 3, i, i);
    for (int64_t k = 0; k < 4; k++)
        scene_row(&scene->main, 1, k, 0, 0);
    struct play play = scene_begin(scene);
    scene_end(&play, "0=570 1=590 2=610 3=-1");
    scene_free(scene);
}
END_TEST

START_TEST(r71_a_list_gives_values_by_position)
{
    struct scene *scene = scene_new();
    scene_look(scene, scene->main_rows, &at_position_fn, flow_as_list(scene->side_rows));
    scene_row(&scene->side, 1, 1, 42, 0);
    scene_row(&scene->main, 1, 1, 0, 0);
    scene_row(&scene->main, 1, 2, 1, 0);
    struct play play = scene_begin(scene);
    scene_end(&play, "1=1042 2=999");
    scene_free(scene);
}
END_TEST

// --- R74

START_TEST(r74_a_combine_of_nothing_has_its_default_from_a_view)
{
    static const struct flow_integer none = { -5 };
    struct scene *scene = scene_new();
    const flow_coll sum = flow_sum(flow_unkey(scene_window(scene->side_rows, scene_fixed(10), 0)),
        FLOW_FIELD(flow_test_row, v));
    scene_look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), &total_fn,
        flow_as_singleton_or(sum, &flow_integer_type, &none));
    scene_row(&scene->side, 1, 1, 3, 5);
    scene_row(&scene->side, 1, 2, 4, 6);
    scene_row(&scene->main, 1, 1, 0, 5);
    scene_row(&scene->main, 1, 2, 0, 15); // whose window has nothing to add up
    struct play play = scene_begin(scene);
    scene_end(&play, "1=7 2=-5");
    scene_free(scene);
}
END_TEST

// --- R72

START_TEST(r72_a_late_firing_replaces_what_a_discarding_view_had)
{
    struct scene *scene = scene_new();
    const flow_view view = flow_as_iterable(scene_window(scene->side_rows, scene_fixed(10), 100));
    scene_look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), scene_add_all, view);
    scene_row(&scene->side, 1, 1, 1, 3);
    scene_row(&scene->side, 1, 1, 2, 4);
    scene_tick(&scene->side, 1, 10);
    scene_row(&scene->main, 1, 1, 0, 5);
    scene_row(&scene->side, 2, 1, 16, 5); // late
    scene_row(&scene->main, 3, 2, 0, 5);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "1=3");
    scene_expect(&play, 2, "1=3");
    scene_end(&play, "1=3 2=16");
    scene_free(scene);
}
END_TEST

TCase *side_tests(void)
{
    TCase *tests = tcase_create("sides");
    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, r69_elements_wait_for_the_first_pane_of_a_side_input);
    tcase_add_test(tests, r69_a_window_without_data_is_empty_once_the_watermark_has_passed_it);
    tcase_add_test(tests, r69_elements_that_wait_hold_the_watermark);
    tcase_add_test(tests, r69_what_need_not_wait_overtakes_what_must);
    tcase_add_test(tests, r70_the_last_instant_of_the_main_window_is_mapped);
    tcase_add_test(tests, r70_of_sliding_windows_the_earliest_that_holds_the_instant_counts);
    tcase_add_loop_test(
        tests, r70_of_windows_of_a_function_the_earliest_that_holds_the_instant_counts, 0, 2);
    tcase_add_test(tests, r70_an_element_in_several_windows_is_processed_once_in_each);
    tcase_add_test(tests, r70_the_global_window_of_a_side_input_belongs_to_all);
    tcase_add_test(tests, r70_a_gap_between_the_windows_of_a_side_input_is_empty);
    tcase_add_test(tests, r71_a_singleton_gives_its_value);
    tcase_add_test(tests, r71_a_singleton_of_several_values_fails);
    tcase_add_test(tests, r71_a_singleton_without_value_fails_unless_there_is_another);
    tcase_add_test(tests, r71_a_map_with_two_values_for_a_key_fails);
    tcase_add_test(tests, r71_a_multimap_gives_all_values_of_a_key);
    tcase_add_test(tests, r71_a_list_gives_values_by_position);
    tcase_add_test(tests, r74_a_combine_of_nothing_has_its_default_from_a_view);
    tcase_add_test(tests, r72_a_late_firing_replaces_what_a_discarding_view_had);
    return tests;
}
