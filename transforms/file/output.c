// SPDX-License-Identifier: Apache-2.0
// A file on its way: under a temporary name until it is whole, synced and renamed. Standard output,
// devices and pipes are written in place when a bundle is published: there a run that fails and is
// repeated writes rows again.
#include "write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compress.h"
#include "heap.h"

#define PATH_SIZE  ((size_t)4096)
#define TEMP_TRIES 10000u

static flow_status io_error(
    const struct fl_output *output, const char *what, int number, flow_error *error)
{
    char text[128];
    if (strerror_r(number, text, sizeof text) != 0)
        fl_file_copy_text(text, sizeof text, "the system gave an error without a name");
    return flow_error_raise(error, FLOW_IO, output->step, "%s: %s: %s", output->path, what, text);
}

static size_t folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

// Names a file beside `path`: hidden, and so that nothing takes it for output.
static bool name_beside(const char *path, unsigned number, char *temp, size_t size)
{
    const size_t folder = folder_len(path);
    const int len = snprintf(
        temp, size, "%.*s.%s.tmp-%ld-%u", (int)folder, path, path + folder, (long)getpid(), number);
    return len >= 0 && (size_t)len < size;
}

// Whether an output of this process is on its way to `path` already. A file that a dead process of
// the same number left is not locked.
static bool is_taken(const char *path)
{
    char temp[PATH_SIZE + 64];
    for (unsigned i = 0; i < TEMP_TRIES && name_beside(path, i, temp, sizeof temp); i++) {
        const int fd = open(temp, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
            return false;
        const bool locked = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        close(fd);
        if (locked)
            return true;
    }
    return false;
}

// Opens a file that was not there, beside `path`.
static int open_beside(const char *path, char *temp, size_t size, int flags)
{
    for (unsigned i = 0; i < TEMP_TRIES; i++) {
        if (!name_beside(path, i, temp, size)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        const int fd = open(temp, flags | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static flow_status open_temp(struct fl_output *output, const char *path, const struct stat *old,
    const flow_allocator *allocator, flow_error *error)
{
    // A link stays a link: the file it leads to is replaced.
    char real[PATH_SIZE];
    const char *target = old && realpath(path, real) ? real : path;
    char temp[PATH_SIZE + 64];
    if (is_taken(target))
        return flow_error_raise(error, FLOW_INVALID, output->step,
            "%s: is written by another step already, which would be lost; expected a name of its "
            "own",
            output->path);
    output->fd = open_beside(target, temp, sizeof temp, O_WRONLY);
    if (output->fd < 0)
        return io_error(output, "cannot be written", errno, error);
    (void)flock(output->fd, LOCK_EX | LOCK_NB); // for is_taken; a file system may have no locks
    if (old != NULL && fchmod(output->fd, old->st_mode & 0777) != 0) {
        const flow_status status = io_error(output, "cannot be given its mode", errno, error);
        unlink(temp);
        return status;
    }
    const size_t target_size = strlen(target) + 1;
    const size_t temp_size = strlen(temp) + 1;
    char *names = fl_file_alloc(allocator, target_size + temp_size);
    if (names == NULL) {
        unlink(temp);
        return flow_error_raise(
            error, FLOW_MEMORY, output->step, "%s: no memory for its name", path);
    }
    memcpy(names, target, target_size);
    memcpy(names + target_size, temp, temp_size);
    fl_file_free(output->path);
    output->path = names;
    output->temp = names + target_size;
    return FLOW_OK;
}

static flow_status open_target(
    struct fl_output *output, const char *path, const flow_allocator *allocator, flow_error *error)
{
    struct stat old;
    if (strcmp(path, "-") == 0) {
        output->fd = STDOUT_FILENO;
        return FLOW_OK;
    }
    const bool exists = stat(path, &old) == 0;
    if (exists && S_ISDIR(old.st_mode))
        return flow_error_raise(
            error, FLOW_IO, output->step, "%s: is a folder, expected the name of a file", path);
    if (exists && !S_ISREG(old.st_mode)) {
        output->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return output->fd >= 0 ? FLOW_OK : io_error(output, "cannot be written", errno, error);
    }
    return open_temp(output, path, exists ? &old : NULL, allocator, error);
}

flow_status fl_output_open(
    struct fl_output *output, const char *path, const flow_allocator *allocator, flow_error *error)
{
    const size_t size = strlen(path) + 1;
    output->fd = -1;
    output->pending.allocator = output->packed.allocator = allocator;
    output->path = fl_file_alloc(allocator, size);
    if (output->path == NULL)
        return flow_error_raise(
            error, FLOW_MEMORY, output->step, "%s: no memory for its name", path);
    memcpy(output->path, path, size);
    if (pthread_mutex_init(&output->lock, NULL) != 0) {
        fl_file_free(output->path);
        output->path = NULL;
        return flow_error_raise(error, FLOW_IO, output->step, "the system refused to make a mutex");
    }
    const flow_status status = open_target(output, path, allocator, error);
    if (status != FLOW_OK)
        fl_output_close(output);
    return status;
}

bool fl_write_all(int fd, flow_str text, int *number)
{
    while (text.len > 0) {
        const ssize_t done = write(fd, text.data, text.len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            *number = done < 0 ? errno : ENOSPC;
            return false;
        }
        text.data += done;
        text.len -= (size_t)done;
    }
    return true;
}

static void fail(struct fl_output *output, const char *what, int number)
{
    io_error(output, what, number, &output->error);
    atomic_store(&output->failed, true);
}

static void no_memory(struct fl_output *output)
{
    flow_error_raise(&output->error, FLOW_MEMORY, output->step,
        "%s: no memory for %zu bytes that are to be written", output->path, output->pending.len);
    atomic_store(&output->failed, true);
}

// Writes what is pending; compressed, it becomes a member or frame of its own.
static void write_pending(struct fl_output *output)
{
    flow_buffer *packed = &output->packed;
    flow_str text = { output->pending.data, output->pending.len };
    int number = 0;
    if (text.len == 0 || atomic_load(&output->failed))
        return;
    if (output->compression != FLOW_COMPRESSION_NONE) {
        packed->len = 0;
        if (fl_compress(output->compression, text, packed) != FLOW_OK) {
            no_memory(output);
            return;
        }
        text = (flow_str){ packed->data, packed->len };
    }
    output->begun = true;
    if (!fl_write_all(output->fd, text, &number))
        fail(output, "cannot be written", number);
    output->pending.len = 0;
}

void fl_output_rest(struct fl_output *output)
{
    const int fd = output->fd;
    output->fd = -1;
    if (output->pending.len == 0)
        flow_buffer_free(&output->pending);
    flow_buffer_free(&output->packed);
    if (close(fd) != 0 && !atomic_load(&output->failed))
        fail(output, "cannot be closed", errno);
}

void fl_output_flush(struct fl_output *output)
{
    write_pending(output);
    flow_buffer_free(&output->pending);
    flow_buffer_free(&output->packed);
}

void fl_output_wake(struct fl_output *output)
{
    if (output->fd >= 0 || atomic_load(&output->failed))
        return;
    output->fd = open(output->temp, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (output->fd < 0)
        fail(output, "cannot be opened again to go on with it", errno);
}

void fl_output_put(struct fl_output *output, flow_str text, bool now)
{
    flow_buffer *pending = &output->pending;
    while (text.len > 0 && !atomic_load(&output->failed)) {
        const size_t room =
            output->block_size > pending->len ? output->block_size - pending->len : 1;
        const size_t len = text.len < room ? text.len : room;
        flow_buffer_put(pending, text.data, len);
        if (pending->failed) {
            no_memory(output);
            return;
        }
        text.data += len;
        text.len -= len;
        if (pending->len >= output->block_size)
            write_pending(output);
    }
    if (now)
        write_pending(output);
}

void fl_output_put_file(struct fl_output *output, int fd, uint64_t len)
{
    char buffer[16384];
    uint64_t at = 0;
    while (at < len && !atomic_load(&output->failed)) {
        const size_t want = len - at < sizeof buffer ? (size_t)(len - at) : sizeof buffer;
        const ssize_t got = pread(fd, buffer, want, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            fail(output, "the rows of a large bundle cannot be read back", got < 0 ? errno : EIO);
            return;
        }
        fl_output_put(output, (flow_str){ buffer, (size_t)got }, false);
        at += (uint64_t)got;
    }
}

flow_status fl_output_sync(struct fl_output *output, flow_error *error)
{
    // An empty file of compressed form is one empty member, so that readers find what they expect.
    if (output->compression != FLOW_COMPRESSION_NONE && output->pending.len == 0 &&
        !output->begun && !atomic_load(&output->failed)) {
        int number = 0;
        if (fl_compress(output->compression, (flow_str){ "", 0 }, &output->packed) != FLOW_OK)
            no_memory(output);
        else if (!fl_write_all(
                     output->fd, (flow_str){ output->packed.data, output->packed.len }, &number))
            fail(output, "cannot be written", number);
    }
    write_pending(output);
    if (atomic_load(&output->failed))
        return flow_error_raise(
            error, output->error.status, output->step, "%s", output->error.message);
    if (output->temp == NULL)
        return FLOW_OK; // pipes and devices cannot be synced
    if (fsync(output->fd) != 0)
        return io_error(output, "cannot be synced to disk", errno, error);
    const int fd = output->fd;
    output->fd = -1;
    if (close(fd) != 0)
        return io_error(output, "cannot be closed", errno, error);
    return FLOW_OK;
}

flow_status fl_output_rename(struct fl_output *output, flow_error *error)
{
    if (output->temp == NULL)
        return FLOW_OK;
    if (rename(output->temp, output->path) != 0)
        return io_error(output, "cannot be given its name", errno, error);
    output->final = true;
    return FLOW_OK;
}

flow_status fl_output_rename_to(
    struct fl_output *output, const char *path, const flow_allocator *allocator, flow_error *error)
{
    const char *name = path + folder_len(path);
    const size_t folder = folder_len(output->path), name_size = strlen(name) + 1;
    if (strcmp(name, output->path + folder) != 0) {
        const size_t temp_size = strlen(output->temp) + 1;
        char *names = fl_file_alloc(allocator, folder + name_size + temp_size);
        if (names == NULL)
            return flow_error_raise(
                error, FLOW_MEMORY, output->step, "%s: no memory for its name", path);
        memcpy(names, output->path, folder);
        memcpy(names + folder, name, name_size);
        memcpy(names + folder + name_size, output->temp, temp_size);
        fl_file_free(output->path);
        output->path = names;
        output->temp = names + folder + name_size;
    }
    return fl_output_rename(output, error);
}

bool fl_output_neighbours(const struct fl_output *a, const struct fl_output *b)
{
    const size_t len = folder_len(a->path);
    return len == folder_len(b->path) && memcmp(a->path, b->path, len) == 0;
}

flow_status fl_output_sync_folder(struct fl_output *output, flow_error *error)
{
    char folder[PATH_SIZE];
    if (output->temp == NULL)
        return FLOW_OK;
    const size_t len = folder_len(output->path);
    fl_file_copy_text(folder, sizeof folder, len ? output->path : ".");
    if (len > 0 && len < sizeof folder)
        folder[len] = '\0';
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return io_error(output, "its folder cannot be opened to sync it", errno, error);
    flow_status status = FLOW_OK;
    if (fsync(fd) != 0 && errno != EINVAL) // some file systems have nothing to sync there
        status = io_error(output, "its folder cannot be synced to disk", errno, error);
    close(fd);
    return status;
}

void fl_output_close(struct fl_output *output)
{
    if (output->path == NULL)
        return;
    if (output->fd >= 0 && output->fd != STDOUT_FILENO)
        close(output->fd);
    output->fd = -1;
    if (output->temp != NULL && !output->final)
        unlink(output->temp);
    flow_buffer_free(&output->pending);
    flow_buffer_free(&output->packed);
    pthread_mutex_destroy(&output->lock);
    fl_file_free(output->path);
    output->path = output->temp = NULL;
}

int fl_spill_open(const struct fl_output *output, flow_error *error)
{
    char temp[PATH_SIZE + 64];
    const int fd = open_beside(output->path, temp, sizeof temp, O_RDWR);
    if (fd < 0) {
        io_error(output, "no file for the rows of a large bundle", errno, error);
        return -1;
    }
    unlink(temp); // it needs no name, and none is left when the process dies
    return fd;
}
