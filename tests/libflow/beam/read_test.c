// SPDX-License-Identifier: Apache-2.0
// Tests reading Beam's standard coders: every vector, and what is no value.
#include "vector.h"

TCase *read_tests(void);

// The state that Beam's vectors speak of.
static flow_status state_of(void *user, flow_bytes token, flow_str *elements)
{
    (void)user;
    const flow_str name = { token.data, token.len };
    const bool some = flow_str_equal(name, flow_str_of("nonEmptySuffix"));
    ck_assert(some || flow_str_equal(name, flow_str_of("emptySuffix")));
    *elements = (flow_str){ "\1\n", some ? 2 : 0 };
    return FLOW_OK;
}

static void expect_value(const struct vector *vector, bool nested)
{
    struct vector_memory memory = { .count = 0 };
    const flow_coder *coder = vector_coder(vector->coder, vector->payload, &memory);
    const flow_bytes bytes = vector_bytes(vector->bytes, &memory);
    const flow_memory lent = { vector_take, &memory };
    flow_error error = { 0 };
    flow_coder_input in = {
        .rest = { bytes.data, bytes.len }, .memory = &lent, .error = &error, .state = state_of
    };
    char *value = vector_take(&memory, flow_coder_size(coder, NULL));
    flow_buffer text = { 0 };
    const flow_status status = flow_coder_decode(coder, &in, nested, value);
    ck_assert_msg(status == FLOW_OK, "%s: %s", vector->bytes, error.message);
    ck_assert_uint_eq(in.rest.len, 0);
    vector_print(coder, value, &text);
    flow_buffer_put(&text, "", 1);
    ck_assert_str_eq(text.data, vector->value);
    flow_buffer_free(&text);
    vector_memory_free(&memory);
}

START_TEST(r83_every_vector_of_beam_is_read)
{
    if (vectors[_i].form != OUTER)
        expect_value(&vectors[_i], true);
    if (vectors[_i].form != NESTED)
        expect_value(&vectors[_i], false);
}
END_TEST

// Whatever is cut off, the reader notices and looks at nothing behind it (bytes are in blocks of
// their own size, so that the address sanitizer sees).
START_TEST(a_vector_that_is_cut_is_refused)
{
    const struct vector *vector = &vectors[_i];
    for (size_t len = 0; vector->form != OUTER && len < strlen(vector->bytes) / 2; len++) {
        struct vector_memory memory = { .count = 0 };
        const flow_coder *coder = vector_coder(vector->coder, vector->payload, &memory);
        char cut[4096] = "";
        memcpy(cut, vector->bytes, 2 * len);
        const flow_bytes bytes = vector_bytes(cut, &memory);
        const flow_memory lent = { vector_take, &memory };
        flow_error error = { 0 };
        flow_coder_input in = {
            .rest = { bytes.data, bytes.len }, .memory = &lent, .error = &error, .state = state_of
        };
        char *value = vector_take(&memory, flow_coder_size(coder, NULL));
        ck_assert_int_eq(flow_coder_decode(coder, &in, true, value), FLOW_PARSE);
        ck_assert_ptr_nonnull(strstr(error.message, "coder "));
        vector_memory_free(&memory);
    }
}
END_TEST

START_TEST(what_is_no_value_is_refused_in_words)
{
    static const struct {
        const char *coder, *hex;
        bool nested;
        flow_status status;
        const char *sentence;
    } wrong[] = {
        { "bool", "02", true, FLOW_PARSE, "coder bool: a bool is neither 0 nor 1" },
        { "bool", "0100", false, FLOW_PARSE, "coder bool: bytes are left over behind the value" },
        { "bytes", "05616263", true, FLOW_PARSE,
            "coder bytes: a length is more than the bytes that are left" },
        { "string_utf8", "c3", false, FLOW_PARSE, "coder string_utf8: a text is not UTF-8" },
        { "varint", "ffffffffffffffffff02", true, FLOW_PARSE,
            "coder varint: a number has more than 64 bits" },
        { "int32", "8080808010", true, FLOW_PARSE, "coder int32: a number has more than 32 bits" },
        { "kv<bytes,varint>", "0361626380", true, FLOW_PARSE,
            "coder kv, in its varint: the bytes end too early" },
        { "iterable<varint>", "7fffffff00", true, FLOW_PARSE,
            "coder iterable: a count is more than the bytes that are left" },
        { "iterable<varint>", "fffffffe00", true, FLOW_PARSE,
            "coder iterable: a count is negative" },
        { "iterable<global_window>", "00100000", true, FLOW_PARSE,
            "coder iterable: a count is more than the bytes that are left" },
        { "iterable<global_window>", "ffffffff01fdffffffffffffffff01", true, FLOW_PARSE,
            "coder iterable, in its global_window: a count is more than the bytes that are left" },
        { "iterable<bool>", "ffffffff7f01", true, FLOW_PARSE,
            "coder iterable: a count is more than the bytes that are left" },
        { "iterable<bool>", "ffffffffffffffffffffffffff010161", true, FLOW_UNSUPPORTED,
            "coder iterable: it is a state-backed iterable, and only state_backed_iterable may be "
            "one" },
        { "kv<bytes,state_backed_iterable<bool>>", "0161ffffffffffffffffffffffffff010161", true,
            FLOW_UNSUPPORTED,
            "coder kv, in its state_backed_iterable: the rest of it is in a runner's state, which "
            "cannot be asked here" },
        { "length_prefix<bool>", "020100", true, FLOW_PARSE,
            "coder length_prefix: its length is more than its value has" },
        { "timestamp", "ffffffffffffffff", true, FLOW_PARSE,
            "coder timestamp: a time is out of range" },
        { "interval_window", "7fdf3b645a1cac090a", true, FLOW_PARSE,
            "coder interval_window: a window begins before time does" },
        { "windowed_value<bool,global_window>",
            "800000000000000000000001"
            "3f01",
            true, FLOW_PARSE,
            "coder windowed_value, in its global_window: a pane is of a form that does not exist" },
        { "windowed_value<bool,global_window>",
            "800000000000000000000001"
            "8f01",
            true, FLOW_UNSUPPORTED,
            "coder windowed_value, in its global_window: a pane has element metadata, which is not "
            "read here" },
        { "param_windowed_value<bool,global_window>", "01", true, FLOW_PARSE,
            "coder param_windowed_value: its payload is no windowed value" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_str_eq(
            vector_refused(wrong[i].coder, wrong[i].hex, wrong[i].nested, wrong[i].status),
            wrong[i].sentence);
}
END_TEST

struct inner {
    bool flag;
    int64_t number;
};

struct outer {
    bool present;
    struct inner value;
};

START_TEST(parts_lie_where_a_struct_has_them)
{
    struct vector_memory memory = { .count = 0 };
    const struct outer *outer = vector_read("nullable<kv<bool,varint>>", "010107", true, &memory);
    ck_assert(outer->present && outer->value.flag && outer->value.number == 7);
    vector_memory_free(&memory);
}
END_TEST

START_TEST(batches_of_an_iterable_are_one_list)
{
    struct vector_memory memory = { .count = 0 };
    const flow_list *list = vector_read("iterable<varint>",
        "ffffffff0201020103"
        "00",
        true, &memory);
    const int64_t *items = list->items;
    ck_assert_uint_eq(list->count, 3); // batches of two and one
    ck_assert(items[0] == 1 && items[1] == 2 && items[2] == 3);
    list = vector_read("iterable<varint>", "ffffffff00", true, &memory);
    ck_assert_uint_eq(list->count, 0);
    vector_memory_free(&memory);
}
END_TEST

TCase *read_tests(void)
{
    TCase *tests = tcase_create("read");
    tcase_add_loop_test(tests, r83_every_vector_of_beam_is_read, 0, (int)vector_count);
    tcase_add_loop_test(tests, a_vector_that_is_cut_is_refused, 0, (int)vector_count);
    tcase_add_test(tests, what_is_no_value_is_refused_in_words);
    tcase_add_test(tests, parts_lie_where_a_struct_has_them);
    tcase_add_test(tests, batches_of_an_iterable_are_one_list);
    return tests;
}
