// SPDX-License-Identifier: Apache-2.0
// Whatever way events are read – drawn or from memory, rows or columns, batch or stream – they are
// the same.
#include "suite.h"

#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/test.h>

#include <source.h>

static void take_events(void *user, const flow_elements *elements)
{
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        const struct event *event = FLOW_BATCH_ROW(&elements->batch, event, i);
        ck_assert_int_eq(event->at.us, elements->times[i].us);
        nexmark_add_event(user, event);
    }
}

static void read_into(
    struct rows *rows, const struct event_source *source, const flow_runner *runner)
{
    flow_error error = { 0 };
    flow_pipeline *p = flow_pipeline_new("read");
    flow_receive(read_events(p, source), NULL, take_events, rows);
    const flow_status status = flow_run(p, runner, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(p);
}

static const struct generator_settings *five_thousand(void)
{
    static struct generator_settings settings;
    settings = generator_defaults(5003);
    return &settings;
}

START_TEST(events_are_the_same_from_memory_and_drawn)
{
    struct history *history = history_new(five_thousand(), true);
    struct rows expected = { .keep = true, .timed = true };
    ck_assert_uint_eq(history->count, 5003);
    for (size_t i = 0; i < history->count; i++) {
        nexmark_add_event(&expected, &history->rows[i]);
        ck_assert(i == 0 || history->rows[i - 1].at.us <= history->rows[i].at.us);
    }
    for (unsigned way = 0; way < 6; way++) {
        const struct event_source source = { .settings = *five_thousand(),
            .history = way < 4 ? history : NULL,
            .columns = way & 2,
            .stream = way & 1 };
        const flow_local_options two = { .workers = 2 };
        const flow_runner runner = flow_local(&two);
        struct rows rows = { .keep = true, .timed = true };
        read_into(&rows, &source, &runner);
        ck_assert_msg(rows_equal(&rows, &expected, stderr), "way %u", way);
        rows_clear(&rows);
    }
    rows_clear(&expected);
    history_free(history);
}
END_TEST

START_TEST(drawing_survives_failed_bundles_and_a_restart)
{
    struct history *history = history_new(five_thousand(), false);
    struct rows expected = { .keep = true, .timed = true };
    for (size_t i = 0; i < history->count; i++)
        nexmark_add_event(&expected, &history->rows[i]);
    const struct event_source source = { .settings = *five_thousand(), .stream = true };
    const flow_simulated_options options = { .workers = 3, .fail_one_in = 20, .restart = true };
    const flow_runner runner = flow_simulated(&options);
    struct rows rows = { .keep = true, .timed = true };
    read_into(&rows, &source, &runner);
    ck_assert(rows_equal(&rows, &expected, stderr));
    rows_clear(&rows);
    rows_clear(&expected);
    history_free(history);
}
END_TEST

TCase *source_case(void)
{
    TCase *tests = tcase_create("source");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, events_are_the_same_from_memory_and_drawn);
    tcase_add_test(tests, drawing_survives_failed_bundles_and_a_restart);
    return tests;
}
