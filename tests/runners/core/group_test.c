// SPDX-License-Identifier: Apache-2.0
// The rows of a group are read as often as wanted, in windows of all kinds.
#include <check.h>
#include <string.h>

#include <flow/test.h>
#include <flow/transform.h>
#include <flow/transforms.h>

TCase *group_tests(void);

struct bid {
    int64_t item, cents;
    flow_str who;
};
FLOW_RECORD(bid, item, cents, who);
struct share {
    int64_t item, parts; // in thousandths of the sum, rounded down
};
FLOW_RECORD(share, item, parts);

// Needs the sum before it can say a share.
static flow_status share_out(flow_ctx *ctx, const int64_t *item, flow_rows *rows)
{
    int64_t sum = 0;
    size_t count = 0;
    flow_rows_next(rows);
    flow_rows_rewind(rows); // the first is not lost
    for (const struct bid *bid; (bid = flow_rows_next(rows)) != NULL; count++)
        sum += bid->cents;
    if (count != flow_rows_count(rows) || flow_rows_next(rows))
        return flow_fail(ctx, FLOW_USER, "%zu rows of %zu", count, flow_rows_count(rows));
    flow_rows_rewind(rows);
    for (const struct bid *bid; (bid = flow_rows_next(rows)) != NULL;)
        FLOW_EMIT(ctx, share, .item = *item, .parts = bid->cents * 1000 / sum);
    return FLOW_OK;
}
FLOW_GROUP_FN(share_out, int64_t, bid, share);

// The cents of all pairs of two bids, the two rows of which are held while the others are read.
static flow_status pair_up(flow_ctx *ctx, const int64_t *item, flow_rows *rows)
{
    const size_t count = flow_rows_count(rows);
    int64_t sum = 0;
    for (size_t done = 0; done < count; done += 2) {
        const struct bid *held[2] = { NULL, NULL };
        flow_rows_rewind(rows);
        for (size_t i = 0; i < done; i++)
            flow_rows_next(rows);
        for (size_t i = 0; i < 2 && flow_rows_next(rows); i++)
            held[i] = flow_rows_hold(rows);
        flow_rows_rewind(rows);
        for (const struct bid *other; (other = flow_rows_next(rows)) != NULL;)
            for (size_t i = 0; i < 2 && held[i]; i++)
                sum += held[i]->cents * other->cents + (held[i]->who.len == 8 ? 0 : 1000000);
        flow_rows_release(rows);
    }
    return FLOW_EMIT(ctx, share, .item = *item, .parts = sum);
}
FLOW_GROUP_FN(pair_up, int64_t, bid, share);

// Gives parts, each for itself, and more than fit into one batch; at last item 2 fails.
#define PARTS 3000

static flow_status give_part(flow_ctx *ctx, void *user)
{
    return flow_emit(ctx, 0, &share_type, user, sizeof(struct share));
}

static flow_status part_out(flow_ctx *ctx, const int64_t *item, flow_rows *rows)
{
    (void)rows;
    for (int64_t i = 0; i < PARTS; i++) {
        struct share share = { *item, i };
        const flow_part_row row = { "share", &share_type, &share };
        const flow_status status = flow_part(ctx, give_part, &share, &row, 1);
        if (status != FLOW_OK)
            return status;
    }
    return *item == 2 ? flow_fail(ctx, FLOW_USER, "no more of it") : FLOW_OK;
}
FLOW_GROUP_FN(part_out, int64_t, bid, share);

static flow_pipeline *p;
static flow_script *script;
static flow_coll bids;

static void bid(int64_t item, int64_t cents, int64_t at)
{
    FLOW_SCRIPT_ADD(script, bids, bid, (flow_time){ at * 1000000 }, .item = item, .cents = cents,
        .who = { "somebody", 8 });
}

static flow_coll by_item(const flow_window_options *windows)
{
    p = flow_pipeline_new("shares");
    script = flow_script_new(p);
    bids = flow_script_input(script, "bids", &bid_type);
    return flow_key_by(flow_window_into(bids, windows), FLOW_FIELD(bid, item));
}

static flow_coll shares(const flow_window_options *windows)
{
    return flow_group(by_item(windows), &share_out_fn);
}

// With and without rows that are shown one at a time.
static void run(void)
{
    for (int checked = 0; checked < 2; checked++) {
        const flow_simulated_options options = { .workers = 2, .check_elements = checked };
        const flow_runner runner = flow_simulated(&options);
        flow_error error = { 0 };
        ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    }
    flow_pipeline_free(p);
}

START_TEST(a_group_of_fixed_windows_reads_its_rows_again)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)) };
    flow_expect(shares(&minutes), "{\"item\":1,\"parts\":250}", "{\"item\":1,\"parts\":750}",
        "{\"item\":1,\"parts\":1000}", "{\"item\":2,\"parts\":1000}");
    bid(1, 10, 1);
    bid(1, 30, 2);
    bid(2, 5, 3);
    bid(1, 40, 70);
    run();
}
END_TEST

START_TEST(a_group_of_sliding_windows_reads_the_rows_of_all_its_slices_again)
{
    const flow_window_options sliding = { .windows =
                                              flow_sliding(flow_minutes(2), flow_minutes(1)) };
    flow_expect(shares(&sliding), "{\"item\":1,\"parts\":1000}", "{\"item\":1,\"parts\":250}",
        "{\"item\":1,\"parts\":750}", "{\"item\":1,\"parts\":1000}");
    bid(1, 10, 1);
    bid(1, 30, 70);
    run();
}
END_TEST

START_TEST(a_group_of_sessions_reads_its_rows_again)
{
    const flow_window_options sessions = { .windows = flow_sessions(flow_seconds(10)) };
    flow_expect(shares(&sessions), "{\"item\":1,\"parts\":250}", "{\"item\":1,\"parts\":750}",
        "{\"item\":1,\"parts\":1000}");
    bid(1, 10, 1);
    bid(1, 30, 8);
    bid(1, 7, 100);
    run();
}
END_TEST

START_TEST(a_group_holds_rows_while_it_reads_others)
{
    const flow_window_options windows[] = { { .windows = flow_fixed(flow_minutes(1)) },
        { .windows = flow_sliding(flow_minutes(1), flow_minutes(1)) },
        { .windows = flow_sessions(flow_seconds(10)) } };
    flow_expect(flow_group(by_item(&windows[_i]), &pair_up_fn), "{\"item\":1,\"parts\":3600}",
        "{\"item\":2,\"parts\":25}");
    bid(1, 10, 1);
    bid(1, 30, 2);
    bid(2, 5, 3);
    bid(1, 20, 4);
    run();
}
END_TEST

static bool is_item_one(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    for (size_t i = 0; i < count; i++)
        if (strncmp(seen[i].text, "{\"item\":1,", 10) != 0)
            return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%s", seen[i].text) == FLOW_OK;
    return count == PARTS ||
           flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu parts", count) == FLOW_OK;
}

static flow_status shown(flow_ctx *ctx, const struct flow_rejected *in, struct flow_line *out)
{
    (void)ctx;
    out->text = in->element;
    return FLOW_OK;
}
FLOW_MAP_FN(shown, flow_rejected, flow_line);

// Parts have gone on by then: the bundle is tried again, and keeps them to the end of the call.
START_TEST(a_group_that_fails_after_its_parts_leaves_none_of_them)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)) };
    const flow_do_options options = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll parts = flow_group_with(by_item(&minutes), &part_out_fn, &options);
    flow_expect_that(parts, is_item_one, NULL, NULL);
    flow_expect(flow_do(flow_dead_letters(parts), &shown_fn),
        "{\"text\":\"{\\\"item\\\":2,\\\"cents\\\":5,\\\"who\\\":\\\"somebody\\\"}\"}");
    bid(1, 10, 1);
    bid(2, 5, 3);
    run();
}
END_TEST

TCase *group_tests(void)
{
    TCase *tests = tcase_create("groups");
    tcase_add_test(tests, a_group_of_fixed_windows_reads_its_rows_again);
    tcase_add_test(tests, a_group_of_sliding_windows_reads_the_rows_of_all_its_slices_again);
    tcase_add_test(tests, a_group_of_sessions_reads_its_rows_again);
    tcase_add_loop_test(tests, a_group_holds_rows_while_it_reads_others, 0, 3);
    tcase_add_test(tests, a_group_that_fails_after_its_parts_leaves_none_of_them);
    return tests;
}
