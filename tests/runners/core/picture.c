// SPDX-License-Identifier: Apache-2.0
// Reading pictures of windows and triggers.
#include "picture.h"

#include <stdio.h>
#include <stdlib.h>

// What is left of a line.
struct reading {
    const char *file, *at;
};

static void refuse(const struct reading *reading, const char *wanted)
{
    ck_abort_msg("%s: expected %s at \"%.40s\"", reading->file, wanted, reading->at);
}

static bool takes(struct reading *reading, const char *word)
{
    const size_t len = strlen(word);
    while (*reading->at == ' ')
        reading->at++;
    if (strncmp(reading->at, word, len) != 0)
        return false;
    reading->at += len;
    return true;
}

static void expect(struct reading *reading, const char *word)
{
    if (!takes(reading, word))
        refuse(reading, word);
}

static flow_duration span_of(struct reading *reading)
{
    flow_duration span = { 0 };
    while (*reading->at == ' ')
        reading->at++;
    const size_t len = strcspn(reading->at, ", )\n");
    if (!flow_duration_parse((flow_str){ reading->at, len }, &span))
        refuse(reading, "a duration");
    reading->at += len;
    return span;
}

static int64_t number_of(struct reading *reading)
{
    char *end;
    const long long number = strtoll(reading->at, &end, 10);
    if (end == reading->at)
        refuse(reading, "a number");
    reading->at = end;
    return number;
}

static flow_windows windows_of(struct reading *reading)
{
    flow_windows windows = flow_global();
    if (takes(reading, "global"))
        return windows;
    if (takes(reading, "fixed(")) {
        windows = flow_fixed(span_of(reading));
    } else if (takes(reading, "sessions(")) {
        windows = flow_sessions(span_of(reading));
    } else {
        const bool sliding = takes(reading, "sliding(");
        if (!sliding)
            expect(reading, "cumulate(");
        const flow_duration size = span_of(reading);
        expect(reading, ",");
        windows =
            sliding ? flow_sliding(size, span_of(reading)) : flow_cumulate(size, span_of(reading));
    }
    expect(reading, ")");
    return windows;
}

static flow_trigger trigger_of(struct reading *reading);

// Parts up to the closing parenthesis.
static size_t parts_of(struct reading *reading, flow_trigger *parts, size_t most)
{
    size_t count = 0;
    do {
        ck_assert_uint_lt(count, most);
        parts[count++] = trigger_of(reading);
    } while (takes(reading, ","));
    expect(reading, ")");
    return count;
}

static flow_trigger composite_of(struct reading *reading)
{
    static const char *const names[] = { "all(", "any(", "each(", "or_finally(", "then(",
        "early_late(", "repeatedly(" };
    flow_trigger parts[4] = { { 0 } };
    size_t kind = 0;
    while (kind < sizeof names / sizeof names[0] && !takes(reading, names[kind]))
        kind++;
    if (kind == sizeof names / sizeof names[0])
        refuse(reading, "a trigger");
    const size_t count = parts_of(reading, parts, 4);
    switch (kind) {
    case 0:
        return flow_trigger_all_of(parts, count);
    case 1:
        return flow_trigger_any_of(parts, count);
    case 2:
        return flow_trigger_each_of(parts, count);
    case 3:
        return flow_trigger_or_finally(parts[0], parts[1]);
    case 4:
        return flow_trigger_then(parts[0], parts[1]);
    case 5:
        return flow_trigger_early_late(parts[0], parts[1]);
    default:
        return flow_trigger_repeatedly(parts[0]);
    }
}

// A trigger in the words of flow_trigger_print.
static flow_trigger trigger_of(struct reading *reading)
{
    flow_trigger trigger = flow_trigger_none();
    if (takes(reading, "default") || takes(reading, "none"))
        return trigger;
    if (takes(reading, "end_of_window"))
        return flow_trigger_end_of_window();
    if (takes(reading, "never"))
        return flow_trigger_never();
    if (takes(reading, "count(")) {
        trigger = flow_trigger_count(number_of(reading));
    } else if (takes(reading, "delay(")) {
        trigger = flow_trigger_delay(span_of(reading));
    } else if (takes(reading, "align(")) {
        trigger = flow_trigger_align(span_of(reading), flow_seconds(0));
    } else {
        return composite_of(reading);
    }
    expect(reading, ")");
    return trigger;
}

static bool setting(struct reading *reading, flow_window_options *how)
{
    if (takes(reading, "windows ")) {
        how->windows = windows_of(reading);
    } else if (takes(reading, "trigger ")) {
        how->trigger = trigger_of(reading);
    } else if (takes(reading, "lateness ")) {
        how->lateness = span_of(reading);
        how->no_lateness = how->lateness.us == 0;
    } else if (takes(reading, "mode ")) {
        how->accumulation = takes(reading, "accumulating") ? FLOW_ACCUMULATING
                            : takes(reading, "retracting") ? FLOW_RETRACTING
                                                           : FLOW_DISCARDING;
    } else if (takes(reading, "no empty result on time")) {
        how->on_time = FLOW_EMPTY_NEVER;
    } else if (takes(reading, "a last result in any case")) {
        how->closing = FLOW_EMPTY_ALWAYS;
    } else if (takes(reading, "stamped at the earliest")) {
        how->output_time = FLOW_OUTPUT_EARLIEST;
    } else {
        return false;
    }
    return true;
}

static void event(struct picture *picture, struct reading *reading)
{
    struct panes_case *test = &picture->test;
    const size_t len = strcspn(reading->at, " \n");
    ck_assert_uint_lt(len, sizeof picture->events[0]);
    memcpy(picture->events[test->count], reading->at, len);
    const char first = *reading->at++;
    switch (first) {
    case '|':
        panes_watermark(test, number_of(reading));
        break;
    case '~':
        panes_clock(test, number_of(reading));
        break;
    case '?':
        panes_step(test, PANES_LOOK, *reading->at++ - 'a' + 1, 0, 0);
        break;
    default: {
        const int64_t value = number_of(reading);
        expect(reading, "@");
        panes_add(test, first - 'a' + 1, value, number_of(reading));
    }
    }
}

static char *copy(const char *from, const char *to)
{
    const size_t len = (size_t)(to - from);
    char *text = calloc(1, len + 1);
    ck_assert_ptr_nonnull(text);
    memcpy(text, from, len);
    return text;
}

// One case, from its name to the next one's or the end of the text.
static const char *read_one(struct picture *picture, const char *file, const char *text)
{
    const char *next = strstr(text + 1, "\n== ");
    const char *end = next ? next + 1 : text + strlen(text);
    const char *below = strstr(text, "\n--\n");
    ck_assert_msg(below && below < end, "%s: no line -- below \"%.40s\"", file, text);
    picture->text = copy(text, below + 4);
    picture->wanted = copy(below + 4, end);
    picture->test = panes_story(flow_global(), flow_trigger_none(), FLOW_DISCARDING);
    sscanf(text, "== %119[^\n]", picture->name);
    struct reading reading = { file, strchr(text, '\n') + 1 };
    while (reading.at < below) {
        if (!setting(&reading, &picture->test.how))
            while (*reading.at != '\n') {
                event(picture, &reading);
                reading.at += strspn(reading.at, " ");
            }
        expect(&reading, "\n");
    }
    return end;
}

struct picture *pictures_read(const char *file, const char *text)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, "== ")); at++)
        count++;
    struct picture *pictures = calloc(count + 1, sizeof *pictures);
    ck_assert_ptr_nonnull(pictures);
    const char *at = strstr(text, "== ");
    for (size_t i = 0; i < count; i++)
        at = read_one(&pictures[i], file, at);
    return pictures;
}

void pictures_free(struct picture *pictures)
{
    for (struct picture *picture = pictures; picture && picture->text; picture++) {
        free(picture->text);
        free(picture->wanted);
    }
    free(pictures);
}
