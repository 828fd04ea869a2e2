// SPDX-License-Identifier: Apache-2.0
// Statuses by name, and the one place where errors are born.
#include <stdarg.h>
#include <stdio.h>

#include <flow/base.h>

const char *flow_status_name(flow_status status)
{
    switch (status) {
#define NAME_OF(name, number, retriable, sentence)                                                 \
    case FLOW_##name:                                                                              \
        return #name;
        FLOW_STATUSES(NAME_OF)
#undef NAME_OF
    }
    return "UNKNOWN";
}

bool flow_status_retriable(flow_status status)
{
    switch (status) {
#define RETRIABLE_OF(name, number, retriable, sentence)                                            \
    case FLOW_##name:                                                                              \
        return retriable;
        FLOW_STATUSES(RETRIABLE_OF)
#undef RETRIABLE_OF
    }
    return false;
}

// A text that was cut to fit must not end within a UTF-8 sequence.
static void trim_cut_sequence(char *text, size_t len)
{
    size_t start = len;
    while (start > 0 && len - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    const unsigned char lead = (unsigned char)text[start - 1];
    const size_t wanted = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    if (lead >= 0xC0 && len - start < wanted)
        text[start - 1] = '\0';
}

flow_status flow_error_raise(
    flow_error *error, flow_status status, const char *step, const char *format, ...)
{
    if (!error || error->status != FLOW_OK)
        return status;
    va_list args;
    va_start(args, format);
    const int message_len = vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    if (message_len < 0)
        error->message[0] = '\0';
    else if ((size_t)message_len >= sizeof error->message)
        trim_cut_sequence(error->message, sizeof error->message - 1);
    const int step_len = snprintf(error->step, sizeof error->step, "%s", step ? step : "");
    if (step_len > 0 && (size_t)step_len >= sizeof error->step)
        trim_cut_sequence(error->step, sizeof error->step - 1);
    error->status = status;
    return status;
}
