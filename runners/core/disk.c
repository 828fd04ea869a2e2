// SPDX-License-Identifier: Apache-2.0
// The system's disk, for what does not fit into memory.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE // O_TMPFILE, fallocate
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core.h"

#define NAME "/flow-spill-XXXXXX"

// Where the file system knows no files without a name: its name is gone at once.
static int open_named(const char *directory)
{
    char path[4096];
    if (strlen(directory) + sizeof NAME > sizeof path)
        return -ENAMETOOLONG;
    snprintf(path, sizeof path, "%s" NAME, directory);
    const int file = mkostemp(path, O_CLOEXEC); // mode 0600
    if (file < 0)
        return -errno;
    if (unlink(path) == 0)
        return file;
    const int problem = errno;
    close(file);
    return -problem;
}

static int open_file(void *user, const char *directory)
{
    (void)user;
#ifdef O_TMPFILE
    const int file = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0)
        return file;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
        return -errno;
#endif
    return open_named(directory);
}

static int64_t write_at(void *user, int file, const void *bytes, size_t len, uint64_t at)
{
    (void)user;
    ssize_t done;
    do
        done = pwrite(file, bytes, len, (off_t)at);
    while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : done;
}

static int64_t read_at(void *user, int file, void *bytes, size_t len, uint64_t at)
{
    (void)user;
    ssize_t done;
    do
        done = pread(file, bytes, len, (off_t)at);
    while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : done;
}

// Where holes cannot be made, the place is free when the file goes.
static void drop(void *user, int file, uint64_t from, uint64_t to)
{
    (void)user;
#ifdef FALLOC_FL_PUNCH_HOLE
    if (fallocate(
            file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from)) != 0)
        return;
#else
    (void)file;
    (void)from;
    (void)to;
#endif
}

static void close_file(void *user, int file)
{
    (void)user;
    close(file);
}

const struct fl_disk fl_system_disk = {
    .open = open_file, .write = write_at, .read = read_at, .drop = drop, .close = close_file
};
