// SPDX-License-Identifier: Apache-2.0
// Preloaded into the benchmark: counts every call that asks the allocator or the system for memory,
// whoever makes it, and passes it on.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

uint64_t bench_calls_for_memory(void);

static _Atomic uint64_t calls;

/* What dlsym itself allocates before the real functions are known. */
static char early[65536];
static _Atomic size_t early_used;

uint64_t bench_calls_for_memory(void)
{
    return atomic_load(&calls);
}

static void count(void)
{
    atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
}

static void *take_early(size_t size)
{
    const size_t at = atomic_fetch_add(&early_used, (size + 15) & ~(size_t)15);
    return at + size <= sizeof early ? early + at : NULL;
}

static bool is_early(const void *memory)
{
    return (uintptr_t)memory - (uintptr_t)early < sizeof early;
}

static _Thread_local bool searching;

/* The next definition of a function; NULL while dlsym is looking for one. */
static void *real(_Atomic(void *) *known, const char *name)
{
    void *found = atomic_load_explicit(known, memory_order_acquire);
    if (found == NULL && !searching) {
        searching = true;
        found = dlsym(RTLD_NEXT, name);
        searching = false;
        atomic_store_explicit(known, found, memory_order_release);
    }
    return found;
}

/* dlsym gives a void *; C has no cast from there to a function, memcpy is the portable way. */
#define CALL(name, early_answer, ...)                                                              \
    do {                                                                                           \
        static _Atomic(void *) known;                                                              \
        void *found = real(&known, #name);                                                         \
        if (found == NULL)                                                                         \
            return early_answer;                                                                   \
        __typeof__(&name) call;                                                                    \
        memcpy(&call, &found, sizeof call);                                                        \
        return call(__VA_ARGS__);                                                                  \
    } while (0)

void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *memory, size_t size);
void free(void *memory);
int posix_memalign(void **memory, size_t align, size_t size);
void *aligned_alloc(size_t align, size_t size);
void *memalign(size_t align, size_t size);

void *malloc(size_t size)
{
    count();
    CALL(malloc, take_early(size), size);
}

void *calloc(size_t n, size_t size)
{
    count();
    CALL(calloc, take_early(n * size), n, size);
}

void *realloc(void *memory, size_t size)
{
    if (memory != NULL && is_early(memory)) {
        void *copy = malloc(size);
        const size_t left = (size_t)(early + sizeof early - (char *)memory);
        if (copy != NULL)
            memcpy(copy, memory, size < left ? size : left);
        return copy;
    }
    count();
    CALL(realloc, NULL, memory, size);
}

static void free_real(void *memory)
{
    static _Atomic(void *) known;
    void *found = real(&known, "free");
    void (*call)(void *);
    memcpy(&call, &found, sizeof call);
    if (found != NULL)
        call(memory);
}

void free(void *memory)
{
    if (memory != NULL && !is_early(memory))
        free_real(memory);
}

int posix_memalign(void **memory, size_t align, size_t size)
{
    count();
    CALL(posix_memalign, ENOMEM, memory, align, size);
}

void *aligned_alloc(size_t align, size_t size)
{
    count();
    CALL(aligned_alloc, NULL, align, size);
}

void *memalign(size_t align, size_t size)
{
    count();
    CALL(memalign, NULL, align, size);
}

/* The C library's, however many there are. */
#define MMAP_PARAMETERS void *at, size_t size, int protection, int flags, int fd, off_t offset

void *mmap(MMAP_PARAMETERS)
{
    count();
    CALL(mmap, MAP_FAILED, at, size, protection, flags, fd, offset);
}

int brk(void *end)
{
    count();
    CALL(brk, -1, end);
}

void *sbrk(intptr_t by)
{
    count();
    CALL(sbrk, MAP_FAILED, by);
}
