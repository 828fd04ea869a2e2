// SPDX-License-Identifier: Apache-2.0
// The rows of a group are read as often as wanted, in windows of all kinds.
#include <check.h>

#include <flow/test.h>
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

static flow_pipeline *p;
static flow_script *script;
static flow_coll bids;

static void bid(int64_t item, int64_t cents, int64_t at)
{
    FLOW_SCRIPT_ADD(script, bids, bid, (flow_time){ at * 1000000 }, .item = item, .cents = cents,
        .who = { "somebody", 8 });
}

static flow_coll shares(const flow_window_options *windows)
{
    p = flow_pipeline_new("shares");
    script = flow_script_new(p);
    bids = flow_script_input(script, "bids", &bid_type);
    return flow_group(
        flow_key_by(flow_window_into(bids, windows), FLOW_FIELD(bid, item)), &share_out_fn);
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

TCase *group_tests(void)
{
    TCase *tests = tcase_create("groups");
    tcase_add_test(tests, a_group_of_fixed_windows_reads_its_rows_again);
    tcase_add_test(tests, a_group_of_sliding_windows_reads_the_rows_of_all_its_slices_again);
    tcase_add_test(tests, a_group_of_sessions_reads_its_rows_again);
    return tests;
}
