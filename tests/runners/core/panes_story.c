// SPDX-License-Identifier: Apache-2.0
// Stories about windows and panes, in seconds.
#include "panes_story.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000)

struct panes_case panes_story(flow_windows windows, flow_trigger trigger, flow_accumulation mode)
{
    struct panes_case test = { .result = PANES_SUM };
    test.how.windows = windows;
    test.how.trigger = trigger;
    test.how.accumulation = mode;
    test.how.no_lateness = true;
    return test;
}

void panes_late_until(struct panes_case *test, int64_t seconds)
{
    test->how.lateness = flow_seconds(seconds);
    test->how.no_lateness = seconds == 0;
}

void panes_step(struct panes_case *test, enum panes_what what, int64_t k, int64_t v, int64_t at)
{
    ck_assert_uint_lt(test->count, PANES_STEPS);
    test->steps[test->count++] = (struct panes_step){ what, k, v, at * SECOND };
}

void panes_add(struct panes_case *test, int64_t k, int64_t v, int64_t at)
{
    panes_step(test, PANES_ADD, k, v, at);
}

void panes_watermark(struct panes_case *test, int64_t at)
{
    panes_step(test, PANES_WATERMARK, 0, 0, at);
}

void panes_clock(struct panes_case *test, int64_t at)
{
    panes_step(test, PANES_CLOCK, 0, 0, at);
}

char *panes_line_of(const struct flow_test_result *r)
{
    static const char *const timings[] = { "early", "on-time", "late", "unknown" };
    const bool back = strncmp(r->text, "- ", 2) == 0;
    const char *text = back ? r->text + 2 : r->text;
    const char *colon = strrchr(text, ':');
    char *line = malloc(200), at[40] = "";
    if (r->time.us != r->window.end.us - 1)
        snprintf(at, sizeof at, " @%lld", (long long)(r->time.us / SECOND));
    const bool global = r->window.end.us == FLOW_TIME_GLOBAL_END_US;
    snprintf(line, 200, "%s%lld=%lld [%lld,%lld) %s %u/%d%s%s%s", back ? "-" : "",
        strtoll(text, NULL, 10), strtoll(colon ? colon + 1 : "0", NULL, 10),
        global ? 0 : (long long)(r->window.start.us / SECOND),
        global ? 0 : (long long)(r->window.end.us / SECOND), timings[r->pane.timing], r->pane.index,
        r->pane.on_time_index, r->pane.first ? " first" : "", r->pane.last ? " last" : "", at);
    return line;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct panes_outcome panes_outcome_of(const struct panes_case *test)
{
    struct panes_outcome got, wanted;
    const struct panes_options options = { .engine = { .workers = 1, .seed = 1 } };
    panes_outcome_init(&got, "panes");
    panes_outcome_init(&wanted, "panes");
    const char *refused = panes_run(test, &options, &got);
    ck_assert_msg(!refused, "%s", refused);
    // what a rule's test says is what the reference says too, or one of them is wrong
    panes_answer(test, &wanted);
    const char *differs = flow_test_differ(&got.results, &wanted.results);
    ck_assert_msg(!differs, "%s", differs);
    panes_outcome_clear(&wanted);
    return got;
}

void panes_check_lines(const struct panes_outcome *got, const char *wanted)
{
    char **lines = calloc(got->results.count + 1, sizeof *lines);
    flow_buffer all = { 0 };
    for (size_t i = 0; i < got->results.count; i++)
        lines[i] = panes_line_of(&got->results.list[i]);
    qsort(lines, got->results.count, sizeof *lines, by_text);
    for (size_t i = 0; i < got->results.count; i++) {
        flow_buffer_printf(&all, "%s%s", i ? "; " : "", lines[i]);
        free(lines[i]);
    }
    flow_buffer_put(&all, "", 1);
    free(lines);
    ck_assert_str_eq(all.data, wanted);
    flow_buffer_free(&all);
}

void panes_tells(const struct panes_case *test, const char *wanted)
{
    struct panes_outcome got = panes_outcome_of(test);
    panes_check_lines(&got, wanted);
    panes_outcome_clear(&got);
}
