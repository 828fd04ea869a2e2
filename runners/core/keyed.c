// SPDX-License-Identifier: Apache-2.0
// What steps with state share: formats of rows, placing rows in slices, taking them in.
#include "side.h"
#include "spill.h"
#include "split.h"

static uint32_t round_up(uint32_t size, uint32_t align)
{
    return (size + align - 1) / align * align;
}

struct fl_format fl_format_of(const struct fl_plan_op *plan, enum fl_content content)
{
    const flow_shape *in = &plan->shape;
    const flow_combine_fn *combine = plan->node->combine;
    struct fl_format format = { .content = content, .form = fl_key_form(in->key) };
    const uint32_t canonical = format.form == FL_KEY_BYTES ? sizeof(flow_str) : sizeof(uint64_t);
    const bool record = in->key == FLOW_KIND_RECORD && content == FL_CONTENT_ROWS;
    format.key_at = record ? canonical : 0;
    format.value_at = round_up(record ? canonical + in->key_size : canonical, 8);
    switch (content) {
    case FL_CONTENT_ROWS:
        format.value_size = in->type->size;
        break;
    case FL_CONTENT_VALUES:
        format.value_size =
            combine->primitive == FLOW_PRIMITIVE_COUNT ? 0 : (uint32_t)sizeof(int64_t);
        break;
    case FL_CONTENT_PARTIAL:
        format.value_size = combine->acc->size;
        break;
    case FL_CONTENT_KEYS: // never sent
        break;
    }
    // combines of what the engine knows look words up by the words themselves
    format.hashed = format.form == FL_KEY_BYTES || content == FL_CONTENT_ROWS;
    format.stride = round_up(format.value_at + format.value_size, 8);
    format.shape = *in;
    format.shape.key_offset = format.key_at;
    format.shape.value_offset = format.value_at;
    format.shape.stride = format.stride;
    return format;
}

void fl_format_keys(const struct fl_view *view, enum fl_key_form form, struct fl_keys *keys)
{
    const struct fl_batch *batch = view->batch;
    keys->form = form;
    if (form == FL_KEY_WORD && batch->stride == sizeof(uint64_t) && !view->selection) {
        memcpy(keys->words, batch->rows, view->count * sizeof(uint64_t));
    } else {
        for (uint32_t i = 0; i < view->count; i++) {
            const char *at = batch->rows + (size_t)fl_view_row(view, i) * batch->stride;
            if (form == FL_KEY_WORD)
                memcpy(&keys->words[i], at, sizeof keys->words[i]);
            else
                memcpy(&keys->bytes[i], at, sizeof keys->bytes[i]);
        }
    }
    for (uint32_t i = 0; batch->hashes && i < view->count; i++)
        keys->hashes[i] = batch->hashes[fl_view_row(view, i)];
}

static bool place_implied(struct fl_cache *cache, const struct fl_sets *sets,
    const struct fl_view *view, struct fl_placed *placed)
{
    const struct fl_cut *cut = sets->cut;
    struct fl_slice *slice = NULL;
    int64_t end = 0, start = 1; // of `slice`; nothing lies between
    for (uint32_t i = 0; i < view->count; i++) {
        const int64_t time = fl_batch_time(view->batch, fl_view_row(view, i));
        if (time < start || time >= end) {
            end = fl_cut_end(cut, time);
            start = fl_cut_start(cut, end);
            slice = fl_slices_get(cache, sets->slices, end);
            if (!slice)
                return false;
            end = fl_cut_until(end);
        }
        placed->by[i] = slice;
    }
    return true;
}

bool fl_place(struct fl_cache *cache, const struct fl_sets *sets, const struct fl_view *view,
    struct fl_placed *placed)
{
    const struct fl_batch *batch = view->batch;
    placed->one = NULL;
    switch (batch->window_form) {
    case FL_WINDOW_UNIFORM:
        placed->one = fl_slices_get(cache, sets->panes, fl_cut_name(sets->cut, &batch->window));
        return placed->one != NULL;
    case FL_WINDOW_ROWS:
        for (uint32_t i = 0; i < view->count; i++) {
            const flow_window *window = &batch->windows[fl_view_row(view, i)];
            placed->by[i] = fl_slices_get(cache, sets->panes, fl_cut_name(sets->cut, window));
            if (!placed->by[i])
                return false;
        }
        return true;
    case FL_WINDOW_IMPLIED:
        break;
    }
    const struct fl_reach span = fl_view_reach(view);
    const int64_t end = fl_cut_end(sets->cut, span.earliest);
    if (span.latest < end || end == fl_cut_end(sets->cut, span.latest)) {
        placed->one = fl_slices_get(cache, sets->slices, end);
        return placed->one != NULL;
    }
    return place_implied(cache, sets, view, placed);
}

// Elements that came with their window are named by its end; for sliding windows they are kept
// apart from slices.
struct fl_sets fl_keyed_sets(struct fl_keyed *keyed)
{
    const bool sliding = keyed->cut.windows.kind == FLOW_WINDOW_SLIDING;
    const struct fl_sets sets = { &keyed->cut, &keyed->slices,
        sliding ? &keyed->panes : &keyed->slices };
    return sets;
}

// Bytes that end with the bundle: of the rows in work, or of flow_alloc.
struct passing {
    const struct fl_mem *rows, *scratch;
    const struct fl_mem *table; // functions with side inputs: all else ends too
};

static bool lasts(void *user, const void *data, size_t len)
{
    const struct passing *passing = user;
    flow_bytes range;
    (void)len;
    if (passing->table)
        return fl_mem_has(passing->table, data, &range);
    return !fl_mem_has(passing->rows, data, &range) && !fl_mem_has(passing->scratch, data, &range);
}

bool fl_settle(struct fl_op *op, const flow_type *type, void *value, struct fl_table *table,
    const struct fl_batch *rows)
{
    struct fl_cache *cache = &op->worker->cache;
    if (!table->mem && !(table->mem = fl_mem_new(cache)))
        return false;
    void *pair[2] = { cache, table->mem };
    const flow_memory memory = { fl_take_from, pair };
    const bool sides = op->plan->side_count > 0;
    struct passing passing = { rows->mem, op->call.scratch, sides ? table->mem : NULL };
    return flow_row_adopt(type, value, &memory, lasts, &passing) == FLOW_OK;
}

bool fl_settle_in(struct fl_op *op, const flow_type *type, void *value, const flow_memory *memory,
    const struct fl_batch *rows)
{
    struct passing passing = { rows->mem, op->call.scratch, NULL };
    return flow_row_adopt(type, value, memory, lasts, &passing) == FLOW_OK;
}

flow_status fl_keyed_push(struct fl_op *op, const struct fl_view *view, const flow_shape *shape)
{
    struct fl_worker *worker = op->worker;
    struct fl_view open = *view;
    op->keyed->touched = true;
    worker->gathered = NULL;
    uint16_t *kept =
        fl_mem_alloc(&worker->cache, worker->bundle.mem, FLOW_BATCH_ROWS * sizeof *kept);
    if (!kept)
        return fl_no_memory(op);
    // the general path asks each window by itself; who keeps nothing takes all
    flow_status status = op->keyed->lives || op->plan->kind == FL_OP_APART
                             ? FLOW_OK
                             : fl_late_split(op, &open, shape, kept);
    if (status == FLOW_OK && op->plan->side_count > 0)
        status = fl_gate_expire(op, &open, shape, kept);
    if (status != FLOW_OK || open.count == 0)
        return status;
    if (open.batch->keyed)
        fl_format_keys(&open, op->keyed->form, worker->keys);
    else if (!fl_keys_gather(worker->keys, &open, shape, &worker->scratch))
        return fl_no_memory(op);
    return op->keyed->ops->take(op, &open, shape, worker->keys);
}

// What a kind of step has beside slices.
static bool init_kind(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    switch (op->plan->kind) {
    case FL_OP_STATEFUL:
        return fl_stateful_init(op);
    case FL_OP_GATE:
        return fl_gate_init(op);
    case FL_OP_SPLIT:
        return fl_split_init(op);
    case FL_OP_VIEW:
    case FL_OP_TABLE:
        return fl_view_init(op);
    default:
        break;
    }
    if (op->plan->kind != FL_OP_COMBINE || keyed->cut.windows.kind != FLOW_WINDOW_SLIDING)
        return true;
    keyed->slide = fl_slide_new(op);
    return keyed->slide != NULL;
}

// Nothing has come yet, and no watermark.
static void init_time(struct fl_keyed *keyed, const struct fl_plan_op *plan)
{
    if (plan->kind != FL_OP_LIVES && plan->kind != FL_OP_APART)
        keyed->cut = fl_cut_of(&plan->in->windows);
    keyed->lateness = plan->in->lateness;
    keyed->form = fl_key_form(plan->shape.key);
    keyed->watermark = FLOW_TIME_MIN_US;
    keyed->fired = keyed->fired_next = keyed->closed = INT64_MIN;
    keyed->fire_end = keyed->fire_end_next = keyed->joined = INT64_MIN;
    atomic_init(&keyed->out, FLOW_TIME_MIN_US);
}

bool fl_keyed_init(struct fl_op *op)
{
    struct fl_engine *engine = op->worker->engine;
    struct fl_keyed *keyed = fl_mem_alloc(&engine->cache, engine->mem, sizeof *keyed);
    if (!keyed)
        return false;
    memset(keyed, 0, sizeof *keyed);
    op->keyed = keyed;
    const struct fl_plan_op *plan = op->plan;
    init_time(keyed, plan);
    uint32_t size = 0;
    bool rows = false;
    switch (plan->kind) {
    case FL_OP_COMBINE:
        keyed->ops = &fl_combine_ops;
        keyed->acc_size = size = plan->node->combine->acc->size;
        keyed->acc_pointers = flow_type_has_pointers(plan->node->combine->acc);
        break;
    case FL_OP_APART:
        keyed->ops = &fl_apart_ops;
        return true;
    case FL_OP_GATE:
        keyed->ops = &fl_gate_ops;
        break;
    case FL_OP_SPLIT:
        keyed->ops = &fl_split_ops;
        break;
    case FL_OP_VIEW:
        keyed->ops = &fl_view_ops;
        break;
    case FL_OP_TABLE:
        keyed->ops = &fl_table_ops;
        break;
    case FL_OP_LIVES:
        keyed->ops = &fl_lives_ops;
        if (plan->node->combine) {
            keyed->acc_size = plan->node->combine->acc->size;
            keyed->acc_pointers = flow_type_has_pointers(plan->node->combine->acc);
        }
        return fl_lives_init(op);
    case FL_OP_GROUP:
        keyed->ops = &fl_group_ops;
        size = fl_group_cell_size();
        rows = true;
        break;
    default:
        keyed->ops = plan->node->fn->form == FLOW_FORM_CELLS ? &fl_full_ops : &fl_stateful_ops;
        size = fl_stateful_cell_size(plan->node->fn);
        rows = true;
        break;
    }
    fl_slices_init(&keyed->slices, keyed->form, size, rows);
    fl_slices_init(&keyed->panes, keyed->form, size, rows);
    fl_slices_init(&keyed->late, keyed->form, size, rows);
    fl_slices_init(&keyed->numbers, keyed->form, sizeof(uint64_t), false);
    return init_kind(op);
}

int64_t fl_keyed_never(struct fl_op *op)
{
    (void)op;
    return FL_NEVER;
}

flow_status fl_keyed_fire_nothing(struct fl_op *op)
{
    (void)op;
    return FLOW_OK;
}

void fl_keyed_fini(struct fl_op *op)
{
    struct fl_keyed *keyed = op->keyed;
    if (!keyed)
        return;
    struct fl_cache *cache = &op->worker->cache;
    if (op->plan->kind == FL_OP_STATEFUL)
        fl_stateful_fini(op);
    if (keyed->gate)
        fl_gate_fini(op);
    if (keyed->view)
        fl_view_fini(op);
    fl_lives_fini(op);
    fl_spill_close(op);
    if (keyed->split)
        fl_split_fini(op);
    if (keyed->slide)
        fl_slide_free(op);
    fl_table_fini(cache, &keyed->joints);
    fl_slices_fini(cache, &keyed->slices);
    fl_slices_fini(cache, &keyed->panes);
    fl_slices_fini(cache, &keyed->late);
    fl_slices_fini(cache, &keyed->numbers);
}
