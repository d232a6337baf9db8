/*
 * The judge of an all-reduce of one's own, on results made by hand: right ones, wrong ones by name, and files that are
 * none; and what an algorithm sends, counted step by step.
 */
#include "assignments/data/judges/sums/sum_traffic.h"
#include "assignments/data/judges/sums/sums.h"
#include "assignments/data/sum_cases.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- the cases --------------------------------------------------------------------------------------- */

/* Whoever asks, a group has the same members; together the groups of a round have all ranks. */
START_TEST(groups)
{
    for (int round = 0; round < SUM_ROUNDS; round++)
        for (int rank = 0; rank < _i; rank++) {
            const struct sum_group group = sum_group_of(_i, rank, round);
            ck_assert_int_eq(sum_member(&group, group.rank), rank);
            for (int member = 0; member < group.ranks; member++) {
                const int other = sum_member(&group, member);
                ck_assert(other >= 0 && other < _i);
                const struct sum_group its = sum_group_of(_i, other, round);
                ck_assert_int_eq(its.rank, member);
                ck_assert_int_eq(its.ranks, group.ranks);
                ck_assert_int_eq(sum_member(&its, group.rank), rank);
                ck_assert(round == 0 || (other - rank) % 2 == 0);
            }
        }
}
END_TEST

/* Digits to the base 4, one for each member: no sum of up to three times each loses one in a float. */
START_TEST(whole_numbers_are_exact)
{
    for (int call = 0; call < SUM_CALLS; call++) {
        const struct sum_case one = sum_case_of(7, SUM_MOST_RANKS, 3, call);
        if (!one.whole || one.count == 0)
            continue;
        g_autofree float *numbers = g_new(float, one.count);
        double most = 0;
        for (int member = 0; member < one.group.ranks; member++) {
            sum_numbers(&one, member, numbers);
            double power = 1;
            for (int i = 0; i < member; i++)
                power *= 4;
            ck_assert_double_eq((double)numbers[one.count - 1],
                                sum_factor(&one, one.count - 1) * power);
            most += 3.0 * (double)numbers[one.count - 1];
        }
        ck_assert_double_lt(most, 16777216);
    }
}
END_TEST

/* ---- what is sent -------------------------------------------------------------------------------------- */

/* Of chunks that differ by one at most a rank sends all but one in each half, whichever. */
START_TEST(ring_load)
{
    for (int count = 0; count < 40; count++) {
        const struct sum_load load = data_sum_load(SUM_RING, _i, count);
        ck_assert_int_eq(load.messages, 2 * (_i - 1));
        for (int left = 0; left < _i; left++) {
            const int own = count / _i + (left < count % _i);
            ck_assert_int_le(load.least, 2 * (count - own));
            ck_assert_int_ge(load.most, 2 * (count - own));
        }
        ck_assert_int_le(load.most, 2 * (count + (_i > 1) * _i));
        if (_i > 2 &&
            count >= 8 * _i) /* all numbers p - 1 times, or to one rank and back, are more */
            ck_assert_int_lt(load.most, (_i - 1) * count);
    }
}
END_TEST

/* Rank 0's way through the halves, by their sizes. */
START_TEST(halving_load)
{
    for (int count = 0; count < 70; count++)
        for (int upper = 0; upper < 2; upper++) {
            int has = count, sent = 0, messages = 0;
            for (int p = _i; p > 1; p /= 2, messages += 2) {
                const int lower = has / 2, keeps = upper ? has - lower : lower;
                sent += has - keeps; /* the other half, to be added up … */
                sent += keeps;       /* … and this one, complete */
                has = keeps;
            }
            const struct sum_load load = data_sum_load(SUM_HALVING_DOUBLING, _i, count);
            ck_assert_int_eq(load.messages, messages);
            ck_assert_int_ge(load.most, sent - (count - has) % 2 - _i);
            ck_assert_int_le(load.least, sent);
        }
}
END_TEST

/* ---- results ---------------------------------------------------------------------------------------------- */

static struct logged_run *run;

/* What a rank has in element i: `sum`, or something else. term[m][i]: what member m contributes. */
typedef float maker(const struct sum_case *one, int i, float sum, float *const *term);

static float made_right(const struct sum_case *one, int i, float sum, float *const *term)
{
    (void)one, (void)i, (void)term;
    return sum;
}
static float made_own(const struct sum_case *one, int i, float sum, float *const *term)
{
    (void)one, (void)sum;
    return term[one->group.rank][i];
}
static float made_mean(const struct sum_case *one, int i, float sum, float *const *term)
{
    (void)i, (void)term;
    return sum / (float)one->group.ranks;
}
static float made_double(const struct sum_case *one, int i, float sum, float *const *term)
{
    (void)one, (void)i, (void)term;
    return 2 * sum;
}
static float made_without_tail(const struct sum_case *one, int i, float sum, float *const *term)
{
    return i < one->count / one->group.ranks * one->group.ranks ? sum : term[one->group.rank][i];
}
static float made_on_first(const struct sum_case *one, int i, float sum, float *const *term)
{
    return one->group.rank == 0 ? sum : term[one->group.rank][i];
}
/* The chunk that ends the first half of the ring is the own one. */
static bool is_own(const struct sum_case *one, int i)
{
    return i * one->group.ranks / (one->count + 1) == one->group.rank;
}
static float made_of_first_half(const struct sum_case *one, int i, float sum, float *const *term)
{
    return is_own(one, i) ? sum : term[one->group.rank][i];
}
static float made_but_a_chunk(const struct sum_case *one, int i, float sum, float *const *term)
{
    return is_own(one, i) ? term[one->group.rank][i] : sum;
}
static float made_without_one(const struct sum_case *one, int i, float sum, float *const *term)
{
    return one->group.ranks > 1 ? sum - term[i % one->group.ranks][i] : sum;
}
static float made_with_one_twice(const struct sum_case *one, int i, float sum, float *const *term)
{
    return one->group.ranks > 1 ? sum + term[i % one->group.ranks][i] : sum;
}
static float made_otherwise(const struct sum_case *one, int i, float sum, float *const *term)
{
    (void)term;
    return one->group.rank == 1 && i == 0 ? sum + 0.5f : sum;
}
static float made_in_another_order(const struct sum_case *one, int i, float sum, float *const *term)
{
    (void)term;
    return one->group.rank == 1 && i == 0 && !one->whole ? sum * (1 + 0x1p-23f) : sum;
}
static float made_no_number(const struct sum_case *one, int i, float sum, float *const *term)
{
    (void)one, (void)term;
    return i == 0 ? NAN : sum;
}

/* What a call gave on a rank; NULL where there is nothing. */
static struct tensor *made_call(const struct sum_case *one, maker *make)
{
    float *term[SUM_MOST_RANKS];
    if (one->count == 0)
        return NULL;
    struct tensor *tensor =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE(one->count));
    for (int member = 0; member < one->group.ranks; member++) {
        term[member] = g_new(float, one->count);
        sum_numbers(one, member, term[member]);
    }
    for (int i = 0; i < one->count; i++) {
        double sum = 0;
        for (int member = 0; member < one->group.ranks; member++)
            sum += (double)term[member][i];
        tensor_floats(tensor)[i] = make(one, i, (float)sum, term);
    }
    for (int member = 0; member < one->group.ranks; member++)
        g_free(term[member]);
    return tensor;
}

static void write_rank(int rank, maker *make, int changed)
{
    struct tensor_file *file = tensor_file_new();
    json_t *table = json_array();
    for (int call = 0; call < SUM_CALLS; call++) {
        const struct sum_case one =
            sum_case_of(run->outcome.options.seed, run->outcome.ranks, rank, call);
        g_autofree char *name = g_strdup_printf("call-%d", call);
        struct tensor *tensor = made_call(&one, make);
        if (tensor)
            tensor_file_add(file, name, tensor);
        tensor_free(tensor);
        json_array_append_new(table, json_pack("{si sb si}", "call", call, "done", 1, "changed",
                                               call == 3 ? changed : 0));
    }
    g_autofree char *json = g_strdup_printf("%s/probe-all-reduce-%d.json", run->folder, rank);
    g_autofree char *path =
        g_strdup_printf("%s/probe-all-reduce-%d.safetensors", run->folder, rank);
    char error[TENSOR_FILE_ERROR_SIZE];
    ck_assert_int_eq(json_dump_file(table, json, 0), 0);
    ck_assert_msg(tensor_file_write(file, path, error), "%s", error);
    json_decref(table);
    tensor_file_free(file);
}

static void begin(int ranks)
{
    run = logged_run_new(ranks);
    struct data_options own = data_options(&run->outcome.options);
    own.sum = SUM_RING;
    data_options_set(&run->outcome.options, own);
    run->outcome.options.reverse_ranks = true;
    g_strlcpy(run->outcome.options.probe, "all-reduce", sizeof run->outcome.options.probe);
    logged_run_end(run);
}

static void write_all(maker *make, int changed)
{
    for (int rank = 0; rank < run->outcome.ranks; rank++)
        write_rank(rank, make, changed);
}

static void expect(const char *says, const char *mistake)
{
    const struct judgement judgement = {.outcome = &run->outcome, .outcomes = 1};
    struct verdict *verdict = verdict_new();
    data_judge_sums(&judgement, verdict);
    ck_assert_msg(strcmp(verdict->mistake->str, mistake) == 0, "named \"%s\" and not \"%s\": %s",
                  verdict->mistake->str, mistake, verdict->headline->str);
    logged_run_expect(verdict, VERDICT_FAIL, says);
}

static const struct {
    maker *make;
    const char *says, *mistake;
} wrong[] = {
    {made_own, "has", "not summed"},
    {made_mean, "has", "averaged instead of summed"},
    {made_double, "element 0, and the sum is", "summed twice"},
    {made_without_tail, "missing", "the tail is left out"},
    {made_on_first, "missing", "only one rank has it"},
    {made_of_first_half, "missing", "only the own chunk is complete"},
    {made_but_a_chunk, "missing", "a chunk does not come to all ranks"},
    {made_without_one, "number is missing in it", "a contribution is missing"},
    {made_with_one_twice, "is in it 2 times", "a contribution is there twice"},
    {made_otherwise, "element 0", ""},
    {made_no_number, "nan", ""},
    {made_in_another_order, "do not have the same bits",
     "each rank adds up in an order of its own"},
};

START_TEST(wrong_ones)
{
    begin(3 + _i % 2);
    write_all(wrong[_i / 2].make, 0);
    expect(wrong[_i / 2].says, wrong[_i / 2].mistake);
    logged_run_free(run);
}
END_TEST

/* Right sums of which the log has no message: nobody can have got them; and what stands around them. */
START_TEST(from_nowhere)
{
    begin(3);
    write_all(made_right, 0);
    expect("rank 0 sends 0 bytes in 0 messages: it takes at least", "");
    write_all(made_right, 2);
    expect("changes 2 numbers in front of the first one or behind the last", "");
    logged_run_free(run);
}
END_TEST

START_TEST(unusable)
{
    static const char *const texts[] = {"", "[]", "[1]", "{}"};
    begin(2);
    expect("probe-all-reduce-0", "");
    write_all(made_right, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *path = g_build_filename(run->folder, "probe-all-reduce-1.json", NULL);
        ck_assert(g_file_set_contents(path, texts[i], -1, NULL));
        expect("probe-all-reduce-1.json", "");
    }
    write_rank(1, made_right, 0);
    g_autofree char *path = g_build_filename(run->folder, "probe-all-reduce-1.safetensors", NULL);
    ck_assert(g_file_set_contents(path, "no tensors", -1, NULL));
    expect("probe-all-reduce-1.safetensors", "");
    logged_run_free(run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sums");
    TCase *tests = tcase_create("sums");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, groups, 1, SUM_MOST_RANKS + 1);
    tcase_add_test(tests, whole_numbers_are_exact);
    tcase_add_loop_test(tests, ring_load, 1, 8);
    for (int ranks = 1; ranks <= 16; ranks *= 2)
        tcase_add_loop_test(tests, halving_load, ranks, ranks + 1);
    tcase_add_loop_test(tests, wrong_ones, 0, 2 * (int)G_N_ELEMENTS(wrong));
    tcase_add_test(tests, from_nowhere);
    tcase_add_test(tests, unusable);
    suite_add_tcase(suite, tests);
    return suite;
}
