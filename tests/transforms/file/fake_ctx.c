// SPDX-License-Identifier: Apache-2.0
// A small engine for tests of sources.
#include "fake_ctx.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

static void *heap_alloc(void *user, size_t size, size_t align)
{
    struct fake_heap *heap = user;
    pthread_mutex_lock(&heap->lock);
    const bool fails = ++heap->calls == heap->fail_at;
    heap->live += fails ? 0 : size;
    heap->peak = heap->live > heap->peak ? heap->live : heap->peak;
    pthread_mutex_unlock(&heap->lock);
    void *memory = NULL;
    if (fails || posix_memalign(&memory, align < 16 ? 16 : align, size ? size : 1) != 0)
        return NULL;
    return memory;
}

static void heap_free(void *user, void *memory, size_t size)
{
    struct fake_heap *heap = user;
    pthread_mutex_lock(&heap->lock);
    heap->live -= memory ? size : 0;
    pthread_mutex_unlock(&heap->lock);
    free(memory);
}

void fake_heap_init(struct fake_heap *heap)
{
    *heap = (struct fake_heap){ .allocator = { heap_alloc, heap_free, heap } };
    pthread_mutex_init(&heap->lock, NULL);
}

static struct fake_ctx *fake_of(flow_ctx *ctx)
{
    return (struct fake_ctx *)(void *)((char *)ctx - offsetof(flow_ctx_engine, ctx));
}

static void add_range(
    struct fake_ctx *fake, const void *data, size_t len, void (*release)(void *), void *user)
{
    if (fake->range_count == fake->range_size) {
        fake->range_size = fake->range_size ? 2 * fake->range_size : 64;
        fake->ranges = realloc(fake->ranges, fake->range_size * sizeof *fake->ranges);
    }
    fake->ranges[fake->range_count++] = (struct fake_range){ data, len, release, user };
}

static bool lives(const struct fake_ctx *fake, flow_str text)
{
    for (size_t i = fake->range_count; i > 0; i--) {
        const struct fake_range *range = &fake->ranges[i - 1];
        if (text.data >= range->data && text.data + text.len <= range->data + range->len)
            return true;
    }
    return text.len == 0;
}

static void adopt_texts(struct fake_ctx *fake, char *row)
{
    for (uint32_t i = 0; i < fake->type->field_count; i++) {
        const flow_field *field = &fake->type->fields[i];
        if (field->kind != FLOW_KIND_STR)
            continue;
        flow_str text;
        memcpy(&text, row + field->offset, sizeof text);
        if (!lives(fake, text))
            fake->strays++;
        char *copy = malloc(text.len + 1);
        memcpy(copy, text.len ? text.data : "", text.len);
        copy[text.len] = '\0';
        text.data = copy;
        memcpy(row + field->offset, &text, sizeof text);
        fake->copies = realloc(fake->copies, (fake->copy_count + 1) * sizeof *fake->copies);
        fake->copies[fake->copy_count++] = copy;
    }
}

static void collect(struct fake_ctx *fake, const void *rows, size_t count)
{
    const size_t size = fake->type->size;
    if (fake->count + count > fake->size) {
        fake->size = 2 * (fake->count + count);
        fake->rows = realloc(fake->rows, fake->size * size);
    }
    char *to = fake->rows + fake->count * size;
    memcpy(to, rows, count * size);
    for (size_t i = 0; i < count; i++)
        adopt_texts(fake, to + i * size);
    fake->count += count;
}

static void *fake_reserve(flow_ctx *ctx, uint32_t output, const flow_type *type, uint32_t *count)
{
    struct fake_ctx *fake = fake_of(ctx);
    ck_assert_uint_eq(output, 0);
    ck_assert_ptr_eq(type, fake->type);
    const uint32_t room = fake->room ? fake->room : FLOW_BATCH_ROWS;
    *count = *count < room ? *count : room;
    free(fake->reserved);
    fake->reserved = malloc((size_t)*count * type->size);
    memset(fake->reserved, 0xa5, (size_t)*count * type->size);
    return fake->reserved;
}

static flow_status fake_commit(flow_ctx *ctx, uint32_t output, uint32_t count)
{
    struct fake_ctx *fake = fake_of(ctx);
    ck_assert_uint_eq(output, 0);
    collect(fake, fake->reserved, count);
    return FLOW_OK;
}

static flow_status fake_lend(flow_ctx *ctx, const flow_type *type, const void *rows, uint32_t count)
{
    struct fake_ctx *fake = fake_of(ctx);
    ck_assert_ptr_eq(type, fake->type);
    const size_t strays = fake->strays;
    collect(fake, rows, count);
    fake->strays = strays; // texts of lent rows are the lender's
    fake->lent += count;
    return FLOW_OK;
}

static void *fake_alloc(flow_ctx *ctx, size_t size)
{
    char *memory = calloc(1, size ? size : 1);
    add_range(fake_of(ctx), memory, size, NULL, memory);
    return memory;
}

static flow_status fake_fail(flow_ctx *ctx, flow_status status, const char *message)
{
    struct fake_ctx *fake = fake_of(ctx);
    snprintf(fake->message, sizeof fake->message, "%s", message);
    fake->failed = status;
    return ctx->status = status;
}

static flow_status fake_keep(
    flow_ctx *ctx, const void *data, size_t len, void (*release)(void *user), void *user)
{
    add_range(fake_of(ctx), data, len, release, user);
    return FLOW_OK;
}

static flow_status fake_reject(flow_ctx *ctx, flow_str element, const char *message)
{
    struct fake_ctx *fake = fake_of(ctx);
    if (fake->on_error == FLOW_ON_ERROR_FAIL)
        return fake_fail(ctx, FLOW_PARSE, message);
    if (fake->reject_count < 64) {
        struct fake_reject *reject = &fake->rejects[fake->reject_count];
        reject->element = malloc(element.len + 1);
        memcpy(reject->element, element.len ? element.data : "", element.len);
        reject->element[element.len] = '\0';
        reject->len = element.len;
        snprintf(reject->message, sizeof reject->message, "%s", message);
    }
    fake->reject_count++;
    return FLOW_OK;
}

static const char *fake_step_path(const flow_ctx *ctx)
{
    (void)ctx;
    return "test/step";
}

static const flow_ctx_ops fake_ops = { .reserve = fake_reserve,
    .commit = fake_commit,
    .lend = fake_lend,
    .alloc = fake_alloc,
    .fail = fake_fail,
    .keep = fake_keep,
    .reject = fake_reject,
    .step_path = fake_step_path };

void fake_ctx_init(struct fake_ctx *fake, const flow_type *type)
{
    memset(fake, 0, sizeof *fake);
    fake->engine.ops = &fake_ops;
    fake->type = type;
    fake->on_error = FLOW_ON_ERROR_DEAD_LETTER;
}

void fake_ctx_clear(struct fake_ctx *fake)
{
    for (size_t i = 0; i < fake->reject_count && i < 64; i++)
        free(fake->rejects[i].element);
    for (size_t i = 0; i < fake->copy_count; i++)
        free(fake->copies[i]);
    free(fake->copies);
    fake->copies = NULL;
    fake->copy_count = 0;
    fake->reject_count = 0;
    fake->count = 0;
    fake->lent = 0;
}

void fake_ctx_release(struct fake_ctx *fake)
{
    for (size_t i = 0; i < fake->range_count; i++) {
        if (fake->ranges[i].release)
            fake->ranges[i].release(fake->ranges[i].user);
        else
            free(fake->ranges[i].user);
    }
    fake->range_count = 0;
}

void fake_ctx_fini(struct fake_ctx *fake)
{
    fake_ctx_clear(fake);
    fake_ctx_release(fake);
    free(fake->ranges);
    free(fake->rows);
    free(fake->reserved);
}

flow_status fake_open(struct fake_job *job)
{
    static const flow_allocator none = { 0 };
    const flow_open open = { .config = job->config,
        .step = "test/step",
        .type = job->ctx->type,
        .workers = 2,
        .allocator = job->heap ? &job->heap->allocator : &none,
        .on_error = job->ctx->on_error,
        .error = &job->error };
    job->error = (flow_error){ 0 };
    job->pieces = 0;
    job->self = calloc(1, job->source->self_size);
    const flow_status status = job->source->open(job->self, &open);
    if (status != FLOW_OK) {
        free(job->self);
        job->self = NULL;
    }
    return status;
}

static flow_status read_piece(struct fake_job *job, const flow_piece *piece)
{
    struct fake_ctx *fake = job->ctx;
    if (job->twice) {
        const size_t count = fake->count;
        const size_t rejects = fake->reject_count;
        if (job->source->read(job->self, piece, &fake->engine.ctx) == FLOW_OK) {
            fake->count = count;
            for (size_t i = rejects; i < fake->reject_count && i < 64; i++)
                free(fake->rejects[i].element);
            fake->reject_count = rejects;
        }
    }
    return job->source->read(job->self, piece, &fake->engine.ctx);
}

flow_claim fake_step(struct fake_job *job, uint32_t partition)
{
    flow_piece piece = { 0 };
    struct fake_ctx *fake = job->ctx;
    const flow_claim claim = job->source->claim(job->self, partition, &piece, &job->error);
    if (claim != FLOW_CLAIM_PIECE)
        return claim;
    ck_assert_uint_lt(piece.begin, piece.end);
    ck_assert_uint_eq(piece.partition, partition);
    job->pieces++;
    job->last_end = piece.end;
    if (read_piece(job, &piece) != FLOW_OK) {
        flow_error_raise(&job->error, fake->failed, "test/step", "%s", fake->message);
        return FLOW_CLAIM_FAILED;
    }
    if (!fake->pinned)
        fake_ctx_release(fake);
    if (!job->late && job->source->finalize)
        job->source->finalize(job->self, partition, piece.end);
    return FLOW_CLAIM_PIECE;
}

flow_claim fake_drain(struct fake_job *job, uint32_t partition)
{
    flow_claim claim = FLOW_CLAIM_PIECE;
    while (claim == FLOW_CLAIM_PIECE)
        claim = fake_step(job, partition);
    return claim;
}

void fake_close(struct fake_job *job)
{
    if (job->self == NULL)
        return;
    job->source->close(job->self);
    free(job->self);
    job->self = NULL;
}

flow_status fake_run(struct fake_job *job)
{
    if (fake_open(job) != FLOW_OK)
        return job->error.status;
    const uint32_t parts = job->source->partitions(job->self);
    flow_claim claim = FLOW_CLAIM_END;
    for (uint32_t i = 0; i < parts && claim == FLOW_CLAIM_END; i++) {
        while ((claim = fake_drain(job, i)) == FLOW_CLAIM_WAIT)
            usleep(100);
    }
    fake_close(job);
    return claim == FLOW_CLAIM_END ? FLOW_OK : job->error.status;
}

static char folder[256];

const char *fake_folder(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/flow-test-XXXXXX", base ? base : P_tmpdir);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    return folder;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Calls `see` for every file below a folder, in order of name, and after it for the folder.
static void walk(const char *path, void (*see)(const char *path, bool is_folder))
{
    struct stat info;
    char *names[4096];
    size_t count = 0;
    if (lstat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        see(path, false);
        return;
    }
    DIR *dir = opendir(path);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL && count < 4096;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            names[count++] = strdup(entry->d_name);
    closedir(dir);
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        char below[1024];
        snprintf(below, sizeof below, "%s/%s", path, names[i]);
        walk(below, see);
        free(names[i]);
    }
    see(path, true);
}

static void see_away(const char *path, bool is_folder)
{
    if (is_folder)
        rmdir(path);
    else
        unlink(path);
}

void fake_folder_remove(void)
{
    walk(folder, see_away);
}

static flow_buffer tree;

// The file's name, and its lines in order of their bytes.
static void see_lines(const char *path, bool is_folder)
{
    char *lines[4096];
    size_t count = 0;
    if (is_folder)
        return;
    flow_buffer_printf(&tree, "%s\n", path + strlen(folder) + 1);
    char *content = fake_content(path, NULL);
    for (char *line = content, *end; (end = strchr(line, '\n')) && count < 4096; line = end + 1) {
        *end = '\0';
        lines[count++] = line;
    }
    qsort(lines, count, sizeof *lines, by_name);
    for (size_t i = 0; i < count; i++)
        flow_buffer_printf(&tree, "  %s\n", lines[i]);
    free(content);
}

const char *fake_tree(void)
{
    tree.len = 0;
    walk(folder, see_lines);
    flow_buffer_put(&tree, "", 1);
    return tree.data;
}

const char *fake_path(const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *fake_file(const char *name, const void *data, size_t len)
{
    const char *path = fake_path(name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(len ? fwrite(data, 1, len, file) : 0, len);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

void fake_append(const char *path, const void *data, size_t len)
{
    const int fd = open(path, O_WRONLY | O_APPEND);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, data, len), (int)len);
    close(fd);
}

char *fake_content(const char *path, size_t *len)
{
    struct stat info;
    const int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &info) != 0)
        return NULL;
    char *data = malloc((size_t)info.st_size + 1);
    const ssize_t got = read(fd, data, (size_t)info.st_size);
    ck_assert_int_eq((int)got, (int)info.st_size);
    data[got] = '\0';
    if (len)
        *len = (size_t)got;
    close(fd);
    return data;
}

size_t fake_files(void)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return count;
}
