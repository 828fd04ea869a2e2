// SPDX-License-Identifier: Apache-2.0
// Interleaved rounds, medians of per-round ratios, and the form of the printed line.
#include "support/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double bench_now(void)
{
    return seconds(CLOCK_MONOTONIC);
}

double bench_cpu(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

struct spread bench_spread(double *values, unsigned count)
{
    qsort(values, count, sizeof *values, by_size);
    const double upper = values[count / 2];
    const double lower = values[(count - 1) / 2];
    return (struct spread){ (upper + lower) / 2, values[0], values[count - 1] };
}

struct spread bench_ratio(const double *a, const double *b, unsigned count)
{
    double ratios[BENCH_ROUNDS_MAX];
    for (unsigned i = 0; i < count; i++)
        ratios[i] = a[i] / b[i];
    return bench_spread(ratios, count);
}

void bench_print(
    const char *id, double value, const char *unit, struct spread ratio, const char *reference)
{
    const int digits = value < 10 ? 3 : value < 1000 ? 1 : 0;
    const int ratio_digits = ratio.middle < 10 ? 2 : 1;
    printf("bench %s %.*f %s ratio %.*f [%.*f..%.*f] vs %s\n", id, digits, value, unit,
        ratio_digits, ratio.middle, ratio_digits, ratio.low, ratio_digits, ratio.high, reference);
    fflush(stdout);
}

void bench_skip(const char *id, const char *why)
{
    printf("skipped %s: %s\n", id, why);
    fflush(stdout);
}

bool bench_once(const struct bench_options *options, bench_side *side, const void *input,
    struct outcome *outcome, double times[2])
{
    *outcome = (struct outcome){ 0 };
    const double wall = bench_now();
    const double cpu = bench_cpu();
    side(options, input, outcome);
    times[0] = bench_now() - wall;
    times[1] = bench_cpu() - cpu;
    return !outcome->failed;
}

bool bench_agree(
    const char *id, const struct outcome *engine, const struct outcome *reference, const char *name)
{
    if (engine->sum == reference->sum && engine->results == reference->results)
        return true;
    printf("failed %s: the engine gave %llu results with checksum %016llx, %s %llu with %016llx\n",
        id, (unsigned long long)engine->results, (unsigned long long)engine->sum, name,
        (unsigned long long)reference->results, (unsigned long long)reference->sum);
    fflush(stdout);
    return false;
}

bool bench_rounds(
    const struct bench_options *options, const struct comparison *comparison, struct rounds *rounds)
{
    rounds->count = options->rounds;
    for (unsigned round = 0; round <= options->rounds; round++) {
        struct outcome engine;
        struct outcome hand;
        double engine_times[2];
        double hand_times[2];
        if (!bench_once(options, comparison->engine, comparison->input, &engine, engine_times) ||
            !bench_once(options, comparison->hand, comparison->input, &hand, hand_times)) {
            printf("failed %s: a side did not finish\n", comparison->id);
            return false;
        }
        if (!bench_agree(comparison->id, &engine, &hand, comparison->reference))
            return false;
        if (round == 0)
            continue;
        rounds->engine_wall[round - 1] = engine_times[0];
        rounds->engine_cpu[round - 1] = engine_times[1];
        rounds->hand_wall[round - 1] = hand_times[0];
        rounds->hand_cpu[round - 1] = hand_times[1];
    }
    return true;
}

/* The reference's own line: its ratio is each round against its own median. */
static void print_reference(const struct comparison *comparison, const struct rounds *rounds)
{
    char id[96];
    double walls[BENCH_ROUNDS_MAX];
    memcpy(walls, rounds->hand_wall, sizeof walls);
    const struct spread wall = bench_spread(walls, rounds->count);
    const struct spread own = { 1, wall.middle / wall.high, wall.middle / wall.low };
    snprintf(id, sizeof id, "%s_%s", comparison->id, comparison->reference);
    bench_print(id, comparison->elements / wall.middle * 1e-6, "M/s", own, "its_median");
}

/* For those who count instructions: the engine does the work again and again. */
static bool alone(const struct bench_options *options, const struct comparison *comparison)
{
    struct outcome outcome = { 0 };
    double times[2];
    for (unsigned n = 0; n < options->alone; n++) {
        if (!bench_once(options, comparison->engine, comparison->input, &outcome, times))
            return false;
    }
    printf("alone %s %.0f elements, %llu results\n", comparison->id, comparison->elements,
        (unsigned long long)outcome.results);
    return true;
}

bool bench_compare(const struct bench_options *options, const struct comparison *comparison)
{
    if (options->alone > 0)
        return alone(options, comparison);
    struct rounds rounds;
    if (!bench_rounds(options, comparison, &rounds))
        return false;
    char id[96];
    double walls[BENCH_ROUNDS_MAX];
    double cpus[BENCH_ROUNDS_MAX];
    memcpy(walls, rounds.engine_wall, sizeof walls);
    memcpy(cpus, rounds.engine_cpu, sizeof cpus);
    const double wall = bench_spread(walls, rounds.count).middle;
    const double cpu = bench_spread(cpus, rounds.count).middle;
    bench_print(comparison->id, comparison->elements / wall * 1e-6, "M/s",
        bench_ratio(rounds.hand_wall, rounds.engine_wall, rounds.count), comparison->reference);
    snprintf(id, sizeof id, "%s_cpu", comparison->id);
    bench_print(id, cpu / comparison->elements * 1e9, "ns/element",
        bench_ratio(rounds.hand_cpu, rounds.engine_cpu, rounds.count), comparison->reference);
    if (comparison->speak_of_reference)
        print_reference(comparison, &rounds);
    return true;
}

bool bench_wanted(const struct bench_options *options, const char *id)
{
    if (options->only == NULL)
        return true;
    const size_t len = strlen(id);
    for (const char *at = options->only; *at != '\0'; at += *at == ',') {
        const size_t word = strcspn(at, ",");
        if (word == len && memcmp(at, id, len) == 0)
            return true;
        at += word;
    }
    return false;
}

void *bench_pages(size_t bytes)
{
    const size_t large = (size_t)2 << 20;
    const size_t whole = (bytes + large - 1) / large * large;
    char *memory =
        mmap(NULL, whole + large, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "bench: no memory for %zu bytes\n", bytes);
        exit(1);
    }
    const size_t front = (large - (uintptr_t)memory % large) % large;
    if (front > 0)
        munmap(memory, front);
    if (large - front > 0)
        munmap(memory + front + whole, large - front);
    madvise(memory + front, whole, MADV_HUGEPAGE);
    return memory + front;
}

void bench_pages_free(void *memory, size_t bytes)
{
    const size_t large = (size_t)2 << 20;
    if (memory != NULL)
        munmap(memory, (bytes + large - 1) / large * large);
}
