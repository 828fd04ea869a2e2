// SPDX-License-Identifier: Apache-2.0
// Keys and combines: how rows lie, and what is refused.
#include "graph_test.h"

TCase *build_key_tests(void);

struct basket {
    int64_t id;
    flow_list lines;
};
FLOW_RECORD_OF(basket, FLOW_COLUMN(basket, id), FLOW_COLUMN_LIST_OF(basket, lines, FLOW_KIND_I64));

struct order {
    struct basket basket;
    int64_t number;
    bool has_number;
};
FLOW_RECORD_OF(order, FLOW_COLUMN_RECORD(order, basket, basket),
    FLOW_COLUMN_OPTIONAL(order, number, has_number));

static flow_coll orders(flow_pipeline *p)
{
    return flow_read(p, &test_source, &(flow_read_options){ .type = &order_type });
}

static void key_of_another_record(flow_pipeline *p)
{
    flow_key_by(test_readings(p, NULL, false), FLOW_FIELD(total, value));
}

static void key_of_nothing(flow_pipeline *p)
{
    flow_key_by(test_readings(p, NULL, false), (flow_field_ref){ 0 });
}

static void key_is_no_field(flow_pipeline *p)
{
    const flow_field_ref field = { &reading_type, "colour", 0, FLOW_KIND_STR };
    flow_key_by(test_readings(p, NULL, false), field);
}

static void key_lies_elsewhere(flow_pipeline *p)
{
    const flow_field_ref field = { &reading_type, "number", 8, FLOW_KIND_STR };
    flow_key_by(test_readings(p, NULL, false), field);
}

static void key_is_a_list(flow_pipeline *p)
{
    flow_key_by(orders(p), FLOW_FIELD(order, basket.lines));
}

static void key_holds_a_list(flow_pipeline *p)
{
    flow_key_by(orders(p), FLOW_FIELD(order, basket));
}

static void whole_holds_a_list(flow_pipeline *p)
{
    flow_key_by(orders(p), FLOW_SELF(order));
}

static void key_is_optional(flow_pipeline *p)
{
    flow_key_by(orders(p), FLOW_FIELD(order, number));
}

static void no_combine(flow_pipeline *p)
{
    flow_combine(test_readings(p, NULL, false), NULL);
}

static void combine_of_another_record(flow_pipeline *p)
{
    flow_combine(orders(p), add_up);
}

static void combine_for_ever(flow_pipeline *p)
{
    flow_combine(test_readings(p, NULL, true), add_up);
}

static void combine_with(flow_pipeline *p, flow_combine_fn fn, flow_field_ref field)
{
    // In pipeline memory, since functions are not copied.
    flow_combine_fn *kept = flow_pipeline_alloc(p, sizeof *kept);
    *kept = fn;
    const flow_combine_options options = { .field = field };
    flow_combine(test_readings(p, NULL, false), kept, &options);
}

static void combine_without_merge(flow_pipeline *p)
{
    flow_combine_fn fn = *add_up;
    fn.merge = NULL;
    combine_with(p, fn, (flow_field_ref){ 0 });
}

static void combine_without_accumulator(flow_pipeline *p)
{
    flow_combine_fn fn = *add_up;
    fn.acc = NULL;
    combine_with(p, fn, (flow_field_ref){ 0 });
}

static void exact_without_subtract(flow_pipeline *p)
{
    flow_combine_fn fn = *add_up;
    fn.exact = true;
    combine_with(p, fn, (flow_field_ref){ 0 });
}

static void other_output_without_extract(flow_pipeline *p)
{
    flow_combine_fn fn = *add_up;
    fn.out = &place_type;
    combine_with(p, fn, (flow_field_ref){ 0 });
}

static void sum_of_text(flow_pipeline *p)
{
    flow_combine_fn fn = *add_up;
    fn.primitive = FLOW_PRIMITIVE_SUM;
    combine_with(p, fn, FLOW_FIELD(reading, sensor));
}

static void least_of_floats(flow_pipeline *p)
{
    flow_combine_fn fn = *add_up;
    fn.primitive = FLOW_PRIMITIVE_MIN;
    combine_with(p, fn, FLOW_FIELD(reading, value));
}

static void sum_of_nothing(flow_pipeline *p)
{
    flow_combine_fn fn = *add_up;
    fn.primitive = FLOW_PRIMITIVE_SUM;
    combine_with(p, fn, (flow_field_ref){ 0 });
}

static void unknown_primitive(flow_pipeline *p)
{
    flow_combine_fn fn = *add_up;
    fn.primitive = (flow_primitive)40;
    combine_with(p, fn, FLOW_FIELD(reading, number));
}

// A key and a value that each fit, but not together.
static void row_too_large(flow_pipeline *p)
{
    enum {
        PLACES = 1300
    };
    flow_field *fields = flow_pipeline_alloc(p, PLACES * sizeof *fields);
    char(*names)[8] = flow_pipeline_alloc(p, PLACES * sizeof *names);
    for (uint32_t i = 0; i < PLACES; i++) {
        snprintf(names[i], sizeof names[i], "p%u", (unsigned)i % 10000u);
        fields[i] = (flow_field){ .name = names[i],
            .kind = FLOW_KIND_RECORD,
            .offset = i * (uint32_t)sizeof(struct place),
            .size = sizeof(struct place),
            .record = &place_type };
    }
    flow_type *wide = flow_pipeline_alloc(p, sizeof *wide);
    *wide = (flow_type){ .name = "wide",
        .size = PLACES * sizeof(struct place),
        .align = _Alignof(struct place),
        .field_count = PLACES,
        .fields = fields };
    const flow_coll in = flow_read(p, &test_source, &(flow_read_options){ .type = wide });
    flow_combine_fn *fn = flow_pipeline_alloc(p, sizeof *fn);
    *fn = *add_up;
    fn->in = wide;
    fn->acc = fn->out = wide;
    flow_combine(flow_key_by(in, (flow_field_ref){ wide, NULL, 0, FLOW_KIND_RECORD }), fn);
}

static const refused table[] = {
    { key_of_another_record, FLOW_TYPE,
        "flow_key_by(value): its key is a field of 'total', its input has 'reading'" },
    { key_of_nothing, FLOW_INVALID, "flow_key_by(key): its key names no field" },
    { key_is_no_field, FLOW_TYPE,
        "flow_key_by(colour): its key 'colour' is no field of 'reading'" },
    { key_lies_elsewhere, FLOW_TYPE,
        "flow_key_by(number): its key 'number' is given as 'text' at byte 8, 'reading' has 'int64' "
        "at byte 32" },
    { key_is_a_list, FLOW_TYPE, "flow_key_by(basket.lines): a list cannot be a key" },
    { key_holds_a_list, FLOW_TYPE,
        "flow_key_by(basket): a list cannot be a key, nor can a record that holds one" },
    { whole_holds_a_list, FLOW_TYPE,
        "flow_key_by(key): a list cannot be a key, nor can a record that holds one" },
    { key_is_optional, FLOW_TYPE,
        "flow_key_by(number): its key 'number' is optional, it must always be there" },
    { no_combine, FLOW_INVALID, "flow_combine(combine): it was given no combine" },
    { combine_of_another_record, FLOW_TYPE,
        "flow_combine(total): takes 'reading', its input has 'order'" },
    { combine_for_ever, FLOW_INVALID,
        "flow_combine(total): combines an unbounded input in the global window, which never ends; "
        "put flow_window_into before, with windows that end or a trigger" },
    { combine_without_merge, FLOW_INVALID, "flow_combine(total): the combine has no 'merge'" },
    { combine_without_accumulator, FLOW_INVALID,
        "flow_combine(total): the combine has no accumulator type" },
    { exact_without_subtract, FLOW_INVALID,
        "flow_combine(total): an exact combine needs 'subtract'" },
    { other_output_without_extract, FLOW_TYPE,
        "flow_combine(total): gives 'place' out of 'total' without 'extract'" },
    { sum_of_text, FLOW_TYPE, "flow_combine(total): sums whole numbers, its field is 'text'" },
    { least_of_floats, FLOW_TYPE,
        "flow_combine(total): compares signed whole numbers or times, its field is 'double'" },
    { sum_of_nothing, FLOW_INVALID, "flow_combine(total): its field names no field" },
    { unknown_primitive, FLOW_UNSUPPORTED, "flow_combine(total): its primitive 40 is unknown" },
    { row_too_large, FLOW_TYPE,
        "flow_combine(total): rows of 'wide' with their key take 62400 bytes, at most 32768 may "
        "be" },
};

START_TEST(misuse_is_refused_in_one_sentence)
{
    test_refused(&table[_i]);
}
END_TEST

START_TEST(key_shows_the_same_rows)
{
    flow_pipeline *p = flow_pipeline_new("key");
    const flow_coll in = test_readings(p, NULL, false);
    const flow_coll out = flow_key_by(in, FLOW_FIELD(reading, number));
    const flow_shape *shape = &flow_pipeline_graph(p, NULL)->edges[out.id - 1].shape;
    ck_assert_int_eq(shape->key, FLOW_KIND_I64);
    ck_assert_uint_eq(shape->key_size, sizeof(int64_t));
    ck_assert_uint_eq(shape->key_offset, offsetof(struct reading, number));
    ck_assert_uint_eq(shape->value_offset, 0);
    ck_assert_uint_eq(shape->stride, sizeof(struct reading));
    flow_pipeline_free(p);
}
END_TEST

START_TEST(nested_fields_and_whole_records_are_keys)
{
    flow_pipeline *p = flow_pipeline_new("nested");
    const flow_coll in = test_readings(p, NULL, false);
    const flow_coll zip = flow_key_by(in, FLOW_FIELD(reading, where.zip));
    const flow_coll where = flow_key_by(in, FLOW_FIELD(reading, where));
    const flow_coll whole = flow_key_by(in, FLOW_SELF(reading));
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    ck_assert_ptr_nonnull(graph);
    ck_assert_uint_eq(
        graph->edges[zip.id - 1].shape.key_offset, offsetof(struct reading, where.zip));
    ck_assert_str_eq(graph->edges[where.id - 1].shape.key_record->name, "place");
    ck_assert_uint_eq(graph->edges[where.id - 1].shape.key_size, sizeof(struct place));
    ck_assert_uint_eq(graph->edges[whole.id - 1].shape.key_size, sizeof(struct reading));
    flow_pipeline_free(p);
}
END_TEST

START_TEST(record_key_is_what_a_function_asked_for)
{
    flow_pipeline *p = flow_pipeline_new("record key");
    flow_do(flow_key_by(test_readings(p, NULL, false), FLOW_FIELD(reading, where)), by_place);
    ck_assert_int_eq(flow_pipeline_check(p, NULL), FLOW_OK);
    flow_pipeline_free(p);
}
END_TEST

START_TEST(combine_puts_the_key_before_the_value)
{
    flow_pipeline *p = flow_pipeline_new("combine");
    const flow_coll in = flow_key_by(test_readings(p, NULL, false), FLOW_FIELD(reading, sensor));
    const flow_coll out = flow_combine(in, add_up);
    const flow_coll again = flow_key_by(out, FLOW_FIELD(total, value));
    const flow_coll none = flow_unkey(out);
    const flow_graph *graph = flow_pipeline_graph(p, NULL);
    const flow_shape *shape = &graph->edges[out.id - 1].shape;
    ck_assert_int_eq(shape->key, FLOW_KIND_STR);
    ck_assert_uint_eq(shape->key_offset, 0);
    ck_assert_uint_eq(shape->value_offset, sizeof(flow_str));
    ck_assert_uint_eq(shape->stride, sizeof(flow_str) + sizeof(struct total));
    ck_assert_uint_eq(graph->edges[again.id - 1].shape.key_offset, sizeof(flow_str));
    ck_assert_int_eq(graph->edges[none.id - 1].shape.key, FLOW_KIND_NONE);
    ck_assert_uint_eq(graph->edges[none.id - 1].shape.value_offset, sizeof(flow_str));
    flow_pipeline_free(p);
}
END_TEST

START_TEST(combine_without_a_key_gives_the_value_alone)
{
    flow_pipeline *p = flow_pipeline_new("combine");
    const flow_coll out = flow_combine(test_readings(p, NULL, false), add_up);
    const flow_shape *shape = &flow_pipeline_graph(p, NULL)->edges[out.id - 1].shape;
    ck_assert_int_eq(shape->key, FLOW_KIND_NONE);
    ck_assert_uint_eq(shape->stride, sizeof(struct total));
    flow_pipeline_free(p);
}
END_TEST

START_TEST(combine_copies_its_configuration)
{
    flow_pipeline *p = flow_pipeline_new("combine");
    int config = 42;
    const flow_combine_options options = { .name = "mine",
        .field = FLOW_FIELD(reading, number),
        .config = &config,
        .config_size = sizeof config };
    flow_combine(test_readings(p, NULL, false), add_up, &options);
    config = 0;
    const flow_node *node = &flow_pipeline_graph(p, NULL)->nodes[1];
    ck_assert_str_eq(node->path, "mine");
    ck_assert_str_eq(node->field.name, "number");
    ck_assert_int_eq(*(const int *)node->config, 42);
    flow_pipeline_free(p);
}
END_TEST

enum {
    GROUPING_COMBINE,
    GROUPING_GROUP,
    GROUPING_COUNT
};

static flow_status check_grouping(int grouping, bool unbounded, bool windowed, flow_error *error)
{
    flow_pipeline *p = flow_pipeline_new("grouping");
    flow_coll in = flow_key_by(test_readings(p, NULL, unbounded), FLOW_FIELD(reading, sensor));
    if (windowed)
        in =
            flow_window_into(in, &(flow_window_options){ .windows = flow_fixed(flow_seconds(10)) });
    if (grouping == GROUPING_GROUP)
        flow_group(in, group_size);
    else
        flow_combine(in, add_up);
    const flow_status status = flow_pipeline_check(p, error);
    flow_pipeline_free(p);
    return status;
}

START_TEST(r19_grouping_what_is_unbounded_in_the_global_window_is_refused)
{
    flow_error error = { FLOW_OK, "", "" };
    ck_assert_int_eq(check_grouping(_i, true, false, &error), FLOW_INVALID);
    ck_assert_msg(
        strstr(error.message, "an unbounded input in the global window, which never ends"), "%s",
        error.message);
    ck_assert_int_eq(check_grouping(_i, true, true, NULL), FLOW_OK);
    ck_assert_int_eq(check_grouping(_i, false, false, NULL), FLOW_OK);
}
END_TEST

TCase *build_key_tests(void)
{
    TCase *tests = tcase_create("build_key");
    tcase_add_loop_test(tests, misuse_is_refused_in_one_sentence, 0, TABLE_SIZE(table));
    tcase_add_test(tests, key_shows_the_same_rows);
    tcase_add_test(tests, nested_fields_and_whole_records_are_keys);
    tcase_add_test(tests, record_key_is_what_a_function_asked_for);
    tcase_add_test(tests, combine_puts_the_key_before_the_value);
    tcase_add_test(tests, combine_without_a_key_gives_the_value_alone);
    tcase_add_test(tests, combine_copies_its_configuration);
    tcase_add_loop_test(
        tests, r19_grouping_what_is_unbounded_in_the_global_window_is_refused, 0, GROUPING_COUNT);
    return tests;
}
