// SPDX-License-Identifier: Apache-2.0
// What is left of elements through drains (R80), faults and snapshots (R3), with restrictions that
// point to text too.
#include "splits.h"

TCase *split_save_tests(void);

// --- a tracker of one's own: letters of a text, handed out one after the other

struct letters {
    flow_str text;
};
FLOW_RECORD(letters, text);

struct letters_state {
    uint64_t claimed;
    bool over;
};

static flow_try claim_letter(const void *restriction, void *state, const void *position)
{
    const struct letters *letters = restriction;
    struct letters_state *at = state;
    const uint64_t wanted = *(const uint64_t *)position;
    at->over = at->over || wanted >= letters->text.len;
    if (at->over)
        return FLOW_TRY_OUTSIDE;
    if (wanted != at->claimed)
        return FLOW_TRY_WRONG;
    at->claimed++;
    return FLOW_TRY_GRANTED;
}

static bool split_letters(void *restriction, const void *state, double fraction, void *residual)
{
    struct letters *letters = restriction, *rest = residual;
    const struct letters_state *at = state;
    const uint64_t left = at->over ? 0 : letters->text.len - at->claimed;
    const uint64_t kept = (uint64_t)(fraction * (double)left);
    if (kept >= left)
        return false;
    rest->text = (flow_str){ letters->text.data + at->claimed + kept, left - kept };
    letters->text.len = at->claimed + kept;
    return true;
}

static bool letters_done(const void *restriction, const void *state)
{
    const struct letters_state *at = state;
    return at->over || at->claimed >= ((const struct letters *)restriction)->text.len;
}

static const flow_tracker letters_tracker = { .name = "letters",
    .restriction = &letters_type,
    .state_size = sizeof(struct letters_state),
    .claim = claim_letter,
    .split = split_letters,
    .done = letters_done };

static flow_status all_letters(flow_ctx *ctx, const void *element, void *restriction)
{
    const struct flow_test_row *row = element;
    struct letters *letters = restriction;
    letters->text = flow_format(ctx, "%.*s", (int)row->s.len, row->s.len ? row->s.data : "");
    return FLOW_OK;
}

// Gives each letter as v, a few a call.
static flow_status spell(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct letters *letters = FLOW_RESTRICTION(ctx, letters);
    for (uint64_t i = 0; flow_claim_position(ctx, &i); i++) {
        scene_emit(ctx, in, letters->text.data[i]);
        if (i == 4) {
            flow_resume_after(ctx, (flow_duration){ 1 });
            break;
        }
    }
    return FLOW_OK;
}
FLOW_SPLIT_FN(
    spell, flow_test_row, (flow_test_row), .tracker = &letters_tracker, .initial = all_letters);

START_TEST(r68_a_tracker_of_ones_own_hands_out_what_it_likes)
{
    for (uint32_t workers = 1; workers <= 3; workers++) {
        struct scene *scene = one_element(&spell_split, 1, 0);
        scene->main.rows[0].s = flow_str_of("abcdefghijkl");
        scene->options.workers = workers;
        struct play play = scene_begin(scene);
        for (scene->clock = 1; !flow_test_settle(play.sim); scene->clock++)
            scene_reborn(&play, 1 + (workers + 1) % 3);
        scene_end(&play, "1=97 1=98 1=99 1=100 1=101 1=102 1=103 1=104 1=105 1=106 1=107 1=108");
        scene_free(scene);
    }
}
END_TEST

// --- R80

START_TEST(r80_a_drain_finishes_what_has_an_end_and_stops_what_has_none)
{
    struct scene *scene = scene_new();
    const flow_coll ends = flow_split(scene->main_rows, split_slowly);
    const flow_coll goes_on = flow_split(scene->main_rows, split_tick);
    flow_test_collect(ends, &scene->got);
    flow_test_collect(goes_on, &scene->dropped);
    scene_row(&scene->main, 0, 1, 4, 0);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "1=1");
    ck_assert_str_eq(scene_lines(&scene->dropped), "1=1");
    fl_engine_drain(play.sim->engine);
    scene_expect(&play, 1, "1=1 1=2 1=3"); // pauses are not waited for
    ck_assert(play.ended);
    ck_assert_str_eq(scene_lines(&scene->dropped), "1=1");
    scene_end(&play, "1=1 1=2 1=3");
    scene_free(scene);
}
END_TEST

START_TEST(r80_a_function_may_say_what_a_drain_leaves)
{
    struct scene *scene = one_element(split_tick_on, 1, 4);
    struct play play = scene_begin(scene);
    scene_expect(&play, 1, "1=1");
    scene_reborn(&play, 2);
    fl_engine_drain(play.sim->engine);
    scene_end(&play, "1=1 1=2 1=3");
    scene_free(scene);
}
END_TEST

// --- R3

START_TEST(r3_parts_survive_faults_and_snapshots)
{
    const uint32_t seeds = flow_test_seeds(60);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        struct scene *scene = scene_new();
        scene_split(scene, scene->main_rows, seed % 2 ? split_slowly : split_count_up);
        scene->options.seed = seed;
        scene->options.workers = 1 + (uint32_t)(seed % 3);
        scene->options.faults.one_in = 2 + (uint32_t)(seed % 5);
        scene->options.faults.most = 40;
        scene_row(&scene->main, 0, 1, 6, 0);
        scene_row(&scene->main, 2, 2, 5, 0);
        struct play play = scene_begin(scene);
        for (scene->clock = 1; !flow_test_settle(play.sim); scene->clock++)
            scene_reborn(&play, 1 + (uint32_t)((seed + (uint64_t)scene->clock) % 4));
        scene_end(&play, "1=1 1=2 1=3 1=4 1=5 2=2 2=3 2=4");
        scene_free(scene);
    }
}
END_TEST

TCase *split_save_tests(void)
{
    TCase *tests = tcase_create("split saves");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, r68_a_tracker_of_ones_own_hands_out_what_it_likes);
    tcase_add_test(tests, r80_a_drain_finishes_what_has_an_end_and_stops_what_has_none);
    tcase_add_test(tests, r80_a_function_may_say_what_a_drain_leaves);
    tcase_add_test(tests, r3_parts_survive_faults_and_snapshots);
    return tests;
}
