// SPDX-License-Identifier: Apache-2.0
// Collecting what sinks publish, and the one comparer of results.
#include <stdio.h>
#include <stdlib.h>

#include "flow_test.h"
#include "plain.h"
#include "weave.h"

void flow_test_results_init(struct flow_test_results *results, const char *name)
{
    memset(results, 0, sizeof *results);
    pthread_mutex_init(&results->lock, NULL);
    results->name = name;
}

static void free_list(struct flow_test_result *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].text);
        free(list[i].floats);
    }
    free(list);
}

void flow_test_results_clear(struct flow_test_results *results)
{
    free_list(results->list, results->count);
    results->list = NULL;
    results->early = false;
    results->count = results->room = 0;
    results->finished = results->discarded = 0;
}

// --- rows as text and floats

static struct flow_test_result finish(struct fl_plain *writer, const struct flow_test_result *at)
{
    struct flow_test_result result = *at;
    flow_buffer_put(&writer->text, "", 1);
    ck_assert(!writer->text.failed && !writer->floats.failed);
    result.text = strdup(writer->text.data);
    result.float_count = writer->floats.len / sizeof(double);
    result.floats = malloc(writer->floats.len + 1);
    if (writer->floats.len)
        memcpy(result.floats, writer->floats.data, writer->floats.len);
    flow_buffer_free(&writer->text);
    flow_buffer_free(&writer->floats);
    return result;
}

static void add(struct flow_test_results *results, const struct flow_test_result *result)
{
    if (results->count == results->room) {
        results->room = results->room ? results->room * 2 : 64;
        results->list = realloc(results->list, results->room * sizeof *results->list);
        ck_assert_ptr_nonnull(results->list);
    }
    results->list[results->count++] = *result;
}

void flow_test_expect(struct flow_test_results *results, const flow_type *type, const void *row,
    const struct flow_test_result *at)
{
    struct fl_plain writer = { { 0 }, { 0 } };
    fl_plain_record(&writer, type, row);
    const struct flow_test_result result = finish(&writer, at);
    add(results, &result);
}

void flow_test_expect_signed(struct flow_test_results *results, const int64_t *key,
    const flow_type *type, const void *row, const struct flow_test_result *at)
{
    struct fl_plain writer = { { 0 }, { 0 } };
    flow_buffer_printf(&writer.text, "%s", at->text ? at->text : "");
    if (key)
        flow_buffer_printf(&writer.text, "%lld = ", (long long)*key);
    fl_plain_record(&writer, type, row);
    const struct flow_test_result result = finish(&writer, at);
    add(results, &result);
}

// --- comparing

static int compare_floats(const struct flow_test_result *a, const struct flow_test_result *b)
{
    return fl_floats_order(
        a->floats, b->floats, a->float_count < b->float_count ? a->float_count : b->float_count);
}

#define ORDER(a, b)                                                                                \
    if ((a) != (b))                                                                                \
        return (a) < (b) ? -1 : 1;

static int compare_rows(const void *left, const void *right)
{
    const struct flow_test_result *a = left, *b = right;
    const int text = strcmp(a->text, b->text);
    if (text != 0)
        return text;
    ORDER(a->window.start.us, b->window.start.us)
    ORDER(a->window.end.us, b->window.end.us)
    return 0;
}

static int compare_places(const struct flow_test_result *a, const struct flow_test_result *b)
{
    ORDER(a->time.us, b->time.us)
    ORDER(a->pane.timing, b->pane.timing)
    ORDER(a->pane.index, b->pane.index)
    ORDER(a->pane.on_time_index, b->pane.on_time_index)
    ORDER(a->pane.first, b->pane.first)
    ORDER(a->pane.last, b->pane.last)
    ORDER(a->pane.drained, b->pane.drained)
    return 0;
}

static int compare_all(const void *left, const void *right)
{
    int order = compare_rows(left, right);
    if (order == 0)
        order = compare_places(left, right);
    return order ? order : compare_floats(left, right);
}

static bool floats_agree(const struct flow_test_result *a, const struct flow_test_result *b)
{
    return a->float_count == b->float_count &&
           fl_floats_agree(a->floats, b->floats, a->float_count);
}

static void show(const struct flow_test_result *r, flow_buffer *text)
{
    static const char *const timings[] = { "early", "on time", "late", "unknown" };
    flow_buffer_printf(text, "%s", r->text);
    for (size_t i = 0; i < r->float_count; i++)
        flow_buffer_printf(text, " %.17g", r->floats[i]);
    flow_buffer_printf(text, " at %lld in [%lld, %lld) %s pane %u/%d%s%s%s", (long long)r->time.us,
        (long long)r->window.start.us, (long long)r->window.end.us, timings[r->pane.timing],
        r->pane.index, r->pane.on_time_index, r->pane.first ? " first" : "",
        r->pane.last ? " last" : "", r->pane.drained ? " drained" : "");
}

static const char *differ(
    struct flow_test_results *got, struct flow_test_results *wanted, bool rows_only)
{
    static char sentence[4096];
    if (got->count)
        qsort(got->list, got->count, sizeof *got->list, compare_all);
    if (wanted->count)
        qsort(wanted->list, wanted->count, sizeof *wanted->list, compare_all);
    for (size_t i = 0; i < got->count || i < wanted->count; i++) {
        const struct flow_test_result *a = i < got->count ? &got->list[i] : NULL;
        const struct flow_test_result *b = i < wanted->count ? &wanted->list[i] : NULL;
        if (a && b && compare_rows(a, b) == 0 && (rows_only || compare_places(a, b) == 0) &&
            floats_agree(a, b))
            continue;
        flow_buffer text = { 0 };
        flow_buffer_printf(&text, "%s: %zu results, wanted %zu; the first that differs is #%zu: ",
            got->name ? got->name : "results", got->count, wanted->count, i);
        flow_buffer_printf(&text, a ? "got " : "got nothing");
        if (a)
            show(a, &text);
        flow_buffer_printf(&text, b ? ", wanted " : ", wanted nothing");
        if (b)
            show(b, &text);
        snprintf(sentence, sizeof sentence, "%.*s", (int)text.len, text.data);
        flow_buffer_free(&text);
        return sentence;
    }
    return NULL;
}

const char *flow_test_differ(struct flow_test_results *got, struct flow_test_results *wanted)
{
    return differ(got, wanted, false);
}

const char *flow_test_differ_in_rows(
    struct flow_test_results *got, struct flow_test_results *wanted)
{
    return differ(got, wanted, true);
}

// --- folding

// The row without what says that it is taken back.
static const char *row_of(const struct flow_test_result *result)
{
    return result->text + (strncmp(result->text, "- ", 2) == 0 ? 2 : 0);
}

static int by_row(const void *left, const void *right)
{
    const struct flow_test_result *a = left, *b = right;
    const int text = strcmp(row_of(a), row_of(b));
    if (text)
        return text;
    if (a->window.start.us != b->window.start.us)
        return a->window.start.us < b->window.start.us ? -1 : 1;
    if (a->window.end.us != b->window.end.us)
        return a->window.end.us < b->window.end.us ? -1 : 1;
    // what takes back has the same floats to the last bit
    return a->float_count ? memcmp(a->floats, b->floats, a->float_count * sizeof *a->floats) : 0;
}

// Of equal rows as many are left as the signs come to.
static void fold_run(struct flow_test_result *run, size_t count, struct flow_test_results *into)
{
    int net = 0;
    for (size_t i = 0; i < count; i++)
        net += run[i].text == row_of(&run[i]) ? 1 : -1;
    ck_assert_msg(net >= 0, "%s is taken back oftener than it was given", row_of(&run[0]));
    for (size_t i = 0; i < count; i++) {
        const struct flow_test_result one = run[i];
        if (net > 0 && one.text == row_of(&one)) {
            into->list[into->count++] = one;
            net--;
            continue;
        }
        free(one.text);
        free(one.floats);
    }
}

void flow_test_fold(struct flow_test_results *results)
{
    const size_t count = results->count;
    if (count)
        qsort(results->list, count, sizeof *results->list, by_row);
    results->count = 0;
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && by_row(&results->list[i], &results->list[next]) == 0;)
            next++;
        fold_run(results->list + i, next - i, results);
    }
}

char *flow_test_print(struct flow_test_results *results)
{
    flow_buffer text = { 0 };
    if (results->count)
        qsort(results->list, results->count, sizeof *results->list, compare_all);
    for (size_t i = 0; i < results->count; i++) {
        show(&results->list[i], &text);
        flow_buffer_put(&text, "\n", 1);
    }
    flow_buffer_put(&text, "", 1);
    char *copy = strdup(text.data);
    flow_buffer_free(&text);
    return copy;
}

// --- sink

#define WORKERS 64

struct sink {
    struct flow_test_results *into;
    flow_key_spec key;
    const flow_type *key_record, *type;
    struct flow_test_results staged[WORKERS];
};

static flow_status open_sink(void *self, const flow_open *open)
{
    struct sink *sink = self;
    sink->into = *(struct flow_test_results *const *)open->config;
    sink->key = open->key;
    sink->key_record = open->key_record;
    sink->type = open->type;
    if (!sink->into->keep)
        flow_test_results_clear(sink->into);
    return FLOW_OK;
}

static flow_status stage(
    void *self, uint32_t worker, const flow_elements *elements, flow_error *error)
{
    struct sink *sink = self;
    const flow_batch *batch = &elements->batch;
    flow_test_pause();
    for (uint32_t i = 0; i < batch->count; i++) {
        if (flow_test_trips())
            return flow_error_raise(error, FLOW_IO, NULL, "half a batch could be written");
        const char *row = batch->rows + (size_t)FLOW_BATCH_INDEX(batch, i) * batch->stride;
        struct fl_plain writer = { { 0 }, { 0 } };
        if (elements->signs && elements->signs[i] < 0)
            flow_buffer_put(&writer.text, "- ", 2);
        if (sink->key.kind != FLOW_KIND_NONE) {
            fl_plain_value(&writer, sink->key.kind, sink->key_record, row + batch->key_offset);
            flow_buffer_put(&writer.text, " = ", 3);
        }
        fl_plain_record(&writer, sink->type, row + batch->value_offset);
        const struct flow_test_result at = {
            .time = elements->times[i], .window = elements->windows[i], .pane = elements->panes[i]
        };
        const struct flow_test_result result = finish(&writer, &at);
        add(&sink->staged[worker], &result);
    }
    return FLOW_OK;
}

// Whether a result is said to be on time, or an element to be late, before the watermark of the
// input is there (R2, R24).
static bool is_early(const struct flow_test_result *result, int64_t watermark)
{
    const bool told = result->pane.timing == FLOW_TIMING_ON_TIME ||
                      strstr(result->text, "reason:\"late\"") != NULL;
    return told && result->time.us >= watermark;
}

static void publish(void *self, uint32_t worker)
{
    struct sink *sink = self;
    struct flow_test_results *staged = &sink->staged[worker];
    flow_test_pause();
    const int64_t watermark = flow_test_watermark();
    pthread_mutex_lock(&sink->into->lock);
    for (size_t i = 0; i < staged->count; i++) {
        sink->into->early = sink->into->early || is_early(&staged->list[i], watermark);
        add(sink->into, &staged->list[i]);
    }
    pthread_mutex_unlock(&sink->into->lock);
    staged->count = 0;
}

static void abort_staged(void *self, uint32_t worker)
{
    struct sink *sink = self;
    flow_test_results_clear(&sink->staged[worker]);
}

static flow_status finish_sink(void *self, flow_error *error)
{
    (void)error;
    ((struct sink *)self)->into->finished++;
    return FLOW_OK;
}

static void discard_sink(void *self)
{
    ((struct sink *)self)->into->discarded++;
}

static void close_sink(void *self)
{
    struct sink *sink = self;
    for (int w = 0; w < WORKERS; w++)
        flow_test_results_clear(&sink->staged[w]);
}

static const flow_sink collecting = {
    .name = "collect",
    .self_size = sizeof(struct sink),
    .wants_times = true,
    .open = open_sink,
    .stage = stage,
    .publish = publish,
    .abort = abort_staged,
    .finish = finish_sink,
    .discard = discard_sink,
    .close = close_sink,
};

void flow_test_collect(flow_coll in, struct flow_test_results *results)
{
    if (!in.pipeline)
        return;
    struct flow_test_results **config = flow_pipeline_alloc(in.pipeline, sizeof *config);
    if (!config)
        return;
    *config = results;
    flow_write(in, &collecting, &(flow_write_options){ .config = config });
}
