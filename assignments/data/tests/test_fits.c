/*
 * Options that do not go together: the data assignment's program refuses them before it trains, and says what to do.
 * And what a smaller last batch is in the learning curve.
 */
#include "common/files/curve.h"
#include "tests/support/run.h"
#include "tests/support/test.h"

#include <string.h>
#include <unistd.h>

#define DATA " --data synthetic:channels=1,height=4,width=5,train=26,classes=7 --steps 1 --quiet"
#define MLP  " --model mlp:depth=2,width=20" DATA
#define CNN(side)                                                                                  \
    " --model cnn --data synthetic:channels=1,height=" #side ",width=" #side                       \
    ",train=26 --steps 1 --quiet"
#define NORM " --model mlp:depth=2,width=20,norm=batch" DATA

static const struct {
    int ranks;
    const char *options, *says; /* NULL: it trains */
} cases[] = {
    {2, "--batch 8 --micro-batches 4" MLP, NULL},
    {2, "--batch 7 --micro-batches 4" MLP, "use --batch 8 or more, or fewer --micro-batches"},
    {3, "--pipeline 2 --batch 8 --micro-batches 2" MLP, "use a multiple of 2 ranks"},
    {2, "--pipeline 2 --tensor 3 --batch 8 --micro-batches 2" MLP, "use a multiple of 6 ranks"},
    {5, "--pipeline 5 --batch 10 --micro-batches 1" MLP,
     "--pipeline 5: a pipeline has no more stages"},
    {4, "--pipeline 4 --batch 10 --micro-batches 1" MLP, NULL},
    {4, "--pipeline 2 --batch 10 --micro-batches 2" MLP, "use a multiple of 4 samples"},
    {2, "--pipeline 2 --batch 8 --micro-batches 1 --last-batch keep" MLP, "use --last-batch drop"},
    {2, "--pipeline 2 --batch 8 --average overlap --micro-batches 1" MLP,
     "choose another --average"},
    {2, "--pipeline 2 --batch 8 --synchronise-norm --micro-batches 1" MLP, "leave --pipeline"},
    {2, "--batch 8 --scatter-messages --micro-batches 1" MLP, "use --pipeline 2 or more"},
    {4, "--pipeline 2 --tensor 2 --batch 8 --scatter-messages --micro-batches 1" MLP, NULL},
    {6, "--pipeline 2 --tensor 3 --batch 8 --scatter-messages --micro-batches 1" CNN(16),
     "what leaves layer 3 of --model cnn: 2 can't be split over 3 ranks"},
    {6, "--pipeline 2 --tensor 3 --batch 8 --scatter-messages --micro-batches 1" CNN(28), NULL},
    {2, "--tensor 2 --batch 8 --seeds-differ --micro-batches 1" MLP, "leave --tensor out"},
    {2, "--sum ring --average overlap --batch 8 --micro-batches 1" MLP, "choose another --average"},
    {3, "--sum halving-doubling --batch 8 --micro-batches 1" MLP,
     "--sum halving-doubling: 3 ranks"},
    {2, "--batch 6 --micro-batches 3" NORM, "use --batch 12 or more"},
    /* The last batch has 26 mod 12 or mod 9 samples: 2, one for each rank; 8, two in each micro-batch. */
    {2, "--batch 12 --micro-batches 1 --last-batch keep" NORM, "last batch some have 1: use"},
    {2, "--batch 12 --micro-batches 1 --last-batch drop" NORM, NULL},
    {2, "--batch 9 --micro-batches 2 --last-batch keep" NORM, NULL},
    {2, "--batch 6 --micro-batches 2 --synchronise-norm" NORM, "or --batch 8"},
    {2, "--batch 8 --micro-batches 2 --last-batch keep --synchronise-norm" NORM,
     "--last-batch drop"},
    {3, "--batch 8 --micro-batches 1 --last-batch keep --synchronise-norm" NORM, "need one each"},
    {2, "--batch 8 --micro-batches 1 --last-batch keep --synchronise-norm" NORM, NULL},
    {2, "--batch 8 --micro-batches 1 --against buckets" MLP, "compare the reports"},
    {2, "--batch 32 --micro-batches 1" MLP, "has only 26 samples"},
};

START_TEST(what_does_not_fit_is_refused)
{
    struct test_run run =
        test_run_program(false, cases[_i].ranks, "solutions/data", cases[_i].options);
    if (cases[_i].says) {
        ck_assert_msg(run.status != 0, "%s: it trains", cases[_i].options);
        ck_assert_msg(strstr(run.output, cases[_i].says), "%s: %s", cases[_i].options, run.output);
    } else {
        ck_assert_msg(run.status == 0, "%s: %s", cases[_i].options, run.output);
    }
    test_run_clear(&run);
}
END_TEST

/* 26 samples in batches of 10: the third has 6. */
START_TEST(a_smaller_last_batch_counts_as_what_it_is)
{
    static const long seen[] = {10, 20, 26, 36, 46, 52};
    g_autofree char *file = g_strdup_printf("/tmp/curve-%d.csv", (int)getpid());
    g_autofree char *options =
        g_strdup_printf("--epochs 2 --batch 10 --micro-batches 2 --last-batch keep --curve %s "
                        "--model mlp:depth=2,width=8 "
                        "--data synthetic:channels=1,height=4,width=5,train=26,classes=7 --quiet",
                        file);
    struct test_run run = test_run_program(false, 3, "solutions/data", options);
    ck_assert_msg(run.status == 0, "%s", run.output);
    char error[CURVE_ERROR_SIZE];
    struct curve curve;
    ck_assert_msg(curve_read(file, &curve, error), "%s", error);
    ck_assert_int_eq(curve.count, (int)G_N_ELEMENTS(seen));
    for (int i = 0; i < curve.count; i++)
        ck_assert_int_eq(curve.point[i].samples, seen[i]);
    curve_destroy(&curve);
    test_run_clear(&run);
    unlink(file);
}
END_TEST

/* What a grid is made of is no thing to look at; and ranks cut their shares, not the batch. */
START_TEST(the_help_tells_each_option_at_its_place)
{
    struct test_run run = test_run_program(false, 1, "solutions/data", "--help");
    ck_assert_msg(run.status == 0, "%s", run.output);
    const char *to_train = strstr(run.output, "How to train it:");
    const char *to_look = strstr(run.output, "What to look at:");
    ck_assert_msg(to_train != NULL && to_look != NULL, "%s", run.output);
    static const char *const options[] = {"--pipeline=P", "--tensor=T", "--schedule=NAME",
                                          "--scatter-messages", "or a rank's share of it"};
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        const char *place = strstr(run.output, options[i]);
        ck_assert_msg(place > to_train && place < to_look, "%s: %s", options[i], run.output);
    }
    test_run_clear(&run);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("options of the data assignment");
    TCase *cases_of = tcase_create("fits");
    tcase_set_timeout(cases_of, 60);
    tcase_add_loop_test(cases_of, what_does_not_fit_is_refused, 0, G_N_ELEMENTS(cases));
    tcase_add_test(cases_of, a_smaller_last_batch_counts_as_what_it_is);
    tcase_add_test(cases_of, the_help_tells_each_option_at_its_place);
    suite_add_tcase(suite, cases_of);
    return suite;
}
