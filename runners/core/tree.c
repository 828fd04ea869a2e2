// SPDX-License-Identifier: Apache-2.0
// A treap with copied paths. Nodes made in the edit's epoch are the edit's own and changed in
// place.
#include "tree.h"

#include <string.h>

#define PAGE_RECORDS 62u

enum block {
    BLOCK_NODE,
    BLOCK_ITEM,
    BLOCK_TREE
};

struct record {
    void *block;
    enum block kind;
};

struct fl_page {
    struct fl_page *before;
    struct record records[PAGE_RECORDS];
};

// --- ledgers

static bool note(struct fl_edit *edit, struct fl_ledger *ledger, void *block, enum block kind)
{
    if (!ledger->last || ledger->count == PAGE_RECORDS) {
        struct fl_page *page = fl_mem_alloc(edit->cache, edit->mem, sizeof *page);
        if (!page) {
            edit->failed = true;
            return false;
        }
        page->before = ledger->last;
        ledger->last = page;
        ledger->count = 0;
    }
    ledger->last->records[ledger->count++] = (struct record){ block, kind };
    return true;
}

// The newest record of a ledger, taken off it; false when there is none, or none behind `until`.
static bool take_off(struct fl_ledger *ledger, const struct fl_ledger *until, struct record *record)
{
    if (!ledger->last || (ledger->last == until->last && ledger->count == until->count))
        return false;
    *record = ledger->last->records[--ledger->count];
    if (ledger->count == 0 && ledger->last != until->last) {
        ledger->last = ledger->last->before;
        ledger->count = ledger->last ? PAGE_RECORDS : 0;
    }
    return true;
}

static void give_item(struct fl_edit *edit, struct fl_item *item)
{
    fl_small_give(edit->cache, edit->small, item, item->size);
}

static void give_tree(struct fl_edit *edit, struct fl_node *node)
{
    while (node) {
        struct fl_node *right = node->right;
        give_tree(edit, node->left);
        give_item(edit, node->item);
        fl_small_give(edit->cache, edit->small, node, sizeof *node);
        node = right;
    }
}

static void give_back(struct fl_edit *edit, const struct record *record)
{
    switch (record->kind) {
    case BLOCK_NODE:
        fl_small_give(edit->cache, edit->small, record->block, sizeof(struct fl_node));
        break;
    case BLOCK_ITEM:
        give_item(edit, record->block);
        break;
    case BLOCK_TREE:
        give_tree(edit, record->block);
        break;
    }
}

void fl_edit_freeze(struct fl_edit *edit)
{
    edit->epoch++;
}

struct fl_edit_mark fl_edit_mark(struct fl_edit *edit)
{
    const struct fl_edit_mark mark = { edit->born, edit->retired };
    fl_edit_freeze(edit);
    return mark;
}

void fl_edit_rollback(struct fl_edit *edit, const struct fl_edit_mark *mark)
{
    struct record record;
    while (take_off(&edit->retired, &mark->retired, &record))
        ; // they are in the old trees
    while (take_off(&edit->born, &mark->born, &record))
        give_back(edit, &record);
    fl_edit_freeze(edit);
}

static void settle(struct fl_edit *edit, struct fl_ledger *gone)
{
    const struct fl_ledger nothing = { NULL, 0 };
    struct record record;
    while (take_off(gone, &nothing, &record))
        give_back(edit, &record);
    edit->born = edit->retired = nothing;
    edit->failed = false;
    fl_edit_freeze(edit);
    fl_small_trim(edit->cache, edit->small);
}

void fl_edit_commit(struct fl_edit *edit)
{
    settle(edit, &edit->retired);
}

void fl_edit_abort(struct fl_edit *edit)
{
    settle(edit, &edit->born);
}

// --- blocks

static void *block_new(struct fl_edit *edit, size_t size, enum block kind)
{
    void *block = fl_small_take(edit->cache, edit->small, size);
    if (!block) {
        edit->failed = true;
        return NULL;
    }
    if (note(edit, &edit->born, block, kind))
        return block;
    fl_small_give(edit->cache, edit->small, block, size);
    return NULL;
}

struct fl_item *fl_item_new(struct fl_edit *edit, size_t size)
{
    struct fl_item *item = block_new(edit, size, BLOCK_ITEM);
    if (!item)
        return NULL;
    memset(item, 0, sizeof *item);
    item->first[0] = item->first[1] = INT64_MAX;
    item->epoch = edit->epoch;
    item->size = size;
    return item;
}

static uint64_t draw(struct fl_edit *edit)
{
    uint64_t z = edit->chance += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    return z ^ (z >> 27);
}

static struct fl_node *node_new(struct fl_edit *edit, struct fl_item *item)
{
    struct fl_node *node = block_new(edit, sizeof *node, BLOCK_NODE);
    if (!node)
        return NULL;
    memset(node, 0, sizeof *node);
    node->item = item;
    node->epoch = edit->epoch;
    node->priority = draw(edit);
    return node;
}

// The node itself, or a copy that may be changed.
static struct fl_node *own(struct fl_edit *edit, struct fl_node *node)
{
    if (node->epoch == edit->epoch)
        return node;
    struct fl_node *copy = block_new(edit, sizeof *copy, BLOCK_NODE);
    if (!copy || !note(edit, &edit->retired, node, BLOCK_NODE))
        return NULL;
    *copy = *node;
    copy->epoch = edit->epoch;
    return copy;
}

static struct fl_node *pull(struct fl_node *node)
{
    for (int which = 0; which < 2; which++) {
        int64_t first = node->item->first[which];
        if (node->left && node->left->first[which] < first)
            first = node->left->first[which];
        if (node->right && node->right->first[which] < first)
            first = node->right->first[which];
        node->first[which] = first;
    }
    return node;
}

// --- looking

static int compare_bytes(flow_str a, flow_str b)
{
    const size_t least = a.len < b.len ? a.len : b.len;
    const int order = least ? memcmp(a.data, b.data, least) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare(const struct fl_item *item, const struct fl_spot *spot)
{
    if (item->word != spot->word)
        return item->word < spot->word ? -1 : 1;
    const int bytes = compare_bytes(fl_item_bytes(item), spot->bytes);
    if (bytes)
        return bytes;
    return (item->order > spot->order) - (item->order < spot->order);
}

struct fl_item *fl_tree_find(const struct fl_node *top, const struct fl_spot *spot)
{
    while (top) {
        const int order = compare(top->item, spot);
        if (order == 0)
            return top->item;
        top = order < 0 ? top->right : top->left;
    }
    return NULL;
}

const struct fl_item *fl_tree_from(
    const struct fl_node *top, const struct fl_spot *spot, bool behind)
{
    const struct fl_item *found = NULL;
    while (top) {
        const int order = compare(top->item, spot);
        if (order < 0 || (behind && order == 0)) {
            top = top->right;
        } else {
            found = top->item;
            top = top->left;
        }
    }
    return found;
}

struct fl_item *fl_tree_soonest(const struct fl_node *top, int which)
{
    while (top) {
        if (top->left && top->left->first[which] == top->first[which])
            top = top->left;
        else if (top->item->first[which] == top->first[which])
            return top->item;
        else
            top = top->right;
    }
    return NULL;
}

// --- changing

// All before a spot, and the rest. False without memory.
static bool split(struct fl_edit *edit, struct fl_node *node, const struct fl_spot *spot,
    struct fl_node *parts[2])
{
    parts[0] = parts[1] = NULL;
    if (!node)
        return true;
    struct fl_node *mine = own(edit, node);
    struct fl_node *below[2];
    if (!mine)
        return false;
    const bool before = compare(mine->item, spot) < 0;
    if (!split(edit, before ? mine->right : mine->left, spot, below))
        return false;
    if (before) {
        mine->right = below[0];
        parts[0] = pull(mine);
        parts[1] = below[1];
    } else {
        mine->left = below[1];
        parts[0] = below[0];
        parts[1] = pull(mine);
    }
    return true;
}

// One tree of two, all of the left before all of the right; on failure what is left of them.
static struct fl_node *join(struct fl_edit *edit, struct fl_node *left, struct fl_node *right)
{
    if (!left || !right)
        return left ? left : right;
    const bool from_left = left->priority > right->priority;
    struct fl_node *mine = own(edit, from_left ? left : right);
    if (!mine)
        return left;
    if (from_left)
        mine->right = join(edit, mine->right, right);
    else
        mine->left = join(edit, left, mine->left);
    return pull(mine);
}

static struct fl_node *insert(struct fl_edit *edit, struct fl_node *node, struct fl_node *fresh)
{
    const struct fl_spot spot = fl_item_spot(fresh->item);
    if (!node)
        return pull(fresh);
    if (fresh->priority > node->priority) {
        struct fl_node *parts[2];
        if (!split(edit, node, &spot, parts))
            return node;
        fresh->left = parts[0];
        fresh->right = parts[1];
        return pull(fresh);
    }
    struct fl_node *mine = own(edit, node);
    if (!mine)
        return node;
    if (compare(mine->item, &spot) > 0)
        mine->left = insert(edit, mine->left, fresh);
    else
        mine->right = insert(edit, mine->right, fresh);
    return pull(mine);
}

static struct fl_node *replace(
    struct fl_edit *edit, struct fl_node *node, const struct fl_spot *spot, struct fl_item *item)
{
    struct fl_node *mine = own(edit, node);
    if (!mine)
        return node;
    const int order = compare(mine->item, spot);
    if (order == 0) {
        if (mine->item != item && note(edit, &edit->retired, mine->item, BLOCK_ITEM))
            mine->item = item;
    } else if (order > 0) {
        mine->left = replace(edit, mine->left, spot, item);
    } else {
        mine->right = replace(edit, mine->right, spot, item);
    }
    return pull(mine);
}

void fl_tree_put(struct fl_edit *edit, struct fl_root *root, struct fl_item *item)
{
    const struct fl_spot spot = fl_item_spot(item);
    if (fl_tree_find(root->top, &spot)) {
        root->top = replace(edit, root->top, &spot, item);
        return;
    }
    struct fl_node *fresh = node_new(edit, item);
    if (!fresh)
        return;
    root->top = insert(edit, root->top, fresh);
    root->count++;
}

static struct fl_node *without(
    struct fl_edit *edit, struct fl_node *node, const struct fl_spot *spot)
{
    const int order = compare(node->item, spot);
    if (order == 0) {
        if (!note(edit, &edit->retired, node, BLOCK_NODE) ||
            !note(edit, &edit->retired, node->item, BLOCK_ITEM))
            return node;
        return join(edit, node->left, node->right);
    }
    struct fl_node *mine = own(edit, node);
    if (!mine)
        return node;
    if (order > 0)
        mine->left = without(edit, mine->left, spot);
    else
        mine->right = without(edit, mine->right, spot);
    return pull(mine);
}

void fl_tree_remove(struct fl_edit *edit, struct fl_root *root, const struct fl_spot *spot)
{
    if (!fl_tree_find(root->top, spot))
        return;
    root->top = without(edit, root->top, spot);
    root->count--;
}

static uint64_t count_of(const struct fl_node *node)
{
    return node ? 1 + count_of(node->left) + count_of(node->right) : 0;
}

void fl_tree_cut(struct fl_edit *edit, struct fl_root *root, const struct fl_spot *from,
    const struct fl_spot *to)
{
    struct fl_node *parts[2], *rest[2];
    if (!split(edit, root->top, from, parts) || !split(edit, parts[1], to, rest))
        return;
    if (rest[0]) {
        root->count -= count_of(rest[0]);
        note(edit, &edit->retired, rest[0], BLOCK_TREE);
    }
    root->top = join(edit, parts[0], rest[1]);
}

void fl_tree_clear(struct fl_edit *edit, struct fl_root *root)
{
    if (!root->top || !note(edit, &edit->retired, root->top, BLOCK_TREE))
        return;
    root->top = NULL;
    root->count = 0;
}
