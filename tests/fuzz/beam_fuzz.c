// SPDX-License-Identifier: Apache-2.0
// Any bytes as a value of one of Beam's coders: nothing is read past the end, and what was read and
// written once is read and written the same again.
#include <flow/coder.h>

#include "records.h"

static const flow_coder bytes = { .kind = FLOW_CODER_BYTES };
static const flow_coder text = { .kind = FLOW_CODER_STRING };
static const flow_coder number = { .kind = FLOW_CODER_VARINT };
static const flow_coder interval = { .kind = FLOW_CODER_INTERVAL_WINDOW };
static const flow_coder global = { .kind = FLOW_CODER_GLOBAL_WINDOW };
static const flow_coder custom = { .kind = FLOW_CODER_CUSTOM_WINDOW, .parts = { &interval } };
static const flow_coder maybe = { .kind = FLOW_CODER_NULLABLE, .parts = { &number } };
static const flow_coder numbers = { .kind = FLOW_CODER_STATE_ITERABLE, .parts = { &maybe } };
static const flow_coder globals = { .kind = FLOW_CODER_ITERABLE, .parts = { &global } };
static const flow_coder pair = { .kind = FLOW_CODER_KV, .parts = { &bytes, &numbers } };
static const flow_coder sharded = { .kind = FLOW_CODER_SHARDED_KEY, .parts = { &text } };
static const flow_coder prefixed = { .kind = FLOW_CODER_LENGTH_PREFIX, .parts = { &pair } };
static const flow_coder timer = { .kind = FLOW_CODER_TIMER, .parts = { &sharded, &custom } };
static const flow_coder windowed = { .kind = FLOW_CODER_WINDOWED,
    .parts = { &prefixed, &interval } };
static flow_coder row = { .kind = FLOW_CODER_ROW };
static flow_coder rows = { .kind = FLOW_CODER_WINDOWED, .parts = { &row, &global } };
static const flow_coder *const coders[] = { &pair, &globals, &timer, &windowed, &row, &rows };

// A schema with every kind that a record can have.
static void make_row(void)
{
    static struct pieces kept;
    const flow_memory memory = { pieces_take, &kept };
    row.row = flow_row_coder_new(flow_schema_of(&nest_type, &memory, NULL), &nest_type, NULL, NULL);
    HOLDS(row.row);
}

// Reads and writes; the length written, 0 when the bytes are no value.
static bool once(const flow_coder *coder, flow_str from, bool nested, flow_buffer *out)
{
    struct pieces pieces = { NULL };
    const flow_memory memory = { pieces_take, &pieces };
    flow_error error = { .status = FLOW_OK };
    flow_coder_input in = { .rest = from, .memory = &memory, .error = &error };
    void *value = malloc(flow_coder_size(coder, NULL));
    char *lent = malloc(from.len ? from.len : 1);
    HOLDS(value && lent);
    if (from.len)
        memcpy(lent, from.data, from.len);
    in.rest.data = lent;
    const flow_status status = flow_coder_decode(coder, &in, nested, value);
    HOLDS(status == error.status && (status == FLOW_OK || error.message[0]));
    if (status == FLOW_OK) {
        HOLDS(in.rest.len <= from.len && (nested || in.rest.len == 0));
        HOLDS(flow_coder_encode(coder, value, nested, out, &error) == FLOW_OK);
    }
    pieces_free(&pieces);
    free(lent);
    free(value);
    return status == FLOW_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    flow_buffer first = { .len = 0 }, second = { .len = 0 };
    if (!row.row)
        make_row();
    if (size == 0)
        return 0;
    const flow_coder *coder = coders[data[0] / 2 % (sizeof coders / sizeof coders[0])];
    const bool nested = data[0] % 2;
    const flow_str from = { (const char *)data + 1, size - 1 };
    if (once(coder, from, nested, &first)) {
        HOLDS(once(coder, (flow_str){ first.data, first.len }, nested, &second));
        HOLDS(first.len == second.len);
        HOLDS(first.len == 0 || memcmp(first.data, second.data, first.len) == 0);
    }
    flow_buffer_free(&first);
    flow_buffer_free(&second);
    return 0;
}
