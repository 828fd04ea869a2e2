// SPDX-License-Identifier: Apache-2.0
// Why a window has not fired: who holds the watermark back, and how the windows of a key stand. The
// worker that has the key is stopped between two of its steps meanwhile.
#include "why.h"

#include "snapshot.h"
#include "spin.h"

// --- a window's line

static void say_window(flow_buffer *out, flow_window window)
{
    if (window.end.us == FLOW_TIME_GLOBAL_END_US && window.start.us <= FLOW_TIME_MIN_US) {
        flow_buffer_printf(out, "the global window");
        return;
    }
    flow_buffer_printf(out, "window [");
    fl_say_time(out, window.start.us);
    flow_buffer_printf(out, ", ");
    fl_say_time(out, window.end.us);
    flow_buffer_printf(out, ")");
}

static bool same_window(flow_window a, flow_window b)
{
    return a.start.us == b.start.us && a.end.us == b.end.us;
}

bool fl_why_begin(struct fl_why *why, flow_window window)
{
    const int64_t watermark = why->op->keyed->watermark;
    if (why->only && !same_window(*why->only, window))
        return false;
    why->told++;
    say_window(why->out, window);
    if (watermark <= FLOW_TIME_MIN_US) {
        flow_buffer_printf(why->out, ": there is no watermark yet");
    } else if (watermark == window.end.us) {
        flow_buffer_printf(why->out, ": the watermark is at its end");
    } else if (watermark > window.end.us) {
        flow_buffer_printf(why->out, ": the watermark is ");
        fl_say_span(why->out, watermark - window.end.us);
        flow_buffer_printf(why->out, " past its end");
    } else {
        flow_buffer_printf(why->out, ": the watermark lacks ");
        if (window.end.us == FLOW_TIME_GLOBAL_END_US)
            flow_buffer_printf(why->out, "all time");
        else
            fl_say_span(why->out, window.end.us - watermark);
        flow_buffer_printf(why->out, " to its end");
    }
    return true;
}

void fl_why_end(struct fl_why *why, flow_window window)
{
    flow_buffer_printf(why->out, "; it is kept until the watermark passes ");
    fl_say_time(why->out, flow_window_expiry(window, why->op->keyed->lateness).us);
    flow_buffer_printf(why->out, "\n");
}

void fl_why_count(flow_buffer *out, uint64_t count, const char *what)
{
    flow_buffer_printf(out, "%llu %s%s", (unsigned long long)count, what, count == 1 ? "" : "s");
}

void fl_why_acc(struct fl_why *why, const void *acc)
{
    const flow_combine_fn *combine = why->op->plan->node->combine;
    int64_t count;
    if (combine->primitive == FLOW_PRIMITIVE_COUNT) {
        memcpy(&count, acc, sizeof count);
        fl_why_count(why->out, (uint64_t)count, "element");
        return;
    }
    flow_buffer_printf(why->out, "so far ");
    const flow_edge *made = why->op->plan->out;
    if (!combine->extract || !made) {
        flow_json_write_masked(combine->acc, acc, why->out);
        return;
    }
    const flow_type *type = made->shape.type;
    void *result = flow_allocate(NULL, type->size);
    if (result) {
        memset(result, 0, type->size);
        if (combine->extract(acc, result, why->op->plan->node->config) == FLOW_OK)
            flow_json_write_masked(type, result, why->out);
        else
            flow_buffer_printf(why->out, "no value");
    }
    flow_release(NULL, result, type->size);
}

void *fl_why_find(const struct fl_why *why, const struct fl_slice *slice)
{
    const struct fl_table *table = &slice->table;
    return table->form == FL_KEY_WORD ? fl_table_find_word(table, why->key.word)
                                      : fl_table_find_bytes(table, why->key.bytes, why->key.hash);
}

// --- the window that was asked for is not there

static void say_missing(struct fl_why *why)
{
    const struct fl_keyed *keyed = why->op->keyed;
    flow_buffer *out = why->out;
    if (!why->only) {
        flow_buffer_printf(out,
            "nothing is kept of this key: no element of it has come, or its windows are over\n");
        return;
    }
    const flow_window window = *why->only;
    const int64_t expiry = flow_window_expiry(window, keyed->lateness).us;
    fl_why_begin(why, window);
    if (expiry < keyed->watermark) {
        flow_buffer_printf(out, "; it has expired at ");
        fl_say_time(out, expiry);
        flow_buffer_printf(out, ": what comes for it is dropped as late\n");
        return;
    }
    flow_buffer_printf(out, "; no element of this key has come for it");
    fl_why_end(why, window);
}

// --- the key

// Room for a key as functions see it.
union key_room {
    int64_t word;
    double real;
    flow_str text;
    char record[1];
};

// Reads a key of a scalar kind off its text: a CSV cell of a record with that one field.
static bool read_scalar(const flow_shape *shape, const char *text, void *to, flow_error *error)
{
    const uint32_t size = (uint32_t)flow_kind_size(shape->key);
    const flow_field field = { .name = "key", .kind = shape->key, .size = size };
    const flow_type type = {
        .name = "key", .size = size, .align = size, .field_count = 1, .fields = &field
    };
    const flow_str none = { NULL, 0 };
    flow_csv *csv = flow_csv_new(&type, none, 0, NULL, error);
    const bool read = csv && flow_csv_read(csv, flow_str_of(text), to, NULL, error) == FLOW_OK;
    flow_csv_free(csv);
    return read;
}

// What a record's text points to, given back when the answer is there.
struct kept {
    struct kept *next;
    size_t size;
    char bytes[];
};

static void *keep(void *user, size_t size)
{
    struct kept **first = user;
    struct kept *kept = flow_allocate(NULL, sizeof *kept + size);
    if (!kept)
        return NULL;
    kept->next = *first;
    kept->size = size;
    *first = kept;
    return kept->bytes;
}

static void let_go(struct kept *kept)
{
    while (kept) {
        struct kept *next = kept->next;
        flow_release(NULL, kept, sizeof *kept + kept->size);
        kept = next;
    }
}

// Reads a key that is a record off JSON, and makes its canonical form.
static bool read_record(struct fl_why *why, const flow_shape *shape, const char *text,
    flow_buffer *scratch, flow_error *error)
{
    struct kept *kept = NULL;
    const flow_memory memory = { keep, &kept };
    flow_json *json = flow_json_new(shape->key_record, NULL, error);
    void *row = flow_allocate(NULL, shape->key_record->size);
    const bool read =
        json && row && flow_json_read(json, flow_str_of(text), row, &memory, error) == FLOW_OK;
    const bool made = read && fl_key_of(shape, row, scratch, &why->key);
    flow_release(NULL, row, shape->key_record->size);
    flow_json_free(json);
    let_go(kept);
    return made;
}

// The key that was asked for, in canonical form; records and lists in `scratch`.
static bool read_key(struct fl_why *why, const flow_shape *shape, const flow_why *question,
    flow_buffer *scratch, flow_error *error)
{
    union key_room room = { 0 };
    const char *text = question->key;
    if (shape->key == FLOW_KIND_NONE)
        return fl_key_of(shape, &room, scratch, &why->key);
    if (!text && !question->key_row) {
        flow_error_raise(error, FLOW_INVALID, NULL, "it is keyed: the question names no key");
        return false;
    }
    if (!text)
        return fl_key_of(shape, question->key_row, scratch, &why->key);
    switch (shape->key) {
    case FLOW_KIND_RECORD:
        return read_record(why, shape, text, scratch, error);
    case FLOW_KIND_STR:
    case FLOW_KIND_BYTES:
        room.text = flow_str_of(text);
        return fl_key_of(shape, &room, scratch, &why->key);
    default:
        return read_scalar(shape, text, &room, error) &&
               fl_key_of(shape, &room, scratch, &why->key);
    }
}

// --- the step

static bool tells(enum fl_op_kind kind)
{
    return kind == FL_OP_COMBINE || kind == FL_OP_GROUP || kind == FL_OP_LIVES ||
           kind == FL_OP_STATEFUL;
}

// The step of a name that keeps windows, or the first of the name; op_count: there is none.
static uint32_t find_step(const struct fl_plan *plan, const char *step)
{
    uint32_t found = plan->op_count;
    for (uint32_t i = 0; i < plan->op_count; i++) {
        if (strcmp(plan->ops[i].node->path, step) != 0)
            continue;
        if (found == plan->op_count || tells(plan->ops[i].kind))
            found = i;
    }
    return found;
}

static void say_key(struct fl_why *why, const flow_shape *shape, const flow_why *question)
{
    if (shape->key == FLOW_KIND_NONE)
        return;
    flow_buffer_printf(why->out, "key ");
    if (question->key)
        flow_buffer_printf(why->out, "%s", question->key);
    else
        flow_json_write_value(shape->key, shape->key_record, question->key_row, why->out);
    flow_buffer_printf(why->out, ", on worker %u", why->op->worker->index);
}

static void say_windows(struct fl_why *why)
{
    switch (why->op->plan->kind) {
    case FL_OP_LIVES:
        fl_why_lives(why);
        break;
    case FL_OP_STATEFUL:
        fl_why_state(why);
        break;
    default:
        fl_why_slices(why);
        break;
    }
    if (!why->told)
        say_missing(why);
}

// Says how the key stands, while its worker stands still.
static void say_key_and_windows(
    struct fl_why *why, struct fl_worker *worker, const flow_why *question)
{
    void (*yield)(void) = worker->engine->options.port.yield;
    atomic_fetch_add_explicit(&worker->asked, 1, memory_order_relaxed);
    fl_spin_lock(&worker->stepping, yield);
    say_key(why, &why->op->plan->shape, question);
    const int64_t adopted = why->op->keyed->watermark;
    if (adopted > FLOW_TIME_MIN_US) {
        flow_buffer_printf(why->out, "%swatermark taken in so far: ",
            why->op->plan->shape.key == FLOW_KIND_NONE ? "" : "; ");
        fl_say_time(why->out, adopted);
    }
    flow_buffer_printf(why->out, "\n");
    say_windows(why);
    fl_spin_unlock(&worker->stepping);
    atomic_fetch_sub_explicit(&worker->asked, 1, memory_order_relaxed);
}

bool fl_engine_why(struct fl_engine *engine, const flow_why *question, flow_buffer *out)
{
    const uint32_t step = find_step(&engine->plan, question->step);
    if (step == engine->plan.op_count)
        return false;
    const struct fl_plan_op *plan = &engine->plan.ops[step];
    if (!tells(plan->kind)) {
        flow_buffer_printf(
            out, "step '%s' keeps no windows of keys: what comes goes on\n", question->step);
        return fl_engine_explain(engine, question->step, out);
    }
    fl_say_bounds(out, engine, step);
    flow_buffer_printf(out, "\n");
    struct fl_why why = { .only = question->window, .out = out };
    flow_buffer scratch = { 0 };
    flow_error error = { 0 };
    if (read_key(&why, &plan->shape, question, &scratch, &error)) {
        struct fl_worker *worker = &engine->workers[fl_owner(engine, why.key.hash)];
        why.op = &worker->ops[step];
        say_key_and_windows(&why, worker, question);
    } else {
        flow_buffer_printf(out, "the key cannot be read: %s\n",
            error.status != FLOW_OK ? error.message : "no memory");
    }
    flow_buffer_free(&scratch);
    return true;
}
