// SPDX-License-Identifier: Apache-2.0
// Tests options on the command line.
#include "settings.h"

TCase *args_tests(void);

static const flow_option_sources plain;

static void expect_refused(const char *line, const char *sentence)
{
    ck_assert_str_eq(settings_refused(line, plain, FLOW_INVALID), sentence);
}

START_TEST(both_forms_of_a_value_are_read)
{
    struct settings s;
    flow_options *options = settings_read(
        "--window=90s --min-count 7 --min_count=8 --factor=-0.5 --form csv a.csv", plain, &s);
    ck_assert_int_eq(s.window.us, 90000000);
    ck_assert_int_eq(s.min_count, 8); // the last one counts, and `_` is as good as `-`
    ck_assert(s.factor == -0.5);
    ck_assert_int_eq(s.form, FORM_CSV);
    ck_assert(flow_str_equal(s.file, flow_str_of("a.csv")));
    ck_assert_str_eq(flow_options_origin(options, "window"), "--window");
    ck_assert_str_eq(flow_options_origin(options, "file"), "FILE");
    ck_assert_ptr_null(flow_options_origin(options, "workers"));
    ck_assert_ptr_null(flow_options_origin(options, "nothing"));
    flow_options_free(options);
}
END_TEST

START_TEST(flags_are_set_and_taken_back)
{
    struct settings s;
    flow_options *options = settings_read("--quiet --no-colour --no-views f", plain, &s);
    ck_assert(s.quiet && !s.colour && !s.has_views && s.views.len == 0);
    flow_options_free(options);
    options = settings_read("--quiet=false --colour=yes --views= f", plain, &s);
    ck_assert(!s.quiet && s.colour && s.has_views && s.views.len == 0);
    flow_options_free(options);
    options = settings_read("--quiet f --no-quiet --no-views --views x", plain, &s);
    ck_assert(!s.quiet && s.has_views && s.views.len == 1);
    flow_options_free(options);
}
END_TEST

START_TEST(a_list_is_given_item_by_item)
{
    struct settings s;
    flow_options *options =
        settings_read("--taps a --taps=b --ports 80 --ports 443 one two -- --three", plain, &s);
    const flow_str *taps = s.taps.items, *more = s.more.items;
    const int32_t *ports = s.ports.items;
    ck_assert_uint_eq(s.taps.count, 2);
    ck_assert(flow_str_equal(taps[0], flow_str_of("a")) && *taps[1].data == 'b');
    ck_assert(s.ports.count == 2 && ports[0] == 80 && ports[1] == 443);
    ck_assert(flow_str_equal(s.file, flow_str_of("one")));
    ck_assert_uint_eq(s.more.count, 2);
    ck_assert(flow_str_equal(more[0], flow_str_of("two")));
    ck_assert(flow_str_equal(more[1], flow_str_of("--three")));
    flow_options_free(options);
}
END_TEST

START_TEST(defaults_count_where_nobody_says_anything)
{
    struct settings s;
    flow_options *options = settings_read("f", plain, &s);
    ck_assert_int_eq(s.window.us, 600000000);
    ck_assert_int_eq(s.form, FORM_JSON);
    ck_assert(s.min_count == 60 && s.workers == 0 && s.factor == 2.5);
    ck_assert(!s.quiet && s.colour && s.has_views && !s.has_since);
    ck_assert(flow_str_equal(s.views, flow_str_of("view")));
    ck_assert(s.taps.count == 0 && s.more.count == 0 && s.counted == 0);
    ck_assert(flow_str_equal(s.order, flow_str_of("first")));
    flow_options_free(options);
}
END_TEST

START_TEST(a_wrong_value_names_option_value_and_what_was_expected)
{
    expect_refused("--window 10 f",
        "--window cannot be '10': expected a duration such as 250ms, 90s, 10m, 1h or 7d from 1ms "
        "to 1d");
    expect_refused("--window 25h f",
        "--window cannot be '25h': expected a duration such as 250ms, 90s, 10m, 1h or 7d from 1ms "
        "to 1d");
    expect_refused("--form xml f", "--form cannot be 'xml': expected json, csv or lines");
    expect_refused("--order=up f", "--order cannot be 'up': expected first or last");
    expect_refused(
        "--min-count 0 f", "--min-count cannot be '0': expected a whole number, 1 or more");
    expect_refused(
        "--min-count 1.5 f", "--min-count cannot be '1.5': expected a whole number, 1 or more");
    expect_refused(
        "--workers 65 f", "--workers cannot be '65': expected a whole number from 0 to 64");
    expect_refused("--factor much f", "--factor cannot be 'much': expected a number");
    expect_refused("--quiet=maybe f", "--quiet cannot be 'maybe': expected true or false");
    expect_refused(
        "--ports 80 --ports 0 f", "--ports cannot be '0': expected a whole number from 1 to 65535");
    expect_refused(
        "--since noon f", "--since cannot be 'noon': expected a time such as 2026-11-23T14:30:00Z");
    expect_refused("--salt ? f", "--salt cannot be '?': expected bytes as base64");
}
END_TEST

START_TEST(what_is_missing_or_too_much_is_said)
{
    expect_refused("", "one FILE is wanted: what is read; --help says more");
    expect_refused("f --window",
        "--window wants a value: a duration such as 250ms, 90s, 10m, 1h or 7d from 1ms to 1d");
    expect_refused("f --min-count --quiet", "--min-count wants a value: a whole number, 1 or more");
}
END_TEST

START_TEST(an_unknown_option_is_refused_with_a_near_one)
{
    expect_refused("--wndow 1m f", "there is no option --wndow; did you mean --window?");
    expect_refused("--min-conut=1 f", "there is no option --min-conut; did you mean --min-count?");
    expect_refused("--elephants f", "there is no option --elephants");
    expect_refused("--file f", "there is no option --file");
    expect_refused("--no-window f", "there is no option --no-window");
}
END_TEST

START_TEST(unknown_options_survive_for_others_when_asked)
{
    struct settings s;
    const flow_option_sources keep = { .keep_unknown = true };
    flow_options *options =
        settings_read("--runner portable --quiet --flag --job=x f --endpoint=here:1 -v", keep, &s);
    static const char *const wanted[] = { "--runner", "portable", "--flag", "--job=x",
        "--endpoint=here:1" };
    int count = 0;
    char *const *unknown = flow_options_unknown(options, &count);
    ck_assert(s.quiet && flow_str_equal(s.file, flow_str_of("f")));
    ck_assert_int_eq(count, 5);
    for (int i = 0; i < count; i++)
        ck_assert_str_eq(unknown[i], wanted[i]);
    ck_assert_ptr_null(unknown[count]);
    ck_assert_uint_eq(s.more.count, 1); // -v
    flow_options_free(options);
    options = settings_read("f", plain, &s);
    flow_options_unknown(options, &count);
    ck_assert_int_eq(count, 0);
    flow_options_free(options);
}
END_TEST

START_TEST(help_asks_for_nothing_else)
{
    struct settings s;
    flow_options *options = settings_read("--window nonsense --help", plain, &s);
    ck_assert(flow_options_asked_help(options));
    flow_options_free(options);
    options = settings_read("f", plain, &s);
    ck_assert(!flow_options_asked_help(options));
    flow_options_free(options);
}
END_TEST

TCase *args_tests(void)
{
    TCase *tests = tcase_create("args");
    tcase_add_test(tests, both_forms_of_a_value_are_read);
    tcase_add_test(tests, flags_are_set_and_taken_back);
    tcase_add_test(tests, a_list_is_given_item_by_item);
    tcase_add_test(tests, defaults_count_where_nobody_says_anything);
    tcase_add_test(tests, a_wrong_value_names_option_value_and_what_was_expected);
    tcase_add_test(tests, what_is_missing_or_too_much_is_said);
    tcase_add_test(tests, an_unknown_option_is_refused_with_a_near_one);
    tcase_add_test(tests, unknown_options_survive_for_others_when_asked);
    tcase_add_test(tests, help_asks_for_nothing_else);
    return tests;
}
