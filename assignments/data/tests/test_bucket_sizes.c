/*
 * What buckets should be, against sums worked out by hand, and the judge of them on results written by hand.
 */
#include "assignments/data/bucket_cases.h"
#include "assignments/data/judges/judges.h"
#include "assignments/data/options.h"
#include "assignments/data/probes.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <stdlib.h>

static struct logged_run *run;
static struct model *model;

/* Flatten, then 20 → 10 → 10 → 7 with a ReLU between two: 210, 110 and 77 numbers in layers 1, 3 and 5. */
static void begin(void)
{
    char error[MODEL_ERROR_SIZE];
    model = model_new("mlp:depth=3,width=10", SHAPE(1, 4, 5), 7, error);
    ck_assert_msg(model != NULL, "%s", error);
    run = logged_run_new(1);
    run->outcome.options = options_defaults(&data_own_options);
    run->outcome.options.seed = 77;
    strcpy(run->outcome.options.model, "mlp:depth=3,width=10");
    strcpy(run->outcome.options.dataset, "synthetic:channels=1,height=4,width=5,classes=7");
    strcpy(run->outcome.options.probe, "buckets");
}

static void end(void)
{
    logged_run_free(run);
    model_free(model);
}

static const struct {
    size_t bytes;
    int buckets[BUCKET_RULES];
    size_t sizes[BUCKET_RULES][3];
} by_hand[] = {
    {0, {3, 3}, {{308, 440, 840}, {308, 440, 840}}},
    {308, {3, 3}, {{308, 440, 840}, {308, 440, 840}}},
    {309, {3, 2}, {{308, 440, 840}, {748, 840}}},
    {747, {3, 2}, {{308, 440, 840}, {748, 840}}},
    {748, {2, 2}, {{748, 840}, {748, 840}}},
    {749, {2, 1}, {{748, 840}, {1588}}},
    {1587, {2, 1}, {{748, 840}, {1588}}},
    {1588, {1, 1}, {{1588}, {1588}}},
    {1000000, {1, 1}, {{1588}, {1588}}},
};

START_TEST(sizes)
{
    const struct bucket_case all = {.layers = 6, .bytes = by_hand[_i].bytes};
    ck_assert_int_eq(model->layers, 6);
    for (int rule = 0; rule < BUCKET_RULES; rule++) {
        size_t found[6];
        ck_assert_int_eq(data_bucket_sizes(model, &all, (enum bucket_rule)rule, found),
                         by_hand[_i].buckets[rule]);
        for (int i = 0; i < by_hand[_i].buckets[rule]; i++)
            ck_assert_uint_eq(found[i], by_hand[_i].sizes[rule][i]);
    }
}
END_TEST

/* ---- the judge -------------------------------------------------------------------------------------------- */

enum wrong {
    ALL_RIGHT,
    EMPTY_ALONE,
    NO_LAST,
    BACKWARDS,
    SHIFTED,
    ONE_EACH,
    NEGATIVE,
    ANYWHERE,
    WRONGS
};

static int numbers(int layer)
{
    static const int of[] = {0, 210, 0, 110, 0, 77};
    return of[layer];
}

static int numbers_of(int first, int layers)
{
    int sum = 0;
    for (int layer = first; layer < first + layers; layer++)
        sum += numbers(layer);
    return sum;
}

static void append(GString *json, const struct bucket_case *one, int first, int layers,
                   enum wrong wrong)
{
    const int begin = numbers_of(one->first_layer, first - one->first_layer);
    const int shift = wrong == SHIFTED ? 1 : 0, count = numbers_of(first, layers);
    g_string_append_printf(json,
                           "%s{\"first_layer\": %d, \"layers\": %d, \"begin\": %d, \"end\": %d}",
                           json->len > 0 ? ", " : "", wrong == ANYWHERE ? INT_MAX : first,
                           wrong == NEGATIVE ? -layers : layers, count > 0 ? begin + shift : 0,
                           count > 0 ? begin + count + shift : 0);
}

/* By the rule of what fits, a layer after the other. */
static int make(const struct bucket_case *one, enum wrong wrong, GString *json)
{
    const int last = one->first_layer + one->layers - 1;
    int first = last, buckets = 0, bytes = 4 * numbers(last);
    for (int layer = last - 1; layer >= one->first_layer; layer--) {
        const int own = 4 * numbers(layer);
        const bool next =
            layer > one->first_layer && (size_t)(bytes + 4 * numbers(layer - 1)) > one->bytes;
        const bool alone = wrong == EMPTY_ALONE && (own == 0 ? bytes > 0 && next : bytes == 0);
        const bool fits = wrong == ONE_EACH ? own == 0 : (size_t)(bytes + own) <= one->bytes;
        if (!alone && (own == 0 || bytes == 0 || fits)) {
            bytes += own;
            continue;
        }
        append(json, one, layer + 1, first - layer, wrong);
        buckets++;
        first = layer;
        bytes = own;
    }
    if (wrong == NO_LAST && buckets > 0)
        return buckets;
    append(json, one, one->first_layer, first - one->first_layer + 1, wrong);
    return buckets + 1;
}

static void expect(const char *text, const char *says, const char *mistake)
{
    const struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    g_autofree char *path = g_build_filename(run->folder, PROBE_BUCKETS, NULL);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    data_judge_buckets(&judgement, verdict);
    ck_assert_str_eq(verdict->mistake->str, mistake ? mistake : "");
    logged_run_expect(verdict, says ? VERDICT_FAIL : VERDICT_PASS, says);
}

START_TEST(judged)
{
    static const char *const says[WRONGS] = {
        [NO_LAST] = "and the stage's first is",
        [BACKWARDS] = "and should end with layer 5",
        [SHIFTED] = "of the gradients, and its layers have",
        [ONE_EACH] = "bytes, and should have",
        [NEGATIVE] = "and should end with layer 5",
        [ANYWHERE] = "layers from layer 2147483647 on, and should end with layer 5",
    };
    static const char *const mistakes[WRONGS] = {
        [NO_LAST] = "a layer is in no bucket",
        [BACKWARDS] = "buckets begin with the first layer",
        [ONE_EACH] = "every layer has a bucket of its own",
        [NEGATIVE] = "a layer is in no bucket",
    };
    GString *json = g_string_new("[");
    for (int i = 0; i < BUCKET_CASES; i++) {
        const struct bucket_case one = data_bucket_case(77, model, i);
        g_autoptr(GString) table = g_string_new(NULL);
        int buckets = 1;
        if (_i == BACKWARDS)
            append(table, &one, one.first_layer, 1, ALL_RIGHT);
        else
            buckets = make(&one, (enum wrong)_i, table);
        g_string_append_printf(json, "%s{\"buckets\": %d, \"bucket\": [%s], \"overrun\": false}",
                               i > 0 ? ", " : "", buckets, table->str);
    }
    g_string_append_c(json, ']');
    logged_run_end(run);
    expect(json->str, says[_i], mistakes[_i]);
    g_string_free(json, TRUE);
}
END_TEST

START_TEST(unusable_files)
{
    static const char *const text[] = {"", "[", "{}", "[]", "[1, 2]", "[{\"buckets\": 1}]"};
    logged_run_end(run);
    for (size_t i = 0; i < G_N_ELEMENTS(text); i++)
        expect(text[i], PROBE_BUCKETS, NULL);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("buckets");
    TCase *cases = tcase_create("buckets");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_loop_test(cases, sizes, 0, G_N_ELEMENTS(by_hand));
    tcase_add_loop_test(cases, judged, 0, WRONGS);
    tcase_add_test(cases, unusable_files);
    suite_add_tcase(suite, cases);
    return suite;
}
