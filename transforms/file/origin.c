// SPDX-License-Identifier: Apache-2.0
// Where elements came from, for errors and dead letters. Who asks goes through a piece from its
// first element to its last, so what was found is kept, and each record is parsed once more at
// most.
#include "heap.h"
#include "read.h"

static struct fl_origins *origins_of(struct fl_file_read *read)
{
    struct fl_origins *origins;
    pthread_mutex_lock(&read->lock);
    if (read->origins == NULL) {
        origins = fl_file_alloc(&read->allocator, sizeof *origins);
        if (origins != NULL) {
            memset(origins, 0, sizeof *origins);
            if (pthread_mutex_init(&origins->lock, NULL) == 0)
                read->origins = origins;
            else
                fl_file_free(origins);
        }
    }
    origins = read->origins;
    pthread_mutex_unlock(&read->lock);
    return origins;
}

static void forget(struct fl_origin *origin)
{
    fl_chunk_unref(origin->chunk);
    memset(origin, 0, sizeof *origin);
}

// Begins a piece anew; false when it cannot be read again.
static bool begin(struct fl_origin *origin, struct fl_file_read *read, struct fl_part *part,
    const flow_piece *piece)
{
    forget(origin);
    if (part->split) {
        origin->chunk = fl_plain_again(read, part, piece, &origin->records);
        if (origin->chunk == NULL)
            return false;
    } else {
        origin->records = fl_stream_records(read, part, piece);
    }
    origin->part = part;
    origin->begin = piece->begin;
    return true;
}

// A stream's records lie in its piece, which may be another copy of the same.
static void lay_anew(struct fl_origin *origin, struct fl_file_read *read, struct fl_part *part,
    const flow_piece *piece)
{
    const struct fl_records whole = fl_stream_records(read, part, piece);
    const size_t passed = (size_t)(origin->records.offset - whole.offset);
    origin->records.text = (flow_str){ whole.text.data + passed, whole.text.len - passed };
}

// Goes to an element of a piece; false when it is not to be found.
static bool go_to(
    struct fl_origin *origin, struct fl_file_read *read, const flow_piece *piece, uint64_t ordinal)
{
    struct fl_part *part = &read->parts[piece->partition];
    const bool goes_on =
        origin->part == part && origin->begin == piece->begin && ordinal >= origin->ordinal;
    if (!goes_on && !begin(origin, read, part, piece))
        return false;
    if (goes_on && !part->split)
        lay_anew(origin, read, part, piece);
    if (fl_records_find(&origin->records, ordinal - origin->ordinal)) {
        origin->ordinal = ordinal;
        return true;
    }
    forget(origin);
    return false;
}

void fl_origin_tell(
    struct fl_file_read *read, const flow_piece *piece, uint64_t ordinal, char *text, size_t size)
{
    struct fl_origins *origins = origins_of(read);
    if (origins == NULL)
        return;
    // neighbouring pieces of a file are in work at once
    const uint64_t which = piece->begin / read->config->piece_size + piece->partition;
    pthread_mutex_lock(&origins->lock);
    struct fl_origin *origin = &origins->list[which % FL_ORIGINS];
    if (go_to(origin, read, piece, ordinal))
        fl_records_place(&origin->records, text, size);
    pthread_mutex_unlock(&origins->lock);
}

void fl_origins_close(struct fl_file_read *read)
{
    if (read->origins == NULL)
        return;
    for (uint32_t i = 0; i < FL_ORIGINS; i++)
        forget(&read->origins->list[i]);
    pthread_mutex_destroy(&read->origins->lock);
    fl_file_free(read->origins);
    read->origins = NULL;
}
