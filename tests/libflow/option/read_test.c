// SPDX-License-Identifier: Apache-2.0
// Tests which source of an option counts, and declarations that cannot be.
#include "settings.h"

TCase *read_tests(void);

START_TEST(arguments_are_stronger_than_environment_file_and_defaults)
{
    struct settings s;
    char *const environment[] = { (char[]){ "SETTINGS_WINDOW=2s" },
        (char[]){ "SETTINGS_MIN_COUNT_=9" }, (char[]){ "SETTINGS_MIN_COUNT=2" },
        (char[]){ "SETTINGS_PORTS=7" }, (char[]){ "SETTINGS_ELSE=2" }, NULL };
    flow_option_sources sources = { .prefix = "SETTINGS", .environment = environment };
#if FL_HAVE_JSON
    sources.file =
        settings_file("{\"window\": \"1s\", \"min_count\": 1, \"workers\": 1, \"ports\": [1, 2]}");
#endif
    flow_options *options = settings_read("--window 3s f", sources, &s);
    ck_assert_int_eq(s.window.us, 3000000);
    ck_assert_int_eq(s.min_count, 2);
    ck_assert(s.factor == 2.5);
    ck_assert(s.ports.count == 1 && *(const int32_t *)s.ports.items == 7);
    ck_assert_str_eq(flow_options_origin(options, "window"), "--window");
    ck_assert_str_eq(flow_options_origin(options, "min_count"), "SETTINGS_MIN_COUNT");
#if FL_HAVE_JSON
    ck_assert_uint_eq(s.workers, 1);
    ck_assert_str_eq(flow_options_origin(options, "workers"), sources.file);
    settings_unlink();
#endif
    flow_options_free(options);
}
END_TEST

START_TEST(a_wrong_variable_is_named)
{
    char *const environment[] = { (char[]){ "SETTINGS_MIN_COUNT=none" }, NULL };
    const flow_option_sources sources = { .prefix = "SETTINGS", .environment = environment };
    ck_assert_str_eq(settings_refused("f", sources, FLOW_INVALID),
        "SETTINGS_MIN_COUNT (min-count) cannot be 'none': expected a whole number, 1 or more");
}
END_TEST

START_TEST(code_counts_instead_of_defaults)
{
    struct settings s;
    const struct settings mine = {
        .min_count = 5, .factor = 7, .file = flow_str_of("mine"), .counted = 3
    };
    flow_options *options = settings_read("--factor 8", (flow_option_sources){ .base = &mine }, &s);
    ck_assert(s.min_count == 5 && s.factor == 8 && s.counted == 3 && s.window.us == 0);
    ck_assert(flow_str_equal(s.file, flow_str_of("mine"))); // and nothing is required
    flow_options_free(options);
}
END_TEST

START_TEST(a_classified_value_is_not_shown)
{
    static const flow_option digits = { .at_most = "9999" };
    static const flow_field fields[] = {
        { .name = "pin", .kind = FLOW_KIND_I32, .size = 4, .classified = true, .option = &digits }
    };
    static const flow_type type = { "pins", 4, 4, 1, fields };
    char *argv[] = { (char[]){ "p" }, (char[]){ "--pin=12345" } };
    const flow_option_sources sources = { .argc = 2, .argv = argv };
    flow_error error;
    int32_t pin;
    ck_assert_ptr_null(flow_options_read(&type, &sources, NULL, &pin, &error));
    ck_assert_str_eq(error.message, "--pin cannot be ***: expected a whole number, 9999 or less");
}
END_TEST

struct inner {
    int64_t a;
};
FLOW_RECORD(inner, a);

static void expect_no_declaration(const flow_type *type, const char *sentence)
{
    flow_error error;
    char record[64];
    ck_assert_ptr_null(flow_options_read(type, NULL, NULL, record, &error));
    ck_assert_int_eq(error.status, FLOW_TYPE);
    ck_assert_str_eq(error.message, sentence);
}

START_TEST(a_declaration_that_cannot_be_is_refused)
{
    static const flow_option any = { 0 }, wrong = { .initial = "many" }, words = { .words = "a|b" };
    static const flow_field nested = { .name = "inner",
        .kind = FLOW_KIND_RECORD,
        .size = sizeof(struct inner),
        .record = &inner_type,
        .option = &any };
    static const flow_field number = {
        .name = "n", .kind = FLOW_KIND_I64, .size = 8, .option = &wrong
    };
    static const flow_field chosen = {
        .name = "x", .kind = FLOW_KIND_F64, .size = 8, .option = &words
    };
    expect_no_declaration(&(const flow_type){ "r", 8, 8, 1, &nested },
        "record \"r\", field \"inner\": a record cannot be an option");
    expect_no_declaration(&(const flow_type){ "r", 8, 8, 1, &number },
        "the default of --n cannot be 'many': expected a whole number");
    expect_no_declaration(&(const flow_type){ "r", 8, 8, 1, &chosen },
        "record \"r\", field \"x\": words are for text and whole numbers, not for a double");
}
END_TEST

static void *take(void *user, size_t size, size_t align)
{
    int *left = user;
    (void)align;
    return (*left)-- > 0 ? malloc(size) : NULL;
}

static void give(void *user, void *memory, size_t size)
{
    (void)user;
    (void)size;
    free(memory);
}

START_TEST(without_memory_there_is_an_error_and_nothing_is_left_behind)
{
    static struct settings s;
    static char long_text[6000] = "--views=";
    char *argv[] = { (char[]){ "p" }, (char[]){ "--ports=1" }, long_text, (char[]){ "f" } };
    const flow_option_sources sources = { .argc = 4, .argv = argv };
    memset(long_text + 8, 'x', sizeof long_text - 9);
    int failures = 0;
    for (int room = 0;; room++) {
        int left = room;
        const flow_allocator allocator = { take, give, &left };
        flow_error error;
        flow_options *options = flow_options_read(&settings_type, &sources, &allocator, &s, &error);
        flow_options_free(options);
        if (options)
            break;
        ck_assert_int_eq(error.status, FLOW_MEMORY);
        failures++;
    }
    ck_assert_int_gt(failures, 2);
}
END_TEST

TCase *read_tests(void)
{
    TCase *tests = tcase_create("read");
    tcase_add_test(tests, arguments_are_stronger_than_environment_file_and_defaults);
    tcase_add_test(tests, a_wrong_variable_is_named);
    tcase_add_test(tests, code_counts_instead_of_defaults);
    tcase_add_test(tests, a_classified_value_is_not_shown);
    tcase_add_test(tests, a_declaration_that_cannot_be_is_refused);
    tcase_add_test(tests, without_memory_there_is_an_error_and_nothing_is_left_behind);
    return tests;
}
