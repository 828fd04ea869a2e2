// SPDX-License-Identifier: Apache-2.0
// Any bytes as JSON: what is read can be written and read again, to the same row.
#include "type/json.h"

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

// A row of the usual form, in a sizeable range of kinds: the short cut must read the same as the
// parser, before and after the order of the members is known.
static void both_ways_agree(flow_str text)
{
    struct pieces pieces = { NULL };
    const flow_memory memory = { pieces_take, &pieces };
    flow_json *any = flow_json_new(&event_type, NULL, NULL),
              *own = flow_json_new(&event_type, NULL, NULL);
    HOLDS(any && own);
    for (int round = 0; round < 2; round++) {
        struct event row, other;
        const flow_status status = flow_json_read(any, text, &row, &memory, NULL);
        HOLDS(fl_json_slow(own, text, &other, &memory, NULL) == status);
        HOLDS(status != FLOW_OK || flow_row_equal(&event_type, &row, &other));
    }
    flow_json_free(any);
    flow_json_free(own);
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
    both_ways_agree((flow_str){ lent, size });
    flow_json_free(json);
    pieces_free(&pieces);
    free(lent);
    return 0;
}
