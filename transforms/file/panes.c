// SPDX-License-Identifier: Apache-2.0
// Files by pattern, one or more for each firing of a window (R82). A grouping gathers the rows of a
// file, so what is not written yet is state: it is in snapshots, and a bundle that is tried again
// makes the same file. Names hold window and pane, so a firing that is written twice replaces
// itself and nothing else.
#include <stdio.h>

#include "core/parts.h"
#include "destined.h"
#include "heap.h"

// --- building

// In pipeline memory.
struct gather {
    flow_fn fn; // first: flow_ctx.fn leads here
    const flow_type *outs[1];
};

static flow_status gather_key(flow_ctx *ctx, const flow_row *key, void *user)
{
    const flow_type *type = ctx->fn->in;
    flow_rows *rows = flow_ctx_rows(ctx);
    flow_status status = FLOW_OK;
    (void)key;
    (void)user;
    for (const void *row; status == FLOW_OK && (row = flow_rows_next(rows)) != NULL;)
        status = flow_emit(ctx, 0, type, row, type->size);
    return status;
}

static flow_status gather_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, gather_key, NULL);
}

void fl_panes_write(flow_coll in, struct fl_write_config *config)
{
    const flow_file_write_options *options = &config->options;
    const char *name = options->name ? options->name : fl_panes_sink.name;
    struct fl_shown *shown = fl_shown_make(in, options, config->pattern, name);
    struct gather *gather = shown ? flow_pipeline_alloc(in.pipeline, sizeof *gather) : NULL;
    if (gather == NULL)
        return;
    config->shown = shown;
    gather->outs[0] = shown->outs[0];
    gather->fn = (flow_fn){ .name = "gather",
        .form = FLOW_FORM_GROUP,
        .in = shown->outs[0],
        .outs = gather->outs,
        .out_count = 1,
        .process = gather_rows };
    flow_scope_begin(in.pipeline, name);
    const flow_window_options once = { .keep_windows = true, .accumulation = FLOW_DISCARDING };
    flow_coll rows = flow_do(in, &shown->fn);
    if (rows.id != 0)
        rows = flow_key_by(rows, fl_field_named(shown->outs[0], "goal"));
    if (!flow_coll_fires_once(in))
        rows = flow_window_into(rows, &once); // a row is in one file, whatever was accumulated
    flow_write(flow_group(rows, &gather->fn), &fl_panes_sink,
        &(flow_write_options){ .name = "files", .config = config });
    flow_scope_end(in.pipeline);
}

// --- the sink

struct pane_lane {
    struct fl_set set;      // the bundle's files
    flow_buffer text;       // rows on their way there
    struct fl_named *named; // of the row before …
    flow_str goal;          // … in the bundle's memory, while it is staged
    struct fl_firing firing;
};

struct panes {
    struct fl_destined d;
    struct pane_lane *lanes;
    uint32_t lane_count;
    atomic_bool failed;
    flow_error error; // guarded by the lock
};

static void panes_close(void *self)
{
    struct panes *panes = self;
    for (uint32_t i = 0; panes->lanes && i < panes->lane_count; i++) {
        fl_set_drop(&panes->lanes[i].set);
        flow_buffer_free(&panes->lanes[i].text);
    }
    fl_file_free(panes->lanes);
    panes->lanes = NULL;
    fl_destined_close(&panes->d);
}

static flow_status panes_open(void *self, const flow_open *open)
{
    struct panes *panes = self;
    const uint32_t most = ((const struct fl_write_config *)open->config)->options.open_max;
    flow_status status = fl_destined_open(&panes->d, open);
    if (status == FLOW_OK) {
        panes->lane_count = open->workers;
        panes->lanes = fl_file_alloc(&panes->d.allocator, open->workers * sizeof *panes->lanes);
        if (panes->lanes == NULL)
            status = flow_error_raise(open->error, FLOW_MEMORY, panes->d.step,
                "no memory for the files of %u workers", open->workers);
    }
    for (uint32_t i = 0; status == FLOW_OK && i < panes->lane_count; i++) {
        panes->lanes[i].set = fl_destined_set(&panes->d, most / open->workers);
        panes->lanes[i].text.allocator = &panes->d.allocator;
    }
    if (status != FLOW_OK)
        panes_close(panes);
    return status;
}

static bool same_firing(const struct fl_firing *a, const struct fl_firing *b)
{
    return a->window.start.us == b->window.start.us && a->window.end.us == b->window.end.us &&
           a->pane == b->pane && a->shard == b->shard;
}

// The file of a row: that of the row before, or looked up.
static flow_status find_file(struct panes *panes, struct pane_lane *lane,
    const flow_elements *elements, uint32_t i, flow_error *error)
{
    const struct fl_write_config *config = panes->d.config;
    const flow_batch *batch = &elements->batch;
    const char *at = batch->rows + (size_t)FLOW_BATCH_INDEX(batch, i) * batch->stride +
                     batch->value_offset + config->shown->goal_at;
    struct fl_goal goal;
    memcpy(&goal, at, sizeof goal);
    const struct fl_firing firing = { .window = elements->windows[i],
        .pane = elements->panes[i].index,
        .shard = goal.shard,
        .shards = config->options.shards };
    if (lane->named && same_firing(&firing, &lane->firing) && flow_str_equal(goal.name, lane->goal))
        return FLOW_OK;
    struct fl_name name;
    fl_name_finish(goal.name, &firing, &name);
    if (name.full)
        return flow_error_raise(error, FLOW_INVALID, panes->d.step,
            "the name of a file is longer than %u bytes: %.100s…", FL_NAME_SIZE - 1, name.text);
    lane->named = fl_set_name(&lane->set, (flow_str){ name.text, name.len }, error);
    lane->firing = firing;
    lane->goal = goal.name;
    return lane->named ? FLOW_OK : FLOW_MEMORY;
}

static flow_status put_rows(struct panes *panes, struct pane_lane *lane, struct fl_named *named,
    const flow_batch *rows, flow_error *error)
{
    lane->text.len = 0;
    const flow_status status =
        fl_format_rows(&panes->d.format, rows, &lane->text, error, panes->d.step);
    if (status != FLOW_OK)
        return status;
    fl_set_put(&lane->set, named, (flow_str){ lane->text.data, lane->text.len });
    if (lane->set.error.status == FLOW_OK)
        return FLOW_OK;
    return flow_error_raise(
        error, lane->set.error.status, panes->d.step, "%s", lane->set.error.message);
}

// Publishing cannot fail, so the next bundle does.
static flow_status check_failed(struct panes *panes, flow_error *error)
{
    if (!atomic_load(&panes->failed))
        return FLOW_OK;
    pthread_mutex_lock(&panes->d.lock);
    const flow_status status =
        flow_error_raise(error, panes->error.status, panes->d.step, "%s", panes->error.message);
    pthread_mutex_unlock(&panes->d.lock);
    return status;
}

static flow_status panes_stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    struct panes *panes = self;
    struct pane_lane *lane = &panes->lanes[worker];
    const flow_batch *batch = &elements->batch;
    flow_status status = check_failed(panes, error);
    lane->named = NULL; // what it was found by is gone
    for (uint32_t i = 0, next; i < batch->count && status == FLOW_OK; i = next) {
        status = find_file(panes, lane, elements, i, error);
        struct fl_named *named = lane->named;
        for (next = i + 1; next < batch->count && status == FLOW_OK; next++) {
            status = find_file(panes, lane, elements, next, error);
            if (lane->named != named)
                break;
        }
        if (status != FLOW_OK)
            break;
        const flow_batch rows = fl_destined_rows(batch, i, next - i);
        status = put_rows(panes, lane, named, &rows, error);
    }
    return status;
}

static void forget(struct pane_lane *lane)
{
    fl_set_drop(&lane->set);
    lane->text.len = 0;
    lane->text.failed = false;
    lane->named = NULL;
}

static void panes_abort(void *self, uint32_t worker)
{
    forget(&((struct panes *)self)->lanes[worker]);
}

static void panes_publish(void *self, uint32_t worker)
{
    struct panes *panes = self;
    struct pane_lane *lane = &panes->lanes[worker];
    flow_error error = { 0 };
    if (fl_set_finish(&lane->set, &error) != FLOW_OK) {
        pthread_mutex_lock(&panes->d.lock);
        if (!atomic_load(&panes->failed))
            panes->error = error;
        atomic_store(&panes->failed, true);
        pthread_mutex_unlock(&panes->d.lock);
    }
    forget(lane);
}

static flow_status panes_finish(void *self, flow_error *error)
{
    return check_failed(self, error);
}

static void panes_discard(void *self)
{
    struct panes *panes = self;
    for (uint32_t i = 0; i < panes->lane_count; i++)
        forget(&panes->lanes[i]);
}

const flow_sink fl_panes_sink = {
    .name = "write",
    .self_size = sizeof(struct panes),
    .wants_times = true,
    .open = panes_open,
    .stage = panes_stage,
    .publish = panes_publish,
    .abort = panes_abort,
    .finish = panes_finish,
    .discard = panes_discard,
    .close = panes_close,
};
