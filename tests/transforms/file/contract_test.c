// SPDX-License-Identifier: Apache-2.0
// flow_file_read_all through the contract harness. What else is in this folder takes no collection,
// or gives none.
#include "suite.h"

#include <stdio.h>

#include <flow/transforms.h>

#include "harness.h"

#define ROWS  40
#define FILES 5

struct named {
    flow_str path;
};
FLOW_RECORD(named, path);

static char paths[FILES][200];

static flow_status name_file(flow_ctx *ctx, const struct flow_test_row *row, struct named *named)
{
    (void)ctx;
    named->path = flow_str_of(paths[row->k % FILES]);
    return FLOW_OK;
}
FLOW_MAP_FN(name_file, flow_test_row, named);

static flow_coll lines_by_text(flow_coll in)
{
    const flow_coll lines =
        flow_file_read_all(flow_do(in, &name_file_fn), FLOW_FIELD(named, path), NULL);
    return flow_count(flow_key_by(lines, FLOW_FIELD(flow_line, text)));
}

START_TEST(reading_all_keeps_the_contract)
{
    struct flow_test_row rows[ROWS];
    fake_folder();
    for (int i = 0; i < FILES; i++) {
        static const char text[] = "one\ntwo\nthree\ntwo\n";
        char file[16];
        snprintf(file, sizeof file, "%d", i);
        snprintf(paths[i], sizeof paths[i], "%s", fake_file(file, text, (size_t)i * 4));
    }
    for (int64_t i = 0; i < ROWS; i++)
        rows[i] = flow_test_row_at(i % 7, i, 0);
    const struct flow_test_rows input = { &flow_test_row_type, rows, ROWS,
        FLOW_FIELD(flow_test_row, at), true, false, false, false };
    flow_test_transform("read all", lines_by_text, &input);
    fake_folder_remove();
}
END_TEST

TCase *contract_case(void)
{
    TCase *tcase = tcase_create("contract");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, reading_all_keeps_the_contract);
    return tcase;
}
