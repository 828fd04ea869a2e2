// SPDX-License-Identifier: Apache-2.0
// Signs as a column, beside the key, in every form.
#include "sales.h"

#include "shown.h"

static const struct sales_event events[] = { { "Kyiv", 1, 5 }, { "Lima", 2, 10 } };

static void csv(flow_coll sales)
{
    flow_file_write(flow_key_by(sales, FLOW_FIELD(sale, cents)),
        &(flow_file_write_options){
            .path = fake_path("out"), .format = FLOW_CSV, .sign_name = "taken_back" });
}

static void json(flow_coll sales)
{
    flow_file_write(
        sales, &(flow_file_write_options){
                   .path = fake_path("{city}"), .format = FLOW_JSON, .sign_name = "_sign" });
}

START_TEST(the_sign_is_the_last_column)
{
    flow_error error;
    fake_folder();
    ck_assert_msg(sales_run(events, 2, csv, NULL, &error) == FLOW_OK, "%s", error.message);
    ck_assert_str_eq(
        fake_tree(), "out\n  1,Kyiv,1,,1\n  2,Lima,2,,1\n  key,city,cents,note,taken_back\n");
    fake_folder_remove();
    fake_folder();
    ck_assert_msg(sales_run(events, 2, json, NULL, &error) == FLOW_OK, "%s", error.message);
    ck_assert_str_eq(fake_tree(), "Kyiv\n  {\"city\":\"Kyiv\",\"cents\":1,\"_sign\":1}\n"
                                  "Lima\n  {\"city\":\"Lima\",\"cents\":2,\"_sign\":1}\n");
    fake_folder_remove();
}
END_TEST

static void sign_of_a_field(flow_coll sales)
{
    flow_file_write(
        sales, &(flow_file_write_options){ .path = "x", .format = FLOW_CSV, .sign_name = "cents" });
}

static void sign_of_the_key(flow_coll sales)
{
    flow_file_write(flow_key_by(sales, FLOW_FIELD(sale, cents)),
        &(flow_file_write_options){ .path = "x", .format = FLOW_CSV, .sign_name = "key" });
}

static void key_of_a_field(flow_coll sales)
{
    flow_file_write(flow_key_by(sales, FLOW_FIELD(sale, cents)),
        &(flow_file_write_options){
            .path = "x", .format = FLOW_CSV, .sign_name = "s", .key_name = "city" });
}

START_TEST(names_that_are_taken_are_refused)
{
    sales_refused(sign_of_a_field, "the sign would be written as \"cents\"");
    sales_refused(sign_of_the_key, "key and sign would both be written as \"key\"");
    sales_refused(key_of_a_field, "the key would be written as \"city\"");
}
END_TEST

START_TEST(fields_lie_where_they_lay_in_the_element)
{
    flow_pipeline *pipeline = flow_pipeline_new("shown");
    const flow_coll sales = flow_script_input(flow_script_new(pipeline), "sales", &sale_type);
    const flow_file_write_options options = {
        .path = "x", .format = FLOW_CSV, .sign_name = "s", .key_name = "key"
    };
    const struct fl_shown *shown = fl_shown_make(sales, &options, NULL, "write");
    ck_assert_uint_eq(shown->flat->field_count, 4);
    ck_assert_uint_eq(shown->flat->fields[1].offset, shown->row_at + offsetof(struct sale, cents));
    ck_assert_uint_eq(
        shown->flat->fields[2].presence, 1 + shown->row_at + offsetof(struct sale, has_note));
    ck_assert_uint_eq(shown->flat->fields[3].offset, shown->sign_at);
    flow_pipeline_free(pipeline);
}
END_TEST

TCase *shown_case(void)
{
    TCase *tcase = tcase_create("shown");
    tcase_add_test(tcase, the_sign_is_the_last_column);
    tcase_add_test(tcase, names_that_are_taken_are_refused);
    tcase_add_test(tcase, fields_lie_where_they_lay_in_the_element);
    return tcase;
}
