// SPDX-License-Identifier: Apache-2.0
// A recording as an input of a script: what the source gave, in its order, with its watermarks and
// the pauses between.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <flow/evolve.h>

#include "recording.h"
#include "script.h"

// A recording that is being read.
struct replay {
    flow_script *script;
    const char *name, *path;
    const flow_type *type, *wrapped;
    uint32_t input;
    flow_str bytes; // of the file, in pipeline memory: texts point there
    size_t at;
    flow_evolution *evolution;
    struct fl_script_event *events;
    uint32_t count;
};

static bool fail(const struct replay *replay, flow_status status, const char *what)
{
    flow_pipeline_fail(replay->script->pipeline, status, replay->name,
        "the recording '%s' %s (byte %zu)", replay->path, what, replay->at);
    return false;
}

// --- the file

static bool load(struct replay *replay)
{
    char reason[80] = "";
    FILE *file = fopen(replay->path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        strerror_r(errno, reason, sizeof reason);
        flow_pipeline_fail(replay->script->pipeline, FLOW_IO, replay->name,
            "the recording '%s' cannot be read: %s", replay->path, reason);
        if (file)
            fclose(file);
        return false;
    }
    struct stat kind;
    if (fstat(fileno(file), &kind) != 0 || !S_ISREG(kind.st_mode)) {
        fclose(file);
        return fail(replay, FLOW_IO, "is no file");
    }
    const long size = ftell(file);
    char *bytes =
        size >= 0 ? flow_pipeline_alloc(replay->script->pipeline, (size_t)size + 1) : NULL;
    rewind(file);
    const bool read = bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    if (!read)
        return fail(replay, FLOW_IO, "cannot be read whole");
    replay->bytes = (flow_str){ bytes, (size_t)size };
    if (replay->bytes.len < FL_RECORDING_MARK_SIZE ||
        memcmp(bytes, FL_RECORDING_MARK, FL_RECORDING_MARK_SIZE) != 0)
        return fail(replay, FLOW_DAMAGED, "is none, or of another version");
    replay->at = FL_RECORDING_MARK_SIZE;
    return true;
}

static uint64_t get_le(const char *from, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)(unsigned char)from[i] << 8 * i;
    return value;
}

// The next frame, checked. A run that was killed may have left none behind its last.
static bool next_frame(struct replay *replay, flow_str *frame)
{
    const char *head = replay->bytes.data + replay->at;
    const size_t left = replay->bytes.len - replay->at;
    const size_t len = left >= FL_FRAME_HEAD ? (size_t)get_le(head, 4) : 0;
    if (left < FL_FRAME_HEAD || left - FL_FRAME_HEAD < len)
        return fail(replay, FLOW_DAMAGED, "is cut short");
    *frame = (flow_str){ head + FL_FRAME_HEAD, len };
    if (fl_frame_sum(frame->data, len) != get_le(head + 4, 8))
        return fail(replay, FLOW_DAMAGED, "is damaged: a checksum does not fit");
    replay->at += FL_FRAME_HEAD + len;
    return true;
}

static bool read_header(struct replay *replay)
{
    flow_str frame;
    flow_error error = { 0 };
    if (!next_frame(replay, &frame))
        return false;
    replay->evolution =
        flow_evolution_new(frame, replay->type, FLOW_EVOLVE_COMPATIBLE, NULL, &error);
    if (!replay->evolution)
        flow_pipeline_fail(replay->script->pipeline, error.status, replay->name,
            "the recording '%s' is of another record: %s", replay->path, error.message);
    return replay->evolution != NULL;
}

// --- events

static void *take(void *user, size_t size)
{
    return flow_pipeline_alloc(user, size);
}

static bool decode(flow_str *from, flow_kind kind, void *value)
{
    flow_decoding decoding = { .rest = *from };
    const bool done = flow_decode_value(&decoding, kind, NULL, value) == FLOW_OK;
    *from = decoding.rest;
    return done;
}

// The rows of a piece, each behind its time.
static bool read_rows(struct replay *replay, flow_str rest, uint64_t rows, const char **first)
{
    flow_pipeline *pipeline = replay->script->pipeline;
    const flow_memory memory = { take, pipeline };
    const size_t size = replay->wrapped->size;
    const size_t element = replay->wrapped->fields[1].offset;
    flow_error error = { 0 };
    char *to = rows <= rest.len ? flow_pipeline_alloc(pipeline, (size_t)rows * size) : NULL;
    *first = to;
    for (uint64_t i = 0; to && i < rows; i++, to += size) {
        if (!decode(&rest, FLOW_KIND_TIME, to) || flow_evolution_decode(replay->evolution, &rest,
                                                      to + element, &memory, &error) != FLOW_OK)
            return fail(replay, FLOW_DAMAGED, "has an element that does not decode");
    }
    if (to && rest.len == 0)
        return true;
    return fail(replay, FLOW_DAMAGED, "has a piece with more or less in it than it says");
}

static bool read_event(struct replay *replay, flow_str frame, struct fl_script_event *event)
{
    uint64_t what, partition, rows;
    flow_time clock, watermark;
    if (!decode(&frame, FLOW_KIND_U64, &what) || !decode(&frame, FLOW_KIND_U64, &partition) ||
        !decode(&frame, FLOW_KIND_TIME, &clock) || !decode(&frame, FLOW_KIND_TIME, &watermark) ||
        !decode(&frame, FLOW_KIND_U64, &rows) || what < FLOW_GIVEN_PIECE || what > FLOW_GIVEN_END)
        return fail(replay, FLOW_DAMAGED, "has an event that does not decode");
    *event = (struct fl_script_event){ .what = FL_SCRIPT_NOTHING,
        .input = replay->input,
        .at = watermark,
        .stamp = clock.us,
        .replayed = true };
    if (what == FLOW_GIVEN_WATERMARK)
        event->what = watermark.us >= FLOW_TIME_MAX_US ? FL_SCRIPT_END : FL_SCRIPT_WATERMARK;
    if (what != FLOW_GIVEN_PIECE || rows == 0)
        return true;
    const char *first;
    event->what = FL_SCRIPT_ADD;
    event->rows = (uint32_t)rows;
    if (rows > UINT32_MAX || !read_rows(replay, frame, rows, &first))
        return rows > UINT32_MAX ? fail(replay, FLOW_DAMAGED, "has a piece without end") : false;
    event->row = first;
    return true;
}

// Frames that are whole, counted first for room.
static bool read_events(struct replay *replay)
{
    const size_t begin = replay->at;
    flow_str frame;
    uint32_t frames = 0;
    for (; replay->at < replay->bytes.len; frames++)
        if (!next_frame(replay, &frame))
            return false;
    replay->events =
        flow_pipeline_alloc(replay->script->pipeline, (frames + 1) * sizeof *replay->events);
    replay->at = begin;
    for (uint32_t i = 0; replay->events && i < frames; i++) {
        if (!next_frame(replay, &frame) || !read_event(replay, frame, &replay->events[i]))
            return false;
        replay->count++;
    }
    return replay->events != NULL;
}

flow_coll flow_script_replay(
    flow_script *script, const char *name, const flow_type *type, const char *path)
{
    const flow_coll in = flow_script_input(script, name, type);
    struct replay replay = { .script = script, .name = name, .path = path, .type = type };
    const struct fl_script_input *input = in.id ? script->last : NULL;
    if (!input)
        return in;
    replay.input = fl_script_number(input);
    replay.wrapped = fl_script_wrapped(input);
    if (!path)
        flow_pipeline_fail(
            script->pipeline, FLOW_INVALID, name, "flow_script_replay: it is told no file");
    else if (load(&replay) && read_header(&replay) && read_events(&replay))
        fl_script_weave(script, replay.events, replay.count);
    flow_evolution_free(replay.evolution);
    return in;
}
