// SPDX-License-Identifier: Apache-2.0
// flow_watch: each new thing once, ends of polling, watermarks (R82).
#include "core_test.h"

#include <flow/test.h>

TCase *watch_tests(void);

#define BEGIN INT64_C(1700000000000000) // where the clock begins

// A shelf to which a thing is added every so many seconds, as long as `until`.
struct shelf {
    int64_t each;
    int64_t until;
};
FLOW_RECORD(shelf, each, until);

struct thing {
    int64_t shelf; // `each` of its shelf
    int64_t number;
    flow_str name;
};
FLOW_RECORD(thing, shelf, number, name);

static flow_pipeline *p;
static const struct shelf shelves[] = { { 10, 35 }, { 4, 9 } };

static void setup(void)
{
    p = flow_pipeline_new("watch");
}

static void teardown(void)
{
    flow_pipeline_free(p);
}

static void passes_with(bool restart)
{
    const flow_simulated_options options = {
        .workers = 2, .seeds = 5, .fail_one_in = 6, .clock = { BEGIN }, .restart = restart
    };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
}

static void passes(void)
{
    passes_with(false);
}

// Shelves without a source of their own: numbers that stand for them.
static flow_status shelf_of(flow_ctx *ctx, const struct flow_integer *number, struct shelf *shelf)
{
    (void)ctx;
    *shelf = shelves[number->value];
    return FLOW_OK;
}
FLOW_MAP_FN(shelf_of, flow_integer, shelf);

static flow_coll watched(int count)
{
    return flow_do(flow_sequence(p, 0, count), &shelf_of_fn);
}

static flow_status look(flow_ctx *ctx, const struct shelf *shelf, flow_poll *poll)
{
    const int64_t now = (flow_processing_time(ctx).us - BEGIN) / 1000000;
    const int64_t last = (now < shelf->until ? now : shelf->until) / shelf->each;
    for (int64_t i = last; i >= 0; i--) // all that is there, twice
        for (int twice = 0; twice < 2; twice++)
            FLOW_FOUND(poll, thing, .shelf = shelf->each, .number = i,
                .name = flow_format(ctx, "thing %lld", (long long)i));
    return ctx->status;
}
FLOW_POLL_FN(look, shelf, thing);

#define THING(shelf, n) "{\"shelf\":" #shelf ",\"number\":" #n ",\"name\":\"thing " #n "\"}"

START_TEST(r82_each_new_thing_comes_once)
{
    const flow_watch_options options = { .every = flow_seconds(3), .quiet = flow_seconds(15) };
    flow_expect(flow_watch(watched(2), &look_poll, &options), THING(10, 0), THING(10, 1),
        THING(10, 2), THING(10, 3), THING(4, 0), THING(4, 1), THING(4, 2));
    passes();
    passes_with(true);
}
END_TEST

// The second at which a thing came.
static flow_status when(flow_ctx *ctx, const struct thing *thing, struct flow_integer *second)
{
    (void)thing;
    second->value = (flow_processing_time(ctx).us - BEGIN) / 1000000;
    return FLOW_OK;
}
FLOW_MAP_FN(when, thing, flow_integer);

START_TEST(r82_polls_follow_the_clock)
{
    const flow_watch_options options = { .every = flow_seconds(3), .total = flow_seconds(25) };
    flow_expect(flow_do(flow_watch(watched(1), &look_poll, &options), &when_fn), "{\"value\":0}",
        "{\"value\":12}", "{\"value\":21}");
    passes();
}
END_TEST

START_TEST(r82_watching_ends_after_so_many)
{
    const flow_watch_options options = { .every = flow_seconds(1), .most = 3 };
    const flow_coll things = flow_watch(watched(2), &look_poll, &options);
    ck_assert(flow_pipeline_graph(p, NULL)->edges[things.id - 1].unbounded);
    flow_expect(
        things, THING(10, 0), THING(10, 1), THING(10, 2), THING(4, 0), THING(4, 1), THING(4, 2));
    passes();
}
END_TEST

START_TEST(one_poll_without_an_interval)
{
    flow_expect(flow_watch(watched(2), &look_poll, NULL), THING(10, 0), THING(4, 0));
    passes();
}
END_TEST

START_TEST(things_are_told_apart_by_a_field)
{
    const flow_watch_options options = {
        .every = flow_seconds(3), .total = flow_seconds(40), .by = FLOW_FIELD(thing, shelf)
    };
    flow_expect(flow_watch(watched(1), &look_poll, &options), THING(10, 0));
    passes();
}
END_TEST

// Things have times of their own, half a minute apart; the third look says that it is the last.
static flow_status dated(flow_ctx *ctx, const struct shelf *shelf, flow_poll *poll)
{
    const int64_t now = (flow_processing_time(ctx).us - BEGIN) / 1000000;
    for (int64_t i = 0; i <= now / shelf->each; i++) {
        const struct thing thing = { .number = i };
        flow_poll_give_at(poll, &thing_type, &thing, (flow_time){ i * 30000000 });
    }
    flow_poll_watermark(poll, (flow_time){ (now / shelf->each + 1) * 30000000 });
    if (now >= 2 * shelf->each)
        flow_poll_end(poll);
    return ctx->status;
}
FLOW_POLL_FN(dated, shelf, thing);

static bool in_their_windows(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    for (size_t i = 0; i < count; i++)
        if (seen[i].pane.timing != FLOW_TIMING_ON_TIME ||
            seen[i].window.start.us != (int64_t)i * 30000000)
            return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "result %zu", i) == FLOW_OK;
    return count == 3 || flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu", count) == FLOW_OK;
}

START_TEST(r82_the_watermark_is_what_the_poll_says)
{
    const flow_watch_options options = { .every = flow_seconds(10) };
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(30)) };
    const flow_coll things = flow_watch(watched(1), &dated_poll, &options);
    const flow_coll counts = flow_count(flow_window_into(things, &cut));
    flow_expect_that(counts, in_their_windows, NULL, NULL);
    flow_expect(flow_do(flow_latest(flow_window_into(things, &cut)), &when_fn), "{\"value\":0}",
        "{\"value\":10}", "{\"value\":20}"); // not all at the end
    passes();
}
END_TEST

static flow_status broken(flow_ctx *ctx, const struct shelf *shelf, flow_poll *poll)
{
    if (shelf->each == 4)
        return flow_fail(ctx, FLOW_USER, "the shelf is broken");
    return look(ctx, shelf, poll);
}
FLOW_POLL_FN(broken, shelf, thing);

static flow_status message(flow_ctx *ctx, const struct flow_rejected *in, struct flow_line *out)
{
    (void)ctx;
    out->text = in->element;
    return FLOW_OK;
}
FLOW_MAP_FN(message, flow_rejected, flow_line);

START_TEST(an_element_whose_poll_fails_is_routed)
{
    const flow_watch_options options = {
        .every = flow_seconds(3), .total = flow_seconds(5), .on_error = FLOW_ON_ERROR_DEAD_LETTER
    };
    const flow_coll things = flow_watch(watched(2), &broken_poll, &options);
    flow_expect(things, THING(10, 0));
    flow_expect(flow_do(flow_dead_letters(things), &message_fn),
        "{\"text\":\"{\\\"each\\\":4,\\\"until\\\":9}\"}");
    passes();
}
END_TEST

START_TEST(watches_that_cannot_be_are_refused)
{
    static const struct {
        flow_watch_options options;
        const char *message;
    } cases[] = {
        { { .every = { -1 } },
            "flow_watch: its 'every', 'quiet', 'total' and 'most' cannot be below 0" },
        { { .quiet = { 5 } }, "flow_watch: it has an end of polling, but polls once: say 'every'" },
    };
    for (int i = 0; i < TABLE_SIZE(cases); i++) {
        flow_error error = { 0 };
        ck_assert_uint_eq(flow_watch(watched(1), &look_poll, &cases[i].options).id, 0);
        flow_pipeline_check(p, &error);
        ck_assert_str_eq(error.message, cases[i].message);
        teardown();
        setup();
    }
    flow_error error = { 0 };
    flow_watch(flow_sequence(p, 0, 1), &look_poll, NULL);
    flow_pipeline_check(p, &error);
    ck_assert_str_eq(error.message, "flow_watch: the poll takes another record than its input has");
}
END_TEST

TCase *watch_tests(void)
{
    TCase *tests = tcase_create("watch");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, r82_each_new_thing_comes_once);
    tcase_add_test(tests, r82_polls_follow_the_clock);
    tcase_add_test(tests, r82_watching_ends_after_so_many);
    tcase_add_test(tests, one_poll_without_an_interval);
    tcase_add_test(tests, things_are_told_apart_by_a_field);
    tcase_add_test(tests, r82_the_watermark_is_what_the_poll_says);
    tcase_add_test(tests, an_element_whose_poll_fails_is_routed);
    tcase_add_test(tests, watches_that_cannot_be_are_refused);
    return tests;
}
