// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * A small engine for tests of sources: collects what is emitted, checks that every text lies in
 * memory that lives, counts what is rejected. And folders with files in them.
 */
#ifndef FAKE_CTX_H
#define FAKE_CTX_H

#include <pthread.h>

#include <flow/runner.h>

/** An allocator that counts, and fails when told to. */
struct fake_heap {
    flow_allocator allocator; /**< What to hand on. */
    pthread_mutex_t lock;     /**< Guards what follows. */
    size_t live;              /**< Bytes now. */
    size_t peak;              /**< The most so far. */
    size_t calls;             /**< Allocations so far. */
    size_t fail_at;           /**< Which call fails, from 1; 0: none. */
};

/** Sets a heap up. */
void fake_heap_init(struct fake_heap *heap);

/** A rejected element. */
struct fake_reject {
    char *element;     /**< Its bytes. */
    size_t len;        /**< How many. */
    char message[512]; /**< The sentence. */
};

/** A run of bytes that lives until the bundle ends. */
struct fake_range {
    const char *data;            /**< First byte. */
    size_t len;                  /**< Bytes. */
    void (*release)(void *user); /**< For kept ones; NULL: from flow_alloc. */
    void *user;                  /**< For `release`. */
};

/** A context; `engine.ctx` is given to sources. */
struct fake_ctx {
    flow_ctx_engine engine;         /**< First, so that one leads to the other. */
    const flow_type *type;          /**< What may be emitted. */
    uint32_t room;                  /**< Rows that flow_reserve gives at most; 0: 1,024. */
    flow_on_error on_error;         /**< Policy. */
    char *rows;                     /**< What was emitted, texts copied. */
    size_t count;                   /**< Rows. */
    size_t size;                    /**< Rows there is room for. */
    char *reserved;                 /**< The last flow_reserve. */
    struct fake_reject rejects[64]; /**< The first of them. */
    size_t reject_count;            /**< All of them. */
    struct fake_range *ranges;      /**< What lives until the bundle ends. */
    size_t range_count;             /**< How many. */
    size_t range_size;              /**< How many there is room for. */
    size_t lent;                    /**< Rows that came by flow_lend. */
    size_t strays;                  /**< Texts that lay in no living memory. */
    bool pinned;                    /**< Kept memory is released by fake_ctx_release only. */
    char message[640];              /**< Of flow_fail or the failing reject. */
    flow_status failed;             /**< Its status. */
    char **copies;                  /**< Copied texts. */
    size_t copy_count;              /**< How many. */
};

/** Sets a context up for rows of `type`. */
void fake_ctx_init(struct fake_ctx *fake, const flow_type *type);

/** Forgets rows and rejects. */
void fake_ctx_clear(struct fake_ctx *fake);

/** Ends the bundle: releases what was kept. */
void fake_ctx_release(struct fake_ctx *fake);

/** Gives everything back. */
void fake_ctx_fini(struct fake_ctx *fake);

/** How fake_run reads. */
struct fake_job {
    const flow_source *source; /**< The source. */
    const void *config;        /**< Its configuration. */
    struct fake_ctx *ctx;      /**< Collects. */
    struct fake_heap *heap;    /**< NULL: the C library. */
    bool twice;                /**< Each piece is read twice; the first time is forgotten. */
    bool late;                 /**< Pieces are finalized only at the end. */
    void *self;                /**< The open source. */
    flow_error error;          /**< What went wrong. */
    uint64_t pieces;           /**< How many there were. */
    uint64_t last_end;         /**< Where the last of them ended. */
};

/** Opens the source. */
flow_status fake_open(struct fake_job *job);

/** One piece of a partition: claimed, read, finalized. */
flow_claim fake_step(struct fake_job *job, uint32_t partition);

/** Steps until the partition waits, ends or fails. */
flow_claim fake_drain(struct fake_job *job, uint32_t partition);

/** Closes the source. */
void fake_close(struct fake_job *job);

/** Open, drain all partitions, close. FLOW_OK or what went wrong. */
flow_status fake_run(struct fake_job *job);

/** A new empty folder; removed, with what is in it, by fake_folder_remove. */
const char *fake_folder(void);

/** Removes the last folder. */
void fake_folder_remove(void);

/** Every file of the folder and below, by name, each with its lines in order of their bytes and two
 * spaces before: valid until the next call. */
const char *fake_tree(void);

/** The path of a file in the folder: valid until the eighth call after. */
const char *fake_path(const char *name);

/** Writes a file in the folder and returns its path. */
const char *fake_file(const char *name, const void *data, size_t len);

/** Appends to a file. */
void fake_append(const char *path, const void *data, size_t len);

/** The content of a file, terminated, to be freed; NULL when there is none. */
char *fake_content(const char *path, size_t *len);

/** How many files lie in the folder, hidden ones too. */
size_t fake_files(void);

#endif
