// SPDX-License-Identifier: Apache-2.0
// How time goes in random graphs: input with too much disorder, partitions that wait, and the
// watermark of the source round by round, as one worker sees it (R2, R6).
#include <stdlib.h>

#include "graph.h"

#define SECOND INT64_C(1000000)

static int by_time(const void *left, const void *right)
{
    const struct flow_test_row *a = left, *b = right;
    return a->at.us < b->at.us ? -1 : a->at.us > b->at.us;
}

// Where order is promised, the last row of a batch tells the watermark: it holds within pieces, and
// is broken by their order.
static void order_pieces(struct graph *graph)
{
    size_t first = 0;
    for (size_t p = 0; p < graph->piece_count; first += graph->pieces[p++].count)
        qsort(&graph->rows[first], graph->pieces[p].count, sizeof *graph->rows, by_time);
}

void graph_disorder(struct graph *graph, uint64_t *random)
{
    flow_time_policy *times = &graph->script.times;
    const uint32_t allowed = flow_test_below(random, 4);
    times->in_order = allowed == 0;
    times->disorder.us = allowed * SECOND * 3 / 2;
    if (times->in_order)
        order_pieces(graph);
}

void graph_idle(struct graph *graph, uint64_t *random)
{
    struct flow_test_script *script = &graph->script;
    const uint32_t read = script->partitions++; // one more, which is never seen
    int64_t at = GRAPH_START;
    for (size_t i = 0; i < graph->piece_count; i++) {
        // some come at once, some after a pause
        if (flow_test_below(random, 4) == 0)
            at += (int64_t)flow_test_below(random, 5) * SECOND;
        graph->pieces[i].not_before = at;
    }
    for (uint32_t p = 0; p <= read; p++)
        if (flow_test_below(random, 2))
            graph->pieces[graph->piece_count++] =
                (struct flow_test_piece){ .partition = p, .endless = true };
    script->piece_count = graph->piece_count;
    script->clock = &graph->clock;
    script->times.idle = (flow_idle)flow_test_below(random, 3);
    script->times.idle_after = flow_seconds(1 + flow_test_below(random, 8));
    script->wakes = flow_test_below(random, 2) == 0;
}

// --- following

struct part {
    size_t next; // of the pieces
    int64_t latest, since, idle;
    bool over;
};

struct follower {
    struct graph *graph;
    struct part parts[8];
    uint32_t turn;
    int64_t mark;
};

static int64_t promise(const flow_time_policy *times, const struct part *part)
{
    const bool aged = part->idle > 0 && times->idle == FLOW_IDLE_ADVANCE;
    if (part->over)
        return FLOW_TIME_MAX_US;
    if (part->latest == FLOW_TIME_MIN_US)
        return aged ? FLOW_TIME_MAX_US : FLOW_TIME_MIN_US;
    if (!times->in_order && times->disorder.us == 0)
        return FLOW_TIME_MIN_US;
    return part->latest - times->disorder.us + part->idle;
}

static void move_mark(struct follower *f)
{
    const struct flow_test_script *script = &f->graph->script;
    int64_t lowest = FLOW_TIME_MAX_US;
    bool over = true;
    for (uint32_t p = 0; p < script->partitions; p++) {
        const int64_t now = promise(&script->times, &f->parts[p]);
        lowest = now < lowest ? now : lowest;
        over = over && f->parts[p].over;
    }
    // while nobody counts, time stands still
    if ((lowest < FLOW_TIME_MAX_US || over) && lowest > f->mark)
        f->mark = lowest;
}

static void end_round(struct follower *f)
{
    f->graph->marks[f->graph->mark_count++] = f->mark;
}

static void read_piece(struct follower *f, uint32_t p, size_t piece)
{
    struct graph *graph = f->graph;
    struct part *part = &f->parts[p];
    const struct flow_test_row *rows = graph->pieces[piece].rows;
    const flow_time_policy *times = &graph->script.times;
    graph->rounds[piece] = graph->mark_count;
    part->next++;
    part->since = part->idle = 0;
    for (size_t i = 0; i < graph->pieces[piece].count; i++)
        part->latest = rows[i].at.us > part->latest ? rows[i].at.us : part->latest;
    if (times->in_order || times->disorder.us > 0)
        f->turn = (p + 1) % graph->script.partitions;
    move_mark(f);
    end_round(f);
}

// Looks for a piece, partition by partition; false: none has one now.
static bool claim(struct follower *f)
{
    const struct graph *graph = f->graph;
    const uint32_t count = graph->script.partitions;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t p = (f->turn + i) % count;
        struct part *part = &f->parts[p];
        if (part->over)
            continue;
        while (part->next < graph->piece_count && graph->pieces[part->next].partition != p)
            part->next++;
        if (part->next == graph->piece_count) {
            part->over = true;
            move_mark(f);
            continue;
        }
        const struct flow_test_piece *piece = &graph->pieces[part->next];
        if (piece->endless || piece->not_before > graph->clock)
            continue;
        read_piece(f, p, part->next);
        return true;
    }
    return false;
}

// What the policy makes of partitions that have nothing now.
static void age(struct follower *f)
{
    const struct flow_test_script *script = &f->graph->script;
    for (uint32_t p = 0; p < script->partitions; p++) {
        struct part *part = &f->parts[p];
        if (part->over || script->times.idle == FLOW_IDLE_HOLD)
            continue;
        if (part->since == 0)
            part->since = f->graph->clock;
        const int64_t waited = f->graph->clock - part->since;
        if (waited == 0 || waited < script->times.idle_after.us)
            continue;
        if (script->times.idle == FLOW_IDLE_END)
            part->over = true;
        else
            part->idle = waited;
    }
    move_mark(f);
}

static void follow_pieces(struct graph *graph)
{
    struct follower f = { .graph = graph, .mark = FLOW_TIME_MIN_US };
    for (uint32_t p = 0; p < graph->script.partitions; p++)
        f.parts[p].latest = FLOW_TIME_MIN_US;
    const int ticks = graph->kinds & GRAPH_IDLE ? GRAPH_TICKS : 1;
    graph->clock = GRAPH_START;
    for (int tick = 0; tick < ticks; tick++, graph->clock += SECOND) {
        while (claim(&f))
            continue;
        age(&f);
        end_round(&f);
    }
    graph->clock = GRAPH_START;
}

// Elsewhere nothing is late: all of it is one round, at whose end the input has ended. Where the
// reference is for other workers, only where time stands in the end is the same.
void graph_follow(struct graph *graph)
{
    const size_t rounds = graph->piece_count + GRAPH_TICKS + 1;
    free(graph->marks);
    free(graph->rounds);
    graph->marks = calloc(rounds, sizeof *graph->marks);
    graph->rounds = calloc(graph->piece_count + 1, sizeof *graph->rounds);
    graph->mark_count = 0;
    if (!(graph->kinds & (GRAPH_LATE | GRAPH_IDLE))) {
        graph->marks[graph->mark_count++] = FLOW_TIME_MAX_US;
        return;
    }
    for (size_t p = 0; p < graph->piece_count; p++)
        graph->rounds[p] = SIZE_MAX;
    follow_pieces(graph);
    if (!graph->any_schedule)
        return;
    graph->marks[0] = graph->marks[graph->mark_count - 1];
    graph->mark_count = 1;
    for (size_t p = 0; p < graph->piece_count; p++)
        graph->rounds[p] = graph->rounds[p] == SIZE_MAX ? SIZE_MAX : 0;
}
