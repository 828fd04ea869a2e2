// SPDX-License-Identifier: Apache-2.0
// Rules that change while the job runs. One step keeps all rules and gives the whole set anew at
// each change; a view shows the set, and elements are held against it: the one of the bundle, or
// the one of their event time.
#include "condition.h"
#include "core/field.h"
#include "core/parts.h"

#define KINDS        32u
#define VERSION_SIZE 8u

static const flow_field condition_fields[] = {
    FLOW_COLUMN(flow_rule_condition, field),
    FLOW_COLUMN(flow_rule_condition, is),
    FLOW_COLUMN(flow_rule_condition, value),
    FLOW_COLUMN(flow_rule_condition, either),
};
const flow_type flow_rule_condition_type = {
    .name = "flow_rule_condition",
    .size = sizeof(struct flow_rule_condition),
    .align = _Alignof(struct flow_rule_condition),
    .field_count = 4,
    .fields = condition_fields,
};

// How many sets there were.
struct flow_rules_count {
    int64_t count;
};
FLOW_RECORD(flow_rules_count, count);

// What one flow_rules_of needs, in pipeline memory.
struct flow_rules_made {
    flow_rules_options options;
    const flow_type *rule, *element, *laned, *kept, *set;
    flow_fn check, lane, collect; // flow_ctx.fn points into the record around them
    flow_cell rules, count;
    const flow_cell *cells[2];
    const flow_type *outs[3];      // of check, lane, collect
    struct fl_cast readers[KINDS]; // of constants, by kind
    uint32_t rule_in_lane, rule_in_kept, version, list;
};

// What one flow_apply_rules needs, in pipeline memory.
struct apply {
    flow_fn fn; // first: flow_ctx.fn points into it
    const flow_rule_fn *user;
    const struct flow_rules_made *made;
};

// A rule as elements are held against it.
struct ready {
    const char *rule;
    uint32_t count;
    struct fl_condition *conditions;
    const int64_t *either; // by condition
};

// A worker's memory: the set that its bundle saw last.
struct session {
    const void *set;
    struct ready *rules;
    uint32_t count;
};

#define MADE_OF(ctx, member)                                                                       \
    ((const struct flow_rules_made *)(const void *)((const char *)(ctx)->fn -                      \
                                                    offsetof(struct flow_rules_made, member)))

// --- conditions

static flow_comparison comparison_of(flow_str text)
{
    static const struct {
        const char *text;
        flow_comparison is;
    } known[] = { { "=", FLOW_EQUAL }, { "!=", FLOW_NOT_EQUAL }, { "<", FLOW_BELOW },
        { "<=", FLOW_AT_MOST }, { ">", FLOW_ABOVE }, { ">=", FLOW_AT_LEAST },
        { "present", FLOW_IS_PRESENT }, { "absent", FLOW_IS_ABSENT } };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (flow_str_equal(text, flow_str_of(known[i].text)))
            return known[i].is;
    return 0;
}

static flow_status make_ready(flow_ctx *ctx, const struct flow_rules_made *made,
    const struct flow_rule_condition *said, struct fl_condition *condition)
{
    const flow_str path = flow_format(ctx, "%.*s", (int)said->field.len, said->field.data);
    condition->is = comparison_of(said->is);
    if (condition->is == 0)
        return flow_fail(ctx, FLOW_INVALID,
            "a rule's condition compares by '%.*s', expected =, !=, <, <=, >, >=, present or "
            "absent",
            (int)said->is.len, said->is.data);
    if (!path.data || !fl_place_in(made->element, path.data, &condition->place))
        return flow_fail(ctx, FLOW_INVALID, "a rule's condition asks for '%s', which '%s' has not",
            path.data ? path.data : "", made->element->name);
    if (condition->is == FLOW_IS_PRESENT || condition->is == FLOW_IS_ABSENT)
        return ctx->status;
    const flow_kind kind = condition->place.field.kind;
    if ((uint32_t)kind >= KINDS || made->readers[kind].to != kind)
        return flow_fail(ctx, FLOW_TYPE, "a rule's condition compares '%s', which is '%s'",
            path.data, flow_kind_name(kind));
    void *value = flow_alloc(ctx, flow_kind_size(kind));
    condition->value = value;
    return value ? fl_cast_value(ctx, &made->readers[kind], &said->value, value) : ctx->status;
}

// A rule with its conditions found, in memory of the bundle.
static flow_status ready_rule(
    flow_ctx *ctx, const struct flow_rules_made *made, const char *rule, struct ready *ready)
{
    flow_list list = { NULL, 0 };
    *ready = (struct ready){ .rule = rule };
    if (made->options.conditions.type)
        memcpy(&list, rule + made->options.conditions.offset, sizeof list);
    if (list.count == 0)
        return ctx->status;
    const struct flow_rule_condition *said = list.items;
    int64_t *either = flow_alloc(ctx, list.count * sizeof *either);
    ready->conditions = flow_alloc(ctx, list.count * sizeof *ready->conditions);
    ready->either = either;
    if (!either || !ready->conditions)
        return ctx->status;
    for (; ready->count < list.count; ready->count++) {
        const uint32_t i = ready->count;
        either[i] = said[i].either;
        const flow_status status = make_ready(ctx, made, &said[i], &ready->conditions[i]);
        if (status != FLOW_OK)
            return status;
    }
    return ctx->status;
}

// Conditions of one number must all be met; one number is enough.
static bool meets(const struct ready *rule, const char *element)
{
    for (uint32_t i = 0; i < rule->count; i++) {
        bool first = true, all = true;
        for (uint32_t k = 0; k < rule->count && all && first; k++) {
            first = k >= i || rule->either[k] != rule->either[i];
            if (rule->either[k] == rule->either[i])
                all = fl_condition_met(&rule->conditions[k], element);
        }
        if (first && all)
            return true;
    }
    return rule->count == 0;
}

// --- the set

static flow_status check_rule(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct flow_rules_made *made = user;
    struct ready ready;
    const flow_status status = ready_rule(ctx, made, row->value, &ready);
    return status == FLOW_OK ? flow_emit(ctx, 0, made->rule, row->value, made->rule->size) : status;
}

static flow_status check_rules(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, check_rule, (void *)(uintptr_t)MADE_OF(ctx, check));
}

static flow_status give_lane(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct flow_rules_made *made = user;
    uint32_t one = 1;
    char *out = flow_reserve(ctx, 0, made->laned, &one);
    if (!out)
        return ctx->status;
    memset(out, 0, made->laned->size);
    memcpy(out + made->rule_in_lane, row->value, made->rule->size);
    return flow_commit(ctx, 0, 1);
}

static flow_status give_lanes(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, give_lane, (void *)(uintptr_t)MADE_OF(ctx, lane));
}

static bool is_off(const struct flow_rules_made *made, const char *rule)
{
    return made->options.off.type && *(const bool *)(const void *)(rule + made->options.off.offset);
}

// The number of a set as bytes that are ordered as it is: of two sets at one instant the later
// counts (flow_as_temporal).
static flow_bytes version_of(flow_ctx *ctx, int64_t number)
{
    unsigned char *bytes = flow_alloc(ctx, VERSION_SIZE);
    for (uint32_t i = 0; bytes && i < VERSION_SIZE; i++)
        bytes[i] = (unsigned char)((uint64_t)number >> (8 * (VERSION_SIZE - 1 - i)));
    return (flow_bytes){ bytes, bytes ? VERSION_SIZE : 0 };
}

static flow_status give_set(flow_ctx *ctx, const struct flow_rules_made *made)
{
    const struct flow_rules_count *before = flow_cell_get(ctx, &made->count, NULL);
    const struct flow_rules_count count = { before ? before->count + 1 : 1 };
    const size_t size = made->rule->size, most = (size_t)flow_cell_count(ctx, &made->rules);
    char *items = flow_alloc(ctx, (most ? most : 1) * size);
    char *set = flow_alloc(ctx, made->set->size);
    const flow_bytes version = version_of(ctx, count.count);
    if (ctx->status != FLOW_OK || !items || !set)
        return ctx->status;
    flow_list list = { items, 0 };
    flow_cursor at = flow_cell_walk(ctx, &made->rules, (flow_cell_part){ .key = NULL });
    while (list.count < most && flow_cursor_next(&at)) {
        const char *rule = (const char *)at.row + made->rule_in_kept;
        if (!is_off(made, rule))
            memcpy(items + list.count++ * size, rule, size);
    }
    memset(set, 0, made->set->size);
    memcpy(set + made->version, &version, sizeof version);
    memcpy(set + made->list, &list, sizeof list);
    flow_cell_put(ctx, &made->count, (flow_cell_entry){ .row = &count });
    return flow_emit(ctx, 0, made->set, set, made->set->size);
}

static flow_status collect_rule(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct flow_rules_made *made = user;
    const char *rule = row->value + made->rule_in_lane;
    const char *key = rule + made->options.by.offset;
    const flow_time now = flow_event_time(ctx);
    const char *before = flow_cell_get(ctx, &made->rules, key);
    flow_time at = now;
    if (before)
        memcpy(&at, before + made->kept->fields[0].offset, sizeof at);
    if (ctx->status != FLOW_OK || at.us > now.us)
        return ctx->status; // a newer one is known
    char *kept = flow_alloc(ctx, made->kept->size);
    if (!kept)
        return ctx->status;
    memset(kept, 0, made->kept->size);
    memcpy(kept + made->kept->fields[0].offset, &now, sizeof now);
    memcpy(kept + made->rule_in_kept, rule, made->rule->size);
    flow_cell_put(ctx, &made->rules, (flow_cell_entry){ .key = key, .row = kept });
    return ctx->status == FLOW_OK ? give_set(ctx, made) : ctx->status;
}

static flow_status collect_rules(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, collect_rule, (void *)(uintptr_t)MADE_OF(ctx, collect));
}

// --- elements

static const char *set_of(const flow_ctx *ctx, const struct flow_rules_made *made)
{
    static const uint32_t lane = 0;
    if (made->options.as_of) {
        const flow_side_key key = { FLOW_KIND_U32, sizeof lane, &lane };
        return flow_side_find(ctx, 0, made->set, &key);
    }
    flow_side_walk walk = flow_side_rows(ctx, 0, made->set, NULL);
    const char *newest = NULL, *set;
    flow_bytes most = { NULL, 0 }, version;
    while ((set = flow_side_next(&walk)) != NULL) {
        memcpy(&version, set + made->version, sizeof version);
        if (!newest || memcmp(version.data, most.data, VERSION_SIZE) > 0) {
            newest = set;
            most = version;
        }
    }
    return newest;
}

static flow_status begin_bundle(flow_ctx *ctx)
{
    *(struct session *)flow_self(ctx) = (struct session){ .set = NULL };
    return FLOW_OK;
}

static flow_status ready_set(
    flow_ctx *ctx, const struct apply *apply, struct session *session, const char *set)
{
    const struct flow_rules_made *made = apply->made;
    flow_list list;
    memcpy(&list, set + made->list, sizeof list);
    session->set = NULL;
    session->count = 0;
    session->rules = flow_alloc(ctx, (list.count ? list.count : 1) * sizeof *session->rules);
    if (!session->rules)
        return ctx->status;
    for (size_t i = 0; i < list.count; i++) {
        const char *rule = (const char *)list.items + i * made->rule->size;
        const flow_status status = ready_rule(ctx, made, rule, &session->rules[i]);
        if (status != FLOW_OK)
            return status;
    }
    session->count = (uint32_t)list.count;
    session->set = set;
    return ctx->status;
}

static flow_status apply_to(flow_ctx *ctx, const flow_row *row, void *user)
{
    const struct apply *apply = user;
    struct session *session = flow_self(ctx);
    const char *set = set_of(ctx, apply->made);
    if (ctx->status != FLOW_OK || !set)
        return ctx->status;
    flow_status status = FLOW_OK;
    if (set != session->set)
        status = ready_set(ctx, apply, session, set);
    for (uint32_t i = 0; i < session->count && status == FLOW_OK; i++)
        if (meets(&session->rules[i], row->value))
            status = apply->user->matched(ctx, session->rules[i].rule, row->value);
    return status;
}

static flow_status apply_to_rows(flow_ctx *ctx, const flow_batch *batch)
{
    return flow_each_row(ctx, batch, apply_to, (void *)(uintptr_t)ctx->fn);
}

// --- building

static const char *wrong(const flow_type *rule, const flow_type *element,
    const flow_rules_options *options, flow_coll in)
{
    const flow_field_ref *list = &options->conditions;
    const flow_field *conditions = list->type ? flow_type_field(rule, list->name) : NULL;
    if (!element)
        return "it is not told what elements its rules are for";
    if (!options->by.type || !flow_type_equal(options->by.type, rule) || !options->by.name)
        return "its 'by' is no field of the rules: which one tells them apart?";
    if (list->type && (!flow_type_equal(list->type, rule) || !conditions || !conditions->record ||
                          conditions->kind != FLOW_KIND_LIST ||
                          !flow_type_equal(conditions->record, &flow_rule_condition_type)))
        return "its 'conditions' are no list of flow_rule_condition in the rules";
    if (options->off.type &&
        (!flow_type_equal(options->off.type, rule) || options->off.kind != FLOW_KIND_BOOL))
        return "its 'off' is no bool of the rules";
    if (flow_coll_windows(in).kind != FLOW_WINDOW_GLOBAL)
        return "the rules must lie in the global window";
    return NULL;
}

static bool make_types(flow_pipeline *p, struct flow_rules_made *made)
{
    static const flow_field number = { .kind = FLOW_KIND_U32, .size = sizeof(uint32_t) };
    static const flow_field instant = { .kind = FLOW_KIND_TIME, .size = sizeof(flow_time) };
    static const flow_field bytes = { .kind = FLOW_KIND_BYTES, .size = sizeof(flow_bytes) };
    const flow_field rule = {
        .kind = FLOW_KIND_RECORD, .size = made->rule->size, .record = made->rule, .element = true
    };
    const flow_field rules = { .kind = FLOW_KIND_LIST,
        .size = sizeof(flow_list),
        .item = FLOW_KIND_RECORD,
        .record = made->rule };
    fl_record laned = fl_record_begin(p, "flow_rule_lane", 2);
    fl_record_add(&laned, &number, "lane");
    const flow_field *in_lane = fl_record_add(&laned, &rule, "rule");
    fl_record kept = fl_record_begin(p, "flow_rule_kept", 2);
    fl_record_add(&kept, &instant, "at");
    const flow_field *in_kept = fl_record_add(&kept, &rule, "rule");
    fl_record set = fl_record_begin(p, "flow_rule_set", 3);
    fl_record_add(&set, &number, "lane");
    const flow_field *version = fl_record_add(&set, &bytes, "version");
    const flow_field *list = fl_record_add(&set, &rules, "rules");
    made->laned = fl_record_end(&laned);
    made->kept = fl_record_end(&kept);
    made->set = fl_record_end(&set);
    if (!made->laned || !made->kept || !made->set)
        return false;
    made->rule_in_lane = in_lane->offset;
    made->rule_in_kept = in_kept->offset;
    made->version = version->offset;
    made->list = list->offset;
    return true;
}

// Readers of constants for the kinds that the elements have.
static bool make_readers(flow_pipeline *p, const flow_type *type, struct fl_cast *readers)
{
    for (uint32_t i = 0; i < type->field_count; i++) {
        const flow_field *field = &type->fields[i];
        if (field->kind == FLOW_KIND_RECORD && !make_readers(p, field->record, readers))
            return false;
        if (flow_kind_size(field->kind) == 0 || readers[field->kind].to == field->kind)
            continue;
        readers[field->kind] =
            (struct fl_cast){ .name = "value", .from = FLOW_KIND_STR, .to = field->kind };
        if (!fl_cast_make(p, "flow_rules_of", &readers[field->kind]))
            return false;
    }
    return true;
}

static void describe(struct flow_rules_made *made)
{
    const flow_field *by = flow_type_field(made->rule, made->options.by.name);
    made->rules = (flow_cell){ .name = "rules",
        .kind = FLOW_CELL_MAP,
        .type = made->kept,
        .key = { .kind = by->kind, .size = by->size, .c_type = by->name },
        .key_type = by->record };
    made->count =
        (flow_cell){ .name = "count", .kind = FLOW_CELL_VALUE, .type = &flow_rules_count_type };
    made->cells[0] = &made->rules;
    made->cells[1] = &made->count;
    made->outs[0] = made->rule;
    made->outs[1] = made->laned;
    made->outs[2] = made->set;
    made->check = (flow_fn){ .name = "check",
        .form = FLOW_FORM_EMIT,
        .in = made->rule,
        .outs = &made->outs[0],
        .out_count = 1,
        .process = check_rules };
    made->lane = (flow_fn){ .name = "lane",
        .form = FLOW_FORM_EMIT,
        .in = made->rule,
        .outs = &made->outs[1],
        .out_count = 1,
        .process = give_lanes };
    made->collect = (flow_fn){ .name = "collect",
        .form = FLOW_FORM_CELLS,
        .in = made->laned,
        .outs = &made->outs[2],
        .out_count = 1,
        .process = collect_rules,
        .no_signs = true,
        .cells = made->cells,
        .cell_count = 2 };
}

// What elements look into.
static flow_view view_of(flow_coll sets, const struct flow_rules_made *made)
{
    const flow_window_options newest = {
        .windows = flow_global(), .trigger = flow_trigger_always(), .accumulation = FLOW_DISCARDING
    };
    if (made->options.as_of)
        return flow_as_temporal(flow_key_by(sets, fl_field_named(made->set, "lane")));
    return flow_as_iterable(flow_window_into(sets, &newest));
}

flow_rules flow_rules_of_sized(
    flow_coll rules, const flow_type *element, const flow_rules_options *options, size_t size)
{
    flow_pipeline *p = rules.pipeline;
    flow_rules out = { .view = { p, 0 }, .checked = { p, 0 }, .made = NULL };
    flow_rules_options known;
    if (!flow_coll_type(rules))
        return out;
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(p, known.name, "rules");
    const char *why =
        copied ? wrong(flow_coll_type(rules), element, &known, rules) : FLOW_OPTION_UNKNOWN;
    if (why)
        flow_pipeline_fail(
            p, copied ? FLOW_INVALID : FLOW_UNSUPPORTED, NULL, "flow_rules_of: %s", why);
    struct flow_rules_made *made = why ? NULL : flow_pipeline_alloc(p, sizeof *made);
    if (!made)
        return out;
    made->options = known;
    made->rule = flow_coll_type(rules);
    made->element = element;
    if (!make_types(p, made) || !make_readers(p, element, made->readers))
        return out;
    describe(made);
    out.checked = flow_do(rules, &made->check, &(flow_do_options){ .on_error = known.on_error });
    const flow_coll lanes = flow_do(out.checked, &made->lane);
    const flow_do_options sorted = { .time_sorted = known.as_of };
    out.view = view_of(
        flow_do(flow_key_by(lanes, fl_field_named(made->laned, "lane")), &made->collect, &sorted),
        made);
    flow_scope_end(p);
    out.made = made;
    return out;
}

flow_coll flow_apply_rules_sized(flow_coll in, flow_rules rules, const flow_rule_fn *fn,
    const flow_do_options *options, size_t size)
{
    flow_do_options known;
    struct apply *apply =
        flow_coll_type(in) && rules.made ? flow_pipeline_alloc(in.pipeline, sizeof *apply) : NULL;
    if (!apply)
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, fn ? fn->fn.name : "apply_rules");
    const char *why = !copied                ? FLOW_OPTION_UNKNOWN
                      : known.side_count > 0 ? "its options have side inputs: the rules are its one"
                      : !fn || !fn->matched  ? "it was given no function"
                      : !flow_type_equal(fn->rule, rules.made->rule) ||
                              !flow_type_equal(rules.made->element, flow_coll_type(in))
                          ? "function, rules and elements do not go together"
                          : NULL;
    if (why) {
        flow_pipeline_fail(in.pipeline, copied ? FLOW_INVALID : FLOW_UNSUPPORTED, NULL,
            "flow_apply_rules: %s", why);
        return fl_no_coll(in.pipeline);
    }
    flow_scope_end(in.pipeline);
    *apply = (struct apply){ .fn = fn->fn, .user = fn, .made = rules.made };
    apply->fn.form = FLOW_FORM_EMIT;
    apply->fn.process = apply_to_rows;
    apply->fn.start = begin_bundle;
    apply->fn.self_size = sizeof(struct session);
    known.sides = &rules.view;
    known.side_count = 1;
    return flow_do(in, &apply->fn, &known);
}
