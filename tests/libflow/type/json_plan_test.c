// SPDX-License-Identifier: Apache-2.0
// Tests how members find their fields.
#include "type/json.h"

#include <stdio.h>

#include "libflow/base/alloc_probe.h"
#include "rows.h"

TCase *json_plan_tests(void);

#define FIELDS 300

// A record of many fields whose names are alike at the front.
struct many {
    char names[FIELDS][32];
    flow_field fields[FIELDS];
    flow_type type;
};

static void many_init(struct many *many)
{
    for (uint32_t i = 0; i < FIELDS; i++) {
        snprintf(
            many->names[i], sizeof many->names[i], i % 2 ? "f%u" : "temperature_%u_celsius", i);
        many->fields[i] =
            (flow_field){ .name = many->names[i], .kind = FLOW_KIND_BOOL, .offset = i, .size = 1 };
    }
    many->type = (flow_type){ "many", FIELDS, 1, FIELDS, many->fields };
}

// The field of a name that has nothing behind it but what the reader promises.
static uint32_t find(struct fl_json_plan *plan, size_t index, const char *name)
{
    const size_t len = strlen(name);
    char *copy = malloc(len + FL_JSON_PAD);
    memset(copy, 'x', len + FL_JSON_PAD);
    memcpy(copy, name, len);
    const uint32_t field = fl_json_plan_field(plan, index, (flow_str){ copy, len });
    free(copy);
    return field;
}

START_TEST(every_name_is_found_whatever_was_there_before)
{
    static struct many many;
    many_init(&many);
    fl_arena arena = { .block_size = 0 };
    struct fl_json_plan *plans = NULL;
    struct fl_json_plan *plan = fl_json_plan_new(&arena, &plans, &many.type);
    ck_assert_int_eq(flow_type_check(&many.type, NULL), FLOW_OK);
    struct rows_random random = { .state = 4 };
    for (int round = 0; round < 20000; round++) {
        const uint32_t field = (uint32_t)(rows_next(&random) % FIELDS);
        const size_t place = rows_next(&random) % 400;
        ck_assert_uint_eq(find(plan, place, many.names[field]), field);
        // Once more: now it is the guess.
        ck_assert_uint_eq(find(plan, place, many.names[field]), field);
    }
    fl_arena_fini(&arena);
}
END_TEST

START_TEST(other_names_are_not_found)
{
    static const char *const others[] = { "", "f", "f2", "f1 ", "f01", "F1", "temperature_",
        "temperature_1_celsius", "temperature_2_celsiuS", "temperature_2_celsius ",
        "Temperature_2_celsius", "temperature_300_celsius" };
    static struct many many;
    many_init(&many);
    fl_arena arena = { .block_size = 0 };
    struct fl_json_plan *plans = NULL;
    struct fl_json_plan *plan = fl_json_plan_new(&arena, &plans, &many.type);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        for (size_t place = 0; place < 10; place++)
            ck_assert_msg(find(plan, place, others[i]) == FL_JSON_NO_FIELD, "%s", others[i]);
    }
    fl_arena_fini(&arena);
}
END_TEST

START_TEST(a_plan_serves_all_places_of_its_type)
{
    fl_arena arena = { .block_size = 0 };
    struct fl_json_plan *plans = NULL;
    struct fl_json_plan *plan = fl_json_plan_new(&arena, &plans, &all_type);
    ck_assert_ptr_eq(plan->records[1]->type, &place_type);
    ck_assert_ptr_eq(plan->records[2]->records[2], plan->records[1]);
    ck_assert_uint_eq(plan->required, 5);
    fl_arena_fini(&arena);
}
END_TEST

START_TEST(without_memory_there_is_no_plan)
{
    struct fl_json_plan *plan = NULL;
    for (size_t fail = 1; !plan; fail++) {
        struct alloc_probe probe = { .fail_from = fail };
        const flow_allocator own = alloc_probe_allocator(&probe);
        fl_arena arena;
        struct fl_json_plan *plans = NULL;
        fl_arena_init(&arena, &own, 128);
        plan = fl_json_plan_new(&arena, &plans, &all_type);
        ck_assert(plan || fail <= probe.calls);
        fl_arena_fini(&arena);
        ck_assert_uint_eq(probe.held, 0);
    }
}
END_TEST

TCase *json_plan_tests(void)
{
    TCase *tests = tcase_create("json_plan");
    tcase_add_test(tests, every_name_is_found_whatever_was_there_before);
    tcase_add_test(tests, other_names_are_not_found);
    tcase_add_test(tests, a_plan_serves_all_places_of_its_type);
    tcase_add_test(tests, without_memory_there_is_no_plan);
    return tests;
}
