// SPDX-License-Identifier: Apache-2.0
// The naive answer: arrays of windows, of entries and of timers, looked through from end to end.
#include "own_place.h"

#include <stdio.h>
#include <stdlib.h>

struct waits {
    struct flow_test_row row;
    flow_window window;
    int64_t until;
    bool gone;
};

struct world {
    const struct own_story *story;
    struct flow_test_results *wanted;
    uint64_t dropped;
    struct place **places;
    size_t count;
    struct waits *waiting;
    size_t waiting_count;
    int64_t watermark, clock;
};

// --- saying

static void say(struct world *world, const struct place *p, const char *what, int64_t time)
{
    const int64_t plain = own_fold(own_fold(0, p->chain.h, p->chain.p), p->chain.last, 0);
    const struct flow_test_row row = { .k = p->k,
        .v = world->story->plain ? plain : own_place_digest(p),
        .s = flow_str_of(what),
        .at = { time } };
    const struct flow_test_result at = { .time = { time },
        .window = p->window,
        .pane = { FLOW_TIMING_UNKNOWN, true, true, false, 0, 0 } };
    flow_test_expect(world->wanted, &flow_test_row_type, &row, &at);
}

// --- merging

static int by_window(const void *a, const void *b)
{
    const struct place *left = *(struct place *const *)a, *right = *(struct place *const *)b;
    if (left->window.start.us != right->window.start.us)
        return left->window.start.us < right->window.start.us ? -1 : 1;
    return (left->window.end.us > right->window.end.us) -
           (left->window.end.us < right->window.end.us);
}

static bool same_window(flow_window a, flow_window b)
{
    return a.start.us == b.start.us && a.end.us == b.end.us;
}

// The window of a row among those of its key: they merge, the row's own among them.
static struct place *place_of(struct world *world, int64_t k, flow_window own)
{
    struct place *of_key[256];
    flow_window windows[256], into[256];
    uint32_t count = 0;
    for (size_t i = 0; i < world->count; i++) {
        struct place *p = world->places[i];
        if (!p->there || p->k != k)
            continue;
        if (same_window(p->window, own) && !world->story->merging)
            return p;
        ck_assert_uint_lt(count, 255);
        of_key[count++] = p;
    }
    struct place *mine = calloc(1, sizeof *mine);
    mine->k = k;
    mine->window = own;
    mine->there = mine->fresh = true;
    world->places = realloc(world->places, (world->count + 1) * sizeof(struct place *));
    world->places[world->count++] = mine;
    if (!world->story->merging)
        return mine;
    of_key[count++] = mine;
    qsort(of_key, count, sizeof of_key[0], by_window);
    for (uint32_t i = 0; i < count; i++)
        windows[i] = of_key[i]->window;
    flow_windows_merge(&world->story->windows, windows, count, into);
    for (uint32_t i = 0; i < count; i++) {
        if (!of_key[i]->there)
            continue;
        for (uint32_t n = i + 1; n < count; n++) {
            if (!same_window(into[n], into[i]))
                continue;
            if (of_key[n] == mine)
                mine = of_key[i];
            own_place_join(of_key[i], of_key[n]);
        }
        of_key[i]->window = into[i];
    }
    mine->fresh = false;
    return mine;
}

// --- elements

static void set_alarm(struct place *p, struct alarm alarm)
{
    for (size_t i = 0; i < p->alarm_count; i++) {
        if (p->alarms[i].timer == alarm.timer && p->alarms[i].tag == alarm.tag) {
            p->alarms[i] = alarm;
            return;
        }
    }
    ck_assert_uint_lt(p->alarm_count, TIMERS);
    p->alarms[p->alarm_count++] = alarm;
}

static void stop_alarm(struct place *p, enum own_timer timer, int64_t tag)
{
    for (size_t i = 0; i < p->alarm_count; i++)
        if (p->alarms[i].timer == timer && p->alarms[i].tag == tag) {
            p->alarms[i] = p->alarms[--p->alarm_count];
            return;
        }
}

static int64_t expiry_of(const struct world *world, const struct place *p)
{
    return flow_window_expiry(p->window, (flow_duration){ world->story->lateness }).us;
}

static void act_on_timers(
    struct world *world, struct place *p, const struct own_act *act, int64_t time)
{
    const int64_t last = p->window.end.us - 1, wanted = time + act->more * OWN_SECOND;
    const int64_t at = wanted < last ? wanted : last;
    const int64_t tag = world->story->plain ? -1 : act->tag;
    int64_t later = world->watermark;
    switch (act->kind) {
    case OWN_ALARM:
        set_alarm(p, (struct alarm){ OWN_T_ALARM, tag, at, at, NEVER });
        break;
    case OWN_IDLE:
        set_alarm(p, (struct alarm){ OWN_T_IDLE, -1, at, at, NEVER });
        break;
    case OWN_WIPED:
        set_alarm(p, (struct alarm){ OWN_T_WIPED, -1, at, at, NEVER });
        break;
    case OWN_BELL:
        set_alarm(
            p, (struct alarm){ OWN_T_BELL, -1, world->clock + 2 * act->more + 2, time, time });
        break;
    case OWN_OUTPUT:
        set_alarm(p, (struct alarm){ OWN_T_IDLE, -1, at, time, time < at ? time : NEVER });
        break;
    case OWN_RELATIVE:
        if (later < FLOW_TIME_MAX_US) // at the end there is no later
            later += act->more * OWN_SECOND;
        later = later < expiry_of(world, p) ? later : expiry_of(world, p);
        set_alarm(p, (struct alarm){ OWN_T_ALARM, tag, later, later, NEVER });
        break;
    case OWN_STOP:
        stop_alarm(p, OWN_T_ALARM, tag);
        break;
    default:
        break;
    }
}

static void process(struct world *world, const struct flow_test_row *row, flow_window window)
{
    struct place *p = place_of(world, row->k, window);
    struct own_act act = own_act_of(row->v);
    if (row->x > 0) { // it fails: only its window stays
        world->dropped++;
        return;
    }
    if (world->story->plain)
        act.kind = own_plain_kind(act.kind);
    if (act.kind == OWN_EMPTY) {
        struct place gone = { .k = p->k, .window = p->window, .there = true };
        memcpy(gone.alarms, p->alarms, sizeof gone.alarms);
        gone.alarm_count = world->story->plain ? 0 : p->alarm_count;
        *p = gone;
    }
    own_place_act(p, &act, row->at.us);
    act_on_timers(world, p, &act, row->at.us);
    say(world, p, "element", row->at.us);
}

// --- time

static bool before(const struct alarm *a, const struct alarm *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    return a->timer != b->timer ? a->timer < b->timer : a->tag < b->tag;
}

// The next alarm by event time, or by the clock.
static struct alarm *next_alarm(struct place *p, bool clock)
{
    struct alarm *first = NULL;
    for (size_t i = 0; i < p->alarm_count; i++)
        if ((p->alarms[i].timer == OWN_T_BELL) == clock && (!first || before(&p->alarms[i], first)))
            first = &p->alarms[i];
    return first;
}

static int64_t next_end(const struct place *p)
{
    int64_t end = NEVER;
    for (size_t i = 0; i < p->brief.count; i++)
        end = p->brief.at[i].end < end ? p->brief.at[i].end : end;
    for (int i = 0; i < OWN_NAMES; i++)
        end = p->recent[i].there && p->recent[i].end < end ? p->recent[i].end : end;
    return end;
}

static int64_t next_due(const struct world *world, struct place *p)
{
    const struct alarm *alarm = next_alarm(p, false);
    int64_t next = expiry_of(world, p);
    next = alarm && alarm->at < next ? alarm->at : next;
    const int64_t end = next_end(p);
    return end < next ? end : next;
}

static void ring(struct world *world, struct place *p, struct alarm alarm)
{
    static const char *const names[] = { "alarm", "idle", "wiped", "bell" };
    char what[80];
    stop_alarm(p, alarm.timer, alarm.tag);
    snprintf(what, sizeof what, "%s@%lld#%lld", names[alarm.timer], (long long)alarm.at,
        (long long)alarm.tag);
    if (world->story->plain) {
        own_chain_add(&p->chain, 7);
    } else if (alarm.timer == OWN_T_ALARM) {
        own_chain_add(&p->chain, 7);
        p->newest = (struct dated){ true, 500, alarm.output, NEVER };
    } else if (alarm.timer == OWN_T_IDLE) {
        p->bag.count = 0;
    }
    say(world, p, what, alarm.output);
}

static void end_entries(struct world *world, struct place *p, int64_t at)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->brief.count; i++)
        if (p->brief.at[i].end > at)
            p->brief.at[kept++] = p->brief.at[i];
    world->dropped += p->brief.count - kept;
    p->brief.count = kept;
    for (int i = 0; i < OWN_NAMES; i++)
        if (p->recent[i].there && p->recent[i].end <= at) {
            p->recent[i].there = false;
            world->dropped++;
        }
}

// What is due of a place at its next instant.
static void fire(struct world *world, struct place *p)
{
    const int64_t at = next_due(world, p);
    const struct alarm *alarm = next_alarm(p, false);
    if (alarm && alarm->at == at) {
        ring(world, p, *alarm);
        return;
    }
    if (next_end(p) == at) {
        end_entries(world, p, at);
        return;
    }
    if (!own_place_empty(p) && !world->story->plain)
        say(world, p, "closing", p->window.end.us - 1);
    for (size_t i = 0; i < p->alarm_count; i++)
        world->dropped++; // bells
    p->there = false;
}

static struct waits *next_waiting(struct world *world, int64_t k)
{
    struct waits *first = NULL;
    for (size_t i = 0; i < world->waiting_count; i++) {
        struct waits *w = &world->waiting[i];
        if (!w->gone && w->row.k == k &&
            (!first || w->until < first->until ||
                (w->until == first->until && w->row.at.us < first->row.at.us)))
            first = w;
    }
    return first;
}

// Of a key, all that is due by the watermark in its order.
static void advance(struct world *world, int64_t k)
{
    int64_t given = INT64_MIN;
    for (;;) {
        struct place *first = NULL;
        for (size_t i = 0; i < world->count; i++) {
            struct place *p = world->places[i];
            if (p->there && p->k == k && (!first || next_due(world, p) < next_due(world, first)))
                first = p;
        }
        struct waits *element = next_waiting(world, k);
        const int64_t until = element ? element->until : NEVER;
        const int64_t due = first ? next_due(world, first) : NEVER;
        if (until >= world->watermark && due >= world->watermark)
            return;
        if (until < world->watermark && (until <= due || until == given)) {
            given = until;
            element->gone = true;
            process(world, &element->row, element->window);
        } else {
            fire(world, first);
        }
    }
}

static void look_at_clock(struct world *world)
{
    for (size_t i = 0; i < world->count; i++) {
        struct place *p = world->places[i];
        const struct alarm *bell;
        while (p->there && (bell = next_alarm(p, true)) && bell->at < world->clock)
            ring(world, p, *bell);
    }
}

static void come(struct world *world, const struct flow_test_row *row, flow_window window)
{
    const flow_duration lateness = { world->story->lateness };
    const flow_window instant = { row->at, { row->at.us + 1 } };
    const int64_t expiry = flow_window_expiry(window, lateness).us;
    int64_t until = flow_window_expiry(instant, lateness).us;
    until = until < expiry ? until : expiry;
    if ((world->story->sorted ? until : expiry) < world->watermark) {
        world->dropped++;
        return;
    }
    if (!world->story->sorted) {
        process(world, row, window);
        return;
    }
    world->waiting = realloc(world->waiting, (world->waiting_count + 1) * sizeof *world->waiting);
    world->waiting[world->waiting_count++] = (struct waits){ *row, window, until, false };
}

static void forget(struct world *world)
{
    // where windows stay apart, one of which nothing is left is forgotten
    for (size_t i = 0; i < world->count; i++)
        if (!world->story->merging && world->places[i]->there && own_place_empty(world->places[i]))
            world->places[i]->there = false;
}

void own_answer(const struct own_story *story, struct flow_test_results *wanted, uint64_t *dropped)
{
    struct world world = { .story = story, .wanted = wanted, .watermark = FLOW_TIME_MIN_US };
    for (size_t i = 0; i < story->count; i++) {
        const struct own_event *event = &story->events[i];
        for (; world.clock < event->clock; world.clock++, look_at_clock(&world))
            ;
        flow_window windows[64];
        if (event->row.k < 0) {
            world.watermark = event->row.at.us;
        } else {
            const uint32_t count =
                flow_windows_assign(&story->windows, &event->row, event->row.at, windows, 64);
            for (uint32_t w = 0; w < count; w++)
                come(&world, &event->row, windows[w]);
        }
        if (i + 1 < story->count && event[1].clock == event->clock)
            continue; // in one bundle
        forget(&world);
        for (int64_t k = 0; k < 8; k++)
            advance(&world, k);
        forget(&world);
    }
    *dropped = world.dropped;
    for (size_t i = 0; i < world.count; i++)
        free(world.places[i]);
    free(world.places);
    free(world.waiting);
}
