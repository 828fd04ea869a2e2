// SPDX-License-Identifier: Apache-2.0
// Groupings ten times as large as the budget finish by spilling, and the process never has more
// than the budget and 64 MiB. Sizes are a tenth of that unless FLOW_TEST_SPILL=full is set.
#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flow/join.h>
#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/transform.h>
#include <flow/transforms.h>
#include <flow/trigger.h>
#include <flow/window.h>

#define MIB    ((uint64_t)1 << 20)
#define PIECE  4096u            // rows
#define PAD    192u             // bytes of text a row
#define BLOB   (budget() / 512) // of those of a hot key
#define BESIDE (64 * MIB)

// A row of 32 bytes and its text.
struct load {
    int64_t key;
    int64_t number;
    flow_time at;
    flow_str pad;
};
FLOW_RECORD(load, key, number, at, pad);

struct folded {
    int64_t key;
    int64_t rows;
    int64_t sum;
};
FLOW_RECORD(folded, key, rows, sum);

static bool full(void)
{
    const char *size = getenv("FLOW_TEST_SPILL");
    return size && strcmp(size, "full") == 0;
}

static uint64_t budget(void)
{
    return full() ? 64 * MIB : 16 * MIB;
}

// Rows that are more than ten times the budget, as they lie in memory.
static uint64_t row_count(void)
{
    return 10 * budget() / (sizeof(struct load) + PAD) + 1;
}

// --- a source that makes rows

struct made {
    uint64_t rows, keys, seed;
    uint64_t pad; // bytes of text a row; 0: PAD
    bool hot;     // all rows are of key 0 but the first, which is of a key of its own, −seed
};

struct maker {
    const struct made *made;
    uint64_t next;
};

static flow_status open_maker(void *self, const flow_open *open)
{
    ((struct maker *)self)->made = open->config;
    return FLOW_OK;
}

static uint32_t one(void *self)
{
    (void)self;
    return 1;
}

static uint64_t mix(uint64_t n)
{
    n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
    return n ^ n >> 31;
}

static size_t pad_of(const struct made *made)
{
    return made->pad ? made->pad : PAD;
}

// Eight bytes of the text of a row.
static uint64_t word_of(const struct made *made, uint64_t row, size_t at)
{
    return mix(row * pad_of(made) + at + made->seed) | UINT64_C(0x4040404040404040);
}

static int64_t key_of(const struct made *made, uint64_t row)
{
    if (made->hot)
        return row == 0 ? -(int64_t)made->seed : 0;
    return (int64_t)(row * 7919 % made->keys);
}

static flow_claim claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    struct maker *maker = self;
    (void)partition;
    (void)error;
    if (maker->next == maker->made->rows)
        return FLOW_CLAIM_END;
    const uint64_t left = maker->made->rows - maker->next;
    const uint64_t most = PIECE * PAD / pad_of(maker->made);
    piece->begin = maker->next;
    piece->end = maker->next += left < most ? left : most;
    return FLOW_CLAIM_PIECE;
}

static flow_status read_rows(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    const struct made *made = ((struct maker *)self)->made;
    static _Thread_local char pad[128u << 10];
    for (uint64_t i = piece->begin; i < piece->end; i++) {
        for (size_t at = 0; at < pad_of(made); at += 8) {
            const uint64_t word = word_of(made, i, at);
            memcpy(pad + at, &word, 8);
        }
        const struct load row = { key_of(made, i), (int64_t)i, { (int64_t)i },
            { pad, pad_of(made) } };
        if (flow_emit(ctx, 0, &load_type, &row, sizeof row) != FLOW_OK)
            return ctx->status;
    }
    return FLOW_OK;
}

static void close_maker(void *self)
{
    (void)self;
}

static const flow_source maker_source = { .name = "make",
    .self_size = sizeof(struct maker),
    .open = open_maker,
    .partitions = one,
    .claim = claim,
    .read = read_rows,
    .close = close_maker };

static flow_coll make_rows(flow_pipeline *pipeline, const struct made *made)
{
    const flow_read_options options = {
        .type = &load_type, .config = made, .event_time = FLOW_FIELD(load, at)
    };
    return flow_key_by(flow_read(pipeline, &maker_source, &options), FLOW_FIELD(load, key));
}

// --- what comes out

struct taken {
    uint64_t results, rows, sum;
};

static void take(void *user, const flow_elements *elements)
{
    struct taken *taken = user;
    for (uint32_t i = 0; i < elements->batch.count; i++) {
        const struct folded *folded = FLOW_BATCH_ROW(&elements->batch, folded, i);
        taken->results++;
        taken->rows += (uint64_t)folded->rows;
        taken->sum += (uint64_t)folded->sum;
    }
}

// The most that the process has had in memory, in bytes; 0: not known.
static uint64_t most_resident(void)
{
    char line[200];
    unsigned long long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %llu kB", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib * 1024;
}

// Sanitizers hold memory of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEASURED false
#else
#define MEASURED true
#endif

static void run_within(uint64_t memory, flow_pipeline *pipeline)
{
    const flow_local_options options = { .workers = 2, .memory = memory };
    const flow_runner runner = flow_local(&options);
    flow_error error = { FLOW_OK, "", "" };
    ck_assert_msg(
        flow_run(pipeline, &runner, &error) == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(pipeline);
    const uint64_t most = most_resident();
    printf("# budget %llu MiB, at most %llu MiB resident\n", (unsigned long long)(memory / MIB),
        (unsigned long long)(most / MIB));
    fflush(stdout);
    if (MEASURED)
        ck_assert_uint_le(most, memory + BESIDE);
}

static flow_status fold(flow_ctx *ctx, const int64_t *key, flow_rows *rows)
{
    struct folded folded = { *key, 0, 0 };
    const uint64_t count = flow_rows_count(rows);
    for (const struct load *row; (row = flow_rows_next(rows)) != NULL; folded.rows++)
        folded.sum += row->number + row->pad.data[row->number % PAD];
    if (ctx->status == FLOW_OK && count != (uint64_t)folded.rows)
        return flow_fail(ctx, FLOW_INTERNAL, "the rows are not as many as their count");
    return flow_emit(ctx, 0, &folded_type, &folded, sizeof folded);
}
FLOW_GROUP_FN(fold, int64_t, load, folded);

static flow_status fold_again(flow_ctx *ctx, const int64_t *key, flow_rows *rows)
{
    return FLOW_EMIT(ctx, folded, *key, (int64_t)flow_rows_count(rows), 0);
}
FLOW_GROUP_FN(fold_again, int64_t, folded, folded);

static uint64_t sum_of(const struct made *made)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < made->rows; i++) {
        const uint64_t at = i % PAD / 8 * 8;
        const uint64_t word = word_of(made, i, at);
        char bytes[8];
        memcpy(bytes, &word, 8);
        sum += i + (uint64_t)(int64_t)bytes[i % PAD % 8];
    }
    return sum;
}

static void group_by(uint64_t keys)
{
    const struct made made = { .rows = row_count(), .keys = keys, .seed = 1 };
    struct taken taken = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("group");
    flow_receive(flow_group(make_rows(pipeline, &made), &fold_fn), NULL, take, &taken);
    run_within(budget(), pipeline);
    ck_assert_uint_eq(taken.results, keys);
    ck_assert_uint_eq(taken.rows, made.rows);
    ck_assert_uint_eq(taken.sum, sum_of(&made));
}

START_TEST(groups_of_many_keys_finish_in_a_tenth_of_their_memory)
{
    group_by(row_count() / 3);
}
END_TEST

START_TEST(one_key_larger_than_the_budget_finishes)
{
    group_by(1);
}
END_TEST

// Sessions, one a key, which are not over before the input is.
static void sessions_by(uint64_t keys, flow_accumulation accumulation)
{
    const struct made made = { .rows = row_count(), .keys = keys, .seed = 1 };
    struct taken taken = { 0 };
    const uint64_t half = made.rows / keys * 3 / 5;
    const flow_window_options windows = { .windows = flow_sessions(flow_seconds(60)),
        .trigger = accumulation == FLOW_DISCARDING
                       ? flow_trigger_none()
                       : flow_trigger_early_late(
                             flow_trigger_count((uint32_t)half), flow_trigger_count(1)),
        .accumulation = accumulation,
        .lateness = flow_seconds(accumulation == FLOW_DISCARDING ? 0 : 1) };
    flow_pipeline *pipeline = flow_pipeline_new("sessions");
    const flow_coll rows = flow_window_into(make_rows(pipeline, &made), &windows);
    flow_receive(flow_group(rows, &fold_fn), NULL, take, &taken);
    run_within(budget(), pipeline);
    if (accumulation == FLOW_DISCARDING) {
        ck_assert_uint_eq(taken.results, keys);
        ck_assert_uint_eq(taken.rows, made.rows);
        ck_assert_uint_eq(taken.sum, sum_of(&made));
    } else { // once early, and all of it at the end
        ck_assert_uint_eq(taken.results, 2 * keys);
        ck_assert_uint_eq(taken.rows, made.rows + keys * half);
    }
}

START_TEST(sessions_finish_in_a_tenth_of_their_memory)
{
    sessions_by(row_count() / 700, FLOW_DISCARDING);
}
END_TEST

START_TEST(results_of_one_session_larger_than_the_budget_accumulate)
{
    sessions_by(1, FLOW_ACCUMULATING);
}
END_TEST

static flow_status pair(
    flow_ctx *ctx, const int64_t *key, const struct load *left, const struct load *right)
{
    const bool whole = left->pad.len == PAD && right->pad.len == PAD &&
                       memcmp(left->pad.data, right->pad.data, PAD) != 0;
    return FLOW_EMIT(ctx, folded, *key, whole ? 2 : -1, left->number + right->number);
}
FLOW_JOIN_FN(pair, int64_t, load, load, folded);

static void join_within(uint64_t memory)
{
    const uint64_t half = row_count() / 2;
    const struct made left = { .rows = half, .keys = half, .seed = 1 };
    const struct made right = { .rows = half, .keys = half, .seed = 2 };
    struct taken taken = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("join");
    const flow_sides sides = { make_rows(pipeline, &left), make_rows(pipeline, &right) };
    flow_receive(flow_join(sides, FLOW_JOIN_INNER, &pair_join, NULL), NULL, take, &taken);
    run_within(memory, pipeline);
    ck_assert_uint_eq(taken.results, half);
    ck_assert_uint_eq(taken.rows, 2 * half);
    ck_assert_uint_eq(taken.sum, half * (half - 1));
}

START_TEST(a_join_of_two_inputs_finishes_in_a_tenth_of_its_memory)
{
    join_within(budget());
}
END_TEST

START_TEST(a_join_finishes_where_one_worker_holds_what_the_other_lacks)
{
    join_within(12 * MIB);
}
END_TEST

// --- joins with one key of three times the budget

#define HOT_ROWS (3 * budget() / BLOB / 2) // of a side

static const struct made *hot_sides[2];

static bool is_whole(const struct load *row, uint32_t side)
{
    const size_t at = (size_t)row->number % (BLOB / 8) * 8;
    const uint64_t word = word_of(hot_sides[side], (uint64_t)row->number, at);
    return row->pad.len == BLOB && memcmp(row->pad.data + at, &word, sizeof word) == 0;
}

// `rows`: which sides there are, as bits.
static flow_status meet(
    flow_ctx *ctx, const int64_t *key, const struct load *left, const struct load *right)
{
    if ((left && !is_whole(left, 0)) || (right && !is_whole(right, 1)))
        return flow_fail(ctx, FLOW_INTERNAL, "a row is not as it was made");
    char *unused = flow_alloc(ctx, 64); // what pairs take does not add up
    if (!unused)
        return ctx->status;
    return FLOW_EMIT(ctx, folded, *key, (left ? 1 : 0) + (right ? 2 : 0),
        (left ? left->number * (int64_t)HOT_ROWS : 0) + (right ? right->number : 0));
}
FLOW_JOIN_FN(meet, int64_t, load, load, folded);

// Pairs that fail are as many as those that stay.
static flow_status meet_some(
    flow_ctx *ctx, const int64_t *key, const struct load *left, const struct load *right)
{
    const flow_status status = meet(ctx, key, left, right);
    const bool fails = left && right && (left->number + right->number) % 2 == 1;
    return status == FLOW_OK && fails ? flow_fail(ctx, FLOW_USER, "an odd pair") : status;
}
FLOW_JOIN_FN(meet_some, int64_t, load, load, folded);

static bool is_wanted(const flow_ctx *ctx, const struct folded *folded)
{
    (void)ctx;
    return folded->key != 0 || folded->sum % 61 == 0;
}
FLOW_FILTER_FN(is_wanted, folded);

static flow_coll hot_join(flow_pipeline *pipeline, const struct made sides[2], flow_join_kind kind,
    const flow_join_fn *fn, const flow_do_options *options)
{
    hot_sides[0] = &sides[0];
    hot_sides[1] = &sides[1];
    const flow_sides ins = { make_rows(pipeline, &sides[0]), make_rows(pipeline, &sides[1]) };
    return flow_join(ins, kind, fn, options);
}

static struct taken join_hot(uint64_t memory, const struct made sides[2], flow_join_kind kind)
{
    struct taken taken = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("hot");
    const flow_coll joined = hot_join(pipeline, sides, kind, &meet_join, NULL);
    flow_receive(flow_do(joined, &is_wanted_fn), NULL, take, &taken);
    run_within(memory, pipeline);
    return taken;
}

START_TEST(a_join_finishes_with_one_key_larger_than_the_budget)
{
    static const flow_join_kind kinds[] = { FLOW_JOIN_INNER, FLOW_JOIN_LEFT, FLOW_JOIN_RIGHT,
        FLOW_JOIN_FULL };
    const struct made sides[2] = { { HOT_ROWS, 1, 1, BLOB, true }, { HOT_ROWS, 1, 2, BLOB, true } };
    const struct taken taken = join_hot(budget(), sides, kinds[_i]);
    const struct taken wanted = join_hot(16 * budget(), sides, kinds[_i]);
    ck_assert_uint_gt(wanted.results, HOT_ROWS); // pairs of one side with all of the other
    ck_assert_uint_eq(taken.results, wanted.results);
    ck_assert_uint_eq(taken.rows, wanted.rows);
    ck_assert_uint_eq(taken.sum, wanted.sum);
}
END_TEST

START_TEST(a_join_with_few_rows_of_one_side_reads_a_hot_key_of_the_other)
{
    const struct made sides[2] = { { 2 * HOT_ROWS, 1, 1, BLOB, true }, { 3, 1, 2, BLOB, true } };
    const struct taken taken = join_hot(budget(), sides, FLOW_JOIN_FULL);
    const struct taken wanted = join_hot(16 * budget(), sides, FLOW_JOIN_FULL);
    ck_assert_uint_gt(wanted.results, 2);
    ck_assert_uint_eq(taken.results, wanted.results);
    ck_assert_uint_eq(taken.sum, wanted.sum);
}
END_TEST

static bool is_lost(const flow_ctx *ctx, const struct flow_rejected *rejected)
{
    (void)ctx;
    (void)rejected;
    return false;
}
FLOW_FILTER_FN(is_lost, flow_rejected);

// What is whole goes on while the call for the key still lasts.
START_TEST(pairs_of_a_hot_key_that_fail_are_dead_letters)
{
    const struct made sides[2] = { { HOT_ROWS, 1, 1, BLOB, true }, { 20, 1, 2, BLOB, true } };
    const flow_do_options options = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    struct taken taken = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("hot");
    const flow_coll joined = hot_join(pipeline, sides, FLOW_JOIN_INNER, &meet_some_join, &options);
    flow_receive(flow_do(joined, &is_wanted_fn), NULL, take, &taken);
    flow_receive(flow_do(flow_dead_letters(joined), &is_lost_fn), NULL, take, &taken);
    run_within(budget(), pipeline);
    uint64_t wanted = 0;
    for (uint64_t l = 1; l < HOT_ROWS; l++)
        for (uint64_t r = 1; r < 20; r++)
            wanted += (l + r) % 2 == 0 && (l * HOT_ROWS + r) % 61 == 0;
    ck_assert_uint_gt(wanted, 0);
    ck_assert_uint_eq(taken.results, wanted);
}
END_TEST

START_TEST(what_a_key_gives_at_once_has_to_fit)
{
    const struct made sides[2] = { { HOT_ROWS, 1, 1, BLOB, true }, { HOT_ROWS, 1, 2, BLOB, true } };
    struct taken taken = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("hot");
    const flow_coll joined = hot_join(pipeline, sides, FLOW_JOIN_INNER, &meet_join, NULL);
    const flow_coll kept = flow_group(flow_key_by(joined, FLOW_FIELD(folded, key)), &fold_again_fn);
    flow_receive(kept, NULL, take, &taken);
    const flow_local_options options = { .workers = 2, .memory = 16 * MIB };
    const flow_runner runner = flow_local(&options);
    flow_error error = { FLOW_OK, "", "" };
    ck_assert_int_eq(flow_run(pipeline, &runner, &error), FLOW_BUDGET);
    const char *wanted =
        "of it by what 'join/meet' gives at once: all that a call for one key "
        "gives has to fit, or be filtered or added up by the steps right behind it";
    ck_assert_msg(strstr(error.message, wanted), "%s", error.message);
    flow_pipeline_free(pipeline);
}
END_TEST

static void take_counted(void *user, const flow_elements *elements)
{
    struct taken *taken = user;
    for (uint32_t i = 0; i < elements->batch.count; i++)
        taken->rows += (uint64_t)FLOW_BATCH_ROW(&elements->batch, flow_counted, i)->count;
    taken->results += elements->batch.count;
}

START_TEST(counts_of_many_texts_finish_in_a_tenth_of_their_memory)
{
    const struct made made = { .rows = row_count(), .keys = 1, .seed = 1 };
    struct taken taken = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("count");
    const flow_coll texts = flow_key_by(make_rows(pipeline, &made), FLOW_FIELD(load, pad));
    flow_receive(flow_count(texts), NULL, take_counted, &taken);
    run_within(budget(), pipeline);
    ck_assert_uint_eq(taken.results, made.rows);
    ck_assert_uint_eq(taken.rows, made.rows);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runners/local: spilling");
    TCase *tests = tcase_create("spilling");
    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, groups_of_many_keys_finish_in_a_tenth_of_their_memory);
    tcase_add_test(tests, one_key_larger_than_the_budget_finishes);
    tcase_add_test(tests, sessions_finish_in_a_tenth_of_their_memory);
    tcase_add_test(tests, results_of_one_session_larger_than_the_budget_accumulate);
    tcase_add_test(tests, a_join_of_two_inputs_finishes_in_a_tenth_of_its_memory);
    tcase_add_test(tests, a_join_finishes_where_one_worker_holds_what_the_other_lacks);
    tcase_add_loop_test(tests, a_join_finishes_with_one_key_larger_than_the_budget, 0, 4);
    tcase_add_test(tests, a_join_with_few_rows_of_one_side_reads_a_hot_key_of_the_other);
    tcase_add_test(tests, pairs_of_a_hot_key_that_fail_are_dead_letters);
    tcase_add_test(tests, what_a_key_gives_at_once_has_to_fit);
    tcase_add_test(tests, counts_of_many_texts_finish_in_a_tenth_of_their_memory);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
