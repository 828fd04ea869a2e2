// SPDX-License-Identifier: Apache-2.0
// The generator gives what Beam's gives: event by event for 10,000, by sums for more.
#include "suite.h"

#include <random.h>

START_TEST(dice_draw_what_java_util_random_draws)
{
    struct dice dice = dice_of(42);
    ck_assert_int_eq(dice_any(&dice), -1170105035);
    ck_assert_int_eq(dice_any(&dice), 234785527);
    dice = dice_of(0);
    ck_assert_int_eq(dice_any(&dice), -1155484576);
    dice = dice_of(42);
    static const int32_t below_ten[] = { 0, 3, 8, 4, 0 };
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(dice_below(&dice, 10), below_ten[i]);
    dice = dice_of(42);
    ck_assert_double_eq(dice_unit(&dice), 0.7275636800328681);
}
END_TEST

START_TEST(the_first_ten_thousand_events_are_beams)
{
    const struct generator_settings settings = generator_defaults(10000);
    struct history *history = history_new(&settings, false);
    struct rows ours = { .keep = true, .timed = true }, beams = ours;
    ck_assert_ptr_nonnull(history);
    for (size_t i = 0; i < history->count; i++)
        nexmark_add_event(&ours, &history->rows[i]);
    rows_read(&beams, NEXMARK_GOLDEN "/q0.tsv.gz");
    ck_assert_uint_eq(beams.count, 10000);
    ck_assert(rows_equal(&ours, &beams, stderr));
    rows_clear(&ours);
    rows_clear(&beams);
    history_free(history);
}
END_TEST

struct totals {
    int64_t persons, auctions, bids, converted;
};

static struct totals totals_of(const struct generator_settings *settings)
{
    struct totals totals = { 0 };
    for (int64_t g = 0; g < settings->generators; g++) {
        const struct generator generator = generator_of(settings, g);
        for (int64_t n = 0; n < generator.events; n++) {
            const enum event_kind kind = generator_kind(&generator, n);
            struct bid bid;
            char room[EVENT_TEXT_MAX], *text = room;
            totals.persons += kind == EVENT_PERSON;
            totals.auctions += kind == EVENT_AUCTION;
            if (kind != EVENT_BID)
                continue;
            generator_bid(&generator, n, &bid, &text);
            totals.bids++;
            totals.converted += bid.price * 89 / 100;
        }
    }
    return totals;
}

START_TEST(prices_of_a_hundred_thousand_events_add_up_with_one_generator_and_with_a_hundred)
{
    struct generator_settings settings = generator_defaults(100000);
    for (settings.generators = 1; settings.generators <= 100; settings.generators += 99) {
        const struct totals totals = totals_of(&settings);
        ck_assert_int_eq(totals.persons, 2000);
        ck_assert_int_eq(totals.auctions, 6000);
        ck_assert_int_eq(totals.bids, 92000);
        ck_assert_int_eq(totals.converted, INT64_C(594478917334));
    }
}
END_TEST

START_TEST(prices_of_ten_million_events_add_up)
{
    if (!nexmark_slow())
        return;
    const struct generator_settings settings = generator_defaults(10000000);
    const struct totals totals = totals_of(&settings);
    ck_assert_int_eq(totals.bids, 9200000);
    ck_assert_int_eq(totals.converted, INT64_C(59264065539604));
}
END_TEST

START_TEST(events_that_cannot_be_dealt_out_evenly_go_to_the_last_generator)
{
    struct generator_settings settings = generator_defaults(1003);
    settings.generators = 10;
    ck_assert_int_eq(generator_of(&settings, 0).events, 100);
    ck_assert_int_eq(generator_of(&settings, 9).events, 103);
    ck_assert_int_eq(generator_of(&settings, 9).first, 900);
    ck_assert_int_eq(totals_of(&settings).persons, 21);
}
END_TEST

START_TEST(a_hundred_thousand_events_take_ten_seconds)
{
    const struct generator_settings settings = generator_defaults(100000);
    const struct generator generator = generator_of(&settings, 0);
    const int64_t begin = generator_time(&generator, 0).us;
    ck_assert_int_eq(begin, INT64_C(1436918400000000));
    ck_assert_int_eq(generator_time(&generator, generator.events - 1).us - begin, 9990000);
}
END_TEST

START_TEST(events_out_of_order_change_places_within_their_group_and_none_is_lost)
{
    struct generator_settings settings = generator_defaults(5000);
    settings.out_of_order = 10;
    settings.generators = 1;
    settings.rate = 1000; // an event a millisecond
    const struct generator generator = generator_of(&settings, 0);
    const struct totals totals = totals_of(&settings);
    int64_t early = 0;
    ck_assert_int_eq(totals.persons, 100);
    ck_assert_int_eq(totals.auctions, 300);
    for (int64_t n = 0; n < generator.events; n++) {
        const int64_t behind = generator_time(&generator, n).us;
        ck_assert_int_ge(behind, generator_watermark(&generator, n).us);
        early += n > 0 && behind < generator_time(&generator, n - 1).us;
    }
    ck_assert_int_eq(early, 1000); // two of ten
}
END_TEST

TCase *generator_case(void)
{
    TCase *tests = tcase_create("generator");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, dice_draw_what_java_util_random_draws);
    tcase_add_test(tests, the_first_ten_thousand_events_are_beams);
    tcase_add_test(
        tests, prices_of_a_hundred_thousand_events_add_up_with_one_generator_and_with_a_hundred);
    tcase_add_test(tests, prices_of_ten_million_events_add_up);
    tcase_add_test(tests, events_that_cannot_be_dealt_out_evenly_go_to_the_last_generator);
    tcase_add_test(tests, a_hundred_thousand_events_take_ten_seconds);
    tcase_add_test(tests, events_out_of_order_change_places_within_their_group_and_none_is_lost);
    return tests;
}
