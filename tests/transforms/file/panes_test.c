// SPDX-License-Identifier: Apache-2.0
// Files by pane: each firing one, complete, under its own name, however often it is written.
#include "sales.h"

#include <stdio.h>
#include <stdlib.h>

// Writes sales of minutes, with a minute of lateness, by a pattern in the folder.
static void write_minutes(flow_coll sales, const char *pattern, flow_file_write_options options)
{
    const flow_window_options minutes = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_minutes(1),
        .accumulation = FLOW_DISCARDING };
    options.path = fake_path(pattern);
    flow_file_write(flow_window_into(sales, &minutes), &options);
}

static const struct sales_event day[] = { { "Kyiv", 1, 5 }, { "Lima", 2, 10 }, { "Kyiv", 3, 20 },
    { NULL, 0, 61 }, { "Kyiv", 4, 70 }, { "Kyiv", 5, 59 }, { NULL, 0, 100 }, { "Kyiv", 6, 50 },
    { NULL, 0, 150 } };
#define DAY (sizeof day / sizeof day[0])

static void by_city(flow_coll sales)
{
    write_minutes(sales, "{city}/{window}-{pane}-{shard}.json",
        (flow_file_write_options){ .format = FLOW_JSON });
}

START_TEST(r82_each_firing_is_a_file_of_its_own_and_late_ones_replace_none)
{
    sales_check(day, DAY, by_city,
        "Kyiv/20261124T090000Z-20261124T090100Z-0-00000-of-00001.json\n"
        "  {\"city\":\"Kyiv\",\"cents\":1}\n"
        "  {\"city\":\"Kyiv\",\"cents\":3}\n"
        "Kyiv/20261124T090000Z-20261124T090100Z-1-00000-of-00001.json\n"
        "  {\"city\":\"Kyiv\",\"cents\":5}\n"
        "Kyiv/20261124T090000Z-20261124T090100Z-2-00000-of-00001.json\n"
        "  {\"city\":\"Kyiv\",\"cents\":6}\n"
        "Kyiv/20261124T090100Z-20261124T090200Z-0-00000-of-00001.json\n"
        "  {\"city\":\"Kyiv\",\"cents\":4}\n"
        "Lima/20261124T090000Z-20261124T090100Z-0-00000-of-00001.json\n"
        "  {\"city\":\"Lima\",\"cents\":2}\n");
}
END_TEST

static void all_in_one(flow_coll sales)
{
    write_minutes(sales, "{start}-{pane}.csv", (flow_file_write_options){ .format = FLOW_CSV });
}

START_TEST(a_pattern_without_fields_has_a_file_a_firing)
{
    sales_check(day, DAY, all_in_one,
        "20261124T090000Z-0.csv\n  Kyiv,1,\n  Kyiv,3,\n  Lima,2,\n  city,cents,note\n"
        "20261124T090000Z-1.csv\n  Kyiv,5,\n  city,cents,note\n"
        "20261124T090000Z-2.csv\n  Kyiv,6,\n  city,cents,note\n"
        "20261124T090100Z-0.csv\n  Kyiv,4,\n  city,cents,note\n");
}
END_TEST

static void counted(flow_coll sales)
{
    const flow_window_options early = { .windows = flow_fixed(flow_minutes(1)),
        .lateness = flow_minutes(1),
        .accumulation = FLOW_RETRACTING,
        .trigger = flow_trigger_early_late(flow_trigger_count(1), flow_trigger_count(1)) };
    const flow_coll counts =
        flow_count(flow_key_by(flow_window_into(sales, &early), FLOW_FIELD(sale, city)));
    flow_file_write(counts, &(flow_file_write_options){ .path = fake_path("all.json"),
                                .format = FLOW_JSON,
                                .key_name = "city",
                                .sign_name = "sign" });
    flow_file_write(counts, &(flow_file_write_options){ .name = "panes",
                                .path = fake_path("{key}-{window}-{pane}.csv"),
                                .format = FLOW_CSV,
                                .key_name = "city",
                                .sign_name = "sign",
                                .no_header = true });
}

// Adds up "city,count,sign" over all files: what is left must be the counts of the batch.
static void fold(const char *tree, int *kyiv, int *lima)
{
    *kyiv = *lima = 0;
    for (const char *line = tree; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        char city[16];
        int count = 0, sign = 0;
        if (sscanf(line, "  %15[A-Za-z],%d,%d", city, &count, &sign) == 3)
            *(strcmp(city, "Kyiv") == 0 ? kyiv : lima) += count * sign;
        else if (sscanf(line, "  {\"city\":\"%15[A-Za-z]\",\"count\":%d,\"sign\":%d}", city, &count,
                     &sign) == 3)
            *(strcmp(city, "Kyiv") == 0 ? kyiv : lima) += count * sign;
    }
}

START_TEST(folding_signs_gives_what_a_batch_gives)
{
    flow_error error;
    int kyiv, lima;
    for (uint64_t seed = 0; seed < 6; seed++) {
        const flow_simulated_options options = {
            .workers = 2, .seed = seed, .fail_one_in = seed % 2 ? 3 : 0
        };
        fake_folder();
        ck_assert_msg(sales_run(day, DAY, counted, &options, &error) == FLOW_OK, "%s: %s",
            error.step, error.message);
        const char *tree = fake_tree();
        ck_assert_ptr_nonnull(strstr(tree, "{\"city\":\"Kyiv\",\"count\":1,\"sign\":-1}"));
        ck_assert_ptr_nonnull(strstr(tree, "Kyiv-20261124T090000Z-20261124T090100Z-0.csv"));
        ck_assert_ptr_nonnull(strstr(tree, "  Kyiv,1,-1\n"));
        fold(tree, &kyiv, &lima);
        // twice: all.json and the files by pane
        ck_assert_int_eq(kyiv, 2 * 5);
        ck_assert_int_eq(lima, 2 * 1);
        fake_folder_remove();
    }
}
END_TEST

static void unsigned_counts(flow_coll sales)
{
    const flow_window_options early = { .windows = flow_fixed(flow_minutes(1)),
        .no_lateness = true,
        .accumulation = FLOW_RETRACTING,
        .trigger = flow_trigger_early_late(flow_trigger_count(1), flow_trigger_none()) };
    flow_file_write(flow_count(flow_window_into(sales, &early)),
        &(flow_file_write_options){ .path = fake_path("all.json"), .format = FLOW_JSON });
}

START_TEST(without_a_name_for_signs_elements_that_are_taken_back_are_refused)
{
    flow_error error;
    fake_folder();
    ck_assert_int_eq(sales_run(day, DAY, unsigned_counts, NULL, &error), FLOW_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.message, "takes elements back"));
    ck_assert_str_eq(fake_tree(), "");
    fake_folder_remove();
}
END_TEST

#define MANY 300

static void narrow(flow_coll sales)
{
    write_minutes(sales, "{city}-{start}-{pane}",
        (flow_file_write_options){ .format = FLOW_JSON, .open_max = 2 });
}

START_TEST(more_files_than_may_be_open_come_out_whole)
{
    static char names[MANY][8];
    struct sales_event events[2 * MANY];
    flow_error error;
    for (int i = 0; i < 2 * MANY; i++) {
        snprintf(names[i % MANY], sizeof names[0], "c%d", i % MANY);
        events[i] = (struct sales_event){ names[i % MANY], i, i % 60 };
    }
    fake_folder();
    const flow_simulated_options options = { .workers = 2 };
    ck_assert_msg(sales_run(events, 2 * MANY, narrow, &options, &error) == FLOW_OK, "%s: %s",
        error.step, error.message);
    ck_assert_uint_eq(fake_files(), MANY);
    for (int i = 0; i < MANY; i++) {
        char name[64], a[64], b[64];
        snprintf(name, sizeof name, "c%d-20261124T090000Z-0", i);
        snprintf(a, sizeof a, "{\"city\":\"c%d\",\"cents\":%d}", i, i);
        snprintf(b, sizeof b, "{\"city\":\"c%d\",\"cents\":%d}", i, i + MANY);
        char *content = fake_content(fake_path(name), NULL);
        ck_assert_ptr_nonnull(strstr(content, a));
        ck_assert_ptr_nonnull(strstr(content, b));
        free(content);
    }
    fake_folder_remove();
}
END_TEST

static void dealt(flow_coll sales)
{
    write_minutes(sales, "{start}-{pane}-{shard}.csv",
        (flow_file_write_options){ .format = FLOW_CSV, .no_header = true, .shards = 2 });
}

// Shards fire on their own, so what is late may be the first of its shard.
START_TEST(a_fixed_number_of_shards_is_dealt_by_content)
{
    sales_check(day, DAY, dealt,
        "20261124T090000Z-0-00000-of-00002.csv\n  Kyiv,5,\n"
        "20261124T090000Z-0-00001-of-00002.csv\n  Kyiv,1,\n  Kyiv,3,\n  Lima,2,\n"
        "20261124T090000Z-1-00000-of-00002.csv\n  Kyiv,6,\n"
        "20261124T090100Z-0-00000-of-00002.csv\n  Kyiv,4,\n");
}
END_TEST

static void sized(flow_coll sales)
{
    write_minutes(sales, "{start}-{pane}-{shard}.csv",
        (flow_file_write_options){ .format = FLOW_CSV, .no_header = true, .shard_size = 1 });
}

START_TEST(shards_by_size_say_how_many_there_are)
{
    struct sales_event events[2000];
    flow_error error;
    for (int i = 0; i < 2000; i++)
        events[i] = (struct sales_event){ "Oslo", i, i % 60 };
    fake_folder();
    ck_assert_int_eq(sales_run(events, 2000, sized, NULL, &error), FLOW_OK);
    const size_t shards = fake_files(); // a batch is put at once, so they are a little larger
    ck_assert_uint_ge(shards, 2);
    for (size_t i = 0; i < shards; i++) {
        char name[80];
        snprintf(name, sizeof name, "20261124T090000Z-0-%05zu-of-%05zu.csv", i, shards);
        ck_assert_msg(strstr(fake_tree(), name) != NULL, "%s", fake_tree());
    }
    fake_folder_remove();
}
END_TEST

static flow_status refuse_6(flow_ctx *ctx, const struct sale *sale)
{
    if (sale->cents == 6)
        return flow_fail(ctx, FLOW_USER, "no six");
    return FLOW_EMIT_ROW(ctx, sale, sale);
}
FLOW_ELEMENT_FN(refuse_6, sale, sale);

static void failing(flow_coll sales)
{
    all_in_one(flow_do(sales, &refuse_6_fn));
}

START_TEST(a_job_that_fails_leaves_whole_files_only)
{
    flow_error error;
    fake_folder();
    ck_assert_int_eq(sales_run(day, DAY, failing, NULL, &error), FLOW_USER);
    ck_assert_str_eq(fake_tree(),
        "20261124T090000Z-0.csv\n  Kyiv,1,\n  Kyiv,3,\n  Lima,2,\n  city,cents,note\n"
        "20261124T090000Z-1.csv\n  Kyiv,5,\n  city,cents,note\n");
    fake_folder_remove();
}
END_TEST

TCase *panes_case(void)
{
    TCase *tcase = tcase_create("panes");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, r82_each_firing_is_a_file_of_its_own_and_late_ones_replace_none);
    tcase_add_test(tcase, a_pattern_without_fields_has_a_file_a_firing);
    tcase_add_test(tcase, folding_signs_gives_what_a_batch_gives);
    tcase_add_test(tcase, without_a_name_for_signs_elements_that_are_taken_back_are_refused);
    tcase_add_test(tcase, more_files_than_may_be_open_come_out_whole);
    tcase_add_test(tcase, a_fixed_number_of_shards_is_dealt_by_content);
    tcase_add_test(tcase, shards_by_size_say_how_many_there_are);
    tcase_add_test(tcase, a_job_that_fails_leaves_whole_files_only);
    return tcase;
}
