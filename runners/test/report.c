// SPDX-License-Identifier: Apache-2.0
// Reports of test cases, as TAP and as JUnit's XML.
#include <flow/test.h>
#include <flow/text.h>

static const flow_allocator plain; // the C library's

struct outcome {
    flow_status status;
    flow_duration took;
    const char *name;
    const char *text; // why it failed or was skipped; empty: it passed
};

// What stands before name and text of a case.
struct head {
    flow_status status;
    flow_duration took;
    size_t name_size, text_size;
};

struct flow_report {
    flow_buffer suite, outcomes;
    size_t count, failed, skipped;
};

flow_report *flow_report_new(const char *suite)
{
    flow_report *report = flow_allocate(&plain, sizeof *report);
    if (!report)
        return NULL;
    flow_buffer_printf(&report->suite, "%s", suite ? suite : "tests");
    flow_buffer_put(&report->suite, "", 1);
    return report;
}

void flow_report_free(flow_report *report)
{
    if (!report)
        return;
    flow_buffer_free(&report->suite);
    flow_buffer_free(&report->outcomes);
    flow_release(&plain, report, sizeof *report);
}

static void put_reason(flow_buffer *text, flow_status status, const flow_error *error)
{
    if (status != FLOW_OK && error && error->message[0])
        flow_buffer_printf(text, "%s%s%s", error->step, error->step[0] ? ": " : "", error->message);
    else if (status != FLOW_OK)
        flow_buffer_printf(text, "%s", flow_status_name(status));
    flow_buffer_put(text, "", 1);
}

void flow_report_add(flow_report *report, const char *name, flow_status status,
    const flow_error *error, flow_duration took)
{
    flow_buffer text = { 0 };
    put_reason(&text, status, error);
    struct head head;
    memset(&head, 0, sizeof head); // its padding is stored too
    if (!name)
        name = "case";
    head.status = status;
    head.took.us = took.us > 0 ? took.us : 0; // a clock may have been set back
    head.name_size = strlen(name) + 1;
    head.text_size = text.len;
    report->count++;
    report->failed += status != FLOW_OK && status != FLOW_UNSUPPORTED;
    report->skipped += status == FLOW_UNSUPPORTED;
    flow_buffer_put(&report->outcomes, &head, sizeof head);
    flow_buffer_put(&report->outcomes, name, head.name_size);
    flow_buffer_put(&report->outcomes, text.data, text.len);
    report->outcomes.failed = report->outcomes.failed || text.failed;
    flow_buffer_free(&text);
}

// The outcome at `*at`, and on to the next.
static struct outcome next_outcome(const flow_report *report, size_t *at)
{
    struct head head;
    const char *from = report->outcomes.data + *at;
    memcpy(&head, from, sizeof head);
    *at += sizeof head + head.name_size + head.text_size;
    const char *name = from + sizeof head;
    return (struct outcome){ head.status, head.took, name, name + head.name_size };
}

size_t flow_report_failed(const flow_report *report)
{
    return report->failed;
}

#define REPLACEMENT "\xef\xbf\xbd" // U+FFFD, for what is no text

// Bytes of the character at `at`; 0 where a byte must be replaced: no UTF-8, control characters,
// and the two characters that XML cannot hold.
static size_t character(const char *at, const char *end)
{
    const unsigned char c = (unsigned char)*at;
    if (c < 0x20 || c == 0x7f)
        return c == '\t' || c == '\n' || c == '\r' ? 1 : 0;
    const size_t len = flow_utf8_len(at, end);
    const bool none = len == 3 && (memcmp(at, "\xef\xbf\xbe", 3) == 0 || // U+FFFE
                                      memcmp(at, "\xef\xbf\xbf", 3) == 0);
    return none ? 0 : len;
}

// What stands for a mark, NULL for itself.
typedef const char *escape(char c);

static void put_text(flow_buffer *out, const char *text, escape *escaped)
{
    const char *const end = text + strlen(text);
    for (const char *at = text; at < end;) {
        const size_t len = character(at, end);
        const char *other = len == 0 ? REPLACEMENT : len == 1 ? escaped(*at) : NULL;
        if (other)
            flow_buffer_put(out, other, strlen(other));
        else
            flow_buffer_put(out, at, len);
        at += len ? len : 1;
    }
}

// Text of one line: what would end it or begin a directive is a space.
static const char *in_line(char c)
{
    return c == '\n' || c == '\r' || c == '#' ? " " : NULL;
}

static const char *in_xml(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\n':
        return "&#10;"; // as it is, a reader of attributes makes it a space
    case '\r':
        return "&#13;";
    case '\t':
        return "&#9;";
    default:
        return NULL;
    }
}

static void print_tap(const flow_report *report, flow_buffer *out)
{
    flow_buffer_printf(out, "TAP version 13\n1..%zu\n", report->count);
    size_t at = 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct outcome outcome = next_outcome(report, &at);
        const bool skipped = outcome.status == FLOW_UNSUPPORTED;
        flow_buffer_printf(out, "%s %zu - ", outcome.text[0] && !skipped ? "not ok" : "ok", i + 1);
        put_text(out, outcome.name, in_line);
        if (skipped)
            flow_buffer_printf(out, " # SKIP ");
        else if (outcome.text[0])
            flow_buffer_printf(out, "\n# ");
        if (outcome.text[0])
            put_text(out, outcome.text, in_line);
        flow_buffer_put(out, "\n", 1);
    }
}

static void print_junit(const flow_report *report, flow_buffer *out)
{
    flow_buffer_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
    put_text(out, report->suite.data, in_xml);
    flow_buffer_printf(out, "\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n", report->count,
        report->failed, report->skipped);
    size_t at = 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct outcome outcome = next_outcome(report, &at);
        flow_buffer_printf(out, "  <testcase name=\"");
        put_text(out, outcome.name, in_xml);
        flow_buffer_printf(out, "\" time=\"%lld.%06lld\"", (long long)(outcome.took.us / 1000000),
            (long long)(outcome.took.us % 1000000));
        if (!outcome.text[0]) {
            flow_buffer_printf(out, "/>\n");
            continue;
        }
        flow_buffer_printf(
            out, "><%s message=\"", outcome.status == FLOW_UNSUPPORTED ? "skipped" : "failure");
        put_text(out, outcome.text, in_xml);
        flow_buffer_printf(out, "\"/></testcase>\n");
    }
    flow_buffer_printf(out, "</testsuite>\n");
}

char *flow_report_print(const flow_report *report, flow_report_form form)
{
    flow_buffer out = { 0 };
    if (report->outcomes.failed || report->suite.failed)
        return NULL;
    if (form == FLOW_REPORT_JUNIT)
        print_junit(report, &out);
    else
        print_tap(report, &out);
    return flow_buffer_text(&out);
}
