// SPDX-License-Identifier: Apache-2.0
// flow_file_read_all: the files that elements name. A splittable function around the source: ranges
// of plain files go to several workers, all other files are read in order.
#include <flow/file.h>
#include <flow/transform.h>

#include "read.h"

// What is left of a file: its positions from `from` up to before `to`.
struct flow_file_rest {
    struct flow_offset_range range;
    bool in_order; // it cannot be cut
};
static const flow_field rest_fields[] = {
    { .name = "range",
        .kind = FLOW_KIND_RECORD,
        .size = sizeof(struct flow_offset_range),
        .record = &flow_offset_range_type },
    FLOW_COLUMN(flow_file_rest, in_order),
};
static const flow_type rest_type = { "flow_file_rest", sizeof(struct flow_file_rest),
    _Alignof(struct flow_file_rest), 2, rest_fields };

struct read_all {
    flow_fn fn; // first: flow_ctx.fn points into it
    flow_split_fn split;
    flow_tracker tracker;
    const flow_type *outs[1];
    struct fl_read_config config; // without path
    const flow_allocator *allocator;
    uint32_t name; // where in an element the file's name lies
};

static const struct read_all *all_of(const flow_ctx *ctx)
{
    return (const struct read_all *)(const void *)ctx->fn;
}

// --- the tracker: of offsets, but that it does not cut what is read in order

static bool rest_split(void *restriction, const void *state, double fraction, void *residual)
{
    struct flow_file_rest *rest = restriction;
    struct flow_file_rest *left = residual;
    left->in_order = rest->in_order;
    return !(rest->in_order && fraction > 0) &&
           flow_offset_tracker.split(&rest->range, state, fraction, &left->range);
}

// --- one file

// Pieces that a file which is read in order gives at a time. To come back to one that is compressed
// is to read it from its begin, unless the worker has it open still: so calls should do much.
#define BLOCK 8

// The file that a worker has open: from one call to the next, since what is left of it mostly comes
// back.
struct opened {
    bool open;
    struct fl_read_config config;
    struct fl_file_read read;
    uint64_t position; // where the block, or else the next piece, begins
    flow_piece block[BLOCK];
    uint32_t count; // pieces that were claimed of the source and not yet given
    char path[4096];
};

static void close_file(struct opened *opened)
{
    if (opened->open)
        fl_file_source.close(&opened->read);
    opened->open = false;
    opened->count = 0;
}

static flow_status close_last(flow_ctx *ctx)
{
    close_file(flow_self(ctx));
    return FLOW_OK;
}

static bool take_name(flow_ctx *ctx, const void *element, char *path, size_t size)
{
    flow_str name;
    memcpy(&name, (const char *)element + all_of(ctx)->name, sizeof name);
    if (name.len >= size || (name.len > 0 && memchr(name.data, '\0', name.len)) || name.len == 0 ||
        flow_str_equal(name, flow_str_of("-"))) {
        flow_fail(ctx, FLOW_INVALID, "'%.*s' is no name of a file",
            (int)(name.len < 80 ? name.len : 80), name.len ? name.data : "");
        return false;
    }
    memcpy(path, name.data, name.len);
    path[name.len] = '\0';
    return true;
}

static flow_status open_file(flow_ctx *ctx, struct opened *opened, const char *path)
{
    const struct read_all *all = all_of(ctx);
    flow_error error = { 0 };
    close_file(opened);
    memset(&opened->read, 0, sizeof opened->read);
    memmove(opened->path, path, strlen(path) + 1);
    opened->config = all->config;
    opened->config.options.path = opened->path;
    const flow_open how = { .config = &opened->config,
        .step = flow_step_path(ctx),
        .type = all->outs[0],
        .workers = 1,
        .allocator = all->allocator,
        .on_error = all->config.options.on_error,
        .error = &error };
    const flow_status status = fl_file_source.open(&opened->read, &how);
    opened->open = status == FLOW_OK;
    opened->position = 0;
    return status == FLOW_OK ? status : flow_fail(ctx, status, "%s", error.message);
}

static flow_status whole_file(flow_ctx *ctx, const void *element, void *restriction)
{
    struct flow_file_rest *rest = restriction;
    struct opened *opened = flow_self(ctx);
    char path[sizeof opened->path];
    flow_error error = { 0 };
    if (!take_name(ctx, element, path, sizeof path))
        return ctx->status;
    flow_status status = open_file(ctx, opened, path);
    if (status != FLOW_OK)
        return status;
    struct fl_part *part = &opened->read.parts[0];
    rest->in_order = !part->split;
    rest->range.to = INT64_MAX;
    if (part->split) {
        status = fl_part_open(&opened->read, part, &error);
        rest->range.to = (int64_t)part->size;
    }
    close_file(opened);
    return status == FLOW_OK ? status : flow_fail(ctx, status, "%s", error.message);
}

// Large parts at once; smaller ones are cut off when workers have nothing to do.
static flow_status in_parts(flow_ctx *ctx, const void *element, const void *restriction)
{
    const int64_t size = INT64_C(64) * FL_PIECE_SIZE;
    struct flow_file_rest rest = *(const struct flow_file_rest *)restriction;
    const int64_t end = rest.range.to;
    (void)element;
    do {
        rest.range.to =
            rest.in_order || end - rest.range.from <= size ? end : rest.range.from + size;
        const flow_status status = flow_split_part(ctx, &rest_type, &rest);
        if (status != FLOW_OK)
            return status;
        rest.range.from = rest.range.to;
    } while (rest.range.from < end);
    return FLOW_OK;
}

// The worker's file at a position. The one it has open is gone on with if it stands there.
static flow_status go_to(flow_ctx *ctx, struct opened *opened, const char *path, uint64_t from)
{
    flow_error error = { 0 };
    if (opened->open && opened->position == from && strcmp(opened->path, path) == 0)
        return FLOW_OK;
    flow_status status = open_file(ctx, opened, path);
    if (status != FLOW_OK || from == 0)
        return status;
    status = fl_file_source.seek(&opened->read, 0, from, &error);
    opened->position = from;
    return status == FLOW_OK ? status : flow_fail(ctx, status, "%s", error.message);
}

// Claims the next pieces of the source; none at its end, or while a pipe has nothing.
static flow_status fill_block(flow_ctx *ctx, struct opened *opened, bool in_order, bool *waits)
{
    const uint32_t most = in_order ? BLOCK : 1;
    *waits = false;
    while (opened->count < most) {
        flow_error error = { 0 };
        flow_piece *piece = &opened->block[opened->count];
        *piece = (flow_piece){ 0 };
        const flow_claim claim = fl_file_source.claim(&opened->read, 0, piece, &error);
        *waits = claim == FLOW_CLAIM_WAIT;
        if (claim == FLOW_CLAIM_FAILED)
            return flow_fail(ctx, error.status, "%s", error.message);
        if (claim != FLOW_CLAIM_PIECE)
            return FLOW_OK;
        opened->count++;
    }
    return FLOW_OK;
}

static flow_status give_block(flow_ctx *ctx, struct opened *opened)
{
    flow_status status = FLOW_OK;
    for (uint32_t i = 0; i < opened->count && status == FLOW_OK; i++) {
        const flow_piece *piece = &opened->block[i];
        status = fl_file_source.read(&opened->read, piece, ctx);
        fl_file_source.finalize(&opened->read, 0, piece->end);
        opened->position = piece->end;
    }
    opened->count = 0;
    return status;
}

// Blocks until the end, or until what is left goes elsewhere. A block is claimed by its last
// position.
static flow_status give_blocks(flow_ctx *ctx, struct opened *opened)
{
    for (;;) {
        const struct flow_file_rest *rest = flow_restriction(ctx, &rest_type);
        const uint64_t end = (uint64_t)rest->range.to;
        bool waits = false;
        flow_status status = fill_block(ctx, opened, rest->in_order, &waits);
        if (status != FLOW_OK)
            return status;
        if (opened->count == 0 && waits) {
            flow_resume_after(ctx, flow_millis(10));
            return FLOW_OK;
        }
        if (opened->count == 0 || opened->block[0].begin >= end) {
            (void)flow_claim_offset(ctx, (int64_t)end); // there is nothing more
            return ctx->status;
        }
        flow_piece *last = &opened->block[opened->count - 1];
        last->end = last->end < end ? last->end : end;
        if (!flow_claim_offset(ctx, (int64_t)last->end - 1))
            return ctx->status;
        status = give_block(ctx, opened);
        if (status != FLOW_OK)
            return status;
    }
}

static flow_status read_file(flow_ctx *ctx, const flow_row *row, void *user)
{
    struct opened *opened = user;
    const struct flow_file_rest *rest = flow_restriction(ctx, &rest_type);
    char path[sizeof opened->path];
    if (!rest || !take_name(ctx, row->value, path, sizeof path))
        return ctx->status;
    flow_status status = go_to(ctx, opened, path, (uint64_t)rest->range.from);
    const bool in_order = rest->in_order;
    if (status == FLOW_OK)
        status = give_blocks(ctx, opened);
    if (status != FLOW_OK || ctx->status != FLOW_OK || !in_order)
        close_file(opened);
    return status;
}

static flow_status read_files(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, read_file, flow_self(ctx));
}

// --- building

static const char *wrong(const flow_file_read_options *options, flow_coll in, flow_field_ref name)
{
    if (options->path || options->follow)
        return "the options `path` and `follow` are for flow_file_read";
    if (name.kind != FLOW_KIND_STR || !name.type || !flow_type_equal(name.type, flow_coll_type(in)))
        return "the names of the files are no text field of its input";
    const flow_time_policy none = { 0 };
    if (memcmp(&options->times, &none, sizeof none) != 0)
        return "the option `times` is for flow_file_read: the elements that name files tell time";
    return NULL;
}

static struct read_all *make(flow_coll in, flow_field_ref name, const struct fl_read_config *config)
{
    struct read_all *all = flow_pipeline_alloc(in.pipeline, sizeof *all);
    if (all == NULL)
        return NULL;
    all->config = *config;
    all->config.literal = true;
    all->allocator = flow_pipeline_allocator(in.pipeline);
    all->name = name.offset;
    all->outs[0] = config->options.type;
    all->tracker = flow_offset_tracker; // a range stands at the begin of the restriction
    all->tracker.name = "file";
    all->tracker.restriction = &rest_type;
    all->tracker.split = rest_split;
    all->fn = (flow_fn){ .name = "read_all",
        .form = FLOW_FORM_EMIT,
        .in = flow_coll_type(in),
        .outs = all->outs,
        .out_count = 1,
        .process = read_files,
        .self_size = sizeof(struct opened),
        .teardown = close_last };
    all->split = (flow_split_fn){
        .fn = &all->fn, .tracker = &all->tracker, .initial = whole_file, .split = in_parts
    };
    return all;
}

flow_coll flow_file_read_all_sized(
    flow_coll in, flow_field_ref name, const flow_file_read_options *options, size_t size)
{
    flow_file_read_options own;
    const flow_coll none = { in.pipeline, 0 };
    if (flow_coll_type(in) == NULL)
        return none;
    const bool known = flow_options_copy(&own, sizeof own, options, size);
    const char *step = own.name ? own.name : "read_all";
    const char *why = known ? wrong(&own, in, name) : FLOW_OPTION_UNKNOWN;
    own.path = "*"; // for what is checked of all who read
    struct fl_read_config config;
    if (why != NULL || !fl_read_config_make(in.pipeline, step, &own, &config)) {
        if (why != NULL)
            flow_pipeline_fail(in.pipeline, FLOW_INVALID, step, "%s", why);
        return none;
    }
    const struct read_all *all = make(in, name, &config);
    if (all == NULL)
        return none;
    const flow_coll out = flow_split(
        in, &all->split, &(flow_do_options){ .name = own.name, .on_error = own.on_error });
    return own.event_time.type
               ? flow_with_timestamps_skewed(out, own.event_time, (flow_duration){ INT64_MAX })
               : out;
}
