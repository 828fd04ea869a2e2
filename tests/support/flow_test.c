// SPDX-License-Identifier: Apache-2.0
// Scripted sources, memory that runs out, and the seeded scheduler.
#include "flow_test.h"
#include "turns.h"
#include "weave.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t flow_test_random(uint64_t *state)
{
    return fl_draw(state);
}

uint32_t flow_test_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)(flow_test_random(state) % limit);
}

// Sanitizers make everything slower: they see fewer seeds.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWER 16
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOWER 16
#endif
#endif
#ifndef SLOWER
#define SLOWER 1
#endif

static uint32_t from_environment(const char *name, uint32_t usual)
{
    const char *wanted = getenv(name);
    const long number = wanted ? strtol(wanted, NULL, 10) : 0;
    return number > 0 ? (uint32_t)number : usual;
}

uint32_t flow_test_seeds(uint32_t usual)
{
    return from_environment("FLOW_TEST_SEEDS", usual > SLOWER ? usual / SLOWER : 1);
}

uint32_t flow_test_first(void)
{
    return from_environment("FLOW_TEST_FIRST", 1);
}

void flow_test_tell(const char *test, uint64_t seed)
{
    if (getenv("FLOW_TEST_TELL"))
        fprintf(stderr, "# %s: seed %llu\n", test, (unsigned long long)seed);
}

static const flow_field place_fields[] = {
    FLOW_COLUMN(flow_test_place, a),
    FLOW_COLUMN(flow_test_place, b),
};
const flow_type flow_test_place_type = { "flow_test_place", sizeof(struct flow_test_place), 8, 2,
    place_fields };
static const flow_field row_fields[] = {
    FLOW_COLUMN(flow_test_row, k),
    FLOW_COLUMN(flow_test_row, v),
    FLOW_COLUMN(flow_test_row, x),
    FLOW_COLUMN(flow_test_row, s),
    FLOW_COLUMN(flow_test_row, at),
    FLOW_COLUMN_RECORD(flow_test_row, place, flow_test_place),
};
const flow_type flow_test_row_type = { "flow_test_row", sizeof(struct flow_test_row), 8, 6,
    row_fields };

struct flow_test_row flow_test_row_at(int64_t k, int64_t v, int64_t at)
{
    const struct flow_test_row row = { .k = k, .v = v, .at = { at } };
    return row;
}

struct flow_test_trip flow_test_trip;

// --- source

struct place {
    size_t next;  // of the script's pieces
    size_t since; // pieces of the partition claimed so far
};

struct source {
    const struct flow_test_script *script;
    struct place places[64];
};

static flow_status open_source(void *self, const flow_open *open)
{
    struct source *source = self;
    source->script = *(const struct flow_test_script *const *)open->config;
    return FLOW_OK;
}

static uint32_t partitions(void *self)
{
    const struct source *source = self;
    const struct flow_test_script *script = source->script;
    return script->no_partitions ? 0 : script->partitions ? script->partitions : 1;
}

static flow_claim claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    struct source *source = self;
    const struct flow_test_script *script = source->script;
    struct place *place = &source->places[partition];
    (void)error;
    while (place->next < script->piece_count && script->pieces[place->next].partition != partition)
        place->next++;
    if (place->next == script->piece_count)
        return FLOW_CLAIM_END;
    const struct flow_test_piece *now = &script->pieces[place->next];
    flow_test_pause();
    if (now->endless || (script->clock && *script->clock < now->not_before))
        return FLOW_CLAIM_WAIT;
    piece->begin = place->next;
    piece->end = ++place->next;
    if (now->watermark)
        piece->watermark.us = now->watermark;
    return FLOW_CLAIM_PIECE;
}

static flow_status give_reserved(
    const struct flow_test_script *script, const char *rows, size_t count, flow_ctx *ctx)
{
    const size_t size = script->type->size;
    while (count > 0) {
        uint32_t some =
            script->chunk && script->chunk < count ? (uint32_t)script->chunk : (uint32_t)count;
        void *to = flow_reserve(ctx, 0, script->type, &some);
        if (!to)
            return ctx->status;
        memcpy(to, rows, some * size);
        const flow_status status = flow_commit(ctx, 0, some);
        if (status != FLOW_OK)
            return status;
        rows += some * size;
        count -= some;
    }
    return FLOW_OK;
}

static flow_status give_lent(
    const struct flow_test_script *script, const char *rows, size_t count, flow_ctx *ctx)
{
    const size_t size = script->type->size;
    while (count > 0) {
        const size_t some = script->chunk && script->chunk < count ? script->chunk : count;
        const flow_status status = flow_lend(ctx, script->type, rows, (uint32_t)some);
        if (status != FLOW_OK)
            return status;
        rows += some * size;
        count -= some;
    }
    return FLOW_OK;
}

static flow_status give_rows(
    const struct flow_test_script *script, const char *rows, size_t count, flow_ctx *ctx)
{
    switch (script->give) {
    case FLOW_TEST_LEND:
        return give_lent(script, rows, count, ctx);
    case FLOW_TEST_RESERVE:
        return give_reserved(script, rows, count, ctx);
    case FLOW_TEST_EMIT:
        break;
    }
    for (size_t i = 0; i < count; i++) {
        const void *row = rows + i * script->type->size;
        const flow_status status = flow_emit(ctx, 0, script->type, row, script->type->size);
        if (status != FLOW_OK)
            return status;
    }
    return FLOW_OK;
}

static flow_status read_piece(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    const struct source *source = self;
    const struct flow_test_script *script = source->script;
    const struct flow_test_piece *now = &script->pieces[piece->begin];
    const size_t half = flow_test_trip.on ? now->count / 2 : 0;
    const char *rows = now->rows;
    if (half > 0) {
        const flow_status status = give_rows(script, rows, half, ctx);
        if (status != FLOW_OK)
            return status;
    }
    if (flow_test_trips())
        return flow_fail(ctx, FLOW_IO, "half a piece could be read");
    flow_test_pause();
    return give_rows(script, rows + half * script->type->size, now->count - half, ctx);
}

static flow_status seek(void *self, uint32_t partition, uint64_t position, flow_error *error)
{
    struct source *source = self;
    (void)error;
    source->places[partition].next = (size_t)position;
    return FLOW_OK;
}

static void close_source(void *self)
{
    (void)self;
}

#define SCRIPTED                                                                                   \
    .name = "script", .self_size = sizeof(struct source), .open = open_source,                     \
    .partitions = partitions, .claim = claim, .read = read_piece, .seek = seek,                    \
    .close = close_source

// Pieces come when the clock moves, and then all workers are asked again: there is nobody to wake.
static void listen(void *self, void (*wake)(void *user), void *user)
{
    (void)self;
    (void)wake;
    (void)user;
}

static const flow_source scripted = { SCRIPTED };
static const flow_source scripted_watermark = { SCRIPTED, .own_watermark = true };
static const flow_source waking = { SCRIPTED, .listen = listen };
static const flow_source waking_watermark = { SCRIPTED, .listen = listen, .own_watermark = true };

static const flow_source *source_of(const struct flow_test_script *script)
{
    if (script->wakes)
        return script->own_watermark ? &waking_watermark : &waking;
    return script->own_watermark ? &scripted_watermark : &scripted;
}

struct flow_test_script flow_test_deal(const struct flow_test_row *rows, size_t row_count,
    struct flow_test_piece *pieces, size_t piece_count)
{
    const size_t each = row_count / piece_count;
    ck_assert_uint_eq(row_count % piece_count, 0);
    for (size_t i = 0; i < piece_count; i++)
        pieces[i] = (struct flow_test_piece){ .rows = &rows[i * each], .count = each };
    return (struct flow_test_script){ .type = &flow_test_row_type,
        .pieces = pieces,
        .piece_count = piece_count,
        .event_time = FLOW_FIELD(flow_test_row, at) };
}

flow_coll flow_test_read(flow_pipeline *pipeline, const struct flow_test_script *script)
{
    const struct flow_test_script **config = flow_pipeline_alloc(pipeline, sizeof *config);
    if (config)
        *config = script;
    const flow_read_options options = { .type = script->type,
        .config = config,
        .unbounded = script->unbounded,
        .event_time = script->event_time,
        .times = script->times,
        .on_error = script->on_error };
    return flow_read(pipeline, source_of(script), &options);
}

// --- running

static int64_t now(void *user)
{
    flow_test_pause();
    return *((const struct flow_test_sim *)user)->clock;
}

// The engine wakes workers whenever a watermark has moved.
static void wake(void *user, uint32_t worker)
{
    struct flow_test_sim *sim = user;
    if (worker == 0 && sim->watch && sim->engine)
        sim->watch(sim, sim->user);
    flow_test_wake(worker);
    flow_test_pause();
}

static void moment(void *user)
{
    (void)user;
    flow_test_pause();
}

static bool fault(void *user, enum fl_fault point)
{
    struct flow_test_sim *sim = user;
    struct flow_test_faults *faults = &sim->faults;
    if (point == FL_FAULT_FAILED) {
        const bool again = flow_test_trip.fell;
        flow_test_trip.fell = false;
        return again;
    }
    flow_test_pause();
    if (faults->point >= 0 && point != (enum fl_fault)faults->point)
        return false;
    faults->asked++;
    const bool more = faults->one_in && (!faults->most || faults->injected < faults->most);
    const bool hit =
        faults->asked == faults->at || (more && flow_test_below(&sim->random, faults->one_in) == 0);
    faults->injected += hit;
    return hit;
}

struct flow_test_sim *flow_test_open(
    flow_pipeline *pipeline, const struct flow_test_options *options, flow_error *error)
{
    const flow_graph *graph = flow_pipeline_graph(pipeline, error);
    if (!graph)
        return NULL;
    struct flow_test_sim *sim = calloc(1, sizeof *sim);
    ck_assert_ptr_nonnull(sim);
    sim->workers = options->workers ? options->workers : 1;
    sim->random = sim->seed = options->seed;
    sim->own_clock = INT64_C(1700000000000000);
    sim->clock = options->clock ? options->clock : &sim->own_clock;
    sim->faults = options->faults;
    sim->weave = options->weave && flow_test_can_weave();
    sim->watch = options->watch;
    sim->user = options->user;
    const struct fl_engine_options engine = { .workers = sim->workers,
        .memory = options->memory ? options->memory : (uint64_t)256 << 20,
        .port = { .user = sim,
            .now = now,
            .wake = wake,
            .yield = flow_test_yield,
            .fault = fault,
            .moment = moment,
            .disk = options->disk },
        .scratch = options->scratch,
        .spill = options->spill,
        .no_lifting = options->no_lifting,
        .always_lifting = options->always_lifting,
        .flight = options->flight };
    sim->engine = fl_engine_new(graph, &engine, error);
    if (sim->engine)
        return sim;
    free(sim);
    return NULL;
}

static bool settle_woven(struct flow_test_sim *sim, uint64_t rest_after)
{
    const struct flow_test_weave weave = { sim->engine, sim->workers, &sim->random, sim->done,
        rest_after };
    uint32_t lost;
    const bool over = flow_test_weave(&weave, &lost);
    ck_assert_msg(lost == UINT32_MAX, "seed %llu: worker %u sleeps though there is work for it",
        (unsigned long long)sim->seed, lost);
    return over;
}

bool flow_test_settle(struct flow_test_sim *sim)
{
    if (sim->weave)
        return settle_woven(sim, 0);
    struct fl_turns turns = { sim->engine, sim->workers, &sim->random, sim->done, 0, 0, 0 };
    while (!fl_turns_idle(&turns)) {
        ck_assert_msg(turns.turn < 50000000, "the engine goes round in circles");
        if (fl_turns_next(&turns))
            return true;
    }
    return false;
}

bool flow_test_rest(struct flow_test_sim *sim, uint64_t turns)
{
    if (!sim->weave || settle_woven(sim, turns))
        return false;
    const bool rest = fl_engine_at_rest(sim->engine);
    fl_engine_hold(sim->engine, false);
    return rest;
}

struct flow_test_sim *flow_test_reborn(
    struct flow_test_sim *sim, flow_pipeline *pipeline, const struct flow_test_options *options)
{
    flow_error error = { 0 };
    flow_buffer bytes = { 0 };
    ck_assert_msg(fl_engine_snapshot(sim->engine, &bytes, &error), "%s", error.message);
    fl_engine_free(sim->engine);
    free(sim);
    sim = flow_test_open(pipeline, options, &error);
    ck_assert_msg(sim != NULL, "%s: %s", error.step, error.message);
    const flow_str snapshot = { bytes.data, bytes.len };
    const flow_status status = fl_engine_restore(sim->engine, snapshot, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
    flow_buffer_free(&bytes);
    return sim;
}

flow_status flow_test_close(struct flow_test_sim *sim, flow_error *error)
{
    const flow_status status = fl_engine_end(sim->engine, error);
    fl_engine_free(sim->engine);
    free(sim);
    return status;
}

int64_t flow_test_next_wake(const struct flow_test_sim *sim, int64_t before)
{
    int64_t first = before;
    for (uint32_t w = 0; w < sim->workers; w++) {
        const int64_t wake = sim->done[w] ? FL_ASLEEP : fl_engine_next_wake(sim->engine, w);
        first = wake < first ? wake : first;
    }
    return first;
}

flow_status flow_test_run(
    flow_pipeline *pipeline, const struct flow_test_options *options, flow_error *error)
{
    struct flow_test_sim *sim = flow_test_open(pipeline, options, error);
    if (!sim)
        return error->status;
    for (int waits = 0; !flow_test_settle(sim); waits++) {
        ck_assert_msg(waits < 10000, "the engine waits for ever");
        *sim->clock = flow_test_next_wake(sim, *sim->clock + 1000000);
    }
    return flow_test_close(sim, error);
}

void flow_test_run_well(flow_pipeline *pipeline, const struct flow_test_options *options)
{
    flow_error error = { 0 };
    const flow_status status = flow_test_run(pipeline, options, &error);
    ck_assert_msg(status == FLOW_OK, "%s: %s", error.step, error.message);
}

// --- memory

static void *counted_alloc(void *user, size_t size, size_t align)
{
    struct flow_test_memory *memory = user;
    const uint64_t call = atomic_fetch_add(&memory->calls, 1) + 1;
    if (memory->fail_at && (memory->once ? call == memory->fail_at : call >= memory->fail_at))
        return NULL;
    void *bytes = NULL;
    if (posix_memalign(&bytes, align < sizeof(void *) ? sizeof(void *) : align, size ? size : 1))
        return NULL;
    // so that nobody relies on zeros
    memset(bytes, 0xA5, size);
    atomic_fetch_add(&memory->held, size);
    return bytes;
}

static void counted_free(void *user, void *bytes, size_t size)
{
    struct flow_test_memory *memory = user;
    if (!bytes)
        return;
    atomic_fetch_sub(&memory->held, size);
    free(bytes);
}

void flow_test_memory_init(struct flow_test_memory *memory)
{
    memset(memory, 0, sizeof *memory);
    memory->allocator.alloc = counted_alloc;
    memory->allocator.free = counted_free;
    memory->allocator.user = memory;
}
