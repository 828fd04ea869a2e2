// SPDX-License-Identifier: Apache-2.0
// What building refuses: names under which files would replace one another (R82).
#include "sales.h"

#include "destined.h"

static flow_coll in_windows(flow_coll sales, flow_windows windows, flow_duration lateness)
{
    const flow_window_options options = {
        .windows = windows, .lateness = lateness, .accumulation = FLOW_DISCARDING
    };
    return flow_window_into(sales, &options);
}

static void to(flow_coll sales, flow_file_write_options options)
{
    options.format = FLOW_JSON;
    flow_file_write(sales, &options);
}

static void no_window(flow_coll sales)
{
    to(in_windows(sales, flow_fixed(flow_minutes(1)), flow_seconds(0)),
        (flow_file_write_options){ .path = "{city}" });
}

static void start_of_sessions(flow_coll sales)
{
    to(in_windows(sales, flow_sessions(flow_minutes(1)), flow_seconds(0)),
        (flow_file_write_options){ .path = "{start}" });
}

static void start_of_growing(flow_coll sales)
{
    to(in_windows(sales, flow_cumulate(flow_minutes(2), flow_minutes(1)), flow_seconds(0)),
        (flow_file_write_options){ .path = "{start}" });
}

static void no_pane(flow_coll sales)
{
    to(in_windows(sales, flow_fixed(flow_minutes(1)), flow_seconds(1)),
        (flow_file_write_options){ .path = "{window}" });
}

static void no_pane_with_a_trigger(flow_coll sales)
{
    const flow_window_options options = flow_count_windows(3);
    to(flow_window_into(sales, &options), (flow_file_write_options){ .path = "{city}" });
}

static void no_shard(flow_coll sales)
{
    to(sales, (flow_file_write_options){ .path = "{city}", .shards = 2 });
}

static void shards_of_sessions(flow_coll sales)
{
    to(in_windows(sales, flow_sessions(flow_minutes(1)), flow_seconds(0)),
        (flow_file_write_options){ .path = "{window}-{shard}", .shards = 2 });
}

static void shard_in_folder(flow_coll sales)
{
    to(sales, (flow_file_write_options){ .path = "{shard}/{city}" });
}

static void shards_without_pattern(flow_coll sales)
{
    to(sales, (flow_file_write_options){ .path = "out", .shards = 2 });
}

static void two_ways_to_shard(flow_coll sales)
{
    to(sales, (flow_file_write_options){ .path = "{shard}", .shards = 2, .shard_size = 1 });
}

static void sharded_pattern(flow_coll sales)
{
    to(sales, (flow_file_write_options){ .path = "{city}", .sharded = true });
}

static void too_many_shards(flow_coll sales)
{
    to(sales, (flow_file_write_options){ .path = "{shard}", .shards = 100000 });
}

static const struct {
    sales_build *build;
    const char *sentence;
} refused[] = {
    { no_window, "expected {window} in it (R82)" },
    { start_of_sessions, "expected {window} in it (R82)" },
    { start_of_growing, "expected {window} in it (R82)" },
    { no_pane, "expected {pane} in it (R82)" },
    { no_pane_with_a_trigger, "expected {pane} in it (R82)" },
    { no_shard, "expected {shard} in it (R82)" },
    { shards_of_sessions, "merged for each shard apart" },
    { shard_in_folder, "put {shard} behind the last slash" },
    { shards_without_pattern, "are for a `path` that is a pattern" },
    { two_ways_to_shard, "cannot both be set" },
    { sharded_pattern, "say {shard} in it" },
    { too_many_shards, "more than 99,999" },
};

START_TEST(r82_names_under_which_files_replace_one_another_are_refused)
{
    sales_refused(refused[_i].build, refused[_i].sentence);
}
END_TEST

static void sessions_by_city(flow_coll sales)
{
    to(in_windows(sales, flow_sessions(flow_seconds(10)), flow_seconds(0)),
        (flow_file_write_options){ .path = fake_path("{city}-{window}.json") });
}

START_TEST(sessions_are_those_of_a_file)
{
    static const struct sales_event events[] = { { "Kyiv", 1, 5 }, { "Lima", 2, 12 },
        { "Kyiv", 3, 14 }, { "Kyiv", 4, 30 }, { NULL, 0, 100 } };
    sales_check(events, 5, sessions_by_city,
        "Kyiv-20261124T090005Z-20261124T090024Z.json\n"
        "  {\"city\":\"Kyiv\",\"cents\":1}\n  {\"city\":\"Kyiv\",\"cents\":3}\n"
        "Kyiv-20261124T090030Z-20261124T090040Z.json\n  {\"city\":\"Kyiv\",\"cents\":4}\n"
        "Lima-20261124T090012Z-20261124T090022Z.json\n  {\"city\":\"Lima\",\"cents\":2}\n");
}
END_TEST

START_TEST(a_run_of_rows_is_the_same_rows_of_the_batch)
{
    static const uint16_t selection[] = { 3, 5, 8 };
    const char bytes[80] = { 0 };
    flow_batch batch = { .rows = bytes, .selection = selection, .count = 3, .stride = 8 };
    flow_batch rows = fl_destined_rows(&batch, 1, 2);
    ck_assert_uint_eq(rows.count, 2);
    ck_assert_uint_eq(FLOW_BATCH_INDEX(&rows, 0), 5);
    batch.selection = NULL;
    rows = fl_destined_rows(&batch, 2, 1);
    ck_assert_ptr_eq(rows.rows, bytes + 16);
}
END_TEST

TCase *destined_case(void)
{
    TCase *tcase = tcase_create("destined");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, r82_names_under_which_files_replace_one_another_are_refused, 0,
        sizeof refused / sizeof refused[0]);
    tcase_add_test(tcase, sessions_are_those_of_a_file);
    tcase_add_test(tcase, a_run_of_rows_is_the_same_rows_of_the_batch);
    return tcase;
}
