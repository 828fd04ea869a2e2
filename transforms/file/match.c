// SPDX-License-Identifier: Apache-2.0
// flow_file_watch: the files that a pattern matches, as elements, polled for new ones.
#include <errno.h>
#include <glob.h>
#include <sys/stat.h>

#include <flow/file.h>
#include <flow/transform.h>

#include "core/one.h"
#include "read.h"

static const flow_field file_fields[] = {
    FLOW_COLUMN(flow_file, path),
    FLOW_COLUMN(flow_file, size),
    FLOW_COLUMN(flow_file, modified),
};
const flow_type flow_file_type = {
    .name = "flow_file",
    .size = sizeof(struct flow_file),
    .align = _Alignof(struct flow_file),
    .field_count = 3,
    .fields = file_fields,
};

// What is watched.
struct flow_file_pattern {
    flow_str path;
};
FLOW_RECORD(flow_file_pattern, path);

// A file that vanished since it was listed is no file.
static flow_status tell(flow_ctx *ctx, const char *path, flow_poll *poll)
{
    struct stat info;
    char text[128];
    if (stat(path, &info) != 0)
        return errno == ENOENT ? FLOW_OK
                               : flow_fail(ctx, FLOW_IO, "%s: cannot be looked at: %s", path,
                                     fl_system_sentence(errno, text, sizeof text));
    if (S_ISDIR(info.st_mode))
        return FLOW_OK;
    const flow_time modified = { (int64_t)info.st_mtim.tv_sec * 1000000 +
                                 info.st_mtim.tv_nsec / 1000 };
    return FLOW_FOUND(
        poll, flow_file, .path = flow_str_of(path), .size = info.st_size, .modified = modified);
}

static flow_status watch(flow_ctx *ctx, const struct flow_file_pattern *pattern, flow_poll *poll)
{
    const flow_str path = flow_format(ctx, "%.*s", (int)pattern->path.len, pattern->path.data);
    glob_t found = { 0 };
    flow_status status = ctx->status;
    if (status != FLOW_OK)
        return status;
    const int code = glob(path.data, 0, NULL, &found);
    if (code != 0 && code != GLOB_NOMATCH)
        status = flow_fail(ctx, code == GLOB_NOSPACE ? FLOW_MEMORY : FLOW_IO,
            "%s: the files that match cannot be listed", path.data);
    for (size_t i = 0; code == 0 && i < found.gl_pathc && status == FLOW_OK; i++)
        status = tell(ctx, found.gl_pathv[i], poll);
    globfree(&found);
    return status;
}
FLOW_POLL_FN(watch, flow_file_pattern, flow_file);

flow_coll flow_file_watch_sized(
    flow_pipeline *pipeline, const flow_file_watch_options *options, size_t size)
{
    flow_file_watch_options known;
    struct flow_file_pattern *pattern = flow_pipeline_alloc(pipeline, sizeof *pattern);
    const flow_coll none = { pipeline, 0 };
    if (pattern == NULL)
        return none;
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    if (!copied || known.path == NULL || known.path[0] == '\0') {
        flow_pipeline_fail(pipeline, FLOW_INVALID, known.name ? known.name : "watch", "%s",
            copied ? "the option `path` is missing" : FLOW_OPTION_UNKNOWN);
        return none;
    }
    const char *path = flow_pipeline_string(pipeline, known.path);
    if (path == NULL)
        return none;
    pattern->path = flow_str_of(path);
    flow_watch_options how = { .name = known.name,
        .every = known.every,
        .quiet = known.quiet,
        .total = known.total,
        .most = known.most };
    if (!known.updates)
        how.by = FLOW_FIELD(flow_file, path);
    return flow_watch(fl_one(pipeline, &flow_file_pattern_type, pattern), &watch_poll, &how);
}
