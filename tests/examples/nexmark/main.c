// SPDX-License-Identifier: Apache-2.0
// Tests of examples/nexmark.
#include "suite.h"

#include <stdlib.h>

bool nexmark_slow(void)
{
    return getenv("NEXMARK_SLOW") != NULL;
}

void nexmark_add_event(struct rows *rows, const struct event *event)
{
    if (event->person.count)
        rows_add(rows, event->at, &person_type, event->person.items);
    else if (event->auction.count)
        rows_add(rows, event->at, &auction_type, event->auction.items);
    else
        rows_add(rows, event->at, &bid_type, &event->bid);
}

int main(void)
{
    Suite *suite = suite_create("examples/nexmark");
    suite_add_tcase(suite, generator_case());
    suite_add_tcase(suite, parity_case());
    suite_add_tcase(suite, source_case());
    suite_add_tcase(suite, story_case());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
