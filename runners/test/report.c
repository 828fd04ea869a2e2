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
    if (error && error->message[0])
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
    head.status = status;
    head.took = took;
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

// Text of one line: what would end it or begin a directive is a space.
static void put_line(flow_buffer *out, const char *text)
{
    for (; *text; text++)
        flow_buffer_put(out, *text == '\n' || *text == '\r' || *text == '#' ? " " : text, 1);
}

static void print_tap(const flow_report *report, flow_buffer *out)
{
    flow_buffer_printf(out, "TAP version 13\n1..%zu\n", report->count);
    size_t at = 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct outcome outcome = next_outcome(report, &at);
        const bool skipped = outcome.status == FLOW_UNSUPPORTED;
        flow_buffer_printf(out, "%s %zu - ", outcome.text[0] && !skipped ? "not ok" : "ok", i + 1);
        put_line(out, outcome.name);
        if (skipped)
            flow_buffer_printf(out, " # SKIP ");
        else if (outcome.text[0])
            flow_buffer_printf(out, "\n# ");
        if (outcome.text[0])
            put_line(out, outcome.text);
        flow_buffer_put(out, "\n", 1);
    }
}

// Text within XML: its marks escaped, control characters, which it cannot hold, as U+FFFD.
static void put_xml(flow_buffer *out, const char *text)
{
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '&')
            flow_buffer_printf(out, "&amp;");
        else if (c == '<')
            flow_buffer_printf(out, "&lt;");
        else if (c == '>')
            flow_buffer_printf(out, "&gt;");
        else if (c == '"')
            flow_buffer_printf(out, "&quot;");
        else if (c < 0x20 && c != '\t' && c != '\n')
            flow_buffer_printf(out, "\xef\xbf\xbd");
        else
            flow_buffer_put(out, text, 1);
    }
}

static void print_junit(const flow_report *report, flow_buffer *out)
{
    flow_buffer_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
    put_xml(out, report->suite.data);
    flow_buffer_printf(out, "\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n", report->count,
        report->failed, report->skipped);
    size_t at = 0;
    for (size_t i = 0; i < report->count; i++) {
        const struct outcome outcome = next_outcome(report, &at);
        flow_buffer_printf(out, "  <testcase name=\"");
        put_xml(out, outcome.name);
        flow_buffer_printf(out, "\" time=\"%lld.%06lld\"", (long long)(outcome.took.us / 1000000),
            (long long)(outcome.took.us % 1000000));
        if (!outcome.text[0]) {
            flow_buffer_printf(out, "/>\n");
            continue;
        }
        flow_buffer_printf(
            out, "><%s message=\"", outcome.status == FLOW_UNSUPPORTED ? "skipped" : "failure");
        put_xml(out, outcome.text);
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
