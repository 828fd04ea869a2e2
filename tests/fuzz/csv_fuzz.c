// SPDX-License-Identifier: Apache-2.0
// Any bytes as a CSV file, the first line its header: what is read can be written and read again.
#include "records.h"

static void write_and_read_again(const struct thing *row)
{
    struct pieces pieces = { NULL };
    const flow_memory memory = { pieces_take, &pieces };
    flow_buffer text = { .len = 0 };
    struct thing again;
    flow_csv *csv = flow_csv_new(&thing_type, (flow_str){ NULL, 0 }, 0, NULL, NULL);
    HOLDS(csv);
    flow_csv_write(&thing_type, row, &text);
    flow_buffer_put(&text, "\n", 1);
    const flow_str line = { text.data, text.len };
    HOLDS(flow_csv_line(line) == line.len);
    HOLDS(flow_csv_read(csv, line, &again, &memory, NULL) == FLOW_OK);
    HOLDS(flow_row_equal(&thing_type, row, &again));
    flow_csv_free(csv);
    flow_buffer_free(&text);
    pieces_free(&pieces);
}

static void read_lines(const flow_csv *csv, flow_str rest)
{
    while (rest.len) {
        struct pieces pieces = { NULL };
        const flow_memory memory = { pieces_take, &pieces };
        flow_error error = { .status = FLOW_OK };
        struct thing row;
        const size_t found = flow_csv_line(rest), len = found ? found : rest.len;
        HOLDS(found <= rest.len);
        const flow_status status =
            flow_csv_read(csv, (flow_str){ rest.data, len }, &row, &memory, &error);
        HOLDS(status == error.status && (status == FLOW_OK || error.message[0]));
        if (status == FLOW_OK)
            write_and_read_again(&row);
        rest.data += len;
        rest.len -= len;
        pieces_free(&pieces);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char separators[] = { 0, ';', '\t', '|' };
    if (size < 1)
        return 0;
    const char separator = separators[data[0] % 4];
    char *lent = malloc(size);
    HOLDS(lent);
    memcpy(lent, data + 1, size - 1);
    const flow_str text = { lent, size - 1 };
    const size_t header = flow_csv_line(text);
    flow_csv *named = flow_csv_new(&thing_type, (flow_str){ lent, header }, separator, NULL, NULL);
    flow_csv *plain = flow_csv_new(&thing_type, (flow_str){ NULL, 0 }, separator, NULL, NULL);
    HOLDS(plain);
    if (named)
        read_lines(named, (flow_str){ lent + header, text.len - header });
    read_lines(plain, text);
    HOLDS(memcmp(lent, data + 1, size - 1) == 0);
    flow_csv_free(named);
    flow_csv_free(plain);
    free(lent);
    return 0;
}
