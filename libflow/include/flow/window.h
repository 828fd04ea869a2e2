// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Windows: how event time is cut (R9–R15). Pure functions of an element and its time.
 */
#ifndef FLOW_WINDOW_H
#define FLOW_WINDOW_H

#include <flow/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What cuts the time. */
typedef enum flow_window_kind {
    FLOW_WINDOW_GLOBAL = 0,   /**< One window over all time. */
    FLOW_WINDOW_FIXED = 1,    /**< Adjacent windows of one size. */
    FLOW_WINDOW_SLIDING = 2,  /**< Windows of one size that start every so often. */
    FLOW_WINDOW_SESSION = 3,  /**< Runs of elements with less than a gap between them (R12). */
    FLOW_WINDOW_CALENDAR = 4, /**< Days, weeks, months or years of a time zone (R15). */
    FLOW_WINDOW_CUMULATE = 5, /**< Growing windows of one start: so far today. */
    FLOW_WINDOW_CUSTOM = 6    /**< As a flow_window_fn says. */
} flow_window_kind;

/** What calendar windows count. */
typedef enum flow_calendar_unit {
    FLOW_CALENDAR_DAY = 0,   /**< From local midnight to the next: 23, 24 or 25 hours. */
    FLOW_CALENDAR_WEEK = 1,  /**< Seven days. */
    FLOW_CALENDAR_MONTH = 2, /**< A calendar month. */
    FLOW_CALENDAR_YEAR = 3   /**< A calendar year. */
} flow_calendar_unit;

/** The clock changes of a time zone, read from the system's zone data; see flow_zone_new. */
typedef struct flow_zone flow_zone;

/** A user's way to cut time; see below. */
typedef struct flow_window_fn flow_window_fn;

/** A way to cut time; all zero is the global window. Made by the functions below; members that a
 * kind does not use are zero. */
typedef struct flow_windows {
    flow_window_kind kind;    /**< What cuts. */
    flow_duration size;       /**< Length of a window, of the longest one for CUMULATE; SESSION: the
                                 gap that ends one. */
    flow_duration every;      /**< From one start to the next; equals `size` for fixed windows;
                                 CUMULATE: from one end to the next. */
    flow_duration offset;     /**< Starts are multiples of `every` plus this; 0 ≤ offset < every.
                                 CUMULATE: multiples of `size`, 0 ≤ offset < size. */
    flow_duration max_length; /**< SESSION: the longest a session grows; 0: no limit. */
    flow_field_ref gap;       /**< SESSION: the element's own gap, a duration; instead of `size`. */
    flow_calendar_unit unit;  /**< CALENDAR: what is counted. */
    uint32_t units;           /**< CALENDAR: how many of them a window takes. */
    uint32_t month;           /**< CALENDAR, years: month they begin in, 1 … 12; 0: January. */
    uint32_t day;             /**< CALENDAR: day they begin on; 0: the first. See
                                 flow_calendar_begin. */
    const char *zone;         /**< CALENDAR: IANA name, such as "Europe/Berlin"; NULL: UTC. */
    const flow_zone *rules;   /**< CALENDAR: of `zone`; flow_window_into fills it in. */
    const flow_window_fn *fn; /**< CUSTOM: who cuts. */
    const void *fn_config;    /**< CUSTOM: passed to `fn`, a record of its `config` type. */
} flow_windows;

/** One window, half-open: an element at `end` lies in the next (R9). */
typedef struct flow_window {
    flow_time start; /**< First instant. */
    flow_time end;   /**< First instant after it. */
} flow_window;

/**
 * A user's way to cut time: static, filled by hand. Its functions are pure: called from any thread,
 * any number of times, they give the same for the same.
 */
struct flow_window_fn {
    const char *name;        /**< As prints and errors call it. */
    const flow_type *in;     /**< Elements it looks at; NULL: it asks for the time alone. */
    const flow_type *config; /**< Type of its configuration; NULL: it has none. */
    bool merges;             /**< Windows of one key that overlap become one (R13). */
    /**
     * Writes the windows of an element to `windows`, at most `room`; returns how many there are:
     * more than `room` and it is called again with more. None: the element is dropped, counted as
     * "no-window". Each holds its element and is not empty; what reaches beyond the end of the
     * global window is cut off. `element` is NULL without `in`.
     */
    uint32_t (*assign)(
        const void *element, flow_time at, const void *config, flow_window *windows, uint32_t room);
    /**
     * Merging its own way: `windows` are those of one key, sorted by start, then end; writes to
     * into[i] what windows[i] becomes part of, itself at least. A result holds the windows that are
     * in it; merging results again changes nothing. NULL with `merges`: those that overlap (R13).
     */
    void (*merge)(
        const flow_window *windows, uint32_t count, const void *config, flow_window *into);
};

/** One window over all time. */
static inline flow_windows flow_global(void)
{
    flow_windows w;
    memset(&w, 0, sizeof w);
    return w;
}

/** Adjacent windows of `size`. */
static inline flow_windows flow_fixed(flow_duration size)
{
    flow_windows w = flow_global();
    w.kind = FLOW_WINDOW_FIXED;
    w.size = size;
    w.every = size;
    return w;
}

/** Windows of `size` that start every `every`; overlapping when `every` is smaller, with gaps when
 * larger (R11). */
static inline flow_windows flow_sliding(flow_duration size, flow_duration every)
{
    flow_windows w = flow_fixed(size);
    w.kind = FLOW_WINDOW_SLIDING;
    w.every = every;
    return w;
}

/** Windows of one start, `size` apart, that end every `step`, up to `size`: with a day and an hour,
 * what a day has come to at each full hour. `size` is a multiple of `step`. */
static inline flow_windows flow_cumulate(flow_duration size, flow_duration step)
{
    flow_windows w = flow_fixed(size);
    w.kind = FLOW_WINDOW_CUMULATE;
    w.every = step;
    return w;
}

/** Sessions: elements of a key with less than `gap` from one to the next; exactly `gap` apart are
 * two (R12). A session ends `gap` after its last element. */
static inline flow_windows flow_sessions(flow_duration gap)
{
    flow_windows w = flow_global();
    w.kind = FLOW_WINDOW_SESSION;
    w.size = gap;
    return w;
}

/** Sessions in which each element says its own gap, a field of kind duration. One whose gap is not
 * above 0 lies in no window. */
static inline flow_windows flow_sessions_by(flow_field_ref gap)
{
    flow_windows w = flow_sessions(flow_micros(0));
    w.gap = gap;
    return w;
}

/**
 * The same sessions, but none is joined that would make one longer than `length`: an endless one
 * is cut, its next element begins another. Where that is depends on the order in which elements
 * come.
 */
static inline flow_windows flow_sessions_max(flow_windows sessions, flow_duration length)
{
    sessions.max_length = length;
    return sessions;
}

/** Calendar windows of `n` units in a zone; see flow_windows.zone. */
static inline flow_windows flow_calendar(flow_calendar_unit unit, uint32_t n, const char *zone)
{
    flow_windows w = flow_global();
    w.kind = FLOW_WINDOW_CALENDAR;
    w.unit = unit;
    w.units = n;
    w.zone = zone;
    return w;
}

/** Local days, `n` a window: from midnight to midnight (R15). */
static inline flow_windows flow_calendar_days(uint32_t n, const char *zone)
{
    return flow_calendar(FLOW_CALENDAR_DAY, n, zone);
}

/** Local weeks from Monday on, `n` a window. */
static inline flow_windows flow_calendar_weeks(uint32_t n, const char *zone)
{
    return flow_calendar(FLOW_CALENDAR_WEEK, n, zone);
}

/** Local months, `n` a window. */
static inline flow_windows flow_calendar_months(uint32_t n, const char *zone)
{
    return flow_calendar(FLOW_CALENDAR_MONTH, n, zone);
}

/** Local years, `n` a window. */
static inline flow_windows flow_calendar_years(uint32_t n, const char *zone)
{
    return flow_calendar(FLOW_CALENDAR_YEAR, n, zone);
}

/**
 * The same calendar windows that begin elsewhere: years on a `month` and `day`, months on a `day`
 * (1 … 28), weeks on a weekday (1 Monday … 7 Sunday), windows of n days on day 1 … n of 1970.
 * Windows of several units are counted from the first that begins in 1970, of weeks in its first
 * week.
 */
static inline flow_windows flow_calendar_begin(flow_windows windows, uint32_t month, uint32_t day)
{
    windows.month = month;
    windows.day = day;
    return windows;
}

/** Windows as a function cuts them; `config` is a record of its `config` type, or NULL. */
static inline flow_windows flow_custom(const flow_window_fn *fn, const void *config)
{
    flow_windows w = flow_global();
    w.kind = FLOW_WINDOW_CUSTOM;
    w.fn = fn;
    w.fn_config = config;
    return w;
}

/** The same windows shifted by `offset`. */
static inline flow_windows flow_windows_offset(flow_windows windows, flow_duration offset)
{
    windows.offset = offset;
    return windows;
}

/** Whether windows of one key merge while they overlap (R13): sessions, and custom ones that say
 * so. */
static inline bool flow_windows_merging(const flow_windows *windows)
{
    return windows->kind == FLOW_WINDOW_SESSION ||
           (windows->kind == FLOW_WINDOW_CUSTOM && windows->fn->merges);
}

/** Whether an element's time alone does not tell its windows. */
static inline bool flow_windows_by_element(const flow_windows *windows)
{
    return windows->gap.type != NULL || (windows->kind == FLOW_WINDOW_CUSTOM && windows->fn->in);
}

/**
 * Reads the clock changes of a zone from the system's zone data: TZif files in `folder`, NULL for
 * /usr/share/zoneinfo. Reads a file, may block. `allocator` may be NULL. NULL with FLOW_NOT_FOUND,
 * FLOW_DAMAGED, FLOW_IO, FLOW_MEMORY or the like in `error`. flow_window_into does it for its
 * windows; this is for who asks windows outside a pipeline.
 */
FLOW_API flow_zone *flow_zone_new(
    const char *name, const char *folder, const flow_allocator *allocator, flow_error *error);

/** Gives a zone back; NULL is allowed. */
FLOW_API void flow_zone_free(flow_zone *zone);

/** Local time minus UTC at an instant. NULL is UTC. */
FLOW_API flow_duration flow_zone_offset(const flow_zone *zone, flow_time at);

/** FLOW_INVALID with a sentence unless the windows can be: sizes above 0, 0 ≤ offset < every (R11),
 * no instant in more than UINT32_MAX windows, and the like by kind. Does not read the zone. */
FLOW_API flow_status flow_windows_check(const flow_windows *windows, flow_error *error);

/**
 * The windows that an element is put into, before any merging: written to `list`, at most `room`,
 * the last by start (CUMULATE: by end) first. Returns how many there are, which may be more. A
 * session is the element's own: [at, at + gap) (R12). `element` may be NULL unless
 * flow_windows_by_element.
 */
FLOW_API uint32_t flow_windows_assign(const flow_windows *windows, const void *element,
    flow_time at, flow_window *list, uint32_t room);

/**
 * What windows of one key become (R13): `sorted` by start, then end; into[i] is what sorted[i] is
 * part of, itself where it stays alone. Returns how many different ones there are. Windows that do
 * not merge stay as they are.
 */
FLOW_API uint32_t flow_windows_merge(
    const flow_windows *windows, const flow_window *sorted, uint32_t count, flow_window *into);

/**
 * The last window (by start; CUMULATE: by end) that holds `at`. False when none does: a gap of
 * sliding windows with every > size, a zone that was not read, windows that ask for the element. No
 * window ends later than the global one: its end is cut off there, so that it fires before time
 * ends, and what is later than that lies in the last windows (R1, R23). A start is cut off at
 * FLOW_TIME_MIN. Of custom windows the first that the function lists; flow_windows_assign has all.
 */
FLOW_API bool flow_windows_last(const flow_windows *windows, flow_time at, flow_window *window);

/**
 * From a window that holds `at` to the one before, by start, that holds it too; false when there is
 * none, and for custom windows: `for (bool in = flow_windows_last(w, at, &x); in; in =
 * flow_windows_before(w, at, &x))`.
 */
FLOW_API bool flow_windows_before(const flow_windows *windows, flow_time at, flow_window *window);

/** How many windows hold an instant: at most size/every rounded up; exact for the given instant. */
FLOW_API uint32_t flow_windows_count(const flow_windows *windows, flow_time at);

/** The last instant inside a window: one microsecond before its end (R9). */
static inline flow_time flow_window_last_instant(flow_window window)
{
    flow_time t = { window.end.us - 1 };
    return t;
}

/** When a window is collected: its last instant plus the allowed lateness, at most the end of the
 * global window (R23). */
FLOW_API flow_time flow_window_expiry(flow_window window, flow_duration lateness);

/** a − b · floor(a / b) for b > 0: never negative, right before 1970 too (R10). */
static inline int64_t flow_floor_mod(int64_t a, int64_t b)
{
    int64_t r = a % b;
    return r < 0 ? r + b : r;
}

/** floor(a / b) for b > 0 (R10). */
static inline int64_t flow_floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

#ifdef __cplusplus
}
#endif

#endif
