// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * What the files of the write side share.
 *
 * A bundle's rows are formatted into the worker's own buffer (a spill file when they are many), and
 * reach the output only when the bundle is published. So an aborted bundle leaves nothing to undo,
 * and the rows of one bundle stay together whatever the other workers do.
 */
#ifndef FL_FILE_WRITE_H
#define FL_FILE_WRITE_H

#include <pthread.h>
#include <stdatomic.h>

#include <flow/file.h>
#include <flow/transform.h>

/** Published bytes that are written (and compressed) at once. */
#define FL_BLOCK_SIZE ((size_t)1 << 20)
/** Formatted bytes of one bundle that stay in memory. */
#define FL_SPILL_SIZE ((size_t)8 << 20)

/** A write step as built; in pipeline memory. */
struct fl_write_config {
    flow_file_write_options options;  /**< As asked for, defaults filled in. */
    size_t block_size;                /**< FL_BLOCK_SIZE; tests make it small. */
    size_t spill_size;                /**< FL_SPILL_SIZE; tests make it small. */
    const struct fl_pattern *pattern; /**< `path` is one; or NULL. */
    const struct fl_shown *shown;     /**< Elements come with sign or goal; or NULL. */
};

/** How rows become text. */
struct fl_format {
    flow_file_format format;     /**< Which form. */
    const flow_type *type;       /**< The element. */
    flow_key_spec key;           /**< Its key, or kind NONE. */
    const flow_type *key_record; /**< The key's type, when it is a record. */
    const char *key_name;        /**< Name of the key's column. */
    uint32_t text_offset;        /**< FLOW_LINES: where in an element the text lies. */
    bool header;                 /**< FLOW_CSV: begin with the names of the columns. */
    flow_compression codec;      /**< FLOW_AVRO: of blocks. */
};

/** How a step writes elements as it is opened for. */
struct fl_format fl_file_format_of(const struct fl_write_config *config, const flow_open *open);

/** How the files of a step are compressed from outside. */
flow_compression fl_file_compression(const flow_file_write_options *options);

/** Checks that elements and key can be written in the form, and completes `format`. */
flow_status fl_format_check(struct fl_format *format, const char *step, flow_error *error);

/** Appends what stands before the rows. */
void fl_format_header(const struct fl_format *format, flow_buffer *out);

/** Appends rows. FLOW_INVALID with a sentence when one cannot be said in the form. */
flow_status fl_format_rows(const struct fl_format *format, const flow_batch *batch,
    flow_buffer *out, flow_error *error, const char *step);

/** A file that is being written. Workers may share it. */
struct fl_output {
    pthread_mutex_t lock; /**< Guards what follows. */
    const char *step;     /**< For errors. */
    char *path;           /**< Its name when it is finished. */
    char *temp;           /**< Its name until then; NULL: written in place (stdout, devices). */
    int fd;               /**< −1: closed. */
    bool final;           /**< It has its name. */
    bool begun;           /**< Something was written to it. */
    flow_compression compression; /**< NONE or a kind. */
    size_t block_size;            /**< See FL_BLOCK_SIZE. */
    flow_buffer pending;          /**< Published, not written. */
    flow_buffer packed;           /**< Compressed, while it is written. */
    atomic_bool failed;           /**< Publishing could not write; `error` tells why. */
    flow_error error;             /**< Guarded by the lock. */
};

/** Opens the temporary file beside `path`, or `path` itself when it is no plain file. */
flow_status fl_output_open(
    struct fl_output *output, const char *path, const flow_allocator *allocator, flow_error *error);

/** Adds published bytes; with `now`, they are written at once. The caller holds the lock. Failures
 * stick. */
void fl_output_put(struct fl_output *output, flow_str text, bool now);

/** Adds `len` bytes from the start of a spill file. */
void fl_output_put_file(struct fl_output *output, int fd, uint64_t len);

/** Writes what is pending and syncs: after that only the name is missing. */
flow_status fl_output_sync(struct fl_output *output, flow_error *error);

/** Gives the file its name. */
flow_status fl_output_rename(struct fl_output *output, flow_error *error);

/** Gives the file another name than was said when it was opened, in the same folder. */
flow_status fl_output_rename_to(
    struct fl_output *output, const char *path, const flow_allocator *allocator, flow_error *error);

/** Closes the file for now; what is pending stays so. Failures stick. */
void fl_output_rest(struct fl_output *output);

/** Writes what is pending to the file, which is open, and gives its buffers back. Failures stick.
 */
void fl_output_flush(struct fl_output *output);

/** Opens a resting file again, to go on at its end. Failures stick. */
void fl_output_wake(struct fl_output *output);

/** Whether two files lie in one folder. */
bool fl_output_neighbours(const struct fl_output *a, const struct fl_output *b);

/** Makes the new name last, whatever happens to the machine. */
flow_status fl_output_sync_folder(struct fl_output *output, flow_error *error);

/** Closes; a file without its name is removed. */
void fl_output_close(struct fl_output *output);

/** A file without a name beside `path`, for a bundle too large for memory; −1 with the error. */
int fl_spill_open(const struct fl_output *output, flow_error *error);

/** Writes all bytes; false with `errno` in `*number`. */
bool fl_write_all(int fd, flow_str text, int *number);

/** The sink, for tests that open it with a configuration of their own. */
extern const flow_sink fl_file_sink;

#endif
