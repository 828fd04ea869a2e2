// SPDX-License-Identifier: Apache-2.0
// What a source gave, written down and given again: the same elements in the same bundles, late
// ones late, with the watermarks and pauses between.
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

TCase *record_tests(void);

struct hit {
    flow_str page;
    int32_t amount;
    flow_time at;
};
FLOW_RECORD(hit, page, amount, at);

// --- a source of two partitions, one of which has nothing for a while

struct give {
    uint32_t partition, waits; // asked so often in vain before it
    const char *page;
    int64_t at;
};
static const struct give gives[] = { { 0, 0, "a", 3 }, { 1, 0, "b", 4 }, { 0, 0, "a", 12 },
    { 1, 20, "b", 13 }, { 0, 0, "a", 25 }, { 0, 0, "late", 14 }, { 1, 0, "b", 31 },
    { 0, 30, "too late", 2 }, { 0, 3, "a", 40 } };

#define GIVES (sizeof gives / sizeof gives[0])

struct tap {
    uint32_t next[2], waited[2];
};

static flow_status open_tap(void *self, const flow_open *open)
{
    (void)self;
    (void)open;
    return FLOW_OK;
}

static uint32_t two(void *self)
{
    (void)self;
    return 2;
}

static flow_claim claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    struct tap *tap = self;
    uint32_t i = tap->next[partition];
    (void)error;
    while (i < GIVES && gives[i].partition != partition)
        i++;
    if (i == GIVES)
        return FLOW_CLAIM_END;
    if (tap->waited[partition] < gives[i].waits) {
        tap->waited[partition]++;
        return FLOW_CLAIM_WAIT;
    }
    tap->waited[partition] = 0;
    tap->next[partition] = i + 1;
    piece->begin = i;
    piece->end = i + 1;
    return FLOW_CLAIM_PIECE;
}

// Each twice, so that a bundle has two elements.
static flow_status read_tap(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    const struct give *give = &gives[piece->begin];
    const struct hit hits[2] = {
        { flow_str_of(give->page), 1, second(give->at) },
        { flow_str_of(give->page), 2, second(give->at) },
    };
    (void)self;
    for (int i = 0; i < 2; i++)
        if (FLOW_EMIT_ROW(ctx, hit, &hits[i]) != FLOW_OK)
            return ctx->status;
    return FLOW_OK;
}

static void close_tap(void *self)
{
    (void)self;
}

static const flow_source tap_source = { .name = "tap",
    .self_size = sizeof(struct tap),
    .unbounded = true,
    .open = open_tap,
    .partitions = two,
    .claim = claim,
    .read = read_tap,
    .close = close_tap };

static flow_coll tapped(flow_pipeline *pipeline)
{
    return flow_read(pipeline, &tap_source,
        &(flow_read_options){ .type = &hit_type,
            .event_time = FLOW_FIELD(hit, at),
            .times = { .disorder = flow_seconds(2),
                .idle = FLOW_IDLE_ADVANCE,
                .idle_after = flow_seconds(5) } });
}

// --- what comes of it

static flow_buffer told;
static char path[] = "/tmp/flow-record-XXXXXX";

static bool tell(const flow_seen *seen, size_t count, void *user, flow_error *error)
{
    (void)error;
    flow_buffer_printf(&told, "%s\n", (const char *)user);
    for (size_t i = 0; i < count; i++)
        flow_buffer_printf(&told, "%s [%lld, %lld) pane %u of %d\n", seen[i].text,
            (long long)seen[i].window.start.us, (long long)seen[i].window.end.us,
            seen[i].pane.index, (int)seen[i].pane.timing);
    return true;
}

// Counts by page in windows of ten seconds with late panes, and what is dropped. Owned by the
// caller.
static char *results_of(
    flow_pipeline *pipeline, flow_coll hits, flow_field_ref page, const flow_runner *runner)
{
    static char results[] = "results", dropped[] = "dropped";
    flow_error error = { 0 };
    const flow_window_options tens = { .windows = flow_fixed(flow_seconds(10)),
        .lateness = flow_seconds(5),
        .accumulation = FLOW_DISCARDING };
    const flow_coll by_page = flow_count(flow_window_into(flow_key_by(hits, page), &tens));
    flow_expect_that(by_page, tell, results, NULL);
    flow_expect_that(flow_dropped(by_page), tell, dropped, NULL);
    flow_run(pipeline, runner, &error);
    ck_assert_msg(error.status == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(pipeline);
    return flow_buffer_text(&told);
}

static char *recorded(const flow_simulated_options *options)
{
    const flow_runner runner = flow_simulated(options);
    flow_pipeline *pipeline = flow_pipeline_new("recorded");
    const flow_coll hits = tapped(pipeline);
    flow_record(hits, path);
    return results_of(pipeline, hits, FLOW_FIELD(hit, page), &runner);
}

static char *replayed(const flow_runner *runner)
{
    flow_pipeline *pipeline = flow_pipeline_new("replayed");
    const flow_coll hits = flow_script_replay(flow_script_new(pipeline), "hits", &hit_type, path);
    return results_of(pipeline, hits, FLOW_FIELD(hit, page), runner);
}

static void make_path(void)
{
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    const int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    close(file);
}

static void remove_path(void)
{
    unlink(path);
}

START_TEST(a_recorded_run_gives_the_same_again_late_elements_too)
{
    char *first = recorded(NULL);
    ck_assert_ptr_nonnull(strstr(first, "\"late\": {\"count\":2} [10000000, 20000000) pane 0 of"));
    ck_assert_ptr_nonnull(strstr(first, "\"reason\":\"late\""));
    for (uint32_t workers = 1; workers <= 3; workers++) {
        const flow_simulated_options options = { .workers = workers, .seed = 7 };
        const flow_runner simulated = flow_simulated(&options);
        char *again = replayed(&simulated);
        ck_assert_str_eq(again, first);
        flow_text_free(again);
    }
    flow_text_free(first);
}
END_TEST

START_TEST(a_bundle_that_is_tried_again_is_written_once)
{
    char *first = recorded(&(flow_simulated_options){ .fail_one_in = 2 });
    const flow_runner simulated = flow_simulated(NULL);
    char *again = replayed(&simulated);
    ck_assert_str_eq(again, first);
    flow_text_free(first);
    flow_text_free(again);
}
END_TEST

START_TEST(pauses_are_given_again_under_the_simulated_runner_alone)
{
    flow_error error = { 0 };
    flow_text_free(recorded(NULL));
    flow_pipeline *pipeline = flow_pipeline_new("delays");
    const flow_coll hits = flow_script_replay(flow_script_new(pipeline), "hits", &hit_type, path);
    const flow_window_options soon = { .trigger = flow_trigger_repeatedly(
                                           flow_trigger_delay(flow_seconds(4))),
        .accumulation = FLOW_DISCARDING,
        .no_lateness = true };
    const flow_coll counts_ = flow_count(flow_window_into(hits, &soon));
    // the wait for b took its time, so that what came before fired
    flow_expect_options early = { .panes = FLOW_PANES_EARLY };
    static char any[] = "early";
    flow_expect_that(counts_, tell, any, &early);
    const flow_runner runner = flow_simulated(NULL);
    flow_run(pipeline, &runner, &error);
    ck_assert_msg(error.status == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(pipeline);
    char *text = flow_buffer_text(&told);
    ck_assert_msg(strstr(text, "{\"count\":"), "%s", text);
    flow_text_free(text);
}
END_TEST

// --- types

struct wide {
    flow_str page;
    flow_time at;
    int64_t amount; // was 32 bits
    bool has_note;
    flow_str note; // is new
};
FLOW_RECORD_OF(wide, FLOW_COLUMN(wide, page), FLOW_COLUMN(wide, at), FLOW_COLUMN(wide, amount),
    FLOW_COLUMN_OPTIONAL(wide, note, has_note));

struct changed {
    flow_str page;
    double amount;
    flow_time at;
};
FLOW_RECORD(changed, page, amount, at);

START_TEST(a_record_that_has_grown_reads_what_an_older_one_gave)
{
    flow_error error = { 0 };
    flow_text_free(recorded(NULL));
    flow_pipeline *pipeline = flow_pipeline_new("grown");
    const flow_coll hits = flow_script_replay(flow_script_new(pipeline), "hits", &wide_type, path);
    const flow_window_options days = { .windows = flow_fixed(flow_days(1)) };
    const flow_coll amounts = flow_window_into(hits, &days);
    flow_expect(flow_sum(amounts, FLOW_FIELD(wide, amount)), "{\"value\":27}");
    const flow_runner runner = flow_simulated(NULL);
    flow_run(pipeline, &runner, &error);
    ck_assert_msg(error.status == FLOW_OK, "%s: %s", error.step, error.message);
    flow_pipeline_free(pipeline);
}
END_TEST

// The sentence that a replay is refused with.
static flow_status refusal(const flow_type *type, const char *file, const char *words)
{
    flow_error error = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("refused");
    flow_script_replay(flow_script_new(pipeline), "hits", type, file);
    flow_pipeline_check(pipeline, &error);
    if (words)
        ck_assert_msg(strstr(error.message, words), "%s", error.message);
    flow_pipeline_free(pipeline);
    return error.status;
}

START_TEST(another_record_is_refused_with_what_differs)
{
    flow_text_free(recorded(NULL));
    ck_assert_int_eq(
        refusal(&changed_type, path, "field \"amount\" is an int32 in the"), FLOW_TYPE);
}
END_TEST

// --- files

static size_t load(char *bytes, size_t room)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(bytes, 1, room, file);
    fclose(file);
    return size;
}

static void save(const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_damaged_file_is_refused_wherever_it_is_damaged)
{
    char bytes[8192];
    flow_text_free(recorded(NULL));
    const size_t size = load(bytes, sizeof bytes);
    ck_assert_uint_lt(size, sizeof bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(bytes[i] ^ 0x20);
        save(bytes, size);
        ck_assert_int_eq(refusal(&hit_type, path, NULL), FLOW_DAMAGED);
        bytes[i] = (char)(bytes[i] ^ 0x20);
    }
    save(bytes, size);
    ck_assert_int_eq(refusal(&hit_type, path, NULL), FLOW_OK);
    bytes[size - 1] = (char)(bytes[size - 1] ^ 1);
    save(bytes, size);
    refusal(&hit_type, path, "is damaged: a checksum does not fit");
}
END_TEST

// A run that was killed ends with a whole event, or amid one.
START_TEST(a_file_that_is_cut_short_is_refused_unless_it_ends_with_an_event)
{
    char bytes[8192];
    size_t whole = 0;
    flow_text_free(recorded(NULL));
    const size_t size = load(bytes, sizeof bytes);
    for (size_t end = 0; end < size; end++) {
        save(bytes, end);
        const flow_status status = refusal(&hit_type, path, NULL);
        ck_assert(status == FLOW_OK || status == FLOW_DAMAGED);
        whole += status == FLOW_OK;
    }
    ck_assert_uint_ge(whole, GIVES);
    ck_assert_uint_lt(whole, 60);
    save(bytes, size - 1);
    refusal(&hit_type, path, "is cut short");
    save(bytes, 0);
    refusal(&hit_type, path, "is none, or of another version");
    ck_assert_int_eq(refusal(&hit_type, "/nowhere/at all", "cannot be read"), FLOW_IO);
    ck_assert_int_eq(refusal(&hit_type, "/tmp", "'/tmp' is no file"), FLOW_IO);
    ck_assert_int_eq(refusal(&hit_type, NULL, "no file"), FLOW_INVALID);
}
END_TEST

START_TEST(a_recording_that_cannot_be_written_ends_the_run)
{
    static const struct {
        const char *file;
        const char *words;
    } bad[] = { { "/nowhere/at all", "cannot be written" }, { "/dev/full", "cannot be written" } };
    for (size_t i = 0; i < 2; i++) {
        flow_error error = { 0 };
        flow_pipeline *pipeline = flow_pipeline_new("unwritable");
        const flow_coll hits = tapped(pipeline);
        flow_record(hits, bad[i].file);
        flow_expect_that(hits, tell, (char[]){ "hits" }, NULL);
        const flow_runner runner = flow_simulated(NULL);
        ck_assert_int_eq(flow_run(pipeline, &runner, &error), FLOW_IO);
        ck_assert_msg(strstr(error.message, bad[i].words), "%s", error.message);
        flow_pipeline_free(pipeline);
    }
    flow_buffer_free(&told);
}
END_TEST

START_TEST(only_what_a_source_gives_is_recorded)
{
    flow_error error = { 0 };
    flow_pipeline *pipeline = flow_pipeline_new("no source");
    flow_record(flow_key_by(tapped(pipeline), FLOW_FIELD(hit, page)), path);
    ck_assert_int_eq(flow_pipeline_check(pipeline, &error), FLOW_INVALID);
    ck_assert_str_eq(error.message, "flow_record(key_by): it is not what a source gives");
    flow_pipeline_free(pipeline);
}
END_TEST

// --- several

START_TEST(recordings_of_one_run_are_woven_by_the_clock)
{
    char other[sizeof path];
    memcpy(other, path, sizeof path);
    make_path();
    flow_pipeline *pipeline = flow_pipeline_new("two");
    const flow_coll first = tapped(pipeline), last = tapped(pipeline);
    flow_record(first, other);
    flow_record(last, path);
    const flow_runner runner = flow_simulated(NULL);
    const flow_coll both[2] = { first, last };
    char *wanted = results_of(pipeline, flow_flatten(both, 2), FLOW_FIELD(hit, page), &runner);
    pipeline = flow_pipeline_new("two again");
    flow_script *again = flow_script_new(pipeline);
    const flow_coll replays[2] = { flow_script_replay(again, "first", &hit_type, other),
        flow_script_replay(again, "last", &hit_type, path) };
    char *got = results_of(pipeline, flow_flatten(replays, 2), FLOW_FIELD(hit, page), &runner);
    ck_assert_str_eq(got, wanted);
    flow_text_free(wanted);
    flow_text_free(got);
    unlink(other);
}
END_TEST

TCase *record_tests(void)
{
    TCase *tests = tcase_create("record");
    tcase_add_checked_fixture(tests, make_path, remove_path);
    tcase_add_test(tests, a_recorded_run_gives_the_same_again_late_elements_too);
    tcase_add_test(tests, a_bundle_that_is_tried_again_is_written_once);
    tcase_add_test(tests, pauses_are_given_again_under_the_simulated_runner_alone);
    tcase_add_test(tests, a_record_that_has_grown_reads_what_an_older_one_gave);
    tcase_add_test(tests, another_record_is_refused_with_what_differs);
    tcase_add_test(tests, a_damaged_file_is_refused_wherever_it_is_damaged);
    tcase_add_test(tests, a_file_that_is_cut_short_is_refused_unless_it_ends_with_an_event);
    tcase_add_test(tests, a_recording_that_cannot_be_written_ends_the_run);
    tcase_add_test(tests, only_what_a_source_gives_is_recorded);
    tcase_add_test(tests, recordings_of_one_run_are_woven_by_the_clock);
    return tests;
}
