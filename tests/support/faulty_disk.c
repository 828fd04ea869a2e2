// SPDX-License-Identifier: Apache-2.0
// A disk of memory.
#include "faulty_disk.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int open_disk(void *user, const char *directory)
{
    struct faulty_disk *disk = user;
    ck_assert_ptr_nonnull(directory);
    disk->opened++;
    return disk->open_fails ? -disk->open_fails : 3;
}

static int64_t write_disk(void *user, int file, const void *bytes, size_t len, uint64_t at)
{
    struct faulty_disk *disk = user;
    ck_assert_int_eq(file, 3);
    if (disk->write_at && ++disk->writes >= disk->write_at)
        return -disk->write_fails;
    len = disk->most && disk->most < len ? disk->most : len;
    if (at + len > disk->room) {
        disk->room = (at + len) * 2;
        disk->bytes = realloc(disk->bytes, disk->room);
        ck_assert_ptr_nonnull(disk->bytes);
    }
    memcpy(disk->bytes + at, bytes, len);
    disk->len = at + len > disk->len ? at + len : disk->len;
    return (int64_t)len;
}

static int64_t read_disk(void *user, int file, void *bytes, size_t len, uint64_t at)
{
    struct faulty_disk *disk = user;
    ck_assert_int_eq(file, 3);
    disk->reads++;
    if (disk->read_at && disk->reads >= disk->read_at)
        return -disk->read_fails;
    len = disk->most && disk->most < len ? disk->most : len;
    len = at >= disk->len ? 0 : at + len > disk->len ? disk->len - at : len;
    memcpy(bytes, disk->bytes + at, len);
    if (len && disk->reads == disk->damage_at)
        ((char *)bytes)[len - 1] ^= 0x10;
    return (int64_t)len;
}

// What is dropped is lost, so that nobody reads it again.
static void drop_disk(void *user, int file, uint64_t from, uint64_t to)
{
    struct faulty_disk *disk = user;
    ck_assert_int_eq(file, 3);
    ck_assert_uint_le(to, disk->len);
    memset(disk->bytes + from, 0xA5, to - from);
    disk->dropped += to - from;
}

static void close_disk(void *user, int file)
{
    struct faulty_disk *disk = user;
    ck_assert_int_eq(file, 3);
    disk->closed++;
}

void faulty_disk_init(struct faulty_disk *disk)
{
    memset(disk, 0, sizeof *disk);
    disk->disk = (struct fl_disk){ .user = disk,
        .open = open_disk,
        .write = write_disk,
        .read = read_disk,
        .drop = drop_disk,
        .close = close_disk };
}

void faulty_disk_fini(struct faulty_disk *disk)
{
    ck_assert_uint_eq(disk->closed, disk->opened && !disk->open_fails ? 1 : 0);
    free(disk->bytes);
}
