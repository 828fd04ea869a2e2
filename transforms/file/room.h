// SPDX-License-Identifier: Apache-2.0
/**
 * @file
 * Rows that a reader fills where they stay.
 */
#ifndef FL_FILE_ROOM_H
#define FL_FILE_ROOM_H

#include <flow/transform.h>

struct fl_room {
    flow_ctx *ctx;
    const flow_type *type;
    char *rows; /**< Reserved on output 0. */
    uint32_t count;
    uint32_t used; /**< Filled; one more when its row is good. */
};

/** Sends on what is filled. */
static inline flow_status fl_room_flush(struct fl_room *room)
{
    const flow_status status = room->used ? flow_commit(room->ctx, 0, room->used) : FLOW_OK;
    room->rows = NULL;
    room->count = room->used = 0;
    return status;
}

/** Room for one more row; NULL with `*status` set. */
static inline void *fl_room_next(struct fl_room *room, flow_status *status)
{
    if (room->used == room->count) {
        uint32_t count = FLOW_BATCH_ROWS;
        *status = fl_room_flush(room);
        if (*status != FLOW_OK)
            return NULL;
        room->rows = (char *)flow_reserve(room->ctx, 0, room->type, &count);
        if (room->rows == NULL) {
            *status = room->ctx->status;
            return NULL;
        }
        room->count = count;
    }
    return room->rows + (size_t)room->used * room->type->size;
}

/** flow_memory.take of a context. */
static inline void *fl_take_from_ctx(void *user, size_t size)
{
    return flow_alloc((flow_ctx *)user, size);
}

#endif
