// SPDX-License-Identifier: Apache-2.0
// What an element that a function fails on leaves behind: where an error says it came from, and
// the element as it was, in dead letters.
#include <stdio.h>
#include <stdlib.h>

#include <flow/test.h>

#include "flow_test.h"

#define ROWS 400

// One piece of rows, lent or copied.
struct world {
    struct flow_test_row rows[ROWS];
    struct flow_test_piece piece;
    struct flow_test_script script;
    flow_pipeline *pipeline;
    flow_coll in;
    struct flow_test_results got, other, dead;
};

static struct world *world_new(uint32_t count, enum flow_test_give give)
{
    struct world *world = calloc(1, sizeof *world);
    ck_assert_ptr_nonnull(world);
    for (uint32_t i = 0; i < count; i++)
        world->rows[i] = flow_test_row_at(i, i, i);
    world->piece.rows = world->rows;
    world->piece.count = count;
    world->script.type = &flow_test_row_type;
    world->script.pieces = &world->piece;
    world->script.piece_count = 1;
    world->script.event_time = FLOW_FIELD(flow_test_row, at);
    world->script.give = give;
    flow_test_results_init(&world->got, "results");
    flow_test_results_init(&world->other, "other results");
    flow_test_results_init(&world->dead, "dead letters");
    world->pipeline = flow_pipeline_new("policies");
    world->in = flow_test_read(world->pipeline, &world->script);
    return world;
}

static void world_free(struct world *world)
{
    flow_pipeline_free(world->pipeline);
    flow_test_results_clear(&world->got);
    flow_test_results_clear(&world->other);
    flow_test_results_clear(&world->dead);
    free(world);
}

static bool any_has(const struct flow_test_results *results, const char *text)
{
    for (size_t i = 0; i < results->count; i++)
        if (strstr(results->list[i].text, text))
            return true;
    return false;
}

// --- origins

#define TIMES 5

// Five of each row, counted by v, on two outputs; more than one batch holds.
static flow_status repeat(flow_ctx *ctx, const struct flow_test_row *row)
{
    for (int64_t i = 0; i < TIMES; i++) {
        struct flow_test_row copy = *row;
        copy.v = i;
        FLOW_EMIT_ROW(ctx, flow_test_row, &copy);
        if (row->k % 2 == 0)
            flow_emit(ctx, 1, &flow_test_row_type, &copy, sizeof copy);
    }
    return ctx->status;
}
FLOW_ELEMENT_FN(repeat, flow_test_row, flow_test_row, flow_test_row);

// Fails on the row that its configuration names.
static flow_status trip(flow_ctx *ctx, const struct flow_test_row *row)
{
    const struct flow_test_row *bad = FLOW_CONFIG(ctx, flow_test_row);
    if (row->k == bad->k && row->v == bad->v)
        return flow_fail(ctx, FLOW_USER, "not this one");
    return FLOW_EMIT_ROW(ctx, flow_test_row, row);
}
FLOW_ELEMENT_FN(trip, flow_test_row, flow_test_row);

static void check_origin(struct world *world, flow_coll in, int64_t k, int64_t v)
{
    const struct flow_test_row bad = flow_test_row_at(k, v, 0);
    const flow_do_options options = { .config = &bad, .config_type = &flow_test_row_type };
    const struct flow_test_options one = { .workers = 1, .seed = 1 };
    char wanted[80];
    flow_error error = { 0 };
    flow_test_collect(flow_do(in, &trip_fn, &options), &world->got);
    ck_assert_int_eq(flow_test_run(world->pipeline, &one, &error), FLOW_USER);
    snprintf(wanted, sizeof wanted, " from element %lld behind position 0", (long long)k);
    ck_assert_msg(strstr(error.message, wanted) != NULL, "no '%s' in: %s", wanted, error.message);
    world_free(world);
}

START_TEST(an_error_names_the_element_it_came_from_behind_a_step_that_makes_many)
{
    static const int64_t keys[] = { 0, 100, 182, 398 };
    const flow_do_options options = { .on_error = (flow_on_error)(_i / 8) };
    const uint32_t output = (uint32_t)_i / 4 % 2;
    struct world *world = world_new(ROWS, FLOW_TEST_LEND);
    const flow_coll many = flow_do(world->in, &repeat_fn, &options);
    check_origin(world, flow_output(many, output), keys[_i % 4], _i % TIMES);
}
END_TEST

static flow_status touch(flow_ctx *ctx, struct flow_test_row *row)
{
    (void)ctx;
    row->x = 1;
    return FLOW_OK;
}
FLOW_UPDATE_FN(touch, flow_test_row);

static bool odd(const flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)ctx;
    return row->k % 2 == 1;
}
FLOW_FILTER_FN(odd, flow_test_row);

START_TEST(an_error_names_the_element_it_came_from_behind_a_copy_of_filtered_rows)
{
    struct world *world = world_new(ROWS, FLOW_TEST_LEND);
    const flow_coll touched = flow_do(flow_do(world->in, &odd_fn), &touch_fn);
    check_origin(world, flow_do(touched, &touch_fn), 201, 201);
}
END_TEST

// --- updates

// Changes the row before it finds out that it should not.
static flow_status spoil(flow_ctx *ctx, struct flow_test_row *row)
{
    row->v = 999;
    row->s = flow_str_of("spoiled");
    return row->k % 4 == 3 ? flow_fail(ctx, FLOW_USER, "too late") : FLOW_OK;
}
FLOW_UPDATE_FN(spoil, flow_test_row);

static flow_status same(flow_ctx *ctx, const struct flow_test_row *row, struct flow_test_row *out)
{
    (void)ctx;
    *out = *row;
    return FLOW_OK;
}
FLOW_MAP_FN(same, flow_test_row, flow_test_row);

// Rows of the source are copied first, those of a map are changed where they lie.
START_TEST(dead_letters_of_an_update_show_the_row_as_it_was)
{
    struct world *world = world_new(40, _i % 2 ? FLOW_TEST_LEND : FLOW_TEST_EMIT);
    for (size_t i = 0; i < 40; i++)
        world->rows[i].s = flow_str_of("kept");
    const flow_do_options options = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll before = _i / 2 ? flow_do(world->in, &same_fn) : world->in;
    const flow_coll after = flow_do(before, &spoil_fn, &options);
    flow_test_collect(after, &world->got);
    flow_test_collect(before, &world->other);
    flow_test_collect(flow_dead_letters(after), &world->dead);
    flow_test_run_well(world->pipeline, &(struct flow_test_options){ .workers = 1, .seed = 1 });
    ck_assert_uint_eq(world->dead.count, 10);
    ck_assert(any_has(&world->dead, "kept"));
    ck_assert(!any_has(&world->dead, "spoiled"));
    ck_assert(!any_has(&world->dead, "999"));
    ck_assert_uint_eq(world->other.count, 40);
    ck_assert(!any_has(&world->other, "spoiled"));
    ck_assert_uint_eq(world->got.count, 30);
    ck_assert(any_has(&world->got, "spoiled"));
    ck_assert(!any_has(&world->got, "kept"));
    world_free(world);
}
END_TEST

START_TEST(rows_that_only_an_update_sees_are_put_back_for_its_dead_letters_too)
{
    struct world *world = world_new(40, FLOW_TEST_EMIT);
    const flow_do_options options = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll after = flow_do(flow_do(world->in, &same_fn), &spoil_fn, &options);
    flow_test_collect(after, &world->got);
    flow_test_collect(flow_dead_letters(after), &world->dead);
    flow_test_run_well(world->pipeline, &(struct flow_test_options){ .workers = 1, .seed = 1 });
    ck_assert_uint_eq(world->got.count, 30);
    ck_assert_uint_eq(world->dead.count, 10);
    ck_assert(!any_has(&world->dead, "spoiled"));
    ck_assert(!any_has(&world->dead, "999"));
    world_free(world);
}
END_TEST

// --- calls with a key alone

struct tally {
    int64_t count;
};
FLOW_RECORD(tally, count);

static flow_status tally(
    flow_ctx *ctx, const flow_str *key, const struct flow_test_row *row, struct tally *state)
{
    (void)key;
    (void)row;
    state->count++;
    flow_timer_set(ctx, flow_event_time(ctx));
    return FLOW_OK;
}

static flow_status tally_timer(flow_ctx *ctx, const flow_str *key, struct tally *state)
{
    (void)state;
    FLOW_EMIT(ctx, flow_test_row, .s = *key);
    return key->data[0] == 'b' ? flow_fail(ctx, FLOW_USER, "not this key") : FLOW_OK;
}
FLOW_STATEFUL_FN(tally, flow_str, flow_test_row, tally, flow_test_row);

static flow_status gather(flow_ctx *ctx, const struct flow_test_place *key, flow_rows *rows)
{
    FLOW_EMIT(ctx, flow_test_row, .v = (int64_t)flow_rows_count(rows), .place = *key);
    return key->a == 1 ? flow_fail(ctx, FLOW_USER, "not this key") : FLOW_OK;
}
FLOW_GROUP_FN(gather, struct flow_test_place, flow_test_row, flow_test_row);

// Two keys: a function fails on the second, when it is called with nothing else.
static struct world *keys_world(bool group, flow_on_error policy)
{
    struct world *world = world_new(6, FLOW_TEST_LEND);
    for (int i = 0; i < 6; i++) {
        world->rows[i].s = flow_str_of(i % 2 ? "bad" : "ad");
        world->rows[i].place = (struct flow_test_place){ i % 2, flow_str_of("here") };
    }
    const flow_do_options options = { .on_error = policy };
    const flow_field_ref by =
        group ? FLOW_FIELD(flow_test_row, place) : FLOW_FIELD(flow_test_row, s);
    const flow_coll keyed = flow_key_by(world->in, by);
    const flow_coll made =
        group ? flow_group(keyed, &gather_fn, &options) : flow_do(keyed, &tally_fn, &options);
    flow_test_collect(made, &world->got);
    if (policy == FLOW_ON_ERROR_DEAD_LETTER)
        flow_test_collect(flow_dead_letters(made), &world->dead);
    return world;
}

START_TEST(an_error_of_a_timer_or_group_names_the_key)
{
    const struct flow_test_options one = { .workers = 1, .seed = 1 };
    const char *wanted = _i ? "not this key; element {\"key\":{\"a\":1,\"b\":\"here\"}} at "
                            : "not this key; element {\"key\":\"bad\"} at ";
    flow_error error = { 0 };
    struct world *world = keys_world(_i, FLOW_ON_ERROR_FAIL);
    ck_assert_int_eq(flow_test_run(world->pipeline, &one, &error), FLOW_USER);
    ck_assert_msg(strstr(error.message, wanted) != NULL, "no '%s' in: %s", wanted, error.message);
    world_free(world);
}
END_TEST

START_TEST(dead_letters_of_a_timer_show_the_key)
{
    struct world *world = keys_world(false, FLOW_ON_ERROR_DEAD_LETTER);
    flow_test_run_well(world->pipeline, &(struct flow_test_options){ .workers = 1, .seed = 1 });
    ck_assert_uint_eq(world->dead.count, 1);
    ck_assert(any_has(&world->dead, "bad"));
    ck_assert_uint_eq(world->got.count, 1);
    ck_assert(!any_has(&world->got, "bad"));
    world_free(world);
}
END_TEST

START_TEST(dead_letters_of_a_group_are_its_rows)
{
    const struct flow_test_options one = { .workers = 1, .seed = 1 };
    struct world *world = keys_world(true, FLOW_ON_ERROR_DEAD_LETTER);
    flow_test_run_well(world->pipeline, &one);
    ck_assert_uint_eq(world->dead.count, 3);
    ck_assert(any_has(&world->dead, "{\\\"k\\\":1,"));
    ck_assert(any_has(&world->dead, "{\\\"k\\\":3,"));
    ck_assert(any_has(&world->dead, "{\\\"k\\\":5,"));
    ck_assert_uint_eq(world->got.count, 1);
    world_free(world);
}
END_TEST

// --- signs

static flow_status but_seven(flow_ctx *ctx, const struct flow_integer *in)
{
    return in->value == 7 ? flow_fail(ctx, FLOW_USER, "no 7")
                          : FLOW_EMIT_ROW(ctx, flow_integer, in);
}
FLOW_ELEMENT_FN(but_seven, flow_integer, flow_integer);

// One of a kind in time, and one that is taken back.
static bool both_signs(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    int plus = 0, minus = 0;
    for (size_t i = 0; i < count; i++) {
        plus += strstr(seen[i].text, "\"sign\":1") != NULL;
        minus += strstr(seen[i].text, "\"sign\":-1") != NULL;
    }
    const int *each = user;
    return (plus == *each && minus == *each) || flow_error_raise(error, FLOW_UNEXPECTED, NULL,
                                                    "%d of +1, %d of -1", plus, minus) == FLOW_OK;
}

static bool all_sevens(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    const size_t *wanted = user;
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += strstr(seen[i].text, "\"element\":\"{\\\"value\\\":7}\"") != NULL;
    return (found == *wanted && count == found) ||
           flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu of %zu", found, count) == FLOW_OK;
}

static flow_status read_one(flow_ctx *ctx, const int64_t *key, flow_rows *rows)
{
    const struct flow_integer *row = flow_rows_next(rows);
    return *key == 7 ? flow_fail(ctx, FLOW_USER, "not this key")
                     : FLOW_EMIT_ROW(ctx, flow_integer, row);
}
FLOW_GROUP_FN(read_one, int64_t, flow_integer, flow_integer);

// `_i`: rows are lent one at a time, as where they were spilled.
START_TEST(dead_letters_of_a_group_that_had_read_some_are_all_its_rows)
{
    static size_t three = 3;
    static const flow_do_options keep = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    flow_pipeline *p = flow_pipeline_new("rows");
    flow_script *script = flow_script_new(p);
    const flow_coll in = flow_script_input(script, "in", &flow_integer_type);
    for (int64_t i = 0; i < 4; i++)
        FLOW_SCRIPT_ADD(script, in, flow_integer, (flow_time){ i + 1 }, .value = i < 3 ? 7 : 8);
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)) };
    const flow_coll got =
        flow_group(flow_key_by(flow_window_into(in, &cut), FLOW_FIELD(flow_integer, value)),
            &read_one_fn, &keep);
    flow_expect(got, "{\"value\":8}");
    flow_expect_that(flow_dead_letters(got), all_sevens, &three, NULL);
    const flow_simulated_options options = {
        .workers = 2, .seeds = 3, .fail_one_in = 5, .check_elements = _i > 0
    };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(dead_letters_say_whether_the_element_is_taken_back)
{
    static int once = 1;
    static const flow_do_options keep = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_window_options often = { .windows = flow_fixed(flow_seconds(10)),
        .trigger = flow_trigger_early_late(flow_trigger_count(1), flow_trigger_none()),
        .no_lateness = true,
        .accumulation = FLOW_RETRACTING };
    flow_pipeline *p = flow_pipeline_new("signs");
    flow_script *script = flow_script_new(p);
    const flow_coll in = flow_script_input(script, "in", &flow_integer_type);
    for (int64_t i = 0; i < 3; i++) // 3, 7, 12
        FLOW_SCRIPT_ADD(script, in, flow_integer, (flow_time){ i + 1 }, .value = 3 + i);
    const flow_coll windowed = flow_window_into(in, &often);
    const flow_coll some =
        flow_do(flow_sum(windowed, FLOW_FIELD(flow_integer, value)), &but_seven_fn, &keep);
    flow_expect_that(flow_dead_letters(some), both_signs, &once, NULL);
    const flow_simulated_options options = { .workers = 1 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(p);
}
END_TEST

// --- memory

static flow_status refuse(flow_ctx *ctx, const struct flow_test_row *row)
{
    (void)row;
    return flow_fail(ctx, FLOW_USER, "refused");
}
FLOW_ELEMENT_FN(refuse, flow_test_row, flow_test_row);

#define LONG 6000000

// One element whose text fits into the larger budget only, while all else fits into either.
static flow_status refuse_all(struct world *world, uint64_t memory, flow_error *error)
{
    char *text = malloc(LONG);
    ck_assert_ptr_nonnull(text);
    memset(text, 'a', LONG);
    world->rows[0].s.data = text;
    world->rows[0].s.len = LONG;
    const flow_do_options options = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll none = flow_do(world->in, &refuse_fn, &options);
    const struct flow_test_options run = { .workers = 1, .seed = 1, .memory = memory };
    flow_test_collect(none, &world->got);
    flow_test_collect(flow_dead_letters(none), &world->dead);
    const flow_status status = flow_test_run(world->pipeline, &run, error);
    free(text);
    return status;
}

START_TEST(a_dead_letter_without_memory_fails_and_is_never_cut_short)
{
    flow_error error = { 0 };
    struct world *world = world_new(1, FLOW_TEST_LEND);
    ck_assert_int_eq(refuse_all(world, UINT64_C(64) << 20, &error), FLOW_OK);
    ck_assert_uint_eq(world->dead.count, 1);
    ck_assert_ptr_nonnull(strstr(world->dead.list[0].text, "refused"));
    ck_assert_uint_gt(strlen(world->dead.list[0].text), LONG);
    world_free(world);
    world = world_new(1, FLOW_TEST_LEND);
    ck_assert_int_eq(refuse_all(world, UINT64_C(6) << 20, &error), FLOW_BUDGET);
    ck_assert_uint_eq(world->dead.count, 0);
    world_free(world);
}
END_TEST

TCase *policy_tests(void);

TCase *policy_tests(void)
{
    TCase *tests = tcase_create("policies");
    tcase_add_loop_test(
        tests, an_error_names_the_element_it_came_from_behind_a_step_that_makes_many, 0, 24);
    tcase_add_test(tests, an_error_names_the_element_it_came_from_behind_a_copy_of_filtered_rows);
    tcase_add_loop_test(tests, dead_letters_of_an_update_show_the_row_as_it_was, 0, 4);
    tcase_add_test(tests, rows_that_only_an_update_sees_are_put_back_for_its_dead_letters_too);
    tcase_add_loop_test(tests, an_error_of_a_timer_or_group_names_the_key, 0, 2);
    tcase_add_test(tests, dead_letters_of_a_timer_show_the_key);
    tcase_add_test(tests, dead_letters_of_a_group_are_its_rows);
    tcase_add_loop_test(tests, dead_letters_of_a_group_that_had_read_some_are_all_its_rows, 0, 2);
    tcase_add_test(tests, dead_letters_say_whether_the_element_is_taken_back);
    tcase_add_test(tests, a_dead_letter_without_memory_fails_and_is_never_cut_short);
    return tests;
}
