// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * The small values that everything else is made of: strings, times, status and error, allocator,
 * log.
 */
#ifndef FLOW_BASE_H
#define FLOW_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Marks what the shared library exports. */
#if defined(__GNUC__)
#define FLOW_API __attribute__((visibility("default")))
#else
#define FLOW_API
#endif

/** Lets the compiler check the arguments of a printf-like function. */
#if defined(__GNUC__)
#define FLOW_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define FLOW_PRINTF(text, first)
#endif

/** Text: `len` bytes at `data`, not terminated, lent by whoever shows it. UTF-8 by convention, any
 * bytes allowed. */
typedef struct flow_str {
    const char *data; /**< First byte; may be NULL when `len` is 0. */
    size_t len;       /**< Bytes. */
} flow_str;

/** Raw bytes: as flow_str, but written as base64 in text forms. */
typedef struct flow_bytes {
    const void *data; /**< First byte; may be NULL when `len` is 0. */
    size_t len;       /**< Bytes. */
} flow_bytes;

/** An instant: microseconds since 1970-01-01T00:00:00Z, within FLOW_TIME_MIN … FLOW_TIME_MAX (R1).
 */
typedef struct flow_time {
    int64_t us; /**< Microseconds since the epoch. */
} flow_time;

/** A span of time in microseconds. */
typedef struct flow_duration {
    int64_t us; /**< Microseconds. */
} flow_duration;

/** The earliest instant: where watermarks start (R1). In Beam's unit −9223372036854775 ms. */
#define FLOW_TIME_MIN_US (-9223372036854775000)
/** The latest instant: where a finished watermark stands (R1). In Beam's unit 9223372036854775 ms.
 */
#define FLOW_TIME_MAX_US 9223372036854775000
/** End of the global window: one day below FLOW_TIME_MAX, so that its timers fire before the end of
 * time (R1). */
#define FLOW_TIME_GLOBAL_END_US 9223371950454775000

/** `n` microseconds. */
static inline flow_duration flow_micros(int64_t n)
{
    flow_duration d = { n };
    return d;
}

/** `n` milliseconds. */
static inline flow_duration flow_millis(int64_t n)
{
    flow_duration d = { n * 1000 };
    return d;
}

/** `n` seconds. */
static inline flow_duration flow_seconds(int64_t n)
{
    flow_duration d = { n * 1000000 };
    return d;
}

/** `n` minutes. */
static inline flow_duration flow_minutes(int64_t n)
{
    return flow_seconds(60 * n);
}

/** `n` hours. */
static inline flow_duration flow_hours(int64_t n)
{
    return flow_minutes(60 * n);
}

/** `n` times 24 hours (a calendar day may be shorter or longer). */
static inline flow_duration flow_days(int64_t n)
{
    return flow_hours(24 * n);
}

/** The text of a terminated C string; the bytes are lent, not copied. NULL gives the empty text. */
static inline flow_str flow_str_of(const char *text)
{
    flow_str s = { text, text ? strlen(text) : 0 };
    return s;
}

/** Whether two texts hold the same bytes. */
static inline bool flow_str_equal(flow_str a, flow_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/**
 * Takes the next word off the front of `rest`: a run of bytes that are neither ASCII white space
 * nor ASCII punctuation (an apostrophe inside a word belongs to it). Returns false when none is
 * left.
 */
FLOW_API bool flow_str_next_word(flow_str *rest, flow_str *word);

/** Writes `at` as RFC 3339 text in UTC with as many fraction digits as needed (0, 3 or 6); `text`
 * has room for 40 bytes. */
FLOW_API size_t flow_time_print(flow_time at, char *text);

/**
 * Reads RFC 3339 text (`2026-11-24T18:25:09.5Z`, an offset or `Z` or neither for UTC, a space
 * for the `T`, a bare date; a leap second is read as the last microsecond before it) or a number of
 * seconds, milliseconds or microseconds since the epoch (told apart by their size: below 10^11
 * seconds, below 10^14 milliseconds), with a fraction or without. What is finer than a microsecond
 * is floored. Returns false, leaving `at` alone, when the text is neither or is out of range.
 */
FLOW_API bool flow_time_parse(flow_str text, flow_time *at);

/** Writes `span` with the largest unit that gives a whole number, such as `90s`, `10m`, `250ms` or
 * `0s`; `text` has room for 40 bytes. */
FLOW_API size_t flow_duration_print(flow_duration span, char *text);

/**
 * Reads a span: numbers with units d, h, m, s, ms or us, the largest first, as `10m`, `1.5h` or
 * `1h30m`; a minus in front; or `0`. Returns false, leaving `span` alone, when the text is none, is
 * no whole number of microseconds, or too long.
 */
FLOW_API bool flow_duration_parse(flow_str text, flow_duration *span);

/** The statuses: X(name, number, retriable, sentence). */
#define FLOW_STATUSES(X)                                                                           \
    X(OK, 0, false, "done")                                                                        \
    X(INVALID, 1, false, "the caller asked for something that cannot be")                          \
    X(TYPE, 2, false, "a record type or key does not fit")                                         \
    X(PARSE, 3, false, "input is not in the expected form")                                        \
    X(NOT_FOUND, 4, false, "a named thing does not exist")                                         \
    X(IO, 5, true, "the system refused to read or write")                                          \
    X(MEMORY, 6, true, "no memory from the allocator")                                             \
    X(BUDGET, 7, false, "the pipeline's memory budget is used up")                                 \
    X(USER, 8, false, "a function of the pipeline failed")                                         \
    X(CANCELLED, 9, false, "the job was cancelled")                                                \
    X(UNSUPPORTED, 10, false, "this build or runner does not offer that")                          \
    X(DAMAGED, 11, false, "stored data failed its checks")                                         \
    X(INTERNAL, 12, false, "libflow broke a promise to itself")                                    \
    X(UNEXPECTED, 13, false, "a test found something else than it expected")

/** What a call came to; FLOW_OK is 0. */
typedef enum flow_status {
#define FLOW_STATUS_ENUM_(name, number, retriable, sentence) FLOW_##name = number,
    FLOW_STATUSES(FLOW_STATUS_ENUM_)
#undef FLOW_STATUS_ENUM_
} flow_status;

/** The name of a status without its prefix, such as "INVALID". Static. */
FLOW_API const char *flow_status_name(flow_status status);

/** Whether the same call may succeed later. */
FLOW_API bool flow_status_retriable(flow_status status);

/** What went wrong, in the caller's own memory; nothing in it needs freeing. All zero means nothing
 * did. */
typedef struct flow_error {
    flow_status status; /**< FLOW_OK when nothing failed. */
    char step[128]; /**< Path of the step that failed, such as "orders/parse"; empty outside steps.
                     */
    char message[640]; /**< One sentence: which thing, what it was, what was wanted. Terminated. */
} flow_error;

/**
 * Fills `error` (NULL is allowed) and returns `status`: every error of the library is born here, so
 * one breakpoint catches all. An `error` that already holds one is left alone, since the first is
 * the most telling.
 */
FLOW_API flow_status flow_error_raise(flow_error *error, flow_status status, const char *step,
    const char *format, ...) FLOW_PRINTF(4, 5);

/** Where memory comes from. Zeroed: the C library's allocator. Must be callable from every thread.
 */
typedef struct flow_allocator {
    /** `size` bytes aligned to `align` (a power of two), or NULL. */
    void *(*alloc)(void *user, size_t size, size_t align);
    /** Gives back what `alloc` gave, with the size it was asked for. */
    void (*free)(void *user, void *memory, size_t size);
    /** Passed to both. */
    void *user;
} flow_allocator;

/** How much a log line matters. */
typedef enum flow_log_level {
    FLOW_LOG_ERROR = 1, /**< The job stops. */
    FLOW_LOG_WARN = 2,  /**< The job goes on, someone should look. */
    FLOW_LOG_INFO = 3,  /**< Start, stop and the like. */
    FLOW_LOG_DEBUG = 4  /**< One line a bundle. */
} flow_log_level;

/** Receives the library's log lines, on any of its threads; the texts are lent for the call. */
typedef void flow_log_fn(void *user, flow_log_level level, const char *step, const char *message);

#ifdef __cplusplus
}
#endif

#endif
