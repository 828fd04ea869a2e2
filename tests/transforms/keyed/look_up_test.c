// SPDX-License-Identifier: Apache-2.0
// flow_look_up: answers joined, asked for together, remembered, failed.
#include "tests.h"

#include <stdio.h>

#include <flow/memory.h>

struct person {
    flow_str name;
    int64_t age;
};
FLOW_RECORD(person, name, age);

struct visit {
    flow_str user, name;
    int64_t n, age;
};
FLOW_RECORD(visit, user, name, n, age);

// What was asked so far, of one worker without faults.
static struct {
    int calls, questions, most;
    int fail; // so many calls fail
} asked;

// People whose letter is a vowel; "b" cannot be found out.
static flow_status people(flow_ctx *ctx, flow_question *questions, size_t count)
{
    asked.calls++;
    asked.questions += (int)count;
    asked.most = (int)count > asked.most ? (int)count : asked.most;
    if (asked.fail > 0) {
        asked.fail--;
        return flow_fail(ctx, FLOW_USER, "the service is down");
    }
    for (size_t i = 0; i < count; i++) {
        const flow_str user = *(const flow_str *)questions[i].key;
        if (user.data[0] == 'a' || user.data[0] == 'e')
            FLOW_ANSWER(&questions[i], person, .age = user.data[0],
                .name = flow_format(ctx, "Mx %.*s", (int)user.len, user.data));
        if (user.data[0] == 'b') {
            questions[i].answered = FLOW_ANSWER_FAILED;
            questions[i].why = flow_str_of("b is locked");
        }
    }
    return FLOW_OK;
}
FLOW_ASK_FN(people, flow_str, person);

static flow_status meet(
    flow_ctx *ctx, const flow_str *user, const struct click *click, const struct person *person)
{
    return FLOW_EMIT(ctx, visit, .user = *user, .n = click->n,
        .name = person ? person->name : flow_str_of("nobody"), .age = person ? person->age : 0);
}
FLOW_JOIN_FN(meet, flow_str, click, person, visit);

static flow_coll visits(flow_coll in, flow_look_up_options options)
{
    return flow_look_up(
        flow_key_by(in, FLOW_FIELD(click, user)), &people_ask, &meet_join, &options);
}

#define A(n)       "{\"user\":\"a\",\"name\":\"Mx a\",\"n\":" #n ",\"age\":97}"
#define NONE(u, n) "{\"user\":\"" #u "\",\"name\":\"nobody\",\"n\":" #n ",\"age\":0}"

static flow_coll all_at_once(const struct click *rows, size_t count)
{
    const flow_create_options options = { .type = &click_type, .rows = rows, .count = count };
    return flow_create(p, &options);
}

static void run_once(void)
{
    const flow_simulated_options options = { .workers = 1 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    memset(&asked, 0, sizeof asked);
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
}

// _i: calls in flight
START_TEST(elements_meet_what_is_found_under_their_key)
{
    click("a", 1, 1);
    click("x", 2, 2);
    click("a", 3, 3);
    const flow_look_up_options inner = { .in_flight = (uint32_t)_i };
    flow_expect(visits(windowed(10), inner), A(1), A(3));
    const flow_look_up_options left = {
        .kind = FLOW_JOIN_LEFT, .in_flight = (uint32_t)_i, .name = "left"
    };
    flow_expect(visits(windowed(10), left), A(1), NONE(x, 2), A(3));
    passes();
}
END_TEST

START_TEST(keys_that_come_together_are_asked_for_together_and_once)
{
    struct click rows[200];
    char names[50][8];
    for (int i = 0; i < 200; i++) {
        snprintf(names[i % 50], sizeof names[0], "a%d", i % 50);
        rows[i] = (struct click){ flow_str_of(names[i % 50]), i };
    }
    const flow_look_up_options options = { .count = 20, .no_cache = true };
    flow_expect(flow_count(visits(all_at_once(rows, 200), options)), "{\"count\":200}");
    run_once();
    ck_assert_int_eq(asked.calls, 3);
    ck_assert_int_eq(asked.questions, 50);
    ck_assert_int_eq(asked.most, 20);
}
END_TEST

START_TEST(answers_are_good_for_a_while)
{
    const int64_t waits[] = { 5, 4, 3, 20, 1 };
    for (int i = 0; i < 5; i++) {
        click("a", i, i);
        click("x", i, i);
        wait_for(waits[i]);
    }
    // a at 0 and 12, since it is good for ten seconds; x at 0, 5, 9, 12 and 32
    const flow_look_up_options options = {
        .kind = FLOW_JOIN_LEFT, .fresh = flow_seconds(10), .fresh_none = flow_seconds(2)
    };
    flow_expect(visits(clicks, options), A(0), A(1), A(2), A(3), A(4), NONE(x, 0), NONE(x, 1),
        NONE(x, 2), NONE(x, 3), NONE(x, 4));
    run_once();
    ck_assert_int_eq(asked.questions, 3 + 5);
}
END_TEST

static flow_status message(flow_ctx *ctx, const struct flow_rejected *in, struct flow_line *out)
{
    (void)ctx;
    out->text = in->message;
    return FLOW_OK;
}
FLOW_MAP_FN(message, flow_rejected, flow_line);

START_TEST(a_question_that_fails_fails_its_elements_alone)
{
    const struct click rows[] = { { { "a", 1 }, 1 }, { { "b", 1 }, 2 }, { { "a", 1 }, 3 },
        { { "b", 1 }, 4 }, { { "a", 1 }, 5 } };
    const flow_look_up_options options = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll out = visits(all_at_once(rows, 5), options);
    flow_expect(out, A(1), A(3), A(5));
    flow_expect(flow_do(flow_dead_letters(out), &message_fn), "{\"text\":\"b is locked\"}",
        "{\"text\":\"b is locked\"}");
    run_once();
    ck_assert_int_eq(asked.calls, 1);
    passes();
}
END_TEST

START_TEST(a_call_that_fails_is_tried_again_after_a_pause)
{
    const struct click rows[] = { { { "a", 1 }, 1 }, { { "x", 1 }, 2 }, { { "a", 1 }, 3 } };
    const flow_look_up_options options = { .attempts = 3, .backoff = flow_seconds(5) };
    flow_expect(visits(all_at_once(rows, 3), options), A(1), A(3));
    const flow_simulated_options how = { .workers = 1 };
    const flow_runner runner = flow_simulated(&how);
    flow_error error;
    memset(&asked, 0, sizeof asked);
    asked.fail = 2;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
    ck_assert_int_eq(asked.calls, 3);
    memset(&asked, 0, sizeof asked);
    asked.fail = 3;
    ck_assert_int_eq(flow_run(p, &runner, &error), FLOW_USER);
    ck_assert_msg(strstr(error.message, "the service is down") != NULL, "%s", error.message);
}
END_TEST

START_TEST(elements_wait_for_others_so_long_by_the_clock)
{
    click("a", 1, 1);
    wait_for(1);
    click("x", 2, 2);
    wait_for(4); // all that has come has waited enough: one call
    click("a", 3, 3);
    click("e", 4, 4);
    click("x", 5, 5); // full: one call for three
    wait_for(9);
    const flow_look_up_options options = {
        .kind = FLOW_JOIN_LEFT, .count = 3, .max_wait = flow_seconds(4), .no_cache = true
    };
    flow_expect(visits(clicks, options), A(1), NONE(x, 2), A(3),
        "{\"user\":\"e\",\"name\":\"Mx e\",\"n\":4,\"age\":101}", NONE(x, 5));
    run_once();
    ck_assert_int_eq(asked.calls, 2);
    ck_assert_int_eq(asked.questions, 5);
    passes();
}
END_TEST

START_TEST(elements_of_one_key_that_waited_are_one_question)
{
    click("a", 1, 1);
    wait_for(1);
    click("a", 2, 2);
    wait_for(9);
    const flow_look_up_options options = { .max_wait = flow_seconds(4), .no_cache = true };
    flow_expect(visits(clicks, options), A(1), A(2));
    run_once();
    ck_assert_int_eq(asked.questions, 1);
}
END_TEST

static bool own_times(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)user;
    for (size_t i = 0; i < count; i++) { // by text, which says a5, a7, a12
        const int64_t at = (const int64_t[]){ 12, 5, 7 }[i % 3];
        if (seen[i].time.us != second(at).us || seen[i].window.start.us != second(at / 10 * 10).us)
            return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%s at %lld us", seen[i].text,
                       (long long)seen[i].time.us) == FLOW_OK;
    }
    return count == 3 ||
           flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%zu elements", count) == FLOW_OK;
}

START_TEST(elements_that_wait_keep_time_and_window_and_hold_the_watermark)
{
    click("a", 7, 7);
    click("a", 5, 5);
    click("a", 12, 12);
    watermark(6);
    wait_for(60);
    const flow_look_up_options options = { .max_wait = flow_seconds(50) };
    const flow_coll out = visits(windowed(10), options);
    flow_expect_that(out, own_times, NULL, NULL);
    flow_expect(flow_count(out), "{\"count\":2}", "{\"count\":1}");
    passes();
}
END_TEST

START_TEST(elements_wait_no_longer_than_their_windows)
{
    click("a", 1, 1);
    watermark(20);
    click("a", 2, 22);
    const flow_look_up_options options = { .max_wait = flow_hours(50) };
    flow_expect(visits(windowed(10), options), A(1), A(2));
    passes();
}
END_TEST

START_TEST(look_ups_that_cannot_be_are_refused)
{
    flow_look_up(clicks, &people_ask, &meet_join, NULL);
    refused("flow_look_up: its input has no key to look up");
    flow_look_up(flow_key_by(clicks, FLOW_FIELD(click, n)), &people_ask, &meet_join, NULL);
    refused("flow_look_up: the function is asked for keys of another kind than its input has");
    visits(clicks, (flow_look_up_options){ .kind = FLOW_JOIN_FULL });
    refused("flow_look_up: its kind must be FLOW_JOIN_INNER or FLOW_JOIN_LEFT");
    visits(clicks, (flow_look_up_options){ .fresh = { -1 } });
    refused("flow_look_up: its 'fresh' and 'fresh_none' cannot be below 0");
    visits(clicks, (flow_look_up_options){ .max_wait = { -1 } });
    refused("flow_look_up: its 'max_wait' cannot be below 0");
    visits(in_visits(5), (flow_look_up_options){ .max_wait = flow_seconds(1) });
    refused("flow_look_up: its elements wait by window, in which others may join them; where "
            "windows merge they cannot keep their own: give no 'max_wait', or group before it");
    visits(clicks, (flow_look_up_options){ .cache_bytes = UINT64_C(1) << 40 });
    refused("flow_look_up: its 'cache_bytes' must be at most 1 GiB");
    flow_look_up(flow_key_by(clicks, FLOW_FIELD(click, user)), NULL, &meet_join, NULL);
    refused("flow_look_up: it was given no function to ask, or none to join with");
}
END_TEST

TCase *look_up_tests(void)
{
    TCase *tests = tcase_create("look up");
    tcase_add_checked_fixture(tests, clicks_setup, clicks_teardown);
    tcase_add_loop_test(tests, elements_meet_what_is_found_under_their_key, 0, 3);
    tcase_add_test(tests, keys_that_come_together_are_asked_for_together_and_once);
    tcase_add_test(tests, answers_are_good_for_a_while);
    tcase_add_test(tests, a_question_that_fails_fails_its_elements_alone);
    tcase_add_test(tests, a_call_that_fails_is_tried_again_after_a_pause);
    tcase_add_test(tests, elements_wait_for_others_so_long_by_the_clock);
    tcase_add_test(tests, elements_of_one_key_that_waited_are_one_question);
    tcase_add_test(tests, elements_that_wait_keep_time_and_window_and_hold_the_watermark);
    tcase_add_test(tests, elements_wait_no_longer_than_their_windows);
    tcase_add_test(tests, look_ups_that_cannot_be_are_refused);
    return tests;
}
