// SPDX-License-Identifier: Apache-2.0
// Functions that look into side inputs.
#include "side.h"

#include "snapshot.h"

#define AT_ONCE 16u // windows that a function is asked for at first

static bool earlier(flow_window a, flow_window b)
{
    return a.start.us < b.start.us || (a.start.us == b.start.us && a.end.us < b.end.us);
}

// A function lists windows in whatever order.
static enum fl_side_found earliest_listed(
    struct fl_cache *cache, const flow_windows *side, flow_time at, flow_window *window)
{
    flow_window some[AT_ONCE], *list = some;
    uint32_t room = AT_ONCE, count;
    while ((count = flow_windows_assign(side, NULL, at, list, room)) > room) {
        if (list != some)
            fl_give(cache, list, room * sizeof *list);
        room = count;
        list = fl_take(cache, room * sizeof *list);
        if (!list)
            return FL_SIDE_NO_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || earlier(list[i], *window))
            *window = list[i];
    if (list != some)
        fl_give(cache, list, room * sizeof *list);
    return count > 0 ? FL_SIDE_FOUND : FL_SIDE_NONE;
}

enum fl_side_found fl_side_window(
    struct fl_cache *cache, const flow_windows *side, flow_window main, flow_window *window)
{
    const flow_time last = flow_window_last_instant(main);
    if (side->kind == FLOW_WINDOW_CUSTOM)
        return earliest_listed(cache, side, last, window);
    if (!flow_windows_last(side, last, window))
        return FL_SIDE_NONE;
    while (flow_windows_before(side, last, window))
        ;
    return FL_SIDE_FOUND;
}

flow_window fl_row_window(const struct fl_op *op, const struct fl_batch *batch, uint32_t row)
{
    if (batch->window_form == FL_WINDOW_UNIFORM)
        return batch->window;
    if (batch->window_form == FL_WINDOW_ROWS)
        return batch->windows[row];
    flow_window window = { { FLOW_TIME_MIN_US }, { FLOW_TIME_GLOBAL_END_US } };
    const flow_time time = { fl_batch_time(batch, row) };
    flow_windows_last(&op->plan->in->windows, time, &window);
    return window;
}

flow_window fl_row_window_near(
    const struct fl_op *op, const struct fl_batch *batch, uint32_t row, flow_window near)
{
    if (batch->window_form == FL_WINDOW_IMPLIED &&
        op->plan->in->windows.kind == FLOW_WINDOW_FIXED) {
        const int64_t time = fl_batch_time(batch, row);
        const bool global = near.start.us == FLOW_TIME_MIN_US; // what a call without a row is in
        if (!global && time >= near.start.us && time < near.end.us)
            return near;
    }
    return fl_row_window(op, batch, row);
}

int64_t fl_row_hold(const struct fl_op *op, const struct fl_batch *batch, uint32_t row)
{
    return fl_hold_of(fl_row_window(op, batch, row), fl_batch_time(batch, row));
}

// --- errors: never the element's fault, so they fail the job

static const void *fail(struct fl_op *op, flow_status status, const char *path, const char *what)
{
    flow_ctx *ctx = &op->call.engine.ctx;
    if (ctx->status != FLOW_OK)
        return NULL; // there was no memory to look
    ctx->status = fl_op_fail(op, status, "side input %s %s", path, what);
    return NULL;
}

// What is asked, and where.
struct asked {
    struct fl_op *op;
    const struct fl_plan_op *view;
    const flow_view_spec *spec;
    struct fl_side_place *place;
};

// Whether a step can ask so: what the view gives is of that type, and it is looked into that way.
static bool may_ask(
    const flow_ctx *ctx, uint32_t side, const flow_type *type, uint32_t forms, struct asked *asked)
{
    struct fl_op *op = fl_call_of(ctx)->op;
    flow_ctx *own = &op->call.engine.ctx;
    if (own->status != FLOW_OK)
        return false;
    if (side >= op->plan->side_count) {
        own->status = fl_op_fail(op, FLOW_INVALID, "asked for side input %u, it was given %u",
            (unsigned)side, (unsigned)op->plan->side_count);
        return false;
    }
    const struct fl_plan_op *view = &op->worker->engine->plan.ops[op->plan->sides[side]];
    *asked = (struct asked){ op, view, view->node->view, &op->places[side] };
    if (!(forms >> asked->spec->form & 1)) {
        fail(op, FLOW_INVALID, view->node->path, "is looked into another way than it was made for");
        return false;
    }
    if (asked->spec->value == type || flow_type_equal(asked->spec->value, type))
        return true;
    own->status = fl_op_fail(op, FLOW_TYPE, "side input %s has '%s', it was asked for '%s'",
        view->node->path, asked->spec->value->name, type->name);
    return false;
}

// What the view shows in the window that belongs to the row in work; NULL: nothing.
static const struct fl_segment *shown(const struct asked *asked)
{
    struct fl_op *op = asked->op;
    struct fl_worker *worker = op->worker;
    struct fl_side_place *place = asked->place;
    const struct fl_view *in = op->call.in;
    const bool again = place->bundle == worker->bundle.number;
    const bool global = asked->view->in->windows.kind == FLOW_WINDOW_GLOBAL;
    if (again && global)
        return place->segment;
    flow_window main = { { FLOW_TIME_MIN_US }, { FLOW_TIME_GLOBAL_END_US } };
    if (in && !global)
        main = fl_row_window_near(op, in->batch, op->call.engine.ctx.row,
            again ? place->main : (flow_window){ { 0 }, { 0 } });
    if (again && place->main.end.us == main.end.us && place->main.start.us == main.start.us)
        return place->segment;
    fl_pins_take(worker);
    flow_window window;
    place->segment = NULL;
    const enum fl_side_found found =
        fl_side_window(&worker->cache, &asked->view->in->windows, main, &window);
    if (found == FL_SIDE_NO_MEMORY) {
        op->call.engine.ctx.status = fl_no_memory(op);
        return NULL;
    }
    if (found == FL_SIDE_FOUND)
        place->segment = fl_view_window(worker->pins.states[asked->view->view], window);
    place->bundle = worker->bundle.number;
    place->main = main;
    return place->segment;
}

// The value that functions see in a row.
static const void *value_in(const struct asked *asked, const char *row)
{
    return row + asked->spec->value_offset;
}

#define FORM(f) (1u << FLOW_VIEW_##f)

const void *fl_side_one(const flow_ctx *ctx, uint32_t side, const flow_type *type)
{
    struct asked asked;
    if (!may_ask(ctx, side, type, FORM(SINGLETON), &asked))
        return NULL;
    const struct fl_segment *segment = shown(&asked);
    const char *path = asked.view->node->path;
    if (segment && segment->rows == 1)
        return value_in(&asked, fl_segment_at(segment, 0));
    if (segment && segment->rows > 1)
        return fail(asked.op, FLOW_INVALID, path,
            "has several values in a window where one is wanted: combine them first");
    if (asked.spec->otherwise)
        return asked.spec->otherwise;
    return fail(asked.op, FLOW_INVALID, path,
        "has no value in a window where one is wanted, and no 'otherwise'");
}

const void *fl_side_at(const flow_ctx *ctx, uint32_t side, const flow_type *type, uint64_t index)
{
    struct asked asked;
    if (!may_ask(ctx, side, type, FORM(LIST), &asked))
        return NULL;
    const struct fl_segment *segment = shown(&asked);
    if (!segment || index >= segment->rows)
        return NULL;
    return value_in(&asked, fl_segment_at(segment, index));
}

// --- by key

static bool key_of(const struct asked *asked, const flow_side_key *key, struct fl_one_key *sought)
{
    const flow_shape *shape = &asked->view->out->shape;
    struct fl_op *op = asked->op;
    if (key->kind != shape->key || key->size != shape->key_size) {
        fail(op, FLOW_TYPE, asked->view->node->path, "has a key of another type than it is asked");
        return false;
    }
    if (fl_key_of(shape, key->at, &op->worker->pins.key, sought))
        return true;
    op->call.engine.ctx.status = fl_no_memory(op);
    return false;
}

// Two rows of one key in a map: what the key is, for who has to find them.
static const void *fail_twice(const struct asked *asked, const struct fl_segment *segment)
{
    const flow_shape *shape = &asked->view->out->shape;
    struct fl_op *op = asked->op;
    flow_buffer text = { .allocator = op->worker->engine->graph->allocator };
    const char *key = fl_segment_row(segment, segment->twice) + shape->key_offset;
    if (shape->key == FLOW_KIND_RECORD)
        flow_json_write_masked(shape->key_record, key, &text);
    else
        flow_json_write_value(shape->key, NULL, key, &text);
    op->call.engine.ctx.status = fl_op_fail(op, FLOW_INVALID,
        "side input %s has several values for the key %.*s in a window: combine them first, or "
        "make it a multimap",
        asked->view->node->path, (int)(text.failed ? 0 : text.len), text.len ? text.data : "");
    flow_buffer_free(&text);
    return NULL;
}

// The value of a key at the event time of the row in work, among the few segments of its worker.
static const void *as_of(const struct asked *asked, const struct fl_one_key *key)
{
    struct fl_op *op = asked->op;
    struct fl_worker *worker = op->worker;
    const int64_t time = flow_event_time(&op->call.engine.ctx).us;
    const int64_t owner = fl_owner(worker->engine, key->hash);
    const struct fl_segment *best = NULL;
    uint32_t best_row = FL_NO_ROW;
    fl_pins_take(worker);
    const struct fl_view_state *state = worker->pins.states[asked->view->view];
    for (uint32_t i = 0; state && i < state->count; i++) {
        const struct fl_segment *segment = state->at[i].segment;
        const struct fl_span *span =
            state->at[i].tag == owner ? fl_segment_find(segment, key) : NULL;
        const uint32_t row = span ? fl_segment_as_of(segment, span, time) : FL_NO_ROW;
        if (row == FL_NO_ROW)
            continue;
        if (!best || fl_segment_compare(best, best_row, segment, row, &worker->pins.tie) < 0) {
            best = segment;
            best_row = row;
        }
    }
    return best ? value_in(asked, fl_segment_row(best, best_row)) : NULL;
}

const void *fl_side_find(
    const flow_ctx *ctx, uint32_t side, const flow_type *type, const flow_side_key *key)
{
    struct asked asked;
    struct fl_one_key sought;
    if (!may_ask(ctx, side, type, FORM(MAP) | FORM(TEMPORAL), &asked) ||
        !key_of(&asked, key, &sought))
        return NULL;
    if (asked.spec->form == FLOW_VIEW_TEMPORAL)
        return as_of(&asked, &sought);
    const struct fl_segment *segment = shown(&asked);
    if (!segment)
        return NULL;
    if (segment->twice != FL_NO_ROW)
        return fail_twice(&asked, segment);
    const struct fl_span *span = fl_segment_find(segment, &sought);
    return span ? value_in(&asked, fl_segment_row(segment, segment->order[span->first])) : NULL;
}

// --- walking: all rows by position, or those of a key by their place in its order

#define BY_KEY (UINT64_C(1) << 63)

flow_side_walk fl_side_rows(
    const flow_ctx *ctx, uint32_t side, const flow_type *type, const flow_side_key *key)
{
    flow_side_walk walk = { .ops = fl_ctx_ops() };
    struct asked asked;
    const uint32_t any = FORM(ITERABLE) | FORM(LIST) | FORM(MAP) | FORM(MULTIMAP);
    if (!may_ask(ctx, side, type, key ? FORM(MULTIMAP) : any, &asked))
        return walk;
    const struct fl_segment *segment = shown(&asked);
    struct fl_one_key sought;
    if (key && !key_of(&asked, key, &sought))
        return walk;
    if (!segment)
        return walk;
    if (asked.spec->form == FLOW_VIEW_MAP && segment->twice != FL_NO_ROW) {
        fail_twice(&asked, segment);
        return walk;
    }
    walk.view = segment;
    walk.skip = asked.spec->value_offset;
    walk.left = segment->rows;
    if (key) {
        const struct fl_span *span = fl_segment_find(segment, &sought);
        walk.left = span ? span->count : 0;
        walk.at = span ? BY_KEY | span->first : 0;
    }
    return walk;
}

const void *fl_side_next(flow_side_walk *walk)
{
    const struct fl_segment *segment = walk->view;
    if (walk->left == 0)
        return NULL;
    walk->left--;
    const uint64_t at = walk->at++;
    const char *row = at & BY_KEY ? fl_segment_row(segment, segment->order[at & ~BY_KEY])
                                  : fl_segment_at(segment, at);
    return row + walk->skip;
}
