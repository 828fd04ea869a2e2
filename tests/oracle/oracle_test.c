// SPDX-License-Identifier: Apache-2.0
// What Apache Beam gives for 1,500 windowings, triggers and scripts, and what we give: panes with
// their timing, numbers and times, and what is refused (R9 to R57). panes.jsonl.gz says how it was
// made; `./dev oracle` makes it again.
#include "oracle.h"

#include <stdlib.h>

#include <check.h>
#include <zlib.h>

#define CASES 1500
#define CHUNK 50

static char line[1 << 16];

// Cases [from, from + CHUNK): each must give Beam's panes, or be refused as Beam does.
static void compare(yyjson_val *c)
{
    static char ours_text[1 << 16], beams_text[1 << 16];
    struct oracle_text ours = { ours_text, sizeof ours_text };
    struct oracle_text beams = { beams_text, sizeof beams_text };
    flow_error error = { 0 };
    const char *refused = yyjson_get_str(yyjson_obj_get(c, "refused"));
    const flow_status status = oracle_run(c, &ours, &error);
    const int id = yyjson_get_int(yyjson_obj_get(c, "id"));
    if (refused) {
        ck_assert_msg(status == FLOW_INVALID || status == FLOW_UNSUPPORTED,
            "case %d is taken, but Beam refuses it: %s", id, refused);
        return;
    }
    ck_assert_msg(status == FLOW_OK, "case %d: %s: %s", id, error.step, error.message);
    oracle_panes_of_beam(c, &beams);
    ck_assert_msg(strcmp(ours.text, beams.text) == 0, "case %d differs from Beam:\n%s\nours:\n%s",
        id, beams.text, ours.text);
}

START_TEST(panes_are_those_of_beam)
{
    gzFile file = gzopen(ORACLE_PANES, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(gzgets(file, line, sizeof line)); // how the rest was made
    for (int i = 0; i < (_i + 1) * CHUNK; i++) {
        ck_assert_msg(gzgets(file, line, sizeof line) != NULL, "there are less than %d cases", i);
        if (i < _i * CHUNK)
            continue;
        yyjson_doc *doc = yyjson_read(line, strlen(line), 0);
        ck_assert_ptr_nonnull(doc);
        compare(yyjson_doc_get_root(doc));
        yyjson_doc_free(doc);
    }
    gzclose(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oracle");
    TCase *tests = tcase_create("beam");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, panes_are_those_of_beam, 0, CASES / CHUNK);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
