// SPDX-License-Identifier: Apache-2.0
// Windows and triggers as pictures: events on a line, and what came of each below. FLOW_UPDATE=1
// writes the files anew with what the engine says; what changes is then seen in the diff.
#include <stdio.h>
#include <stdlib.h>

#include "picture.h"

TCase *pictures_tests(void);

// A picture that is being played.
struct playing {
    struct picture *picture;
    struct panes_outcome *got;
    size_t shown; // results
    flow_buffer out;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// Keys are letters in pictures.
static void show_line(struct playing *playing, const char *event, const char *line)
{
    const bool back = *line == '-';
    char *rest;
    const long long key = strtoll(line + back, &rest, 10);
    flow_buffer_printf(
        &playing->out, "%-7s %s%c%s\n", event, back ? "-" : "", (int)('a' + key - 1), rest);
}

static void show_results(struct playing *playing, const char *event)
{
    const struct flow_test_results *results = &playing->got->results;
    const size_t count = results->count - playing->shown;
    char **lines = calloc(count + 1, sizeof *lines);
    for (size_t i = 0; i < count; i++)
        lines[i] = panes_line_of(&results->list[playing->shown + i]);
    qsort(lines, count, sizeof *lines, by_text);
    for (size_t i = 0; i < count; i++) {
        show_line(playing, event, lines[i]);
        free(lines[i]);
    }
    free(lines);
    playing->shown = results->count;
}

// The answer to why, line by line below the question. What bounds the watermark is left out: it is
// always the script.
static void show_why(struct playing *playing, struct flow_test_sim *sim, const char *event)
{
    char key[24];
    snprintf(key, sizeof key, "%d", event[1] - 'a' + 1);
    const flow_why question = { .step = "sum", .key = key };
    flow_buffer words = { 0 };
    ck_assert(fl_engine_why(sim->engine, &question, &words));
    char *text = flow_buffer_text(&words);
    ck_assert_ptr_nonnull(text);
    for (const char *line = text + strcspn(text, "\n") + 1; *line;) {
        const size_t len = strcspn(line, "\n");
        flow_buffer_printf(&playing->out, "%-7s ", event);
        flow_buffer_put(&playing->out, line, len + 1);
        line += len + 1;
    }
    flow_text_free(text);
}

static void look(void *user, struct flow_test_sim *sim, size_t step)
{
    struct playing *playing = user;
    const struct panes_case *test = &playing->picture->test;
    const char *event = step < test->count ? playing->picture->events[step] : "end";
    if (step < test->count && test->steps[step].what == PANES_LOOK)
        show_why(playing, sim, event);
    show_results(playing, event);
}

// What the engine says of a picture; the reference must say the same results. Owned by the caller.
static char *play(struct picture *picture)
{
    struct panes_outcome got, wanted;
    struct playing playing = { .picture = picture, .got = &got };
    const struct panes_options options = {
        .engine = { .workers = 1, .seed = 1 }, .look = look, .user = &playing
    };
    panes_outcome_init(&got, "pictures");
    panes_outcome_init(&wanted, "pictures");
    const char *refused = panes_run(&picture->test, &options, &got);
    ck_assert_msg(!refused, "%s: %s", picture->name, refused);
    panes_answer(&picture->test, &wanted);
    const char *differs = flow_test_differ(&got.results, &wanted.results);
    ck_assert_msg(!differs, "%s: %s", picture->name, differs);
    if (got.late || got.closed)
        flow_buffer_printf(&playing.out, "dropped %llu late, %llu closed\n",
            (unsigned long long)got.late, (unsigned long long)got.closed);
    flow_buffer_printf(&playing.out, "\n");
    panes_outcome_clear(&got);
    panes_outcome_clear(&wanted);
    return flow_buffer_text(&playing.out);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "no file %s", path);
    char *text = calloc(1, 1 << 20);
    ck_assert_uint_lt(fread(text, 1, (1 << 20) - 1, file), (1 << 20) - 1);
    fclose(file);
    return text;
}

static void write_file(
    const char *path, const char *text, const struct picture *pictures, char *const *said)
{
    FILE *file = fopen(path, "w");
    ck_assert_msg(file != NULL, "%s cannot be written", path);
    fwrite(text, 1, (size_t)(strstr(text, "== ") - text), file);
    for (size_t i = 0; pictures[i].text; i++)
        fprintf(file, "%s%s", pictures[i].text, said[i]);
    ck_assert_int_eq(fclose(file), 0);
}

static void check_file(const char *name)
{
    char path[400];
    const char *update = getenv("FLOW_UPDATE");
    char *said[100] = { NULL };
    snprintf(path, sizeof path, "%s/%s.txt", PICTURES, name);
    char *text = read_file(path);
    struct picture *pictures = pictures_read(name, text);
    for (size_t i = 0; pictures[i].text; i++)
        said[i] = play(&pictures[i]);
    if (update && *update == '1')
        write_file(path, text, pictures, said);
    for (size_t i = 0; pictures[i].text; i++) {
        if (!update)
            ck_assert_msg(strcmp(said[i], pictures[i].wanted) == 0,
                "%s, '%s' (FLOW_UPDATE=1 rewrites it); wanted:\n%sgot:\n%s", name, pictures[i].name,
                pictures[i].wanted, said[i]);
        flow_text_free(said[i]);
    }
    pictures_free(pictures);
    free(text);
}

START_TEST(windows_give_what_their_pictures_show)
{
    check_file("windows");
}
END_TEST

START_TEST(triggers_give_what_their_pictures_show)
{
    check_file("triggers");
}
END_TEST

START_TEST(windows_that_have_not_fired_say_why_as_their_pictures_show)
{
    check_file("why");
}
END_TEST

TCase *pictures_tests(void)
{
    TCase *tests = tcase_create("pictures");
    tcase_add_test(tests, windows_give_what_their_pictures_show);
    tcase_add_test(tests, triggers_give_what_their_pictures_show);
    tcase_add_test(tests, windows_that_have_not_fired_say_why_as_their_pictures_show);
    return tests;
}
