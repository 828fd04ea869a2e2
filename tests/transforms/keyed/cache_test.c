// SPDX-License-Identifier: Apache-2.0
// The ring of answers: what is found is what was put last, old answers go, nothing is too large.
#include "cache.h"

#include <stdlib.h>

#include "tests.h"

#define BYTES 4096

static uint64_t next(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return *random >> 33;
}

// The bytes of an answer to a question, of its `version`.
static fl_cached answer_of(char *bytes, uint64_t question, uint64_t version)
{
    const uint32_t len = (uint32_t)((question * 7 + version * 13) % 90);
    memset(bytes, (int)(question + version), len);
    return (fl_cached){ bytes, len, version % 5 != 0 };
}

START_TEST(what_is_found_is_what_was_put_last)
{
    fl_answers *answers = calloc(1, fl_answers_size(BYTES));
    uint64_t versions[64] = { 0 }, random = (uint64_t)_i + 1, found = 0;
    char bytes[128], wanted[128];
    for (int step = 0; step < 5000; step++) {
        const uint64_t question = next(&random) % 64;
        const fl_asked asked = { question * UINT64_C(0x9e3779b97f4a7c15), question };
        fl_cached got;
        if (next(&random) % 2) {
            const fl_cached put = answer_of(bytes, question, ++versions[question]);
            fl_answers_put(answers, BYTES, &asked, 100, &put);
            ck_assert(fl_answers_find(answers, BYTES, &asked, 99, &got));
        }
        if (!fl_answers_find(answers, BYTES, &asked, 99, &got))
            continue;
        const fl_cached want = answer_of(wanted, question, versions[question]);
        ck_assert_uint_eq(got.len, want.len);
        ck_assert_int_eq(got.found, want.found);
        ck_assert_int_eq(memcmp(got.bytes, want.bytes, want.len), 0);
        found++;
        ck_assert(!fl_answers_find(answers, BYTES, &asked, 100, &got)); // too old
    }
    ck_assert_uint_gt(found, 2500); // and some that were put before
    free(answers);
}
END_TEST

START_TEST(the_oldest_go_when_it_is_full)
{
    fl_answers *answers = calloc(1, fl_answers_size(BYTES));
    char bytes[64] = { 0 };
    const fl_cached put = { bytes, sizeof bytes, true };
    fl_cached got;
    for (uint64_t i = 0; i < 1000; i++)
        fl_answers_put(answers, BYTES, &(fl_asked){ i, i }, 100, &put);
    int there = 0;
    for (uint64_t i = 0; i < 1000; i++)
        there += fl_answers_find(answers, BYTES, &(fl_asked){ i, i }, 0, &got);
    ck_assert_int_gt(there, 20);
    ck_assert_int_le(there, BYTES / 64);
    ck_assert(!fl_answers_find(answers, BYTES, &(fl_asked){ 0, 0 }, 0, &got));
    ck_assert(fl_answers_find(answers, BYTES, &(fl_asked){ 999, 999 }, 0, &got));
    free(answers);
}
END_TEST

START_TEST(what_is_too_large_is_not_remembered)
{
    fl_answers *answers = calloc(1, fl_answers_size(BYTES));
    static char bytes[BYTES];
    fl_cached got, put = { bytes, BYTES / 2, true };
    fl_answers_put(answers, BYTES, &(fl_asked){ 1, 1 }, 100, &put);
    ck_assert(!fl_answers_find(answers, BYTES, &(fl_asked){ 1, 1 }, 0, &got));
    put.len = BYTES / 8;
    fl_answers_put(answers, BYTES, &(fl_asked){ 1, 1 }, 100, &put);
    ck_assert(fl_answers_find(answers, BYTES, &(fl_asked){ 1, 1 }, 0, &got));
    free(answers);
}
END_TEST

TCase *cache_tests(void)
{
    TCase *tests = tcase_create("cache");
    tcase_add_loop_test(tests, what_is_found_is_what_was_put_last, 0, 10);
    tcase_add_test(tests, the_oldest_go_when_it_is_full);
    tcase_add_test(tests, what_is_too_large_is_not_remembered);
    return tests;
}
