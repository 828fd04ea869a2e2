// SPDX-License-Identifier: Apache-2.0
// Rows in memory for the engine and the loops by hand, and in files for peers.
#include "peers/work.h"

#include "engine/engine.h"
#include "peers/nexmark.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    struct events events;
    char file[512];
} rows;

static void count_products(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    engine_count(options, input, FLOW_FIELD(event, product), flow_fixed(flow_minutes(1)), outcome);
}

static void count_users(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    engine_count(options, input, FLOW_FIELD(event, user), flow_fixed(flow_minutes(1)), outcome);
}

static const struct {
    const char *name;
    bench_side *engine, *hand;
} on_rows[] = {
    { "stateless", engine_stateless_fused, hand_stateless },
    { "keyed_1k", count_products, hand_keyed_1k },
    { "keyed_1m", count_users, hand_keyed_1m },
};

static bool write_rows(const struct bench_options *options)
{
    snprintf(rows.file, sizeof rows.file, "%s/peers-events", options->folder);
    FILE *out = fopen(rows.file, "wb");
    bool written = out && fwrite(rows.events.rows, sizeof(struct event), rows.events.count, out) ==
                              rows.events.count;
    written = out && fclose(out) == 0 && written;
    if (!written)
        fprintf(stderr, "bench: %s cannot be written\n", rows.file);
    return written;
}

static bool make_rows(const struct bench_options *options)
{
    if (rows.events.rows)
        return true;
    struct event *made = bench_pages(options->rows * sizeof *made);
    events_fill(made, options->rows);
    rows.events = (struct events){ made, options->rows };
    return write_rows(options);
}

bool work_find(
    const struct bench_options *options, const char *name, size_t events, struct work *work)
{
    if (strncmp(name, "nexmark_", 8) == 0)
        return nexmark_find(options, name, events, work);
    for (size_t i = 0; i < sizeof on_rows / sizeof on_rows[0]; i++) {
        if (strcmp(name, on_rows[i].name) != 0)
            continue;
        if (!make_rows(options))
            return false;
        *work = (struct work){ on_rows[i].engine, on_rows[i].hand, &rows.events, rows.file,
            rows.events.count };
        return true;
    }
    fprintf(stderr, "bench: there is no work \"%s\"\n", name);
    return false;
}

void work_close(void)
{
    if (rows.events.rows) {
        bench_pages_free((void *)rows.events.rows, rows.events.count * sizeof(struct event));
        unlink(rows.file);
    }
    nexmark_close();
}
