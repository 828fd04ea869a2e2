// SPDX-License-Identifier: Apache-2.0
// A program whose options are a record.
#include <stdio.h>

#include <flow/flow.h>
#include <flow/memory.h>
#include <flow/options.h>
#include <flow/runner_local.h>
#include <flow/transforms.h>

extern char **environ;

// [declare]
enum form {
    TEXT,
    CSV
};

struct settings {
    flow_duration window;
    enum form form;
    int64_t least;
    bool quiet;
    bool has_since;
    flow_time since;
    flow_list tags;
    flow_str token;
    flow_str config;
    flow_str file;
};
FLOW_RECORD_OF(settings,
    FLOW_OPTION(settings, window, .group = "what is counted", .initial = "10m", .at_least = "1s",
        .help = "windows of so long"),
    FLOW_OPTION(
        settings, form, .words = "text|csv", .initial = "text", .help = "how it is written"),
    FLOW_OPTION(settings, least, .initial = "2", .at_least = "1", .help = "at least so many"),
    FLOW_OPTION(settings, quiet, .group = "what is shown", .help = "no counts"),
    FLOW_OPTION_OPTIONAL(settings, since, has_since, .help = "what came from then on"),
    FLOW_OPTION_LIST(settings, tags, FLOW_KIND_STR, .value = "TAG", .help = "goes with it"),
    FLOW_OPTION_CLASSIFIED(settings, token, .help = "of the service"),
    FLOW_OPTION(settings, config, .value = "FILE", .help = "options as JSON"),
    FLOW_OPTION(settings, file, .positional = true, .required = true, .value = "FILE",
        .help = "what is read"));
// [declare]

static void show(void *user, const flow_display *item)
{
    if (item->value.len)
        fprintf(user, "%s.%s = %.*s\n", item->space, item->name, (int)item->value.len,
            item->value.data);
}

static int help(void)
{
    flow_buffer text = { 0 };
    flow_options_help(&settings_type, "options", "COUNT", &text);
    fwrite(text.data, 1, text.len, stdout);
    flow_buffer_free(&text);
    return 0;
}

// [read]
int main(int argc, char **argv)
{
    const flow_option_sources sources = { .argc = argc,
        .argv = argv,
        .prefix = "COUNT",
        .environment = environ,
        .file_field = "config" };
    struct settings settings;
    flow_error error;
    flow_options *options = flow_options_read(&settings_type, &sources, NULL, &settings, &error);
    if (!options) {
        fprintf(stderr, "options: %s\n", error.message);
        return 2;
    }
    if (flow_options_asked_help(options))
        help();
    else if (!settings.quiet)
        flow_display_record(&settings_type, &settings, "", show, stdout);
    flow_options_free(options); // and what `settings` points to
    return 0;
}
// [read]
