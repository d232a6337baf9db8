/*
 * Four small programs, one for each kind of parallelism, right and with one mistake each, judged by the
 * generic pieces alone (judged.h), on this computer and on the simulated cluster.
 */
#include "tests/parallel/judged.h"
#include "tests/support/test.h"

#include <string.h>

static const struct parallel_form forms[] = {
    /* ---- a layer split among ranks ---- */
    {"split_linear", "right", 1, NULL},
    {"split_linear", "right", 3, NULL},
    {"split_linear", "right", 4, NULL},
    {"split_linear", "bias-on-every-rank", 3, "outputs: ", "every rank adds the bias"},
    {"split_linear", "keeps-partial-outputs", 3, "outputs", "partial outputs are not summed"},
    {"split_linear", "keeps-partial-gradients", 3, "inputs.gradient"},
    {"split_linear", "neighbours-slice", 3, "of blocks.0.A.gradient (10, 6) are on no rank"},
    {"split_linear", "sums-half", 3, "outputs"},
    {"split_linear", "takes-the-maximum", 3, "outputs"},
    /* ---- copies, and sums under way beside the backward ---- */
    {"data_parallel", "right", 2, NULL},
    {"data_parallel", "right", 4, NULL},
    {"data_parallel", "sum-for-mean", 4, "layers.0.weight", "the sum of gradients, not their mean"},
    {"data_parallel", "never-sums", 4, "layers.0.weight", "gradients are not reduced"},
    {"data_parallel", "starts-differ", 4, "layers.0.weight"},
    {"data_parallel", "steps-too-early", 4, "MPI_Iallreduce"},
    {"data_parallel", "another-order", 3, "layers."},
    {"data_parallel", "skips-a-bucket", 4, "rank 3"},
    {"data_parallel", "another-root", 4, "root"},
    {"data_parallel", "blocking", 4, "none of 16 sums is under way"},
    {"data_parallel", "sums-at-the-end", 4, "none of 16 sums is under way"},
    /* ---- ranges of an arena ---- */
    {"sharded_optimizer", "right", 1, NULL},
    {"sharded_optimizer", "right", 4, NULL},
    {"sharded_optimizer", "loses-the-remainder", 4, "of parameters"},
    {"sharded_optimizer", "counts-differ", 4, "MPI_Reduce_scatter"},
    {"sharded_optimizer", "never-gathers", 4, "parameters"},
    {"sharded_optimizer", "reduces-all", 4, "1.5 times as many bytes"},
    /* ---- all of it, 2 × 2 × 2 ---- */
    {"hybrid", "right", 8, NULL},
    {"hybrid", "another-group", 8, "rank 5"},
    {"hybrid", "crosswise", 8, "rank 3"},
    {"hybrid", "groups-swapped", 8, "blocks.0.A.gradient"},
    {"hybrid", "keeps-partial-outputs", 8, "blocks."},
};

static void check(const struct parallel_form *form, bool simulated)
{
    struct verdict *verdict = parallel_judge(form, simulated);
    const enum verdict_kind expected = form->says ? VERDICT_FAIL : VERDICT_PASS;
    const char *said = verdict->headline->str;
    ck_assert_msg(verdict->kind == expected && (!form->says || strstr(said, form->says)),
                  "%s %s on %d ranks: %s: %.3000s", form->program, form->form, form->ranks,
                  verdict_kind_name(verdict->kind), said);
    ck_assert_msg(strcmp(verdict->mistake->str, form->mistake ? form->mistake : "") == 0,
                  "%s %s: named \"%s\": %.3000s", form->program, form->form, verdict->mistake->str,
                  said);
    verdict_free(verdict);
}

START_TEST(on_this_computer)
{
    if (forms[_i].machines != SIMULATED_ONLY)
        check(&forms[_i], false);
}
END_TEST

START_TEST(on_the_simulated_cluster)
{
    if (test_has_simulator() && forms[_i].machines != REAL_ONLY)
        check(&forms[_i], true);
}
END_TEST

Suite *test_suite(void)
{
    enum { FORMS = sizeof forms / sizeof forms[0] };
    Suite *suite = suite_create("parallel programs");
    TCase *tests = tcase_create("forms");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, on_this_computer, 0, FORMS);
    tcase_add_loop_test(tests, on_the_simulated_cluster, 0, FORMS);
    suite_add_tcase(suite, tests);
    return suite;
}
