// SPDX-License-Identifier: Apache-2.0
// The pipeline's life: memory, the sticky error, scopes.
#include <stdlib.h>

#include "graph_test.h"

TCase *pipeline_tests(void);

// An allocator that counts what is out, and gives nothing once `left` calls are used up.
struct counting {
    long out;
    long left;
};

static void *counting_alloc(void *user, size_t size, size_t align)
{
    struct counting *counting = user;
    (void)align; // malloc's alignment is enough for what graphs hold
    if (counting->left-- <= 0)
        return NULL;
    void *memory = malloc(size);
    counting->out += memory ? (long)size : 0;
    return memory;
}

static void counting_free(void *user, void *memory, size_t size)
{
    struct counting *counting = user;
    counting->out -= memory ? (long)size : 0;
    free(memory);
}

static flow_pipeline *build_with(const flow_allocator *allocator)
{
    const flow_pipeline_options options = { .allocator = allocator };
    flow_pipeline *p = flow_pipeline_new_with("counted", &options);
    if (!p)
        return NULL;
    struct place config = { .city = flow_str_of("Ulm") };
    const flow_do_options with = { .config = &config, .config_type = &place_type };
    flow_coll in = test_readings(p, NULL, false);
    for (int i = 0; i < 40; i++)
        in = flow_do(in, positive, &with);
    flow_scope_begin(p, "end");
    flow_write(
        flow_combine(flow_key_by(in, FLOW_FIELD(reading, sensor)), add_up), &test_sink, NULL);
    flow_scope_end(p);
    return p;
}

START_TEST(pipeline_free_accepts_null)
{
    flow_pipeline_free(NULL);
}
END_TEST

START_TEST(callers_allocator_gives_all_and_gets_all_back)
{
    struct counting counting = { 0, 1000 };
    const flow_allocator allocator = { counting_alloc, counting_free, &counting };
    flow_pipeline *p = build_with(&allocator);
    ck_assert_int_eq(flow_pipeline_check(p, NULL), FLOW_OK);
    char *text = flow_pipeline_print(p, FLOW_PRINT_TEXT);
    ck_assert_ptr_nonnull(text);
    ck_assert_int_gt(counting.out, 0);
    flow_pipeline_free(p);
    flow_text_free(text); // outlives the pipeline
    ck_assert_int_eq(counting.out, 0);
}
END_TEST

START_TEST(each_failing_allocation_is_an_error_without_a_leak)
{
    long failures = 0;
    for (long n = 0; n < 200; n++) {
        struct counting counting = { 0, n };
        const flow_allocator allocator = { counting_alloc, counting_free, &counting };
        flow_pipeline *p = build_with(&allocator);
        flow_error error = { 0 };
        const flow_status status = p ? flow_pipeline_check(p, &error) : FLOW_MEMORY;
        flow_pipeline_free(p);
        ck_assert_int_eq(counting.out, 0);
        if (status == FLOW_OK)
            break;
        ck_assert_int_eq(status, FLOW_MEMORY);
        failures++;
    }
    ck_assert_int_gt(failures, 2);
    ck_assert_int_lt(failures, 200);
}
END_TEST

START_TEST(first_error_sticks_and_names_the_step)
{
    flow_pipeline *p = flow_pipeline_new("sticky");
    flow_scope_begin(p, "orders");
    const flow_coll bad = flow_do(test_readings(p, NULL, false), same_total);
    ck_assert_uint_eq(bad.id, 0);
    ck_assert_ptr_eq(bad.pipeline, p);
    ck_assert_uint_eq(flow_key_by(bad, FLOW_FIELD(total, value)).id, 0);
    ck_assert_uint_eq(test_readings(p, "fine", false).id, 0);
    flow_write(bad, &test_sink, NULL);
    flow_scope_end(p);
    flow_error error = { 0 };
    ck_assert_int_eq(flow_pipeline_check(p, &error), FLOW_TYPE);
    ck_assert_str_eq(error.step, "orders/total_one");
    ck_assert_str_eq(error.message, "flow_do(total_one): takes 'total', its input has 'reading'");
    flow_pipeline_free(p);
}
END_TEST

START_TEST(every_builder_passes_the_invalid_collection_on)
{
    const flow_coll nothing = { NULL, 0 };
    const flow_coll two[] = { nothing, nothing };
    ck_assert_uint_eq(flow_do(nothing, split).id, 0);
    ck_assert_uint_eq(flow_group(nothing, group_size).id, 0);
    ck_assert_uint_eq(flow_combine(nothing, add_up).id, 0);
    ck_assert_uint_eq(flow_key_by(nothing, FLOW_FIELD(reading, sensor)).id, 0);
    ck_assert_uint_eq(flow_unkey(nothing).id, 0);
    ck_assert_uint_eq(flow_window_into(nothing, NULL).id, 0);
    ck_assert_uint_eq(flow_with_timestamps(nothing, FLOW_FIELD(reading, at)).id, 0);
    ck_assert_uint_eq(flow_flatten(two, 2).id, 0);
    ck_assert_uint_eq(flow_output(nothing, 1).id, 0);
    ck_assert_uint_eq(flow_dead_letters(nothing).id, 0);
    ck_assert_uint_eq(flow_dropped(nothing).id, 0);
    ck_assert_uint_eq(flow_named(nothing, "x").id, 0);
    ck_assert_uint_eq(test_readings(NULL, NULL, false).id, 0);
    flow_write(nothing, &test_sink, NULL);
    flow_scope_begin(NULL, "x");
    flow_scope_end(NULL);
    flow_pipeline_fail(NULL, FLOW_USER, NULL, "x");
    ck_assert_ptr_null(flow_pipeline_alloc(NULL, 1));
    ck_assert_ptr_null(flow_pipeline_string(NULL, "x"));
}
END_TEST

START_TEST(a_failure_of_a_composite_names_it_within_its_scopes)
{
    static const char *const steps[] = { NULL, "mine", "shop/orders/mine" };
    static const char *const wanted[] = { "shop/orders", "shop/orders/mine", "shop/orders/mine" };
    flow_pipeline *p = flow_pipeline_new("scopes");
    flow_scope_begin(p, "shop");
    flow_scope_begin(p, "orders");
    flow_pipeline_fail(p, FLOW_USER, steps[_i], "too many");
    flow_error error = { 0 };
    ck_assert_int_eq(flow_pipeline_check(p, &error), FLOW_USER);
    ck_assert_str_eq(error.step, wanted[_i]);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(composites_fail_building_as_builders_do)
{
    flow_pipeline *p = flow_pipeline_new("composite");
    test_readings(p, NULL, false);
    flow_pipeline_fail(p, FLOW_USER, "mine", "%d is too many", 4);
    flow_pipeline_fail(p, FLOW_IO, "other", "later");
    flow_error error = { 0 };
    ck_assert_int_eq(flow_pipeline_check(p, &error), FLOW_USER);
    ck_assert_str_eq(error.step, "mine");
    ck_assert_str_eq(error.message, "4 is too many");
    flow_pipeline_free(p);
}
END_TEST

static void unbegun_scope(flow_pipeline *p)
{
    flow_scope_end(p);
}

static void scope_without_name(flow_pipeline *p)
{
    flow_scope_begin(p, NULL);
}

static void scope_of_two_lines(flow_pipeline *p)
{
    flow_scope_begin(p, "a\nb");
}

static const refused table[] = {
    { scope_of_two_lines, FLOW_INVALID,
        "flow_scope_begin(): a scope needs a name in UTF-8 without control characters" },
    { unbegun_scope, FLOW_INVALID, "flow_scope_end: no scope was begun" },
    { scope_without_name, FLOW_INVALID, "flow_scope_begin(): a scope needs a name without '/'" },
};

START_TEST(misuse_is_refused_in_one_sentence)
{
    test_refused(&table[_i]);
}
END_TEST

START_TEST(pipeline_memory_is_zeroed_aligned_and_lasting)
{
    flow_pipeline *p = flow_pipeline_new(NULL);
    for (size_t size = 1; size < 20000; size = 3 * size + 1) {
        char *memory = flow_pipeline_alloc(p, size);
        ck_assert_uint_eq((uintptr_t)memory % 8, 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_int_eq(memory[i], 0);
        memset(memory, 1, size);
    }
    char text[] = "text";
    const char *copy = flow_pipeline_string(p, text);
    text[0] = 'n';
    ck_assert_str_eq(copy, "text");
    ck_assert_ptr_null(flow_pipeline_string(p, NULL));
    flow_pipeline_free(p);
}
END_TEST

START_TEST(newer_pipeline_options_are_refused_when_set)
{
    struct {
        flow_pipeline_options known;
        int64_t newer;
    } options = { .newer = 0 };
    flow_pipeline *p = flow_pipeline_new_sized("newer", &options.known, sizeof options);
    test_readings(p, NULL, false);
    ck_assert_int_eq(flow_pipeline_check(p, NULL), FLOW_OK);
    flow_pipeline_free(p);
    options.newer = 1;
    p = flow_pipeline_new_sized("newer", &options.known, sizeof options);
    ck_assert_int_eq(flow_pipeline_check(p, NULL), FLOW_UNSUPPORTED);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(two_checks_of_one_pipeline_give_one_graph)
{
    flow_pipeline *p = flow_pipeline_new("twice");
    test_readings(p, NULL, false);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_ptr_nonnull(graph);
    ck_assert_ptr_eq(flow_pipeline_graph(p, NULL), graph);
    flow_pipeline_free(p);
}
END_TEST

TCase *pipeline_tests(void)
{
    TCase *tests = tcase_create("pipeline");
    tcase_add_test(tests, pipeline_free_accepts_null);
    tcase_add_test(tests, callers_allocator_gives_all_and_gets_all_back);
    tcase_add_test(tests, each_failing_allocation_is_an_error_without_a_leak);
    tcase_add_test(tests, first_error_sticks_and_names_the_step);
    tcase_add_test(tests, every_builder_passes_the_invalid_collection_on);
    tcase_add_loop_test(tests, a_failure_of_a_composite_names_it_within_its_scopes, 0, 3);
    tcase_add_test(tests, composites_fail_building_as_builders_do);
    tcase_add_loop_test(tests, misuse_is_refused_in_one_sentence, 0, TABLE_SIZE(table));
    tcase_add_test(tests, pipeline_memory_is_zeroed_aligned_and_lasting);
    tcase_add_test(tests, newer_pipeline_options_are_refused_when_set);
    tcase_add_test(tests, two_checks_of_one_pipeline_give_one_graph);
    return tests;
}
