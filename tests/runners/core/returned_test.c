// SPDX-License-Identifier: Apache-2.0
// What functions return: a status without a word, one that is none, one that is not theirs to say.
// Each ends in a sentence, and goes as the step's policy says.
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <flow/memory.h>
#include <flow/runner_local.h>
#include <flow/test.h>
#include <flow/transforms.h>

TCase *returned_tests(void);

struct word {
    int64_t n;
    flow_str text;
};
FLOW_RECORD(word, n, text);

static const struct answer {
    flow_status returned;
    bool spoken; // said with flow_fail
    flow_status status;
    const char *sentence;
} answers[] = {
    { FLOW_IO, false, FLOW_IO, "the function returned IO without a message" },
    { FLOW_INTERNAL, false, FLOW_INTERNAL, "the function returned INTERNAL without a message" },
    { (flow_status)99, false, FLOW_USER, "the function returned 99, which is no status" },
    { (flow_status)-1, false, FLOW_USER, "the function returned -1, which is no status" },
    { FLOW_CANCELLED, false, FLOW_USER,
        "the function returned CANCELLED, which the runner alone says" },
    { FLOW_CANCELLED, true, FLOW_USER, "enough" },
    { (flow_status)99, true, FLOW_USER, "enough" },
    { FLOW_IO, true, FLOW_IO, "enough" },
};
#define ANSWERS (int)(sizeof answers / sizeof *answers)

static const struct answer *now;

static flow_status give(flow_ctx *ctx)
{
    return now->spoken ? flow_fail(ctx, now->returned, "enough") : now->returned;
}

static flow_status answer(flow_ctx *ctx, const struct word *word)
{
    (void)word;
    return give(ctx);
}
FLOW_ELEMENT_FN(answer, word, word);

static flow_status pass(flow_ctx *ctx, const struct word *word)
{
    return FLOW_EMIT_ROW(ctx, word, word);
}
FLOW_ELEMENT_FN_WITH(pass, word, (word), .start = give);

static flow_status ask_for_rows(flow_ctx *ctx, const struct word *word)
{
    (void)word;
    flow_rows *rows = flow_ctx_rows(ctx);
    flow_rows_rewind(rows);
    flow_rows_keep(rows);
    flow_rows_release(rows);
    if (flow_rows_next(rows) || flow_rows_hold(rows) || flow_rows_count(rows) > 0)
        return FLOW_OK;
    return ctx->status;
}
FLOW_ELEMENT_FN(ask_for_rows, word, word);

static flow_pipeline *p;
static struct word one;

static flow_coll begin(void)
{
    p = flow_pipeline_new("returned");
    return flow_create(p, &(flow_create_options){ .type = &word_type, .rows = &one, .count = 1 });
}

static void ends(const flow_runner *runner, flow_status status, const char *step, const char *words)
{
    flow_error error = { 0 };
    ck_assert_int_eq(flow_run(p, runner, &error), status);
    ck_assert_int_eq(error.status, status);
    ck_assert_str_eq(error.step, step);
    ck_assert_msg(strstr(error.message, words) != NULL, "%s, not %s", error.message, words);
    flow_pipeline_free(p);
}

START_TEST(a_function_that_fails_without_a_word_ends_the_job_in_a_sentence)
{
    now = &answers[_i];
    flow_do(begin(), &answer_fn);
    ends(&flow_local_runner, now->status, "answer", now->sentence);
}
END_TEST

START_TEST(a_start_that_fails_without_a_word_ends_the_job_in_a_sentence)
{
    now = &answers[_i];
    flow_do(begin(), &pass_fn);
    ends(&flow_local_runner, now->status, "pass", now->sentence);
}
END_TEST

START_TEST(what_is_not_a_functions_to_say_goes_to_dead_letters_as_any_other)
{
    now = &answers[_i];
    if (now->status == FLOW_INTERNAL) // never an element's fault
        return;
    const flow_do_options options = { .on_error = FLOW_ON_ERROR_DEAD_LETTER };
    const flow_coll out = flow_do(begin(), &answer_fn, &options);
    flow_expect_empty(out, NULL);
    flow_expect(flow_count(flow_dead_letters(out)), "{\"count\":1}");
    const flow_runner runner = flow_simulated(NULL);
    flow_error error = { 0 };
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(a_function_that_asks_for_rows_of_a_group_which_it_has_not_fails_in_a_sentence)
{
    flow_do(begin(), &ask_for_rows_fn);
    ends(&flow_local_runner, FLOW_INVALID, "ask_for_rows", "it asks for the rows of a group");
}
END_TEST

static flow_status hoard(
    flow_ctx *ctx, const int64_t *key, const struct word *word, struct word *state)
{
    (void)ctx, (void)key;
    *state = *word;
    return FLOW_OK;
}

static flow_status hoard_timer(flow_ctx *ctx, const int64_t *key, struct word *state)
{
    (void)ctx, (void)key, (void)state;
    return FLOW_OK;
}
FLOW_STATEFUL_FN(hoard, int64_t, word, word, word);

START_TEST(what_alone_is_more_than_the_budget_is_told_with_its_size)
{
    const size_t size = (size_t)100 << 20;
    char *text = calloc(size, 1);
    ck_assert_ptr_nonnull(text);
    one.text = (flow_str){ text, size };
    flow_do(flow_key_by(begin(), FLOW_FIELD(word, n)), &hoard_fn);
    const flow_local_options options = { .workers = 1, .memory = UINT64_C(64) << 20 };
    const flow_runner runner = flow_local(&options);
    ends(&runner, FLOW_BUDGET, "hoard", "needed at once, more than the memory budget of 64 MiB");
    one.text = (flow_str){ NULL, 0 };
    free(text);
}
END_TEST

TCase *returned_tests(void)
{
    TCase *tests = tcase_create("returned");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(
        tests, a_function_that_fails_without_a_word_ends_the_job_in_a_sentence, 0, ANSWERS);
    tcase_add_loop_test(
        tests, a_start_that_fails_without_a_word_ends_the_job_in_a_sentence, 0, ANSWERS);
    tcase_add_loop_test(
        tests, what_is_not_a_functions_to_say_goes_to_dead_letters_as_any_other, 0, ANSWERS);
    tcase_add_test(
        tests, a_function_that_asks_for_rows_of_a_group_which_it_has_not_fails_in_a_sentence);
    tcase_add_test(tests, what_alone_is_more_than_the_budget_is_told_with_its_size);
    return tests;
}
