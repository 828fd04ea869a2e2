// SPDX-License-Identifier: Apache-2.0
// Many files at once: looked up by name, opened when there is something for them, closed in order
// of their last use.
#include "set.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "crc.h"
#include "heap.h"
#include "pattern.h"

#define BUCKETS_LEAST 64u

// --- names

static bool grow(struct fl_set *set)
{
    const uint32_t count = set->bucket_count ? 2 * set->bucket_count : BUCKETS_LEAST;
    struct fl_named **buckets = fl_file_alloc(set->allocator, count * sizeof(struct fl_named *));
    if (buckets == NULL)
        return false;
    for (struct fl_named *named = set->first; named; named = named->after) {
        named->next = buckets[named->hash & (count - 1)];
        buckets[named->hash & (count - 1)] = named;
    }
    fl_file_free(set->buckets);
    set->buckets = buckets;
    set->bucket_count = count;
    return true;
}

static struct fl_named *find(const struct fl_set *set, flow_str name, uint32_t hash)
{
    struct fl_named *named =
        set->bucket_count ? set->buckets[hash & (set->bucket_count - 1)] : NULL;
    while (named && !(named->hash == hash && named->len == name.len &&
                        memcmp(named->name, name.data, name.len) == 0))
        named = named->next;
    return named;
}

struct fl_named *fl_set_name(struct fl_set *set, flow_str name, flow_error *error)
{
    const uint32_t hash = fl_crc(FL_CRC_32C, name.data, name.len);
    struct fl_named *named = find(set, name, hash);
    if (named != NULL)
        return named;
    if (set->count >= set->bucket_count && !grow(set))
        named = NULL;
    else
        named = fl_file_alloc(set->allocator, sizeof *named + name.len + 1);
    if (named == NULL) {
        flow_error_raise(error, FLOW_MEMORY, set->step, "no memory for the name of a file");
        return NULL;
    }
    named->hash = hash;
    named->len = name.len;
    memcpy(named->name, name.data, name.len);
    struct fl_named **bucket = &set->buckets[hash & (set->bucket_count - 1)];
    named->next = *bucket;
    *bucket = named;
    *(set->latest ? &set->latest->after : &set->first) = named;
    set->latest = named;
    set->count++;
    return named;
}

// --- which files are open

static void leave_list(struct fl_set *set, struct fl_part_file *file)
{
    *(file->newer ? &file->newer->older : &set->newest) = file->older;
    *(file->older ? &file->older->newer : &set->oldest) = file->newer;
    file->newer = file->older = NULL;
}

static void join_list(struct fl_set *set, struct fl_part_file *file)
{
    file->older = set->newest;
    *(set->newest ? &set->newest->newer : &set->oldest) = file;
    set->newest = file;
}

static bool sticks(struct fl_set *set, const struct fl_output *output)
{
    if (!atomic_load(&output->failed))
        return false;
    if (set->error.status == FLOW_OK)
        set->error = output->error;
    return true;
}

static void close_file(struct fl_set *set, struct fl_part_file *file)
{
    leave_list(set, file);
    file->open = false;
    set->open_count--;
}

// Makes sure that a file is open and the last to be closed.
static bool use(struct fl_set *set, struct fl_part_file *file)
{
    if (file == set->newest)
        return true;
    if (file->open) {
        leave_list(set, file);
        join_list(set, file);
        return true;
    }
    while (set->open_count >= set->open_most) {
        struct fl_part_file *oldest = set->oldest;
        close_file(set, oldest);
        fl_output_rest(&oldest->output);
        if (sticks(set, &oldest->output))
            return false;
    }
    fl_output_wake(&file->output);
    if (sticks(set, &file->output))
        return false;
    file->open = true;
    set->open_count++;
    join_list(set, file);
    return true;
}

// Writes what all files have in memory.
static void flush_all(struct fl_set *set)
{
    for (struct fl_named *named = set->first; named; named = named->after) {
        for (struct fl_part_file *file = named->last; file; file = file->before) {
            if (file->output.pending.len == 0)
                continue;
            if (!use(set, file))
                return;
            fl_output_flush(&file->output);
            if (sticks(set, &file->output))
                return;
        }
    }
    set->pending = 0;
}

// --- files

// Makes the folders of a path, but for those that are there from the beginning.
static bool make_folders(struct fl_set *set, const char *path)
{
    char folder[FL_NAME_SIZE], text[128];
    fl_file_copy_text(folder, sizeof folder, path);
    for (char *at = folder + set->folder_len; (at = strchr(at, '/')) != NULL; *at++ = '/') {
        *at = '\0';
        if (mkdir(folder, 0777) == 0 || errno == EEXIST)
            continue;
        const char *why = strerror_r(errno, text, sizeof text) == 0 ? text : "the system refused";
        flow_error_raise(&set->error, FLOW_IO, set->step, "%s: the folder %s cannot be made: %s",
            path, folder, why);
        return false;
    }
    return true;
}

// The name of a shard; how many there are is known at the end.
static bool name_of(
    struct fl_set *set, const struct fl_named *named, struct fl_name *name, uint32_t shard)
{
    const uint32_t shards = named->parts > shard ? named->parts : shard + 1;
    fl_name_shard((flow_str){ named->name, named->len }, shard, shards, name);
    if (name->full)
        flow_error_raise(&set->error, FLOW_INVALID, set->step,
            "the name of a file is longer than a path can be: %.100s…", name->text);
    return !name->full;
}

static struct fl_part_file *open_file(struct fl_set *set, const char *path)
{
    struct fl_part_file *file = fl_file_alloc(set->allocator, sizeof *file);
    if (file == NULL) {
        flow_error_raise(&set->error, FLOW_MEMORY, set->step, "%s: no memory to open it", path);
        return NULL;
    }
    file->output.step = set->step;
    file->output.compression = set->compression;
    file->output.block_size = set->block_size;
    if (fl_output_open(&file->output, path, set->allocator, &set->error) != FLOW_OK) {
        fl_file_free(file);
        return NULL;
    }
    if (file->output.temp == NULL) {
        flow_error_raise(&set->error, FLOW_IO, set->step,
            "%s: is no plain file, so none can take its place", path);
        fl_output_close(&file->output);
        fl_file_free(file);
        return NULL;
    }
    fl_format_header(set->format, &file->output.pending);
    return file;
}

// Opens the next file of a name.
static struct fl_part_file *add_file(struct fl_set *set, struct fl_named *named)
{
    struct fl_name name;
    if (!name_of(set, named, &name, named->parts) || !make_folders(set, name.text))
        return NULL;
    struct fl_part_file *file = open_file(set, name.text);
    if (file == NULL)
        return NULL;
    file->before = named->last;
    named->last = file;
    named->parts++;
    set->pending += file->output.pending.len; // its header
    return use(set, file) ? file : NULL;
}

void fl_set_put(struct fl_set *set, struct fl_named *named, flow_str text)
{
    if (set->error.status != FLOW_OK || text.len == 0)
        return;
    struct fl_part_file *file = named->last;
    const bool sharded = memchr(named->name, FL_NAME_SHARD, named->len) != NULL;
    if (file == NULL || (sharded && file->written >= set->shard_size))
        file = add_file(set, named);
    if (file == NULL)
        return;
    const size_t before = file->output.pending.len;
    if (before + text.len >= set->block_size && !use(set, file))
        return;
    fl_output_put(&file->output, text, false);
    file->written += text.len;
    set->pending += file->output.pending.len;
    set->pending -= before;
    if (!sticks(set, &file->output) && set->pending > set->pending_most)
        flush_all(set);
}

// --- the end

static flow_status sync_all(struct fl_set *set, flow_error *error)
{
    flow_status status = FLOW_OK;
    for (struct fl_named *named = set->first; named && status == FLOW_OK; named = named->after) {
        for (struct fl_part_file *file = named->last; file && status == FLOW_OK;
             file = file->before) {
            if (!use(set, file))
                return flow_error_raise(
                    error, set->error.status, set->step, "%s", set->error.message);
            close_file(set, file);
            status = fl_output_sync(&file->output, error);
        }
    }
    return status;
}

static flow_status name_all(struct fl_set *set, flow_error *error)
{
    struct fl_name name;
    flow_status status = FLOW_OK;
    for (struct fl_named *named = set->first; named && status == FLOW_OK; named = named->after) {
        uint32_t shard = named->parts;
        for (struct fl_part_file *file = named->last; file && status == FLOW_OK;
             file = file->before) {
            if (!name_of(set, named, &name, --shard))
                return flow_error_raise(
                    error, set->error.status, set->step, "%s", set->error.message);
            status = fl_output_rename_to(&file->output, name.text, set->allocator, error);
        }
    }
    return status;
}

// Files of one folder mostly follow one another.
static flow_status sync_folders(struct fl_set *set, flow_error *error)
{
    const struct fl_output *synced = NULL;
    flow_status status = FLOW_OK;
    for (struct fl_named *named = set->first; named && status == FLOW_OK; named = named->after) {
        if (named->last == NULL || (synced && fl_output_neighbours(synced, &named->last->output)))
            continue;
        status = fl_output_sync_folder(&named->last->output, error);
        synced = &named->last->output;
    }
    return status;
}

flow_status fl_set_finish(struct fl_set *set, flow_error *error)
{
    flow_status status = set->error.status;
    if (status != FLOW_OK)
        flow_error_raise(error, status, set->step, "%s", set->error.message);
    if (status == FLOW_OK)
        status = sync_all(set, error);
    if (status == FLOW_OK)
        status = name_all(set, error);
    if (status == FLOW_OK)
        status = sync_folders(set, error);
    fl_set_drop(set);
    return status;
}

void fl_set_drop(struct fl_set *set)
{
    while (set->first) {
        struct fl_named *named = set->first;
        set->first = named->after;
        while (named->last) {
            struct fl_part_file *file = named->last;
            named->last = file->before;
            fl_output_close(&file->output);
            fl_file_free(file);
        }
        fl_file_free(named);
    }
    fl_file_free(set->buckets);
    set->buckets = NULL;
    set->bucket_count = set->count = set->open_count = 0;
    set->latest = NULL;
    set->newest = set->oldest = NULL;
    set->pending = 0;
    set->error.status = FLOW_OK;
}
