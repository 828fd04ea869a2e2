// SPDX-License-Identifier: Apache-2.0
// Tests words and texts as values of options.
#include "option/option.h"
#include "settings.h"

TCase *value_tests(void);

START_TEST(a_word_has_a_place)
{
    const char *words = "fail|dead-letter|skip";
    ck_assert_int_eq(fl_option_word(words, flow_str_of("fail")), 0);
    ck_assert_int_eq(fl_option_word(words, flow_str_of("skip")), 2);
    ck_assert_int_eq(fl_option_word(words, flow_str_of("dead")), -1);
    ck_assert_int_eq(fl_option_word(words, flow_str_of("")), -1);
    ck_assert(flow_str_equal(fl_option_word_at(words, 1), flow_str_of("dead-letter")));
    ck_assert_uint_eq(fl_option_word_at(words, 3).len, 0);
}
END_TEST

START_TEST(bools_have_words)
{
    static const char *const texts[] = { "true", "yes", "on", "1", "false", "no", "off", "0" };
    const flow_field *quiet = flow_type_field(&settings_type, "quiet");
    for (int i = 0; i < 8; i++) {
        bool value = i >= 4;
        ck_assert(fl_option_value(quiet, FLOW_KIND_BOOL, flow_str_of(texts[i]), &value, NULL));
        ck_assert_int_eq(value, i < 4);
    }
}
END_TEST

START_TEST(limits_are_within)
{
    const flow_field *window = flow_type_field(&settings_type, "window");
    flow_duration value;
    ck_assert(fl_option_value(window, FLOW_KIND_DURATION, flow_str_of("1ms"), &value, NULL));
    ck_assert(fl_option_value(window, FLOW_KIND_DURATION, flow_str_of("1d"), &value, NULL));
    ck_assert(!fl_option_value(window, FLOW_KIND_DURATION, flow_str_of("999us"), &value, NULL));
    ck_assert(!fl_option_value(window, FLOW_KIND_DURATION, flow_str_of("1d1us"), &value, NULL));
}
END_TEST

TCase *value_tests(void)
{
    TCase *tests = tcase_create("value");
    tcase_add_test(tests, a_word_has_a_place);
    tcase_add_test(tests, bools_have_words);
    tcase_add_test(tests, limits_are_within);
    return tests;
}
