// SPDX-License-Identifier: Apache-2.0
// What the generator does not show: clocks that go on, bids that wait too long, persons forgotten,
// files, parts of long sessions.
#include "checker.h"
#include "run.h"
#include "suite.h"

#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#include <flow/test.h>

static flow_time second(int64_t n)
{
    return (flow_time){ n * 1000000 };
}

// Adds an event at its time to a script.
static void happen(flow_script *script, flow_coll events, struct event event)
{
    flow_script_add(script, events, event.at, &event_type, &event);
}

static void bids(flow_script *script, flow_coll events, struct bid bid)
{
    happen(script, events, (struct event){ .at = bid.at, .bid = bid });
}

static void opens(flow_script *script, flow_coll events, struct auction auction)
{
    happen(script, events, (struct event){ .at = auction.at, .auction = { &auction, 1 } });
}

static void registers(flow_script *script, flow_coll events, struct person person)
{
    happen(script, events, (struct event){ .at = person.at, .person = { &person, 1 } });
}

static void run_story(flow_pipeline *p)
{
    const flow_simulated_options options = {
        .workers = 2, .seeds = 5, .fail_one_in = 5, .check_elements = true
    };
    const flow_runner runner = flow_simulated(&options);
    flow_error error = { 0 };
    const flow_status status = flow_run(p, &runner, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(p);
}

START_TEST(the_earliest_of_the_highest_bids_before_the_end_wins_if_it_reaches_the_reserve)
{
    flow_pipeline *p = flow_pipeline_new("q9");
    flow_script *script = flow_script_new(p);
    flow_coll events = flow_script_input(script, "events", &event_type);
    bids(script, events, (struct bid){ .auction = 1, .bidder = 7, .price = 100, .at = second(1) });
    opens(script, events,
        (struct auction){ .id = 1, .reserve = 90, .at = second(2), .expires = second(10) });
    opens(script, events,
        (struct auction){ .id = 2, .reserve = 90, .at = second(2), .expires = second(10) });
    bids(script, events, (struct bid){ .auction = 1, .bidder = 8, .price = 100, .at = second(3) });
    bids(script, events, (struct bid){ .auction = 2, .bidder = 8, .price = 89, .at = second(3) });
    bids(script, events, (struct bid){ .auction = 1, .bidder = 9, .price = 101, .at = second(10) });
    flow_script_watermark(script, events, second(11));
    bids(script, events, (struct bid){ .auction = 1, .bidder = 9, .price = 999, .at = second(12) });
    flow_coll won = q9(events, &query_defaults);
    FLOW_EXPECT_ROWS(won, auction_bid,
        { .auction = { .id = 1, .reserve = 90, .at = second(2), .expires = second(10) },
            .bid = { .auction = 1, .bidder = 7, .price = 100, .at = second(1) } });
    run_story(p);
}
END_TEST

START_TEST(a_bid_waits_for_its_auction_as_long_as_its_patience_says)
{
    struct query_settings settings = query_defaults;
    settings.patience = flow_seconds(30);
    flow_pipeline *p = flow_pipeline_new("q9");
    flow_script *script = flow_script_new(p);
    flow_coll events = flow_script_input(script, "events", &event_type);
    bids(script, events, (struct bid){ .auction = 1, .bidder = 7, .price = 100, .at = second(1) });
    bids(script, events, (struct bid){ .auction = 2, .bidder = 7, .price = 100, .at = second(5) });
    flow_script_watermark(script, events, second(33));
    for (int64_t id = 1; id <= 2; id++)
        opens(script, events,
            (struct auction){ .id = id, .reserve = 90, .at = second(33), .expires = second(40) });
    flow_coll won = q9(events, &settings);
    FLOW_EXPECT_ROWS(won, auction_bid,
        { .auction = { .id = 2, .reserve = 90, .at = second(33), .expires = second(40) },
            .bid = { .auction = 2, .bidder = 7, .price = 100, .at = second(5) } });
    run_story(p);
}
END_TEST

START_TEST(a_seller_is_known_for_ten_minutes_and_auctions_wait_for_theirs)
{
    const struct person ann = {
        .id = 1, .name = { "Ann", 3 }, .state = { "OR", 2 }, .at = second(60)
    };
    const struct person bob = {
        .id = 2, .name = { "Bob", 3 }, .state = { "WA", 2 }, .at = second(60)
    };
    flow_pipeline *p = flow_pipeline_new("q3");
    flow_script *script = flow_script_new(p);
    flow_coll events = flow_script_input(script, "events", &event_type);
    opens(
        script, events, (struct auction){ .id = 10, .category = 10, .seller = 1, .at = second(1) });
    opens(
        script, events, (struct auction){ .id = 11, .category = 10, .seller = 2, .at = second(1) });
    registers(script, events, ann);
    registers(script, events, bob);
    flow_script_watermark(script, events, second(659));
    opens(script, events,
        (struct auction){ .id = 12, .category = 10, .seller = 1, .at = second(659) });
    opens(script, events,
        (struct auction){ .id = 13, .category = 11, .seller = 1, .at = second(659) });
    flow_script_watermark(script, events, second(661));
    opens(script, events,
        (struct auction){ .id = 14, .category = 10, .seller = 1, .at = second(661) });
    flow_coll found = q3(events, &query_defaults);
    FLOW_EXPECT_ROWS(found, local_seller, { .name = { "Ann", 3 }, .state = { "OR", 2 }, .id = 10 },
        { .name = { "Ann", 3 }, .state = { "OR", 2 }, .id = 12 });
    run_story(p);
}
END_TEST

START_TEST(bids_are_counted_anew_once_ten_seconds_by_the_clock_are_over)
{
    flow_pipeline *p = flow_pipeline_new("q12");
    flow_script *script = flow_script_new(p);
    flow_coll events = flow_script_input(script, "events", &event_type);
    const struct bid first = { .auction = 1, .bidder = 7, .price = 100, .at = second(1) };
    const struct bid other = { .auction = 1, .bidder = 8, .price = 100, .at = second(1) };
    bids(script, events, first);
    bids(script, events, first);
    flow_script_clock(script, flow_seconds(9));
    bids(script, events, first);
    bids(script, events, other);
    flow_script_clock(script, flow_seconds(2)); // the first person's ten seconds are over
    bids(script, events, first);
    flow_script_clock(script, flow_seconds(60));
    bids(script, events, other);
    flow_coll counted = q12(events, &query_defaults);
    FLOW_EXPECT_ROWS(counted, person_bids, { 7, 3 }, { 8, 1 }, { 7, 1 }, { 8, 1 });
    run_story(p);
}
END_TEST

static struct history *ten_thousand(void)
{
    const struct generator_settings settings = generator_defaults(10000);
    struct history *history = history_new(&settings, false);
    ck_assert_ptr_nonnull(history);
    return history;
}

START_TEST(a_seller_has_a_mean_for_each_sale_and_one_at_the_end_as_beam_has)
{
    struct history *history = ten_thousand();
    struct rows beams = { .keep = true, .timed = true };
    struct outcome outcome = { beams, beams };
    rows_read(&beams, NEXMARK_GOLDEN "/q6.tsv.gz");
    for (uint32_t way = 0; way < 4; way++) {
        run_query(6, &(struct way){ .stream = way & 1, .workers = 1 + way / 2 }, history,
            &query_defaults, &outcome);
        ck_assert_uint_eq(outcome.rows.count, beams.count);
        ck_assert_uint_eq(outcome.finals.count, 103);
        for (size_t i = 0; i < outcome.finals.count; i++) {
            int there = 0; // once for the last sale, once at the end
            for (size_t k = 0; k < beams.count; k++)
                there += strcmp(outcome.finals.lines[i], beams.lines[k]) == 0;
            ck_assert_msg(there >= 2, "%s", outcome.finals.lines[i]);
        }
        outcome_clear(&outcome);
    }
    rows_clear(&beams);
    history_free(history);
}
END_TEST

// Of a line of q11: what stands before the number of bids, and that number.
static size_t before_number(const char *line, long *number)
{
    const char *colon = strrchr(line, ':');
    *number = strtol(colon + 1, NULL, 10);
    return (size_t)(colon - line);
}

START_TEST(long_sessions_are_given_in_parts_that_add_up)
{
    struct history *history = ten_thousand();
    struct rows whole = { .keep = true, .timed = true };
    struct query_settings settings = query_defaults;
    settings.log_events = 50;
    check_q11(history, &whole);
    for (uint32_t workers = 1; workers <= 2; workers++) {
        struct outcome outcome = { { .keep = true, .timed = true }, { .keep = true } };
        run_query(
            11, &(struct way){ .stream = true, .workers = workers }, history, &settings, &outcome);
        long total = 0, parts = 0, longest = 0;
        for (size_t i = 0; i < outcome.rows.count; i++) {
            long part;
            before_number(outcome.rows.lines[i], &part);
            ck_assert_int_gt(part, 0);
            ck_assert_int_le(part, 50);
            parts += part;
        }
        for (size_t i = 0; i < whole.count; i++) {
            long session;
            before_number(whole.lines[i], &session);
            total += session;
            longest = session > longest ? session : longest;
        }
        ck_assert_int_gt(longest, 3000);
        ck_assert_int_eq(parts, total);
        ck_assert_uint_gt(outcome.rows.count, whole.count + (size_t)longest / 50 - 1);
        outcome_clear(&outcome);
    }
    rows_clear(&whole);
    history_free(history);
}
END_TEST

// Memory for what a line is read into; given back at once.
struct room {
    int64_t bytes[1024];
    size_t used;
};

static void *take_room(void *user, size_t size)
{
    struct room *room = user;
    char *memory = (char *)room->bytes + room->used;
    room->used += (size + 7) / 8 * 8;
    return room->used <= sizeof room->bytes ? memory : NULL;
}

// Reads a file of q10: events of one window, not more than `most`.
static void read_log(const char *path, size_t most, flow_duration size, struct rows *rows)
{
    flow_error error = { 0 };
    char line[8192];
    int64_t window = -1;
    size_t count = 0;
    FILE *in = fopen(path, "r");
    flow_json *json = flow_json_new(&event_type, NULL, &error);
    ck_assert(in && json);
    while (fgets(line, sizeof line, in)) {
        struct room room = { .used = 0 };
        const flow_memory memory = { take_room, &room };
        struct event event;
        const flow_status status = flow_json_read(json, flow_str_of(line), &event, &memory, &error);
        ck_assert_msg(status == FLOW_OK, "%s", error.message);
        ck_assert(window < 0 || event.at.us / size.us == window);
        window = event.at.us / size.us;
        nexmark_add_event(rows, &event);
        count++;
    }
    ck_assert_uint_gt(count, 0);
    ck_assert_uint_le(count, most);
    flow_json_free(json);
    fclose(in);
}

START_TEST(every_event_is_in_a_log_of_its_window_and_no_log_is_longer_than_asked_for)
{
    struct history *history = ten_thousand();
    struct rows expected = { .keep = true, .timed = true };
    struct query_settings settings = query_defaults;
    settings.window = flow_millis(250);
    settings.log_events = 500;
    settings.shards = 3;
    check_q0(history, &expected);
    for (uint32_t way = 0; way < 4; way++) {
        char folder[] = "/tmp/nexmark-XXXXXX", pattern[64];
        struct rows rows = { .keep = true, .timed = true };
        struct outcome none = { { 0 }, { 0 } };
        glob_t logs;
        ck_assert_ptr_nonnull(mkdtemp(folder));
        settings.folder = folder;
        run_query(10, &(struct way){ .stream = way & 1, .workers = 1 + way / 2 }, history,
            &settings, &none);
        snprintf(pattern, sizeof pattern, "%s/20150715T0000*.json", folder);
        ck_assert_int_eq(glob(pattern, 0, NULL, &logs), 0);
        ck_assert_uint_ge(logs.gl_pathc, 10000 / 500);
        for (size_t i = 0; i < logs.gl_pathc; i++) {
            read_log(logs.gl_pathv[i], 500, settings.window, &rows);
            unlink(logs.gl_pathv[i]);
        }
        ck_assert_int_eq(rmdir(folder), 0);
        ck_assert(rows_equal(&rows, &expected, stderr));
        rows_clear(&rows);
        globfree(&logs);
    }
    rows_clear(&expected);
    history_free(history);
}
END_TEST

TCase *story_case(void)
{
    TCase *tests = tcase_create("stories");
    tcase_set_timeout(tests, 60);
    tcase_add_test(
        tests, the_earliest_of_the_highest_bids_before_the_end_wins_if_it_reaches_the_reserve);
    tcase_add_test(tests, a_bid_waits_for_its_auction_as_long_as_its_patience_says);
    tcase_add_test(tests, a_seller_is_known_for_ten_minutes_and_auctions_wait_for_theirs);
    tcase_add_test(tests, bids_are_counted_anew_once_ten_seconds_by_the_clock_are_over);
    tcase_add_test(tests, a_seller_has_a_mean_for_each_sale_and_one_at_the_end_as_beam_has);
    tcase_add_test(tests, long_sessions_are_given_in_parts_that_add_up);
    tcase_add_test(
        tests, every_event_is_in_a_log_of_its_window_and_no_log_is_longer_than_asked_for);
    return tests;
}
