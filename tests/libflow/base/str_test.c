// SPDX-License-Identifier: Apache-2.0
// Tests the words of a text.
#include <ctype.h>

#include <check.h>

#include <flow/base.h>

TCase *str_tests(void);

// The words of `text`, each followed by a bar.
static void words_of(flow_str text, char *words)
{
    flow_str word;
    while (flow_str_next_word(&text, &word)) {
        memcpy(words, word.data, word.len);
        words += word.len;
        *words++ = '|';
    }
    *words = '\0';
    ck_assert_uint_eq(text.len, 0);
}

static const struct {
    const char *text;
    const char *words;
} cases[] = {
    { "", "" },
    { "  \t\n", "" },
    { "...!?", "" },
    { "one", "one|" },
    { "to be, or not to be", "to|be|or|not|to|be|" },
    { "don't", "don't|" },
    { "'tis the dogs' rock'n'roll", "tis|the|dogs|rock'n'roll|" },
    { "''quoted''", "quoted|" },
    { "a''b", "a|b|" },
    { "x-y_z", "x|y|z|" },
    { "na\xC3\xAFve caf\xC3\xA9.", "na\xC3\xAFve|caf\xC3\xA9|" },
    { "4.5 km", "4|5|km|" },
};

START_TEST(a_text_falls_into_its_words)
{
    char words[200];
    words_of(flow_str_of(cases[_i].text), words);
    ck_assert_str_eq(words, cases[_i].words);
}
END_TEST

START_TEST(each_ascii_byte_parts_words_or_belongs_to_them)
{
    for (int c = 1; c < 128; c++) {
        char text[4] = { 'a', (char)c, 'b', '\0' }, words[16];
        words_of(flow_str_of(text), words);
        const bool parts = (isspace(c) || ispunct(c)) && c != '\'';
        ck_assert_msg((strcmp(words, "a|b|") == 0) == parts, "byte %d gave %s", c, words);
    }
}
END_TEST

START_TEST(a_text_without_bytes_has_no_word)
{
    flow_str none = { NULL, 0 }, word = { "kept", 4 };
    ck_assert(!flow_str_next_word(&none, &word));
    ck_assert_uint_eq(word.len, 4);
}
END_TEST

START_TEST(a_zero_byte_belongs_to_its_word)
{
    flow_str text = { "a\0b c", 5 }, word;
    ck_assert(flow_str_next_word(&text, &word));
    ck_assert_uint_eq(word.len, 3);
    ck_assert_mem_eq(word.data, "a\0b", 3);
}
END_TEST

TCase *str_tests(void)
{
    TCase *tests = tcase_create("str");
    tcase_add_loop_test(
        tests, a_text_falls_into_its_words, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tests, each_ascii_byte_parts_words_or_belongs_to_them);
    tcase_add_test(tests, a_text_without_bytes_has_no_word);
    tcase_add_test(tests, a_zero_byte_belongs_to_its_word);
    return tests;
}
