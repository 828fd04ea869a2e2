// SPDX-License-Identifier: Apache-2.0
// What composites may ask about a collection.
#include "graph_test.h"

TCase *coll_tests(void);

START_TEST(invalid_collection_has_no_type_and_no_key)
{
    const flow_coll nothing = { NULL, 0 };
    ck_assert_ptr_null(flow_coll_type(nothing));
    ck_assert(!flow_coll_is_keyed(nothing));
    ck_assert_ptr_null(flow_coll_key(nothing).type);
}
END_TEST

START_TEST(key_field_is_known_as_long_as_it_lies_in_the_element)
{
    flow_pipeline *p = flow_pipeline_new("key");
    const flow_coll in = flow_key_by(test_readings(p, NULL, false), FLOW_FIELD(reading, where.zip));
    const flow_coll ins[] = { flow_do(in, positive), in };
    const flow_coll later = flow_window_into(flow_flatten(ins, 2), NULL);
    const flow_field_ref key = flow_coll_key(later);
    ck_assert_str_eq(key.name, "where.zip");
    ck_assert_int_eq(key.kind, FLOW_KIND_I64);
    ck_assert_uint_ne(flow_key_by(test_readings(p, NULL, false), key).id, 0);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(key_of_a_combine_is_no_field)
{
    flow_pipeline *p = flow_pipeline_new("key");
    const flow_coll in = flow_key_by(test_readings(p, NULL, false), FLOW_FIELD(reading, number));
    const flow_coll out = flow_do(flow_key_by(in, FLOW_FIELD(reading, sensor)), positive);
    ck_assert_str_eq(flow_coll_key(out).name, "sensor");
    const flow_coll combined = flow_combine(in, add_up);
    ck_assert(flow_coll_is_keyed(combined));
    ck_assert_ptr_null(flow_coll_key(combined).type);
    ck_assert_str_eq(flow_coll_key(flow_key_by(combined, FLOW_FIELD(total, value))).name, "value");
    ck_assert_ptr_null(flow_coll_key(flow_unkey(in)).type);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(whole_record_as_key_has_no_field_name)
{
    flow_pipeline *p = flow_pipeline_new("key");
    const flow_field_ref key =
        flow_coll_key(flow_key_by(test_readings(p, NULL, false), FLOW_SELF(reading)));
    ck_assert_ptr_nonnull(key.type);
    ck_assert_ptr_null(key.name);
    ck_assert_int_eq(key.kind, FLOW_KIND_RECORD);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(key_is_known_where_it_is_no_field_too)
{
    flow_pipeline *p = flow_pipeline_new("key");
    const flow_coll in = test_readings(p, NULL, false);
    ck_assert_int_eq(flow_coll_key_field(in).kind, FLOW_KIND_NONE);
    const flow_coll sums = flow_combine(flow_key_by(in, FLOW_FIELD(reading, sensor)), add_up);
    ck_assert_int_eq(flow_coll_key_field(sums).kind, FLOW_KIND_STR);
    ck_assert_uint_eq(flow_coll_key_field(sums).size, sizeof(flow_str));
    const flow_field place = flow_coll_key_field(flow_key_by(in, FLOW_FIELD(reading, where)));
    ck_assert_int_eq(place.kind, FLOW_KIND_RECORD);
    ck_assert_str_eq(place.record->name, "place");
    flow_pipeline_free(p);
}
END_TEST

START_TEST(how_results_of_a_collection_come_is_known)
{
    const flow_coll nothing = { NULL, 0 };
    ck_assert_int_eq(flow_coll_windows(nothing).kind, FLOW_WINDOW_GLOBAL);
    ck_assert(flow_coll_fires_once(nothing) && !flow_coll_merging(nothing));
    flow_pipeline *p = flow_pipeline_new("results");
    const flow_coll in = test_readings(p, NULL, false);
    ck_assert_int_eq(flow_coll_windows(in).kind, FLOW_WINDOW_GLOBAL);
    ck_assert(flow_coll_fires_once(in) && !flow_coll_triggered(in));
    flow_window_options options = { .windows = flow_sessions(flow_minutes(1)) };
    const flow_coll sessions = flow_window_into(in, &options);
    ck_assert_int_eq(flow_coll_windows(sessions).kind, FLOW_WINDOW_SESSION);
    ck_assert(flow_coll_merging(sessions) && flow_coll_fires_once(sessions));
    const flow_coll sums = flow_combine(flow_key_by(sessions, FLOW_FIELD(reading, sensor)), add_up);
    ck_assert(!flow_coll_merging(sums));
    options = (flow_window_options){ .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_seconds(3),
        .accumulation = FLOW_DISCARDING };
    ck_assert(!flow_coll_fires_once(flow_window_into(in, &options)));
    options = flow_count_windows(3);
    const flow_coll counted = flow_window_into(in, &options);
    ck_assert(flow_coll_triggered(counted) && !flow_coll_fires_once(counted));
    flow_pipeline_free(p);
}
END_TEST

START_TEST(r17_lateness_and_windows_of_a_collection_are_known)
{
    flow_pipeline *p = flow_pipeline_new("late");
    const flow_coll in = test_readings(p, NULL, false);
    ck_assert_int_eq(flow_coll_lateness(in).us, 0);
    const flow_window_options options = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_seconds(3),
        .accumulation = FLOW_DISCARDING };
    const flow_coll late = flow_window_into(in, &options);
    ck_assert_int_eq(flow_coll_lateness(flow_do(late, positive)).us, 3000000);
    ck_assert_int_eq(flow_coll_lateness((flow_coll){ NULL, 0 }).us, 0);
    ck_assert_int_eq(flow_coll_windows(late).kind, FLOW_WINDOW_FIXED);
    ck_assert_int_eq(flow_coll_windows(late).size.us, 60000000);
    ck_assert_int_eq(flow_coll_windows(in).kind, FLOW_WINDOW_GLOBAL);
    ck_assert_int_eq(flow_coll_windows((flow_coll){ NULL, 0 }).kind, FLOW_WINDOW_GLOBAL);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(accumulation_of_a_collection_is_known)
{
    flow_pipeline *p = flow_pipeline_new("accumulating");
    const flow_coll in = test_readings(p, NULL, false);
    ck_assert_int_eq(flow_coll_accumulation(in), FLOW_DISCARDING);
    const flow_window_options options = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_seconds(3),
        .accumulation = FLOW_RETRACTING };
    const flow_coll taken_back = flow_window_into(in, &options);
    ck_assert_int_eq(flow_coll_accumulation(flow_do(taken_back, positive)), FLOW_RETRACTING);
    ck_assert_int_eq(flow_coll_accumulation((flow_coll){ NULL, 0 }), FLOW_DISCARDING);
    flow_pipeline_free(p);
}
END_TEST

TCase *coll_tests(void)
{
    TCase *tests = tcase_create("coll");
    tcase_add_test(tests, invalid_collection_has_no_type_and_no_key);
    tcase_add_test(tests, key_field_is_known_as_long_as_it_lies_in_the_element);
    tcase_add_test(tests, key_of_a_combine_is_no_field);
    tcase_add_test(tests, how_results_of_a_collection_come_is_known);
    tcase_add_test(tests, r17_lateness_and_windows_of_a_collection_are_known);
    tcase_add_test(tests, accumulation_of_a_collection_is_known);
    tcase_add_test(tests, key_is_known_where_it_is_no_field_too);
    tcase_add_test(tests, whole_record_as_key_has_no_field_name);
    return tests;
}
