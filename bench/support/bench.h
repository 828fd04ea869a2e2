// SPDX-License-Identifier: Apache-2.0
// What every benchmark shares: options, interleaved rounds, medians of ratios, the printed line.
#ifndef BENCH_SUPPORT_BENCH_H
#define BENCH_SUPPORT_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Rounds at most. */
#define BENCH_ROUNDS_MAX 64

/** What the command line said. */
struct bench_options {
    unsigned rounds;          /**< Rounds that count; one more is run first and thrown away. */
    unsigned threads;         /**< Workers of the engine and threads of the hand-written loop. */
    size_t rows;              /**< Rows of the workloads in memory. */
    const char *only;         /**< Comma-separated ids, or NULL for all. */
    const char *folder;       /**< Where files for the benchmarks go. */
    const char *program;      /**< This program, to be started again. */
    const char *spikes;       /**< Folder with `generate` and `spikes`, or NULL. */
    unsigned latency_seconds; /**< How long the open loop runs. */
    unsigned alone;           /**< Run the engine's side alone so often, without figures; 0: no. */
};

/** What one run of one side came to. */
struct outcome {
    uint64_t sum;     /**< Checksum over all results, in any order. */
    uint64_t results; /**< How many results. */
    bool failed;      /**< It did not finish; the reason has been printed. */
};

/** One side of a comparison: does the work once, from nothing to the last result. */
typedef void bench_side(
    const struct bench_options *options, const void *input, struct outcome *outcome);

/** Two ways to do the same work. */
struct comparison {
    const char *id;          /**< First word of the printed line after `bench`. */
    const char *reference;   /**< Name of the reference, last word of the line. */
    bench_side *engine;      /**< The library. */
    bench_side *hand;        /**< The reference. */
    const void *input;       /**< Passed to both. */
    double elements;         /**< How many elements a run works on. */
    bool speak_of_reference; /**< Print the reference's own figures too. */
};

/** What the rounds came to; per counted round. */
struct rounds {
    unsigned count;                       /**< Rounds that count. */
    double engine_wall[BENCH_ROUNDS_MAX]; /**< Seconds. */
    double engine_cpu[BENCH_ROUNDS_MAX];  /**< Seconds over all threads. */
    double hand_wall[BENCH_ROUNDS_MAX];   /**< Seconds. */
    double hand_cpu[BENCH_ROUNDS_MAX];    /**< Seconds over all threads. */
};

/** A figure with its spread. */
struct spread {
    double middle; /**< Median. */
    double low;    /**< Smallest. */
    double high;   /**< Largest. */
};

/** Seconds by the monotonic clock. */
double bench_now(void);

/** CPU seconds of the whole process. */
double bench_cpu(void);

/** Median and extremes of `count` values; sorts them. */
struct spread bench_spread(double *values, unsigned count);

/** Median and extremes of a[i] / b[i]. */
struct spread bench_ratio(const double *a, const double *b, unsigned count);

/** Prints `bench <id> <value> <unit> ratio <r> [<min>..<max>] vs <reference>`. */
void bench_print(
    const char *id, double value, const char *unit, struct spread ratio, const char *reference);

/** Prints a line where there is nothing to measure and why, so that no figure goes missing
 * unseen. */
void bench_skip(const char *id, const char *why);

/** Runs a side once. `times` are seconds and seconds of CPU. False when it failed. */
bool bench_once(const struct bench_options *options, bench_side *side, const void *input,
    struct outcome *outcome, double times[2]);

/** Whether the reference (its name last) gave what the engine did; says so where it did not. */
bool bench_agree(const char *id, const struct outcome *engine, const struct outcome *reference,
    const char *name);

/** Runs the rounds A B A B … . False when a side failed or the results differ, which is printed. */
bool bench_rounds(const struct bench_options *options, const struct comparison *comparison,
    struct rounds *rounds);

/** Runs the rounds and prints the lines of a throughput comparison, or runs the engine alone where
 * that is asked for. False as bench_rounds. */
bool bench_compare(const struct bench_options *options, const struct comparison *comparison);

/** Whether `--only` wants this id. */
bool bench_wanted(const struct bench_options *options, const char *id);

/** Memory in 2 MiB pages where the system has them, zeroed; ends the program when there is none. */
void *bench_pages(size_t bytes);

/** Gives bench_pages memory back; NULL is allowed. */
void bench_pages_free(void *memory, size_t bytes);

#endif
