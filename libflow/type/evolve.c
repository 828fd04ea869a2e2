// SPDX-License-Identifier: Apache-2.0
// Whether a stored type may become today's, what differs in words, and rows on their way.
#include "type/evolve.h"

#include <stdio.h>

#include "base/alloc.h"
#include "type/field.h"

#define DIFFERENCES_MAX 5   // that an error spells out
#define PATH_MAX_BYTES  256 // "customer.address.zip"; cut when longer

struct flow_evolution {
    flow_allocator allocator;
    fl_arena arena;   // both types and what lies between them
    fl_arena scratch; // lists of one stored row
    const struct fl_evolved *root;
    void *row; // a stored row
    bool same;
};

// Two types on their way side by side.
struct compare {
    fl_arena *arena;
    flow_evolution_rule rule;
    flow_buffer words; // every difference that is not allowed
    uint32_t count;    // of them
    bool same;
    bool memory;
};

bool fl_may_widen(flow_kind old, flow_kind now)
{
    return old == now || (old == FLOW_KIND_I32 && now == FLOW_KIND_I64) ||
           (old == FLOW_KIND_U32 && (now == FLOW_KIND_U64 || now == FLOW_KIND_I64)) ||
           (old == FLOW_KIND_F32 && now == FLOW_KIND_F64);
}

static const char *article(flow_kind kind)
{
    return kind == FLOW_KIND_I32 || kind == FLOW_KIND_I64 ? "an " : "a ";
}

// "a double", "a list of text"
static void put_kind(flow_buffer *out, const flow_field *field)
{
    if (field->kind == FLOW_KIND_LIST)
        flow_buffer_printf(out, "a list of %s", flow_kind_name(field->item));
    else
        flow_buffer_printf(out, "%s%s", article(field->kind), flow_kind_name(field->kind));
}

// Whether one more difference is spelt out; begins its sentence then.
static bool begin_difference(struct compare *compare, const char *path, const char *name)
{
    compare->same = false;
    if (compare->count++ >= DIFFERENCES_MAX)
        return false;
    flow_buffer_printf(
        &compare->words, "%sfield \"%s%s\"", compare->count > 1 ? "; " : "", path, name);
    return true;
}

static void say(struct compare *compare, const char *path, const char *name, const char *what)
{
    if (begin_difference(compare, path, name))
        flow_buffer_printf(&compare->words, " %s", what);
}

static void say_kinds(
    struct compare *compare, const char *path, const flow_field *old, const flow_field *now)
{
    if (!begin_difference(compare, path, fl_field_outside(now)))
        return;
    flow_buffer_printf(&compare->words, " is ");
    put_kind(&compare->words, old);
    flow_buffer_printf(&compare->words, " in the snapshot and ");
    put_kind(&compare->words, now);
    flow_buffer_printf(&compare->words, " in the program");
}

static const flow_field *named(const flow_type *type, const char *outside, uint32_t *index)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (strcmp(fl_field_outside(&type->fields[i]), outside) == 0) {
            *index = i;
            return &type->fields[i];
        }
    }
    return NULL;
}

static const struct fl_evolved *compare_types(
    struct compare *compare, const char *path, const flow_type *old, const flow_type *now);

// A field that both have.
static void compare_field(struct compare *compare, const char *path, struct fl_evolved_field *pair)
{
    const flow_field *old = pair->old, *now = pair->now;
    const char *name = fl_field_outside(now);
    const bool exact = compare->rule == FLOW_EVOLVE_NEVER;
    const bool unchanged = old->kind == now->kind && old->item == now->item;
    if (exact ? !unchanged
              : !(fl_may_widen(old->kind, now->kind) && fl_may_widen(old->item, now->item))) {
        say_kinds(compare, path, old, now);
        return;
    }
    compare->same = compare->same && unchanged && !old->presence == !now->presence;
    if (old->presence && !now->presence)
        say(compare, path, name, "is optional in the snapshot and not in the program");
    else if (exact && !old->presence && now->presence)
        say(compare, path, name, "is optional in the program and not in the snapshot");
    if (now->record) {
        char inner[PATH_MAX_BYTES];
        snprintf(inner, sizeof inner, "%s%s.", path, name);
        pair->record = compare_types(compare, inner, old->record, now->record);
    }
}

static void find_removed(
    struct compare *compare, const char *path, const flow_type *old, const flow_type *now)
{
    for (uint32_t i = 0, at; i < old->field_count; i++) {
        if (!named(now, old->fields[i].name, &at))
            say(compare, path, old->fields[i].name, "is in the snapshot and not in the program");
    }
}

static const struct fl_evolved *compare_types(
    struct compare *compare, const char *path, const flow_type *old, const flow_type *now)
{
    struct fl_evolved *both =
        fl_arena_calloc(compare->arena, sizeof *both, _Alignof(struct fl_evolved));
    const size_t size = now->field_count * sizeof(struct fl_evolved_field);
    struct fl_evolved_field *fields =
        fl_arena_calloc(compare->arena, size, _Alignof(struct fl_evolved_field));
    if (!both || !fields) {
        compare->memory = false;
        return NULL;
    }
    *both = (struct fl_evolved){ old, now, fields };
    const bool exact = compare->rule == FLOW_EVOLVE_NEVER;
    for (uint32_t i = 0, at = 0; i < now->field_count; i++) {
        const char *name = fl_field_outside(&now->fields[i]);
        fields[i].now = &now->fields[i];
        fields[i].old = named(old, name, &at);
        if (fields[i].old)
            compare_field(compare, path, &fields[i]);
        else if (exact)
            say(compare, path, name, "is in the program and not in the snapshot");
        else if (!now->fields[i].presence)
            say(compare, path, name,
                "is in the program and not in the snapshot, and only optional fields can be added");
        if (fields[i].old && at != i && exact)
            say(compare, path, name, "has another place in the snapshot than in the program");
        compare->same = compare->same && fields[i].old && at == i;
    }
    find_removed(compare, path, old, now);
    return both;
}

static flow_status raise_differences(
    const struct compare *compare, const flow_type *type, flow_error *error)
{
    char more[32] = "";
    if (compare->count > DIFFERENCES_MAX)
        snprintf(more, sizeof more, "; and %u more", compare->count - DIFFERENCES_MAX);
    return flow_error_raise(error, FLOW_TYPE, NULL, "record \"%s\": %.*s%s", type->name,
        (int)compare->words.len, compare->words.data, more);
}

static flow_status prepare(
    flow_evolution *evolution, const flow_type *old, const struct compare *compare)
{
    evolution->same = compare->same;
    evolution->row = fl_arena_alloc(&evolution->arena, old->size, _Alignof(max_align_t));
    return evolution->row ? FLOW_OK : FLOW_MEMORY;
}

static flow_status set_up(flow_evolution *evolution, flow_str description, const flow_type *type,
    flow_evolution_rule rule, flow_error *error)
{
    bool memory = true;
    const flow_type *old = fl_described(&evolution->arena, description, &memory);
    if (!old && memory)
        return flow_error_raise(error, FLOW_PARSE, NULL,
            "the stored description of record \"%s\" cannot be read", type->name);
    struct compare compare = {
        .arena = &evolution->arena, .rule = rule, .same = true, .memory = memory
    };
    compare.words.allocator = &evolution->allocator;
    if (old)
        evolution->root = compare_types(&compare, "", old, type);
    flow_status status = FLOW_OK;
    if (!compare.memory || compare.words.failed)
        status = flow_error_raise(
            error, FLOW_MEMORY, NULL, "no memory to compare record \"%s\"", type->name);
    else if (compare.count)
        status = raise_differences(&compare, type, error);
    else if (prepare(evolution, old, &compare) != FLOW_OK)
        status = flow_error_raise(
            error, FLOW_MEMORY, NULL, "no memory for a stored record \"%s\"", type->name);
    flow_buffer_free(&compare.words);
    return status;
}

flow_evolution *flow_evolution_new(flow_str description, const flow_type *type,
    flow_evolution_rule rule, const flow_allocator *allocator, flow_error *error)
{
    flow_evolution *evolution = fl_calloc(allocator, sizeof *evolution, _Alignof(flow_evolution));
    if (!evolution) {
        flow_error_raise(
            error, FLOW_MEMORY, NULL, "no memory to compare record \"%s\"", type->name);
        return NULL;
    }
    if (allocator)
        evolution->allocator = *allocator;
    fl_arena_init(&evolution->arena, allocator, 0);
    fl_arena_init(&evolution->scratch, allocator, 0);
    if (set_up(evolution, description, type, rule, error) == FLOW_OK)
        return evolution;
    flow_evolution_free(evolution);
    return NULL;
}

void flow_evolution_free(flow_evolution *evolution)
{
    if (!evolution)
        return;
    const flow_allocator allocator = evolution->allocator;
    fl_arena_fini(&evolution->scratch);
    fl_arena_fini(&evolution->arena);
    fl_free(&allocator, evolution, sizeof *evolution);
}

bool flow_evolution_same(const flow_evolution *evolution)
{
    return evolution->same;
}

static bool convert_row(
    const struct fl_evolved *both, const char *old, char *now, const flow_memory *memory);

static bool convert_value(const struct fl_evolved_field *pair, flow_kind old, flow_kind now,
    const void *values[2], const flow_memory *memory)
{
    const void *from = values[0];
    void *to = (void *)(uintptr_t)values[1];
    if (now == FLOW_KIND_RECORD)
        return convert_row(pair->record, from, to, memory);
    if (old == now)
        memcpy(to, from, flow_kind_size(now));
    else if (old == FLOW_KIND_I32)
        *(int64_t *)to = *(const int32_t *)from;
    else if (old == FLOW_KIND_U32) // a uint64 or int64: the same bits
        *(uint64_t *)to = *(const uint32_t *)from;
    else
        *(double *)to = (double)*(const float *)from;
    return true;
}

static bool convert_list(const struct fl_evolved_field *pair, const flow_list *old, flow_list *now,
    const flow_memory *memory)
{
    const size_t old_size = fl_item_size(pair->old), size = fl_item_size(pair->now);
    if (old->count == 0)
        return true;
    char *items = memory && old->count <= SIZE_MAX / size
                      ? memory->take(memory->user, old->count * size)
                      : NULL;
    if (!items)
        return false;
    memset(items, 0, old->count * size);
    *now = (flow_list){ items, old->count };
    for (size_t i = 0; i < old->count; i++) {
        const void *values[2] = { (const char *)old->items + i * old_size, items + i * size };
        if (!convert_value(pair, pair->old->item, pair->now->item, values, memory))
            return false;
    }
    return true;
}

static bool convert_row(
    const struct fl_evolved *both, const char *old, char *now, const flow_memory *memory)
{
    for (uint32_t i = 0; i < both->now->field_count; i++) {
        const struct fl_evolved_field *pair = &both->fields[i];
        if (!pair->old || !fl_field_present(pair->old, old))
            continue;
        fl_field_set_present(pair->now, now);
        const void *values[2] = { fl_field_at(pair->old, old), now + pair->now->offset };
        const bool done =
            pair->now->kind == FLOW_KIND_LIST
                ? convert_list(pair, values[0], (flow_list *)(uintptr_t)values[1], memory)
                : convert_value(pair, pair->old->kind, pair->now->kind, values, memory);
        if (!done)
            return false;
    }
    return true;
}

static void *take_scratch(void *user, size_t size)
{
    return fl_arena_alloc(user, size, 8);
}

flow_status flow_evolution_decode(flow_evolution *evolution, flow_str *from, void *row,
    const flow_memory *memory, flow_error *error)
{
    const struct fl_evolved *both = evolution->root;
    if (evolution->same)
        return flow_decode(both->now, from, row, memory, error);
    const flow_memory scratch = { take_scratch, &evolution->scratch };
    fl_arena_reset(&evolution->scratch);
    const flow_status status = flow_decode(both->old, from, evolution->row, &scratch, error);
    if (status != FLOW_OK)
        return status;
    memset(row, 0, both->now->size);
    if (convert_row(both, evolution->row, row, memory))
        return FLOW_OK;
    return flow_error_raise(error, FLOW_MEMORY, NULL,
        "no memory for the lists of a stored record \"%s\"", both->now->name);
}
