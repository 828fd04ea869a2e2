// SPDX-License-Identifier: Apache-2.0
// Command lines and files for the tests of options.
#include "settings.h"

#include <stdio.h>
#include <unistd.h>

#define WORDS 64

static char words[4096];
static char *argv[WORDS + 1];
static char path[] = "settings-XXXXXX";
static flow_error error;

static int split(const char *line)
{
    int argc = 1;
    argv[0] = (char *)(uintptr_t) "program";
    snprintf(words, sizeof words, "%s", line);
    for (char *at = words; *at && argc < WORDS;) {
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    return argc;
}

flow_options *settings_read(const char *line, flow_option_sources sources, struct settings *to)
{
    sources.argc = split(line);
    sources.argv = argv;
    flow_options *options = flow_options_read(&settings_type, &sources, NULL, to, &error);
    ck_assert_msg(options != NULL, "'%s': %s", line, error.message);
    ck_assert_int_eq(error.status, FLOW_OK);
    memset(words, '?', sizeof words - 1); // what was read is not lent
    return options;
}

const char *settings_refused(const char *line, flow_option_sources sources, flow_status status)
{
    struct settings settings;
    sources.argc = split(line);
    sources.argv = argv;
    ck_assert_ptr_null(flow_options_read(&settings_type, &sources, NULL, &settings, &error));
    ck_assert_int_eq(error.status, status);
    return error.message;
}

const char *settings_file(const char *text)
{
    memcpy(path, "settings-XXXXXX", sizeof path);
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

void settings_unlink(void)
{
    unlink(path);
}
