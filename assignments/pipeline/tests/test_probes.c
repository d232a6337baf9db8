/*
 * What the probes write of the solutions, against rules stated here once more.
 */
#include "assignments/pipeline/probes.h"
#include "assignments/pipeline/tests/support/trained.h"
#include "tests/support/test.h"

#include <jansson.h>

static json_t *read_json(const struct trained *run, const char *name)
{
    char path[128];
    json_error_t error;
    snprintf(path, sizeof path, "%s/%s", run->folder, name);
    json_t *value = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(value != NULL, "%s:%d: %s", path, error.line, error.text);
    ck_assert(json_is_array(value));
    return value;
}

static int number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_integer(value), "no number \"%s\"", key);
    return (int)json_integer_value(value);
}

static bool truth(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_boolean(value), "no truth value \"%s\"", key);
    return json_is_true(value);
}

START_TEST(arguments)
{
    struct trained run = trained_well(false, 1, "--data synthetic --probe arguments --seed 3");
    json_t *table = read_json(&run, "probe-arguments.json"), *row;
    size_t i;
    int accepted = 0;
    ck_assert_uint_ge(json_array_size(table), 100);
    json_array_foreach(table, i, row)
    {
        const int layers = number(row, "layers"), stages = number(row, "stages");
        const bool possible = stages <= layers &&
                              number(row, "batch_size") % number(row, "micro_batches") == 0 &&
                              (layers % stages == 0 || truth(row, "uneven"));
        ck_assert_int_eq(truth(row, "accepted"), possible);
        const char *reason = json_string_value(json_object_get(row, "reason"));
        ck_assert_int_eq(reason[0] == '\0', possible);
        accepted += possible;
    }
    ck_assert_int_gt(accepted, 20);
    ck_assert_int_lt(accepted, (int)json_array_size(table) - 20);
    json_decref(table);
    trained_clear(&run);
}
END_TEST

START_TEST(distribute)
{
    struct trained run = trained_well(false, 1, "--data synthetic --probe distribute --seed 3");
    json_t *table = read_json(&run, "probe-distribute.json"), *row;
    size_t i;
    ck_assert_uint_ge(json_array_size(table), 400);
    json_array_foreach(table, i, row)
    {
        const int layers = number(row, "layers"), stages = number(row, "stages");
        const json_t *first = json_object_get(row, "first_layer");
        ck_assert_uint_eq(json_array_size(json_object_get(row, "flops")), (size_t)layers);
        ck_assert_uint_eq(json_array_size(first), (size_t)stages + 1);
        ck_assert(!truth(row, "overrun"));
        ck_assert_int_eq(json_integer_value(json_array_get(first, 0)), 0);
        ck_assert_int_eq(json_integer_value(json_array_get(first, (size_t)stages)), layers);
        for (size_t s = 0; s < (size_t)stages; s++) {
            const long size = json_integer_value(json_array_get(first, s + 1)) -
                              json_integer_value(json_array_get(first, s));
            ck_assert_int_ge(size, layers / stages);
            ck_assert_int_le(size, (layers + stages - 1) / stages);
        }
    }
    json_decref(table);
    trained_clear(&run);
}
END_TEST

static void check_calls(const struct trained *run, int rank)
{
    char name[64];
    snprintf(name, sizeof name, "probe-communicate-%d.json", rank);
    json_t *table = read_json(run, name), *row;
    size_t i;
    int large = 0;
    ck_assert_uint_eq(json_array_size(table), 24);
    json_array_foreach(table, i, row)
    {
        const char *operation = json_string_value(json_object_get(row, "operation"));
        const bool with_rank_before =
            strcmp(operation, "RECV_FORWARD") == 0 || strcmp(operation, "SEND_BACKWARD") == 0;
        const bool due = with_rank_before ? rank > 0 : rank < run->ranks - 1;
        ck_assert_int_eq(truth(row, "due"), due);
        ck_assert_int_eq(truth(row, "request_null"), !due);
        ck_assert_int_eq(number(row, "mismatched"), 0);
        ck_assert_int_eq(number(row, "count") > 0, due);
        ck_assert(json_number_value(json_object_get(row, "found_first")) ==
                  json_number_value(json_object_get(row, "expected_first")));
        large += number(row, "count") == 65536;
    }
    ck_assert_int_eq(large > 0, run->ranks > 1);
    json_decref(table);
}

START_TEST(communicate)
{
    const int ranks = _i;
    struct trained run = trained_well(
        false, ranks, "--data synthetic --model mlp:depth=4,width=16 --probe communicate");
    for (int r = 0; r < ranks; r++)
        check_calls(&run, r);
    trained_clear(&run);
}
END_TEST

/* Different messages have different payloads, and all are exact in float32. */
START_TEST(payloads_differ)
{
    float last = 0.0f;
    for (int sender = 0; sender < 64; sender++)
        for (int operation = RECV_FORWARD; operation <= SEND_BACKWARD; operation++)
            for (int i = 0; i < 3; i++) {
                const float first =
                    probe_payload(999, sender, (enum pipeline_operation)operation, i, 0);
                ck_assert(first > last);
                ck_assert(probe_payload(999, sender, (enum pipeline_operation)operation, i, 1) ==
                          first + 1.0f);
                last = first;
            }
    ck_assert(last < 16777216.0f);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pipeline probes");
    TCase *tests = tcase_create("probes");
    tcase_set_timeout(tests, 120.0);
    tcase_add_test(tests, arguments);
    tcase_add_test(tests, distribute);
    tcase_add_loop_test(tests, communicate, 1, 5);
    tcase_add_test(tests, payloads_differ);
    suite_add_tcase(suite, tests);
    return suite;
}
