// SPDX-License-Identifier: Apache-2.0
// Lines of CSV (RFC 4180) as rows.
#include <flow/text.h>

#include "base/alloc.h"
#include "type/field.h"
#include "type/number.h"
#include "type/scan.h"
#include "type/text.h"

#define NO_FIELD UINT32_MAX

struct flow_csv {
    const flow_type *type;
    flow_allocator allocator; // a copy: the caller's may go
    char separator;
    uint32_t column_count;
    uint32_t columns[]; // the field of each, or NO_FIELD
};

// One cell: its text as written, without the quotes around it.
struct cell {
    flow_str text;
    bool quoted;
    bool doubled;         // there are doubled quotes within
    const char *readable; // where the line ends
};

// The cells of a line that are left.
struct line {
    const char *at;
    const char *end;
    char separator;
    bool done;
};

// Past the opening quote. False when the quote is not closed or something follows the closing one.
static bool next_quoted(struct line *line, struct cell *cell)
{
    const char *at = line->at + 1;
    const char *const start = at;
    for (;;) {
        const char *quote = at < line->end ? memchr(at, '"', (size_t)(line->end - at)) : NULL;
        if (!quote)
            return false;
        at = quote + 1;
        if (at == line->end || *at != '"')
            break;
        cell->doubled = true;
        at++;
    }
    cell->quoted = true;
    cell->text = (flow_str){ start, (size_t)(at - 1 - start) };
    if (at < line->end && *at != line->separator)
        return false;
    line->at = at;
    return true;
}

static bool next_cell(struct line *line, struct cell *cell)
{
    *cell = (struct cell){ .readable = line->end };
    if (line->at < line->end && *line->at == '"') {
        if (!next_quoted(line, cell))
            return false;
    } else {
        const char *end = fl_skip_to(line->at, line->end, line->separator);
        cell->text = (flow_str){ line->at, (size_t)(end - line->at) };
        line->at = end;
    }
    // A separator at the end is followed by one more, empty cell.
    line->done = line->at == line->end;
    line->at += !line->done;
    return true;
}

static struct line line_of(flow_str text, char separator)
{
    const char *end = text.len ? text.data + text.len : text.data;
    if (end > text.data && end[-1] == '\n')
        end--;
    if (end > text.data && end[-1] == '\r')
        end--;
    return (struct line){ text.data, end, separator, false };
}

size_t flow_csv_line(flow_str text)
{
    const char *at = text.data;
    const char *const end = text.len ? at + text.len : at;
    bool quoted = false;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            return 0;
        const char *quote = at;
        while ((quote = memchr(quote, '"', (size_t)(newline - quote))) != NULL) {
            quoted = !quoted;
            quote++;
        }
        at = newline + 1;
        if (!quoted)
            return (size_t)(at - text.data);
    }
    return 0;
}

// Writes the cell's text without its doubled quotes to `to`; returns how long it is.
static size_t undouble(flow_str text, char *to)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        to[len++] = text.data[i];
        i += text.data[i] == '"';
    }
    return len;
}

static bool is_name(const struct cell *cell, const char *name)
{
    if (!cell->doubled)
        return flow_str_equal(cell->text, flow_str_of(name));
    size_t at = 0;
    for (size_t i = 0; i < cell->text.len; i++, at++) {
        const char c = cell->text.data[i];
        if (name[at] != c || c == '\0')
            return false;
        i += c == '"';
    }
    return name[at] == '\0';
}

static uint32_t field_of(const flow_type *type, const struct cell *cell)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (is_name(cell, fl_field_outside(&type->fields[i])))
            return i;
    }
    return NO_FIELD;
}

static bool has_column(const flow_csv *csv, uint32_t field, uint32_t before)
{
    for (uint32_t i = 0; i < before; i++) {
        if (csv->columns[i] == field)
            return true;
    }
    return false;
}

static flow_status match_header(flow_csv *csv, flow_str header, flow_error *error)
{
    struct line line = line_of(header, csv->separator);
    for (uint32_t i = 0; i < csv->column_count; i++) {
        struct cell cell;
        next_cell(&line, &cell);
        const uint32_t field = field_of(csv->type, &cell);
        // Of two columns with one name the first counts.
        csv->columns[i] = field != NO_FIELD && has_column(csv, field, i) ? NO_FIELD : field;
    }
    for (uint32_t i = 0; i < csv->type->field_count; i++) {
        const flow_field *field = &csv->type->fields[i];
        if (field->presence || has_column(csv, i, csv->column_count))
            continue;
        char shown[FL_SHOWN_MAX];
        fl_show((flow_str){ header.data, (size_t)(line.end - header.data) }, 0, shown);
        return flow_error_raise(error, FLOW_PARSE, NULL,
            "the header has no column \"%s\", found: %s", fl_field_outside(field), shown);
    }
    return FLOW_OK;
}

static flow_status check_fields(const flow_type *type, flow_error *error)
{
    const flow_status status = flow_type_check(type, error);
    for (uint32_t i = 0; status == FLOW_OK && i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        if (flow_kind_size(field->kind) == 0)
            return flow_error_raise(error, FLOW_TYPE, NULL,
                "record \"%s\", field \"%s\": a %s does not fit into a CSV cell", type->name,
                field->name, flow_kind_name(field->kind));
    }
    return status;
}

static flow_status check_separator(char separator, flow_error *error)
{
    if (separator != '"' && separator != '\n' && separator != '\r')
        return FLOW_OK;
    return flow_error_raise(error, FLOW_INVALID, NULL,
        "the CSV separator is byte %d, which quotes or ends cells itself", separator);
}

// How many cells the header has; 0 with an error when its quotes are wrong.
static uint32_t count_columns(flow_str header, char separator, flow_error *error)
{
    struct line line = line_of(header, separator);
    uint32_t count = 0;
    while (!line.done) {
        struct cell cell;
        if (!next_cell(&line, &cell) || count == NO_FIELD - 1) {
            flow_error_raise(error, FLOW_PARSE, NULL,
                "the header, column %u: a quote is not closed or not followed by \"%c\"", count + 1,
                separator);
            return 0;
        }
        count++;
    }
    return count;
}

static flow_str without_mark(flow_str header)
{
    if (header.len >= 3 && memcmp(header.data, "\xEF\xBB\xBF", 3) == 0)
        return (flow_str){ header.data + 3, header.len - 3 };
    return header;
}

static size_t csv_size(uint32_t column_count)
{
    return offsetof(flow_csv, columns) + sizeof(uint32_t) * (size_t)column_count;
}

flow_csv *flow_csv_new(const flow_type *type, flow_str header, char separator,
    const flow_allocator *allocator, flow_error *error)
{
    const char parts = separator ? separator : ',';
    if (check_fields(type, error) != FLOW_OK || check_separator(parts, error) != FLOW_OK)
        return NULL;
    const flow_str names = without_mark(header);
    const uint32_t count = header.len ? count_columns(names, parts, error) : type->field_count;
    if (count == 0)
        return NULL;
    flow_csv *csv = fl_alloc(allocator, csv_size(count), _Alignof(flow_csv));
    if (!csv) {
        flow_error_raise(
            error, FLOW_MEMORY, NULL, "no memory for a CSV reader of %u columns", count);
        return NULL;
    }
    *csv = (flow_csv){ .type = type, .separator = parts, .column_count = count };
    if (allocator)
        csv->allocator = *allocator;
    for (uint32_t i = 0; i < count; i++)
        csv->columns[i] = i;
    if (header.len && match_header(csv, names, error) != FLOW_OK) {
        flow_csv_free(csv);
        return NULL;
    }
    return csv;
}

void flow_csv_free(flow_csv *csv)
{
    if (!csv)
        return;
    const flow_allocator allocator = csv->allocator;
    fl_free(&allocator, csv, csv_size(csv->column_count));
}

// What came of reading a cell.
enum got {
    GOT_IT,
    GOT_OTHER,
    GOT_NO_MEMORY
};

static bool is_word(flow_str text, const char *word)
{
    if (text.len != strlen(word))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.data[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != word[i])
            return false;
    }
    return true;
}

static enum got read_bool(flow_str text, bool *value)
{
    *value = is_word(text, "true") || is_word(text, "1");
    return *value || is_word(text, "false") || is_word(text, "0") ? GOT_IT : GOT_OTHER;
}

// As in JSON, and the words that other programs write for what is no number.
static enum got read_float(flow_kind kind, flow_str text, void *value)
{
    if (fl_number_read(kind, text, value))
        return GOT_IT;
    const uint64_t infinity = UINT64_C(0x7FF0000000000000), nan = UINT64_C(0x7FF8000000000000);
    const bool minus = text.len && text.data[0] == '-';
    const flow_str word = { text.data + minus, text.len - minus };
    if (text.len == 0 ||
        !(is_word(word, "nan") || is_word(word, "inf") || is_word(word, "infinity")))
        return GOT_OTHER;
    double number;
    memcpy(&number, is_word(word, "nan") ? &nan : &infinity, sizeof number);
    if (minus)
        number = -number;
    if (kind == FLOW_KIND_F64)
        *(double *)value = number;
    else
        *(float *)value = (float)number;
    return GOT_IT;
}

static enum got read_text(const struct cell *cell, const flow_memory *memory, flow_str *text)
{
    *text = cell->text;
    if (!cell->doubled)
        return GOT_IT;
    char *to = fl_memory_take(memory, cell->text.len);
    if (!to)
        return GOT_NO_MEMORY;
    text->data = to;
    text->len = undouble(cell->text, to);
    return GOT_IT;
}

static enum got read_bytes(flow_str text, const flow_memory *memory, flow_bytes *bytes)
{
    if (text.len == 0)
        return GOT_IT;
    unsigned char *to = fl_memory_take(memory, fl_base64_room(text.len));
    if (!to)
        return GOT_NO_MEMORY;
    bytes->data = to;
    return fl_base64_read(text, to, &bytes->len) ? GOT_IT : GOT_OTHER;
}

// Digits, as most numbers are; else left to the general way.
static inline bool read_plain(flow_kind kind, const struct cell *cell, void *value)
{
    const char *const end = cell->text.data + cell->text.len;
    const char *at = cell->text.data;
    const bool minus = at < end && *at == '-';
    const char *const start = at + minus;
    uint64_t digits = 0;
    at = fl_read_digits(start, cell->readable, &digits);
    return at == end && at > start && at - start <= FL_DIGITS_MAX &&
           (*start != '0' || at - start == 1) && fl_number_store(kind, minus, digits, value);
}

static enum got read_value(
    flow_kind kind, const struct cell *cell, const flow_memory *memory, void *value)
{
    switch (kind) {
    case FLOW_KIND_BOOL:
        return read_bool(cell->text, value);
    case FLOW_KIND_F32:
    case FLOW_KIND_F64:
        return read_float(kind, cell->text, value);
    case FLOW_KIND_STR:
        return read_text(cell, memory, value);
    case FLOW_KIND_BYTES:
        return read_bytes(cell->text, memory, value);
    case FLOW_KIND_TIME:
        return read_plain(kind, cell, value) || flow_time_parse(cell->text, value) ||
                       fl_number_read(kind, cell->text, value)
                   ? GOT_IT
                   : GOT_OTHER;
    default:
        return read_plain(kind, cell, value) || fl_number_read(kind, cell->text, value) ? GOT_IT
                                                                                        : GOT_OTHER;
    }
}

static const char *wanted(flow_kind kind, flow_str text)
{
    if (kind == FLOW_KIND_BOOL)
        return "true or false";
    if (kind == FLOW_KIND_BYTES)
        return "base64 text";
    return fl_number_wanted(kind, fl_number_is(text));
}

static flow_status refuse(
    const flow_field *field, uint32_t column, flow_str text, enum got got, flow_error *error)
{
    const char *name = fl_field_outside(field);
    char shown[FL_SHOWN_MAX] = "a value that is not shown";
    if (got == GOT_NO_MEMORY)
        return flow_error_raise(error, FLOW_MEMORY, NULL,
            "column \"%s\" (%u): no memory for a text of %zu bytes", name, column, text.len);
    if (text.len == 0)
        memcpy(shown, "nothing", sizeof "nothing");
    else if (!field->classified)
        fl_show(text, '"', shown);
    return flow_error_raise(error, FLOW_PARSE, NULL, "column \"%s\" (%u): expected %s, found %s",
        name, column, wanted(field->kind, text), shown);
}

// Reads a cell into its field. A bare empty one is an absent optional or an empty text.
static enum got read_cell(
    const flow_field *field, const struct cell *cell, const flow_memory *memory, void *row)
{
    const bool is_text = field->kind == FLOW_KIND_STR || field->kind == FLOW_KIND_BYTES;
    if (cell->text.len == 0 && field->presence && !(is_text && cell->quoted))
        return GOT_IT;
    fl_field_set_present(field, row);
    return read_value(field->kind, cell, memory, (char *)row + field->offset);
}

// Tells how many cells there are where the line is too short or too long.
static flow_status refuse_count(const flow_csv *csv, flow_str text, flow_error *error)
{
    struct line line = line_of(text, csv->separator);
    uint64_t count = 0;
    for (struct cell cell; !line.done && next_cell(&line, &cell);)
        count++;
    return flow_error_raise(error, FLOW_PARSE, NULL, "the line has %llu cells, expected %u",
        (unsigned long long)count, csv->column_count);
}

flow_status flow_csv_read(
    const flow_csv *csv, flow_str line, void *row, const flow_memory *memory, flow_error *error)
{
    struct line rest = line_of(line, csv->separator);
    memset(row, 0, csv->type->size);
    for (uint32_t i = 0; i < csv->column_count; i++) {
        struct cell cell;
        if (rest.done)
            return refuse_count(csv, line, error);
        if (!next_cell(&rest, &cell))
            return flow_error_raise(error, FLOW_PARSE, NULL,
                "column %u: a quote is not closed or not followed by \"%c\"", i + 1,
                csv->separator);
        if (csv->columns[i] == NO_FIELD)
            continue;
        const flow_field *field = &csv->type->fields[csv->columns[i]];
        const enum got got = read_cell(field, &cell, memory, row);
        if (got != GOT_IT)
            return refuse(field, i + 1, cell.text, got, error);
    }
    return rest.done ? FLOW_OK : refuse_count(csv, line, error);
}
