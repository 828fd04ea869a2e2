// SPDX-License-Identifier: Apache-2.0
// Every transform of this folder through the contract harness, by each kind of key and without one.
// flow_create, flow_channel_read and flow_file_read take no collection: what they give is up to
// their own tests.
#include <stdio.h>

#include "harness.h"

TCase *contract_tests(void);

#define ROWS 41

static flow_coll keyed(flow_coll in, int by)
{
    switch (by) {
    case 0:
        return flow_key_by(in, FLOW_FIELD(flow_test_row, k));
    case 1:
        return flow_key_by(in, FLOW_FIELD(flow_test_row, s));
    case 2:
        return flow_key_by(in, FLOW_FIELD(flow_test_row, place));
    default:
        return in;
    }
}

#define BUILDERS(what, call)                                                                       \
    static flow_coll what##_of(flow_coll in)                                                       \
    {                                                                                              \
        return call;                                                                               \
    }                                                                                              \
    static flow_coll what##_by_number(flow_coll in)                                                \
    {                                                                                              \
        return what##_of(keyed(in, 0));                                                            \
    }                                                                                              \
    static flow_coll what##_by_text(flow_coll in)                                                  \
    {                                                                                              \
        return what##_of(keyed(in, 1));                                                            \
    }                                                                                              \
    static flow_coll what##_by_record(flow_coll in)                                                \
    {                                                                                              \
        return what##_of(keyed(in, 2));                                                            \
    }

BUILDERS(count, flow_count(in))
BUILDERS(sum, flow_sum(in, FLOW_FIELD(flow_test_row, v)))
BUILDERS(float_sum, flow_sum(in, FLOW_FIELD(flow_test_row, x)))
BUILDERS(min, flow_min(in, FLOW_FIELD(flow_test_row, x)))
BUILDERS(max, flow_max(in, FLOW_FIELD(flow_test_row, v)))
BUILDERS(mean, flow_mean(in, FLOW_FIELD(flow_test_row, x)))
BUILDERS(summary, flow_summarize(in, FLOW_FIELD(flow_test_row, x)))
BUILDERS(distinct, flow_distinct(in))
BUILDERS(sample, flow_sample(in, 5, 17))
BUILDERS(reshuffle, flow_count(keyed(flow_reshuffle(in), 0)))
BUILDERS(any, flow_any(in))
BUILDERS(latest, flow_latest(in))
BUILDERS(top, flow_top(in, 3, FLOW_FIELD(flow_test_row, v)))

// Windows that were waited for may be collected in the step that fires them, or in a later one: so
// they give one result, when they are collected.
static flow_coll count_at_last(flow_coll in)
{
    const flow_duration lateness = flow_coll_lateness(in);
    const flow_window_options once = { .keep_windows = true,
        .trigger = flow_trigger_never(),
        .accumulation = FLOW_DISCARDING,
        .lateness = lateness,
        .no_lateness = lateness.us == 0 };
    return flow_count(flow_window_into(in, &once));
}
BUILDERS(wait, count_at_last(flow_wait_on(in, flow_unkey(in))))

// Two things for each element, one of them told of twice.
static flow_status same(flow_ctx *ctx, const struct flow_test_row *row, flow_poll *poll)
{
    const struct flow_test_row other = { .k = row->k, .s = flow_str_of("other") };
    flow_poll_give_at(poll, &flow_test_row_type, row, flow_event_time(ctx));
    flow_poll_give_at(poll, &flow_test_row_type, &other, flow_event_time(ctx));
    return flow_poll_give_at(poll, &flow_test_row_type, row, flow_event_time(ctx));
}
FLOW_POLL_FN(same, flow_test_row, flow_test_row);
BUILDERS(watch, flow_count(keyed(flow_watch(in, &same_poll, NULL), 0)))

static uint32_t odd_texts(const void *key)
{
    return key && ((const flow_str *)key)->len % 2 ? 3 : 1;
}
BUILDERS(fan,
    flow_sum(flow_fan_out(in, &(flow_fan_out_options){ .parts = 3 }), FLOW_FIELD(flow_test_row, v)))
BUILDERS(
    some_fan, flow_top(flow_fan_out(keyed(in, 1), &(flow_fan_out_options){ .parts_of = odd_texts }),
                  3, FLOW_FIELD(flow_test_row, v)))

static uint32_t by_value(flow_ctx *ctx, const struct flow_test_row *row, uint32_t parts)
{
    (void)ctx;
    return (uint32_t)(row->v + 11) % parts;
}
FLOW_PARTITION_FN(by_value, flow_test_row);

static flow_coll some_parts(flow_coll in)
{
    const flow_coll first = flow_partition(in, &by_value_partition, 3, NULL);
    return flow_flatten((flow_coll[]){ first, flow_output(first, 1), flow_output(first, 2) }, 3);
}
BUILDERS(partition, flow_count(keyed(some_parts(in), 0)))

#define ROW_OF(what)                                                                               \
    {                                                                                              \
#what,                                                                                     \
        {                                                                                          \
            what##_by_number, what##_by_text, what##_by_record, what##_of                          \
        }                                                                                          \
    }

static const struct {
    const char *name;
    flow_test_build *build[4];
} transforms[] = {
    ROW_OF(count),
    ROW_OF(sum),
    ROW_OF(float_sum),
    ROW_OF(min),
    ROW_OF(max),
    ROW_OF(mean),
    ROW_OF(summary),
    ROW_OF(distinct),
    ROW_OF(top),
    ROW_OF(partition),
    ROW_OF(sample),
    ROW_OF(any),
    ROW_OF(reshuffle),
    ROW_OF(wait),
    ROW_OF(latest),
    ROW_OF(fan),
    ROW_OF(some_fan),
    ROW_OF(watch),
};

static const char *const keys[] = { "number", "text", "record", "nothing" };

START_TEST(every_transform_keeps_the_contract)
{
    static const char long_text[] =
        "a text that is longer than a cache line is, so that it never fits beside its row";
    static const char *const texts[] = { "", "short", long_text };
    struct flow_test_row rows[ROWS];
    for (int64_t i = 0; i < ROWS; i++) {
        const int64_t again = i / 2 % 17; // every row comes twice and more
        rows[i] = flow_test_row_at(again % 5, again * 37 % 23 - 11, 0);
        rows[i].x = (double)(again * 13 % 19) * 0.1 - 0.7;
        rows[i].s = flow_str_of(texts[again % 3]);
        rows[i].place.a = again % 2;
        rows[i].place.b = flow_str_of(texts[again % 3]);
    }
    const char *what = transforms[_i / 4].name;
    // parts of hot keys take no trigger that counts; a late row is late twice for who waits, as an
    // element and as a signal; what becomes of late rows in how many panes depends on the bundles
    // that they come in; and distinct lets late rows that came before not pass again (see
    // r42_late_equals_do_not_pass_again)
    const bool no_late = strcmp(what, "wait") == 0 || strcmp(what, "reshuffle") == 0 ||
                         strcmp(what, "watch") == 0 || strcmp(what, "distinct") == 0 ||
                         strstr(what, "fan") != NULL;
    const struct flow_test_rows input = { &flow_test_row_type, rows, ROWS,
        FLOW_FIELD(flow_test_row, at), no_late, strcmp(what, "latest") == 0,
        strstr(what, "fan") != NULL, false };
    char name[80];
    snprintf(name, sizeof name, "%s by %s", what, keys[_i % 4]);
    flow_test_transform(name, transforms[_i / 4].build[_i % 4], &input);
}
END_TEST

// --- building that is refused

static flow_coll sum_of_text(flow_coll in)
{
    return flow_sum(in, FLOW_FIELD(flow_test_row, s));
}

static flow_coll mean_of_text(flow_coll in)
{
    return flow_mean(in, FLOW_FIELD(flow_test_row, s));
}

static flow_coll min_of_text(flow_coll in)
{
    return flow_min(in, FLOW_FIELD(flow_test_row, s));
}

static flow_coll max_of_text(flow_coll in)
{
    return flow_max(in, FLOW_FIELD(flow_test_row, s));
}

static flow_coll summary_of_text(flow_coll in)
{
    return flow_summarize(in, FLOW_FIELD(flow_test_row, s));
}

static flow_coll top_none(flow_coll in)
{
    return flow_top(in, 0, FLOW_FIELD(flow_test_row, s));
}

static flow_coll sample_none(flow_coll in)
{
    return flow_sample(in, 0, 1);
}

static flow_coll no_parts(flow_coll in)
{
    return flow_partition(in, NULL, 0, &(flow_do_options){ .name = "prices" });
}

static flow_coll empty_sequence(flow_coll in)
{
    return flow_sequence(in.pipeline, 2, 1);
}

static flow_coll no_paced(flow_coll in)
{
    return flow_sequence_with(
        in.pipeline, &(flow_sequence_options){ .name = "prices", .lasts = flow_seconds(-1) });
}

static flow_coll never(flow_coll in)
{
    return flow_impulses(in.pipeline, &(flow_impulses_options){ 0 });
}

static flow_coll not_watched(flow_coll in)
{
    return flow_watch(in, NULL, NULL);
}

static const struct {
    flow_test_build *build;
    const char *step;
} unbuilt[] = {
    { sum_of_text, "shop/sum" },
    { mean_of_text, "shop/mean" },
    { min_of_text, "shop/min" },
    { max_of_text, "shop/max" },
    { summary_of_text, "shop/summarize" },
    { top_none, "shop/top" },
    { sample_none, "shop/sample" },
    { no_parts, "shop/prices" },
    { empty_sequence, "shop/sequence" },
    { no_paced, "shop/prices" },
    { never, "shop/impulses" },
    { not_watched, "shop/watch" },
};

START_TEST(errors_of_building_name_the_step_and_its_scope)
{
    flow_test_refused_step(unbuilt[_i].build, unbuilt[_i].step);
}
END_TEST

TCase *contract_tests(void)
{
    TCase *tests = tcase_create("contract");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, every_transform_keeps_the_contract, 0,
        4 * (int)(sizeof transforms / sizeof transforms[0]));
    tcase_add_loop_test(tests, errors_of_building_name_the_step_and_its_scope, 0,
        (int)(sizeof unbuilt / sizeof unbuilt[0]));
    return tests;
}
