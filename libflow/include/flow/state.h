// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * State cells and timers: what a function made with FLOW_CELLS_FN remembers per key and window, and
 * when it is called again. Both are declared once, by a macro, and used by their names. The engine
 * keeps them: they are part of the bundle, so a bundle that fails leaves no trace (R3), and reads
 * see the writes before them (R63). People use the macros of `<flow/typed_state.h>`, which check
 * types.
 *
 * What a call returns is lent until the function returns, and does not change when the cell is
 * written later. A call that cannot be done makes the row in work fail (`ctx->status`).
 */
#ifndef FLOW_STATE_H
#define FLOW_STATE_H

#include <flow/function.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a cell holds. Numbers never change. */
typedef enum flow_cell_kind {
    FLOW_CELL_VALUE = 1,     /**< One record, or none. */
    FLOW_CELL_BAG = 2,       /**< Any number of records, in order of their coming. */
    FLOW_CELL_COMBINING = 3, /**< What a combine has made of all that was added. */
    FLOW_CELL_SET = 4,       /**< Keys, each once. */
    FLOW_CELL_MAP = 5,       /**< A record by key. */
    FLOW_CELL_MULTIMAP = 6,  /**< Any number of records by key, each key's in order of coming. */
    FLOW_CELL_ORDERED = 7    /**< Records by time; equal times in order of coming (R64). */
} flow_cell_kind;

/** Windows merge, and both have a value, or a map's record under one key: which stays. */
typedef enum flow_cell_merging {
    FLOW_MERGE_UNSAID = 0,   /**< What `merge` makes of both. */
    FLOW_MERGE_EARLIEST = 1, /**< The one written at the earlier event time. */
    FLOW_MERGE_LATEST = 2    /**< The one written at the later event time. */
} flow_cell_merging;

/** A cell: static, made by FLOW_VALUE … FLOW_ORDERED or by hand. Zero is the default of members. */
struct flow_cell {
    const char *name;               /**< Its identity in snapshots. */
    flow_cell_kind kind;            /**< What it holds. */
    const flow_type *type;          /**< The record; NULL: SET, COMBINING. */
    flow_key_spec key;              /**< SET, MAP, MULTIMAP: by what. All kinds but lists. */
    const flow_type *key_type;      /**< Keys that are records: their type. */
    const flow_combine_fn *combine; /**< COMBINING. */
    /**
     * How long what is written stays, by event time: an entry that was written at time t goes once
     * the watermark has passed t + ttl, and is told as dropped, "expired-state". 0: as long as the
     * window. Must not be shorter than the allowed lateness.
     */
    flow_duration ttl;
    uint32_t reserved;         /**< 0. */
    flow_cell_merging merging; /**< VALUE, MAP: this, or … */
    flow_merge_fn *merge; /**< … this is needed in windows that merge. All other kinds merge by
                             themselves: see the guide. */
};

/** What clock a timer goes by. */
typedef enum flow_timer_clock {
    FLOW_EVENT_TIME = 1,      /**< Fires once the watermark has passed it (R59). */
    FLOW_PROCESSING_TIME = 2, /**< Fires once the time of day has. */
    FLOW_WINDOW_EXPIRY = 3    /**< Set by the engine: fires last in each window (R27). */
} flow_timer_clock;

/** Windows merge, and both have a timer set: which stays. What it emits has its output time, or the
 * other's if that is earlier and holds the watermark. */
typedef enum flow_timer_merging {
    FLOW_TIMER_EARLIER = 0, /**< The one that fires earlier. */
    FLOW_TIMER_LATER = 1,   /**< The one that fires later. */
    FLOW_TIMER_CLEARED = 2  /**< None, also where only one window has it. */
} flow_timer_merging;

/** A timer, or with tags a family of them (R58): static, made by FLOW_TIMER or by hand. */
struct flow_timer {
    const char *name;           /**< Its identity in snapshots. */
    flow_timer_clock clock;     /**< What it goes by. */
    flow_key_spec key;          /**< The key of the functions that have it. */
    flow_batch_fn *due;         /**< Called with the keys whose timers are due. */
    flow_timer_merging merging; /**< In windows that merge. */
    bool may_expire; /**< When its window ends first, nothing is lost and nothing told. */
};

/** When to set a timer; see FLOW_TIMER_SET and FLOW_TIMER_IN. Zero is the default of members. */
typedef struct flow_timer_when {
    flow_time
        at; /**< The instant, unless `relative`. Outside time or after the expiry: an error. */
    flow_duration after; /**< From the watermark or the time of day on; event time is clamped to the
                            window's expiry (R61). Below 0: an error. */
    bool relative;       /**< `after` counts. */
    flow_duration align; /**< Relative: rounded up to a multiple of this … */
    flow_duration phase; /**< … plus this: the grid's phase, no delay (R61). */
    flow_str tag;        /**< Which timer of the family; empty: the one without a tag. */
    /** Time of what the timer emits, which holds the output watermark until it has fired (R60): at
     * least the time of the row in work, at most the window's expiry. NULL: event time: the instant
     * it is set for; processing time: the time of the row in work. */
    const flow_time *output;
    bool no_hold; /**< The output watermark is not held: what it emits may be late. */
} flow_timer_when;

/** Sets a timer of the key and window in work; replaces the one that was set (R58). */
FLOW_API void flow_timer_start(flow_ctx *ctx, const flow_timer *timer, flow_timer_when when);

/** Takes a timer back; none may be set. */
FLOW_API void flow_timer_stop(flow_ctx *ctx, const flow_timer *timer, flow_str tag);

/** In a timer's function: the instant it was set for. `flow_event_time` is its output time. */
FLOW_API flow_time flow_timer_time(const flow_ctx *ctx);

/** In a timer's function: its tag; lent. */
FLOW_API flow_str flow_timer_tag(const flow_ctx *ctx);

/** The time of day, by the runner's clock, which never goes back. */
FLOW_API flow_time flow_processing_time(const flow_ctx *ctx);

/**
 * What stands under a key: the record (MAP), or the key itself (SET, MULTIMAP); without a key what
 * a VALUE holds, or what a COMBINING makes of what was added. NULL: nothing.
 */
FLOW_API const void *flow_cell_get(flow_ctx *ctx, const flow_cell *cell, const void *key);

/** What is written into a cell. */
typedef struct flow_cell_entry {
    const void *key; /**< SET, MAP, MULTIMAP. */
    const void
        *row;       /**< The record; COMBINING: what is added. Copied with all that it points to. */
    flow_time at;   /**< ORDERED: below FLOW_TIME_MAX (R64). */
    bool if_absent; /**< MAP, SET: only where the key is not there. */
} flow_cell_entry;

/** Writes: replaces (VALUE, MAP), or adds (all others). With `if_absent`: what was there, or NULL.
 */
FLOW_API const void *flow_cell_put(flow_ctx *ctx, const flow_cell *cell, flow_cell_entry entry);

/** Removes a key with all that stands under it: SET, MAP, MULTIMAP. */
FLOW_API void flow_cell_remove(flow_ctx *ctx, const flow_cell *cell, const void *key);

/** Removes what has a time in [range[0], range[1]): ORDERED (R64). NULL: empties a cell of any
 * kind; what is added after it stays. */
FLOW_API void flow_cell_clear(flow_ctx *ctx, const flow_cell *cell, const flow_time range[2]);

/** How many entries there are; 0 or 1 for VALUE and COMBINING. */
FLOW_API uint64_t flow_cell_count(flow_ctx *ctx, const flow_cell *cell);

/** A walk over entries as they were when it began (R63); valid until the function returns. */
typedef struct flow_cursor {
    const void *key;    /**< SET, MAP, MULTIMAP: the key of the entry. */
    const void *row;    /**< Its record; NULL: SET. */
    flow_time at;       /**< ORDERED: its time. */
    flow_ctx *ctx;      /**< The engine's, as is what follows. */
    const void *root_;  /**< Engine. */
    const void *item_;  /**< Engine. */
    const void *cell_;  /**< Engine. */
    const void *bound_; /**< Engine. */
    int64_t from_;      /**< Engine. */
    int64_t to_;        /**< Engine. */
} flow_cursor;

/** What a walk goes over. */
typedef struct flow_cell_part {
    const void *key; /**< MULTIMAP: the records under this key; NULL: all entries. */
    flow_time from;  /**< ORDERED, with `ranged`: from this time … */
    flow_time to;    /**< … up to before this. */
    bool ranged;     /**< `from` and `to` count (R64). */
} flow_cell_part;

/** A walk: in order of coming (BAG), by time (ORDERED), else in an order that is the same in every
 * run. */
FLOW_API flow_cursor flow_cell_walk(flow_ctx *ctx, const flow_cell *cell, flow_cell_part part);

/** Goes to the next entry, the first at first; false at the end. */
FLOW_API bool flow_cursor_next(flow_cursor *cursor);

#ifdef __cplusplus
}
#endif

#endif
