// SPDX-License-Identifier: Apache-2.0
// Options from the command line.
#include <stdio.h>

#include "option/option.h"
#include "type/text.h"

#define NEAR 2 // letters that may be wrong in what an error proposes

// A command line being read.
struct line {
    flow_options *options;
    int argc;
    char *const *argv;
    int at;              // the next argument
    uint32_t positional; // where to look for the next positional option
    bool only_arguments; // after `--`
    flow_error *error;
};

// How many letters must be changed, put in or left out to come from `a` to `b`; at most NEAR + 1.
static unsigned distance(const char *a, const char *b, unsigned room)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    if (!*a && !*b)
        return 0;
    if (room == 0)
        return 1;
    unsigned least = NEAR + 1;
    const unsigned changed = *a && *b ? distance(a + 1, b + 1, room - 1) : NEAR;
    const unsigned left_out = *a ? distance(a + 1, b, room - 1) : NEAR;
    const unsigned put_in = *b ? distance(a, b + 1, room - 1) : NEAR;
    least = changed < least ? changed : least;
    least = left_out < least ? left_out : least;
    least = put_in < least ? put_in : least;
    return least + 1;
}

static flow_status refuse_unknown(struct line *line, flow_str name)
{
    const flow_type *type = line->options->type;
    char wanted[FL_OPTION_NAME_MAX], best[FL_OPTION_NAME_MAX] = "", shown[FL_SHOWN_MAX];
    unsigned nearest = NEAR + 1;
    snprintf(wanted, sizeof wanted, "%.*s", (int)name.len, name.data);
    for (uint32_t i = 0; i < type->field_count; i++) {
        char known[FL_OPTION_NAME_MAX];
        if (!type->fields[i].option || type->fields[i].option->positional)
            continue;
        fl_option_name(&type->fields[i], known, sizeof known);
        const unsigned apart = distance(wanted, known, NEAR);
        if (apart < nearest) {
            nearest = apart;
            memcpy(best, known, sizeof best);
        }
    }
    fl_show(name, 0, shown);
    return flow_error_raise(line->error, FLOW_INVALID, NULL, "there is no option --%s%s%s%s", shown,
        *best ? "; did you mean --" : "", best, *best ? "?" : "");
}

// The option's value: what stands behind `=`, or else the next argument.
static flow_status take_value(
    struct line *line, const flow_field *field, const char *origin, const flow_str *behind)
{
    if (behind) {
        fl_option_give(line->options, field, origin, *behind);
        return FLOW_OK;
    }
    if (field->kind == FLOW_KIND_BOOL) {
        fl_option_give(line->options, field, origin, flow_str_of("true"));
        return FLOW_OK;
    }
    if (line->at < line->argc && strncmp(line->argv[line->at], "--", 2) != 0) {
        fl_option_give(line->options, field, origin, flow_str_of(line->argv[line->at++]));
        return FLOW_OK;
    }
    flow_buffer expected = { 0 };
    fl_option_expected(field, &expected);
    const flow_status status = flow_error_raise(line->error, FLOW_INVALID, NULL,
        "%s wants a value: %.*s", origin, (int)expected.len, expected.data);
    flow_buffer_free(&expected);
    return status;
}

// `--no-flag`, `--no-name` for what may be absent.
static bool take_back(struct line *line, flow_str name)
{
    if (name.len < 4 || memcmp(name.data, "no-", 3) != 0)
        return false;
    const flow_field *field =
        fl_option_named(line->options->type, (flow_str){ name.data + 3, name.len - 3 });
    char origin[FL_OPTION_NAME_MAX];
    snprintf(origin, sizeof origin, "--%.*s", (int)name.len, name.data);
    if (!field || (field->kind != FLOW_KIND_BOOL && !field->presence))
        return false;
    if (field->kind == FLOW_KIND_BOOL)
        fl_option_give(line->options, field, origin, flow_str_of("false"));
    else
        fl_option_take_back(line->options, field, origin);
    return true;
}

// An unknown option goes on to others, with what follows it if that can be its value.
static flow_status keep(struct line *line, const char *argument, bool has_value)
{
    const flow_str none = { NULL, 0 };
    fl_option_keep(line->options, none, flow_str_of(argument), none);
    if (!has_value && line->at < line->argc && line->argv[line->at][0] != '-')
        fl_option_keep(line->options, none, flow_str_of(line->argv[line->at++]), none);
    return FLOW_OK;
}

static flow_status take_option(struct line *line, const char *argument)
{
    const char *equals = strchr(argument, '=');
    const flow_str name = { argument + 2,
        equals ? (size_t)(equals - argument) - 2 : strlen(argument) - 2 };
    const flow_str behind = flow_str_of(equals ? equals + 1 : "");
    const flow_field *field = fl_option_named(line->options->type, name);
    if (field && !field->option->positional) {
        char known[FL_OPTION_NAME_MAX], origin[FL_OPTION_NAME_MAX + 2];
        fl_option_name(field, known, sizeof known);
        snprintf(origin, sizeof origin, "--%s", known);
        return take_value(line, field, origin, equals ? &behind : NULL);
    }
    if (!equals && take_back(line, name))
        return FLOW_OK;
    if (flow_str_equal(name, flow_str_of("help"))) {
        line->options->help = true;
        return FLOW_OK;
    }
    return line->options->keep_unknown ? keep(line, argument, equals) : refuse_unknown(line, name);
}

static flow_status take_argument(struct line *line, const char *argument)
{
    const flow_type *type = line->options->type;
    for (; line->positional < type->field_count; line->positional++) {
        const flow_field *field = &type->fields[line->positional];
        if (!field->option || !field->option->positional)
            continue;
        if (field->kind != FLOW_KIND_LIST)
            line->positional++;
        const char *origin = field->option->value ? field->option->value : field->name;
        fl_option_give(line->options, field, origin, flow_str_of(argument));
        return FLOW_OK;
    }
    if (line->options->keep_unknown)
        return keep(line, argument, true);
    char shown[FL_SHOWN_MAX];
    fl_show(flow_str_of(argument), '\'', shown);
    return flow_error_raise(
        line->error, FLOW_INVALID, NULL, "nothing is expected at the argument %s", shown);
}

flow_status fl_options_args(
    flow_options *options, const flow_option_sources *sources, flow_error *error)
{
    struct line line = {
        .options = options, .argc = sources->argc, .argv = sources->argv, .at = 1, .error = error
    };
    flow_status status = FLOW_OK;
    while (line.at < line.argc && status == FLOW_OK) {
        const char *argument = line.argv[line.at++];
        if (line.only_arguments || strncmp(argument, "--", 2) != 0)
            status = take_argument(&line, argument);
        else if (argument[2] == '\0')
            line.only_arguments = true;
        else
            status = take_option(&line, argument);
    }
    return status;
}
