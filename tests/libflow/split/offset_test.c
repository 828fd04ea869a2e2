// SPDX-License-Identifier: Apache-2.0
// Ranges of offsets: what is granted, and that a split, wherever it is made, loses nothing and
// gives nothing twice (R68).
#include <check.h>

#include <flow/split.h>

TCase *offset_tests(void);

// A range being handed out.
struct handing {
    struct flow_offset_range range;
    _Alignas(16) char state[64];
};

static struct handing range(int64_t from, int64_t to)
{
    const struct handing handing = { .range = { from, to } };
    ck_assert_uint_le(flow_offset_tracker.state_size, sizeof handing.state);
    return handing;
}

static flow_try claim(struct handing *handing, int64_t at)
{
    return flow_offset_tracker.claim(&handing->range, handing->state, &at);
}

static bool done(const struct handing *handing)
{
    return flow_offset_tracker.done(&handing->range, handing->state);
}

static flow_work work(const struct handing *handing)
{
    return flow_offset_tracker.work(&handing->range, handing->state);
}

START_TEST(r68_offsets_are_granted_in_order_and_up_to_the_end)
{
    struct handing h = range(10, 20);
    ck_assert_int_eq(claim(&h, 9), FLOW_TRY_WRONG);
    ck_assert_int_eq(claim(&h, 10), FLOW_TRY_GRANTED);
    ck_assert_int_eq(claim(&h, 10), FLOW_TRY_WRONG);
    ck_assert_int_eq(claim(&h, 17), FLOW_TRY_GRANTED);
    ck_assert_int_eq(claim(&h, 12), FLOW_TRY_WRONG);
    ck_assert(!done(&h));
    ck_assert_int_eq(claim(&h, 20), FLOW_TRY_OUTSIDE);
    ck_assert(done(&h));
    ck_assert_int_eq(claim(&h, 21), FLOW_TRY_OUTSIDE);
}
END_TEST

START_TEST(r68_the_last_offset_is_the_end_without_a_claim_behind_it)
{
    struct handing h = range(10, 12);
    ck_assert_int_eq(claim(&h, 11), FLOW_TRY_GRANTED);
    ck_assert(done(&h));
    struct handing empty = range(5, 5);
    ck_assert(done(&empty));
    ck_assert_int_eq(claim(&empty, 5), FLOW_TRY_OUTSIDE);
}
END_TEST

START_TEST(r68_primary_and_residual_are_exactly_what_was_there)
{
    static const double fractions[] = { -1, 0, 1e-300, 0.01, 0.3, 0.5, 0.99, 1, 7 };
    for (int64_t length = 0; length < 9; length++)
        for (int64_t claimed = -1; claimed < length; claimed++)
            for (size_t f = 0; f < sizeof fractions / sizeof fractions[0]; f++) {
                struct handing h = range(-3, -3 + length);
                struct flow_offset_range rest = { 0, 0 };
                if (claimed >= 0)
                    ck_assert_int_eq(claim(&h, -3 + claimed), FLOW_TRY_GRANTED);
                const struct flow_offset_range before = h.range;
                if (!flow_offset_tracker.split(&h.range, h.state, fractions[f], &rest)) {
                    ck_assert(before.from == h.range.from && before.to == h.range.to);
                    ck_assert(fractions[f] > 0 || claimed + 1 == length);
                    continue;
                }
                ck_assert_int_eq(h.range.from, before.from);
                ck_assert_int_eq(h.range.to, rest.from);
                ck_assert_int_eq(rest.to, before.to);
                ck_assert_int_lt(rest.from, rest.to);
                ck_assert_int_gt(rest.from, -3 + claimed);
                if (fractions[f] <= 0) {
                    ck_assert_int_eq(rest.from, -3 + claimed + 1);
                    ck_assert(done(&h));
                }
            }
}
END_TEST

START_TEST(r68_a_range_of_all_offsets_is_split_in_the_middle)
{
    struct handing h = range(INT64_MIN, INT64_MAX);
    struct flow_offset_range rest = { 0, 0 };
    ck_assert(work(&h).left > 1.8e19);
    ck_assert(flow_offset_tracker.split(&h.range, h.state, 0.5, &rest));
    ck_assert_int_eq(h.range.to, rest.from);
    ck_assert(rest.from > -2000 && rest.from < 2000);
    struct handing end = range(INT64_MAX - 1, INT64_MAX);
    ck_assert_int_eq(claim(&end, INT64_MAX - 1), FLOW_TRY_GRANTED);
    ck_assert(done(&end));
    ck_assert(!flow_offset_tracker.split(&end.range, end.state, 0, &rest));
}
END_TEST

START_TEST(r68_work_is_counted_in_offsets)
{
    struct handing h = range(10, 20);
    ck_assert_double_eq(work(&h).done, 0);
    ck_assert_double_eq(work(&h).left, 10);
    claim(&h, 12);
    ck_assert_double_eq(work(&h).done, 3);
    ck_assert_double_eq(work(&h).left, 7);
    claim(&h, 25);
    ck_assert_double_eq(work(&h).left, 0);
}
END_TEST

TCase *offset_tests(void)
{
    TCase *tests = tcase_create("offset");
    tcase_add_test(tests, r68_offsets_are_granted_in_order_and_up_to_the_end);
    tcase_add_test(tests, r68_the_last_offset_is_the_end_without_a_claim_behind_it);
    tcase_add_test(tests, r68_primary_and_residual_are_exactly_what_was_there);
    tcase_add_test(tests, r68_a_range_of_all_offsets_is_split_in_the_middle);
    tcase_add_test(tests, r68_work_is_counted_in_offsets);
    return tests;
}
