// SPDX-License-Identifier: Apache-2.0
// What the host pushes arrives once, in order, and within bounds.
#include "suite.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

struct note {
    int64_t id;
    flow_str text;
};
FLOW_RECORD(note, id, text);

struct fixture {
    flow_channel *channel;
    flow_pipeline *pipeline;
    struct fake_ctx fake;
    struct fake_job job;
};

static void begin(struct fixture *f, size_t capacity)
{
    flow_error error = { 0 };
    f->channel = flow_channel_new(
        &(flow_channel_options){ .type = &note_type, .capacity = capacity }, &error);
    ck_assert_msg(f->channel != NULL, "%s", error.message);
    f->pipeline = flow_pipeline_new("test");
    ck_assert_uint_ne(flow_channel_read(f->pipeline, f->channel, NULL).id, 0);
    fake_ctx_init(&f->fake, &note_type);
    f->job = (struct fake_job){ .ctx = &f->fake };
    f->job.source = source_of(f->pipeline, &f->job.config);
    ck_assert(f->job.source->unbounded);
    ck_assert_int_eq(fake_open(&f->job), FLOW_OK);
}

static void end(struct fixture *f)
{
    ck_assert_uint_eq(f->fake.strays, 0);
    fake_close(&f->job);
    fake_ctx_fini(&f->fake);
    flow_channel_free(f->channel);
    flow_pipeline_free(f->pipeline);
}

static flow_status push(flow_channel *channel, int64_t id, int timeout_ms)
{
    char text[32];
    snprintf(text, sizeof text, "note %lld", (long long)id);
    const struct note note = { id, flow_str_of(text) };
    const flow_status status = flow_channel_push(channel, &note, timeout_ms);
    memset(text, '#', sizeof text); // it was copied
    return status;
}

static void check_notes(const struct fake_ctx *fake, size_t count)
{
    ck_assert_uint_eq(fake->count, count);
    for (size_t i = 0; i < count; i++) {
        char wanted[32];
        const struct note *note = &((const struct note *)(const void *)fake->rows)[i];
        snprintf(wanted, sizeof wanted, "note %zu", i);
        ck_assert_int_eq(note->id, (int64_t)i);
        ck_assert_str_eq(note->text.data, wanted);
    }
}

START_TEST(what_is_pushed_arrives_in_order_with_its_texts)
{
    struct fixture f;
    begin(&f, 0);
    ck_assert_int_eq(fake_drain(&f.job, 0), FLOW_CLAIM_WAIT);
    for (int64_t i = 0; i < 3000; i++)
        ck_assert_int_eq(push(f.channel, i, 0), FLOW_OK);
    f.job.twice = true;
    ck_assert_int_eq(fake_drain(&f.job, 0), FLOW_CLAIM_WAIT);
    ck_assert_uint_eq(f.job.pieces, 3);
    ck_assert_int_eq(push(f.channel, 3000, 0), FLOW_OK);
    flow_channel_close(f.channel);
    ck_assert_int_eq(fake_drain(&f.job, 0), FLOW_CLAIM_END);
    check_notes(&f.fake, 3001);
    end(&f);
}
END_TEST

START_TEST(a_full_channel_says_so_and_has_room_again_once_it_is_read)
{
    struct fixture f;
    begin(&f, 10);
    for (int64_t i = 0; i < 10; i++)
        ck_assert_int_eq(push(f.channel, i, 0), FLOW_OK);
    ck_assert_int_eq(push(f.channel, 99, 0), FLOW_BUDGET);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    ck_assert_int_eq(push(f.channel, 99, 30), FLOW_BUDGET);
    clock_gettime(CLOCK_MONOTONIC, &after);
    const int64_t waited =
        (int64_t)(after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    ck_assert_int_ge(waited, 29);
    ck_assert_int_eq(fake_step(&f.job, 0), FLOW_CLAIM_PIECE);
    ck_assert_int_eq(push(f.channel, 10, 0), FLOW_OK);
    ck_assert_int_eq(fake_drain(&f.job, 0), FLOW_CLAIM_WAIT);
    check_notes(&f.fake, 11);
    end(&f);
}
END_TEST

START_TEST(pushing_to_a_closed_or_ended_channel_is_refused)
{
    struct fixture f;
    begin(&f, 0);
    flow_channel_close(f.channel);
    ck_assert_int_eq(push(f.channel, 1, -1), FLOW_CANCELLED);
    end(&f);
    begin(&f, 0);
    fake_close(&f.job);
    ck_assert_int_eq(push(f.channel, 1, -1), FLOW_CANCELLED);
    ck_assert_int_eq(flow_channel_push(NULL, NULL, 0), FLOW_INVALID);
    end(&f);
}
END_TEST

static void *push_and_wait(void *user)
{
    const flow_status status = push(user, 1, -1);
    return (void *)(intptr_t)status;
}

START_TEST(who_waits_for_room_is_told_when_the_job_ends)
{
    struct fixture f;
    pthread_t thread;
    void *status = NULL;
    begin(&f, 1);
    ck_assert_int_eq(push(f.channel, 0, 0), FLOW_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, push_and_wait, f.channel), 0);
    usleep(10000);
    fake_close(&f.job);
    pthread_join(thread, &status);
    ck_assert_int_eq((int)(intptr_t)status, FLOW_CANCELLED);
    end(&f);
}
END_TEST

static void count_wakes(void *user)
{
    ++*(int *)user;
}

START_TEST(a_job_that_waits_is_woken_once)
{
    struct fixture f;
    int wakes = 0;
    begin(&f, 0);
    f.job.source->listen(f.job.self, count_wakes, &wakes);
    push(f.channel, 0, 0);
    ck_assert_int_eq(wakes, 0); // it has not asked yet
    ck_assert_int_eq(fake_drain(&f.job, 0), FLOW_CLAIM_WAIT);
    push(f.channel, 1, 0);
    push(f.channel, 2, 0);
    ck_assert_int_eq(wakes, 1);
    ck_assert_int_eq(fake_drain(&f.job, 0), FLOW_CLAIM_WAIT);
    flow_channel_close(f.channel);
    ck_assert_int_eq(wakes, 2);
    end(&f);
}
END_TEST

START_TEST(a_channel_is_for_one_run)
{
    struct fixture f;
    begin(&f, 0);
    struct fake_job second = { .source = f.job.source, .config = f.job.config, .ctx = &f.fake };
    ck_assert_int_eq(fake_open(&second), FLOW_INVALID);
    ck_assert_ptr_nonnull(strstr(second.error.message, "a channel is for one run"));
    end(&f);
}
END_TEST

START_TEST(pieces_stay_until_they_are_finalized_and_nothing_points_there)
{
    struct fixture f;
    begin(&f, 0);
    f.fake.pinned = true;
    f.job.late = true;
    for (int64_t i = 0; i < 50; i++) {
        push(f.channel, i, 0);
        ck_assert_int_eq(fake_step(&f.job, 0), FLOW_CLAIM_PIECE);
    }
    f.job.source->finalize(f.job.self, 0, f.job.last_end);
    for (int64_t i = 50; i < 100; i++)
        push(f.channel, i, 0);
    char wanted[] = "note 0";
    ck_assert_mem_eq(f.fake.ranges[0].data, wanted, 6); // not overwritten by the later ones
    ck_assert_int_eq(fake_drain(&f.job, 0), FLOW_CLAIM_WAIT);
    check_notes(&f.fake, 100);
    end(&f);
}
END_TEST

struct producer {
    flow_channel *channel;
    int64_t first;
};

static void *produce(void *user)
{
    const struct producer *producer = user;
    for (int64_t i = 0; i < 20000; i++)
        if (push(producer->channel, producer->first + i, -1) != FLOW_OK)
            return NULL;
    return user;
}

START_TEST(many_threads_push_and_each_keeps_its_order)
{
    struct fixture f;
    pthread_t threads[3];
    struct producer producers[3];
    begin(&f, 500);
    for (int i = 0; i < 3; i++) {
        producers[i] = (struct producer){ f.channel, i * INT64_C(1000000) };
        ck_assert_int_eq(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    while (f.fake.count < 60000)
        if (fake_drain(&f.job, 0) == FLOW_CLAIM_WAIT)
            usleep(50);
    for (int i = 0; i < 3; i++) {
        void *done = NULL;
        pthread_join(threads[i], &done);
        ck_assert_ptr_nonnull(done);
    }
    int64_t next[3] = { 0, 1000000, 2000000 };
    for (size_t i = 0; i < f.fake.count; i++) {
        const struct note *note = &((const struct note *)(const void *)f.fake.rows)[i];
        ck_assert_int_eq(note->id, next[note->id / 1000000]++);
    }
    end(&f);
}
END_TEST

START_TEST(a_channel_needs_a_good_type)
{
    static const flow_type bad = { .name = "bad", .size = 4, .align = 3 };
    flow_error error = { 0 };
    ck_assert_ptr_null(flow_channel_new(NULL, &error));
    ck_assert_int_eq(error.status, FLOW_INVALID);
    error = (flow_error){ 0 };
    ck_assert_ptr_null(flow_channel_new(&(flow_channel_options){ .type = &bad }, &error));
    ck_assert_int_eq(error.status, FLOW_TYPE);
    flow_channel_free(NULL);
    flow_channel_close(NULL);
    flow_pipeline *pipeline = flow_pipeline_new("test");
    ck_assert_uint_eq(flow_channel_read(pipeline, NULL, NULL).id, 0);
    ck_assert_int_eq(flow_pipeline_check(pipeline, NULL), FLOW_INVALID);
    flow_pipeline_free(pipeline);
}
END_TEST

TCase *channel_case(void)
{
    TCase *tcase = tcase_create("channel");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, what_is_pushed_arrives_in_order_with_its_texts);
    tcase_add_test(tcase, a_full_channel_says_so_and_has_room_again_once_it_is_read);
    tcase_add_test(tcase, pushing_to_a_closed_or_ended_channel_is_refused);
    tcase_add_test(tcase, who_waits_for_room_is_told_when_the_job_ends);
    tcase_add_test(tcase, a_job_that_waits_is_woken_once);
    tcase_add_test(tcase, a_channel_is_for_one_run);
    tcase_add_test(tcase, pieces_stay_until_they_are_finalized_and_nothing_points_there);
    tcase_add_test(tcase, many_threads_push_and_each_keeps_its_order);
    tcase_add_test(tcase, a_channel_needs_a_good_type);
    return tcase;
}
