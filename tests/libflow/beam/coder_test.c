// SPDX-License-Identifier: Apache-2.0
// Tests what coders are: names, parts, determinism.
#include "vector.h"

TCase *coder_tests(void);

START_TEST(a_coder_has_a_urn_and_a_urn_a_coder)
{
    flow_coder_kind kind;
    for (int k = FLOW_CODER_BYTES; k <= FLOW_CODER_ROW; k++) {
        ck_assert(flow_coder_of_urn(flow_coder_urn((flow_coder_kind)k), &kind));
        ck_assert_int_eq(kind, k);
    }
    ck_assert_str_eq(flow_coder_urn(FLOW_CODER_KV), "beam:coder:kv:v1");
    ck_assert_ptr_null(flow_coder_urn(FLOW_CODER_FLOAT));
    ck_assert(!flow_coder_of_urn("beam:coder:javasdk:0.1", &kind));
}
END_TEST

START_TEST(a_coder_is_printed_with_its_parts)
{
    struct vector_memory memory = { .count = 0 };
    flow_buffer text = { 0 };
    flow_coder_print(
        vector_coder("windowed_value<kv<bytes,iterable<row0>>,interval_window>", "", &memory),
        &text);
    flow_buffer_put(&text, "", 1);
    ck_assert_str_eq(text.data, "windowed_value<kv<bytes, iterable<row<row0>>>, interval_window>");
    flow_buffer_free(&text);
    vector_memory_free(&memory);
}
END_TEST

static void expect_refused(const flow_coder *coder, const char *sentence)
{
    flow_error error = { 0 };
    ck_assert_int_eq(flow_coder_check(coder, &error), FLOW_INVALID);
    ck_assert_str_eq(error.message, sentence);
}

START_TEST(a_coder_that_cannot_be_is_refused)
{
    static const flow_coder bytes = { .kind = FLOW_CODER_BYTES };
    const flow_coder half = { .kind = FLOW_CODER_KV, .parts = { &bytes } };
    const flow_coder inner = { .kind = FLOW_CODER_ITERABLE, .parts = { &half } };
    const flow_coder timer = { .kind = FLOW_CODER_TIMER, .parts = { &bytes, &bytes } };
    flow_coder round = { .kind = FLOW_CODER_ITERABLE };
    round.parts[0] = &round;
    expect_refused(NULL, "a coder is of unknown kind 0");
    expect_refused(&(flow_coder){ .kind = (flow_coder_kind)99 }, "a coder is of unknown kind 99");
    expect_refused(&inner, "coder kv: has 2 parts, part 2 is missing");
    expect_refused(&timer, "coder timer: bytes is no coder of windows");
    expect_refused(&(flow_coder){ .kind = FLOW_CODER_ROW }, "coder row: has no flow_row_coder");
    expect_refused(&round, "coders are nested more than 16 deep");
}
END_TEST

START_TEST(r21_a_key_coder_must_be_deterministic)
{
    static const struct {
        const char *coder, *sentence; // NULL: it may be that of a key
    } keys[] = {
        { "bytes", NULL },
        { "string_utf8", NULL },
        { "varint", NULL },
        { "bool", NULL },
        { "int16", NULL },
        { "int32", NULL },
        { "timestamp", NULL },
        { "interval_window", NULL },
        { "global_window", NULL },
        { "kv<bytes,nullable<varint>>", NULL },
        { "length_prefix<sharded_key<string_utf8>>", NULL },
        { "custom_window<interval_window>", NULL },
        { "row2", NULL },
        { "row9", NULL },
        { "double", "coder double cannot be that of a key (R21): equal floats may have several bit "
                    "patterns" },
        { "float", "coder float cannot be that of a key (R21): equal floats may have several bit "
                   "patterns" },
        { "kv<bytes,nullable<double>>", "coder double cannot be that of a key (R21): equal floats "
                                        "may have several bit patterns" },
        { "length_prefix<iterable<bytes>>", "coder iterable cannot be that of a key (R21): an "
                                            "iterable has no order, and two forms" },
        { "state_backed_iterable<bytes>",
            "coder state_backed_iterable cannot be that of a key (R21): an iterable has no order, "
            "and two forms" },
        { "row0", "coder row cannot be that of a key (R21): a row with floats, maps or iterables "
                  "has several forms" },
        { "sharded_key<row3>", "coder row cannot be that of a key (R21): a row with floats, maps "
                               "or iterables has several forms" },
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct vector_memory memory = { .count = 0 };
        flow_error error = { 0 };
        const flow_status status =
            flow_coder_deterministic(vector_coder(keys[i].coder, "", &memory), &error);
        ck_assert_int_eq(status, keys[i].sentence ? FLOW_TYPE : FLOW_OK);
        ck_assert_str_eq(error.message, keys[i].sentence ? keys[i].sentence : "");
        vector_memory_free(&memory);
    }
}
END_TEST

TCase *coder_tests(void)
{
    TCase *tests = tcase_create("coder");
    tcase_add_test(tests, a_coder_has_a_urn_and_a_urn_a_coder);
    tcase_add_test(tests, a_coder_is_printed_with_its_parts);
    tcase_add_test(tests, a_coder_that_cannot_be_is_refused);
    tcase_add_test(tests, r21_a_key_coder_must_be_deterministic);
    return tests;
}
