// SPDX-License-Identifier: Apache-2.0
// Rules that change: the newest or those of the time, conditions, rules that cannot be.
#include "sales.h"

#include <stdio.h>

struct place {
    flow_str city;
    bool has_floor;
    int32_t floor;
};
FLOW_RECORD_OF(place, FLOW_COLUMN(place, city), FLOW_COLUMN_OPTIONAL(place, floor, has_floor));

struct reading {
    int64_t n;
    double value;
    struct place where;
};
FLOW_RECORD_OF(reading, FLOW_COLUMN(reading, n), FLOW_COLUMN(reading, value),
    FLOW_COLUMN_RECORD(reading, where, place));

struct rule {
    flow_str name;
    flow_list conditions; // of struct flow_rule_condition
    bool off;
    int64_t most; // looked at by the function
};
FLOW_RECORD_OF(rule, FLOW_COLUMN(rule, name),
    FLOW_COLUMN_LIST(rule, conditions, flow_rule_condition), FLOW_COLUMN(rule, off),
    FLOW_COLUMN(rule, most));

struct alarm {
    flow_str rule;
    int64_t n;
};
FLOW_RECORD(alarm, rule, n);

static flow_pipeline *pipe_;
static flow_script *events;
static flow_coll readings, changes;

static void setup(void)
{
    pipe_ = flow_pipeline_new("rules");
    events = flow_script_new(pipe_);
    readings = flow_script_input(events, "readings", &reading_type);
    changes = flow_script_input(events, "changes", &rule_type);
}

static void teardown(void)
{
    flow_pipeline_free(pipe_);
}

static flow_time at_second(int64_t second)
{
    return (flow_time){ second * 1000000 };
}

// A rule of one condition from a second on.
static void change(
    const char *name, const char *field, const char *is, const char *value, int64_t second)
{
    const struct flow_rule_condition one = { flow_str_of(field), flow_str_of(is),
        flow_str_of(value), 0 };
    FLOW_SCRIPT_ADD(events, changes, rule, at_second(second), .name = flow_str_of(name),
        .conditions = { &one, 1 }, .most = 1000);
}

static void read_at(int64_t n, double value, int64_t second)
{
    FLOW_SCRIPT_ADD(events, readings, reading, at_second(second), .n = n, .value = value,
        .where.city = flow_str_of("Kyiv"));
}

static flow_status ring(flow_ctx *ctx, const struct rule *rule, const struct reading *reading)
{
    return reading->n > rule->most ? FLOW_OK
                                   : FLOW_EMIT(ctx, alarm, .rule = rule->name, .n = reading->n);
}
FLOW_RULE_FN(ring, rule, reading, alarm);

static flow_rules rules_with(bool as_of, flow_on_error on_error)
{
    const flow_rules_options options = { .by = FLOW_FIELD(rule, name),
        .conditions = FLOW_FIELD(rule, conditions),
        .off = FLOW_FIELD(rule, off),
        .as_of = as_of,
        .on_error = on_error };
    return flow_rules_of(changes, &reading_type, &options);
}

static flow_coll alarms(bool as_of)
{
    return flow_apply_rules(readings, rules_with(as_of, FLOW_ON_ERROR_FAIL), &ring_rule, NULL);
}

static void runs(void)
{
    const flow_simulated_options options = { .workers = 3, .seeds = 5, .fail_one_in = 9 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    ck_assert_msg(flow_run(pipe_, &runner, &error) == FLOW_OK, "%s: %s", error.step, error.message);
}

#define ALARM(rule, n) "{\"rule\":\"" #rule "\",\"n\":" #n "}"

START_TEST(rules_change_while_elements_come)
{
    read_at(1, 50, 0); // waits for the first rule
    change("hot", "value", ">", "30", 0);
    read_at(2, 20, 1);
    read_at(3, 40, 2);
    change("hot", "value", ">", "45", 3);
    change("cold", "value", "<=", "-5.5", 3);
    read_at(4, 40, 4);
    read_at(5, 46, 5);
    read_at(6, -5.5, 6);
    FLOW_SCRIPT_ADD(events, changes, rule, at_second(7), .name = flow_str_of("hot"), .off = true);
    read_at(7, 99, 8);
    change("hot", "value", ">", "0", 2); // older than what is known
    read_at(8, 99, 9);
    flow_expect(alarms(false), ALARM(hot, 1), ALARM(hot, 3), ALARM(hot, 5), ALARM(cold, 6));
    runs();
}
END_TEST

START_TEST(elements_meet_the_rules_of_their_time)
{
    read_at(1, 40, 5);
    read_at(2, 40, 15);
    read_at(3, 40, 25);
    change("hot", "value", ">", "45", 20); // what comes first does not matter
    change("hot", "value", ">", "30", 10);
    change("late", "value", ">", "30", 20); // two at one instant
    flow_expect(alarms(true), ALARM(hot, 2), ALARM(late, 3));
    runs();
}
END_TEST

START_TEST(conditions_are_joined_by_and_and_or)
{
    const struct flow_rule_condition list[] = {
        { flow_str_of("where.city"), flow_str_of("="), flow_str_of("Kyiv"), 1 },
        { flow_str_of("value"), flow_str_of(">="), flow_str_of("30"), 1 },
        { flow_str_of("value"), flow_str_of("<"), flow_str_of("-30"), 2 },
        { flow_str_of("where.floor"), flow_str_of("present"), flow_str_of(""), 3 },
        { flow_str_of("n"), flow_str_of("!="), flow_str_of("5"), 3 },
    };
    FLOW_SCRIPT_ADD(events, changes, rule, at_second(0), .name = flow_str_of("either"),
        .conditions = { list, 5 }, .most = 6);
    read_at(1, 30, 1);
    read_at(2, 29, 1);
    read_at(3, -31, 1);
    FLOW_SCRIPT_ADD(events, readings, reading, at_second(1), .n = 4, .where.has_floor = true);
    FLOW_SCRIPT_ADD(events, readings, reading, at_second(1), .n = 5, .where.has_floor = true);
    FLOW_SCRIPT_ADD(events, readings, reading, at_second(1), .n = 6, .value = 77);
    read_at(7, 30, 1); // the function says no
    flow_expect(alarms(false), ALARM(either, 1), ALARM(either, 3), ALARM(either, 4));
    runs();
}
END_TEST

START_TEST(elements_go_on_without_rules_once_there_will_be_none)
{
    read_at(1, 50, 0);
    flow_script_end(events, changes);
    flow_expect_empty(alarms(false), NULL);
    runs();
}
END_TEST

static flow_status message(flow_ctx *ctx, const struct flow_rejected *in, struct flow_line *out)
{
    const char *end = memchr(in->message.data, ';', in->message.len); // where it came from
    (void)ctx;
    out->text = in->message;
    out->text.len = end ? (size_t)(end - out->text.data) : out->text.len;
    return FLOW_OK;
}
FLOW_MAP_FN(message, flow_rejected, flow_line);

START_TEST(rules_that_cannot_be_are_routed_and_the_others_count)
{
    change("a", "volume", ">", "30", 0);
    change("b", "value", "~", "30", 0);
    change("c", "value", ">", "thirty", 0);
    change("d", "where", "=", "30", 0);
    change("good", "value", ">", "30", 0);
    read_at(1, 50, 1);
    const flow_rules rules = rules_with(false, FLOW_ON_ERROR_DEAD_LETTER);
    flow_expect(flow_apply_rules(readings, rules, &ring_rule, NULL), ALARM(good, 1));
    flow_expect(flow_do(flow_dead_letters(rules.checked), &message_fn),
        "{\"text\":\"a rule's condition asks for 'volume', which 'reading' has not\"}",
        "{\"text\":\"a rule's condition compares by '~', expected =, !=, <, <=, >, >=, present or "
        "absent\"}",
        "{\"text\":\"field 'value': \\\"thirty\\\" is no double\"}",
        "{\"text\":\"a rule's condition compares 'where', which is 'record'\"}");
    runs();
}
END_TEST

static void expect_refused(const char *wanted)
{
    flow_error error = { 0 };
    ck_assert_int_ne(flow_pipeline_check(pipe_, &error), FLOW_OK);
    ck_assert_str_eq(error.message, wanted);
    teardown();
    setup();
}

START_TEST(rules_that_are_told_wrong_are_refused)
{
    flow_rules_of(changes, &reading_type, NULL);
    expect_refused("flow_rules_of: its 'by' is no field of the rules: which one tells them apart?");
    const flow_rules_options list = { .by = FLOW_FIELD(rule, name),
        .conditions = FLOW_FIELD(rule, most) };
    flow_rules_of(changes, &reading_type, &list);
    expect_refused("flow_rules_of: its 'conditions' are no list of flow_rule_condition in the "
                   "rules");
    const flow_rules_options off = { .by = FLOW_FIELD(rule, name), .off = FLOW_FIELD(rule, most) };
    flow_rules_of(changes, &reading_type, &off);
    expect_refused("flow_rules_of: its 'off' is no bool of the rules");
    flow_apply_rules(changes, rules_with(false, FLOW_ON_ERROR_FAIL), &ring_rule, NULL);
    expect_refused("flow_apply_rules: function, rules and elements do not go together");
}
END_TEST

TCase *rules_tests(void)
{
    TCase *tests = tcase_create("rules");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, rules_change_while_elements_come);
    tcase_add_test(tests, elements_meet_the_rules_of_their_time);
    tcase_add_test(tests, conditions_are_joined_by_and_and_or);
    tcase_add_test(tests, elements_go_on_without_rules_once_there_will_be_none);
    tcase_add_test(tests, rules_that_cannot_be_are_routed_and_the_others_count);
    tcase_add_test(tests, rules_that_are_told_wrong_are_refused);
    return tests;
}
