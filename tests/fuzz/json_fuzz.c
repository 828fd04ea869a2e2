// SPDX-License-Identifier: Apache-2.0
// Any bytes as JSON: what is read can be written and read again, to the same row.
#include "records.h"

static void write_and_read_again(flow_json *json, const struct nest *row)
{
    struct pieces pieces = { NULL };
    const flow_memory memory = { pieces_take, &pieces };
    flow_buffer text = { .len = 0 };
    struct nest again;
    flow_json_write(&nest_type, row, &text);
    HOLDS(
        flow_json_read(json, (flow_str){ text.data, text.len }, &again, &memory, NULL) == FLOW_OK);
    HOLDS(flow_row_equal(&nest_type, row, &again));
    flow_buffer_free(&text);
    pieces_free(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pieces pieces = { NULL };
    const flow_memory memory = { pieces_take, &pieces };
    flow_error error = { .status = FLOW_OK };
    struct nest row;
    // Exactly the bytes, to see reads past them; and a second copy, to see writes.
    char *lent = malloc(size ? size : 1);
    HOLDS(lent);
    if (size)
        memcpy(lent, data, size);
    flow_json *json = flow_json_new(&nest_type, NULL, &error);
    HOLDS(json);
    const flow_status status =
        flow_json_read(json, (flow_str){ lent, size }, &row, &memory, &error);
    HOLDS(size == 0 || memcmp(lent, data, size) == 0);
    HOLDS(status == error.status && (status == FLOW_OK || error.message[0]));
    if (status == FLOW_OK)
        write_and_read_again(json, &row);
    flow_json_free(json);
    pieces_free(&pieces);
    free(lent);
    return 0;
}
