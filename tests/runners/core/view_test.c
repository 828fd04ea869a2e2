// SPDX-License-Identifier: Apache-2.0
// Views whose collection fires several times in a window (R72): what the newest firing has is what
// a view shows, so each mode of accumulation shows something else.
#include "scene.h"

TCase *view_tests(void);

// Windows of ten seconds that fire early with every second element, and for each late one.
static flow_coll often(flow_coll in, flow_accumulation mode)
{
    const flow_window_options options = { .windows = scene_fixed(10),
        .trigger = flow_trigger_early_late(flow_trigger_count(2), flow_trigger_count(1)),
        .accumulation = mode,
        .lateness = flow_seconds(100) };
    return flow_window_into(in, &options);
}

// Elements look into what the side input has of their window.
static struct scene *looking(
    const flow_fn *fn, flow_view (*view_of)(flow_coll), flow_accumulation mode)
{
    struct scene *scene = scene_new();
    const flow_view view = view_of(often(scene->side_rows, mode));
    scene_look(scene, scene_window(scene->main_rows, scene_fixed(10), 0), fn, view);
    return scene;
}

static flow_view all_rows(flow_coll in)
{
    return flow_as_iterable(in);
}

// Two firings before the end of the window, one at it, one after it; and an element that looks
// after each.
static void tell(struct scene *scene)
{
    scene_row(&scene->side, 1, 1, 1, 1);
    scene_row(&scene->side, 1, 2, 2, 2);
    scene_row(&scene->main, 2, 1, 0, 5);
    scene_row(&scene->side, 3, 3, 4, 3);
    scene_row(&scene->side, 3, 4, 8, 4);
    scene_row(&scene->main, 4, 2, 0, 5);
    scene_tick(&scene->side, 5, 10);
    scene_row(&scene->main, 6, 3, 0, 5);
    scene_row(&scene->side, 7, 5, 16, 5);
    scene_row(&scene->main, 8, 4, 0, 5);
}

// Plays it instant by instant; a snapshot in the middle goes on with other workers.
static struct play play_all(struct scene *scene)
{
    tell(scene);
    struct play play = scene_begin(scene);
    for (int64_t when = 1; when <= 8; when++) {
        scene->clock = when;
        flow_test_settle(play.sim);
        if (when != 3)
            continue;
        fl_engine_hold(play.sim->engine, true);
        flow_test_settle(play.sim);
        scene_reborn(&play, 3);
        flow_test_settle(play.sim);
    }
    return play;
}

static void sees(struct scene *scene, const char *wanted)
{
    struct play play = play_all(scene);
    scene_end(&play, wanted);
    scene_free(scene);
}

// The third element looks after the window's end, where nothing had come since the last firing: an
// empty firing says nothing about a view, as in Beam's direct runner.
START_TEST(r72_a_discarding_view_shows_the_newest_firing_and_an_empty_one_leaves_it)
{
    sees(looking(scene_add_all, all_rows, FLOW_DISCARDING), "1=3 2=12 3=12 4=16");
}
END_TEST

START_TEST(r72_an_accumulating_view_shows_all_that_came)
{
    sees(looking(scene_add_all, all_rows, FLOW_ACCUMULATING), "1=3 2=15 3=15 4=31");
}
END_TEST

START_TEST(r72_a_retracting_view_shows_all_that_came_once)
{
    sees(looking(scene_add_all, all_rows, FLOW_RETRACTING), "1=3 2=15 3=15 4=31");
}
END_TEST

static flow_view by_key(flow_coll in)
{
    return flow_as_map(scene_by_k(in));
}

static flow_status both(flow_ctx *ctx, const struct flow_test_row *in)
{
    int64_t sum = 0;
    for (int64_t k = 1; k <= 5; k++) {
        const struct flow_test_row *side = FLOW_SIDE_FIND(ctx, 0, flow_test_row, k);
        sum += side ? side->v : 0;
    }
    return scene_emit(ctx, in, sum);
}
FLOW_ELEMENT_FN(both, flow_test_row, flow_test_row);

START_TEST(r72_a_map_has_the_keys_of_the_newest_firing)
{
    sees(looking(&both_fn, by_key, FLOW_DISCARDING), "1=3 2=12 3=12 4=16");
    sees(looking(&both_fn, by_key, FLOW_ACCUMULATING), "1=3 2=15 3=15 4=31");
}
END_TEST

// --- views of results

static flow_status one(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_integer *side = FLOW_SIDE(ctx, 0, flow_integer);
    return side ? scene_emit(ctx, in, side->value) : ctx->status;
}
FLOW_ELEMENT_FN(one, flow_test_row, flow_test_row);

static flow_view sum_of(flow_coll in)
{
    return flow_as_singleton(flow_sum(in, FLOW_FIELD(flow_test_row, v)));
}

// At its end the window has a sum of nothing, since the last firing: that is a value.
START_TEST(r72_a_result_that_discards_is_replaced_by_the_next)
{
    sees(looking(&one_fn, sum_of, FLOW_DISCARDING), "1=3 2=12 3=0 4=16");
}
END_TEST

START_TEST(r72_a_result_that_is_taken_back_makes_room_for_the_next)
{
    sees(looking(&one_fn, sum_of, FLOW_RETRACTING), "1=3 2=15 3=15 4=31");
}
END_TEST

// Both results are elements of the view, which accumulates too.
START_TEST(r72_results_that_accumulate_are_several_values)
{
    struct scene *scene = looking(&one_fn, sum_of, FLOW_ACCUMULATING);
    flow_error error = { 0 };
    struct play play = play_all(scene);
    ck_assert_int_eq(flow_test_close(play.sim, &error), FLOW_INVALID);
    ck_assert_msg(strstr(error.message, "values") != NULL, "%s", error.message);
    scene_free(scene);
}
END_TEST

static bool is_small(const flow_ctx *ctx, const struct flow_integer *sum)
{
    (void)ctx;
    return sum->value < 10;
}
FLOW_FILTER_FN(is_small, flow_integer);

static flow_view small_sums(flow_coll in)
{
    return flow_as_iterable(flow_do(flow_sum(in, FLOW_FIELD(flow_test_row, v)), &is_small_fn));
}

static flow_status count(flow_ctx *ctx, const struct flow_test_row *in)
{
    return scene_emit(ctx, in, (int64_t)FLOW_SIDE_ROWS(ctx, 0, flow_integer).left);
}
FLOW_ELEMENT_FN(count, flow_test_row, flow_test_row);

// The first sum passes the filter and is taken back; what comes instead does not pass.
START_TEST(r72_what_is_taken_back_and_not_replaced_is_gone_from_the_view)
{
    sees(looking(&count_fn, small_sums, FLOW_RETRACTING), "1=1 2=0 3=0 4=0");
}
END_TEST

TCase *view_tests(void)
{
    TCase *tests = tcase_create("view");
    tcase_add_test(tests, r72_a_discarding_view_shows_the_newest_firing_and_an_empty_one_leaves_it);
    tcase_add_test(tests, r72_an_accumulating_view_shows_all_that_came);
    tcase_add_test(tests, r72_a_retracting_view_shows_all_that_came_once);
    tcase_add_test(tests, r72_a_map_has_the_keys_of_the_newest_firing);
    tcase_add_test(tests, r72_a_result_that_discards_is_replaced_by_the_next);
    tcase_add_test(tests, r72_a_result_that_is_taken_back_makes_room_for_the_next);
    tcase_add_test(tests, r72_results_that_accumulate_are_several_values);
    tcase_add_test(tests, r72_what_is_taken_back_and_not_replaced_is_gone_from_the_view);
    return tests;
}
