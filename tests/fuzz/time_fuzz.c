// SPDX-License-Identifier: Apache-2.0
// Any bytes as a time, a word list and a number: times within the range print and read back, words
// lie within the text and apart, numbers agree with the C library.
#include "records.h"

static void time_holds(flow_str text)
{
    flow_time at = { 1 }, again = { 2 };
    char printed[40];
    if (!flow_time_parse(text, &at)) {
        HOLDS(at.us == 1);
        return;
    }
    HOLDS(at.us >= FLOW_TIME_MIN_US && at.us <= FLOW_TIME_MAX_US);
    const size_t len = flow_time_print(at, printed);
    HOLDS(len < sizeof printed && printed[len] == '\0');
    HOLDS(flow_time_parse((flow_str){ printed, len }, &again) && again.us == at.us);
}

static void words_hold(flow_str text)
{
    flow_str rest = text, word;
    const char *end = text.data;
    while (flow_str_next_word(&rest, &word)) {
        HOLDS(word.len > 0 && word.data >= end);
        end = word.data + word.len;
        HOLDS(end <= text.data + text.len && rest.data == end);
    }
    HOLDS(rest.len == 0);
}

// Any eight bytes are a time that prints; only one within the range reads back.
static void print_holds(const uint8_t *data)
{
    flow_time at, again = { 0 };
    char printed[40];
    memcpy(&at.us, data, sizeof at.us);
    const size_t len = flow_time_print(at, printed);
    const bool valid = at.us >= FLOW_TIME_MIN_US && at.us <= FLOW_TIME_MAX_US;
    HOLDS(len < sizeof printed);
    HOLDS(flow_time_parse((flow_str){ printed, len }, &again) == valid);
    HOLDS(!valid || again.us == at.us);
}

// A number cell, through the CSV reader: what it takes, strtod reads to the same double.
static void number_holds(flow_str text)
{
    static const flow_field fields[] = { { .name = "f64", .kind = FLOW_KIND_F64, .size = 8 } };
    static const flow_type type = { "number", 8, _Alignof(double), 1, fields };
    double value;
    flow_csv *csv = flow_csv_new(&type, (flow_str){ NULL, 0 }, 0, NULL, NULL);
    HOLDS(csv);
    if (flow_csv_read(csv, text, &value, NULL, NULL) == FLOW_OK) {
        char *copy = malloc(text.len + 1);
        HOLDS(copy);
        memcpy(copy, text.data, text.len);
        copy[text.len] = '\0';
        const double expected = strtod(copy + (copy[0] == '"'), NULL);
        HOLDS(value == expected || (value != value && expected != expected));
        free(copy);
    }
    flow_csv_free(csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *lent = malloc(size ? size : 1);
    HOLDS(lent);
    if (size)
        memcpy(lent, data, size);
    const flow_str text = { lent, size };
    time_holds(text);
    words_hold(text);
    number_holds(text);
    if (size >= sizeof(int64_t))
        print_holds(data);
    free(lent);
    return 0;
}
