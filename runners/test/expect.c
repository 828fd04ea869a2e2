// SPDX-License-Identifier: Apache-2.0
// Expectations: a sink that collects what bundles publish, and judges it when all is written.
#include <pthread.h>
#include <stdlib.h>

#include "expect.h"
#include "seen.h"

struct expectation {
    flow_expect_options options;
    flow_judge *judge;
    void *user;
    struct fl_wanted wanted;
    struct fl_seen_set kept; // what was seen before a restart
    bool keep;
};

struct lane {
    struct fl_seen_set staged;
};

struct expect {
    struct expectation *expectation;
    struct fl_shown shown;
    struct fl_seen_set published;
    struct lane *lanes;
    uint32_t lane_count;
    flow_allocator allocator;
    pthread_mutex_t lock;
};

void fl_expect_keep(const void *config)
{
    (*(struct expectation *const *)config)->keep = true;
}

static flow_status open_expect(void *self, const flow_open *open)
{
    struct expect *expect = self;
    expect->expectation = *(struct expectation *const *)open->config;
    expect->allocator = *open->allocator;
    expect->shown = (struct fl_shown){ open->type, open->key.kind, open->key_record };
    expect->lanes = flow_allocate(open->allocator, open->workers * sizeof *expect->lanes);
    if (!expect->lanes)
        return flow_error_raise(open->error, FLOW_MEMORY, open->step, "no memory for its lanes");
    expect->lane_count = open->workers;
    for (uint32_t w = 0; w < open->workers; w++)
        expect->lanes[w].staged.bytes.allocator = &expect->allocator;
    expect->published.bytes.allocator = &expect->allocator;
    pthread_mutex_init(&expect->lock, NULL);
    return FLOW_OK;
}

static bool looks_at(const flow_expect_options *options, const flow_elements *elements, uint32_t i)
{
    if (options->in_window && (elements->windows[i].start.us != options->window.start.us ||
                                  elements->windows[i].end.us != options->window.end.us))
        return false;
    const flow_pane *pane = &elements->panes[i];
    switch (options->panes) {
    case FLOW_PANES_EARLY:
        return pane->timing == FLOW_TIMING_EARLY;
    case FLOW_PANES_ON_TIME:
        return pane->timing == FLOW_TIMING_ON_TIME;
    case FLOW_PANES_LATE:
        return pane->timing == FLOW_TIMING_LATE;
    case FLOW_PANES_FINAL:
        return pane->last;
    case FLOW_PANES_ALL:
    case FLOW_PANES_LATEST:
    case FLOW_PANES_FOLDED:
        break;
    }
    return true;
}

static flow_status stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    struct expect *expect = self;
    struct fl_seen_set *staged = &expect->lanes[worker].staged;
    const flow_batch *batch = &elements->batch;
    for (uint32_t i = 0; i < batch->count; i++) {
        if (!looks_at(&expect->expectation->options, elements, i))
            continue;
        const char *row = batch->rows + (size_t)FLOW_BATCH_INDEX(batch, i) * batch->stride;
        const flow_seen at = { .time = elements->times[i],
            .window = elements->windows[i],
            .pane = elements->panes[i],
            .sign = elements->signs ? elements->signs[i] : 1 };
        fl_seen_add(
            staged, &expect->shown, row + batch->key_offset, row + batch->value_offset, &at);
    }
    if (staged->bytes.failed)
        return flow_error_raise(error, FLOW_MEMORY, NULL, "no memory for what was seen");
    return FLOW_OK;
}

static void publish(void *self, uint32_t worker)
{
    struct expect *expect = self;
    struct fl_seen_set *staged = &expect->lanes[worker].staged;
    pthread_mutex_lock(&expect->lock);
    fl_seen_append(&expect->published, staged);
    pthread_mutex_unlock(&expect->lock);
    staged->bytes.len = 0;
    staged->count = 0;
}

static void abort_staged(void *self, uint32_t worker)
{
    struct expect *expect = self;
    expect->lanes[worker].staged.bytes.len = 0;
    expect->lanes[worker].staged.count = 0;
}

static flow_status ask(struct expectation *expectation, const struct fl_seen_list *list,
    const flow_allocator *allocator, flow_error *error)
{
    flow_seen *seen = flow_allocate(allocator, (list->count + 1) * sizeof *seen);
    if (!seen)
        return flow_error_raise(error, FLOW_MEMORY, NULL, "no memory to judge what was seen");
    for (size_t i = 0; i < list->count; i++)
        seen[i] = list->items[i].seen;
    flow_error reason = { 0 };
    const bool liked = expectation->judge(seen, list->count, expectation->user, &reason);
    flow_release(allocator, seen, (list->count + 1) * sizeof *seen);
    if (liked)
        return FLOW_OK;
    return flow_error_raise(error, FLOW_UNEXPECTED, NULL, "%s",
        reason.message[0] ? reason.message : "what came is not what was expected");
}

static flow_status finish(void *self, flow_error *error)
{
    struct expect *expect = self;
    struct expectation *expectation = expect->expectation;
    struct fl_seen_list list = { 0 };
    fl_seen_append(&expect->published, &expectation->kept);
    const flow_panes panes = expectation->options.panes;
    if (!fl_seen_list_make(&list, &expect->published, &expect->allocator, panes))
        return flow_error_raise(error, FLOW_MEMORY, NULL, "no memory to judge what was seen");
    flow_status status = FLOW_OK;
    if (panes == FLOW_PANES_FOLDED)
        status = fl_wanted_signs(&list, &expect->allocator, error);
    if (status == FLOW_OK && expectation->judge)
        status = ask(expectation, &list, &expect->allocator, error);
    else if (status == FLOW_OK)
        status =
            fl_wanted_judge(&expectation->wanted, &expect->shown, &list, &expect->allocator, error);
    fl_seen_list_free(&list, &expect->allocator);
    return status;
}

static void close_expect(void *self)
{
    struct expect *expect = self;
    struct expectation *expectation = expect->expectation;
    flow_buffer_free(&expectation->kept.bytes);
    memset(&expectation->kept, 0, sizeof expectation->kept);
    if (expectation->keep) {
        fl_seen_append(&expectation->kept, &expect->published);
        expectation->keep = false;
    }
    flow_buffer_free(&expect->published.bytes);
    for (uint32_t w = 0; w < expect->lane_count; w++)
        flow_buffer_free(&expect->lanes[w].staged.bytes);
    flow_release(&expect->allocator, expect->lanes, expect->lane_count * sizeof *expect->lanes);
    pthread_mutex_destroy(&expect->lock);
}

const flow_sink fl_expect_sink = {
    .name = "expect",
    .self_size = sizeof(struct expect),
    .wants_times = true,
    .open = open_expect,
    .stage = stage,
    .publish = publish,
    .abort = abort_staged,
    .finish = finish,
    .close = close_expect,
};

// --- building

static struct expectation *expect(flow_coll in, const flow_expect_options *options)
{
    const flow_expect_options all = { 0 };
    const flow_expect_options *asked = options ? options : &all;
    const bool panes = asked->panes >= FLOW_PANES_ALL && asked->panes <= FLOW_PANES_FOLDED;
    if (!panes || (asked->in_window && asked->window.start.us > asked->window.end.us)) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, asked->name ? asked->name : "expect",
            panes ? "its window ends before it begins" : "there are no such panes to look at");
        return NULL;
    }
    struct expectation *made = in.pipeline ? flow_pipeline_alloc(in.pipeline, sizeof *made) : NULL;
    if (made && options)
        made->options = *options;
    return made;
}

static void write_to(flow_coll in, struct expectation *expectation)
{
    struct expectation **config = flow_pipeline_alloc(in.pipeline, sizeof *config);
    if (!config)
        return;
    *config = expectation;
    flow_write(in, &fl_expect_sink,
        &(flow_write_options){ .name = expectation->options.name, .config = config });
}

// Expects lines in the form that `wanted` says.
static void expect_lines(
    flow_coll in, const struct fl_wanted *wanted, const flow_expect_options *options)
{
    const size_t count = wanted->count;
    if (!wanted->lines && count > 0) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, options ? options->name : NULL,
            "%zu lines are expected, and none was given", count);
        return;
    }
    struct expectation *made = expect(in, options);
    const char **copy = made ? flow_pipeline_alloc(in.pipeline, (count + 1) * sizeof *copy) : NULL;
    if (!copy)
        return;
    for (size_t i = 0; i < count; i++)
        copy[i] = flow_pipeline_string(in.pipeline, wanted->lines[i]);
    made->wanted = (struct fl_wanted){ .how = wanted->how, .lines = copy, .count = count };
    write_to(in, made);
}

void flow_expect_lines(
    flow_coll in, const char *const *lines, size_t count, const flow_expect_options *options)
{
    expect_lines(in, &(struct fl_wanted){ .lines = lines, .count = count }, options);
}

void flow_expect_one(flow_coll in, const char *line, const flow_expect_options *options)
{
    const struct fl_wanted wanted = { .how = FL_WANT_ONE, .lines = &line, .count = 1 };
    expect_lines(in, &wanted, options);
}

void flow_expect_map(
    flow_coll in, const char *const *lines, size_t count, const flow_expect_options *options)
{
    const struct fl_wanted wanted = { .how = FL_WANT_MAP, .lines = lines, .count = count };
    if (flow_coll_type(in) && !flow_coll_is_keyed(in))
        flow_pipeline_fail(in.pipeline, FLOW_TYPE, options ? options->name : NULL,
            "flow_expect_map: the elements of '%s' have no keys; set them with flow_key_by",
            flow_coll_type(in)->name);
    else
        expect_lines(in, &wanted, options);
}

static void *take(void *user, size_t size)
{
    return flow_pipeline_alloc(user, size);
}

void flow_expect_rows(flow_coll in, const flow_type *type, const void *rows, size_t count,
    const flow_expect_options *options)
{
    struct expectation *made = expect(in, options);
    const flow_type *found = flow_coll_type(in);
    if (!made || !found)
        return;
    if (!flow_type_equal(type, found)) {
        flow_pipeline_fail(in.pipeline, FLOW_TYPE, made->options.name,
            "flow_expect_rows: the collection has '%s', not '%s'", found->name, type->name);
        return;
    }
    char *copy = flow_pipeline_alloc(in.pipeline, count * type->size + 1);
    if (!copy)
        return;
    if (count)
        memcpy(copy, rows, count * type->size);
    const flow_memory memory = { take, in.pipeline };
    for (size_t i = 0; i < count; i++)
        if (flow_row_adopt(type, copy + i * type->size, &memory, NULL, NULL) != FLOW_OK)
            return; // the pipeline has failed for want of memory
    made->wanted = (struct fl_wanted){ .rows = copy, .count = count };
    write_to(in, made);
}

void flow_expect_that(
    flow_coll in, flow_judge *judge, void *user, const flow_expect_options *options)
{
    struct expectation *made = expect(in, options);
    if (!made)
        return;
    made->judge = judge;
    made->user = user;
    write_to(in, made);
}
