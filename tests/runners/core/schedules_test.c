// SPDX-License-Identifier: Apache-2.0
// Seeded schedules: workers interleaved within their steps (weave.h), on random graphs of every
// kind. A seed decides the graph, its input, the order in which workers go on, which bundles fail,
// and where a snapshot is taken and restored; so a failing one can be run again (docs/internals/
// testing.md). Bugs of concurrency and order that were put into the engine (`./dev mutants
// concurrency`) must be found here.
#include <stdio.h>
#include <stdlib.h>

#include "graph_run.h"

TCase *schedules_tests(void);

#define LEAST_OPS 6
#define SECOND    INT64_C(1000000)

static const unsigned kinds[] = { 0, GRAPH_LATE, GRAPH_IDLE, 0, GRAPH_LATE | GRAPH_POLICIES,
    GRAPH_IDLE | GRAPH_LATE | GRAPH_POLICIES };
#define KINDS (sizeof kinds / sizeof kinds[0])

// What a seed asks for beside its graph.
static struct flow_test_options options_of(uint64_t seed, uint64_t *random)
{
    struct flow_test_options options = { .workers = 1 + (uint32_t)(flow_test_below(random, 5)),
        .seed = seed,
        .weave = true,
        .no_lifting = seed % 3 == 0,
        .always_lifting = seed % 3 == 1 };
    if (flow_test_below(random, 3) == 0)
        options.flight = 1 + flow_test_below(random, 5000);
    if (flow_test_below(random, 2) == 0)
        options.faults = (struct flow_test_faults){ .point = (int)flow_test_below(random, 5) - 1,
            .one_in = 2 + flow_test_below(random, 12),
            .most = 60 };
    return options;
}

START_TEST(r3_any_order_of_workers_gives_the_answer_of_the_reference)
{
    const uint32_t seeds = flow_test_seeds(500);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        flow_test_tell("r3_any_order_of_workers_gives_the_answer_of_the_reference", seed);
        uint64_t random = seed;
        const unsigned kind = kinds[seed % KINDS];
        struct graph *graph = graph_make_with(seed + 2000000, LEAST_OPS, kind);
        const struct flow_test_options options = options_of(seed, &random);
        graph_shorten(graph, 150);
        if (kind && options.workers > 1) {
            graph_run_any(graph, seed, &options);
        } else {
            graph_reference(graph);
            if (kind)
                graph_run(graph, seed, (enum graph_form)(seed % FORM_COUNT), &options);
            else
                graph_run_reborn(graph, seed, &options, flow_test_below(&random, 4));
        }
        graph_free(graph);
    }
}
END_TEST

// --- one version of a side input a bundle

#define PIECES 12
#define ROWS   4

static flow_status show_side(flow_ctx *ctx, const struct flow_test_row *in)
{
    const struct flow_counted *side = FLOW_SIDE(ctx, 0, flow_counted);
    struct flow_test_row row = *in;
    if (!side)
        return ctx->status;
    row.v = side->count;
    FLOW_EMIT_ROW(ctx, flow_test_row, &row);
    return ctx->status;
}
FLOW_ELEMENT_FN(show_side, flow_test_row, flow_test_row);

// Rows of a script whose k is the number of their piece.
struct input {
    struct flow_test_row rows[PIECES * ROWS];
    struct flow_test_piece pieces[PIECES];
    struct flow_test_script script;
};

static void make_input(struct input *input)
{
    for (int i = 0; i < PIECES * ROWS; i++)
        input->rows[i] = flow_test_row_at(i / ROWS, 0, i);
    input->script = flow_test_deal(input->rows, PIECES * ROWS, input->pieces, PIECES);
    input->script.give = FLOW_TEST_LEND;
    input->script.chunk = 1;
}

// How often what the elements of one piece have seen differs; -1: elements are missing.
static int torn_pieces(struct flow_test_results *got)
{
    char first[PIECES][200] = { "" };
    int torn = 0, seen = 0;
    for (size_t i = 0; i < got->count; i++, seen++) {
        char one[200];
        int piece = 0;
        long long value = 0;
        sscanf(got->list[i].text, "{k:%d,v:%lld", &piece, &value);
        snprintf(one, sizeof one, "%lld", value);
        if (!first[piece][0])
            memcpy(first[piece], one, sizeof one);
        torn += strcmp(first[piece], one) != 0;
    }
    return seen == PIECES * ROWS ? torn : -1;
}

START_TEST(r69_any_order_of_workers_shows_a_bundle_one_version_of_a_side_input)
{
    const uint32_t seeds = flow_test_seeds(200);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        flow_test_tell("r69_any_order_of_workers_shows_a_bundle_one_version_of_a_side_input", seed);
        static struct input main_rows, side_rows;
        struct flow_test_results got;
        const struct flow_test_options options = {
            .workers = 2 + (uint32_t)(seed % 3), .seed = seed, .weave = true
        };
        const flow_window_options often = { .trigger = flow_trigger_always(),
            .accumulation = FLOW_ACCUMULATING };
        const flow_window_options alone = { .keep_windows = true,
            .accumulation = FLOW_DISCARDING }; // the last count, not all
        make_input(&main_rows);
        make_input(&side_rows);
        flow_test_results_init(&got, "seen");
        flow_pipeline *pipeline = flow_pipeline_new("versions");
        const flow_coll rows = flow_test_read(pipeline, &main_rows.script);
        const flow_coll side = flow_test_read(pipeline, &side_rows.script);
        const flow_coll counts = flow_count(flow_window_into(side, &often));
        const flow_view view = flow_as_singleton(flow_window_into(counts, &alone));
        const flow_do_options looks = { .sides = &view, .side_count = 1 };
        flow_test_collect(flow_do(rows, &show_side_fn, &looks), &got);
        flow_test_run_well(pipeline, &options);
        const int torn = torn_pieces(&got);
        ck_assert_msg(torn == 0,
            "seed %llu: %d elements saw another version than others of their "
            "bundle (-1: some are missing)",
            (unsigned long long)seed, torn);
        flow_test_results_clear(&got);
        flow_pipeline_free(pipeline);
    }
}
END_TEST

// --- late elements that were added up before the shuffle

#define COUNTED 120

// Elements far out of order, in small pieces of three partitions.
static void make_disorder(struct flow_test_row *rows, struct flow_test_piece *pieces,
    struct flow_test_script *script, uint64_t *random)
{
    size_t piece = 0;
    for (size_t i = 0; i < COUNTED;) {
        size_t count = 1 + flow_test_below(random, 6);
        count = count < COUNTED - i ? count : COUNTED - i;
        pieces[piece++] = (struct flow_test_piece){
            .partition = flow_test_below(random, 3), .rows = &rows[i], .count = count
        };
        for (; count > 0; count--, i++)
            rows[i] = flow_test_row_at(
                flow_test_below(random, 3), 0, ((int64_t)i + flow_test_below(random, 60)) * SECOND);
    }
    *script = (struct flow_test_script){ .type = &flow_test_row_type,
        .pieces = pieces,
        .piece_count = piece,
        .partitions = 3,
        .event_time = FLOW_FIELD(flow_test_row, at),
        .times = { .disorder = { SECOND } } };
}

static uint64_t sum_of(const struct flow_test_results *got)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < got->count; i++) {
        unsigned long long one = 0;
        sscanf(strstr(got->list[i].text, "count:"), "count:%llu", &one);
        sum += one;
    }
    return sum;
}

START_TEST(r24_any_order_of_workers_counts_each_element_or_drops_it)
{
    const uint32_t seeds = flow_test_seeds(300);
    uint64_t late = 0;
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        static struct flow_test_row rows[COUNTED];
        static struct flow_test_piece pieces[COUNTED];
        struct flow_test_script script;
        struct flow_test_results got;
        uint64_t random = seed;
        flow_error error = { 0 };
        flow_status_report report;
        const struct flow_test_options options = { .workers = 2 + (uint32_t)(seed % 4),
            .seed = seed,
            .weave = true,
            .always_lifting = true,
            .flight = seed % 3 ? 0 : 5000 };
        flow_test_tell("r24_any_order_of_workers_counts_each_element_or_drops_it", seed);
        make_disorder(rows, pieces, &script, &random);
        flow_test_results_init(&got, "counts");
        flow_pipeline *pipeline = flow_pipeline_new("lifted");
        const flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)) };
        const flow_coll cut = flow_window_into(flow_test_read(pipeline, &script), &tens);
        flow_test_collect(flow_count(flow_key_by(cut, FLOW_FIELD(flow_test_row, k))), &got);
        struct flow_test_sim *sim = flow_test_open(pipeline, &options, &error);
        ck_assert_msg(sim != NULL, "%s", error.message);
        ck_assert(flow_test_settle(sim));
        fl_engine_status(sim->engine, &report);
        ck_assert_int_eq(flow_test_close(sim, &error), FLOW_OK);
        const unsigned long long told = sum_of(&got) + report.dropped_late;
        ck_assert_msg(told == COUNTED, "seed %llu: %llu of %d elements were counted or dropped",
            (unsigned long long)seed, told, COUNTED);
        late += report.dropped_late;
        flow_test_results_clear(&got);
        flow_pipeline_free(pipeline);
    }
    ck_assert(late > 0 || seeds < 10);
}
END_TEST

// --- sleep and wake

#define TICKS       40
#define WAITS_STEPS 4

// Every tick of the clock brings a few elements, and no watermark moves: so nobody is woken but by
// who sends rows to him, or makes room for his.
START_TEST(any_order_of_workers_wakes_who_has_something_to_do)
{
    const uint32_t seeds = flow_test_seeds(300);
    for (uint64_t seed = flow_test_first(); seed <= seeds; seed++) {
        static struct flow_test_row rows[TICKS * ROWS];
        static struct flow_test_piece pieces[TICKS];
        struct flow_test_results got;
        uint64_t random = seed;
        int64_t clock = SECOND;
        const struct flow_test_options options = { .workers = 2 + (uint32_t)(seed % 4),
            .seed = seed,
            .weave = true,
            .flight = 1 + flow_test_below(&random, 1000),
            .clock = &clock };
        const struct flow_test_script script = { .type = &flow_test_row_type,
            .pieces = pieces,
            .piece_count = TICKS,
            .partitions = 2,
            .unbounded = true,
            .own_watermark = true,
            .wakes = true,
            .clock = &clock };
        flow_test_tell("any_order_of_workers_wakes_who_has_something_to_do", seed);
        for (int i = 0; i < TICKS * ROWS; i++)
            rows[i] = flow_test_row_at(flow_test_below(&random, 8), flow_test_below(&random, 8), 0);
        for (int p = 0; p < TICKS; p++)
            pieces[p] = (struct flow_test_piece){ .partition = flow_test_below(&random, 2),
                .rows = &rows[p * ROWS],
                .count = ROWS,
                .not_before = (1 + p / 2) * SECOND };
        flow_test_results_init(&got, "woken");
        flow_pipeline *pipeline = flow_pipeline_new("woken");
        flow_coll now = flow_test_read(pipeline, &script);
        for (int i = 0; i < WAITS_STEPS; i++)
            now = flow_reshuffle(flow_key_by(
                now, i % 2 ? FLOW_FIELD(flow_test_row, k) : FLOW_FIELD(flow_test_row, v)));
        flow_test_collect(now, &got);
        flow_test_run_well(pipeline, &options);
        ck_assert_uint_eq(got.count, TICKS * ROWS);
        flow_test_results_clear(&got);
        flow_pipeline_free(pipeline);
    }
}
END_TEST

TCase *schedules_tests(void)
{
    TCase *tests = tcase_create("schedules");
    tcase_set_timeout(tests, 3600);
    tcase_add_test(tests, r3_any_order_of_workers_gives_the_answer_of_the_reference);
    tcase_add_test(tests, r24_any_order_of_workers_counts_each_element_or_drops_it);
    tcase_add_test(tests, any_order_of_workers_wakes_who_has_something_to_do);
    tcase_add_test(tests, r69_any_order_of_workers_shows_a_bundle_one_version_of_a_side_input);
    return tests;
}
