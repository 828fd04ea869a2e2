// SPDX-License-Identifier: Apache-2.0
// flow_approximate_distinct: HyperLogLog, which begins as a sorted list of hashes. What a sketch
// becomes depends on the set of values alone, so merging keeps the laws to the bit (R73).
#include <math.h>

#include <flow/sketch.h>

#include "core/field.h"
#include "core/hash.h"
#include "core/parts.h"
#include "words.h"

static const flow_field estimated_fields[] = {
    FLOW_COLUMN(flow_estimated, count),
    FLOW_COLUMN(flow_estimated, error),
};
const flow_type flow_estimated_type = {
    .name = "flow_estimated",
    .size = sizeof(struct flow_estimated),
    .align = _Alignof(struct flow_estimated),
    .field_count = 2,
    .fields = estimated_fields,
};

#define PRECISION_MIN 4u
#define PRECISION_MAX 14u
#define HASH_BITS     64u

// Words of an accumulator: word 0 is the number of hashes listed, or DENSE; the list follows, or
// the registers, a byte each.
#define DENSE UINT64_MAX

struct config {
    uint32_t offset;
    flow_kind kind;
    const flow_type *record; // of the field, or of the element
    uint32_t precision;      // 2^precision registers
    uint32_t list;           // hashes that are listed at most
};

static uint8_t *registers_of(uint64_t *words)
{
    return (uint8_t *)(words + 1);
}

static void raise(uint8_t *registers, uint64_t hash, uint32_t precision)
{
    const uint64_t index = hash >> (HASH_BITS - precision);
    const uint64_t rest = hash << precision;
    uint8_t rank = 1;
    for (uint64_t bit = UINT64_C(1) << 63; rank <= HASH_BITS - precision && !(rest & bit);
         bit >>= 1)
        rank++;
    if (rank > registers[index])
        registers[index] = rank;
}

static void spread(uint64_t *words, const struct config *config)
{
    uint64_t hashes[FL_WORDS_MAX];
    const uint64_t count = words[0];
    memcpy(hashes, words + 1, count * sizeof *hashes);
    memset(words + 1, 0, (size_t)1 << config->precision);
    words[0] = DENSE;
    for (uint64_t i = 0; i < count; i++)
        raise(registers_of(words), hashes[i], config->precision);
}

static void add_hash(uint64_t *words, uint64_t hash, const struct config *config)
{
    if (words[0] == DENSE) {
        raise(registers_of(words), hash, config->precision);
        return;
    }
    uint64_t *list = words + 1;
    uint64_t low = 0;
    for (uint64_t high = words[0]; low < high;) {
        const uint64_t middle = low + (high - low) / 2;
        if (list[middle] < hash)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < words[0] && list[low] == hash)
        return;
    if (words[0] == config->list) {
        spread(words, config);
        raise(registers_of(words), hash, config->precision);
        return;
    }
    memmove(list + low + 1, list + low, (words[0] - low) * sizeof *list);
    list[low] = hash;
    words[0]++;
}

static void distinct_add(void *acc, const void *in, const void *config)
{
    const struct config *c = config;
    const void *value = (const char *)in + c->offset;
    add_hash(acc, fl_value_hash(c->kind, c->record, value, 0), c);
}

static void distinct_merge(void *acc, const void *other, const void *config)
{
    const struct config *c = config;
    uint64_t *words = acc;
    const uint64_t *from = other;
    if (from[0] != DENSE) {
        for (uint64_t i = 0; i < from[0]; i++)
            add_hash(words, from[1 + i], c);
        return;
    }
    if (words[0] != DENSE)
        spread(words, c);
    uint8_t *registers = registers_of(words);
    const uint8_t *more = (const uint8_t *)(from + 1);
    for (uint32_t i = 0; i < UINT32_C(1) << c->precision; i++)
        if (more[i] > registers[i])
            registers[i] = more[i];
}

// σ and τ of "New cardinality estimation algorithms for HyperLogLog sketches" (Ertl, 2017).
static double sigma(double x)
{
    double y = 1, z = x, before;
    if (x >= 1)
        return HUGE_VAL;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

static double tau(double x)
{
    double y = 1, z = 1 - x, before;
    if (x <= 0 || x >= 1)
        return 0;
    do {
        x = sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
}

static double estimate(const uint8_t *registers, uint32_t precision)
{
    const uint32_t most = HASH_BITS - precision;
    const double m = (double)(UINT32_C(1) << precision);
    uint32_t counts[HASH_BITS + 2] = { 0 };
    for (uint32_t i = 0; i < UINT32_C(1) << precision; i++)
        counts[registers[i] <= most + 1 ? registers[i] : most + 1]++;
    double z = m * tau(1 - counts[most + 1] / m);
    for (uint32_t k = most; k >= 1; k--)
        z = 0.5 * (z + counts[k]);
    z += m * sigma(counts[0] / m);
    return m * m / (2 * log(2) * z);
}

static flow_status distinct_extract(const void *acc, void *out, const void *config)
{
    const struct config *c = config;
    const uint64_t *words = acc;
    const bool dense = words[0] == DENSE;
    const double count =
        dense ? estimate((const uint8_t *)(words + 1), c->precision) : (double)words[0];
    *(struct flow_estimated *)out = (struct flow_estimated){
        .count = (int64_t)llround(count),
        .error = dense ? 1.04 / sqrt((double)(UINT32_C(1) << c->precision)) : 0,
    };
    return FLOW_OK;
}

// The fewest registers that keep to an error; 0: there are none.
static uint32_t precision_for(double error)
{
    for (uint32_t precision = PRECISION_MIN; precision <= PRECISION_MAX; precision++)
        if (1.04 / sqrt((double)(UINT32_C(1) << precision)) <= error)
            return precision;
    return 0;
}

static flow_coll combine(
    flow_coll in, const flow_field_ref *field, uint32_t precision, const char *name)
{
    uint32_t words = 0;
    flow_combine_fn *fn = flow_pipeline_alloc(in.pipeline, sizeof *fn);
    const uint32_t bytes = UINT32_C(1) << precision;
    const flow_type *acc = fl_words_type(in.pipeline, "flow_approximate_distinct_state",
        1 + bytes / (uint32_t)sizeof(uint64_t), &words);
    if (!fn || !acc)
        return fl_no_coll(in.pipeline);
    *fn = (flow_combine_fn){ .name = "approximate_distinct",
        .acc = acc,
        .out = &flow_estimated_type,
        .add = distinct_add,
        .merge = distinct_merge,
        .extract = distinct_extract };
    struct config config;
    memset(&config, 0, sizeof config);
    config.offset = field->offset;
    config.kind = field->kind;
    config.record = fl_field_record(flow_coll_type(in), field);
    config.precision = precision;
    config.list = bytes / (uint32_t)sizeof(uint64_t) - 1;
    const flow_combine_options options = {
        .name = name, .field = *field, .config = &config, .config_size = sizeof config
    };
    return flow_combine_with(in, fn, &options);
}

flow_coll flow_approximate_distinct_sized(flow_coll in, flow_field_ref field,
    const flow_approximate_distinct_options *options, size_t size)
{
    flow_approximate_distinct_options known;
    if (!flow_coll_type(in))
        return fl_no_coll(in.pipeline);
    const bool copied = flow_options_copy(&known, sizeof known, options, size);
    fl_scope(in.pipeline, known.name, "approximate_distinct");
    if (!copied) {
        flow_pipeline_fail(
            in.pipeline, FLOW_UNSUPPORTED, NULL, "flow_approximate_distinct: " FLOW_OPTION_UNKNOWN);
        return fl_no_coll(in.pipeline);
    }
    const uint32_t precision = known.error != 0 ? precision_for(known.error) : 12;
    if (precision == 0 || known.error > 0.26) {
        flow_pipeline_fail(in.pipeline, FLOW_INVALID, NULL,
            "flow_approximate_distinct: an error of %g was asked for, 0.0082 to 0.26 may be",
            known.error);
        return fl_no_coll(in.pipeline);
    }
    if (field.kind == FLOW_KIND_LIST)
        return fl_field_refuse(in, "flow_approximate_distinct", "a field that is no list", &field);
    flow_scope_end(in.pipeline);
    return combine(in, &field, precision, known.name);
}
