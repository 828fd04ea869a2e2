// SPDX-License-Identifier: Apache-2.0
// What a key has in a window, as arrays: what it comes to, changed by an element, merged with
// another.
#include "own_place.h"

struct own_act own_act_of(int64_t v)
{
    uint64_t random = (uint64_t)v;
    struct own_act act = { (enum own_kind)flow_test_below(&random, OWN_KINDS), 0, 0, 0, 0 };
    act.key = flow_test_below(&random, OWN_NAMES);
    act.n = flow_test_below(&random, 1000);
    act.tag = flow_test_below(&random, 3);
    act.more = flow_test_below(&random, 9);
    return act;
}

enum own_kind own_plain_kind(enum own_kind kind)
{
    switch (kind % 5) {
    case 0:
        return OWN_ALARM;
    case 1:
        return kind == 1 ? OWN_EMPTY : OWN_STOP;
    default:
        return OWN_CHAIN;
    }
}

void own_chain_add(struct own_chain *chain, int64_t n)
{
    chain->h = (chain->h * 31 + n + 1) % OWN_PRIME;
    chain->p = (chain->p ? chain->p : 1) * 31 % OWN_PRIME;
    chain->last = n;
}

void own_chain_join(struct own_chain *into, const struct own_chain *other)
{
    if (other->p == 0)
        return;
    into->h = (into->h * other->p + other->h) % OWN_PRIME;
    into->p = (into->p ? into->p : 1) * other->p % OWN_PRIME;
    into->last = other->last;
}

// --- saying

// Entries in order of their keys, and of their coming.
static int64_t list_fold(const struct list *list, int64_t key_unit)
{
    bool done[MOST] = { false };
    int64_t sum = 0;
    for (size_t round = 0; round < list->count; round++) {
        size_t first = MOST;
        for (size_t i = 0; i < list->count; i++)
            if (!done[i] && (first == MOST || list->at[i].key < list->at[first].key))
                first = i;
        done[first] = true;
        sum = own_fold(sum, list->at[first].n, list->at[first].key / key_unit);
    }
    return sum;
}

int64_t own_place_digest(const struct place *p)
{
    int64_t sum = own_fold(own_fold(0, p->chain.h, p->chain.p), p->chain.last, 0);
    sum = own_fold(sum, p->newest.there ? p->newest.n : -1, 1);
    sum = own_fold(sum, p->oldest.there ? p->oldest.n : -1, 2);
    sum = own_fold(sum, p->sum, p->count);
    sum = own_fold(sum, list_fold(&p->bag, 1), (int64_t)p->bag.count);
    for (int64_t i = 0; i < OWN_NAMES; i++)
        if (p->set[i])
            sum = own_fold(sum, 3, i);
    for (int64_t i = 0; i < OWN_NAMES; i++)
        if (p->map[i].p)
            sum = own_fold(own_fold(sum, p->map[i].h, p->map[i].p), p->map[i].last, i);
    sum = own_fold(sum, list_fold(&p->many, 1), (int64_t)p->many.count);
    sum = own_fold(sum, list_fold(&p->line, OWN_SECOND), (int64_t)p->line.count);
    sum = own_fold(sum, list_fold(&p->brief, 1), (int64_t)p->brief.count);
    for (int64_t i = 0; i < OWN_NAMES; i++)
        if (p->recent[i].there)
            sum = own_fold(sum, p->recent[i].n, i);
    return sum;
}

// --- merging

static void list_join(struct list *early, const struct list *late)
{
    for (size_t i = 0; i < late->count; i++) {
        ck_assert_uint_lt(early->count, MOST);
        early->at[early->count++] = late->at[i];
    }
}

static void dated_join(struct dated *early, const struct dated *late, bool latest)
{
    const struct dated was = *early;
    const bool take = latest ? late->written >= was.written : late->written < was.written;
    if (!late->there)
        return;
    if (!was.there || take)
        *early = *late;
    if (was.there)
        early->end = was.end > late->end ? was.end : late->end;
}

static void forget_wiped(struct place *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->alarm_count; i++)
        if (p->alarms[i].timer != OWN_T_WIPED)
            p->alarms[kept++] = p->alarms[i];
    p->alarm_count = kept;
}

static void alarm_join(struct place *early, const struct alarm *other)
{
    for (size_t i = 0; i < early->alarm_count; i++) {
        struct alarm *mine = &early->alarms[i];
        if (mine->timer != other->timer || mine->tag != other->tag)
            continue;
        const int64_t hold = mine->hold < other->hold ? mine->hold : other->hold;
        if (mine->timer == OWN_T_IDLE ? other->at > mine->at : other->at < mine->at)
            *mine = *other;
        mine->hold = hold;
        mine->output = hold < mine->output ? hold : mine->output;
        return;
    }
    ck_assert_uint_lt(early->alarm_count, TIMERS);
    early->alarms[early->alarm_count++] = *other;
}

void own_place_join(struct place *early, struct place *late)
{
    own_chain_join(&early->chain, &late->chain);
    dated_join(&early->newest, &late->newest, true);
    dated_join(&early->oldest, &late->oldest, false);
    early->count += late->count;
    early->sum += late->sum;
    for (int i = 0; i < OWN_NAMES; i++) {
        early->set[i] = early->set[i] || late->set[i];
        own_chain_join(&early->map[i], &late->map[i]);
        dated_join(&early->recent[i], &late->recent[i], true);
    }
    list_join(&early->bag, &late->bag);
    list_join(&early->many, &late->many);
    list_join(&early->line, &late->line);
    list_join(&early->brief, &late->brief);
    if (!early->fresh && !late->fresh) {
        forget_wiped(early);
        forget_wiped(late);
    }
    early->fresh = early->fresh && late->fresh;
    for (size_t i = 0; i < late->alarm_count; i++)
        alarm_join(early, &late->alarms[i]);
    late->there = false;
}

// --- elements

static void list_put(struct list *list, int64_t key, int64_t n, int64_t end)
{
    ck_assert_uint_lt(list->count, MOST);
    list->at[list->count++] = (struct entry){ key, n, end };
}

void own_place_act(struct place *p, const struct own_act *act, int64_t time)
{
    const int64_t end = time + OWN_TTL * OWN_SECOND;
    switch (act->kind) {
    case OWN_CHAIN:
        own_chain_add(&p->chain, act->n);
        break;
    case OWN_TIMES:
        p->newest = p->oldest = (struct dated){ true, act->n, time, NEVER };
        break;
    case OWN_SUM:
        p->count++;
        p->sum += act->n;
        break;
    case OWN_BAG:
        list_put(&p->bag, 0, act->n, NEVER);
        break;
    case OWN_SET:
        p->set[act->key] = true;
        break;
    case OWN_MAP:
        own_chain_add(&p->map[act->key], act->n);
        break;
    case OWN_MANY:
        list_put(&p->many, act->key, act->n, NEVER);
        break;
    case OWN_LINE:
        list_put(&p->line, act->key * OWN_SECOND, act->n, NEVER);
        break;
    case OWN_BRIEF:
        list_put(&p->brief, 0, act->n, end);
        p->recent[act->key] = (struct dated){ true, act->n, time, end };
        break;
    default:
        break;
    }
}

bool own_place_empty(const struct place *p)
{
    bool any = p->chain.p || p->newest.there || p->oldest.there || p->count || p->bag.count ||
               p->many.count || p->line.count || p->brief.count || p->alarm_count;
    for (int i = 0; i < OWN_NAMES; i++)
        any = any || p->set[i] || p->map[i].p || p->recent[i].there;
    return !any;
}
