/* Tests of which samples each rank had: logs written by hand, right ones and such as no program writes. */
#include "common/log/log_fields.h"
#include "grader/evidence/shares.h"
#include "tests/support/logged_run.h"
#include "tests/support/test.h"

#include <math.h>
#include <string.h>

enum { BATCH = 32, SAMPLES = 40 };

static struct logged_run *run;

static void begin(void)
{
    run = logged_run_new(2);
    run->outcome.options.batch_size = BATCH;
    strcpy(run->outcome.options.dataset, "synthetic:train=40");
}

static void end(void)
{
    logged_run_free(run);
}

static void say(int rank, struct log_samples samples)
{
    script_put(&run->script[rank], log_record_of_samples(&samples));
}

/* A share of samples first, first + 1, …, in as many records as it takes. */
static void say_share(int rank, int place, int first, int count)
{
    int said = 0;
    do {
        struct log_samples some = {.first = said, .all = count, .place = place};
        for (; some.count < LOG_SAMPLES_NUMBERS && said < count; said++)
            some.number[some.count++] = first + said;
        say(rank, some);
    } while (said < count);
}

static void step(int rank, int number, const double *loss, int losses)
{
    script_step(&run->script[rank], LOG_STEP_BEGIN, number);
    for (int m = 0; m < losses; m++)
        script_put(&run->script[rank], log_record_of_loss(m, loss[m]));
    script_step(&run->script[rank], LOG_STEP_END, number);
}

static struct shares *read_shares(const char *refused)
{
    struct verdict *verdict = verdict_new();
    logged_run_end(run);
    struct shares *shares = shares_read(&run->outcome, verdict);
    ck_assert_msg(refused ? !shares : shares != NULL, "%s", verdict->headline->str);
    if (refused)
        logged_run_expect(verdict, VERDICT_FAIL, refused);
    else
        verdict_free(verdict);
    return shares;
}

/* 21 samples on one rank, of which a record holds ten, and four on the other; then none, and one. */
START_TEST(shares_are_put_together)
{
    int count;
    g_autoptr(GString) why = g_string_new(NULL);
    say_share(0, 4, 10, 21);
    step(0, 0, NULL, 0);
    say_share(0, 0, 0, 0);
    step(0, 1, NULL, 0);
    say_share(1, 0, 31, 4);
    step(1, 0, NULL, 0);
    say_share(1, 0, 39, 1);
    step(1, 1, NULL, 0);
    struct shares *shares = read_shares(NULL);
    ck_assert_int_eq(shares_steps(shares), 2);
    ck_assert_int_eq(shares_of(shares, 0, 0)->count, 21);
    ck_assert_int_eq(shares_of(shares, 1, 0)->count, 0);
    const int *batch = shares_assemble(shares, 0, &count, why);
    ck_assert_int_eq(count, 25);
    for (int i = 0; i < 25; i++)
        ck_assert_int_eq(batch[i], i < 4 ? 31 + i : 10 + i - 4);
    batch = shares_assemble(shares, 1, &count, why);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(batch[0], 39);
    shares_batch(shares, 2, &count);
    ck_assert_int_eq(count, 0);
    shares_free(shares);
}
END_TEST

/* Places that are nobody's, and such that two ranks have with different samples. */
START_TEST(shares_that_make_no_batch)
{
    int count;
    g_autoptr(GString) why = g_string_new(NULL);
    for (int rank = 0; rank < 2; rank++) {
        say_share(rank, 5 * rank, 0, 4);
        step(rank, 0, NULL, 0);
        say_share(rank, 0, rank, 4);
        step(rank, 1, NULL, 0);
    }
    struct shares *shares = read_shares(NULL);
    ck_assert_ptr_null(shares_assemble(shares, 0, &count, why));
    ck_assert_str_eq(why->str, "in step 0 place 4 of the batch is no rank's");
    ck_assert_int_eq(count, 0);
    ck_assert_ptr_null(shares_assemble(shares, 1, &count, why));
    ck_assert(strstr(why->str, "place 0 of the batch is theirs, with samples 0 and 1"));
    shares_free(shares);
}
END_TEST

static const struct {
    struct log_samples said[2]; /* the second: nothing, if all is 0 */
    const char *refused;
} forged[] = {
    {{{.count = 1, .all = -1}}, "nonsense"},
    {{{.count = 1, .all = BATCH + 1}}, "nonsense"},
    {{{.count = 1, .all = 1, .place = BATCH}}, "nonsense"},
    {{{.count = 1, .all = 1, .place = -1}}, "nonsense"},
    {{{.count = 1, .all = 1, .place = INT_MAX}}, "nonsense"},
    {{{.count = 2, .all = 1}}, "contradicts"},
    {{{.count = 1, .all = 1, .first = 1}}, "contradicts"},
    {{{.count = 1, .all = 2}, {.count = 1, .all = 2}}, "contradicts"},
    {{{.count = 1, .all = 2}, {.count = 1, .all = 2, .first = 1, .place = 3}}, "contradicts"},
    {{{.count = 1, .all = 2}, {.count = 2, .all = 2, .first = 1}}, "contradicts"},
    {{{.count = 1, .all = 2}}, "does not say"},
    {{{.count = 99, .all = 2}}, "does not say"},
    {{{.count = 1, .all = 1, .number = {SAMPLES}}}, "samples that the data set has not"},
    {{{.count = 1, .all = 1, .number = {-1}}}, "samples that the data set has not"},
    {{{.count = 1, .all = 1, .number = {INT_MIN}}}, "samples that the data set has not"},
};

START_TEST(forged_records_are_refused)
{
    say_share(0, 0, 0, 1);
    step(0, 0, NULL, 0);
    say(1, forged[_i].said[0]);
    if (forged[_i].said[1].all != 0)
        say(1, forged[_i].said[1]);
    step(1, 0, NULL, 0);
    read_shares(forged[_i].refused);
}
END_TEST

/* A rank that says nothing before a step, and ranks with more or fewer steps than the first. */
START_TEST(steps_without_samples_are_refused)
{
    const int steps[3][2] = {{1, 2}, {2, 1}, {1, 1}};
    for (int rank = 0; rank < 2; rank++)
        for (int i = 0; i < steps[_i][rank]; i++) {
            if (_i < 2 || rank == 0)
                say_share(rank, rank, rank, 1);
            step(rank, i, NULL, 0);
        }
    read_shares(_i == 0 ? "no other rank says" : "does not say");
}
END_TEST

/* Three samples in micro-batches of two and one, and one: each sample counts the same. */
START_TEST(losses_are_of_samples)
{
    const struct {
        double loss[3];
        int losses;
        double mean;
    } cases[] = {{{1, 4, 9}, 2, (1 + 1 + 4 + 6) / 4.0},
                 {{1}, 1, NAN},     /* one is missing */
                 {{1, 4, 9}, 3, 3}, /* one too many is nobody's */
                 {{INFINITY, 4}, 2, NAN}};
    double mean = 0;
    int count;
    g_autoptr(GString) why = g_string_new(NULL);
    say_share(0, 0, 0, 3);
    step(0, 0, cases[_i].loss, cases[_i].losses);
    say_share(1, 3, 3, 1);
    step(1, 0, (double[]){6}, 1);
    struct shares *shares = read_shares(NULL);
    ck_assert_ptr_nonnull(shares_assemble(shares, 0, &count, why));
    shares_losses(shares, &run->outcome, 2, 1, &mean);
    ck_assert_msg(isnan(cases[_i].mean) ? isnan(mean) : fabs(mean - cases[_i].mean) < 1e-12, "%g",
                  mean);
    shares_free(shares);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("shares");
    TCase *cases = tcase_create("shares");
    tcase_add_checked_fixture(cases, begin, end);
    tcase_add_test(cases, shares_are_put_together);
    tcase_add_test(cases, shares_that_make_no_batch);
    tcase_add_loop_test(cases, forged_records_are_refused, 0, G_N_ELEMENTS(forged));
    tcase_add_loop_test(cases, steps_without_samples_are_refused, 0, 3);
    tcase_add_loop_test(cases, losses_are_of_samples, 0, 4);
    suite_add_tcase(suite, cases);
    return suite;
}
