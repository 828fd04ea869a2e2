// SPDX-License-Identifier: Apache-2.0
// flow_batches: full, waited enough, or the end of the window.
#include "tests.h"

struct parcel {
    flow_str user;
    flow_list clicks;
};
FLOW_RECORD_OF(parcel, FLOW_COLUMN(parcel, user), FLOW_COLUMN_LIST(parcel, clicks, click));

static flow_coll parcels(flow_coll in, flow_batches_options options)
{
    return flow_batches(flow_key_by(in, FLOW_FIELD(click, user)), &parcel_type, &options);
}

#define TWO   "{\"user\":\"a\",\"clicks\":[{\"user\":\"a\",\"n\":1},{\"user\":\"a\",\"n\":2}]}"
#define THIRD "{\"user\":\"a\",\"clicks\":[{\"user\":\"a\",\"n\":3}]}"
#define OTHER "{\"user\":\"b\",\"clicks\":[{\"user\":\"b\",\"n\":9}]}"

START_TEST(r78_a_batch_is_given_when_it_is_full_and_the_rest_at_the_end)
{
    click("a", 1, 1);
    click("b", 9, 1);
    click("a", 2, 2);
    click("a", 3, 3);
    flow_expect(parcels(windowed(10), (flow_batches_options){ .count = 2 }), TWO, THIRD, OTHER);
    passes();
}
END_TEST

START_TEST(r78_bytes_fill_a_batch_too)
{
    click("a", 1, 1);
    click("a", 2, 2);
    click("a", 3, 3);
    // a click takes three bytes: length, letter, number
    flow_expect(parcels(windowed(10), (flow_batches_options){ .bytes = 5 }), TWO, THIRD);
    passes();
}
END_TEST

START_TEST(r78_batches_are_by_window)
{
    click("a", 1, 8);
    click("a", 2, 9);
    click("a", 3, 10);
    flow_expect(parcels(windowed(10), (flow_batches_options){ .count = 3 }), TWO, THIRD);
    passes();
}
END_TEST

START_TEST(r78_a_batch_waits_so_long_by_the_clock)
{
    click("a", 1, 1);
    wait_for(3);
    click("a", 2, 2);
    wait_for(3); // six seconds after the first
    click("a", 3, 3);
    flow_expect(parcels(clicks, (flow_batches_options){ .count = 9, .max_wait = flow_seconds(5) }),
        TWO, THIRD);
    passes();
}
END_TEST

static bool never_late(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    for (size_t i = 0; i < count; i++)
        if (seen[i].pane.timing == FLOW_TIMING_LATE)
            return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "late") == FLOW_OK;
    if (count != 1 || strcmp(seen[0].text, "{\"count\":1}") != 0)
        return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu results", count) == FLOW_OK;
    return true;
}

START_TEST(r78_the_watermark_waits_for_the_earliest_that_waits)
{
    click("a", 2, 15);
    click("a", 1, 5);
    watermark(12);
    wait_for(60);
    const flow_coll out =
        parcels(clicks, (flow_batches_options){ .count = 9, .max_wait = flow_seconds(50) });
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)) };
    flow_expect_that(flow_count(flow_window_into(out, &cut)), never_late, NULL, NULL);
    passes();
}
END_TEST

// Times of parcels by text: whatever gave them, that of their earliest click.
static bool at_the_earliest(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    const int64_t *wanted = user;
    for (size_t i = 0; i < count; i++)
        if (seen[i].time.us != second(wanted[i]).us)
            return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%s at %lld us", seen[i].text,
                       (long long)seen[i].time.us) == FLOW_OK;
    return count == 3 ||
           flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu batches", count) == FLOW_OK;
}

START_TEST(r78_a_batch_has_the_time_of_its_earliest_element)
{
    static int64_t times[] = { 3, 2, 9 };
    click("a", 1, 7);
    click("a", 2, 4);
    click("a", 3, 3); // full
    click("b", 1, 8);
    click("b", 2, 2);
    wait_for(6); // long enough
    click("c", 1, 9);
    const flow_batches_options options = { .count = 3, .max_wait = flow_seconds(5) };
    flow_expect_that(parcels(clicks, options), at_the_earliest, times, NULL);
    passes();
}
END_TEST

START_TEST(r78_windows_behind_wait_for_a_batch_without_max_wait)
{
    click("a", 2, 15);
    click("a", 1, 5);
    watermark(12);
    const flow_window_options cut = { .windows = flow_fixed(flow_seconds(10)) };
    const flow_coll out = parcels(clicks, (flow_batches_options){ .count = 9 });
    flow_expect_that(flow_count(flow_window_into(out, &cut)), never_late, NULL, NULL);
    passes();
}
END_TEST

#define FOUR                                                                                       \
    "{\"user\":\"a\",\"clicks\":[{\"user\":\"a\",\"n\":1},{\"user\":\"a\",\"n\":2},"               \
    "{\"user\":\"a\",\"n\":3},{\"user\":\"a\",\"n\":4}]}"

START_TEST(r78_a_batch_waits_for_the_session_as_far_as_it_has_grown)
{
    click("a", 1, 0);
    watermark(3);
    click("a", 2, 4);
    watermark(8); // the session ended at 5 when it began
    click("a", 3, 8);
    watermark(12);
    click("a", 4, 9);
    flow_expect(parcels(in_visits(5), (flow_batches_options){ .count = 9 }), FOUR);
    passes();
}
END_TEST

START_TEST(r78_sessions_that_merge_have_one_batch)
{
    click("a", 1, 0);
    click("a", 2, 1);
    click("a", 4, 8);
    watermark(5);
    click("a", 3, 5);
    flow_expect(parcels(in_visits(5), (flow_batches_options){ .count = 9 }),
        "{\"user\":\"a\",\"clicks\":[{\"user\":\"a\",\"n\":1},{\"user\":\"a\",\"n\":2},"
        "{\"user\":\"a\",\"n\":4},{\"user\":\"a\",\"n\":3}]}");
    passes();
}
END_TEST

START_TEST(r78_no_batch_has_too_many_where_sessions_merge)
{
    click("a", 1, 0);
    click("a", 2, 1);
    click("a", 3, 8);
    click("a", 4, 9);
    click("a", 5, 5); // five in one session
    const flow_coll out = parcels(in_visits(5), (flow_batches_options){ .count = 3 });
    flow_expect(out,
        "{\"user\":\"a\",\"clicks\":[{\"user\":\"a\",\"n\":1},{\"user\":\"a\",\"n\":2},"
        "{\"user\":\"a\",\"n\":3}]}",
        "{\"user\":\"a\",\"clicks\":[{\"user\":\"a\",\"n\":4},{\"user\":\"a\",\"n\":5}]}");
    passes();
}
END_TEST

START_TEST(r78_windows_behind_wait_for_the_earliest_of_sessions_that_merged)
{
    static int64_t times[] = { 0, 1, 30 };
    click("a", 2, 8);
    click("a", 1, 0);
    click("a", 1, 4);
    click("b", 1, 1);
    watermark(5);
    click("b", 1, 4);
    watermark(8);
    click("b", 1, 8);
    watermark(25);
    click("c", 1, 30);
    flow_expect_that(
        parcels(in_visits(5), (flow_batches_options){ .count = 9 }), at_the_earliest, times, NULL);
    passes();
}
END_TEST

START_TEST(batches_that_cannot_be_are_refused)
{
    parcels(clicks, (flow_batches_options){ .count = 0 });
    refused("flow_batches: neither 'count' nor 'bytes' nor 'max_wait' says how large a batch is");
    parcels(clicks, (flow_batches_options){ .max_wait = { -1 } });
    refused("flow_batches: its 'max_wait' is -1 us, below 0");
    flow_batches(clicks, &parcel_type, &(flow_batches_options){ .count = 2 });
    refused("flow_batches: its input has no key");
    flow_batches(flow_key_by(clicks, FLOW_FIELD(click, n)), &parcel_type,
        &(flow_batches_options){ .count = 2 });
    refused("flow_batches: its output 'parcel' must have the key, 'int64', and a list of 'click'");
}
END_TEST

TCase *batches_tests(void)
{
    TCase *tests = tcase_create("batches");
    tcase_add_checked_fixture(tests, clicks_setup, clicks_teardown);
    tcase_add_test(tests, r78_a_batch_is_given_when_it_is_full_and_the_rest_at_the_end);
    tcase_add_test(tests, r78_bytes_fill_a_batch_too);
    tcase_add_test(tests, r78_batches_are_by_window);
    tcase_add_test(tests, r78_a_batch_waits_so_long_by_the_clock);
    tcase_add_test(tests, r78_the_watermark_waits_for_the_earliest_that_waits);
    tcase_add_test(tests, r78_a_batch_has_the_time_of_its_earliest_element);
    tcase_add_test(tests, r78_windows_behind_wait_for_a_batch_without_max_wait);
    tcase_add_test(tests, r78_a_batch_waits_for_the_session_as_far_as_it_has_grown);
    tcase_add_test(tests, r78_sessions_that_merge_have_one_batch);
    tcase_add_test(tests, r78_no_batch_has_too_many_where_sessions_merge);
    tcase_add_test(tests, r78_windows_behind_wait_for_the_earliest_of_sessions_that_merged);
    tcase_add_test(tests, batches_that_cannot_be_are_refused);
    return tests;
}
