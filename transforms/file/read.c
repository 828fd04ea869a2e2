// SPDX-License-Identifier: Apache-2.0
// Reading files: the step, the files it finds, and which way each is read.
#include "read.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "avro.h"
#include "heap.h"
#include "options.h"

const char *fl_system_sentence(int number, char *text, size_t size)
{
    if (strerror_r(number, text, size) != 0)
        fl_file_copy_text(text, size, "the system gave an error without a name");
    return text;
}

// Standard input is one for the whole process, and so is this: two steps would each get a part.
static atomic_flag stdin_taken = ATOMIC_FLAG_INIT;

static bool is_stdin(const struct fl_part *part)
{
    return strcmp(part->path, "-") == 0;
}

static flow_status take_stdin(struct fl_file_read *read, flow_error *error)
{
    read->holds_stdin = !atomic_flag_test_and_set(&stdin_taken);
    if (read->holds_stdin)
        return FLOW_OK;
    return flow_error_raise(error, FLOW_INVALID, read->step,
        "-: standard input is read by another step already; read it once and use its collection "
        "twice");
}

void fl_part_close(struct fl_part *part)
{
    if (part->fd >= 0 && !is_stdin(part))
        close(part->fd);
    part->fd = -1;
}

static flow_status io_error(
    struct fl_file_read *read, const char *path, const char *what, int number, flow_error *error)
{
    char text[128];
    const flow_status status = number == ENOENT ? FLOW_NOT_FOUND : FLOW_IO;
    return flow_error_raise(error, status, read->step, "%s: %s: %s", path, what,
        fl_system_sentence(number, text, sizeof text));
}

static flow_status learn(struct fl_file_read *read, struct fl_part *part, flow_error *error)
{
    struct stat info;
    if (fstat(part->fd, &info) != 0)
        return io_error(read, part->path, "cannot be looked at", errno, error);
    if (S_ISDIR(info.st_mode))
        return flow_error_raise(error, FLOW_IO, read->step,
            "%s: is a folder, expected a file or a pattern such as %s/*", part->path, part->path);
    part->regular = S_ISREG(info.st_mode);
    part->size = part->regular ? (uint64_t)info.st_size : 0;
    part->device = (uint64_t)info.st_dev;
    part->inode = (uint64_t)info.st_ino;
    return FLOW_OK;
}

flow_status fl_part_open(struct fl_file_read *read, struct fl_part *part, flow_error *error)
{
    if (part->opened)
        return FLOW_OK;
    // Not to wait for the writer of a named pipe: poll tells when there is one (input.c).
    part->fd = is_stdin(part) ? STDIN_FILENO
                              : open(part->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (part->fd < 0)
        return io_error(read, part->path, "cannot be opened", errno, error);
    if (learn(read, part, error) != FLOW_OK) {
        fl_part_close(part);
        return FLOW_IO;
    }
    part->opened = true;
    return FLOW_OK;
}

// Looks at a plain file before the start, so that what is missing is missed at once. The file is
// closed again: there may be more of them than descriptors.
static flow_status probe(struct fl_file_read *read, struct fl_part *part, flow_error *error)
{
    const flow_file_read_options *options = &read->config->options;
    struct stat info;
    char magic[FL_MAGIC_SIZE];
    part->compression = options->compression;
    if (is_stdin(part))
        return take_stdin(read, error);
    if (stat(part->path, &info) != 0)
        return io_error(read, part->path, "cannot be opened", errno, error);
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        return FLOW_OK; // opening a pipe would wait for its writer
    const flow_status status = fl_part_open(read, part, error);
    if (status != FLOW_OK)
        return status;
    const ssize_t got = pread(part->fd, magic, sizeof magic, 0);
    const flow_compression found = fl_compression_of(magic, got > 0 ? (size_t)got : 0);
    if (part->compression == FLOW_COMPRESSION_AUTO)
        part->compression = found;
    fl_part_close(part);
    part->opened = false;
    part->split = (options->format == FLOW_LINES || options->format == FLOW_JSON) &&
                  !options->follow && part->compression == FLOW_COMPRESSION_NONE;
    if (options->follow && part->compression != FLOW_COMPRESSION_NONE)
        return flow_error_raise(error, FLOW_INVALID, read->step,
            "%s: is %s; only plain files can be followed", part->path,
            fl_compression_name(part->compression));
    return fl_compression_check(part->compression, read->step, part->path, error);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static flow_status add_parts(
    struct fl_file_read *read, char *const *paths, size_t count, flow_error *error)
{
    size_t text = 0;
    for (size_t i = 0; i < count; i++)
        text += strlen(paths[i]) + 1;
    read->parts = fl_file_alloc(&read->allocator, count * sizeof *read->parts + text);
    if (read->parts == NULL)
        return flow_error_raise(
            error, FLOW_MEMORY, read->step, "no memory for the names of %zu files", count);
    char *name = (char *)(read->parts + count);
    for (size_t i = 0; i < count; i++) {
        const size_t len = strlen(paths[i]) + 1;
        memcpy(name, paths[i], len);
        read->parts[i].path = name;
        read->parts[i].fd = -1;
        pthread_mutex_init(&read->parts[i].lines.lock, NULL);
        name += len;
    }
    read->part_count = (uint32_t)count;
    return FLOW_OK;
}

// What a pattern found is a file, also when it is called like standard input.
static flow_status add_found(struct fl_file_read *read, glob_t *found, flow_error *error)
{
    char file[] = "./-", *own = NULL;
    size_t at = 0;
    for (size_t i = 0; i < found->gl_pathc; i++)
        at = strcmp(found->gl_pathv[i], "-") == 0 ? i : at;
    if (found->gl_pathc > 0 && strcmp(found->gl_pathv[at], "-") == 0) {
        own = found->gl_pathv[at];
        found->gl_pathv[at] = file;
    }
    const flow_status status = add_parts(read, found->gl_pathv, found->gl_pathc, error);
    if (own != NULL)
        found->gl_pathv[at] = own; // glob's, to be freed
    return status;
}

static flow_status find_files(struct fl_file_read *read, flow_error *error)
{
    const char *path = read->config->options.path;
    struct stat info;
    if (read->config->literal || strcmp(path, "-") == 0 || stat(path, &info) == 0 ||
        strpbrk(path, "*?[") == NULL)
        return add_parts(read, &(char *){ (char *)(uintptr_t)path }, 1, error);
    glob_t found = { 0 };
    const int code = glob(path, GLOB_NOSORT, NULL, &found);
    flow_status status = FLOW_OK;
    if (code == GLOB_NOMATCH) {
        status = flow_error_raise(
            error, FLOW_NOT_FOUND, read->step, "%s: no file matches this pattern", path);
    } else if (code != 0) {
        status = flow_error_raise(error, code == GLOB_NOSPACE ? FLOW_MEMORY : FLOW_IO, read->step,
            "%s: the files that match cannot be listed", path);
    } else {
        // By bytes: glob's own order depends on the host's locale.
        qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, by_name);
        status = add_found(read, &found, error);
    }
    globfree(&found);
    return status;
}

static void file_close(void *self)
{
    struct fl_file_read *read = self;
    for (uint32_t i = 0; i < read->part_count; i++) {
        struct fl_part *part = &read->parts[i];
        fl_part_close(part);
        fl_stream_close(part);
        fl_decoder_free(part->stream.decoder);
        fl_file_free(part->stream.in);
        fl_file_free(part->lines.counts);
        pthread_mutex_destroy(&part->lines.lock);
        flow_csv_free(part->csv);
        fl_avro_free(part->avro);
    }
    fl_file_free(read->parts);
    while (read->parsers) {
        struct fl_parser *next = read->parsers->next;
        flow_json_free(read->parsers->json);
        fl_file_free(read->parsers);
        read->parsers = next;
    }
    fl_origins_close(read);
    fl_pool_unref(read->pool);
    pthread_mutex_destroy(&read->lock);
    if (read->holds_stdin)
        atomic_flag_clear(&stdin_taken);
}

// The type must fit the format before the first file is looked at.
static flow_status check_format(struct fl_file_read *read, flow_error *error)
{
    const flow_file_read_options *options = &read->config->options;
    if (options->format == FLOW_JSON) {
        flow_error why = { 0 };
        flow_json *json = flow_json_new(options->type, &read->allocator, &why);
        flow_json_free(json);
        if (json == NULL)
            return flow_error_raise(error, why.status, read->step, "%s", why.message);
    }
    return FLOW_OK;
}

static flow_status file_open(void *self, const flow_open *open)
{
    struct fl_file_read *read = self;
    read->config = open->config;
    read->allocator = *open->allocator;
    read->on_error = open->on_error;
    fl_file_copy_text(read->step, sizeof read->step, open->step);
    if (pthread_mutex_init(&read->lock, NULL) != 0)
        return flow_error_raise(
            open->error, FLOW_IO, open->step, "the system refused to make a mutex");
    flow_status status = check_format(read, open->error);
    if (status == FLOW_OK)
        status = find_files(read, open->error);
    for (uint32_t i = 0; status == FLOW_OK && i < read->part_count; i++)
        status = probe(read, &read->parts[i], open->error);
    if (status == FLOW_OK) {
        read->pool = fl_pool_new(&read->allocator, open->workers, read->config->piece_size);
        if (read->pool == NULL)
            status = flow_error_raise(
                open->error, FLOW_MEMORY, open->step, "no memory for a pool of buffers");
    }
    if (status != FLOW_OK)
        file_close(read);
    return status;
}

static uint32_t file_partitions(void *self)
{
    return ((struct fl_file_read *)self)->part_count;
}

static flow_claim file_claim(void *self, uint32_t partition, flow_piece *piece, flow_error *error)
{
    struct fl_file_read *read = self;
    struct fl_part *part = &read->parts[partition];
    piece->partition = partition;
    piece->data = NULL;
    return part->split ? fl_plain_claim(read, part, piece, error)
                       : fl_stream_claim(read, part, piece, error);
}

static flow_status file_read(void *self, const flow_piece *piece, flow_ctx *ctx)
{
    struct fl_file_read *read = self;
    struct fl_part *part = &read->parts[piece->partition];
    return part->split ? fl_plain_read(read, part, piece, ctx)
                       : fl_stream_read(read, part, piece, ctx);
}

static void file_origin(
    void *self, const flow_piece *piece, uint64_t ordinal, char *text, size_t size)
{
    fl_origin_tell(self, piece, ordinal, text, size);
}

static flow_status file_seek(void *self, uint32_t partition, uint64_t position, flow_error *error)
{
    struct fl_file_read *read = self;
    struct fl_part *part = &read->parts[partition];
    struct stat info;
    const bool regular = !is_stdin(part) && stat(part->path, &info) == 0 && S_ISREG(info.st_mode);
    if (position > 0 && !regular)
        return flow_error_raise(error, FLOW_UNSUPPORTED, read->step,
            "%s: cannot be read again from a position, since it is no plain file", part->path);
    part->start = position;
    return FLOW_OK;
}

static void file_finalize(void *self, uint32_t partition, uint64_t position)
{
    struct fl_file_read *read = self;
    struct fl_part *part = &read->parts[partition];
    if (part->split)
        fl_plain_finalize(part, position);
    else
        fl_stream_finalize(read, part, position);
}

const flow_source fl_file_source = {
    .name = "read",
    .self_size = sizeof(struct fl_file_read),
    .open = file_open,
    .partitions = file_partitions,
    .claim = file_claim,
    .read = file_read,
    .seek = file_seek,
    .finalize = file_finalize,
    .close = file_close,
    .origin = file_origin,
};

static const char *bad_options(const flow_file_read_options *options, bool known)
{
    const flow_file_format format = options->format;
    const char *bad =
        fl_file_bad_options(known, options->path, options->format, options->compression);
    if (bad != NULL)
        return bad;
    if (options->type == NULL && format != FLOW_LINES)
        return "the option `type` is missing: CSV, JSON and Avro need a record type";
    if (format == FLOW_AVRO && options->follow)
        return "a file of Avro cannot be followed";
    if (format != FLOW_CSV && (options->separator != '\0' || options->no_header))
        return "the options `separator` and `no_header` are for FLOW_CSV only";
    if (options->separator == '"' || options->separator == '\n' || options->separator == '\r')
        return "the option `separator` cannot be a quote or a line end";
    if (options->follow && strcmp(options->path, "-") == 0)
        return "standard input cannot be followed; it is read until it ends without `follow`";
    if (options->line_max > SIZE_MAX / 8)
        return "the option `line_max` is larger than memory can be";
    return NULL;
}

static bool set_text(struct fl_read_config *config)
{
    uint32_t offset = 0;
    if (config->options.format == FLOW_LINES && !fl_file_text_field(config->options.type, &offset))
        return false;
    config->text_offset = offset;
    config->pointers = flow_type_has_pointers(config->options.type);
    return true;
}

bool fl_read_config_make(flow_pipeline *pipeline, const char *step,
    const flow_file_read_options *options, struct fl_read_config *config)
{
    const char *bad = bad_options(options, true);
    if (bad != NULL) {
        flow_pipeline_fail(pipeline, FLOW_INVALID, step, "%s", bad);
        return false;
    }
    *config = (struct fl_read_config){ .options = *options, .piece_size = FL_PIECE_SIZE };
    flow_file_read_options *own = &config->options;
    own->type = own->type ? own->type : &flow_line_type;
    own->line_max = own->line_max ? own->line_max : FL_LINE_MAX;
    own->expansion_max = own->expansion_max ? own->expansion_max : 1000;
    if (set_text(config))
        return true;
    flow_pipeline_fail(pipeline, FLOW_TYPE, step,
        "record %s cannot be read from lines, which need exactly one field, a text",
        own->type->name);
    return false;
}

flow_coll flow_file_read_sized(
    flow_pipeline *pipeline, const flow_file_read_options *options, size_t size)
{
    flow_file_read_options own;
    const flow_coll none = { pipeline, 0 };
    const bool known = flow_options_copy(&own, sizeof own, options, size);
    const char *step = own.name ? own.name : fl_file_source.name;
    if (!known)
        flow_pipeline_fail(pipeline, FLOW_INVALID, step, "%s", FLOW_OPTION_UNKNOWN);
    struct fl_read_config *config = flow_pipeline_alloc(pipeline, sizeof *config);
    if (!known || config == NULL || !fl_read_config_make(pipeline, step, &own, config))
        return none;
    config->options.path = flow_pipeline_string(pipeline, own.path);
    if (config->options.path == NULL)
        return none;
    const flow_read_options read = { .name = own.name,
        .type = config->options.type,
        .config = config,
        .unbounded = own.follow,
        .event_time = own.event_time,
        .times = own.times,
        .on_error = own.on_error };
    return flow_read(pipeline, &fl_file_source, &read);
}
