// SPDX-License-Identifier: Apache-2.0
// An allocator that counts what it gave, checks what it gets back, and fails when told to.
#ifndef ALLOC_PROBE_H
#define ALLOC_PROBE_H

#include <stdint.h>
#include <stdlib.h>

#include <check.h>

#include <flow/base.h>

struct alloc_probe {
    size_t held;      // bytes not given back
    size_t calls;     // allocations asked for
    size_t fail_from; // the number of the first call that fails; 0: none
};

static inline void *alloc_probe_take(void *user, size_t size, size_t align)
{
    struct alloc_probe *probe = user;
    probe->calls++;
    if (probe->fail_from && probe->calls >= probe->fail_from)
        return NULL;
    const size_t room = align > 16 ? align : 16;
    unsigned char *base = aligned_alloc(room, (size + 2 * room - 1) / room * room);
    ck_assert_ptr_nonnull(base);
    memcpy(base + room - sizeof size, &size, sizeof size);
    memcpy(base + room - 2 * sizeof size, &room, sizeof room);
    memset(base + room, 0xA5, size);
    probe->held += size;
    return base + room;
}

static inline void alloc_probe_give(void *user, void *memory, size_t size)
{
    struct alloc_probe *probe = user;
    size_t was, room;
    memcpy(&was, (unsigned char *)memory - sizeof was, sizeof was);
    memcpy(&room, (unsigned char *)memory - 2 * sizeof was, sizeof room);
    ck_assert_uint_eq(was, size);
    probe->held -= size;
    free((unsigned char *)memory - room);
}

static inline flow_allocator alloc_probe_allocator(struct alloc_probe *probe)
{
    return (flow_allocator){ alloc_probe_take, alloc_probe_give, probe };
}

#endif
