// SPDX-License-Identifier: Apache-2.0
// A whole file in memory, as both parsing loops read it.
#include "hand/hand.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *hand_map(const struct hand_file *file, size_t *size)
{
    struct stat info;
    const int fd = open(file->path, O_RDONLY);
    void *data = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &info) == 0 && info.st_size > 0) {
        *size = (size_t)info.st_size;
        data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    }
    if (fd >= 0)
        close(fd);
    if (data != MAP_FAILED)
        return data;
    fprintf(stderr, "bench: %s: cannot be read\n", file->path);
    return NULL;
}

void hand_unmap(const char *data, size_t size)
{
    munmap((void *)(uintptr_t)data, size);
}
