// SPDX-License-Identifier: Apache-2.0
// The rule of docs/guide/spikes.md by brute force over a table of counts: what the truth is.
#include "scan.h"

#include <stdio.h>
#include <stdlib.h>

void found_add(struct found_list *list, const struct found *item)
{
    if (list->count == list->size) {
        list->size = list->size ? 2 * list->size : 64;
        list->items = realloc(list->items, list->size * sizeof *list->items);
        if (!list->items) {
            fputs("generate: out of memory\n", stderr);
            exit(1);
        }
    }
    list->items[list->count++] = *item;
}

uint32_t window_count(const uint32_t *minutes, uint32_t end)
{
    uint32_t count = 0;
    for (uint32_t m = end - WINDOW; m < end; m++)
        count += minutes[m];
    return count;
}

uint32_t baseline_sum(const uint32_t *minutes, uint32_t end)
{
    uint32_t sum = 0;
    for (uint32_t m = end - WARM_UP; m < end - WINDOW; m++)
        sum += minutes[m];
    return sum;
}

double factor_of(uint32_t count, uint32_t sum)
{
    const double baseline = (double)sum / BASELINE;
    return (double)count / (baseline < 1 ? 1 : baseline);
}

static bool fires(uint32_t count, uint32_t sum, enum kind *kind)
{
    *kind = KIND_SPIKE;
    if (count >= COUNT_MIN && count * BASELINE >= FACTOR * sum)
        return true;
    *kind = KIND_DROP;
    return sum >= BASELINE_MIN * BASELINE && count * BASELINE * DROP_FACTOR <= sum;
}

// Whether a firing is more telling than the peak so far.
static bool exceeds(const struct found *firing, const struct found *peak)
{
    const double a = factor_of(firing->count, firing->sum);
    const double b = factor_of(peak->count, peak->sum);
    return firing->kind == KIND_SPIKE ? a > b : a < b;
}

static void join(struct found_list *list, size_t begin, const struct found *firing)
{
    struct found *open = list->count > begin ? &list->items[list->count - 1] : NULL;
    if (!open || open->kind != firing->kind || firing->last > open->last + COOLDOWN) {
        found_add(list, firing);
        return;
    }
    open->last = firing->last;
    if (exceeds(firing, open)) {
        open->peak = firing->peak;
        open->count = firing->count;
        open->sum = firing->sum;
    }
}

void scan(const uint32_t *minutes, uint32_t count, uint32_t product, struct found_list *list)
{
    const size_t begin = list->count;
    for (uint32_t end = WARM_UP; end < count; end++) {
        struct found firing = { .product = product, .first = end, .last = end, .peak = end };
        firing.count = window_count(minutes, end);
        firing.sum = baseline_sum(minutes, end);
        if (fires(firing.count, firing.sum, &firing.kind))
            join(list, begin, &firing);
    }
}
