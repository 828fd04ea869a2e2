// SPDX-License-Identifier: Apache-2.0
// Runs the tests of the local runner, and what they share.
#include <dirent.h>
#include <time.h>

#include "local_test.h"

struct click *clicks_make(size_t count, int64_t users)
{
    static const char *const pages[] = { "/shoes", "/hats", "/a page with a longer name" };
    struct click *clicks = malloc(count * sizeof *clicks);
    ck_assert_ptr_nonnull(clicks);
    for (size_t i = 0; i < count; i++) {
        clicks[i].page = flow_str_of(pages[i % COUNT_OF(pages)]);
        clicks[i].user = (int64_t)i % users;
        clicks[i].at.us = (int64_t)i * 1000;
    }
    return clicks;
}

flow_coll clicks_read(flow_pipeline *pipeline, const struct click *clicks, size_t count)
{
    const flow_create_options options = { .name = "clicks",
        .type = &click_type,
        .rows = clicks,
        .count = count,
        .event_time = FLOW_FIELD(click, at),
        .times = { .in_order = true } };
    return flow_create(pipeline, &options);
}

void take_rows(void *user, const flow_elements *elements)
{
    struct taken *taken = user;
    taken->rows += elements->batch.count;
}

void take_counts(void *user, const flow_elements *elements)
{
    struct taken *taken = user;
    const flow_batch *batch = &elements->batch;
    taken->rows += batch->count;
    for (uint32_t i = 0; i < batch->count; i++)
        taken->sum += FLOW_BATCH_ROW(batch, flow_counted, i)->count;
}

void count_by_minute(flow_coll clicks, struct taken *taken)
{
    const flow_window_options minute = { .windows = flow_fixed(flow_minutes(1)) };
    const flow_coll by_user =
        flow_key_by(flow_window_into(clicks, &minute), FLOW_FIELD(click, user));
    flow_receive(flow_count(by_user), NULL, take_counts, taken);
}

flow_status run_with(flow_pipeline *pipeline, uint32_t workers, flow_error *error)
{
    const flow_local_options options = { .workers = workers };
    const flow_runner runner = flow_local(&options);
    return flow_run(pipeline, &runner, error);
}

static void *account_take(void *user, size_t size, size_t align)
{
    struct account *account = user;
    const uint64_t call = atomic_fetch_add(&account->calls, 1) + 1;
    if (account->fail_from && call >= account->fail_from)
        return NULL;
    const size_t room = align > 16 ? align : 16;
    account->bytes += (int64_t)size;
    account->blocks++;
    return aligned_alloc(room, (size + room - 1) / room * room);
}

static void account_give(void *user, void *memory, size_t size)
{
    struct account *account = user;
    if (!memory)
        return;
    account->bytes -= (int64_t)size;
    account->blocks--;
    free(memory);
}

flow_pipeline *pipeline_on(struct account *account, const char *name)
{
    const flow_allocator allocator = { account_take, account_give, account };
    const flow_pipeline_options options = { .allocator = &allocator };
    return flow_pipeline_new_with(name, &options);
}

int count_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    int count = 0;
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

void nap(void)
{
    const struct timespec moment = { 0, 1000000 };
    nanosleep(&moment, NULL);
}

int main(void)
{
    Suite *suite = suite_create("runners/local");
    suite_add_tcase(suite, local_tests());
    suite_add_tcase(suite, manners_tests());
    suite_add_tcase(suite, jobs_tests());
    suite_add_tcase(suite, drain_tests());
    suite_add_tcase(suite, faults_tests());
    suite_add_tcase(suite, log_tests());
    suite_add_tcase(suite, split_tests());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
