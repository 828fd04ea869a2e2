// SPDX-License-Identifier: Apache-2.0
// Casts: what fits turns into the other kind, what does not fails the element.
#include <stdio.h>

#include "sales.h"

struct cast_case {
    const char *field;
    flow_kind to;
    struct sale row;
    const char *wanted; // the value as JSON, or the sentence
    bool fails;
};

#define I64(n)                                                                                     \
    {                                                                                              \
        .id = (n)                                                                                  \
    }
#define F64(n)                                                                                     \
    {                                                                                              \
        .rate = (n)                                                                                \
    }
#define TEXT(s)                                                                                    \
    {                                                                                              \
        .note = { s, sizeof(s) - 1 }                                                               \
    }

static const struct cast_case cases[] = {
    { "id", FLOW_KIND_I32, I64(-2147483647 - 1), "-2147483648", false },
    { "id", FLOW_KIND_I32, I64(2147483648), "field 'id': 2147483648 does not fit 'int32'", true },
    { "id", FLOW_KIND_U32, I64(4294967295), "4294967295", false },
    { "id", FLOW_KIND_U32, I64(-1), "field 'id': -1 does not fit 'uint32'", true },
    { "id", FLOW_KIND_U64, I64(9223372036854775807), "9223372036854775807", false },
    { "id", FLOW_KIND_U64, I64(-1), "field 'id': -1 does not fit 'uint64'", true },
    { "id", FLOW_KIND_BOOL, I64(1), "true", false },
    { "id", FLOW_KIND_BOOL, I64(2), "field 'id': 2 does not fit 'bool'", true },
    { "id", FLOW_KIND_F64, I64(9007199254740992), "9007199254740992", false },
    { "id", FLOW_KIND_F64, I64(9007199254740993),
        "field 'id': 9007199254740993 does not fit 'double'", true },
    { "id", FLOW_KIND_F32, I64(16777217), "field 'id': 16777217 does not fit 'float'", true },
    { "id", FLOW_KIND_TIME, I64(1500000), "\"1970-01-01T00:00:01.500Z\"", false },
    { "id", FLOW_KIND_TIME, I64(9223372036854775807),
        "field 'id': 9223372036854775807 does not fit 'time'", true },
    { "id", FLOW_KIND_STR, I64(-12), "\"-12\"", false },
    { "rate", FLOW_KIND_I64, F64(-3), "-3", false },
    { "rate", FLOW_KIND_I64, F64(0.5), "field 'rate': 0.5 does not fit 'int64'", true },
    { "rate", FLOW_KIND_I64, F64(1e19), "field 'rate': 1e+19 does not fit 'int64'", true },
    { "rate", FLOW_KIND_F32, F64(0.5), "0.5", false },
    { "rate", FLOW_KIND_F32, F64(1e300), "field 'rate': 1e+300 does not fit 'float'", true },
    { "rate", FLOW_KIND_STR, F64(0.25), "\"0.25\"", false },
    { "note", FLOW_KIND_I64, TEXT("-17"), "-17", false },
    { "note", FLOW_KIND_I64, TEXT("17 apples"), "field 'note': \"17 apples\" is no int64", true },
    { "note", FLOW_KIND_F64, TEXT("2.5"), "2.5", false },
    { "note", FLOW_KIND_BOOL, TEXT("true"), "true", false },
    { "note", FLOW_KIND_TIME, TEXT("1970-01-01T00:00:02Z"), "\"1970-01-01T00:00:02Z\"", false },
    { "note", FLOW_KIND_TIME, TEXT("a,b"), "field 'note': \"a,b\" is no time", true },
    { "at", FLOW_KIND_I64, { .at = { 7 } }, "7", false },
    { "at", FLOW_KIND_STR, { .at = { 0 } }, "\"1970-01-01T00:00:00Z\"", false },
};

START_TEST(a_value_turns_into_another_kind_or_fails)
{
    const struct cast_case *c = &cases[_i];
    sale(c->row);
    const flow_column column = { .from = c->field, .as = "x", .to = c->to };
    const flow_coll cast = flow_select(sales, &column, 1, NULL);
    if (c->fails) {
        flow_expect_empty(cast, NULL);
        fails(c->wanted);
        return;
    }
    char line[120];
    snprintf(line, sizeof line, "{\"x\":%s}", c->wanted);
    flow_expect(cast, line);
    passes();
}
END_TEST

START_TEST(a_failing_element_can_be_routed)
{
    sale((struct sale){ .note = { "x", 1 } });
    sale((struct sale){ .note = { "4", 1 } });
    const flow_column column = { .from = "note", .to = FLOW_KIND_I32 };
    const flow_do_options skip = { .on_error = FLOW_ON_ERROR_SKIP };
    flow_expect(flow_select(sales, &column, 1, &skip), "{\"note\":4}");
    passes();
}
END_TEST

TCase *cast_tests(void)
{
    TCase *tests = tcase_create("cast");
    tcase_add_checked_fixture(tests, sales_setup, sales_teardown);
    tcase_add_loop_test(tests, a_value_turns_into_another_kind_or_fails, 0, (int)TABLE_SIZE(cases));
    tcase_add_test(tests, a_failing_element_can_be_routed);
    return tests;
}
