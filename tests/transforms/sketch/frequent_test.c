// SPDX-License-Identifier: Apache-2.0
// flow_frequent: exact while small, within its bound beyond, however it is merged.
#include <math.h>

#include <flow/sketch.h>
#include <flow/test.h>

#include "core_test.h"

TCase *frequent_tests(void);

struct popular {
    int64_t value, count, over;
};
FLOW_RECORD(popular, value, count, over);

struct named {
    flow_str value;
    int64_t count, over;
};
FLOW_RECORD(named, value, count, over);

struct by_name {
    flow_str who;
    int64_t value, count, over;
};
FLOW_RECORD(by_name, who, value, count, over);

enum {
    COUNTERS = 16
};

static flow_coll make_frequent(flow_coll in, flow_field_ref field)
{
    return flow_frequent(in, field, &popular_type, NULL);
}

static flow_coll make_named(flow_coll in, flow_field_ref field)
{
    return flow_frequent(in, field, &named_type, NULL);
}

static flow_coll make_small(flow_coll in, flow_field_ref field)
{
    return flow_frequent(
        in, field, &popular_type, &(flow_frequent_options){ .count = 4, .counters = COUNTERS });
}

START_TEST(r73_frequent_keeps_the_laws)
{
    combine_keeps_the_laws(make_frequent, FLOW_FIELD(bid, i64));
    combine_keeps_the_laws(make_named, FLOW_FIELD(bid, who));
}
END_TEST

// Value v comes about one time in v + 1: a few are frequent, most are not.
static int64_t skewed(uint64_t *seed)
{
    const double u = (double)(next_random(seed) >> 11) * 0x1p-53;
    return (int64_t)(exp(u * log(5000)) - 1);
}

// Where counts lie in an accumulator of so many counters (see frequent.c): a number, then runs of
// counts, of what is too much, of hashes, of values.
static int64_t word_at(const cell *acc, int run, int64_t i)
{
    int64_t word;
    memcpy(&word, acc->bytes + 8 + (size_t)(run * COUNTERS + i) * 8, sizeof word);
    return word;
}

static void expect_bounds(const combined *made, const cell *acc, const int64_t *truth, int64_t sum)
{
    cell out;
    ck_assert_int_eq(combine_extract(made, acc, &out), FLOW_OK);
    int64_t used, least = sum;
    memcpy(&used, out.bytes, sizeof used);
    ck_assert_int_le(used, COUNTERS);
    bool counted[5000] = { false };
    for (int64_t i = 0; i < used; i++) {
        const int64_t value = word_at(&out, 3, i), count = word_at(&out, 0, i);
        const int64_t over = word_at(&out, 1, i);
        ck_assert_int_le(truth[value], count);
        ck_assert_int_ge(truth[value], count - over);
        ck_assert_int_le(over, sum / COUNTERS);
        ck_assert(!counted[value]);
        counted[value] = true;
        ck_assert_int_le(count, i ? least : sum); // in order
        least = count;
    }
    for (int64_t value = 0; value < 5000; value++)
        ck_assert_msg(counted[value] || truth[value] <= sum / COUNTERS, "%lld came %lld times",
            (long long)value, (long long)truth[value]);
}

START_TEST(counts_keep_to_their_bounds)
{
    combined made = combine_begin(make_small, FLOW_FIELD(bid, i64));
    uint64_t seed = (uint64_t)_i + 1;
    static int64_t truth[5000];
    memset(truth, 0, sizeof truth);
    cell acc, part;
    memset(&acc, 0, sizeof acc);
    int64_t sum = 0;
    for (int round = 0; round < 12; round++) {
        memset(&part, 0, sizeof part);
        const int64_t rows = (int64_t)(next_random(&seed) % 3000);
        for (int64_t i = 0; i < rows; i++) {
            const struct bid row = { .i64 = skewed(&seed) };
            truth[row.i64]++;
            sum++;
            made.node->combine->add(round % 2 ? &part : &acc, &row, made.node->config);
        }
        combine_merge(&made, &acc, &part);
        expect_bounds(&made, &acc, truth, sum);
    }
    combine_end(&made);
}
END_TEST

START_TEST(the_most_frequent_come_by_key)
{
    flow_pipeline *p = flow_pipeline_new("popular");
    flow_script *script = flow_script_new(p);
    const flow_coll in = flow_script_input(script, "bids", &bid_type);
    static const struct {
        const char *who;
        int64_t value;
    } rows[] = { { "ann", 3 }, { "ann", 4 }, { "bob", 5 }, { "ann", 4 }, { "bob", 6 },
        { "ann", 9 } };
    for (int i = 0; i < TABLE_SIZE(rows); i++)
        FLOW_SCRIPT_ADD(script, in, bid, ((flow_time){ 0 }), .who = flow_str_of(rows[i].who),
            .i64 = rows[i].value);
    const flow_window_options cut = { .windows = flow_fixed(flow_minutes(1)) };
    const flow_coll keyed = flow_key_by(flow_window_into(in, &cut), FLOW_FIELD(bid, who));
    const flow_coll out = flow_frequent(keyed, FLOW_FIELD(bid, i64), &by_name_type,
        &(flow_frequent_options){ .name = "favourites", .count = 2 });
    ck_assert_str_eq(flow_coll_key(out).name, "who");
    flow_expect(flow_unkey(out), "{\"who\":\"ann\",\"value\":4,\"count\":2,\"over\":0}",
        "{\"who\":\"ann\",\"value\":3,\"count\":1,\"over\":0}",
        "{\"who\":\"bob\",\"value\":5,\"count\":1,\"over\":0}",
        "{\"who\":\"bob\",\"value\":6,\"count\":1,\"over\":0}");
    const flow_simulated_options options = { .workers = 3, .seeds = 5, .fail_one_in = 7 };
    const flow_runner runner = flow_simulated(&options);
    flow_error error;
    ck_assert_msg(flow_run(p, &runner, &error) == FLOW_OK, "%s", error.message);
    flow_pipeline_free(p);
}
END_TEST

static flow_coll too_many(flow_coll in, flow_field_ref field)
{
    return flow_frequent(in, field, &popular_type, &(flow_frequent_options){ .counters = 257 });
}

static flow_coll too_few(flow_coll in, flow_field_ref field)
{
    return flow_frequent(
        in, field, &popular_type, &(flow_frequent_options){ .count = 9, .counters = 8 });
}

static flow_coll keyed_without(flow_coll in, flow_field_ref field)
{
    return flow_frequent(flow_key_by(in, FLOW_FIELD(bid, who)), field, &popular_type, NULL);
}

START_TEST(impossible_counters_are_refused)
{
    expect_refused(too_many, FLOW_FIELD(bid, i64),
        "flow_frequent: 10 values with 257 counters were asked for, up to 256 counters and no more "
        "values may be");
    expect_refused(too_few, FLOW_FIELD(bid, i64),
        "flow_frequent: 9 values with 8 counters were asked for, up to 256 counters and no more "
        "values may be");
    expect_refused(keyed_without, FLOW_FIELD(bid, i64),
        "flow_frequent: its output 'popular' must have the key, a value of 'int64', an int64 count "
        "and an int64 for what of it is too much");
    expect_refused(make_frequent, FLOW_FIELD(bid, who),
        "flow_frequent: its output 'popular' must have a value of 'text', an int64 count and an "
        "int64 for what of it is too much");
}
END_TEST

TCase *frequent_tests(void)
{
    TCase *tests = tcase_create("frequent");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, r73_frequent_keeps_the_laws);
    tcase_add_loop_test(tests, counts_keep_to_their_bounds, 0, 5);
    tcase_add_test(tests, the_most_frequent_come_by_key);
    tcase_add_test(tests, impossible_counters_are_refused);
    return tests;
}
