// SPDX-License-Identifier: Apache-2.0
// FLOW_TEST_ONLY=PATTERN, an extended regular expression: of a program's tests only those run whose
// names match. Check itself selects whole cases only, so the linker sends tcase_add_test here.
#include <check.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

void __real__tcase_add_test(TCase *, const TTest *, int, int, int, int);
void __wrap__tcase_add_test(TCase *, const TTest *, int, int, int, int);

static bool wanted(const char *name)
{
    const char *pattern = getenv("FLOW_TEST_ONLY");
    regex_t compiled;
    if (!pattern)
        return true;
    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
        fprintf(stderr, "FLOW_TEST_ONLY is no regular expression: %s\n", pattern);
        exit(2);
    }
    const bool found = regexec(&compiled, name, 0, NULL, 0) == 0;
    regfree(&compiled);
    return found;
}

void __wrap__tcase_add_test(
    TCase *tests, const TTest *test, int signal, int exit_value, int first, int end)
{
    if (wanted(test->name))
        __real__tcase_add_test(tests, test, signal, exit_value, first, end);
}
