// SPDX-License-Identifier: Apache-2.0
// Live windows by key, and how a bundle that changes them leaves no trace when it is aborted.
#include "live.h"
#include "extents.h"

// What the table has of a key is the window itself, or a list of several: then bit 0 is set.
static bool is_list(uintptr_t cell)
{
    return cell & 1;
}

static struct fl_live_list *list_of(uintptr_t cell)
{
    return (struct fl_live_list *)(cell - 1);
}

uint32_t fl_live_count(uintptr_t cell)
{
    return is_list(cell) ? list_of(cell)->count : cell != 0;
}

struct fl_live *fl_live_at(uintptr_t cell, uint32_t i)
{
    if (i >= fl_live_count(cell))
        return NULL;
    return is_list(cell) ? list_of(cell)->at[i] : (struct fl_live *)cell;
}

static uintptr_t *slot_of(const struct fl_lives *lives, const union fl_live_key *key)
{
    const struct fl_table *table = &lives->table;
    return table->form == FL_KEY_WORD
               ? fl_table_find_word(table, key->word)
               : fl_table_find_bytes(table, key->bytes, fl_hash_bytes(key->bytes));
}

uintptr_t fl_live_find(const struct fl_lives *lives, const union fl_live_key *key)
{
    const uintptr_t *slot = slot_of(lives, key);
    return slot ? *slot : 0;
}

static bool before(flow_window a, flow_window b)
{
    return a.start.us != b.start.us ? a.start.us < b.start.us : a.end.us < b.end.us;
}

uint32_t fl_live_place(uintptr_t cell, flow_window window)
{
    uint32_t low = 0, high = fl_live_count(cell);
    // what is new is mostly the latest, or in it
    if (high > 0 && before(fl_live_at(cell, high - 1)->window, window))
        return high;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (before(fl_live_at(cell, middle)->window, window))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// --- undo

static void put_back(struct fl_op *op, void *at, const void *image)
{
    const struct fl_lives *lives = op->keyed->lives;
    struct fl_live *live = at;
    memcpy(live, image, lives->size);
    if (!lives->bulk)
        return;
    struct fl_bulk *bulk = fl_live_bulk(lives, live);
    if (bulk->oldest)
        bulk->oldest->next = NULL;
    if (bulk->last) {
        bulk->last->next = NULL;
        bulk->last->count = bulk->last_count;
    }
}

static void forget_hints(struct fl_live *live)
{
    live->due_hint = live->wake_hint = live->hold_hint = FL_NEVER;
}

static void unborn(struct fl_op *op, void *at, const void *image)
{
    (void)op;
    (void)image;
    forget_hints(at);
}

// What the table had of a key, and which key.
struct headed {
    union fl_live_key key;
    uintptr_t cell;
};

static void put_cell(struct fl_op *op, void *at, const void *image)
{
    const struct headed *was = image;
    (void)at;
    *slot_of(op->keyed->lives, &was->key) = was->cell;
}

static void drop_key(struct fl_op *op, void *at, const void *image)
{
    struct fl_table *table = &op->keyed->lives->table;
    const union fl_live_key *key = image;
    (void)at;
    if (table->form == FL_KEY_WORD)
        fl_table_remove_word(table, key->word);
    else
        fl_table_remove_bytes(table, key->bytes, fl_hash_bytes(key->bytes));
}

static void list_put(struct fl_live_list *list, uint32_t i, struct fl_live *live)
{
    memmove(&list->at[i + 1], &list->at[i], (list->count - i) * sizeof list->at[0]);
    list->at[i] = live;
    list->count++;
}

static struct fl_live *list_take(struct fl_live_list *list, uint32_t i)
{
    struct fl_live *live = list->at[i];
    list->count--;
    memmove(&list->at[i], &list->at[i + 1], (list->count - i) * sizeof list->at[0]);
    return live;
}

// A change of a list, to be taken back.
struct listed {
    struct fl_live *live;
    uint32_t i;
};

static void take_out(struct fl_op *op, void *at, const void *image)
{
    (void)op;
    list_take(at, ((const struct listed *)image)->i);
}

static void put_in(struct fl_op *op, void *at, const void *image)
{
    const struct listed *was = image;
    (void)op;
    list_put(at, was->i, was->live);
}

bool fl_live_touch(struct fl_op *op, struct fl_live *live)
{
    const uint64_t bundle = op->worker->bundle.number;
    if (live->stamp == bundle)
        return true;
    if (!fl_undo_add(op, put_back, live, live, op->keyed->lives->size))
        return false;
    live->stamp = bundle;
    return true;
}

static void put_pointer(struct fl_op *op, void *at, const void *image)
{
    (void)op;
    memcpy(at, image, sizeof(void *));
}

bool fl_live_keep_pointer(struct fl_op *op, void *pointer)
{
    return fl_undo_add(op, put_pointer, pointer, pointer, sizeof(void *));
}

// --- keys

// The slot of a key, made if need be; *key is then as the table has it.
static uintptr_t *need_slot(struct fl_op *op, union fl_live_key *key)
{
    struct fl_lives *lives = op->keyed->lives;
    struct fl_table *table = &lives->table;
    struct fl_cache *cache = &op->worker->cache;
    const bool words = table->form == FL_KEY_WORD;
    uintptr_t *slot = slot_of(lives, key);
    if (slot) {
        if (!words)
            key->bytes = fl_table_key(table, slot);
        return slot;
    }
    if (!fl_table_reserve(cache, table, 1, words ? 0 : key->bytes.len))
        return NULL;
    slot = words ? fl_table_add_word(cache, table, key->word)
                 : fl_table_add_bytes(cache, table, key->bytes, fl_hash_bytes(key->bytes));
    if (!words)
        key->bytes = fl_table_key(table, slot);
    if (!fl_undo_add(op, drop_key, NULL, key, sizeof *key)) {
        drop_key(op, NULL, key);
        return NULL;
    }
    return slot;
}

static bool set_cell(
    struct fl_op *op, const union fl_live_key *key, uintptr_t *slot, uintptr_t cell)
{
    const struct headed was = { *key, *slot };
    if (!fl_undo_add(op, put_cell, NULL, &was, sizeof was))
        return false;
    *slot = cell;
    return true;
}

static size_t list_size(uint32_t room)
{
    return sizeof(struct fl_live_list) + room * sizeof(struct fl_live *);
}

// A list with room for one more than the cell has. Its former block, if it was a list, goes.
static struct fl_live_list *larger(struct fl_op *op, uintptr_t cell)
{
    struct fl_lives *lives = op->keyed->lives;
    const uint32_t count = fl_live_count(cell);
    const uint32_t room = count < 6 ? 6 : 2 * count; // lists begin with a line of memory
    struct fl_live_list *list = fl_nook_take(&lives->bytes, list_size(room));
    if (!list)
        return NULL;
    list->count = count;
    list->room = room;
    for (uint32_t i = 0; i < count; i++)
        list->at[i] = fl_live_at(cell, i);
    if (is_list(cell) &&
        !fl_nook_give(&lives->bytes, list_of(cell), list_size(list_of(cell)->room)))
        return NULL;
    return list;
}

// Puts a window in its place among those of its key.
static bool insert(struct fl_op *op, struct fl_live *live, uintptr_t *slot)
{
    const uintptr_t cell = *slot;
    if (cell == 0)
        return set_cell(op, &live->key, slot, (uintptr_t)live);
    const struct listed put = { live, fl_live_place(cell, live->window) };
    struct fl_live_list *list = is_list(cell) ? list_of(cell) : NULL;
    if (!list || list->count == list->room) {
        list = larger(op, cell);
        if (!list || !set_cell(op, &live->key, slot, (uintptr_t)list + 1))
            return false;
    }
    if (!fl_undo_add(op, take_out, list, &put, sizeof put))
        return false;
    list_put(list, put.i, live);
    return true;
}

static bool note_gone(struct fl_op *op, const union fl_live_key *key)
{
    struct fl_worker *worker = op->worker;
    struct fl_lives *lives = op->keyed->lives;
    struct fl_live_gone *gone = fl_mem_alloc(&worker->cache, worker->bundle.mem, sizeof *gone);
    if (!gone)
        return false;
    gone->key = *key;
    gone->next = lives->gone;
    lives->gone = gone;
    return true;
}

// Takes a window out from among those of its key.
static bool take_from_cell(struct fl_op *op, struct fl_live *live)
{
    uintptr_t *slot = slot_of(op->keyed->lives, &live->key);
    if (!is_list(*slot))
        return set_cell(op, &live->key, slot, 0) && note_gone(op, &live->key);
    struct fl_live_list *list = list_of(*slot);
    struct listed taken = { live, fl_live_place(*slot, live->window) };
    while (list->at[taken.i] != live)
        taken.i++; // a closed window has the same bounds
    if (!fl_undo_add(op, put_in, list, &taken, sizeof taken))
        return false;
    list_take(list, taken.i);
    if (list->count > 0)
        return true;
    return set_cell(op, &live->key, slot, 0) && note_gone(op, &live->key) &&
           fl_nook_give(&op->keyed->lives->bytes, list, list_size(list->room));
}

// --- windows

struct fl_live *fl_live_new(struct fl_op *op, const union fl_live_key *key, flow_window window)
{
    struct fl_lives *lives = op->keyed->lives;
    union fl_live_key own = *key;
    uintptr_t *slot = need_slot(op, &own);
    struct fl_live *live = slot ? fl_nook_take(&lives->windows, lives->size) : NULL;
    if (!live)
        return NULL;
    memset(live, 0, lives->size);
    lives->kept.windows += lives->size;
    live->key = own;
    live->stamp = op->worker->bundle.number;
    live->window = window;
    live->due = live->wake = live->hold = FL_NEVER;
    forget_hints(live);
    live->on_time_index = -1;
    if (!fl_undo_add(op, unborn, live, NULL, 0))
        return NULL;
    return insert(op, live, slot) ? live : NULL;
}

bool fl_live_remove(struct fl_op *op, struct fl_live *live)
{
    struct fl_lives *lives = op->keyed->lives;
    if (!fl_live_touch(op, live) || !take_from_cell(op, live) ||
        (lives->bulk && !fl_content_clear(op, live, true)) ||
        !fl_nook_give(&lives->windows, live, lives->size))
        return false;
    lives->kept.windows -= lives->size;
    forget_hints(live);
    return true;
}

bool fl_live_move(struct fl_op *op, struct fl_live *live, flow_window window)
{
    uintptr_t *slot = slot_of(op->keyed->lives, &live->key);
    if (!fl_live_touch(op, live))
        return false;
    const uintptr_t cell = *slot;
    const uint32_t count = fl_live_count(cell);
    uint32_t i = 0;
    if (count > 1)
        for (i = fl_live_place(cell, live->window); fl_live_at(cell, i) != live;)
            i++;
    // mostly a window only grows, and stands where it stood
    if ((i == 0 || !before(window, fl_live_at(cell, i - 1)->window)) &&
        (i + 1 >= count || !before(fl_live_at(cell, i + 1)->window, window))) {
        live->window = window;
        return true;
    }
    struct fl_live_list *list = list_of(cell);
    const struct listed taken = { live, i };
    if (!fl_undo_add(op, put_in, list, &taken, sizeof taken))
        return false;
    list_take(list, i);
    live->window = window;
    const struct listed put = { live, fl_live_place(cell, window) };
    if (!fl_undo_add(op, take_out, list, &put, sizeof put))
        return false;
    list_put(list, put.i, live);
    return true;
}

// --- hints

// One hint a window and queue is enough: one that is too early moves when it comes first.
static bool hint(
    struct fl_op *op, struct fl_hints *hints, struct fl_live *live, int64_t *hinted, int64_t at)
{
    if (at == FL_NEVER || *hinted <= at)
        return true;
    *hinted = at;
    return fl_hints_add(&op->worker->cache, hints, (struct fl_hint){ at, live });
}

bool fl_live_hint(struct fl_op *op, struct fl_live *live)
{
    struct fl_lives *lives = op->keyed->lives;
    return hint(op, &lives->dues, live, &live->due_hint, live->due) &&
           (!lives->clocked || hint(op, &lives->wakes, live, &live->wake_hint, live->wake)) &&
           (!lives->holding || hint(op, &lives->holds, live, &live->hold_hint, live->hold));
}

// --- the end of a bundle

static bool move_key(void *user, struct fl_mem *to, void *value, flow_str key)
{
    const uintptr_t cell = *(const uintptr_t *)value;
    (void)user;
    (void)to;
    for (uint32_t i = 0; i < fl_live_count(cell); i++)
        fl_live_at(cell, i)->key.bytes = key;
    return true;
}

void fl_lives_commit(struct fl_op *op)
{
    struct fl_lives *lives = op->keyed->lives;
    const bool gone = lives->gone != NULL;
    for (const struct fl_live_gone *key = lives->gone; key; key = key->next) {
        const uintptr_t *slot = slot_of(lives, &key->key);
        if (slot && *slot == 0)
            drop_key(op, NULL, &key->key);
    }
    lives->gone = NULL;
    lives->kept_before = lives->kept;
    fl_extents_commit(op);
    fl_nook_commit(&lives->windows);
    fl_nook_commit(&lives->blocks);
    fl_nook_commit(&lives->extents);
    fl_nook_commit(&lives->bytes);
    fl_hints_commit(&lives->dues);
    fl_hints_commit(&lives->wakes);
    fl_hints_commit(&lives->holds);
    if (gone && lives->table.form == FL_KEY_BYTES)
        fl_table_tidy(&op->worker->cache, &lives->table, move_key, NULL);
}

void fl_lives_abort(struct fl_op *op)
{
    struct fl_lives *lives = op->keyed->lives;
    lives->gone = NULL;
    lives->kept = lives->kept_before;
    lives->dropped = NULL;
    fl_nook_abort(&lives->windows);
    fl_nook_abort(&lives->blocks);
    fl_nook_abort(&lives->extents);
    fl_nook_abort(&lives->bytes);
    fl_hints_abort(&lives->dues);
    fl_hints_abort(&lives->wakes);
    fl_hints_abort(&lives->holds);
}
