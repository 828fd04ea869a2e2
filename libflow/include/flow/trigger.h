// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Triggers: when a window's result is given (R33–R44), and what it is then. A trigger is a value,
 * made by the functions below and handed to flow_window_into; there is nothing to free. All zero is
 * "none said", which means the default: once when the watermark passes the window's end, then
 * whenever late elements have come (R42).
 */
#ifndef FLOW_TRIGGER_H
#define FLOW_TRIGGER_H

#include <flow/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How many parts a trigger has at most. */
#define FLOW_TRIGGER_NODES 32

/** What a part of a trigger does. Numbers never change. */
typedef enum flow_trigger_kind {
    FLOW_TRIGGER_END_OF_WINDOW = 1, /**< The watermark passes the window's end (R33). */
    FLOW_TRIGGER_EARLY_LATE = 2,    /**< Before, at and after the end (R34). */
    FLOW_TRIGGER_COUNT = 3,         /**< So many elements (R37). */
    FLOW_TRIGGER_CLOCK = 4,         /**< Some time after the pane's first element (R36); its steps
                                       follow as parts. */
    FLOW_TRIGGER_DELAY = 5,         /**< A step: so much later. */
    FLOW_TRIGGER_ALIGN = 6,         /**< A step: at the next multiple. */
    FLOW_TRIGGER_SYNCHRONIZED = 7,  /**< As CLOCK, once what is upstream has caught up (R44). */
    FLOW_TRIGGER_ALL = 8,           /**< All parts (R38). */
    FLOW_TRIGGER_ANY = 9,           /**< The first of the parts (R38). */
    FLOW_TRIGGER_EACH = 10,         /**< One part after the other (R39). */
    FLOW_TRIGGER_OR_FINALLY = 11,   /**< A part until another (R40). */
    FLOW_TRIGGER_REPEATEDLY = 12,   /**< A part again and again (R41). */
    FLOW_TRIGGER_NEVER = 13         /**< Not before the window is collected (R43). */
} flow_trigger_kind;

/** A part of a trigger; the parts under it follow it. */
typedef struct flow_trigger_node {
    uint8_t kind;   /**< A flow_trigger_kind. */
    uint8_t span;   /**< Parts, this one and all under it. */
    uint8_t parts;  /**< EARLY_LATE: 1 has an early part, 2 a late one, 3 both. */
    int64_t value;  /**< COUNT: elements; DELAY: microseconds; ALIGN: the period. */
    int64_t offset; /**< ALIGN: of the multiples. */
} flow_trigger_node;

/** When a window's result is given. Made by the functions below. */
typedef struct flow_trigger {
    uint8_t count; /**< Parts; 0: none said, the default. 255: it could not be made, and is refused
                      where it is used. */
    flow_trigger_node nodes[FLOW_TRIGGER_NODES]; /**< A part before those under it. */
} flow_trigger;

/** No trigger: where one is wanted the default, in flow_trigger_early_late no such part. */
static inline flow_trigger flow_trigger_none(void)
{
    flow_trigger none;
    memset(&none, 0, sizeof none);
    return none;
}

/** Once, when the watermark passes the end of the window (R33). */
FLOW_API flow_trigger flow_trigger_end_of_window(void);

/**
 * Again and again by `early` before the end of the window, once at the end, then again and again by
 * `late`, as long as lateness allows (R34). Either may be flow_trigger_none(): no such results.
 */
FLOW_API flow_trigger flow_trigger_early_late(flow_trigger early, flow_trigger late);

/** Once, with `elements` or more of them (R37). */
FLOW_API flow_trigger flow_trigger_count(int64_t elements);

/** Once, this long after the first element of the pane came, by the clock (R36). */
FLOW_API flow_trigger flow_trigger_delay(flow_duration delay);

/** Once, at the first multiple of `period` plus `offset` from the first element of the pane on, by
 * the clock: with 0 and an hour, at the full hour (R36). */
FLOW_API flow_trigger flow_trigger_align(flow_duration period, flow_duration offset);

/** A clock trigger with the steps of both, `next` from where `first` arrives (R36):
 * `flow_trigger_then(flow_trigger_delay(a), flow_trigger_align(b, c))`. */
FLOW_API flow_trigger flow_trigger_then(flow_trigger first, flow_trigger next);

/** Once, when all of `count` parts are ready (R38). In C: flow_trigger_all(a, b). */
FLOW_API flow_trigger flow_trigger_all_of(const flow_trigger *parts, size_t count);

/** Once, when the first of `count` parts is ready (R38). In C: flow_trigger_any(a, b). */
FLOW_API flow_trigger flow_trigger_any_of(const flow_trigger *parts, size_t count);

/** Each of `count` parts after the one before it (R39). In C: flow_trigger_each(a, b). */
FLOW_API flow_trigger flow_trigger_each_of(const flow_trigger *parts, size_t count);

/** As `main`, until `until` is ready: then once more, and no more (R40). */
FLOW_API flow_trigger flow_trigger_or_finally(flow_trigger main, flow_trigger until);

/** `part` again and again (R41). */
FLOW_API flow_trigger flow_trigger_repeatedly(flow_trigger part);

/** Nothing before the window is collected, then all (R43). */
FLOW_API flow_trigger flow_trigger_never(void);

/** For every element. */
static inline flow_trigger flow_trigger_always(void)
{
    return flow_trigger_repeatedly(flow_trigger_count(1));
}

/** The default, said: where flow_trigger_none() would leave the trigger as it was (R42). */
static inline flow_trigger flow_trigger_default(void)
{
    return flow_trigger_repeatedly(flow_trigger_end_of_window());
}

/** What a window's second result says of its first. */
typedef enum flow_accumulation {
    FLOW_ACCUMULATION_UNSET = 0, /**< As the input has it: fine where one result is all there is. */
    FLOW_DISCARDING = 1,         /**< Each is of what came since the last. */
    FLOW_ACCUMULATING = 2,       /**< Each is of all that came. */
    FLOW_RETRACTING = 3          /**< As ACCUMULATING, and before it the last is taken back. */
} flow_accumulation;

/** Whether a result is given although nothing has come since the last (R50). */
typedef enum flow_empty_panes {
    FLOW_EMPTY_UNSET = 0,  /**< As the input has it; at first: on time ALWAYS, closing NEVER. */
    FLOW_EMPTY_ALWAYS = 1, /**< Given, though empty. */
    FLOW_EMPTY_NEVER = 2   /**< Given only when something has come. */
} flow_empty_panes;

/** The event time of a result (R55); never past the window's end. */
typedef enum flow_output_time {
    FLOW_OUTPUT_TIME_UNSET = 0,    /**< As the input has it; at first END_OF_WINDOW. */
    FLOW_OUTPUT_END_OF_WINDOW = 1, /**< The window's last instant. */
    FLOW_OUTPUT_EARLIEST = 2,      /**< The earliest element's; steps behind wait for it. */
    FLOW_OUTPUT_LATEST = 3         /**< The latest element's. */
} flow_output_time;

#ifndef __cplusplus

#define FLOW_TRIGGERS_(...)                                                                        \
    (const flow_trigger[]){ __VA_ARGS__ },                                                         \
        sizeof((const flow_trigger[]){ __VA_ARGS__ }) / sizeof(flow_trigger)

/** Once, when all of its parts are ready: `flow_trigger_all(a, b)` (R38). */
#define flow_trigger_all(...) flow_trigger_all_of(FLOW_TRIGGERS_(__VA_ARGS__))

/** Once, when the first of its parts is ready: `flow_trigger_any(a, b)` (R38). */
#define flow_trigger_any(...) flow_trigger_any_of(FLOW_TRIGGERS_(__VA_ARGS__))

/** Each of its parts after the one before it: `flow_trigger_each(a, b)` (R39). */
#define flow_trigger_each(...) flow_trigger_each_of(FLOW_TRIGGERS_(__VA_ARGS__))

#endif

#ifdef __cplusplus
}
#endif

#endif
