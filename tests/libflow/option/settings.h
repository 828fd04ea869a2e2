// SPDX-License-Identifier: Apache-2.0
// A record of options with every kind, as a program would declare it.
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdlib.h>

#include <check.h>

#include <flow/options.h>

enum form {
    FORM_JSON,
    FORM_CSV,
    FORM_LINES
};

struct settings {
    flow_duration window;
    enum form form;
    int64_t min_count;
    uint32_t workers;
    double factor;
    bool quiet;
    bool colour;
    bool has_views;
    flow_str views;
    flow_list taps;
    flow_list ports;
    flow_time since;
    bool has_since;
    flow_str password;
    flow_bytes salt;
    flow_str order;
    flow_str config;
    flow_str file;
    flow_list more;
    int64_t counted; // no option
};
static const flow_field settings_fields_[] = {
    FLOW_OPTION(settings, window, .initial = "10m", .at_least = "1ms", .at_most = "1d",
        .group = "what is counted", .help = "windows of so long"),
    FLOW_OPTION(settings, form, .words = "json|csv|lines", .initial = "json",
        .help = "how the file is written"),
    FLOW_OPTION(settings, min_count, .initial = "60", .at_least = "1", .help = "at least so many"),
    FLOW_OPTION(settings, workers, .at_most = "64", .at_least = "0", .help = "threads"),
    FLOW_OPTION(settings, factor, .initial = "2.5", .help = "a spike has so many times the mean"),
    FLOW_OPTION(settings, quiet, .group = "what is shown", .help = "only figures"),
    FLOW_OPTION(settings, colour, .initial = "true", .help = "in colours"),
    FLOW_OPTION_OPTIONAL(settings, views, has_views, .initial = "view", .value = "KIND",
        .help = "kind of event that is a view"),
    FLOW_OPTION_LIST(settings, taps, FLOW_KIND_STR, .value = "STEP", .help = "shows a step"),
    FLOW_OPTION_LIST(settings, ports, FLOW_KIND_I32, .at_least = "1", .at_most = "65535",
        .help = "listens there"),
    FLOW_OPTION_OPTIONAL(settings, since, has_since, .help = "from then on"),
    FLOW_OPTION_CLASSIFIED(settings, password, .initial = "secret", .help = "of the database"),
    FLOW_OPTION(settings, salt, .help = "of hashes"),
    FLOW_OPTION(settings, order, .words = "first|last", .initial = "first",
        .help = "which of two is taken"),
    FLOW_OPTION(settings, config, .value = "FILE", .help = "options as JSON"),
    FLOW_OPTION(settings, file, .positional = true, .required = true, .value = "FILE",
        .help = "what is read"),
    FLOW_OPTION_LIST(settings, more, FLOW_KIND_STR, .positional = true, .value = "FILE",
        .help = "what is read, too"),
    FLOW_COLUMN(settings, counted),
};
FLOW_RECORD_TYPE_(settings);

// Reads a command line, as words parted by blanks, that must be right.
flow_options *settings_read(const char *line, flow_option_sources sources, struct settings *to);

// What is said of one that is wrong. In static memory.
const char *settings_refused(const char *line, flow_option_sources sources, flow_status status);

// A file with this text; removed with settings_unlink.
const char *settings_file(const char *text);
void settings_unlink(void);

#endif
