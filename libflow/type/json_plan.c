// SPDX-License-Identifier: Apache-2.0
// Matches the members of JSON objects to fields: first by the order of the object before, then by a
// small hash table.
#include "type/field.h"
#include "type/json.h"

#define HEAD         sizeof(uint64_t)
#define GUESSES_MORE 16 // unknown members that an order may have besides the fields

static uint64_t hash_of(flow_str name, uint64_t head)
{
    const uint64_t tail = name.len > HEAD ? fl_json_word(name.data + name.len - HEAD) : 0;
    return (head ^ (tail << 31 | tail >> 33) ^ name.len) * UINT64_C(0x9E3779B97F4A7C15);
}

static bool is_named(const struct fl_json_name *name, flow_str key, uint64_t head)
{
    return name->len == key.len && name->head == head &&
           (key.len <= HEAD || memcmp(name->text + HEAD, key.data + HEAD, key.len - HEAD) == 0);
}

static uint32_t look_up(const struct fl_json_plan *plan, flow_str key, uint64_t head)
{
    const uint32_t mask = (uint32_t)(UINT64_MAX >> plan->slot_shift);
    uint32_t slot = (uint32_t)(hash_of(key, head) >> plan->slot_shift);
    for (; plan->slots[slot]; slot = (slot + 1) & mask) {
        const uint32_t field = plan->slots[slot] - 1;
        if (is_named(&plan->names[field], key, head))
            return field;
    }
    return FL_JSON_NO_FIELD;
}

static void remember_stranger(struct fl_json_stranger *stranger, flow_str key, uint64_t head)
{
    stranger->name.len = key.len <= FL_JSON_KEY_MAX ? key.len : 0;
    if (stranger->name.len == 0)
        return;
    memcpy(stranger->text, key.data, key.len);
    stranger->name.text = stranger->text;
    stranger->name.head = head;
    stranger->name.mask = fl_json_mask(key.len);
}

uint32_t fl_json_plan_field(struct fl_json_plan *plan, size_t index, flow_str key)
{
    const uint64_t head = fl_json_word(key.data) & fl_json_mask(key.len);
    if (index >= plan->guess_count)
        return look_up(plan, key, head);
    const uint32_t guess = plan->guesses[index];
    if (guess != FL_JSON_NO_FIELD && is_named(&plan->names[guess], key, head))
        return guess;
    plan->guesses[index] = look_up(plan, key, head);
    if (plan->guesses[index] == FL_JSON_NO_FIELD)
        remember_stranger(&plan->strangers[index], key, head);
    return plan->guesses[index];
}

static bool add_tables(fl_arena *arena, struct fl_json_plan *plan)
{
    const uint32_t count = plan->type->field_count;
    unsigned bits = 3;
    while ((UINT32_C(1) << bits) < 2 * count)
        bits++;
    plan->slot_shift = 64 - bits;
    plan->slots = fl_arena_calloc(arena, sizeof(uint32_t) << bits, _Alignof(uint32_t));
    plan->guess_count = count + GUESSES_MORE;
    plan->guesses =
        fl_arena_calloc(arena, plan->guess_count * sizeof(uint32_t), _Alignof(uint32_t));
    plan->strangers = fl_arena_calloc(
        arena, plan->guess_count * sizeof *plan->strangers, _Alignof(struct fl_json_stranger));
    plan->seen = fl_arena_calloc(arena, count * sizeof(uint32_t), _Alignof(uint32_t));
    plan->names =
        fl_arena_calloc(arena, count * sizeof *plan->names, _Alignof(struct fl_json_name));
    plan->records = fl_arena_calloc(
        arena, count * sizeof(struct fl_json_plan *), _Alignof(struct fl_json_plan *));
    return plan->slots && plan->guesses && plan->strangers && plan->seen && plan->names &&
           plan->records;
}

// The copy has what head_of reads past the name.
static bool add_name(fl_arena *arena, struct fl_json_plan *plan, uint32_t field)
{
    const char *outside = fl_field_outside(&plan->type->fields[field]);
    const flow_str name = { outside, strlen(outside) };
    char *copy = fl_arena_calloc(arena, name.len + FL_JSON_PAD, 1);
    if (!copy)
        return false;
    memcpy(copy, name.data, name.len);
    const flow_str key = { copy, name.len };
    const uint64_t head = fl_json_word(key.data) & fl_json_mask(key.len);
    plan->names[field] = (struct fl_json_name){ copy, name.len, head, fl_json_mask(name.len) };
    const uint32_t mask = (uint32_t)(UINT64_MAX >> plan->slot_shift);
    uint32_t slot = (uint32_t)(hash_of(key, head) >> plan->slot_shift);
    while (plan->slots[slot])
        slot = (slot + 1) & mask;
    plan->slots[slot] = field + 1;
    return true;
}

// One plan serves all places of a type: a checked type never holds itself, so that no plan is in
// use twice at a time.
struct fl_json_plan *fl_json_plan_new(
    fl_arena *arena, struct fl_json_plan **plans, const flow_type *type)
{
    for (struct fl_json_plan *plan = *plans; plan; plan = plan->next) {
        if (plan->type == type)
            return plan;
    }
    struct fl_json_plan *plan = fl_arena_calloc(arena, sizeof *plan, _Alignof(struct fl_json_plan));
    if (!plan)
        return NULL;
    plan->type = type;
    plan->next = *plans;
    *plans = plan;
    if (!add_tables(arena, plan))
        return NULL;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        if (!add_name(arena, plan, i))
            return NULL;
        if (field->record && !(plan->records[i] = fl_json_plan_new(arena, plans, field->record)))
            return NULL;
        plan->guesses[i] = i;
        plan->required += field->presence == 0;
    }
    return plan;
}
