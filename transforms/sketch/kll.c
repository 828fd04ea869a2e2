// SPDX-License-Identifier: Apache-2.0
// KLL: levels of items, halved where they are full. Which half stays is told by a hash of how many
// values there are, so the same values in the same order give the same sketch.
#include "kll.h"

#include <math.h>
#include <string.h>

#define WIDTH_MIN 8u    // of a level
#define ITEMS_MAX 4096u // of a sketch: more than fit into a record

// A sketch, or the two that are being merged, while it is worked on.
struct work {
    uint32_t k;
    uint64_t count;
    uint32_t levels;
    uint64_t *sizes;
    double *items;
    uint32_t total; // items
};

static uint32_t width(uint32_t k, uint32_t levels, uint32_t level)
{
    double w = k;
    for (uint32_t depth = levels - 1 - level; depth > 0 && w > WIDTH_MIN; depth--)
        w *= 2.0 / 3;
    return w > WIDTH_MIN ? (uint32_t)w : WIDTH_MIN;
}

static uint32_t capacity(uint32_t k, uint32_t levels)
{
    uint32_t sum = 0;
    for (uint32_t level = 0; level < levels; level++)
        sum += width(k, levels, level);
    return sum;
}

uint32_t fl_kll_room(uint32_t k)
{
    return capacity(k, FL_KLL_LEVELS);
}

// The error that DataSketches measured for its KLL, single-sided, at 99 %: 2.296 / k^0.9723.
uint32_t fl_kll_width(double error)
{
    return (uint32_t)ceil(pow(2.296 / error, 1 / 0.9723));
}

static void sift(double *heap, uint32_t root, uint32_t count)
{
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= count)
            return;
        if (child + 1 < count && heap[child + 1] > heap[child])
            child++;
        if (heap[root] >= heap[child])
            return;
        const double moved = heap[root];
        heap[root] = heap[child];
        heap[child] = moved;
        root = child;
    }
}

static void sort(double *items, uint32_t count)
{
    for (uint32_t root = count / 2; root-- > 0;)
        sift(items, root, count);
    for (uint32_t end = count; end > 1;) {
        const double largest = items[0];
        items[0] = items[--end];
        items[end] = largest;
        sift(items, 0, end);
    }
}

static bool coin(uint64_t count, uint32_t level)
{
    uint64_t z = (count + level + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (z ^ (z >> 31)) & 1;
}

// Where the items of a level begin: those of higher ones lie before.
static uint32_t begin_of(const struct work *work, uint32_t level)
{
    uint32_t at = 0;
    for (uint32_t above = work->levels - 1; above > level; above--)
        at += (uint32_t)work->sizes[above];
    return at;
}

// Merges two sorted runs that lie one behind the other.
static void merge_runs(double *items, uint32_t first, uint32_t second)
{
    double run[ITEMS_MAX];
    memcpy(run, items + first, second * sizeof *run);
    for (uint32_t to = first + second; second > 0;) {
        if (first > 0 && items[first - 1] > run[second - 1])
            items[--to] = items[--first];
        else
            items[--to] = run[--second];
    }
}

// Halves the lowest full level into the one above.
static void compact(struct work *work)
{
    uint32_t level = 0;
    while (level + 1 < work->levels && work->sizes[level] < width(work->k, work->levels, level))
        level++;
    if (level + 1 == work->levels)
        work->sizes[work->levels++] = 0;
    const uint32_t at = begin_of(work, level);
    const uint32_t size = (uint32_t)work->sizes[level];
    const uint32_t odd = size & 1, half = size / 2;
    double *items = work->items + at;
    if (level == 0)
        sort(items, size);
    const double left = items[size - 1]; // of an odd number the last stays in its level
    const uint32_t which = coin(work->count, level);
    for (uint32_t i = 0; i < half; i++)
        items[i] = items[2 * i + which];
    const uint32_t above = (uint32_t)work->sizes[level + 1];
    merge_runs(items - above, above, half);
    if (odd)
        items[half] = left;
    const uint32_t kept = at + half + odd;
    memmove(work->items + kept, items + size, (work->total - at - size) * sizeof *items);
    work->sizes[level + 1] += half;
    work->sizes[level] = odd;
    work->total -= half;
}

// Compacts until `more` further items fit; how many there may be then.
static uint32_t shrink(struct work *work, uint32_t more)
{
    uint32_t room = capacity(work->k, work->levels);
    while (work->total + more > room) {
        compact(work);
        room = capacity(work->k, work->levels);
    }
    return room;
}

static void note_extremes(struct fl_kll *kll, double min, double max)
{
    kll->min = kll->count == 0 || min < kll->min ? min : kll->min;
    kll->max = kll->count == 0 || max > kll->max ? max : kll->max;
}

void fl_kll_add(struct fl_kll *kll, double value, uint32_t k)
{
    note_extremes(kll, value, value);
    if (kll->total >= kll->room) {
        const uint32_t levels = kll->levels ? (uint32_t)kll->levels : 1;
        struct work work = { k, kll->count, levels, kll->sizes, kll->items, (uint32_t)kll->total };
        kll->room = shrink(&work, 1);
        kll->total = work.total;
        kll->levels = work.levels;
    }
    kll->items[kll->total++] = value;
    kll->sizes[0]++;
    kll->count++;
}

void fl_kll_merge(struct fl_kll *kll, const struct fl_kll *other, uint32_t k)
{
    double items[2 * ITEMS_MAX];
    uint64_t sizes[FL_KLL_LEVELS] = { 0 };
    if (other->count == 0)
        return;
    const uint32_t levels = (uint32_t)(other->levels > kll->levels ? other->levels : kll->levels);
    struct work work = { k, kll->count + other->count, levels, sizes, items, 0 };
    const double *mine = kll->items, *theirs = other->items;
    for (uint32_t level = levels; level-- > 0;) {
        const uint32_t first = (uint32_t)kll->sizes[level], second = (uint32_t)other->sizes[level];
        memcpy(items + work.total, mine, first * sizeof *items);
        memcpy(items + work.total + first, theirs, second * sizeof *items);
        if (level > 0)
            merge_runs(items + work.total, first, second);
        mine += first;
        theirs += second;
        sizes[level] = first + second;
        work.total += first + second;
    }
    kll->room = shrink(&work, 0);
    note_extremes(kll, other->min, other->max);
    kll->total = work.total;
    kll->count = work.count;
    kll->levels = work.levels;
    memcpy(kll->sizes, sizes, sizeof sizes);
    memcpy(kll->items, items, work.total * sizeof *items);
}

// The smallest item that was not taken yet, and its level; false when none is left.
static bool next(const double *heads[], const double *ends[], uint32_t levels, uint32_t *level)
{
    bool found = false;
    for (uint32_t i = 0; i < levels; i++)
        if (heads[i] < ends[i] && (!found || *heads[i] < *heads[*level])) {
            *level = i;
            found = true;
        }
    return found;
}

void fl_kll_quantiles(const struct fl_kll *kll, const double *ranks, double *values, size_t count)
{
    const uint32_t levels = kll->levels ? (uint32_t)kll->levels : 1;
    const double *heads[FL_KLL_LEVELS], *ends[FL_KLL_LEVELS];
    double lowest[ITEMS_MAX];
    const double *at = kll->items;
    for (uint32_t level = levels; level-- > 0; at = ends[level]) {
        heads[level] = at;
        ends[level] = at + kll->sizes[level];
    }
    memcpy(lowest, heads[0], kll->sizes[0] * sizeof *lowest);
    sort(lowest, (uint32_t)kll->sizes[0]);
    heads[0] = lowest;
    ends[0] = lowest + kll->sizes[0];
    double value = kll->count ? kll->min : NAN;
    uint64_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        const double wanted = ceil(ranks[i] * (double)kll->count);
        uint32_t level = 0;
        while ((double)seen < wanted && next(heads, ends, levels, &level)) {
            value = *heads[level]++;
            seen += UINT64_C(1) << level;
        }
        values[i] = kll->count && ranks[i] >= 1 ? kll->max : value;
    }
}
