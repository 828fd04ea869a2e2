// SPDX-License-Identifier: Apache-2.0
// Any bytes as a row in binary form: one row has one form, so what is read encodes to the same
// bytes.
#include "records.h"

static bool nothing_is_safe(void *user, const void *data, size_t len)
{
    (void)user;
    (void)data;
    (void)len;
    return false;
}

static void encodes_to(const struct nest *row, const char *bytes, size_t len)
{
    flow_buffer out = { .len = 0 };
    flow_encode(&nest_type, row, &out);
    HOLDS(out.len == len && memcmp(out.data, bytes, len) == 0);
    flow_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pieces pieces = { NULL };
    const flow_memory memory = { pieces_take, &pieces };
    flow_error error = { .status = FLOW_OK };
    struct nest row;
    char *lent = malloc(size ? size : 1);
    HOLDS(lent);
    if (size)
        memcpy(lent, data, size);
    flow_str from = { lent, size };
    const flow_status status = flow_decode(&nest_type, &from, &row, &memory, &error);
    HOLDS(status == error.status && (status == FLOW_OK || error.message[0]));
    if (status == FLOW_OK) {
        const size_t len = size - from.len;
        encodes_to(&row, (const char *)data, len);
        HOLDS(flow_row_equal(&nest_type, &row, &row));
        HOLDS(flow_row_adopt(&nest_type, &row, &memory, nothing_is_safe, NULL) == FLOW_OK);
        memset(lent, 0xEE, size);
        encodes_to(&row, (const char *)data, len);
    }
    pieces_free(&pieces);
    free(lent);
    return 0;
}
