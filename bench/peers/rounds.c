// SPDX-License-Identifier: Apache-2.0
// Peer, engine, hand-written C, peer, engine, … ; results are compared in every round.
#include "peers/rounds.h"

#include <math.h>
#include <string.h>

enum {
    PEER,
    ENGINE,
    HAND,
    SIDES,
    RUN_SECONDS = 300
};

/* Less than this part of what a peer is known to reach, and it is set up wrongly. */
static const double enough = 0.8;

struct times {
    double wall[SIDES][BENCH_ROUNDS_MAX];
    double cpu[SIDES][BENCH_ROUNDS_MAX];
};

static bool run_round(const struct bench_options *options, const struct row *row,
    const struct work *work, struct child *child, double both[SIDES][2])
{
    bench_side *const sides[SIDES] = { NULL, work->engine, work->hand };
    struct outcome outcomes[SIDES];
    char id[96];
    snprintf(id, sizeof id, "peer_%s_%s", row->work, row->peer);
    for (int side = PEER; side < SIDES; side++) {
        if (side == HAND && work->hand == NULL)
            continue;
        const bool good = side == PEER ? child_run(child, &outcomes[side], both[side], RUN_SECONDS)
                                       : bench_once(options, sides[side], work->input,
                                             &outcomes[side], both[side]);
        if (!good) {
            printf("failed %s: %s\n", id, side == PEER ? child->why : "a side did not finish");
            return false;
        }
    }
    return bench_agree(id, &outcomes[ENGINE], &outcomes[PEER], row->peer) &&
           (work->hand == NULL || bench_agree(id, &outcomes[ENGINE], &outcomes[HAND], "hand_c"));
}

static double median(const double *values, unsigned count)
{
    double copy[BENCH_ROUNDS_MAX];
    memcpy(copy, values, count * sizeof *values);
    return bench_spread(copy, count).middle;
}

/* The least that is plausible: a part of hand-written C, as where the peer was measured. But no
 * more than its speed there: the loops in C have become much faster since, and it has not. */
static double expected(
    const struct row *row, const struct work *work, const struct times *times, unsigned rounds)
{
    double speed = row->speed;
    if (work->hand && row->behind > 0)
        speed = fmin(
            speed, (double)work->count / median(times->wall[HAND], rounds) * 1e-6 / row->behind);
    return enough * speed;
}

/* The peer's own line: what of hand-written C it reaches, or how much its rounds differ. */
static double print_peer(
    const struct row *row, const struct work *work, struct times *times, unsigned rounds)
{
    char id[96];
    const double wall = median(times->wall[PEER], rounds);
    const double speed = (double)work->count / wall * 1e-6;
    struct spread part = bench_ratio(times->wall[HAND], times->wall[PEER], rounds);
    if (work->hand == NULL) {
        const struct spread own = bench_spread(times->wall[PEER], rounds);
        part = (struct spread){ 1, wall / own.high, wall / own.low };
    }
    snprintf(id, sizeof id, "peer_%s_%s_itself", row->work, row->peer);
    const bool slow = speed < 1;
    bench_print(id, slow ? speed * 1000 : speed, slow ? "k/s" : "M/s", part,
        work->hand ? "hand_c" : "its_median");
    return speed;
}

static double print_engine(
    const struct row *row, const struct work *work, const struct times *times, unsigned rounds)
{
    char id[96];
    const struct spread walls = bench_ratio(times->wall[PEER], times->wall[ENGINE], rounds);
    const struct spread cpus = bench_ratio(times->cpu[PEER], times->cpu[ENGINE], rounds);
    const double count = (double)work->count;
    snprintf(id, sizeof id, "peer_%s_%s", row->work, row->peer);
    bench_print(id, count / median(times->wall[ENGINE], rounds) * 1e-6, "M/s", walls, row->peer);
    snprintf(id, sizeof id, "peer_%s_%s_cpu", row->work, row->peer);
    bench_print(
        id, median(times->cpu[ENGINE], rounds) / count * 1e9, "ns/element", cpus, row->peer);
    return walls.middle;
}

enum row_end rounds_run(const struct bench_options *options, const struct row *row,
    const struct work *work, struct child *child, double *ratio)
{
    struct times times = { 0 };
    for (unsigned round = 0; round <= options->rounds; round++) {
        double both[SIDES][2] = { 0 };
        if (!run_round(options, row, work, child, both))
            return ROW_FAILED;
        for (int side = PEER; round > 0 && side < SIDES; side++) {
            times.wall[side][round - 1] = both[side][0];
            times.cpu[side][round - 1] = both[side][1];
        }
    }
    const double least = expected(row, work, &times, options->rounds);
    const double speed = print_peer(row, work, &times, options->rounds);
    if (speed < least) {
        const double cpu = median(times.cpu[PEER], options->rounds);
        printf("void peer_%s_%s: %s does %.3g M/s here, and less than %.3g is a sign that it is "
               "set up wrongly, or that the machine is busy: its CPU time would allow %.3g\n",
            row->work, row->peer, row->peer, speed, least,
            (double)work->count / cpu * options->threads * 1e-6);
        return ROW_VOID;
    }
    *ratio = print_engine(row, work, &times, options->rounds);
    return ROW_DONE;
}
