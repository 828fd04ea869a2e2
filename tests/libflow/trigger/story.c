// SPDX-License-Identifier: Apache-2.0
#include "story.h"

#include <stdlib.h>

story story_new(flow_trigger trigger, bool merging)
{
    ck_assert_int_eq(flow_trigger_check(&trigger, NULL), FLOW_OK);
    story s = { .trigger = trigger };
    s.clocks.window.end.us = 10;
    s.clocks.merging = merging;
    return s;
}

static void play_elements(story *s, int64_t count)
{
    for (int64_t i = 0; i < (count ? count : 1); i++)
        flow_trigger_on_element(&s->trigger, &s->state, &s->clocks);
}

static void play_fire(story *s, const char *line, const char **at)
{
    ck_assert_msg(flow_trigger_should_fire(&s->trigger, &s->state, &s->clocks),
        "does not fire before '%s' of '%s'", *at, line);
    const bool finished = flow_trigger_on_fire(&s->trigger, &s->state, &s->clocks);
    const bool wanted = (*at)[1] == '#';
    ck_assert_msg(
        finished == wanted, "%s finished at '%s' of '%s'", finished ? "has" : "has not", *at, line);
    *at += 1 + wanted;
}

// A word that says a number, or none, which is 0.
static int64_t read_number(const char **at)
{
    char *end = NULL;
    const bool there = **at == '-' || (**at >= '0' && **at <= '9');
    const long long number = there ? strtoll(*at, &end, 10) : 0;
    *at = there ? end : *at;
    return number;
}

static void play_word(story *s, char word, int64_t number, const char *line)
{
    const bool fires = flow_trigger_should_fire(&s->trigger, &s->state, &s->clocks);
    switch (word) {
    case 'e':
        play_elements(s, number);
        break;
    case 'w':
        s->clocks.watermark.us = number;
        break;
    case 'n':
        s->clocks.now.us = number;
        s->clocks.synchronized.us = number;
        break;
    case 's':
        s->clocks.synchronized.us = number;
        break;
    case '.':
        ck_assert_msg(!fires, "fires at a '.' of '%s'", line);
        break;
    default:
        ck_assert_msg(word == ' ', "'%c' is no word of '%s'", word, line);
    }
}

void story_play(story *s, const char *line)
{
    for (const char *at = line; *at;) {
        if (*at == '!') {
            play_fire(s, line, &at);
            continue;
        }
        const char word = *at++;
        const int64_t number = word == ' ' || word == '.' ? 0 : read_number(&at);
        play_word(s, word, number, line);
    }
}

void story_tell(flow_trigger trigger, const char *line)
{
    story s = story_new(trigger, false);
    story_play(&s, line);
}

story story_merge(const story *windows, uint32_t count, int64_t end)
{
    const flow_trigger_state *from[4];
    story merged = windows[0];
    for (uint32_t i = 0; i < count; i++)
        from[i] = &windows[i].state;
    merged.clocks.window.end.us = end;
    memset(&merged.state, 0xA5, flow_trigger_state_size(&merged.trigger));
    flow_trigger_on_merge(&merged.trigger, &merged.state, from, count, &merged.clocks);
    return merged;
}

flow_trigger after(int64_t us)
{
    return flow_trigger_delay(flow_micros(us));
}
