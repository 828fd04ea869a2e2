// SPDX-License-Identifier: Apache-2.0
// Tests what --help says.
#include "settings.h"

TCase *help_tests(void);

START_TEST(help_is_made_from_the_declaration)
{
    flow_buffer text = { 0 };
    flow_options_help(&settings_type, "program", "PROGRAM", &text);
    flow_buffer_put(&text, "", 1);
    ck_assert_str_eq(text.data,
        "usage: program [OPTION…] FILE [FILE…]\n"
        "what is counted\n"
        "  --window DURATION         windows of so long (default 10m)\n"
        "  --form json|csv|lines     how the file is written (default json)\n"
        "  --min-count N             at least so many (default 60)\n"
        "  --workers N               threads\n"
        "  --factor X                a spike has so many times the mean (default 2.5)\n"
        "what is shown\n"
        "  --quiet                   only figures\n"
        "  --colour, --no-colour     in colours (default true)\n"
        "  --views KIND, --no-views  kind of event that is a view (default view)\n"
        "  --taps STEP               shows a step (may be given again)\n"
        "  --ports N                 listens there (may be given again)\n"
        "  --since TIME              from then on\n"
        "  --password TEXT           of the database (default ***)\n"
        "  --salt BASE64             of hashes\n"
        "  --order first|last        which of two is taken (default first)\n"
        "  --config FILE             options as JSON\n"
        "  FILE                      what is read (required)\n"
        "  FILE                      what is read, too\n"
        "Environment variables set options, too: PROGRAM_NAME for --name.\n");
    flow_buffer_free(&text);
}
END_TEST

struct wordy {
    flow_str a_name_that_needs_a_line;
    uint32_t step;
};
FLOW_RECORD_OF(wordy,
    FLOW_OPTION(wordy, a_name_that_needs_a_line,
        .help = "its meaning stands below it and is so long that it goes on in another line, which "
                "begins where the first one began"),
    FLOW_OPTION(wordy, step, .words = "read|views/count|views/detect|sales/count|sales/detect",
        .help = "what is shown"));

START_TEST(long_texts_are_broken)
{
    flow_buffer text = { 0 };
    flow_options_help(&wordy_type, "w", NULL, &text);
    flow_buffer_put(&text, "", 1);
    ck_assert_str_eq(text.data,
        "usage: w [OPTION…]\n"
        "  --a-name-that-needs-a-line TEXT\n"
        "                            its meaning stands below it and is so long that it goes on in "
        "another\n"
        "                            line, which begins where the first one began\n"
        "  --step WORD               what is shown – read, views/count, views/detect, sales/count "
        "or\n"
        "                            sales/detect\n");
    flow_buffer_free(&text);
}
END_TEST

TCase *help_tests(void)
{
    TCase *tests = tcase_create("help");
    tcase_add_test(tests, help_is_made_from_the_declaration);
    tcase_add_test(tests, long_texts_are_broken);
    return tests;
}
