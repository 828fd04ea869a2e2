// SPDX-License-Identifier: Apache-2.0
// Zone data of the system: from a zone's name to the bytes of its file.
#include <stdio.h>

#include "base/alloc.h"
#include "window/zone.h"

#define FOLDER       "/usr/share/zoneinfo"
#define FILE_MAX     ((size_t)1 << 20)
#define PATH_MAX_LEN 1024

// A name stays below its folder: parts between slashes, none of them empty or beginning with a dot.
static bool is_name(const char *name)
{
    bool begins = true;
    for (; *name; name++) {
        if (begins && (*name == '/' || *name == '.'))
            return false;
        begins = *name == '/';
    }
    return !begins;
}

// The bytes of a file; `bytes->data` is NULL without them.
static flow_status read_all(
    const char *path, const flow_allocator *allocator, flow_bytes *bytes, flow_error *error)
{
    *bytes = (flow_bytes){ NULL, 0 };
    FILE *file = fopen(path, "rb");
    if (!file)
        return flow_error_raise(error, FLOW_NOT_FOUND, NULL, "there is no zone data %s", path);
    void *data = fl_alloc(allocator, FILE_MAX, 1);
    const size_t len = data ? fread(data, 1, FILE_MAX, file) : 0;
    const bool failed = ferror(file) != 0;
    fclose(file);
    if (!data)
        return flow_error_raise(error, FLOW_MEMORY, NULL, "no memory to read %s", path);
    if (failed) {
        fl_free(allocator, data, FILE_MAX);
        return flow_error_raise(error, FLOW_IO, NULL, "zone data %s cannot be read", path);
    }
    *bytes = (flow_bytes){ data, len };
    return FLOW_OK;
}

flow_zone *flow_zone_new(
    const char *name, const char *folder, const flow_allocator *allocator, flow_error *error)
{
    char path[PATH_MAX_LEN];
    if (!name || !is_name(name)) {
        flow_error_raise(
            error, FLOW_INVALID, NULL, "'%s' is no name of a time zone", name ? name : "");
        return NULL;
    }
    const int len = snprintf(path, sizeof path, "%s/%s", folder ? folder : FOLDER, name);
    if (len < 0 || (size_t)len >= sizeof path) {
        flow_error_raise(error, FLOW_INVALID, NULL, "the path of zone '%s' is too long", name);
        return NULL;
    }
    flow_bytes bytes;
    if (read_all(path, allocator, &bytes, error) != FLOW_OK)
        return NULL;
    flow_zone *zone = fl_zone_parse(bytes, name, allocator, error);
    fl_free(allocator, (void *)(uintptr_t)bytes.data, FILE_MAX);
    return zone;
}
