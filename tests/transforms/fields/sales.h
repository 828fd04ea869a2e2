// SPDX-License-Identifier: Apache-2.0
// What the tests of this folder share: sales of a script, with nested, optional and listed fields.
#ifndef FLOW_FIELDS_SALES_H
#define FLOW_FIELDS_SALES_H

#include <check.h>

#include <flow/fields.h>
#include <flow/test.h>
#include <flow/transforms.h>

struct shop {
    flow_str city;
    bool has_floor;
    int32_t floor;
};
extern const flow_type shop_type;

struct item {
    flow_str sku;
    bool has_size;
    int64_t size;
};
extern const flow_type item_type;

struct sale {
    int64_t id;
    struct shop shop;
    bool has_cents;
    int64_t cents;
    double rate;
    flow_str note;
    flow_time at;
    flow_list items; // of struct item
    flow_list tags;  // of text
};
extern const flow_type sale_type;

#define TABLE_SIZE(table) (sizeof(table) / sizeof((table)[0]))

extern flow_pipeline *p;
extern flow_script *script;
extern flow_coll sales; // of the script, in windows of a minute

void sales_setup(void);
void sales_teardown(void);

// The next event.
void sale(struct sale row);

// Runs under several workers, seeds and with failing bundles, and expects no error.
void passes(void);

// Expects that building or running fails with this sentence, which may go on with the element. The
// pipeline is a new one after.
void fails(const char *message);

TCase *aggregate_tests(void);
TCase *cast_tests(void);
TCase *contract_tests(void);
TCase *join_fields_tests(void);
TCase *rules_tests(void);
TCase *select_tests(void);
TCase *unnest_tests(void);
TCase *where_tests(void);

#endif
