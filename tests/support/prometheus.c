// SPDX-License-Identifier: Apache-2.0
// Reads line by line: families by their TYPE lines, each once, samples of a family directly behind.
#include "prometheus.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 4096 // families, samples

struct reader {
    const char *fault;
    char family[160], helped[160], kind[16];
    char *families[MOST], *names[MOST], *samples[MOST];
    int family_count, name_count, sample_count;
};

static char sentence[512];

static bool wrong(struct reader *reader, const char *why, const char *line)
{
    if (!reader->fault) {
        snprintf(sentence, sizeof sentence, "%s: %.300s", why, line);
        reader->fault = sentence;
    }
    return false;
}

static bool has(char *const *list, int count, const char *text)
{
    for (int i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

static size_t name_len(const char *at, bool colon)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    size_t len = 0;
    while (at[len] && (strchr(letters, at[len]) || (colon && at[len] == ':') ||
                          (len > 0 && at[len] >= '0' && at[len] <= '9')))
        len++;
    return len;
}

// Bytes of the character at `at`; 0: no UTF-8.
static size_t character(const char *at)
{
    const unsigned char first = (unsigned char)at[0];
    const size_t len = first < 0x80                    ? 1
                       : first >= 0xC2 && first < 0xE0 ? 2
                       : first >= 0xE0 && first < 0xF0 ? 3
                       : first >= 0xF0 && first < 0xF5 ? 4
                                                       : 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

// Behind the closing quote of a label's value, or NULL.
static const char *value_end(const char *at)
{
    while (*at && *at != '"') {
        const size_t len = character(at);
        if (len == 0 || (*at == '\\' && !strchr("\\\"n", at[1])))
            return NULL;
        at += *at == '\\' ? 2 : len;
    }
    return *at == '"' ? at + 1 : NULL;
}

static const char *labels_end(const char *at)
{
    do {
        at++;
        const size_t len = name_len(at, false);
        if (len == 0 || at[len] != '=' || at[len + 1] != '"' || !(at = value_end(at + len + 2)))
            return NULL;
    } while (*at == ',');
    return *at == '}' ? at + 1 : NULL;
}

static bool read_help(struct reader *reader, char *line)
{
    const size_t len = name_len(line, true);
    if (len == 0 || line[len] != ' ' || len >= sizeof reader->helped)
        return wrong(reader, "HELP without name and text", line);
    for (const char *at = line + len + 1; *at;) {
        const size_t bytes = character(at);
        if (bytes == 0 || (*at == '\\' && at[1] != '\\' && at[1] != 'n'))
            return wrong(reader, "HELP whose text is not escaped, or no UTF-8", line);
        at += *at == '\\' ? 2 : bytes;
    }
    snprintf(reader->helped, sizeof reader->helped, "%.*s", (int)len, line);
    return true;
}

static bool read_type(struct reader *reader, char *line)
{
    static const char kinds[] = " counter gauge summary histogram ";
    const size_t len = name_len(line, true);
    char kind[32];
    if (len == 0 || line[len] != ' ' || len >= sizeof reader->family)
        return wrong(reader, "TYPE without name and kind", line);
    snprintf(kind, sizeof kind, " %s ", line + len + 1);
    if (!strstr(kinds, kind))
        return wrong(reader, "no such TYPE", line);
    line[len] = '\0';
    if (reader->helped[0] && strcmp(reader->helped, line) != 0)
        return wrong(reader, "HELP of another family stands before TYPE", line);
    if (has(reader->families, reader->family_count, line) || reader->family_count == MOST)
        return wrong(reader, "a family that was there before", line);
    reader->families[reader->family_count++] = strdup(line);
    snprintf(reader->family, sizeof reader->family, "%s", line);
    snprintf(reader->kind, sizeof reader->kind, "%s", line + len + 1);
    reader->helped[0] = '\0';
    return true;
}

// Whether a sample of that name belongs to the family in work.
static bool belongs(const struct reader *reader, const char *name)
{
    const size_t len = strlen(reader->family);
    if (len == 0 || strncmp(name, reader->family, len) != 0)
        return false;
    const char *suffix = name + len;
    if (strcmp(reader->kind, "summary") == 0)
        return strcmp(suffix, "_sum") == 0 || strcmp(suffix, "_count") == 0;
    if (strcmp(reader->kind, "histogram") == 0)
        return strcmp(suffix, "_sum") == 0 || strcmp(suffix, "_count") == 0 ||
               strcmp(suffix, "_bucket") == 0;
    return suffix[0] == '\0';
}

// Notes the name of a sample: another family may not have had it.
static bool note_name(struct reader *reader, const char *name)
{
    char whose[340];
    snprintf(whose, sizeof whose, "%s %s", name, reader->family);
    if (has(reader->names, reader->name_count, whose))
        return true;
    for (int i = 0; i < reader->name_count; i++)
        if (strncmp(reader->names[i], name, strlen(name)) == 0 &&
            reader->names[i][strlen(name)] == ' ')
            return wrong(reader, "two families have samples of one name", name);
    if (reader->name_count < MOST)
        reader->names[reader->name_count++] = strdup(whose);
    return true;
}

static bool read_sample(struct reader *reader, char *line)
{
    char name[160];
    const size_t len = name_len(line, true);
    if (len == 0 || len >= sizeof name)
        return wrong(reader, "no name", line);
    snprintf(name, sizeof name, "%.*s", (int)len, line);
    const char *at = line + len;
    if (*at == '{' && !(at = labels_end(at)))
        return wrong(reader, "labels that cannot be read", line);
    char *rest;
    if (*at != ' ' || (strtod(at + 1, &rest), *rest || rest == at + 1))
        return wrong(reader, "no number behind the name", line);
    if (!belongs(reader, name))
        return wrong(reader, "a sample of another family than the one above", line);
    line[at - line] = '\0';
    if (has(reader->samples, reader->sample_count, line) || reader->sample_count == MOST)
        return wrong(reader, "a sample that was there before", line);
    reader->samples[reader->sample_count++] = strdup(line);
    return note_name(reader, name);
}

static bool read_line(struct reader *reader, char *line)
{
    if (strncmp(line, "# HELP ", 7) == 0)
        return read_help(reader, line + 7);
    if (strncmp(line, "# TYPE ", 7) == 0)
        return read_type(reader, line + 7);
    return read_sample(reader, line);
}

const char *flow_test_prometheus_fault(const char *text)
{
    struct reader *reader = calloc(1, sizeof *reader);
    char *copy = strdup(text), *line = copy;
    while (reader && copy && *line) {
        char *end = strchr(line, '\n');
        if (!end) {
            wrong(reader, "the last line has no end", line);
            break;
        }
        *end = '\0';
        if (!read_line(reader, line))
            break;
        line = end + 1;
    }
    const char *fault = reader && copy ? reader->fault : "no memory";
    for (int i = 0; reader && i < MOST; i++) {
        free(reader->families[i]);
        free(reader->names[i]);
        free(reader->samples[i]);
    }
    free(reader);
    free(copy);
    return fault;
}
