// SPDX-License-Identifier: Apache-2.0
// Parsing alone: yyjson over each line of a mapped file with one reused pool a thread; nothing is
// done with the document.
#include "hand/hand.h"

#include <pthread.h>
#include <string.h>
#include <yyjson.h>

enum {
    THREADS = 64,
    POOL = 1 << 16
};

struct part {
    const char *at;
    const char *end;
    uint64_t lines;
    bool failed;
};

static void *work(void *argument)
{
    struct part *part = argument;
    static _Thread_local char memory[POOL];
    const char *at = part->at;
    while (at < part->end) {
        const char *stop = memchr(at, '\n', (size_t)(part->end - at));
        const size_t len = (size_t)((stop ? stop : part->end) - at);
        yyjson_alc pool;
        yyjson_alc_pool_init(&pool, memory, sizeof memory);
        if (yyjson_read_opts((char *)(uintptr_t)at, len, 0, &pool, NULL) == NULL) {
            part->failed = true;
            return NULL;
        }
        part->lines++;
        at += len + 1;
    }
    return NULL;
}

static const char *line_start(const char *data, size_t size, size_t at)
{
    if (at == 0 || at >= size)
        return data + (at < size ? at : size);
    const char *stop = memchr(data + at - 1, '\n', size - at + 1);
    return stop ? stop + 1 : data + size;
}

static void parse_mapped(const char *data, size_t size, size_t n, struct outcome *outcome)
{
    struct part parts[THREADS];
    pthread_t threads[THREADS];
    for (size_t t = 0; t < n; t++) {
        parts[t] = (struct part){ .at = line_start(data, size, size * t / n),
            .end = line_start(data, size, size * (t + 1) / n) };
        if (t > 0)
            pthread_create(&threads[t], NULL, work, &parts[t]);
    }
    work(&parts[0]);
    for (size_t t = 0; t < n; t++) {
        if (t > 0)
            pthread_join(threads[t], NULL);
        outcome->sum += parts[t].lines;
        outcome->failed |= parts[t].failed;
    }
}

void hand_json_parse(
    const struct bench_options *options, const void *input, struct outcome *outcome)
{
    size_t size = 0;
    const char *data = hand_map(input, &size);
    if (data == NULL) {
        outcome->failed = true;
        return;
    }
    parse_mapped(data, size, options->threads < THREADS ? options->threads : THREADS, outcome);
    hand_unmap(data, size);
}
