// SPDX-License-Identifier: Apache-2.0
// Tests options in a JSON file.
#include <stdio.h>

#include "settings.h"

TCase *file_tests(void);

#if FL_HAVE_JSON

static void expect_refused(const char *text, flow_status status, const char *behind_path)
{
    const flow_option_sources sources = { .file = settings_file(text) };
    char wanted[512];
    snprintf(wanted, sizeof wanted, "%s%s", sources.file, behind_path);
    ck_assert_str_eq(settings_refused("f", sources, status), wanted);
    settings_unlink();
}

START_TEST(members_are_options)
{
    struct settings s;
    const flow_option_sources sources = {
        .file = settings_file("{\"window\": \"90s\", \"min-count\": 7, \"factor\": 1e1, \"quiet\": "
                              "true, \"views\": null,\n"
                              " \"ports\": [80, 443], \"taps\": \"one\", \"file\": \"a.csv\"}")
    };
    flow_options *options = settings_read("", sources, &s);
    ck_assert(s.window.us == 90000000 && s.min_count == 7 && s.factor == 10 && s.quiet);
    ck_assert(!s.has_views && s.ports.count == 2 && s.taps.count == 1);
    ck_assert(flow_str_equal(s.file, flow_str_of("a.csv")));
    ck_assert_str_eq(flow_options_origin(options, "window"), sources.file);
    flow_options_free(options);
    settings_unlink();
}
END_TEST

START_TEST(an_option_names_the_file)
{
    struct settings s;
    const char *path = settings_file("{\"min_count\": 7, \"workers\": 3}");
    char line[256];
    snprintf(line, sizeof line, "--config %s --workers 5 f", path);
    flow_options *options =
        settings_read(line, (flow_option_sources){ .file_field = "config" }, &s);
    ck_assert(s.min_count == 7 && s.workers == 5);
    ck_assert(flow_str_equal(s.config, flow_str_of(path)));
    flow_options_free(options);
    settings_unlink();
}
END_TEST

START_TEST(unknown_members_survive_before_arguments)
{
    struct settings s;
    const flow_option_sources sources = { .keep_unknown = true,
        .file = settings_file("{\"runner\": \"portable\", \"parallelism\": 4}") };
    flow_options *options = settings_read("--late=1 f", sources, &s);
    static const char *const wanted[] = { "--runner=portable", "--parallelism=4", "--late=1" };
    int count;
    char *const *unknown = flow_options_unknown(options, &count);
    ck_assert_int_eq(count, 3);
    for (int i = 0; i < count; i++)
        ck_assert_str_eq(unknown[i], wanted[i]);
    flow_options_free(options);
    settings_unlink();
}
END_TEST

START_TEST(what_is_no_file_of_options_is_refused)
{
    expect_refused("{\"wndow\": 1}", FLOW_INVALID, ": \"wndow\" is no option");
    expect_refused("{\"counted\": 1}", FLOW_INVALID, ": \"counted\" is no option");
    expect_refused(
        "{\"window\": {}}", FLOW_INVALID, ": \"window\" is neither text, number nor bool");
    expect_refused(
        "{\"window\": [1]}", FLOW_INVALID, ": \"window\" is neither text, number nor bool");
    expect_refused(
        "{\"ports\": [[]]}", FLOW_INVALID, ": \"ports\" holds what is no text, number or bool");
    expect_refused("{\"min_count\": 0.5}", FLOW_INVALID,
        " (min-count) cannot be '0.5': expected a whole number, 1 or more");
    expect_refused("[1]", FLOW_PARSE, ": options must be one JSON object");
    expect_refused("{\"window\":", FLOW_PARSE, ": byte 10: unexpected end of data");
    ck_assert_str_eq(
        settings_refused("f", (flow_option_sources){ .file = "no/such.json" }, FLOW_IO),
        "no/such.json: cannot be opened: No such file or directory");
}
END_TEST

#else

START_TEST(a_build_without_json_says_so)
{
    ck_assert_str_eq(settings_refused("f", (flow_option_sources){ .file = "x" }, FLOW_UNSUPPORTED),
        "x: this build reads no files of options: it lacks the feature json");
}
END_TEST

#endif

TCase *file_tests(void)
{
    TCase *tests = tcase_create("file");
#if FL_HAVE_JSON
    tcase_add_test(tests, members_are_options);
    tcase_add_test(tests, an_option_names_the_file);
    tcase_add_test(tests, unknown_members_survive_before_arguments);
    tcase_add_test(tests, what_is_no_file_of_options_is_refused);
#else
    tcase_add_test(tests, a_build_without_json_says_so);
#endif
    return tests;
}
